"""Recovery within villages: error beside the information bound, coverage, variance components.

Every figure is an average over seeds that no other test uses.
"""

from __future__ import annotations

import numpy as np
import pytest

from sanzhixin.numerics.pillar_fit import fit_pillar
from sanzhixin.numerics.pillar_measures import fitted_measures
from tests.simulation.bound import information_bound
from tests.unit.numerics.panel_cases import draw_panel

pytestmark = pytest.mark.slow

N_SEEDS = 20
HOUSEHOLDS = 25 * 40


def recovered(seed, **design):
    """Root mean squared error within villages, the bound of this very design, and coverage."""
    panel = draw_panel(seed=seed, **design)
    found = fitted_measures(fit_pillar(panel.forms, merit_share=0.5))
    error = found.within - panel.within
    covered = np.abs(error) < 1.96 * np.sqrt(found.within_variance)
    bound = information_bound(panel, halo=design["halo"])
    return np.sqrt(np.mean(error**2)), bound, covered.mean()


@pytest.mark.parametrize("halo", [0.0, 0.3, 0.5, 0.8])
def test_the_error_is_at_the_bound_and_the_intervals_are_true(halo):
    rmse, bound, covered = np.mean([recovered(1000 + s, halo=halo) for s in range(N_SEEDS)], axis=0)
    assert rmse <= 1.03 * bound
    # 20,000 intervals: the binomial standard error of the coverage is 0.0015
    assert 0.94 <= covered <= 0.96


def test_with_a_fifth_of_the_items_blank_the_error_stays_at_the_bound():
    design = {"halo": 0.5, "blank": 0.2}
    rmse, bound, covered = np.mean([recovered(2000 + s, **design) for s in range(N_SEEDS)], axis=0)
    assert rmse <= 1.05 * bound
    assert 0.94 <= covered <= 0.96


def test_at_ten_million_ratings_the_components_are_found_within_three_per_cent():
    panel = draw_panel(villages=4_200, halo=0.5, village=0.5, seed=3)
    assert panel.forms.ratings.size > 10_000_000
    found = fit_pillar(panel.forms, merit_share=0.5).variances.variances
    # the village gap is merit less mean severity: 0.5^2 + 0.5^2 / 8 is not merit alone
    assert found.household**0.5 == pytest.approx(1.0, rel=0.03)
    assert found.rater**0.5 == pytest.approx(0.5, rel=0.03)
    assert found.halo**0.5 == pytest.approx(0.5, rel=0.03)
    assert (found.merit + found.leniency) ** 0.5 == pytest.approx(0.5, rel=0.03)


def test_where_there_is_no_halo_little_is_found():
    for seed in range(10):
        panel = draw_panel(halo=0.0, seed=4000 + seed)
        assert panel.forms.ratings.size == 60_000
        found = fit_pillar(panel.forms, merit_share=0.5).variances.variances
        assert found.halo**0.5 <= 0.08
