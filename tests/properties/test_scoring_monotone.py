from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sanzhixin.scoring.panel_rules import MICRO
from tests.properties.scoring_strategies import HOWS, PLANS, households, rated
from tests.unit.scoring.factories import AGGREGATORS, PILLARS, PLAN, household, score

CHECKED = settings(max_examples=120, deadline=None)


def standing(given, plan):
    answers = score(given, plan=plan)
    limits = answers.assessment.limits
    return (
        answers.profile.measures.score[0],
        answers.assessment.points.by_characteristic[0],
        answers.assessment.points.total,
        answers.assessment.tier,
        limits.system,
        limits.final,
    )


def not_lower(before, after):
    return all((new >= old).all() for old, new in zip(before, after, strict=True))


def with_ratings(given, place, ratings):
    sheets = list(given.forms)
    sheets[place] = replace(sheets[place], ratings=tuple(ratings))
    return replace(given, forms=tuple(sheets))


@pytest.mark.parametrize("how", HOWS)
@CHECKED
@given(data=st.data())
def test_raising_one_rating_lowers_nothing(how, data):
    before = data.draw(households())
    cells = [
        (i, k)
        for i, sheet in enumerate(before.forms)
        for k, rating in enumerate(sheet.ratings)
        if 1 <= rating <= 4
    ]
    assume(cells)
    form, item = data.draw(st.sampled_from(cells))
    ratings = list(before.forms[form].ratings)
    ratings[item] = data.draw(st.integers(ratings[item] + 1, 5))
    after = with_ratings(before, form, ratings)
    assert not_lower(standing(before, PLANS[how]), standing(after, PLANS[how]))


@pytest.mark.parametrize("how", HOWS)
@CHECKED
@given(before=rated, data=st.data())
def test_raising_any_ratings_of_a_form_lowers_nothing(how, before, data):
    place = data.draw(st.integers(0, len(before.forms) - 1))
    raises = data.draw(st.tuples(*[st.integers(0, 4)] * 15))
    old = before.forms[place].ratings
    after = with_ratings(before, place, [min(5, a + b) for a, b in zip(old, raises, strict=True)])
    assert not_lower(standing(before, PLANS[how]), standing(after, PLANS[how]))


@pytest.mark.parametrize("how", AGGREGATORS)
@CHECKED
@given(given=rated)
def test_scores_lie_between_the_lowest_and_the_highest_form(how, given):
    scores = standing(given, PLANS[how])[0]
    for place, pillar in enumerate(PILLARS):
        first, count = int(PLAN.panel.starts[place]), int(PLAN.panel.n_items[place])
        means = [sum(f.ratings[first : first + count]) / count for f in given.forms]
        low, high = ((mean - 1) * 25 * MICRO for mean in (min(means), max(means)))
        assert low - 1 <= scores[place] <= high + 1, pillar


@CHECKED
@given(given=rated)
def test_the_minimum_is_the_harshest_aggregator(given):
    scores = {how: standing(given, PLANS[how])[0] for how in AGGREGATORS}
    for how in AGGREGATORS:
        assert (scores["min"] <= scores[how]).all()


@pytest.mark.parametrize("how", HOWS)
def test_a_whole_ladder_of_forms_climbs_without_a_step_down(how):
    ladder = [household(*[4] * k, *[3] * (5 - k)) for k in range(6)]
    ladder += [household(*[5] * k, *[4] * (5 - k)) for k in range(6)]
    answers = score(*ladder, plan=PLANS[how])
    points = answers.assessment.points.total
    assert (np.diff(points) >= 0).all()
    assert (np.diff(answers.assessment.tier) >= 0).all()
    if how in AGGREGATORS:
        assert points[[0, -1]].tolist() == [550, 850]
