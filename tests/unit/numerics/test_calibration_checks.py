"""Judging probabilities by outcomes.

Witnesses: scikit-learn for the Brier score and the areas, every pair of loans for the errors of the
areas, cases worked by hand, and simulations of right probabilities, whose bounds are left once in a
thousand seeds.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, kstest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.calibration_checks import (
    compare_auc,
    decompose_brier,
    expected_calibration_error,
    hosmer_lemeshow_test,
    log_loss_gain,
    log_losses,
    spiegelhalter_test,
)

LOANS = st.lists(
    st.tuples(st.sampled_from([0.01, 0.1, 0.25, 0.5, 0.9]), st.booleans(), st.integers(0, 3)),
    min_size=1,
    max_size=40,
)


def arrays(loans):
    return (np.array(column) for column in zip(*loans, strict=True))


# Logarithm.


@given(LOANS)
def test_the_mean_of_the_losses_is_that_of_scikit_learn(loans):
    prob, failed, _ = arrays(loans)
    assert log_losses(prob, failed).mean() == pytest.approx(
        log_loss(failed, prob, labels=[0, 1]), rel=1e-12
    )


def test_a_gain_is_the_difference_of_the_losses_and_that_of_one_fit_is_none():
    prob, failed = np.array([0.2, 0.4, 0.3]), np.array([1, 0, 1])
    gain = log_loss_gain(prob, [0.5, 0.4 + 1e-12, 0.3], failed)
    assert gain == pytest.approx([np.log(0.5 / 0.2), 0, 0], rel=1e-12)
    assert gain[1] == 0


def test_certainty_costs_as_much_as_a_millionth():
    # By hand: -log(1e-6) where it fails, -log(1 - 1e-6) where it holds.
    found = log_losses([0, 1, 0, 1], [1, 0, 0, 1])
    assert found == pytest.approx([np.log(1e6)] * 2 + [-np.log1p(-1e-6)] * 2, rel=1e-9)


# Brier.


@given(LOANS)
def test_the_parts_add_up_to_the_score_of_scikit_learn(loans):
    prob, failed, group = arrays(loans)
    for groups in (None, group):
        parts = decompose_brier(prob, failed, groups)
        whole = parts.reliability - parts.resolution + parts.uncertainty + parts.within
        assert whole == pytest.approx(brier_score_loss(failed, prob, labels=[0, 1]), abs=1e-14)
        assert parts.brier == pytest.approx(whole, abs=1e-14)
    assert decompose_brier(prob, failed).within == pytest.approx(0, abs=1e-14)


def test_the_parts_of_four_loans_are_those_worked_by_hand():
    # Groups .1 with rate 0 and .6 with rate 1/2, base 1/4: reliability (.01 + .01) / 2, resolution
    # 1/16, uncertainty 3/16; the score (.01 + .01 + .16 + .36) / 4.
    parts = decompose_brier([0.1, 0.1, 0.6, 0.6], [0, 0, 1, 0])
    found = (parts.reliability, parts.resolution, parts.uncertainty, parts.brier)
    assert found == pytest.approx((0.01, 1 / 16, 3 / 16, 0.135), rel=1e-12)


def test_groups_of_unequal_probabilities_hold_a_part_within():
    # One group: mean .35 against 1/4, so .01 - 0 + 3/16; the rest of .135 is within.
    parts = decompose_brier([0.1, 0.1, 0.6, 0.6], [0, 0, 1, 0], ["B"] * 4)
    assert parts.within == pytest.approx(0.135 - 0.01 - 3 / 16, rel=1e-12)


# Expected calibration error.


def test_the_error_of_two_groups_is_the_one_worked_by_hand():
    # .1 against 0 and .6 against 1/2.
    found = expected_calibration_error([0.1, 0.1, 0.6, 0.6], [0, 0, 1, 0], n_groups=2)
    assert found == pytest.approx(0.1, rel=1e-12)


@given(LOANS, st.integers(1, 12))
def test_the_error_is_no_smaller_than_that_of_all_loans_together(loans, n_groups):
    prob, failed, _ = arrays(loans)
    found = expected_calibration_error(prob, failed, n_groups=n_groups)
    assert abs(prob.mean() - failed.mean()) - 1e-12 <= found <= 1


# Spiegelhalter.


def test_the_statistic_of_four_loans_is_the_one_worked_by_hand():
    # (y - p)(1 - 2p): -.08, -.08, -.08, +.12; (1 - 2p)^2 p (1 - p): .0576 twice and .0096 twice.
    test = spiegelhalter_test([0.1, 0.1, 0.6, 0.6], [0, 0, 1, 0])
    assert test.statistic == pytest.approx(-0.12 / np.sqrt(0.1344), rel=1e-12)
    assert test.freedom is None


def drawn(n_times, n_loans, seed):
    rng = np.random.default_rng(seed)
    prob = rng.uniform(0.02, 0.4, n_loans)
    return prob, rng.random((n_times, n_loans)) < prob


@pytest.mark.parametrize(
    "test", [spiegelhalter_test, hosmer_lemeshow_test], ids=["Spiegelhalter", "Hosmer-Lemeshow"]
)
def test_right_probabilities_are_refused_as_often_as_the_level_says(test):
    prob, outcomes = drawn(1000, 1500, 51)
    p_values = np.array([test(prob, failed).p_value for failed in outcomes])
    assert kstest(p_values, "uniform").pvalue > 0.001
    assert binom.ppf(0.0005, 1000, 0.05) <= np.sum(p_values < 0.05) <= binom.ppf(0.9995, 1000, 0.05)


@pytest.mark.parametrize("test", [spiegelhalter_test, hosmer_lemeshow_test])
def test_probabilities_half_as_large_are_found_out(test):
    prob, outcomes = drawn(20, 1500, 52)
    assert all(test(prob / 2, failed).p_value < 0.01 for failed in outcomes)


@pytest.mark.parametrize("prob", [[0.0, 1.0], [0.5, 0.5]])
def test_nothing_but_certain_probabilities_is_no_test(prob):
    with pytest.raises(EvidenceError, match="too certain"):
        spiegelhalter_test(prob, [0, 1])


# Hosmer and Lemeshow.


def test_the_statistic_of_two_groups_is_the_one_worked_by_hand():
    # Expected 1 and 4 of ten each, observed 3 and 6: 2^2 / .9 + 2^2 / 2.4.
    failed = [1] * 3 + [0] * 7 + [1] * 6 + [0] * 4
    test = hosmer_lemeshow_test([0.1] * 10 + [0.4] * 10, failed)
    assert test.statistic == pytest.approx(4 / 0.9 + 4 / 2.4, rel=1e-12)
    assert test.freedom == 2


def test_a_fitted_curve_takes_two_degrees():
    prob, outcomes = drawn(1, 1000, 53)
    whole, fitted = (
        hosmer_lemeshow_test(prob, outcomes[0], is_fitted=fitted) for fitted in (False, True)
    )
    assert (whole.freedom, fitted.freedom) == (10, 8)
    assert whole.statistic == fitted.statistic


def test_equal_probabilities_stay_together():
    prob = np.repeat([0.1, 0.2], [700, 300])
    assert hosmer_lemeshow_test(prob, np.arange(1000) % 7 == 0).freedom == 2


@pytest.mark.parametrize(
    ("prob", "options"),
    [([0.0] * 5 + [0.5] * 5, {}), ([0.2] * 10, {"is_fitted": True})],
    ids=["a group of probability 0", "one group and a fitted curve"],
)
def test_groups_that_leave_no_test_are_refused(prob, options):
    with pytest.raises(EvidenceError, match="more loans or fewer groups"):
        hosmer_lemeshow_test(prob, [0, 1] * 5, **options)


# Areas.


def by_pairs(points, failed):
    """Area, and what each default and each other loan adds to it, from every pair."""
    bad, good = points[failed], points[~failed]
    wins = (bad[:, np.newaxis] < good) + 0.5 * (bad[:, np.newaxis] == good)
    return wins.mean(), wins.mean(axis=1), wins.mean(axis=0)


def two_cards(seed, n_loans=60):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 12, n_loans).astype(float)
    second = np.round(first / 2 + rng.normal(size=n_loans))
    failed = rng.random(n_loans) < 1 / (1 + np.exp(first / 4))
    return first, second, failed


@pytest.mark.parametrize("seed", range(5))
def test_areas_and_errors_are_those_of_every_pair(seed):
    first, second, failed = two_cards(seed)
    found = compare_auc(first, second, failed)
    (a, bad_a, good_a), (b, bad_b, good_b) = (
        by_pairs(points, failed) for points in (first, second)
    )
    assert (found.first, found.second) == pytest.approx((a, b), rel=1e-12)
    assert found.first == pytest.approx(roc_auc_score(failed, -first), rel=1e-12)
    own = [
        np.sqrt(bad.var(ddof=1) / bad.size + good.var(ddof=1) / good.size)
        for bad, good in ((bad_a, good_a), (bad_b, good_b), (bad_a - bad_b, good_a - good_b))
    ]
    errors = (found.first_se, found.second_se, found.difference_se)
    assert errors == pytest.approx(own, rel=1e-9)


def test_cards_that_rank_alike_do_not_differ():
    first, _, failed = two_cards(1)
    found = compare_auc(first, 3 * first + 600, failed)
    assert (found.difference, found.p_value) == (0.0, 1.0)


@pytest.mark.parametrize("n_loans", [4, 14])
def test_a_gap_without_an_error_is_no_test(n_loans):
    # All parted against points that do not rank: areas 1 and 1/2, nothing varies.
    failed = np.arange(n_loans) < n_loans // 2
    found = compare_auc(np.arange(n_loans), np.ones(n_loans), failed)
    assert (found.first, found.second, found.difference_se) == (1.0, 0.5, 0.0)
    assert np.isnan(found.p_value)


def test_a_gap_that_is_the_same_for_every_loan_is_no_test_though_digits_are_lost():
    # The first card has each loan on the right side of one more of the three: 1, 2/3, 1/3 against
    # 2/3, 1/3, 0, whose differences are unequal in the last digit.
    failed = np.repeat([True, False], 3)
    found = compare_auc([1, 2, 3, 1.5, 2.5, 3.5], [1, 2, 3, 0.5, 1.5, 2.5], failed)
    assert found.difference == pytest.approx(1 / 3)
    assert found.first_se == pytest.approx(np.sqrt(2 / 27))  # variance 1/9 of three, twice
    assert found.difference_se == 0
    assert np.isnan(found.p_value)


def test_equal_cards_are_told_apart_as_often_as_the_level_says():
    rng = np.random.default_rng(54)
    p_values = []
    for _ in range(600):
        merit = rng.normal(size=300)
        failed = rng.random(300) < 1 / (1 + np.exp(1.5 + merit))
        noisy = merit + rng.normal(size=(2, 300))
        p_values.append(compare_auc(*noisy, failed).p_value)
    count = np.sum(np.array(p_values) < 0.05)
    assert binom.ppf(0.0005, 600, 0.045) <= count <= binom.ppf(0.9995, 600, 0.065)


def test_an_error_needs_two_of_each():
    with pytest.raises(EvidenceError, match="1 defaults in 3 loans"):
        compare_auc([1, 2, 3], [1, 2, 3], [1, 0, 0])


# Refusals.

TESTS = [decompose_brier, expected_calibration_error, spiegelhalter_test, hosmer_lemeshow_test]


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize(
    ("prob", "failed", "words"),
    [
        ([0.1, 1.2], [0, 1], "Probability 1.2"),
        ([0.1, np.nan], [0, 1], "Probability nan"),
        ([0.1], [0, 1], "prob_default has shape"),
        ([0.1, 0.2], [0, 2], "2"),
        ([], [], "defaulted has shape"),
    ],
)
def test_what_is_no_probability_or_no_outcome_is_refused(test, prob, failed, words):
    with pytest.raises(DomainError, match=words):
        test(prob, failed)


@pytest.mark.parametrize("test", [expected_calibration_error, hosmer_lemeshow_test])
def test_groups_are_a_whole_number(test):
    with pytest.raises(DomainError, match="n_groups=0 is not possible"):
        test([0.1, 0.2], [0, 1], n_groups=0)


def test_groups_of_another_length_are_refused():
    with pytest.raises(DomainError, match="groups has shape"):
        decompose_brier([0.1, 0.2], [0, 1], ["A"])


@pytest.mark.parametrize(
    ("first", "words"), [([1.0, 2.0], "first has shape"), ([1.0, 2.0, 3.0, np.nan], "first")]
)
def test_points_that_cannot_rank_are_refused(first, words):
    with pytest.raises(DomainError, match=words):
        compare_auc(first, [1, 2, 3, 4], [0, 1, 0, 1])
