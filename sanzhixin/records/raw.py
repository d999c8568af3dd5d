"""Rows of one file or sheet as they stand there, before any cell is read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sanzhixin.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["BrokenRow", "Note", "Place", "RawTable", "join_raws", "refuse_above", "row_texts"]


class BrokenRow(NamedTuple):
    """A row of a file whose cells do not fit under the header; kept verbatim, never shifted."""

    line: int
    cells: tuple[str, ...]


class Place(NamedTuple):
    """Where a row stands: the name of its file or sheet, and its line there."""

    file: str
    line: int


class Note(NamedTuple):
    """Something worth knowing that rejects nothing, in two languages."""

    file: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class RawTable:
    """Rows of one file or sheet as they stand there.

    Attributes
    ----------
    frame : DataFrame of n_rows
        Original headers as columns; text or typed cells.
    lines : ndarray of shape (n_rows,)
        The line (CSV) or row number (workbook) that a person sees.
    file : str
        Name for messages.
    broken : tuple of BrokenRow
        Rows that do not fit under the header.
    """

    frame: pd.DataFrame = field(repr=False)
    lines: NDArray[np.int64]
    file: str = ""
    broken: tuple[BrokenRow, ...] = field(default=(), repr=False)

    @property
    def headers(self) -> list[str]:
        """Headers as text."""
        return [str(name) for name in self.frame.columns]

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, file: str = "") -> RawTable:
        """Take a table in memory; its rows count as lines 2, 3, ... under a header in line 1."""
        return cls(frame, np.arange(2, len(frame) + 2, dtype=np.int64), file)


def join_raws(raws: Sequence[RawTable]) -> RawTable:
    """Put blocks of one file or sheet under each other.

    Parameters
    ----------
    raws : sequence of RawTable
        One or more, with equal headers, in the order of their lines.

    Returns
    -------
    RawTable
        Their rows and broken rows.
    """
    if len(raws) == 1:
        return raws[0]
    filled = [raw.frame for raw in raws if len(raw.frame)] or [raws[0].frame]
    return RawTable(
        pd.concat(filled, ignore_index=True),
        np.concatenate([raw.lines for raw in raws]),
        raws[0].file,
        tuple(row for raw in raws for row in raw.broken),
    )


def refuse_above(file: str, what: str, size: int, limit: int) -> None:
    """Refuse a file that is larger than it may be in some respect.

    Parameters
    ----------
    file, what : str
        Name of the file and of what is counted, for the message.
    size, limit : int
        How much there is, and the most that may be.

    Raises
    ------
    InputError
        ``file_too_large``.
    """
    if size > limit:
        raise InputError("file_too_large", file=file, what=what, size=size, limit=limit)


def _as_text(value: object) -> str:
    """Write a cell; Python itself refuses to write integers of thousands of digits."""
    return str(Decimal(value)) if type(value) is int else str(value)


def row_texts(raw: RawTable, rows: NDArray[np.int64]) -> list[str]:
    """Write rows, by position, as JSON of header to text, verbatim; missing cells are blank."""
    names: list[str] = []
    for header in raw.frame.columns:
        name, again = str(header), 2
        while name in names:
            name, again = f"{header} ({again})", again + 1
        names.append(name)
    cells = raw.frame.iloc[rows].astype(object)
    texts = cells.map(_as_text).where(cells.notna(), "")
    return [
        json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False)
        for row in texts.itertuples(index=False, name=None)
    ]
