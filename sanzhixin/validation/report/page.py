"""The report as one page: no scripts, nothing from elsewhere, Chinese and English by a switch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.errors.words import VERDICT_WORDS
from sanzhixin.validation.papers.layout import content_policy
from sanzhixin.validation.report.words import COLUMNS, HOW_TO_READ, MARKS, SECTIONS, WORDS
from sanzhixin.validation.tables.judged import VERDICTS

if TYPE_CHECKING:
    from sanzhixin.validation.evidence.facts import Fact, Facts
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["MOST_ALARMS", "MOST_ROWS", "render_page"]

MOST_ROWS = 60
"""Rows of a table that the page shows; the other files hold all."""

MOST_ALARMS = 30
"""Rows with an alarm that are listed at the top; more are counted there."""

_ALARMS = ("fail", "watch")
_NONE = "–"
_MOST_WHOLE = 1e15


@dataclass(frozen=True, slots=True)
class _Cell:
    """One cell: its text, and whether it is a number or a verdict."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """A table as the page shows it."""

    judged: Judged
    counts: dict[str, int]
    head: list[tuple[str, str]]
    rows: list[list[_Cell]]
    n_rows: int


def render_page(tables: Mapping[str, Judged], facts: Facts) -> str:
    """Write the report as HTML.

    Parameters
    ----------
    tables : mapping of str to Judged
        By name, in order.
    facts : dict of str to dict of str to Fact
        What another run needs to come to the same bytes.

    Returns
    -------
    str
        One page.  Every text is escaped; a content security policy forbids scripts and everything
        that is not in the page.

    Raises
    ------
    DomainError
        ``report_missing``: matplotlib or jinja2 is not installed.
    """
    from sanzhixin.validation.report.library import check_library

    check_library()
    from jinja2 import Environment, StrictUndefined

    from sanzhixin.validation.report.pictures import draw_pictures

    home = resources.files("sanzhixin.validation.report")
    style = home.joinpath("page.css").read_text("utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(home.joinpath("page.html.j2").read_text("utf-8"))
    pictures = draw_pictures(tables)
    shown, alarms = [_shown(one) for one in tables.values()], _alarms(tables)
    model_id = facts["model"]["model_id"]
    return template.render(
        alarms=alarms[:MOST_ALARMS],
        alarms_shown=_filled("alarms_shown", shown=MOST_ALARMS, n=len(alarms)),
        facts={
            name: [(key, _told(fact)) for key, fact in own.items()] for name, own in facts.items()
        },
        how=HOW_TO_READ,
        is_cut=len(alarms) > MOST_ALARMS,
        lead=_filled("lead", model=model_id, as_of=facts["data"]["as_of"]),
        marks=MARKS,
        model_id=model_id,
        pictures=pictures,
        policy=content_policy(style),
        sections={name: words for name, words in SECTIONS.items() if _is_used(name, pictures)},
        style=style,
        tables=shown,
        totals={word: sum(one.counts.get(word, 0) for one in shown) for word in VERDICTS},
        verdict_words=VERDICT_WORDS,
        verdicts=VERDICTS,
        w=WORDS,
    )


def _filled(key: str, **values: object) -> tuple[str, str]:
    zh, en = WORDS[key]
    return zh.format(**values), en.format(**values)


def _told(fact: Fact) -> tuple[str, str]:
    """Say a fact in both languages."""
    if not isinstance(fact, dict):
        text = _NONE if fact is None else f"{fact:,}" if isinstance(fact, int) else fact
        return text, text
    if "zh" in fact:
        return str(fact["zh"]), str(fact["en"])
    parts = {name: _NONE if value is None else value for name, value in fact.items()}
    if "rows" not in fact:
        return _filled("fact.window", **parts)
    zh, en = _filled("fact.table", **parts)
    same = WORDS["fact.as_in_fitting"] if fact["as_in_fitting"] else ("", "")
    return zh + same[0], en + same[1]


def _is_used(section: str, pictures: tuple[Any, ...]) -> bool:
    return any(one.section == section for one in pictures)


def _shown(judged: Judged) -> _Shown:
    table = judged.table
    rows = _chosen(table)
    names = [str(name) for name in table]
    cells = [
        [_cell(name, value) for name, value in zip(names, row, strict=True)]
        for row in rows.itertuples(index=False, name=None)
    ]
    head = [COLUMNS.get(name, (name, name.replace("_", " "))) for name in names]
    counts: dict[str, int] = {str(word): n for word, n in judged.counts.items()}
    return _Shown(judged, counts, head, cells, len(table))


def _chosen(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that are shown: at most `MOST_ROWS`, those with an alarm before others, in order."""
    if len(table) <= MOST_ROWS:
        return table
    places = list(range(len(table)))
    if "verdict" in table:
        alarms = table["verdict"].isin(_ALARMS).tolist()
        places.sort(key=lambda place: not alarms[place])
    return table.iloc[sorted(places[:MOST_ROWS])]


def _cell(name: str, value: Any) -> _Cell:
    if name == "verdict":
        return _Cell(str(value), "verdict")
    if isinstance(value, str):
        return _Cell(value, "text")
    if pd.isna(value):
        return _Cell(_NONE, "number")
    if isinstance(value, bool | np.bool_):
        return _Cell(str(value).lower(), "text")
    if float(value).is_integer() and abs(value) < _MOST_WHOLE:
        return _Cell(f"{int(value):,}", "number")
    return _Cell(f"{value:.4g}", "number")


def _alarms(tables: Mapping[str, Judged]) -> list[tuple[Judged, str, str]]:
    """Rows with fail, then those with watch: table, what the row is about, verdict."""
    found = []
    for word in _ALARMS:
        for judged in tables.values():
            table = judged.table
            rows = table[table["verdict"] == word] if "verdict" in table else table.iloc[:0]
            found += [(judged, _about(row), word) for row in rows.to_dict("records")]
    return found


def _about(row: Mapping[Any, Any]) -> str:
    told = [str(value) for value in row.values() if isinstance(value, str) and value]
    return " · ".join(told[:-1])
