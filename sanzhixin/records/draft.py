"""Rows of one table on their way to acceptance: canonical values and findings so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sanzhixin.records.checks import check_rows, find_crowded, find_duplicates, resolve
from sanzhixin.records.dtypes import empty_frame
from sanzhixin.records.headers import match_headers
from sanzhixin.records.parsing import parse_column
from sanzhixin.records.raw import Note, Place, RawTable
from sanzhixin.records.rejected import Reasons, ragged_households, rejected_frame
from sanzhixin.records.unused import ignored_note

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sanzhixin.records.columns import TableSpec
    from sanzhixin.records.headers import HeaderMatch
    from sanzhixin.scheme import Scheme

__all__ = ["Acceptance", "Draft", "source_notes"]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Outcome for one table.

    Attributes
    ----------
    table : str
        Name of the table.
    accepted : DataFrame
        Canonical columns and dtypes, in the order of the files.
    rejected : DataFrame
        One row per rejected row: table, file, line, field and code of the first broken rule (by
        column, rules broken through another row last), ``codes`` (all, joined by ``;``), reasons
        in two languages, the original row as JSON of header to text, and its ``household_id``
        where that could be read; that of a row which does not fit under the header only if it
        is an accepted household.
    notes : tuple of Note
        Ignored columns and files without rows.
    n_in : int
        Rows handed in; always accepted plus rejected.
    rejected_keys : tuple of str
        Identifiers (the first key column) that could be read in rejected rows.
    """

    table: str
    accepted: pd.DataFrame = field(repr=False)
    rejected: pd.DataFrame = field(repr=False)
    notes: tuple[Note, ...]
    n_in: int
    rejected_keys: tuple[str, ...] = field(default=(), repr=False)


class Draft:
    """Rows of one table on their way to acceptance: canonical values and findings so far."""

    def __init__(self, spec: TableSpec, raws: Sequence[RawTable], frame: pd.DataFrame) -> None:
        self.spec = spec
        self.raws = tuple(raws)
        self._starts = np.cumsum([0, *(len(raw.frame) for raw in raws)])
        self.frame = frame
        self.household_at: list[int | None] = []
        self.bad = np.zeros(len(frame), dtype=bool)
        self.findings: list[tuple[NDArray[np.int64], str, str]] = []
        self.others: dict[int, Place] = {}
        self.notes: list[Note] = []
        self.given: set[str] = set()

    def add(self, rows: NDArray[np.int64], name: str, code: str) -> None:
        """Record that rows, by position, break a rule."""
        if len(rows):
            self.findings.append((rows, name, code))
            self.bad[rows] = True

    @property
    def good(self) -> pd.DataFrame:
        """Rows without a finding so far."""
        return self.frame if not self.bad.any() else self.frame[~self.bad]

    @classmethod
    def read(
        cls,
        raw: RawTable,
        spec: TableSpec,
        scheme: Scheme,
        *,
        as_of: dt.date | None,
        units: Mapping[str, str] | None,
    ) -> Draft:
        """Read one file or sheet: headers, cells and row rules; nothing across rows."""
        headers = [str(name) for name in raw.frame.columns]
        match = match_headers(headers, spec, units=units, file=raw.file or spec.name)
        draft = cls(spec, [raw], pd.DataFrame(index=pd.RangeIndex(len(raw.frame))))
        draft.household_at = [_position(match, "household_id")]
        draft.given = {item.column.name for item in match.columns}
        draft._read_cells(match)
        for rows, name, code in resolve(draft.frame, spec, scheme):
            draft._find_readable(rows, name, code)
        for rows, name, code in check_rows(draft.frame, spec, scheme, as_of):
            draft.add(np.flatnonzero(rows.to_numpy(dtype=bool)), name, code)
        draft.notes += source_notes(
            raw.file or spec.name, spec, match, empty=raw.frame.empty and not raw.broken
        )
        return draft

    def _read_cells(self, match: HeaderMatch) -> None:
        cells = self.raws[0].frame
        values: dict[str, pd.Series] = {}
        for matched in match.columns:
            column = matched.column
            parsed = parse_column(cells.iloc[:, matched.position], matched)
            values[column.name] = parsed.series
            unread = np.zeros(len(cells), dtype=bool)
            for code, rows in parsed.broken:
                self.add(rows, column.name, code)
                unread[rows] = True
            if column.required:
                blank = parsed.series.isna().to_numpy() & ~unread
                self.add(np.flatnonzero(blank), column.name, "missing")
        absent = [name for name in self.spec.names if name not in values]
        if absent:
            empty = empty_frame(self.spec)[absent].reindex(self.frame.index)
            values |= {name: empty[name] for name in absent}
        extra = [name for name in values if name not in self.spec.names]
        self.frame = pd.DataFrame(
            {name: values[name] for name in (*self.spec.names, *extra)}, index=self.frame.index
        )

    def _find_readable(self, rows: pd.Series, name: str, code: str) -> None:
        unread = [found for found, field_name, _ in self.findings if field_name == name]
        mask = rows.to_numpy(dtype=bool, copy=True)
        for found in unread:
            mask[found] = False
        self.add(np.flatnonzero(mask), name, code)

    @classmethod
    def join(cls, drafts: Sequence[Draft]) -> Draft:
        """Put the files of one table under each other."""
        if len(drafts) == 1:
            return drafts[0]
        frame = pd.concat([draft.frame for draft in drafts], ignore_index=True)
        whole = cls(drafts[0].spec, [raw for draft in drafts for raw in draft.raws], frame)
        start = 0
        for draft in drafts:
            for rows, name, code in draft.findings:
                whole.add(rows + start, name, code)
            whole.notes += draft.notes
            whole.household_at += draft.household_at
            whole.given |= draft.given
            start += len(draft.frame)
        return whole

    def reject_duplicates(self, elsewhere: Mapping[Place, Place] | None = None) -> None:
        """Reject later copies of identical rows, and every row whose copies differ.

        Parameters
        ----------
        elsewhere : mapping of Place to Place, optional
            Rows whose key also stands in a row of another household that is not among these, and
            where that one is.
        """
        shown = self.spec.key[1] if "round" in self.spec.key else self.spec.key[0]
        foreign = self._rows_at(elsewhere) if elsewhere else {}
        self.add(np.array(list(foreign), dtype=np.int64), shown, "duplicate_differs")
        found = find_duplicates(self.good, self.spec.key)
        rows, differs = found.index.to_numpy(dtype=np.int64), found["differs"].to_numpy()
        self.add(rows[~differs], shown, "duplicate_copy")
        self.add(rows[differs], shown, "duplicate_differs")
        others = map(self.place, found["other"].tolist())
        self.others = foreign | dict(zip(rows.tolist(), others, strict=True))

    def place(self, row: int) -> Place:
        """Tell the file and line of a row, by position."""
        file = int(np.searchsorted(self._starts, row, side="right")) - 1
        return Place(self.raws[file].file, int(self.raws[file].lines[row - self._starts[file]]))

    def _rows_at(self, elsewhere: Mapping[Place, Place]) -> dict[int, Place]:
        found: dict[int, Place] = {}
        for raw, start in zip(self.raws, self._starts, strict=False):
            lines = [place.line for place in elsewhere if place.file == raw.file]
            for row in np.flatnonzero(np.isin(raw.lines, lines)).tolist():
                found[row + int(start)] = elsewhere[Place(raw.file, int(raw.lines[row]))]
        return found

    def reject_crowds(self) -> None:
        """Reject the forms of a household that has too many of them in one round."""
        for rows, name, code in find_crowded(self.good, self.spec):
            self.add(rows.index.to_numpy(dtype=np.int64)[rows.to_numpy(dtype=bool)], name, code)

    def finish(self, scheme: Scheme, households: pd.Series | None = None) -> Acceptance:
        """Part the rows into accepted and rejected.

        A row that does not fit under the header is put down to a household only if that is one of
        the accepted `households`.
        """
        accepted = self.good.reset_index(drop=True)
        reasons = Reasons(self.spec, scheme, self.raws, self.frame, self.others)
        ragged = [
            ragged_households(raw, place, households)
            for raw, place in zip(self.raws, self.household_at, strict=True)
        ]
        rejected = rejected_frame(reasons, self.findings, ragged)
        n_in = len(self.frame) + sum(len(raw.broken) for raw in self.raws)
        assert n_in == len(accepted) + len(rejected)  # noqa: S101 - our own invariant
        keys = self.frame[self.spec.key[0]][self.bad].dropna()
        return Acceptance(
            self.spec.name, accepted, rejected, tuple(self.notes), n_in, tuple(keys.tolist())
        )


def _position(match: HeaderMatch, name: str) -> int | None:
    return next((item.position for item in match.columns if item.column.name == name), None)


def source_notes(file: str, spec: TableSpec, match: HeaderMatch, *, empty: bool) -> list[Note]:
    """Tell which columns of a file or sheet are ignored, and that it has no rows."""
    notes: list[Note] = []
    if match.ignored:
        notes.append(ignored_note(file, spec, match))
    if empty:
        en, zh = f"table {spec.name} has no rows", f"表 {spec.name}（{spec.zh}）没有数据行"
        notes.append(Note(file, en, zh))
    return notes
