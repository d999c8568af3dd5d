"""Logistic regression by Newton's method, to the last digits and with standard errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import linprog, lsq_linear

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.choices import check_range

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["LogisticFit", "fit_firth_held", "fit_logistic"]

_SEPARATION_SUSPECT = 20.0  # |log-odds| beyond which the exact test for separation is run,
_FLAT = 1e-3  # where the information in some direction is below this, in rows
_COLLINEAR_SUSPECT = 1e-8  # share of a covariate's variance that the others leave unexplained
_MOST_HALVINGS = 40
_BLOCK = 16_384  # rows at once
_EVERY, _MANY, _EVENTS_A_SLOPE = 16, 2000, 10  # rows, and events a slope, of a quick beginning
_AT_BOUND = 1e-12  # standardised slopes no larger than this are held at 0 by their sign
_TOLERANCE = 1e-10  # largest change of a standardised coefficient in the last step


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """A fitted logistic regression.

    Attributes
    ----------
    coef : ndarray of shape (1 + n_covariates,)
        Intercept first, then the slopes, on the log-odds scale.
    covariance : ndarray of shape (1 + n_covariates, 1 + n_covariates)
        Inverse of the Fisher information at `coef`, that of the prior included; 0 for slopes that
        are held at 0, which are taken as known.
    held : ndarray of bool, shape (1 + n_covariates,)
        Slopes that are held at 0, by their sign or by order.
    iterations : int
        Newton steps taken.
    converged : bool
        Whether no standardised coefficient moved by more than 1e-10 in the last step.
    last_change : float
        Largest change of a coefficient in the last step, in units of the standardised covariates.
    log_likelihood : float
        At `coef`; with the penalty where one was asked for.
    """

    coef: Floats
    covariance: Floats
    held: NDArray[np.bool_]
    iterations: int
    converged: bool
    last_change: float
    log_likelihood: float


class _Data(NamedTuple):
    design: Floats
    outcome: Floats
    weights: Floats
    firth: bool
    precision: Floats  # of the prior of the intercept (0) and the standardised slopes
    signs: NDArray[np.int64]  # of the intercept and the slopes; 0 is any
    free: NDArray[np.bool_]  # False: held at 0 whatever the data say
    scratch: Floats  # of one block of rows: memory is asked for once


class _State(NamedTuple):
    score: Floats
    information: Floats
    log_likelihood: float


def fit_logistic(
    x: ArrayLike,
    defaulted: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    firth: bool = False,
    slope_sd: float = np.inf,
    signs: ArrayLike | None = None,
    start: ArrayLike | None = None,
    max_iterations: int = 1000,
) -> LogisticFit:
    r"""Fit a logistic regression of defaults on one or a few covariates.

    Without Firth's penalty the weighted mean of the fitted probabilities equals the observed
    default rate exactly.  Use Firth's penalty under separation or with very few defaults; its
    mean is pulled towards one half.

    Parameters
    ----------
    x : array-like of shape (n_loans,) or (n_loans, n_covariates)
        Covariates; missing values are refused.  An intercept is added.
    defaulted : array-like of shape (n_loans,)
        1 or True for a default, else 0 or False.
    weights : array-like of shape (n_loans,), optional
        Frequencies: weight 2 equals the row given twice, weight 0 the row left out.
    firth : bool, default=False
        Maximise the likelihood times the square root of the determinant of the information.
    slope_sd : float, default=inf
        Standard deviation of a normal prior about 0 of each slope, in units of the covariates; the
        fit is then the most probable one.  The intercept is free, so the mean stays exact.
    signs : array-like of {-1, 0, 1}, shape (n_covariates,), optional
        Slopes that may not be negative (1) or positive (-1); 0 is free.
    start : array-like of shape (n_covariates,), optional
        Slopes to start from, that keep their signs; near ones save steps.  The fit is the same.
    max_iterations : int, default=1000
        Newton steps at most; the result says whether they sufficed.  Ten are usual; with Firth's
        penalty, whose curvature the steps leave out, tiny samples may take hundreds.

    Returns
    -------
    LogisticFit
        Coefficients with their covariance and how the iteration ended.

    Raises
    ------
    DomainError
        ``shape_differs``, ``not_finite``, ``outcome_not_binary``, ``weights_negative``,
        ``signs_unknown``, ``slope_sd``: data or options of another form; ``design_singular``: a
        covariate is constant or follows from the others.
    EvidenceError
        ``outcome_one_class``: no default or nothing else.
        ``outcomes_separated``: a covariate, or a sum of them, parts defaults from the rest, so
        that no finite maximum exists; Firth's penalty gives one.

    Notes
    -----
    Newton steps on standardised covariates, halved while the likelihood would fall.  Under signs
    each step is the best of the quadratic model among those that keep them.  Firth's score
    :math:`h_i (1/2 - p_i)` with the leverages :math:`h_i`.  Separation is proved by a linear
    programme (Konis), run when a fitted log-odds exceeds 20 in size.

    References
    ----------
    Firth (1993), https://doi.org/10.1093/biomet/80.1.27; Heinze and Schemper (2002),
    https://doi.org/10.1002/sim.1047; for the prior le Cessie and van Houwelingen (1992),
    https://doi.org/10.2307/2347628

    Examples
    --------
    >>> fit = fit_logistic([0, 0, 0, 1, 1, 1], [0, 0, 1, 0, 1, 1])
    >>> fit.coef.round(4)  # odds 1:2 and 2:1
    array([-0.6931,  1.3863])
    """
    covariates, outcome, frequency = _check(x, defaulted, weights)
    design, centre, spread = _design(covariates, frequency)
    if not slope_sd > 0:
        raise DomainError("slope_sd", value=slope_sd)
    data = _Data(
        design,
        outcome,
        frequency,
        firth,
        np.append(0.0, (slope_sd * spread) ** -2.0),
        _check_signs(signs, spread.size),
        np.ones(spread.size + 1, dtype=np.bool_),
        np.empty_like(design[:_BLOCK]),
    )
    slopes = np.zeros(spread.size) if start is None else np.asarray(start, dtype=float) * spread
    fit = _newton(data, _begin(data, slopes), max_iterations)
    far = np.abs(design @ fit.coef).max() > _SEPARATION_SUSPECT
    far = far and _is_flat(data, fit.coef)
    if not firth and np.isinf(slope_sd) and (far or not fit.converged) and _is_separated(data):
        raise EvidenceError("outcomes_separated")
    return _in_given_units(fit, centre, spread, firth=firth)


def fit_firth_held(
    x: ArrayLike, defaulted: ArrayLike, n_free: int, *, max_iterations: int = 1000
) -> LogisticFit:
    r"""Maximise Firth's penalised likelihood with the slopes after the first ones held at 0.

    The smaller model of a penalised likelihood ratio.  It is no fit without the other covariates:
    their information stays in the penalty, so that both likelihoods are of one kind.

    Parameters
    ----------
    x : array-like of shape (n_loans,) or (n_loans, n_covariates)
        Covariates; missing values are refused.  An intercept is added.
    defaulted : array-like of shape (n_loans,)
        1 or True for a default, else 0 or False.
    n_free : int
        Covariates whose slopes are free; those after them are held at 0.
    max_iterations : int, default=1000
        Scoring steps at most; the result says whether they sufficed.

    Returns
    -------
    LogisticFit
        With 0 for the slopes that are held.

    Raises
    ------
    DomainError
        ``shape_differs``, ``not_finite``, ``outcome_not_binary``, ``design_singular``: as
        `fit_logistic`; ``option_range``: `n_free` is no number of covariates.
    EvidenceError
        ``outcome_one_class``: no default or nothing else.

    Notes
    -----
    The score of a free coefficient r is :math:`\sum_i (y_i - p_i + h_i (1/2 - p_i)) x_{ir}` with
    the leverages :math:`h_i` of the whole design; steps by the information of the free
    coefficients, halved while the penalised likelihood would fall.

    References
    ----------
    Heinze and Schemper (2002), https://doi.org/10.1002/sim.1047

    Examples
    --------
    >>> fit = fit_firth_held([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1], 0)
    >>> fit.coef.round(4)  # 5 of 8: half a default and a loan more a coefficient
    array([0.5108, 0.    ])
    """
    covariates, outcome, frequency = _check(x, defaulted, None)
    design, centre, spread = _design(covariates, frequency)
    check_range("n_free", n_free, 0, spread.size, is_whole=True)
    data = _Data(
        design,
        outcome,
        frequency,
        firth=True,
        precision=np.zeros(spread.size + 1),
        signs=np.zeros(spread.size + 1, dtype=np.int64),
        free=np.arange(spread.size + 1) <= n_free,
        scratch=np.empty_like(design[:_BLOCK]),
    )
    fit = _newton(data, _begin(data, np.zeros(spread.size)), max_iterations)
    return _in_given_units(fit, centre, spread, firth=True)


def _in_given_units(
    fit: LogisticFit, centre: Floats, spread: Floats, *, firth: bool
) -> LogisticFit:
    """Undo the standardising of the covariates."""
    back = np.diag(np.concatenate([[1.0], 1 / spread]))
    back[0, 1:] = -centre / spread
    return replace(
        fit,
        coef=back @ fit.coef,
        covariance=back @ fit.covariance @ back.T,
        log_likelihood=fit.log_likelihood + (float(np.log(spread).sum()) if firth else 0.0),
    )


def _check(
    x: ArrayLike, defaulted: ArrayLike, weights: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    covariates = np.asarray(x, dtype=float)
    covariates = covariates[:, np.newaxis] if covariates.ndim == 1 else covariates
    outcome = np.asarray(defaulted, dtype=float)
    frequency = np.ones(len(outcome)) if weights is None else np.asarray(weights, dtype=float)
    for name, array, shape in (
        ("x", covariates, (*outcome.shape[:1], covariates.shape[-1])),
        ("defaulted", outcome, outcome.shape[:1]),
        ("weights", frequency, outcome.shape[:1]),
    ):
        if array.shape != shape:
            raise DomainError("shape_differs", name=name, shape=array.shape, expected=shape)
        bad = np.flatnonzero(~np.isfinite(array).all(axis=tuple(range(1, array.ndim))))
        if bad.size:
            raise DomainError("not_finite", name=name, row=int(bad[0]), count=bad.size)
    if not np.isin(outcome, (0.0, 1.0)).all():
        raise DomainError("outcome_not_binary", value=outcome[~np.isin(outcome, (0.0, 1.0))][0])
    if (frequency < 0).any():
        raise DomainError("weights_negative", row=int(np.flatnonzero(frequency < 0)[0]))
    used = frequency > 0
    if not used.all():
        covariates, outcome, frequency = covariates[used], outcome[used], frequency[used]
    if outcome.size == 0 or outcome.min() == outcome.max():
        total, bad_loans = frequency.sum(), frequency @ outcome
        raise EvidenceError("outcome_one_class", defaults=f"{bad_loans:g}", loans=f"{total:g}")
    return covariates, outcome, frequency


def _design(covariates: Floats, frequency: Floats) -> tuple[Floats, Floats, Floats]:
    """Standardise the covariates after a column of ones; also their means and spreads."""
    design = np.empty((covariates.shape[1] + 1, len(covariates))).T  # columns are contiguous
    design[:, 0] = 1.0
    total = frequency.sum()
    centre, spread = np.zeros((2, covariates.shape[1]))
    for place, column in enumerate(covariates.T):
        own = design[:, place + 1]
        centre[place] = frequency @ column / total
        np.subtract(column, centre[place], out=own)
        spread[place] = np.sqrt(frequency @ (own * own) / total)
        if spread[place] <= 4 * np.finfo(float).eps * max(1.0, np.abs(column).max()):
            raise DomainError("design_singular", column=place)
        own /= spread[place]
    if spread.size and _unexplained(design) < _COLLINEAR_SUSPECT:
        for place in range(1, design.shape[1]):
            if np.linalg.matrix_rank(design[:, : place + 1]) <= place:
                raise DomainError("design_singular", column=place - 1)
    return design, centre, spread


def _unexplained(design: Floats) -> float:
    """Smallest share of a column's variance that the columns before it do not explain."""
    diagonal = np.diag(np.linalg.qr(design.T @ design / len(design), mode="r"))
    return float(np.abs(diagonal).min())


def _check_signs(signs: ArrayLike | None, n_covariates: int) -> NDArray[np.int64]:
    given = np.zeros(n_covariates, dtype=np.int64) if signs is None else np.asarray(signs)
    if given.shape != (n_covariates,) or not np.isin(given, (-1, 0, 1)).all():
        raise DomainError("signs_unknown", shape=given.shape, expected=(n_covariates,))
    return np.append(0, given.astype(np.int64))


def _begin(data: _Data, start: Floats) -> Floats:
    """Begin at the given slopes, and for many rows near what every sixteenth row tells."""
    rate = float(np.average(data.outcome, weights=data.weights))
    beta = np.concatenate([[np.log(rate / (1 - rate))], start])  # covariates are centred
    part = data.outcome[::_EVERY]
    scarce = min(part.sum(), part.size - part.sum())
    if part.size < _MANY or scarce < _EVENTS_A_SLOPE * beta.size:
        return beta
    few = data._replace(
        design=data.design[::_EVERY].copy(order="F"),
        outcome=part,
        weights=data.weights[::_EVERY],
        precision=data.precision / _EVERY,
    )
    near = _newton(few, beta, 20, tolerance=0.01)
    return near.coef if near.converged else beta


def _newton(
    data: _Data, beta: Floats, max_iterations: int, *, tolerance: float = _TOLERANCE
) -> LogisticFit:
    state = _state(beta, data)
    change, iteration = np.inf, 0
    while iteration < max_iterations and change > tolerance:
        iteration += 1
        step = _step(beta, state, data)
        change = float(np.abs(step).max())
        if change <= tolerance:  # too small to be seen in the likelihood
            beta = beta + step
            break
        for _ in range(_MOST_HALVINGS):
            ahead = _state(beta + step, data)
            if ahead.log_likelihood >= state.log_likelihood - 1e-12 * abs(state.log_likelihood):
                break
            step = step / 2
        beta, state, change = beta + step, ahead, float(np.abs(step).max())
    held = ~data.free | ((data.signs != 0) & (beta == 0))
    free = np.flatnonzero(~held)
    covariance = np.zeros_like(state.information)
    covariance[np.ix_(free, free)] = np.linalg.pinv(
        state.information[np.ix_(free, free)], hermitian=True
    )
    return LogisticFit(
        coef=beta,
        covariance=covariance,
        held=held,
        iterations=iteration,
        converged=change <= tolerance,
        last_change=change,
        log_likelihood=state.log_likelihood,
    )


def _step(beta: Floats, state: _State, data: _Data) -> Floats:
    """Newton step; where it would break a sign, the best step that keeps all signs."""
    signs, free = data.signs, data.free
    step = np.zeros(beta.size)
    step[free] = np.linalg.lstsq(
        state.information[np.ix_(free, free)], state.score[free], rcond=None
    )[0]
    if (signs * (beta + step) >= 0).all():
        return step
    values, vectors = np.linalg.eigh(state.information)
    root = np.sqrt(np.maximum(values, 0))[:, np.newaxis] * vectors.T
    bounds = np.where(signs > 0, -beta, -np.inf), np.where(signs < 0, -beta, np.inf)
    found = lsq_linear(root, root @ step, bounds, method="bvls", tol=1e-15)
    at_bound = np.abs(beta + found.x) <= _AT_BOUND  # the solver stops beside it by rounding
    return np.where(at_bound & (signs != 0), -beta, found.x)


def _state(beta: Floats, data: _Data) -> _State:
    """Score, information and likelihood, summed over blocks of rows that stay in the cache."""
    size = beta.size
    score, information, log_likelihood = np.zeros(size), np.zeros((size, size)), 0.0
    probs = []
    for first in range(0, len(data.design), _BLOCK):
        rows = slice(first, first + _BLOCK)
        design, outcome, weights = data.design[rows], data.outcome[rows], data.weights[rows]
        log_odds = design @ beta
        falling = np.exp(-np.abs(log_odds))
        prob = np.where(log_odds >= 0, 1.0, falling) / (1 + falling)
        scaled = data.scratch[: len(design)]
        np.multiply(design, np.sqrt(weights * prob * (1 - prob))[:, np.newaxis], out=scaled)
        information += scaled.T @ scaled
        score += design.T @ (weights * (outcome - prob))
        softplus = np.maximum(log_odds, 0) + np.log1p(falling)
        log_likelihood += float(weights @ (outcome * log_odds - softplus))
        probs.append(prob)
    if data.firth:
        prob = np.concatenate(probs)
        inverse = np.linalg.pinv(information, hermitian=True)
        of_rows = np.einsum("ij,jk,ik->i", data.design, inverse, data.design)
        leverage = data.weights * prob * (1 - prob) * of_rows
        score += data.design.T @ (leverage * (0.5 - prob))
        log_likelihood += 0.5 * float(np.linalg.slogdet(information)[1])
    score -= data.precision * beta
    log_likelihood -= 0.5 * float(data.precision @ beta**2)
    return _State(score, information + np.diag(data.precision), log_likelihood)


def _is_flat(data: _Data, coef: Floats) -> bool:
    """Tell whether the likelihood is all but flat in some direction, as it is under separation."""
    information = _state(coef, data).information - np.diag(data.precision)
    return float(np.linalg.eigvalsh(information)[0]) < _FLAT


def _is_separated(data: _Data) -> bool:
    """Look for a direction in which no row is on the wrong side and some are on the right one."""
    signed = np.unique((2 * data.outcome - 1)[:, np.newaxis] * data.design, axis=0)
    bounds = [(0.0 if sign > 0 else -1.0, 0.0 if sign < 0 else 1.0) for sign in data.signs]
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=bounds)
    return found.fun is not None and float(found.fun) < -1e-7
