"""Weights of evidence of learned bins: counts, few events, and the stated policies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import isotonic_regression

from sanzhixin.numerics.binning import divergence_terms
from sanzhixin.numerics.woe import (
    NO_INFORMATION,
    InformationValue,
    information_value,
    shrink_to_trend,
    weight_of_evidence,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.modelling.bins.feature_bins import FeatureBins
    from sanzhixin.modelling.bins.request import FeatureRequest
    from sanzhixin.numerics.chance import ChanceLaw
    from sanzhixin.numerics.chance_draws import DrawnLaw

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["weigh_bins"]


def weigh_bins(
    bins: FeatureBins,
    events: Floats,
    nonevents: Floats,
    request: FeatureRequest,
    law: ChanceLaw | DrawnLaw,
) -> FeatureBins:
    """Weigh the groups of a characteristic, by the policies where there is nothing to weigh.

    Parameters
    ----------
    bins : FeatureBins
        Groups without weights.
    events, nonevents : ndarray of shape (n_groups,)
        Weights of the rows in each.
    request : FeatureRequest
        Policies and shrinkage.
    law : ChanceLaw or DrawnLaw
        Of the information value without any relation to events.

    Returns
    -------
    FeatureBins
        With counts, weights of evidence and information value.
    """
    n_bins = bins.n_bins
    is_bin = np.array([kind == "bin" for kind in bins.kinds])
    seen = events + nonevents > 0
    told = seen.copy()  # weighed by their own rows, against all rows that are so weighed
    told[-2] &= request.missing == "separate"
    # A group outside the order that is small, or of one outcome, gets one event of the average mix.
    odds = nonevents.sum() / events.sum()
    pure = (events == 0) | (nonevents == 0)
    helped = told & (pure | (~is_bin & (events + nonevents < request.sparse_weight)))
    e, g = events + helped, nonevents + helped * odds
    woe, se = np.full(e.size, np.nan), np.full(e.size, np.nan)
    if told.any():
        found = weight_of_evidence(e[told], g[told])
        woe[told], se[told] = found.woe, found.se
    if helped[:n_bins].any():
        counted = replace(bins, events=events, nonevents=nonevents)
        woe[:n_bins] = _in_order(woe[:n_bins], e[:n_bins], g[:n_bins], counted)
    position = _positions(events[:n_bins] + nonevents[:n_bins])
    if request.shrinkage == "trend" and n_bins > 1:
        woe[:n_bins] = _shrink(woe[:n_bins], e[:n_bins], g[:n_bins], position, bins)
    _apply_policies(woe, seen, is_bin, request)
    apart = seen.sum() > 1 and bool(pure[seen].all())
    law = replace(law, n_apart=int(told[n_bins:].sum()))
    return replace(
        bins,
        status="separated" if apart else bins.status,
        events=events,
        nonevents=nonevents,
        woe=woe,
        se=se,
        position=position,
        iv=_terms(e, g, told),
        information=_information(e, g, told, law),
    )


def _information(e: Floats, g: Floats, told: Bools, law: ChanceLaw | DrawnLaw) -> InformationValue:
    """Compute the information value, and what chance gives when bins are chosen for it."""
    if told.sum() < 2:
        return NO_INFORMATION
    found = information_value(e[told], g[told])
    size = 1 / (1 / e[told].sum() + 1 / g[told].sum())
    expected = law.expected()
    return replace(
        found,
        statistic_by_chance=expected,
        expected_by_chance=expected / size,
        p_value=law.p_value(found.iv * size),
    )


def _terms(e: Floats, g: Floats, told: Bools) -> Floats:
    """Compute what each group adds to the information value: 0 under a policy."""
    terms = np.zeros(e.size)
    if told.any():
        terms[told] = divergence_terms(g[told] / g[told].sum(), e[told] / e[told].sum(), "iv")
    return terms


def _in_order(woe: Floats, e: Floats, g: Floats, bins: FeatureBins) -> Floats:
    """Bring weights back to the course of the event rate where a helped bin left it."""
    if bins.kind == "category" or bins.trend == "none":
        return woe
    weights = 1 / (1 / e + 1 / g)
    if bins.trend in ("ascending", "descending"):
        return _isotonic(woe, weights, rising=bins.trend == "descending")
    up = bins.trend == "valley"  # of the event rate: weights rise to the turn and fall from it
    rate = bins.events[: woe.size] / (bins.events + bins.nonevents)[: woe.size]
    turn = int(np.argmin(rate) if up else np.argmax(rate))
    before = _isotonic(woe[: turn + 1], weights[: turn + 1], rising=up)
    after = _isotonic(woe[turn:], weights[turn:], rising=not up)
    top = (max if up else min)(before[-1], after[0])
    return np.concatenate([before[:-1], [top], after[1:]])


def _isotonic(woe: Floats, weights: Floats, *, rising: bool) -> Floats:
    return np.asarray(isotonic_regression(woe, weights=weights, increasing=rising).x)


def _positions(weight: Floats) -> Floats:
    return np.asarray((np.cumsum(weight) - weight / 2) / max(weight.sum(), 1.0))


def _shrink(woe: Floats, e: Floats, g: Floats, position: Floats, bins: FeatureBins) -> Floats:
    if bins.kind == "category":
        return shrink_to_trend(woe, 1 / e + 1 / g, position, "level")
    if bins.trend == "ascending":
        return shrink_to_trend(woe, 1 / e + 1 / g, position, "falling")
    if bins.trend == "descending":
        return shrink_to_trend(woe, 1 / e + 1 / g, position, "rising")
    return woe


def _apply_policies(woe: Floats, seen: Bools, is_bin: Bools, request: FeatureRequest) -> None:
    """Give weights to missing values and to what was not seen, as the policies say."""
    worst = float(np.nanmin(woe[is_bin])) if is_bin.any() else 0.0  # no bin, nothing known
    stated = {"worst": worst, "neutral": 0.0, "refuse": np.nan}
    woe[~seen] = stated[request.unseen]
    if request.missing != "separate":
        woe[-2] = stated[request.missing]
