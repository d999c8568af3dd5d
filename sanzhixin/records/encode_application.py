"""One application as arrays of length one: the same form as a county, without pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.errors import RecordError
from sanzhixin.records.cases import MISSING, UNSEEN, Cases, Events, Forms, Members, Registers
from sanzhixin.records.grammar import word
from sanzhixin.records.scheme_index import MICRO, scheme_index
from sanzhixin.records.vocabulary import EVENT_STATUS, RELATIONS, ROLES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sanzhixin.records.application import Application, EventEntry, RegisterEntry
    from sanzhixin.records.scheme_index import FactorIndex, SchemeIndex
    from sanzhixin.scheme import Scheme

__all__ = ["encode_application"]

_RELATION = {name: place for place, name in enumerate(RELATIONS)}
_ROLE = {name: place for place, name in enumerate(ROLES)}
_STATUS = {name: place for place, name in enumerate(EVENT_STATUS)}


def encode_application(application: Application, scheme: Scheme, as_of: dt.date) -> Cases:
    """Turn one application into arrays of length one.

    Parameters
    ----------
    application : Application
        Best from `parse_application`, which has checked it against the same scheme.
    scheme : Scheme
        Orders panel items, events, records and factor levels.
    as_of : date
        Scoring date.

    Returns
    -------
    Cases
        The same values as `encode_county` gives for this household.

    Raises
    ------
    RecordError
        ``codes_unknown``: an event or a register carries a code or level that the scheme does not
        have.
    """
    index = scheme_index(scheme)
    written = application.written_consent_id is not None
    proposals = application.proposals
    numbers = [
        as_of.toordinal(),
        _consent_until(application, scheme, as_of),
        _amount(application.annual_income_yuan if written else None),
        _amount(application.debt_yuan if written else None),
        _amount(application.assets_yuan if written else None),
        _exposure(application),
        _amount(application.requested_yuan),
        _amount(proposals.council_limit_yuan if proposals else None),
        _amount(proposals.manager_limit_yuan if proposals else None),
        len(application.ratings),
        len(application.events),
        len(application.registers),
        0,
        len(application.members),
        *(_factor(application, item, written) for item in index.factors),
    ]
    cell = np.array(numbers, dtype=np.int64).reshape(-1, 1)
    zero = cell[12]
    return Cases(
        household_id=[application.household_id],
        village_id=[application.village_id],
        as_of=cell[0],
        consent_until=cell[1],
        has_written_consent=np.array([written]),
        purpose=[application.purpose],
        annual_income=cell[2],
        debt=cell[3],
        assets=cell[4],
        exposure=cell[5],
        requested=cell[6],
        council=cell[7],
        manager=cell[8],
        override_reason=[proposals.override_reason if proposals else None],
        factors={item.name: cell[14 + k] for k, item in enumerate(index.factors)},
        forms=_forms(application, index),
        form_start=zero,
        form_end=cell[9],
        events=_events(application, index),
        event_start=zero,
        event_end=cell[10],
        registers=_registers(application, index) if application.registers else _NO_REGISTERS,
        register_start=zero,
        register_end=cell[11],
        members=_members(application) if application.members else _NO_MEMBERS,
        member_start=zero,
        member_end=cell[13],
        rejected_tables=[tuple(sorted(set(application.rejected_tables)))],
    )


def event_place(entry: EventEntry, index: SchemeIndex) -> tuple[int, int] | None:
    """Array positions of an entry's code and level; None when the scheme has no such pair."""
    place = index.events.get((entry.code, entry.level or ""))
    if place is not None:
        return place
    code = index.event_words.get(word(entry.code))
    if code is None:
        return None
    return index.events.get((code, index.levels.get((code, word(entry.level or "")), "")))


def register_place(entry: RegisterEntry, index: SchemeIndex) -> tuple[int, str | None] | None:
    """Array position of a record's code and its canonical class; None for an unknown code."""
    code = index.register_words.get(entry.code) or index.register_words.get(word(entry.code))
    if code is None:
        return None
    return index.register_codes[code], index.list_classes.get((code, word(entry.list_class)))


def _forms(application: Application, index: SchemeIndex) -> Forms:
    forms = sorted(application.ratings, key=lambda form: (form.round, form.rater_id))
    answers = [form.answers for form in forms]
    rows = [
        (
            form.round,
            form.rated_on.toordinal(),
            form.familiar,
            _RELATION[form.relation],
            _ROLE[form.role],
            _amount(form.proposed_limit_yuan),
        )
        for form in forms
    ]
    block = _columns(rows, 6)
    ratings = [given.get(code) or 0 for given in answers for code in index.panel]
    return Forms(
        rater_id=[form.rater_id for form in forms],
        round=block[0],
        rated_on=block[1],
        familiar=block[2].astype(np.bool_),
        relation=block[3].astype(np.int8),
        role=block[4].astype(np.int8),
        ratings=np.array(ratings, dtype=np.int8).reshape(-1, len(index.panel)),
        proposed_limit=block[5],
    )


def _events(application: Application, index: SchemeIndex) -> Events:
    entries = sorted(application.events, key=lambda entry: (entry.occurred_on, entry.event_id))
    rows = []
    for entry in entries:
        place = event_place(entry, index)
        if place is None:
            raise RecordError("codes_unknown", count=1, table="events", codes=entry.code)
        rows.append(
            (
                *place,
                entry.occurred_on.toordinal(),
                entry.recorded_on.toordinal(),
                _STATUS[entry.status],
                entry.evidence_id is not None,
            )
        )
    block = _columns(rows, 6)
    return Events(
        event_id=[entry.event_id for entry in entries],
        code=block[0].astype(np.int16),
        level=block[1].astype(np.int16),
        occurred_on=block[2],
        recorded_on=block[3],
        status=block[4].astype(np.int8),
        has_evidence=block[5].astype(np.bool_),
    )


def _registers(application: Application, index: SchemeIndex) -> Registers:
    found = []
    for entry in application.registers:
        place = register_place(entry, index)
        if place is None:
            raise RecordError("codes_unknown", count=1, table="registers", codes=entry.code)
        found.append((entry, *place))
    codes = tuple(index.register_codes)
    found.sort(key=lambda item: (item[0].issued_on, codes[item[1]], item[0].document_no))
    rows = [
        (
            place,
            entry.issued_on.toordinal(),
            MISSING if entry.ended_on is None else entry.ended_on.toordinal(),
        )
        for entry, place, _ in found
    ]
    block = _columns(rows, 3)
    return Registers(
        code=block[0].astype(np.int16),
        document_no=[entry.document_no for entry, *_ in found],
        list_class=[list_class for *_, list_class in found],
        issued_on=block[1],
        ended_on=block[2],
    )


def _members(application: Application) -> Members:
    people = sorted(application.members, key=lambda member: member.person_id)
    exposure = [_amount(member.exposure_yuan) for member in people]
    return Members([m.person_id for m in people], np.array(exposure, dtype=np.int64))


_NO_MEMBERS = Members([], np.empty(0, dtype=np.int64))
_NO_REGISTERS = Registers(
    code=np.empty(0, dtype=np.int16),
    document_no=[],
    list_class=[],
    issued_on=np.empty(0, dtype=np.int64),
    ended_on=np.empty(0, dtype=np.int64),
)


def _columns(rows: Sequence[tuple[int, ...]], width: int) -> NDArray[np.int64]:
    return np.array(rows, dtype=np.int64).reshape(-1, width).T.copy()


def _consent_until(application: Application, scheme: Scheme, as_of: dt.date) -> int:
    named = application.consent_purpose == scheme.consent_purpose
    if not named or application.consent_on > as_of:
        return MISSING
    return application.consent_until.toordinal()


def _exposure(application: Application) -> int:
    """Take the larger of what is stated of the household and what its members owe together."""
    owed = [member.exposure_yuan for member in application.members]
    stated = [amount for amount in owed if amount is not None]
    return max(_amount(application.exposure_yuan), sum(stated) if stated else MISSING)


def _amount(value: int | None) -> int:
    return MISSING if value is None else value


def _factor(application: Application, item: FactorIndex, written: bool) -> int:
    if item.written and not written:
        return MISSING
    value = (
        getattr(application, item.column)
        if item.column in _AMOUNTS
        else application.factors.get(item.column)
    )
    if value is None:
        return MISSING
    if item.levels is not None:
        place = item.levels.get(str(value))
        return item.words.get(word(str(value)), UNSEEN) if place is None else place
    return value * MICRO if isinstance(value, int) else round(float(value) * MICRO)


_AMOUNTS = frozenset(
    {"annual_income_yuan", "debt_yuan", "assets_yuan", "exposure_yuan", "requested_yuan"}
)
