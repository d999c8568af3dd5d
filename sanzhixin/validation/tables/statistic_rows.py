"""Rows of a table of statistics, put together in one form, and the word for a p-value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.validation.tables.judged import STATISTIC_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sanzhixin.validation.tables.judged import Verdict

__all__ = ["FAIL_BELOW", "WATCH_BELOW", "judge_p", "make_row", "make_table"]

WATCH_BELOW = 0.05
"""A p-value below this is a reason to look: yellow."""

FAIL_BELOW = 0.001
"""A p-value below this is no chance: red."""

_FLOATS = ("value", "low", "high", "threshold")


def judge_p(p_value: float, *, enough: bool = True) -> Verdict:
    """Tell the verdict that goes with a p-value.

    Parameters
    ----------
    p_value : float
        Of the claim that all is well; NaN where no test was possible.
    enough : bool, default=True
        Whether there are as many events as the test is told to need.

    Returns
    -------
    {"pass", "watch", "fail", "insufficient"}
        ``fail`` below `FAIL_BELOW`, ``watch`` below `WATCH_BELOW`: three lights, as of Tasche.

    References
    ----------
    Tasche (2003), A traffic lights approach to PD validation, https://arxiv.org/abs/cond-mat/0305038

    Examples
    --------
    >>> judge_p(0.02), judge_p(0.02, enough=False)
    ('watch', 'insufficient')
    """
    if not enough or np.isnan(p_value):
        return "insufficient"
    if p_value < FAIL_BELOW:
        return "fail"
    return "watch" if p_value < WATCH_BELOW else "pass"


def make_row(
    statistic: str,
    verdict: Verdict,
    about: Mapping[str, Any],
    *,
    value: float,
    between: tuple[float, float] = (np.nan, np.nan),
    threshold: float = np.nan,
) -> dict[str, Any]:
    """Put one row together.

    Parameters
    ----------
    statistic : str
        Its name.
    verdict : Verdict
        Its word.
    about : mapping
        What the row is about, ``n`` and ``events`` among it, and further columns such as
        ``p_value``.
    value : float
        The statistic.
    between : pair of float, optional
        Its interval; NaN where there is none.
    threshold : float, optional
        What it is compared with; NaN where it is not.

    Returns
    -------
    dict
        For `make_table`.

    Examples
    --------
    >>> make_row("gini", "info", {"n": 10, "events": 2}, value=0.5)["statistic"]
    'gini'
    """
    own = {"value": value, "low": between[0], "high": between[1], "threshold": threshold}
    return {"statistic": statistic, **about, **own, "verdict": verdict}


def make_table(
    rows: Iterable[Mapping[str, Any]], about: Sequence[str] = (), *, more: Sequence[str] = ()
) -> pd.DataFrame:
    """Lay rows out as a table of statistics.

    Parameters
    ----------
    rows : iterable of mappings
        By `make_row`, in the order they are shown.
    about : sequence of str, optional
        Columns that say what a row is about; they follow ``statistic``.
    more : sequence of str, optional
        Numbers that follow ``verdict``, such as ``p_value``; NaN where a row has none.

    Returns
    -------
    DataFrame
        With `STATISTIC_COLUMNS`, of the same types whatever the rows are.

    Examples
    --------
    >>> row = make_row("gini", "info", {"village_id": "V01", "n": 10, "events": 2}, value=0.5)
    >>> list(make_table([row], ["village_id"]))[:4]
    ['statistic', 'village_id', 'n', 'events']
    """
    columns = [STATISTIC_COLUMNS[0], *about, *STATISTIC_COLUMNS[1:], *more]
    types = dict.fromkeys((*_FLOATS, *more), "float64") | {"n": "int64", "events": "Int64"}
    given = list(rows)
    return pd.DataFrame(
        {
            name: pd.Series([row.get(name) for row in given], dtype=types.get(name, "str"))
            for name in columns
        }
    )
