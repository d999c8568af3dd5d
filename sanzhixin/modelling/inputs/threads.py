"""Columns of many rows worked on side by side; the result does not depend on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["map_columns"]

_MANY = 50_000  # rows below which starting threads costs more than they save
_MOST = 4
Item = TypeVar("Item")
Result = TypeVar("Result")


def map_columns(
    work: Callable[[Item], Result], columns: Sequence[Item], n_rows: int
) -> list[Result]:
    """Apply a function to every column, in threads where there are many rows.

    Parameters
    ----------
    work : callable
        Of one column; changes nothing that others see.
    columns : sequence
        What it is applied to.
    n_rows : int
        Rows of each.

    Returns
    -------
    list
        Results in the order of the columns; of several errors the first column's is raised.
    """
    threads = min(os.cpu_count() or 1, len(columns), _MOST)
    if n_rows < _MANY or threads < 2:
        return [work(column) for column in columns]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, columns))
