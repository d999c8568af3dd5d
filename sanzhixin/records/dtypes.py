"""Canonical pandas dtypes of the kinds of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from sanzhixin.records.columns import Kind, TableSpec

__all__ = ["DTYPES", "empty_frame", "to_canonical"]

DTYPES: dict[Kind, Any] = {
    "id": "str",
    "text": "str",
    "choice": "str",
    "code": "str",
    "int": "Int64",
    "round": "Int64",
    "rating": "Int8",
    "bool": "boolean",
    "date": "datetime64[s]",
    "money": "Int64",
    "number": "Float64",
}


def empty_frame(spec: TableSpec) -> pd.DataFrame:
    """Build a table without rows, with its columns and canonical dtypes."""
    return pd.DataFrame(
        {column.name: pd.Series([], dtype=DTYPES[column.kind]) for column in spec.columns}
    )


def to_canonical(frame: pd.DataFrame, spec: TableSpec) -> pd.DataFrame:
    """Give trusted columns their canonical dtypes and order; absent columns become missing.

    Columns that the table does not know stay, at the end, as they are.
    """
    index = pd.RangeIndex(len(frame))
    columns = {
        column.name: frame[column.name].reset_index(drop=True).astype(DTYPES[column.kind])
        if column.name in frame.columns
        else pd.Series(pd.NA, index=index, dtype="object").astype(DTYPES[column.kind])
        for column in spec.columns
    }
    extra: dict[Any, pd.Series] = {
        name: frame[name].reset_index(drop=True) for name in frame if name not in columns
    }
    return pd.DataFrame({**columns, **extra}, index=index)
