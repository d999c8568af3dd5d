"""What may stand in a cell, named in the sentence that refuses another value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.records.rules import Words
from sanzhixin.scheme.catalog import LISTED_CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sanzhixin.records.columns import Column
    from sanzhixin.scheme import Scheme

__all__ = ["allowed_classes", "allowed_levels", "allowed_words"]

_SHOWN = 9


def allowed_words(rule: str, column: Column | None, scheme: Scheme, stated: str = "") -> Words:
    """Name what a broken rule would have allowed.

    Parameters
    ----------
    rule : str
        A key of `sanzhixin.records.rules.RULES`.
    column : Column or None
        Where the refused value stands.
    scheme : Scheme
        Brings the purpose of the consent, levels and list classes.
    stated : str, default=""
        Code of the row, on which its level or list class depends.

    Returns
    -------
    Words
        The first values, each with its Chinese word; blank where nothing is listed.
    """
    if rule == "consent_purpose":
        return _listed([(scheme.consent_purpose, "")])
    if rule == "level_unknown":
        return _listed(allowed_levels(scheme, stated))
    if rule == "register_class":
        return _listed(allowed_classes(scheme, stated))
    return _listed(_values(column) if column is not None else [])


def allowed_levels(scheme: Scheme, code: str) -> list[tuple[str, str]]:
    """Levels of an event, each with its Chinese word."""
    return [(level.level, level.zh) for level in scheme.event_rules[code].levels]


def allowed_classes(scheme: Scheme, code: str) -> list[tuple[str, str]]:
    """List the one class of an official record, with its Chinese word if the law names it."""
    name = scheme.official_rules[code].list_class
    return [(name, LISTED_CLASSES.get(name, ""))]


def _values(column: Column) -> list[tuple[str, str]]:
    if column.kind == "rating":
        lowest, highest = column.scale
        return [(str(rating), "") for rating in range(lowest, highest + 1)]
    return [(value, words[0] if words else "") for value, words in column.words.items()]


def _listed(values: Sequence[tuple[str, str]]) -> Words:
    shown = values[:_SHOWN]
    en = ", ".join(f"{value} ({zh})" if zh else value for value, zh in shown)
    zh = "、".join(f"{value}（{zh}）" if zh else value for value, zh in shown)
    if len(values) > _SHOWN:
        en += f", ... ({len(values)} in all; see the scheme file or docs/tables.md)"
        zh += f"等{len(values)}项（见方案文件或 docs/tables.md）"
    return Words(en, zh)
