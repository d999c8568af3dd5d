"""How judged tables look in a notebook: verdict counts, and the first rows of one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sanzhixin.errors import mask_id
from sanzhixin.errors.words import VERDICT_WORDS
from sanzhixin.scheme.notebook import grid, panel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sanzhixin.validation.tables.judged import Judged

__all__ = ["count_verdicts", "show_judged", "show_tables"]

_MOST_ROWS = 20
_MASKED = ("household_id", "rater_id")


def count_verdicts(tables: Iterable[Judged]) -> str:
    """Count the rows of tables by verdict.

    Parameters
    ----------
    tables : iterable of Judged
        Which.

    Returns
    -------
    str
        As ``pass 3, watch 1``; verdicts that no row has are left out.

    Examples
    --------
    >>> count_verdicts([])
    ''
    """
    counts = [{str(word): n for word, n in one.counts.items()} for one in tables]
    sums = {word: sum(own.get(word, 0) for own in counts) for word in VERDICT_WORDS}
    return ", ".join(f"{word} {n}" for word, n in sums.items() if n)


def show_judged(judged: Judged) -> str:
    """Write one table for a notebook.

    Parameters
    ----------
    judged : Judged
        Which.

    Returns
    -------
    str
        HTML: titles, verdict counts, the first 20 rows; households and raters stand masked.
    """
    table = judged.table
    first = _masked(table.head(_MOST_ROWS))
    rows = [[_told(cell) for cell in row] for row in first.itertuples(index=False, name=None)]
    shown = f"{len(first)} / {len(table):,}"
    facts = [("名称 name", judged.name), ("判定 verdicts", count_verdicts([judged]) or None)]
    title = f"{judged.title_zh} {judged.title_en}"
    return panel(title, facts, grid(f"行 rows ({shown})", [str(name) for name in table], rows))


def show_tables(title: str, facts: Sequence[tuple[str, object]], tables: Iterable[Judged]) -> str:
    """Write a list of tables for a notebook.

    Parameters
    ----------
    title : str
        What holds them.
    facts : sequence of (str, object)
        Name and value; None is left out.
    tables : iterable of Judged
        In the order of the report.

    Returns
    -------
    str
        HTML: one row a table with its verdict counts.
    """
    words = [f"{zh} {en}" for zh, en in VERDICT_WORDS.values()]
    rows = []
    for one in tables:
        counts = {str(word): n or None for word, n in one.counts.items()}
        told = (one.name, one.title_zh, one.title_en, len(one.table))
        rows.append([*told, *map(counts.get, VERDICT_WORDS)])
    return panel(title, facts, grid("表 tables", ("name", "zh", "en", "行 rows", *words), rows))


def _masked(table: pd.DataFrame) -> pd.DataFrame:
    masked = {name: table[name].astype("str").map(mask_id) for name in _MASKED if name in table}
    if {"unit", "id"} <= set(table):
        is_rater = table["unit"] == "rater"
        masked["id"] = table["id"].where(~is_rater, table["id"].astype("str").map(mask_id))
    return table.assign(**masked)


def _told(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell
    if pd.isna(cell):
        return None
    return f"{cell:.4g}" if isinstance(cell, float) else cell
