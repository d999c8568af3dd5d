"""The table of rejected rows: where each stands, which rules it breaks, and what it said."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.records.allowed import allowed_words
from sanzhixin.records.dtypes import DTYPES
from sanzhixin.records.grammar import RuleBroken, parse_id
from sanzhixin.records.raw import row_texts
from sanzhixin.records.rules import BY_CODE, FOLLOWING, Words, reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sanzhixin.records.columns import TableSpec
    from sanzhixin.records.raw import Place, RawTable
    from sanzhixin.scheme import Scheme

__all__ = [
    "REJECTED_COLUMNS",
    "Reasons",
    "own_first",
    "ragged_households",
    "ragged_identifier",
    "rejected_frame",
]

REJECTED_COLUMNS = (
    *("table", "file", "line", "field", "code", "codes", "reason_en", "reason_zh", "row"),
    "household_id",
)


class Reasons:
    """Sentences for the rules that the rows of one table break.

    Parameters
    ----------
    spec : TableSpec
        Names of the columns, and which of them are the key.
    scheme : Scheme
        Brings what would have been allowed.
    raws : sequence of RawTable
        The files under each other.
    frame : DataFrame
        Canonical values of the rows.
    others : mapping of int to Place
        Row, by position, to where another row with its key stands, for duplicates.
    """

    def __init__(
        self,
        spec: TableSpec,
        scheme: Scheme,
        raws: Sequence[RawTable],
        frame: pd.DataFrame,
        others: Mapping[int, Place],
    ) -> None:
        self.spec = spec
        self.raws = raws
        self.frame = frame
        self._scheme = scheme
        self._others = others
        self._columns = {column.name: column for column in spec.columns}
        self._known: dict[tuple[str, str, str], Words] = {}

    def of(self, row: int, field: str, code: str) -> Words:
        """Fill the sentences of one rule for one row, by position."""
        if code.startswith("duplicate"):
            key = [self._columns[name] for name in self.spec.key]
            return reason(code, key, _place_words(self._others[row]))
        stated = str(self.frame["code"].iloc[row]) if code in BY_CODE else ""
        known = self._known.get((field, code, stated))
        if known is None:
            column = self._columns.get(field)
            detail = allowed_words(code, column, self._scheme, stated)
            known = reason(code, [column] if column is not None else [], detail)
            self._known[field, code, stated] = known
        return known


def _place_words(place: Place) -> Words:
    en, zh = f"{place.file}, line {place.line}", f"{place.file}第{place.line}行"
    return Words(en.removeprefix(", "), zh)


def ragged_households(
    raw: RawTable, place: int | None, households: pd.Series | None
) -> list[str | None]:
    """Name the household of each row that does not fit under the header.

    Parameters
    ----------
    raw : RawTable
        A file or sheet with its broken rows.
    place : int or None
        Where its header has the household; None in a table without one.
    households : Series of str or None
        The accepted households; only these are believed, since cells may have shifted.

    Returns
    -------
    list of (str or None)
        One per broken row.
    """
    if place is None or households is None or not raw.broken:
        return [None] * len(raw.broken)
    found = pd.Series([ragged_identifier(row.cells, place) for row in raw.broken], dtype=object)
    return found.where(found.isin(households), None).tolist()


def ragged_identifier(cells: Sequence[str], place: int) -> str | None:
    """Read the identifier at a place of a row that does not fit under the header, if it is one."""
    try:
        return parse_id(cells[place]) if place < len(cells) else None
    except RuleBroken:
        return None


def rejected_frame(
    reasons: Reasons,
    findings: Sequence[tuple[NDArray[np.int64], str, str]],
    ragged_ids: Sequence[Sequence[str | None]],
) -> pd.DataFrame:
    """Build one row per rejected row, file by file, by line.

    Parameters
    ----------
    reasons : Reasons
        The rows of the table, with the sentences for them.
    findings : sequence of (ndarray, str, str)
        Positions over all files, column, rule code.
    ragged_ids : sequence of sequence of (str or None)
        File by file, the households of the rows that do not fit under the header.

    Returns
    -------
    DataFrame
        With the columns `REJECTED_COLUMNS`; ``household_id`` is missing where it could not be read
        and in tables without it.  The first broken rule of a row is that of its leftmost column;
        rules that it breaks through another row stand last.
    """
    if not findings and not any(ragged_ids):
        return _no_rejected().copy()
    table, frame = reasons.spec.name, reasons.frame
    found = _by_row(findings, list(frame.columns))
    ragged = ("", "row_ragged", "row_ragged", *reason("row_ragged", []))
    records: list[tuple[Any, ...]] = []
    start = 0
    for raw, broken_ids in zip(reasons.raws, ragged_ids, strict=True):
        rows = np.array(
            [row for row in found if start <= row < start + len(raw.frame)], dtype=np.int64
        )
        texts = row_texts(raw, rows - start)
        ids = _households(frame, rows)
        block: list[tuple[Any, ...]] = [
            (
                *(table, raw.file, int(raw.lines[row - start])),
                *(*_told(row, found[row], reasons), text, household),
            )
            for row, text, household in zip(rows.tolist(), texts, ids, strict=True)
        ]
        block += [
            (table, raw.file, row.line, *ragged, _cells_text(row.cells), household)
            for row, household in zip(raw.broken, broken_ids, strict=True)
        ]
        records += sorted(block, key=lambda record: record[2])
        start += len(raw.frame)
    return _typed(records)


@lru_cache(maxsize=1)
def _no_rejected() -> pd.DataFrame:
    return _typed([])


def _typed(records: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    rejected = pd.DataFrame(records, columns=list(REJECTED_COLUMNS))
    types = {name: "int64" if name == "line" else DTYPES["text"] for name in REJECTED_COLUMNS}
    return rejected.astype(types)


def own_first(rejected: pd.DataFrame) -> pd.DataFrame:
    """Put rows that are rejected for what they say before those that follow from other rows."""
    return rejected.sort_values(
        "code", key=lambda codes: codes.map(FOLLOWING).fillna(0), kind="stable"
    )


def _households(frame: pd.DataFrame, rows: NDArray[np.int64]) -> list[str | None]:
    if "household_id" not in frame.columns:
        return [None] * len(rows)
    values = frame["household_id"].iloc[rows]
    return values.astype(object).where(values.notna(), None).tolist()


def _by_row(
    findings: Sequence[tuple[NDArray[np.int64], str, str]], order: Sequence[str]
) -> dict[int, list[tuple[str, str]]]:
    place = {name: position for position, name in enumerate(order)}
    found: dict[int, list[tuple[str, str]]] = {}
    ordered = sorted(findings, key=lambda item: (FOLLOWING.get(item[2], 0), place[item[1]]))
    for rows, field, code in ordered:
        for row in rows.tolist():
            found.setdefault(row, []).append((field, code))
    return dict(sorted(found.items()))


def _cells_text(cells: Sequence[str]) -> str:
    return json.dumps({"": list(cells)}, ensure_ascii=False)


def _told(
    row: int, found: Sequence[tuple[str, str]], reasons: Reasons
) -> tuple[str, str, str, str, str]:
    field, code = found[0]
    codes = ";".join(dict.fromkeys(code for _, code in found))
    return field, code, codes, *reasons.of(row, field, code)
