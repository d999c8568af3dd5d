"""The shape of everything that is judged: a tidy table, how to read it, and one word a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from sanzhixin.validation.tables.notebook import count_verdicts, show_judged

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["STATISTIC_COLUMNS", "VERDICTS", "Judged", "Verdict"]

Verdict = Literal["pass", "watch", "fail", "insufficient", "info"]
"""``insufficient``: too few events to say; ``info``: shown, not judged."""

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

STATISTIC_COLUMNS = (*("statistic", "n", "events", "value", "low", "high", "threshold", "verdict"),)
"""Columns that a table of statistics has; what a row is about stands between the first two."""


@dataclass(frozen=True, slots=True, repr=False)
class Judged:
    """One table that a reviewer reads.

    Attributes
    ----------
    name : str
        Stable name, also of its sheet and its key in JSON.
    table : DataFrame
        Tidy, sorted.  A table of statistics has `STATISTIC_COLUMNS`: ``n`` loans or households,
        ``events`` defaults among them (missing where it means nothing), ``value`` with its
        interval ``low`` to ``high`` (missing where there is none), ``threshold`` that it is
        compared with, and ``verdict``.
    title_zh, title_en : str
        Short heading.
    note_zh, note_en : str
        How to read it: level of the intervals, what is assumed, what was left out.
    """

    name: str
    table: pd.DataFrame
    title_zh: str
    title_en: str
    note_zh: str
    note_en: str

    def __repr__(self) -> str:
        counts = count_verdicts([self])
        return f"Judged({self.name!r}, {len(self.table)} rows{': ' * bool(counts)}{counts})"

    def _repr_html_(self) -> str:
        return show_judged(self)

    @property
    def counts(self) -> dict[Verdict, int]:
        """Rows by verdict; empty for a table that has none."""
        if "verdict" not in self.table:
            return {}
        found = self.table["verdict"].value_counts()
        return {word: int(found.get(word, 0)) for word in VERDICTS}
