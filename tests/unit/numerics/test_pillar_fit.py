"""One pillar from ratings to measures; recovery in earnest is in tests/simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sanzhixin.errors import EvidenceError
from sanzhixin.numerics.pillar_fit import PillarForms, fit_pillar, share_pillar
from sanzhixin.numerics.pillar_measures import adjusted_scores, fitted_measures, new_measures
from tests.unit.numerics.panel_cases import draw_panel

PANEL = draw_panel(villages=20, seed=1)
FIT = fit_pillar(PANEL.forms, merit_share=0.5)


def test_measures_recover_the_standing_within_villages():
    # Witness: the generating values.  800 households: coverage 0.95 +- 0.025 (3 sd + correlation).
    found = fitted_measures(FIT)
    error = found.within - PANEL.within
    assert np.mean(np.abs(error) < 1.96 * np.sqrt(found.within_variance)) == pytest.approx(
        0.95, abs=0.03
    )
    assert np.sqrt(np.mean(error**2)) < 1.08 * np.sqrt(found.within_variance.mean())


def test_variance_components_are_near_the_generating_ones():
    found = FIT.variances.variances
    sds = np.sqrt([found.household, found.rater, found.halo])
    np.testing.assert_allclose(sds, [1.0, 0.5, 0.5], rtol=0.12)
    assert found.merit == pytest.approx(found.leniency)
    assert FIT.variances.converged
    assert FIT.standing.converged


def test_adjusted_scores_rise_with_the_logit_and_lie_between_0_and_100():
    logit = np.linspace(-8, 8, 400)
    score = adjusted_scores(FIT, logit)
    assert (np.diff(score) > 0).all()
    assert score.min() >= 0
    assert score.max() <= 100


def test_another_merit_share_moves_villages_and_leaves_the_within_measures():
    merit_only = share_pillar(FIT, 1.0)
    none = share_pillar(FIT, 0.0)
    before, high, low = (fitted_measures(fit) for fit in (FIT, merit_only, none))
    np.testing.assert_allclose(high.within, before.within, atol=2e-3)
    np.testing.assert_allclose(low.within, before.within, atol=2e-3)
    village = PANEL.village
    count = np.bincount(village)
    spread = [np.std(np.bincount(village, one.logit) / count) for one in (low, before, high)]
    assert spread[0] < spread[1] < spread[2]


def test_the_same_forms_measured_with_the_fit_give_the_fit_s_own_measures():
    n_raters, v = PANEL.forms.home.size, PANEL.forms.n_villages
    again = new_measures(FIT, PANEL.forms, rater=np.arange(n_raters), village=np.arange(v))
    found = fitted_measures(FIT)
    np.testing.assert_allclose(again.logit, found.logit, atol=1e-5)
    np.testing.assert_allclose(again.within, found.within, atol=1e-5)
    np.testing.assert_allclose(again.variance, found.variance, rtol=1e-4)
    # The village's mean holds the household itself, which a new household's mean does not.
    np.testing.assert_allclose(again.within_variance, found.within_variance, rtol=0.08)


def test_a_new_household_s_measure_does_not_depend_on_the_others():
    one = PANEL.forms.household == 3
    alone = replace(
        PANEL.forms, ratings=PANEL.forms.ratings[one], household=np.zeros(one.sum(), np.int32),
        rater=PANEL.forms.rater[one], village=PANEL.forms.village[[3]],
    )  # fmt: skip
    options = {
        "rater": np.arange(PANEL.forms.home.size), "village": np.arange(PANEL.forms.n_villages)
    }  # fmt: skip
    single = new_measures(FIT, alone, **options)
    among = new_measures(FIT, PANEL.forms, **options)
    assert single.logit[0] == pytest.approx(among.logit[3], abs=1e-9)


def test_unknown_raters_widen_the_error():
    v = PANEL.forms.n_villages
    unknown = new_measures(
        FIT, PANEL.forms, rater=np.full(PANEL.forms.home.size, -1), village=np.arange(v)
    )
    known = new_measures(
        FIT, PANEL.forms, rater=np.arange(PANEL.forms.home.size), village=np.arange(v)
    )
    assert (unknown.variance > known.variance).all()


def tiny(ratings, household, rater, villages=(0,)):
    raters = max(rater) + 1
    return PillarForms(
        ratings=np.array(ratings, np.int8), household=np.array(household, np.int32),
        rater=np.array(rater, np.int32), village=np.array(villages, np.int32),
        home=np.zeros(raters, np.int32), n_villages=max(villages) + 1,
    )  # fmt: skip


EDGES = {
    "one household, one rater": tiny([[5, 4]], [0], [0]),
    "all equal": tiny([[3, 3]] * 6, [0, 0, 1, 1, 2, 2], [0, 1] * 3, (0, 0, 0)),
    "extreme totals": tiny([[5, 5], [5, 5], [1, 1], [1, 1]], [0, 0, 1, 1], [0, 1, 0, 1], (0, 0)),
    "one rater": tiny([[5, 4], [2, 1], [3, 3]], [0, 1, 2], [0, 0, 0], (0, 0, 0)),
    "a household without a form": tiny([[5, 4], [2, 1]], [0, 1], [0, 0], (0, 0, 0)),
    "an empty village": tiny([[5, 4], [2, 1]], [0, 1], [0, 0], (0, 2)),
}


@pytest.mark.parametrize("forms", EDGES.values(), ids=EDGES)
def test_edge_cases_give_finite_measures_with_wide_errors(forms):
    found = fitted_measures(fit_pillar(forms, merit_share=0.5))
    assert np.isfinite(found.logit).all()
    assert np.isfinite(found.variance).all()
    assert (np.sqrt(found.variance) > 0.3).all()
    assert (found.within_variance >= 0).all()


def test_one_item_and_no_answers_are_refused():
    with pytest.raises(EvidenceError, match="No form answers two items"):
        fit_pillar(tiny([[5], [3]], [0, 0], [0, 1]), merit_share=0.5)
    with pytest.raises(EvidenceError, match="No form of a counted rater"):
        fit_pillar(tiny([[0, 0]], [0], [0]), merit_share=0.5)


def test_splitting_a_county_by_village_gives_the_same_measures_given_the_variances():
    # Invariant: villages without a common rater are independent given the hyperparameters.
    from sanzhixin.numerics.facets import fit_standing
    from sanzhixin.numerics.standing_errors import compute_errors
    from sanzhixin.numerics.variance_components import take_records

    for village in (0, 7):
        part = PANEL.forms.village[FIT.records.household] == village
        records = take_records(FIT.records, part)
        alone = fit_standing(records, FIT.tables, FIT.variances.variances)
        own = PANEL.village == village
        np.testing.assert_allclose(alone.household, FIT.standing.household[own], atol=1e-6)
        np.testing.assert_allclose(
            compute_errors(records, alone).within, FIT.errors.within[own], rtol=1e-6
        )
