"""How the errors of a household's pillars hang together: common standing and common halo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["PillarCovariance", "estimate_pillar_covariance"]

_MOST_CORRELATION = 0.98


@dataclass(frozen=True, slots=True)
class PillarCovariance:
    """Covariance of standings and of halos between pillars, in squared logits.

    Attributes
    ----------
    standing : ndarray of shape (n_pillars, n_pillars)
        Of households within a village.
    halo : ndarray of shape (n_pillars, n_pillars)
        Of a rater's opinions of one household; the diagonal is the halo variance.
    """

    standing: Floats
    halo: Floats

    def errors(self, variance: Floats, n_records: Floats) -> Floats:
        r"""Covariance of the errors of each household's pillar measures.

        Parameters
        ----------
        variance : ndarray of shape (n_households, n_pillars)
            Posterior variance of each measure about the mean of its village.
        n_records : ndarray of shape (n_households,)
            Forms of each household.

        Returns
        -------
        ndarray of shape (n_households, n_pillars, n_pillars)
            The diagonal is `variance`.

        Notes
        -----
        With reliabilities :math:`k = 1 - v / \sigma^2` the error of a measure is
        :math:`-(1-k)` of the standing and :math:`k` of the noise, so that the covariance is
        :math:`(1-k_p)(1-k_q)\Sigma_{pq} + k_p k_q N_{pq}` with N the common halo over the forms.
        """
        left = np.minimum(variance / np.diag(self.standing), 1.0)
        kept = 1 - left
        noise = self.halo / np.maximum(n_records, 1)[:, None, None]
        found: Floats = left[:, :, None] * left[:, None, :] * self.standing
        found += kept[:, :, None] * kept[:, None, :] * noise
        places = np.arange(variance.shape[1])
        found[:, places, places] = variance
        return found


def estimate_pillar_covariance(
    within: Floats,
    variance: Floats,
    n_records: Floats,
    *,
    household_variance: Floats,
    halo_variance: Floats,
    halo_products: Floats,
) -> PillarCovariance:
    """Estimate the covariances between pillars from measures that were made one by one.

    Parameters
    ----------
    within : ndarray of shape (n_households, n_pillars)
        Standing less the mean of the village, households with all pillars.
    variance : ndarray of shape (n_households, n_pillars)
        Posterior variance of `within`.
    n_records : ndarray of shape (n_households,)
        Forms of each household.
    household_variance, halo_variance : ndarray of shape (n_pillars,)
        Variance components of each pillar.
    halo_products : ndarray of shape (n_pillars, n_pillars)
        Weighted mean product of the residuals of one form in two pillars, an estimate of the
        covariance of its halos; see `Notes` of `PillarCovariance.errors`.

    Returns
    -------
    PillarCovariance
        Correlations are held within 0.98.
    """
    halo = _hold(halo_products, halo_variance)
    kept = 1 - np.minimum(variance / household_variance, 1.0)
    weight = kept.T @ kept
    noise = halo * ((kept / np.maximum(n_records, 1)[:, None]).T @ kept)
    seen = within.T @ within - noise
    standing = np.divide(seen, weight, out=np.zeros_like(seen), where=weight > 0)
    return PillarCovariance(standing=_hold(standing, household_variance), halo=halo)


def _hold(covariance: Floats, variance: Floats) -> Floats:
    """Set the diagonal, and keep correlations within the bound."""
    scale = np.sqrt(np.outer(variance, variance))
    held: Floats = np.clip(covariance, -_MOST_CORRELATION * scale, _MOST_CORRELATION * scale)
    np.fill_diagonal(held, variance)
    return held
