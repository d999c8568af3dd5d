"""The report as one page: no scripts, nothing from elsewhere, Chinese and English by a switch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.errors.words import BASIS_WORDS, MODEL_STATUS_WORDS, VERDICT_WORDS, Lang
from sanzhixin.numerics.choices import check_choice
from sanzhixin.records.columns import TABLES
from sanzhixin.validation.papers.layout import content_policy
from sanzhixin.validation.report.cells import (
    Names,
    category_words,
    column_words,
    say_codes,
    statistic_words,
)
from sanzhixin.validation.report.leads import LEADS
from sanzhixin.validation.report.rows import NO_NUMBER, tell_number, tell_row
from sanzhixin.validation.report.words import FACT_WORDS, HOW_TO_READ, MARKS, SECTIONS, WORDS
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
_VALUE_WORDS = {"status": MODEL_STATUS_WORDS, "pd_basis": BASIS_WORDS}


@dataclass(frozen=True, slots=True)
class _Cell:
    """One cell: its text in both languages, what it is, and the code that the words stand for."""

    told: tuple[str, str]
    kind: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class _Head:
    """One head: its words, and the column that they stand for."""

    told: tuple[str, str]
    code: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """A table as the page shows it."""

    judged: Judged
    counts: dict[str, int]
    lead: tuple[str, str]
    note: tuple[str, str]
    head: list[_Head]
    rows: list[list[_Cell]]
    n_rows: int


def render_page(tables: Mapping[str, Judged], facts: Facts, lang: Lang = "zh") -> str:
    """Write the report as HTML.

    Parameters
    ----------
    tables : mapping of str to Judged
        By name, in order.
    facts : dict of str to dict of str to Fact
        What another run needs to come to the same bytes.
    lang : {"zh", "en"}, default="zh"
        Language in which the page opens.

    Returns
    -------
    str
        One page.  Every text is escaped; a content security policy forbids scripts and everything
        that is not in the page.

    Raises
    ------
    DomainError
        ``option_choice``: `lang`; ``report_missing``: matplotlib or jinja2 is not installed.
    """
    from sanzhixin.validation.report.library import check_library

    check_choice("lang", lang, Lang)
    check_library()
    from jinja2 import Environment, StrictUndefined

    from sanzhixin.validation.report.pictures import draw_pictures

    home = resources.files("sanzhixin.validation.report")
    style = home.joinpath("page.css").read_text("utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(home.joinpath("page.html.j2").read_text("utf-8"))
    names = _names_of(facts)
    pictures = draw_pictures(tables, names)
    titles = names | {one.name: (one.title_zh, one.title_en) for one in tables.values()}
    shown, alarms = [_shown(one, titles) for one in tables.values()], _alarms(tables, names)
    model_id = facts["model"]["model_id"]
    return template.render(
        alarms=alarms[:MOST_ALARMS],
        alarms_shown=_filled("alarms_shown", shown=MOST_ALARMS, n=len(alarms)),
        facts={
            group: [(_fact_words(group, key), key, _told(key, fact)) for key, fact in own.items()]
            for group, own in facts.items()
        },
        how=HOW_TO_READ,
        is_cut=len(alarms) > MOST_ALARMS,
        lang=lang,
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


def _fact_words(group: str, key: str) -> tuple[str, str]:
    """Name a fact; a version and a code of the scheme stand as they are."""
    if group == "names":
        return key, key
    if key in TABLES:
        return TABLES[key].zh, key
    return FACT_WORDS.get(key, (key, key))


def _told(key: str, fact: Fact) -> tuple[str, str]:
    """Say a fact in both languages."""
    words = _VALUE_WORDS.get(key, {})
    if isinstance(fact, str) and fact in words:
        return words[fact]
    if not isinstance(fact, dict):
        text = NO_NUMBER if fact is None else f"{fact:,}" if isinstance(fact, int) else fact
        return text, text
    if "zh" in fact:
        return str(fact["zh"]), str(fact["en"])
    parts = {name: NO_NUMBER if value is None else value for name, value in fact.items()}
    if "rows" not in fact:
        return _filled("fact.window", **parts)
    zh, en = _filled("fact.table", **parts)
    same = WORDS["fact.as_in_fitting"] if fact["as_in_fitting"] else ("", "")
    return zh + same[0], en + same[1]


def _is_used(section: str, pictures: tuple[Any, ...]) -> bool:
    return any(one.section == section for one in pictures)


def _names_of(facts: Facts) -> dict[str, tuple[str, str]]:
    """Take the names of codes from the facts."""
    own = facts.get("names", {})
    return {
        code: (str(fact["zh"]), str(fact["en"]))
        for code, fact in own.items()
        if isinstance(fact, dict)
    }


def _shown(judged: Judged, names: Names) -> _Shown:
    table = judged.table
    columns = [str(name) for name in table]
    pairs = [one for one in columns if f"{one}_zh" in columns and f"{one}_en" in columns]
    kept = [one for one in columns if one[:-3] not in pairs]  # their words stand in the cell
    cells = [
        [_cell(judged.name, row, name, names) for name in kept]
        for row in _chosen(table).to_dict("records")
    ]
    head = [_Head(column_words(name, names) or (name, name), name) for name in kept]
    counts: dict[str, int] = {str(word): n for word, n in judged.counts.items()}
    note = say_codes(judged.note_zh), judged.note_en
    lead = LEADS.get(judged.name, ("", ""))
    return _Shown(judged, counts, lead, note, head, cells, len(table))


def _chosen(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that are shown: at most `MOST_ROWS`, those with an alarm before others, in order."""
    if len(table) <= MOST_ROWS:
        return table
    places = list(range(len(table)))
    if "verdict" in table:
        alarms = table["verdict"].isin(_ALARMS).tolist()
        places.sort(key=lambda place: not alarms[place])
    return table.iloc[sorted(places[:MOST_ROWS])]


def _cell(table: str, row: Mapping[Any, Any], name: str, names: Names) -> _Cell:
    value = row[name]
    if name == "verdict":
        return _Cell((str(value), str(value)), "verdict")
    if isinstance(value, str):
        return _text(table, row, name, names)
    if isinstance(value, bool | np.bool_):
        return _Cell(WORDS["yes" if value else "no"], "text")
    text = tell_number(table, row, name)
    return _Cell((text, text), "number")


def _text(table: str, row: Mapping[Any, Any], name: str, names: Names) -> _Cell:
    """Say a code in words; what has none tells itself."""
    value = str(row[name])
    if name == "statistic":
        told = statistic_words(table, value)
    elif f"{name}_zh" in row:
        told = str(row[f"{name}_zh"]), str(row[f"{name}_en"])
    else:
        told = category_words(name, value, names)
    kind = "statistic" if name == "statistic" else "text"
    return _Cell(told or (value, value), kind, value if told else "")


def _alarms(
    tables: Mapping[str, Judged], names: Names
) -> list[tuple[Judged, tuple[str, str], str]]:
    """Rows with fail, then those with watch: table, what the row is about, verdict."""
    found = []
    for word in _ALARMS:
        for judged in tables.values():
            table = judged.table
            rows = table[table["verdict"] == word] if "verdict" in table else table.iloc[:0]
            told = [(judged, tell_row(judged.name, row, names)) for row in rows.to_dict("records")]
            found += [(*one, word) for one in told]
    return found
