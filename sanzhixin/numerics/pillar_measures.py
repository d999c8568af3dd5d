"""Measures of one pillar: of the households that were fitted, and of new ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from sanzhixin.numerics.partial_credit import masks_and_totals
from sanzhixin.numerics.rater_fit import STRETCHES
from sanzhixin.numerics.record_tables import RecordTables, expected_share, tabulate_records

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.numerics.pillar_fit import PillarFit, PillarForms

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer]

__all__ = ["PillarMeasures", "adjusted_scores", "fitted_measures", "new_measures"]

_MOST_STEPS = 50
_TOLERANCE = 1e-8
_LONGEST_STEP = 2.0
_SCORE_STEP = 0.05


@dataclass(frozen=True, slots=True)
class PillarMeasures:
    """Measures of one pillar; logits, and squared logits for variances.

    Attributes
    ----------
    logit, variance : ndarray of shape (n_households,)
        Standing on the common scale of all villages, given the link.
    within, within_variance : ndarray of shape (n_households,)
        Standing less the mean of the village's fitted households.
    gap : ndarray of shape (n_households,)
        The village's merit less its panel's leniency, about the mean of the villages: what
        depends on the merit share.
    n_forms : ndarray of shape (n_households,)
        Forms that count.
    """

    logit: Floats
    variance: Floats
    within: Floats
    within_variance: Floats
    gap: Floats
    n_forms: Ints


def fitted_measures(fit: PillarFit) -> PillarMeasures:
    """Measures of the households of a fit.

    Parameters
    ----------
    fit : PillarFit
        From `fit_pillar`.

    Returns
    -------
    PillarMeasures
        In the order of the households.
    """
    records, logit = fit.records, fit.standing.household
    village, v = records.village, records.n_villages
    merit, leniency = _villages(fit)
    count = np.maximum(np.bincount(village, minlength=v), 1)
    mean = np.bincount(village, logit, v) / count
    return PillarMeasures(
        logit=logit,
        variance=fit.errors.household,
        within=logit - mean[village],
        within_variance=fit.errors.within,
        gap=(merit - leniency - fit.variances.variances.mean)[village],
        n_forms=np.bincount(records.household, minlength=logit.size)[: logit.size],
    )


def _villages(fit: PillarFit) -> tuple[Floats, Floats]:
    begin, v = fit.records.home.size, fit.records.n_villages
    border = fit.standing.border
    return border[begin : begin + v], border[begin + v : begin + 2 * v]


def new_measures(
    fit: PillarFit, forms: PillarForms, *, rater: Ints, village: Ints
) -> PillarMeasures:
    r"""Measure households with the parameters of a fit; nothing else is learned from them.

    Parameters
    ----------
    fit : PillarFit
        From `fit_pillar`.
    forms : PillarForms
        Forms of the households.
    rater, village : ndarray of shape (n_raters,) and (n_villages,)
        Number of each rater and village of `forms` in the fit; -1 for unknown ones.

    Returns
    -------
    PillarMeasures
        Each household alone: its measure does not depend on the others.

    Notes
    -----
    Severities and merit stand at their fitted values, and their posterior covariance is carried
    into the variances by the delta method, as for the fitted households.  The severity of an
    unknown rater is integrated over the distribution of raters, which widens the halo of the
    record; an unknown village's merit over the distribution of villages.
    """
    variances, v = fit.variances.variances, fit.records.n_villages
    mask, total = masks_and_totals(forms.ratings)
    kept = mask > 0
    household, who = forms.household[kept], rater[forms.rater[kept]]
    lives = village[forms.village]
    known = lives >= 0
    merit, leniency = _villages(fit)
    prior = _Prior(
        mean=np.where(known, merit[lives], variances.mean),
        variance=variances.household + np.where(known, 0.0, variances.merit),
    )
    severity = np.where(who >= 0, fit.standing.border[who], 0.0)
    severity += np.where((who < 0) & known[household], leniency[lives[household]], 0.0)
    records = _Records(household, severity, total[kept].astype(np.float64))
    parts = _new_tables(fit, mask[kept], who)
    logit, curve = _alone(records, parts, prior)
    precision, rated = curve
    reach = _new_reach(fit, household, np.where(known, lives, -1), who, (precision, rated))
    inverse, mean_reach, mean_free = fit.errors.inverse, *_village_means(fit)
    moved = inverse.quadratic(reach)
    strange = (who < 0) & ~known[household]  # such raters share the leniency of their village
    shared = np.bincount(household, rated * strange, logit.size) / precision
    moved += shared**2 * variances.leniency
    middle = mean_reach[np.maximum(lives, 0)]
    within = moved - 2 * inverse.quadratic(reach, middle) + inverse.quadratic(middle)
    within += 1 / precision + mean_free[lives]
    settled = np.maximum(np.bincount(fit.records.village, minlength=v), 1)
    own_mean = np.bincount(fit.records.village, fit.standing.household, v) / settled
    gap = merit - leniency - variances.mean
    return PillarMeasures(
        logit=logit,
        variance=1 / precision + moved,
        within=logit - np.where(known, own_mean[lives], variances.mean),
        within_variance=np.where(known, within, 1 / precision + moved),
        gap=np.where(known, gap[lives], 0.0),
        n_forms=np.bincount(household, minlength=logit.size),
    )


class _Records(NamedTuple):
    """Household, known severity and total of each record."""

    household: Ints
    severity: Floats
    total: Floats


class _Prior(NamedTuple):
    """Of each household's standing."""

    mean: Floats
    variance: Floats


class _Part(NamedTuple):
    """Records that share tables: which, the place of their masks, the power of each."""

    tables: RecordTables
    chosen: NDArray[np.bool_]
    mask: NDArray[np.int32]
    weight: Floats


def _new_tables(fit: PillarFit, mask: Ints, who: Ints) -> list[_Part]:
    """Tables of records; an unknown rater's severity widens the halo."""
    variances, known, use = fit.variances.variances, who >= 0, fit.use
    parts = []
    for chosen, extra in ((known, 0.0), (~known, variances.rater)):
        if chosen.any():
            masks, place = np.unique(mask[chosen], return_inverse=True)
            halo_sd = float(np.sqrt(variances.halo + extra))
            tables = tabulate_records(fit.items.thresholds, masks, halo_sd, stretches=STRETCHES)
            rater = who[chosen]
            scale = np.where(rater >= 0, use.stretch_class[rater], 0)
            weight = np.where(rater >= 0, use.weight[rater], 1.0)
            row = (scale * masks.size + place).astype(np.int32)
            parts.append(_Part(tables, chosen, row, weight))
    return parts


def _alone(
    records: _Records, parts: list[_Part], prior: _Prior
) -> tuple[Floats, tuple[Floats, Floats]]:
    """Mode of every household by itself, its precision, and the curvature of each record."""
    n, logit = prior.mean.size, prior.mean.copy()
    first, curvature = np.zeros((2, records.household.size))
    for _ in range(_MOST_STEPS):
        at = logit[records.household] - records.severity
        for part in parts:
            slope = part.tables.slope(part.mask, records.total[part.chosen], at[part.chosen])
            first[part.chosen] = part.weight * slope.first
            curvature[part.chosen] = part.weight * slope.curvature
        rise = np.bincount(records.household, first, n) + (prior.mean - logit) / prior.variance
        precision = np.bincount(records.household, curvature, n) + 1 / prior.variance
        step = np.clip(rise / precision, -_LONGEST_STEP, _LONGEST_STEP)
        logit = logit + step
        if float(np.abs(step).max(initial=0.0)) < _TOLERANCE:
            break
    return logit, (precision, curvature)


def _new_reach(
    fit: PillarFit, household: Ints, lives: Ints, who: Ints, curve: tuple[Floats, Floats]
) -> sparse.csr_array:
    """How each new household's mode moves with fitted raters, and with merit and leniency."""
    precision, curvature = curve
    begin, v = fit.records.home.size, fit.records.n_villages
    settled, lived = np.flatnonzero(lives >= 0), lives[household]
    pulled = np.flatnonzero((who >= 0) | (lived >= 0))
    severity = np.where(who >= 0, who, begin + v + lived)[pulled]
    values = np.concatenate(
        [
            curvature[pulled] / precision[household[pulled]],
            1 / (fit.variances.variances.household * precision[settled]),
        ]
    )
    rows = np.concatenate([household[pulled], settled])
    columns = np.concatenate([severity, begin + lives[settled]])
    shape = (precision.size, fit.records.n_border)
    return sparse.csr_array((values, (rows, columns)), shape=shape)


def _village_means(fit: PillarFit) -> tuple[sparse.csr_array, Floats]:
    """Reach of each village's mean, and its variance given the border."""
    village, v = fit.records.village, fit.records.n_villages
    count = np.maximum(np.bincount(village, minlength=v), 1)
    places = (village, np.arange(village.size))
    average = sparse.csr_array((1 / count[village], places), shape=(v, village.size))
    free = np.bincount(village, 1 / fit.standing.precision, v) / count**2
    return (average @ fit.standing.reach).tocsr(), free


def adjusted_scores(fit: PillarFit, logit: Floats) -> Floats:
    """Tell what a rater of average severity is expected to give, 0-100.

    Parameters
    ----------
    fit : PillarFit
        Thresholds and halo.
    logit : ndarray of shape (n_households,)
        Standing.

    Returns
    -------
    ndarray of shape (n_households,)
        Rising with the standing.
    """
    reach = (float(logit.min(initial=0.0)), float(logit.max(initial=0.0)))
    grid = np.linspace(*reach, 2 + int((reach[1] - reach[0]) / _SCORE_STEP))
    halo_sd = float(np.sqrt(fit.variances.variances.halo))
    score: Floats = 100 * np.interp(
        logit, grid, expected_share(fit.items.thresholds, grid, halo_sd)
    )
    return score
