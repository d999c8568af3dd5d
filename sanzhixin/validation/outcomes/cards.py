"""Expert card against learned card: on loans that were held out, and on the loans at hand."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.model import check_county, scoring_date
from sanzhixin.modelling.county.loans import collect_outcomes
from sanzhixin.numerics.calibration_checks import compare_auc, log_loss_gain, log_losses
from sanzhixin.numerics.choices import check_probability
from sanzhixin.numerics.clustered import cluster_mean
from sanzhixin.numerics.discrimination import estimate_auc
from sanzhixin.numerics.logistic import fit_logistic
from sanzhixin.scoring.card import score_card
from sanzhixin.scoring.expert import expert_card
from sanzhixin.validation.evidence.loans import granted_inside
from sanzhixin.validation.outcomes.discrimination import LEAST_RANKED
from sanzhixin.validation.tables.columns import check_columns, read_numbers, read_outcomes
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import judge_p, make_row, make_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.modelling.county.loans import Outcomes
    from sanzhixin.records import County
    from sanzhixin.scoring.provenance import CardComparison

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Rows = Iterator[dict[str, Any]]

__all__ = ["compare_cards", "compute_cards"]

_NOTES = (
    "held_out：建模时留出的贷款，两张卡均未见过，仅在评分卡为指定而非由其选出时判定；in_window：放款日在建模数据窗口内的现有贷款，"
    "学习卡可能已见过，仅供参考；out_of_window：窗口之外。log_loss_gain 与 auc_difference"
    "以大于 0 表示学习卡更好；判定为所用的卡是否显著更差（单侧：p 值低于 0.05 为 watch，低于 0.001"
    " 为 fail），违约或未违约少于 {least} 笔为 insufficient。现有贷款上两张卡的 log_loss 与 brier"
    "均先以同样方式按这些贷款拟合点数到概率的直线（点数越高概率不得越高），"
    "因此只反映排序与形状，不反映水平。区间为"
    " {level:.0%}；log_loss_gain 的标准误按村聚类（现有贷款用自由度为村数减一的 t 分布），"
    "auc 的假定各笔贷款独立。",
    "held_out: loans that were set aside when the model was made, seen by neither card, judged "
    "where the card was asked for and not chosen by them; "
    "in_window: loans at hand granted within the data window of the model, which the learned card "
    "may have seen, shown without a verdict; out_of_window: the others. log_loss_gain and "
    "auc_difference are above 0 where the learned card does better; the verdict asks whether the "
    "card in use is worse than the other (one-sided: watch below p = 0.05, fail below 0.001); "
    "fewer than {least} defaults or other loans: insufficient. On loans at hand log_loss and brier "
    "follow a line from points to log-odds that is fitted on these loans for both cards alike and "
    "may not rise with the points: they tell of order and shape, not of level. Intervals at "
    "{level:.0%}; the error of log_loss_gain is between villages (on loans at hand with Student's "
    "law of one less than these), that of auc takes loans as independent.",
)


def compute_cards(
    model: SanzhixinModel,
    county: County,
    as_of: dt.date | None = None,
    *,
    outcomes: Outcomes | None = None,
    level: float = 0.95,
) -> Judged:
    """Put the expert card and the learned card of a model side by side.

    Parameters
    ----------
    model : SanzhixinModel
        Whose cards are compared; with the expert card alone the loans at hand give no row.
    county : County
        With the loans at hand.
    as_of : date, optional
        Outcomes known by then count; else that of the county, else today.
    outcomes : Outcomes, optional
        From `collect_outcomes` with the same county, model and day, where they are at hand.
    level : float, default=0.95
        Of the intervals.

    Returns
    -------
    Judged
        Rows by ``loans`` ("held_out", "in_window", "out_of_window") and ``card`` ("expert",
        "fitted", "both" for a difference); ``p_value`` stands after ``verdict``.  Empty for a model
        that never learned a card.

    Raises
    ------
    RecordError
        ``default_undated``: a loan is marked defaulted without the day.
    DomainError
        ``county_expected``; ``probability_open``: `level`.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=2, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> len(compute_cards(model, county).table)
    0
    """
    check_probability("level", level)
    check_county(county)
    origin = model.file.provenance
    rows = list(_held_out(origin.comparison, level)) if origin.comparison is not None else []
    expert = expert_card(model.scheme)
    if model.file.card != expert:
        day = scoring_date(as_of, county.as_of)
        loans = collect_outcomes(county, model, day) if outcomes is None else outcomes
        frame = pd.DataFrame(
            {
                "points": loans.points,
                "expert_points": score_card(expert, loans.card_values).total,
                "defaulted": loans.defaulted,
                "village_id": loans.village,
            }
        )
        is_inside = granted_inside(loans.granted_on, origin)
        for name, part in (("in_window", is_inside), ("out_of_window", ~is_inside)):
            if part.any():
                judged = name == "out_of_window"
                rows.extend(_at_hand(frame[part], name, level, is_judged=judged))
    zh, en = (text.format(least=LEAST_RANKED, level=level) for text in _NOTES)
    if origin.card_refused is not None:
        zh += f"未学习评分卡：{origin.card_refused.zh}"
        en += f" No card was learned: {origin.card_refused.en}"
    table = make_table(rows, ["loans", "card"], more=["p_value"])
    return Judged("cards", table, "专家卡与学习卡", "Expert card and learned card", zh, en)


def compare_cards(loans: pd.DataFrame, *, level: float = 0.95) -> Judged:
    """Compare two cards on loans that neither was made from.

    Parameters
    ----------
    loans : DataFrame
        With ``points`` (of the learned card, the one in use), ``expert_points``, ``defaulted`` and
        ``village_id``; no points may be missing.
    level : float, default=0.95
        Of the intervals.

    Returns
    -------
    Judged
        As of `compute_cards`, with ``out_of_window`` in ``loans``.

    Raises
    ------
    DomainError
        ``judged_columns``, ``outcome_not_binary``, ``not_finite``; ``probability_open``: `level`.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), https://doi.org/10.2307/2531595

    Examples
    --------
    >>> loans = pd.DataFrame(
    ...     {
    ...         "points": [1, 2, 3, 4],
    ...         "expert_points": [2, 1, 4, 3],
    ...         "defaulted": [True, False, True, False],
    ...         "village_id": ["V1", "V1", "V2", "V2"],
    ...     }
    ... )
    >>> table = compare_cards(loans).table
    >>> table[table["statistic"] == "auc"][["card", "value"]].values.tolist()
    [['expert', 0.25], ['fitted', 0.75]]
    """
    check_probability("level", level)
    check_columns(loans, "points", "expert_points", "village_id")
    rows = _at_hand(loans, "out_of_window", level, is_judged=True)
    table = make_table(rows, ["loans", "card"], more=["p_value"])
    zh, en = (text.format(least=LEAST_RANKED, level=level) for text in _NOTES)
    return Judged("cards", table, "专家卡与学习卡", "Expert card and learned card", zh, en)


def _held_out(found: CardComparison, level: float) -> Rows:
    """Lay out what the model file tells."""
    own = {"loans": "held_out", "n": found.n_loans, "events": found.n_defaults}
    for name in ("auc", "log_loss", "brier"):
        for card in ("expert", "fitted"):
            value = getattr(getattr(found, card), name)
            about = own | {"card": card}
            yield make_row(name, "info", about, value=np.nan if value is None else value)
    enough = min(found.n_defaults, found.n_loans - found.n_defaults) >= LEAST_RANKED
    sign = 1.0 if found.chosen == "fitted" else -1.0
    p_value = float(norm.cdf(sign * found.gain / found.gain_se)) if found.gain_se > 0 else np.nan
    about = own | {"card": "both", "p_value": p_value}
    between = _normal(found.gain, found.gain_se, level)
    verdict = judge_p(p_value, enough=enough) if found.asked_for else "info"
    yield make_row("log_loss_gain", verdict, about, value=found.gain, between=between, threshold=0)


def _at_hand(loans: pd.DataFrame, name: str, level: float, *, is_judged: bool) -> Rows:
    """Compare both cards on loans; the learned one is in use."""
    failed = read_outcomes(loans)
    cards = {
        "expert": read_numbers(loans, "expert_points"),
        "fitted": read_numbers(loans, "points"),
    }
    n, events = failed.size, int(failed.sum())
    own: dict[str, Any] = {"loans": name, "n": n, "events": events}
    if not 0 < events < n:
        yield make_row("auc_difference", "insufficient", own | {"card": "both"}, value=np.nan)
        return
    for card, points in cards.items():
        area = estimate_auc(points, failed, level=level)
        between = area.low, area.high
        yield make_row("auc", "info", own | {"card": card}, value=area.auc, between=between)
    lines = {card: _line(points, failed) for card, points in cards.items()}
    for card, prob in lines.items():
        loss = float(log_losses(prob, failed).mean())
        yield make_row("log_loss", "info", own | {"card": card}, value=loss)
    for card, prob in lines.items():
        brier = float(np.mean((prob - failed) ** 2))
        yield make_row("brier", "info", own | {"card": card}, value=brier)
    about = own | {"card": "both"}
    enough = min(events, n - events) >= LEAST_RANKED if is_judged else None
    difference, error = _auc_difference(cards, failed)
    p_value = float(norm.cdf(difference / error)) if error > 0 else np.nan
    between = _normal(difference, error, level)
    yield _gap_row("auc_difference", about, difference, between, p_value, enough)
    village = loans["village_id"].astype("str").to_numpy(dtype=np.str_)
    gain = cluster_mean(log_loss_gain(lines["expert"], lines["fitted"], failed), village)
    between = gain.mean - gain.reach(level), gain.mean + gain.reach(level)
    yield _gap_row("log_loss_gain", about, gain.mean, between, gain.p_below, enough)


def _gap_row(
    statistic: str,
    about: dict[str, Any],
    value: float,
    between: tuple[float, float],
    p_value: float,
    enough: bool | None,
) -> dict[str, Any]:
    """Lay out learned less expert; `enough` is None where nothing is judged."""
    verdict = "info" if enough is None else judge_p(p_value, enough=enough)
    told = about | {"p_value": p_value}
    return make_row(statistic, verdict, told, value=value, between=between, threshold=0)


def _auc_difference(cards: dict[str, Floats], failed: Bools) -> tuple[float, float]:
    """Learned less expert, with its error; NaN where too few loans vary."""
    try:
        found = compare_auc(cards["fitted"], cards["expert"], failed)
    except EvidenceError:  # one default, or one other loan
        areas = [estimate_auc(cards[card], failed).auc for card in ("fitted", "expert")]
        return areas[0] - areas[1], np.nan
    return found.difference, found.difference_se


def _line(points: Floats, failed: Bools) -> Floats:
    """Default probability by a line that does not rise with the points; else the default rate."""
    try:
        fit = fit_logistic(points, failed)
    except EvidenceError:  # outcomes parted by the points: the penalty gives a line
        fit = fit_logistic(points, failed, firth=True)
    except DomainError:  # all points equal
        return np.full(points.size, failed.mean())
    if fit.coef[1] > 0:  # a card the wrong way round: of the lines allowed the level one is best
        return np.full(points.size, failed.mean())
    return np.asarray(expit(fit.coef[0] + fit.coef[1] * points))


def _normal(value: float, error: float, level: float) -> tuple[float, float]:
    reach = float(norm.isf((1 - level) / 2)) * error
    return value - reach, value + reach
