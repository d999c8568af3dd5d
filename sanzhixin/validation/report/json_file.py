"""The report as JSON: every table in full, and the facts."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from sanzhixin.validation.evidence.facts import Facts
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["render_json"]

_FORMAT = "sanzhixin-validation/1"


def render_json(tables: Mapping[str, Judged], facts: Facts) -> str:
    r"""Write tables and facts as JSON.

    Parameters
    ----------
    tables : mapping of str to Judged
        By name, in order.
    facts : dict of str to dict of str to Fact
        What another run needs to come to the same bytes.

    Returns
    -------
    str
        Keys ``format``, ``facts`` and ``tables``; a table has ``name``, its titles and notes,
        ``verdicts`` (rows by verdict), ``columns`` and ``rows`` (lists in the order of the
        columns); null is missing.  Floats are written with all their digits.

    Examples
    --------
    >>> render_json({}, {})
    '{"format":"sanzhixin-validation/1","facts":{},"tables":[]}\n'
    """
    content = {
        "format": _FORMAT,
        "facts": facts,
        "tables": [_table(one) for one in tables.values()],
    }
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f"{text}\n"


def _table(judged: Judged) -> dict[str, Any]:
    table = judged.table
    return {
        "name": judged.name,
        "title_zh": judged.title_zh,
        "title_en": judged.title_en,
        "note_zh": judged.note_zh,
        "note_en": judged.note_en,
        "verdicts": dict(judged.counts),
        "columns": [str(name) for name in table],
        "rows": [[_plain(cell) for cell in row] for row in table.itertuples(index=False)],
    }


def _plain(value: Any) -> Any:
    """Write a value as JSON knows it; what is no finite number is missing or a text."""
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return None
    number = value.item() if isinstance(value, np.generic) else value
    is_number = isinstance(number, int | float) and math.isfinite(number)
    return number if is_number else str(number)
