"""Whether points part defaults from other loans: overall, by group, and pillar by pillar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sanzhixin.numerics.choices import check_probability
from sanzhixin.numerics.discrimination import (
    AreaEstimate,
    auc_fall_test,
    estimate_auc,
    find_largest_gap,
    rank_curve,
)
from sanzhixin.validation.tables.columns import (
    check_columns,
    group_loans,
    read_numbers,
    read_outcomes,
)
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.rates import window_notes
from sanzhixin.validation.tables.statistic_rows import FAIL_BELOW, judge_p, make_row, make_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sanzhixin.validation.tables.judged import Verdict

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = [
    "CURVE_ROWS",
    "LEAST_RANKED",
    "compute_curves",
    "compute_discrimination",
    "compute_pillar_discrimination",
]

LEAST_RANKED = 10
"""Defaults, and other loans, below which no verdict is told.

From about there on intervals cover about as often as they say, see `estimate_auc`; the area of 10
defaults is known to 0.15 either way.
"""

CURVE_ROWS = 200
"""Rows of a curve at most; its ends and its largest gap are always among them."""

_CHANCE = 0.5
_SURE = 1 - 2 * FAIL_BELOW
_NOTES = (
    "auc：随机取一笔违约与一笔未违约贷款，违约者点数较低的概率（同分计一半）；gini = 2·auc − 1；"
    "ks 为两类贷款累计占比的最大差，负值表示方向相反。区间为 DeLong 标准误在对数几率尺度上的"
    " {level:.0%} t 区间；auc 为 0 或 1 时取精确界。auc 的判定与 0.5 比较：区间在其上为 pass，"
    "否则为 watch；{sure:.1%} 区间在其下为 fail（随机排序时每 1,000 次不到 1 次）。"
    "违约或未违约少于 {least} 笔为 insufficient。"
    "假定各笔贷款相互独立；同村同受灾害时区间偏窄。只含获批贷款，未获批农户不在其中。",
    "auc: how often, of a default and another loan drawn at random, the default has fewer points "
    "(ties count half); gini is 2 auc - 1; ks is the largest distance of the two cumulative "
    "shares, below 0 on the wrong side. Intervals are at {level:.0%}, by DeLong's error on the "
    "scale of log-odds; exact bounds where auc is 0 or 1. The verdict on auc compares with 0.5: "
    "pass where the interval lies above it, else watch; fail where that at {sure:.1%} lies below "
    "it, which useless points do in 1 of 1,000 cases. Fewer than {least} defaults or "
    "other loans: insufficient. Loans are taken as independent; where a village shares its luck "
    "the intervals are too narrow. Approved loans alone; nothing is said of households without.",
)
_FALL_NOTES = (
    "auc_against_initial：当前 auc 是否低于期初值 {initial:g}，单侧检验；"
    "p 值低于 0.05 为 watch，低于 0.001 为 fail。",
    "auc_against_initial: one-sided test that auc has not fallen below the earlier {initial:g}; "
    "watch below p = 0.05, fail below 0.001.",
)


class _Wanted(NamedTuple):
    """What is asked of every group of loans."""

    level: float
    least: int
    initial: float | None = None


def compute_discrimination(
    loans: pd.DataFrame,
    *,
    by: str | None = None,
    level: float = 0.95,
    least_events: int = LEAST_RANKED,
    initial: float | None = None,
) -> Judged:
    """Judge how well points part defaults from other loans.

    Parameters
    ----------
    loans : DataFrame
        With ``points`` (more are better) and ``defaulted``; loans without points are left out.
        Where there is ``in_window``, the note counts the loans that the model was fitted on.
    by : str, optional
        Column of groups that are judged one by one, such as ``village_id``, ``vintage`` or
        ``tier``; None judges all loans together.  Nothing is shrunk towards the whole.
    level : float, default=0.95
        Of the intervals.
    least_events : int, default=10
        Defaults, and other loans, below which no verdict is told.
    initial : float, optional
        Area at an earlier validation, that the present one is tested against.

    Returns
    -------
    Judged
        Rows ``auc``, ``gini``, ``ks`` and, with `initial`, ``auc_against_initial``, for each
        group; ``p_value`` stands after ``verdict``.

    Raises
    ------
    DomainError
        ``judged_columns``, ``outcome_not_binary``; ``probability_open``: `level` or `initial`.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), https://doi.org/10.2307/2531595; European Central Bank
    (2019), Instructions for reporting the validation results of internal models, section 2.5.4.1.

    Examples
    --------
    >>> loans = pd.DataFrame({"points": range(40), "defaulted": [True] * 12 + [False] * 28})
    >>> judged = compute_discrimination(loans)
    >>> judged.table[["statistic", "n", "events", "value", "verdict"]].values.tolist()
    [['auc', 40, 12, 1.0, 'pass'], ['gini', 40, 12, 1.0, 'info'], ['ks', 40, 12, 1.0, 'info']]
    """
    check_probability("level", level)
    if initial is not None:
        check_probability("initial", initial, example=0.75)
    check_columns(loans, "points")
    points, failed = read_numbers(loans, "points"), read_outcomes(loans)
    wanted = _Wanted(level, least_events, initial)
    rows: list[dict[str, Any]] = []
    if by is None:
        rows.extend(_statistics(points, failed, {}, wanted))
    else:
        for group in group_loans(loans, by):
            own = points[group.rows], failed[group.rows]
            rows.extend(_statistics(*own, {by: group.label}, wanted))
    table = make_table(rows, () if by is None else (by,), more=["p_value"])
    zh, en = (text.format(level=level, least=least_events, sure=_SURE) for text in _NOTES)
    if initial is not None:
        zh += _FALL_NOTES[0].format(initial=initial)
        en += " " + _FALL_NOTES[1].format(initial=initial)
    own_zh, own_en = window_notes(loans)
    zh, en = zh + own_zh, en + own_en
    name = "discrimination" if by is None else f"discrimination_by_{by.removesuffix('_id')}"
    return Judged(name, table, *_title(by), zh, en)


def compute_pillar_discrimination(
    loans: pd.DataFrame, *, level: float = 0.95, least_events: int = LEAST_RANKED
) -> Judged:
    """Judge how well each pillar alone, and the event points, part defaults from other loans.

    Parameters
    ----------
    loans : DataFrame
        With ``defaulted``, columns ``<pillar>_score`` and ``event_points``; more are better.
    level : float, default=0.95
        Of the intervals.
    least_events : int, default=10
        Defaults, and other loans, below which no verdict is told.

    Returns
    -------
    Judged
        Rows ``auc`` and ``gini`` for each characteristic, by its name.  Loans in which it is
        missing are left out of its rows.

    Raises
    ------
    DomainError
        ``judged_columns``: no such column, or no outcome; ``outcome_not_binary``;
        ``probability_open``: `level`.

    Examples
    --------
    >>> loans = pd.DataFrame({"fs_score": [40, 50, 60], "defaulted": [True, False, False]})
    >>> compute_pillar_discrimination(loans).table["verdict"].tolist()
    ['insufficient', 'info']
    """
    check_probability("level", level)
    failed = read_outcomes(loans)
    names = sorted(str(name) for name in loans if str(name).endswith("_score"))
    names += [name for name in ("event_points",) if name in loans]
    if not names:
        check_columns(loans, "<pillar>_score")
    wanted = _Wanted(level, least_events)
    rows = [
        row
        for name in names
        for row in _statistics(read_numbers(loans, name), failed, {"characteristic": name}, wanted)
        if row["statistic"] != "ks"
    ]
    table = make_table(rows, ["characteristic"], more=["p_value"])
    zh, en = (text.format(level=level, least=least_events, sure=_SURE) for text in _NOTES)
    zh += "各维度单独使用时的结果；维度之间相关，不可相加。"
    en += " Each characteristic is judged alone; they go together, so nothing can be added up."
    own_zh, own_en = window_notes(loans)
    zh, en = zh + own_zh, en + own_en
    return Judged(
        "pillar_discrimination",
        table,
        "各维度的区分能力",
        "Discrimination of each pillar",
        zh,
        en,
    )


def compute_curves(loans: pd.DataFrame) -> Judged:
    """Lay out the curves of ranking: ROC, CAP and the two distributions of KS.

    Parameters
    ----------
    loans : DataFrame
        With ``points`` and ``defaulted``; loans without points are left out.

    Returns
    -------
    Judged
        At most `CURVE_ROWS` rows from the fewest points up: ``at_most_points`` (missing in the
        first row, where no loan is counted yet), ``share_loans``, ``share_defaults``,
        ``share_others``, ``gap`` (of the last two), ``is_largest_gap`` and ``best_share_loans``
        (of the loans, that a ranking without fault would need to find as many defaults).  Empty
        without both a default and another loan.

    Raises
    ------
    DomainError
        ``judged_columns``, ``outcome_not_binary``.

    Notes
    -----
    A thinned curve joins points of the whole one by lines, so areas are taken from
    `compute_discrimination`, not from here.

    Examples
    --------
    >>> loans = pd.DataFrame({"points": [1, 2, 3, 4], "defaulted": [True, True, False, False]})
    >>> compute_curves(loans).table["gap"].tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    check_columns(loans, "points")
    points, failed = read_numbers(loans, "points"), read_outcomes(loans)
    known = ~np.isnan(points)
    points, failed = points[known], failed[known]
    columns: dict[str, Any] = dict.fromkeys(
        ("at_most_points", "share_loans", "share_defaults", "share_others", "gap"), np.zeros(0)
    )
    columns |= {"is_largest_gap": np.zeros(0, dtype=np.bool_), "best_share_loans": np.zeros(0)}
    if failed.any() and not failed.all():
        columns = _curves(points, failed)
    return Judged(
        "curves",
        pd.DataFrame(columns),
        "ROC、CAP 与 KS 曲线",
        "ROC, CAP and KS curves",
        "由点数最低者起累计：share_defaults 对 share_others 为 ROC，对 share_loans 为 CAP，"
        "二者之差最大处为 KS；best_share_loans 为无差错排序找出同样多违约所需的贷款占比。"
        "行数经抽稀，端点与最大差保留；面积请以区分能力表为准。",
        "Counted from the fewest points up: share_defaults over share_others is the ROC curve, "
        "over share_loans the CAP curve; KS is their largest gap; best_share_loans is the share "
        "that a ranking without fault would need for as many defaults. Thinned, with both ends "
        "and the largest gap kept; areas are those of the table of discrimination.",
    )


def _curves(points: Floats, failed: Bools) -> dict[str, Any]:
    curve = rank_curve(points, failed)
    largest = np.flatnonzero(curve.points == find_largest_gap(curve).points)
    places = np.arange(curve.points.size)
    if places.size > CURVE_ROWS:
        even = np.linspace(0, 1, CURVE_ROWS - 3)
        near = np.searchsorted(curve.share_loans, even[1:-1])
        places = np.unique(np.concatenate([[0], near, largest, [places.size - 1]]))
    return {
        "at_most_points": curve.points[places],
        "share_loans": curve.share_loans[places],
        "share_defaults": curve.share_defaults[places],
        "share_others": curve.share_others[places],
        "gap": (curve.share_defaults - curve.share_others)[places],
        "is_largest_gap": np.isin(places, largest),
        "best_share_loans": curve.default_rate * curve.share_defaults[places],
    }


def _statistics(
    points: Floats, failed: Bools, about: dict[str, str], wanted: _Wanted
) -> Iterator[dict[str, Any]]:
    """Rows of one group of loans."""
    known = ~np.isnan(points)
    points, failed = points[known], failed[known]
    n, events = failed.size, int(failed.sum())
    own: dict[str, Any] = {**about, "n": n, "events": events}
    enough = min(events, n - events) >= wanted.least
    found, gap = AreaEstimate(np.nan, np.nan, np.nan, np.nan, n, events), np.nan
    if 0 < events < n:
        found = estimate_auc(points, failed, level=wanted.level)
        largest = find_largest_gap(rank_curve(points, failed))
        gap = largest.sign * largest.distance
    between = found.low, found.high
    verdict = _against_chance(points, failed, between) if enough else "insufficient"
    yield make_row("auc", verdict, own, value=found.auc, between=between, threshold=_CHANCE)
    doubled = 2 * found.low - 1, 2 * found.high - 1
    yield make_row("gini", "info", own, value=found.gini, between=doubled)
    yield make_row("ks", "info", own, value=gap)
    if wanted.initial is not None:
        threshold, p_value = wanted.initial, auc_fall_test(found, wanted.initial)
        verdict, own["p_value"] = judge_p(p_value, enough=enough), p_value
        name, value = "auc_against_initial", found.auc
        yield make_row(name, verdict, own, value=value, between=between, threshold=threshold)


def _against_chance(points: Floats, failed: Bools, between: tuple[float, float]) -> Verdict:
    low, high = between
    if np.isnan(low):
        return "insufficient"
    if low > _CHANCE:
        return "pass"
    if not high < _CHANCE:
        return "watch"
    return "fail" if estimate_auc(points, failed, level=_SURE).high < _CHANCE else "watch"


def _title(by: str | None) -> tuple[str, str]:
    if by is None:
        return "区分能力", "Discrimination"
    zh = {"village_id": "各村", "vintage": "各放款期", "tier": "各等级内"}.get(by, f"按 {by}")
    en = {"village_id": "village", "vintage": "vintage", "tier": "tier"}.get(by, by)
    return f"{zh}的区分能力", f"Discrimination by {en}"
