"""Severity-adjusted measures: the posterior mean of each pillar from its forms, by look-ups."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sanzhixin.errors import DomainError
from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.measure import LogitMeasures, PillarMeasures, count_forms
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.panel_tables import (
    FINE,
    FINE_BITS,
    SCORES_A_STEP_BITS,
    VARIANCE_BITS,
    WEIGHT_BITS,
    LinkKind,
)
from sanzhixin.scoring.posterior import LOG_BITS, MEAN_BITS, fixed_exp, take_posterior

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sanzhixin.records.cases import Cases, Forms
    from sanzhixin.scoring.form_set import FormSet
    from sanzhixin.scoring.panel_rules import PanelRules
    from sanzhixin.scoring.panel_tables import PanelTables, PillarTables

__all__ = ["AdjustedRules", "compile_adjusted", "measure_adjusted"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_BLOCK = 1_024  # forms whose likelihoods are held at once
_UNIT = 0.5**VARIANCE_BITS
_LEAST_ERROR = 1e-3  # logits; below it the slope is that of the table


class RaterParts(NamedTuple):
    """As `RaterColumns`, of shape (n_pillars, n_raters + 1); the last is an unknown rater."""

    severity: Ints
    scale: Ints
    weight: Ints
    variance: Ints


class VillageParts(NamedTuple):
    """As `VillageColumns`, of shape (n_pillars, n_villages + 1)."""

    merit: Ints
    leniency: Ints
    middle: Ints
    precision: Ints
    own: Ints
    shared: Ints
    crew: Ints
    doubt: Ints


@dataclass(frozen=True, slots=True, repr=False)
class AdjustedRules:
    """The panel part of a model file as arrays; pillars come first.

    Attributes
    ----------
    step_bits, n_points : int
        Of the grid of standings.
    table, rise : ndarray of shape (n_entries, n_points)
        From each entry of the rows on: 32 times the likelihood, and what the next entry adds; views
        of one array each.
    width : int
        Entries of a row.
    first, offset : ndarray of shape (n_pillars,)
        Fine units from logit 0, and from the start of a row, to the first standing.
    mask_place : ndarray of shape (n_pillars, 2 ** most_items)
        Place of a mask among those covered; -1 for others.
    row, halo : ndarray of shape (n_pillars, n_classes + 1)
        Of each class of scale use, the last for unknown raters: first row; fine units that a point
        of the total moves the look-up.
    rater_place, village_place : mapping of str to int
        Places of identifiers.
    raters, villages : RaterParts, VillageParts
        Learned parameters.
    score : ndarray of shape (n_pillars, n_scores + 1)
        The last entry is repeated.
    correlation : ndarray of shape (n_pillars, n_pillars)
        Of errors within a village.
    link : str
        What compares villages.
    """

    step_bits: int
    n_points: int
    table: Ints
    rise: Ints
    width: int
    first: Ints
    offset: Ints
    mask_place: Ints
    row: Ints
    halo: Ints
    rater_place: Mapping[str, int]
    village_place: Mapping[str, int]
    raters: RaterParts
    villages: VillageParts
    score: Ints
    correlation: Floats
    link: LinkKind


def compile_adjusted(tables: PanelTables, rules: PanelRules) -> AdjustedRules:
    """Bring the panel part of a model file into array form.

    Parameters
    ----------
    tables : PanelTables
        With the pillars of the scheme, in its order.
    rules : PanelRules
        Of the scheme.

    Returns
    -------
    AdjustedRules
        Rows are continued as straight lines, so that every severity of the file can be looked up.
    """
    parts = tables.pillars
    fixed_exp(np.zeros(1, dtype=np.int64))  # makes its tables now
    longest = zip(parts, rules.most.tolist(), strict=True)
    blocks, before = zip(*(_continued(part, tables, most) for part, most in longest), strict=True)
    width = max(block.shape[1] for block in blocks)
    rows = np.concatenate(
        [np.pad(block, ((0, 0), (0, width - block.shape[1])), "edge") for block in blocks]
    )
    begin = np.cumsum([0, *(len(block) for block in blocks[:-1])])
    n_classes = max(len(part.known) for part in parts)
    row = np.zeros((len(parts), n_classes + 1), dtype=np.int64)
    halo = np.zeros_like(row)
    places = np.full((len(parts), 1 << int(rules.n_items.max())), -1, dtype=np.int64)
    for p, part in enumerate(parts):
        row[p] = begin[p] + np.arange(n_classes + 1) * len(part.masks)
        row[p, -1] = begin[p] + len(part.known) * len(part.masks)
        halo[p, :-1], halo[p, -1] = part.halo, part.strange_halo
        places[p, list(part.masks)] = np.arange(len(part.masks))
    first = np.array([part.first for part in parts], dtype=np.int64) * FINE
    start = np.array([part.start for part in parts], dtype=np.int64) * FINE
    return AdjustedRules(
        step_bits=tables.step_bits,
        n_points=tables.n_points,
        table=_windows(rows * FINE, tables.n_points),
        rise=_windows(np.diff(rows, axis=1, append=rows[:, -1:]), tables.n_points),
        width=width,
        first=first,
        offset=first - start + np.array(before, dtype=np.int64) * FINE,
        mask_place=places,
        row=row,
        halo=halo,
        rater_place=MappingProxyType({name: k for k, name in enumerate(tables.raters)}),
        village_place=MappingProxyType({name: k for k, name in enumerate(tables.villages)}),
        raters=_rater_parts(parts),
        villages=VillageParts(
            *np.array([[values for _, values in part.villages] for part in parts]).swapaxes(0, 1)
        ),
        score=np.array([[*part.score, part.score[-1]] for part in parts], dtype=np.int64),
        correlation=np.array(tables.correlation, dtype=np.float64),
        link=tables.link,
    )


def _continued(part: PillarTables, tables: PanelTables, most: int) -> tuple[Ints, int]:
    """Rows of a pillar, long enough for every severity, and how many entries were put before."""
    rows = np.array([*(row for known in part.known for row in known), *part.strange], np.int64)
    severities = (0, *part.raters.severity, *part.villages.leniency)
    reach = (part.first - part.start) * FINE
    low = (reach - max(severities)) // FINE
    furthest = most * max(part.halo, part.strange_halo)
    high = (reach - min(severities) + furthest) // FINE + tables.n_points
    before, after = max(0, -low), max(0, high - rows.shape[1] + 1)
    left = rows[:, :1] - (rows[:, 1:2] - rows[:, :1]) * np.arange(before, 0, -1)
    right = rows[:, -1:] + (rows[:, -1:] - rows[:, -2:-1]) * np.arange(1, after + 1)
    return np.concatenate([left, rows, right], axis=1), before


def _windows(rows: Ints, n_points: int) -> Ints:
    return np.lib.stride_tricks.sliding_window_view(rows.ravel(), n_points)


def _rater_parts(parts: tuple[PillarTables, ...]) -> RaterParts:
    unknown = {"severity": 0, "scale": -1, "weight": 1 << WEIGHT_BITS, "variance": 0}
    return RaterParts(
        **{
            name: np.array([[*getattr(part.raters, name), last] for part in parts], dtype=np.int64)
            for name, last in unknown.items()
        }
    )


class _Pairs(NamedTuple):
    """A form and a pillar that it counts for, sorted by case and pillar."""

    group: Ints
    pillar: Ints
    row: Ints
    rater: Ints
    village: Ints


def measure_adjusted(
    cases: Cases, forms: FormSet, rules: PanelRules, adjusted: AdjustedRules
) -> PillarMeasures:
    r"""Measure every pillar by the posterior mean of its standing.

    The log-density of a standing is that of its prior in the village plus, for each form that
    counts, the log-likelihood of its total, shifted by the severity of its rater and raised to the
    rater's power.  All of it are sums of whole numbers, so a measure has the same bits for one
    household and for a million, in any order of the forms.  The score is what a rater of average
    severity is expected to give.

    Parameters
    ----------
    cases : Cases
        Households with their villages and forms.
    forms : FormSet
        From `read_forms`.
    rules : PanelRules
        From `compile_panel`.
    adjusted : AdjustedRules
        From `compile_adjusted`.

    Returns
    -------
    PillarMeasures
        With logits.  A rater or village that was not fitted is integrated over the fitted ones.

    Raises
    ------
    DomainError
        ``mask_uncovered``: a form answers a set of items that the model file does not cover.

    Notes
    -----
    With a_0 the share of the prior in the posterior precision, the variance of a standing adds to
    that of the posterior: a_0^2 of the merit, (1 - a_0)^2 of the mean severity of the raters, and
    what merit and severities share.
    """
    village = np.array([adjusted.village_place.get(v, -1) for v in cases.village_id], np.int64)
    pairs = _pair_up(cases, forms, adjusted, village)
    looked = _look_up(cases.forms, pairs, rules, adjusted)
    shape = (len(cases), len(rules.pillars))
    mean = np.full(shape, MISSING, dtype=np.int64)
    variance = np.full(shape, np.nan)
    begins = np.flatnonzero(np.diff(pairs.group, prepend=-1))
    ends = np.append(begins[1:], pairs.group.size)
    for run in _blocks(begins, pairs.group.size):
        heads = begins[run]
        part, own = slice(heads[0], ends[run][-1]), heads - heads[0]
        density = np.add.reduceat(_likelihoods(looked, part, adjusted), own, axis=0)
        density += _totals(looked, part, own, adjusted)
        density += _priors(pairs.pillar[heads], pairs.village[heads], adjusted)
        found = take_posterior(density)
        mean.flat[pairs.group[heads]] = found.mean
        variance.flat[pairs.group[heads]] = found.variance
    crew, strangers = np.zeros((2, mean.size), dtype=np.int64)
    np.add.at(crew, pairs.group, looked.variance)
    np.add.at(strangers, pairs.group, looked.stranger)
    counts = count_forms(forms, rules)
    sums = (crew.reshape(shape), strangers.reshape(shape))
    standing = _Standing(mean, variance, *sums, counts.n_forms, village)
    logits = _logits(standing, adjusted)
    known = mean != MISSING
    place = np.where(known, mean, 0)
    return PillarMeasures(
        n_forms=counts.n_forms,
        n_familiar=counts.n_familiar,
        n_recused=counts.n_recused,
        negative=counts.negative,
        score=np.where(known, _scores(place, adjusted), MISSING),
        covariance=_covariance(logits, _slopes(place, logits, adjusted), adjusted),
        logits=logits,
    )


def _pair_up(cases: Cases, forms: FormSet, adjusted: AdjustedRules, village: Ints) -> _Pairs:
    case, pillar, place = np.nonzero(forms.counted.transpose(0, 2, 1))
    row = forms.row[case, place]
    known = adjusted.rater_place
    rater = np.array([known.get(name, -1) for name in cases.forms.rater_id], dtype=np.int64)
    n_pillars = forms.counted.shape[2]
    return _Pairs(case * n_pillars + pillar, pillar, row, rater[row], village[case])


class _Looked(NamedTuple):
    """Where each pair's likelihood stands, its power and total, and what is known of the rater."""

    entry: Ints
    rest: Ints
    weight: Ints
    total: Ints
    variance: Ints
    stranger: NDArray[np.bool_]


def _look_up(forms: Forms, pairs: _Pairs, rules: PanelRules, adjusted: AdjustedRules) -> _Looked:
    pillar, rater = pairs.pillar, pairs.rater
    answered = forms.ratings > 0
    masks = np.add.reduceat(answered * rules.bits, rules.starts, axis=1, dtype=np.int64)
    above = np.add.reduceat(forms.ratings, rules.starts, axis=1, dtype=np.int64)
    above -= rules.lowest * np.add.reduceat(answered, rules.starts, axis=1, dtype=np.int64)
    place = adjusted.mask_place[pillar, masks[pairs.row, pillar]]
    if place.size and place.min() < 0:
        raise DomainError("mask_uncovered", count=int((place < 0).sum()))
    total = above[pairs.row, pillar]
    scale = adjusted.raters.scale[pillar, rater]
    stranger = scale < 0
    severity: Ints = np.where(
        stranger,
        adjusted.villages.leniency[pillar, pairs.village],
        adjusted.raters.severity[pillar, rater],
    )
    moved = total * adjusted.halo[pillar, scale] - severity
    at = np.asarray(adjusted.offset[pillar] + moved, dtype=np.int64)
    entry = (adjusted.row[pillar, scale] + place) * adjusted.width + (at >> FINE_BITS)
    weight = adjusted.raters.weight[pillar, rater]
    variance = adjusted.raters.variance[pillar, rater]
    return _Looked(entry, at & (FINE - 1), weight, total, variance, stranger)


def _likelihoods(looked: _Looked, part: slice, adjusted: AdjustedRules) -> Ints:
    """Log-likelihood of pairs along the grid, but for the part that rises with the total."""
    entry = looked.entry[part]
    found = adjusted.rise[entry]
    found *= looked.rest[part, None]
    found += adjusted.table[entry]
    found *= looked.weight[part, None]
    return found


def _totals(looked: _Looked, part: slice, own: Ints, adjusted: AdjustedRules) -> Ints:
    """Weighted totals times the standing: what of the likelihood is a straight line."""
    slope = np.add.reduceat(looked.weight[part] * looked.total[part], own)
    slope <<= LOG_BITS - WEIGHT_BITS - adjusted.step_bits
    return slope[:, None] * np.arange(adjusted.n_points)


def _priors(pillar: Ints, village: Ints, adjusted: AdjustedRules) -> Ints:
    """Log-density of the normal prior along the grid."""
    away = adjusted.first[pillar] - adjusted.villages.merit[pillar, village]
    apart = away[:, None] + np.arange(adjusted.n_points) * FINE
    apart *= apart
    apart *= adjusted.villages.precision[pillar, village][:, None]
    # half of (apart fine units)^2 times precision, in 2^-27
    apart >>= 2 * (adjusted.step_bits + FINE_BITS) + VARIANCE_BITS + 1 - LOG_BITS
    return -apart


def _blocks(begins: Ints, n_pairs: int) -> list[slice]:
    """Cut into runs of whole groups with about `_BLOCK` pairs each."""
    marks = np.searchsorted(begins, np.arange(0, n_pairs, _BLOCK))
    cuts = np.unique(np.append(marks, begins.size)).tolist()
    return [slice(low, high) for low, high in pairwise(cuts)]


class _Standing(NamedTuple):
    """Of each case and pillar; `crew` adds up the variances of the known raters' severities."""

    mean: Ints
    variance: Floats
    crew: Ints
    strangers: Ints
    n_forms: Ints
    village: Ints


def _scores(mean: Ints, adjusted: AdjustedRules) -> Ints:
    """Score in millionths of means in 2^-20 steps of the grid."""
    shift = MEAN_BITS - SCORES_A_STEP_BITS
    entry, rest = mean >> shift, mean & ((1 << shift) - 1)
    pillars = np.arange(mean.shape[1])
    low = adjusted.score[pillars, entry]
    return np.asarray(low + ((adjusted.score[pillars, entry + 1] - low) * rest >> shift))


def _slopes(mean: Ints, logits: LogitMeasures, adjusted: AdjustedRules) -> Floats:
    """Score units a logit brings, over one standard error to either side."""
    unit = (1 << MEAN_BITS) << adjusted.step_bits
    reach = np.maximum(np.sqrt(logits.variance), _LEAST_ERROR)
    steps = np.where(np.isnan(reach), 1.0, np.minimum(reach, 1e3) * unit).astype(np.int64)
    last = (adjusted.n_points - 1) << MEAN_BITS
    ends = [np.minimum(np.maximum(mean + side * steps, 0), last) for side in (-1, 1)]
    rise = _scores(ends[1], adjusted) - _scores(ends[0], adjusted)
    return np.asarray(rise / MICRO / (np.maximum(ends[1] - ends[0], 1) / unit))


def _logits(found: _Standing, adjusted: AdjustedRules) -> LogitMeasures:
    """Standings with the variances that severities, merit and the link add."""
    step, known, at = 0.5**adjusted.step_bits, found.mean != MISSING, adjusted.villages

    def of_village(values: Ints) -> Floats:
        return np.asarray(values[:, found.village].T * _UNIT)

    free = found.variance * step**2
    prior = free * of_village(at.precision)
    each = np.asarray((1 - prior) / np.maximum(found.n_forms, 1))
    within = np.asarray(free + prior**2 * of_village(at.own))
    within += each**2 * (found.crew * _UNIT + found.strangers**2 * of_village(at.crew))
    ours = (found.n_forms - found.strangers) / np.maximum(found.n_forms, 1)
    part = np.where(found.village[:, None] < 0, ours**2, 1.0)  # known raters of other villages
    far = np.where(known, of_village(at.shared) * part, np.nan)
    steps = found.mean / (1 << MEAN_BITS)
    logit = np.where(known, (adjusted.first / FINE + steps) * step, np.nan)
    middle = at.middle[:, found.village].T * (step / FINE)
    return LogitMeasures(
        logit=logit,
        variance=within + far,
        within=logit - middle,
        within_variance=within,
        link_variance=np.where(known, of_village(at.doubt), np.nan),
    )


def _covariance(logits: LogitMeasures, slope: Floats, adjusted: AdjustedRules) -> Floats:
    """Of the scores: errors within the village by their correlation, those of the link in step."""
    near = np.sqrt(logits.within_variance) * slope
    far = np.sqrt(logits.variance - logits.within_variance) * slope
    found = near[:, :, None] * near[:, None, :] * adjusted.correlation
    found += far[:, :, None] * far[:, None, :]
    return np.asarray(found)
