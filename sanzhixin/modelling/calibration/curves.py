"""Curves of default probability with bounds over attainable points, one function a method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit, logit
from scipy.stats import beta, norm

from sanzhixin.errors import EvidenceError
from sanzhixin.numerics.calibration_curves import (
    IsotonicBlocks,
    fit_beta_curve,
    fit_isotonic_blocks,
)
from sanzhixin.numerics.choices import check_probability
from sanzhixin.numerics.intervals import jeffreys_interval
from sanzhixin.numerics.logistic import LogisticFit, fit_logistic
from sanzhixin.numerics.low_default import bayesian_low_default, pluto_tasche
from sanzhixin.numerics.moment_matching import match_moments
from sanzhixin.numerics.points import match_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "LEAST_BETA",
    "LEAST_FIRTH",
    "LEAST_ISOTONIC",
    "LEAST_SLOPE",
    "Curve",
    "Loans",
    "anchor_curve",
    "bayesian_curve",
    "beta_curve",
    "count_loans",
    "isotonic_curve",
    "logistic_curve",
    "prudent_curve",
]

LEAST_SLOPE = 20
"""Defaults, and loans without default, that a slope needs at least."""

LEAST_FIRTH = 5
"""The same for a slope under Firth's penalty."""

LEAST_BETA = 100
"""The same for a curve of three parameters."""

LEAST_ISOTONIC = 200
"""The same for a curve without form."""

_ROUNDING = 1e-14  # of sums over loans, as a share of them


class Loans(NamedTuple):
    """Points and outcomes, one entry a number of points."""

    points: Ints
    defaults: Floats
    loans: Floats

    def total(self) -> tuple[float, float]:
        """Defaults and loans."""
        return float(self.defaults.sum()), float(self.loans.sum())

    def rows(self) -> tuple[Ints, Ints, Floats]:
        """Points, outcome and frequency: one row for each number of points and outcome."""
        outcome = np.repeat(np.array([0, 1], dtype=np.int64), self.points.size)
        counts = np.concatenate([self.loans - self.defaults, self.defaults])
        return np.tile(self.points, 2), outcome, counts


@dataclass(frozen=True, slots=True)
class Curve:
    """Default probability of every attainable number of points.

    Attributes
    ----------
    points : ndarray of shape (n_points,)
        Ascending.
    prob_default, lower, upper : ndarray of shape (n_points,)
        None of them rises with the points; NaN where nothing is known.
    """

    points: Ints
    prob_default: Floats
    lower: Floats
    upper: Floats


def count_loans(points: Ints, failed: NDArray[np.bool_], weights: Floats | None = None) -> Loans:
    """Count defaults and loans of each number of points.

    Parameters
    ----------
    points, failed : ndarray of shape (n_loans,)
        Loans.
    weights : ndarray of shape (n_loans,), optional
        Frequencies; loans of weight 0 do not count.

    Returns
    -------
    Loans
        Ascending.
    """
    mass = np.ones(points.size) if weights is None else weights
    used = mass > 0
    distinct, place = np.unique(points[used], return_inverse=True)
    return Loans(distinct, _sums(place, (mass * failed)[used]), _sums(place, mass[used]))


def _sums(place: Ints, values: Floats) -> Floats:
    return np.asarray(np.bincount(place, values), dtype=np.float64)


def logistic_curve(
    loans: Loans, points: Ints, *, level: float, firth: bool = False, points_error: float = 0.0
) -> Curve:
    """Fit log-odds that fall in a straight line over the points.

    Parameters
    ----------
    loans : Loans
        Outcomes.
    points : ndarray of shape (n_points,)
        Attainable points, ascending.
    level : float
        Content of the bounds, by the delta method.
    firth : bool, default=False
        Firth's penalty, the intercept found anew so that the mean is the observed rate.
    points_error : float, default=0
        Standard error of measurement of the points, which widens the bounds.

    Returns
    -------
    Curve
        Falling.

    Raises
    ------
    EvidenceError
        ``pd_few_defaults``, ``pd_points_equal``, ``pd_separated`` (without Firth),
        ``pd_slope_rises``, ``pd_not_converged``.
    """
    fit = _fit_line(loans, firth=firth)
    intercept, slope = fit.coef
    if firth:
        d, n = loans.total()
        intercept = match_mean(loans.points, -1 / slope, d / n, loans.loans) * -slope
    design = np.stack([np.ones(points.size), points], axis=1)
    extra = (slope * points_error) ** 2
    return _band(points, intercept + slope * points, design, fit, level, extra)


def _fit_line(loans: Loans, *, firth: bool) -> LogisticFit:
    _check_evidence(loans, LEAST_FIRTH if firth else LEAST_SLOPE, may_part=firth)
    fit = fit_logistic(
        *loans.rows(),
        firth=firth,
    )
    if not fit.converged:
        raise EvidenceError("pd_not_converged", iterations=fit.iterations)
    if fit.coef[1] >= 0:
        raise EvidenceError("pd_slope_rises", slope=f"{fit.coef[1]:+.3g}")
    return fit


def beta_curve(loans: Loans, points: Ints, *, level: float) -> Curve:
    """Fit a curve that may bend at both ends of the points.

    Parameters
    ----------
    loans : Loans
        Outcomes.
    points : ndarray of shape (n_points,)
        Attainable points, ascending.
    level : float
        Content of the bounds, by the delta method.

    Returns
    -------
    Curve
        Falling.

    Raises
    ------
    EvidenceError
        ``pd_few_defaults``, ``pd_points_equal``, ``pd_points_few``, ``pd_separated``,
        ``pd_slope_rises``.

    Notes
    -----
    The family holds no straight line in the points.  Where the truth is one, bounds of 95 %
    hold it too seldom, and ever less with more loans: .72 at 150 defaults and .44 at 600.
    """
    _check_evidence(loans, LEAST_BETA)
    if loans.points.size < 3:
        n = loans.total()[1]
        raise EvidenceError("pd_points_few", loans=f"{n:g}", points=loans.points.size)
    curve = fit_beta_curve(
        *loans.rows(),
        lowest=float(points[0]),
        highest=float(points[-1]),
    )
    if not (curve.fit.coef[1:] < 0).any():
        raise EvidenceError("pd_slope_rises", slope="+0")
    design = curve.design(points)
    return _band(points, design @ curve.fit.coef, design, curve.fit, level, 0.0)


def isotonic_curve(loans: Loans, points: Ints, *, level: float) -> Curve:
    r"""Pool neighbours until default rates fall.

    Parameters
    ----------
    loans : Loans
        Outcomes.
    points : ndarray of shape (n_points,)
        Attainable points, ascending.
    level : float
        Content of the bounds, which take the blocks as given.

    Returns
    -------
    Curve
        In steps.

    Raises
    ------
    EvidenceError
        ``pd_few_defaults``, ``pd_points_equal``.

    Notes
    -----
    A block without any default, or of nothing else, takes the median of its Jeffreys posterior,
    :math:`\mathrm{Beta}(d + 1/2,\, n - d + 1/2)`, in place of a rate of 0 or 1, but goes no further
    than the rate of the block beside it.  Where there is such a block, the mean over the loans is
    therefore not exactly the observed rate.
    """
    _check_evidence(loans, LEAST_ISOTONIC, may_part=True)
    blocks = fit_isotonic_blocks(
        *loans.rows(),
        level=level,
    )
    prob = _inner_rates(blocks)
    lower, upper = np.minimum(blocks.lower, prob), np.maximum(blocks.upper, prob)
    place = blocks.place(points)
    return Curve(points, prob[place], lower[place], upper[place])


def _inner_rates(blocks: IsotonicBlocks) -> Floats:
    """Rates of the blocks, that of 0 in the best and of 1 in the worst drawn inwards."""
    d, n, rate = blocks.defaults, blocks.loans, blocks.rate
    median = beta.median(d + 0.5, n - d + 0.5)
    worse, better = np.append(1.0, rate[:-1]), np.append(rate[1:], 0.0)
    inner = np.where(d == 0, np.minimum(median, worse), rate)
    return np.asarray(np.where(d == n, np.maximum(median, better), inner))


def prudent_curve(
    loans: Loans,
    points: Ints,
    *,
    level: float,
    starts: Ints,
    confidence: float,
    correlation: float = 0.0,
) -> Curve:
    """Bound each grade by what it and all worse ones show (Pluto and Tasche).

    Parameters
    ----------
    loans : Loans
        Outcomes; any number.
    points : ndarray of shape (n_points,)
        Attainable points, ascending.
    level : float
        Confidence of `upper`; `lower` is the lower Jeffreys bound of it.
    starts : ndarray of shape (n_grades,)
        Fewest points of each grade, ascending, the first at or below all points.
    confidence : float
        Of the prudent `prob_default`.
    correlation : float, default=0
        Of the assets of two borrowers.

    Returns
    -------
    Curve
        Constant within a grade; NaN for grades at the low end without loans.
    """
    grade = np.searchsorted(starts, loans.points, side="right") - 1
    n, d = (
        np.asarray(np.bincount(grade, own, minlength=starts.size), dtype=np.float64)
        for own in (loans.loans, loans.defaults)
    )
    worst_last = slice(None, None, -1)
    prob, upper = (
        pluto_tasche(d[worst_last], n[worst_last], confidence=own, correlation=correlation)[
            worst_last
        ]
        for own in (confidence, level)
    )
    lower = np.minimum(_lower_bounds(d, n, level), prob)
    place = np.searchsorted(starts, points, side="right") - 1
    return Curve(points, prob[place], np.where(np.isnan(prob), np.nan, lower)[place], upper[place])


def _lower_bounds(defaults: Floats, loans: Floats, level: float) -> Floats:
    """Bound each grade, worst first: running minimum; without loans that of the next better one."""
    held = np.flatnonzero(loans)
    own = jeffreys_interval(defaults[held], loans[held], level=level).lower
    running = np.append(np.minimum.accumulate(own), 0.0)
    return np.asarray(running[np.searchsorted(held, np.arange(len(loans)))])


def bayesian_curve(
    loans: Loans,
    points: Ints,
    *,
    level: float,
    auc: float | None = None,
    correlation: float = 0.0,
) -> Curve:
    """Take the posterior rate of the whole portfolio, and a ranking that comes from elsewhere.

    Parameters
    ----------
    loans : Loans
        Outcomes; any number, of which the sum counts, whole or not.
    points : ndarray of shape (n_points,)
        Attainable points, ascending.
    level : float
        Content of the bounds, those of the rate.
    auc : float, optional
        Area under the curve of these points in a larger portfolio; None gives all points the rate.
    correlation : float, default=0
        Of the assets of two borrowers.

    Returns
    -------
    Curve
        Log-odds in a straight line, or level.

    Raises
    ------
    DomainError
        ``auc_unreachable``.
    """
    d, n = loans.total()
    rate = bayesian_low_default(d, n, correlation=correlation, level=level)
    if auc is None:
        ones = np.ones(points.size)
        return Curve(points, rate.mean * ones, rate.lower * ones, rate.upper * ones)
    found = [
        match_moments(loans.points, rate=own, auc=auc, weights=loans.loans).probability(points)
        for own in (rate.mean, rate.lower, rate.upper)
    ]
    return Curve(points, found[0], np.minimum(found[1], found[0]), np.maximum(found[2], found[0]))


def anchor_curve(
    curve: Curve, loans: Loans, anchor: float, *, is_prudent: bool = False
) -> tuple[Curve, float]:
    """Move a curve along the log-odds until the mean over the loans is a long-run rate.

    Parameters
    ----------
    curve : Curve
        Over all points of the loans.
    loans : Loans
        The portfolio that the rate belongs to.
    anchor : float
        Mean default probability, strictly between 0 and 1.
    is_prudent : bool, default=False
        Whether the bounds must still hold what they held: `upper` is then no lower, and `lower` no
        higher, than before the move.

    Returns
    -------
    tuple of Curve and float
        The moved curve, bounds moved alike; the shift in log-odds.

    Raises
    ------
    DomainError
        ``probability_open``.
    EvidenceError
        ``anchor_unreachable``: loans of probability 0 or 1, which no shift moves, leave no mean
        such as the anchor.
    """
    check_probability("anchor", anchor, example=0.02)
    place = np.searchsorted(curve.points, loans.points)
    own = logit(curve.prob_default[place])
    inside = np.isfinite(own)
    n, fixed, free = (float(loans.loans[rows].sum()) for rows in (..., own == np.inf, inside))
    target = anchor * n - fixed
    if not _ROUNDING * n < target < free - _ROUNDING * n:
        raise EvidenceError(
            "anchor_unreachable",
            anchor=f"{anchor:g}",
            certain=f"{n - free:g}",
            loans=f"{n:g}",
            lowest=f"{fixed / n:.4g}",
            highest=f"{(fixed + free) / n:.4g}",
        )
    shift = match_mean(-own[inside], 1.0, target / free, loans.loans[inside])
    prob, lower, upper = (
        expit(logit(one) + shift) for one in (curve.prob_default, curve.lower, curve.upper)
    )
    if is_prudent:
        lower, upper = np.minimum(lower, curve.lower), np.maximum(upper, curve.upper)
    return Curve(curve.points, prob, lower, upper), shift


def _band(
    points: Ints, log_odds: Floats, design: Floats, fit: LogisticFit, level: float, extra: float
) -> Curve:
    """Bounds by the delta method, held to what neighbours imply of a falling curve."""
    error = np.sqrt(np.einsum("ni,ij,nj->n", design, fit.covariance, design) + extra)
    reach = float(norm.ppf(0.5 + level / 2)) * error
    lower = np.maximum.accumulate((log_odds - reach)[::-1])[::-1]
    upper = np.minimum.accumulate(log_odds + reach)
    return Curve(points, expit(log_odds), expit(lower), expit(upper))


def _check_evidence(loans: Loans, needed: int, *, may_part: bool = False) -> None:
    """Refuse too few outcomes, and points that part them where no finite curve would exist."""
    d, n = loans.total()
    if min(d, n - d) < needed:
        raise EvidenceError("pd_few_defaults", defaults=f"{d:g}", loans=f"{n:g}", needed=needed)
    if loans.points.size < 2:
        raise EvidenceError("pd_points_equal", loans=f"{n:g}", points=int(loans.points[0]))
    bad = loans.points[loans.defaults > 0]
    good = loans.points[loans.loans > loans.defaults]
    if not may_part and (bad.max() <= good.min() or good.max() <= bad.min()):
        raise EvidenceError("pd_separated", defaults=f"{d:g}", loans=f"{n:g}")
