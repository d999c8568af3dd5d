from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sanzhixin.scoring.dates import Periods, earliest_days, last_day_counted, months_before

MONTHS = [
    # Witnesses: the calendar, and pandas.DateOffset below
    (dt.date(2026, 6, 30), 12, dt.date(2025, 6, 30)),
    (dt.date(2026, 3, 31), 1, dt.date(2026, 2, 28)),
    (dt.date(2028, 3, 31), 1, dt.date(2028, 2, 29)),
    (dt.date(2028, 2, 29), 12, dt.date(2027, 2, 28)),
    (dt.date(2028, 2, 29), 48, dt.date(2024, 2, 29)),
    (dt.date(2028, 2, 29), 60, dt.date(2023, 2, 28)),
    (dt.date(2026, 1, 31), 2, dt.date(2025, 11, 30)),
    (dt.date(2026, 1, 15), 1, dt.date(2025, 12, 15)),
    (dt.date(2026, 12, 31), 0, dt.date(2026, 12, 31)),
    (dt.date(2026, 6, 30), -12, dt.date(2027, 6, 30)),
    (dt.date(2027, 8, 31), -6, dt.date(2028, 2, 29)),
]


@pytest.mark.parametrize(("day", "months", "expected"), MONTHS)
def test_months_are_counted_on_the_calendar(day, months, expected):
    assert months_before(day, months) == expected
    assert (pd.Timestamp(day) - pd.DateOffset(months=months)).date() == expected


def test_going_back_keeps_the_order_of_days():
    days = [dt.date(2023, 12, 1) + dt.timedelta(days=k) for k in range(1600)]
    for months in (1, 12, 60):
        back = [months_before(day, months) for day in days]
        assert back == sorted(back)


def test_each_entry_gets_the_day_of_its_case_and_its_period():
    as_of = np.array([dt.date(2026, 6, 30).toordinal(), dt.date(2025, 2, 28).toordinal()])
    case, kind = np.array([0, 0, 1]), np.array([1, 0, 1])
    periods = Periods(((12,), (60,)))
    found = earliest_days(as_of, periods, case, kind)[..., 0]
    assert [dt.date.fromordinal(day) for day in found.tolist()] == [
        dt.date(2021, 6, 30),
        dt.date(2025, 6, 30),
        dt.date(2020, 2, 28),
    ]
    same = earliest_days(as_of[[0, 0]], periods, case[:2], kind[:2])[..., 0]
    assert same.tolist() == found[:2].tolist()


def test_several_periods_of_an_entry_are_found_at_once():
    as_of = np.array([dt.date(2026, 6, 30).toordinal(), dt.date(2025, 2, 28).toordinal()])
    periods, kinds = Periods(((12, 24), (36, 48))), np.array([1, 0])
    found = earliest_days(as_of, periods, np.array([0, 1]), kinds)
    alone = [
        earliest_days(as_of[[i]], periods, np.array([0]), kinds[[i]])[0].tolist() for i in (0, 1)
    ]
    assert found.shape == (2, 2)
    assert found.tolist() == alone


@pytest.mark.parametrize("kind", [0, np.empty(0, dtype=np.int64)])
def test_no_case_has_no_days(kind):
    none = np.empty(0, dtype=np.int64)
    assert earliest_days(none, Periods(((12, 24),)), none, kind).shape == (0, 2)


def test_one_row_comes_alone_where_it_is_right_for_every_entry():
    day = dt.date(2026, 6, 30)
    both = np.array([day.toordinal()] * 2)
    case = np.array([0, 0, 1])
    alone = earliest_days(both, Periods(((12, 24),)), case, 0)
    assert [dt.date.fromordinal(each).year for each in alone.tolist()] == [2025, 2024]
    assert earliest_days(both[:1], Periods(((12, 24),)), case[:2], 0).shape == (2,)
    other = np.array([day.toordinal(), day.toordinal() - 1])
    assert earliest_days(other, Periods(((12, 24),)), case, 0).shape == (3, 2)


def test_days_are_whole_numbers_whatever_the_number_of_cases():
    none, one = np.empty(0, dtype=np.int64), np.array([dt.date(2026, 6, 30).toordinal()])
    for as_of in (none, one, np.append(one, one - 400)):
        assert earliest_days(as_of, Periods(((12, 24),)), as_of * 0, 0).dtype == np.int64


@pytest.mark.parametrize("months", [1, 12, 60])
def test_what_ended_counts_to_that_day_and_not_on_the_next(months):
    for first in (dt.date(2023, 12, 20), dt.date(2027, 2, 20), dt.date(2028, 2, 20)):
        for ended in (first + dt.timedelta(days=k) for k in range(20)):
            last = last_day_counted(ended, months)
            assert months_before(last, months) < ended
            assert months_before(last + dt.timedelta(days=1), months) >= ended
