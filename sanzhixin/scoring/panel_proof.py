"""The proof, for one set of tables, that a better rating never lowers a measure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sanzhixin.errors import ArtifactError
from sanzhixin.records.cases import MOST_FORMS
from sanzhixin.scoring.panel_tables import (
    FINE,
    FINE_BITS,
    TABLE_BITS,
    VARIANCE_BITS,
    WEIGHT_BITS,
    PanelTables,
    PillarTables,
)
from sanzhixin.scoring.posterior import LOG_BITS, MEAN_BITS, fixed_exp

__all__ = ["check_rising", "is_rising"]

Ints = NDArray[np.int64]

_SCALE = 2.0 ** -(TABLE_BITS + FINE_BITS)
_RELATIVE, _ABSOLUTE = 2.0**-24, 2.0**-31  # of a weight; see `fixed_exp`


def check_rising(tables: PanelTables) -> None:
    r"""Refuse tables that could let a better rating lower a measure.

    Parameters
    ----------
    tables : PanelTables
        The panel part of a model file.

    Raises
    ------
    ArtifactError
        ``panel_not_rising``: a bound of the proof does not hold.

    Notes
    -----
    One point more in a total multiplies the posterior by a ratio of likelihoods.  Its logarithm is
    read from the tables at every fine offset; it has to rise along the grid, by at least
    :math:`\delta` a step.  Then the mean rises by at least :math:`\delta` times the least variance
    among the posteriors tilted by up to :math:`\delta` a step (monotone likelihood ratio: Karlin
    and Rubin 1956, https://doi.org/10.1214/aoms/1177728259).  Variances are bounded from below by
    the curvature C of 200 forms and the prior: of the two neighbours of the mode the higher has at
    least :math:`e^{-C/2}` of it, and no integer variable of largest probability p has less than
    :math:`(p^{-2} - 1) / 12`, that of a uniform one.  The product has to exceed what rounding of
    the weights may cost.  Where the mode lies on the end of the grid, either its neighbour holds at
    least half as much and the bound applies, or nearly all mass lies on the end, and the weights
    that fall all lie below the mean.
    """
    for part in tables.pillars:
        if not is_rising(part, tables.step_bits, tables.n_points):
            raise ArtifactError("panel_not_rising", pillar=part.pillar)


def is_rising(part: PillarTables, step_bits: int, n_points: int) -> bool:
    """Tell whether the bounds of `check_rising` hold for a pillar."""
    line = 1 << (TABLE_BITS + FINE_BITS - step_bits)
    least, most_curved = line, 0
    for rows, halo in (
        *((np.array(rows, dtype=np.int64), part.halo) for rows in part.known),
        (np.array(part.strange, dtype=np.int64), part.strange_halo),
    ):
        rises = np.diff(rows, axis=1)
        least = min(least, line + _least_difference(rises, halo))
        most_curved = max(most_curved, int((rises[:, :-1] - rises[:, 1:]).max(initial=0)) * FINE)
    weight = min(part.raters.weight, default=1 << WEIGHT_BITS) / (1 << WEIGHT_BITS)
    tilt = least * _SCALE * weight
    step = 0.5**step_bits
    prior = max(part.villages.precision) / (1 << VARIANCE_BITS) * step**2
    curvature = MOST_FORMS * most_curved * _SCALE + prior
    lost = _RELATIVE * n_points / 4 + _ABSOLUTE * n_points**2 / 2 + 0.5**MEAN_BITS
    return tilt > 0 and tilt * _least_variance(curvature / 2 + tilt) > 2 * lost


def _least_difference(rises: Ints, halo: int) -> int:
    """Least rise, over all fine offsets, of a row `halo` fine units on against the row itself."""
    reach = halo // FINE + 3
    rises = np.pad(rises, ((0, 0), (reach, reach)), "edge")
    last = rises.shape[1] - reach
    least = 0
    for fine in range(FINE):
        on, rest = divmod(fine + halo, FINE)
        far = (FINE - rest) * rises[:, on:][:, :last] + rest * rises[:, on + 1 :][:, :last]
        near = (FINE - fine) * rises[:, :last] + fine * rises[:, 1:][:, :last]
        least = min(least, int((far - near).min()))
    return least


def _least_variance(fall: float) -> float:
    """Least variance in squared steps, when a neighbour has at least e^-fall of the mode."""
    lower = int(fixed_exp(np.array([int(fall * (1 << LOG_BITS)) + 1]))[0])
    share = lower / (lower + fixed_exp(np.zeros(1, dtype=np.int64)))
    top = np.arange(1, 401) / 400
    return float(np.maximum(top * share, (1 / (top * top) - 1) / 12).min())
