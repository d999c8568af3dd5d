"""How much of the difference between villages is merit: learned from outcomes, or stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import truncnorm

from sanzhixin.errors import DomainError, EvidenceError
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


def fit_merit_share(
    within: Floats, between: Floats, defaulted: NDArray[np.bool_], *, n_villages: int = 0
) -> MeritShare:
    r"""Learn the merit share from defaults: whether a village's mean foretells as a household does.

    Parameters
    ----------
    within : ndarray of shape (n_loans,)
        Standing less the village's merit, in logits; a posterior mean.
    between : ndarray of shape (n_loans,)
        The village's merit less its panel's leniency, about the mean of all villages, in logits; a
        posterior mean.
    defaulted : ndarray of bool of shape (n_loans,)
        Outcomes.
    n_villages : int, optional
        Villages behind the loans.

    Returns
    -------
    MeritShare
        Posterior mean and error, any share from 0 to 1 being as likely beforehand.

    Raises
    ------
    EvidenceError
        ``share_few_defaults``: fewer than 20 defaults, or loans without default;
        ``share_not_told``: default does not fall clearly with the standing within villages.

    Notes
    -----
    In :math:`\mathrm{logit}\,P = a + b\,within + g\,between` the share is :math:`g / b`, its error
    by the delta method, with :math:`\rho (1 - \rho) / V` for the chance share of V villages.  The
    standing within has to be about the village's merit: about the village's mean it would hold part
    of the gap.  Loans of approved households only, so the slopes are those among the
    approved.
    """
    bad = int(defaulted.sum())
    if min(bad, defaulted.size - bad) < LEAST_DEFAULTS:
        raise EvidenceError(
            "share_few_defaults", defaults=bad, loans=defaulted.size, needed=LEAST_DEFAULTS
        )
    try:
        fit = fit_logistic(np.stack([within, between], axis=1), defaulted)
    except (DomainError, EvidenceError):  # no spread between villages, or defaults fully parted
        raise EvidenceError("share_not_told", slope="none") from None
    _, slope, gain = fit.coef
    if slope > -_CLEAR * np.sqrt(fit.covariance[1, 1]):
        raise EvidenceError("share_not_told", slope=f"{slope:+.3g}")
    share = gain / slope
    gradient = np.array([0.0, -share / slope, 1 / slope])
    variance = float(gradient @ fit.covariance @ gradient)
    if n_villages:
        variance += float(np.clip(share, 0, 1) * (1 - np.clip(share, 0, 1))) / n_villages
    told = truncnorm((0 - share) / variance**0.5, (1 - share) / variance**0.5, share, variance**0.5)
    return MeritShare(share=float(told.mean()), standard_error=float(told.std()))
