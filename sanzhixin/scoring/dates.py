"""Calendar arithmetic on day numbers: what is still valid at a scoring date."""

from __future__ import annotations

import calendar
import datetime as dt
from functools import lru_cache

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


def earliest_days(
    as_of: NDArray[np.int64],
    months: tuple[int, ...],
    case: NDArray[np.int64],
    kind: NDArray[np.int64] | int,
) -> NDArray[np.int64]:
    """Find, entry by entry, the last day that no longer counts.

    Parameters
    ----------
    as_of : ndarray of shape (n_cases,)
        Scoring dates as proleptic day numbers.
    months : tuple of int
        Periods of validity.
    case : ndarray of shape (n_entries,)
        Case of each entry.
    kind : ndarray of shape (n_entries, ...) or int
        Which of `months` applies.

    Returns
    -------
    ndarray
        Shape of `kind` (or of `case`): something dated on or before this day has expired.

    Examples
    --------
    >>> as_of = np.array([dt.date(2026, 6, 30).toordinal()])
    >>> day = earliest_days(as_of, (12,), np.array([0]), np.array([0]))[0]
    >>> dt.date.fromordinal(int(day))
    datetime.date(2025, 6, 30)
    """
    if not as_of.size:
        return np.empty(np.shape(kind) or case.shape, dtype=np.int64)
    if as_of.size == 1 or bool((as_of == as_of[0]).all()):
        return np.asarray(_row(int(as_of[0]), months)[kind])
    days, place = np.unique(as_of, return_inverse=True)
    table: NDArray[np.int64] = np.stack([_row(int(day), months) for day in days])
    which = place[case]
    oldest: NDArray[np.int64] = table[which if np.ndim(kind) < 2 else which[:, None], kind]
    return oldest


@lru_cache(maxsize=1024)
def _row(day: int, months: tuple[int, ...]) -> NDArray[np.int64]:
    date = dt.date.fromordinal(day)
    row = np.array([months_before(date, span).toordinal() for span in months], dtype=np.int64)
    row.setflags(write=False)
    return row
