"""Posterior variances of standings, severities and villages at the mode of a panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from sanzhixin.numerics.border import BorderInverse, invert_border

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.numerics.facets import PanelRecords, Standing

    Floats = NDArray[np.float64]

__all__ = ["StandingErrors", "compute_errors"]


@dataclass(frozen=True, slots=True)
class StandingErrors:
    """Posterior variances, in squared logits.

    Attributes
    ----------
    household : ndarray of shape (n_households,)
        Of the standing, severities and villages uncertain.
    within : ndarray of shape (n_households,)
        Of the standing less the mean of the village's households.
    apart : ndarray of shape (n_households,)
        Of the standing less the merit of the village.
    border : ndarray of shape (n_border,)
        Of the border's entries.
    inverse : BorderInverse
        Covariance of the border.
    """

    household: Floats
    within: Floats
    apart: Floats
    border: Floats
    inverse: BorderInverse


def compute_errors(records: PanelRecords, standing: Standing) -> StandingErrors:
    r"""Compute posterior variances of households and border, exact for the Gaussian at the mode.

    Parameters
    ----------
    records : PanelRecords
        Forms of one pillar.
    standing : Standing
        From `fit_standing`.

    Returns
    -------
    StandingErrors
        Variances.

    Raises
    ------
    EvidenceError
        ``block_too_large``: a part of more than 6,000 connected raters and villages.

    Notes
    -----
    :math:`Var(\theta_h) = 1/D_h + a_h' M^{-1} a_h` with the reach :math:`a_h`; the second term is
    the uncertainty of severities and villages.  A village of one household has no within variance.
    """
    inverse = invert_border(standing.schur, records.hubs())
    reach, village = standing.reach, records.village
    free = 1 / standing.precision
    moved = inverse.quadratic(reach)
    n = records.n_households
    unit = sparse.csr_array(
        (np.ones(n), (np.arange(n), records.home.size + village)), shape=reach.shape
    )
    count = np.bincount(village, minlength=records.n_villages).astype(np.float64)
    average = sparse.csr_array((1 / count[village], (village, np.arange(n))), (count.size, n))
    mean_reach = (average @ reach).tocsr()
    mean_moved = inverse.quadratic(mean_reach)
    cross = inverse.quadratic(reach, mean_reach[village])
    mean_free = np.bincount(village, free, count.size) / np.maximum(count, 1) ** 2
    within = (1 - 2 / count[village]) * free + mean_free[village]
    within += moved - 2 * cross + mean_moved[village]
    return StandingErrors(
        household=free + moved,
        within=np.maximum(within, 0.0),
        apart=free + inverse.quadratic((reach - unit).tocsr()),
        border=inverse.diagonal(),
        inverse=inverse,
    )
