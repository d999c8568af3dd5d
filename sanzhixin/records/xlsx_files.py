"""Workbooks: the sheets that are named after a table, cells as typed, sizes capped first.

Every part that openpyxl is given is unpacked once before, block by block and without being kept:
sizes are counted rather than believed, and the markup has to have the order and bounds of a sheet.
Pictures, drawings, pivot caches and the like are left out of what openpyxl is given.
"""

from __future__ import annotations

import copy
import io
import re
import warnings
import zipfile
from functools import lru_cache
from pathlib import PurePath
from posixpath import normpath
from typing import TYPE_CHECKING, Any, NoReturn
from xml.parsers import expat

import numpy as np
import openpyxl
import pandas as pd

from sanzhixin.errors import InputError, SanzhixinError
from sanzhixin.records.columns import table_spec
from sanzhixin.records.headers import add_stated, find_header
from sanzhixin.records.raw import BrokenRow, RawTable, refuse_above
from sanzhixin.records.table_names import table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.scheme import Scheme

__all__ = ["read_workbook"]

_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_ENTRY_MARK = b"PK\x01\x02"
_MAX_BYTES = 512 * 1024**2
_MAX_RATIO = 100
_MAX_ENTRIES = 2_000
_FREE_OF_RATIO = 4 * 1024**2
_MAX_CELL = 32_767
_MAX_COLUMNS = 512
_MAX_GRID_COLUMNS = 16_384
_MAX_ROWS = 1_048_576
_MAX_CELLS = 20_000_000
_MAX_PLAIN = 16 * 1024**2
_MAX_ELEMENTS = 300_000
_BLOCK = 1 << 16
_HEADER_WITHIN = 10
_ACTIVE = (
    ("vbaproject", "macros", "宏"),
    ("/macrosheets/", "macros", "宏"),
    ("/externallinks/", "links to other workbooks", "指向其他工作簿的链接"),
    ("/embeddings/", "embedded files", "嵌入文件"),
    ("/activex/", "controls", "控件"),
)
_UNREAD = re.compile(
    r"/?(?:customxml/|xl/(?:calcchain\.xml|charts/|chartsheets/|comments|ctrlprops/|diagrams/|drawings/|media/|"
    r"persons/|pivotcache/|pivottables/|printersettings/|slicercaches/|slicers/|threadedcomments/))",
    re.IGNORECASE,
)
_EMPTY_PART = "left-out"
_END_TAG = 256
_RECORDS = frozenset(("row", "si"))
_RECORD_MARKS = (b"<row", b":row", b"<si", b":si")
_OTHER_ROW_TAGS = 100
_WITHIN_CELL = frozenset(("v", "f", "is", "t"))
_WITHIN_ROW = _WITHIN_CELL | {"c"}
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")


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
        Name of the table and its rows; lines are the row numbers of the sheet.  A round or rater
        that the names or the title state is added when the table has no such column; see
        `sanzhixin.records.headers.add_stated`.

    Raises
    ------
    InputError
        ``workbook_old``, ``workbook_encrypted``: not a plain .xlsx; ``workbook_active``: macros,
        links to other workbooks, embedded files or controls; ``file_too_large``: above a size
        cap; ``file_unreadable``: damaged; ``file_empty``: a sheet named after a table has no
        header row.
    SchemaError
        ``rater_stated_twice``: names and title state different raters.
    """
    try:
        _check_container(data, file)
        parts = _parts(data, file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(parts, read_only=True, data_only=True, keep_links=False)
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
    refuse_above(file, "number of parts", data.count(_ENTRY_MARK), _MAX_ENTRIES)
    entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    total = sum(entry.file_size for entry in entries)
    packed = min(sum(entry.compress_size for entry in entries), len(data))
    refuse_above(file, "number of parts", len(entries), _MAX_ENTRIES)
    refuse_above(file, "unpacked size in bytes", total, _MAX_BYTES)
    if total > _FREE_OF_RATIO:
        refuse_above(file, "compression ratio", total // max(packed, 1), _MAX_RATIO)
    if any(entry.flag_bits & 1 for entry in entries):
        raise InputError("workbook_encrypted", file=file)
    for entry in entries:
        for mark, what, what_zh in _ACTIVE:
            if mark in f"/{entry.filename.lower()}":
                raise InputError("workbook_active", file=file, what=what, what_zh=what_zh)


def _unreadable(file: str) -> NoReturn:
    raise InputError("file_unreadable", file=file, kind=".xlsx")


def _parts(data: bytes, file: str) -> io.BytesIO:
    """Check what openpyxl is to read, and leave out of the container what it is not."""
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.filelist[:] = [
            part for part in archive.filelist if not _UNREAD.match(part.filename)
        ]
        _check_parts(archive, file)
        archive.writestr(_EMPTY_PART, b"")  # without a change the directory would not be rewritten
    return stream


def _check_parts(archive: zipfile.ZipFile, file: str) -> None:
    cells = 0
    for entry in archive.filelist:
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            _unreadable(file)
        cells += _count_part(archive, entry, file)
        refuse_above(file, "number of cells", cells, _MAX_CELLS)
    for entry in archive.filelist:
        part = _Part(file)
        for block in _blocks(archive, entry):
            part.feed(block)
        part.feed(b"", last=True)


def _blocks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    longer = copy.copy(entry)
    longer.file_size += 1  # zipfile stops at the stated size; one more shows a lie
    with archive.open(longer) as source:
        while block := source.read(_BLOCK):
            yield block


def _count_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: str) -> int:
    """Count what a part really holds, fast, and give a bound of its cells."""
    size = rows = cells = since_record = 0
    for block in _blocks(archive, entry):
        size += len(block)
        if size > entry.file_size:
            _unreadable(file)
        rows += block.count(b"<row") + block.count(b":row")
        cells += block.count(b"<c") + block.count(b":c")
        last = max(map(block.rfind, _RECORD_MARKS))
        since_record = len(block) - last if last >= 0 else since_record + len(block)
        refuse_above(file, "a part or row in bytes", since_record, _MAX_PLAIN)
        if rows > _MAX_ROWS + _OTHER_ROW_TAGS:
            refuse_above(file, "number of rows", rows, _MAX_ROWS)
        refuse_above(file, "number of cells", cells, _MAX_CELLS)
    return cells


class _Part:
    """Watches the markup of one part: order, bounds, and the size of what is kept while reading."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._parser: expat.XMLParserType | None = None
        self._fed = self._plain = self._record_end = 0
        self._elements = self._loose = 0
        self._root = ""
        self._in_record = False
        self._row = self._column = 0
        self._targets: set[str] = set()

    def feed(self, block: bytes, *, last: bool = False) -> None:
        """Take the next block; what is not XML is held to the size of a plain part."""
        if not self._fed and block:
            self._begin(block)
        self._fed += len(block)
        if self._parser is not None:
            try:
                self._parser.Parse(block, last)
            except expat.ExpatError:
                self._parser, self._plain, self._record_end = None, 0, 0
        refuse_above(self._file, "elements of a row", self._elements, _MAX_ELEMENTS)
        if self._parser is not None and self._in_record:
            return
        plain = self._plain + self._fed - self._record_end
        refuse_above(self._file, "a part or row in bytes", plain, _MAX_PLAIN)

    def _begin(self, block: bytes) -> None:
        if block.startswith(_WIDE_MARKS):
            _unreadable(self._file)
        if not block.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
            return
        parser = self._parser = expat.ParserCreate()
        parser.ordered_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        parser.XmlDeclHandler = self._declaration

    def _doctype(self, *_: object) -> None:
        _unreadable(self._file)

    def _declaration(self, _version: str, encoding: str | None, _alone: int) -> None:
        if encoding is not None and encoding.lower() not in {"utf-8", "us-ascii"}:
            _unreadable(self._file)

    def _start(self, name: str, attributes: list[str]) -> None:
        if self._in_record:
            self._elements += 1
            if name not in _WITHIN_CELL and (name == "c" or name.endswith(":c")):
                self._cell(_attribute(attributes, "r"))
            return
        kind = name.rpartition(":")[2]
        if kind in _RECORDS:
            self._begin_record(kind, attributes)
            return
        self._loose += 1
        refuse_above(self._file, "number of elements", self._loose, _MAX_ELEMENTS)
        named = dict(zip(attributes[::2], attributes[1::2], strict=True))
        if not self._root:
            self._root = kind
        elif kind == "sheet" and self._root == "workbook":
            self._once(next((v for k, v in named.items() if k.endswith(":id")), ""))
        elif kind == "Relationship" and named.get("TargetMode") != "External":
            self._once("/".join(normpath(named.get("Target", "")).split("/")[-2:]))

    def _end(self, name: str) -> None:
        if name in _WITHIN_ROW or not self._in_record:
            return
        if name.rpartition(":")[2] in _RECORDS:
            self._in_record, self._record_end = False, self._at()

    def _at(self) -> int:
        return 0 if self._parser is None else self._parser.CurrentByteIndex

    def _begin_record(self, kind: str, attributes: list[str]) -> None:
        self._in_record = True
        self._plain += max(self._at() - self._record_end - _END_TAG, 0)
        self._elements = self._column = 0
        if kind == "row":
            number = _attribute(attributes, "r")
            row = self._row + 1 if number is None else _whole(number, self._file)
            refuse_above(self._file, "number of rows", row, _MAX_ROWS)
            if row <= self._row:  # openpyxl would leave the row out
                _unreadable(self._file)
            self._row = row

    def _cell(self, place: str | None) -> None:
        column = self._column + 1
        if place is not None:
            column = _column_number(place.rstrip("0123456789"))
        if not self._column < column <= _MAX_GRID_COLUMNS:  # openpyxl would leave the cell out
            refuse_above(self._file, "number of columns", column, _MAX_GRID_COLUMNS)
            _unreadable(self._file)
        self._column = column

    def _once(self, target: str) -> None:
        """Refuse a part that stands for several sheets: it would be read as often."""
        if target in self._targets:
            _unreadable(self._file)
        self._targets.add(target)


def _attribute(attributes: list[str], name: str) -> str | None:
    for place in range(0, len(attributes), 2):
        if attributes[place] == name:
            return attributes[place + 1]
    return None


def _whole(text: str, file: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        _unreadable(file)
    return int(text)


@lru_cache(maxsize=_MAX_GRID_COLUMNS)
def _column_number(letters: str) -> int:
    number = 0
    for letter in letters[:8]:
        number = number * 26 + ord(letter.upper()) - 64
    return number


def _rows(sheet: Any, file: str) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    sheet.reset_dimensions()  # openpyxl leaves out what lies outside of the stated ones
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
    return name, add_stated(
        raw, spec, (title, PurePath(file.rpartition("[")[0]).stem), head[:place]
    )


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


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)
