"""Amounts of the score table that are no whole points are refused by their place."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sanzhixin.errors import SchemeError
from sanzhixin.scoring.expert import expert_card
from sanzhixin.scoring.ledger import compile_ledger
from sanzhixin.scoring.limits import compile_tiers
from tests.unit.scoring.factories import SCHEME

ODD = Decimal("1.234567")  # of ten points a unit


def changed(rows, place, **update):
    rows = list(rows)
    rows[place] = rows[place].model_copy(update=update)
    return tuple(rows)


def part(**update):
    return {"event_part": SCHEME.event_part.model_copy(update=update)}


def factor(place, key):
    one = SCHEME.factors[place]
    rows = changed(getattr(one, key), -1, points=ODD)
    return {"factors": changed(SCHEME.factors, place, **{key: rows})}


def indicator(code, **update):
    place = [item.code for item in SCHEME.indicators].index(code)
    return {"indicators": changed(SCHEME.indicators, place, **update)}


RULE = SCHEME.event_rules["ML05"]
TOGETHER = SCHEME.factor_limits.model_copy(update={"together": ODD})
CARD = [
    ({"pillars": changed(SCHEME.pillars, 1, weight=ODD)}, "pillar ml"),
    (part(cap=ODD), "event part"),
    ({"factor_limits": TOGETHER}, "factor limits"),
    ({"highest_score": ODD}, "highest_score"),
    (factor(0, "bins"), "customer_years"),
    (factor(1, "levels"), "utility_payment"),
]
LEDGER = [
    (part(start=ODD), "event part"),
    (part(floor=ODD), "event part"),
    (part(cap=ODD), "event part"),
    (indicator("ML05", levels=changed(RULE.levels, 0, points=ODD)), "ML05"),
    (indicator("ML05", cap=RULE.cap.model_copy(update={"points": ODD})), "ML05"),
]
ROWS = SCHEME.tiers.rows
TIERS = [
    ({"tiers": SCHEME.tiers.model_copy(update={"rows": changed(ROWS, k, at_least=ODD)})},
     f"tier {row.grade}") for k, row in enumerate(ROWS)
] + [
    ({"tiers": SCHEME.tiers.model_copy(update={"rows": changed(ROWS, 0, cap=ODD)})},
     f"tier {ROWS[0].grade}")
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "changes", "place"),
    [
        *((expert_card, *row) for row in CARD),
        *((compile_ledger, *row) for row in LEDGER),
        *((compile_tiers, *row) for row in TIERS),
    ],
)
def test_what_is_no_whole_number_of_points_is_named(make, changes, place):
    # the scheme as read refuses it too, so it is put in behind its back
    scheme = SCHEME.model_copy(update=changes)
    scheme.__dict__.pop("event_rules", None)
    with pytest.raises(SchemeError) as caught:
        make(scheme)
    assert str(caught.value).startswith(f"{place}: 1.234567 ")
