"""Severity of raters from round to round: a random walk, filtered, smoothed and watched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from sanzhixin.errors import DomainError, EvidenceError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["DriftFit", "SeverityPath", "filter_severity", "fit_drift_variance"]

_FLAG_Z = 3.0
_LOWEST, _HIGHEST = np.log(1e-7), np.log(1e3)  # of the drift variance, in squared logits
_GRID = np.linspace(_LOWEST, _HIGHEST, 24)
_CURVE_STEP = 0.05


@dataclass(frozen=True, slots=True)
class SeverityPath:
    """Estimated severity of raters in each round, in logits; higher is more severe.

    Attributes
    ----------
    filtered_mean, filtered_variance : ndarray of shape (n_raters, n_rounds)
        From the rounds so far.
    smoothed_mean, smoothed_variance : ndarray of shape (n_raters, n_rounds)
        From all rounds.
    change_z : ndarray of shape (n_raters, n_rounds - 1)
        What a round says of the severity less the estimate before it, over the error of the
        difference; standard normal without change.  NaN where the round has no rating, or no
        round before it has.
    flagged : ndarray of shape (n_raters, n_rounds - 1)
        Where `change_z` exceeds 3 in size.
    log_likelihood : float
        Of all rounds, by their innovations.
    """

    filtered_mean: Floats
    filtered_variance: Floats
    smoothed_mean: Floats
    smoothed_variance: Floats
    change_z: Floats
    flagged: NDArray[np.bool_]
    log_likelihood: float


@dataclass(frozen=True, slots=True)
class DriftFit:
    """Variance of the drift from one round to the next.

    Attributes
    ----------
    drift_variance : float
        In squared logits; 0 where no drift explains the rounds best.
    log_standard_error : float
        Standard error of the logarithm of `drift_variance`; NaN where that is 0 or the likelihood
        does not bend at the maximum.
    log_likelihood, log_likelihood_still : float
        At the estimate, and without drift.
    iterations : int
        Steps of the search, after a grid.
    converged : bool
        Whether the search ended inside its bounds and below the tolerance.
    last_change : float
        Distance of the logarithms tried last.
    """

    drift_variance: float
    log_standard_error: float
    log_likelihood: float
    log_likelihood_still: float
    iterations: int
    converged: bool
    last_change: float


class _Forward(NamedTuple):
    """Rounds first: shape (n_rounds, n_raters)."""

    mean: Floats
    variance: Floats
    log_likelihood: float


def filter_severity(
    mean: ArrayLike, variance: ArrayLike, *, drift_variance: float, prior_variance: float
) -> SeverityPath:
    r"""Follow the severity of raters over rounds: Kalman filter and smoother.

    Use it on the summaries of each round's fit; earlier rounds need not be fitted again.

    Parameters
    ----------
    mean : array-like of shape (n_raters, n_rounds)
        Severity as the round's own ratings say, in logits, rounds in order of time.  NaN where
        the rater did not rate in that round.
    variance : array-like of shape (n_raters, n_rounds)
        Its squared standard error, above 0; ignored where `mean` is NaN.
    drift_variance : float
        Variance of the change from one round to the next, in squared logits; 0 means none.
    prior_variance : float
        Variance of the severity in the first round, about 0, in squared logits.

    Returns
    -------
    SeverityPath
        Means and variances of each round, changes and flags.

    Raises
    ------
    DomainError
        ``array_shape``: arrays that are not of one shape with two dimensions.
        ``not_finite``: an infinite mean.
        ``variance_impossible``: a mean without a finite variance above 0; `drift_variance` below
        0; `prior_variance` not above 0.

    Notes
    -----
    :math:`c_1 \sim N(0, p)`, :math:`c_t \sim N(c_{t-1}, q)`, and the round says
    :math:`y_t \sim N(c_t, v_t)`.  A posterior mean m with variance u that already holds the prior
    is turned back first: :math:`1/v = 1/u - 1/p`, :math:`y = m v / u`; else the prior counts in
    every round.  The change is :math:`(y_t - m_{t-1}) / \sqrt{P_{t-1} + v_t}` with the filtered
    mean and variance: it tests that nothing changed since the round before, however large the
    usual drift.  Means of several raters are taken as independent.

    References
    ----------
    Kalman (1960), https://doi.org/10.1115/1.3662552; Rauch, Tung and Striebel (1965),
    https://doi.org/10.2514/3.3166; Durbin and Koopman (2012), Time Series Analysis by State Space
    Methods, https://doi.org/10.1093/acprof:oso/9780199641178.001.0001

    Examples
    --------
    >>> path = filter_severity(
    ...     [[0.1, 0.1, 1.5]], [[0.04, 0.04, 0.04]], drift_variance=0.01, prior_variance=0.5
    ... )
    >>> path.filtered_mean.round(2), path.flagged
    (array([[0.09, 0.1 , 0.72]]), array([[False,  True]]))
    """
    y, v = _check_rounds(mean, variance)
    _check_variance("drift_variance", drift_variance, at_least=True)
    _check_variance("prior_variance", prior_variance)
    ahead = _filter(y, v, drift_variance, prior_variance)
    smooth_mean, smooth_variance = _smooth(ahead, drift_variance)
    seen = np.logical_or.accumulate(np.isfinite(y), axis=0)[:-1]
    change = (y[1:] - ahead.mean[:-1]) / np.sqrt(ahead.variance[:-1] + v[1:])
    change[~seen] = np.nan
    return SeverityPath(
        filtered_mean=ahead.mean.T,
        filtered_variance=ahead.variance.T,
        smoothed_mean=smooth_mean.T,
        smoothed_variance=smooth_variance.T,
        change_z=change.T,
        flagged=np.abs(change.T) > _FLAG_Z,
        log_likelihood=ahead.log_likelihood,
    )


def fit_drift_variance(
    mean: ArrayLike,
    variance: ArrayLike,
    *,
    prior_variance: float,
    tolerance: float = 1e-6,
    max_iterations: int = 100,
) -> DriftFit:
    r"""Estimate the variance of the drift from the rounds of all raters: maximum likelihood.

    Parameters
    ----------
    mean, variance : array-like of shape (n_raters, n_rounds)
        As in `filter_severity`.
    prior_variance : float
        Variance of the severity in the first round, in squared logits.
    tolerance : float, default=1e-6
        Of the logarithm of the drift variance.
    max_iterations : int, default=100
        Steps of the search at most; the result says whether they sufficed.

    Returns
    -------
    DriftFit
        Estimate between 1e-7 and 1e3 squared logits, or 0.

    Raises
    ------
    DomainError
        ``array_shape``, ``not_finite``, ``variance_impossible``: as in `filter_severity`.
    EvidenceError
        ``no_second_round``: no rater has ratings in two rounds.

    Notes
    -----
    The log-likelihood is the sum over innovations of :math:`-(\log 2 \pi S_t + e_t^2 / S_t) / 2`.
    It is searched over :math:`\log q`, on a grid and then by Brent's method between the neighbours
    of the best point.

    References
    ----------
    Schweppe (1965), https://doi.org/10.1109/TIT.1965.1053737; Harvey (1990), Forecasting,
    Structural Time Series Models and the Kalman Filter,
    https://doi.org/10.1017/CBO9781107049994

    Examples
    --------
    >>> random = np.random.default_rng(3)
    >>> severity = np.cumsum(random.normal(0, 0.3, (500, 4)), axis=1)
    >>> seen = severity + random.normal(0, 0.2, severity.shape)
    >>> fit = fit_drift_variance(seen, np.full(seen.shape, 0.04), prior_variance=0.09)
    >>> round(fit.drift_variance, 3), fit.converged
    (0.093, True)
    """
    y, v = _check_rounds(mean, variance)
    _check_variance("prior_variance", prior_variance)
    if not (np.isfinite(y).sum(axis=0) > 1).any():
        raise EvidenceError("no_second_round")
    tried: list[float] = []

    def loss(log_drift: float) -> float:
        tried.append(float(log_drift))
        return -_filter(y, v, float(np.exp(log_drift)), prior_variance).log_likelihood

    best = int(np.argmin([loss(point) for point in _GRID.tolist()]))
    found = minimize_scalar(
        loss,
        bounds=(float(_GRID[max(best - 1, 0)]), float(_GRID[min(best + 1, _GRID.size - 1)])),
        method="bounded",
        options={"xatol": tolerance, "maxiter": max_iterations},
    )
    last_change = abs(tried[-1] - tried[-2])
    top, log_drift = -float(found.fun), float(found.x)
    still = _filter(y, v, 0.0, prior_variance).log_likelihood
    moves = top > still
    sides = (-loss(log_drift - _CURVE_STEP), -loss(log_drift + _CURVE_STEP))
    bend = (2 * top - sides[0] - sides[1]) / _CURVE_STEP**2
    inside = not moves or log_drift < float(_HIGHEST) - _CURVE_STEP
    return DriftFit(
        drift_variance=float(np.exp(log_drift)) if moves else 0.0,
        log_standard_error=float(1 / np.sqrt(bend)) if moves and bend > 0 else np.nan,
        log_likelihood=max(top, still),
        log_likelihood_still=still,
        iterations=int(found.nit),
        converged=bool(found.success and inside),
        last_change=last_change,
    )


def _check_rounds(mean: ArrayLike, variance: ArrayLike) -> tuple[Floats, Floats]:
    """Means and variances with rounds first; variance 1 where there is no rating."""
    y, v = np.asarray(mean, dtype=np.float64), np.asarray(variance, dtype=np.float64)
    for name, array in (("mean", y), ("variance", v)):
        if array.ndim != 2 or array.shape != y.shape:
            expected = "(n_raters, n_rounds)"
            raise DomainError("array_shape", name=name, shape=array.shape, expected=expected)
    infinite = np.flatnonzero(np.isinf(y).any(axis=1))
    if infinite.size:
        raise DomainError("not_finite", name="mean", row=int(infinite[0]), count=infinite.size)
    rated = ~np.isnan(y)
    bad = v[rated & ~(np.isfinite(v) & (v > 0))]
    if bad.size:
        raise DomainError(
            "variance_impossible", name="variance", value=f"{bad[0]:g}", count=bad.size, bound="> 0"
        )
    return np.ascontiguousarray(y.T), np.where(rated, v, 1.0).T


def _check_variance(name: str, value: float, *, at_least: bool = False) -> None:
    if not (np.isfinite(value) and (value >= 0 if at_least else value > 0)):
        bound = ">= 0" if at_least else "> 0"
        raise DomainError("variance_impossible", name=name, value=value, count=1, bound=bound)


def _filter(y: Floats, v: Floats, drift_variance: float, prior_variance: float) -> _Forward:
    """Forward pass; the likelihood of rounds without ratings is 1."""
    means, variances = np.empty_like(y), np.empty_like(y)
    mean, variance = np.zeros(y.shape[1]), np.full(y.shape[1], prior_variance)
    log_likelihood = 0.0
    for t, (seen, noise) in enumerate(zip(y, v, strict=True)):
        if t:
            variance = variance + drift_variance
        rated = ~np.isnan(seen)
        spread = variance + noise
        gain = np.where(rated, variance / spread, 0.0)
        innovation = np.where(rated, seen - mean, 0.0)
        each = np.log(2 * np.pi * spread) + innovation**2 / spread
        log_likelihood -= float(each[rated].sum()) / 2
        mean = mean + gain * innovation
        variance = np.where(rated, gain * noise, variance)
        means[t], variances[t] = mean, variance
    return _Forward(means, variances, log_likelihood)


def _smooth(ahead: _Forward, drift_variance: float) -> tuple[Floats, Floats]:
    """Backward pass of Rauch, Tung and Striebel."""
    mean, variance = ahead.mean.copy(), ahead.variance.copy()
    for t in range(mean.shape[0] - 2, -1, -1):
        coming = ahead.variance[t] + drift_variance
        share = ahead.variance[t] / coming
        mean[t] += share * (mean[t + 1] - ahead.mean[t])
        variance[t] += share**2 * (variance[t + 1] - coming)
    return mean, variance
