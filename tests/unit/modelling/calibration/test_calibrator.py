"""Points to default probabilities with bounds.

Witnesses: scikit-learn and statsmodels for the logistic curve and its band, functions of numerics
that have tests of their own, cases worked by hand, outcomes drawn from known curves, and
invariances.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import beta, binom, norm
from sklearn.base import clone
from sklearn.isotonic import IsotonicRegression

from sanzhixin import ScoreCalibrator
from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling.calibration.curves import (
    Curve,
    Loans,
    anchor_curve,
    bayesian_curve,
    isotonic_curve,
)
from sanzhixin.numerics.calibration_curves import fit_isotonic_blocks
from sanzhixin.numerics.intervals import jeffreys_interval
from sanzhixin.numerics.low_default import bayesian_low_default, pluto_tasche
from sanzhixin.numerics.moment_matching import implied_auc

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import statsmodels.api as sm

METHODS = ["pluto_tasche", "bayesian", "logistic", "firth", "beta", "isotonic"]


def loans(n_loans=4000, middle=560, seed=1):
    rng = np.random.default_rng(seed)
    points = rng.integers(600, 800, n_loans)
    return points, rng.random(n_loans) < expit((middle - points) / 40)


POINTS, FAILED = loans()


@pytest.mark.parametrize("method", METHODS)
def test_no_value_rises_with_the_points_and_bounds_hold_the_probability(method):
    table = ScoreCalibrator(method).fit(*loans(20_000)).table_
    assert table["points"].tolist() == list(range(600, 800))
    for name in ("prob_default", "lower", "upper"):
        assert table[name].between(0, 1).all()
        assert (table[name].diff().dropna() <= 1e-15).all()
    assert (table["lower"] <= table["prob_default"]).all()
    assert (table["prob_default"] <= table["upper"]).all()


def test_the_logistic_curve_and_its_band_are_those_of_statsmodels():
    calibrator = ScoreCalibrator("logistic").fit(POINTS, FAILED)
    design = sm.add_constant(POINTS.astype(float))
    fit = sm.Logit(FAILED.astype(float), design).fit(disp=0, tol=1e-12)
    grid = calibrator.table_["points"].to_numpy(dtype=float)
    predicted = fit.get_prediction(sm.add_constant(grid))
    np.testing.assert_allclose(calibrator.table_["prob_default"], predicted.predicted, rtol=1e-6)
    rows = sm.add_constant(grid)
    error = np.sqrt(np.einsum("ni,ij,nj->n", rows, fit.cov_params(), rows))
    inner = slice(5, 150)  # beyond, the band is held to what a falling curve allows
    upper = expit(logit(predicted.predicted) + norm.ppf(0.975) * error)
    np.testing.assert_allclose(calibrator.table_["upper"][inner], upper[inner], rtol=1e-5)


@pytest.mark.parametrize("method", ["logistic", "firth", "beta", "isotonic"])
def test_the_mean_is_the_observed_rate(method):
    points, failed = loans(20_000)
    prob = ScoreCalibrator(method).fit(points, failed).predict_proba(points)[:, 1]
    if method == "isotonic":  # but for its best block, which has no default
        prob[prob == prob.min()] = 0
    assert prob.mean() == pytest.approx(failed.mean(), rel=1e-8)


def test_the_isotonic_curve_is_that_of_scikit_learn_with_bounds_of_its_blocks():
    points, failed = loans(20_000)
    calibrator = ScoreCalibrator("isotonic").fit(points, failed)
    theirs = IsotonicRegression(increasing=False).fit(points, failed).predict(points)
    prob = calibrator.predict_proba(points)[:, 1]
    none = theirs == 0
    np.testing.assert_allclose(prob[~none], theirs[~none], atol=1e-12)
    assert 0 < none.sum() < 1000
    median = beta.ppf(0.5, 0.5, none.sum() + 0.5)
    np.testing.assert_allclose(prob[none], median, rtol=1e-9)
    blocks = fit_isotonic_blocks(points, failed)
    place = blocks.place(points)
    bounds = calibrator.predict_bounds(points)
    np.testing.assert_allclose(bounds, np.stack([blocks.lower[place], blocks.upper[place]], axis=1))


def test_prudent_grades_are_those_of_the_function_worst_grade_last():
    points, failed = loans(900, middle=480)
    calibrator = ScoreCalibrator("pluto_tasche", grades=[600, 660, 720]).fit(points, failed)
    grade = np.searchsorted([600, 660, 720], points, side="right") - 1
    d, n = (np.bincount(grade, own, minlength=3)[::-1] for own in (failed, np.ones(900)))
    at = calibrator.table_.set_index("points").loc[[720, 660, 600]]
    for name, confidence in (("prob_default", 0.5), ("upper", 0.95)):
        expected = pluto_tasche(d, n, confidence=confidence)
        np.testing.assert_allclose(at[name], expected, rtol=1e-12)
    worst = jeffreys_interval(d[2], n[2]).lower.item()
    assert at["lower"].iloc[2] == pytest.approx(worst, rel=1e-12)
    assert calibrator.basis_ == "prudent"
    correlated = ScoreCalibrator("pluto_tasche", grades=[600, 660, 720], correlation=0.1)
    assert (correlated.fit(points, failed).table_["upper"] >= calibrator.table_["upper"]).all()


def test_without_any_default_only_prudent_and_bayesian_rates_are_given():
    points = np.repeat([650, 700, 750], 100)
    never = np.zeros(300, dtype=bool)
    prudent = ScoreCalibrator().fit(points, never)
    assert prudent.method_ == "pluto_tasche"
    assert "0 defaults in 300 loans" in prudent.reason_
    # Five grades of three numbers of points are three; the best pools all 300: 1 - .5 ** (1 / 300).
    assert prudent.table_["prob_default"].iloc[-1] == pytest.approx(1 - 0.5 ** (1 / 300), rel=1e-9)
    assert (prudent.table_["lower"] == 0).all()
    rate = ScoreCalibrator("bayesian").fit(points, never).table_["prob_default"]
    assert rate.tolist() == pytest.approx([1 / 301] * 101, rel=1e-12)
    for method in ("logistic", "firth", "beta", "isotonic"):
        with pytest.raises(EvidenceError, match="0 defaults in 300 loans"):
            ScoreCalibrator(method).fit(points, never)


def test_the_bayesian_curve_has_the_posterior_rate_and_the_area_that_was_given():
    points, failed = loans(900, middle=480)
    calibrator = ScoreCalibrator("bayesian", auc=0.7).fit(points, failed)
    prob = calibrator.predict_proba(points)[:, 1]
    expected = bayesian_low_default(int(failed.sum()), 900)
    assert prob.mean() == pytest.approx(expected.mean, rel=1e-9)
    assert implied_auc(points, prob) == pytest.approx(0.7, abs=1e-8)
    bounds = calibrator.predict_bounds(points).mean(axis=0)
    assert bounds.tolist() == pytest.approx([expected.lower, expected.upper], rel=1e-6)


def isotonic(defaults, n_loans, level=0.95):
    """Curve of one block for each count, whose points ascend from 0."""
    points = np.arange(len(defaults))
    counts = Loans(points, np.array(defaults, float), np.array(n_loans, float))
    return isotonic_curve(counts, points, level=level)


def test_blocks_of_one_outcome_take_the_median_of_their_posterior():
    curve = isotonic([250, 100, 0], [250, 400, 300])
    medians = beta.ppf(0.5, [250.5, 0.5], [0.5, 300.5])
    assert curve.prob_default.tolist() == pytest.approx([medians[0], 0.25, medians[1]], rel=1e-12)


def test_the_median_goes_no_further_than_the_rate_of_the_block_beside_it():
    # Beta(.5, 5.5) has its median at .04, above 2 / 400, and mirrored below 398 / 400.
    curve = isotonic([5, 398, 2, 0], [5, 400, 400, 5])
    assert curve.prob_default.tolist() == [398 / 400, 398 / 400, 2 / 400, 2 / 400]


def test_blocks_that_part_all_outcomes_are_drawn_inwards():
    curve = isotonic([200, 0], [200, 200])
    medians = beta.ppf(0.5, [200.5, 0.5], [0.5, 200.5])
    assert curve.prob_default.tolist() == pytest.approx(medians.tolist(), rel=1e-12)


BLOCKS = st.lists(
    st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=6,
)


@given(BLOCKS, st.sampled_from([0.01, 0.5, 0.95, 0.999]))
def test_bounds_of_steps_hold_the_probability_and_never_rise(counts, level):
    d, n = np.array([(300, 300), *counts, (0, 1), (0, 300)]).T
    curve = isotonic(d, n, level)
    assert (curve.lower <= curve.prob_default).all()
    assert (curve.prob_default <= curve.upper).all()
    for values in (curve.prob_default, curve.lower, curve.upper):
        assert (np.diff(values) <= 0).all()
    assert ((curve.prob_default > 0) & (curve.prob_default < 1)).all()


def test_frequencies_that_are_not_whole_are_not_rounded():
    counts = Loans(np.array([600, 700]), np.array([1.3, 0.2]), np.array([40.4, 60.0]))
    curve = bayesian_curve(counts, np.array([600, 700]), level=0.95)
    assert curve.prob_default[0] == pytest.approx(2.5 / 101.4, rel=1e-12)
    assert curve.upper[0] == pytest.approx(beta.ppf(0.975, 2.5, 98.9), rel=1e-12)


# The choice of the method.


def test_few_defaults_get_prudent_bounds_and_the_reason():
    # "6 defaults in 900 loans" of the style guide.
    points = np.tile(np.arange(600, 690), 10)
    failed = np.zeros(900, dtype=bool)
    failed[[0, 95, 190, 285, 400, 520]] = True
    calibrator = ScoreCalibrator().fit(points, failed)
    assert calibrator.method_ == "pluto_tasche"
    assert calibrator.reason_.startswith("6 defaults in 900 loans; 20 defaults")
    width = calibrator.table_["upper"] - calibrator.table_["lower"]
    assert (width > 0.005).all()


def test_a_slope_is_taken_from_twenty_defaults_and_a_bend_where_it_is_worth_it():
    assert ScoreCalibrator().fit(*loans(3000, 520)).method_ == "logistic"
    points = np.tile(np.arange(0, 101), 400)
    rng = np.random.default_rng(3)
    share = (points + 0.5) / 101
    bent = rng.random(points.size) < expit(-4 - np.log(share) + 0.1 * np.log1p(-share))
    calibrator = ScoreCalibrator().fit(points, bent)
    assert calibrator.method_ == "beta"
    assert calibrator.reason_.startswith("a bend is worth its parameter")
    straight = ScoreCalibrator().fit(*loans(20_000))
    assert (straight.method_, "is not worth" in straight.reason_) == ("logistic", True)


def test_default_that_rises_with_the_points_is_no_curve():
    points, failed = loans(5000)
    with pytest.raises(EvidenceError, match="rise"):
        ScoreCalibrator("logistic").fit(1400 - points, failed)
    assert ScoreCalibrator().fit(1400 - points, failed).method_ == "pluto_tasche"


# The anchor.


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("anchor", [0.003, 0.02, 0.4])
def test_the_mean_is_the_anchor_and_the_record_says_what_was_moved(method, anchor):
    points, failed = loans(20_000)
    plain = ScoreCalibrator(method).fit(points, failed)
    calibrator = ScoreCalibrator(method, anchor).fit(points, failed)
    prob = calibrator.predict_proba(points)[:, 1]
    assert prob.mean() == pytest.approx(anchor, abs=1e-9)
    assert calibrator.basis_ == "anchored"
    record = calibrator.anchor_
    assert record.before == pytest.approx(plain.predict_proba(points)[:, 1].mean(), rel=1e-12)
    inner = plain.table_["prob_default"].between(1e-12, 1 - 1e-12)
    moved = logit(calibrator.table_["prob_default"]) - logit(plain.table_["prob_default"])
    np.testing.assert_allclose(moved[inner], record.shift, atol=1e-6)
    assert (calibrator.table_["lower"] <= calibrator.table_["upper"]).all()


def stepped(*values):
    """Curve of the same values as its bounds, and ten loans at each number of points."""
    points, each = np.arange(len(values)), np.full(len(values), 10.0)
    prob = np.array(values, float)
    return Curve(points, prob, prob, prob), Loans(points, np.zeros(len(values)), each)


@pytest.mark.parametrize(
    ("values", "anchor", "words"),
    [
        ((1.0, 1.0), 0.02, "rate of 0.02 .* 20 of 20 loans .* between 1 and 1"),
        ((0.0, 0.0), 0.02, "between 0 and 0"),
        ((1.0, 0.0), 0.02, "between 0.5 and 0.5"),
        ((1.0, 0.1, 0.05), 0.3, "10 of 30 loans .* between 0.3333 and 1"),
        ((1.0, 0.1, 0.05), 1 / 3, "between 0.3333 and 1"),
        ((0.4, 0.1, 0.0), 0.7, "between 0 and 0.6667"),
    ],
)
def test_an_anchor_that_no_shift_reaches_is_refused(values, anchor, words):
    with pytest.raises(EvidenceError, match=words) as caught:
        anchor_curve(*stepped(*values), anchor)
    assert caught.value.code == "anchor_unreachable"
    assert "leave the rate out" in caught.value.en


def test_loans_of_certain_default_are_part_of_the_mean_and_stay():
    moved, _ = anchor_curve(*stepped(1.0, 0.1, 0.05), 0.4)
    assert moved.prob_default.mean() == pytest.approx(0.4, abs=1e-12)
    assert moved.prob_default[0] == 1.0


def test_an_anchor_of_all_or_nothing_is_no_probability():
    with pytest.raises(DomainError, match=r"anchor=1\.0 must lie strictly between"):
        anchor_curve(*stepped(0.3, 0.1), 1.0)


@pytest.mark.parametrize("anchor", [0.01, 0.5])
def test_a_prudent_curve_keeps_what_its_bounds_held(anchor):
    points, each = np.arange(4), np.array([0.0, 10, 10, 10])
    prob = np.array([np.nan, 0.3, 0.1, 0.05])
    before = Curve(points, prob, prob / 2, 2 * prob)
    own = Loans(points[1:], np.zeros(3), each[1:])
    plain, shift = anchor_curve(before, own, anchor)
    moved, again = anchor_curve(before, own, anchor, is_prudent=True)
    assert again == shift
    np.testing.assert_array_equal(moved.prob_default, plain.prob_default)
    np.testing.assert_array_equal(moved.upper, np.maximum(plain.upper, before.upper))
    np.testing.assert_array_equal(moved.lower, np.minimum(plain.lower, before.lower))
    for values in (moved.prob_default, moved.lower, moved.upper):
        assert np.isnan(values).tolist() == [True, False, False, False]
        assert (np.diff(values[1:]) <= 0).all()


# Errors of measurement.


def test_an_error_of_the_points_widens_the_band_by_the_slope():
    plain = ScoreCalibrator("logistic").fit(POINTS, FAILED).table_.iloc[60]
    wide = ScoreCalibrator("logistic", points_error=15).fit(POINTS, FAILED).table_.iloc[60]
    fit = sm.Logit(FAILED.astype(float), sm.add_constant(POINTS.astype(float))).fit(disp=0)
    z = norm.ppf(0.975)
    before, after = (
        (logit(row["upper"]) - logit(row["prob_default"])) / z for row in (plain, wide)
    )
    reliability = 1 - 15**2 / POINTS.var()
    extra = 15 * fit.params[1] / np.sqrt(reliability)
    assert after == pytest.approx(np.hypot(before, extra), rel=1e-4)


# Conventions.


@given(st.integers(0, 2**32 - 1))
def test_weights_are_frequencies_and_order_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    weights = rng.integers(0, 3, POINTS.size)
    rows = rng.permutation(np.repeat(np.arange(POINTS.size), weights))
    once = ScoreCalibrator("logistic", attainable=(600, 799)).fit(POINTS, FAILED, weights)
    again = ScoreCalibrator("logistic", attainable=(600, 799)).fit(POINTS[rows], FAILED[rows])
    pd.testing.assert_frame_equal(once.table_, again.table_, rtol=1e-7)


def test_a_column_is_taken_as_its_values():
    flat = ScoreCalibrator().fit(POINTS, FAILED)
    column = ScoreCalibrator().fit(POINTS[:, np.newaxis].astype(float), FAILED)
    pd.testing.assert_frame_equal(flat.table_, column.table_)
    np.testing.assert_array_equal(
        flat.predict_proba(POINTS), column.predict_proba(POINTS[:, np.newaxis])
    )


def test_points_beyond_the_table_are_those_of_its_ends():
    calibrator = ScoreCalibrator(attainable=(500, 900)).fit(POINTS, FAILED)
    assert calibrator.table_["points"].iloc[[0, -1]].tolist() == [500, 900]
    prob = calibrator.predict_proba([-10, 500, 900, 5000])[:, 1]
    assert (prob[0], prob[2]) == (prob[1], prob[3])


def test_a_clone_fits_the_same_table_and_labels_are_kept():
    calibrator = ScoreCalibrator("firth", 0.02, level=0.9, attainable=(600, 800))
    first = calibrator.fit(POINTS, np.where(FAILED, 2, 1))
    assert first.classes_.tolist() == [1, 2]
    assert set(first.predict(POINTS)) <= {1, 2}
    again = clone(calibrator).fit(POINTS, np.where(FAILED, 2, 1))
    pd.testing.assert_frame_equal(first.table_, again.table_)


REFUSED = [
    ({"method": "platt"}, "option_choice", "method='platt'"),
    ({"anchor": 1}, "option_range", "anchor=1"),
    ({"anchor": 0}, "probability_open", "strictly between"),
    ({"level": 0}, "probability_open", "strictly between"),
    ({"level": 1.5}, "option_range", "level=1.5"),
    ({"correlation": 1}, "option_range", "correlation=1"),
    ({"auc": 0.4}, "option_range", "auc=0.4"),
    ({"points_error": -1}, "option_range", "points_error=-1"),
    ({"method": "pluto_tasche", "grades": [700, 600]}, "calibration_grades", "must be whole"),
    ({"method": "pluto_tasche", "grades": ["a"]}, "calibration_grades", "must be whole"),
    ({"attainable": (610, 800)}, "calibration_points", "610 to 800"),
]


@pytest.mark.parametrize(("options", "code", "words"), REFUSED)
def test_impossible_options_are_refused(options, code, words):
    with pytest.raises(DomainError, match=words) as caught:
        ScoreCalibrator(**options).fit(POINTS, FAILED)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "points", [[1.5, 2], [np.nan, 1], [np.inf, 1], ["1", "2"], [[1, 2], [3, 4]], [], [None, 1]]
)
def test_points_that_are_no_column_of_whole_numbers_are_refused(points):
    with pytest.raises(DomainError, match="one column of whole numbers"):
        ScoreCalibrator().fit(points, [0, 1][: len(points)])


def test_outcomes_of_another_length_are_refused():
    with pytest.raises(DomainError):
        ScoreCalibrator().fit(POINTS, FAILED[:-1])


def test_bounds_of_drawn_outcomes_cover_the_true_rate_about_as_often_as_they_say():
    covered = []
    for seed in range(120):
        points, failed = loans(3000, 540, seed=[7, seed])
        row = ScoreCalibrator("logistic", attainable=(600, 799)).fit(points, failed).table_.iloc[80]
        covered.append(row["lower"] <= expit((540 - 680) / 40) <= row["upper"])
    assert binom.ppf(0.0005, 120, 0.95) <= sum(covered)


def test_bounds_with_an_error_of_the_points_hold_the_own_standing_of_households():
    # Standing and error are drawn; of every household the true default probability is known.
    rng = np.random.default_rng(11)
    standing = rng.normal(700, 40, 60_000)
    points = np.rint(standing + rng.normal(0, 30, standing.size)).astype(int)
    own = expit((560 - standing) / 40)
    failed = rng.random(own.size) < own
    found = ScoreCalibrator("logistic", points_error=30).fit(points, failed)
    lower, upper = found.predict_bounds(points).T
    held = ((lower <= own) & (own <= upper)).mean()
    assert 0.93 < held < 0.97
    # Without it they hold the rate of all with so many points, far fewer of the single ones.
    lower, upper = ScoreCalibrator("logistic").fit(points, failed).predict_bounds(points).T
    assert ((lower <= own) & (own <= upper)).mean() < 0.5


def test_an_error_as_large_as_the_spread_is_refused():
    points, failed = np.repeat([600, 640], 400), np.arange(800) % 400 < np.repeat([80, 20], 400)
    with pytest.raises(EvidenceError, match="points_error is 20"):
        ScoreCalibrator("logistic", points_error=20).fit(points, failed)
    ScoreCalibrator("logistic", points_error=19).fit(points, failed)


def test_the_confidence_of_a_prudent_value_is_at_most_that_of_its_bound():
    points, failed = np.repeat([600, 640], 40), np.arange(80) % 40 < 1
    with pytest.raises(DomainError, match=r"above 0 and at most at 0\.95"):
        ScoreCalibrator("pluto_tasche", confidence=0.99).fit(points, failed)
