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
from sanzhixin.records.headers import count_known, find_header, stated_for_all
from sanzhixin.records.raw import BrokenRow, RawTable, join_raws

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sanzhixin.records.columns import TableSpec

__all__ = ["csv_blocks", "decode_csv", "read_csv"]

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_AMBIGUOUS = re.compile("[\u0080-\u00a6\u00a8-\u00af\u00b2-\u00b6\u00b8-\u00d6\u00d8-\u07ff]")
_UTF8_HAN = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}")
_HIGH_BYTES = bytes(range(0x80, 0x100))
_FEWEST_HAN = 8
_HEAD_CHARS = 20_000
_HEADER_WITHIN = 10
_DELIMITERS = ",\t;"
_MAX_CELL = 131_072
_MAX_COLUMNS = 512
_MAX_DELIMITERS = 16_384
_BLOCK = 50_000


def decode_csv(data: bytes, spec: TableSpec, file: str) -> tuple[str, str]:
    """Decode a CSV file strictly.

    A mark decides for UTF-16 or UTF-8.  Without one UTF-8 is tried, then GB18030.  A decoding is
    believed only if the header then holds columns of the table, and UTF-8 without a mark only if
    it has none of the letters that short GB18030 text turns into.  A header in ASCII tells
    nothing: then UTF-8 is not believed where the bytes are everyday GB2312 text as well, and
    GB18030 only for everyday text that does not look like damaged UTF-8.

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
    for encoding in _candidates(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        decoded = True
        if _is_ambiguous(data, text, encoding) or "\x00" in text:
            break
        head = _find_head(text, spec)
        if head is None:
            continue
        if _is_told(data, head, spec) or _is_likely(data, text, encoding):
            return text, encoding
        break
    if decoded and data.isascii():
        raise InputError("file_empty", file=file, rows=_HEADER_WITHIN)
    raise InputError("file_encoding", file=file)


def read_csv(data: bytes, spec: TableSpec, file: str) -> RawTable:
    """Read a CSV file as text: `decode_csv`, then all of `csv_blocks` under each other."""
    return join_raws(list(csv_blocks(decode_csv(data, spec, file)[0], spec, file)))


def csv_blocks(
    text: str, spec: TableSpec, file: str, *, names: Sequence[str] = ()
) -> Iterator[RawTable]:
    """Part the text of a CSV file into cells, 50,000 rows at a time.

    Rows without any text are skipped.

    Parameters
    ----------
    text : str
        From `decode_csv`.
    spec : TableSpec
        Whose headers to expect; the header may stand below a title, within the first 10 rows.
    file : str
        Name for messages.
    names : sequence of str, optional
        Where a round or a rater may be stated besides the rows above the header.

    Yields
    ------
    RawTable
        One at least.  Lines are those of the file; rows with more or fewer cells than the header
        are broken rows.

    Raises
    ------
    InputError
        ``file_quotes``: a quoted cell is never closed, or holds whole rows; ``file_line_ends``: a
        carriage return stands alone in a file with line feeds; ``file_too_large``: a cell is
        longer than 131,072 characters, or there are more than 512 columns.
    SchemaError
        ``rater_stated_twice``: names and title state different raters.
    """
    head = _find_head(text, spec)
    assert head is not None  # noqa: S101 - a decoding is believed only with a header
    if len(head.header) > _MAX_COLUMNS:
        raise _too_wide(file, len(head.header))
    rows = _Rows(head.header, stated_for_all(head.header, spec, names, head.above, file), file)
    source = _Lines(text, head.delimiter, file)
    reader = csv.reader(
        source,
        delimiter=head.delimiter,
        skipinitialspace=True,  # a quotation mark behind a blank opens a quoted cell all the same
        strict=True,
    )
    line = 1
    try:
        for number, row in enumerate(reader):
            if source.take_quotes() % 2 or (reader.line_num > line and _holds_rows(row, head)):
                raise InputError("file_quotes", file=file, line=line)
            if number > head.place and any(row):
                rows.add(line, row)
                if rows.are_full():
                    yield rows.take()
            line = reader.line_num + 1
    except csv.Error as error:
        if "field larger" in str(error):
            raise InputError(
                "file_too_large", file=file, what="a cell", size=f"> {_MAX_CELL}", limit=_MAX_CELL
            ) from None
        raise InputError("file_quotes", file=file, line=line) from None
    if rows.wait() or not rows.taken:
        yield rows.take()


class _Head(NamedTuple):
    """Which delimiter a file has, which of its rows is the header, and what stands above it."""

    delimiter: str
    place: int
    header: list[str]
    above: list[list[str]]


class _Lines:
    """Lines of a text on their way to the parser, which counts neither quotes nor delimiters."""

    def __init__(self, text: str, delimiter: str, file: str) -> None:
        self._lines = enumerate(io.StringIO(text, newline=""), start=1)
        self._has_line_feeds = "\n" in text
        self._delimiter = delimiter
        self._file = file
        self._quotes = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        number, line = next(self._lines)
        self._quotes += line.count('"')
        if self._has_line_feeds and line[-1] == "\r":
            raise InputError("file_line_ends", file=self._file, line=number)
        if len(line) > _MAX_DELIMITERS and line.count(self._delimiter) > _MAX_DELIMITERS:
            raise _too_wide(self._file, line.count(self._delimiter) + 1)
        return line

    def take_quotes(self) -> int:
        """Count the quotation marks since the last call; in a whole row they come in pairs."""
        count, self._quotes = self._quotes, 0
        return count


class _Rows:
    """Rows of one file on their way into blocks of columns, so that a long file stays compact."""

    def __init__(self, header: list[str], stated: Mapping[str, str | int], file: str) -> None:
        self._header = header
        self._stated = stated
        self._file = file
        self._rows: list[list[str]] = []
        self._lines: list[int] = []
        self._broken: list[BrokenRow] = []
        self.taken = 0

    def add(self, line: int, row: list[str]) -> None:
        if len(row) != len(self._header):
            self._broken.append(BrokenRow(line, tuple(row)))
            return
        self._rows.append(row)
        self._lines.append(line)

    def wait(self) -> bool:
        """Tell whether rows wait to be taken."""
        return bool(self._rows or self._broken)

    def are_full(self) -> bool:
        """Tell whether a block is full."""
        return max(len(self._rows), len(self._broken)) >= _BLOCK

    def take(self) -> RawTable:
        """Take what waits as one block."""
        columns = zip(*self._rows, strict=True) if self._rows else ((),) * len(self._header)
        frame = pd.DataFrame(
            {k: pd.array(list(cells), dtype="str") for k, cells in enumerate(columns)}
        )
        frame.columns = pd.Index(self._header, dtype=object)
        lines, broken = np.array(self._lines, dtype=np.int64), tuple(self._broken)
        self._rows, self._lines, self._broken = [], [], []
        self.taken += 1
        return RawTable(frame.assign(**self._stated), lines, self._file, broken)


def _candidates(data: bytes) -> tuple[str, ...]:
    if data.startswith(_UTF16_MARKS):
        return ("utf-16",)
    return ("utf-8-sig",) if data.startswith(codecs.BOM_UTF8) else ("utf-8-sig", "gb18030")


def _is_ambiguous(data: bytes, text: str, encoding: str) -> bool:
    marked = data.startswith((codecs.BOM_UTF8, *_UTF16_MARKS))
    return encoding == "utf-8-sig" and not marked and _AMBIGUOUS.search(text) is not None


def _is_told(data: bytes, head: _Head, spec: TableSpec) -> bool:
    """Tell whether a mark or a Chinese header that the table knows proves the decoding."""
    if data.isascii() or data.startswith((codecs.BOM_UTF8, *_UTF16_MARKS)):
        return True
    return any(not name.isascii() and count_known([name], spec) for name in head.header)


def _is_likely(data: bytes, text: str, encoding: str) -> bool:
    """Weigh a decoding for which no header speaks against the other one."""
    if encoding == "utf-8-sig":
        try:
            other = data.decode("gb18030")
        except UnicodeDecodeError:
            return True
        return _count_foreign(other)[1] > 0
    foreign, rare = _count_foreign(text)
    high = len(data) - len(data.translate(None, _HIGH_BYTES))
    return (
        foreign >= _FEWEST_HAN and 20 * rare <= foreign and 9 * len(_UTF8_HAN.findall(data)) < high
    )


def _count_foreign(text: str) -> tuple[int, int]:
    """Count the characters beyond ASCII, and those of them that GB2312, the everyday set, lacks."""
    ascii_only = len(text.encode("ascii", "ignore"))
    everyday = (len(text.encode("gb2312", "ignore")) - ascii_only) // 2
    foreign = len(text) - ascii_only
    return foreign, foreign - everyday


def _find_head(text: str, spec: TableSpec) -> _Head | None:
    """Find the header under every delimiter; take the one that shows most known columns."""
    start = text[:_HEAD_CHARS]
    if len(text) > _HEAD_CHARS:  # a line that is cut off could pass for a shorter header
        start = start[: max(start.rfind("\n"), start.rfind("\r")) + 1]
    heads: list[_Head] = []
    for delimiter in filter(start.__contains__, _DELIMITERS):
        lines = io.StringIO(start, newline="")
        rows = list(
            islice(csv.reader(lines, delimiter=delimiter, skipinitialspace=True), _HEADER_WITHIN)
        )
        place = find_header(rows, spec)
        if place is not None:
            heads.append(_Head(delimiter, place, rows[place], rows[:place]))
    return max(heads, key=lambda head: count_known(head.header, spec), default=None)


def _too_wide(file: str, size: int) -> InputError:
    return InputError(
        "file_too_large", file=file, what="number of columns", size=size, limit=_MAX_COLUMNS
    )


def _holds_rows(row: Sequence[str], head: _Head) -> bool:
    """Tell whether cells with line breaks hold the cells of a row: a mark that closed too late."""
    broken = [cell for cell in row if "\n" in cell or "\r" in cell]
    return sum(cell.count(head.delimiter) for cell in broken) >= len(head.header) - 1 > 0
