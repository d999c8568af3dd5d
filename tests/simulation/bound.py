"""The information bound of a panel: the best error that its very design allows."""

from __future__ import annotations

import numpy as np

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
GRID = np.arange(-7.0, 7.01, 0.2)


def category_chances(steps, at):
    height = np.arange(steps.size + 1) * at[:, None] - np.concatenate([[0], np.cumsum(steps)])
    chance = np.exp(height - height.max(axis=1, keepdims=True))
    return chance / chance.sum(axis=1, keepdims=True)


def total_chances(thresholds, at):
    """Chance of each total at logits, by convolution over the items; and its expectation."""
    chance, mean = np.ones((at.size, 1)), np.zeros(at.size)
    for steps in thresholds:
        own = category_chances(steps, at)
        mean += own @ np.arange(own.shape[1])
        wider = np.zeros((at.size, chance.shape[1] + own.shape[1] - 1))
        for k in range(own.shape[1]):
            wider[:, k : k + chance.shape[1]] += chance * own[:, k : k + 1]
        chance = wider
    return chance, mean


def record_information(thresholds, halo):
    """Expected information of one record about its logit, the halo integrated out, on `GRID`."""
    at = (GRID[:, None] + halo * NODES).ravel()
    chance, mean = total_chances(thresholds, at)
    rise = chance * (np.arange(chance.shape[1]) - mean[:, None])
    chance, rise = (
        np.einsum("k,gks->gs", WEIGHTS, table.reshape(GRID.size, NODES.size, -1))
        for table in (chance, rise)
    )
    return (rise**2 / np.maximum(chance, 1e-300)).sum(axis=1)


def information_bound(panel, *, halo, household_sd=1.0, severity_sd=0.5, village_sd=1.0):
    """Root mean squared error within villages of the best measures, severities being estimated.

    The village offset is free within `village_sd`, a wide prior, since it is not identified.
    """
    forms = panel.forms
    answered = forms.ratings > 0
    codes = answered @ (1 << np.arange(answered.shape[1]))
    masks, place = np.unique(codes, return_inverse=True)
    tables = np.stack(
        [record_information(panel.thresholds[items_of(mask)], halo) for mask in masks]
    )
    logit = np.clip(panel.theta[forms.household] - panel.severity[forms.rater], GRID[0], GRID[-1])
    left = np.minimum(((logit - GRID[0]) / 0.2).astype(int), GRID.size - 2)
    part = (logit - GRID[left]) / 0.2
    information = tables[place, left] * (1 - part) + tables[place, left + 1] * part
    return np.sqrt(np.mean(_variances(forms, information, household_sd, severity_sd, village_sd)))


def items_of(mask):
    return [i for i in range(int(mask).bit_length()) if mask >> i & 1]


def _variances(forms, information, household_sd, severity_sd, village_sd):
    """Posterior variance of every household less its village mean, village by village."""
    found = []
    for v in range(forms.n_villages):
        homes, crew = np.flatnonzero(forms.village == v), np.flatnonzero(forms.home == v)
        own = np.isin(forms.household, homes)
        h = np.searchsorted(homes, forms.household[own])
        r = homes.size + np.searchsorted(crew, forms.rater[own])
        n = homes.size + crew.size + 1
        precision = np.zeros((n, n))
        for a, b, sign in ((h, h, 1), (r, r, 1), (h, r, -1), (r, h, -1)):
            np.add.at(precision, (a, b), sign * information[own])
        people = np.arange(homes.size)
        precision[people, people] += household_sd**-2
        precision[people, -1] -= household_sd**-2
        precision[-1, people] -= household_sd**-2
        precision[-1, -1] = homes.size * household_sd**-2 + village_sd**-2
        crew_places = np.arange(homes.size, n - 1)
        precision[crew_places, crew_places] += severity_sd**-2
        covariance = np.linalg.inv(precision)[: homes.size, : homes.size]
        middle = np.eye(homes.size) - 1 / homes.size
        found.append(np.diag(middle @ covariance @ middle))
    return np.concatenate(found)
