"""A card on paper: a readable page, and a workbook without formulas."""

from __future__ import annotations

import math
import re
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from sanzhixin.errors import OutputError
from sanzhixin.records.whole_file import write_whole

if TYPE_CHECKING:
    from sanzhixin.modelling.cards.points_card import PointsCard

__all__ = ["card_to_markdown", "write_card_workbook"]


def card_to_markdown(card: PointsCard) -> str:
    """Write a card as a page that can be read aloud.

    Parameters
    ----------
    card : PointsCard
        The card.

    Returns
    -------
    str
        Markdown: what a total means, then one table for each characteristic.
    """
    lines = ["# Scorecard", "", f"Every case starts with {card.base} points.", ""]
    if card.per_log_odds:
        doubling = card.per_log_odds * math.log(2)
        lines += [
            f"{doubling:.4g} points more halve the odds of default; "
            f"{card.offset:.2f} points stand for one default in two.",
            "",
        ]
    for item in card.characteristics:
        name = _escape(item.bins.name)
        lines += [f"## {name}", "", "| bin | rows | event rate | WoE | points |"]
        lines += ["|---|---:|---:|---:|---:|"]
        bins = item.bins
        whole = bins.events + bins.nonevents
        for k, label in enumerate(map(_escape, bins.labels)):
            rate = f"{bins.events[k] / whole[k]:.2%}" if whole[k] else ""
            woe = "" if np.isnan(bins.woe[k]) else f"{bins.woe[k]:.3f}"
            points = "refused" if np.isnan(bins.woe[k]) else str(item.points[k])
            lines.append(f"| {label} | {whole[k]:.15g} | {rate} | {woe} | {points} |")
        lines.append("")
    if card.edits:
        lines += ["## Edits", "", "| column | action | from | to | levels | reason | by | on |"]
        lines += ["|---|---|---|---|---|---|---|---|"]
        for edit in card.edits:
            cells = [edit.feature, edit.action, edit.low, edit.high, ", ".join(edit.levels)]
            cells += [edit.reason, edit.by, edit.on]
            shown = ["" if cell is None else _escape(str(cell)) for cell in cells]
            lines.append(f"| {' | '.join(shown)} |")
        lines.append("")
    return "\n".join(lines)


def _escape(text: str) -> str:
    """Keep a text within its cell: no bars, no line breaks, no markup."""
    for mark in "\\`*_{}<>#|]~&":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def write_card_workbook(card: PointsCard, path: str | Path) -> Path:
    """Write a card as a workbook; every text is a text, never a formula.

    Parameters
    ----------
    card : PointsCard
        The card.
    path : str or Path
        Ends in ``.xlsx``; a file that stands there is replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        ``output_not_written``: disk full, no permission, no such folder.
    """
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 - a new workbook has one
    sheet.title = "card"
    _fill(sheet, card.table())
    scale = book.create_sheet("scale")
    for row in (
        ("base points", card.base),
        ("points at one default in two", card.offset),
        ("points per unit of log-odds", card.per_log_odds),
    ):
        scale.append(row)
    file = Path(path)
    content = BytesIO()
    book.save(content)
    try:
        write_whole(file, content.getvalue())
    except OSError as error:
        raise OutputError("output_not_written", path=file.name, problem=error.strerror) from None
    return file


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
                cell.value = value


def _visible(found: re.Match[str]) -> str:
    """Write a control character, which a workbook cannot hold, by its code."""
    return f"\\x{ord(found[0]):02x}"
