"""One file to raw tables, with what a manifest wants to know about it."""

from __future__ import annotations

import hashlib
import io
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from sanzhixin.errors import InputError
from sanzhixin.records.columns import table_spec
from sanzhixin.records.csv_files import decode_csv, parse_csv
from sanzhixin.records.headers import add_stated
from sanzhixin.records.parquet_files import read_parquet
from sanzhixin.records.raw import RawTable, refuse_above
from sanzhixin.records.table_names import table_of
from sanzhixin.records.xlsx_files import read_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.scheme import Scheme

__all__ = ["SUFFIXES", "FileFacts", "ReadFile", "read_file"]

_WORKBOOKS = (".xlsx", ".xlsm", ".xls")
_TEXTS = (".csv", ".txt")
_PACKED = ".gz"
SUFFIXES = (*_TEXTS, *_WORKBOOKS, ".parquet", _PACKED)
"""Files that are looked at; others in a folder are none of our business."""

_MAX_FILE = 2 * 1024**3
_MAX_UNPACKED = 512 * 1024**2
_MAX_RATIO = 100
_FREE_OF_RATIO = 4 * 1024**2
_MAX_MEMBERS = 20_000
_BLOCK = 1 << 16


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
    refuse_above(shown, "size", size, _MAX_FILE)
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
        raw = read_parquet(data, shown)
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
