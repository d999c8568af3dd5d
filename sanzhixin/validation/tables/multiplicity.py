"""Many tests at once: p-values adjusted within a table, alarms that chance alone would raise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sanzhixin.numerics.multiplicity import adjust_holm, adjust_p_values
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import FAIL_BELOW, WATCH_BELOW, judge_p

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["adjust_judged", "compute_multiple_testing", "judge_families"]

_TESTED = ("pass", "watch", "fail")
_OF_GAINS = frozenset({"panel_value", "proxy"})  # small p-values there are no alarms
_COUNTS = (
    "n_rows",
    "n_insufficient",
    "n_tested",
    "n_with_p",
    "n_watch",
    "n_watch_with_p",
    "n_fail",
)


def adjust_judged(table: pd.DataFrame) -> pd.DataFrame:
    """Adjust the p-values of judged rows for the false discovery rate; verdicts stay.

    Parameters
    ----------
    table : DataFrame
        By `make_table`, with ``p_value``.

    Returns
    -------
    DataFrame
        The table with ``p_adjusted``, NaN where nothing was judged.

    Examples
    --------
    >>> table = pd.DataFrame({"verdict": ["pass", "info", "watch"], "p_value": [0.4, 0.1, 0.02]})
    >>> adjust_judged(table)["p_adjusted"].tolist()
    [0.4, nan, 0.04]
    """
    p_value = table["p_value"].where(table["verdict"].isin(_TESTED))
    return table.assign(p_adjusted=adjust_p_values(p_value.to_numpy()))


def judge_families(table: pd.DataFrame, family: str) -> pd.DataFrame:
    """Judge the rows of each family by p-values that hold the chance of any false alarm in it.

    Parameters
    ----------
    table : DataFrame
        By `make_table`, with ``p_value``; rows without one keep their verdict.
    family : str
        Column that names the family of a row.

    Returns
    -------
    DataFrame
        The table with ``p_adjusted`` (Holm) and the verdicts that go with it.

    Examples
    --------
    >>> table = pd.DataFrame({"unit": ["county", "rater", "rater"], "p_value": [0.04, 0.04, 0.03],
    ...     "verdict": "pass"})
    >>> judge_families(table, "unit")["verdict"].tolist()
    ['watch', 'pass', 'pass']
    """
    p_value = table["p_value"].astype("float64")
    adjusted = p_value.groupby(table[family]).transform(lambda own: adjust_holm(own.to_numpy()))
    told = [
        word if np.isnan(p) else judge_p(p)
        for p, word in zip(adjusted, table["verdict"], strict=True)
    ]
    return table.assign(p_adjusted=adjusted, verdict=pd.array(told, dtype="str"))


def compute_multiple_testing(tables: Iterable[Judged]) -> Judged:
    """Count verdicts, and how many alarms are expected where all is well.

    Parameters
    ----------
    tables : iterable of Judged
        Those without verdicts are left out.

    Returns
    -------
    Judged
        One row per table, then one of all (``table`` is "all"): ``n_rows``, ``n_insufficient``,
        ``n_tested`` (rows with pass, watch or fail, and rows whose ``p_value`` was adjusted within
        their table, whatever word was told), ``n_with_p`` (of these, with a ``p_value`` of the
        claim that all is well, which those of ``panel_value`` and ``proxy`` are not), ``n_watch``,
        ``n_watch_with_p`` (of these, the rows counted in ``n_with_p``: with ``n_fail`` it compares
        with ``expected_alarms``; rows that are watched by an interval or a line do not),
        ``n_fail``; ``expected_alarms`` and ``expected_fails`` by chance among the rows with a
        p-value; ``n_alarms_adjusted``: p-values below 0.05 after adjustment over all tables
        at once, and ``smallest_p_adjusted``.

    References
    ----------
    Benjamini and Hochberg (1995), https://doi.org/10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> from sanzhixin.validation.tables.statistic_rows import make_row, make_table
    >>> about = {"n": 9, "events": 1}
    >>> rows = [make_row("a", "watch", about | {"p_value": p}, value=0) for p in (0.02, 0.03)]
    >>> judged = Judged("drift", make_table(rows, more=["p_value"]), "", "", "", "")
    >>> compute_multiple_testing([judged]).table[["table", "n_watch", "expected_alarms"]]
       table  n_watch  expected_alarms
    0  drift        2              0.1
    1    all        2              0.1
    """
    with_verdicts = [one for one in tables if "verdict" in one.table]
    of_rows = [_p_values(one) for one in with_verdicts]
    adjusted = adjust_p_values(np.concatenate([np.zeros(0), *of_rows]))
    ends = np.cumsum([one.size for one in of_rows])[:-1]
    parts = np.split(adjusted, ends) if of_rows else []
    rows = [_row(one, own) for one, own in zip(with_verdicts, parts, strict=True)]
    columns = ["table", *_COUNTS, "expected_alarms", "expected_fails"]
    columns += ["n_alarms_adjusted", "smallest_p_adjusted"]
    table = pd.DataFrame(rows, columns=columns)
    whole = {name: table[name].sum() for name in columns[1:-1]}
    known = adjusted[~np.isnan(adjusted)]
    smallest = float(known.min()) if known.size else np.nan
    table.loc[len(table)] = {"table": "all", **whole, "smallest_p_adjusted": smallest}
    types = dict.fromkeys((*_COUNTS, "n_alarms_adjusted"), "int64")
    floats = dict.fromkeys(("expected_alarms", "expected_fails", "smallest_p_adjusted"), "float64")
    return Judged(
        "multiple_testing",
        table.astype(types | floats | {"table": "str"}),
        "多重检验",
        "Many tests at once",
        "检验越多，偶然误报越多。expected_alarms 为一切正常时 p 值低于"
        f" {WATCH_BELOW:g} 的预期行数，"
        f"expected_fails 为低于 {FAIL_BELOW:g} 的预期行数，仅计有 p 值的判定行，"
        "应与 n_watch_with_p 加 n_fail 相比；按区间或界限判为 watch 而无 p 值的行"
        "（如公平性比率，未触线者为 info）只计入 n_watch。"
        "精确检验的实际误报少于此数。"
        "n_alarms_adjusted 为全部表合并作 Benjamini-Hochberg 调整后仍低于"
        f" {WATCH_BELOW:g} 的行数。panel_value 与 proxy 的 p 值小不是警报，不计。"
        "同一批贷款的检验彼此相关。",
        "The more tests, the more alarms by chance. expected_alarms is how many p-values would be "
        f"below {WATCH_BELOW:g} where all is well, expected_fails below {FAIL_BELOW:g}, among "
        "judged rows with a p-value, to be compared with n_watch_with_p and n_fail; rows that are "
        "watched by an interval or a line without a p-value (such as ratios of fairness, which are "
        "info where they do not ring) stand in n_watch alone. Exact tests raise fewer. "
        f"n_alarms_adjusted counts what stays below {WATCH_BELOW:g} "
        "after the adjustment of Benjamini and Hochberg over all tables "
        "together. Small p-values of panel_value and proxy are no alarms and do not count. "
        "Tests of the same loans go together.",
    )


def _is_tested(table: pd.DataFrame) -> pd.Series:
    """Tell the rows that could have been an alarm, those that were none included."""
    is_tested = table["verdict"].isin(_TESTED)
    return is_tested | table["p_adjusted"].notna() if "p_adjusted" in table else is_tested


def _p_values(judged: Judged) -> Floats:
    """P-values of the judged rows; NaN elsewhere."""
    table = judged.table
    if "p_value" not in table or judged.name in _OF_GAINS:
        return np.full(len(table), np.nan)
    p_value = table["p_value"].where(_is_tested(table))
    return p_value.to_numpy(dtype=np.float64, na_value=np.nan)


def _row(judged: Judged, adjusted: Floats) -> dict[str, object]:
    counts = judged.counts
    is_known = ~np.isnan(adjusted)
    known = adjusted[is_known]
    watched = judged.table["verdict"].eq("watch").to_numpy()
    return {
        "table": judged.name,
        "n_rows": len(judged.table),
        "n_insufficient": counts["insufficient"],
        "n_tested": int(_is_tested(judged.table).sum()),
        "n_with_p": known.size,
        "n_watch": counts["watch"],
        "n_watch_with_p": int((watched & is_known).sum()),
        "n_fail": counts["fail"],
        "expected_alarms": known.size * WATCH_BELOW,
        "expected_fails": known.size * FAIL_BELOW,
        "n_alarms_adjusted": int((known < WATCH_BELOW).sum()),
        "smallest_p_adjusted": float(known.min()) if known.size else np.nan,
    }
