"""Default probabilities of graded portfolios with few or no defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, betaincc, betaln, log_ndtr, ndtr, xlogy
from scipy.stats import beta, norm

from sanzhixin.numerics.choices import check_choice, check_probability, check_range
from sanzhixin.numerics.intervals import check_counts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["LowDefaultRate", "Prior", "bayesian_low_default", "pluto_tasche"]

Prior = Literal["conservative", "neutral"]
"""Density rising as 1 / (1 - rate), or the same everywhere."""

_N_PATHS, _SEED = 20_000, 0  # of the common factor over several years
_NODES = np.linspace(-8.0, 8.0, 2001)  # of the common factor of one year
_FAR = 9.0  # normal scores beyond which a rate is 0 or 1


def pluto_tasche(
    defaults: ArrayLike,
    loans: ArrayLike,
    *,
    confidence: float,
    correlation: float = 0.0,
    n_years: int = 1,
    persistence: float = 0.0,
) -> Floats:
    r"""Most prudent default probability of each grade (Pluto and Tasche).

    Use it when defaults are too few for a slope.  The result is an upper confidence bound, a
    prudent figure, never an expected value: at confidence 0.5 it is near the middle of what the
    data allow for the worst grade, and far above it for the better ones when grades differ.

    Parameters
    ----------
    defaults : array-like of shape (n_grades,)
        Number of defaulted loans of each grade, from the best grade to the worst; frequencies
        that are not whole are allowed.
    loans : array-like of shape (n_grades,)
        Number of loans of each grade observed for the full outcome window; 0 is allowed.
    confidence : float
        Confidence of the bound, strictly between 0 and 1; larger is more prudent.
    correlation : float, default=0
        Of the assets of two borrowers through the common factor (Vasicek), 0 to below 1; villages
        that share a harvest default together.
    n_years : int, default=1
        Years over which the loans of the start were watched; the result is for one year.
    persistence : float, default=0
        Correlation of the common factor from one year to the next, 0 to below 1.

    Returns
    -------
    ndarray of shape (n_grades,)
        Default probabilities of one year, never falling from the best grade to the worst; NaN for
        grades that have no loan in themselves and in all worse grades.

    Raises
    ------
    DomainError
        ``probability_open``: `confidence` not strictly between 0 and 1.
        ``counts_impossible``: a count is missing or below 0, or more defaults than loans.
        ``option_range``: `correlation`, `n_years` or `persistence` out of range.

    Notes
    -----
    Under the order :math:`p_1 \le \dots \le p_k` the most prudent assumption for grade i is that
    all worse grades are as good as i.  With the pooled counts :math:`n = \sum_{j \ge i} n_j` and
    :math:`d = \sum_{j \ge i} d_j` the bound solves :math:`P(X \le d) = 1 - \text{confidence}`.
    Without correlation X is binomial, :math:`P(X \le d) = I_{1 - p}(n - d, d + 1)` also of counts
    that are not whole, in one year the bound a quantile of :math:`\mathrm{Beta}(d + 1, n - d)`.
    With it, given the factor S a loan defaults with
    :math:`\Phi((\Phi^{-1}(p) - \sqrt{\varrho} S) / \sqrt{1 - \varrho})`; one year is integrated
    over a grid, several over 20,000 paths of the factor from a fixed seed, with a standard error of
    about .6 % of the bound at confidence .95 and 1.6 % (up to 2.3 %) at .999.  Where defaults of
    better grades break the order, a worse grade takes the largest bound of the better ones (running
    maximum).

    References
    ----------
    Pluto and Tasche (2005), Estimating probabilities of default for low default portfolios,
    https://arxiv.org/abs/cond-mat/0411699

    Examples
    --------
    >>> (100 * pluto_tasche([0, 0, 0], [100, 400, 300], confidence=0.9)).round(2)
    array([0.29, 0.33, 0.76])
    >>> (100 * pluto_tasche([0, 0, 0], [100, 400, 300], confidence=0.9, correlation=0.12)).round(2)
    array([0.86, 0.96, 1.89])
    """
    check_probability("confidence", confidence, example=0.9)
    own_d, own_n = check_counts(np.atleast_1d(defaults), loans, empty_allowed=True)
    d, n = (np.cumsum(counts[::-1])[::-1] for counts in (own_d, own_n))
    of_portfolio = _mixture(correlation, n_years, persistence)
    if correlation == 0:
        good = np.where(d == n, 1.0, n - d)  # any positive number: replaced where all defaulted
        whole = np.where(d == n, 1.0, beta.ppf(confidence, d + 1, good))
        bound = -np.expm1(np.log1p(-np.minimum(whole, 1 - 1e-16)) / n_years)
        bound = np.where(d == n, 1.0, bound)
    else:
        bound = np.array(
            [_root(of_portfolio, *counts, 1 - confidence) for counts in zip(d, n, strict=True)]
        )
    monotone = np.maximum.accumulate(bound)
    return np.where(n == 0, np.nan, monotone)


def _mixture(
    correlation: float, n_years: int, persistence: float
) -> Callable[[float], tuple[Floats, Floats]]:
    """Law of the share of a large portfolio that is spared: its logarithms, and their weights."""
    check_range("correlation", correlation, 0, 1, is_open=True)
    check_range("persistence", persistence, 0, 1, is_open=True)
    check_range("n_years", n_years, 1, np.inf, is_whole=True)
    if n_years == 1:
        paths, weights = _NODES[:, np.newaxis], norm.pdf(_NODES)
    else:
        steps = np.random.default_rng(_SEED).normal(size=(_N_PATHS // 2, n_years))
        steps = np.concatenate([steps, -steps])  # so that the mean is exact
        paths = steps.copy()
        for year in range(1, n_years):
            fresh = np.sqrt(1 - persistence**2) * steps[:, year]
            paths[:, year] = persistence * paths[:, year - 1] + fresh
        weights = np.ones(len(paths))
    weights = weights / weights.sum()

    def law(score: float) -> tuple[Floats, Floats]:
        spared = log_ndtr((np.sqrt(correlation) * paths - score) / np.sqrt(1 - correlation))
        return spared.sum(axis=1), weights

    return law


def _root(
    law: Callable[[float], tuple[Floats, Floats]], defaults: float, loans: float, tail: float
) -> float:
    """One-year rate at which so few defaults have the probability of the tail."""
    if loans == 0:
        return np.nan
    if defaults >= loans:
        return 1.0

    def excess(score: float) -> float:
        log_spared, weights = law(score)
        rates = -np.expm1(log_spared)
        by_rate = betaincc(defaults + 1, loans - defaults, rates)
        by_rest = betainc(loans - defaults, defaults + 1, np.exp(log_spared))  # digits near 1
        return float(weights @ np.where(rates < 0.5, by_rate, by_rest)) - tail

    if excess(_FAR) >= 0:  # a small part of a loan was spared
        return 1.0
    return float(ndtr(brentq(excess, -_FAR, _FAR, xtol=1e-12)))


@dataclass(frozen=True, slots=True)
class LowDefaultRate:
    """What few defaults tell of one rate.

    Attributes
    ----------
    mean : float
        Expected rate: the estimate.
    lower, upper : float
        Equal-tailed bounds.
    """

    mean: float
    lower: float
    upper: float


def bayesian_low_default(
    defaults: float,
    loans: float,
    *,
    prior: Prior = "conservative",
    correlation: float = 0.0,
    level: float = 0.95,
) -> LowDefaultRate:
    r"""Estimate one default rate from few defaults by its posterior mean (Tasche).

    Use it for the rate of a whole portfolio that a curve is anchored to; it needs no confidence
    level to be chosen, and is above 0 without any default.

    Parameters
    ----------
    defaults, loans : float
        Counts, of one year; frequencies that are not whole are allowed.
    prior : {"conservative", "neutral"}, default="conservative"
        ``conservative``: without correlation, quantiles of the posterior are the upper confidence
        bounds; with it they may lie far above (3 of 800 at .12: .068 against .044 for the upper
        bound).  ``neutral``: every rate as likely as every other.
    correlation : float, default=0
        Of the assets of two borrowers through the common factor (Vasicek), 0 to below 1.
    level : float, default=0.95
        Posterior content of the bounds.

    Returns
    -------
    LowDefaultRate
        Mean and bounds.

    Raises
    ------
    DomainError
        ``option_choice``: another prior; ``option_range``: `correlation`; ``probability_open``:
        `level`; ``counts_impossible``: counts missing, below 0, without loans, or more defaults
        than loans.

    Notes
    -----
    Without correlation the posteriors are :math:`\mathrm{Beta}(d + 1, n - d)`, of mean
    :math:`(d + 1) / (n + 1)`, and :math:`\mathrm{Beta}(d + 1, n - d + 1)`, of mean
    :math:`(d + 1) / (n + 2)`.  With it the likelihood is integrated over the factor, the posterior
    over a grid of normal scores.  Where all loans defaulted, the conservative posterior sits at 1,
    however few they are: mean and upper bound are 1, and the lower bound is that of ``neutral``.

    References
    ----------
    Tasche (2013), Bayesian estimation of probabilities of default for low default portfolios,
    https://arxiv.org/abs/1112.5550

    Examples
    --------
    >>> found = bayesian_low_default(0, 300)
    >>> round(found.mean, 5), round(found.upper, 5)  # 1 / 301, 1 - .025 ** (1 / 300)
    (0.00332, 0.01222)
    """
    check_choice("prior", prior, Prior)
    check_probability("level", level)
    d, n = (float(count[0]) for count in check_counts([defaults], [loans]))
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    law = _mixture(correlation, 1, 0.0)
    more = 0.0 if prior == "conservative" else 1.0
    if d == n and prior == "conservative":
        neutral = bayesian_low_default(d, n, prior="neutral", correlation=correlation, level=level)
        return LowDefaultRate(1.0, neutral.lower, 1.0)
    if correlation == 0:
        posterior = beta(d + 1, n - d + more)
        low, high = posterior.ppf(tails)
        return LowDefaultRate(float(posterior.mean()), float(low), float(high))
    rate = ndtr(_NODES)
    likelihood = np.array([_likelihood(d, n, *law(score)) for score in _NODES])
    density = likelihood * norm.pdf(_NODES)  # in normal scores
    if prior == "conservative":
        density /= ndtr(-_NODES)  # 1 / (1 - rate)
    density /= density.sum()
    low, high = np.interp(tails, np.cumsum(density) - density / 2, _NODES)
    return LowDefaultRate(float(density @ rate), float(ndtr(low)), float(ndtr(high)))


def _likelihood(defaults: float, loans: float, log_spared: Floats, weights: Floats) -> float:
    """Probability of so many defaults, whole or not, under a law of the rate."""
    good = loans - defaults
    log_ways = -np.log1p(loans) - betaln(defaults + 1, good + 1)
    with_rates = xlogy(defaults, -np.expm1(log_spared)) + good * log_spared
    return float(weights @ np.exp(log_ways + with_rates))
