"""CSV files: encodings, ragged rows and quotes; every cell stays text."""

from __future__ import annotations

import codecs
import csv
import io
import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sanzhixin.errors import InputError
from sanzhixin.records.headers import count_known, find_header
from sanzhixin.records.raw import BrokenRow, RawTable

if TYPE_CHECKING:
    from sanzhixin.records.columns import TableSpec

__all__ = ["decode_csv", "read_csv"]

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_AMBIGUOUS = re.compile("[\u0080-\u00a6\u00a8-\u00af\u00b2-\u00b6\u00b8-\u00d6\u00d8-\u07ff]")
_HEAD_CHARS = 20_000
_HEADER_WITHIN = 10
_DELIMITERS = ",\t;"
_MAX_CELL = 131_072
_BLOCK = 50_000


def decode_csv(data: bytes, spec: TableSpec, file: str) -> tuple[str, str]:
    """Decode a CSV file strictly.

    UTF-16 needs its mark.  Otherwise UTF-8 (with or without a mark) is tried, then GB18030.  A
    decoding is believed only if the header then holds columns of the table, and UTF-8 without a
    mark only if it has none of the letters that short GB18030 text turns into.

    Parameters
    ----------
    data : bytes
        The file.
    spec : TableSpec
        Whose headers to expect.
    file : str
        Name for messages.

    Returns
    -------
    tuple of (str, str)
        The text and the name of its encoding.

    Raises
    ------
    InputError
        ``file_encoding``: no encoding fits; ``file_empty``: one fits, but no row is a header.
    """
    decoded = False
    for encoding in ("utf-16",) if data.startswith(_UTF16_MARKS) else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        decoded = True
        if _is_ambiguous(data, text, encoding) or "\x00" in text:
            break
        if _find_head(text, spec) is not None:
            return text, encoding
    if decoded and data.isascii():
        raise InputError("file_empty", file=file, rows=_HEADER_WITHIN)
    raise InputError("file_encoding", file=file)


def read_csv(data: bytes, spec: TableSpec, file: str) -> RawTable:
    """Read a CSV file as text; rows without any text are skipped.

    Parameters
    ----------
    data : bytes
        The file.
    spec : TableSpec
        Whose headers to expect; the header may stand below a title, within the first 10 rows.
    file : str
        Name for messages.

    Returns
    -------
    RawTable
        Lines are those of the file; rows with more or fewer cells than the header are broken rows.

    Raises
    ------
    InputError
        ``file_encoding``, ``file_empty``: see `decode_csv`; ``file_quotes``: a quoted cell is
        never closed; ``file_too_large``: a cell is longer than 131,072 characters.
    """
    text, _ = decode_csv(data, spec, file)
    head = _find_head(text, spec)
    assert head is not None  # noqa: S101 - a decoding is believed only with a header
    rows = _Rows(head.header)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=head.delimiter, strict=True)
    line = 1
    try:
        for number, row in enumerate(reader):
            if number > head.place and any(row):
                rows.add(line, row)
            line = reader.line_num + 1
    except csv.Error as error:
        if "field larger" in str(error):
            raise InputError(
                "file_too_large", file=file, what="a cell", size=f"> {_MAX_CELL}", limit=_MAX_CELL
            ) from None
        raise InputError("file_quotes", file=file, line=line) from None
    return rows.table(file)


class _Head(NamedTuple):
    """Which delimiter a file has, and which of its rows is the header."""

    delimiter: str
    place: int
    header: list[str]


class _Rows:
    """Rows gathered in blocks of columns, so that a long file stays compact."""

    def __init__(self, header: list[str]) -> None:
        self._header = header
        self._rows: list[list[str]] = []
        self._blocks: list[pd.DataFrame] = []
        self._lines: list[int] = []
        self._broken: list[BrokenRow] = []

    def add(self, line: int, row: list[str]) -> None:
        if len(row) != len(self._header):
            self._broken.append(BrokenRow(line, tuple(row)))
            return
        self._rows.append(row)
        self._lines.append(line)
        if len(self._rows) == _BLOCK:
            self._close_block()

    def _close_block(self) -> None:
        columns = zip(*self._rows, strict=True) if self._rows else ((),) * len(self._header)
        self._blocks.append(
            pd.DataFrame({k: pd.array(list(cells), dtype="str") for k, cells in enumerate(columns)})
        )
        self._rows = []

    def table(self, file: str) -> RawTable:
        self._close_block()
        blocks = [block for block in self._blocks if len(block)] or self._blocks[:1]
        frame = pd.concat(blocks, ignore_index=True)
        frame.columns = pd.Index(self._header, dtype=object)
        return RawTable(frame, np.array(self._lines, dtype=np.int64), file, tuple(self._broken))


def _is_ambiguous(data: bytes, text: str, encoding: str) -> bool:
    marked = data.startswith((codecs.BOM_UTF8, *_UTF16_MARKS))
    return encoding == "utf-8-sig" and not marked and _AMBIGUOUS.search(text) is not None


def _find_head(text: str, spec: TableSpec) -> _Head | None:
    """Find the header under every delimiter; take the one that shows most known columns."""
    start = text[:_HEAD_CHARS]
    heads: list[_Head] = []
    for delimiter in filter(start.__contains__, _DELIMITERS):
        lines = io.StringIO(start, newline="")
        rows = list(islice(csv.reader(lines, delimiter=delimiter), _HEADER_WITHIN))
        place = find_header(rows, spec)
        if place is not None:
            heads.append(_Head(delimiter, place, rows[place]))
    return max(heads, key=lambda head: count_known(head.header, spec), default=None)
