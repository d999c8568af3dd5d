"""A model with a learned card, end to end.

Witnesses: one application against the table call; effects that add up to the points; ratings
raised one by one; the file read back.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from sanzhixin.model import load_model
from sanzhixin.modelling import fit
from sanzhixin.records.encode_county import encode_county
from sanzhixin.scheme import load_scheme
from sanzhixin.scoring.scorer import score_cases
from sanzhixin.scoring.view import point_effects
from sanzhixin.simulate import simulate_county
from sanzhixin.validation.papers.card import card_markdown

SCHEME = load_scheme("tongxiang")
ITEMS = [item.code for item in SCHEME.panel_items]


def with_many_defaults(county):
    """Let the quarter of the borrowers with the lowest standing default 200 days after granting."""
    standing = county.truth.households.set_index("household_id")["theta_all"]
    rank = county.loans["household_id"].map(standing).rank(pct=True)
    bad = (rank < 0.25).to_numpy()
    day = county.loans["granted_on"] + pd.Timedelta(days=200)
    loans = county.loans.assign(
        defaulted=pd.array(bad, dtype="boolean"),
        defaulted_on=day.where(bad).astype(county.loans["defaulted_on"].dtype),
    )
    return dataclasses.replace(county, loans=loans)


COUNTY = with_many_defaults(simulate_county(villages=40, seed=21))
MODEL = fit(COUNTY, SCHEME, card="fitted")
CASES = encode_county(COUNTY, SCHEME, COUNTY.as_of)
ANSWERS = score_cases(CASES, MODEL.plan)


def test_the_card_of_the_model_is_the_learned_one():
    assert {item.kind for item in MODEL.file.card.characteristics} <= {"bins", "levels"}
    assert MODEL.file.provenance.comparison.chosen == "fitted"


def test_the_file_is_read_back_as_it_was(tmp_path):
    MODEL.save(tmp_path / "model")
    read = load_model(tmp_path / "model")
    assert read.file == MODEL.file
    pd.testing.assert_frame_equal(read.propose(COUNTY), MODEL.propose(COUNTY))


def test_one_application_is_answered_as_in_the_table():
    table = MODEL.propose(COUNTY).set_index("household_id")
    for household in table.index[:40]:
        answer = MODEL.propose_one(COUNTY.application(household))
        row = table.loc[household]
        assert answer.points == (None if pd.isna(row["points"]) else row["points"])
        assert answer.tier == (None if pd.isna(row["tier"]) else row["tier"])


def test_effects_add_up_to_the_points_less_the_reference():
    effects = point_effects(ANSWERS.profile, ANSWERS.assessment, MODEL.plan)
    reference = MODEL.file.card.base + MODEL.plan.reference.sum()
    total = ANSWERS.assessment.points.total
    assert np.array_equal(effects.sum(axis=1) + reference, total)
    assert len(MODEL.plan.effects) == effects.shape[1]


def test_no_effect_of_a_characteristic_is_above_the_reference():
    effects = point_effects(ANSWERS.profile, ANSWERS.assessment, MODEL.plan)
    named = [k for k, effect in enumerate(MODEL.plan.effects) if effect.kind != "clip"]
    present = [k for k in named if MODEL.plan.effects[k].kind == "panel"]
    assert present
    assert effects[:, present].max() <= 0


def test_a_raised_rating_never_lowers_points_tier_or_limit():
    random = np.random.default_rng(3)
    ratings = COUNTY.ratings
    raised = ratings.copy()
    column = random.integers(0, len(ITEMS), len(ratings))
    for k, item in enumerate(ITEMS):
        can = (column == k) & ratings[item].between(1, 4).fillna(value=False).to_numpy()
        raised.loc[can, item] = ratings.loc[can, item] + 1
    before = MODEL.propose(COUNTY).set_index("household_id")
    after = MODEL.propose(dataclasses.replace(COUNTY, ratings=raised)).set_index("household_id")
    for name in ("points", "system_limit_yuan"):
        both = before[name].notna() & after[name].notna()
        assert (after.loc[both, name] >= before.loc[both, name]).all()
    assert (after["points"] > before["points"]).any()


def test_the_error_of_the_points_is_told_and_leads_to_some_reviews():
    proposals = MODEL.propose(COUNTY)
    scored = proposals[proposals["points"].notna()]
    assert (scored["score_low"] <= scored["score"]).all()
    near = scored["review_triggers"].map(lambda told: any("near" in code for code in told))
    assert 0 < near.mean() < 0.3


def test_the_default_probability_falls_with_the_points():
    rows = [row.prob_default for row in MODEL.file.pd.rows if row.prob_default is not None]
    assert rows == sorted(rows, reverse=True)


def test_the_probability_is_learned_from_points_of_cards_that_did_not_see_the_loan():
    notes = " ".join(MODEL.file.provenance.notes)
    assert "by a fit that did not see it" in notes
    assert MODEL.file.pd.n_loans == MODEL.file.provenance.comparison.n_loans


def test_the_card_on_paper_shows_both_cards_side_by_side():
    paper = card_markdown(MODEL.file)
    compared = MODEL.file.provenance.comparison
    assert "| expert |" in paper
    assert f"{compared.fitted.log_loss:.5f}" in paper


def test_advice_names_events_and_factors_that_bring_points_under_the_learned_card():
    steps = [
        step
        for told in MODEL.propose(COUNTY)["next_tier"]
        if told is not None
        for step in told["steps"]
    ]
    assert steps
    assert min(step["points"] for step in steps) > 0


@pytest.mark.parametrize("household", range(3))
def test_an_explanation_adds_up(household):
    told = MODEL.explain(COUNTY, COUNTY.households["household_id"].iloc[household])
    for line in told.pillars:
        assert 0 <= line.points <= line.points_full


def test_the_reach_of_the_card_is_that_of_its_best_and_worst_case():
    card = MODEL.file.card
    by_group = {group.name: [0, 0] for group in card.groups}
    for item in card.characteristics:
        by_group[item.group][0] += min(*item.points, item.missing_points)
        by_group[item.group][1] += max(*item.points, item.missing_points)
    least, most = (
        np.clip(card.base + sum(ends[k] for ends in by_group.values()), card.lowest, card.highest)
        for k in (0, 1)
    )
    assert card.reach == (least, most)
    points = MODEL.propose(COUNTY)["points"].dropna()
    assert points.between(least, most).all()


def test_tiers_that_nobody_can_have_are_named():
    file, (least, most) = MODEL.file, MODEL.file.card.reach
    tier_of = {}
    assert (least, most) == (file.card.totals.min(), file.card.totals.max())
    for points in file.card.totals.tolist():
        place = int(np.searchsorted(MODEL.plan.tiers.cutoffs, points, side="right")) - 1
        tier_of[points] = MODEL.plan.tiers.name(place)
    grades = [file.scheme.tiers.unrated, *(row.grade for row in file.scheme.tiers.ascending)]
    expected = tuple(grade for grade in grades if grade not in tier_of.values())
    assert file.tiers_out_of_reach == expected
    assert expected
    assert f"no household can be {', '.join(expected)}" in card_markdown(file)


def test_the_card_on_paper_shows_probabilities_within_reach_only():
    part = card_markdown(MODEL.file).split("## Default probability")[1].split("## ")[0]
    shown = [int(line.split("|")[1]) for line in part.splitlines() if line[2:3].isdigit()]
    least, most = MODEL.file.card.reach
    assert (shown[0], shown[-1]) == (least, most)
    assert shown == sorted(shown)
    assert len(shown) < 120


def test_factors_that_the_learned_card_left_out_are_named_on_paper():
    kept = {item.column for item in MODEL.file.card.characteristics}
    left = [factor for factor in SCHEME.factors if factor.name not in kept]
    part = card_markdown(MODEL.file).split("## What enters")[1].split("## ")[0]
    assert left
    for factor in left:
        assert factor.en in part.split("considered these")[1]


def test_a_reason_names_the_bin_of_a_pillar():
    said = [
        reason
        for told in MODEL.propose(COUNTY)["reasons"]
        for reason in told
        if reason["code"].startswith("PANEL_")
    ]
    assert said
    assert all("off the score" in reason["en"] for reason in said)
    assert all("使总分比最高档少" in reason["zh"] for reason in said)
    labels = {label for item in MODEL.file.card.characteristics for label in item.labels_en}
    assert all(reason["en"].split("“")[1].split("”")[0] in labels for reason in said)


def test_why_no_card_was_learned_is_kept_in_both_languages():
    few = dataclasses.replace(
        COUNTY, loans=COUNTY.loans.assign(defaulted=False, defaulted_on=pd.NaT)
    )
    few.loans["defaulted"] = few.loans["defaulted"].astype("boolean")
    refused = fit(few, SCHEME).file.provenance.card_refused
    assert refused.code == "card_few_defaults"
    assert refused.en.startswith("A card needs at least 50 defaults")
    assert "50" in refused.zh
    assert "--card" not in refused.en + refused.zh  # the expert card was taken
    assert MODEL.file.provenance.card_refused is None


@pytest.mark.parametrize("household", range(4))
def test_parts_of_an_explanation_add_up_to_the_points(household):
    told = MODEL.explain(COUNTY, COUNTY.households["household_id"].iloc[household])
    if told.proposal.points is None:
        assert told.parts == ()
        return
    assert sum(part.points for part in told.parts) == told.proposal.points
    assert (told.parts[0].en, told.parts[0].points) == ("start", MODEL.file.card.base)
