from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from sanzhixin.numerics.symmetric import SymmetricFunctions, items_of, stretch_thresholds

WEIGHTS = np.random.default_rng(3).uniform(0.2, 3, (4, 3))
WEIGHTS[:, 0] = 1


@pytest.mark.parametrize("mask", range(16))
def test_coefficients_are_sums_over_all_ways_to_reach_a_total(mask):
    # Witness: enumeration of every combination of categories.
    items = items_of(mask)
    sums = np.zeros(2 * len(items) + 1)
    for categories in product(range(3), repeat=len(items)):
        sums[sum(categories)] += np.prod(
            [WEIGHTS[i, k] for i, k in zip(items, categories, strict=True)]
        )
    np.testing.assert_allclose(SymmetricFunctions(WEIGHTS)(mask), sums, rtol=1e-13)


def test_one_item_gives_its_own_weights_back():
    assert SymmetricFunctions(WEIGHTS)(0b100).tolist() == WEIGHTS[2].tolist()


def test_stretching_keeps_the_mean_of_every_item_and_scales_the_distances():
    d = np.array([[-1.0, 0.0, 2.5], [3.0, 1.0, 2.0]])
    found = stretch_thresholds(d, 2.0)
    np.testing.assert_allclose(found.mean(axis=1), d.mean(axis=1))
    np.testing.assert_allclose(np.diff(found, axis=1), 2 * np.diff(d, axis=1))
    np.testing.assert_array_equal(stretch_thresholds(d, 1.0), d)
