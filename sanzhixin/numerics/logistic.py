"""Logistic regression by Newton's method, to the last digits and with standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.special import expit

from sanzhixin.errors import DomainError, EvidenceError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["LogisticFit", "fit_logistic"]

_SEPARATION_SUSPECT = 10.0  # |log-odds| beyond which the exact test for separation is run
_MOST_HALVINGS = 40


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """A fitted logistic regression.

    Attributes
    ----------
    coef : ndarray of shape (1 + n_covariates,)
        Intercept first, then the slopes, on the log-odds scale.
    covariance : ndarray of shape (1 + n_covariates, 1 + n_covariates)
        Inverse of the Fisher information at `coef`.
    iterations : int
        Newton steps taken.
    converged : bool
        Whether the last step was below the tolerance.
    last_change : float
        Largest change of a coefficient in the last step, in units of the standardised covariates.
    log_likelihood : float
        At `coef`; with Firth's penalty where that was asked for.
    """

    coef: Floats
    covariance: Floats
    iterations: int
    converged: bool
    last_change: float
    log_likelihood: float


class _Data(NamedTuple):
    design: Floats
    outcome: Floats
    weights: Floats
    firth: bool


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
    tolerance: float = 1e-10,
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
    tolerance : float, default=1e-10
        Largest change of a standardised coefficient in the last step.
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
        ``shape_differs``, ``not_finite``, ``outcome_not_binary``, ``weights_negative``: data of
        another form; ``design_singular``: a covariate is constant or follows from the others.
    EvidenceError
        ``outcome_one_class``: no default or nothing else.
        ``outcomes_separated``: a covariate, or a sum of them, parts defaults from the rest, so
        that no finite maximum exists; Firth's penalty gives one.

    Notes
    -----
    Newton steps on standardised covariates, halved while the likelihood would fall.  Firth's score
    adds :math:`h_i (1/2 - p_i)` with the leverages :math:`h_i`.  Separation is proved by a linear
    programme (Konis), run when a fitted log-odds exceeds 10 in size.

    References
    ----------
    Firth (1993), https://doi.org/10.1093/biomet/80.1.27; Heinze and Schemper (2002),
    https://doi.org/10.1002/sim.1047

    Examples
    --------
    >>> fit = fit_logistic([0, 0, 0, 1, 1, 1], [0, 0, 1, 0, 1, 1])
    >>> fit.coef.round(4)  # odds 1:2 and 2:1
    array([-0.6931,  1.3863])
    """
    covariates, outcome, frequency = _check(x, defaulted, weights)
    centre = np.average(covariates, axis=0, weights=frequency)
    spread = np.sqrt(np.average((covariates - centre) ** 2, axis=0, weights=frequency))
    design = _design(covariates, centre, spread)
    data = _Data(design, outcome, frequency, firth)
    fit = _newton(data, tolerance, max_iterations)
    far = np.abs(design @ fit.coef).max() > _SEPARATION_SUSPECT
    if not firth and (far or not fit.converged) and _is_separated(design, outcome):
        raise EvidenceError("outcomes_separated")
    back = np.diag(np.concatenate([[1.0], 1 / spread]))
    back[0, 1:] = -centre / spread
    return LogisticFit(
        coef=back @ fit.coef,
        covariance=back @ fit.covariance @ back.T,
        iterations=fit.iterations,
        converged=fit.converged,
        last_change=fit.last_change,
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
    covariates, outcome, frequency = covariates[used], outcome[used], frequency[used]
    if outcome.size == 0 or outcome.min() == outcome.max():
        total, bad_loans = frequency.sum(), frequency @ outcome
        raise EvidenceError("outcome_one_class", defaults=f"{bad_loans:g}", loans=f"{total:g}")
    return covariates, outcome, frequency


def _design(covariates: Floats, centre: Floats, spread: Floats) -> Floats:
    noise = np.finfo(float).eps * np.abs(covariates).max(axis=0, initial=1.0)
    constant = np.flatnonzero(spread <= 4 * noise)
    if constant.size:
        raise DomainError("design_singular", column=int(constant[0]))
    design = np.column_stack([np.ones(len(covariates)), (covariates - centre) / spread])
    for column in range(1, design.shape[1]):
        if np.linalg.matrix_rank(design[:, : column + 1]) <= column:
            raise DomainError("design_singular", column=column - 1)
    return design


def _newton(data: _Data, tolerance: float, max_iterations: int) -> LogisticFit:
    beta = np.zeros(data.design.shape[1])
    state = _state(beta, data)
    change, iteration = np.inf, 0
    while iteration < max_iterations and change > tolerance:
        iteration += 1
        step = np.linalg.lstsq(state.information, state.score, rcond=None)[0]
        for _ in range(_MOST_HALVINGS):
            ahead = _state(beta + step, data)
            if ahead.log_likelihood >= state.log_likelihood - 1e-12 * abs(state.log_likelihood):
                break
            step = step / 2
        beta, state, change = beta + step, ahead, float(np.abs(step).max())
    return LogisticFit(
        coef=beta,
        covariance=np.asarray(np.linalg.pinv(state.information, hermitian=True), dtype=float),
        iterations=iteration,
        converged=change <= tolerance,
        last_change=change,
        log_likelihood=state.log_likelihood,
    )


def _state(beta: Floats, data: _Data) -> _State:
    log_odds = data.design @ beta
    prob = expit(log_odds)
    spread = data.weights * prob * (1 - prob)
    information = data.design.T @ (spread[:, np.newaxis] * data.design)
    residual = data.weights * (data.outcome - prob)
    terms = data.outcome * log_odds - np.logaddexp(0, log_odds)
    log_likelihood = float(data.weights @ terms)
    if data.firth:
        inverse = np.linalg.pinv(information, hermitian=True)
        leverage = spread * np.einsum("ij,jk,ik->i", data.design, inverse, data.design)
        residual = residual + leverage * (0.5 - prob)
        log_likelihood += 0.5 * float(np.linalg.slogdet(information)[1])
    return _State(data.design.T @ residual, information, log_likelihood)


def _is_separated(design: Floats, outcome: Floats) -> bool:
    """Look for a direction in which no row is on the wrong side and some are on the right one."""
    signed = np.unique((2 * outcome - 1)[:, np.newaxis] * design, axis=0)
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1))
    return found.fun is not None and float(found.fun) < -1e-7
