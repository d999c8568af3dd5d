"""Building blocks of tables: random streams, identifiers and the canonical dtypes."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

__all__ = [
    "Bools",
    "Days",
    "Floats",
    "Ints",
    "Stream",
    "amounts",
    "dates",
    "flags",
    "numbered",
    "stream",
    "texts",
    "where_text",
    "whole",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Days = NDArray[np.datetime64]

Stream = Literal[
    "villages", "households", "raters", "items", "pairs", "forms", "vignettes",
    "events", "registers", "applicants", "proposals", "loans", "groups",
]  # fmt: skip

_STREAMS: dict[Stream, int] = {
    "villages": 0, "households": 1, "raters": 2, "items": 3, "pairs": 4, "forms": 5,
    "vignettes": 6, "events": 7, "registers": 8, "applicants": 9, "proposals": 10, "loans": 11,
    "groups": 12,
}  # fmt: skip


def stream(seed: int, name: Stream, part: int = 0) -> np.random.Generator:
    """Make the generator of one component, so that a change in one leaves the others alone."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_STREAMS[name], part)))


def texts(values: list[str] | NDArray[np.str_]) -> ExtensionArray:
    """Text column."""
    return pd.array(list(values), dtype="str")


def numbered(pattern: str, n: int) -> ExtensionArray:
    """Text column of identifiers 1..n; the pattern holds one number in braces."""
    return texts([pattern.format(i) for i in range(1, n + 1)])


def where_text(column: ExtensionArray, keep: Bools) -> ExtensionArray:
    """Text column with missing values where `keep` is false."""
    result = column.copy()
    result[~keep] = None
    return result


def amounts(values: Floats, keep: Bools | None = None, *, step: int = 1_000) -> ExtensionArray:
    """Whole yuan, rounded to a step; missing where `keep` is false."""
    return whole(np.rint(values / step).astype(np.int64) * step, keep)


def whole(values: Ints, keep: Bools | None = None) -> ExtensionArray:
    """Whole numbers, missing where `keep` is false."""
    mask = np.zeros(values.shape, bool) if keep is None else ~keep
    return pd.arrays.IntegerArray(np.where(mask, 0, values).astype(np.int64), mask)


def flags(values: Bools) -> ExtensionArray:
    """Yes-or-no column without missing values."""
    return pd.arrays.BooleanArray(values, np.zeros(values.shape, bool))


def dates(days: Days, keep: Bools | None = None) -> NDArray[np.datetime64]:
    """Dates at midnight, missing where `keep` is false."""
    column = days.astype("datetime64[s]")
    if keep is not None:
        column[~keep] = np.datetime64("NaT")
    return column
