"""A linear mixed model with crossed effects on the means of forms, by restricted likelihood.

It stands for lme4's ``mean ~ village + (1 | household) + (1 | rater)``: the same model and
criterion, written with dense matrices for panels of a few thousand forms.  Villages are
disconnected parts, so each is solved by itself; the variances are common.

Bates et al. (2015), https://doi.org/10.18637/jss.v067.i01
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class MixedModel:
    """Prediction of each household less the mean of its village, and its error variance."""

    within: Floats
    variance: Floats
    household_sd: float
    rater_sd: float
    residual_sd: float


def fit_mixed_model(
    means: Floats, household: Ints, rater: Ints, village: Ints, home: Ints
) -> MixedModel:
    """Fit by restricted maximum likelihood and predict; all raters have one village."""
    parts = []
    for v in range(int(village.max()) + 1):
        homes, crew = np.flatnonzero(village == v), np.flatnonzero(home == v)
        own = np.isin(household, homes)
        design = np.zeros((int(own.sum()), 1 + homes.size + crew.size))
        design[:, 0] = 1
        rows = np.arange(design.shape[0])
        design[rows, 1 + np.searchsorted(homes, household[own])] = 1
        design[rows, 1 + homes.size + np.searchsorted(crew, rater[own])] = 1
        parts.append((means[own], design, homes))

    def criterion(logs: Floats) -> float:
        return sum(_solve(part, np.exp(logs)).deviance for part in parts)

    spread = float(np.log(means.std()))
    found = minimize(criterion, [spread, spread - 1, spread - 1], method="Nelder-Mead",
                     options={"xatol": 1e-3, "fatol": 1e-3})  # fmt: skip
    sds = np.exp(found.x)
    within, variance = np.zeros(village.size), np.zeros(village.size)
    for part in parts:
        found, n = _solve(part, sds), part[2].size
        covariance = cho_solve(found.factor, np.eye(found.effects.size + 1))[1 : n + 1, 1 : n + 1]
        middle = np.eye(n) - 1 / n
        within[part[2]] = middle @ found.effects[:n]
        variance[part[2]] = np.diag(middle @ covariance @ middle)
    return MixedModel(within, variance, *sds.tolist())


class _Solved(NamedTuple):
    deviance: float
    effects: Floats
    factor: tuple[Floats, bool]


def _solve(part: tuple[Floats, Floats, Ints], sds: Floats) -> _Solved:
    """Restricted deviance of one village, and its predicted effects."""
    y, design, homes = part
    household, rater, residual = sds
    prior = np.full(design.shape[1], rater**-2)
    prior[1 : homes.size + 1] = household**-2
    prior[0] = 0.0  # the village's mean is a fixed effect
    factor = cho_factor(design.T @ design / residual**2 + np.diag(prior), check_finite=False)
    right = design.T @ y / residual**2
    solution = cho_solve(factor, right, check_finite=False)
    deviance = 2 * np.log(np.diag(factor[0])).sum() - np.log(prior[1:]).sum()
    deviance += 2 * y.size * np.log(residual) + y @ y / residual**2 - right @ solution
    return _Solved(float(deviance), solution[1:], factor)
