"""How much of the difference between villages is merit: learned from outcomes, or stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.errors import EvidenceError
from sanzhixin.numerics.logistic import fit_logistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["LEAST_DEFAULTS", "MeritShare", "fit_merit_share"]

LEAST_DEFAULTS = 20
"""Defaults, and loans without default, that the share needs at least."""

_CLEAR = 2.0


@dataclass(frozen=True, slots=True)
class MeritShare:
    """Share of the village variance that is merit and not leniency of the panel.

    Attributes
    ----------
    share : float
        From 0 (panels differ, villages do not) to 1.
    standard_error : float
        Of the share.
    """

    share: float
    standard_error: float


def fit_merit_share(within: Floats, between: Floats, defaulted: NDArray[np.bool_]) -> MeritShare:
    r"""Learn the merit share from defaults: whether a village's mean foretells as a household does.

    Parameters
    ----------
    within : ndarray of shape (n_loans,)
        Standing less the village's mean, in logits; a posterior mean.
    between : ndarray of shape (n_loans,)
        The village's merit less its panel's leniency, about the mean of all villages, in logits; a
        posterior mean.
    defaulted : ndarray of bool of shape (n_loans,)
        Outcomes.

    Returns
    -------
    MeritShare
        Clipped to 0 and 1.

    Raises
    ------
    EvidenceError
        ``share_few_defaults``: fewer than 20 defaults, or loans without default;
        ``share_not_told``: default does not fall clearly with the standing within villages.

    Notes
    -----
    In :math:`\mathrm{logit}\,P = a + b\,within + g\,between` the share is :math:`g / b`, its error
    by the delta method.  Loans of approved households only, so the slopes are those among the
    approved.
    """
    bad = int(defaulted.sum())
    if min(bad, defaulted.size - bad) < LEAST_DEFAULTS:
        raise EvidenceError(
            "share_few_defaults", defaults=bad, loans=defaulted.size, needed=LEAST_DEFAULTS
        )
    fit = fit_logistic(np.stack([within, between], axis=1), defaulted)
    _, slope, gain = fit.coef
    if slope > -_CLEAR * np.sqrt(fit.covariance[1, 1]):
        raise EvidenceError("share_not_told", slope=f"{slope:+.3g}")
    share = gain / slope
    gradient = np.array([0.0, -share / slope, 1 / slope])
    error = float(np.sqrt(gradient @ fit.covariance @ gradient))
    return MeritShare(share=float(np.clip(share, 0.0, 1.0)), standard_error=error)
