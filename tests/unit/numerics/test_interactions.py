from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from sanzhixin.numerics.interactions import fit_interactions
from sanzhixin.numerics.partial_credit import masks_and_totals
from sanzhixin.numerics.rater_fit import conditional_moments
from tests.unit.numerics.panel_cases import draw_ratings


def fitted(ratings, rater, thresholds):
    mask, total = masks_and_totals(ratings)
    masks, place = np.unique(mask, return_inverse=True)
    moments = conditional_moments(thresholds, masks.tolist())
    return fit_interactions(ratings, place, total, rater, int(rater.max()) + 1, moments)


def test_two_items_by_hand_are_a_sign_test():
    # 8 forms of total 1, item 1 preferred in 7: residuals 7 - 4 and 1 - 4, variance 8 / 4 each
    ratings = np.array([[2, 1]] * 7 + [[1, 2]], dtype=np.int8)
    found = fitted(ratings, np.zeros(8, dtype=np.int64), np.zeros((2, 1)))
    np.testing.assert_allclose(found.z[0], [3 / 2**0.5, -3 / 2**0.5])
    np.testing.assert_allclose(found.effect[0], [1.5, -1.5])
    assert found.chi_square[0] == pytest.approx(4.5)  # (7 - 4)^2 / 2, the sign test
    assert (found.df[0], found.p_value[0]) == (1, pytest.approx(chi2.sf(4.5, 1)))


def test_extreme_totals_and_single_items_tell_nothing():
    ratings = np.array([[2, 2], [1, 1], [2, 0]], dtype=np.int8)
    found = fitted(ratings, np.zeros(3, dtype=np.int64), np.zeros((2, 1)))
    assert np.isnan(found.z).all()
    assert np.isnan(found.p_value).all()
    assert found.df.tolist() == [0]


def test_without_interaction_p_values_are_level():
    random = np.random.default_rng(3)
    thresholds = np.linspace(-2, 2, 4) + np.linspace(-1, 1, 6)[:, None]
    rater = np.repeat(np.arange(600), 30)
    ratings = draw_ratings(random.normal(0, 1, rater.size), thresholds, random)
    found = fitted(ratings, rater, thresholds)
    assert 0.03 < (found.p_value < 0.05).mean() < 0.07  # 600 raters: standard error 0.009
    assert (found.q_value < 0.05).mean() < 0.01
