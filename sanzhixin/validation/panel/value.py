"""Validity of the panel: what its pillars add to the other factors in telling defaults apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import chi2, norm

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.calibration_checks import SMALLEST_PROB, compare_auc, log_loss_gain
from sanzhixin.numerics.choices import check_probability
from sanzhixin.numerics.clustered import cluster_mean
from sanzhixin.numerics.logistic import fit_logistic
from sanzhixin.numerics.multiplicity import adjust_holm
from sanzhixin.numerics.nested import NestedComparison, compare_nested
from sanzhixin.validation.tables.columns import check_columns, read_numbers, read_outcomes
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import WATCH_BELOW, make_row, make_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sanzhixin.validation.tables.judged import Verdict

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

__all__ = [
    "ENOUGH_A_COVARIATE",
    "LEAST_A_COVARIATE",
    "LEAST_VILLAGES_JOINTLY",
    "compute_panel_value",
]

LEAST_A_COVARIATE = 5
"""Defaults (or other loans, if fewer) for each covariate; below, nothing is judged."""

ENOUGH_A_COVARIATE = 10
"""The same; below, Firth's penalty is used."""

LEAST_VILLAGES_JOINTLY = 10
"""Villages below which several columns together are not judged: the test is too ready there."""

_FOLDS = 5
_MORE = ("p_value", "p_cluster", "p_adjusted")

_NOTE_ZH = (
    "问题：在其他因素已知的情况下，评议得分是否有助于区分违约。lr_chi_square 为嵌套 logistic "
    "模型的似然比，threshold 为 95% 界限；p_cluster 允许同村贷款相关；"
    "取 p_value 与 p_cluster 中较大者，各评议维度之间再按 Holm 调整为 p_adjusted"
    "（panel、others 两问各自独立，不调整），依 p_adjusted 判断；"
    "村太少而没有 p_cluster 的，以及不足 {villages} 村的多列联合检验，不作判断。"
    "auc_gain 与 log_loss_gain "
    "由按村交叉拟合的概率得到（正值为有帮助），auc 用配对 "
    "DeLong 检验（视贷款为独立），log-loss 的误差按村聚类。pass 为确有增益，watch 为看不出增益"
    "（无关的列会因过拟合而使增益略低于 0）；"
    "两种增益各行单独判断，未作多重调整。to 为 panel 的行是反过来：其他因素对评议有何增益。"
    "评议员之间一致不等于正确：一致性不是效度，信度高的评议也可能与违约无关。"
    "违约只来自获贷农户，额度又依评议而定，增益可能被低估；这里的关联不是因果。"
)
_NOTE_EN = (
    "The question: do the panel's scores help to tell defaults apart where the other factors are "
    "known. lr_chi_square is the likelihood ratio of nested logistic models, its threshold the "
    "95 % limit; p_cluster allows loans of one village to hang together. The larger of it and "
    "p_value is taken, as either alone is too ready with few defaults or few villages, and "
    "p_adjusted judges: over the pillars by Holm, so that several of them do not find a gain by "
    "chance, while panel and others are questions of their own. Without p_cluster, for want of "
    "villages, nothing is judged, nor are several columns together in fewer than {villages} "
    "villages. auc_gain "
    "and log_loss_gain come from probabilities cross-fitted by "
    "village (above 0 is a help); the area by paired DeLong, which takes loans as independent, the "
    "loss with an error between villages. pass: a gain is seen; watch: none is seen (columns "
    "that tell nothing overfit, so that their gains lie a little below 0); gains are judged row by "
    "row, not adjusted. Rows whose column to says panel ask the reverse: what the other factors "
    "add to it. Raters can agree well and still be wrong: agreement is not validity. Defaults are "
    "those of households that got loans, and limits followed the ratings, so gains may be too "
    "small; an association here is no cause."
)


class _Data(NamedTuple):
    columns: dict[str, Floats]
    failed: Bools
    village: NDArray[np.str_]
    fold: Ints | None


class _Question(NamedTuple):
    added: str
    to: str
    base: list[str]
    more: list[str]


def compute_panel_value(
    loans: pd.DataFrame,
    *,
    base: Sequence[str] = ("event_points",),
    pillars: Sequence[str] | None = None,
    level: float = 0.95,
) -> Judged:
    """Test what the panel adds to the other factors in predicting default, and the reverse.

    Parameters
    ----------
    loans : DataFrame
        One row per loan with a complete outcome, as it stood on the day of granting: defaulted,
        village_id, the pillars' scores and the other factors.
    base : sequence of str, default=("event_points",)
        Columns of the other factors; numbers.
    pillars : sequence of str, optional
        Columns of the panel; default: those named ``*_score``.
    level : float, default=0.95
        Of the intervals.

    Returns
    -------
    Judged
        ``panel_value``: for each pillar, for all of them (``added`` is ``panel``) and for the
        other factors given the panel (``others``): ``lr_chi_square``, ``auc_gain``,
        ``log_loss_gain``.  Loans with a missing value in any column are left out and counted in
        the note; so are columns that do not vary.  ``insufficient`` below `LEAST_A_COVARIATE`
        defaults a covariate, where no fit settles, for ratios where villages are too few for
        ``p_cluster`` or, of several columns, fewer than `LEAST_VILLAGES_JOINTLY`, and for gains
        with fewer than five villages or without an error.

    Raises
    ------
    DomainError
        ``judged_columns``, ``outcome_not_binary``; ``design_singular``: a column follows from the
        others; ``probability_open``: `level`.

    Notes
    -----
    Firth's penalty below `ENOUGH_A_COVARIATE`.  Ratios are judged by ``p_adjusted``: the larger of
    ``p_value`` and ``p_cluster``, adjusted by Holm over the pillars that are judged; those of
    ``panel`` and ``others`` stand as they are.  The areas of nested models on the loans that they
    were fitted on make no valid DeLong test (Demler et al.), so both are cross-fitted: five parts,
    the loans of a village all in one.  Villages are dealt out, those of the most defaults first,
    to the part with the fewest defaults so far, then the fewest loans; those without a default by
    loans alone.  Areas go by log-odds less those of the default rate that each part was fitted
    with: that rate is low where the part's own is high, and would rank parts the wrong way round.
    The loss is the mean of -log of the probability of what happened; its error sums differences by
    village, with the factor G / (G - 1) and Student's law on G - 1.

    References
    ----------
    Vittinghoff and McCulloch (2007), https://doi.org/10.1093/aje/kwk052, for 5 and 10 events;
    Heinze and Schemper (2002), https://doi.org/10.1002/sim.1047; Demler, Pencina and D'Agostino
    (2012), https://doi.org/10.1002/sim.5328; Holm (1979), https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> loans = pd.DataFrame(rng.normal(size=(900, 2)), columns=["event_points", "fs_score"])
    >>> loans["village_id"] = rng.integers(0, 30, 900).astype(str)
    >>> loans["defaulted"] = rng.random(900) < 1 / (1 + np.exp(2 + loans["fs_score"]))
    >>> compute_panel_value(loans).table.loc[0, ["statistic", "added", "verdict"]].tolist()
    ['lr_chi_square', 'fs_score', 'pass']
    """
    check_probability("level", level)
    panel = [*pillars] if pillars is not None else _pillars(loans)
    data, left_out, flat = _read(loans, [*base], panel)
    others, panel = ([name for name in names if name in data.columns] for names in (base, panel))
    questions = [_Question(name, "others", others, [name]) for name in panel]
    if len(panel) > 1:
        questions.append(_Question("panel", "others", others, panel))
    questions.append(_Question("others", "panel", panel, others))
    rows = [row for one in questions if one.more for row in _answer(data, one, level)]
    flat_zh, flat_en = "、".join(flat) or "无", ", ".join(flat) or "none"
    note_zh, note_en = (
        text.format(villages=LEAST_VILLAGES_JOINTLY) for text in (_NOTE_ZH, _NOTE_EN)
    )
    return Judged(
        name="panel_value",
        table=_adjust(make_table(rows, ("added", "to", "method"), more=_MORE)),
        title_zh="评议对区分违约的增益",
        title_en="What the panel adds in telling defaults apart",
        note_zh=f"{note_zh}有缺失而未计的贷款 {left_out} 笔；不变而未用的列：{flat_zh}。",
        note_en=f"{note_en} {left_out} loans with missing values are left out; columns left out "
        f"because they do not vary: {flat_en}.",
    )


def _pillars(loans: pd.DataFrame) -> list[str]:
    return [str(name) for name in loans if str(name).endswith("_score")]


def _read(loans: pd.DataFrame, base: list[str], panel: list[str]) -> tuple[_Data, int, list[str]]:
    check_columns(loans, "village_id", *base, *panel)
    failed = read_outcomes(loans)
    given = {name: read_numbers(loans, name) for name in dict.fromkeys([*base, *panel])}
    whole = np.ones(failed.size, dtype=np.bool_)
    for column in given.values():
        whole &= np.isfinite(column)
    columns = {name: column[whole] for name, column in given.items()}
    flat = [name for name, column in columns.items() if not column.size or np.ptp(column) == 0]
    village = loans["village_id"].astype("string").fillna("").to_numpy(dtype=object)[whole]
    data = _Data(
        columns={name: column for name, column in columns.items() if name not in flat},
        failed=failed[whole],
        village=village.astype(np.str_),
        fold=_folds(failed[whole], village.astype(np.str_)),
    )
    return data, int((~whole).sum()), flat


def _folds(failed: Bools, village: NDArray[np.str_]) -> Ints | None:
    """Part of each loan, those of a village all in one; None where too few villages default."""
    if np.unique(village[failed]).size < _FOLDS or np.unique(village[~failed]).size < _FOLDS:
        return None
    _, place = np.unique(village, return_inverse=True)
    loans, bad = np.bincount(place), np.bincount(place[failed], minlength=int(place.max()) + 1)
    return _balance(loans, bad)[place]


def _balance(loans: Ints, bad: Ints) -> Ints:
    """Part of each village: of the most defaults first, where defaults, then loans, are fewest.

    Villages without a default go by loans alone: they would all follow one default that is missing.
    """
    part, held = np.zeros(loans.size, dtype=np.int64), [(0, 0)] * _FOLDS
    for village in np.lexsort((-loans, -bad)).tolist():
        size, failed = int(loans[village]), int(bad[village])
        by = held if failed else [(0, many) for _, many in held]
        least = by.index(min(by))
        part[village] = least
        held[least] = (held[least][0] + failed, held[least][1] + size)
    return part


def _answer(data: _Data, question: _Question, level: float) -> list[dict[str, Any]]:
    failed = data.failed
    n_covariates = len(question.base) + len(question.more)
    scarce = min(int(failed.sum()), int((~failed).sum())) / n_covariates
    firth = scarce < ENOUGH_A_COVARIATE
    about = {
        "added": question.added,
        "to": question.to,
        "method": "firth" if firth else "likelihood",
        "n": int(failed.size),
        "events": int(failed.sum()),
    }
    if scarce < LEAST_A_COVARIATE:
        return _unjudged(about)
    base, more = (_design(data, names) for names in (question.base, question.more))
    try:
        found = _compare(base, more, data, firth=firth)
    except EvidenceError:  # not even the penalised fit settles
        return _unjudged(about)
    about |= {"method": "firth" if found.firth else "likelihood"}
    villages = np.unique(data.village).size
    is_judged = found.freedom == 1 or villages >= LEAST_VILLAGES_JOINTLY
    return [
        _ratio_row(found, about, is_judged=is_judged),
        *_gain_rows(base, more, data, about, level),
    ]


def _unjudged(about: dict[str, Any]) -> list[dict[str, Any]]:
    names = ("lr_chi_square", "auc_gain", "log_loss_gain")
    return [make_row(name, "insufficient", about, value=np.nan) for name in names]


def _design(data: _Data, names: Sequence[str]) -> Floats:
    empty = np.empty((data.failed.size, 0))
    return np.column_stack([data.columns[name] for name in names]) if names else empty


def _compare(base: Floats, more: Floats, data: _Data, *, firth: bool) -> NestedComparison:
    try:
        return compare_nested(base, more, data.failed, data.village, firth=firth)
    except EvidenceError:  # separated: the penalty gives an answer
        return compare_nested(base, more, data.failed, data.village, firth=True)


def _ratio_row(
    found: NestedComparison, about: dict[str, Any], *, is_judged: bool
) -> dict[str, Any]:
    larger = np.maximum(found.p_value, found.p_cluster)  # few defaults make clusters too ready
    larger = larger if is_judged else np.nan
    verdict: Verdict = "pass" if larger < WATCH_BELOW else "watch"
    if np.isnan(larger):  # loans of one village may go together, and nothing tells how far
        verdict = "insufficient"
    told = {**about, "p_value": found.p_value, "p_cluster": found.p_cluster, "p_adjusted": larger}
    limit = float(chi2.isf(WATCH_BELOW, found.freedom))
    return make_row("lr_chi_square", verdict, told, value=found.chi_square, threshold=limit)


def _adjust(table: pd.DataFrame) -> pd.DataFrame:
    """Adjust over the pillars, and judge by that; panel and others are questions of their own."""
    own = table["p_adjusted"].notna() & ~table["added"].isin(["panel", "others"])
    adjusted = adjust_holm(table.loc[own, "p_adjusted"].to_numpy())
    table.loc[own, "p_adjusted"] = adjusted
    table.loc[own, "verdict"] = np.where(adjusted < WATCH_BELOW, "pass", "watch")
    return table


def _gain_rows(
    base: Floats, more: Floats, data: _Data, about: dict[str, Any], level: float
) -> list[dict[str, Any]]:
    if data.fold is None:
        names = ("auc_gain", "log_loss_gain")
        return [make_row(name, "insufficient", about, value=np.nan) for name in names]
    firth = about["method"] == "firth"
    small, large = (
        _cross_fit(x, data, data.fold, firth=firth) for x in (base, np.hstack([base, more]))
    )
    with_more, without = (-_less_rate(prob, data.failed, data.fold) for prob in (large, small))
    areas = compare_auc(with_more, without, data.failed)
    reach = float(norm.isf((1 - level) / 2)) * areas.difference_se
    auc = _gain_row("auc_gain", about, areas.difference, reach, areas.p_value)
    gain = cluster_mean(log_loss_gain(small, large, data.failed), data.village)
    return [auc, _gain_row("log_loss_gain", about, gain.mean, gain.reach(level), gain.p_value)]


def _gain_row(
    statistic: str, about: dict[str, Any], value: float, reach: float, p_value: float
) -> dict[str, Any]:
    low, high = value - reach, value + reach
    verdict: Verdict = "pass" if low > 0 else "watch"
    if not reach > 0:
        verdict = "insufficient"
    told = {**about, "p_value": p_value}
    return make_row(statistic, verdict, told, value=value, between=(low, high), threshold=0.0)


def _cross_fit(x: Floats, data: _Data, fold: Ints, *, firth: bool) -> Floats:
    """Default probability of each loan by a fit that saw no loan of its part."""
    prob = np.zeros(data.failed.size)
    for part in range(_FOLDS):
        held = fold == part
        known = ~held
        prob[held] = data.failed[known].mean()
        if x.shape[1]:
            coef = _fit(x[known], data.failed[known], firth=firth)
            if coef is not None:
                prob[held] = expit(coef[0] + x[held] @ coef[1:])
    return np.clip(prob, SMALLEST_PROB, 1 - SMALLEST_PROB)


def _less_rate(prob: Floats, failed: Bools, fold: Ints) -> Floats:
    """Log-odds less those of the default rate among the loans that each part was fitted with."""
    rates = np.array([failed[fold != part].mean() for part in range(_FOLDS)])
    return np.asarray(logit(prob) - logit(np.clip(rates, SMALLEST_PROB, 1 - SMALLEST_PROB))[fold])


def _fit(x: Floats, failed: Bools, *, firth: bool) -> Floats | None:
    """Coefficients; None where a part of the loans does not give any."""
    for penalised in (firth, True):
        try:
            return fit_logistic(x, failed, firth=penalised).coef
        except EvidenceError:  # separated, or one class
            continue
        except DomainError:  # a column does not vary there
            return None
    return None
