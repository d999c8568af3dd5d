"""Rows on their way to their range of households: kept on disk, exactly as a file had them."""

from __future__ import annotations

import datetime as dt
import os
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sanzhixin.batch.files import publishing
from sanzhixin.errors import OutputError
from sanzhixin.records.parquet_files import ArrowRows, raw_from_arrow
from sanzhixin.records.raw import BrokenRow, RawTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["SPOOL_FILE", "Spool", "pack_broken", "pack_rows", "stream_bytes", "unpack"]

SPOOL_FILE = re.compile(r"[a-z]+(-[a-z0-9_]+)*\.rows")
"""Names of the files of a spool."""

_LINE, _CELLS = "line", "cells"
_TYPED = {b"cells": b"typed"}
_HEADERS = b"header"

_WRITE: dict[type, tuple[str, Callable[[Any], str]]] = {
    str: ("s", str),
    bool: ("b", repr),
    int: ("i", repr),
    float: ("f", repr),
    dt.datetime: ("d", dt.datetime.isoformat),
    dt.date: ("D", dt.date.isoformat),
    dt.time: ("t", dt.time.isoformat),
    Decimal: ("n", str),
    dt.timedelta: ("e", lambda span: f"{span.days} {span.seconds} {span.microseconds}"),
}
_READ: dict[str, Callable[[str], object]] = {
    "s": str,
    "b": "True".__eq__,
    "i": int,
    "f": float,
    "d": dt.datetime.fromisoformat,
    "D": dt.date.fromisoformat,
    "t": dt.time.fromisoformat,
    "n": Decimal,
    "e": lambda text: dt.timedelta(*map(int, text.split())),
}


class Spool:
    """Arrow tables under names, each in a file that is only ever written at its end.

    Parameters
    ----------
    folder : Path
        Empty; nobody else writes there.
    out : Path
        What the run writes, for messages.
    """

    def __init__(self, folder: Path, out: Path) -> None:
        self._folder = folder
        self._out = out
        self._names: set[str] = set()

    def add(self, name: str, rows: pa.Table) -> None:
        """Write rows behind those that stand under a name.

        Raises
        ------
        OutputError
            ``run_not_committed``: disk full, quota, no permission.
        """
        self._names.add(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with (
            publishing(self._out),
            os.fdopen(os.open(self._path(name), flags, 0o600), "ab") as stream,
        ):
            stream.write(stream_bytes(rows))

    def read(self, name: str) -> Iterator[pa.Table]:
        """Read what stands under a name, in the order of writing; nothing when nothing does.

        Raises
        ------
        OutputError
            ``parts_of_another_run``: what was written is gone; ``run_not_committed``.
        """
        if name not in self._names:
            return
        if not self._path(name).is_file():
            raise OutputError("parts_of_another_run", path=self._out.name)
        with publishing(self._out), pa.OSFile(str(self._path(name))) as stream:
            while stream.tell() < stream.size():
                yield pa.ipc.open_stream(stream).read_all()

    def drop(self, name: str) -> None:
        """Remove what stands under a name."""
        self._names.discard(name)
        with publishing(self._out):
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.rows"


def stream_bytes(rows: pa.Table) -> pa.Buffer:
    """Write an Arrow table as a stream of its own."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return sink.getvalue()


def pack_rows(block: RawTable | ArrowRows) -> pa.Table:
    """Turn rows of a file into an Arrow table from which `unpack` makes the same rows.

    Parameters
    ----------
    block : RawTable or ArrowRows
        Its broken rows are left out.

    Returns
    -------
    Table
        Column ``line`` and one column for each header.
    """
    if isinstance(block, ArrowRows):
        n_rows = block.table.num_rows
        lines = pa.array(np.arange(block.first_line, block.first_line + n_rows, dtype=np.int64))
        bare = [field.remove_metadata() for field in block.table.schema]
        columns = list(zip(bare, block.table.columns, strict=True))
    else:
        lines = pa.array(block.lines)
        columns = [_packed(block.frame.iloc[:, k]) for k in range(block.frame.shape[1])]
    schema = [pa.field(_LINE, pa.int64())]
    for k, (header, (field, _)) in enumerate(zip(block.headers, columns, strict=True)):
        known = field.metadata or {}
        schema.append(field.with_name(f"c{k}").with_metadata({_HEADERS: header.encode(), **known}))
    return pa.table([lines, *(column for _, column in columns)], schema=pa.schema(schema))


def pack_broken(rows: tuple[BrokenRow, ...]) -> pa.Table:
    """Turn rows that do not fit under the header into an Arrow table."""
    cells = pa.array([list(row.cells) for row in rows], pa.list_(pa.string()))
    return pa.table({_LINE: pa.array([row.line for row in rows], pa.int64()), _CELLS: cells})


def unpack(rows: pa.Table, broken: pa.Table | None, file: str) -> RawTable:
    """Make the rows of a file from what was packed.

    Parameters
    ----------
    rows : Table
        From `pack_rows`; some or all of them.
    broken : Table or None
        From `pack_broken`.
    file : str
        Name of the file or sheet.

    Returns
    -------
    RawTable
        The same headers, types and cells as before.
    """
    fields = [field for field in rows.schema if field.name != _LINE]
    lines = rows[_LINE].to_numpy().astype(np.int64, copy=False)
    frame = raw_from_arrow(rows.drop_columns([_LINE]), file, lines).frame
    for k, field in enumerate(fields):
        if (field.metadata or {}).get(b"cells"):
            cells = [None if text is None else _cell(text) for text in rows[field.name].to_pylist()]
            frame.isetitem(k, np.array(cells, dtype=object))
    frame.columns = pd.Index([field.metadata[_HEADERS].decode() for field in fields], dtype=object)
    left = [] if broken is None else broken.select([_LINE, _CELLS]).to_pylist()
    ragged = tuple(BrokenRow(row[_LINE], tuple(row[_CELLS])) for row in left)
    return RawTable(frame, lines, file, ragged)


def _packed(cells: pd.Series) -> tuple[pa.Field, pa.Array]:
    """Keep text and numbers as they are; write cells of many types with a letter for the type."""
    if cells.dtype == object:
        texts = [None if cell is None else _text(cell) for cell in cells]
        return pa.field("", pa.string(), metadata=_TYPED), pa.array(texts, pa.string())
    column = pa.array(cells, from_pandas=True)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return pa.field("", column.type), column


def _text(cell: object) -> str:
    letter, write = _WRITE.get(type(cell), _WRITE[str])
    return letter + write(cell)


def _cell(text: str) -> object:
    return _READ[text[0]](text[1:])
