"""What covariates add to others in a logistic regression: likelihood ratio and cluster tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc, expit
from scipy.stats import f

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.logistic import fit_firth_held, fit_logistic

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sanzhixin.numerics.logistic import LogisticFit

    Floats = NDArray[np.float64]

__all__ = ["NestedComparison", "compare_nested"]

_FLAT = 1e-6  # of the largest singular value; scores at a maximum are 0 to about 1e-8


@dataclass(frozen=True, slots=True)
class NestedComparison:
    """A logistic regression with and without some of its covariates.

    Attributes
    ----------
    chi_square : float
        Twice the gain in log-likelihood; with Firth's penalty, in penalised log-likelihood.
    freedom : int
        Covariates added.
    p_value : float
        Of the likelihood ratio: rows taken as independent.
    p_cluster : float
        Of a Wald test whose covariance allows rows of one cluster to hang together in any way; NaN
        where there are no more clusters than coefficients, or the scores of the clusters do not
        span them, as where a covariate varies within one cluster alone.
    coef : ndarray of shape (freedom,)
        Slopes of the added covariates in the larger model.
    firth : bool
        Whether Firth's penalty was used.
    """

    chi_square: float
    freedom: int
    p_value: float
    p_cluster: float
    coef: Floats
    firth: bool


def compare_nested(
    base: ArrayLike,
    added: ArrayLike,
    defaulted: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    firth: bool = False,
) -> NestedComparison:
    r"""Test whether covariates add to others in explaining defaults.

    Parameters
    ----------
    base : array-like of shape (n_loans, n_base)
        Covariates of both models; may have no column.  Missing values are refused.
    added : array-like of shape (n_loans, n_added)
        Covariates of the larger model alone.
    defaulted : array-like of bool, shape (n_loans,)
        Outcomes.
    clusters : array-like of shape (n_loans,), optional
        Village of each loan; None makes every loan its own.
    firth : bool, default=False
        Use it with few events a coefficient, or where the outcomes are separated.

    Returns
    -------
    NestedComparison
        Both tests.

    Raises
    ------
    DomainError
        ``shape_differs``, ``not_finite``, ``outcome_not_binary``; ``design_singular``: a covariate
        is constant or follows from the others.
    EvidenceError
        ``outcome_one_class``; ``outcomes_separated``, without Firth's penalty;
        ``comparison_not_converged``: a model did not settle.

    Notes
    -----
    The likelihood ratio has a chi-square law with as many degrees of freedom as covariates are
    added.  With the penalty both models carry the penalty of the larger one, the added slopes held
    at 0 in the smaller (`fit_firth_held`): the profile test of Heinze and Schemper.  The covariance
    by clusters is the sandwich :math:`I^{-1} (\sum_g s_g s_g') I^{-1}` with the factor G / (G - 1).
    It is estimated from G clusters, so that Wald's W of q slopes has the law of Hotelling's
    :math:`T^2` rather than a chi-square one: :math:`\frac{G - q}{q (G - 1)} W` is compared with an
    F law on q and G - q, which for one slope is Student's on G - 1.  The clusters' scores are
    taken as alike in spread, which they are not: of three slopes that tell nothing, with as much
    spread between clusters as within, 5 % became 8 to 11 % at 7 to 20 clusters.

    References
    ----------
    Heinze and Schemper (2002), https://doi.org/10.1002/sim.1047; Cameron and Miller (2015),
    https://doi.org/10.3368/jhr.50.2.317, on few clusters; Pustejovsky and Tipton (2018),
    https://doi.org/10.1080/07350015.2016.1247004, on joint tests as Hotelling's

    Examples
    --------
    >>> found = compare_nested(np.empty((8, 0)), [0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 0, 1, 1, 1])
    >>> round(found.chi_square, 4)  # 2 (6 ln .75 + 2 ln .25 - 8 ln .5)
    2.093
    """
    few, more = _columns(base), _columns(added)
    if len(few) != len(more):
        raise DomainError("shape_differs", name="added", shape=more.shape, expected=few.shape)
    failed = np.asarray(defaulted, dtype=float)
    both = np.hstack([few, more])
    full = _settled(fit_logistic(both, failed, firth=firth))
    k, freedom = few.shape[1], more.shape[1]
    if firth:
        below = _settled(fit_firth_held(both, failed, k)).log_likelihood
    elif k:
        below = _settled(fit_logistic(few, failed)).log_likelihood
    else:
        below = _rate_likelihood(failed)
    chi_square = max(2 * (full.log_likelihood - below), 0.0)
    own = slice(k + 1, None)
    design = np.hstack([np.ones((len(both), 1)), both])
    scores = design * (failed - expit(design @ full.coef))[:, np.newaxis]
    return NestedComparison(
        chi_square=chi_square,
        freedom=freedom,
        p_value=float(chdtrc(freedom, chi_square)),
        p_cluster=_wald(full.coef[own], full.covariance, scores, clusters, own),
        coef=full.coef[own],
        firth=firth,
    )


def _columns(x: ArrayLike) -> Floats:
    given = np.asarray(x, dtype=float)
    return given[:, np.newaxis] if given.ndim == 1 else given


def _rate_likelihood(failed: Floats) -> float:
    n, bad = failed.size, float(failed.sum())
    if not 0 < bad < n:
        raise EvidenceError("outcome_one_class", defaults=f"{bad:g}", loans=n)
    return float(bad * np.log(bad / n) + (n - bad) * np.log1p(-bad / n))


def _settled(fit: LogisticFit) -> LogisticFit:
    if not fit.converged:
        raise EvidenceError("comparison_not_converged", iterations=fit.iterations)
    return fit


def _wald(
    coef: Floats, covariance: Floats, scores: Floats, clusters: ArrayLike | None, own: slice
) -> float:
    if clusters is not None:
        _, place = np.unique(np.asarray(clusters), return_inverse=True)
        sums = np.zeros((int(place.max()) + 1, scores.shape[1]))
        np.add.at(sums, place, scores)
        scores = sums
    groups = len(scores)
    if groups <= scores.shape[1]:
        return np.nan
    size = np.linalg.svd(scores @ np.linalg.cholesky(covariance), compute_uv=False)
    if size[-1] <= _FLAT * size[0]:
        return np.nan
    outer = covariance @ (scores.T @ scores) @ covariance * (groups / (groups - 1))
    wald = float(coef @ np.linalg.solve(outer[own, own], coef))
    left = groups - coef.size
    return float(f.sf(wald / coef.size * left / (groups - 1), coef.size, left))
