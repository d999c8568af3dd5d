from __future__ import annotations

import numpy as np
import pytest

from sanzhixin.numerics.pillar_covariance import PillarCovariance, estimate_pillar_covariance

STANDING = np.array([[1.0, 0.6], [0.6, 1.5]])
HALO = np.array([[0.5, 0.3], [0.3, 0.4]])


def shrunken(n=60_000, forms=6, seed=0):
    """Posterior means of two pillars measured one by one, and what they should have measured."""
    random = np.random.default_rng(seed)
    truth = random.multivariate_normal([0, 0], STANDING, n)
    noise = random.multivariate_normal([0, 0], HALO / forms, n)
    kept = np.diag(STANDING) / (np.diag(STANDING) + np.diag(HALO) / forms)
    return kept * (truth + noise), truth, (1 - kept) * np.diag(STANDING), forms


def test_the_covariance_of_errors_is_that_of_simulated_ones():
    measured, truth, variance, forms = shrunken()
    found = PillarCovariance(STANDING, HALO).errors(variance[None], np.array([float(forms)]))
    error = measured - truth
    np.testing.assert_allclose(found[0], np.cov(error.T), atol=0.003)


def test_the_covariance_of_standings_is_recovered():
    measured, _, variance, forms = shrunken()
    n = measured.shape[0]
    found = estimate_pillar_covariance(
        measured, np.broadcast_to(variance, measured.shape), np.full(n, float(forms)),
        household_variance=np.diag(STANDING), halo_variance=np.diag(HALO), halo_products=HALO,
    )  # fmt: skip
    np.testing.assert_allclose(found.standing, STANDING, atol=0.02)


def test_by_hand_with_half_of_the_variance_left():
    # k = 1/2: (1/2)(1/2) 0.6 + (1/2)(1/2) 0.3 / 5 = 0.165
    found = PillarCovariance(STANDING, HALO).errors(np.array([[0.5, 0.75]]), np.array([5.0]))
    assert found[0, 0, 1] == pytest.approx(0.165)
    assert np.diag(found[0]).tolist() == [0.5, 0.75]


def test_correlations_stay_below_one_and_no_evidence_gives_none():
    nothing = np.zeros((4, 2))
    found = estimate_pillar_covariance(
        nothing, np.ones((4, 2)), np.full(4, 3.0), household_variance=np.ones(2),
        halo_variance=np.ones(2), halo_products=np.array([[1.0, 5.0], [5.0, 1.0]]),
    )  # fmt: skip
    assert found.standing.tolist() == [[1, 0], [0, 1]]
    assert found.halo[0, 1] == pytest.approx(0.98)
