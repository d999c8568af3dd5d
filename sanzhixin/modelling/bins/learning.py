"""Learning the bins of one characteristic: pre-bins, the best partition, weights of evidence."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sanzhixin.errors import EvidenceError, RecordError
from sanzhixin.modelling.bins.edits import check_level_edits, check_splits, interval_edits
from sanzhixin.modelling.bins.feature_bins import FeatureBins, GroupKind, Status
from sanzhixin.modelling.bins.weights import weigh_bins
from sanzhixin.modelling.inputs.columns import Texts, level_names, number_name
from sanzhixin.numerics.binning import Partition, optimal_bins
from sanzhixin.numerics.chance import ChanceLaw
from sanzhixin.numerics.chance_draws import DrawnLaw
from sanzhixin.numerics.prebins import edge_between, prebin_ranks
from sanzhixin.numerics.woe import NO_INFORMATION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.modelling.bins.request import FeatureRequest
    from sanzhixin.modelling.inputs.labels import Outcome

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Codes = NDArray[np.integer]

__all__ = ["learn_bins"]


class _Ordered(NamedTuple):
    """Bins in order, before weights: intervals by their edges, or sets of levels."""

    edges: tuple[float, ...]
    levels: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...]
    partition: Partition
    is_separated: bool
    n_groups: int  # from which the bins were made
    is_chosen: bool = True  # whether data had a say in them


def learn_bins(
    values: Floats | Texts, outcome: Outcome, request: FeatureRequest
) -> tuple[FeatureBins, Codes]:
    """Learn the bins of one characteristic.

    Parameters
    ----------
    values : ndarray or Texts of shape (n_rows,)
        The column.
    outcome : Outcome
        Events and weights of the rows.
    request : FeatureRequest
        How.

    Returns
    -------
    FeatureBins
        Fitted.
    ndarray of shape (n_rows,)
        Group of each value.

    Raises
    ------
    RecordError
        ``column_blank``: missing values under ``missing="refuse"``.
    DomainError
        ``bin_edit``: an edit that the data cannot follow.
    EvidenceError
        ``bins_infeasible``: no bins keep the edits and the rules.
    """
    if request.is_category and not isinstance(values, Texts):
        values = level_names(values)
    special = _special_codes(values, request)
    absent = values.codes < 0 if isinstance(values, Texts) else np.isnan(values)
    if request.missing == "refuse" and absent.any():
        raise RecordError("column_blank", name=request.name, count=int(absent.sum()))
    ordinary = ~absent & (special < 0)
    told = outcome if request.missing == "separate" else outcome.take(~absent)
    totals = told.totals()
    if isinstance(values, Texts):
        ordered = _learn_levels(values, ordinary, outcome, request, totals)
    else:
        ordered = _learn_intervals(values, ordinary, outcome, request, totals)
    return _count(values, outcome, request, ordered)


def _special_codes(values: Floats | Texts, request: FeatureRequest) -> Codes:
    """Find the special group of each row, -1 for none."""
    n_rows = values.codes.size if isinstance(values, Texts) else values.size
    found = np.full(n_rows, -1, dtype=np.int64)
    for place, (_, members) in enumerate(request.specials):
        if isinstance(values, Texts):
            known = [number_name(member) for member in members]
            hit = np.array([level in known for level in values.levels] + [False])[values.codes]
        else:
            hit = np.isin(values, np.array(members, dtype=float))
        found[hit] = place
    return found


def _partition(
    events: Floats,
    nonevents: Floats,
    cuts: Bools,
    request: FeatureRequest,
    totals: tuple[float, float],
) -> Partition:
    """Best partition; one bin where none keeps the rules and nobody asked for a split."""
    found = optimal_bins(
        events,
        nonevents,
        trend="ascending" if request.is_category else request.trend,
        objective=request.objective,
        rules=request.rules,
        totals=totals,
        cuts=cuts,
    )
    if found.starts.size or not events.size:
        return found
    if cuts.any():
        rules = request.rules
        raise EvidenceError(
            "bins_infeasible",
            feature=request.name,
            events=rules.min_events,
            nonevents=rules.min_nonevents,
            weight=rules.min_weight,
            trend=request.trend,
            bins=rules.max_bins,
        )
    return Partition(np.zeros(1, dtype=np.int64), 0.0, found.trend)


def _outside(whole: list[tuple[float, float]], below: float, edge: float) -> float:
    """Move an edge to the end of an interval that is to stay whole."""
    for low, high in whole:
        if low < edge < high:
            return low if below < low else high
    return edge


def _are_apart(of_events: NDArray[Any], of_nonevents: NDArray[Any]) -> bool:
    """Tell whether one cut leaves all events on one side and all other rows on the other."""
    if not (of_events.size and of_nonevents.size):
        return False
    return bool(of_events.min() > of_nonevents.max() or of_nonevents.min() > of_events.max())


def _status(n_bins: int, *, is_separated: bool) -> Status:
    if not n_bins:
        return "no_value"
    if is_separated:
        return "separated"
    return "binned" if n_bins > 1 else "one_bin"


def _learn_intervals(
    values: Floats,
    ordinary: Bools,
    outcome: Outcome,
    request: FeatureRequest,
    totals: tuple[float, float],
) -> _Ordered:
    splits, whole = interval_edits(request.edits)
    there = outcome if ordinary.all() else outcome.take(ordinary)
    numbers = values if ordinary.all() else values[ordinary]
    made = prebin_ranks(
        numbers,
        there.is_event,
        there.weights,
        max_prebins=request.max_prebins,
        splits=splits,
        whole=whole,
    )
    check_splits(splits, made.smallest, request.edits)
    partition = _partition(made.events, made.nonevents, made.cuts, request, totals)
    mixed = int(np.count_nonzero((made.events > 0) & (made.nonevents > 0)))
    apart = mixed < 2 and _are_apart(numbers[there.is_event], numbers[~there.is_event])
    edges = []
    for start in partition.starts[1:].tolist():
        below, above = float(made.largest[start - 1]), float(made.smallest[start])
        fixed = [split for split in splits if below < split <= above]
        edges.append(max(fixed) if fixed else _outside(whole, below, edge_between(below, above)))
    ends = [f"{edge:.15g}" for edge in edges]
    labels = [f"[{low}, {high})" for low, high in zip(["-inf", *ends], [*ends, "inf"], strict=True)]
    n_bins = partition.starts.size
    n_fixed = int(made.cuts.sum()) + 1
    is_chosen = n_fixed < min(request.rules.max_bins, made.events.size)
    return _Ordered(
        tuple(edges),
        (),
        tuple(labels[:n_bins]),
        partition,
        apart,
        made.events.size if is_chosen else n_fixed,
        is_chosen,
    )


def _learn_levels(
    values: Texts,
    ordinary: Bools,
    outcome: Outcome,
    request: FeatureRequest,
    totals: tuple[float, float],
) -> _Ordered:
    """Put levels in the order of their event rates and find the best partition of that order."""
    there = outcome.take(ordinary)
    events, nonevents = there.counts(values.codes[ordinary], len(values.levels))
    seen = events + nonevents > 0
    check_level_edits(
        request.edits, [level for level, held in zip(values.levels, seen, strict=True) if held]
    )
    sets = _level_sets(values.levels, events, nonevents, request)
    own = {level: k for k, level in enumerate(values.levels)}
    rows = [[own[level] for level in part] for part in sets]
    counts = [(events[row].sum(), nonevents[row].sum()) for row in rows]
    order = sorted(range(len(sets)), key=lambda k: (_rate(*counts[k]), sets[k]))
    bad = np.array([counts[k][0] for k in order], dtype=float)
    good = np.array([counts[k][1] for k in order], dtype=float)
    locked = [edit.levels for edit in request.edits if edit.action == "lock"]
    alone = np.array([sets[k] in {tuple(sorted(part)) for part in locked} for k in order], bool)
    partition = _partition(bad, good, alone[1:] | alone[:-1], request, totals)
    apart = _are_apart(np.flatnonzero(bad), np.flatnonzero(good))
    bounds = [*partition.starts.tolist(), len(order)]
    levels = tuple(
        tuple(sorted(level for k in order[first:last] for level in sets[k]))
        for first, last in pairwise(bounds)
    )
    return _Ordered(
        (), levels, tuple(", ".join(group) for group in levels), partition, apart, len(sets)
    )


def _rate(events: float, nonevents: float) -> float:
    return events / (events + nonevents)


def _level_sets(
    levels: tuple[str, ...], events: Floats, nonevents: Floats, request: FeatureRequest
) -> list[tuple[str, ...]]:
    """Levels that stay together from the start: by an edit, as rare ones, else each alone."""
    together = [tuple(sorted(edit.levels)) for edit in request.edits]
    weight = dict(zip(levels, (events + nonevents).tolist(), strict=True))
    single = [level for level in levels if not any(level in part for part in together)]
    single = [level for level in single if weight[level] > 0]
    rare = tuple(level for level in single if weight[level] < request.rare_weight)
    alone = [(level,) for level in single if weight[level] >= request.rare_weight]
    return [*together, *alone, *([rare] if rare else [])]


def _count(
    values: Floats | Texts, outcome: Outcome, request: FeatureRequest, ordered: _Ordered
) -> tuple[FeatureBins, Codes]:
    """Count the rows of every group, and weigh them."""
    n_bins, specials = ordered.partition.starts.size, request.specials
    of_bins: list[GroupKind] = ["bin"] * n_bins
    of_specials: list[GroupKind] = ["special"] * len(specials)
    kinds: tuple[GroupKind, ...] = (*of_bins, *of_specials, "missing", "unseen")
    nothing = np.zeros(len(kinds))
    bins = FeatureBins(
        name=request.name,
        kind="category" if request.is_category else "number",
        trend=ordered.partition.trend,
        status=_status(n_bins, is_separated=ordered.is_separated),
        edges=ordered.edges,
        levels=ordered.levels,
        specials=specials,
        missing=request.missing,
        labels=(*ordered.labels, *(name for name, _ in specials), "missing", "unseen"),
        kinds=kinds,
        events=nothing,
        nonevents=nothing,
        woe=nothing,
        se=nothing,
        iv=nothing,
        position=nothing,
        information=NO_INFORMATION,
    )
    codes = bins.assign(values)
    events, nonevents = outcome.counts(codes, len(kinds))
    return weigh_bins(bins, events, nonevents, request, _law(ordered, request)), codes


def _law(ordered: _Ordered, request: FeatureRequest) -> ChanceLaw | DrawnLaw:
    """Take the law of the information value by chance that the course of the bins asks for."""
    n_groups = ordered.n_groups
    if request.is_category or not ordered.is_chosen:
        return ChanceLaw(n_groups, 0)
    if request.trend in ("peak", "valley"):
        return DrawnLaw(n_groups, "turning")
    if request.trend == "none":
        return DrawnLaw(n_groups, "free", request.rules.max_bins)
    return ChanceLaw(n_groups, 2 if request.trend == "auto" else 1)
