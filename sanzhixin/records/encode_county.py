"""A county's tables as arrays: sorted, integer-coded, one case per household and date."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sanzhixin.errors import RecordError, mask_id
from sanzhixin.records.cases import MISSING, UNSEEN, Cases, Events, Forms, Members, Registers
from sanzhixin.records.scheme_index import MICRO, scheme_index
from sanzhixin.records.vocabulary import EVENT_STATUS, EVIDENCE_TABLES, RELATIONS, ROLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sanzhixin.records.county import County
    from sanzhixin.records.scheme_index import FactorIndex, SchemeIndex
    from sanzhixin.scheme import Scheme

__all__ = ["encode_county"]

_EPOCH = dt.date(1970, 1, 1).toordinal()


def encode_county(
    county: County,
    scheme: Scheme,
    as_of: dt.date | NDArray[np.int64],
    households: Sequence[str] | None = None,
) -> Cases:
    """Turn accepted tables into arrays.

    Parameters
    ----------
    county : County
        Canonical tables.
    scheme : Scheme
        Orders panel items, events, records and factor levels.
    as_of : date or ndarray of int64 of shape (n_cases,)
        Scoring date of all cases, or a day number for each.
    households : sequence of str of length n_cases, optional
        Which households, in this order; one may repeat.  By default all, sorted by household_id.

    Returns
    -------
    Cases
        Forms, events and registers are shared tables sorted by household.

    Raises
    ------
    RecordError
        ``household_not_found``: a name in `households` is not in the county; ``codes_unknown``:
        events or registers carry a code or level that the scheme does not have.
    """
    index = scheme_index(scheme)
    table = county.households.sort_values("household_id", ignore_index=True)
    sorted_ids = pd.Index(table["household_id"])
    places = _places(sorted_ids, households)
    forms, form_bounds = _forms(county, sorted_ids, index)
    events, event_bounds = _events(county.events, sorted_ids, index)
    registers, register_bounds = _registers(county.registers, sorted_ids, index)
    members, member_bounds, owed = _members(county.members, sorted_ids)
    written = table["written_consent_id"].notna().to_numpy()
    proposals = county.proposals.drop_duplicates("household_id").set_index("household_id")
    proposals = proposals.reindex(sorted_ids)
    starred = {
        name: np.where(written, _integers(table[f"{name}_yuan"]), MISSING)[places]
        for name in ("annual_income", "debt", "assets")
    }
    days = _as_of(as_of, len(places))
    ids = table["household_id"].iloc[places].tolist()
    return Cases(
        household_id=ids,
        village_id=table["village_id"].iloc[places].tolist(),
        as_of=days,
        consent_until=_consent_until(table, scheme, days, places),
        has_written_consent=written[places],
        purpose=_texts(table["purpose"].iloc[places]),
        **starred,
        exposure=np.maximum(_integers(table["exposure_yuan"]), owed)[places],
        requested=_integers(table["requested_yuan"])[places],
        council=_integers(proposals["council_limit_yuan"])[places],
        manager=_integers(proposals["manager_limit_yuan"])[places],
        override_reason=_texts(proposals["override_reason"].iloc[places]),
        factors={item.name: _factor(table, item, written)[places] for item in index.factors},
        forms=forms,
        form_start=form_bounds[:-1][places],
        form_end=form_bounds[1:][places],
        events=events,
        event_start=event_bounds[:-1][places],
        event_end=event_bounds[1:][places],
        registers=registers,
        register_start=register_bounds[:-1][places],
        register_end=register_bounds[1:][places],
        members=members,
        member_start=member_bounds[:-1][places],
        member_end=member_bounds[1:][places],
        rejected_tables=_rejected_tables(county.rejected_rows, ids),
    )


def _consent_until(
    table: pd.DataFrame, scheme: Scheme, days: NDArray[np.int64], places: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Last day of a consent that is given by the scoring date and names the purpose."""
    named = table["consent_id"].notna() & (table["consent_purpose"] == scheme.consent_purpose)
    given = _ordinals(table["consent_on"])[places]
    valid = named.to_numpy(dtype=bool)[places] & (given != MISSING) & (given <= days)
    return np.where(valid, _ordinals(table["consent_until"])[places], MISSING)


def _rejected_tables(rows: pd.DataFrame, ids: Sequence[str]) -> list[tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    rows = rows[rows["table"].isin(EVIDENCE_TABLES)]
    for household, table in zip(rows["household_id"], rows["table"], strict=True):
        found.setdefault(household, set()).add(table)
    tables = {household: tuple(sorted(names)) for household, names in found.items()}
    return [tables.get(household, ()) for household in ids]


def _places(sorted_ids: pd.Index, households: Sequence[str] | None) -> NDArray[np.int64]:
    if households is None:
        return np.arange(len(sorted_ids), dtype=np.int64)
    places = sorted_ids.get_indexer(pd.Index(list(households), dtype="str"))
    unknown = np.flatnonzero(places < 0)
    if len(unknown):
        raise RecordError("household_not_found", household=mask_id(str(households[unknown[0]])))
    return places.astype(np.int64)


def _as_of(as_of: dt.date | NDArray[np.int64], n_cases: int) -> NDArray[np.int64]:
    if isinstance(as_of, dt.date):
        return np.full(n_cases, as_of.toordinal(), dtype=np.int64)
    return np.asarray(as_of, dtype=np.int64)


def _sorted(
    frame: pd.DataFrame, sorted_ids: pd.Index, by: Sequence[str]
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Sort rows by household and `by`; drop rows of other households; give the bounds."""
    place = _where(frame["household_id"], sorted_ids)
    keys = [_sort_key(frame[name]) for name in reversed(by)]
    order = np.lexsort([*keys, place])
    order = order[place[order] >= 0]
    counts = np.bincount(place[order], minlength=len(sorted_ids))
    bounds = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return frame.iloc[order], bounds


def _where(values: pd.Series, names: pd.Index) -> NDArray[np.int64]:
    """Find each value's place among the names; -1 where it is none of them.  Each text once."""
    codes, uniques = pd.factorize(values)
    table = np.append(names.get_indexer(pd.Index(uniques, dtype=names.dtype)), -1)
    return np.asarray(table[codes], dtype=np.int64)


def _sort_key(values: pd.Series) -> NDArray[np.int64]:
    if values.dtype == "str":
        return pd.factorize(values, sort=True)[0].astype(np.int64)
    if values.dtype.kind == "M":
        return _ordinals(values)
    return _integers(values)


def _forms(
    county: County, sorted_ids: pd.Index, index: SchemeIndex
) -> tuple[Forms, NDArray[np.int64]]:
    rows, bounds = _sorted(county.ratings, sorted_ids, ("round", "rater_id"))
    ratings = np.zeros((len(rows), len(index.panel)), dtype=np.int8)
    for place, code in enumerate(index.panel):
        if code in rows.columns:
            ratings[:, place] = rows[code].to_numpy(dtype=np.int8, na_value=0)
    forms = Forms(
        rater_id=rows["rater_id"].tolist(),
        round=_integers(rows["round"]),
        rated_on=_ordinals(rows["rated_on"]),
        familiar=rows["familiar"].to_numpy(dtype=np.bool_, na_value=False),
        relation=_positions(rows["relation"], RELATIONS).astype(np.int8),
        role=_roles(county.raters, rows["rater_id"]),
        ratings=ratings,
        proposed_limit=_integers(rows["proposed_limit_yuan"]),
    )
    return forms, bounds


def _roles(raters: pd.DataFrame, rater_id: pd.Series) -> NDArray[np.int8]:
    """Role of each form's rater; a rater who is not listed counts as a panel member."""
    listed = raters.drop_duplicates("rater_id")
    where = _where(rater_id, pd.Index(listed["rater_id"]))
    table = np.append(_positions(listed["role"], ROLES), 0)
    roles: NDArray[np.int8] = table[where].astype(np.int8)
    return roles


def _events(
    frame: pd.DataFrame, sorted_ids: pd.Index, index: SchemeIndex
) -> tuple[Events, NDArray[np.int64]]:
    known = frame[["code", "level"]].drop_duplicates()
    pairs = pd.MultiIndex.from_frame(known)
    where = pairs.get_indexer(pd.MultiIndex.from_frame(frame[["code", "level"]]))
    found = [index.events.get(pair, (-1, -1)) for pair in pairs]
    table = np.array(found, dtype=np.int16).reshape(-1, 2)
    _require_known(frame, "events", table[where, 0] >= 0)
    coded = frame.assign(_code=table[where, 0], _level=table[where, 1])
    rows, bounds = _sorted(coded, sorted_ids, ("occurred_on", "event_id"))
    events = Events(
        event_id=rows["event_id"].tolist(),
        code=rows["_code"].to_numpy(dtype=np.int16),
        level=rows["_level"].to_numpy(dtype=np.int16),
        occurred_on=_ordinals(rows["occurred_on"]),
        recorded_on=_ordinals(rows["recorded_on"]),
        status=_positions(rows["status"], EVENT_STATUS).astype(np.int8),
        has_evidence=rows["evidence_id"].notna().to_numpy(),
    )
    return events, bounds


def _registers(
    frame: pd.DataFrame, sorted_ids: pd.Index, index: SchemeIndex
) -> tuple[Registers, NDArray[np.int64]]:
    _require_known(frame, "registers", frame["code"].isin(list(index.register_codes)).to_numpy())
    rows, bounds = _sorted(frame, sorted_ids, ("issued_on", "code", "document_no"))
    registers = Registers(
        code=_positions(rows["code"], tuple(index.register_codes)).astype(np.int16),
        document_no=rows["document_no"].tolist(),
        list_class=_texts(rows["list_class"]),
        issued_on=_ordinals(rows["issued_on"]),
        ended_on=_ordinals(rows["ended_on"]),
    )
    return registers, bounds


def _members(
    frame: pd.DataFrame, sorted_ids: pd.Index
) -> tuple[Members, NDArray[np.int64], NDArray[np.int64]]:
    """Sort the members, and add up what those of each household owe; `MISSING` where none says."""
    rows, bounds = _sorted(frame, sorted_ids, ("person_id",))
    exposure = _integers(rows["exposure_yuan"])
    known = exposure != MISSING
    sums = np.append(0, np.cumsum(np.where(known, exposure, 0)))[bounds]
    stated = np.append(0, np.cumsum(known))[bounds]
    owed = np.where(np.diff(stated) > 0, np.diff(sums), MISSING)
    return Members(rows["person_id"].tolist(), exposure), bounds, owed


def _require_known(frame: pd.DataFrame, table: str, known: NDArray[np.bool_]) -> None:
    if not known.all():
        codes = ", ".join(sorted(set(frame["code"][~known])))
        raise RecordError("codes_unknown", count=int((~known).sum()), table=table, codes=codes)


def _factor(
    table: pd.DataFrame, item: FactorIndex, written: NDArray[np.bool_]
) -> NDArray[np.int64]:
    n_rows = len(table)
    if item.column not in table.columns:
        return np.full(n_rows, MISSING, dtype=np.int64)
    column = table[item.column]
    missing = column.isna().to_numpy()
    if item.written:
        missing = missing | ~written
    if item.levels is not None:
        values = _positions(column, tuple(item.levels))
        values[values < 0] = UNSEEN
    elif column.dtype == "Int64":
        values = column.to_numpy(dtype=np.int64, na_value=0) * MICRO
    else:
        numbers = column.to_numpy(dtype=np.float64, na_value=0.0)
        values = np.rint(numbers * MICRO).astype(np.int64)
    return np.where(missing, MISSING, values)


def _positions(values: pd.Series, choices: Sequence[str]) -> NDArray[np.int64]:
    codes, uniques = pd.factorize(values)
    order = {name: place for place, name in enumerate(choices)}
    table = np.array([*(order.get(name, -1) for name in uniques), -1], dtype=np.int64)
    return table[codes]


def _integers(values: pd.Series) -> NDArray[np.int64]:
    return values.to_numpy(dtype=np.int64, na_value=MISSING)


def _ordinals(values: pd.Series) -> NDArray[np.int64]:
    seconds = values.to_numpy().astype("datetime64[s]")
    days = seconds.astype("datetime64[D]").astype(np.int64) + _EPOCH
    return np.where(np.isnat(seconds), MISSING, days)


def _texts(values: pd.Series) -> list[str | None]:
    return values.astype(object).where(values.notna(), None).tolist()
