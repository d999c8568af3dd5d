from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sanzhixin.scheme.limits import BOUNDS
from sanzhixin.scoring.limits import NO_BOUND
from tests.properties.scoring_strategies import AMOUNTS, households, rated, yuan
from tests.unit.scoring import oracle
from tests.unit.scoring.factories import (
    PLAN,
    household,
    plan_of,
    propose,
    scheme_with,
    score,
)

CHECKED = settings(max_examples=150, deadline=None)

limit_rules = st.fixed_dictionaries(
    {
        "step": st.sampled_from((0.1, 0.37, 1, 5)),
        "village_aggregate": st.sampled_from(("median", "mean", "min")),
    },
    optional={
        "product_cap": st.none() | st.integers(0, 60),
        "village_cap": st.none() | st.integers(0, 60),
        "village_caps": st.just({"V01": 2}),
        "income_multiple": st.none() | st.sampled_from((0.5, 3)),
        "debt_ratio": st.none() | st.sampled_from((0.333, 0.6, 1)),
        "customer_total": st.none() | st.integers(0, 60),
    },
)  # fmt: skip


@CHECKED
@given(given=households(), rules=limit_rules)
def test_a_limit_is_within_every_bound_and_the_smallest_binds(given, rules):
    plan = plan_of(scheme_with(limits=rules))
    limits = score(given, plan=plan).assessment.limits
    bounds = limits.bounds[0].tolist()
    stated = [bound for bound in bounds if bound != NO_BOUND]
    step = plan.limits.step
    assert all(limits.final[0] <= bound for bound in stated)
    assert 0 <= limits.final[0] <= limits.system[0]
    assert limits.final[0] % step == limits.system[0] % step == 0
    assert min(stated) - limits.final[0] < step
    assert bounds.index(min(bounds)) == limits.binding[0]
    answer = propose(given, plan)
    if answer["points"] is not None:
        assert answer["limit_yuan"] == limits.final[0]
        assert answer["binding_bound"] == BOUNDS[limits.binding[0]]


@CHECKED
@given(given=rated, name=st.sampled_from(AMOUNTS), amount=yuan)
def test_stating_one_more_amount_never_raises_the_limit(given, name, amount):
    amounts = {key: value for key, value in given.amounts.items() if key != name}
    without = household(*given.forms, amounts=amounts)
    stated = household(*given.forms, amounts={**amounts, name: amount})
    if name == "council" and any(form.amount is not None for form in given.forms):
        return  # the council's amount stands in for that of the raters
    before, after = (score(h).assessment.limits.final[0] for h in (without, stated))
    assert after <= before


@CHECKED
@given(given=rated, name=st.sampled_from(("council", "manager", "requested")), low=yuan, high=yuan)
def test_a_smaller_wish_never_brings_a_larger_limit(given, name, low, high):
    low, high = sorted((low, high))
    smaller, larger = (
        household(*given.forms, amounts={**given.amounts, name: amount}) for amount in (low, high)
    )
    before, after = (score(h).assessment.limits.final[0] for h in (smaller, larger))
    assert before <= after


@CHECKED
@given(given=households())
def test_points_tier_and_status_agree_with_each_other(given):
    answer = propose(given)
    if answer["points"] is None:
        assert answer["status"] in {"gated", "insufficient_evidence"}
        assert answer["limit_yuan"] is answer["tier"] is answer["next_tier"] is None
        return
    assert (answer["status"] == "review") == bool(answer["review_triggers"])
    grade, cap = oracle.tier(answer["points"])
    assert answer["tier"] == answer["grade"] == grade
    assert answer["system_limit_yuan"] <= cap
    assert 0 <= answer["points"] <= 1000
    assert answer["score"] == answer["points"] / 10
    assert answer["score_low"] <= answer["score"] <= answer["score_high"]
    assert len(answer["reasons"]) <= 4
    assert (answer["next_tier"] is None) == (grade == "AAA")


@CHECKED
@given(given=rated)
def test_points_agree_with_the_oracle(given):
    total = score(given).assessment.points.total[0]
    assert total == oracle.total_points(given)


def test_every_attainable_point_has_a_tier_and_limits_climb_with_the_points():
    points = np.arange(1001)
    names = [oracle.tier(point)[0] for point in points.tolist()]
    tiers = PLAN.tiers.cutoffs.searchsorted(points, side="right") - 1
    assert [PLAN.tiers.name(tier) for tier in tiers.tolist()] == names
    caps = [oracle.tier(point)[1] for point in points.tolist()]
    assert caps == sorted(caps)
