"""The table of rejected rows: where each stands, which rules it breaks, and what it said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.records.dtypes import DTYPES
from sanzhixin.records.raw import row_texts
from sanzhixin.records.rules import reason_en, reason_zh

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sanzhixin.records.columns import Column, TableSpec
    from sanzhixin.records.raw import RawTable

__all__ = ["REJECTED_COLUMNS", "rejected_frame"]

REJECTED_COLUMNS = (
    *("table", "file", "line", "field", "code", "codes", "reason_en", "reason_zh", "row"),
    "household_id",
)


def rejected_frame(
    spec: TableSpec,
    raws: Sequence[RawTable],
    findings: Sequence[tuple[NDArray[np.int64], str, str]],
    frame: pd.DataFrame,
) -> pd.DataFrame:
    """Build one row per rejected row, file by file, by line.

    Parameters
    ----------
    spec : TableSpec
        Names of the columns for the sentences.
    raws : sequence of RawTable
        The files under each other.
    findings : sequence of (ndarray, str, str)
        Positions over all files, column, rule code.
    frame : DataFrame
        Canonical values of the rows; the first broken rule of a row is that of its leftmost
        column.

    Returns
    -------
    DataFrame
        With the columns `REJECTED_COLUMNS`; ``household_id`` is missing where it could not be read
        and in tables without it.
    """
    found = _by_row(findings, list(frame.columns))
    columns = {column.name: column for column in spec.columns}
    records: list[tuple[Any, ...]] = []
    start = 0
    for raw in raws:
        rows = np.array(
            [row for row in found if start <= row < start + len(raw.frame)], dtype=np.int64
        )
        texts = row_texts(raw, rows - start)
        ids = _households(frame, rows)
        block: list[tuple[Any, ...]] = [
            (
                *(spec.name, raw.file, int(raw.lines[row - start])),
                *(*_reasons(found[row], columns), text, household),
            )
            for row, text, household in zip(rows.tolist(), texts, ids, strict=True)
        ]
        ragged = _reasons([("", "row_ragged")], columns)
        block += [
            (spec.name, raw.file, row.line, *ragged, _cells_text(row.cells), None)
            for row in raw.broken
        ]
        records += sorted(block, key=lambda record: record[2])
        start += len(raw.frame)
    rejected = pd.DataFrame(records, columns=list(REJECTED_COLUMNS))
    types = {name: "int64" if name == "line" else DTYPES["text"] for name in REJECTED_COLUMNS}
    return rejected.astype(types)


def _households(frame: pd.DataFrame, rows: NDArray[np.int64]) -> list[str | None]:
    if "household_id" not in frame.columns:
        return [None] * len(rows)
    values = frame["household_id"].iloc[rows]
    return values.astype(object).where(values.notna(), None).tolist()


def _by_row(
    findings: Sequence[tuple[NDArray[np.int64], str, str]], order: Sequence[str]
) -> dict[int, list[tuple[str, str]]]:
    place = {name: position for position, name in enumerate(order)}
    found: dict[int, list[tuple[str, str]]] = {}
    for rows, field, code in sorted(findings, key=lambda finding: place[finding[1]]):
        for row in rows.tolist():
            found.setdefault(row, []).append((field, code))
    return dict(sorted(found.items()))


def _cells_text(cells: Sequence[str]) -> str:
    return json.dumps({"": list(cells)}, ensure_ascii=False)


def _reasons(
    found: Sequence[tuple[str, str]], columns: Mapping[str, Column]
) -> tuple[str, str, str, str, str]:
    field, code = found[0]
    codes = ";".join(dict.fromkeys(code for _, code in found))
    column = columns.get(field)
    return field, code, codes, reason_en(code, column), reason_zh(code, column)
