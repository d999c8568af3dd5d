from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from sanzhixin.errors import ArtifactError, RecordError
from sanzhixin.scoring.pd_table import PdRow, PdTable
from sanzhixin.scoring.proposal import Proposal
from sanzhixin.scoring.scorer import propose_cases, score_cases
from tests.unit.scoring import oracle
from tests.unit.scoring.factories import (
    AGGREGATORS,
    DAY,
    PLAN,
    SCHEME,
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
    volunteering,
)

SANITY = [
    # household, points, score, tier, cap: the values that the catalog states
    (household(4, 4, 4), 700, 70.0, "B", 50_000),
    (household(5, 5, 5), 850, 85.0, "A", 200_000),
    (household(3, 3, 3), 550, 55.0, "未评级", 0),
    (household(4, 4, 4, events=volunteering(10)), 800, 80.0, "BBB", 100_000),
    (household(4, 4, 4, events=volunteering(11)), 800, 80.0, "BBB", 100_000),
    (household(4, 4, 4, events=volunteering(9)), 790, 79.0, "BB", 80_000),
    (household(2, 2, 2), 400, 40.0, "未评级", 0),
    (household(5, 5, 5, events=events(Event("FS06", "city"))), 1000, 100.0, "AAA", 500_000),
    (household(5, 5, 5, events=events(Event("FS06", "village"))), 900, 90.0, "AA", 300_000),
    (household(3, 3, 3, events=volunteering(10)), 650, 65.0, "C", 30_000),
]


@pytest.mark.parametrize(("given", "points", "score", "tier", "cap"), SANITY)
@pytest.mark.parametrize("how", AGGREGATORS)
def test_sanity_values_come_out_exactly(given, points, score, tier, cap, how):
    answer = propose(given, plan_of(scheme_with(aggregator=how)))
    assert (answer["points"], answer["score"]) == (points, score)
    assert (answer["tier"], answer["grade"]) == (tier, tier)
    assert (answer["system_limit_yuan"], answer["limit_yuan"]) == (cap, cap)
    assert (answer["status"], answer["review_triggers"]) == ("propose", [])
    assert (oracle.total_points(given), oracle.tier(points)) == (points, (tier, cap))


def test_drawn_households_agree_with_the_oracle_from_forms_to_tier():
    random = np.random.default_rng(21)
    codes = list(oracle.LEVEL_POINTS)
    given = []
    for k in range(200):
        sheets = [
            drawn_form(
                random,
                blanks=True,
                role=("panel", "neighbour", "account_manager")[random.integers(3)],
                relation=("none", "none", "none", "kin")[random.integers(4)],
                familiar=bool(random.integers(6)),
            )
            for _ in range(random.integers(0, 10))
        ]
        entries = [Event(*codes[random.integers(len(codes))]) for _ in range(random.integers(5))]
        made = household(*sheets) if sheets else household(form(familiar=False))
        given.append(household(*made.forms, events=events(*entries), household_id=f"H{k:03}"))
    for how in AGGREGATORS:
        answers = propose_cases(encode(*given), plan_of(scheme_with(aggregator=how)))
        for answer, one in zip(answers, given, strict=True):
            short = [p for p in ("fs", "ml", "nr") if len(oracle.form_means(one, p)) < 3]
            assert (answer["status"] == "insufficient_evidence") == bool(short)
            if short:
                assert [r["code"] for r in answer["reasons"]] == [f"EVIDENCE_{p}" for p in short]
                continue
            points = oracle.total_points(one, how)
            assert answer["points"] == points
            assert (answer["tier"], answer["limit_yuan"]) == oracle.tier(points)


def test_answers_have_the_keys_of_the_proposal():
    answer = propose(household(4, 4, 4))
    assert set(answer) == set(Proposal.model_fields)
    assert Proposal(**answer).model_dump(mode="python")["points"] == 700


POINTLESS = (
    "points", "score", "score_low", "score_high", "grade", "tier", "prob_default", "pd_lower",
    "pd_upper", "limit_yuan", "binding_bound", "system_limit_yuan", "next_tier",
)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (household(4, 4), "insufficient_evidence"),
        (household(records=(Record("ML09"),)), "gated"),
        (household(purpose="购房"), "gated"),
    ],
)
def test_without_points_nothing_that_rests_on_points_is_stated(given, status):
    answer = propose(given)
    assert answer["status"] == status
    assert {answer[name] for name in POINTLESS} == {None}
    assert answer["reasons"]


def test_what_people_propose_is_stated_whatever_the_status():
    amounts = {"council": 30_000, "manager": 40_000}
    for given in (household(4, 4, amounts=amounts), household(4, 4, 4, amounts=amounts)):
        answer = propose(given)
        assert (answer["village_limit_yuan"], answer["manager_limit_yuan"]) == (30_000, 40_000)
    answer = propose(household(form(4, amount=20_000), 4, 4))
    assert (answer["village_limit_yuan"], answer["manager_limit_yuan"]) == (20_000, None)


TRIGGERS = [
    (household(4, 4, 4, override_reason="harvest insurance"), ["override"]),
    (household(4, 4, 4, records=(Record("FS08"), Record("G2", document_no="D2"))),
     ["official_record:FS08", "official_record:G2"]),
    (household(4, 4, 4, amounts={"debt": 7, "assets": 10}), ["debt_ratio"]),
    (household(5, 5, 5, 5, form(5, ml=1)), ["negative_opinion"]),
    (household(4, 4, form(4, ml=1)), ["negative_opinion"]),
    (household(4, 4, records=(Record("FS08"),), override_reason="x"),
     ["official_record:FS08", "override"]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "triggers"), TRIGGERS)
def test_review_triggers_are_named_in_their_order(given, triggers):
    told = [code for code in propose(given)["review_triggers"] if not code.startswith("near")]
    assert told == triggers


UNTIL = [
    # consent until, model valid until, scheme valid until, proposal valid until
    (dt.date(2028, 12, 31), dt.date(2028, 12, 31), dt.date(2028, 12, 31), dt.date(2027, 6, 30)),
    (dt.date(2026, 9, 1), dt.date(2028, 12, 31), dt.date(2028, 12, 31), dt.date(2026, 9, 1)),
    (dt.date(2028, 12, 31), dt.date(2026, 8, 1), dt.date(2028, 12, 31), dt.date(2026, 8, 1)),
    (dt.date(2028, 12, 31), dt.date(2028, 12, 31), dt.date(2026, 7, 1), dt.date(2026, 7, 1)),
    (DAY, dt.date(2028, 12, 31), dt.date(2028, 12, 31), DAY),
]


@pytest.mark.parametrize(("consent", "model", "scheme", "until"), UNTIL)
def test_a_proposal_ends_with_the_first_of_consent_model_scheme_and_a_year(
    consent, model, scheme, until
):
    plan = plan_of(scheme_with(valid_until=scheme), valid_until=model)
    assert propose(household(consent_until=consent), plan)["valid_until"] == until


def test_a_proposal_made_on_a_leap_day_ends_on_the_last_of_february():
    day = dt.date(2028, 2, 29)
    given = household(*[form(rated_on=day)] * 3, as_of=day, consent_until=dt.date(2099, 1, 1))
    plan = plan_of(scheme_with(valid_until=dt.date(2040, 1, 1)), valid_until=dt.date(2040, 1, 1))
    assert propose(given, plan)["valid_until"] == dt.date(2029, 2, 28)


def test_a_consent_that_is_over_stops_the_batch_and_the_households_are_counted():
    over = household(consent_until=DAY - dt.timedelta(days=1))
    with pytest.raises(RecordError, match="2 ") as caught:
        propose_cases(encode(household(), over, over), PLAN)
    assert caught.value.code == "consent_not_valid"
    assert propose(household(consent_until=DAY))["status"] == "propose"


def test_an_unknown_level_of_a_factor_is_refused():
    with pytest.raises(RecordError, match="utility_payment"):
        propose(household(factors={"utility_payment": "in kind"}))


REFUSED = [
    ({"status": "retired"}, "model_retired", "is retired"),
    ({"valid_until": DAY - dt.timedelta(days=1)}, "model_expired", "2026-06-29"),
]


@pytest.mark.parametrize(("changes", "code", "words"), REFUSED)
def test_a_model_that_is_not_in_force_does_not_score(changes, code, words):
    with pytest.raises(ArtifactError, match=words) as caught:
        propose(household(), plan_of(**changes))
    assert caught.value.code == code


SPAN = [
    (dt.date(2023, 12, 31), False),
    (dt.date(2024, 1, 1), True),
    (dt.date(2028, 12, 31), True),
    (dt.date(2029, 1, 1), False),
]


@pytest.mark.parametrize(("as_of", "in_force"), SPAN)
def test_a_scheme_scores_on_its_own_days_only(as_of, in_force):
    given = household(*[form(rated_on=as_of)] * 3, as_of=as_of, consent_until=dt.date(2030, 1, 1))
    plan = plan_of(valid_until=dt.date(2030, 1, 1))
    if in_force:
        assert propose(given, plan)["points"] == 700
    else:
        with pytest.raises(ArtifactError, match="2024-01-01") as caught:
            propose(given, plan)
        assert caught.value.code == "scheme_not_in_force"


def test_default_probabilities_come_from_the_table_by_points():
    rows = (
        PdRow(at_least=0, prob_default=None, lower=None, upper=None),
        PdRow(at_least=650, prob_default=0.03, lower=0.01, upper=0.06),
        PdRow(at_least=800, prob_default=0.01, lower=0.0, upper=0.02),
    )
    table = PdTable(
        basis="prudent", method="pluto_tasche", population="approved households",
        n_loans=900, n_defaults=6, confidence=0.5, rows=rows,
    )  # fmt: skip
    plan = plan_of(pd=table)
    told = [
        tuple(propose(given, plan)[name] for name in ("prob_default", "pd_lower", "pd_upper"))
        for given in (household(3, 3, 3), household(4, 4, 4), household(5, 5, 5))
    ]
    assert told == [(None, None, None), (0.03, 0.01, 0.06), (0.01, 0.0, 0.02)]
    assert propose(household(4, 4), plan)["pd_basis"] == "prudent"
    assert propose(household(4, 4, 4))["pd_basis"] == "none"


def test_one_form_may_be_enough_for_a_scheme_and_has_no_error_to_state():
    answer = propose(household(4), plan_of(scheme_with(min_forms=1)))
    assert (answer["points"], answer["tier"], answer["status"]) == (700, "B", "review")
    assert answer["review_triggers"] == ["error_unknown"]
    assert (answer["score"], answer["score_low"], answer["score_high"]) == (70.0, None, None)


def test_no_household_has_no_answer():
    cases = encode(household()).take(slice(0, 0))
    assert propose_cases(cases, PLAN) == []
    assert score_cases(cases, PLAN).assessment.status.shape == (0,)


def test_the_answer_names_model_scheme_and_day():
    answer = propose(household())
    assert answer["model_id"] == "tongxiang-expert/1.0.0"
    assert answer["scheme_id"] == SCHEME.scheme_id == "tongxiang/1.0.0"
    assert answer["as_of"] == DAY
