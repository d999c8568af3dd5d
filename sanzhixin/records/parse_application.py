"""From a dict to an `Application`, with the row rules of the tables and their codes."""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING

from pydantic import ValidationError

from sanzhixin.records.application import Application
from sanzhixin.records.cases import MOST_FORMS
from sanzhixin.records.encode_application import event_place, register_place
from sanzhixin.records.grammar import RuleBroken, word
from sanzhixin.records.refusal import (
    ENTRY_KEYS,
    FieldFinding,
    name_field,
    read_findings,
    refusal,
)
from sanzhixin.records.scheme_index import scheme_index

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from sanzhixin.records.scheme_index import SchemeIndex
    from sanzhixin.scheme import Scheme

__all__ = ["FieldFinding", "check_application", "parse_application"]


def parse_application(
    data: Mapping[str, object], scheme: Scheme, *, as_of: dt.date | None = None
) -> Application:
    """Read one application and check it by the rules of the tables.

    Parameters
    ----------
    data : mapping
        Column names of ``households``, factor columns at the top level or under ``factors``, and
        lists under ``ratings``, ``events``, ``registers``, ``members``; text or typed values.
    scheme : Scheme
        Brings indicators, factors, codes and the purpose of the consent.
    as_of : date, optional
        Scoring date; by default the one that `data` states, else no date rule applies.

    Returns
    -------
    Application
        Canonical values.

    Raises
    ------
    RecordError
        ``record_invalid``: rules are broken; the message shows the first ten,
        ``error.values["findings"]`` lists every `FieldFinding`.  No value is repeated.

    Examples
    --------
    >>> from sanzhixin.errors import RecordError
    >>> from sanzhixin.scheme import load_scheme
    >>> try:
    ...     parse_application({"household_id": "3.3E+17"}, load_scheme("tongxiang"))
    ... except RecordError as error:
    ...     print(error.values["findings"][0])
    FieldFinding(where='household_id', code='id_damaged')
    """
    index = scheme_index(scheme)
    findings: list[FieldFinding] = []
    given = dict(data)
    given["factors"] = _read_factors(given, index, findings)
    try:
        application = Application.model_validate(given)
    except ValidationError as error:
        raise refusal([*read_findings(error, index), *findings], scheme) from None
    findings += _findings(application, index, as_of)
    if findings:
        raise refusal(findings, scheme, application)
    return application


def check_application(
    application: Application, scheme: Scheme, *, as_of: dt.date | None = None
) -> None:
    """Hold an application to the rules of the tables and of a scheme.

    Parameters
    ----------
    application : Application
        However it was built; `parse_application` has already called this.
    scheme : Scheme
        Brings indicators, factors, codes and the purpose of the consent.
    as_of : date, optional
        Scoring date; by default the one that `application` states, else no date rule applies.

    Raises
    ------
    RecordError
        ``record_invalid``: rules are broken; the message shows the first ten,
        ``error.values["findings"]`` lists every `FieldFinding`.  No value is repeated.

    Examples
    --------
    >>> from sanzhixin.errors import RecordError
    >>> from sanzhixin.scheme import load_scheme
    >>> application = Application(
    ...     household_id="H1",
    ...     village_id="V1",
    ...     consent_id="C1",
    ...     consent_purpose="三治信农户贷款",
    ...     consent_on="2026-01-05",
    ...     consent_until="2027-01-04",
    ...     factors={"customer_years": "1_000"},
    ... )
    >>> try:
    ...     check_application(application, load_scheme("tongxiang"))
    ... except RecordError as error:
    ...     print(error.values["findings"][0])
    FieldFinding(where='customer_years', code='number_grammar')
    """
    findings = _findings(application, scheme_index(scheme), as_of)
    if findings:
        raise refusal(findings, scheme, application)


def _findings(
    application: Application, index: SchemeIndex, as_of: dt.date | None
) -> list[FieldFinding]:
    today = as_of or application.as_of
    return [
        *_household_findings(application, index, today),
        *_factor_findings(application, index),
        *_form_findings(application, index, today),
        *_event_findings(application, index, today),
        *_register_findings(application, index, today),
        *_repeat_findings(application),
    ]


def _read_factors(
    given: dict[str, object], index: SchemeIndex, findings: list[FieldFinding]
) -> object:
    stated = given.get("factors")
    if stated is not None and not isinstance(stated, dict):
        return stated
    factors: dict[str, object] = dict(stated or {})
    for name in [item for item in given if item in index.parsers and item not in factors]:
        factors[name] = given.pop(name)
    for name, value in list(factors.items()):
        try:
            factors[name] = index.parsers[name](value) if name in index.parsers else value
        except RuleBroken as broken:
            findings.append(FieldFinding(name, broken.code))
            factors[name] = None
    return factors


def _factor_findings(application: Application, index: SchemeIndex) -> Iterator[FieldFinding]:
    for name, value in application.factors.items():
        parse = index.parsers.get(name)
        if parse is None:
            yield name_field(f"factors.{name}", "field_unknown")
            continue
        try:
            missing = parse(value) is None
        except RuleBroken as broken:
            yield FieldFinding(name, broken.code)
            continue
        if missing and isinstance(value, float):
            yield FieldFinding(name, "number_not_finite")


def _household_findings(
    application: Application, index: SchemeIndex, today: dt.date | None
) -> Iterator[FieldFinding]:
    if application.consent_purpose != index.consent_purpose:
        yield FieldFinding("consent_purpose", "consent_purpose")
    if today is not None and application.consent_on > today:
        yield FieldFinding("consent_on", "date_future")
    if application.consent_until < application.consent_on:
        yield FieldFinding("consent_until", "dates_order")
    if today is not None and application.consent_until < today:
        yield FieldFinding("consent_until", "consent_expired")
    if application.written_consent_id is None:
        for name in index.written_columns:
            value = getattr(application, name, None)
            if value is not None or application.factors.get(name) is not None:
                yield FieldFinding(name, "written_consent_missing")
    for place, member in enumerate(application.members):
        if not member.adult:
            yield FieldFinding(f"members[{place}].adult", "member_minor")


def _form_findings(
    application: Application, index: SchemeIndex, today: dt.date | None
) -> Iterator[FieldFinding]:
    for place, form in enumerate(application.ratings):
        if today is not None and form.rated_on > today:
            yield FieldFinding(f"ratings[{place}].rated_on", "date_future")
        answers = form.answers
        if not answers.keys() <= index.panel_set:
            for name in sorted(answers.keys() - index.panel_set):
                yield name_field(f"ratings[{place}].{name}", "field_unknown")
        elif not index.common.issuperset(answers.values()):
            for code in _off_scale(answers, index):
                yield FieldFinding(f"ratings[{place}].{code}", "rating_scale")


def _off_scale(answers: Mapping[str, int | None], index: SchemeIndex) -> Iterator[str]:
    for code, value in answers.items():
        lowest, highest = index.scales[code]
        if value is not None and not lowest <= value <= highest:
            yield code


def _event_findings(
    application: Application, index: SchemeIndex, today: dt.date | None
) -> Iterator[FieldFinding]:
    for place, entry in enumerate(application.events):
        if event_place(entry, index) is None:
            known = word(entry.code) in index.event_words
            field, code = ("level", "level_unknown") if known else ("code", "code_unknown")
            yield FieldFinding(f"events[{place}].{field}", code)
        if today is not None:
            for name, day in (
                ("occurred_on", entry.occurred_on),
                ("recorded_on", entry.recorded_on),
            ):
                if day > today:
                    yield FieldFinding(f"events[{place}].{name}", "date_future")
        if entry.recorded_on < entry.occurred_on:
            yield FieldFinding(f"events[{place}].recorded_on", "dates_order")
        if entry.status == "approved" and entry.evidence_id is None:
            yield FieldFinding(f"events[{place}].evidence_id", "evidence_missing")


def _register_findings(
    application: Application, index: SchemeIndex, today: dt.date | None
) -> Iterator[FieldFinding]:
    for place, entry in enumerate(application.registers):
        found = register_place(entry, index)
        if found is None:
            yield FieldFinding(f"registers[{place}].code", "code_unknown")
        elif found[1] is None:
            yield FieldFinding(f"registers[{place}].list_class", "register_class")
        if today is not None and entry.issued_on > today:
            yield FieldFinding(f"registers[{place}].issued_on", "date_future")
        if entry.ended_on is not None and entry.ended_on < entry.issued_on:
            yield FieldFinding(f"registers[{place}].ended_on", "dates_order")


def _repeat_findings(application: Application) -> Iterator[FieldFinding]:
    forms = application.ratings
    if len(forms) > MOST_FORMS < max(Counter(form.round for form in forms).values()):
        yield FieldFinding("ratings", "too_many_forms")
    for table, key in _KEYS.items():
        entries = getattr(application, table)
        if len(entries) < 2 or len(set(map(key, entries))) == len(entries):
            continue
        seen: dict[object, int] = {}
        for place, entry in enumerate(entries):
            first = seen.setdefault(key(entry), place)
            if first < place:
                code = "copy" if entry == entries[first] else "differs"
                where = f"{table}[{place}].{ENTRY_KEYS[table][-1]}"
                yield FieldFinding(where, f"duplicate_{code}")


_KEYS = {table: attrgetter(*key) for table, key in ENTRY_KEYS.items()}
