from __future__ import annotations

import datetime as dt
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from sanzhixin.scoring.assess import assess
from sanzhixin.scoring.profile import take_profile
from tests.unit.scoring.factories import (
    DAY,
    PLAN,
    Event,
    Record,
    drawn_form,
    encode,
    events,
    form,
    household,
    plan_of,
    propose,
    scheme_with,
    score,
    volunteering,
)

Z = NormalDist().inv_cdf(0.60)


def assessed(given, *, se_points, plan=PLAN):
    cases = encode(given, scheme=plan.scheme)
    profile = take_profile(cases, plan)
    covariance = np.zeros((1, 3, 3))
    covariance[0, 0, 0] = (se_points / 2) ** 2  # one unit of the FS score brings two points
    measures = replace(profile.measures, covariance=covariance)
    return assess(cases, replace(profile, measures=measures), plan)


def at(points):
    """A household with exactly these points, of forms that agree."""
    rating, rest = next((r, points - (100 + 150 * r)) for r in (5, 4, 3) if points >= 100 + 150 * r)
    gains = [Event("ML05", "standard")] * (rest // 10)
    return household(*[rating] * 3, events=events(*gains))


# z(0.60) is 0.253347: a standard error of 40 points reaches 10.13 points
NEAR = [
    # points, standard error, near the tier below, near the tier above
    (700, 0, False, False),  # on the cut-off, but the forms agree
    (700, 1e-6, True, False),
    (710, 39, False, False),
    (710, 40, True, False),
    (740, 39, False, False),
    (740, 40, False, True),
    (720, 200, True, True),
    (640, 40, False, True),
    (640, 39, False, False),  # the lowest tier above, nothing below
    (650, 20, True, False),
    (850, 20, True, False),
]


@pytest.mark.parametrize(("points", "se", "lower", "upper"), NEAR)
def test_near_a_cutoff_means_that_an_adjacent_tier_has_the_review_probability(
    points, se, lower, upper
):
    given = at(points)
    found = assessed(given, se_points=se)
    assert found.points.total.tolist() == [points]
    assert found.se_points.tolist() == pytest.approx([se])
    assert (found.near_lower.tolist(), found.near_upper.tolist()) == ([lower], [upper])
    assert found.status.tolist() == [int(lower or upper)]
    if se:  # second witness: the probability itself
        belief = NormalDist(points, se)
        cutoffs = [low for low in (650, 700, 750, 800, 850, 900, 950) if low <= points]
        above = min(low for low in (650, 700, 750, 800, 850, 900, 950) if low > points)
        assert upper == (1 - belief.cdf(above) >= 0.4)
        assert lower == bool(cutoffs and belief.cdf(max(cutoffs)) >= 0.4)


@pytest.mark.parametrize(("factor", "near"), [(1 - 1e-9, False), (1 + 1e-9, True)])
def test_the_boundary_lies_at_z_standard_errors(factor, near):
    assert pytest.approx(0.2533471, abs=1e-7) == PLAN.review_z == Z
    se = 10 / Z * factor
    assert assessed(at(710), se_points=se).near_lower.tolist() == [near]
    assert assessed(at(740), se_points=se).near_upper.tolist() == [near]


def test_the_highest_tier_has_nothing_above():
    given = household(5, 5, 5, events=events(Event("FS06", "county")))
    found = assessed(given, se_points=100)
    assert found.points.total.tolist() == [970]
    assert (found.near_lower.tolist(), found.near_upper.tolist()) == ([True], [False])


def test_the_review_probability_of_the_scheme_sets_the_distance():
    wide = plan_of(scheme_with(review={"review_probability": 0.05}))
    assert wide.review_z == pytest.approx(1.6448536, abs=1e-7)
    assert assessed(at(710), se_points=7, plan=wide).near_lower.tolist() == [True]
    assert assessed(at(710), se_points=7).near_lower.tolist() == [False]


def test_both_tiers_are_named_and_the_amount_is_still_stated():
    answer = propose(household(3, 4, 5))  # mean 4: 700 points; sd 150, over root 3: 86.6
    assert answer["status"] == "review"
    assert answer["review_triggers"] == ["near_cutoff:C|B"]
    assert (answer["points"], answer["tier"], answer["limit_yuan"]) == (700, "B", 50_000)
    assert answer["score_high"] - answer["score"] == pytest.approx(150 / 3**0.5 / 10)
    assert answer["score"] - answer["score_low"] == pytest.approx(150 / 3**0.5 / 10)


def test_cutoffs_on_both_sides_are_named():
    # panel points of the forms 0, 600, 600, 600: mean 450, standard error 150
    answer = propose(household(1, 5, 5, 5, events=volunteering(2)))
    assert answer["points"] == 720
    assert answer["review_triggers"][:2] == ["near_cutoff:C|B", "near_cutoff:B|BB"]


GATES = [
    # record, status
    (Record("ML08"), "gated"),
    (Record("ML09"), "gated"),
    (Record("G1"), "gated"),
    (Record("FS08"), "review"),
    (Record("G2"), "review"),
    (Record("ML08", dt.date(2015, 1, 1), dt.date(2021, 6, 30)), "propose"),
    (Record("ML08", dt.date(2015, 1, 1), dt.date(2021, 7, 1)), "gated"),
    (Record("FS08", dt.date(2015, 1, 1), dt.date(2021, 6, 30)), "propose"),
    (Record("ML09", DAY + dt.timedelta(days=1)), "propose"),
]


@pytest.mark.parametrize(("record", "status"), GATES)
def test_official_records_gate_or_ask_for_a_review_as_the_scheme_lists(record, status):
    answer = propose(household(5, 5, 5, records=(record,)))
    assert answer["status"] == status
    asks = [f"official_record:{record.code}"] if status == "review" else []
    assert answer["review_triggers"] == asks
    assert answer["limit_yuan"] == (None if status == "gated" else 200_000)


PURPOSES = [
    ("购房", True),
    ("股市", True),
    ("出借他人", True),
    ("house_purchase", True),
    ("stock_market", True),
    ("relending", True),
    ("建房", False),
    ("就学", False),
    ("购房款以外", False),  # a part of a word is not the word
    (None, False),
]


@pytest.mark.parametrize(("purpose", "gated"), PURPOSES)
def test_excluded_purposes_gate(purpose, gated):
    answer = propose(household(5, 5, 5, purpose=purpose))
    assert (answer["status"] == "gated") == gated
    assert [r["code"] for r in answer["reasons"]] == (["GATE_G4"] if gated else [])


def test_a_scheme_without_purposes_and_gates_gates_nothing():
    plan = plan_of(scheme_with(purpose=None, gates=()))
    answer = propose(household(5, 5, 5, purpose="购房"), plan)
    assert answer["status"] == "propose"


def test_a_single_negative_opinion_asks_for_a_review_and_never_gates():
    for sheets in ((5, 5, 5, 1), (5, 5, 5, form(5, ml=(1, 1, 2, 2))), (5, 5, form(5, nr=1))):
        answer = propose(household(*sheets))
        assert answer["status"] == "review"
        assert "negative_opinion" in answer["review_triggers"]
        assert answer["limit_yuan"] == answer["system_limit_yuan"] > 0
    assert propose(household(5, 5, 5, form(1, relation="kin")))["status"] == "propose"


ORDER = [
    # household, status
    (household(4, 4, records=(Record("ML08"),)), "gated"),  # gates before evidence
    (household(4, 4, records=(Record("FS08"),)), "insufficient_evidence"),
    (household(4, 4, override_reason="x"), "insufficient_evidence"),
    (household(4, 4, 4, override_reason="x", records=(Record("G1"),)), "gated"),
    (household(4, 4, 4, override_reason="x"), "review"),
    (household(4, 4, 4, override_reason=""), "propose"),
    (household(4, 4, 4), "propose"),
]


@pytest.mark.parametrize(("given", "status"), ORDER)
def test_gates_come_before_evidence_and_evidence_before_review(given, status):
    assert propose(given)["status"] == status


def test_one_unit_of_a_pillar_score_weighs_as_the_card_says():
    assert PLAN.slopes.pairs.reshape(3, 3).tolist() == [
        [4.0, 3.2, 4.8],
        [3.2, pytest.approx(2.56), pytest.approx(3.84)],
        [4.8, pytest.approx(3.84), pytest.approx(5.76)],
    ]


def test_no_household_is_assessed_as_none():
    cases = encode(household()).take(slice(0, 0))
    profile = take_profile(cases, PLAN)
    assert assess(cases, profile, PLAN).status.shape == (0,)


def test_the_error_of_the_points_is_the_root_of_the_quadratic_form():
    random = np.random.default_rng(4)
    weight = np.array([2.0, 1.6, 2.4])
    for _ in range(50):
        sheets = [drawn_form(random, blanks=True) for _ in range(7)]
        answers = score(household(*sheets))
        covariance = answers.profile.measures.covariance[0]
        if np.isfinite(covariance).all():
            direct = float(weight @ covariance @ weight) ** 0.5
            assert answers.assessment.se_points[0] == pytest.approx(direct, rel=1e-9)
