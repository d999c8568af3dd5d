"""Runs of columns worked on side by side; the result does not depend on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["map_parts"]

_MANY = 50_000  # rows below which starting threads costs more than they save
_MOST = 4
Item = TypeVar("Item")
Result = TypeVar("Result")


def map_parts(
    work: Callable[[Sequence[Item]], Result], columns: Sequence[Item], n_rows: int
) -> list[Result]:
    """Apply a function to runs of columns, one run a thread where there are many rows.

    Parameters
    ----------
    work : callable
        Of some columns; changes nothing that others see.
    columns : sequence
        All of them.
    n_rows : int
        Rows of each.

    Returns
    -------
    list
        Results in the order of the columns; of several errors the first column's is raised.
    """
    threads = min(os.cpu_count() or 1, len(columns), _MOST)
    if n_rows < _MANY or threads < 2:
        return [work(columns)]
    size = -(-len(columns) // threads)
    parts = [columns[first : first + size] for first in range(0, len(columns), size)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, parts))
