"""Acceptance of tables: every row is accepted or rejected with its rules, none is changed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sanzhixin.errors import SchemaError
from sanzhixin.records.columns import TABLES, table_spec
from sanzhixin.records.county import County
from sanzhixin.records.draft import Acceptance, Draft
from sanzhixin.records.raw import Note, Place, RawTable
from sanzhixin.records.unused import absent_notes
from sanzhixin.records.vocabulary import EVIDENCE_TABLES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sanzhixin.scheme import Scheme

__all__ = [
    "Acceptance",
    "CountyAcceptance",
    "accept_county",
    "accept_table",
    "lost_notes",
    "rated_codes",
    "require_tables",
    "unrated_notes",
]


def accept_table(
    table: str,
    frame: pd.DataFrame,
    scheme: Scheme,
    *,
    as_of: dt.date | None = None,
    units: Mapping[str, str] | None = None,
    file: str = "",
) -> Acceptance:
    """Accept or reject every row of one table.

    Rules across tables (unknown households or raters) are those of `accept_county`.

    Parameters
    ----------
    table : str
        A key of `sanzhixin.records.columns.TABLES`.
    frame : DataFrame of n_rows
        English or Chinese headers; text or typed cells; blank text is missing.
    scheme : Scheme
        Brings indicators, factors, codes and the purpose of the consent.
    as_of : date, optional
        Scoring date; without it nothing is in the future and no consent expires.
    units : mapping of str to str, optional
        Declared unit (元, 万元) of money columns whose header states none.
    file : str, default=""
        Name for messages and for the rejected rows.

    Returns
    -------
    Acceptance
        Accepted and rejected rows; their numbers add up to n_rows.

    Raises
    ------
    SchemaError
        The header cannot be used; see `sanzhixin.records.headers.match_headers`.

    Examples
    --------
    >>> from sanzhixin.scheme import load_scheme
    >>> rows = pd.DataFrame({"户号": ["H1", "H2"], "议事会建议额度（万元）": ["5", "1,000"]})
    >>> done = accept_table("proposals", rows, load_scheme("tongxiang"))
    >>> int(done.accepted["council_limit_yuan"][0]), done.rejected["code"].tolist()
    (50000, ['number_thousands'])
    """
    spec = table_spec(table, scheme)
    raw = RawTable.from_frame(frame, file)
    draft = Draft.read(raw, spec, scheme, as_of=as_of, units=units)
    draft.reject_duplicates()
    draft.reject_crowds()
    return draft.finish(scheme)


@dataclass(frozen=True, slots=True)
class CountyAcceptance:
    """Outcome for all tables of a county.

    Attributes
    ----------
    county : County
        The accepted rows.
    tables : dict of str to Acceptance
        By table, only those that were handed in.
    rejected : DataFrame
        Rejected rows of all tables, in the order of the tables; ``county.rejected_rows`` sums up
        which households they concern.
    notes : tuple of Note
        Ignored columns, files without rows, columns that the scheme uses and no table has, and
        rows that `unattributed` counts.
    n_in : int
        Rows handed in.
    unattributed : dict of str to int
        By table among ratings, events, registers and proposals: rejected rows whose household
        could not be read or is not in ``households``.  No household is reviewed for them.
    """

    county: County
    tables: dict[str, Acceptance]
    rejected: pd.DataFrame = field(repr=False)
    notes: tuple[Note, ...]
    n_in: int
    unattributed: dict[str, int]


def accept_county(
    tables: Mapping[str, pd.DataFrame | Sequence[RawTable]],
    scheme: Scheme,
    *,
    as_of: dt.date | None = None,
    units: Mapping[str, str] | None = None,
    elsewhere: Mapping[str, Mapping[Place, Place]] | None = None,
) -> CountyAcceptance:
    """Accept or reject every row of every table, with the rules across tables.

    A row of a rejected or unknown household is rejected with a reason that says so; so is a form
    of a rejected, unknown or inactive rater.

    Parameters
    ----------
    tables : mapping of str to (DataFrame or sequence of RawTable)
        By table name; several files of one table are put under each other.
    scheme : Scheme
        Brings indicators, factors, codes and the purpose of the consent.
    as_of : date, optional
        Scoring date; without it nothing is in the future and no consent expires.
    units : mapping of str to str, optional
        Declared unit (元, 万元) of money columns whose header states none.
    elsewhere : mapping of str to (mapping of Place to Place), optional
        By table, rows whose key also stands in a row of a household that is not handed in here,
        and where that row stands: these rows are duplicates that differ.

    Returns
    -------
    CountyAcceptance
        The county of accepted rows, and every rejected row with its reason.

    Raises
    ------
    SchemaError
        A header cannot be used, or ``table_missing``: there are no households, or forms without a
        list of raters.
    """
    require_tables(tables)
    done: dict[str, Acceptance] = {}
    columns: dict[str, set[str]] = {}
    for name in TABLES:
        if name not in tables:
            continue
        given = tables[name]
        raws = [RawTable.from_frame(given, name)] if isinstance(given, pd.DataFrame) else given
        spec = table_spec(name, scheme)
        draft = Draft.join(
            [Draft.read(raw, spec, scheme, as_of=as_of, units=units) for raw in raws]
        )
        draft.reject_duplicates((elsewhere or {}).get(name))
        draft.reject_crowds()
        _refer(draft, done)
        households, columns[name] = done.get("households"), draft.given
        done[name] = draft.finish(
            scheme, None if households is None else households.accepted["household_id"]
        )
    county = County.from_tables(
        {name: item.accepted for name, item in done.items()}, scheme, as_of=as_of
    )
    rejected = pd.concat([item.rejected for item in done.values()], ignore_index=True)
    unattributed = _unattributed(rejected, done["households"])
    return CountyAcceptance(
        replace(county, rejected_rows=_rejected_rows(rejected)),
        done,
        rejected,
        (
            *(note for item in done.values() for note in item.notes),
            *absent_notes(columns, scheme),
            *unrated_notes(rated_codes(county, scheme), scheme, bool(len(county.ratings))),
            *lost_notes(unattributed),
        ),
        sum(item.n_in for item in done.values()),
        unattributed,
    )


def _rejected_rows(rejected: pd.DataFrame) -> pd.DataFrame:
    told = rejected["table"].isin((*EVIDENCE_TABLES, "loans")) & rejected["household_id"].notna()
    pairs = rejected.loc[told, ["household_id", "table"]].drop_duplicates()
    return pairs.sort_values(["household_id", "table"], ignore_index=True)


def _unattributed(rejected: pd.DataFrame, households: Acceptance) -> dict[str, int]:
    keys = rejected["household_id"]
    accepted = _among(keys, households.accepted["household_id"])
    tables = rejected["table"][~(accepted | _among(keys, households.rejected_keys))]
    counts = {name: int((tables == name).sum()) for name in EVIDENCE_TABLES}
    return {name: count for name, count in counts.items() if count}


def rated_codes(county: County, scheme: Scheme) -> set[str]:
    """Name the indicators of the panel that some form rates."""
    return {code for code in scheme.panel_codes if county.ratings[code].notna().any()}


def unrated_notes(rated: Collection[str], scheme: Scheme, any_form: bool) -> Iterator[Note]:
    """Say which indicators nobody rated: perhaps their column has another header."""
    codes = [code for code in scheme.panel_codes if code not in rated]
    if codes and any_form:
        yield Note(
            "ratings",
            f"no form rates {', '.join(codes)}; is there a column with another header?",
            f"没有任何评议表为 {'、'.join(codes)} 评分；请核对表头名称",
        )


def lost_notes(unattributed: Mapping[str, int]) -> Iterator[Note]:
    """Say how many rejected rows concern nobody who is known."""
    for table, count in unattributed.items():
        yield Note(
            table,
            f"{count} rejected row(s) name no known household, so no household is reviewed for "
            "them; find the household of each, correct the row and hand it in again",
            f"有{count}行被退回且对应不到农户，没有农户因此转入复核；请查明各行所属农户，更正后重新提交",
        )


def require_tables(tables: Iterable[str]) -> None:
    """Refuse a county without households, and forms without a list of raters.

    Raises
    ------
    SchemaError
        ``table_missing``.
    """
    tables = set(tables)
    if "households" not in tables:
        raise SchemaError("table_missing", table="households", zh=TABLES["households"].zh)
    if "ratings" in tables and "raters" not in tables:
        raise SchemaError("table_missing", table="raters", zh=TABLES["raters"].zh)


def _refer(draft: Draft, done: Mapping[str, Acceptance]) -> None:
    for column, table, key in _REFERENCES:
        if draft.spec.name == table or column not in draft.frame or table not in done:
            continue
        values = draft.frame[column]
        missing = values.notna().to_numpy() & ~_among(values, done[table].accepted[column])
        turned_away = missing & _among(values, done[table].rejected_keys)
        draft.add(np.flatnonzero(turned_away), column, f"{key}_rejected")
        draft.add(np.flatnonzero(missing & ~turned_away), column, f"{key}_unknown")
        if table == "raters":
            raters = done[table].accepted
            idle = _among(values, raters["rater_id"][~raters["active"].astype(bool)])
            draft.add(np.flatnonzero(idle), column, "rater_inactive")


def _among(values: pd.Series, known: Collection[str] | pd.Series) -> NDArray[np.bool_]:
    """Tell which values are known; every distinct one is looked up once."""
    codes, distinct = pd.factorize(values)
    names = set(np.asarray(known, dtype=object))
    found = [name in names for name in distinct.to_numpy(dtype=object)]
    return np.array([*found, False], dtype=np.bool_)[codes]


_REFERENCES = (("household_id", "households", "household"), ("rater_id", "raters", "rater"))
