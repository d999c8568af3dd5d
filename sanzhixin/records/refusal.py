"""The error of one application that breaks rules: every finding with its sentence."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from sanzhixin.errors import RecordError
from sanzhixin.records.allowed import allowed_words
from sanzhixin.records.columns import REJECTED_TABLES, TABLES
from sanzhixin.records.grammar import word
from sanzhixin.records.rules import BY_CODE, RULES, Words, reason
from sanzhixin.records.scheme_index import scheme_index
from sanzhixin.scheme.deny import denied_header

if TYPE_CHECKING:
    from pydantic import ValidationError

    from sanzhixin.records.application import Application
    from sanzhixin.records.columns import Column
    from sanzhixin.records.scheme_index import SchemeIndex
    from sanzhixin.scheme import Scheme

__all__ = ["ENTRY_KEYS", "FieldFinding", "name_field", "read_findings", "refusal"]

_NAME = re.compile(r"[A-Za-z_]+[0-9]{0,3}(\[[0-9]+\])*")
_LONGEST = 40
_SHOWN = 10
_BRANCHES = frozenset(
    {"int", "float", "str", "bool", "date", "none", "constrained-str", "constrained-int"}
)
_RATING_RULES = ("rating_grammar", "rating_scale")

ENTRY_KEYS: dict[str, tuple[str, ...]] = {
    table: tuple(name for name in TABLES[table].key if name != "household_id")
    for table in ("ratings", "events", "registers", "members")
}
"""What identifies an entry among those of one household."""


class FieldFinding(NamedTuple):
    """One broken rule of a record: where it stands, and the rule's code; never the value."""

    where: str
    code: str


def name_field(where: str, code: str) -> FieldFinding:
    """Make a finding; a field of the deny list is refused as such, whatever else is wrong."""
    if denied_header(_field(where)) is not None:
        return FieldFinding(where, "denied_column")
    return FieldFinding(".".join(map(_told, where.split("."))), code)


def _told(name: str) -> str:
    """Show a name that could be one of a field; an identifier as a key is not repeated."""
    return name if len(name) <= _LONGEST and _NAME.fullmatch(name) else "***"


def read_findings(error: ValidationError, index: SchemeIndex) -> list[FieldFinding]:
    """Turn what pydantic found into findings, one for each field."""
    found: dict[str, str] = {}
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        where, code = _where(item["loc"]), item["type"]
        unknown = code in _RATING_RULES and _column(where, index) is None
        if code == "extra_forbidden" or unknown:
            code = "field_unknown"
        if code in RULES:
            found[where] = code
        else:
            found.setdefault(where, "record_shape")
    return [name_field(where, code) for where, code in found.items()]


def refusal(
    findings: list[FieldFinding], scheme: Scheme, application: Application | None = None
) -> RecordError:
    """Build the error that shows the findings.

    Parameters
    ----------
    findings : list of FieldFinding
        At least one; the first ten are shown with their sentences.
    scheme : Scheme
        Brings what would have been allowed.
    application : Application, optional
        Needed for the findings of `parse_application` that depend on other fields.

    Returns
    -------
    RecordError
        ``record_invalid``.
    """
    shown = [(item.where, _sentence(item, scheme, application)) for item in findings[:_SHOWN]]
    more = len(findings) - len(shown)
    return RecordError(
        "record_invalid",
        count=len(findings),
        listed="".join(f"\n{where}: {words.en}" for where, words in shown)
        + (f"\nand {more} more." if more else ""),
        listed_zh="".join(f"\n{where}：{words.zh}" for where, words in shown)
        + (f"\n另有 {more} 处。" if more else ""),
        findings=tuple(findings),
    )


def _sentence(finding: FieldFinding, scheme: Scheme, application: Application | None) -> Words:
    where, code = finding
    denied = denied_header(_field(where))
    if denied is not None:
        detail = Words(f"{denied.en} ({denied.basis})", f"{denied.zh}（{denied.basis_zh}）")
        return reason(code, [], detail)
    index = scheme_index(scheme)
    if application is not None and code.startswith("duplicate"):
        return _repeat_sentence(finding, application, index)
    stated = ""
    if application is not None and code in BY_CODE:
        stated = _stated_code(where, application, index)
    column = _column(where, index)
    detail = allowed_words(code, column, scheme, stated)
    return reason(code, [column] if column is not None else [], detail)


def _repeat_sentence(finding: FieldFinding, application: Application, index: SchemeIndex) -> Words:
    table, place = _entry(finding.where)
    key = ENTRY_KEYS[table]
    values = list(map(attrgetter(*key), getattr(application, table)))
    other = f"{table}[{values.index(values[place])}]"
    columns = [index.columns[table][name] for name in key]
    return reason(finding.code, columns, Words(other, other))


def _stated_code(where: str, application: Application, index: SchemeIndex) -> str:
    table, place = _entry(where)
    codes = index.event_words if table == "events" else index.register_words
    return codes[word(getattr(application, table)[place].code)]


def _entry(where: str) -> tuple[str, int]:
    """Table and place of a path such as ``events[2].level``."""
    table, _, rest = where.partition("[")
    return table, int(rest.partition("]")[0])


def _column(where: str, index: SchemeIndex) -> Column | None:
    if where.startswith(f"{REJECTED_TABLES.name}["):
        return REJECTED_TABLES
    head, dot, _ = where.partition(".")
    households = index.columns["households"]
    columns = index.columns.get(head.partition("[")[0], households) if dot else households
    name = _field(where)
    return columns.get(name) or index.columns["raters"].get(name)


def _field(where: str) -> str:
    return where.rpartition(".")[2]


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
