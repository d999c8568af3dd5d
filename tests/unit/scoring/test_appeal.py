from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from pydantic import ValidationError

import sanzhixin as szx
from sanzhixin.errors import DomainError, RecordError
from sanzhixin.modelling import expert_model
from sanzhixin.records.application import RegisterEntry
from sanzhixin.scheme import load_scheme
from sanzhixin.scoring.appeal import make_appeal

DAY = dt.date(2026, 6, 30)
SCHEME = load_scheme("tongxiang")
MODEL = expert_model(SCHEME, name="tongxiang-expert", version="1.0.0")


def form(rater, level=4, **changes):
    return {
        "round": 1, "rater_id": rater, "rated_on": "2026-05-01", "familiar": True,
        "relation": "none", "scores": dict.fromkeys(SCHEME.panel_codes, level), **changes,
    }  # fmt: skip


def application(*levels, **changes):
    return {
        "household_id": "H1", "village_id": "V1", "consent_id": "C1",
        "consent_purpose": SCHEME.consent_purpose, "consent_on": "2026-01-01",
        "consent_until": "2027-12-31", "requested_yuan": 400_000, "as_of": "2026-06-30",
        "ratings": [form(f"R{i + 1}", level) for i, level in enumerate(levels)], **changes,
    }  # fmt: skip


def volunteering(number):
    return {"event_id": number, "code": "ML05", "level": "standard", "occurred_on": "2026-06-01",
            "recorded_on": "2026-06-02", "status": "approved", "evidence_id": "EV1"}  # fmt: skip


DEFAULTER = {"code": "ML09", "document_no": "D1", "list_class": "dishonest_judgment_debtor",
             "issued_on": "2026-01-05"}  # fmt: skip
GATED = application(5, 5, 5, registers=[DEFAULTER])


def test_without_the_record_that_closed_the_gate_the_household_is_scored():
    appeal = MODEL.reconsider(GATED, without=["register:D1"], statement="另一同名者")
    assert (appeal.before.status, appeal.before.points, appeal.before.limit_yuan) == (
        "gated", None, None
    )  # fmt: skip
    # three full forms, no event: 600 of the panel; the second witness is the household without it
    plain = MODEL.propose_one(application(5, 5, 5))
    assert appeal.after == plain
    assert plain.points is not None
    assert (appeal.without, appeal.statement) == (("register:D1",), "另一同名者")
    moved = {change.field: (change.before, change.after) for change in appeal.changes}
    assert moved["status"] == ("gated", plain.status)
    assert moved["points"] == (None, plain.points)
    assert moved["tier"] == (appeal.before.tier, plain.tier)
    assert moved["limit_yuan"] == (None, plain.limit_yuan)


def test_every_value_that_moves_is_told_and_no_other():
    given = application(5, 4, 4, 2, events=[volunteering("E1"), volunteering("E2")])
    appeal = MODEL.reconsider(given, without=["rating:R4", "event:E2"])
    for change in appeal.changes:
        assert change.before == getattr(appeal.before, change.field)
        assert change.after == getattr(appeal.after, change.field)
        assert change.before != change.after
    told = {change.field for change in appeal.changes}
    compared = {"status", "points", "score", "grade", "tier", "prob_default", "limit_yuan",
                "binding_bound", "system_limit_yuan", "village_limit_yuan", "manager_limit_yuan",
                "review_triggers"}  # fmt: skip
    expected = {
        name for name in compared if getattr(appeal.before, name) != getattr(appeal.after, name)
    }
    assert told == expected
    assert {"points", "score"} <= told
    assert appeal.after.points > appeal.before.points


def test_a_doubt_that_makes_no_difference_moves_nothing():
    pending = {**volunteering("E1"), "status": "pending", "evidence_id": None}
    appeal = MODEL.reconsider(application(4, 4, 4, events=[pending]), without=["event:E1"])
    assert appeal.changes == ()
    assert appeal.before.points == appeal.after.points


def test_an_answer_of_a_form_is_doubted():
    given = application(5, 5, 1)
    appeal = MODEL.reconsider(given, without=["rating:R3:FS01"])
    by_hand = application(5, 5, 1)
    by_hand["ratings"][2]["scores"]["FS01"] = None
    assert appeal.after == MODEL.propose_one(by_hand)


def test_without_a_form_the_evidence_may_be_too_little():
    appeal = MODEL.reconsider(application(4, 4, 1), without=["rating:R3"])
    assert appeal.after.status == "insufficient_evidence"
    assert appeal.after.limit_yuan is None


def test_what_was_handed_in_stays_as_it_was():
    county = szx.simulate_county(villages=1, households_per_village=3, seed=7)
    record = county.application(county.households["household_id"].iloc[0])
    record = record.model_copy(update={"registers": (RegisterEntry(**DEFAULTER),)})
    before = record.model_dump()
    appeal = MODEL.reconsider(record, without=["register:D1"])
    assert record.model_dump() == before
    assert appeal.before == MODEL.propose_one(record)
    assert appeal.before.input_digest != appeal.after.input_digest


@pytest.mark.parametrize(
    ("pieces", "code"),
    [([], "appeal_nothing"), (["R1"], "appeal_piece"), (["rating:R9"], "appeal_unknown_piece")],
)
def test_a_doubt_that_names_nothing_is_refused(pieces, code):
    with pytest.raises(DomainError) as caught:
        MODEL.reconsider(application(4, 4, 4), without=pieces)
    assert caught.value.code == code


def test_a_household_without_consent_is_not_scored_by_way_of_an_appeal():
    with pytest.raises(RecordError):
        MODEL.reconsider(application(4, 4, 4, consent_until="2026-06-29"), without=["rating:R1"])


# what a person decides

CAP = 500_000  # 50 万元, the highest tier of the scheme


@pytest.fixture
def appeal():
    return MODEL.reconsider(GATED, without=["register:D1"])


def decided(appeal, limit, **changes):
    words = {"by": "王主任", "reason": "核实为同名", "on": DAY}
    return appeal.decide(limit, **{**words, **changes})


def test_the_most_that_can_be_decided_is_the_cap_of_the_product(appeal):
    assert appeal.most_yuan == CAP == MODEL.plan.limits.product_cap


@pytest.mark.parametrize("limit", [0, 1, CAP - 1, CAP])
def test_an_amount_up_to_the_cap_can_be_decided(appeal, limit):
    found = decided(appeal, limit)
    assert (found.override.limit_yuan, found.override.by) == (limit, "王主任")
    assert (found.override.reason, found.override.on) == ("核实为同名", DAY)
    assert found.model_copy(update={"override": None}) == appeal
    assert appeal.override is None


@pytest.mark.parametrize(
    "limit", [-1, CAP + 1, 10**18, True, False, 1000.0, "1000", None, np.int64(1000), float("nan")]
)
def test_another_amount_is_refused(appeal, limit):
    with pytest.raises(DomainError, match="whole number of yuan from 0 to 500000") as caught:
        decided(appeal, limit)
    assert caught.value.code == "override_limit"
    assert "500000" in caught.value.zh


@pytest.mark.parametrize(
    "words", [{"by": ""}, {"reason": ""}, {"by": "  "}, {"reason": "\n\t\u3000"}]
)
def test_a_decision_needs_a_person_and_a_reason(appeal, words):
    with pytest.raises(DomainError) as caught:
        decided(appeal, 1000, **words)
    assert caught.value.code == "override_words"


def test_the_last_decision_stands_and_nothing_else_moves(appeal):
    first = decided(appeal, 1000)
    second = decided(first, 2000)
    assert (first.override.limit_yuan, second.override.limit_yuan) == (1000, 2000)
    assert second.before == appeal.before


def test_an_appeal_cannot_be_changed(appeal):
    with pytest.raises(ValidationError):
        appeal.most_yuan = 10**9
    with pytest.raises(ValidationError):
        decided(appeal, 1).override.limit_yuan = 10**9


def test_two_proposals_are_put_side_by_side_by_hand():
    before = MODEL.propose_one(application(5, 5, 5))
    after = before.model_copy(update={"points": 1, "review_triggers": ("A",), "reasons": ()})
    found = make_appeal(before, after, without=["event:E1"], statement=None, most_yuan=7)
    assert [(c.field, c.before, c.after) for c in found.changes] == [
        ("points", before.points, 1),
        ("review_triggers", before.review_triggers, ("A",)),
    ]
    assert found.without == ("event:E1",)
