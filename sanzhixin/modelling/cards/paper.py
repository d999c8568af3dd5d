"""A card on paper: a readable page, and a workbook without formulas."""

from __future__ import annotations

import math
import re
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from sanzhixin.errors import DomainError, OutputError
from sanzhixin.numerics.choices import check_choice
from sanzhixin.records.whole_file import write_whole

if TYPE_CHECKING:
    from sanzhixin.modelling.cards.points_card import PointsCard

__all__ = ["Language", "card_to_markdown", "write_card_workbook"]

Language = Literal["en", "zh"]
"""Of headings: English or Chinese."""

_PAGES: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Scorecard",
        "base": "Every case starts with {base} points.",
        "scale": "{doubling} points more halve the odds of default; "
        "{even} points stand for one default in two.",
        "empty": "No characteristic is on the card: every case has the same probability.",
        "head": "| bin | rows | event rate | WoE | points |",
        "refused": "refused",
        "edits": "Edits",
    },
    "zh": {
        "title": "评分卡",
        "base": "每户基础分为 {base} 分。",
        "scale": "每多 {doubling} 分，违约比率减半；{even} 分对应违约与否各半。",
        "empty": "卡上没有任何特征：各户违约概率相同。",
        "head": "| 分箱 | 行数 | 违约率 | 证据权重 | 积分 |",
        "refused": "拒绝",
        "edits": "人工调整",
    },
}
_EDITS: dict[Language, list[str]] = {
    "en": ["column", "action", "from", "to", "levels", "reason", "by", "on"],
    "zh": ["列", "操作", "起", "止", "水平", "理由", "经办", "日期"],
}
_SHEETS: dict[Language, tuple[str, str, str]] = {
    "en": ("card", "scale", "edits"),
    "zh": ("评分卡", "刻度", "调整"),
}
_SCALE: dict[Language, tuple[str, str, str]] = {
    "en": ("base points", "points at one default in two", "points per unit of log-odds"),
    "zh": ("基础分", "违约与否各半时的分数", "每单位对数比率的分数"),
}
_KINDS_ZH = {
    "base": "基础分",
    "bin": "分箱",
    "special": "特殊值",
    "missing": "缺失",
    "unseen": "未见过",
}
_ACTIONS_ZH = {"split": "拆分", "merge": "合并", "lock": "锁定"}
_COLUMNS_ZH = {
    "feature": "特征",
    "bin": "箱号",
    "label": "取值",
    "kind": "类别",
    "n_rows": "行数",
    "share": "占比",
    "n_events": "违约数",
    "event_rate": "违约率",
    "woe": "证据权重",
    "woe_se": "权重标准误",
    "coefficient": "系数",
    "points": "积分",
    "reference": "基准分",
}


def card_to_markdown(card: PointsCard, language: Language = "en") -> str:
    """Write a card as a page that can be read aloud.

    Parameters
    ----------
    card : PointsCard
        The card.
    language : {"en", "zh"}, default="en"
        Of the headings.

    Returns
    -------
    str
        Markdown: what a total means, then one table for each characteristic.

    Raises
    ------
    DomainError
        ``option_choice``: another language.
    """
    check_choice("language", language, Language)
    page = _PAGES[language]
    lines = [f"# {page['title']}", "", page["base"].format(base=card.base), ""]
    if card.per_log_odds:
        doubling = f"{card.per_log_odds * math.log(2):.4g}"
        lines += [page["scale"].format(doubling=doubling, even=f"{card.offset:.2f}"), ""]
    else:
        lines += [page["empty"], ""]
    for item in card.characteristics:
        lines += [f"## {_escape(item.bins.name)}", "", page["head"], "|---|---:|---:|---:|---:|"]
        bins = item.bins
        whole = bins.events + bins.nonevents
        for k, label in enumerate(bins.labels):
            shown = _escape(_label(label, bins.kinds[k], language))
            rate = f"{bins.events[k] / whole[k]:.2%}" if whole[k] else ""
            woe = "" if np.isnan(bins.woe[k]) else f"{bins.woe[k]:.3f}"
            points = page["refused"] if np.isnan(bins.woe[k]) else str(item.points[k])
            lines.append(f"| {shown} | {whole[k]:.15g} | {rate} | {woe} | {points} |")
        lines.append("")
    if card.edits:
        heads = _EDITS[language]
        lines += [f"## {page['edits']}", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
        for row in _edit_rows(card, language):
            shown_cells = ["" if cell is None else _escape(str(cell)) for cell in row]
            lines.append(f"| {' | '.join(shown_cells)} |")
        lines.append("")
    return "\n".join(lines)


def _edit_rows(card: PointsCard, language: Language) -> list[tuple[str | float | None, ...]]:
    names = _ACTIONS_ZH if language == "zh" else {}
    return [
        (
            e.feature,
            names.get(e.action, e.action),
            e.low,
            e.high,
            ", ".join(e.levels),
            e.reason,
            e.by,
            e.on,
        )
        for e in card.edits
    ]


def _label(label: str, kind: str, language: Language) -> str:
    """Name a group; missing and unseen, which nobody named, in the language of the page."""
    own = kind in ("missing", "unseen") and language == "zh"
    return _KINDS_ZH[kind] if own else label


def _escape(text: str) -> str:
    """Keep a text within its cell: no bars, no line breaks, no markup."""
    for mark in "\\`*_{}<>#|]~&":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def write_card_workbook(card: PointsCard, path: str | Path, language: Language = "en") -> Path:
    """Write a card as a workbook; every text is a text, never a formula.

    Parameters
    ----------
    card : PointsCard
        The card.
    path : str or Path
        Ends in ``.xlsx``; a file that stands there is replaced.
    language : {"en", "zh"}, default="en"
        Of the headings.

    Returns
    -------
    Path
        The file: sheets of the card, its scale and its edits.

    Raises
    ------
    DomainError
        ``option_choice``: another language; ``card_suffix``: another ending.
    OutputError
        ``output_not_written``: disk full, no permission, no such folder.
    """
    check_choice("language", language, Language)
    file = Path(path)
    if file.suffix.lower() != ".xlsx":
        raise DomainError("card_suffix", path=file.name)
    book, sheets = Workbook(), _SHEETS[language]
    sheet = book.active
    assert sheet is not None  # noqa: S101 - a new workbook has one
    sheet.title = sheets[0]
    _fill(sheet, _card_table(card, language))
    scale = book.create_sheet(sheets[1])
    values = (card.base, card.offset, card.per_log_odds)
    for row in zip(_SCALE[language], values, strict=True):
        scale.append(row)
    edits = pd.DataFrame(_edit_rows(card, language), columns=_EDITS[language])
    _fill(book.create_sheet(sheets[2]), edits)
    content = BytesIO()
    book.save(content)
    try:
        write_whole(file, content.getvalue())
    except OSError as error:
        raise OutputError("output_not_written", path=file.name, problem=error.strerror) from None
    return file


def _card_table(card: PointsCard, language: Language) -> pd.DataFrame:
    table = card.table()
    if language == "en":
        return table
    kinds = table["kind"]
    own = kinds.isin(["base", "missing", "unseen"])
    table["label"] = table["label"].where(~own, kinds.map(_KINDS_ZH))
    table["kind"] = kinds.map(_KINDS_ZH)
    table["feature"] = table["feature"].where(kinds != "base", _KINDS_ZH["base"])
    return table.rename(columns=_COLUMNS_ZH)


def _fill(sheet: Any, table: pd.DataFrame) -> None:
    sheet.append(list(table.columns))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for place, row in enumerate(table.itertuples(index=False), start=2):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(row=place, column=column)
            if isinstance(value, str):
                cell.value = ILLEGAL_CHARACTERS_RE.sub(_visible, value)
                cell.data_type = "s"  # "=1+1" stays a text
            elif not pd.isna(value):
                cell.value = value if np.isfinite(value) else str(value)


def _visible(found: re.Match[str]) -> str:
    """Write a control character, which a workbook cannot hold, by its code."""
    return f"\\x{ord(found[0]):02x}"
