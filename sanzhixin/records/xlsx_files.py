"""Workbooks: the sheets that are named after a table, cells as typed, sizes capped first."""

from __future__ import annotations

import io
import warnings
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pandas as pd

from sanzhixin.errors import InputError, SanzhixinError
from sanzhixin.records.columns import table_spec
from sanzhixin.records.headers import find_header
from sanzhixin.records.raw import BrokenRow, RawTable
from sanzhixin.records.table_names import round_of, table_of
from sanzhixin.scheme.deny import normalise_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openpyxl.worksheet.worksheet import Worksheet

    from sanzhixin.records.columns import TableSpec
    from sanzhixin.scheme import Scheme

__all__ = ["add_round", "read_workbook"]

_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_MAX_BYTES = 512 * 1024**2
_MAX_RATIO = 100
_MAX_ENTRIES = 2_000
_FREE_OF_RATIO = 4 * 1024**2
_MAX_CELL = 32_767
_MAX_COLUMNS = 512
_MAX_ROWS = 1_048_576
_HEADER_WITHIN = 10


def read_workbook(
    data: bytes, scheme: Scheme, file: str, *, table: str | None = None
) -> Iterator[tuple[str, RawTable]]:
    """Read the sheets of a workbook that hold tables.

    Parameters
    ----------
    data : bytes
        The .xlsx file.
    scheme : Scheme
        Whose headers to expect.
    file : str
        Name for messages.
    table : str, optional
        Table that the file name states, for sheets whose own name and title state none.

    Yields
    ------
    tuple of (str, RawTable)
        Name of the table and its rows; lines are the row numbers of the sheet.  A round stated by
        the sheet's name or title (第N轮) is added when the table has no such column.

    Raises
    ------
    InputError
        ``workbook_old``, ``workbook_encrypted``: not a plain .xlsx; ``file_too_large``: above a
        size cap; ``file_unreadable``: damaged; ``file_empty``: a sheet named after a table has no
        header row.
    """
    _check_container(data, file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(
                io.BytesIO(data), read_only=True, data_only=True, keep_links=False
            )
            count = 0
            for sheet in book.worksheets:
                name = f"{file}[{sheet.title}]"
                found = _read_sheet(_rows(sheet, name), sheet.title, scheme, name, table)
                if found is not None:
                    count += 1
                    yield found
    except SanzhixinError:
        raise
    except Exception as error:
        raise InputError("file_unreadable", file=file, kind=".xlsx") from error
    if table is not None and not count:
        raise InputError("file_empty", file=file, rows=_HEADER_WITHIN)


def _check_container(data: bytes, file: str) -> None:
    if data.startswith(_OLE_MARK):
        encrypted = _ENCRYPTED_STREAM in data
        raise InputError("workbook_encrypted" if encrypted else "workbook_old", file=file)
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise InputError("file_unreadable", file=file, kind=".xlsx") from None
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    sizes = (
        ("number of parts", len(entries), _MAX_ENTRIES),
        ("unpacked size in bytes", total, _MAX_BYTES),
        ("compression ratio", total // max(packed, 1) if total > _FREE_OF_RATIO else 0, _MAX_RATIO),
    )
    for what, size, limit in sizes:
        if size > limit:
            raise InputError("file_too_large", file=file, what=what, size=size, limit=limit)
    if any(entry.flag_bits & 1 for entry in entries):
        raise InputError("workbook_encrypted", file=file)


def _rows(sheet: Worksheet, file: str) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for row in sheet.iter_rows(values_only=True):
        if len(rows) == _MAX_ROWS:
            raise InputError(
                "file_too_large", file=file, what="number of rows", size="more", limit=_MAX_ROWS
            )
        rows.append(_cells(row, file))
    return rows


def _cells(row: tuple[object, ...], file: str) -> tuple[object, ...]:
    if len(row) > _MAX_COLUMNS and any(cell is not None for cell in row[_MAX_COLUMNS:]):
        raise InputError(
            "file_too_large", file=file, what="number of columns", size=len(row), limit=_MAX_COLUMNS
        )
    cells = tuple(None if cell == "" else cell for cell in row[:_MAX_COLUMNS])
    if any(isinstance(cell, str) and len(cell) > _MAX_CELL for cell in cells):
        raise InputError(
            "file_too_large", file=file, what="a cell", size=f"> {_MAX_CELL}", limit=_MAX_CELL
        )
    return cells


def _read_sheet(
    rows: list[tuple[object, ...]], title: str, scheme: Scheme, file: str, table: str | None
) -> tuple[str, RawTable] | None:
    head = [[_text(cell) for cell in row] for row in rows[:_HEADER_WITHIN]]
    titles = [text for row in head for text in row if text]
    own = table_of(title) or (table_of(titles[0]) if titles else None)
    name = own or table
    if name is None:
        return None
    spec = table_spec(name, scheme)
    place = find_header(head, spec)
    if place is None and own is not None and titles:
        raise InputError("file_empty", file=file, rows=_HEADER_WITHIN)
    if place is None:
        return None
    raw = _raw_table(rows, place, file)
    above = " ".join(text for row in head[:place] for text in row)
    return name, add_round(raw, spec, round_of(title, above, file))


def _raw_table(rows: list[tuple[object, ...]], place: int, file: str) -> RawTable:
    header = [_text(cell) for cell in rows[place]]
    width = max((k + 1 for k, text in enumerate(header) if text), default=0)
    kept: list[tuple[object, ...]] = []
    lines: list[int] = []
    broken: list[BrokenRow] = []
    for number, row in enumerate(rows[place + 1 :], start=place + 2):
        if all(cell is None for cell in row):
            continue
        if any(cell is not None for cell in row[width:]):
            broken.append(BrokenRow(number, tuple(_text(cell) for cell in row)))
            continue
        kept.append((*row[:width], *(None,) * (width - len(row))))
        lines.append(number)
    columns = zip(*kept, strict=True) if kept else ((),) * width
    frame = pd.DataFrame(
        {k: pd.Series(list(cells), dtype=object) for k, cells in enumerate(columns)}
    )
    frame.columns = pd.Index(header[:width], dtype=object)
    return RawTable(frame, np.array(lines, dtype=np.int64), file, tuple(broken))


def add_round(raw: RawTable, spec: TableSpec, stated: int | None) -> RawTable:
    """Add the round that a name or title states, if the table needs one and has no such column.

    It stands last, so that the cells of broken rows stay under their headers.
    """
    column = next((column for column in spec.columns if column.name == "round"), None)
    if column is None or stated is None:
        return raw
    known = {normalise_header(name) for name in (column.name, column.zh, *column.aliases)}
    if any(normalise_header(str(name)) in known for name in raw.frame.columns):
        return raw
    frame = raw.frame.copy()
    frame[column.name] = stated
    return RawTable(frame, raw.lines, raw.file, raw.broken)


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)
