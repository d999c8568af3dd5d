"""The card as an analyst uses it; scaling, logistic fit and binner have tests of their own.

Witnesses: statsmodels for coefficients and errors, all ways at once for the fewest changes, sums
over the table of the card for points and reasons.  Defects by number are those of peers that
peers.md section 5 reproduces.
"""

from __future__ import annotations

import itertools
import math
import re
import warnings
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from sanzhixin.errors import DomainError, EvidenceError, RecordError
from sanzhixin.modelling import (
    BinEdit,
    CardWarning,
    MonotoneBinner,
    PointsCard,
    Scorecard,
    card_from_json,
)
from sanzhixin.modelling.bins.feature_bins import FeatureBins
from sanzhixin.modelling.cards.answers import compute_next_step, compute_reasons
from sanzhixin.modelling.cards.points_card import CardCharacteristic
from sanzhixin.modelling.cards.selection import compute_stability
from sanzhixin.numerics.logistic import fit_logistic
from sanzhixin.numerics.woe import InformationValue

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import statsmodels.api as sm

N_ROWS = 1500


def village(seed=3, n_rows=N_ROWS):
    """Income with blanks, a category of four levels, a rating of whole numbers."""
    rng = np.random.default_rng(seed)
    income = np.round(rng.normal(40, 15, n_rows), 1)
    kind = rng.choice(["农户", "居民", "个体", "合作社"], n_rows)
    rating = rng.integers(1, 6, n_rows)
    logit = -1.2 - (income - 40) / 15 - 0.5 * (rating - 3) + 1.2 * (kind == "个体")
    defaulted = rng.random(n_rows) < 1 / (1 + np.exp(-logit))
    income[rng.random(n_rows) < 0.1] = np.nan
    return pd.DataFrame({"income": income, "kind": kind, "rating": rating}), defaulted


FRAME, DEFAULTED = village()
WEIGHTS = np.random.default_rng(8).integers(1, 4, N_ROWS)
CARD = Scorecard().fit(FRAME, DEFAULTED)


def fit_empty(card, *given, **also):
    """Fit a card that is empty on purpose, and says so."""
    with pytest.warns(CardWarning, match="No characteristic is on the card"):
        return card.fit(*given, **also)


def groups(card, frame):
    """Group of each value, by column; an array, as the binner within does not know the names."""
    codes = card.binner_.bins(frame)
    return pd.DataFrame(codes, columns=frame.columns)


def prob_default(card, frame=FRAME):
    return card.predict_proba(frame)[:, 1]


def odds_of_repayment(prob):
    return (1 - prob) / prob


# Points and the probability they stand for.


def test_rows_of_equal_points_have_equal_probabilities():
    # Defect 5: a peer's rounded points stand for other probabilities than those it predicts.
    by_points = pd.Series(prob_default(CARD)).groupby(CARD.points(FRAME)).nunique()
    assert (by_points == 1).all()


def test_rows_of_more_points_have_smaller_probabilities():
    order = np.argsort(CARD.points(FRAME), kind="stable")
    points, prob = CARD.points(FRAME)[order], prob_default(CARD)[order]
    assert ((np.diff(prob) < 0) == (np.diff(points) > 0)).all()


@pytest.mark.parametrize("pdo", [20, 35.5, 50])
def test_pdo_points_double_the_odds_of_repayment(pdo):
    card = Scorecard(pdo=pdo).fit(FRAME, DEFAULTED)
    odds = pd.Series(odds_of_repayment(prob_default(card)), card.points(FRAME)).groupby(level=0)
    table = odds.first().sort_index()
    doublings = (table.index - table.index[0]) / pdo
    np.testing.assert_allclose(table, table.iloc[0] * 2.0**doublings, rtol=1e-10)


def test_twenty_points_double_the_odds_exactly():
    points = np.arange(300, 700)
    odds = odds_of_repayment(CARD.card_.probability(points))
    np.testing.assert_allclose(odds[20:] / odds[:-20], 2.0, rtol=1e-12)


def test_the_log_odds_are_those_of_the_probability():
    prob = prob_default(CARD)
    np.testing.assert_allclose(
        CARD.decision_function(FRAME), np.log(prob) - np.log1p(-prob), rtol=1e-9
    )


def test_points_are_whole_numbers_that_the_table_adds_up_to():
    table = CARD.table_
    assert CARD.points(FRAME).dtype == np.int64
    row = FRAME.iloc[[4]]
    labels = {name: CARD.binner_.tables_[name]["label"] for name in CARD.card_.names}
    own = groups(CARD, row).iloc[0]
    total = table["points"][0]
    for name in CARD.card_.names:
        of_bin = (table["feature"] == name) & (table["label"] == labels[name][own[name]])
        total += table.loc[of_bin, "points"].item()
    assert CARD.points(row)[0] == total


MEANS = [
    {},
    {"firth": True},
    {"slope_sd": None},
    {"slope_sd": 0.2},
    {"pdo": 45.0, "base_score": 0.0, "base_odds": 1.0},
    {"scaling": "min_max"},
    {"scaling": "min_max", "score_range": (0, 100)},
    {"scaling": "min_max", "firth": True},
    {"min_iv": 9.0},  # nothing is kept
    {"binner": MonotoneBinner(3, shrinkage="trend")},
]


def fitted(options, *given):
    fit = fit_empty if "min_iv" in options else Scorecard.fit
    return fit(Scorecard(**options), *given)


@pytest.mark.parametrize("options", MEANS, ids=str)
def test_the_mean_probability_is_the_rate_observed(options):
    card = fitted(options, FRAME, DEFAULTED)
    assert prob_default(card).mean() == pytest.approx(DEFAULTED.mean(), rel=1e-12)


@pytest.mark.parametrize("options", MEANS, ids=str)
@pytest.mark.parametrize("weights", [WEIGHTS, WEIGHTS / 3.7], ids=["whole", "fractions"])
def test_the_weighted_mean_probability_is_the_weighted_rate(options, weights):
    card = fitted(options, FRAME, DEFAULTED, weights)
    mean = np.average(prob_default(card), weights=weights)
    assert mean == pytest.approx(np.average(DEFAULTED, weights=weights), rel=1e-12)


def rare(shift=1.5, n_rows=100_000, n_defaults=12, seed=0):
    rng = np.random.default_rng(seed)
    defaulted = np.zeros(n_rows, dtype=bool)
    defaulted[:n_defaults] = True
    return (rng.normal(size=(n_rows, 2)) + shift * defaulted[:, np.newaxis]).round(2), defaulted


@pytest.mark.parametrize("shift", [1.5, 2.0])  # the second leaves bins without a default
@pytest.mark.parametrize("firth", [False, True])
def test_twelve_defaults_in_a_hundred_thousand_have_the_right_mean(firth, shift):
    # Defect 9: a fit that stops early makes it 1.5 times as large.
    values, defaulted = rare(shift)
    card = Scorecard(firth=firth).fit(values, defaulted)
    assert card.card_.names  # the mean alone would be right without characteristics too
    assert prob_default(card, values).mean() == pytest.approx(12 / 100_000, rel=1e-12)


def test_a_bin_without_a_default_has_more_points_than_one_with_some():
    card = Scorecard().fit(*rare(2.0))
    table = card.table_.iloc[1:]
    assert (table["n_events"] == 0).any()
    for _, own in table.groupby("feature"):
        ordered = own.sort_values("event_rate")
        assert (np.diff(ordered["points"]) < 0).all()


BASES = [(600.0, 50.0, 20.0), (0.0, 1.0, 20.0), (500.0, 20.0, 72.5), (650.5, 9.0, 40.0)]


@pytest.mark.parametrize("firth", [False, True])
@pytest.mark.parametrize(("base_score", "base_odds", "pdo"), BASES)
def test_the_odds_at_the_base_score_are_the_base_odds_up_to_half_a_point(
    base_score, base_odds, pdo, firth
):
    # Whole points of the base are added until the score is as near as whole points come.
    card = Scorecard(pdo, base_score, base_odds, firth=firth).fit(FRAME, DEFAULTED).card_
    there = card.offset + card.per_log_odds * math.log(base_odds)
    assert abs(there - base_score) <= 0.5


def test_the_odds_at_the_base_score_are_the_base_odds_under_firths_penalty_too():
    # The base comes from the penalised intercept, the offset from the rate, which twelve defaults
    # part by about ln(13/12), two points; whole points of the base bring them together.
    level = np.repeat(["worse", "better"], 150)
    defaulted = np.isin(np.arange(300), [*range(11), 299])
    card = Scorecard(firth=True).fit(pd.DataFrame({"level": level}), defaulted).card_
    there = card.offset + card.per_log_odds * math.log(50)
    assert abs(there - 600) <= 0.5


def few_defaults():
    """Twenty defaults in 300 loans, 15 of them among the 100 of the worse level."""
    level = np.repeat(["worse", "better"], [100, 200])
    defaulted = np.zeros(300, dtype=bool)
    defaulted[:15] = defaulted[100:105] = True
    return pd.DataFrame({"level": level}), defaulted


def test_a_card_of_one_characteristic_is_the_one_worked_by_hand():
    # Worse 15:85, better 5:195, all 20:280. Weights of evidence: ln(85/280) - ln(15/20) and
    # ln(195/280) - ln(5/20). Without a prior one characteristic has the coefficient 1 and the
    # intercept ln(14): log-odds of repayment of ln(85/15) and ln(39). 20 points double 50 at 600.
    binner = MonotoneBinner(12, 0.02)  # without shrinkage
    card = Scorecard(slope_sd=None, binner=binner, slope_shrinkage=False).fit(*few_defaults())
    per = 20 / math.log(2)
    base = round(600 + per * (math.log(14) - math.log(50)))
    worse = round(per * (math.log(85 / 280) - math.log(15 / 20)))
    better = round(per * (math.log(195 / 280) - math.log(5 / 20)))
    assert (base, worse, better) == (563, -26, 30)
    assert card.table_["points"].tolist() == [base, better, worse]
    assert card.coefficients_["coefficient"].tolist() == pytest.approx([math.log(14), 1.0])


def test_shrinkage_moves_no_total_of_one_characteristic_without_a_prior():
    # The coefficient takes back what was drawn together: log-odds of ln(85/15) and ln(39) again.
    frame, defaulted = few_defaults()
    card = Scorecard(slope_sd=None).fit(frame, defaulted)
    log_odds = -card.fit_.coef @ [np.ones(300), *card.binner_.transform(frame).T]
    np.testing.assert_allclose(
        log_odds, np.where(frame["level"] == "worse", -math.log(85 / 15), -math.log(39)), rtol=1e-6
    )
    assert card.coefficients_["coefficient"][1] > 1


def test_the_ends_of_min_max_belong_to_the_worst_and_the_best_case():
    card = Scorecard(scaling="min_max", score_range=(200, 900)).fit(FRAME, DEFAULTED)
    table = card.table_
    ends = table.iloc[1:].groupby("feature")["points"].agg(["min", "max"]).sum()
    assert (table["points"][0] + ends["min"], table["points"][0] + ends["max"]) == (200, 900)


def test_the_table_starts_with_the_base_and_shows_every_group_that_can_be_scored():
    table = CARD.table_
    assert table.iloc[0][["feature", "label", "kind"]].tolist() == ["base", "every case", "base"]
    counts = table.iloc[1:].groupby("feature")[["n_rows", "n_events", "share"]].sum()
    np.testing.assert_allclose(counts["n_rows"], N_ROWS)
    np.testing.assert_allclose(counts["n_events"], DEFAULTED.sum())
    np.testing.assert_allclose(counts["share"], 1.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from(["pdo", "min_max"]), st.booleans())
def test_a_group_of_larger_weight_of_evidence_never_has_fewer_points(seed, scaling, weighed):
    frame, defaulted = village(seed, 400)
    weights = np.random.default_rng(seed).integers(1, 5, 400) if weighed else None
    binner = MonotoneBinner(max_bins=12, min_bin_share=0.02, min_expected=1, unseen="neutral")
    card = Scorecard(binner=binner, scaling=scaling).fit(frame, defaulted, weights)
    for item in card.card_.characteristics:
        order = np.argsort(item.bins.woe)
        assert (np.diff(item.points[order]) >= 0).all()


# The regression.

FREE = Scorecard(slope_sd=None).fit(FRAME, DEFAULTED)


def weights_of_evidence(card):
    kept = card.selection_["kept"].to_numpy()
    return card.binner_.transform(FRAME)[:, kept]


def test_the_binner_of_a_card_knows_the_columns_of_the_card():
    woe = CARD.binner_.transform(FRAME)
    alone = MonotoneBinner(12, 0.02, max_prebins=50, shrinkage="trend").fit(FRAME, DEFAULTED)
    np.testing.assert_array_equal(woe, alone.transform(FRAME))
    assert list(CARD.binner_.get_feature_names_out()) == list(FRAME.columns)


def test_coefficients_and_errors_agree_with_statsmodels():
    design = sm.add_constant(weights_of_evidence(FREE))
    theirs = sm.Logit(~DEFAULTED, design).fit(disp=False, tol=1e-14, maxiter=100)
    ours = FREE.coefficients_
    np.testing.assert_allclose(ours["coefficient"], theirs.params, rtol=1e-8)
    np.testing.assert_allclose(ours["se"], theirs.bse, rtol=1e-6)
    np.testing.assert_allclose(ours["p_value"], theirs.pvalues, rtol=1e-5)
    np.testing.assert_allclose(ours[["lower", "upper"]], theirs.conf_int(), rtol=1e-6)


def test_weighted_coefficients_and_errors_agree_with_statsmodels():
    card = Scorecard(slope_sd=None).fit(FRAME, DEFAULTED, WEIGHTS)
    theirs = sm.GLM(
        (~DEFAULTED).astype(float),
        sm.add_constant(weights_of_evidence(card)),
        family=sm.families.Binomial(),
        freq_weights=WEIGHTS,
    ).fit(tol=1e-14)
    np.testing.assert_allclose(card.coefficients_["coefficient"], theirs.params, rtol=1e-8)
    np.testing.assert_allclose(card.coefficients_["se"], theirs.bse, rtol=1e-6)


@pytest.mark.parametrize("slope_sd", [1.0, 0.3])
def test_coefficients_are_the_most_probable_ones_under_the_prior(slope_sd):
    card = Scorecard(slope_sd=slope_sd).fit(FRAME, DEFAULTED)
    design = np.column_stack([np.ones(N_ROWS), weights_of_evidence(card)])

    def improbability(coef):
        log_odds = design @ coef
        prior = np.sum(coef[1:] ** 2) / (2 * slope_sd**2)
        return np.sum(np.logaddexp(0, log_odds)) - np.sum(log_odds[~DEFAULTED]) + prior

    theirs = minimize(improbability, np.zeros(4), method="BFGS", options={"gtol": 1e-6}).x
    np.testing.assert_allclose(card.coefficients_["coefficient"], theirs, rtol=1e-4)


def test_a_wide_prior_is_none():
    wide = Scorecard(slope_sd=1e6).fit(FRAME, DEFAULTED)
    pd.testing.assert_frame_equal(wide.coefficients_, FREE.coefficients_, rtol=1e-8)


def test_the_prior_matters_less_with_more_defaults():
    # Every row a hundred times: the data outweigh the prior.
    many = Scorecard().fit(FRAME, DEFAULTED, np.full(N_ROWS, 100))
    free = Scorecard(slope_sd=None).fit(FRAME, DEFAULTED, np.full(N_ROWS, 100))
    once = np.abs(CARD.coefficients_["coefficient"] - FREE.coefficients_["coefficient"]).max()
    often = np.abs(many.coefficients_["coefficient"] - free.coefficients_["coefficient"]).max()
    assert often < once / 50


def test_firths_penalty_stands_in_place_of_the_prior():
    one, other = (Scorecard(firth=True, slope_sd=sd).fit(FRAME, DEFAULTED) for sd in (0.1, None))
    pd.testing.assert_frame_equal(one.coefficients_, other.coefficients_)


def test_the_coefficients_are_named_and_those_of_the_card():
    table = CARD.coefficients_.set_index("feature")
    assert list(table.index) == ["intercept", "income", "kind", "rating"]
    assert not table["held"].any()
    of_card = {item.bins.name: item.coefficient for item in CARD.card_.characteristics}
    shrunk = CARD.shrinkage_ * table["coefficient"].drop("intercept")
    assert of_card == shrunk.to_dict()
    assert 0.9 < CARD.shrinkage_ < 1


def test_effects_are_shrunk_by_the_part_that_chance_makes():
    # Two levels 15:85 and 5:195: twice the log-likelihood against 20:280 for all, a chi-square of
    # which one degree of freedom makes 1 by chance.
    binner = MonotoneBinner(12, 0.02)
    card = Scorecard(slope_sd=None, binner=binner).fit(*few_defaults())
    of_levels = [
        85 * math.log(0.85),
        15 * math.log(0.15),
        195 * math.log(0.975),
        5 * math.log(0.025),
    ]
    alike = 280 * math.log(280 / 300) + 20 * math.log(20 / 300)
    chi_square = 2 * (sum(of_levels) - alike)
    assert card.shrinkage_ == pytest.approx(1 - 1 / chi_square, rel=1e-9)
    assert card.card_.characteristics[0].coefficient == pytest.approx(card.shrinkage_, rel=1e-9)
    assert prob_default(card, few_defaults()[0]).mean() == pytest.approx(20 / 300, rel=1e-9)


def test_effects_that_chance_would_make_leave_the_card():
    rng = np.random.default_rng(17)
    X, defaulted = rng.normal(size=(400, 3)), rng.random(400) < 0.1
    card = fit_empty(Scorecard(max_p_value=1.0), X, defaulted)
    assert card.shrinkage_ == 0
    assert set(card.selection_["reason"]) == {"by_chance"}
    assert not card.selection_["kept"].any()
    np.testing.assert_allclose(prob_default(card, X), defaulted.mean(), rtol=1e-9)


def calibration(n_rows, slope_shrinkage):
    """Calibration slopes on new cases of cards of few defaults; half of the columns are noise."""
    found = []
    for seed in range(30):
        rng = np.random.default_rng([41, seed])
        X = rng.normal(size=(n_rows + 20_000, 6))
        y = rng.random(len(X)) < 1 / (1 + np.exp(3 - X[:, :3].sum(axis=1) * 0.35))
        card = Scorecard(slope_shrinkage=slope_shrinkage).fit(X[:n_rows], y[:n_rows])
        if card.card_.characteristics:
            log_odds = card.decision_function(X[n_rows:])
            found.append(fit_logistic(log_odds, y[n_rows:]).coef[1])
    return np.array(found)


def test_probabilities_of_few_defaults_are_not_too_extreme_for_new_cases():
    # Some 60 defaults. A slope of 1 is right; without shrinkage half of the effects is chance.
    plain, shrunk = (
        calibration(1000, slope_shrinkage=False),
        calibration(1000, slope_shrinkage=True),
    )
    assert np.median(plain) < 0.75
    assert 0.8 < np.median(shrunk) < 1.25


def suppressed(n_rows=2000):
    """Good tells for, side tells against given good, although alone it tells for as well."""
    rng = np.random.default_rng(12)
    good = rng.normal(size=n_rows)
    side = good + rng.normal(size=n_rows)
    defaulted = rng.random(n_rows) < 1 / (1 + np.exp(1.5 + 2 * good - 0.6 * side))
    return pd.DataFrame({"good": good, "side": side}), defaulted


SUPPRESSED = Scorecard().fit(*suppressed())


def test_the_suppressor_would_have_a_coefficient_below_zero_and_tells_for_alone():
    frame, defaulted = suppressed()
    woe = SUPPRESSED.binner_.transform(frame)
    free = sm.Logit(~defaulted, sm.add_constant(woe)).fit(disp=False)
    alone = sm.Logit(~defaulted, sm.add_constant(woe[:, 1])).fit(disp=False)
    assert free.params[2] < -0.1
    assert alone.params[1] > 0.9


def test_a_coefficient_of_the_wrong_sign_is_held_at_zero_without_an_error():
    held = SUPPRESSED.coefficients_.set_index("feature").loc["side"]
    assert (held["coefficient"], held["held"]) == (0.0, True)
    assert held[["se", "z", "p_value", "lower", "upper"]].isna().all()


def test_a_characteristic_of_the_wrong_sign_leaves_the_card():
    row = SUPPRESSED.selection_.set_index("feature").loc["side"]
    assert (row["kept"], row["reason"]) == (False, "wrong_sign")
    assert SUPPRESSED.card_.names == ("good",)


def test_without_the_held_characteristic_the_card_is_the_same():
    frame, defaulted = suppressed()
    alone = Scorecard().fit(frame[["good"]], defaulted)
    pd.testing.assert_frame_equal(SUPPRESSED.coefficients_.iloc[:2], alone.coefficients_, rtol=1e-8)
    np.testing.assert_array_equal(SUPPRESSED.points(frame), alone.points(frame[["good"]]))


def test_a_characteristic_that_left_the_card_is_not_looked_at():
    frame, _ = suppressed()
    strange = frame.assign(side="不详")
    np.testing.assert_array_equal(SUPPRESSED.points(strange), SUPPRESSED.points(frame))


def majority():
    """Three signs, the outcome being that of two: the sum parts it, none does alone."""
    cells = np.array(list(itertools.product([-1, 1], repeat=3)))
    rows = np.repeat(cells, 40, axis=0)
    return pd.DataFrame(rows, columns=["a", "b", "c"]), rows.sum(axis=1) > 0


def test_outcomes_that_a_sum_parts_are_refused_with_the_way_out():
    with pytest.raises(EvidenceError, match="use firth=True"):
        Scorecard(slope_sd=None).fit(*majority())


@pytest.mark.parametrize("options", [{}, {"firth": True, "slope_sd": None}], ids=str)
def test_the_prior_and_firths_penalty_make_a_card_of_parted_outcomes(options):
    frame, outcome = majority()
    card = Scorecard(**options).fit(frame, outcome)
    points = card.points(frame)
    assert points[outcome].max() < points[~outcome].min()
    assert np.isfinite(card.coefficients_["se"]).all()


# Selection.


def reason_of(name, frame, *, defaulted=DEFAULTED, period=None, **options):
    card = Scorecard(**options).fit(frame, defaulted, period=period)
    row = card.selection_.set_index("feature").loc[name]
    assert row["kept"] == (row["reason"] == "kept") == (name in card.card_.names)
    return row["reason"]


RNG = np.random.default_rng(21)
LEAK = np.where(DEFAULTED, 90.0, 0.0) + RNG.integers(0, 30, N_ROWS)
DRIFT = np.where(np.arange(N_ROWS) < 700, 0, 40) + FRAME["income"].fillna(40)
PERIOD = np.where(np.arange(N_ROWS) < 700, "2025Q4", "2026Q1")


@pytest.mark.parametrize(
    ("column", "options", "reason"),
    [
        (np.full(N_ROWS, 7.0), {}, "one_bin"),
        (RNG.integers(0, 2, N_ROWS), {}, "weak"),
        (FRAME["income"] + 0.1, {}, "correlated"),
        (-FRAME["income"], {}, "correlated"),
        (DRIFT, {"period": PERIOD, "max_correlation": 1.0}, "unstable"),
        (LEAK, {}, "separated"),
        (-LEAK, {}, "separated"),
        (np.where(DEFAULTED, "逾期", "正常"), {}, "separated"),
    ],
)
def test_the_reason_tells_why_a_column_is_not_on_the_card(column, options, reason):
    assert reason_of("extra", FRAME.assign(extra=column), **options) == reason


HALF = np.arange(N_ROWS) % 2 == 0
PARTED = {
    "all that defaulted are blank": np.where(DEFAULTED, np.nan, RNG.integers(0, 9, N_ROWS)),
    "all that did not are blank": np.where(DEFAULTED, RNG.integers(0, 9, N_ROWS), np.nan),
    "all that defaulted have a code": np.where(DEFAULTED, -9.0, RNG.integers(0, 9, N_ROWS)),
    "blanks and codes alone": np.where(DEFAULTED, np.nan, -9.0),
    "levels of one outcome each": np.where(DEFAULTED, "逾期", np.where(HALF, "正常", "结清")),
    "a level and blanks": pd.Series(np.where(DEFAULTED, None, "正常"), dtype=object),
}


@pytest.mark.parametrize("column", PARTED.values(), ids=PARTED)
def test_a_column_whose_groups_are_of_one_outcome_each_is_separated(column):
    binner = MonotoneBinner(special_codes={"extra": {"code": [-9]}})
    assert reason_of("extra", FRAME.assign(extra=column), binner=binner) == "separated"


def test_a_separated_column_leaves_the_others_as_they_are():
    card = Scorecard().fit(FRAME.assign(extra=LEAK), DEFAULTED)
    row = card.selection_.set_index("feature").loc["extra"]
    assert row["iv"] > card.selection_["iv"].iloc[:3].max()  # though it comes first by its value
    assert card.to_json() == CARD.to_json()


def test_one_row_that_is_not_parted_makes_a_column_that_is_not_separated():
    # A single default among the rest is enough, however strong the column is.
    column = LEAK.copy()
    column[np.flatnonzero(DEFAULTED)[0]] = 0.0
    assert reason_of("extra", FRAME.assign(extra=column)) == "kept"


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("rating", {}, "kept"),
        ("rating", {"max_p_value": 1e-9}, "kept"),
        ("kind", {"events_per_characteristic": DEFAULTED.sum() / 2}, "few_events"),
        ("rating", {"events_per_characteristic": DEFAULTED.sum() / 2}, "kept"),
        ("rating", {"period": PERIOD}, "kept"),
    ],
)
def test_the_options_decide_what_a_column_needs(name, options, reason):
    assert reason_of(name, FRAME, **options) == reason


@pytest.mark.parametrize("options", [{"min_iv": 2.0}, {"max_p_value": 0.0}], ids=str)
def test_what_no_column_reaches_leaves_them_all_out_as_weak(options):
    card = fit_empty(Scorecard(**options), FRAME, DEFAULTED)
    assert set(card.selection_["reason"]) == {"weak"}


def test_an_inflated_column_leaves_before_the_regression_meets_it():
    # Half income and half rating: correlated below 0.9 with each, yet it follows from both.
    mixed = FRAME["income"].fillna(40) / 15 - 0.8 * FRAME["rating"] * -1
    frame = FRAME.assign(income=FRAME["income"].fillna(40), mixed=mixed)
    assert "inflated" in Scorecard(max_vif=3.0).fit(frame, DEFAULTED).selection_["reason"].tolist()


def test_the_largest_stability_index_of_the_periods_is_told():
    card = Scorecard(max_psi=99.0, max_correlation=1.0)
    told = card.fit(FRAME.assign(drift=DRIFT), DEFAULTED, period=PERIOD).selection_
    told = told.set_index("feature")["psi"]
    assert told["drift"] > 0.25
    assert (told.drop("drift") < 0.1).all()
    assert CARD.selection_["psi"].isna().all()


def test_the_index_that_decides_is_the_one_beyond_chance():
    codes = CARD.binner_.bins(FRAME)
    drift = compute_stability(CARD.binner_.features_, codes, PERIOD)
    beyond = (drift["psi"] - drift["psi_by_chance"]).groupby(drift["feature"]).max()
    told = Scorecard().fit(FRAME, DEFAULTED, period=PERIOD).selection_.set_index("feature")["psi"]
    assert told.to_dict() == pytest.approx(beyond.to_dict(), rel=1e-12)


# Thirty rows a period: by chance alone the largest index of fifty is above a quarter.
MANY = np.random.default_rng(4).permutation(np.arange(N_ROWS) % 50)


def test_the_index_of_many_small_periods_without_drift_is_less_than_the_raw_one():
    codes = CARD.binner_.bins(FRAME)
    raw = compute_stability(CARD.binner_.features_, codes, MANY)["psi"]
    assert raw.max() > 0.25
    told = Scorecard(max_psi=99.0).fit(FRAME, DEFAULTED, period=MANY).selection_["psi"]
    assert (told < raw.max() - 0.1).all()


def test_many_small_periods_without_drift_leave_no_characteristic_out():
    told = Scorecard(max_psi=0.25).fit(FRAME, DEFAULTED, period=MANY).selection_
    assert set(told["reason"]) == {"kept"}


def test_rows_of_weight_zero_have_no_period():
    weights = np.where(PERIOD == "2025Q4", 0, 1)
    card = Scorecard().fit(FRAME.assign(drift=DRIFT), DEFAULTED, weights, period=PERIOD)
    assert (card.selection_["psi"] == 0).all()  # one period alone is left


@pytest.mark.parametrize("period", [PERIOD[:-1], [*PERIOD, "2026Q1"], []])
def test_periods_of_another_number_of_rows_are_refused(period):
    with pytest.raises(DomainError, match=rf"\({N_ROWS},\) is expected") as caught:
        Scorecard().fit(FRAME, DEFAULTED, period=period)
    assert caught.value.code == "shape_differs"


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["rows", "weights"])
def test_rows_without_a_period_are_refused(weights):
    period = np.where(np.arange(N_ROWS) < 3, None, PERIOD)
    with pytest.raises(DomainError, match="3 rows have no period") as caught:
        Scorecard().fit(FRAME, DEFAULTED, weights, period=period)
    assert caught.value.code == "period_missing"


def test_a_period_is_one_whatever_its_type():
    as_numbers = np.where(PERIOD == "2025Q4", 20254, 20261)
    one, other = (
        Scorecard().fit(FRAME, DEFAULTED, period=period).selection_
        for period in (PERIOD, as_numbers)
    )
    assert one["psi"].notna().all()
    pd.testing.assert_frame_equal(one, other)


NOTHING = fit_empty(Scorecard(min_iv=9.0), FRAME, DEFAULTED)


def test_without_characteristics_every_case_has_the_base_points_and_the_rate_observed():
    assert set(NOTHING.points(FRAME)) == {NOTHING.card_.base}
    np.testing.assert_allclose(prob_default(NOTHING), DEFAULTED.mean(), rtol=1e-12)
    # 600 at 50:1, 20 points a doubling
    odds = (1 - DEFAULTED.mean()) / DEFAULTED.mean()
    assert NOTHING.card_.base == round(600 + 20 * math.log2(odds / 50))


def test_without_characteristics_there_is_no_regression_and_no_reason():
    assert NOTHING.fit_ is None
    assert NOTHING.coefficients_["feature"].tolist() == ["intercept"]
    assert NOTHING.reasons(FRAME).empty
    told = NOTHING.next_step(FRAME.iloc[:2], 10_000)
    assert told[["row", "feature", "gain", "reached"]].to_numpy().tolist() == [
        [0, "", 0, False],
        [1, "", 0, False],
    ]
    assert len(NOTHING.table_) == 1


WORTHLESS = [
    ({"min_iv": 9.0}, FRAME),
    ({"binner": MonotoneBinner(1)}, FRAME[["kind"]]),
    ({}, pd.DataFrame({"drift": DRIFT})),
]


@pytest.mark.parametrize(("options", "frame"), WORTHLESS, ids=["weak", "one bin", "unstable"])
def test_a_card_without_characteristics_is_warned_of_where_it_is_fitted(options, frame):
    with pytest.warns(CardWarning) as caught:
        Scorecard(**options).fit(frame, DEFAULTED, period=PERIOD)
    assert [(str(one.message), one.filename) for one in caught] == [
        (
            f"No characteristic is on the card ({DEFAULTED.sum()} defaults in {N_ROWS} rows), so "
            "every case gets the observed rate; selection_ tells why.",
            __file__,
        )
    ]


def test_the_warning_counts_weights():
    twice = f"{2 * DEFAULTED.sum()} defaults in {2 * N_ROWS} rows"
    with pytest.warns(CardWarning, match=twice):
        Scorecard(min_iv=9.0).fit(FRAME, DEFAULTED, np.full(N_ROWS, 2))


def test_the_warning_tells_rows_beyond_a_million_in_full():
    with pytest.warns(CardWarning) as caught:
        Scorecard(min_iv=9.0).fit(FRAME, DEFAULTED, np.full(N_ROWS, 1000))
    told = f"({1000 * DEFAULTED.sum()} defaults in {1000 * N_ROWS} rows)"
    assert told in str(caught[0].message)


def test_a_regression_that_has_not_settled_is_warned_of(monkeypatch):
    hasty = partial(fit_logistic, max_iterations=1)
    monkeypatch.setattr("sanzhixin.modelling.cards.fitting.fit_logistic", hasty)
    with pytest.warns(CardWarning) as caught:
        card = Scorecard().fit(FRAME, DEFAULTED)
    assert [(str(one.message), one.filename) for one in caught] == [
        (
            "The regression had not settled after 1 steps; its coefficients are not final.",
            __file__,
        )
    ]
    assert not card.fit_.converged
    assert card.card_.names == CARD.card_.names


def test_a_column_of_one_bin_whose_blanks_count_as_its_worst_stops_no_card():
    # Its blanks have the weight of its only bin, so that its weight of evidence is constant.
    rng = np.random.default_rng(0)
    blank = rng.random(N_ROWS) < np.where(DEFAULTED, 0.5, 0.1)
    frame = FRAME.assign(income=np.where(blank, np.nan, 1.0))
    card = Scorecard(binner=MonotoneBinner(missing="worst")).fit(frame, DEFAULTED)
    assert "income" not in card.card_.names


@pytest.mark.parametrize(
    "missing",
    [
        "separate",
        "neutral",
        "worst",  # of no bin the worst is not a number
    ],
)
def test_an_all_missing_column_stops_no_card(missing):
    # Defect 7.
    card = Scorecard(binner=MonotoneBinner(missing=missing))
    assert reason_after(card, FRAME.assign(extra=np.nan)) == "one_bin"


def reason_after(card, frame):
    return card.fit(frame, DEFAULTED).selection_.set_index("feature").loc["extra", "reason"]


# What must not matter.


def test_the_order_of_the_rows_does_not_matter():
    order = np.random.default_rng(1).permutation(N_ROWS)
    turned = Scorecard().fit(FRAME.iloc[order], DEFAULTED[order])
    np.testing.assert_array_equal(turned.points(FRAME), CARD.points(FRAME))
    assert turned.card_.offset == CARD.card_.offset
    pd.testing.assert_frame_equal(turned.coefficients_, CARD.coefficients_, rtol=1e-9)


@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize("constant", [3.5, "同", True])
def test_a_constant_column_changes_nothing(place, constant):
    wider = FRAME.copy()
    wider.insert(place, "constant", constant)
    assert Scorecard().fit(wider, DEFAULTED).to_json() == CARD.to_json()


def test_the_order_of_the_columns_decides_the_order_of_the_card_alone():
    turned = FRAME[FRAME.columns[::-1]]
    card = Scorecard().fit(turned, DEFAULTED)
    assert card.card_.names == CARD.card_.names[::-1]
    np.testing.assert_array_equal(card.points(turned), CARD.points(FRAME))


@pytest.mark.parametrize(
    "options",
    [{}, {"firth": True}, {"slope_sd": None}, {"scaling": "min_max", "reference": "mean"}],
    ids=str,
)
def test_weights_are_rows_given_again(options):
    weighed = Scorecard(**options).fit(FRAME, DEFAULTED, WEIGHTS)
    again = FRAME.loc[np.repeat(np.arange(N_ROWS), WEIGHTS)].reset_index(drop=True)
    repeated = Scorecard(**options).fit(again, np.repeat(DEFAULTED, WEIGHTS))
    np.testing.assert_array_equal(weighed.points(FRAME), repeated.points(FRAME))
    if weighed.scaling == "pdo":
        assert weighed.card_.offset == repeated.card_.offset
    assert weighed.card_.offset == pytest.approx(repeated.card_.offset, rel=1e-12)
    pd.testing.assert_frame_equal(weighed.coefficients_, repeated.coefficients_, rtol=1e-8)
    pd.testing.assert_frame_equal(weighed.table_, repeated.table_, rtol=1e-8)


def test_a_row_of_weight_zero_is_a_row_left_out():
    weights = np.arange(N_ROWS) % 3 > 0
    left = Scorecard().fit(FRAME[weights], DEFAULTED[weights])
    assert Scorecard().fit(FRAME, DEFAULTED, weights).to_json() == left.to_json()


def test_equal_weights_of_one_are_no_weights():
    assert Scorecard().fit(FRAME, DEFAULTED, np.ones(N_ROWS)).to_json() == CARD.to_json()


# Reasons.


def characteristic(name, points, *, missing=None, reference=0):
    """A characteristic whose bin k holds the number k; blanks are refused or have points."""
    n_bins = len(points)
    all_points = np.array([*points, missing or 0, 0], dtype=np.int64)
    woe = all_points / 10
    woe[-1] = np.nan
    woe[-2] = np.nan if missing is None else woe[-2]
    bins = FeatureBins(
        name=name,
        kind="number",
        trend="none",
        status="binned",
        edges=tuple(k + 0.5 for k in range(n_bins - 1)),
        levels=(),
        specials=(),
        missing="separate",
        labels=(*(f"{name}{k}" for k in range(n_bins)), "missing", "unseen"),
        kinds=(*["bin"] * n_bins, "missing", "unseen"),
        events=np.ones(n_bins + 2),
        nonevents=np.ones(n_bins + 2),
        woe=woe,
        se=woe,
        iv=np.zeros(n_bins + 2),
        position=np.zeros(n_bins),
        information=InformationValue(0.1, 0.0, 0.01, 0.05, 0.2),
    )
    return CardCharacteristic(bins, 1.0, all_points, reference)


def card_of(*characteristics, base=500):
    return PointsCard(characteristics, base, 480.0, 20 / math.log(2))


SMALL = card_of(
    characteristic("a", [40, 10, -20], reference=40),
    characteristic("b", [15, 0], missing=5, reference=15),
    characteristic("c", [0, 30, 7], reference=30),
)
CASES = pd.DataFrame({"a": [2, 0, 1, 0], "b": [1, 0, np.nan, 0], "c": [2, 1, 0, 2]})


def reasons(card, frame, k=4):
    codes = np.column_stack(
        [item.bins.assign(frame[item.bins.name].to_numpy(float)) for item in card.characteristics]
    )
    return compute_reasons(card, codes, k)


def test_totals_are_sums_of_base_and_points():
    # 500 - 20 + 0 + 7; 500 + 40 + 15 + 30; 500 + 10 + 5 + 0; 500 + 40 + 15 + 7
    assert SMALL.points(CASES).tolist() == [487, 585, 515, 562]


def test_reasons_are_those_worked_by_hand():
    # Below the best: row 0 by 60, 15, 23; row 1 by nothing; row 2 by 30, 10, 30; row 3 by 23 in c.
    expected = [
        (0, 1, "a", "a2", -20, 40, 60),
        (0, 2, "c", "c2", 7, 30, 23),
        (0, 3, "b", "b1", 0, 15, 15),
        (2, 1, "a", "a1", 10, 40, 30),
        (2, 2, "c", "c0", 0, 30, 30),  # a tie, in the order of the card
        (2, 3, "b", "missing", 5, 15, 10),
        (3, 1, "c", "c2", 7, 30, 23),
    ]
    columns = ["row", "rank", "feature", "label", "points", "reference", "shortfall"]
    table = reasons(SMALL, CASES)
    assert list(table.columns) == columns
    assert list(table.itertuples(index=False, name=None)) == expected


@pytest.mark.parametrize(("k", "sizes"), [(1, {0: 1, 2: 1, 3: 1}), (2, {0: 2, 2: 2, 3: 1})])
def test_at_most_k_reasons_are_given_the_largest_first(k, sizes):
    table = reasons(SMALL, CASES, k)
    assert table.groupby("row").size().to_dict() == sizes
    whole = reasons(SMALL, CASES)
    pd.testing.assert_frame_equal(table, whole[whole["rank"] <= k].reset_index(drop=True))


def test_more_reasons_than_there_are_are_all_there_are():
    pd.testing.assert_frame_equal(reasons(SMALL, CASES, 99), reasons(SMALL, CASES, 3))


def test_no_reasons_are_asked_for_and_none_are_given():
    assert reasons(SMALL, CASES, 0).empty
    assert list(reasons(SMALL, CASES, 0).columns) == list(reasons(SMALL, CASES).columns)


@pytest.mark.parametrize("k", [-1, 1.5, 2.0, math.nan, "4", None])
@pytest.mark.parametrize("ask", [CARD.reasons, CARD.card_.reasons], ids=["fitted", "points"])
def test_a_number_of_reasons_that_cannot_be_is_refused(ask, k):
    with pytest.raises(DomainError) as caught:
        ask(FRAME, k)
    assert caught.value.code == "option_range"
    assert caught.value.en == f"k={k!r} is not possible; give a whole number of at least 0."
    assert caught.value.zh == f"k={k!r} 无效；请给出不小于 0 的整数。"


def test_no_reasons_have_the_types_of_some():
    none, some = reasons(SMALL, CASES, 0), reasons(SMALL, CASES)
    assert none.dtypes.to_dict() == some.dtypes.to_dict()


@pytest.mark.parametrize("names", list(itertools.permutations("abc")), ids="".join)
def test_ties_come_in_the_order_of_the_card(names):
    card = card_of(*(characteristic(name, [10, 0], reference=10) for name in names))
    table = reasons(card, pd.DataFrame({name: [1] for name in names}))
    assert table["feature"].tolist() == list(names)


def references(card):
    return {item.bins.name: item.reference for item in card.card_.characteristics}


def test_the_best_reference_is_the_most_points_of_a_bin():
    table = CARD.table_
    best = table[table["kind"] == "bin"].groupby("feature")["points"].max()
    assert references(CARD) == dict(best)


def safe_blanks(group):
    """Loans of which one in a hundred defaults where the group stands, of others one in five."""
    value = np.repeat([1.0, 2.0, group], 200)
    failed = np.tile(np.arange(200), 3) < np.repeat([60, 20, 2], 200)
    return pd.DataFrame({"value": value}), failed


@pytest.mark.parametrize("group", [np.nan, -9.0], ids=["missing", "special"])
@pytest.mark.parametrize("reference", ["best", "mean"])
def test_a_group_that_nobody_can_be_advised_to_join_is_no_best_reference(group, reference):
    binner = MonotoneBinner(special_codes={"value": {"refused": [-9]}})
    frame, failed = safe_blanks(group)
    card = Scorecard(binner=binner, reference=reference).fit(frame, failed)
    table = card.table_.iloc[1:]
    outside = table["kind"] != "bin"
    # The group has more points than any bin, so its rows have no shortfall.
    assert table.loc[outside, "points"].item() > table.loc[~outside, "points"].max()
    mean = math.floor((table["points"] * table["share"]).sum())
    best = table.loc[~outside, "points"].max()
    assert references(card) == {"value": {"best": best, "mean": mean}[reference]}
    assert card.reasons(frame.iloc[-1:]).empty


def test_the_best_reference_of_groups_without_a_bin_is_zero():
    frame = pd.DataFrame({"value": np.repeat([np.nan, -9.0], 300)})
    failed = np.tile(np.arange(300), 2) < np.repeat([90, 15], 300)
    binner = MonotoneBinner(special_codes={"value": {"refused": [-9]}})
    card = Scorecard(binner=binner).fit(frame, failed)
    assert card.card_.names == ("value",)
    assert references(card) == {"value": 0}


def test_the_neutral_reference_is_zero_points_and_gains_are_no_reasons():
    card = Scorecard(reference="neutral").fit(FRAME, DEFAULTED)
    table = card.reasons(FRAME)
    assert (table["reference"] == 0).all()
    assert (table["points"] < 0).all()
    assert (table["shortfall"] == -table["points"]).all()


def test_the_neutral_reference_between_ends_is_the_points_of_no_evidence():
    # Points are a straight line over the weight of evidence, up to half a point of rounding at
    # each end, and the reference is what it has at 0.
    card = Scorecard(scaling="min_max", reference="neutral").fit(FRAME, DEFAULTED)
    for item in card.card_.characteristics:
        known = np.isfinite(item.bins.woe)
        line = np.polyfit(item.bins.woe[known], item.points[known], 1)
        assert item.reference == pytest.approx(np.polyval(line, 0.0), abs=1.5)
        assert item.points[known].min() < item.reference < item.points[known].max()


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["rows", "weights"])
def test_the_mean_reference_is_the_mean_points_of_the_fitted_cases_rounded_down(weights):
    card = Scorecard(reference="mean").fit(FRAME, DEFAULTED, weights)
    table = card.table_.iloc[1:]
    mean = (table["points"] * table["share"]).groupby(table["feature"]).sum()
    assert references(card) == {name: math.floor(value) for name, value in mean.items()}


@pytest.mark.parametrize("reference", ["best", "neutral", "mean"])
def test_reasons_follow_from_the_table_of_the_card(reference):
    card = Scorecard(reference=reference).fit(FRAME, DEFAULTED)
    table = card.table_.set_index(["feature", "label"])
    rows = FRAME.iloc[:40]
    told = card.reasons(rows, 99).set_index(["row", "feature"])
    own_groups = groups(card, rows)
    expected = {}
    for name in card.card_.names:
        labels = card.binner_.tables_[name]["label"]
        for row, group in own_groups[name].items():
            own = table.loc[(name, labels[group])]
            if own["points"] < own["reference"]:
                expected[row, name] = own["reference"] - own["points"]
    assert told["shortfall"].to_dict() == expected
    assert (told["reference"] - told["points"] == told["shortfall"]).all()


def test_the_reference_changes_no_points():
    card = Scorecard(reference="mean").fit(FRAME, DEFAULTED)
    np.testing.assert_array_equal(card.points(FRAME), CARD.points(FRAME))


# The next step.


def next_step(card, frame, target, changeable=None):
    codes = np.column_stack(
        [item.bins.assign(frame[item.bins.name].to_numpy(float)) for item in card.characteristics]
    )
    return compute_next_step(card, codes, target, changeable)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        # 487 with gains of 30 or 60 in a, 15 in b, 23 in c
        (500, [("a", "a2", "a1", 30, 517, True)]),
        (517, [("a", "a2", "a1", 30, 517, True)]),
        (518, [("a", "a2", "a0", 60, 547, True)]),
        (548, [("a", "a2", "a0", 60, 570, True), ("c", "c2", "c1", 23, 570, True)]),
        (
            571,
            [
                ("a", "a2", "a0", 60, 585, True),
                ("b", "b1", "b0", 15, 585, True),
                ("c", "c2", "c1", 23, 585, True),
            ],
        ),
        (
            586,
            [
                ("a", "a2", "a0", 60, 585, False),
                ("b", "b1", "b0", 15, 585, False),
                ("c", "c2", "c1", 23, 585, False),
            ],
        ),
        (487, []),
        (300, []),
    ],
)
def test_the_next_step_is_the_one_worked_by_hand(target, expected):
    table = next_step(SMALL, CASES.iloc[:1], target)
    assert list(table.columns) == [
        "row", "feature", "from_label", "to_label", "gain", "total", "reached",
    ]  # fmt: skip
    assert [row[1:] for row in table.itertuples(index=False, name=None)] == expected


def test_only_what_can_change_is_changed():
    table = next_step(SMALL, CASES.iloc[:1], 520, ["b", "c"])
    assert table[["feature", "gain", "total"]].to_numpy().tolist() == [
        ["b", 15, 525],
        ["c", 23, 525],
    ]


def test_only_one_name_may_be_given_as_a_text():
    one, listed = (next_step(SMALL, CASES, 600, names) for names in ("b", ["b"]))
    pd.testing.assert_frame_equal(one, listed)
    assert set(one["feature"]) == {"b", ""}  # rows 1 and 3 have the best bin of b


def test_a_name_is_not_read_letter_by_letter():
    card = card_of(characteristic("ab", [20, 0]), characteristic("a", [30, 0]))
    table = next_step(card, pd.DataFrame({"ab": [1], "a": [1]}), 600, "ab")
    assert table["feature"].tolist() == ["ab"]


NOTHING_HELPS = [
    # 487, 585, 515 and 562 points; the second and the fourth row have the most of a and b.
    (600, [], [(0, 487), (1, 585), (2, 515), (3, 562)]),
    (562, [], [(0, 487), (2, 515)]),
    (600, ["a", "b"], [(1, 585), (3, 562)]),
    (600, None, [(1, 585)]),
    (586, ("c",), [(1, 585)]),
]


@pytest.mark.parametrize(("target", "changeable", "expected"), NOTHING_HELPS)
def test_a_row_that_nothing_brings_further_gets_one_line_that_says_so(target, changeable, expected):
    table = next_step(SMALL, CASES, target, changeable)
    told = table[table["feature"] == ""]
    assert told[["row", "total"]].to_numpy().tolist() == [list(pair) for pair in expected]
    assert (told[["from_label", "to_label"]] == "").all(axis=None)
    assert (told["gain"] == 0).all()
    assert not told["reached"].any()
    assert (table.loc[table["feature"] != "", "gain"] > 0).all()


def test_every_row_below_the_target_is_told_something():
    table = next_step(SMALL, CASES, 600, ["b"])
    assert table["row"].tolist() == [0, 1, 2, 3]  # in the order of the rows


TARGETS = [
    # 487 and 30 are 517.
    (517.0, [("a", 30, True)]),
    (516.2, [("a", 30, True)]),
    (517.5, [("a", 60, True)]),
    (585.01, [("a", 60, False), ("b", 15, False), ("c", 23, False)]),
    (np.float64(517.0), [("a", 30, True)]),
    (487.0, []),
]


@pytest.mark.parametrize(("target", "expected"), TARGETS)
def test_a_target_between_two_totals_is_the_upper_one(target, expected):
    table = next_step(SMALL, CASES.iloc[:1], target)
    found = table[["feature", "gain", "reached"]].itertuples(index=False, name=None)
    assert list(found) == expected


@pytest.mark.parametrize("changeable", [None, "income", ["income"]])
def test_a_fitted_card_takes_one_name_and_a_target_that_is_no_whole_number(changeable):
    rows, target = FRAME.iloc[:40], float(np.median(CARD.points(FRAME))) + 0.5
    pd.testing.assert_frame_equal(
        CARD.next_step(rows, target, changeable),
        CARD.next_step(rows, math.ceil(target), changeable and ["income"]),
    )


@pytest.mark.parametrize("target", ["x", "520", None, math.nan, (520,)])
@pytest.mark.parametrize("ask", [CARD.next_step, CARD.card_.next_step], ids=["fitted", "points"])
def test_a_target_that_is_no_number_is_refused(ask, target):
    with pytest.raises(DomainError) as caught:
        ask(FRAME, target)
    assert caught.value.code == "option_range"
    assert caught.value.en == f"target={target!r} is not possible; give a number."
    assert caught.value.zh == f"target={target!r} 无效；请给出数值。"


def test_every_row_is_above_a_target_without_a_lower_end():
    assert next_step(SMALL, CASES, -math.inf).empty


def test_no_row_reaches_a_target_without_an_upper_end():
    pd.testing.assert_frame_equal(next_step(SMALL, CASES, math.inf), next_step(SMALL, CASES, 10**6))


def test_no_steps_have_the_types_of_some():
    none, some = next_step(SMALL, CASES, 300), next_step(SMALL, CASES, 600)
    assert none.dtypes.to_dict() == some.dtypes.to_dict()


def test_rows_at_or_above_the_target_are_left_out():
    assert next_step(SMALL, CASES, 562)["row"].unique().tolist() == [0, 2]


def test_a_blank_may_be_filled_and_nothing_becomes_blank():
    card = card_of(characteristic("a", [20, 0], missing=90), characteristic("b", [0, 1]))
    frame = pd.DataFrame({"a": [1.0, np.nan], "b": [0, 0]})
    table = next_step(card, frame, 600)
    # The first fills 20 of 90 points that blanks have; the second has no better bin in a.
    assert table[["row", "feature", "to_label"]].to_numpy().tolist() == [
        [0, "a", "a0"],
        [0, "b", "b1"],
        [1, "b", "b1"],
    ]
    blank = next_step(SMALL, CASES.iloc[2:3], 520, ["b"])
    assert blank[["from_label", "to_label", "gain"]].to_numpy().tolist() == [["missing", "b0", 10]]


@pytest.mark.parametrize(
    ("changeable", "named"),
    [(["d"], "d"), (["a", "d"], "d"), (("d", "a"), "d"), ("d", "d"), (["e", "d", "e"], "d, e")],
)
@pytest.mark.parametrize("target", [600, 300])  # though no row is below the second
def test_an_unknown_changeable_column_is_refused_by_its_name(changeable, named, target):
    words = f"The card has no characteristic {named}, so it cannot be advised; the card has a, b, c"
    with pytest.raises(DomainError, match=words) as caught:
        next_step(SMALL, CASES, target, changeable)
    assert caught.value.code == "card_feature_unknown"
    assert f"评分卡没有特征 {named}" in caught.value.zh


@pytest.mark.parametrize("changeable", ["side", ["side"], ["good", "side"]])
def test_a_column_that_is_not_on_the_card_cannot_be_changed(changeable):
    frame, _ = suppressed()
    words = r"The card has no characteristic side, .* the card has good\."
    with pytest.raises(DomainError, match=words):
        SUPPRESSED.next_step(frame, 600, changeable)


points_of_bins = st.lists(st.integers(-30, 30), min_size=2, max_size=4)


@st.composite
def asked(draw):
    names = "abcd"[: draw(st.integers(1, 4))]
    given_points = {name: draw(points_of_bins) for name in names}
    row = {name: draw(st.integers(0, len(part) - 1)) for name, part in given_points.items()}
    changeable = draw(st.none() | st.lists(st.sampled_from(names), unique=True))
    return given_points, row, changeable, draw(st.integers(-130, 130))


@settings(max_examples=150, deadline=None)
@given(asked())
def test_the_fewest_changes_are_found_as_by_trying_all(case):
    given_points, row, changeable, needed = case
    free = list(given_points) if changeable is None else changeable
    card = card_of(*(characteristic(name, part) for name, part in given_points.items()), base=0)
    total = sum(part[row[name]] for name, part in given_points.items())
    table = next_step(card, pd.DataFrame({n: [v] for n, v in row.items()}), needed, changeable)
    if total >= needed:
        assert table.empty
        return
    ways = [range(len(part)) if n in free else [row[n]] for n, part in given_points.items()]
    found = [
        (
            sum(k != row[n] for k, n in zip(way, given_points, strict=True)),
            sum(part[k] for k, part in zip(way, given_points.values(), strict=True)),
        )
        for way in itertools.product(*ways)
    ]
    enough = [n_changes for n_changes, sum_ in found if sum_ >= needed]
    steps = table[table["feature"] != ""]
    assert (steps["gain"] > 0).all()
    assert (table["total"] == total + steps["gain"].sum()).all()
    if enough:
        assert table["reached"].all()
        assert len(steps) == len(table) == min(enough)
    else:
        assert not table["reached"].any()
        most = max(sum_ for _, sum_ in found)
        assert total + steps["gain"].sum() == most
        assert len(table) == max(len(steps), 1)
        assert steps.empty == (most == total)


@settings(max_examples=100, deadline=None)
@given(asked())
def test_no_change_goes_further_than_needed(case):
    given_points, row, changeable, needed = case
    card = card_of(*(characteristic(name, part) for name, part in given_points.items()), base=0)
    table = next_step(card, pd.DataFrame({n: [v] for n, v in row.items()}), needed, changeable)
    for step in table[table["reached"]].itertuples():
        gains = [points - given_points[step.feature][row[step.feature]]
                 for points in given_points[step.feature]]  # fmt: skip
        smaller = [gain for gain in gains if gain < step.gain]
        assert all(step.total - step.gain + gain < needed for gain in smaller)


def test_changing_a_row_as_told_gives_the_total_that_was_told():
    target = int(np.quantile(CARD.points(FRAME), 0.9))
    rows = FRAME.iloc[:60]
    steps = CARD.next_step(rows, target)
    firsts = {  # a value of each bin
        (name, label): FRAME[name][codes == group].iloc[0]
        for name, codes in zip(FRAME.columns, groups(CARD, FRAME).to_numpy().T, strict=True)
        for group, label in enumerate(CARD.binner_.tables_[name]["label"])
        if (codes == group).any()
    }
    changed = rows.copy()
    for step in steps.itertuples():
        changed.loc[step.row, step.feature] = firsts[step.feature, step.to_label]
    totals = steps.groupby("row")["total"].first()
    np.testing.assert_array_equal(CARD.points(changed)[totals.index], totals)
    assert (totals >= target).all()


# What fitting never saw.

COMPLETE = FRAME.assign(income=FRAME["income"].fillna(40.0))
STRANGE = {
    "blank": ("income", np.nan, "missing"),
    "level": ("kind", "外来户", "unknown"),
    "blank level": ("kind", None, "missing"),
}


def complete_card(**options):
    return Scorecard(binner=MonotoneBinner(**options)).fit(COMPLETE, DEFAULTED)


def strange_row(kind):
    name, value, _ = STRANGE[kind]
    row = COMPLETE.iloc[[0]].copy()
    row[name] = [value]
    return row.astype({"income": float})


@pytest.mark.parametrize("kind", STRANGE)
def test_what_fitting_never_saw_is_refused(kind):
    # Defects 1 and 13: peers score it silently.
    name, _, what = STRANGE[kind]
    words = rf"Column {name}: 1 values are {what}, the first in row 0 \(counted from 0\), which fi"
    with pytest.raises(RecordError, match=words):
        complete_card().points(strange_row(kind))


def test_blank_texts_in_a_column_of_numbers_are_refused_as_missing():
    with pytest.raises(RecordError, match="Column income: 2 values are missing, the first in row"):
        complete_card().points(COMPLETE.iloc[:2].assign(income=["", " "]))


def test_blanks_among_levels_are_refused_as_missing():
    rows = COMPLETE.iloc[:4].assign(kind=["农户", None, "农户", ""])
    with pytest.raises(RecordError, match="Column kind: 2 values are missing, the first in row 1"):
        complete_card().points(rows)


ASKS = {
    "points": lambda card, frame: card.points(frame),
    "reasons": lambda card, frame: card.reasons(frame),
    "next step": lambda card, frame: card.next_step(frame, 600),
}


@pytest.mark.parametrize("of", ["fitted", "card itself", "read back"])
@pytest.mark.parametrize("ask", ASKS)
def test_an_unknown_level_is_named_with_its_first_row_in_both_languages(ask, of):
    fit = complete_card()
    card = {"fitted": fit, "card itself": fit.card_, "read back": card_from_json(fit.to_json())}[of]
    frame = COMPLETE.iloc[:8].copy()
    frame.loc[[3, 5, 6], "kind"] = ["外来户", "军属", "外来户"]
    with pytest.raises(RecordError) as caught:
        ASKS[ask](card, frame.set_axis(range(80, 88)))
    assert caught.value.code == "value_unseen"
    assert caught.value.en == (
        "Column kind: 3 values are unknown, the first in row 3 (counted from 0), which "
        "fitting never saw, so nothing tells their points. Correct them, fit again, or choose "
        'unseen="worst" or "neutral".'
    )
    assert caught.value.zh == (
        "kind 列有 3 个未知取值，首个在第 3 行（从 0 起），拟合时从未出现，无从赋分；"
        '请更正、重新拟合，或改用 unseen="worst" 或 "neutral"。'
    )


# Values of some of 40 rows, by column and row, and what is told of them.
LATE = {
    "levels": (
        {"kind": {17: "外来户", 23: "军属", 38: "外来户"}},
        "kind: 3 values are unknown, the first in row 17",
    ),
    "the last row": (
        {"kind": {39: "军属"}},
        "kind: 1 values are unknown, the first in row 39",
    ),
    "blanks": (
        {"income": {20: np.nan, 39: np.nan}},
        "income: 2 values are missing, the first in row 20",
    ),
    "special": (
        {"income": {8: -9.0, 33: -9.0}},
        "income: 2 values are of the special group 拒答, the first in row 8",
    ),
    "a blank below a level": (
        {"kind": {5: "军属", 30: None}},
        "kind: 1 values are missing, the first in row 30",
    ),
    "two columns": (
        {"income": {33: np.nan}, "kind": {2: "军属"}},
        "income: 1 values are missing, the first in row 33",
    ),
}


@pytest.mark.parametrize("n_rows", [1, 7, 16, 39, 40])
@pytest.mark.parametrize(("strange", "told"), LATE.values(), ids=LATE)
def test_all_rows_are_counted_though_blocks_of_them_are_scored(strange, told, n_rows, monkeypatch):
    card = complete_card(special_codes={"income": {"拒答": [-9]}})
    rows = COMPLETE.iloc[:40].astype({"kind": object}).copy()
    for name, values in strange.items():
        for row, value in values.items():
            rows.loc[row, name] = value
    monkeypatch.setattr("sanzhixin.modelling.cards.points_card._BLOCK", n_rows)
    with pytest.raises(RecordError) as caught:
        card.points(rows)
    assert caught.value.en.startswith(f"Column {told} (counted from 0)")
    with pytest.raises(RecordError) as whole:
        card.reasons(rows)  # looks at all rows at once
    assert (caught.value.en, caught.value.zh) == (whole.value.en, whole.value.zh)


@pytest.mark.parametrize("unseen", ["refuse", "worst"])
def test_numbers_for_names_are_refused_though_the_first_block_is_blank(unseen, monkeypatch):
    monkeypatch.setattr("sanzhixin.modelling.cards.points_card._BLOCK", 7)
    rows = COMPLETE.iloc[:40].assign(kind=np.where(np.arange(40) < 20, np.nan, 3.0))
    with pytest.raises(RecordError, match="Column kind was fitted as categories and now holds num"):
        complete_card(unseen=unseen).points(rows)


def test_the_refusal_does_not_repeat_what_the_cell_holds():
    # A name or a telephone number in the wrong column would go into every log.
    rows = COMPLETE.iloc[:2].assign(kind=["农户", "张三 13800000000"])
    with pytest.raises(RecordError, match="1 values are unknown, the first in row 1") as caught:
        complete_card().points(rows)
    assert "1380" not in caught.value.en + caught.value.zh


def test_a_special_group_that_fitting_never_saw_is_named():
    card = complete_card(special_codes={"income": {"拒答": [-9]}})
    rows = COMPLETE.iloc[:3].assign(income=[40.0, -9.0, -9.0])
    words = "Column income: 2 values are of the special group 拒答, the first in row 1 "
    with pytest.raises(RecordError, match=words) as caught:
        card.points(rows)
    assert "income 列有 2 个特殊值（分组 拒答），首个在第 1 行" in caught.value.zh


@pytest.mark.parametrize("unseen", ["worst", "neutral"])
@pytest.mark.parametrize("kind", STRANGE)
def test_what_fitting_never_saw_has_the_points_that_the_policy_says(kind, unseen):
    card = complete_card(unseen=unseen)
    name = STRANGE[kind][0]
    table = card.table_[card.table_["feature"] == name].set_index("kind")["points"]
    rest = card.table_["points"][0]
    for other in set(card.card_.names) - {name}:
        labels = card.binner_.tables_[other]["label"]
        group = groups(card, COMPLETE.iloc[[0]])[other].item()
        own = card.table_
        rest += own.loc[
            (own["feature"] == other) & (own["label"] == labels[group]), "points"
        ].item()
    policy = {"worst": table["bin"].min(), "neutral": 0}[unseen]
    assert card.points(strange_row(kind))[0] == rest + policy


@pytest.mark.parametrize(
    "ask", ["points", "predict_proba", "predict", "decision_function", "reasons"]
)
def test_every_answer_refuses_what_fitting_never_saw(ask):
    with pytest.raises(RecordError, match="which fitting never saw"):
        getattr(complete_card(), ask)(strange_row("blank"))


def test_the_rows_that_are_refused_are_counted():
    frame = COMPLETE.assign(kind=np.where(np.arange(N_ROWS) < 7, "外来户", COMPLETE["kind"]))
    with pytest.raises(RecordError, match=r"7 values are unknown, the first in row 0"):
        complete_card().points(frame)


@pytest.mark.parametrize(
    ("column", "match"),
    [
        (
            {"income": "40.0"},
            "Column income was fitted as numbers and now holds texts, such as '40.0'",
        ),
        ({"kind": 3}, "Column kind was fitted as categories and now holds numbers"),
    ],
)
def test_a_column_of_another_kind_is_refused(column, match):
    # Defect 2: a peer compares numbers in a column of texts as texts.
    with pytest.raises(RecordError, match=match):
        CARD.points(FRAME.assign(**column))


def test_an_infinite_number_is_refused():
    with pytest.raises(DomainError, match="Column income holds 1 infinite numbers"):
        CARD.points(FRAME.assign(income=[np.inf, *FRAME["income"][1:]]))


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(
        ValueError, match=r"(?s)Feature names seen at fit time, yet now missing.*kind"
    ):
        CARD.points(FRAME.drop(columns="kind"))


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="0 sample"):
        CARD.points(FRAME.iloc[:0])


@pytest.mark.parametrize("missing", ["worst", "neutral"])
def test_blanks_have_the_points_that_the_policy_says(missing):
    card = Scorecard(binner=MonotoneBinner(missing={"income": missing})).fit(FRAME, DEFAULTED)
    table = card.table_[card.table_["feature"] == "income"].set_index("kind")["points"]
    assert table["missing"] == {"worst": table["bin"].min(), "neutral": 0}[missing]


def test_special_codes_have_points_of_their_own():
    income = FRAME["income"].fillna(-9.0)
    frame = FRAME.assign(income=income)
    binner = MonotoneBinner(special_codes={"income": {"refused": [-9]}})
    card = Scorecard(binner=binner).fit(frame, DEFAULTED)
    table = card.table_.set_index(["feature", "label"])["points"]
    one, other = frame.iloc[[0]].assign(income=-9.0), frame.iloc[[0]].assign(income=1e4)
    best = table["income"].iloc[-2]  # the last bin, before the special group
    assert card.points(one)[0] - card.points(other)[0] == table["income", "refused"] - best


# What is refused in fitting.


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"scaling": "log"}, "scaling='log' is not possible; give one of pdo, min_max"),
        (
            {"reference": "worst"},
            "reference='worst' is not possible; give one of best, neutral, mean",
        ),
        ({"pdo": 0}, "The scale pdo=0"),
        ({"pdo": 0.09}, "The scale pdo=0.09"),
        ({"pdo": 1_000_001}, "The scale pdo=1000001"),
        ({"base_score": -1_000_001}, "base=-1000001"),
        ({"slope_sd": 0}, "slope_sd=0"),
        ({"slope_sd": -1.0}, r"slope_sd=-1\.0"),
        ({"base_odds": -1}, "at -1:1 is not possible"),
        ({"scaling": "min_max", "score_range": (850, 300)}, "lowest=850, highest=300"),
        ({"scaling": "min_max", "score_range": (0.5, 3)}, "lowest=0.5, highest=3"),
        ({"score_range": (300, 850, 900)}, r"The scale score_range=\(300, 850, 900\) is not poss"),
        ({"score_range": (300,)}, r"score_range=\(300,\)"),
        ({"score_range": 850, "scaling": "min_max"}, "score_range=850"),
        ({"score_range": None}, "score_range=None"),
        ({"pdo": "20"}, r"pdo='20' is not possible; give a number\."),
        ({"pdo": math.nan}, r"pdo=nan is not possible; give a number\."),
        ({"pdo": math.inf}, "The scale pdo=inf"),
        ({"base_score": "600"}, r"base_score='600' is not possible; give a number\."),
        ({"base_score": None}, "base_score=None is not possible"),
        ({"base_odds": "50:1"}, r"base_odds='50:1' is not possible; give a number\."),
        ({"slope_sd": "1"}, r"slope_sd='1' is not possible; give a number\."),
        ({"slope_sd": math.nan}, "slope_sd=nan is not possible"),
        ({"firth": "no"}, "firth='no' is not possible; give one of True, False"),
        ({"slope_shrinkage": None}, "slope_shrinkage=None is not possible"),
        ({"min_iv": -0.1}, r"min_iv=-0.1 is not possible; give a number of at least 0\."),
        ({"min_iv": "0.1"}, "min_iv='0.1' is not possible"),
        ({"max_p_value": 1.5}, r"max_p_value=1.5 is not possible; give a number from 0 to 1\."),
        ({"max_p_value": -0.1}, "max_p_value=-0.1"),
        ({"max_p_value": math.nan}, "max_p_value=nan"),
        ({"max_p_value": None}, "max_p_value=None"),
        ({"max_correlation": 1.1}, r"max_correlation=1\.1 .*; give a number from 0 to 1\."),
        ({"max_vif": 0.9}, r"max_vif=0.9 is not possible; give a number of at least 1\."),
        ({"max_psi": -1}, r"max_psi=-1 is not possible; give a number of at least 0\."),
        ({"events_per_characteristic": -5}, "events_per_characteristic=-5 is not possible"),
        ({"binner": MonotoneBinner(unseen="guess")}, "unseen='guess' is not possible"),
        ({"binner": MonotoneBinner(edits=[BinEdit("age", "split", 1)])}, "edits names age"),
    ],
)
def test_impossible_options_are_refused_in_fitting(options, match):
    with pytest.raises(DomainError, match=match):
        Scorecard(**options).fit(FRAME, DEFAULTED)


CODES = [
    ({"scaling": "log"}, "option_choice"),
    ({"reference": "worst"}, "option_choice"),
    ({"max_p_value": 2}, "option_range"),
    ({"pdo": "20"}, "option_range"),
    ({"base_score": "600"}, "option_range"),
    ({"base_odds": "50"}, "option_range"),
    ({"slope_sd": "1"}, "option_range"),
    ({"slope_sd": -1.0}, "slope_sd"),
    ({"max_vif": None}, "option_range"),
    ({"binner": MonotoneBinner(0)}, "option_range"),
    ({"score_range": (1, 2, 3)}, "scale_option"),
    ({"scaling": "min_max", "score_range": (850, 300)}, "scale_option"),
]


@pytest.mark.parametrize(("options", "code"), CODES)
def test_impossible_options_are_refused_with_their_code_in_both_languages(options, code):
    with pytest.raises(DomainError) as caught:
        Scorecard(**options).fit(FRAME, DEFAULTED)
    assert caught.value.code == code
    assert re.search("无效|须为", caught.value.zh)


ENDS = {
    "min_iv": (0, math.inf),
    "max_p_value": (0, 1),
    "max_correlation": (0, 1),
    "max_vif": (1, math.inf),
    "max_psi": (0, math.inf),
    "events_per_characteristic": (0, math.inf),
}


REACHED_BY_NONE = [
    ("min_iv", math.inf),
    ("max_p_value", 0),
    ("events_per_characteristic", math.inf),
]


@pytest.mark.parametrize(("name", "ends"), ENDS.items())
def test_both_ends_of_the_range_of_an_option_are_possible(name, ends):
    for end in ends:
        fit = fit_empty if (name, end) in REACHED_BY_NONE else Scorecard.fit
        card = fit(Scorecard(**{name: end}), FRAME, DEFAULTED)
        assert prob_default(card).mean() == pytest.approx(DEFAULTED.mean(), rel=1e-12)


@pytest.mark.parametrize("scaling", ["pdo", "min_max"])
@pytest.mark.parametrize(
    ("ends", "named"),
    [
        (("300", "850"), "'300'"),
        ((300, "850"), "'850'"),
        ((None, 850), "None"),
        ((300, math.nan), "nan"),
    ],
)
def test_ends_of_the_total_that_are_no_numbers_are_refused(ends, named, scaling):
    with pytest.raises(DomainError) as caught:
        Scorecard(scaling=scaling, score_range=ends).fit(FRAME, DEFAULTED)
    assert caught.value.code == "option_range"
    assert caught.value.en == f"score_range={named} is not possible; give a number."
    assert caught.value.zh == f"score_range={named} 无效；请给出数值。"


def test_ends_of_the_total_of_unequal_length_are_refused():
    with pytest.raises(DomainError):
        Scorecard(score_range=(1, (2, 3))).fit(FRAME, DEFAULTED)


@pytest.mark.parametrize("also", [{}, {"firth": True}, {"min_iv": 9.0}], ids=str)
@pytest.mark.parametrize("slope_sd", [0, 0.0, -0.0])
def test_a_prior_of_no_deviation_is_refused_with_and_without_a_regression(slope_sd, also):
    with pytest.raises(DomainError) as caught:
        Scorecard(slope_sd=slope_sd, **also).fit(FRAME, DEFAULTED)
    assert caught.value.code == "slope_sd"
    assert caught.value.en == f"slope_sd={slope_sd} must be positive; None fits without a prior."
    assert caught.value.zh == f"slope_sd={slope_sd} 须为正数；不用先验时请设为 None。"


def test_options_are_looked_at_before_the_data():
    with pytest.raises(DomainError, match="max_p_value=2"):
        Scorecard(max_p_value=2).fit(None, None)


def test_outcomes_of_one_class_are_refused():
    with pytest.raises(EvidenceError, match="All 1500 rows are of one class"):
        Scorecard().fit(FRAME, np.zeros(N_ROWS))


def test_edits_are_kept_with_the_card():
    edit = BinEdit("income", "split", 30, reason="贫困线", by="hs", on="2026-11-02")
    card = Scorecard(binner=MonotoneBinner(edits=[edit])).fit(FRAME, DEFAULTED)
    assert card.card_.edits == (edit,)
    assert 30 in card.card_.characteristics[0].bins.edges


# The card itself.


def test_the_card_scores_a_frame_with_more_columns_in_another_order():
    wider = FRAME.assign(note="无")[["rating", "note", "kind", "income"]]
    np.testing.assert_array_equal(CARD.card_.points(wider), CARD.points(FRAME))


def test_the_card_refuses_an_array_and_a_frame_without_its_columns():
    with pytest.raises(DomainError, match="A ndarray was given; a card reads columns by name"):
        CARD.card_.points(FRAME.to_numpy())
    with pytest.raises(DomainError, match="The card needs the columns kind, rating"):
        CARD.card_.points(FRAME[["income"]])


def test_a_card_of_no_rows_gives_no_points():
    assert CARD.card_.points(FRAME.iloc[:0]).tolist() == []


def test_a_card_is_not_changed_by_what_is_made_from_it():
    other = replace(CARD.card_, base=CARD.card_.base + 10)
    np.testing.assert_array_equal(other.points(FRAME), CARD.points(FRAME) + 10)


def wide_card(n_columns=9, n_rows=3000):
    rng = np.random.default_rng(6)
    X = rng.normal(size=(n_rows, n_columns))
    y = rng.random(n_rows) < 1 / (1 + np.exp(2 - X.sum(axis=1) / 2))
    return Scorecard().fit(X, y), X


def test_points_looked_up_together_are_the_sum_of_those_of_each_characteristic():
    # Nine columns of some ten groups make 10^9 sums, so there are several tables.
    card, X = wide_card()
    codes = card.binner_.bins(X)
    items = {item.bins.name: item.points for item in card.card_.characteristics}
    assert np.prod([points.size for points in items.values()]) > 1e6
    names = [bins.name for bins in card.binner_.features_]
    each = [items[name][codes[:, names.index(name)]] for name in items]
    np.testing.assert_array_equal(card.points(X), card.card_.base + np.sum(each, axis=0))


@pytest.mark.parametrize("block", [1, 7, 64])
def test_blocks_of_rows_are_scored_as_single_rows_are(block, monkeypatch):
    card, X = wide_card(n_rows=500)
    whole = card.points(X)
    monkeypatch.setattr("sanzhixin.modelling.cards.points_card._BLOCK", block)
    np.testing.assert_array_equal(card.points(X), whole)
    np.testing.assert_array_equal([card.points(X[[k]]).item() for k in range(20)], whole[:20])
