"""Expert card beside learned card.

Witnesses: the comparison in the model file, scikit-learn for area, log-loss and Brier score of a
line that statsmodels fits, the paired comparison of DeLong, a county whose learned card is better.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import norm, t
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from sanzhixin.errors import DomainError
from sanzhixin.modelling import fit
from sanzhixin.modelling.county.loans import collect_outcomes
from sanzhixin.numerics.calibration_checks import compare_auc
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import simulate_county
from sanzhixin.validation.outcomes.cards import compare_cards, compute_cards


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


COUNTY = with_many_defaults(simulate_county(villages=14, seed=21))
MODEL = fit(COUNTY, load_scheme("tongxiang"), card="fitted")


def moved(model, **changes):
    """The model with other words on where it comes from."""
    origin = model.file.provenance.model_copy(update=changes)
    return dataclasses.replace(model, file=model.file.model_copy(update={"provenance": origin}))


def drawn(size=600, seed=1, better="fitted"):
    random = np.random.default_rng(seed)
    standing = random.normal(size=size)
    noise = {"fitted": 0.5, "expert": 3.0} if better == "fitted" else {"fitted": 3.0, "expert": 0.5}
    return pd.DataFrame(
        {
            "points": standing + noise["fitted"] * random.normal(size=size),
            "expert_points": standing + noise["expert"] * random.normal(size=size),
            "defaulted": random.random(size) < 1 / (1 + np.exp(1.5 + 2 * standing)),
            "village_id": np.char.add("V", random.integers(0, 20, size).astype(str)),
        }
    )


def test_what_the_model_file_tells_is_laid_out():
    table = compute_cards(MODEL, COUNTY).table
    held = table[table["loans"] == "held_out"].set_index(["statistic", "card"])
    told = MODEL.file.provenance.comparison
    assert held.loc[("auc", "expert"), "value"] == told.expert.auc
    assert held.loc[("log_loss", "fitted"), "value"] == told.fitted.log_loss
    assert held.loc[("brier", "fitted"), "value"] == told.fitted.brier
    gain = held.loc[("log_loss_gain", "both")]
    assert (gain["value"], gain["n"], gain["events"]) == (
        told.gain,
        told.n_loans,
        told.n_defaults,
    )
    reach = 1.959964 * told.gain_se
    assert [gain["low"], gain["high"]] == pytest.approx([told.gain - reach, told.gain + reach])
    assert gain["p_value"] == pytest.approx(norm.cdf(told.gain / told.gain_se))
    assert gain["verdict"] == "pass"


def test_a_card_that_the_comparison_chose_is_not_judged_by_it():
    comparison = MODEL.file.provenance.comparison.model_copy(update={"asked_for": False})
    table = compute_cards(moved(MODEL, comparison=comparison), COUNTY).table
    assert set(table.loc[table["loans"] == "held_out", "verdict"]) == {"info"}


def test_loans_of_the_data_window_are_shown_and_not_judged():
    table = compute_cards(MODEL, COUNTY).table
    assert set(table["loans"]) == {"held_out", "in_window"}
    inside = table[table["loans"] == "in_window"]
    assert set(inside["verdict"]) == {"info"}
    points = collect_outcomes(COUNTY, MODEL, COUNTY.as_of)
    areas = inside[inside["statistic"] == "auc"].set_index("card")["value"]
    assert areas["fitted"] == pytest.approx(roc_auc_score(~points.defaulted, points.points))


def test_points_of_the_expert_card_are_those_of_the_expert_model():
    expert = fit(COUNTY, load_scheme("tongxiang"), card="expert")
    points = collect_outcomes(COUNTY, expert, COUNTY.as_of)
    table = compute_cards(MODEL, COUNTY).table
    row = table[(table["loans"] == "in_window") & (table["card"] == "expert")].iloc[0]
    assert row["value"] == pytest.approx(roc_auc_score(~points.defaulted, points.points))


def test_loans_outside_the_window_are_judged():
    later = moved(MODEL, data_from=dt.date(2020, 1, 1), data_until=dt.date(2025, 4, 15))
    table = compute_cards(later, COUNTY).table
    counts = table[table["statistic"] == "auc_difference"].set_index("loans")["n"]
    loans = collect_outcomes(COUNTY, MODEL, COUNTY.as_of)
    is_inside = loans.granted_on <= dt.date(2025, 4, 15).toordinal()
    assert counts["in_window"] == is_inside.sum()
    assert counts["out_of_window"] == (~is_inside).sum()
    outside = table[table["loans"] == "out_of_window"].set_index("statistic")
    assert outside.loc["auc_difference", "verdict"] == "pass"


def test_a_model_without_a_learned_card_says_why():
    county = simulate_county(villages=2, seed=7)
    judged = compute_cards(fit(county, load_scheme("tongxiang")), county)
    assert len(judged.table) == 0
    assert "No card was learned" in judged.note_en
    assert "未学习评分卡" in judged.note_zh


def test_figures_are_those_of_scikit_learn_and_statsmodels():
    loans = drawn()
    table = compare_cards(loans).table.set_index(["statistic", "card"])
    bad = loans["defaulted"]
    for card, column in (("expert", "expert_points"), ("fitted", "points")):
        area = roc_auc_score(~bad, loans[column])
        assert table.loc[("auc", card), "value"] == pytest.approx(area, rel=1e-12)
        line = sm.Logit(bad.astype(float), sm.add_constant(loans[column])).fit(disp=0)
        prob = line.predict()
        for name, score in (("log_loss", log_loss), ("brier", brier_score_loss)):
            assert table.loc[(name, card), "value"] == pytest.approx(score(bad, prob), rel=1e-6)
    paired = compare_auc(loans["points"], loans["expert_points"], bad)
    row = table.loc[("auc_difference", "both")]
    assert row["value"] == pytest.approx(paired.difference, rel=1e-9)
    assert row["high"] - row["low"] == pytest.approx(2 * 1.959964 * paired.difference_se, rel=1e-6)
    # Two-sided there, one-sided here.
    assert 2 * (1 - row["p_value"]) == pytest.approx(paired.p_value, abs=1e-9)


def test_the_error_of_the_gain_is_that_of_statsmodels_by_village():
    loans = drawn()
    table = compare_cards(loans).table.set_index("statistic")
    bad = loans["defaulted"].astype(float)
    losses = []
    for column in ("expert_points", "points"):
        prob = sm.Logit(bad, sm.add_constant(loans[column])).fit(disp=0).predict()
        losses.append(-(bad * np.log(prob) + (1 - bad) * np.log1p(-prob)))
    groups = pd.factorize(loans["village_id"])[0]
    mean = sm.OLS(losses[0] - losses[1], np.ones(len(bad))).fit()
    robust = mean.get_robustcov_results("cluster", groups=groups)
    row = table.loc["log_loss_gain"]
    assert row["value"] == pytest.approx(robust.params[0], rel=1e-6)
    quantile = t.ppf(0.975, loans["village_id"].nunique() - 1)
    assert row["high"] - row["low"] == pytest.approx(2 * quantile * robust.bse[0], rel=1e-5)
    assert row["p_value"] == pytest.approx(t.cdf(robust.tvalues[0], 19), rel=1e-5)


def test_two_villages_are_not_taken_as_certain():
    loans = drawn(better="expert")
    loans["village_id"] = np.where(np.arange(600) < 300, "V1", "V2")
    row = compare_cards(loans).table.set_index("statistic").loc["log_loss_gain"]
    reach = (row["high"] - row["low"]) / 2
    assert row["p_value"] == pytest.approx(t.cdf(row["value"] / (reach / t.ppf(0.975, 1)), 1))
    assert row["p_value"] > norm.cdf(row["value"] / (reach / t.ppf(0.975, 1)))


@pytest.mark.parametrize(("better", "word"), [("fitted", "pass"), ("expert", "fail")])
def test_the_card_in_use_fails_where_the_other_is_better(better, word):
    table = compare_cards(drawn(better=better)).table.set_index("statistic")
    assert table.loc[["auc_difference", "log_loss_gain"], "verdict"].tolist() == [word, word]


def test_few_defaults_are_told_and_not_judged():
    loans = drawn()
    few = loans[~loans["defaulted"] | (loans["defaulted"].cumsum() <= 9)]
    table = compare_cards(few).table
    assert set(table["verdict"]) == {"info", "insufficient"}
    assert table["value"].notna().all()


def test_one_outcome_alone_gives_a_row_without_a_value():
    table = compare_cards(drawn().assign(defaulted=False)).table
    assert table["verdict"].tolist() == ["insufficient"]


def test_one_default_has_areas_without_an_error():
    loans = drawn()
    one = loans[~loans["defaulted"] | (loans["defaulted"].cumsum() == 1)]
    row = compare_cards(one).table.set_index("statistic").loc["auc_difference"]
    assert np.isfinite(row["value"])
    assert np.isnan(row["p_value"])


@pytest.mark.parametrize("seed", range(8))
def test_a_card_that_orders_alike_is_no_worse(seed):
    # The same card on another scale: two fits of one curve differ in their last digits alone.
    loans = drawn()
    loans["points"] = 3 * loans["expert_points"] - 7 - seed
    table = compare_cards(loans).table.set_index(["statistic", "card"])
    gaps = table.loc[[("auc_difference", "both"), ("log_loss_gain", "both")]]
    assert gaps["value"].tolist() == [0, 0]
    assert gaps["p_value"].isna().all()
    assert set(gaps["verdict"]) == {"insufficient"}


def test_equal_points_get_the_default_rate_and_one_village_no_error():
    loans = drawn().assign(points=1.0, village_id="V1")
    table = compare_cards(loans).table.set_index(["statistic", "card"])
    rate = loans["defaulted"].mean()
    assert table.loc[("brier", "fitted"), "value"] == pytest.approx(rate * (1 - rate))
    assert np.isnan(table.loc[("log_loss_gain", "both"), "p_value"])


def test_what_is_no_request_is_refused():
    with pytest.raises(DomainError, match="expert_points"):
        compare_cards(drawn().drop(columns="expert_points"))
    with pytest.raises(DomainError, match="level"):
        compare_cards(drawn(), level=1)
    with pytest.raises(DomainError, match="level"):
        compute_cards(MODEL, COUNTY, level=0)


def test_a_card_that_parts_the_outcomes_is_not_the_worse_one():
    loans = drawn()
    loans["points"] = np.where(loans["defaulted"], 0.0, 5.0) + np.arange(len(loans)) % 7 / 10
    table = compare_cards(loans).table.set_index("statistic")
    assert table.loc["log_loss_gain", "value"] > 0
    assert table.loc["log_loss_gain", "verdict"] == "pass"


def test_a_card_the_wrong_way_round_gains_nothing_by_its_line():
    loans = drawn(better="expert")
    table = compare_cards(loans.assign(points=-loans["points"])).table
    assert table.set_index("statistic").loc["log_loss_gain", "verdict"] == "fail"
    rate = loans["defaulted"].mean()
    brier = table[(table["statistic"] == "brier") & (table["card"] == "fitted")]
    assert brier["value"].tolist() == pytest.approx([rate * (1 - rate)])
