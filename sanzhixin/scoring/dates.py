"""Calendar arithmetic on day numbers: what is still valid at a scoring date."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Periods", "earliest_days", "last_day_counted", "months_before"]


def months_before(day: dt.date, months: int) -> dt.date:
    """Go back whole months; a day that the month does not have becomes its last day.

    Examples
    --------
    >>> months_before(dt.date(2028, 2, 29), 12)
    datetime.date(2027, 2, 28)
    """
    total = day.year * 12 + day.month - 1 - months
    year, month = divmod(total, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def last_day_counted(ended: dt.date, months: int) -> dt.date:
    """Find the last scoring date on which what ended then still counts.

    Examples
    --------
    >>> last_day_counted(dt.date(2024, 5, 10), 60)
    datetime.date(2029, 5, 9)
    """
    day = months_before(ended, -months)
    return day if months_before(day, months) < ended else day - dt.timedelta(days=1)


@dataclass(frozen=True, eq=False, slots=True)
class Periods:
    """Spans of time by kind, in months; known by identity, so that days are found again quickly.

    Attributes
    ----------
    months : tuple of tuple of int
        For each kind equally many spans.
    """

    months: tuple[tuple[int, ...], ...]


def earliest_days(
    as_of: NDArray[np.int64],
    periods: Periods,
    case: NDArray[np.int64],
    kind: NDArray[np.integer] | int,
) -> NDArray[np.int64]:
    """Find, entry by entry, the last day before each span of its kind.

    Parameters
    ----------
    as_of : ndarray of shape (n_cases,)
        Scoring dates as proleptic day numbers.
    periods : Periods
        Spans of time.
    case : ndarray of shape (n_entries,)
        Case of each entry.
    kind : ndarray of shape (n_entries,) or int
        Which of the kinds applies.

    Returns
    -------
    ndarray of shape (n_entries, n_spans)
        Something dated on or before this day is older than the span.  Where one row is right for
        every entry, it comes alone, to be broadcast.

    Examples
    --------
    >>> as_of = np.array([dt.date(2026, 6, 30).toordinal()])
    >>> day = earliest_days(as_of, Periods(((12,),)), np.array([0]), 0)[..., 0]
    >>> dt.date.fromordinal(int(day))
    datetime.date(2025, 6, 30)
    """
    if not as_of.size:
        return np.empty((0, len(periods.months[0])), dtype=np.int64)
    if as_of.size == 1 or bool((as_of == as_of[0]).all()):
        return np.asarray(_days(int(as_of[0]), periods)[kind])
    days, place = np.unique(as_of, return_inverse=True)
    table: NDArray[np.int64] = np.stack([_days(int(day), periods) for day in days])
    return np.asarray(table[place[case], kind])


@lru_cache(maxsize=1024)
def _days(day: int, periods: Periods) -> NDArray[np.int64]:
    date = dt.date.fromordinal(day)
    rows = [[months_before(date, span).toordinal() for span in row] for row in periods.months]
    days = np.array(rows, dtype=np.int64)
    days.setflags(write=False)
    return days
