"""What one look at a model in use found, as a text: the alarms, figures, and how to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sanzhixin.errors import mask_id
from sanzhixin.errors.words import VERDICT_WORDS, Lang, alarms_told, pick
from sanzhixin.validation.report.cells import Names, say_codes
from sanzhixin.validation.report.rows import tell_row
from sanzhixin.validation.tables.judged import VERDICTS

if TYPE_CHECKING:
    from sanzhixin.validation.monitoring import Monitoring
    from sanzhixin.validation.tables.judged import Judged, Verdict

__all__ = ["MOST_LINES", "look_text"]

MOST_LINES = 10
"""Rows of a table that the text shows; its CSV file holds all."""

_RING: tuple[Verdict, ...] = ("watch", "fail")


def look_text(found: Monitoring, names: Names, lang: Lang) -> str:
    """Write a look as a text.

    Parameters
    ----------
    found : Monitoring
        Of `monitor`.
    names : mapping
        Names of codes, of `scheme_names`.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    str
        Which kinds ring; of each table how many rows have which verdict, the first row and those
        that ask for a look; then the notes of the tables.  Raters are masked.

    Examples
    --------
    >>> import datetime as dt
    >>> import sanzhixin as szx
    >>> from sanzhixin.simulate.earlier import stood_on
    >>> from sanzhixin.validation.monitoring import monitor
    >>> county = szx.simulate_county(villages=2, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> found = monitor(stood_on(county, dt.date(2025, 12, 31)), county, model)
    >>> look_text(found, {}, "en").splitlines()[0]
    'Model tongxiang-fitted/0.1.0: 2025-12-31 against 2026-06-30. Alarms: none.'
    """
    parts = [_head(found, lang)]
    parts += [_part(judged, names, lang) for judged in found.tables.values()]
    parts.append(pick(lang, ("各表说明", "How to read the tables")))
    for one in found.tables.values():
        if one.note_en:
            zh, en = f"【{one.title_zh}】{say_codes(one.note_zh)}", f"{one.title_en}. {one.note_en}"
            parts.append(pick(lang, (zh, en)))
    return "\n\n".join(parts)


def _head(found: Monitoring, lang: Lang) -> str:
    days, rung = (found.as_of_old, found.as_of), alarms_told(lang, found.ringing)
    zh = f"模型 {found.model_id}：{days[0]} 与 {days[1]} 比较。报警：{rung}。"
    en = f"Model {found.model_id}: {days[0]} against {days[1]}. Alarms: {rung}."
    if found.stop:
        reasons = alarms_told(lang, found.reasons)
        zh, en = f"{zh}应停用：{reasons}。", f"{en} To be stopped: {reasons}."
    if found.n_leads:
        zh += (
            "各表中判为关注或不通过的行只按本表判定，是查看的线索；"
            "是否报警以“报警”一节为准，那里已计入多次查看和多类检验。"
        )
        en += (
            " Rows of a table with watch or fail are judged by that table alone and say where to "
            "look; whether an alarm rings is told under the alarms, which allow for repeated looks "
            "and several kinds."
        )
    return pick(lang, (zh, en))


def _part(judged: Judged, names: Names, lang: Lang) -> str:
    """Title, counts, and the rows that matter of one table."""
    table = judged.table
    title = pick(lang, (f"【{judged.title_zh}】", f"{judged.title_en}: "))
    if judged.name == "tier_changes":
        return title + _moves(table, lang)
    counts = [
        f"{pick(lang, VERDICT_WORDS[word])} {judged.counts[word]}"
        for word in VERDICTS
        if judged.counts.get(word)
    ]
    rows = _chosen(judged).to_dict("records")
    lines = [title + (pick(lang, ("，", ", ")).join(counts) or pick(lang, ("没有行", "no rows")))]
    lines += [f"- {_line(judged.name, row, names, lang)}" for row in rows[:MOST_LINES]]
    if len(rows) > MOST_LINES:
        left = len(rows) - MOST_LINES
        more = f"另有 {left} 行，见 {judged.name}.csv", f"{left} more rows: {judged.name}.csv"
        lines.append(f"- {pick(lang, more)}")
    return "\n".join(lines)


def _chosen(judged: Judged) -> pd.DataFrame:
    """Every kind of alarm; of causes the shares; else the first row and those to look at."""
    table = judged.table
    if judged.name == "alarms":
        return table
    if judged.name == "change_causes":
        own = table[(table["statistic"] == "main_share") & (table["value"] > 0)]
        return own.sort_values(["direction", "value"], ascending=False, kind="stable")
    first = pd.Series(range(len(table)), table.index) == 0
    return table[first | table["verdict"].isin(_RING)]


def _line(table: str, row: dict[Any, Any], names: Names, lang: Lang) -> str:
    """Say a row, what it is compared with, and its verdict."""
    if table == "alarms":
        return _alarm(row, lang)
    if row.get("unit") == "rater":
        row = row | {"id": mask_id(str(row["id"]))}
    told = pick(lang, tell_row(table, row, names))
    if not pd.isna(row["low"]):
        low, high = (f"{row[end]:.4g}" for end in ("low", "high"))
        between = f"（{low} 至 {high}）", f" ({low} to {high})"
        told += pick(lang, between)
    elif not pd.isna(row["threshold"]):
        limit = f"{row['threshold']:.4g}"
        told += pick(lang, (f"（界限 {limit}）", f" (limit {limit})"))
    if row["verdict"] == "info":
        return told
    return told + pick(lang, ("，", ", ")) + pick(lang, VERDICT_WORDS[str(row["verdict"])])


def _alarm(row: dict[Any, Any], lang: Lang) -> str:
    """Say a kind of alarm: its least p-value beside what it may spend."""
    kind, verdict = alarms_told(lang, [str(row["kind"])]), str(row["verdict"])
    if pd.isna(row["p_adjusted"]):
        return kind + pick(lang, ("：", ": ")) + pick(lang, VERDICT_WORDS[verdict])
    p, limit = f"{row['p_adjusted']:.2g}", f"{row['threshold']:.2g}"
    rings = verdict in _RING
    zh = f"{kind}：p 值 {p}，报警界限 {limit}，" + ("报警" if rings else "未报警")
    en = f"{kind}: p {p}, alarm below {limit}, " + ("rings" if rings else "quiet")
    return pick(lang, (zh, en))


def _moves(table: pd.DataFrame, lang: Lang) -> str:
    """Count the households that went up and down."""
    up, down = (int((table["direction"] == way).sum()) for way in ("up", "down"))
    return pick(lang, (f"上升 {up} 户，下降 {down} 户", f"{up} households up, {down} down"))
