from __future__ import annotations

import datetime as dt

import pytest

from sanzhixin.errors import RecordError
from sanzhixin.model import SanzhixinModel
from sanzhixin.modelling import expert_model
from tests.unit.scoring.factories import scheme_with

# Witnesses: the proposal and explanation of the model itself; sums that have to close exactly.


def test_the_proposal_is_that_of_the_model_for_every_household(cases, fitted, simulated):
    proposals = fitted.propose(simulated).set_index("household_id")
    for case in cases:
        answer = case.why.proposal
        row = proposals.loc[answer.household_id]
        assert (answer.status, answer.input_digest) == (row["status"], row["input_digest"])


def test_the_explanation_is_that_of_the_model(cases, fitted, simulated):
    for case in cases[::30]:
        assert case.why == fitted.explain(simulated, case.why.proposal.household_id)


def test_factors_add_up_to_their_part_of_the_points(cases):
    # together within 50 points either way, which 20 + 15 + 20 can exceed
    for case in cases:
        if case.why.proposal.points is None:
            continue
        part = next(part.points for part in case.why.parts if part.en == "other factors")
        total = sum(line.points for line in case.factors)
        assert part == min(max(total, -50), 50)


def test_events_add_up_to_the_event_part(cases):
    for case in cases:
        total = case.event_start + sum(line.points for line in case.event_sums)
        assert case.event_part == min(max(total, 0), case.event_most)


def test_every_record_stands_with_its_document(case_of, official):
    lapsed = official("ML08", "桐公决1号", issued_on="2015-03-01", ended_on="2018-03-01")
    case = case_of(registers=[official(), lapsed])
    assert [(d.code, d.document_no, d.in_force) for d in case.documents] == [
        ("ML08", "桐公决1号", False),
        ("ML09", "浙0483执9981号", True),
    ]
    assert case.documents[1].list_zh == "失信被执行人名单"
    assert case.documents[1].list_en == "dishonest judgment debtor"
    assert case.documents[0].ended_on == dt.date(2018, 3, 1)


def test_a_factor_that_was_not_given_says_so(case_of):
    years, utility, income = case_of(factors={"utility_payment": "on_time"}).factors
    assert (years.is_given, years.points, years.label_zh) == (False, 0, "缺失")
    assert (utility.is_given, utility.points, utility.label_en) == (True, 15, "on time")
    assert (income.consent, income.is_given) == ("written", False)


def test_debt_and_assets_are_told_with_a_written_consent_alone(case_of):
    amounts = {"debt_yuan": 80_000, "assets_yuan": 100_000}
    case = case_of(written_consent_id="W1", **amounts)
    assert (case.debt, case.assets) == (80_000, 100_000)
    with pytest.raises(RecordError):
        case_of(**amounts)


def test_a_household_without_a_valid_consent_is_refused(case_of):
    with pytest.raises(RecordError, match="consent"):
        case_of(consent_until="2026-06-01")


def test_a_case_names_nobody_when_it_is_shown(case_of, official):
    shown = repr(case_of(registers=[official()]))
    assert shown == "HouseholdCase(status='gated')"


def test_a_refused_purpose_is_found_and_another_is_not(case_of):
    assert case_of(purpose="购房").refused_purpose.code == "G4"
    assert case_of(purpose="种植").refused_purpose is None


def test_a_learned_card_that_leaves_a_factor_out_gives_it_no_points(case_of, expert):
    card = expert.file.card
    kept = tuple(item for item in card.characteristics if item.name != "utility_payment")
    smaller = card.model_copy(update={"characteristics": kept})
    model = SanzhixinModel(expert.file.model_copy(update={"card": smaller}))
    case = case_of(model=model, factors={"utility_payment": "on_time"})
    line = next(line for line in case.factors if line.name == "utility_payment")
    assert (line.points, line.is_given, line.label_zh) == (None, True, "")


def test_scores_are_written_without_rounding_up(case_of):
    assert case_of().score_of(899) == "89.9"


def test_a_scheme_without_a_rule_on_purposes_has_none_to_name(case_of):
    scheme = scheme_with(purpose=None)
    model = expert_model(scheme, name="trial", version="1.0.0")
    assert case_of(model=model, purpose="购房").refused_purpose is None
