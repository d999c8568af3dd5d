from __future__ import annotations

import pytest
from pydantic import ValidationError

from sanzhixin.scheme import load_scheme
from sanzhixin.scheme.catalog import LISTED_CLASSES, EventRule, OfficialRule, PanelItem
from sanzhixin.scheme.loader import unwrap_validation

SCHEME = load_scheme("tongxiang")
COMMON = {"zh": "项目", "en": "item", "evidence": "x", "who": "x", "legal_basis": "x"}


def official(**changes):
    fields = {
        "code": "G9",
        "kind": "official",
        "action": "gate",
        "list_class": "criminal_judgment",
        "document": "judgment no.",
    }
    return OfficialRule(**(COMMON | fields | changes))


def event(*points, **changes):
    levels = tuple(
        {"level": str(place), "zh": "级", "points": value} for place, value in enumerate(points)
    )
    fields = {"code": "E9", "kind": "event", "pillar": "ml", "valid_months": 12, "levels": levels}
    return EventRule.model_validate(COMMON | fields | changes)


def refusal(make, *args, **changes):
    with pytest.raises(ValidationError) as caught:
        make(*args, **changes)
    return unwrap_validation(caught.value).code


def test_the_catalog_has_24_indicators_of_three_kinds():
    kinds = [item.kind for item in SCHEME.indicators]
    assert [kinds.count(kind) for kind in ("panel", "event", "official")] == [15, 6, 3]
    assert [item.code for item in SCHEME.indicators] == [
        *(f"FS{k:02d}" for k in range(1, 9)),
        *(f"ML{k:02d}" for k in range(1, 10)),
        *(f"NR{k:02d}" for k in range(1, 8)),
    ]


@pytest.mark.parametrize(
    ("code", "levels", "cap", "months"),
    [
        ("FS06", [5, 8, 12, 15], None, 36),
        ("ML05", [1], 10, 12),
        ("ML06", [5, 10, 15], None, 36),
        ("ML07", [-1, -2, -3], -6, 12),
        ("NR07", [2, 3, 4, 5], 10, 12),
    ],
)
def test_events_bring_the_points_of_the_domain_notes(code, levels, cap, months):
    rule = SCHEME.event_rules[code]
    assert [level.points for level in rule.levels] == levels
    assert (rule.cap and rule.cap.points) == cap
    assert rule.valid_months == months


def test_only_the_minor_breach_costs_points():
    assert [code for code, rule in SCHEME.event_rules.items() if rule.is_loss] == ["ML07"]


def test_official_records_carry_no_points_and_expire_within_five_years():
    for rule in SCHEME.official_rules.values():
        assert "points" not in type(rule).model_fields
        assert rule.expires_months <= 60


@pytest.mark.parametrize("list_class", LISTED_CLASSES)
def test_a_gate_may_rest_on_every_listed_class(list_class):
    assert official(list_class=list_class).action == "gate"


def test_an_unlisted_finding_may_ask_for_a_review_but_not_gate():
    assert official(action="review", list_class="bank_finding").action == "review"
    assert refusal(official, list_class="bank_finding") == "gate_unlisted"


@pytest.mark.parametrize("key", ["list_class", "document"])
@pytest.mark.parametrize("action", ["gate", "review"])
def test_an_official_record_needs_list_class_and_document(key, action):
    assert refusal(official, action=action, **{key: ""}) == "official_without_document"


def test_a_record_may_not_count_longer_than_five_years():
    with pytest.raises(ValidationError, match="less than or equal to 60"):
        official(expires_months=61)


@pytest.mark.parametrize(
    ("points", "changes", "code"),
    [
        ((1, -1), {}, "event_sign_mixed"),
        ((-1,), {}, "event_loss_unbounded"),
        ((-1,), {"cap": {"points": -3, "months": 12}, "valid_months": 13}, "event_loss_unbounded"),
        ((-1,), {"cap": {"points": 3, "months": 12}}, "event_cap_sign"),
        ((1,), {"cap": {"points": -3, "months": 12}}, "event_cap_sign"),
    ],
)
def test_an_event_that_contradicts_itself_is_refused(points, changes, code):
    assert refusal(event, *points, **changes) == code


@pytest.mark.parametrize(
    ("lowest", "highest", "accepted"),
    [(1, 5, True), (1, 9, True), (2, 3, True), (0, 5, False), (5, 5, False), (1, 10, False)],
)
def test_a_scale_rises_within_1_to_9(lowest, highest, accepted):
    fields = COMMON | {"code": "P9", "kind": "panel", "pillar": "fs"}
    fields |= {"lowest": lowest, "highest": highest}
    try:
        PanelItem(**fields)
    except ValidationError as error:
        outcome = unwrap_validation(error).code
    else:
        outcome = "accepted"
    assert outcome == ("accepted" if accepted else "scale_invalid")


@pytest.mark.parametrize("code", ["", "1A", "家风", "A" * 33, "A B", "A-B"])
def test_a_code_is_a_short_latin_word(code):
    with pytest.raises(ValidationError, match="code"):
        official(code=code)
