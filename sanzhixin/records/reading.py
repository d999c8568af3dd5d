"""One file to raw tables, with what a manifest wants to know about it."""

from __future__ import annotations

import hashlib
import io
import mmap
import zlib
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import pyarrow as pa

from sanzhixin.errors import InputError
from sanzhixin.records.columns import table_spec
from sanzhixin.records.csv_files import csv_blocks, decode_csv
from sanzhixin.records.headers import stated_for_all
from sanzhixin.records.parquet_files import ArrowRows, join_arrow, parquet_blocks
from sanzhixin.records.raw import RawTable, join_raws, refuse_above
from sanzhixin.records.table_names import table_of
from sanzhixin.records.xlsx_files import read_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sanzhixin.records.columns import TableSpec
    from sanzhixin.scheme import Scheme

__all__ = [
    "SUFFIXES",
    "WORKBOOKS",
    "FileFacts",
    "OpenFile",
    "ReadFile",
    "open_file",
    "read_file",
    "table_of_file",
]

WORKBOOKS = (".xlsx", ".xlsm", ".xls")
"""Files whose sheets are tables; only reading them tells which."""

_TEXTS = (".csv", ".txt")
_PACKED = ".gz"
SUFFIXES = (*_TEXTS, *WORKBOOKS, ".parquet", _PACKED)
"""Files that are looked at; others in a folder are none of our business."""

_MAX_FILE = 2 * 1024**3
_MAX_UNPACKED = 512 * 1024**2
_MAX_RATIO = 100
_FREE_OF_RATIO = 4 * 1024**2
_MAX_MEMBERS = 20_000
_BLOCK = 1 << 16
_MOST_IN_MEMORY = 64 * 1024**2


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


@dataclass(frozen=True, slots=True)
class OpenFile:
    """One file whose rows are read block by block.

    Attributes
    ----------
    facts : FileFacts
        What a manifest wants to know.
    blocks : iterator of (str, RawTable or ArrowRows)
        Name of the table and some of its rows, one block at least for each table; every error of
        `read_file` may still arise, and ``file_changed``.
    """

    facts: FileFacts
    blocks: Iterator[tuple[str, RawTable | ArrowRows]]


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
        ``workbook_encrypted``, ``workbook_active``; ``file_changed``: somebody wrote into it.
    SchemaError
        ``rater_stated_twice``: names and title state different raters.
    """
    opened = open_file(path, scheme, name=name)
    tables: list[tuple[str, RawTable]] = []
    for (table, _), found in groupby(opened.blocks, key=lambda item: (item[0], item[1].file)):
        blocks = [block for _, block in found]
        arrow = [block for block in blocks if isinstance(block, ArrowRows)]
        raws = [block for block in blocks if isinstance(block, RawTable)]
        tables.append((table, join_arrow(arrow) if arrow else join_raws(raws)))
    return ReadFile(opened.facts, tuple(tables))


def open_file(path: Path, scheme: Scheme, *, name: str | None = None) -> OpenFile:
    """Open a file for reading block by block; what is kept in memory does not grow with its rows.

    That holds for Parquet; of a text file the text is kept, of a workbook all.  See `read_file`
    for parameters and errors.

    Returns
    -------
    OpenFile
        Without blocks when neither the file nor a sheet is named after a table.
    """
    shown = name or path.name
    if not path.is_file():
        raise InputError("file_not_found", file=shown)
    size = path.stat().st_size
    refuse_above(shown, "size", size, _MAX_FILE)
    stem, suffix = _stem_and_suffix(path)
    table = None if suffix == _PACKED else table_of(stem)
    if not size and (table is not None or suffix in WORKBOOKS):
        raise InputError("file_zero_bytes", file=shown)
    if suffix == ".parquet" and size > _MOST_IN_MEMORY:
        return _open_large_parquet(path, scheme, shown, table)
    data = path.read_bytes()
    facts = FileFacts(shown, hashlib.sha256(data).hexdigest(), len(data), suffix[1:], ())
    if suffix in WORKBOOKS:
        sheets = list(read_workbook(data, scheme, shown, table=table))
        return OpenFile(replace(facts, tables=tuple(sheet for sheet, _ in sheets)), iter(sheets))
    if table is None:
        return OpenFile(facts, iter(()))
    spec = table_spec(table, scheme)
    facts = replace(facts, tables=(table,))
    if suffix == ".parquet":
        rows = parquet_blocks(data, pa.BufferReader(data), shown, _stating(spec, stem, shown))
        return OpenFile(facts, ((table, block) for block in rows))
    content = _unpack(data, shown) if path.suffix.lower() == _PACKED else data
    text, encoding = decode_csv(content, spec, shown)
    blocks = csv_blocks(text, spec, shown, names=(stem,))
    return OpenFile(replace(facts, encoding=encoding), ((table, block) for block in blocks))


def _stating(
    spec: TableSpec, stem: str, file: str
) -> Callable[[list[str]], Mapping[str, str | int]]:
    return lambda headers: stated_for_all(headers, spec, (stem,), file=file)


def _open_large_parquet(path: Path, scheme: Scheme, shown: str, table: str | None) -> OpenFile:
    """Open a Parquet file that stays on disk; it has to stay as it was while it is read."""
    before = path.stat()
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    facts = FileFacts(shown, digest, before.st_size, "parquet", () if table is None else (table,))
    if table is None:
        return OpenFile(facts, iter(()))
    spec, kept = table_spec(table, scheme), table

    def blocks() -> Iterator[tuple[str, ArrowRows]]:
        with (
            path.open("rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            state = _stating(spec, path.stem, shown)
            for block in parquet_blocks(data, str(path), shown, state):
                yield kept, block
        after = path.stat()
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise InputError("file_changed", file=shown)

    return OpenFile(facts, blocks())


def table_of_file(path: Path) -> str | None:
    """Name the table that a file is named after; None where it is none, or a sheet will tell."""
    stem, suffix = _stem_and_suffix(path)
    return None if suffix in (_PACKED, *WORKBOOKS) else table_of(stem)


def _stem_and_suffix(path: Path) -> tuple[str, str]:
    """Name and format of a file, those of the text within for ``ratings.csv.gz``."""
    inner = PurePath(path.stem)
    if path.suffix.lower() == _PACKED and inner.suffix.lower() in _TEXTS:
        return inner.stem, inner.suffix.lower()
    return path.stem, path.suffix.lower()


def _unpack(packed: bytes, file: str) -> bytes:
    """Unpack a gzip file; what comes out is counted before any of it is kept."""
    size = 0
    content = io.BytesIO()
    try:
        for block in _inflate(packed, file):
            size += len(block)
            refuse_above(file, "unpacked size in bytes", size, _MAX_UNPACKED)
            if size > _FREE_OF_RATIO:
                refuse_above(file, "compression ratio", size // len(packed), _MAX_RATIO)
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
        refuse_above(file, "number of members", members, _MAX_MEMBERS)
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
