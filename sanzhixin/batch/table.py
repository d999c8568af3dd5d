"""Proposals as an Arrow table, and that table as Parquet, CSV or a worksheet."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from sanzhixin.errors import OutputError
from sanzhixin.records.cells import guard_text, is_formula_like
from sanzhixin.records.workbooks import new_workbook, save_workbook

__all__ = ["FORMATS", "PROPOSAL_SCHEMA", "Format", "check_room", "regroup", "write_proposals"]

Format = Literal["parquet", "csv", "xlsx"]
FORMATS: tuple[Format, ...] = ("parquet", "csv", "xlsx")

_STEP = [("code", pa.string()), ("zh", pa.string()), ("en", pa.string()), ("points", pa.int64())]
_NEXT = pa.struct(
    [
        ("tier", pa.string()),
        ("points_needed", pa.int64()),
        ("within_reach", pa.bool_()),
        ("steps", pa.list_(pa.struct(_STEP))),
        ("zh", pa.string()),
        ("en", pa.string()),
    ]
)
PROPOSAL_SCHEMA = pa.schema(
    [
        ("household_id", pa.string()),
        ("as_of", pa.date32()),
        ("status", pa.string()),
        ("points", pa.int64()),
        ("score", pa.float64()),
        ("score_low", pa.float64()),
        ("score_high", pa.float64()),
        ("grade", pa.string()),
        ("prob_default", pa.float64()),
        ("pd_lower", pa.float64()),
        ("pd_upper", pa.float64()),
        ("pd_basis", pa.string()),
        ("tier", pa.string()),
        ("limit_yuan", pa.int64()),
        ("binding_bound", pa.string()),
        ("village_limit_yuan", pa.int64()),
        ("manager_limit_yuan", pa.int64()),
        ("system_limit_yuan", pa.int64()),
        ("reasons", pa.list_(pa.struct(_STEP))),
        ("next_tier", _NEXT),
        ("review_triggers", pa.list_(pa.string())),
        ("model_id", pa.string()),
        ("scheme_id", pa.string()),
        ("valid_until", pa.date32()),
        ("input_digest", pa.string()),
    ]
)
"""Columns of the output; the same for no row at all and for columns without a value."""

_GROUP = 65_536
_MOST_SHEET_ROWS = 1_048_575


def regroup(tables: Iterable[pa.Table], size: int = _GROUP) -> Iterator[pa.Table]:
    """Cut tables of any lengths into tables of one length, so that chunks leave no trace.

    Parameters
    ----------
    tables : iterable of Table
        With `PROPOSAL_SCHEMA`.
    size : int, default=65536
        Rows of each table but the last.

    Yields
    ------
    Table
        One contiguous chunk each.
    """
    held = PROPOSAL_SCHEMA.empty_table()
    for table in tables:
        held = pa.concat_tables([held, table])
        while held.num_rows >= size:
            yield held.slice(0, size).combine_chunks()
            held = held.slice(size)
    if held.num_rows:
        yield held.combine_chunks()


def check_room(rows: int, kind: Format) -> None:
    """Refuse more rows than a worksheet holds.

    Parameters
    ----------
    rows : int
        Proposals to be written.
    kind : {"parquet", "csv", "xlsx"}
        Only the last has a limit.

    Raises
    ------
    OutputError
        ``worksheet_full``.
    """
    if kind == "xlsx" and rows > _MOST_SHEET_ROWS:
        raise OutputError("worksheet_full", most=_MOST_SHEET_ROWS)


def write_proposals(tables: Iterable[pa.Table], stream: IO[bytes], kind: Format) -> int:
    """Write proposals; equal tables give equal bytes.

    Parameters
    ----------
    tables : iterable of Table
        From `regroup`.
    stream : binary file
        Where to.
    kind : {"parquet", "csv", "xlsx"}
        Parquet keeps lists and structs; the others hold them as JSON text, and text that looks
        like a formula is made harmless.  A worksheet is a view: it rounds floats to 16 digits.

    Returns
    -------
    int
        Rows written.
    """
    writers: dict[Format, Callable[[Iterable[pa.Table], IO[bytes]], int]] = {
        "parquet": _write_parquet,
        "csv": _write_csv,
        "xlsx": _write_xlsx,
    }
    return writers[kind](tables, stream)


def _write_parquet(tables: Iterable[pa.Table], stream: IO[bytes]) -> int:
    rows = 0
    with pq.ParquetWriter(stream, PROPOSAL_SCHEMA, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table, row_group_size=_GROUP)
            rows += table.num_rows
    return rows


def _write_csv(tables: Iterable[pa.Table], stream: IO[bytes]) -> int:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow(PROPOSAL_SCHEMA.names)
    rows = 0
    for cells in _rows(tables):
        writer.writerow([guard_text(cell) if isinstance(cell, str) else cell for cell in cells])
        rows += 1
    text.detach()
    return rows


def _write_xlsx(tables: Iterable[pa.Table], stream: IO[bytes]) -> int:
    book = new_workbook(write_only=True)
    sheet = book.create_sheet("proposals")
    sheet.freeze_panes = "B2"
    sheet.append(PROPOSAL_SCHEMA.names)
    rows = 0
    try:
        for cells in _rows(tables):
            sheet.append([_text_cell(sheet, c) if isinstance(c, str) else c for c in cells])
            rows += 1
    finally:
        sheet.close()
    save_workbook(book, stream)
    return rows


def _text_cell(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    if is_formula_like(text):
        cell.quotePrefix = True
    return cell


def _rows(tables: Iterable[pa.Table]) -> Iterator[list[Any]]:
    for table in tables:
        columns = [_flat(column.to_pylist()) for column in table.columns]
        yield from (list(row) for row in zip(*columns, strict=True))


def _flat(values: list[Any]) -> list[Any]:
    return [_cell(value) for value in values]


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return value.isoformat() if isinstance(value, dt.date) else value
