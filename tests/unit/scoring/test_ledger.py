from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from sanzhixin.scoring.ledger import (
    EVENT_OUTCOMES,
    compile_ledger,
    find_records,
    read_events,
    sum_events,
)
from tests.unit.scoring import oracle
from tests.unit.scoring.factories import (
    DAY,
    SCHEME,
    Event,
    Record,
    encode,
    events,
    household,
    indicators_with,
    scheme_with,
    volunteering,
)

RULES = compile_ledger(SCHEME)


def summed(*entries, as_of=DAY, rules=RULES):
    given = household(events=events(*entries), as_of=as_of)
    return sum_events(encode(given), rules)


def day(text):
    return dt.date.fromisoformat(text)


OUTCOMES = [
    # entry, what becomes of it; the scoring date is 2026-06-30
    (Event("ML05", "standard", DAY), "counted"),
    (Event("ML05", "standard", DAY + dt.timedelta(days=1)), "not_yet_known"),
    (Event("ML05", "standard", DAY, recorded_on=DAY + dt.timedelta(days=1)), "not_yet_known"),
    (Event("ML05", "standard", day("2025-07-01")), "counted"),
    (Event("ML05", "standard", day("2025-06-30")), "expired"),
    (Event("FS06", "village", day("2023-07-01")), "counted"),
    (Event("FS06", "village", day("2023-06-30")), "expired"),
    (Event("ML05", "standard", status="pending"), "pending"),
    (Event("ML05", "standard", status="rejected"), "rejected"),
    (Event("ML05", "standard", status="revoked"), "revoked"),
    (Event("ML05", "standard", has_evidence=False), "without_evidence"),
    (Event("ML05", "standard", DAY.replace(year=2027), status="revoked"), "revoked"),
    (Event("ML05", "standard", day("2025-06-30"), has_evidence=False), "expired"),
]


@pytest.mark.parametrize(("entry", "outcome"), OUTCOMES)
def test_an_entry_counts_or_is_excluded_for_the_first_reason_that_applies(entry, outcome):
    given = household(events=(entry,))
    cases = encode(given)
    _, found = read_events(cases, RULES)
    assert EVENT_OUTCOMES[found[0]] == outcome
    sums = sum_events(cases, RULES)
    counts = outcome == "counted"
    assert (sums.n_counted.tolist(), sums.n_excluded.tolist()) == ([counts], [not counts])
    assert sums.part[0] == oracle.event_part(given)
    assert (sums.part[0] != 250) == counts


LEAP = [
    # occurred, scoring date, counts (volunteering is valid for twelve months)
    ("2024-02-29", "2025-02-27", True),
    ("2024-02-29", "2025-02-28", True),
    ("2024-02-29", "2025-03-01", False),
    ("2027-02-28", "2028-02-28", False),
    ("2027-03-01", "2028-02-29", True),
    ("2027-02-28", "2028-02-29", False),
]


@pytest.mark.parametrize(("occurred", "as_of", "counts"), LEAP)
def test_expiry_keeps_to_the_calendar_in_leap_years(occurred, as_of, counts):
    entry = Event("ML05", "standard", day(occurred))
    found = summed(entry, as_of=day(as_of))
    assert found.n_counted.tolist() == [counts]
    given = household(events=(entry,), as_of=day(as_of))
    assert found.part[0] == oracle.event_part(given)


THIS_YEAR, LAST_YEAR = DAY - dt.timedelta(days=5), DAY - dt.timedelta(days=400)
SUMS = [
    # entries, event part; first witness the working in the comment, second oracle.py
    ([], 250),
    ([Event("FS06", "village")], 300),
    ([Event("FS06", "city")], 400),
    ([Event("FS06", "city"), Event("ML06", "city")], 400),  # 250 + 300, clipped
    ([Event("FS06", "town"), Event("FS06", "county")], 400),  # 250 + 80 + 120, clipped
    ([Event("ML05", "standard")] * 9, 340),
    ([Event("ML05", "standard")] * 10, 350),
    ([Event("ML05", "standard")] * 11, 350),  # cap 100 a year
    ([Event("NR07", "5")] * 2, 350),
    ([Event("NR07", "5"), Event("NR07", "4"), Event("NR07", "3")], 350),  # 120, capped at 100
    ([Event("FS07", "standard")] * 2, 310),
    ([Event("FS07", "standard")] * 3, 310),  # cap 60 a year
    ([Event("FS07", "standard", THIS_YEAR)] * 3 + [Event("FS07", "standard", LAST_YEAR)], 340),
    ([Event("FS07", "standard", THIS_YEAR)] * 3 + [Event("FS07", "standard", LAST_YEAR)] * 4, 370),
    ([Event("ML07", "1")], 240),
    ([Event("ML07", "3")] * 2, 190),
    ([Event("ML07", "3")] * 3, 190),  # losses capped at 60
    ([Event("ML07", "3")] * 9 + [Event("ML05", "standard")] * 10, 290),
    ([Event("ML07", "2"), Event("FS06", "city"), Event("ML05", "standard")], 390),
]


@pytest.mark.parametrize(("entries", "part"), SUMS)
def test_event_points_are_summed_period_by_period_under_their_caps(entries, part):
    found = summed(*entries)
    assert found.part.tolist() == [part]
    assert oracle.event_part(household(events=events(*entries))) == part
    assert found.part - found.clipped == 250 + found.by_event.sum()


PERIODS = [
    # days of the second batch of two, points of four at 30 with a cap of 60 a year
    ("2025-07-01", 60),  # within the same twelve months
    ("2025-06-30", 120),  # exactly twelve months back: the period before
    ("2024-07-01", 120),
    ("2024-06-30", 120),  # the third period
    ("2023-07-01", 120),
    ("2023-06-30", 60),  # no longer valid
]


@pytest.mark.parametrize(("occurred", "points"), PERIODS)
def test_caps_roll_back_from_the_scoring_date(occurred, points):
    entries = [Event("FS07", "standard", DAY)] * 2 + [Event("FS07", "standard", day(occurred))] * 2
    code = RULES.event_codes.index("FS07")
    assert summed(*entries).by_event[0, code] == points


def test_room_is_that_of_the_present_period():
    found = summed(*volunteering(3), Event("FS07", "standard", LAST_YEAR), Event("ML07", "3"))
    room = dict(zip(RULES.event_codes, found.room[0].tolist(), strict=True))
    assert {code: room[code] for code in ("ML05", "FS07", "NR07", "ML07")} == {
        "ML05": 70,
        "FS07": 60,
        "NR07": 100,
        "ML07": 90,
    }
    assert room["FS06"] > 400  # without a cap


ENDS = [
    # event part of the scheme, entries, part, clip
    ({}, [Event("FS06", "city"), Event("ML06", "city")], 400, -150),
    ({"floor": 20}, [Event("ML07", "3")] * 2, 200, 10),
    ({"start": 0}, [Event("ML07", "3")] * 2, 0, 60),
    ({"start": 40}, [], 400, 0),
    ({"start": 0}, [], 0, 0),
]


@pytest.mark.parametrize(("part", "entries", "expected", "clip"), ENDS)
def test_the_event_part_is_clipped_to_its_ends_and_the_clip_is_kept(part, entries, expected, clip):
    rules = compile_ledger(scheme_with(event_part=part))
    found = summed(*entries, rules=rules)
    assert (found.part.tolist(), found.clipped.tolist()) == ([expected], [clip])


def test_a_scheme_with_monthly_caps_counts_month_by_month():
    changed = indicators_with("ML05", cap={"points": 2, "months": 1})
    rules = compile_ledger(scheme_with(indicators=changed))
    assert rules.n_windows == 12
    may, june = day("2026-05-30"), day("2026-05-31")
    entries = [Event("ML05", "standard", when) for when in (may, may, may, june, june, june)]
    assert summed(*entries, rules=rules).by_event.sum() == 40
    entries = [Event("ML05", "standard", june)] * 6
    assert summed(*entries, rules=rules).by_event.sum() == 20


def test_households_keep_to_their_own_entries_and_dates():
    first = household(events=volunteering(4), household_id="A")
    second = household(household_id="B")
    third = replace(first, household_id="C", as_of=DAY + dt.timedelta(days=400))
    found = sum_events(encode(first, second, third), RULES)
    assert found.part.tolist() == [290, 250, 250]
    assert found.n_counted.tolist() == [4, 0, 0]
    assert found.n_excluded.tolist() == [0, 0, 4]


RECORDS = [
    # issued, ended, scoring date, in force (five years after the end)
    ("2026-06-30", None, "2026-06-30", True),
    ("2026-07-01", None, "2026-06-30", False),
    ("1999-01-01", None, "2026-06-30", True),  # open: counts on
    ("2015-01-01", "2021-06-30", "2026-06-29", True),
    ("2015-01-01", "2021-06-30", "2026-06-30", False),
    ("2015-01-01", "2021-07-01", "2026-06-30", True),
    ("2015-01-01", "2030-01-01", "2026-06-30", True),  # ends in the future
    ("2015-01-01", "2020-02-29", "2025-02-28", True),
    ("2015-01-01", "2020-02-29", "2025-03-01", False),
    ("2015-01-01", "2023-02-28", "2028-02-28", False),
    ("2015-01-01", "2023-03-01", "2028-02-29", True),
]


@pytest.mark.parametrize(("issued", "ended", "as_of", "holds"), RECORDS)
@pytest.mark.parametrize("code", ["ML08", "ML09", "FS08", "G1", "G2"])
def test_a_record_is_in_force_until_five_years_after_its_end(code, issued, ended, as_of, holds):
    record = Record(code, day(issued), None if ended is None else day(ended))
    found = find_records(encode(household(records=(record,), as_of=day(as_of))), RULES)
    assert found[0, RULES.record_codes.index(code)] == holds
    assert found.sum() == holds


def test_an_expired_record_does_not_hide_one_in_force():
    old = Record("ML08", day("2010-01-01"), day("2011-01-01"), "D1")
    new = Record("ML08", day("2025-01-01"), None, "D2")
    for records in ((old, new), (new, old)):
        found = find_records(encode(household(records=records)), RULES)
        assert found[0, RULES.record_codes.index("ML08")]


def test_records_of_one_household_do_not_touch_the_next():
    given = [household(records=(Record("ML09"),), household_id="A"), household(household_id="B")]
    found = find_records(encode(*given), RULES)
    assert found.any(axis=1).tolist() == [True, False]


def test_a_scheme_without_events_and_records_has_empty_columns():
    panel = tuple(i for i in SCHEME.model_dump()["indicators"] if i["kind"] == "panel")
    rules = compile_ledger(scheme_with(indicators=panel, gates=()))
    cases = encode(household(), household(household_id="B"), scheme=scheme_with(indicators=panel))
    found = sum_events(cases, rules)
    assert (found.by_event.shape, found.part.tolist()) == ((2, 0), [250, 250])
    assert find_records(cases, rules).shape == (2, 0)


def test_drawn_ledgers_agree_with_the_oracle():
    random = np.random.default_rng(3)
    choices = list(oracle.LEVEL_POINTS)
    given = []
    for k in range(300):
        drawn = []
        for _ in range(random.integers(0, 12)):
            code, level = choices[random.integers(len(choices))]
            occurred = DAY - dt.timedelta(days=int(random.integers(-30, 1300)))
            late = dt.timedelta(days=int(random.integers(0, 60)))
            status = ("approved", "approved", "approved", "pending", "revoked")[random.integers(5)]
            evidence = bool(random.integers(8))
            drawn.append(Event(code, level, occurred, occurred + late, status, evidence))
        given.append(household(events=events(*drawn), household_id=f"H{k}"))
    assert sum_events(encode(*given), RULES).part.tolist() == [oracle.event_part(h) for h in given]
