"""Judging default probabilities by outcomes: Brier parts, tests of calibration, ranking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import chdtrc, ndtr
from scipy.stats import norm, rankdata

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.choices import check_range

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = [
    "SMALLEST_PROB",
    "AucComparison",
    "BrierParts",
    "CalibrationTest",
    "compare_auc",
    "decompose_brier",
    "expected_calibration_error",
    "hosmer_lemeshow_test",
    "log_loss_gain",
    "log_losses",
    "spiegelhalter_test",
]

SMALLEST_PROB = 1e-6
"""Nearest that a probability comes to 0 or 1 where its logarithm is taken."""

_SAME_FIT = 1e-9
_ROUNDING = 1e-15  # of an error; the least one of a million loans is some hundred times as large


@dataclass(frozen=True, slots=True)
class BrierParts:
    """Parts of the mean squared error of probabilities.

    Attributes
    ----------
    brier : float
        ``reliability - resolution + uncertainty + within``.
    reliability : float
        Squared distance of mean probability and default rate of the groups; 0 is best.
    resolution : float
        Squared distance of the groups' rates from the whole one; larger is better.
    uncertainty : float
        Variance of the outcome.
    within : float
        What groups of unequal probabilities hold within them; 0 where each group has one
        probability.
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float


@dataclass(frozen=True, slots=True)
class CalibrationTest:
    """A test that probabilities are those of the outcomes.

    Attributes
    ----------
    statistic : float
        Standard normal, or chi-square where `freedom` is given.
    freedom : int or None
        Degrees of freedom.
    p_value : float
        Probability of so large a deviation under right probabilities.
    """

    statistic: float
    freedom: int | None
    p_value: float


@dataclass(frozen=True, slots=True)
class AucComparison:
    """Areas under the curve of two sets of points on the same loans.

    Attributes
    ----------
    first, second : float
        Areas; more points are better, ties count half.
    first_se, second_se : float
        Standard errors; 0 where too few loans vary to tell one.
    difference, difference_se : float
        First less second.
    p_value : float
        Two-sided, of no difference; 1 where both rank alike.  NaN where the areas differ and the
        estimated error is 0: too few loans vary, so no test is possible.
    """

    first: float
    second: float
    first_se: float
    second_se: float
    difference: float
    difference_se: float
    p_value: float


class _Loans(NamedTuple):
    prob: Floats
    defaulted: Floats


def decompose_brier(
    prob_default: ArrayLike, defaulted: ArrayLike, groups: ArrayLike | None = None
) -> BrierParts:
    """Split the mean squared error of probabilities into what each property costs.

    Parameters
    ----------
    prob_default : array-like of shape (n_loans,)
        Probabilities.
    defaulted : array-like of bool, shape (n_loans,)
        Outcomes.
    groups : array-like of shape (n_loans,), optional
        Group of each loan, such as its tier; None groups equal probabilities.

    Returns
    -------
    BrierParts
        Exact for any groups.

    Raises
    ------
    DomainError
        ``shape_differs``, ``prob_outside``, ``outcome_not_binary``.

    References
    ----------
    Murphy (1973), https://doi.org/10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2; Stephenson,
    Coelho and Jolliffe (2008), https://doi.org/10.1175/2007WAF2006116.1, for the part within.

    Examples
    --------
    >>> parts = decompose_brier([0.1, 0.1, 0.6, 0.6], [0, 0, 1, 0])
    >>> round(parts.reliability, 4), round(parts.resolution, 4), round(parts.uncertainty, 4)
    (0.01, 0.0625, 0.1875)
    """
    loans = _check(prob_default, defaulted)
    given = loans.prob if groups is None else np.asarray(groups)
    if given.shape != loans.prob.shape:
        expected = loans.prob.shape
        raise DomainError("shape_differs", name="groups", shape=given.shape, expected=expected)
    _, place = np.unique(given, return_inverse=True)
    count = np.bincount(place).astype(float)
    share = count / count.sum()
    prob = np.bincount(place, loans.prob) / count
    rate = np.bincount(place, loans.defaulted) / count
    base = float(loans.defaulted.mean())
    brier = float(np.mean((loans.prob - loans.defaulted) ** 2))
    reliability = float(share @ (prob - rate) ** 2)
    resolution = float(share @ (rate - base) ** 2)
    uncertainty = base * (1 - base)
    within = brier - (reliability - resolution + uncertainty)
    return BrierParts(brier, reliability, resolution, uncertainty, within)


def expected_calibration_error(
    prob_default: ArrayLike, defaulted: ArrayLike, *, n_groups: int = 10
) -> float:
    """Compute the mean distance of probability and default rate over groups of equal size.

    Parameters
    ----------
    prob_default : array-like of shape (n_loans,)
        Probabilities.
    defaulted : array-like of bool, shape (n_loans,)
        Outcomes.
    n_groups : int, default=10
        Groups by rank; equal probabilities stay together.

    Returns
    -------
    float
        Weighted by the size of the groups.  It is above 0 by chance alone, the more so the fewer
        loans a group has.

    Raises
    ------
    DomainError
        ``shape_differs``, ``prob_outside``, ``outcome_not_binary``; ``option_range``: `n_groups`.

    Examples
    --------
    >>> round(expected_calibration_error([0.1, 0.1, 0.6, 0.6], [0, 0, 1, 0], n_groups=2), 6)
    0.1
    """
    loans = _check(prob_default, defaulted)
    place = _by_rank(loans.prob, n_groups)
    count = np.bincount(place).astype(float)
    gap = np.bincount(place, loans.prob - loans.defaulted)
    return float(np.abs(gap).sum() / count.sum())


def log_losses(prob_default: ArrayLike, defaulted: ArrayLike) -> Floats:
    """Measure by how much each outcome surprises a probability.

    Parameters
    ----------
    prob_default : array-like of shape (n_loans,)
        Probabilities.
    defaulted : array-like of bool, shape (n_loans,)
        Outcomes.

    Returns
    -------
    ndarray of shape (n_loans,)
        Minus the logarithm of the probability of what happened, in nats.  Probabilities are kept
        1e-6 away from 0 and 1, where one surprise would be infinitely costly.

    Raises
    ------
    DomainError
        ``shape_differs``, ``prob_outside``, ``outcome_not_binary``.

    References
    ----------
    Good (1952), https://doi.org/10.1111/j.2517-6161.1952.tb00104.x

    Examples
    --------
    >>> log_losses([0.5, 0.2, 0.0], [True, False, False]).round(4)
    array([0.6931, 0.2231, 0.    ])
    """
    p, y = _check(prob_default, defaulted)
    inside = np.clip(p, SMALLEST_PROB, 1 - SMALLEST_PROB)
    return np.asarray(-np.where(y == 1, np.log(inside), np.log1p(-inside)))


def log_loss_gain(before: ArrayLike, after: ArrayLike, defaulted: ArrayLike) -> Floats:
    """Measure by how much less each outcome surprises a second probability than a first.

    Parameters
    ----------
    before, after : array-like of shape (n_loans,)
        Probabilities.
    defaulted : array-like of bool, shape (n_loans,)
        Outcomes.

    Returns
    -------
    ndarray of shape (n_loans,)
        `log_losses` of `before` less those of `after`; above 0 where `after` does better.  What two
        fits of the same curve differ by, less than 1e-9, is 0.

    Raises
    ------
    DomainError
        Those of `log_losses`.

    Examples
    --------
    >>> log_loss_gain([0.5, 0.2], [0.8, 0.2], [True, False]).round(4)
    array([0.47, 0.  ])
    """
    gain = log_losses(before, defaulted) - log_losses(after, defaulted)
    return np.where(np.abs(gain) < _SAME_FIT, 0.0, gain)


def spiegelhalter_test(prob_default: ArrayLike, defaulted: ArrayLike) -> CalibrationTest:
    r"""Test the Brier score against its law under right probabilities.

    Parameters
    ----------
    prob_default : array-like of shape (n_loans,)
        Probabilities that were not fitted on these outcomes.
    defaulted : array-like of bool, shape (n_loans,)
        Outcomes.

    Returns
    -------
    CalibrationTest
        Standard normal statistic: above 0 where the Brier score is too large.

    Raises
    ------
    DomainError
        ``shape_differs``, ``prob_outside``, ``outcome_not_binary``.
    EvidenceError
        ``prob_certain``: no probability but 0, one half and 1, so there is nothing to test.

    Notes
    -----
    :math:`z = \sum (y - p)(1 - 2p) / \sqrt{\sum (1 - 2p)^2 p (1 - p)}`.

    References
    ----------
    Spiegelhalter (1986), https://doi.org/10.1002/sim.4780050506

    Examples
    --------
    >>> test = spiegelhalter_test([0.1, 0.1, 0.6, 0.6], [0, 0, 1, 0])
    >>> round(test.statistic, 4)  # (-.08 - .08 - .08 + .12) / sqrt(2 * .0576 + 2 * .0096)
    -0.3273
    """
    p, y = _check(prob_default, defaulted)
    variance = float(np.sum((1 - 2 * p) ** 2 * p * (1 - p)))
    if variance <= 0:
        raise EvidenceError("prob_certain", loans=p.size)
    z = float(np.sum((y - p) * (1 - 2 * p)) / np.sqrt(variance))
    return CalibrationTest(z, None, float(2 * ndtr(-abs(z))))


def hosmer_lemeshow_test(
    prob_default: ArrayLike, defaulted: ArrayLike, *, n_groups: int = 10, is_fitted: bool = False
) -> CalibrationTest:
    r"""Test expected against observed defaults over groups of equal size.

    Use it with enough defaults in each group; with few it sees nothing.

    Parameters
    ----------
    prob_default : array-like of shape (n_loans,)
        Probabilities.
    defaulted : array-like of bool, shape (n_loans,)
        Outcomes.
    n_groups : int, default=10
        Groups by rank; equal probabilities stay together, so there may be fewer.
    is_fitted : bool, default=False
        Whether a curve of two parameters was fitted on these outcomes, which takes two degrees of
        freedom.

    Returns
    -------
    CalibrationTest
        Chi-square statistic.

    Raises
    ------
    DomainError
        ``shape_differs``, ``prob_outside``, ``outcome_not_binary``; ``option_range``: `n_groups`.
    EvidenceError
        ``prob_certain``: a group of probability 0 or 1 alone, or no degree of freedom is left.

    Notes
    -----
    :math:`\sum (o - e)^2 / (e (1 - e / n))` over the groups.

    References
    ----------
    Hosmer and Lemeshow (1980), https://doi.org/10.1080/03610928008827941

    Examples
    --------
    >>> test = hosmer_lemeshow_test([0.1] * 10 + [0.4] * 10, [1] * 3 + [0] * 11 + [1] * 6)
    >>> round(test.statistic, 4), test.freedom  # 2^2 / .9 + 2^2 / 2.4
    (6.1111, 2)
    """
    loans = _check(prob_default, defaulted)
    place = _by_rank(loans.prob, n_groups)
    n = np.bincount(place).astype(float)
    expected = np.bincount(place, loans.prob)
    observed = np.bincount(place, loans.defaulted)
    variance = expected * (1 - expected / n)
    freedom = n.size - 2 * is_fitted
    if freedom < 1 or not (variance > 0).all():
        raise EvidenceError("prob_certain", loans=loans.prob.size)
    statistic = float(np.sum((observed - expected) ** 2 / variance))
    return CalibrationTest(statistic, freedom, float(chdtrc(freedom, statistic)))


def compare_auc(first: ArrayLike, second: ArrayLike, defaulted: ArrayLike) -> AucComparison:
    r"""Compare the areas under the curve of two sets of points on the same loans (DeLong).

    Parameters
    ----------
    first, second : array-like of shape (n_loans,)
        Points; more are better.
    defaulted : array-like of bool, shape (n_loans,)
        Outcomes.

    Returns
    -------
    AucComparison
        Areas, their errors, and the test of their difference.

    Raises
    ------
    DomainError
        ``shape_differs``, ``not_finite``, ``outcome_not_binary``.
    EvidenceError
        ``outcome_few``: fewer than two defaults, or two other loans.

    Notes
    -----
    Structural components by mid-ranks (Sun and Xu), :math:`n \log n`.  The two samples are taken as
    independent loans: where villages share luck the errors are too small.  An error of 0, as of
    cards that part all outcomes or give one number of points, tells of too few loans, and makes no
    test.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), https://doi.org/10.2307/2531595; Sun and Xu (2014),
    https://doi.org/10.1109/LSP.2014.2337313

    Examples
    --------
    >>> found = compare_auc([1, 2, 3, 4], [2, 1, 4, 3], [1, 0, 1, 0])
    >>> found.first, found.second
    (0.75, 0.25)
    """
    failed = _outcomes(defaulted)
    points = [np.asarray(one, dtype=float) for one in (first, second)]
    for name, one in zip(("first", "second"), points, strict=True):
        if one.shape != failed.shape:
            raise DomainError("shape_differs", name=name, shape=one.shape, expected=failed.shape)
        bad = np.flatnonzero(~np.isfinite(one))
        if bad.size:
            raise DomainError("not_finite", name=name, row=int(bad[0]), count=bad.size)
    is_bad = failed == 1
    n_bad, n_good = int(is_bad.sum()), int((~is_bad).sum())
    if min(n_bad, n_good) < 2:
        raise EvidenceError("outcome_few", defaults=n_bad, loans=failed.size)
    parts = [_components(one, is_bad) for one in points]
    of_bad, of_good = (np.stack([part[k] for part in parts]) for k in (0, 1))
    areas = of_bad.mean(axis=1)
    gap = float(areas[0] - areas[1])
    errors = [
        float(np.sqrt(np.var(bad, ddof=1) / n_bad + np.var(good, ddof=1) / n_good))
        for bad, good in zip(
            (*of_bad, of_bad[0] - of_bad[1]), (*of_good, of_good[0] - of_good[1]), strict=True
        )
    ]
    first_se, second_se, error = (0.0 if one < _ROUNDING else one for one in errors)
    tail = float(2 * norm.sf(abs(gap) / error)) if error > 0 else np.nan
    p_value = 1.0 if gap == 0 else tail
    return AucComparison(float(areas[0]), float(areas[1]), first_se, second_se, gap, error, p_value)


def _components(points: Floats, is_bad: Bools) -> tuple[Floats, Floats]:
    """Share of the others that each default, and each other loan, is on the right side of."""
    ranks = rankdata(points)
    bad, good = points[is_bad], points[~is_bad]
    above = (ranks[is_bad] - rankdata(bad)) / good.size  # share of good loans with fewer points
    below = (ranks[~is_bad] - rankdata(good)) / bad.size
    return 1 - above, below


def _by_rank(prob: Floats, n_groups: int) -> NDArray[np.int64]:
    """Put probabilities into groups of equal size; equal ones go to the group of their mid-rank."""
    check_range("n_groups", n_groups, 1, np.inf, is_whole=True)
    middle = (rankdata(prob) - 0.5) / prob.size
    _, place = np.unique(np.floor(middle * n_groups), return_inverse=True)
    return place


def _check(prob_default: ArrayLike, defaulted: ArrayLike) -> _Loans:
    failed = _outcomes(defaulted)
    prob = np.asarray(prob_default, dtype=float)
    if prob.shape != failed.shape:
        raise DomainError(
            "shape_differs", name="prob_default", shape=prob.shape, expected=failed.shape
        )
    bad = np.flatnonzero(~((prob >= 0) & (prob <= 1)))  # NaN too
    if bad.size:
        raise DomainError("prob_outside", row=int(bad[0]), value=prob[bad[0]], count=bad.size)
    return _Loans(prob, failed)


def _outcomes(defaulted: ArrayLike) -> Floats:
    failed = np.asarray(defaulted, dtype=float)
    if failed.ndim != 1 or not failed.size:
        raise DomainError("shape_differs", name="defaulted", shape=failed.shape, expected="(n,)")
    bad = failed[~np.isin(failed, (0.0, 1.0))]
    if bad.size:
        raise DomainError("outcome_not_binary", value=bad[0])
    return failed
