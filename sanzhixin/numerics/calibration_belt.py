"""The calibration belt: a curve of outcomes over probabilities, with a test and bounds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri, erfc, expit, logit

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.choices import check_range
from sanzhixin.numerics.logistic import LogisticFit, fit_logistic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["CalibrationBelt", "OffRange", "find_off_ranges", "fit_calibration_belt", "forward_tail"]

_HIGHEST_DEGREE = 4
_NODES, _MASS = np.polynomial.legendre.leggauss(80)
_GRID_POINTS = 101
_BLOCK = 1_000_000  # log-odds at once
_TOLERANCE = 1e-9  # of a bound, in log-odds or, where they are beyond 1, as a share
_LEAST_DAMPING = 1e-10  # share of the information at the maximum that is added elsewhere
_MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class CalibrationBelt:
    """A curve of outcomes over predicted probabilities, with its belt.

    Attributes
    ----------
    degree : int
        Of the polynomial that the forward steps chose.
    coef : ndarray of shape (1 + degree,)
        For the powers of the predicted log-odds, the constant first; 0, 1, 0, ... is the diagonal.
    covariance : ndarray of shape (1 + degree, 1 + degree)
        Of `coef`, taking the degree as given.
    statistic : float
        Twice the log-likelihood of the curve less that of the diagonal.
    p_value : float
        Probability of so large a statistic under right probabilities, given the degree.
    levels : ndarray of shape (n_levels,)
        Confidence of each belt.
    probability : ndarray of shape (n_grid,)
        Predicted probabilities, ascending, that the curve and the belts are told at.
    fitted : ndarray of shape (n_grid,)
        The curve.
    lower, upper : ndarray of shape (n_levels, n_grid)
        The belts.
    """

    degree: int
    coef: Floats
    covariance: Floats
    statistic: float
    p_value: float
    levels: Floats
    probability: Floats
    fitted: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True)
class OffRange:
    """Predicted probabilities at which a belt does not hold the diagonal.

    Attributes
    ----------
    level : float
        Confidence of the belt.
    side : {"above", "below"}
        ``above``: more defaults than predicted; ``below``: fewer.
    lowest, highest : float
        Ends of the range, as predicted probabilities.
    """

    level: float
    side: Literal["above", "below"]
    lowest: float
    highest: float


class _Counts(NamedTuple):
    """Loans and defaults of each distinct probability, ascending."""

    log_odds: Floats
    defaults: Floats
    loans: Floats


class _Basis(NamedTuple):
    """Polynomials in the predicted log-odds that are orthogonal over the loans."""

    design: Floats  # of each distinct probability
    to_powers: Floats  # from coefficients of the basis to those of the powers


class _Region(NamedTuple):
    """The coefficients whose log-likelihood is within the drop of the largest."""

    design: Floats
    counts: _Counts
    centre: Floats  # where the log-likelihood is largest
    inverse: Floats  # of the information there
    largest: float
    drop: float


def fit_calibration_belt(
    prob: ArrayLike,
    outcome: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    levels: Sequence[float] = (0.8, 0.95),
    threshold: float = 0.95,
    most_degree: int = 4,
    grid: ArrayLike | None = None,
) -> CalibrationBelt:
    r"""Fit a curve of outcomes over predicted probabilities, with a test and a belt (Nattino).

    Use it on loans whose outcomes had no part in the probabilities.  It needs no groups, and shows
    where probabilities are off, not only whether they are.

    Parameters
    ----------
    prob : array-like of shape (n_loans,)
        Predicted default probabilities, strictly between 0 and 1.
    outcome : array-like of bool, shape (n_loans,)
        Defaults.
    weights : array-like of shape (n_loans,), optional
        Frequencies: weight 2 equals the row given twice, weight 0 the row left out.
    levels : sequence of float, default=(0.8, 0.95)
        Confidence of each belt.
    threshold : float, default=0.95
        A further power is taken while its likelihood ratio exceeds this quantile of chi-square.
    most_degree : int, default=4
        Of the polynomial, 1 to 4.
    grid : array-like of shape (n_grid,), optional
        Ascending probabilities to tell the belt at; None takes 101 over those of the loans, evenly
        spaced in log-odds.  Beyond the loans the belt extrapolates.

    Returns
    -------
    CalibrationBelt
        The curve, the test against the diagonal, and the belts.

    Raises
    ------
    DomainError
        ``shape_differs``, ``not_finite``, ``outcome_not_binary``, ``weights_negative``: loans of
        another form; ``probability_open``: `prob`, `levels`, `threshold` or `grid` not strictly
        between 0 and 1, or empty; ``option_range``: `most_degree`, or a grid that does not rise.
    EvidenceError
        ``belt_no_curve``: one outcome alone, one probability alone (of log-odds up to 1e-9 apart),
        or one that parts the outcomes, so that no finite curve is best; ``pd_not_converged``.

    Notes
    -----
    The log-odds of default are a polynomial in the predicted log-odds.  From degree 1 on, a power
    more is taken while its likelihood ratio exceeds the quantile of :math:`\chi^2_1`, the loans
    have more distinct probabilities than powers, and a finite maximum exists.  `statistic` compares
    the curve with intercept 0 and slope 1; given the degree its law is that of `forward_tail`.  The
    belt reaches over all polynomials of that degree with :math:`2(\hat l - l(\beta)) \le c`, with c
    the quantile of the same law: the region leaves out the diagonal exactly where `p_value` is
    below 1 - level.  Where the true curve is a polynomial of the chosen degree the belt holds it at
    least about as often as said; the forward choice may miss a bend.  Bounds are found by the steps
    of Venzon and Moolgavkar from the Wald ellipsoid, each drawn along the ray to the contour of the
    likelihood, damped (Levenberg) where worse.  Loans are taken as independent.

    References
    ----------
    Finazzi et al. (2011), https://doi.org/10.1371/journal.pone.0016110; Nattino, Finazzi and
    Bertolini (2014), https://doi.org/10.1002/sim.6100; Venzon and Moolgavkar (1988),
    https://doi.org/10.2307/2347496

    Examples
    --------
    >>> prob = np.repeat([0.05, 0.10, 0.20], 400)
    >>> failed = np.concatenate([np.arange(400) < n for n in (24, 60, 122)])  # .06, .15, .305
    >>> belt = fit_calibration_belt(prob, failed)
    >>> belt.degree, belt.coef.round(2), round(belt.p_value, 6)
    (1, array([0.87, 1.21]), 0.0)
    >>> [(found.side, round(found.lowest, 3)) for found in find_off_ranges(belt)]
    [('above', 0.057), ('above', 0.07)]
    """
    confidence = _check_open("levels", levels)
    _check_open("threshold", threshold)
    check_range("most_degree", most_degree, 1, _HIGHEST_DEGREE, is_whole=True)
    counts = _count(prob, outcome, weights)
    fit, basis = _forward(counts, threshold, most_degree)
    at = _make_grid(grid, counts)
    degree = fit.coef.size - 1
    largest = float(_log_likelihood(counts, basis.design @ fit.coef))
    statistic = 2 * max(largest - float(_log_likelihood(counts, counts.log_odds)), 0.0)
    wanted = np.vander(np.asarray(logit(at)), degree + 1, increasing=True) @ basis.to_powers
    bounds = []
    for level in confidence:
        drop = _quantile(level, degree, threshold) / 2
        region = _Region(basis.design, counts, fit.coef, fit.covariance, largest, drop)
        bounds.append(_find_bounds(region, wanted))
    belts = expit(np.stack(bounds))
    return CalibrationBelt(
        degree=degree,
        coef=basis.to_powers @ fit.coef,
        covariance=basis.to_powers @ fit.covariance @ basis.to_powers.T,
        statistic=statistic,
        p_value=forward_tail(statistic, degree, threshold=threshold),
        levels=confidence,
        probability=at,
        fitted=np.asarray(expit(wanted @ fit.coef)),
        lower=belts[:, 0],
        upper=belts[:, 1],
    )


def find_off_ranges(belt: CalibrationBelt) -> tuple[OffRange, ...]:
    """Find the predicted probabilities at which a belt lies wholly above or below the diagonal.

    Parameters
    ----------
    belt : CalibrationBelt
        With its grid.

    Returns
    -------
    tuple of OffRange
        By level as in the belt, above before below, ascending; empty where every belt holds the
        diagonal.  Ends between two points of the grid are interpolated.

    Examples
    --------
    >>> prob = np.repeat([0.05, 0.10, 0.20], 400)
    >>> failed = np.concatenate([np.arange(400) < n for n in (20, 40, 80)])
    >>> find_off_ranges(fit_calibration_belt(prob, failed))
    ()
    """
    at = belt.probability
    found: list[OffRange] = []
    for level, lower, upper in zip(belt.levels, belt.lower, belt.upper, strict=True):
        above, below = _runs(at, lower - at), _runs(at, at - upper)
        found += [OffRange(float(level), "above", *ends) for ends in above]
        found += [OffRange(float(level), "below", *ends) for ends in below]
    return tuple(found)


def forward_tail(statistic: float, degree: int, *, threshold: float = 0.95) -> float:
    r"""Probability that the statistic of the belt is so large under right probabilities.

    Parameters
    ----------
    statistic : float
        Likelihood ratio of the chosen polynomial against the diagonal.
    degree : int
        Of the polynomial that the forward steps chose, 1 to 4.
    threshold : float, default=0.95
        Of each step, as a quantile of chi-square.

    Returns
    -------
    float
        Between 0 and 1, with all its digits however small.

    Raises
    ------
    DomainError
        ``option_range``: `degree` or `statistic`; ``probability_open``: `threshold`.

    Notes
    -----
    Given degree m the statistic is the sum of :math:`\chi^2_2` and of m - 1 independent
    :math:`\chi^2_1` variables, each known to exceed the quantile q of its step.  With
    :math:`S_1(t) = e^{-t / 2}`, :math:`u = \sqrt x` for one of them and
    :math:`b = \sqrt{t - (m - 2) q}`,

    .. math:: S_m(t) = \frac{1}{1 - \tau} \Bigl[ \sqrt{2 / \pi} \int_{\sqrt q}^{b}
        e^{-u^2 / 2} S_{m - 1}(t - u^2) \, du + \mathrm{erfc}(b / \sqrt 2) \Bigr]

    for :math:`t > (m - 1) q`, else 1: closed for m = 2, by Gauss-Legendre in the angle
    :math:`u = \sqrt t \sin \alpha` above.

    References
    ----------
    Nattino, Finazzi and Bertolini (2014), https://doi.org/10.1002/sim.6100

    Examples
    --------
    >>> round(forward_tail(5.991465, 1), 6), round(forward_tail(5.991465, 2), 6)
    (0.05, 0.6767)
    """
    check_range("statistic", statistic, 0, np.inf)
    check_range("degree", degree, 1, _HIGHEST_DEGREE, is_whole=True)
    _check_open("threshold", threshold)
    return float(_tail(np.array([min(float(statistic), 1e6)]), degree, threshold)[0])  # 0 there


def _tail(statistic: Floats, degree: int, threshold: float) -> Floats:
    if degree == 1:
        return np.exp(-statistic / 2)
    q = float(chdtri(1, 1 - threshold))
    t = np.maximum(statistic, (degree - 1) * q)  # below, the tail is 1, as it is there
    start, end = np.sqrt(q), np.sqrt(t - (degree - 2) * q)
    beyond = erfc(end / np.sqrt(2))
    if degree == 2:
        inner = np.exp(-t / 2) * (end - start)
    else:
        first, last = np.arcsin(start / np.sqrt(t)), np.arcsin(np.minimum(end / np.sqrt(t), 1))
        half = (last - first) / 2
        angle = (first + half)[:, np.newaxis] + half[:, np.newaxis] * _NODES
        across, along = (np.sqrt(t)[:, np.newaxis] * side(angle) for side in (np.sin, np.cos))
        rest = _tail(along.ravel() ** 2, degree - 1, threshold).reshape(along.shape)
        inner = half * ((np.exp(-(across**2) / 2) * rest * along) @ _MASS)
    tail = (np.sqrt(2 / np.pi) * inner + beyond) / (1 - threshold)
    return np.asarray(np.where(statistic <= (degree - 1) * q, 1.0, np.minimum(tail, 1.0)))


def _quantile(level: float, degree: int, threshold: float) -> float:
    """Statistic that right probabilities stay below with the confidence `level`."""
    low = (degree - 1) * float(chdtri(1, 1 - threshold))
    high = low - 2 * np.log1p(-level) + 1.0
    tail = partial(forward_tail, degree=degree, threshold=threshold)
    while tail(high) > 1 - level:
        high += high - low
    return float(brentq(lambda at: np.log(tail(at) / (1 - level)), low, high, xtol=1e-12))


def _forward(counts: _Counts, threshold: float, most_degree: int) -> tuple[LogisticFit, _Basis]:
    """Raise the degree while the next power is worth it."""
    reached: tuple[LogisticFit, _Basis] | None = None
    distinct = 1 + int(np.sum(np.diff(counts.log_odds) > _TOLERANCE))
    for degree in range(1, min(most_degree, distinct - 1) + 1):
        basis = _make_basis(counts, degree)
        try:
            fit = _fit(counts, basis)
        except (DomainError, EvidenceError):  # powers too alike, or no finite maximum
            break
        if reached is None and not fit.converged:
            raise EvidenceError("pd_not_converged", iterations=fit.iterations)
        worth = np.inf if reached is None else 2 * (fit.log_likelihood - reached[0].log_likelihood)
        if not fit.converged or worth <= chdtri(1, 1 - threshold):
            break
        reached = fit, basis
    if reached is None:
        n, d = f"{counts.loans.sum():g}", f"{counts.defaults.sum():g}"
        raise EvidenceError("belt_no_curve", defaults=d, loans=n, distinct=distinct)
    return reached


def _fit(counts: _Counts, basis: _Basis) -> LogisticFit:
    rows, outcome = np.tile(basis.design[:, 1:], (2, 1)), np.repeat([0.0, 1.0], counts.loans.size)
    return fit_logistic(rows, outcome, np.append(counts.loans - counts.defaults, counts.defaults))


def _make_basis(counts: _Counts, degree: int) -> _Basis:
    share = counts.loans / counts.loans.sum()
    centre = float(share @ counts.log_odds)
    spread = float(np.sqrt(share @ (counts.log_odds - centre) ** 2))
    powers = np.vander((counts.log_odds - centre) / spread, degree + 1, increasing=True)
    triangle = np.linalg.qr(np.sqrt(share)[:, np.newaxis] * powers, mode="r")
    triangle *= np.sign(np.diag(triangle))[:, np.newaxis]  # the constant stays 1
    inverse = np.linalg.inv(triangle)
    shift = np.zeros((degree + 1, degree + 1))  # powers of the standardised in those of the plain
    line = np.array([1.0])
    for power in range(degree + 1):
        shift[: power + 1, power] = line
        line = np.convolve(line, [-centre / spread, 1 / spread])
    return _Basis(powers @ inverse, shift @ inverse)


def _find_bounds(region: _Region, wanted: Floats) -> Floats:
    """Lowest and highest log-odds over the region; shape (2, n_wanted)."""
    directions = np.concatenate([-wanted, wanted])
    size = max(1, _BLOCK // region.counts.loans.size)
    firsts = range(0, len(directions), size)
    values = [_climb(region, directions[first : first + size]) for first in firsts]
    return np.concatenate(values).reshape(2, -1) * [[-1.0], [1.0]]


def _climb(region: _Region, directions: Floats) -> Floats:
    """Largest product with each direction over the region."""
    toward = directions @ region.inverse
    reach = np.sqrt(2 * region.drop / np.vecdot(toward, directions))
    beta = _to_contour(region, region.centre + reach[:, np.newaxis] * toward)
    damping, active = np.full(len(beta), _LEAST_DAMPING), np.arange(len(beta))
    for _ in range(_MOST_STEPS):
        own, aim, held = beta[active], directions[active], damping[active]
        ahead = _to_contour(region, own + _lagrange_step(region, own, aim, held))
        gain = np.vecdot(ahead - own, aim) / np.maximum(1.0, np.abs(np.vecdot(ahead, aim)))
        is_worse = ~(gain >= -_TOLERANCE)
        beta[active] = np.where(is_worse[:, np.newaxis], own, ahead)
        more, less = np.maximum(10 * held, 1e-3), np.maximum(held / 100, _LEAST_DAMPING)
        damping[active] = np.where(is_worse, more, less)
        active = active[is_worse | (gain > _TOLERANCE) | (held > _LEAST_DAMPING)]
        if not active.size:
            return np.asarray(np.vecdot(beta, directions))
    raise EvidenceError("pd_not_converged", iterations=_MOST_STEPS)


def _lagrange_step(region: _Region, beta: Floats, directions: Floats, damping: Floats) -> Floats:
    """Step to where the quadratic model of the likelihood at `beta` has its bound."""
    prob = expit(beta @ region.design.T)
    score = (region.counts.defaults - region.counts.loans * prob) @ region.design
    rows, columns = np.triu_indices(region.design.shape[1])
    pairs = region.design[:, rows] * region.design[:, columns]
    metric = damping[:, np.newaxis, np.newaxis] * np.linalg.inv(region.inverse)
    metric[:, rows, columns] += (region.counts.loans * prob * (1 - prob)) @ pairs
    metric[:, columns, rows] = metric[:, rows, columns]
    solved = np.linalg.solve(metric, np.stack([score, directions], axis=2))
    inward, along = solved[..., 0], solved[..., 1]
    ratio = np.sqrt(np.abs(np.vecdot(inward, score) / np.vecdot(along, directions)))
    return np.asarray(inward + ratio[:, np.newaxis] * along)


def _to_contour(region: _Region, beta: Floats) -> Floats:
    """Move along the ray from the maximum to where the log-likelihood is the floor."""
    away = beta - region.centre
    of_loans, at_centre = away @ region.design.T, region.design @ region.centre
    reach = np.ones(len(beta))
    active, steps = np.arange(len(beta)), 0
    while active.size and steps < _MOST_STEPS:
        steps += 1
        log_odds = at_centre + reach[active, np.newaxis] * of_loans[active]
        lost = region.largest - region.drop - _log_likelihood(region.counts, log_odds)
        missed = region.counts.defaults - region.counts.loans * expit(log_odds)
        change = lost / np.vecdot(missed, of_loans[active])
        reach[active] += change  # concave along the ray: from outside it never overshoots
        active = active[np.abs(change) > 1e-6 * reach[active]]  # the next would be its square
    return np.asarray(region.centre + reach[:, np.newaxis] * away)


def _log_likelihood(counts: _Counts, log_odds: Floats) -> Floats:
    """Of log-odds in the last axis."""
    return np.asarray(log_odds @ counts.defaults - np.logaddexp(0.0, log_odds) @ counts.loans)


def _runs(at: Floats, gap: Floats) -> list[tuple[float, float]]:
    """Tell the ends of each run of the grid with a gap above 0."""
    is_off = np.concatenate([[0], (gap > 0).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(is_off)) - 1  # last point before each run, and last in it
    ends = [_crossing(at, gap, int(edge)) for edge in edges]
    return list(zip(ends[::2], ends[1::2], strict=True))


def _crossing(at: Floats, gap: Floats, left: int) -> float:
    """Where the gap passes 0 after a point, or the end of the grid."""
    if left < 0 or left + 1 == at.size:
        return float(at[max(left, 0)])
    share = gap[left] / (gap[left] - gap[left + 1])
    return float(at[left] + share * (at[left + 1] - at[left]))


def _check_open(name: str, values: ArrayLike) -> Floats:
    given = np.ravel(np.asarray(values, dtype=float))
    bad = given[~((given > 0) & (given < 1))].tolist()  # NaN too
    if bad or not given.size:
        value = bad[0] if bad else ()
        raise DomainError("probability_open", name=name, value=value, example=0.95)
    return given


def _make_grid(grid: ArrayLike | None, counts: _Counts) -> Floats:
    if grid is None:
        low, high = counts.log_odds[[0, -1]].tolist()
        return np.asarray(expit(np.linspace(low, high, _GRID_POINTS)))
    at = _check_open("grid", grid)
    if (np.diff(at) <= 0).any():
        raise DomainError("option_range", name="grid", given=at, rule="it rising", rule_zh="递增值")
    return at


def _count(prob: ArrayLike, outcome: ArrayLike, weights: ArrayLike | None) -> _Counts:
    failed = np.asarray(outcome, dtype=float)
    given = np.asarray(prob, dtype=float)
    mass = np.ones(failed.shape) if weights is None else np.asarray(weights, dtype=float)
    if failed.ndim != 1 or not failed.size:
        raise DomainError("shape_differs", name="outcome", shape=failed.shape, expected="(n,)")
    for name, one in (("prob", given), ("weights", mass)):
        if one.shape != failed.shape:
            raise DomainError("shape_differs", name=name, shape=one.shape, expected=failed.shape)
    if not np.isin(failed, (0.0, 1.0)).all():
        raise DomainError("outcome_not_binary", value=failed[~np.isin(failed, (0.0, 1.0))][0])
    if not np.isfinite(mass).all():
        bad = np.flatnonzero(~np.isfinite(mass))
        raise DomainError("not_finite", name="weights", row=int(bad[0]), count=bad.size)
    if (mass < 0).any():
        raise DomainError("weights_negative", row=int(np.argmax(mass < 0)))
    _check_open("prob", given)
    used = mass > 0
    distinct, place = np.unique(given[used], return_inverse=True)
    sums = [np.bincount(place, own[used]).astype(np.float64) for own in (mass * failed, mass)]
    return _Counts(np.asarray(logit(distinct)), *sums)
