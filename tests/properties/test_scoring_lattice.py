"""From ratings to the limit over the whole lattice: every set of totals of three forms.

Complete forms enter a pillar through the totals of their items, so every triple of totals is
every case of a pillar; the other pillars stand at several levels, as pillars meet in a sum alone.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from sanzhixin.modelling.county.card import fit_scorecard, scale_card
from sanzhixin.scoring.limits import find_tier, set_limits
from sanzhixin.scoring.pd_table import PdRow, PdTable
from sanzhixin.scoring.scorer import score_cases
from tests.properties.scoring_strategies import HOWS, PLANS
from tests.unit.modelling.county.county_loans import loans
from tests.unit.scoring.factories import ITEMS, PILLARS, SCHEME, encode, household, plan_of
from tests.unit.scoring.factories import scheme_with as scheme_of

N_FORMS = 3
LEVELS = (1, 3, 5)

FALLING = PdTable(
    basis="fitted",
    method="logistic",
    population="approved households",
    n_loans=4_000,
    n_defaults=90,
    rows=(
        PdRow(at_least=0, prob_default=None, lower=None, upper=None),
        *(
            PdRow(
                at_least=at,
                prob_default=round(0.1 * 0.99 ** (at / 5), 8),
                lower=0.0,
                upper=round(0.2 * 0.99 ** (at / 5), 8),
            )
            for at in range(400, 1001, 7)
        ),
    ),
)
LOSS = {"loss_cap": {"at_most": Decimal("0.1"), "lgd": Decimal("0.5")}}
FEW_TIERS = {
    "rows": (
        {"grade": "high", "at_least": Decimal(72), "cap": Decimal(12), "rate_bp": 450},
        {"grade": "low", "at_least": Decimal(40), "below": Decimal(72), "cap": Decimal(12),
         "rate_bp": 450},
    )
}  # fmt: skip
DRAWN = loans(seed=3)
LEARNED = scale_card(SCHEME, fit_scorecard(SCHEME, DRAWN), DRAWN, slope=0.9).card
PLANS_OF = {
    **{how: PLANS[how] for how in HOWS},
    "expected loss": plan_of(scheme_of(limits=LOSS), pd=FALLING),
    "two tiers, odd steps": plan_of(
        scheme_of(tiers=FEW_TIERS, limits={"step": Decimal("0.37"), "product_cap": 9})
    ),
    "learned card": plan_of(card=LEARNED),
}


def lattice(pillar, other):
    """Households with every triple of totals in one pillar, `other` everywhere else."""
    k = ITEMS[pillar]
    totals = np.arange(k, 5 * k + 1)
    grid = np.stack(np.meshgrid(*[totals] * N_FORMS, indexing="ij"), axis=-1).reshape(-1)
    ratings = np.full((grid.size, sum(ITEMS.values())), other, dtype=np.int8)
    first = sum(ITEMS[name] for name in PILLARS[: PILLARS.index(pillar)])
    ratings[:, first : first + k] = grid[:, None] // k + (np.arange(k) < (grid % k)[:, None])
    one = encode(household(*[other] * N_FORMS))
    n = grid.size // N_FORMS
    tiled = {
        name: np.tile(getattr(one.forms, name), n)
        for name in ("round", "rated_on", "familiar", "relation", "role", "proposed_limit")
    }
    forms = replace(one.forms, rater_id=one.forms.rater_id * n, ratings=ratings, **tiled)
    ends = N_FORMS * np.arange(1, n + 1)
    cases = one.take(np.zeros(n, dtype=np.int64))
    return replace(cases, forms=forms, form_start=ends - N_FORMS, form_end=ends), totals.size


@pytest.mark.parametrize("pillar", PILLARS)
@pytest.mark.parametrize("other", LEVELS)
@pytest.mark.parametrize("name", PLANS_OF)
def test_from_rating_to_limit_nothing_falls_over_the_whole_lattice(name, other, pillar):
    plan = PLANS_OF[name]
    cases, size = lattice(pillar, other)
    answers = score_cases(cases, plan)
    found = answers.assessment
    columns = {
        "measure": answers.profile.measures.score[:, PILLARS.index(pillar)],
        "points": found.points.total,
        "tier": found.tier,
        "system limit": found.limits.system,
        "limit": found.limits.final,
    }
    assert answers.profile.sufficient.all()
    for what, values in columns.items():
        cube = values.reshape((size,) * N_FORMS)
        for axis in range(N_FORMS):
            assert (np.diff(cube, axis=axis) >= 0).all(), what
    assert found.points.total.min() < found.points.total.max()


@pytest.mark.parametrize("name", PLANS_OF)
def test_from_points_to_limit_nothing_falls_over_all_points(name):
    plan = PLANS_OF[name]
    points = np.arange(plan.card.lowest, plan.card.highest + 1)
    cases = encode(household()).take(np.zeros(points.size, dtype=np.int64))
    tier = find_tier(points, plan.tiers)
    limits = set_limits(cases, points, tier, cases.council, (plan.tiers, plan.limits))
    assert (np.diff(tier) >= 0).all()
    assert (np.diff(limits.system) >= 0).all()
    known = plan.pd.lookup(points)
    for column in (known.prob_default, known.lower, known.upper):
        assert (np.diff(column[~np.isnan(column)]) <= 0).all()
