"""Files and sheets of a folder, and their rows in the spool of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from sanzhixin.batch.spool import unpack
from sanzhixin.records.parsing import parse_column

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from sanzhixin.batch.spool import Spool
    from sanzhixin.records.headers import HeaderMatch, MatchedColumn
    from sanzhixin.records.raw import RawTable

__all__ = ["Shelf", "Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """One file or sheet that holds a table.

    Attributes
    ----------
    place : tuple of int
        Number of the file in the folder, and of the sheet in the file.
    table, file : str
        Name of the table, and of the file for messages.
    match : HeaderMatch
        What its headers mean.
    """

    place: tuple[int, int]
    table: str
    file: str
    match: HeaderMatch

    def column(self, name: str) -> MatchedColumn | None:
        """Find the column that has a canonical name."""
        return next((item for item in self.match.columns if item.column.name == name), None)

    def read(self, packed: pa.Table, name: str) -> pd.Series | None:
        """Read one column of packed rows by the grammar; None for a table without it."""
        column = self.column(name)
        if column is None:
            return None
        cells = unpack(packed.select(["line", f"c{column.position}"]), None, self.file).frame
        return parse_column(cells.iloc[:, 0], column).series


@dataclass(frozen=True, slots=True)
class Shelf:
    """The rows of one source in one range, or wherever else they lie.

    Attributes
    ----------
    spool : Spool
        All rows.
    source : Source
        Whose rows.
    range : int or str
        Number of the range; ``waiting`` before there are ranges, ``all`` for all of them.
    """

    spool: Spool
    source: Source
    range: int | str

    @property
    def _name(self) -> str:
        file, sheet = self.source.place
        return f"rows-{self.range}-{file}-{sheet}"

    def add(self, packed: pa.Table, broken: pa.Table | None = None) -> None:
        """Put rows and rows that do not fit under the header behind those that lie here."""
        self.spool.add(self._name, packed)
        if broken is not None and broken.num_rows:
            self.spool.add(f"{self._name}-broken", broken)

    def blocks(self) -> Iterator[pa.Table]:
        """Give the packed rows that lie here, as they were put."""
        return self.spool.read(self._name)

    def broken(self) -> Iterator[pa.Table]:
        """Give the rows that do not fit under the header."""
        return self.spool.read(f"{self._name}-broken")

    def raw(self) -> RawTable | None:
        """Give everything that lies here as the file had it; None when nothing was put here."""
        rows, broken = list(self.blocks()), list(self.broken())
        if not rows:
            return None
        left = pa.concat_tables(broken) if broken else None
        return unpack(pa.concat_tables(rows), left, self.source.file)

    def clear(self) -> None:
        """Remove what lies here."""
        self.spool.drop(self._name)
        self.spool.drop(f"{self._name}-broken")
