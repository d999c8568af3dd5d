"""A folder of files taken in for scoring: accepted tables, rejected rows, digests, the date."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sanzhixin.batch.files import file_digest
from sanzhixin.errors import InputError
from sanzhixin.model import scoring_date
from sanzhixin.records.folder import FolderAcceptance, accept_folder, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.records.reading import FileFacts
    from sanzhixin.scheme import Scheme

__all__ = [
    "InputFile",
    "Intake",
    "Received",
    "TableCount",
    "input_file",
    "readable",
    "settings_file",
    "take_in",
]

_SETTINGS = "county.toml"


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input file as it was read.

    Attributes
    ----------
    file : str
        Name within the folder.
    sha256 : str
        Digest of its bytes, with the prefix ``sha256:``.
    bytes : int
        Size.
    tables : tuple of str
        Tables found in it; empty for a file that is none.
    """

    file: str
    sha256: str
    bytes: int
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableCount:
    """Rows of one table: handed in, accepted, rejected; the first is the sum of the others."""

    table: str
    n_in: int
    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What came in with a folder, as far as a manifest tells it.

    Attributes
    ----------
    as_of : date
        Scoring date that acceptance used.
    files : tuple of InputFile
        Every file that was looked at, and ``county.toml``.
    counts : tuple of TableCount
        One per table handed in, in the order of acceptance.
    unattributed : dict of str to int
        By table, rejected rows that name no known household.
    """

    as_of: dt.date
    files: tuple[InputFile, ...]
    counts: tuple[TableCount, ...]
    unattributed: dict[str, int] = field(default_factory=dict)

    @property
    def n_in(self) -> int:
        """Rows of all tables."""
        return sum(count.n_in for count in self.counts)

    @property
    def n_rejected(self) -> int:
        """Rejected rows of all tables."""
        return sum(count.rejected for count in self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake(Received):
    """What a folder brings to a command that wants all of it at once.

    Attributes
    ----------
    as_of, files, counts, unattributed
        As in `Received`.
    done : FolderAcceptance
        County of accepted rows, rejected rows, notes.
    """

    done: FolderAcceptance


def take_in(folder: Path, scheme: Scheme, as_of: dt.date | None = None) -> Intake:
    """Accept every table of a folder for one scoring date.

    A date is always used, so that an expired consent and an entry of the future are rejected as
    rows and never stop a run.

    Parameters
    ----------
    folder : Path
        Files of one county.
    scheme : Scheme
        Whose columns, codes and consent purpose apply.
    as_of : date, optional
        Scoring date; else that of ``county.toml``, else today.

    Returns
    -------
    Intake
        Accepted and rejected rows.

    Raises
    ------
    InputError
        A file cannot be read; see `sanzhixin.records.folder.accept_folder`.
    SchemaError
        A header cannot be used, a column is denied, or a needed table is missing.
    """
    with readable(folder):
        day = scoring_date(as_of, read_settings(folder).as_of)
        done = accept_folder(folder, scheme, as_of=day)
        files = (*_read_files(done), *settings_file(folder))
    counts = tuple(
        TableCount(name, item.n_in, len(item.accepted), len(item.rejected))
        for name, item in done.acceptance.tables.items()
    )
    return Intake(
        as_of=day,
        files=files,
        counts=counts,
        unattributed=done.acceptance.unattributed,
        done=done,
    )


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Refuse a file that may not be read.

    Raises
    ------
    InputError
        ``file_no_permission``.
    """
    try:
        yield
    except PermissionError as error:
        name = Path(str(error.filename or folder)).name
        raise InputError("file_no_permission", file=name) from None


def _read_files(done: FolderAcceptance) -> tuple[InputFile, ...]:
    return tuple(input_file(facts) for facts in done.files)


def input_file(facts: FileFacts) -> InputFile:
    """Write down a file as a manifest tells it."""
    return InputFile(facts.file, f"sha256:{facts.sha256}", facts.bytes, facts.tables)


def settings_file(folder: Path) -> tuple[InputFile, ...]:
    """Tell ``county.toml`` of a folder, if there is one."""
    path = folder / _SETTINGS
    if not path.is_file():
        return ()
    return (InputFile(_SETTINGS, file_digest(path), path.stat().st_size, ()),)
