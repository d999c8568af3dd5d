"""Alarms over many looks: what each may spend, counts and means that move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import betainc, ndtr, ndtri, stdtr, stdtrit

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_choice, check_probability, check_range

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "CountChange",
    "MeanShift",
    "Spending",
    "count_change_test",
    "mean_shift_test",
    "predict_count",
    "spend_alpha",
]

Spending = Literal["equal", "obrien_fleming", "pocock"]
"""How the chance of a false alarm is spread over the looks."""

_POISSON_SD = 0.5  # of the root of a Poisson count
_ROOT_SHIFT = 0.375
_MOST_LOOKS = 1_000


@dataclass(frozen=True, slots=True)
class CountChange:
    """Counts of some periods against those of earlier periods.

    Attributes
    ----------
    ratio : float
        Mean after over mean before; infinite where there was nothing before, NaN where there is
        nothing at all.
    p_exact : float
        Two-sided, given the sum of all counts: the periods are alike and of Poisson.
    p_scatter : float
        Two-sided, by the scatter that the periods show.
    p_value : float
        The larger of the two.
    """

    ratio: float
    p_exact: float
    p_scatter: float
    p_value: float


@dataclass(frozen=True, slots=True)
class MeanShift:
    """Mean of paired changes.

    Attributes
    ----------
    mean : float
        NaN without changes.
    se : float
        Standard error; NaN with fewer than two.
    low, high : float
        Student's interval.
    p_value : float
        Two-sided; NaN with fewer than two.
    n : int
        Changes.
    """

    mean: float
    se: float
    low: float
    high: float
    p_value: float
    n: int


def spend_alpha(alpha: float, looks: int, *, spending: Spending = "equal") -> Floats:
    r"""Spread the chance of a false alarm over looks that are planned.

    Parameters
    ----------
    alpha : float
        Chance of any false alarm over all looks.
    looks : int
        How many are planned, equally spaced.
    spending : {"equal", "obrien_fleming", "pocock"}, default="equal"
        ``equal`` is Bonferroni over the looks: for looks at what is new each time.
        ``obrien_fleming`` spends next to nothing early and most at the end: for evidence that is
        gathered up.  ``pocock`` lies between.

    Returns
    -------
    ndarray of shape (looks,)
        What the test of each look may use; the sum is `alpha`.

    Raises
    ------
    DomainError
        ``probability_open``: `alpha`; ``option_range``: `looks`; ``option_choice``: `spending`.

    Notes
    -----
    With the spending function f and K looks, look k gets :math:`f(k/K) - f((k-1)/K)`:
    :math:`f(t) = \alpha t`; :math:`2 - 2 \Phi(z_{\alpha/2} / \sqrt t)`; :math:`\alpha \ln(1 + (e -
    1) t)`.  Lan and DeMets turn the shares into bounds with the joint law of the looks; here each
    look is tested at its own share, so that by Bonferroni the chance of any false alarm is at most
    `alpha` however the looks hang together, at the price of some power.

    References
    ----------
    Lan and DeMets (1983), https://doi.org/10.1093/biomet/70.3.659; O'Brien and Fleming (1979),
    https://doi.org/10.2307/2530245; Pocock (1977), https://doi.org/10.1093/biomet/64.2.191

    Examples
    --------
    >>> spend_alpha(0.05, 4)
    array([0.0125, 0.0125, 0.0125, 0.0125])
    >>> spend_alpha(0.05, 4, spending="obrien_fleming").round(4)
    array([0.0001, 0.0055, 0.0181, 0.0264])
    """
    check_probability("alpha", alpha, example=0.05)
    check_range("looks", looks, 1, _MOST_LOOKS, is_whole=True)
    check_choice("spending", spending, Spending)
    t = np.arange(1, looks + 1) / looks
    if spending == "equal":
        return np.full(looks, alpha / looks)
    if spending == "pocock":
        spent = alpha * np.log1p((np.e - 1) * t)
    else:
        spent = 2 * ndtr(ndtri(alpha / 2) / np.sqrt(t))
    return np.diff(spent, prepend=0.0)


def count_change_test(before: ArrayLike, after: ArrayLike) -> CountChange:
    r"""Test that counts of later periods are like those of earlier ones.

    Parameters
    ----------
    before : array-like of shape (n_before,)
        Counts of equal periods, two at least.
    after : array-like of shape (n_after,)
        Counts of periods of the same length, one at least.

    Returns
    -------
    CountChange
        Both p-values and the larger.

    Raises
    ------
    DomainError
        ``counts_periods``: too few periods, or no whole counts.

    Notes
    -----
    Given the sum, the counts after are binomial with the share of their periods: exact for
    Poisson counts, and too ready to ring where periods scatter more.  So Student's test on
    :math:`\sqrt{x + 3/8}`, whose spread is 1/2 for Poisson counts and about constant for others,
    is made besides with the pooled spread of the periods, 1/2 at least, and the larger p-value
    counts.  A negative binomial law with a dispersion estimated from a dozen periods would ring
    more often than it says.  Periods are taken as independent and without seasons.

    References
    ----------
    Przyborowski and Wilenski (1940), https://doi.org/10.1093/biomet/31.3-4.313; Anscombe (1948),
    https://doi.org/10.1093/biomet/35.3-4.246

    Examples
    --------
    >>> found = count_change_test([9, 11, 10, 12, 8, 10], [25])
    >>> round(found.ratio, 2), bool(found.p_value < 0.02)
    (2.5, True)
    """
    first, second = _counts(before, 2), _counts(after, 1)
    exact, scatter = _change_p(first, second[None, :])
    means = float(first.mean()), float(second.mean())
    ratio = means[1] / means[0] if means[0] else np.inf if means[1] else np.nan
    p_exact, p_scatter = float(exact[0]), float(scatter[0])
    return CountChange(ratio, p_exact, p_scatter, max(p_exact, p_scatter))


def predict_count(before: ArrayLike, *, level: float = 0.95) -> tuple[int, int]:
    """Give the counts of one further period that the test of the change would not reject.

    Parameters
    ----------
    before : array-like of shape (n_before,)
        Counts of equal periods, two at least.
    level : float, default=0.95
        One less the level of the test.

    Returns
    -------
    tuple of int
        Least and largest count.

    Raises
    ------
    DomainError
        ``counts_periods``; ``probability_open``: `level`.

    Examples
    --------
    >>> predict_count([9, 11, 10, 12, 8, 10])
    (3, 20)
    """
    check_probability("level", level)
    first = _counts(before, 2)
    top = 2 * int(first.max()) + 8
    while True:
        tried = np.arange(top + 1)
        kept = np.maximum(*_change_p(first, tried[:, None])) >= 1 - level
        if not kept[-1]:
            break
        top *= 2
    found = np.flatnonzero(kept)
    return int(found[0]), int(found[-1])


def mean_shift_test(changes: ArrayLike, *, level: float = 0.95) -> MeanShift:
    r"""Test that paired changes are 0 on average.

    Parameters
    ----------
    changes : array-like of shape (n_pairs,)
        After less before, one per household; without missing values.
    level : float, default=0.95
        Of the interval.

    Returns
    -------
    MeanShift
        Student's interval and test.

    Raises
    ------
    DomainError
        ``not_finite``; ``probability_open``: `level`.

    Notes
    -----
    Under no change each pair is as likely to be turned round, so no test of n pairs can have a
    two-sided p-value below :math:`2^{1-n}`; Student's is raised to that, as a few equal changes
    have no spread and prove little.

    References
    ----------
    Student (1908), https://doi.org/10.1093/biomet/6.1.1; Fisher (1935), The Design of Experiments,
    section 21, on turning pairs round.

    Examples
    --------
    >>> found = mean_shift_test([1.0, 1.0, 1.0])
    >>> found.mean, found.p_value
    (1.0, 0.25)
    """
    check_probability("level", level)
    x = np.asarray(changes, dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(x))
    if bad.size:
        raise DomainError("not_finite", name="changes", row=int(bad[0]), count=bad.size)
    n, mean = x.size, float(x.mean()) if x.size else np.nan
    if n < 2:
        return MeanShift(mean, np.nan, np.nan, np.nan, np.nan, n)
    se = float(x.std(ddof=1) / np.sqrt(n))
    reach = -float(stdtrit(n - 1, (1 - level) / 2)) * se
    p_value = 1.0 if mean == 0 else 0.0
    if se > 0:
        p_value = 2 * float(stdtr(n - 1, -abs(mean) / se))
    return MeanShift(mean, se, mean - reach, mean + reach, max(p_value, 2.0 ** (1 - n)), n)


def _counts(given: ArrayLike, least: int) -> Floats:
    counts = np.atleast_1d(np.asarray(given, dtype=np.float64))
    known = counts.ndim == 1 and counts.size >= least
    if not known or not ((counts >= 0) & (counts == np.floor(counts)) & (counts < np.inf)).all():
        raise DomainError("counts_periods", least=least)
    return counts


def _change_p(before: Floats, after: NDArray[np.generic]) -> tuple[Floats, Floats]:
    """P-values of each row of counts after: exact, and by the scatter."""
    later = np.asarray(after, dtype=np.float64)
    m, k = before.size, later.shape[1]
    own, total = later.sum(axis=1), later.sum(axis=1) + before.sum()
    share = k / (m + k)
    at_least = np.where(own > 0, betainc(np.maximum(own, 1), total - own + 1, share), 1.0)
    others = np.maximum(total - own, 1)
    at_most = np.where(own < total, betainc(others, own + 1, 1 - share), 1.0)
    exact = np.minimum(2 * np.minimum(at_least, at_most), 1.0)
    first, second = np.sqrt(before + _ROOT_SHIFT), np.sqrt(later + _ROOT_SHIFT)
    mean = second.mean(axis=1, keepdims=True)
    squares = ((first - first.mean()) ** 2).sum() + ((second - mean) ** 2).sum(axis=1)
    spread = np.maximum(np.sqrt(squares / (m + k - 2)), _POISSON_SD)
    t = np.abs(mean[:, 0] - first.mean()) / (spread * np.sqrt(1 / m + 1 / k))
    return np.asarray(exact), np.asarray(2 * stdtr(m + k - 2, -t))
