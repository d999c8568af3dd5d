"""Whether default probabilities are those of the outcomes: by tier, as a whole, along a curve."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm, rankdata

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.calibration_belt import find_off_ranges, fit_calibration_belt
from sanzhixin.numerics.calibration_checks import (
    decompose_brier,
    expected_calibration_error,
    hosmer_lemeshow_test,
    spiegelhalter_test,
)
from sanzhixin.numerics.choices import check_choice, check_probability, check_range
from sanzhixin.numerics.intervals import jeffreys_interval
from sanzhixin.numerics.logistic import fit_logistic
from sanzhixin.numerics.points import match_mean
from sanzhixin.validation.tables.columns import Group, check_columns, group_loans
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.multiplicity import adjust_judged
from sanzhixin.validation.tables.rates import (
    LEAST_EXPECTED,
    RATE_NOTES,
    Forecast,
    rate_row,
    read_forecast,
)
from sanzhixin.validation.tables.statistic_rows import judge_p, make_row, make_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sanzhixin.numerics.calibration_belt import CalibrationBelt
    from sanzhixin.scoring.pd_table import PdBasis
    from sanzhixin.validation.tables.judged import Verdict

    Floats = NDArray[np.float64]
    Rows = Iterator[dict[str, Any]]

__all__ = ["BELT_LEVELS", "LEAST_FOR_CURVES", "compute_belt", "compute_calibration"]
__all__ += ["compute_reliability"]

LEAST_FOR_CURVES = 20
"""Defaults expected, and other loans, below which tests of the whole curve tell no verdict."""

BELT_LEVELS = (0.8, 0.95)
"""Confidence of the belts that are drawn."""

BinsBy = Literal["rank", "tier"]
"""Bins of a reliability diagram: equal numbers of loans, or the tiers."""

_EVERY = "all"
_P_COLUMNS = ("p_value", "p_adjusted", "p_jeffreys", "p_over")
_BINS = 10
_LEAST_FOR_SLOPE = 5  # observed defaults, and other loans: with fewer a slope is anything
_MOST_DISTINCT = 2000  # probabilities of a belt; more are held to so many even steps of log-odds
_NOTES = (
    "{rates}整体统计量（预期违约与未违约各不少于 {least} 笔才判定）：calibration_slope 与 1 比较，"
    "小于 1 表示预测过于分散；spiegelhalter 为 Brier 检验的 z 值；belt 为校准带检验统计量，"
    "belt_above、belt_below 给出实际违约高于、低于预测的概率范围（{level:.0%}）。"
    "hosmer_lemeshow 在每组预期违约较少时误报偏多，calibration_in_large（对数几率截距）与逐组"
    "违约率相同信息，均只供参考；brier 及其分解按等级分组；ece 为 {bins} 个等量分箱的平均偏差，"
    "校准正确时也大于 0。p_adjusted 为表内各判定行的 Benjamini-Hochberg 调整。{basis}",
    "{rates} Statistics of the whole are judged from {least} defaults and other loans expected on: "
    "calibration_slope is compared with 1, below it predictions are too far apart; spiegelhalter "
    "is the z of the Brier score; belt is the statistic of the calibration belt, belt_above and "
    "belt_below the probabilities at which outcomes lie above or below it ({level:.0%}). "
    "hosmer_lemeshow raises too many alarms where groups expect few defaults, and "
    "calibration_in_large (intercept in log-odds) tells what the rates tell: both are shown, not "
    "judged. The parts of brier are by tier; ece is the mean distance over {bins} bins of equal "
    "size, above 0 also where all is well. p_adjusted is that of Benjamini and Hochberg over the "
    "judged rows of this table. {basis}",
)


def compute_calibration(
    loans: pd.DataFrame, *, basis: PdBasis = "fitted", level: float = 0.95
) -> Judged:
    """Judge default probabilities by outcomes: each rate from one side, the whole curve from both.

    Parameters
    ----------
    loans : DataFrame
        With ``prob_default``, ``defaulted`` and ``tier``; loans without a probability are left out.
        Where there is ``in_window``, the note counts the loans that the model was fitted on.
    basis : {"none", "prudent", "fitted", "anchored"}, default="fitted"
        What the probabilities are.  ``none``: nothing is judged; ``prudent``: they are bounds, so
        rates alone are judged, from one side.
    level : float, default=0.95
        Of the intervals.

    Returns
    -------
    Judged
        Rows of all loans (``tier`` is "all"), then a row ``default_rate`` for each tier, the best
        first.  After ``verdict`` stand ``p_value``, ``p_adjusted``, ``p_jeffreys`` and ``p_over``.

    Raises
    ------
    DomainError
        ``judged_columns``, ``outcome_not_binary``, ``prob_outside``, ``option_choice``;
        ``probability_open``: `level`.

    Notes
    -----
    A rate is judged by the exact binomial test, whose false alarms are at most as many as stated
    for any number of independent loans; slope, Spiegelhalter's z and the belt are judged by their
    limiting laws, which a test draws.

    References
    ----------
    Cox (1958), https://doi.org/10.1093/biomet/45.3-4.562, for slope and intercept; Tasche (2003),
    https://arxiv.org/abs/cond-mat/0305038, for the three lights.

    Examples
    --------
    >>> loans = pd.DataFrame(
    ...     {
    ...         "tier": ["A"] * 500 + ["B"] * 500,
    ...         "prob_default": [0.01] * 500 + [0.05] * 500,
    ...         "defaulted": [k < 5 for k in range(500)] + [k < 45 for k in range(500)],
    ...     }
    ... )
    >>> table = compute_calibration(loans).table
    >>> table[table["statistic"] == "default_rate"][["tier", "value", "verdict"]].values.tolist()
    [['all', 0.05, 'fail'], ['A', 0.01, 'pass'], ['B', 0.09, 'fail']]
    """
    check_probability("level", level)
    check_columns(loans, "tier")
    given = read_forecast(loans, basis)
    groups = group_loans(given.loans, "tier")
    rows = [rate_row({"tier": _EVERY}, given.prob, given.failed, level=level)]
    if given.basis != "none" and given.failed.size:
        rows.extend(_whole(given, level))
    for group in groups:
        own = given.prob[group.rows], given.failed[group.rows]
        rows.append(rate_row({"tier": group.label}, *own, level=level))
    table = adjust_judged(make_table(rows, ["tier"], more=_P_COLUMNS))
    notes = (
        text.format(
            rates=rates.format(level=level, least=LEAST_EXPECTED),
            least=LEAST_FOR_CURVES,
            level=level,
            bins=_BINS,
            basis=own,
        )
        for text, rates, own in zip(_NOTES, RATE_NOTES, given.notes(), strict=True)
    )
    return Judged("calibration", table, "违约概率校准", "Calibration", *notes)


def compute_reliability(
    loans: pd.DataFrame,
    *,
    basis: PdBasis = "fitted",
    by: BinsBy = "rank",
    n_bins: int = _BINS,
    level: float = 0.95,
) -> Judged:
    """Lay out default rates with intervals beside mean default probabilities, bin by bin.

    Parameters
    ----------
    loans : DataFrame
        With ``prob_default`` and ``defaulted``; with ``tier`` where bins are tiers.
    basis : {"none", "prudent", "fitted", "anchored"}, default="fitted"
        What the probabilities are; ``none`` gives no row.
    by : {"rank", "tier"}, default="rank"
        ``rank``: bins of equal numbers of loans, equal probabilities together; ``tier``: the tiers.
    n_bins : int, default=10
        Bins by rank at most.
    level : float, default=0.95
        Of the intervals.

    Returns
    -------
    Judged
        One row ``default_rate`` per bin, not judged: ``bin`` (its number from the lowest
        probability, or the tier), ``n``, ``events``, ``value`` with its Jeffreys interval, and the
        mean probability as ``threshold``.

    Raises
    ------
    DomainError
        ``judged_columns``, ``outcome_not_binary``, ``prob_outside``, ``option_choice``;
        ``option_range``: `n_bins`; ``probability_open``: `level`.

    Examples
    --------
    >>> loans = pd.DataFrame({"prob_default": [0.1, 0.1, 0.6, 0.6], "defaulted": [0, 0, 1, 0]})
    >>> table = compute_reliability(loans, n_bins=2).table
    >>> table[["bin", "n", "events", "value", "threshold"]].values.tolist()
    [['1', 2, 0, 0.0, 0.1], ['2', 2, 1, 0.5, 0.6]]
    """
    check_probability("level", level)
    check_choice("by", by, BinsBy)
    check_range("n_bins", n_bins, 1, np.inf, is_whole=True)
    given = read_forecast(loans, basis)
    rows = []
    for group in [] if given.basis == "none" else _bins(given, by, n_bins):
        prob, failed = given.prob[group.rows], given.failed[group.rows]
        n, events = failed.size, int(failed.sum())
        band = jeffreys_interval(events, n, level=level)
        about = {"bin": group.label, "n": n, "events": events}
        between = float(band.lower), float(band.upper)
        mean, rate = float(prob.mean()), events / n
        row = make_row("default_rate", "info", about, value=rate, between=between, threshold=mean)
        rows.append(row)
    basis_zh, basis_en = given.notes()
    return Judged(
        "reliability" if by == "rank" else "reliability_by_tier",
        make_table(rows, ["bin"]),
        "可靠性图数据" if by == "rank" else "各等级违约率",
        "Reliability" if by == "rank" else "Default rate by tier",
        f"value 为观察违约率及 Jeffreys {level:.0%} 区间，threshold 为平均违约概率；"
        f"二者相等即落在对角线上。逐箱区间未作多重比较调整。{basis_zh}",
        f"value is the observed default rate with its Jeffreys interval at {level:.0%}, threshold "
        "the mean default probability; on the diagonal they agree. Intervals are bin by bin, not "
        f"for all at once. {basis_en}",
    )


def compute_belt(loans: pd.DataFrame, *, basis: PdBasis = "fitted") -> Judged:
    """Lay out the calibration belt: outcomes over default probabilities, without bins.

    Parameters
    ----------
    loans : DataFrame
        With ``prob_default`` and ``defaulted``.
    basis : {"none", "prudent", "fitted", "anchored"}, default="fitted"
        What the probabilities are; ``none`` gives no row.

    Returns
    -------
    Judged
        From the lowest probability to the highest: ``prob_default``, ``fitted``, ``low_80``,
        ``high_80``, ``low_95``, ``high_95``.  Empty with fewer than `LEAST_FOR_CURVES` defaults
        or other loans expected, and where no curve can be fitted; the note says so.

    Raises
    ------
    DomainError
        ``judged_columns``, ``outcome_not_binary``, ``prob_outside``, ``option_choice``.

    References
    ----------
    Nattino, Finazzi and Bertolini (2014), https://doi.org/10.1002/sim.6100

    Examples
    --------
    >>> prob = np.repeat([0.05, 0.10, 0.20], 400)
    >>> failed = np.concatenate([np.arange(400) < n for n in (20, 40, 80)])
    >>> judged = compute_belt(pd.DataFrame({"prob_default": prob, "defaulted": failed}))
    >>> len(judged.table), judged.table.columns.tolist()[:3]
    (101, ['prob_default', 'fitted', 'low_80'])
    """
    given = read_forecast(loans, basis)
    belt = _belt(given, BELT_LEVELS) if _is_enough(given) else None
    columns = {name: np.zeros(0) for name in ("prob_default", "fitted")}
    zh, en = (
        "预期违约笔数不足或概率取值过少，未估计校准带。",
        "Too few defaults expected, or too few probabilities: no belt. ",
    )
    for place, one in enumerate(BELT_LEVELS):
        for side in ("low", "high"):
            bounds = None if belt is None else (belt.lower if side == "low" else belt.upper)
            columns[f"{side}_{100 * one:.0f}"] = np.zeros(0) if bounds is None else bounds[place]
    if belt is not None:
        columns |= {"prob_default": belt.probability, "fitted": belt.fitted}
        zh = f"曲线次数 {belt.degree}，检验 p 值 {belt.p_value:.3g}；带不含对角线处校准有偏。"
        en = (
            f"Degree {belt.degree}, p-value {belt.p_value:.3g}; where a belt does not hold the "
            "diagonal, probabilities are off. "
        )
    basis_zh, basis_en = given.notes()
    table = pd.DataFrame(columns)
    return Judged("belt", table, "校准带", "Calibration belt", zh + basis_zh, en + basis_en)


def _whole(given: Forecast, level: float) -> Rows:
    """Statistics of all loans together."""
    about: dict[str, Any] = {
        "tier": _EVERY,
        "n": given.failed.size,
        "events": int(given.failed.sum()),
    }
    yield from _cox(given, level, about)
    for name, test in (
        ("spiegelhalter", spiegelhalter_test),
        ("hosmer_lemeshow", hosmer_lemeshow_test),
    ):
        try:
            found = test(given.prob, given.failed)
            value, p_value = found.statistic, found.p_value
        except EvidenceError:
            value, p_value = np.nan, np.nan
        verdict = _verdict(given, p_value) if name == "spiegelhalter" else "info"
        yield make_row(name, verdict, about | {"p_value": p_value}, value=value)
    yield from _belt_rows(given, level, about)
    tier = given.loans["tier"].astype("string").fillna("").to_numpy(dtype=object)
    parts = decompose_brier(given.prob, given.failed, tier.astype(np.str_))
    yield make_row("brier", "info", about, value=parts.brier)
    for name in ("reliability", "resolution", "uncertainty", "within"):
        yield make_row(f"brier_{name}", "info", about, value=getattr(parts, name))
    ece = expected_calibration_error(given.prob, given.failed, n_groups=_BINS)
    yield make_row("ece", "info", about, value=ece)


def _cox(given: Forecast, level: float, about: dict[str, Any]) -> Rows:
    """Intercept with the slope held at 1, and the slope, of outcomes over stated log-odds."""
    reach = float(norm.ppf((1 + level) / 2))
    intercept = error = slope = slope_error = np.nan
    if _is_open(given) and 0 < given.failed.sum() < given.failed.size:
        stated = logit(given.prob)
        intercept = match_mean(-stated, 1.0, float(given.failed.mean()))
        shifted = expit(stated + intercept)
        error = float(1 / np.sqrt(np.sum(shifted * (1 - shifted))))
        try:
            fit = fit_logistic(stated, given.failed)
            slope, slope_error = float(fit.coef[1]), float(np.sqrt(fit.covariance[1, 1]))
        except (DomainError, EvidenceError):  # one probability alone, or outcomes parted by it
            pass
    between = intercept - reach * error, intercept + reach * error
    large = "calibration_in_large"
    yield make_row(large, "info", about, value=intercept, between=between, threshold=0)
    p_value = float(2 * norm.sf(abs(slope - 1) / slope_error))
    between = slope - reach * slope_error, slope + reach * slope_error
    rarer = min(about["events"], about["n"] - about["events"])
    verdict = _verdict(given, p_value) if rarer >= _LEAST_FOR_SLOPE else "insufficient"
    own = about | {"p_value": p_value}
    yield make_row("calibration_slope", verdict, own, value=slope, between=between, threshold=1)


def _belt_rows(given: Forecast, level: float, about: dict[str, Any]) -> Rows:
    belt = _belt(given, (level,)) if _is_enough(given) else None
    value, p_value = (np.nan, np.nan) if belt is None else (belt.statistic, belt.p_value)
    yield make_row("belt", _verdict(given, p_value), about | {"p_value": p_value}, value=value)
    for found in () if belt is None else find_off_ranges(belt):
        between = found.lowest, found.highest
        yield make_row(f"belt_{found.side}", "info", about, value=np.nan, between=between)


def _belt(given: Forecast, levels: tuple[float, ...]) -> CalibrationBelt | None:
    if not _is_open(given):
        return None
    prob = given.prob
    if np.unique(prob).size > _MOST_DISTINCT:
        log_odds = logit(prob)
        step = float(np.ptp(log_odds)) / (_MOST_DISTINCT - 1)
        lowest = float(log_odds.min())
        prob = expit(lowest + step * np.rint((log_odds - lowest) / step))
    try:
        return fit_calibration_belt(prob, given.failed, levels=levels)
    except EvidenceError:
        return None


def _verdict(given: Forecast, p_value: float) -> Verdict:
    """Judge a two-sided test; a prudent bound is not meant to pass one."""
    if given.basis == "prudent":
        return "info"
    return judge_p(p_value, enough=_is_enough(given))


def _is_enough(given: Forecast) -> bool:
    expected = fsum(given.prob)  # NaN without probabilities
    return min(expected, given.failed.size - expected) >= LEAST_FOR_CURVES


def _is_open(given: Forecast) -> bool:
    return bool(((given.prob > 0) & (given.prob < 1)).all())


def _bins(given: Forecast, by: BinsBy, n_bins: int) -> list[Group]:
    if by == "tier":
        return group_loans(given.loans, "tier")
    middle = (rankdata(given.prob) - 0.5) / given.prob.size
    number = np.floor(middle * n_bins)
    names = np.unique(number)
    return [Group(str(k), np.flatnonzero(number == one)) for k, one in enumerate(names, start=1)]
