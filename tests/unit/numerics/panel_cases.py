"""Small panels drawn from the model, for the tests of the panel engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sanzhixin.numerics.pillar_fit import PillarForms


@dataclass(frozen=True)
class Panel:
    """Forms and what generated them."""

    forms: PillarForms
    theta: np.ndarray
    severity: np.ndarray
    thresholds: np.ndarray
    village: np.ndarray

    @property
    def within(self):
        count = np.bincount(self.village)
        return self.theta - (np.bincount(self.village, self.theta) / count)[self.village]


def draw_panel(  # noqa: PLR0913
    *, villages=25, households=40, raters=8, each=5, items=12, halo=0.5, severity=0.5, village=0.5,
    leniency=0.0, blank=0.0, seed=0, thresholds=None,
):  # fmt: skip
    """Disconnected villages; household sd 1; `village` and `leniency` are sds of village means."""
    random = np.random.default_rng(seed)
    d = thresholds
    if d is None:
        d = np.linspace(-2, 2, 4) + 0.8 * random.standard_normal((items, 1))
        d -= d.mean()
    n = villages * households
    place = np.repeat(np.arange(villages), households)
    theta = village * random.standard_normal(villages)[place] + random.standard_normal(n)
    c = severity * random.standard_normal(villages * raters)
    if leniency:
        c += np.repeat(leniency * random.standard_normal(villages), raters)
    local = np.sort(random.random((n, raters)).argsort(axis=1)[:, :each], axis=1)
    household = np.repeat(np.arange(n), each)
    rater = (local + raters * place[:, None]).ravel()
    logit = theta[household] - c[rater] + halo * random.standard_normal(household.size)
    ratings = draw_ratings(logit, d, random)
    ratings[random.random(ratings.shape) < blank] = 0
    forms = PillarForms(
        ratings=ratings, household=household.astype(np.int32), rater=rater.astype(np.int32),
        village=place.astype(np.int32),
        home=np.repeat(np.arange(villages), raters).astype(np.int32),
        n_villages=villages,
    )  # fmt: skip
    return Panel(forms, theta, c, d, place)


def draw_ratings(logit, thresholds, random):
    """Categories from 1 by the partial-credit model; shape (n_records, n_items)."""
    ratings = np.empty((logit.size, thresholds.shape[0]), dtype=np.int8)
    category = np.arange(thresholds.shape[1] + 1)
    for i, steps in enumerate(thresholds):
        cumulated = np.concatenate([[0], np.cumsum(steps)])
        below = np.exp(np.outer(logit, category) - cumulated).cumsum(axis=1)
        passed = random.random(logit.size) * below[:, -1]
        ratings[:, i] = 1 + (passed[:, None] >= below[:, :-1]).sum(axis=1)
    return ratings
