"""The generated parts of docs/tables.md, docs/errors.md and docs/methods.md.

``python -m tests.docs.render`` writes them; a test compares them with the files.
"""

from __future__ import annotations

import re
from pathlib import Path

from sanzhixin import errors
from sanzhixin.errors import (
    card_messages,
    messages,
    method_messages,
    scheme_messages,
    trust_messages,
    validation_messages,
)
from sanzhixin.records.allowed import allowed_classes, allowed_levels
from sanzhixin.records.columns import TABLES, Column, table_spec
from sanzhixin.records.rules import RULES
from sanzhixin.scheme import Scheme, load_scheme
from tests.docs.methods import method_rows

__all__ = ["GENERATED", "fill", "generated_part"]

DOCS = Path(__file__).resolve().parents[2] / "docs"
BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"

FAMILIES = (
    ("Scheme files", scheme_messages.SCHEME),
    ("Files and folders", messages.INPUT),
    ("Records", messages.RECORD),
    ("Evidence", method_messages.EVIDENCE),
    ("Values of a method", method_messages.DOMAIN),
    ("Binning and scorecards", card_messages.CARD),
    ("Model files", messages.ARTIFACT),
    ("Output", messages.OUTPUT),
    ("Keys, signatures and the audit log", trust_messages.TRUST),
    ("Judging a model", validation_messages.VALIDATION),
)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    return [_row(*head), _row(*["---"] * len(head)), *(_row(*row) for row in rows), ""]


def _values(column: Column) -> str:
    if column.kind == "rating":
        return f"{column.scale[0]} to {column.scale[1]}; blank or 不了解: missing"
    return "; ".join(f"`{value}` {'、'.join(words)}" for value, words in column.words.items())


def _column(column: Column) -> tuple[str, ...]:
    headers = "、".join(dict.fromkeys((column.zh, *column.aliases)))
    consent = "*" if column.written_consent else ""
    need = "yes" if column.required else ""
    return f"`{column.name}`{consent}", column.kind, need, headers, _values(column)


def _allowed(table: str, scheme: Scheme) -> list[str]:
    """What the scheme allows: purpose of the consent; levels and list classes, code by code."""
    if table == "households":
        return [f"`consent_purpose` has to be `{scheme.consent_purpose}`.", ""]
    if table == "events":
        rules, allowed, title = scheme.event_rules, allowed_levels, "Levels"
    elif table == "registers":
        rules, allowed, title = scheme.official_rules, allowed_classes, "List class"
    else:
        return []
    rows = [
        (f"`{code}`", rule.zh, "; ".join(f"`{v}` {zh}".strip() for v, zh in allowed(scheme, code)))
        for code, rule in rules.items()
    ]
    return _table(("Code", "中文", title), rows)


def tables_part() -> str:
    """Every table and column with the built-in scheme."""
    scheme = load_scheme("tongxiang")
    lines: list[str] = []
    for name in TABLES:
        spec = table_spec(name, scheme)
        key = ", ".join(f"`{column}`" for column in spec.key)
        lines += [f"## {spec.name} ({spec.zh})", "", f"One row per {key}.", ""]
        if spec.free_columns:
            lines += ["Further columns are kept as text.", ""]
        head = ("Column", "Kind", "Required", "Chinese headers", "Values")
        lines += _table(head, [_column(column) for column in spec.columns])
        lines += _allowed(name, scheme)
    return "\n".join(lines).strip()


def errors_part() -> str:
    """Every code of an error and of a rejected row, in both languages."""
    lines: list[str] = []
    for title, texts in FAMILIES:
        rows = [(f"`{code}`", texts[code].en, texts[code].zh) for code in sorted(texts)]
        lines += [f"## {title}", "", *_table(("Code", "English", "中文"), rows)]
    rows = [(f"`{code}`", RULES[code].en, RULES[code].zh) for code in sorted(RULES)]
    lines += ["## Rejected rows", "", *_table(("Code", "English", "中文"), rows)]
    return "\n".join(lines).strip()


def methods_part() -> str:
    """Every method with a source: function, source, tests."""
    return "\n".join(_table(("Method", "Function", "Source", "Tests"), method_rows())).strip()


GENERATED = {"tables.md": tables_part, "errors.md": errors_part, "methods.md": methods_part}


def generated_part(text: str) -> str:
    """What stands between the marks of a document."""
    return text.split(BEGIN)[1].split(END)[0].strip()


def fill(text: str, part: str) -> str:
    """Put a part between the marks of a document."""
    pattern = re.compile(f"{BEGIN}.*{END}", flags=re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}\n\n{part}\n\n{END}", text)


def codes_without_family() -> set[str]:
    """Codes of errors that no section lists."""
    return set(errors.MESSAGES) - {code for _, texts in FAMILIES for code in texts}


if __name__ == "__main__":
    for _name, _part in GENERATED.items():
        _path = DOCS / _name
        _path.write_text(fill(_path.read_text(encoding="utf-8"), _part()), encoding="utf-8")
