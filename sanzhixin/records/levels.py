"""What a level of an event or a list class of an official record may be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.records.grammar import word
from sanzhixin.scheme.catalog import LISTED_CLASSES

if TYPE_CHECKING:
    from sanzhixin.scheme import Scheme

__all__ = ["level_table", "list_class_table"]


def level_table(scheme: Scheme) -> dict[tuple[str, str], str]:
    """Map (event code, normalised word) to the level's name.

    A blank level means the only level of an event that has just one.
    """
    table: dict[tuple[str, str], str] = {}
    for code, rule in scheme.event_rules.items():
        for level in rule.levels:
            table[code, word(level.level)] = level.level
            table[code, word(level.zh)] = level.level
        if len(rule.levels) == 1:
            table[code, ""] = rule.levels[0].level
    return table


def list_class_table(scheme: Scheme) -> dict[tuple[str, str], str]:
    """Map (register code, normalised word) to the list class that the scheme states."""
    table: dict[tuple[str, str], str] = {}
    for code, rule in scheme.official_rules.items():
        table[code, word(rule.list_class)] = rule.list_class
        if rule.list_class in LISTED_CLASSES:
            table[code, word(LISTED_CLASSES[rule.list_class])] = rule.list_class
    return table
