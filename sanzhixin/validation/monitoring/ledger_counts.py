"""Entries of the ledger month by month against the months before, and code by code since then."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_probability, check_range
from sanzhixin.numerics.sequential import count_change_test, predict_count
from sanzhixin.validation.tables.columns import check_columns
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.multiplicity import judge_families
from sanzhixin.validation.tables.statistic_rows import make_row, make_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["LEAST_BEFORE", "LEAST_EVENTS", "compute_ledger_counts"]

LEAST_BEFORE = 6
"""Whole months before; below, no month is judged."""

LEAST_EVENTS = 10
"""Entries before and after together; below, a code is not judged."""

_NOTE_ZH = (
    "按登记月份计笔数（不论审核状态）。基准为 {since} 及以前最多 {months} 个完整月份，"
    "自首笔记录之后起算"
    "（{n_before} 个月）；其后完整月份逐月比较。events_month：value 为当月笔数，low 至 high 为"
    "{level:.0%} 预测限，threshold 为基准月均；events_since：各代码其后月均与基准月均。"
    "p 值取泊松条件精确检验与按月际离散度的检验中较大者，因此月际波动大于泊松时不会多报。"
    "p_adjusted 为同类各行的 Holm 调整：低于 0.05 为 watch，低于 0.001 为 fail。"
    "基准不足 {least} 个月或前后合计不足 {events} 笔为 insufficient。"
    "未计季节：集中评议的月份可能报警。"
)
_NOTE_EN = (
    "Entries by the month in which they were recorded, whatever their status. The months before "
    "are at most {months} whole ones up to {since}, after that of the first entry ({n_before} "
    "months); each whole month since is compared with them. events_month: value counts the month, "
    "low to high is its {level:.0%} prediction, threshold the mean before; events_since: by code, "
    "mean since and before. The p-value is the larger of the exact conditional test of Poisson "
    "and of a test by the scatter of the months, so that scattered months ring no more often. "
    "p_adjusted: Holm over the rows of a kind; watch below 0.05, fail below 0.001. Fewer than "
    "{least} months before, or {events} entries in all: insufficient. Seasons are not allowed for: "
    "a month of a campaign may ring."
)


def compute_ledger_counts(
    events: pd.DataFrame,
    *,
    since: dt.date,
    until: dt.date,
    months: int = 12,
    level: float = 0.95,
) -> Judged:
    """Judge the number of ledger entries of each month, and of each code, against earlier months.

    Parameters
    ----------
    events : DataFrame
        recorded_on and code; one row per entry.
    since : date
        Whole months up to here are the basis.
    until : date
        Whole months up to here are judged.
    months : int, default=12
        Months of the basis at most.
    level : float, default=0.95
        Of the prediction.

    Returns
    -------
    Judged
        ``ledger_counts``, by ``month`` and ``code`` (``all`` for months); ``n`` is the number of
        entries, ``ratio`` that of the monthly means.

    Raises
    ------
    DomainError
        ``judged_columns``, ``option_range``, ``probability_open``; ``monitor_order``: `until` is
        not after `since`.

    References
    ----------
    Przyborowski and Wilenski (1940), https://doi.org/10.1093/biomet/31.3-4.313; Anscombe (1948),
    https://doi.org/10.1093/biomet/35.3-4.246; Holm (1979), https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> import datetime as dt
    >>> days = pd.date_range("2025-01-15", periods=14, freq="MS").repeat(20)
    >>> events = pd.DataFrame({"recorded_on": days, "code": "ML05"})
    >>> since, until = dt.date(2026, 1, 31), dt.date(2026, 3, 31)
    >>> judged = compute_ledger_counts(events, since=since, until=until)
    >>> judged.table[["statistic", "month", "n", "verdict"]].head(2).values.tolist()
    [['events_month', '2026-02', 20, 'pass'], ['events_month', '2026-03', 20, 'pass']]
    """
    check_probability("level", level)
    check_columns(events, "recorded_on", "code")
    check_range("months", months, LEAST_BEFORE, 600, is_whole=True)
    if until <= since:
        raise DomainError("monitor_order", before=since.isoformat(), after=until.isoformat())
    days = events["recorded_on"]
    known = days.notna().to_numpy()
    month = (days.dt.year * 12 + days.dt.month - 1)[known].to_numpy(dtype=np.int64)
    code = events["code"].astype("string").fillna("").to_numpy(dtype=object)[known]
    last, end = _last_whole(since), _last_whole(until)
    first = int(month.min()) if month.size else last
    begin = min(max(first + 1, last + 1 - months), last + 1)
    n_before = last + 1 - begin
    counts = {"all": _count(month, begin, end)}
    for name in sorted(set(code)):
        counts[str(name)] = _count(month[code == name], begin, end)
    after = [f"{at // 12}-{at % 12 + 1:02}" for at in range(last + 1, end + 1)]
    rows = _month_rows(counts["all"], after, n_before, level)
    rows += [_code_row(name, own, n_before) for name, own in counts.items()]
    table = make_table(rows, ("month", "code"), more=("ratio", "p_value", "p_adjusted"))
    told = {"since": since.isoformat(), "months": months, "n_before": n_before, "level": level}
    return Judged(
        "ledger_counts",
        judge_families(table, "statistic"),
        "事项登记的数量",
        "Entries of the ledger",
        *(
            text.format(**told, least=LEAST_BEFORE, events=LEAST_EVENTS)
            for text in (_NOTE_ZH, _NOTE_EN)
        ),
    )


def _last_whole(day: dt.date) -> int:
    """Give the last month that is over on a day, counted from the year 0."""
    month = day.year * 12 + day.month - 1
    is_over = (day + dt.timedelta(days=1)).month != day.month
    return month if is_over else month - 1


def _count(month: Ints, begin: int, end: int) -> Ints:
    """Count the entries of each month from `begin` to `end`."""
    own = month[(month >= begin) & (month <= end)] - begin
    return np.bincount(own, minlength=max(end + 1 - begin, 0))


def _month_rows(
    counts: Ints, after: list[str], n_before: int, level: float
) -> list[dict[str, Any]]:
    before, rows = counts[:n_before], []
    enough = n_before >= LEAST_BEFORE
    limits = predict_count(before, level=level) if enough else (np.nan, np.nan)
    for month, count in zip(after, counts[n_before:], strict=True):
        about = {"month": month, "code": "all", "n": int(count), "events": pd.NA}
        about |= _tested(before, np.array([count]), enough=enough)
        rows.append(_row("events_month", about, float(count), before, limits))
    return rows


def _code_row(code: str, counts: Ints, n_before: int) -> dict[str, Any]:
    before, after = counts[:n_before], counts[n_before:]
    enough = n_before >= LEAST_BEFORE and after.size > 0 and counts.sum() >= LEAST_EVENTS
    about = {"month": "", "code": code, "n": int(after.sum()), "events": pd.NA}
    about |= _tested(before, after, enough=bool(enough))
    value = float(after.mean()) if after.size else np.nan
    return _row("events_since", about, value, before, (np.nan, np.nan))


def _tested(before: Ints, after: Ints, *, enough: bool) -> dict[str, float]:
    if not enough:
        return {"ratio": np.nan, "p_value": np.nan}
    found = count_change_test(before, after)
    return {"ratio": found.ratio, "p_value": found.p_value}


def _row(
    statistic: str,
    about: dict[str, Any],
    value: float,
    before: Ints,
    limits: tuple[float, float],
) -> dict[str, Any]:
    mean = float(before.mean()) if before.size else np.nan
    between = float(limits[0]), float(limits[1])
    return make_row(statistic, "insufficient", about, value=value, between=between, threshold=mean)
