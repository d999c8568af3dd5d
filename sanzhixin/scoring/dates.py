"""Calendar arithmetic on day numbers: what is still valid at a scoring date."""

from __future__ import annotations

import calendar
import datetime as dt

import numpy as np
from numpy.typing import NDArray

__all__ = ["earliest_days", "months_before"]


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


def earliest_days(as_of: NDArray[np.int64], months: tuple[int, ...]) -> NDArray[np.int64]:
    """Find, for each scoring date and each period, the last day that no longer counts.

    Parameters
    ----------
    as_of : ndarray of shape (n,)
        Scoring dates as proleptic day numbers.
    months : tuple of int
        Periods of validity.

    Returns
    -------
    ndarray of shape (n, len(months))
        Something dated on or before this day has expired at `as_of`.

    Examples
    --------
    >>> earliest_days(np.array([dt.date(2026, 6, 30).toordinal()]), (12,)).tolist()
    [[739432]]
    >>> dt.date.fromordinal(739432)
    datetime.date(2025, 6, 30)
    """
    if as_of.size == 1 or (as_of == as_of[0]).all():
        return np.broadcast_to(_row(int(as_of[0]), months), (as_of.size, len(months)))
    days, place = np.unique(as_of, return_inverse=True)
    table = np.array([_row(int(day), months) for day in days], dtype=np.int64)
    return table.reshape(days.size, len(months))[place]


def _row(day: int, months: tuple[int, ...]) -> NDArray[np.int64]:
    date = dt.date.fromordinal(day)
    return np.array([months_before(date, span).toordinal() for span in months], dtype=np.int64)
