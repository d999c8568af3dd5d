from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from sanzhixin.errors import EvidenceError
from sanzhixin.numerics.linking import fit_merit_share


def loans(share, slope=-0.8, n=20_000, seed=0, rate=-2.5):
    random = np.random.default_rng(seed)
    within, between = random.standard_normal(n), 0.5 * random.standard_normal(n)
    chance = expit(rate + slope * within + slope * share * between)
    return within, between, random.random(n) < chance


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_generating_share_lies_within_its_error(share):
    # Witness: the generating value over 20 draws; the mean of z is 0 +- 0.67, its square 1 +- 0.95.
    found = [fit_merit_share(*loans(share, seed=seed)) for seed in range(20)]
    z = np.array([(one.share - share) / one.standard_error for one in found])
    assert abs(z.mean()) < 0.67
    assert 0.2 < np.mean(z**2) < 1.95


def test_the_error_is_that_of_a_ratio():
    # Second way: spread of the share over independent draws.
    found = [fit_merit_share(*loans(0.5, seed=seed)) for seed in range(60)]
    spread = np.std([one.share for one in found], ddof=1)
    assert np.mean([one.standard_error for one in found]) == pytest.approx(spread, rel=0.3)


def test_few_defaults_are_refused_with_the_way_out():
    within, between, _ = loans(0.5, n=500)
    defaulted = np.arange(500) < 19
    with pytest.raises(EvidenceError, match=r"19 defaults in 500 loans.*linking=\"prior\""):
        fit_merit_share(within, between, defaulted)


def test_default_that_does_not_fall_with_the_standing_is_refused():
    with pytest.raises(EvidenceError, match="does not fall clearly"):
        fit_merit_share(*loans(0.5, slope=0.0, n=4000))


def test_few_loans_are_drawn_to_one_half_and_the_error_is_that_of_a_share():
    random = np.random.default_rng(4)
    within, between = random.standard_normal((2, 400))
    defaulted = random.random(400) < 1 / (1 + np.exp(2 + 0.8 * within))
    found = fit_merit_share(within, 0.1 * between, defaulted, n_villages=8)
    assert 0.2 < found.share < 0.8
    assert found.standard_error < 12**-0.5 + 0.01


def test_villages_that_do_not_differ_tell_no_share():
    random = np.random.default_rng(5)
    within = random.standard_normal(400)
    defaulted = random.random(400) < 1 / (1 + np.exp(1 + within))
    with pytest.raises(EvidenceError, match="share"):
        fit_merit_share(within, np.zeros(400), defaulted)
