"""One file to raw tables, with what a manifest wants to know about it."""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sanzhixin.errors import InputError
from sanzhixin.records.columns import table_spec
from sanzhixin.records.csv_files import decode_csv, read_csv
from sanzhixin.records.raw import RawTable
from sanzhixin.records.table_names import round_of, table_of
from sanzhixin.records.xlsx_files import add_round, read_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.scheme import Scheme

__all__ = ["SUFFIXES", "FileFacts", "ReadFile", "raw_from_arrow", "read_file"]

_WORKBOOKS = (".xlsx", ".xlsm", ".xls")
SUFFIXES = (".csv", ".txt", *_WORKBOOKS, ".parquet")
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
_MAX_PARQUET_CELLS = 2 * 10**9


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
    """Read one CSV, Excel or Parquet file.

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
        ``workbook_encrypted``.
    """
    shown = name or path.name
    if not path.is_file():
        raise InputError("file_not_found", file=shown)
    size = path.stat().st_size
    if size > _MAX_FILE:
        raise InputError("file_too_large", file=shown, what="size", size=size, limit=_MAX_FILE)
    data = path.read_bytes()
    table = table_of(path.stem)
    suffix = path.suffix.lower()
    encoding = suffix.removeprefix(".")
    if not data and (table is not None or suffix in _WORKBOOKS):
        raise InputError("file_zero_bytes", file=shown)
    if suffix in _WORKBOOKS:
        tables = tuple(read_workbook(data, scheme, shown, table=table))
    elif table is None:
        tables = ()
    elif suffix == ".parquet":
        tables = ((table, _read_parquet(data, shown)),)
    else:
        spec = table_spec(table, scheme)
        raw = read_csv(data, spec, shown)
        tables = ((table, add_round(raw, spec, round_of(path.stem))),)
        encoding = decode_csv(data, spec, shown)[1]
    digest = hashlib.sha256(data).hexdigest()
    facts = FileFacts(shown, digest, size, encoding, tuple(item for item, _ in tables))
    return ReadFile(facts, tables)


def _read_parquet(data: bytes, file: str) -> RawTable:
    with _parquet_errors(file):
        source = pq.ParquetFile(io.BytesIO(data))
        cells = source.metadata.num_rows * source.metadata.num_columns
    if cells > _MAX_PARQUET_CELLS:
        raise InputError(
            "file_too_large",
            file=file,
            what="number of cells",
            size=cells,
            limit=_MAX_PARQUET_CELLS,
        )
    with _parquet_errors(file):
        return raw_from_arrow(source.read(), file)


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
    except (pa.ArrowException, OSError, ValueError, OverflowError, LookupError):
        raise InputError("file_unreadable", file=file, kind="Parquet") from None
