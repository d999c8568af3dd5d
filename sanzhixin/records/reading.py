"""One file to raw tables, with what a manifest wants to know about it."""

from __future__ import annotations

import hashlib
import io
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sanzhixin.errors import InputError
from sanzhixin.records.columns import table_spec
from sanzhixin.records.csv_files import decode_csv, parse_csv
from sanzhixin.records.headers import add_stated
from sanzhixin.records.raw import RawTable
from sanzhixin.records.table_names import table_of
from sanzhixin.records.xlsx_files import read_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.scheme import Scheme

__all__ = ["SUFFIXES", "FileFacts", "ReadFile", "raw_from_arrow", "read_file"]

_WORKBOOKS = (".xlsx", ".xlsm", ".xls")
_TEXTS = (".csv", ".txt")
_PACKED = ".gz"
SUFFIXES = (*_TEXTS, *_WORKBOOKS, ".parquet", _PACKED)
"""Files that are looked at; others in a folder are none of our business."""

_TYPES = {
    pa.string(): pd.StringDtype(na_value=np.nan),
    pa.large_string(): pd.StringDtype(na_value=np.nan),
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int64Dtype(),
    pa.int32(): pd.Int64Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.float64(): pd.Float64Dtype(),
}
_MAX_FILE = 2 * 1024**3
_MAX_UNPACKED = 512 * 1024**2
_MAX_RATIO = 100
_FREE_OF_RATIO = 4 * 1024**2
_MAX_MEMBERS = 20_000
_BLOCK = 1 << 16
_MAX_COLUMNS = 512
_MAX_PARQUET_ROWS = 20_000_000
_MAX_PARQUET_CELLS = 500_000_000
_MAX_PARQUET_BYTES = 4 * 1024**3
_MAX_PARQUET_RATIO = 500
_FREE_PARQUET = 256 * 1024**2
_MAX_PAGES = 200_000
_MAX_PAGE = 16 * 1024**2
_MAX_TEXT = 131_072

_MAX_FOOTER = 2 * 1024**2

# Field numbers of Parquet's Thrift structures: FileMetaData, RowGroup, ColumnChunk,
# ColumnMetaData, PageHeader.
_ROWS, _GROUPS = 3, 4
_CHUNKS, _GROUP_ROWS = 1, 3
_META = 3
_TYPE, _PATH, _VALUES, _PACKED_SIZE, _DATA_AT, _DICTIONARY_AT = 1, 3, 5, 7, 9, 11
_PAGE_UNPACKED, _PAGE_PACKED, _DATA_HEADERS, _DICTIONARY_HEADER = 2, 3, (5, 8), 7
_BYTE_ARRAY = 6

# Types of Thrift's compact protocol.
_TRUE, _FALSE, _INTEGERS, _DOUBLE, _BINARY, _LISTS, _STRUCT = 1, 2, (3, 4, 5, 6), 7, 8, (9, 10), 12
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a manifest records about a file.

    Attributes
    ----------
    file : str
        Name, relative to the folder.
    sha256 : str
        Digest of its bytes.
    bytes : int
        Size.
    encoding : str
        Encoding of a text file, else the format.
    tables : tuple of str
        Tables that were found in it.
    """

    file: str
    sha256: str
    bytes: int
    encoding: str
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadFile:
    """Tables of one file and its facts."""

    facts: FileFacts
    tables: tuple[tuple[str, RawTable], ...]


def read_file(path: Path, scheme: Scheme, *, name: str | None = None) -> ReadFile:
    """Read one CSV (also packed, ``.csv.gz``), Excel or Parquet file.

    The table is named by the file (``ratings.csv``, ``ratings_V01.csv``, 越丰村第1轮评议表.csv) or,
    in a workbook, by each sheet or the title above its header.

    Parameters
    ----------
    path : Path
        The file.
    scheme : Scheme
        Whose headers to expect.
    name : str, optional
        Name for messages; by default the file's.

    Returns
    -------
    ReadFile
        No tables when neither the file nor a sheet is named after one.

    Raises
    ------
    InputError
        ``file_not_found``, ``file_too_large``, ``file_zero_bytes``, ``file_unreadable``,
        ``file_encoding``, ``file_empty``, ``file_quotes``, ``workbook_old``,
        ``workbook_encrypted``, ``workbook_active``.
    SchemaError
        ``rater_stated_twice``: names and title state different raters.
    """
    shown = name or path.name
    if not path.is_file():
        raise InputError("file_not_found", file=shown)
    size = path.stat().st_size
    _refuse_above(shown, "size", size, _MAX_FILE)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    stem, suffix = _stem_and_suffix(path)
    table = None if suffix == _PACKED else table_of(stem)
    encoding = suffix.removeprefix(".")
    if not data and (table is not None or suffix in _WORKBOOKS):
        raise InputError("file_zero_bytes", file=shown)
    if suffix in _WORKBOOKS:
        tables = tuple(read_workbook(data, scheme, shown, table=table))
    elif table is None:
        tables = ()
    elif suffix == ".parquet":
        raw = _read_parquet(data, shown)
        tables = ((table, add_stated(raw, table_spec(table, scheme), (stem,), ())),)
    else:
        spec = table_spec(table, scheme)
        content = _unpack(data, shown) if path.suffix.lower() == _PACKED else data
        text, encoding = decode_csv(content, spec, shown)
        tables = ((table, parse_csv(text, spec, shown, names=(stem,))),)
    facts = FileFacts(shown, digest, size, encoding, tuple(item for item, _ in tables))
    return ReadFile(facts, tables)


def _stem_and_suffix(path: Path) -> tuple[str, str]:
    """Name and format of a file, those of the text within for ``ratings.csv.gz``."""
    inner = PurePath(path.stem)
    if path.suffix.lower() == _PACKED and inner.suffix.lower() in _TEXTS:
        return inner.stem, inner.suffix.lower()
    return path.stem, path.suffix.lower()


def _refuse_above(file: str, what: str, size: int, limit: int) -> None:
    if size > limit:
        raise InputError("file_too_large", file=file, what=what, size=size, limit=limit)


def _unpack(packed: bytes, file: str) -> bytes:
    """Unpack a gzip file; what comes out is counted before any of it is kept."""
    size = 0
    content = io.BytesIO()
    try:
        for block in _inflate(packed, file):
            size += len(block)
            _refuse_above(file, "unpacked size in bytes", size, _MAX_UNPACKED)
            if size > _FREE_OF_RATIO:
                _refuse_above(file, "compression ratio", size // len(packed), _MAX_RATIO)
        content.writelines(_inflate(packed, file))
    except (zlib.error, EOFError):
        raise InputError("file_unreadable", file=file, kind="gzip") from None
    return content.getvalue()


def _inflate(packed: bytes, file: str) -> Iterator[bytes]:
    """Unpack the members of a gzip file; zeros may stand behind the last."""
    whole = memoryview(packed)
    at = members = 0
    while at < len(packed) and (not members or packed[at : at + 1] != b"\0"):
        members += 1
        _refuse_above(file, "number of members", members, _MAX_MEMBERS)
        engine = zlib.decompressobj(wbits=31)
        while True:
            block = whole[at : at + _BLOCK]
            content = engine.decompress(block, _BLOCK)
            yield content
            if engine.eof:
                at += len(block) - len(engine.unused_data)
                break
            at += len(block) - len(engine.unconsumed_tail)
            if not block and not content:
                raise EOFError
    if packed[at:].strip(b"\0"):
        raise EOFError


def _read_parquet(data: bytes, file: str) -> RawTable:
    with _parquet_errors(file):
        _check_parquet(data, file)
        table = pq.ParquetFile(pa.BufferReader(data)).read()
        return raw_from_arrow(table.replace_schema_metadata(None), file)


def _check_parquet(data: bytes, file: str) -> None:
    """Refuse what would grow too large in memory; pages are counted, the footer is not believed."""
    footer = _footer(data, file)
    groups = footer.get(_GROUPS) or []
    rows = max(footer[_ROWS], sum(_count(group[_GROUP_ROWS]) for group in groups))
    _refuse_above(file, "number of rows", rows, _MAX_PARQUET_ROWS)
    columns = max((len(group[_CHUNKS]) for group in groups), default=0)
    _refuse_above(file, "number of columns", columns, _MAX_COLUMNS)
    _refuse_above(file, "number of cells", rows * columns, _MAX_PARQUET_CELLS)
    sizes: dict[tuple[bytes, ...], int] = {}
    flat_texts: set[tuple[bytes, ...]] = set()
    values = pages = 0
    for meta in (chunk[_META] for group in groups for chunk in group[_CHUNKS]):
        found = _count_pages(meta, data, file)
        values, pages = values + found.n_values, pages + found.n_pages
        _refuse_above(file, "number of cells", values, _MAX_PARQUET_CELLS)
        _refuse_above(file, "number of pages", pages, _MAX_PAGES)
        path = tuple(meta[_PATH])
        sizes[path] = sizes.get(path, 0) + found.most_bytes
        if meta[_TYPE] == _BYTE_ARRAY and len(path) == 1:
            flat_texts.add(path)
    limit = min(max(_FREE_PARQUET, _MAX_PARQUET_RATIO * len(data)), _MAX_PARQUET_BYTES)
    if sum(sizes.values()) <= limit:
        return
    total = 0
    for path, most in sizes.items():
        total += _text_bytes(data, path[0].decode(), file) if path in flat_texts else most
        _refuse_above(file, "unpacked size in bytes", total, limit)


def _count(number: int) -> int:
    if number < 0:
        raise LookupError(number)
    return number


def _footer(data: bytes, file: str) -> dict[int, Any]:
    size = int.from_bytes(data[-8:-4], "little")
    if data[-4:] != b"PAR1" or size > len(data) - 8:
        raise InputError("file_unreadable", file=file, kind="Parquet")
    _refuse_above(file, "footer in bytes", size, _MAX_FOOTER)
    return _thrift_struct(data, len(data) - 8 - size)[0]


class _Chunk(NamedTuple):
    """Values and pages of one column chunk, and the most bytes that they can need in memory."""

    n_values: int
    n_pages: int
    most_bytes: int


def _count_pages(meta: dict[int, Any], data: bytes, file: str) -> _Chunk:
    at, dictionary_at = meta[_DATA_AT], meta.get(_DICTIONARY_AT) or 0
    if 0 < dictionary_at < at:
        at = dictionary_at
    end = at + _count(meta[_PACKED_SIZE])
    values = pages = plain = dictionary = 0
    while at < end:
        header, at = _thrift_struct(data, at)
        unpacked, packed = _count(header[_PAGE_UNPACKED]), _count(header[_PAGE_PACKED])
        if packed > len(data) - at:
            raise LookupError(packed)
        if unpacked > _MAX_PAGE:
            _refuse_above(file, "compression ratio", unpacked // max(packed, 1), _MAX_RATIO)
        at += packed
        pages += 1
        if _DICTIONARY_HEADER in header:
            dictionary = unpacked
        else:
            plain += unpacked
        values += sum(_count(header[key][1]) for key in _DATA_HEADERS if key in header)
    values = max(values, meta[_VALUES])
    return _Chunk(values, pages, plain + values * max(8, dictionary))


def _text_bytes(data: bytes, path: str, file: str) -> int:
    """Count the bytes of a text column as it would stand in memory, from its dictionary."""
    source = pq.ParquetFile(pa.BufferReader(data), read_dictionary=[path])
    total = 0
    for chunk in source.read(columns=[path]).column(0).chunks:
        if not isinstance(chunk, pa.DictionaryArray):
            total += chunk.nbytes
            continue
        sizes = pc.binary_length(chunk.dictionary).fill_null(0).to_numpy(zero_copy_only=False)
        _refuse_above(file, "a cell in bytes", int(sizes.max(initial=0)), _MAX_TEXT)
        places = chunk.indices.drop_null().to_numpy(zero_copy_only=False)
        total += int(sizes[places].sum(dtype=np.int64)) + 8 * len(chunk)
    return total


def raw_from_arrow(table: pa.Table, file: str = "") -> RawTable:
    """Take an Arrow table with the types that its cells have; times as the clock shows them.

    Parameters
    ----------
    table : Table
        Original headers as columns.
    file : str, optional
        Name for messages.

    Returns
    -------
    RawTable
        Rows as they stand there.
    """
    shown = _on_the_wall(table)
    shown.validate(full=True)
    return RawTable.from_frame(shown.to_pandas(types_mapper=_TYPES.get), file)


def _on_the_wall(table: pa.Table) -> pa.Table:
    """Show times with a zone as the clock on the wall there shows them."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz is not None:
            table = table.set_column(place, field.name, pc.local_timestamp(table.column(place)))
    return table


@contextmanager
def _parquet_errors(file: str) -> Iterator[None]:
    """Refuse a damaged file, text that is not UTF-8, and times that no calendar has."""
    try:
        yield
    except InputError:
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError, LookupError, TypeError):
        raise InputError("file_unreadable", file=file, kind="Parquet") from None


def _thrift_struct(data: bytes, at: int, depth: int = 0) -> tuple[dict[int, Any], int]:
    """Read a struct of Thrift's compact protocol: field number to value, and where it ends."""
    fields: dict[int, Any] = {}
    number = 0
    while data[at]:
        kind, step = data[at] & 15, data[at] >> 4
        at += 1
        if step:
            number += step
        else:
            number, at = _varint(data, at)
        if kind in (_TRUE, _FALSE):
            fields[number] = kind == _TRUE
        else:
            fields[number], at = _thrift_value(data, at, kind, depth + 1)
    return fields, at + 1


def _thrift_value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if depth > _DEEPEST:
        raise LookupError(depth)
    if kind in _INTEGERS:
        return _varint(data, at)
    if kind == _DOUBLE:
        return None, at + 8
    if kind == _BINARY:
        size, at = _varint(data, at, signed=False)
        return data[at : at + size], at + size
    if kind == _STRUCT:
        return _thrift_struct(data, at, depth)
    if kind not in _LISTS:
        raise LookupError(kind)
    size, item = data[at] >> 4, data[at] & 15
    at += 1
    if size == 15:
        size, at = _varint(data, at, signed=False)
    if size > len(data) - at:  # an item takes a byte at least
        raise LookupError(size)
    values: list[Any] = []
    for _ in range(size):
        value, at = (
            (None, at + 1) if item in (_TRUE, _FALSE) else _thrift_value(data, at, item, depth + 1)
        )
        values.append(value)
    return values, at


def _varint(data: bytes, at: int, *, signed: bool = True) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 or shift > 70:
            return (number >> 1) ^ -(number & 1) if signed else number, at
