"""From a dict to an `Application`, with the row rules of the tables and their codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from sanzhixin.errors import RecordError
from sanzhixin.records.application import Application
from sanzhixin.records.encode_application import event_place, register_place
from sanzhixin.records.grammar import RuleBroken
from sanzhixin.records.rules import RULES, reason_en, reason_zh
from sanzhixin.records.scheme_index import scheme_index

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from sanzhixin.records.columns import Column
    from sanzhixin.records.scheme_index import SchemeIndex
    from sanzhixin.scheme import Scheme

__all__ = ["FieldFinding", "parse_application"]


class FieldFinding(NamedTuple):
    """One broken rule of a record: where it stands, and the rule's code; never the value."""

    where: str
    code: str


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
        ``record_invalid``: rules are broken; ``error.values["findings"]`` lists every
        `FieldFinding`.  No value of the record is repeated.

    Examples
    --------
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
        raise _refusal([*_pydantic_findings(error), *findings], index) from None
    today = as_of or application.as_of
    findings += _household_findings(application, index, today)
    findings += _form_findings(application, index, today)
    findings += _event_findings(application, index, today)
    findings += _register_findings(application, index, today)
    findings += _repeat_findings(application)
    if findings:
        raise _refusal(findings, index)
    return application


def _read_factors(
    given: dict[str, object], index: SchemeIndex, findings: list[FieldFinding]
) -> object:
    stated = given.get("factors")
    if stated is not None and not isinstance(stated, dict):
        return stated
    factors: dict[str, object] = dict(stated or {})
    for name in [item for item in given if item in index.parsers and item not in factors]:
        factors[name] = given.pop(name)
    for name, value in factors.items():
        parse = index.parsers.get(name)
        if parse is None:
            findings.append(FieldFinding(f"factors.{name}", "field_unknown"))
            continue
        try:
            factors[name] = parse(value)
        except RuleBroken as broken:
            findings.append(FieldFinding(name, broken.code))
            factors[name] = None
    return factors


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
            unknown = sorted(answers.keys() - index.panel_set)
            yield FieldFinding(f"ratings[{place}].{unknown[0]}", "field_unknown")
        elif not index.common.issuperset(answers.values()):
            code = next(
                (code for code, value in answers.items() if (code, value) in index.outside), None
            )
            if code is not None:
                yield FieldFinding(f"ratings[{place}].{code}", "rating_scale")


def _event_findings(
    application: Application, index: SchemeIndex, today: dt.date | None
) -> Iterator[FieldFinding]:
    for place, entry in enumerate(application.events):
        if event_place(entry, index) is None:
            known = entry.code in index.event_codes
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
    keys = (
        ("ratings", "rater_id", [(form.round, form.rater_id) for form in application.ratings]),
        ("events", "event_id", [entry.event_id for entry in application.events]),
        ("registers", "document_no", [(e.code, e.document_no) for e in application.registers]),
        ("members", "person_id", [member.person_id for member in application.members]),
    )
    for table, field, values in keys:
        if len(set(values)) < len(values):
            yield FieldFinding(f"{table}.{field}", "duplicate_differs")


def _pydantic_findings(error: ValidationError) -> list[FieldFinding]:
    found: dict[str, str] = {}
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        where, code = _where(item["loc"]), item["type"]
        if code == "extra_forbidden":
            code = "field_unknown"
        if code in RULES:
            found[where] = code
        else:
            found.setdefault(where, "record_shape")
    return [FieldFinding(where, code) for where, code in found.items()]


def _where(loc: tuple[int | str, ...]) -> str:
    """Path of a field without the branch names that a union adds."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        elif "[" in part or part in _BRANCHES:
            break
        else:
            text += f".{part}" if text else part
    return text


_BRANCHES = frozenset({"int", "str", "bool", "date", "none", "constrained-str", "constrained-int"})


def _refusal(findings: list[FieldFinding], index: SchemeIndex) -> RecordError:
    first = findings[0]
    column = _column(first.where, index)
    return RecordError(
        "record_invalid",
        count=len(findings),
        first=f"{first.where}: {reason_en(first.code, column)}",
        first_zh=f"{first.where}：{reason_zh(first.code, column)}",
        findings=tuple(findings),
    )


def _column(where: str, index: SchemeIndex) -> Column | None:
    table, dot, field = where.partition(".")
    if not dot:
        return index.columns["households"].get(where)
    return index.columns.get(table.partition("[")[0], {}).get(field)
