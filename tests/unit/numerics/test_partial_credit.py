from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.partial_credit import (
    count_totals,
    fit_partial_credit,
    masks_and_totals,
)
from tests.unit.numerics.panel_cases import draw_panel

SPREAD = 10.0  # logits: sd of the weak penalty, whose pull the tolerances below allow for


def conditional_log_likelihood(d, ratings):
    """Second algorithm: record by record, every way to reach the total enumerated."""
    cumulated = np.hstack([np.zeros((d.shape[0], 1)), np.cumsum(d, axis=1)])
    value = 0.0
    for row in ratings:
        items = np.flatnonzero(row)
        if items.size < 2:
            continue
        own = row[items] - 1
        ways = [
            -sum(cumulated[i, k] for i, k in zip(items, way, strict=True))
            for way in product(range(d.shape[1] + 1), repeat=items.size)
            if sum(way) == own.sum()
        ]
        value -= cumulated[items, own].sum() + np.log(np.exp(ways).sum())
    return value


def test_two_items_of_two_categories_have_a_closed_form():
    # Rasch: d2 - d1 = log of (only the first passed) over (only the second passed), 60 to 25.
    ratings = np.array([[2, 1]] * 60 + [[1, 2]] * 25 + [[1, 1]] * 40 + [[2, 2]] * 30, np.int8)
    fit = fit_partial_credit(count_totals(ratings, 2))
    assert fit.thresholds[1, 0] - fit.thresholds[0, 0] == pytest.approx(np.log(60 / 25), abs=2e-3)
    # Variance of the difference: 1/60 + 1/25; each threshold is half of it away from 0.
    assert fit.standard_error[0, 0] == pytest.approx(np.sqrt(1 / 60 + 1 / 25) / 2, rel=5e-3)


@pytest.mark.parametrize("blank", [0.0, 0.3])
def test_agrees_with_a_direct_search_over_enumerated_records(blank):
    panel = draw_panel(villages=2, households=30, raters=3, each=2, items=3, blank=blank, seed=5)
    ratings = np.minimum(panel.forms.ratings, 3)  # three categories keep the enumeration small
    fit = fit_partial_credit(count_totals(ratings, 3), steps="partial_credit")

    def lost(d):
        table = d.reshape(3, 2)
        curve = (np.diff(table, n=2, axis=1) ** 2).sum() / 4 + (table**2).sum() / SPREAD**2
        return -conditional_log_likelihood(table, ratings) + curve / 2 + 10 * d.sum() ** 2

    found = minimize(lost, np.zeros(6), method="BFGS", options={"gtol": 1e-7}).x.reshape(3, 2)
    np.testing.assert_allclose(fit.thresholds, found - found.mean(), atol=2e-5)
    assert fit.converged
    assert fit.thresholds.mean() == pytest.approx(0, abs=1e-12)


def test_thresholds_are_recovered_whatever_raters_and_halo_do():
    # Witness: the generating thresholds; 60 thresholds, so the mean square of z is 1 +- 0.55.
    panel = draw_panel(villages=50, items=15, blank=0.1, halo=0.8, severity=1.0, seed=2)
    fit = fit_partial_credit(count_totals(panel.forms.ratings, 5))
    z = (fit.thresholds - panel.thresholds) / fit.standard_error
    assert fit.steps == "partial_credit"
    assert 0.45 < np.mean(z**2) < 1.55


def test_a_common_step_structure_is_found_by_the_rating_scale():
    panel = draw_panel(villages=40, items=6, seed=4)
    fit = fit_partial_credit(count_totals(panel.forms.ratings, 5), steps="rating_scale")
    steps = fit.thresholds - fit.thresholds.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(steps, np.broadcast_to(steps[0], steps.shape), atol=1e-9)
    np.testing.assert_allclose(fit.thresholds, panel.thresholds, atol=0.12)


def test_unused_categories_turn_to_the_rating_scale_and_stay_finite():
    ratings = np.maximum(draw_panel(villages=5, items=4).forms.ratings, 2)  # nobody says 1
    fit = fit_partial_credit(count_totals(ratings, 5))
    assert fit.steps == "rating_scale"
    assert (fit.categories[:, 0] == 0).all()
    assert np.isfinite(fit.thresholds).all()
    assert np.abs(fit.thresholds).max() < 15


DEGENERATE = {
    "all equal": np.full((20, 3), 5, np.int8),
    "one record": np.array([[1, 5]], np.int8),
    "two extremes": np.array([[5, 5], [1, 1]], np.int8),
}


@pytest.mark.parametrize("ratings", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_ratings_give_finite_thresholds(ratings):
    fit = fit_partial_credit(count_totals(ratings, 5))
    assert np.isfinite(fit.thresholds).all()
    assert np.isfinite(fit.standard_error).all()
    assert fit.converged


def test_records_of_one_item_tell_nothing():
    counts = count_totals(np.array([[1, 0], [0, 5]], np.int8), 5)
    with pytest.raises(EvidenceError, match="No form answers two items"):
        fit_partial_credit(counts)


def test_too_many_items_are_refused():
    with pytest.raises(DomainError, match="17 items, 16 are possible"):
        count_totals(np.ones((2, 17), np.int8), 5)


ratings_tables = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 4, (40, 4)).astype(np.int8)
)


@settings(max_examples=25, deadline=None)
@given(ratings_tables, st.permutations(range(4)))
def test_renaming_items_and_shuffling_records_change_nothing(ratings, order):
    fit = fit_partial_credit(count_totals(ratings, 3), steps="partial_credit")
    turned = ratings[::-1][:, list(order)]
    again = fit_partial_credit(count_totals(turned, 3), steps="partial_credit")
    np.testing.assert_allclose(again.thresholds, fit.thresholds[list(order)], atol=1e-7)


def test_masks_and_totals_by_hand():
    # second record: items 0 and 2 answered with 3 and 5, totals from 0: 2 + 4
    mask, total = masks_and_totals(np.array([[1, 1, 1], [3, 0, 5], [0, 0, 0]], np.int8))
    assert mask.tolist() == [0b111, 0b101, 0]
    assert total.tolist() == [0, 6, 0]
