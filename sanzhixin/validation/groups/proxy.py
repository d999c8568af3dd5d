"""Whether the profile stands in for an audit group: how well the group can be told from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import logit

from sanzhixin.numerics.choices import check_probability, check_range
from sanzhixin.numerics.clustered import cluster_auc
from sanzhixin.validation.groups.audit_groups import Groups, hide_groups, read_groups
from sanzhixin.validation.tables.columns import check_columns, read_numbers
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import make_row, make_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sanzhixin.numerics.clustered import ClusterArea
    from sanzhixin.validation.tables.judged import Verdict

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["LEAST_VILLAGES", "PROXY_ABOVE", "compute_proxy", "profile_columns"]

PROXY_ABOVE = 0.60
"""Area under the curve above which a profile, or a column, is watched as standing in for a group.

A convention of this library: at 0.5 nothing is told, at 0.6 three of five pairs are in order.
"""

LEAST_VILLAGES = 10
"""Villages with members of a group, and with others, below which areas are not judged."""

_CHANCE = 0.5
_ROUNDED = 3  # decimals: an exact area of known members would tell how many others there are
_RIDGE = 1e-3
_BLOCK = 64

_NOTE_ZH = (
    "由档案各列预测审计分组，按村交叉拟合：预测某村时未用该村。"
    "auc 为随机取组内、组外各一户时排序正确的概率，0.5 为无从分辨；区间按村聚类（{level:.0%}）。"
    "linear 为线性判别，boosted 为提升树，"
    "column 为单列（低于 0.5 表示方向相反，区间整个在 {low:.2f} 以下同样关注）。"
    "p_value 为 linear 的置换检验：在村内打乱分组 {permutations} 次（种子 {seed}）。"
    "区间下限高于 {threshold:.2f} 或完全可分为 watch；"
    "组内或组外农户所在不足 {villages} 村为 insufficient。"
    "不足 {least} 户的组，以及为防相减推出而隐去的组，不列出；"
    "某属性有隐去的组时，其各行不写户数，数值只到三位小数。"
    "本表依据 {villages_told} 村 {households} 户。"
    "可预测不等于不当对待，但去掉分组列并不能保证不区别对待。"
)
_NOTE_EN = (
    "The audit group is predicted from the columns of the profile, cross-fitted by village: no "
    "village helps to predict itself. auc: how often a member and another household drawn at "
    "random are in order; 0.5 is chance; intervals by village at {level:.0%}. linear is a linear "
    "discriminant, boosted a boosted tree, column a single column (below 0.5 the other way round; "
    "an interval wholly below {low:.2f} is watched too). p_value: permutation test of linear, the "
    "groups shuffled within villages {permutations} times (seed {seed}). watch where the lower "
    "bound lies above {threshold:.2f}, or all are told apart; insufficient where members, or "
    "others, live in fewer than {villages} villages. Groups "
    "below {least} households, and those hidden so that subtraction tells no small one, are left "
    "out; where an attribute has a hidden group its rows state no number of households, and values "
    "to three decimals. The table rests on {households} households of {villages_told} villages. "
    "What can be predicted is not thereby ill treated; "
    "but leaving a group's column out does not make a model blind to it."
)


class _Wanted(NamedTuple):
    """What is asked of every group."""

    level: float
    threshold: float
    folds: Ints
    permutations: int
    seed: int


def profile_columns(profile: pd.DataFrame) -> list[str]:
    """List the columns of a profile that a card may use.

    Parameters
    ----------
    profile : DataFrame
        Of `SanzhixinModel.profile`.

    Returns
    -------
    list of str
        ``<pillar>_score``, ``event_points`` and the factors.

    Examples
    --------
    >>> profile_columns(pd.DataFrame({"fs_score": [1.0], "fs_se": [0.1], "event_points": [3]}))
    ['fs_score', 'event_points']
    """
    names = [str(name) for name in profile]
    own = [name for name in names if name.endswith("_score") or name == "event_points"]
    last = names.index("n_events_excluded") if "n_events_excluded" in names else len(names)
    factors = [n for n in names[last + 1 :] if n not in {"evidence", "evidence_missing"}]
    return own + [name for name in factors if name not in own]


def compute_proxy(  # noqa: PLR0913 - the options of one audit
    profile: pd.DataFrame,
    audit_groups: pd.DataFrame,
    *,
    columns: Sequence[str] | None = None,
    threshold: float = PROXY_ABOVE,
    level: float = 0.95,
    folds: int = 5,
    permutations: int = 199,
    least_size: int = 30,
    hidden: Mapping[str, Collection[str]] | None = None,
    seed: int = 0,
) -> Judged:
    """Judge whether the profile, or one of its columns, stands in for an audit group.

    Parameters
    ----------
    profile : DataFrame
        Of `SanzhixinModel.profile`: household_id, village_id and the columns.
    audit_groups : DataFrame
        household_id and one column per attribute, of words; never an input of the model.
    columns : sequence of str, optional
        Numbers, or words; by default those of `profile_columns`.
    threshold : float, default=0.60
        Area above which a lower bound is watched.
    level : float, default=0.95
        Of the intervals.
    folds : int, default=5
        Parts of the villages.
    permutations : int, default=199
        Of the null; 0 makes none.
    least_size : int, default=30
        Households in a group, and outside it, below which it is not tested.
    hidden : mapping of str to collection of str, optional
        Attribute to groups that another table hides, as `hidden_groups` gives them: they are
        hidden here too, whatever their size.
    seed : int, default=0
        Of folds and permutations.

    Returns
    -------
    Judged
        ``proxy``, by ``attribute``, ``group``, ``model`` (``linear``, ``boosted``, ``column``) and
        ``column``.  An attribute of two groups is tested once, for the smaller.  Missing values
        are told by an indicator and the mean; households without a stated group are left out.
        Groups that `hide_groups` hides have no row, and neither has one beside which fewer than
        `least_size` households are left (where those that are not stated are hidden, only groups
        that are shown count there).  Where an attribute has a hidden group, `NOT_STATED` too,
        ``n`` is missing and values have three decimals: either would tell the hidden households
        by subtraction.

    Raises
    ------
    DomainError
        ``judged_columns``, ``option_range``, ``probability_open``.

    Notes
    -----
    The linear discriminant is the least-squares fit of the indicator on standardised columns with
    a ridge of 0.001; its hat matrix is the same for every permutation.  Scores leave out how
    frequent the group is where they were learned: where it is frequent in a part it is rare in
    the others, so that scores with it would rank parts the wrong way round.  The permutation test
    asks whether households of one village are told apart; what villages as a whole have in common
    with the group is kept.

    References
    ----------
    Feldman et al. (2015), https://doi.org/10.1145/2783258.2783311, on predicting a group from
    what a model is given; Obuchowski (1997), https://doi.org/10.2307/2533958; Phipson and Smyth
    (2010), https://doi.org/10.2202/1544-6115.1585, on p-values of permutations.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=12, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> judged = compute_proxy(model.profile(county), county.audit_groups, permutations=0)
    >>> set(judged.table["verdict"]) <= {"info", "pass", "watch", "insufficient"}
    True
    """
    check_probability("level", level)
    check_range("threshold", threshold, _CHANCE, 1, is_open=True)
    check_range("folds", folds, 2, 100, is_whole=True)
    check_range("permutations", permutations, 0, 1e5, is_whole=True)
    check_range("least_size", least_size, 2, 1e6, is_whole=True)
    names = profile_columns(profile) if columns is None else list(columns)
    check_columns(profile, "household_id", "village_id", *names)
    rows: list[dict[str, Any]] = []
    profile = profile.sort_values("household_id", key=lambda ids: ids.astype("str"), kind="stable")
    ids = profile["household_id"].to_numpy(dtype=object)  # trees and draws go by their order
    audited = _audited(audit_groups, ids)
    for groups, unseen in zip(audited, _hidden(audited, least_size, hidden or {}), strict=True):
        stated = np.flatnonzero(groups.place < groups.n_stated)
        own, place = profile.iloc[stated], groups.place[stated]
        village = np.unique(own["village_id"].astype("str").to_numpy(), return_inverse=True)[1]
        wanted = _Wanted(level, threshold, _folds(village, folds, seed), permutations, seed)
        is_covered = bool(unseen.any() or (hidden or {}).get(groups.attribute))
        for k in _tested(place, unseen, groups.n_stated, least_size):
            about = {"attribute": groups.attribute, "group": groups.names[k]}
            told = _group_rows(own[names], place == k, village, about, wanted)
            rows += map(_covered, told) if is_covered else told
    table = make_table(rows, ("attribute", "group", "model", "column"), more=("p_value",))
    table["n"] = table["n"].astype("Int64").mask(table["n"] < 0)
    return Judged(
        "proxy",
        table,
        "档案能否推出审计分组",
        "Audit groups from the profile",
        *(
            text.format(
                level=level,
                low=1 - threshold,
                permutations=permutations,
                seed=seed,
                threshold=threshold,
                villages=LEAST_VILLAGES,
                least=least_size,
                households=len(profile),
                villages_told=profile["village_id"].nunique(),
            )
            for text in (_NOTE_ZH, _NOTE_EN)
        ),
    )


def _audited(audit_groups: pd.DataFrame, ids: NDArray[np.object_]) -> list[Groups]:
    check_columns(audit_groups, "household_id")
    attributes = sorted(str(name) for name in audit_groups if name != "household_id")
    return [read_groups(audit_groups, attribute, ids) for attribute in attributes]


def _hidden(audited: list[Groups], least: int, given: Mapping[str, Collection[str]]) -> list[Bools]:
    """Tell which groups are hidden here, given those that another table hides."""
    start = [
        np.array([name in given.get(one.attribute, ()) for name in one.names], dtype=np.bool_)
        for one in audited
    ]
    return [one.hidden for one in hide_groups(audited, least, start)]


def _tested(place: Ints, hidden: Bools, n_stated: int, least: int) -> list[int]:
    """Choose groups by numbers that are known: by others the lack of a row would tell."""
    sizes = np.bincount(place, minlength=n_stated)
    shown = np.where(hidden[:n_stated], 0, sizes)
    known = shown if hidden[n_stated:].any() else sizes  # all, less those that are not stated
    large = [k for k in range(n_stated) if min(shown[k], known.sum() - shown[k]) >= least]
    is_pair = n_stated == 2 and large
    return [min(large, key=lambda k: (sizes[k], k))] if is_pair else large


def _covered(row: dict[str, Any]) -> dict[str, Any]:
    """Take from a row what would tell how many households are hidden."""
    rounded = {name: round(float(row[name]), _ROUNDED) for name in ("value", "low", "high")}
    return row | rounded | {"n": -1}


def _folds(village: Ints, folds: int, seed: int) -> Ints:
    """Give each household the part that its village falls into."""
    n = int(village.max(initial=-1)) + 1
    part = np.random.default_rng(seed).permutation(n) % folds
    return np.asarray(part[village], dtype=np.int64)


def _group_rows(
    profile: pd.DataFrame, member: Bools, village: Ints, about: dict[str, str], wanted: _Wanted
) -> Iterator[dict[str, Any]]:
    told = {**about, "n": member.size, "events": pd.NA, "column": ""}
    parts = {name: _design(profile[[name]]) for name in profile}
    whole = np.hstack(list(parts.values()))
    score, p_value = _linear(whole, member, village, wanted)
    yield _row("linear", score, member, village, told | {"p_value": p_value}, wanted)
    yield _row("boosted", _boosted(whole, member, wanted), member, village, told, wanted)
    for name, design in parts.items():
        is_number = pd.api.types.is_numeric_dtype(profile[name])
        values = read_numbers(profile, str(name)) if is_number else None
        if values is None:
            values = _linear(design, member, village, wanted._replace(permutations=0))[0]
        known = ~np.isnan(values)
        one = told | {"column": str(name), "n": int(known.sum())}
        yield _row("column", values[known], member[known], village[known], one, wanted)


def _row(
    model: str,
    score: Floats,
    member: Bools,
    village: Ints,
    about: dict[str, Any],
    wanted: _Wanted,
) -> dict[str, Any]:
    found = cluster_auc(score, member, village, level=wanted.level)
    villages = min(np.unique(village[own]).size for own in (member, ~member))
    verdict = _verdict(found, villages, wanted.threshold, both=model == "column")
    return make_row(
        "auc",
        verdict,
        about | {"model": model},
        value=found.auc,
        between=(found.low, found.high),
        threshold=wanted.threshold,
    )


def _verdict(found: ClusterArea, villages: int, threshold: float, *, both: bool) -> Verdict:
    if villages < LEAST_VILLAGES:
        return "insufficient"
    if found.auc == 1 or (both and found.auc == 0):  # all told apart; no error, and no doubt
        return "watch"
    if np.isnan(found.low):
        return "insufficient"
    return "watch" if found.low > threshold or (both and found.high < 1 - threshold) else "pass"


def _design(columns: pd.DataFrame) -> Floats:
    """Standardised numbers, their missing values at the mean with an indicator; levels of words."""
    made: list[Floats] = []
    for name in columns:
        if pd.api.types.is_numeric_dtype(columns[name]):
            values = read_numbers(columns, str(name))
            absent = np.isnan(values)
            mean = float(values[~absent].mean()) if not absent.all() else 0.0
            made += [np.where(absent, mean, values), absent.astype(np.float64)]
        else:
            words = columns[name].astype("string").fillna("").to_numpy(dtype=object)
            made += [(words == level).astype(np.float64) for level in sorted(set(words))]
    found = np.stack(made, axis=1)
    spread = found.std(axis=0)
    return np.asarray((found - found.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _linear(design: Floats, member: Bools, village: Ints, wanted: _Wanted) -> tuple[Floats, float]:
    """Cross-fitted scores, and the p-value of their area among shuffled groups."""
    score = _cross_fit(design, member[:, None].astype(np.float64), wanted.folds)[:, 0]
    if not wanted.permutations:
        return score, np.nan
    own = cluster_auc(score, member, village).auc
    rng, above = np.random.default_rng(wanted.seed), 0
    for begin in range(0, wanted.permutations, _BLOCK):
        count = min(_BLOCK, wanted.permutations - begin)
        shuffled = np.stack([member[_shuffle(village, rng)] for _ in range(count)], axis=1)
        scores = _cross_fit(design, shuffled.astype(np.float64), wanted.folds)
        areas = [cluster_auc(scores[:, k], shuffled[:, k], village).auc for k in range(count)]
        above += int((np.array(areas) >= own).sum())
    return score, (1 + above) / (1 + wanted.permutations)


def _shuffle(village: Ints, rng: np.random.Generator) -> Ints:
    """Draw an order of the households that keeps everybody in the village."""
    order = np.lexsort((rng.random(village.size), village))
    places = np.empty(village.size, dtype=np.int64)
    places[np.argsort(village, kind="stable")] = order
    return places


def _cross_fit(design: Floats, outcomes: Floats, folds: Ints) -> Floats:
    """Least-squares scores of each part by the others, less the mean outcome of those."""
    scores = np.zeros_like(outcomes)
    for part in np.unique(folds):
        inside = folds == part
        if inside.all():  # one village: nobody else to learn from
            continue
        x, y = design[~inside], outcomes[~inside]
        mean = x.mean(axis=0)
        left = (x - mean).T @ (x - mean) + _RIDGE * len(x) * np.eye(x.shape[1])
        slope = np.linalg.solve(left, (x - mean).T @ (y - y.mean(axis=0)))
        scores[inside] = (design[inside] - mean) @ slope
    return scores


def _boosted(design: Floats, member: Bools, wanted: _Wanted) -> Floats:
    """Log-odds of each part by trees of the others, less the log-odds of the group in those."""
    from sklearn.ensemble import GradientBoostingClassifier

    score = np.zeros(member.size)
    for part in np.unique(wanted.folds):
        inside = wanted.folds == part
        if member[~inside].all() or not member[~inside].any():
            continue
        trees = GradientBoostingClassifier(
            n_estimators=60, max_depth=3, subsample=0.5, random_state=wanted.seed
        )
        trees.fit(design[~inside], member[~inside])
        score[inside] = trees.decision_function(design[inside]) - logit(member[~inside].mean())
    return score
