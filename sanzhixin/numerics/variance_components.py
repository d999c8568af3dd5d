"""Variance components of the panel model by empirical Bayes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from sanzhixin.numerics.facets import (
    PanelRecords,
    Standing,
    Variances,
    fit_standing,
    record_slopes,
)
from sanzhixin.numerics.record_tables import RecordTables
from sanzhixin.numerics.standing_errors import StandingErrors, compute_errors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "VarianceFit",
    "fit_variances",
    "sample_households",
    "split_villages",
    "take_records",
]

START = Variances(household=1.0, rater=0.25, halo=0.25, merit=0.1, leniency=0.1)
"""Where the iteration begins; it also counts as one more unit of each kind."""

_NODES = np.array([-np.sqrt(3.0), 0.0, np.sqrt(3.0)])  # of a normal distribution, weights below
_WEIGHTS = (1 / 6, 2 / 3, 1 / 6)
_LEAST = 1e-6
_NEGLIGIBLE = 1e-3  # squared logits; below it a component is as good as absent
_MODE_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class VarianceFit:
    """Fitted variance components and the mode that belongs to them.

    Attributes
    ----------
    variances : Variances
        Components in squared logits.
    standing : Standing
        Mode of the records that were used.
    iterations : int
        Updates taken.
    converged : bool
        Whether the last relative change was below the tolerance.
    last_change : float
        Largest relative change of a component in the last update.
    """

    variances: Variances
    standing: Standing
    iterations: int
    converged: bool
    last_change: float


def fit_variances(
    records: PanelRecords,
    tabulate: Callable[[float], RecordTables],
    *,
    merit_share: float | None,
    start: Variances = START,
    tolerance: float = 1e-3,
    max_iterations: int = 100,
) -> VarianceFit:
    r"""Estimate the variance components of the panel model.

    Parameters
    ----------
    records : PanelRecords
        Forms of one pillar; a sample of households is enough, see `sample_households`.
    tabulate : callable
        From the halo's standard deviation to the record tables.
    merit_share : float or None
        Share of the village variance that is merit, when the data cannot tell merit from
        leniency; None when anchor cases or travelling raters can.
    start : Variances, optional
        Where to begin.
    tolerance : float, default=1e-3
        Largest relative change of a component in the last update.
    max_iterations : int, default=100
        Updates at most; the result says whether they sufficed.

    Returns
    -------
    VarianceFit
        Components and mode.

    Notes
    -----
    Expectation-maximisation with the Laplace posterior of standings, raters and villages; for the
    halo a scoring step on :math:`\partial \log L / \partial \sigma_h^2 = (l'^2 + l'') / 2`, the
    heat equation, averaged over the posterior of each record's logit.  The starting values count
    as one more household, rater and village, so that panels of one rater or one village keep
    finite components; with a few dozen of each their weight does not show.

    References
    ----------
    Dempster, Laird and Rubin (1977), https://doi.org/10.1111/j.2517-6161.1977.tb01600.x
    """
    variances, change, iterations = start, np.inf, 0
    household: Floats | None = None
    border: Floats | None = None
    while change > tolerance and iterations < max_iterations:
        tables = tabulate(float(np.sqrt(variances.halo)))
        standing = fit_standing(
            records, tables, variances,
            household=household, border=border, tolerance=_MODE_TOLERANCE,
        )  # fmt: skip
        household, border = standing.household, standing.border
        errors = compute_errors(records, standing)
        found = _update(records, standing, errors, variances, merit_share)
        found = replace(found, halo=_update_halo(records, tables, standing, errors, variances.halo))
        change = _relative_change(variances, found)
        variances = found
        iterations += 1
    return VarianceFit(variances, standing, iterations, change <= tolerance, change)


def _relative_change(old: Variances, new: Variances) -> float:
    names = ("household", "rater", "halo", "merit", "leniency")
    before = np.array([getattr(old, name) for name in names])
    after = np.array([getattr(new, name) for name in names])
    return float((np.abs(after - before) / (before + _NEGLIGIBLE)).max())


def _update(
    records: PanelRecords,
    standing: Standing,
    errors: StandingErrors,
    variances: Variances,
    merit_share: float | None,
) -> Variances:
    n_raters, v = records.home.size, records.n_villages
    border = standing.border
    merit, leniency = border[n_raters : n_raters + v], border[n_raters + v : n_raters + 2 * v]
    apart = standing.household - merit[records.village]
    household = _mean_square(apart, errors.apart, START.household)
    rater = _mean_square(*_rater_residuals(records, standing, errors), START.rater)
    lived = np.bincount(records.village, minlength=v) > 0
    gap_rows = _difference(n_raters + np.arange(v), n_raters + v + np.arange(v), records.n_border)
    if merit_share is None:
        mean = float(merit[lived].mean())
        own = errors.border[n_raters : n_raters + v]
        other = errors.border[n_raters + v : n_raters + 2 * v]
        return replace(
            variances,
            household=household,
            rater=rater,
            merit=_mean_square(merit[lived] - mean, own[lived], START.merit),
            leniency=_mean_square(leniency[lived], other[lived], START.leniency),
            mean=mean,
        )
    gap = merit - leniency
    mean = float(gap[lived].mean())
    spread = errors.inverse.quadratic(gap_rows)[lived]
    both = _mean_square(gap[lived] - mean, spread, START.merit + START.leniency)
    found = replace(variances, household=household, rater=rater, merit=both, mean=mean)
    return split_villages(replace(found, leniency=0.0), merit_share)


def split_villages(variances: Variances, merit_share: float) -> Variances:
    """Split the village variance into merit and leniency.

    Parameters
    ----------
    variances : Variances
        The sum of its two village components is kept.
    merit_share : float
        Share of merit, held a millionth away from 0 and 1.

    Returns
    -------
    Variances
        With the split.
    """
    share = min(max(merit_share, _LEAST), 1 - _LEAST)
    both = variances.merit + variances.leniency
    return replace(variances, merit=share * both, leniency=(1 - share) * both)


def _rater_residuals(
    records: PanelRecords, standing: Standing, errors: StandingErrors
) -> tuple[Floats, Floats]:
    """Severity less the leniency of the home village, and its variance, of raters with records."""
    n_raters = records.home.size
    rated = np.bincount(records.rater, minlength=n_raters) > 0
    severity, home = standing.border[:n_raters], records.home
    at_home = np.flatnonzero(rated & (home >= 0))
    leniency = n_raters + records.n_villages + home[at_home]
    alone = np.flatnonzero(rated & (home < 0))
    rows = _difference(at_home, leniency, records.n_border)
    residual = np.concatenate([severity[at_home] - standing.border[leniency], severity[alone]])
    variance = np.concatenate([errors.inverse.quadratic(rows), errors.border[alone]])
    return residual, variance


def _difference(plus: NDArray[np.integer], minus: NDArray[np.integer], n: int) -> sparse.csr_array:
    rows = np.arange(plus.size)
    values = np.concatenate([np.ones(plus.size), -np.ones(plus.size)])
    places = (np.concatenate([rows, rows]), np.concatenate([plus, minus]))
    return sparse.csr_array((values, places), shape=(plus.size, n))


def _mean_square(mean: Floats, variance: Floats, prior: float) -> float:
    total = float((mean**2 + variance).sum()) + prior
    return max(total / (mean.size + 1), _LEAST)


def _update_halo(
    records: PanelRecords,
    tables: RecordTables,
    standing: Standing,
    errors: StandingErrors,
    halo: float,
) -> float:
    """One scoring step; the starting value counts as an observation with information one."""
    spread = np.sqrt(_logit_variance(records, standing, errors))
    score, information = START.halo - halo, 1.0
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        slope = record_slopes(records, tables, standing.household, standing.border, node * spread)
        each = (slope.first**2 - slope.curvature) / 2
        score += weight * float(each.sum())
        information += weight * float((each**2).sum())
    return max(halo + score / information, _LEAST)


def _logit_variance(records: PanelRecords, standing: Standing, errors: StandingErrors) -> Floats:
    """Posterior variance of standing less severity of every record."""
    n_own, size = records.n_own, records.n_border
    own = np.arange(n_own)
    rater = sparse.csr_array((np.ones(n_own), (own, records.rater[:n_own])), shape=(n_own, size))
    rows = (standing.reach[records.household[:n_own]] - rater).tocsr()
    spread = errors.inverse.quadratic(rows)
    spread += (1 / standing.precision)[records.household[:n_own]]
    anchor = records.household[n_own:] - records.n_households + size - records.n_anchors
    anchor = anchor - (records.biased is not None)
    rated = _difference(anchor, records.rater[n_own:], size)
    return np.concatenate([spread, errors.inverse.quadratic(rated)])


def sample_households(
    records: PanelRecords, *, most_villages: int = 400, each: int = 40, seed: int = 0
) -> PanelRecords:
    """Keep some households of some villages, with all their records and all anchor cases.

    Parameters
    ----------
    records : PanelRecords
        All forms of a pillar.
    most_villages, each : int
        Villages kept at most; households kept on average in each of them.
    seed : int, default=0
        Of the draw.

    Returns
    -------
    PanelRecords
        Raters and villages keep their numbers.
    """
    random = np.random.default_rng(seed)
    chosen = np.zeros(records.n_villages, dtype=np.bool_)
    chosen[random.permutation(records.n_villages)[:most_villages]] = True
    candidates = random.permutation(np.flatnonzero(chosen[records.village]))
    kept = np.zeros(records.n_households, dtype=np.bool_)
    kept[candidates[: each * max(int(chosen.sum()), most_villages // 4)]] = True
    if kept.all():
        return records
    stays = np.concatenate([kept, np.ones(records.n_anchors, dtype=np.bool_)])
    return take_records(records, stays[records.household])


def take_records(records: PanelRecords, kept: NDArray[np.bool_]) -> PanelRecords:
    """Keep some records; households without a record are left out.

    Parameters
    ----------
    records : PanelRecords
        Forms of a pillar.
    kept : ndarray of bool of shape (n_records,)
        Which records.

    Returns
    -------
    PanelRecords
        Households are numbered anew; raters, villages and anchor cases keep their numbers.
    """
    n = records.n_households
    stays = np.ones(n + records.n_anchors, dtype=np.bool_)
    stays[:n] = np.bincount(records.household[kept], minlength=n)[:n] > 0
    number = np.cumsum(stays) - 1
    return replace(
        records,
        household=number[records.household[kept]].astype(np.int32),
        rater=records.rater[kept],
        mask=records.mask[kept],
        total=records.total[kept],
        village=records.village[stays[:n]],
        biased=None if records.biased is None else records.biased[kept],
        weight=None if records.weight is None else records.weight[kept],
    )
