from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from sanzhixin.numerics.record_tables import expected_share, log_likelihood, tabulate_records

D = np.array([[-2.0, -0.5, 0.4, 1.9], [-1.0, 0.2, 0.9, 2.2], [-2.4, -1.1, 0.1, 0.8]])
LOGITS = np.linspace(-5.9, 6.1, 37)


def log_gamma(x):
    """Sum over the items of the log of the normalising sum, plainly."""
    cumulated = np.hstack([np.zeros((3, 1)), np.cumsum(D, axis=1)])
    return np.log(np.exp(np.arange(5) * x - cumulated).sum(axis=1)).sum()


@pytest.mark.parametrize("halo", [0.1, 0.5, 1.2])
@pytest.mark.parametrize("total", [0, 5, 12])
def test_agrees_with_adaptive_integration_to_1e_6(halo, total):
    # Second algorithm: scipy's adaptive quadrature of the defining integral.
    for logit in (-4.0, 0.3, 3.5):
        own = log_likelihood(D, [total], [logit], halo)[0]

        def scaled(x, logit=logit, own=own):
            normal = np.exp(-(((x - logit) / halo) ** 2) / 2) / halo / np.sqrt(2 * np.pi)
            return np.exp(total * x - log_gamma(x) - own) * normal

        reach = (logit - 12 * halo**2 - 9 * halo, logit + 12 * halo**2 + 9 * halo)
        area = quad(scaled, *reach, epsabs=0, epsrel=1e-11, limit=400)[0]
        assert np.log(area) == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("halo", [0.0, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("total", [0, 3, 11, 12])
def test_slopes_from_the_table_are_derivatives_of_the_likelihood(halo, total):
    tables = tabulate_records(D, [0b111], halo, nodes=15)
    sums = np.full(LOGITS.size, float(total))
    found = tables.slope(np.zeros(LOGITS.size, np.int32), sums, LOGITS)
    step = 1e-4
    below, at, above = (log_likelihood(D, sums, LOGITS + k * step, halo) for k in (-1, 0, 1))
    np.testing.assert_allclose(found.first, (above - below) / (2 * step), atol=2e-5)
    np.testing.assert_allclose(found.curvature, -(above - 2 * at + below) / step**2, atol=1e-3)


def test_without_halo_the_slope_is_the_total_less_its_expectation():
    # Rasch: two items of two categories at logit 0 and thresholds 0 expect a total of 1.
    tables = tabulate_records(np.zeros((2, 1)), [0b11], 0.0)
    totals = np.array([0.0, 1.0, 2.0])
    found = tables.slope(np.zeros(3, np.int32), totals, np.zeros(3))
    np.testing.assert_allclose(found.first, [-1, 0, 1], atol=1e-12)
    np.testing.assert_allclose(found.curvature, [0.5] * 3, atol=1e-12)


def test_masks_and_stretch_classes_follow_one_another():
    masks = [0b001, 0b110]
    both = tabulate_records(D, masks, 0.4, stretches=(1.0, 2.0))
    middle = D.mean(axis=1, keepdims=True)
    wide = middle + 2 * (D - middle)
    logit, total = np.array([0.7]), np.array([3.0])
    for place, (d, mask) in enumerate([(D, 1), (D, 6), (wide, 1), (wide, 6)]):
        alone = tabulate_records(d, [mask], 0.4).slope(np.zeros(1, np.int32), total, logit)
        found = both.slope(np.array([place], np.int32), total, logit)
        np.testing.assert_allclose(found, alone, atol=1e-6)


@pytest.mark.parametrize("halo", [0.0, 0.6])
def test_expected_share_rises_from_0_to_1(halo):
    share = expected_share(D, np.linspace(-15, 15, 301), halo)
    assert (np.diff(share) > 0).all()
    assert share[0] < 1e-3 < 0.999 < share[-1]


def test_expected_share_of_symmetric_thresholds_is_one_half_in_the_middle():
    assert expected_share(np.array([[-1.3, 1.3]]), [0.0], 0.9)[0] == pytest.approx(0.5, abs=1e-12)
