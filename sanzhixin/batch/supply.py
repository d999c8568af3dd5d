"""Where the tables of a run come from: the files of a folder, or whatever else gives blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sanzhixin.batch.intake import InputFile, input_file, settings_file
from sanzhixin.records.folder import (
    CountySettings,
    list_files,
    read_settings,
    require_any_table,
)
from sanzhixin.records.reading import WORKBOOKS, open_file, table_of_file

if TYPE_CHECKING:
    from sanzhixin.records.parquet_files import ArrowRows
    from sanzhixin.records.raw import RawTable
    from sanzhixin.scheme import Scheme

__all__ = ["FolderSupply", "Input", "Supply"]


class Input(Protocol):
    """One file, or one table of a database."""

    @property
    def name(self) -> str:
        """Name for messages."""
        ...

    def may_hold(self, table: str) -> bool:
        """Tell whether rows of a table may be in it, without reading it."""
        ...

    def blocks(self) -> Iterator[tuple[str, RawTable | ArrowRows]]:
        """Read it: name of the table and some of its rows, one block at least for each table."""
        ...

    def facts(self) -> InputFile:
        """Tell what was read, after all of it was."""
        ...


class Supply(Protocol):
    """All inputs of a run, in an order that is always the same."""

    settings: CountySettings

    def inputs(self) -> Sequence[Input]:
        """List the inputs."""
        ...

    def others(self) -> tuple[InputFile, ...]:
        """Tell what else decides the result."""
        ...

    def require_any(self, tables: set[str]) -> None:
        """Refuse a supply in which nothing was a table."""
        ...

    def close(self) -> None:
        """Let go of what was held for reading."""
        ...


@dataclass(slots=True)
class FileInput:
    """A file of a folder."""

    path: Path
    scheme: Scheme
    _facts: InputFile | None = None

    @property
    def name(self) -> str:
        """Name within the folder."""
        return self.path.name

    def may_hold(self, table: str) -> bool:
        """Tell whether rows of a table may be in it: only reading a workbook would show."""
        return self.path.suffix.lower() in WORKBOOKS or table_of_file(self.path) == table

    def blocks(self) -> Iterator[tuple[str, RawTable | ArrowRows]]:
        """Read the file."""
        opened = open_file(self.path, self.scheme)
        self._facts = input_file(opened.facts)
        return opened.blocks

    def facts(self) -> InputFile:
        """Tell size and digest of the file."""
        assert self._facts is not None  # noqa: S101 - it was read
        return self._facts


class FolderSupply:
    """The files of one county.

    Parameters
    ----------
    folder : Path
        Files directly in it, in the order of their names.
    scheme : Scheme
        Whose headers to expect.
    """

    def __init__(self, folder: Path, scheme: Scheme) -> None:
        self._folder = folder
        self._scheme = scheme
        self.settings = read_settings(folder)

    def inputs(self) -> Sequence[Input]:
        """List the files that may hold tables."""
        return [FileInput(path, self._scheme) for path in list_files(self._folder)]

    def others(self) -> tuple[InputFile, ...]:
        """Tell ``county.toml``."""
        return settings_file(self._folder)

    def require_any(self, tables: set[str]) -> None:
        """Refuse a folder in which no file or sheet is named after a table."""
        require_any_table(tables, self._folder)

    def close(self) -> None:
        """Nothing is held open between files."""
