"""Parquet files: pages are counted before anything is unpacked, cells keep their types.

pyarrow ends the process on some damaged footers, and a footer may say less than the pages hold, so
both are read here first, by the few structures of Thrift's compact protocol that they consist of.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sanzhixin.errors import InputError, SanzhixinError
from sanzhixin.records.raw import RawTable, refuse_above

if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["ArrowRows", "join_arrow", "parquet_blocks", "raw_from_arrow"]

_TYPES = {
    pa.string(): pd.StringDtype(na_value=np.nan),
    pa.large_string(): pd.StringDtype(na_value=np.nan),
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int64Dtype(),
    pa.int32(): pd.Int64Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.float64(): pd.Float64Dtype(),
}
_VIEWS = {"string_view": pa.string(), "binary_view": pa.binary()}
"""Types for which Arrow lacks most functions, and what holds the same."""

_MAX_RATIO = 100
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
_BLOCK_ROWS = 100_000

# Field numbers of Parquet's Thrift structures: FileMetaData, RowGroup, ColumnChunk,
# ColumnMetaData, PageHeader.
_ROWS, _GROUPS = 3, 4
_CHUNKS, _GROUP_ROWS = 1, 3
_META = 3
_ENCODINGS, _DELTA_BYTES = 2, 7  # texts by what they share with the one before: no size is told
_TYPE, _PATH, _VALUES, _PACKED_SIZE, _DATA_AT, _DICTIONARY_AT = 1, 3, 5, 7, 9, 11
_PAGE_UNPACKED, _PAGE_PACKED, _DATA_HEADERS, _DICTIONARY_HEADER = 2, 3, (5, 8), 7
_BYTE_ARRAY = 6
_BYTE_TYPES = (_BYTE_ARRAY, 7)  # 7: of a fixed length that the schema states
_MOST_FIXED = 12  # bytes of a number or a time of Parquet

# Types of Thrift's compact protocol.
_TRUE, _FALSE, _INTEGERS, _DOUBLE, _BINARY, _LISTS, _STRUCT = 1, 2, (3, 4, 5, 6), 7, 8, (9, 10), 12
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class ArrowRows:
    """Some rows of a Parquet file, with the types that its cells have.

    Attributes
    ----------
    table : Table
        Original headers as columns; times as the clock shows them.
    first_line : int
        The line of the first row: 2 for the first of a file, as under a header in line 1.
    file : str
        Name for messages.
    """

    table: pa.Table
    first_line: int
    file: str

    @property
    def headers(self) -> list[str]:
        """Headers as text."""
        return list(self.table.schema.names)


def parquet_blocks(
    data: bytes | mmap.mmap,
    source: Any,
    file: str,
    state: Callable[[list[str]], Mapping[str, str | int]],
) -> Iterator[ArrowRows]:
    """Read a Parquet file whose pages were counted before, 100,000 rows at a time.

    Parameters
    ----------
    data : bytes or mmap
        The file.
    source : str or BufferReader
        The same file for pyarrow: its path, or the bytes.
    file : str
        Name for messages.
    state : callable
        Takes the headers and gives columns to add, with the one value of each.

    Yields
    ------
    ArrowRows
        One at least.

    Raises
    ------
    InputError
        ``file_too_large``: it would grow too large in memory, whatever its footer says;
        ``file_unreadable``: damaged, text that is not UTF-8, times that no calendar has.
    """
    with _parquet_errors(file):
        _check_parquet(data, source, file)
        line = 2
        with pq.ParquetFile(source, buffer_size=_MAX_PAGE, pre_buffer=False) as content:
            refuse_above(file, "number of columns", len(content.schema_arrow), _MAX_COLUMNS)
            stated = state(content.schema_arrow.names)
            for batch in content.iter_batches(_BLOCK_ROWS):
                yield ArrowRows(_block(pa.Table.from_batches([batch]), stated), line, file)
                line += batch.num_rows
            if line == 2:
                yield ArrowRows(_block(content.schema_arrow.empty_table(), stated), line, file)


def _block(table: pa.Table, stated: Mapping[str, str | int]) -> pa.Table:
    bare = [pa.field(field.name, _VIEWS.get(str(field.type), field.type)) for field in table.schema]
    columns = [column.cast(field.type) for field, column in zip(bare, table.columns, strict=True)]
    shown = _on_the_wall(pa.table(columns, schema=pa.schema(bare)))
    shown.validate(full=True)
    _convert_times(shown)
    for name, value in stated.items():
        shown = shown.append_column(name, pa.repeat(value, table.num_rows))
    return shown


def _convert_times(table: pa.Table) -> None:
    """Let times that no calendar has fail here, and not where the rows are used."""
    for field, column in zip(table.schema, table.columns, strict=True):
        if pa.types.is_temporal(field.type) or pa.types.is_nested(field.type):
            column.to_pandas()


def join_arrow(blocks: Sequence[ArrowRows]) -> RawTable:
    """Put blocks of one file under each other."""
    return raw_from_arrow(pa.concat_tables([block.table for block in blocks]), blocks[0].file)


def raw_from_arrow(
    table: pa.Table, file: str = "", lines: NDArray[np.int64] | None = None
) -> RawTable:
    """Take an Arrow table with the types that its cells have; times as the clock shows them.

    Parameters
    ----------
    table : Table
        Original headers as columns.
    file : str, optional
        Name for messages.
    lines : ndarray of shape (n_rows,), optional
        Where the rows stand; by default 2, 3, ...

    Returns
    -------
    RawTable
        Rows as they stand there.
    """
    shown = _on_the_wall(table)
    shown.validate(full=True)
    frame = shown.to_pandas(types_mapper=_TYPES.get)
    return RawTable.from_frame(frame, file) if lines is None else RawTable(frame, lines, file)


def _check_parquet(data: bytes | mmap.mmap, source: Any, file: str) -> None:
    """Refuse what would grow too large in memory; pages are counted, the footer is not believed."""
    footer = _footer(data, file)
    groups = footer.get(_GROUPS) or []
    rows = max(footer[_ROWS], sum(_count(group[_GROUP_ROWS]) for group in groups))
    refuse_above(file, "number of rows", rows, _MAX_PARQUET_ROWS)
    columns = max((len(group[_CHUNKS]) for group in groups), default=0)
    refuse_above(file, "number of columns", columns, _MAX_COLUMNS)
    refuse_above(file, "number of cells", rows * columns, _MAX_PARQUET_CELLS)
    sizes: dict[tuple[bytes, ...], int] = {}
    flat_texts: set[tuple[bytes, ...]] = set()
    values = pages = 0
    for meta in (chunk[_META] for group in groups for chunk in group[_CHUNKS]):
        if _DELTA_BYTES in meta.get(_ENCODINGS, ()):
            raise InputError("parquet_encoding", file=file)
        found = _count_pages(meta, data, file)
        values, pages = values + found.n_values, pages + found.n_pages
        refuse_above(file, "number of cells", values, _MAX_PARQUET_CELLS)
        refuse_above(file, "number of pages", pages, _MAX_PAGES)
        path = tuple(meta[_PATH])
        sizes[path] = sizes.get(path, 0) + found.most_bytes
        if meta[_TYPE] == _BYTE_ARRAY and len(path) == 1:
            flat_texts.add(path)
    limit = min(max(_FREE_PARQUET, _MAX_PARQUET_RATIO * len(data)), _MAX_PARQUET_BYTES)
    if sum(sizes.values()) <= limit:
        return
    total = 0
    for path, most in sizes.items():
        total += _text_bytes(source, path[0].decode(), file) if path in flat_texts else most
        refuse_above(file, "unpacked size in bytes", total, limit)


def _count(number: int) -> int:
    if number < 0:
        raise LookupError(number)
    return number


def _footer(data: bytes | mmap.mmap, file: str) -> dict[int, Any]:
    size = int.from_bytes(data[-8:-4], "little")
    if data[-4:] != b"PAR1" or size > len(data) - 8:
        raise InputError("file_unreadable", file=file, kind="Parquet")
    refuse_above(file, "footer in bytes", size, _MAX_FOOTER)
    return _thrift_struct(data, len(data) - 8 - size)[0]


class _Chunk(NamedTuple):
    """Values and pages of one column chunk, and the most bytes that they can need in memory."""

    n_values: int
    n_pages: int
    most_bytes: int


def _count_pages(meta: dict[int, Any], data: bytes | mmap.mmap, file: str) -> _Chunk:
    at, dictionary_at = meta[_DATA_AT], meta.get(_DICTIONARY_AT) or 0
    if at == meta[_VALUES] == 0:  # a file without rows has no page of data
        return _Chunk(0, 0, 0)
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
            refuse_above(file, "compression ratio", unpacked // max(packed, 1), _MAX_RATIO)
        at += packed
        pages += 1
        if _DICTIONARY_HEADER in header:
            dictionary = unpacked
        else:
            plain += unpacked
        values += sum(_count(header[key][1]) for key in _DATA_HEADERS if key in header)
    values = max(values, meta[_VALUES])
    widest = dictionary if meta[_TYPE] in _BYTE_TYPES else _MOST_FIXED
    return _Chunk(values, pages, plain + values * max(8, widest))


def _text_bytes(source: Any, path: str, file: str) -> int:
    """Count the bytes of a text column as it would stand in memory, from its dictionaries."""
    content = pq.ParquetFile(source, read_dictionary=[path])
    groups = range(content.num_row_groups)
    columns = (content.read_row_group(group, columns=[path]).column(0) for group in groups)
    total = 0
    for chunk in (chunk for column in columns for chunk in column.chunks):
        if not isinstance(chunk, pa.DictionaryArray):
            total += chunk.nbytes
            continue
        sizes = pc.binary_length(chunk.dictionary).fill_null(0).to_numpy(zero_copy_only=False)
        refuse_above(file, "a cell in bytes", int(sizes.max(initial=0)), _MAX_TEXT)
        places = chunk.indices.drop_null().to_numpy(zero_copy_only=False)
        total += int(sizes[places].sum(dtype=np.int64)) + 8 * len(chunk)
    return total


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
    except SanzhixinError:
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError, LookupError, TypeError):
        raise InputError("file_unreadable", file=file, kind="Parquet") from None


def _thrift_struct(data: bytes | mmap.mmap, at: int, depth: int = 0) -> tuple[dict[int, Any], int]:
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


def _thrift_value(data: bytes | mmap.mmap, at: int, kind: int, depth: int) -> tuple[Any, int]:
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


def _varint(data: bytes | mmap.mmap, at: int, *, signed: bool = True) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 or shift > 70:
            return (number >> 1) ^ -(number & 1) if signed else number, at
