"""The report as a workbook: contents first, then one sheet a table; values alone, no formulas."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.records.cells import guard_text
from sanzhixin.records.workbooks import NOT_IN_XML, new_workbook, save_workbook
from sanzhixin.validation.tables.judged import VERDICTS

if TYPE_CHECKING:
    from sanzhixin.validation.evidence.facts import Fact, Facts
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["render_workbook"]

_CONTENTS, _FACTS = "contents", "facts"
_LONGEST_NAME = 31
_HEAD = ("sheet", "标题", "title", "rows", *VERDICTS, "说明", "note")
_WIDTHS = {"A": 26, "B": 28, "C": 34, "I": 14}


def render_workbook(tables: Mapping[str, Judged], facts: Facts) -> bytes:
    """Write tables and facts as a workbook.

    Parameters
    ----------
    tables : mapping of str to Judged
        By name, in order; a name is that of its sheet, cut to 31 characters.
    facts : dict of str to dict of str to Fact
        What another run needs to come to the same bytes.

    Returns
    -------
    bytes
        An .xlsx file: ``contents`` (titles, notes, rows by verdict), a sheet a table in full with
        the columns of the table, ``facts`` with a row a plain value.  A missing value is an empty
        cell.  Equal tables give equal bytes; text that a spreadsheet could take for a formula is
        made harmless.
    """
    book = new_workbook(write_only=True)
    contents = [_line(one) for one in tables.values()]
    _fill(book, _CONTENTS, _HEAD, contents, _WIDTHS)
    for name, judged in tables.items():
        table = judged.table
        rows = [list(row) for row in table.itertuples(index=False, name=None)]
        _fill(book, name[:_LONGEST_NAME], [str(column) for column in table], rows, {"A": 24})
    told = [[group, *one] for group, own in facts.items() for one in _leaves(own)]
    _fill(book, _FACTS, ("group", "fact", "value"), told, {"A": 12, "B": 26, "C": 90})
    stream = io.BytesIO()
    save_workbook(book, stream)
    return stream.getvalue()


def _leaves(facts: Mapping[str, Fact]) -> Iterator[tuple[str, Any]]:
    """Name every plain value; what a fact holds stands behind a dot."""
    for name, fact in facts.items():
        if isinstance(fact, dict):
            yield from ((f"{name}.{part}", value) for part, value in fact.items())
        else:
            yield name, fact


def _line(judged: Judged) -> list[Any]:
    counts = dict(judged.counts)
    return [
        judged.name[:_LONGEST_NAME],
        judged.title_zh,
        judged.title_en,
        len(judged.table),
        *(counts.get(word) for word in VERDICTS),
        judged.note_zh,
        judged.note_en,
    ]


def _fill(book: Any, name: str, head: Any, rows: list[list[Any]], widths: dict[str, int]) -> None:
    sheet = book.create_sheet(name)
    try:
        for column, width in widths.items():
            sheet.column_dimensions[column].width = width
        sheet.freeze_panes = "A2"
        for row in (head, *rows):
            sheet.append([_cell(sheet, value) for value in row])
    finally:
        sheet.close()


def _cell(sheet: Any, value: Any) -> Any:
    """Make a text cell of a text, whatever it looks like; a number that is not finite is none."""
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, str):
        cell = WriteOnlyCell(sheet, value=NOT_IN_XML.sub("\ufffd", guard_text(value)))
        cell.data_type = "s"
        return cell
    if pd.isna(value):
        return None
    number = value.item() if isinstance(value, np.generic) else value
    return number if isinstance(number, bool | int) or math.isfinite(number) else None
