"""A card learned from a county's loans.

Witnesses: the points recomputed from coefficients and weights of evidence; the expert line fitted
by scikit-learn; every combination of bins of the learned card.
"""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sanzhixin.errors import EvidenceError
from sanzhixin.modelling.county.card import card_frame, fit_scorecard, scale_card
from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.card import score_card
from sanzhixin.scoring.limits import compile_limits, compile_tiers, find_tier
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.pd_table import PdTable
from tests.unit.modelling.county.county_loans import SCHEME, loans

LOANS = loans(years=0.5, bills=0.6)


def learn(data, **options):
    return scale_card(SCHEME, fit_scorecard(SCHEME, data), data, **options)


LEARNED = learn(LOANS)
CARD = LEARNED.card
YEARS = "customer_years"
BY_NAME = {item.name: item for item in CARD.characteristics}


def test_pillars_and_events_never_get_fewer_points_for_more():
    for item in CARD.characteristics:
        if item.group in ("panel", "events"):
            assert list(item.points) == sorted(item.points)


def test_the_worst_group_of_every_characteristic_has_no_points():
    for item in CARD.characteristics:
        reachable = item.points if item.group != "factors" else (*item.points, item.missing_points)
        assert min(reachable) == 0


def test_a_factor_follows_the_direction_of_the_scheme():
    # The scheme's points rise with the years as a customer.
    points = BY_NAME[YEARS].points
    assert list(points) == sorted(points)


def test_withholding_a_factor_is_worth_the_average_of_those_who_disclose_it():
    # Withholders default much more often here; that may not move the points of a blank against
    # the mean of the others.
    random = np.random.default_rng(4)
    blank = random.random(LOANS.points.size) < 0.4
    values = np.where(blank, MISSING, LOANS.card_values[YEARS])
    failed = LOANS.defaulted | (blank & (random.random(blank.size) < 0.2))
    told = dataclasses.replace(
        LOANS, defaulted=failed, card_values={**LOANS.card_values, YEARS: values}
    )
    item = next(x for x in learn(told).card.characteristics if x.name == YEARS)
    points = item.score(values)
    assert item.missing_points == pytest.approx(points[~blank].mean(), abs=10)


def test_effects_are_multiplied_by_what_they_are_worth_on_unseen_loans():
    half = learn(LOANS, slope=0.5)
    for full, less in zip(CARD.characteristics, half.card.characteristics, strict=True):
        spread = max(full.points) - min(full.points)
        assert max(less.points) - min(less.points) == pytest.approx(spread / 2, abs=1)


def test_the_mean_default_probability_on_the_line_is_the_observed_rate():
    total = score_card(CARD, LOANS.card_values).total
    prob = 1 / (1 + np.exp((total - LEARNED.offset) / LEARNED.per_log_odds))
    # The base is a whole number of points.
    assert prob.mean() == pytest.approx(LOANS.defaulted.mean(), rel=0.6 / LEARNED.per_log_odds)


def test_points_are_the_default_log_odds_read_on_the_line_of_the_expert_points():
    assert LEARNED.scale == "equal_default"
    line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    line.fit(LOANS.points[:, np.newaxis] / 100, LOANS.defaulted)
    slope, intercept = float(line.coef_[0, 0]) / 100, float(line.intercept_[0])
    fit = LEARNED.scorecard.fit_
    log_odds = np.full(LOANS.points.size, -fit.coef[0])
    frame = card_frame(SCHEME, LOANS)
    for item in LEARNED.scorecard.card_.characteristics:
        codes = item.bins.assign(frame[item.bins.name].to_numpy())
        log_odds -= item.coefficient * item.bins.woe[codes]
    exact = (log_odds - intercept) / slope
    total = score_card(CARD, LOANS.card_values).total
    # Half a point of rounding for the base and for each characteristic; the base is moved so that
    # the mean probability on the line is the observed rate, less than two points here.
    most = 0.5 * (1 + len(CARD.characteristics)) + 2
    assert np.abs(exact - total).max() <= most
    assert np.corrcoef(exact, total)[0, 1] > 0.9999


def test_a_category_follows_the_order_of_the_scheme_in_every_county():
    # On time, sometimes late, often late: the scheme's points fall.
    for seed in range(6):
        card = learn(loans(2500, seed=seed, bills=0.9)).card
        found = [item.points for item in card.characteristics if item.name == "utility_payment"]
        for points in found:
            assert list(points) == sorted(points, reverse=True)


def test_a_tier_and_its_cap_never_fall_over_the_whole_lattice_of_the_card():
    # Every combination of bins; raising one characteristic by one bin never lowers the tier.
    rated = [item for item in CARD.characteristics if item.group in ("panel", "events")]
    others = [item for item in CARD.characteristics if item.group == "factors"]
    best = CARD.base + np.array(
        [sum(points) for points in itertools.product(*(item.points for item in others))]
    )
    shape = tuple(len(item.points) for item in rated)
    grid = np.zeros((*shape, best.size), dtype=np.int64) + best
    for axis, item in enumerate(rated):
        own = np.array(item.points).reshape([-1 if k == axis else 1 for k in range(len(shape) + 1)])
        grid = grid + own
    total = np.clip(grid, CARD.lowest, CARD.highest)
    tiers, caps = compile_tiers(SCHEME), compile_limits(SCHEME, PdTable.none())
    tier = find_tier(total.ravel(), tiers).reshape(total.shape)
    cap = np.array([0, *(row.cap for row in SCHEME.tiers.ascending)], dtype=float)[tier + 1]
    assert caps is not None
    for axis in range(len(shape)):
        assert (np.diff(total, axis=axis) >= 0).all()
        assert (np.diff(tier, axis=axis) >= 0).all()
        assert (np.diff(cap, axis=axis) >= 0).all()


def test_edges_are_whole_millionths_that_part_the_loans_as_in_fitting():
    for item in LEARNED.scorecard.card_.characteristics:
        if item.bins.kind == "number":
            values = LOANS.card_values[item.bins.name]
            fitted = item.bins.assign(np.where(values == MISSING, np.nan, values.astype(float)))
            own = next(x for x in CARD.characteristics if x.column == item.bins.name)
            known = values != MISSING
            assert np.array_equal(own.bins(values)[known] - 1, fitted[known])


def test_the_range_is_filled_where_expert_points_tell_nothing():
    random = np.random.default_rng(1)
    blind = dataclasses.replace(LOANS, points=random.permutation(LOANS.points))
    learned = learn(blind)
    card = learned.card
    assert learned.scale == "min_max"
    best = card.base + sum(max(item.points) for item in card.characteristics)
    assert (card.base, best) == (0, 1000)


def test_loans_that_nothing_tells_apart_give_no_card():
    random = np.random.default_rng(2)
    chance = dataclasses.replace(LOANS, defaulted=random.random(LOANS.points.size) < 0.02)
    few = chance.take(np.arange(150))
    few = dataclasses.replace(few, defaulted=np.arange(150) < 2)
    with pytest.raises(EvidenceError, match="there is no card to learn"):
        fit_scorecard(SCHEME, few)


def test_labels_name_the_bounds_in_units_of_the_score():
    item = BY_NAME["nr"]
    first = item.edges[0] / MICRO
    assert item.labels_en[0] == f"below {first:.15g}"
    assert item.labels_zh[0] == f"不满{first:.15g}"


def test_labels_of_the_event_part_are_in_units_of_the_score():
    # The event part is held in points, ten to the unit of the score.
    item = BY_NAME["events"]
    assert item.labels_en[-1] == f"{item.edges[-1] / (10 * MICRO):.15g} or more"
    assert 24 < item.edges[0] / (10 * MICRO) < 28
