from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from sanzhixin.numerics.partial_credit import masks_and_totals
from sanzhixin.numerics.rater_fit import conditional_moments, fit_raters, fit_stretch
from sanzhixin.numerics.symmetric import stretch_thresholds
from tests.unit.numerics.panel_cases import draw_ratings

D = np.array([[-1.6, -0.3, 0.6, 1.7], [-1.0, 0.1, 0.8, 2.0], [-2.1, -0.9, 0.2, 0.5]])


def test_conditional_moments_agree_with_enumeration():
    found = conditional_moments(D, [0b111, 0b101])
    cumulated = np.hstack([np.zeros((3, 1)), np.cumsum(D, axis=1)])
    for place, items in enumerate([(0, 1, 2), (0, 2)]):
        ways = {}
        for way in product(range(5), repeat=len(items)):
            chance = np.exp(-sum(cumulated[i, k] for i, k in zip(items, way, strict=True)))
            ways.setdefault(sum(way), []).append((way, chance))
        for total, listed in ways.items():
            values, chance = np.array([w for w, _ in listed]), np.array([c for _, c in listed])
            mean = chance @ values / chance.sum()
            variance = chance @ (values - mean) ** 2 / chance.sum()
            np.testing.assert_allclose(found.mean[place, total, list(items)], mean, atol=1e-12)
            np.testing.assert_allclose(
                found.variance[place, total, list(items)], variance, atol=1e-12
            )


def rated(n_raters=40, each=60, seed=0, stretch=None, random_raters=0):
    random = np.random.default_rng(seed)
    rater = np.repeat(np.arange(n_raters), each)
    logit = random.standard_normal(rater.size) + 0.8 * random.standard_normal(rater.size)
    ratings = draw_ratings(logit, D, random)
    if stretch is not None:
        central = rater >= n_raters // 2
        ratings[central] = draw_ratings(logit[central], stretch_thresholds(D, stretch), random)
    wild = rater < random_raters
    ratings[wild] = random.integers(1, 6, (wild.sum(), 3))
    mask, total = masks_and_totals(ratings)
    return ratings, np.zeros_like(mask), total, rater


def test_infit_is_1_for_raters_who_follow_the_model_whatever_the_halo():
    ratings, place, total, rater = rated(200)
    fit = fit_raters(ratings, place, total, rater, 200, conditional_moments(D, [0b111]))
    assert np.mean(fit.infit) == pytest.approx(1, abs=3 * np.std(fit.infit) / np.sqrt(200))
    assert np.mean(fit.outfit) == pytest.approx(1, abs=3 * np.std(fit.outfit) / np.sqrt(200))


def test_raters_at_random_misfit_and_a_rater_without_forms_has_no_fit():
    ratings, place, total, rater = rated(40, random_raters=4)
    fit = fit_raters(ratings, place, total, rater, 41, conditional_moments(D, [0b111]))
    assert fit.infit[:4].min() > fit.infit[4:40].max()
    assert np.isnan(fit.infit[40])
    assert fit.n_ratings[40] == 0


@pytest.mark.parametrize("factor", [0.6, 1.0, 2.0])
def test_the_stretch_of_thresholds_is_recovered_with_its_error(factor):
    # Witness: the generating factor; z-values of 20 raters, mean square 1 +- 0.95 (3 sd).
    ratings, place, total, rater = rated(40, stretch=factor, seed=3)
    found = fit_stretch(ratings, place, total, rater, 40, thresholds=D, masks=[0b111])
    z = (found.log[20:] - np.log(factor)) / found.standard_error[20:]
    assert abs(z.mean()) < 3 / np.sqrt(20)
    assert 0.2 < np.mean(z**2) < 2.2


def test_the_stretch_agrees_with_a_search_over_the_conditional_likelihood():
    ratings, place, total, rater = rated(3, each=80, seed=9)
    found = fit_stretch(ratings, place, total, rater, 3, thresholds=D, masks=[0b111])
    grid = np.linspace(-0.8, 0.8, 161)
    for j in range(3):
        own = ratings[rater == j] - 1
        value = []
        for log in grid:
            cumulated = np.hstack(
                [np.zeros((3, 1)), np.cumsum(stretch_thresholds(D, np.exp(log)), axis=1)]
            )
            gamma = np.zeros(13)
            for way in product(range(5), repeat=3):
                gamma[sum(way)] += np.exp(-cumulated[range(3), way].sum())
            value.append(-cumulated[np.arange(3), own].sum() - np.log(gamma[own.sum(axis=1)]).sum())
        assert found.log[j] == pytest.approx(grid[np.argmax(value)], abs=0.03)
