"""Proposals and outcomes by audit group: ratios with intervals, and what small groups hide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtr

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_probability, check_range
from sanzhixin.numerics.clustered import cluster_ratios
from sanzhixin.numerics.multiplicity import adjust_holm
from sanzhixin.validation.groups.audit_groups import (
    Groups,
    Hiding,
    count_matched,
    hide_cells,
    hide_groups,
    read_groups,
    size_words,
)
from sanzhixin.validation.tables.columns import (
    check_columns,
    check_one_row_each,
    check_proposals,
    group_loans,
    read_numbers,
    village_numbers,
)
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.rates import LEAST_EXPECTED, rate_row, read_forecast
from sanzhixin.validation.tables.statistic_rows import FAIL_BELOW, WATCH_BELOW, make_row, make_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sanzhixin.scoring.pd_table import PdBasis
    from sanzhixin.validation.tables.columns import Group
    from sanzhixin.validation.tables.judged import Verdict
    from sanzhixin.validation.tables.rates import Forecast

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["FOUR_FIFTHS", "LEAST_VILLAGES", "compute_fairness"]

FOUR_FIFTHS = 0.8
"""A convention of United States labour law, shown as such; no law on farm credit states it."""

LEAST_VILLAGES = 10
"""Villages with members, of a group and of the reference, below which ratios are not judged.

Neither are default rates of a group whose loans lie in fewer.

A group of one village alone has no error by village of its own: its interval would tell of the
reference only.
"""

_JUDGED = frozenset({"fitted", "anchored"})  # default probabilities that are expectations
_ABOUT = ("attribute", "group", "tier", "size")
_TESTS = ("p_value", "p_exact", "p_cluster", "p_adjusted")
_MORE = ("delta_low", "delta_high", "expected_rate", *_TESTS)

_NOTE_ZH = (
    "分组只用于审计，不是模型的输入。selection_rate 为额度大于 0 的农户占比，"
    "propose_rate 为直接建议（不需复核）且额度大于 0 的占比；*_ratio 为与参照组之比，"
    "limit_ratio 为有额度农户平均额度之比；"
    "区间为按村自助法（{level:.0%}，{draws} 次，种子 {seed}），delta_* 为对数比的 delta 法核对。"
    "0.8 为惯用参照线而非法定标准：两种区间均整个低于 0.8 为 watch，其余为 info；"
    "本组或参照组所在不足 {villages} 村，或没有区间的，为 insufficient。"
    "比率为 0 时自助法没有离散，上限改按每村只算一次抽取。"
    "default_rate 为各组贷款违约率（Jeffreys 区间），threshold 为平均违约概率，"
    "p_exact 为双侧精确检验，视各笔贷款相互独立；p_cluster 由各村（违约减预期）之和作 t 检验，"
    "允许同村贷款相关，假定各村相互独立；p_value 取两者较大，p_adjusted 为其 Holm 调整并据以判断；"
    "本组贷款所在不足 {villages} 村为 insufficient。"
    "差年景会使各组一同偏离；"
    "default_ratio 为本组与参照组“违约数/预期违约数”之比，可除去共同的偏离，只供参考。"
    "default_rate_in_tier 为同一等级内各组的违约率。"
    "违约结果只存在于获批贷款：获批者中违约的占比可知，未获批者本来会不会违约不可知，"
    "因此不给出这一类错误率。少于 {least} 户（笔）的组不显示，"
    "必要时另隐去一组以防相减推出，包括与另一属性的组相减（此时均写 hidden）；"
    "有额度的户不足时平均额度同样不显示。"
    "差异不等于不当对待，无差异也不等于没有不当对待。"
    "未填分组的农户列为“(not stated)”。{matched}{basis}"
)
_NOTE_EN = (
    "Groups are for audit and never enter the model. selection_rate: share of households with a "
    "limit above 0; propose_rate: share proposed without review, with a limit above 0; "
    "*_ratio: over the reference; "
    "limit_ratio: mean limits of those with one. Intervals draw whole villages ({level:.0%}, "
    "{draws} draws, seed {seed}); delta_* checks them by the delta method. The line of 0.8 is a "
    "convention, no rule of law: watch where both intervals lie below it, info otherwise; "
    "insufficient where the group or the reference has members in fewer than {villages} villages, "
    "or without an interval. At a rate of 0 draws do not scatter, and the upper end takes each "
    "village as one draw. mean_limit_yuan is hidden where too few have a limit. default_rate: of a "
    "group's loans, with its Jeffreys interval; the threshold is the mean default probability, "
    "p_exact is two-sided and exact and takes loans as independent; p_cluster is a t test of the "
    "sums of defaults less expected ones by village: loans of one village may hang together, those "
    "of two are independent; p_value is the larger, p_adjusted by Holm judges; insufficient where "
    "a group's loans lie in fewer than {villages} villages. A bad year moves all groups off what "
    "was expected; default_ratio, observed over expected defaults over that of the reference, "
    "takes out what they share, and is shown, not judged. default_rate_in_tier: within one tier. "
    "Outcomes exist for approved loans alone: the share of defaults among the approved is known, "
    "whether those without approval would have paid is NOT known, so that error rate is not "
    "stated. Groups below {least} "
    "are not shown, and a further one is hidden where subtraction, also of another attribute's "
    "groups, would tell (all are called hidden then). A difference is no proof of ill treatment, "
    "and no difference no proof of its absence. Households without a stated group stand as "
    '"(not stated)". {matched} {basis}'
)


class _Wanted(NamedTuple):
    """What is asked of every attribute."""

    level: float
    least: int
    draws: int
    seed: int


def compute_fairness(  # noqa: PLR0913 - the options of one audit
    proposals: pd.DataFrame,
    audit_groups: pd.DataFrame,
    loans: pd.DataFrame | None = None,
    *,
    households: pd.DataFrame | None = None,
    references: Mapping[str, str] | None = None,
    basis: PdBasis = "fitted",
    level: float = 0.95,
    least_size: int = 30,
    draws: int = 2_000,
    seed: int = 0,
) -> Judged:
    r"""Compare proposals and outcomes of the groups that a bank audits.

    Parameters
    ----------
    proposals : DataFrame
        Of `SanzhixinModel.propose`: household_id, status, limit_yuan, one row each; or with a
        village_id.
    audit_groups : DataFrame
        household_id and one column per attribute, of words; never an input of the model.
    loans : DataFrame, optional
        Of `loan_table`: household_id, tier, defaulted, prob_default; with a village_id, else in
        the village of the household.
    households : DataFrame, optional
        household_id and village_id, where the proposals do not carry it.
    references : mapping of str to str, optional
        Attribute to its reference group; by default the largest, the first by name among equals.
    basis : {"none", "prudent", "fitted", "anchored"}, default="fitted"
        What the default probabilities are; ``none`` and ``prudent`` judge no calibration.
    level : float, default=0.95
        Of the intervals.
    least_size : int, default=30
        Households, or loans, below which a group is not shown.
    draws : int, default=2000
        Of the bootstrap of villages.
    seed : int, default=0
        Of the draws.

    Returns
    -------
    Judged
        ``fairness``, by ``attribute``, ``group`` and ``tier`` (empty outside
        ``default_rate_in_tier``).  ``size`` is the number in words: digits, or, for a hidden cell,
        whose ``n`` and values are missing, the words of `size_words`; `hide_groups` tells which
        cells are hidden, and what it does not look at.  A limit that is missing counts as none,
        and a proposal without one (an unrated household) as not proposed.

    Raises
    ------
    DomainError
        ``proposals_columns``, ``judged_columns``, ``option_range``, ``probability_open``;
        ``proposals_repeated``: a household stands twice, so that sizes are no households;
        ``groups_unmatched``: no household of `audit_groups` stands among the proposals;
        ``group_reference``: a reference that is no group; ``outcome_not_binary``,
        ``prob_outside``, ``option_choice``.

    Notes
    -----
    A ratio is watched where both upper ends lie below .8: percentiles of few villages alone are
    too ready.  With :math:`u_c` the defaults less the expected ones of a group in village c, of C
    villages, ``p_cluster`` is two-sided by :math:`t = \sqrt{C}\,\bar u / s_u` and Student's law
    on C - 1; ``p_exact`` takes loans as independent, and ``p_value`` is the larger.
    ``default_ratio`` has the intervals of the other ratios.

    References
    ----------
    Barocas, Hardt and Narayanan (2023), Fairness and Machine Learning, chapter 3; Uniform
    Guidelines on Employee Selection Procedures, 29 CFR 1607.4 D, for the line of four fifths;
    Hundepool et al. (2012), https://doi.org/10.1002/9781118348239, on hiding cells; Holm (1979),
    https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> proposals = pd.DataFrame({"household_id": range(8), "village_id": list("abab" * 2),
    ...     "status": "propose", "limit_yuan": [1, 1, 1, 1, 1, 1, 0, 0]})
    >>> groups = pd.DataFrame({"household_id": range(8), "migrant": ["no"] * 4 + ["yes"] * 4})
    >>> judged = compute_fairness(proposals, groups, least_size=2)
    >>> own = judged.table[judged.table["statistic"] == "selection_ratio"]
    >>> own[["group", "size", "value"]].values.tolist()
    [['no', '4', 1.0], ['yes', '4', 0.5]]
    """
    check_probability("level", level)
    check_range("least_size", least_size, 2, 1e6, is_whole=True)
    check_range("draws", draws, 100, 1e6, is_whole=True)
    check_proposals(proposals, "household_id", "status", "limit_yuan")
    check_one_row_each(proposals)
    wanted = _Wanted(level, least_size, draws, seed)
    village = village_numbers(proposals, households)
    attributes = _attributes(audit_groups)
    audited = _audited(audit_groups, attributes, proposals)
    forecast = None if loans is None else read_forecast(loans, basis)
    of_loans = [] if forecast is None else _audited(audit_groups, attributes, forecast.loans)
    limit = np.nan_to_num(read_numbers(proposals, "limit_yuan"))
    hidings = _hide(audited, limit > 0, wanted.least)
    hidden = [one.hidden for one, _ in hidings]
    matched = count_matched(audit_groups, proposals["household_id"], audited, hidden)
    loan_hidings = hide_groups(of_loans, wanted.least)
    rows: list[dict[str, Any]] = []
    for k, groups in enumerate(audited):
        reference = _reference(groups, (references or {}).get(groups.attribute))
        rows += _selection(proposals, groups, village, reference, hidings[k], wanted)
        if forecast is not None:
            home = _homes(forecast.loans, proposals if households is None else households)
            named = groups.names[reference] if reference >= 0 else ""
            rows += _outcomes(forecast, of_loans[k], loan_hidings[k], home, wanted)
            rows += _against(forecast, of_loans[k], loan_hidings[k], home, named, wanted)
    table = make_table(rows, _ABOUT, more=_MORE)
    table["n"] = table["n"].astype("Int64").mask(~table["size"].str.isdigit())
    return _judged(_adjust(table), wanted, matched, forecast)


def _judged(
    table: pd.DataFrame, wanted: _Wanted, matched: tuple[str, str], forecast: Forecast | None
) -> Judged:
    of_basis = ("", "") if forecast is None else forecast.notes()
    told = wanted._asdict() | {"villages": LEAST_VILLAGES}
    return Judged(
        "fairness",
        table,
        "审计分组比较",
        "Comparison of audit groups",
        _NOTE_ZH.format(**told, matched=matched[0], basis=of_basis[0]),
        _NOTE_EN.format(**told, matched=matched[1], basis=of_basis[1]).rstrip(),
    )


def _attributes(audit_groups: pd.DataFrame) -> list[str]:
    check_columns(audit_groups, "household_id")
    return sorted(str(name) for name in audit_groups if name != "household_id")


def _audited(
    audit_groups: pd.DataFrame, attributes: Sequence[str], rows: pd.DataFrame
) -> list[Groups]:
    check_columns(rows, "household_id")
    ids = rows["household_id"].to_numpy(dtype=object)
    return [read_groups(audit_groups, attribute, ids) for attribute in attributes]


def _homes(loans: pd.DataFrame, households: pd.DataFrame) -> Ints:
    """Village of each loan: its own where it has one, else that of its household."""
    return village_numbers(loans, None if "village_id" in loans else households)


def _hide(audited: list[Groups], has_limit: Bools, least: int) -> list[tuple[Hiding, Hiding]]:
    """Hide groups of households, and for mean limits also those with too few limits."""
    whole = hide_groups(audited, least)
    with_limit = [groups._replace(place=groups.place[has_limit]) for groups in audited]
    of_limits = hide_groups(with_limit, least, [one.hidden for one in whole])
    return [
        (one, other._replace(known=one.known + other.known))
        for one, other in zip(whole, of_limits, strict=True)
    ]


def _reference(groups: Groups, named: str | None) -> int:
    stated = groups.names[: groups.n_stated]
    if named is None:
        sizes = np.bincount(groups.place, minlength=len(groups.names))[: groups.n_stated]
        return int(np.argmax(sizes)) if sizes.size else -1
    if named not in stated:
        raise DomainError("group_reference", reference=named, attribute=groups.attribute)
    return stated.index(named)


def _selection(
    proposals: pd.DataFrame,
    groups: Groups,
    village: Ints,
    reference: int,
    hidings: tuple[Hiding, Hiding],
    wanted: _Wanted,
) -> Iterator[dict[str, Any]]:
    """Rates of getting a limit, of being proposed, and mean limits, beside the reference."""
    limit = np.nan_to_num(read_numbers(proposals, "limit_yuan"))
    has_limit, everybody = limit > 0, np.ones(limit.size)
    proposed = has_limit & (proposals["status"].to_numpy(dtype=object) == "propose")
    for name, amount, counted in (
        ("selection", has_limit, everybody),
        ("propose", proposed, everybody),
        ("limit", limit * has_limit, has_limit),
    ):
        cells = [_by_village(village, groups, own) for own in (amount, counted)]
        yield from _compared(name, cells, groups, hidings[name == "limit"], reference, wanted)


def _by_village(village: Ints, groups: Groups, values: NDArray[Any]) -> Floats:
    cells = np.zeros((int(village.max(initial=-1)) + 1, len(groups.names)))
    np.add.at(cells, (village, groups.place), values.astype(np.float64))
    return cells


def _compared(
    name: str,
    cells: list[Floats],
    groups: Groups,
    hiding: Hiding,
    reference: int,
    wanted: _Wanted,
) -> Iterator[dict[str, Any]]:
    if reference < 0:
        return
    found = cluster_ratios(
        *cells, reference=reference, level=wanted.level, draws=wanted.draws, seed=wanted.seed
    )
    present = (cells[1] > 0).sum(axis=0)
    hidden = hiding.hidden
    rate_name = "mean_limit_yuan" if name == "limit" else f"{name}_rate"
    sizes = np.bincount(groups.place, minlength=len(groups.names))
    words = size_words(sizes, hidden, wanted.least, hiding.known)
    for k, group in enumerate(groups.names):
        about = _about(groups.attribute, group, words[k])
        if hidden[k]:
            yield make_row(rate_name, "insufficient", about, value=np.nan)
            continue
        band = float(found.rate_low[k]), float(found.rate_high[k])
        yield make_row(rate_name, "info", about, value=float(found.rate[k]), between=band)
        if hidden[reference]:
            continue
        about |= {"delta_low": found.delta_low[k], "delta_high": found.delta_high[k]}
        ratio, band = float(found.ratio[k]), (float(found.low[k]), float(found.high[k]))
        if ratio == 0:
            most = 1 - ((1 - wanted.level) / 2) ** (1 / present[k])
            least = found.rate_low[reference]
            band = 0.0, float(most / least) if least > 0 else np.nan
        highest = np.fmax(band[1], found.delta_high[k])  # percentiles alone are too ready
        verdict: Verdict = "watch" if highest < FOUR_FIFTHS else "info"
        if min(present[k], present[reference]) < LEAST_VILLAGES or np.isnan(band[1]):
            verdict = "insufficient"
        verdict = "info" if k == reference else verdict
        yield make_row(
            f"{name}_ratio", verdict, about, value=ratio, between=band, threshold=FOUR_FIFTHS
        )


def _about(attribute: str, group: str, size: str, tier: str = "") -> dict[str, Any]:
    about = {"attribute": attribute, "group": group, "tier": tier, "size": size}
    return about | {"n": int(size) if size.isdigit() else 0, "events": pd.NA}


def _outcomes(
    forecast: Forecast, groups: Groups, hiding: Hiding, home: Ints, wanted: _Wanted
) -> Iterator[dict[str, Any]]:
    """Default rates of each group beside what was stated, and within tiers."""
    check_columns(forecast.loans, "tier")
    tiers = group_loans(forecast.loans, "tier")
    member = np.arange(len(groups.names))[:, None] == groups.place
    cells = _in_tiers([*member], tiers)
    hidden = hiding.hidden
    unseen = cells[hidden].sum(axis=0, keepdims=True)  # the totals of tiers less what is shown
    left = _in_tiers(hiding.left, tiers)
    hidden_tiers = hide_cells(np.vstack([cells[~hidden], unseen, left]), wanted.least)
    words = size_words(cells.sum(axis=1), hidden, wanted.least, hiding.known)
    for k, group in enumerate(groups.names):
        about = _about(groups.attribute, group, words[k])
        if hidden[k]:
            yield make_row("default_rate", "insufficient", about, value=np.nan)
            continue
        yield _calibration(forecast, member[k], home, about, wanted)
        told = size_words(cells[k], hidden_tiers, wanted.least)
        for tier, size in zip(tiers, told, strict=True):
            own = tier.rows[member[k][tier.rows]]
            yield _in_tier(forecast, own, _about(groups.attribute, group, size, tier.label), wanted)


def _in_tiers(members: list[Bools], tiers: list[Group]) -> Ints:
    """Members of each set in each tier."""
    cells = [[int(own[tier.rows].sum()) for tier in tiers] for own in members]
    return np.array(cells, dtype=np.int64).reshape(len(members), len(tiers))


def _in_tier(
    forecast: Forecast, own: Ints, about: dict[str, Any], wanted: _Wanted
) -> dict[str, Any]:
    if not (about["size"].isdigit() and own.size):
        return make_row("default_rate_in_tier", "insufficient", about, value=np.nan)
    found = rate_row(about, forecast.prob[own], forecast.failed[own], level=wanted.level)
    expected = {"expected_rate": found["threshold"], "threshold": np.nan, "p_value": np.nan}
    return found | expected | {"statistic": "default_rate_in_tier", "verdict": "info"}


def _calibration(
    forecast: Forecast, own: Bools, home: Ints, about: dict[str, Any], wanted: _Wanted
) -> dict[str, Any]:
    found = rate_row(about, forecast.prob[own], forecast.failed[own], level=wanted.level)
    found["expected_rate"] = found["threshold"]
    sides = np.array([found["p_value"], found["p_over"]])
    if forecast.basis not in _JUDGED:
        return found | {"verdict": "info", "p_value": np.nan}
    exact = float(min(1.0, 2 * sides.min()))
    by_village = _clustered(forecast.failed[own] - forecast.prob[own], home[own])
    larger = float(np.maximum(exact, by_village))
    found |= {"p_exact": exact, "p_cluster": by_village, "p_value": larger}
    expected = found["n"] * found["threshold"]
    if np.isnan(larger) or (expected < LEAST_EXPECTED and larger >= FAIL_BELOW):
        found |= {"verdict": "insufficient", "p_value": np.nan}
    return found


def _clustered(excess: Floats, home: Ints) -> float:
    """Two-sided p-value of sums by village that they are 0 on average; NaN in few villages."""
    _, place = np.unique(home, return_inverse=True)
    sums = np.bincount(place, excess)
    if sums.size < LEAST_VILLAGES or np.ptp(sums) == 0:
        return np.nan
    away = abs(float(sums.mean())) / (float(sums.std(ddof=1)) / np.sqrt(sums.size))
    return float(2 * stdtr(sums.size - 1, -away))


def _against(
    forecast: Forecast, groups: Groups, hiding: Hiding, home: Ints, named: str, wanted: _Wanted
) -> Iterator[dict[str, Any]]:
    """Observed over expected defaults of each group, over that of the reference."""
    if forecast.basis not in _JUDGED or named not in groups.names[: groups.n_stated]:
        return
    reference, hidden = groups.names.index(named), hiding.hidden
    cells = [_by_village(home, groups, own) for own in (forecast.failed, forecast.prob)]
    found = cluster_ratios(
        *cells, reference=reference, level=wanted.level, draws=wanted.draws, seed=wanted.seed
    )
    counts = _by_village(home, groups, np.ones(home.size))
    present, sizes = (counts > 0).sum(axis=0), counts.sum(axis=0).astype(np.int64)
    for k in np.flatnonzero(~hidden & (sizes > 0) & ~hidden[reference]):
        about = _about(groups.attribute, groups.names[k], str(sizes[k]))
        about |= {"delta_low": found.delta_low[k], "delta_high": found.delta_high[k]}
        is_few = min(present[k], present[reference]) < LEAST_VILLAGES
        verdict: Verdict = "insufficient" if is_few or np.isnan(found.high[k]) else "info"
        value, band = float(found.ratio[k]), (float(found.low[k]), float(found.high[k]))
        yield make_row("default_ratio", verdict, about, value=value, between=band, threshold=1.0)


def _adjust(table: pd.DataFrame) -> pd.DataFrame:
    """Adjust the tests of calibration over the groups of each attribute, and judge by that."""
    own = (table["statistic"] == "default_rate") & table["p_value"].notna()
    for attribute in sorted(set(table.loc[own, "attribute"])):
        rows = own & (table["attribute"] == attribute)
        adjusted = adjust_holm(table.loc[rows, "p_value"].to_numpy())
        table.loc[rows, "p_adjusted"] = adjusted
        table.loc[rows, "verdict"] = np.where(adjusted < WATCH_BELOW, "watch", "info")
    return table
