from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from sanzhixin.errors import SchemeError
from sanzhixin.scheme import load_scheme, scheme_from_dict

SCHEME = load_scheme("tongxiang")


def changed(**changes):
    return scheme_from_dict(SCHEME.model_dump() | changes)


def test_the_built_in_scheme_states_its_names():
    assert SCHEME.scheme_id == "tongxiang/1.0.0"
    assert (SCHEME.aggregator, SCHEME.min_forms, SCHEME.points_per_score) == ("mean", 3, 10)


def test_the_panel_items_stand_pillar_by_pillar():
    assert [item.pillar for item in SCHEME.panel_items] == ["fs"] * 5 + ["ml"] * 4 + ["nr"] * 6
    assert SCHEME.panel_codes == (
        *("FS01", "FS02", "FS03", "FS04", "FS05"),
        *("ML01", "ML02", "ML03", "ML04"),
        *("NR01", "NR02", "NR03", "NR04", "NR05", "NR06"),
    )


def test_rules_are_found_by_code():
    assert list(SCHEME.event_rules) == ["FS06", "FS07", "ML05", "ML06", "ML07", "NR07"]
    assert {code: rule.action for code, rule in SCHEME.official_rules.items()} == {
        "FS08": "review",
        "ML08": "gate",
        "ML09": "gate",
        "G1": "gate",
        "G2": "review",
    }


@pytest.mark.parametrize(
    ("ratings", "event_points", "score", "tier"),
    [(4, 0, 70, "B"), (5, 0, 85, "A"), (3, 0, 55, None), (4, 10, 80, "BBB")],
)
def test_the_score_table_gives_the_sanity_values_of_the_domain_notes(
    ratings, event_points, score, tier
):
    # Panel part: weight * (rating - 1) / 4 over the pillars; event part: start + events.
    panel = sum(pillar.weight for pillar in SCHEME.pillars) * Decimal(ratings - 1) / 4
    total = panel + min(SCHEME.event_part.start + event_points, SCHEME.event_part.cap)
    row = next((r for r in reversed(SCHEME.tiers.ascending) if total >= r.at_least), None)
    assert (total, row and row.grade) == (score, tier)


def test_an_amount_that_is_not_stated_stays_missing():
    assert SCHEME.yuan(None, "x") is None
    assert SCHEME.yuan(SCHEME.limits.step, "x") == 1000


def test_points_are_whole():
    assert SCHEME.points(Decimal("1.5"), "x") == 15
    with pytest.raises(SchemeError, match=r"x: 1\.55 is finer than one point"):
        SCHEME.points(Decimal("1.55"), "x")


def test_a_scheme_of_one_day_is_in_force():
    day = datetime.date(2026, 1, 1)
    assert changed(valid_from=day, valid_until=day).valid_until == day


@pytest.mark.parametrize(
    ("together", "each", "code"),
    [(Decimal("5.05"), Decimal(3), "points_not_whole"), (5, Decimal("3.01"), "points_not_whole")],
)
def test_factor_limits_are_whole_points(together, each, code):
    with pytest.raises(SchemeError) as caught:
        changed(factor_limits={"together": Decimal(together), "each": each})
    assert caught.value.code == code


def test_a_pillar_may_have_twelve_items():
    item = SCHEME.panel_items[0].model_dump()
    more = tuple(item | {"code": f"FS{k}", "zh": f"条目{k}"} for k in range(20, 27))
    indicators = (*SCHEME.model_dump()["indicators"], *more)
    assert len(changed(indicators=indicators).panel_codes) == 22


def test_gates_and_purposes_share_one_space_of_codes():
    purpose = SCHEME.model_dump()["purpose"] | {"code": "G1"}
    with pytest.raises(SchemeError, match="these stand twice: G1"):
        changed(purpose=purpose)


def test_the_event_part_is_never_negative():
    part = SCHEME.model_dump()["event_part"]
    with pytest.raises(SchemeError, match="event_part"):
        changed(event_part=part | {"floor": Decimal(-1)})


@pytest.mark.parametrize(
    ("value", "fits"),
    [("3.5", True), ("9.223371", True), ("9.223373", False), ("12345.678901", False)],
)
def test_ratios_of_amounts_stay_exact(value, fits):
    # the numerator of 9.223371 in lowest terms times 10^12 is below 2^63 = 9.22337e18
    limits = SCHEME.model_dump()["limits"] | {"income_multiple": Decimal(value)}
    if fits:
        assert changed(limits=limits).limits.income_multiple == Decimal(value)
    else:
        with pytest.raises(SchemeError, match=r"limits\.income_multiple is .* too large to stay"):
            changed(limits=limits)
