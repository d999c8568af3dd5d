"""Rules over the rows of one canonical table; the sentences stand in `rules`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from sanzhixin.records.cases import MOST_FORMS
from sanzhixin.records.grammar import word
from sanzhixin.records.levels import level_table, list_class_table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from sanzhixin.records.columns import TableSpec
    from sanzhixin.scheme import Scheme

__all__ = ["Finding", "check_rows", "find_crowded", "find_duplicates", "resolve"]

Finding: TypeAlias = tuple["pd.Series[bool]", str, str]
"""Which rows, which column, which rule."""


def check_rows(
    frame: pd.DataFrame, spec: TableSpec, scheme: Scheme, as_of: dt.date | None
) -> Iterator[Finding]:
    """Apply the row rules of a table.

    Parameters
    ----------
    frame : DataFrame
        Canonical columns; cells that could not be read are missing.
    spec : TableSpec
        The table with the columns of the scheme.
    scheme : Scheme
        Purpose of the consent, codes, levels, list classes.
    as_of : date or None
        Scoring date; without it nothing is in the future and no consent expires.

    Yields
    ------
    tuple of (Series of bool, str, str)
        Rows that break a rule, the column and the rule's code.
    """
    today = None if as_of is None else pd.Timestamp(as_of).as_unit("s")
    for name in _PAST.get(spec.name, ()):
        if today is not None:
            yield frame[name] > today, name, "date_future"
    for earlier, later in _ORDERED.get(spec.name, ()):
        yield frame[later] < frame[earlier], later, "dates_order"
    check = _CHECKS.get(spec.name)
    if check is not None:
        yield from check(frame, spec, scheme, today)


def resolve(frame: pd.DataFrame, spec: TableSpec, scheme: Scheme) -> Iterator[Finding]:
    """Replace event levels and list classes by their canonical names, in place.

    Yields the rows whose level or class is not that of their code.
    """
    if spec.name == "events":
        yield from _resolve_by_code(frame, "level", level_table(scheme), "level_unknown")
    elif spec.name == "registers":
        yield from _resolve_by_code(frame, "list_class", list_class_table(scheme), "register_class")


def find_duplicates(frame: pd.DataFrame, key: tuple[str, ...]) -> pd.DataFrame:
    """Find rows that share a key.

    Returns
    -------
    DataFrame
        One row per row to reject, under its label: ``differs`` is False for a later copy of an
        identical row and True for every row of a key whose rows differ; ``other`` is the label of
        the first other row with that key.
    """
    names = list(key)
    copies = frame.duplicated(names, keep=False)
    if not copies.any():
        return pd.DataFrame({"differs": np.empty(0, bool), "other": np.empty(0, np.int64)})
    shared = frame[copies]
    group = shared.groupby(names, sort=False).ngroup()
    distinct = ~shared.duplicated()
    differs = distinct.groupby(group).transform("sum") > 1
    labels = shared.index.to_series()
    first = labels.groupby(group).transform("first")
    other = first.where(first != labels, labels.groupby(group).shift(-1)).astype("int64")
    found = pd.DataFrame({"differs": differs, "other": other})
    return found[differs | ~distinct]


def find_crowded(frame: pd.DataFrame, spec: TableSpec) -> Iterator[Finding]:
    """Find the forms of households that have more than `MOST_FORMS` in one round.

    To be asked about all files of the table together, without copies.
    """
    if spec.name == "ratings" and len(frame) > MOST_FORMS:
        forms = frame.groupby(["household_id", "round"], sort=False)["rater_id"].transform("size")
        yield forms > MOST_FORMS, "household_id", "too_many_forms"


def _resolve_by_code(
    frame: pd.DataFrame, name: str, table: dict[tuple[str, str], str], rule: str
) -> Iterator[Finding]:
    pairs = frame[["code", name]].astype(object).where(frame[["code", name]].notna(), "")
    unique = pairs.drop_duplicates()
    found = {
        (code, text): table.get((code, word(text)))
        for code, text in unique.itertuples(index=False, name=None)
    }
    names = [found[pair] for pair in pairs.itertuples(index=False, name=None)]
    frame[name] = pd.Series(names, index=frame.index, dtype="str")
    yield frame[name].isna() & frame["code"].notna(), name, rule


def _check_households(
    frame: pd.DataFrame, spec: TableSpec, scheme: Scheme, today: pd.Timestamp | None
) -> Iterator[Finding]:
    purpose = frame["consent_purpose"]
    yield (
        purpose.notna() & (purpose != scheme.consent_purpose),
        "consent_purpose",
        "consent_purpose",
    )
    if today is not None:
        yield frame["consent_until"] < today, "consent_until", "consent_expired"
    no_consent = frame["written_consent_id"].isna()
    for column in spec.columns:
        if column.written_consent:
            given = frame[column.name].notna()
            yield given & no_consent, column.name, "written_consent_missing"


def _check_members(
    frame: pd.DataFrame, _spec: TableSpec, _scheme: Scheme, _today: pd.Timestamp | None
) -> Iterator[Finding]:
    yield frame["adult"].eq(False).fillna(False).astype(bool), "adult", "member_minor"


def _check_events(
    frame: pd.DataFrame, _spec: TableSpec, _scheme: Scheme, _today: pd.Timestamp | None
) -> Iterator[Finding]:
    unproved = (frame["status"] == "approved") & frame["evidence_id"].isna()
    yield unproved, "evidence_id", "evidence_missing"


def _check_loans(
    frame: pd.DataFrame, _spec: TableSpec, _scheme: Scheme, _today: pd.Timestamp | None
) -> Iterator[Finding]:
    defaulted = frame["defaulted"].fillna(False).astype(bool)
    dated = frame["defaulted_on"].notna()
    yield defaulted & ~dated, "defaulted_on", "default_date_missing"
    yield ~defaulted & dated, "defaulted_on", "default_date_unexpected"


_PAST: dict[str, tuple[str, ...]] = {
    "households": ("consent_on",),
    "ratings": ("rated_on",),
    "vignettes": ("rated_on",),
    "events": ("occurred_on", "recorded_on"),
    "registers": ("issued_on",),
    "loans": ("granted_on", "observed_until", "defaulted_on"),
}
_ORDERED: dict[str, tuple[tuple[str, str], ...]] = {
    "households": (("consent_on", "consent_until"),),
    "events": (("occurred_on", "recorded_on"),),
    "registers": (("issued_on", "ended_on"),),
    "loans": (("granted_on", "defaulted_on"), ("granted_on", "observed_until")),
}
_CHECKS: dict[
    str,
    Callable[[pd.DataFrame, TableSpec, Scheme, pd.Timestamp | None], Iterator[Finding]],
] = {
    "households": _check_households,
    "members": _check_members,
    "events": _check_events,
    "loans": _check_loans,
}
