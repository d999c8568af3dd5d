"""Assumptions on households without a loan.

Witnesses: scikit-learn fits of the same weighted rows, figures worked by hand, limits, and a county
whose unapproved households truly default as often as assumed.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling import compute_selection_range

RNG = np.random.default_rng(8)
POINTS = RNG.integers(640, 800, 5000)
FAILED = RNG.random(5000) < expit((560 - POINTS) / 40)
OTHERS = RNG.integers(580, 720, 1500)
FOUND = compute_selection_range(POINTS, FAILED, OTHERS)


def line(points, outcome, weights=None):
    """Curve by scikit-learn over the points of the table."""
    fit = LogisticRegression(C=1e12, tol=1e-12, max_iter=5000)
    fit.fit((points[:, np.newaxis] - 700) / 50, outcome, sample_weight=weights)
    grid = FOUND.table["points"].to_numpy()
    return fit.predict_proba((grid[:, np.newaxis] - 700) / 50)[:, 1]


def mean_over(curve, points):
    return curve[points - FOUND.table["points"].iloc[0]].mean()


def row(assumption, factor=1.0):
    table = FOUND.assumptions
    return table[(table["assumption"] == assumption) & (table["factor"] == factor)].iloc[0]


def test_the_curve_of_the_loans_is_that_of_scikit_learn():
    np.testing.assert_allclose(FOUND.table["approved"], line(POINTS, FAILED), rtol=1e-4)


def test_fuzzy_shares_of_the_curve_change_nothing():
    assert row("fuzzy")["prob_unapproved"] == pytest.approx(
        row("as approved")["prob_unapproved"], rel=1e-8
    )


@pytest.mark.parametrize("factor", [1.5, 3.0])
def test_fuzzy_is_the_fit_of_every_household_as_two_weighted_rows(factor):
    base = line(POINTS, FAILED)
    prob = np.minimum(factor * base[OTHERS - FOUND.table["points"].iloc[0]], 1)
    points = np.concatenate([POINTS, OTHERS, OTHERS])
    outcome = np.concatenate([FAILED, np.ones(OTHERS.size), np.zeros(OTHERS.size)]).astype(int)
    weights = np.concatenate([np.ones(POINTS.size), prob, 1 - prob])
    expected = mean_over(line(points, outcome, weights), OTHERS)
    assert row("fuzzy", factor)["prob_unapproved"] == pytest.approx(expected, rel=1e-3)


def test_augmentation_weighs_a_loan_by_the_households_of_its_fifth():
    # Two numbers of points, alone in their fifths: 100 loans at 600 with 50 more households, 150
    # loans at 700 with none: weights 1.5 and 1, which leave both rates as they are.
    points = np.repeat([600, 700], [100, 150])
    failed = np.concatenate([np.arange(100) < 30, np.arange(150) < 6])
    found = compute_selection_range(points, failed, np.repeat(600, 50))
    table = found.assumptions.set_index("assumption")
    assert table.loc["augmentation", "prob_unapproved"] == pytest.approx(0.3, rel=1e-6)
    # Parcelling at three times: 30 of 100 and 45 of 50 at 600 are a half.
    thrice = found.assumptions.query("assumption == 'parcelling' and factor == 3")
    assert thrice["prob_unapproved"].item() == pytest.approx(75 / 150, rel=1e-6)
    assert thrice["prob_all"].item() == pytest.approx((75 + 6) / 300, rel=1e-6)


def test_more_default_among_the_others_is_never_less_for_all():
    for name in ("fuzzy", "parcelling"):
        table = FOUND.assumptions[FOUND.assumptions["assumption"] == name]
        assert table["prob_unapproved"].is_monotonic_increasing
        assert table["prob_all"].is_monotonic_increasing


def test_the_range_holds_every_assumption_and_the_curve_of_the_loans():
    table = FOUND.table
    assert (table["lowest"] <= table["approved"]).all()
    assert (table["approved"] <= table["highest"]).all()
    assert table["points"].iloc[[0, -1]].tolist() == [OTHERS.min(), POINTS.max()]


def test_households_beyond_the_points_of_all_loans_are_unlike_them():
    assert np.mean(POINTS.min() > OTHERS) == FOUND.share_unlike
    # 1,000 of 6,000 in the lowest fifth, which holds loans too, and one at each end of them.
    others = np.append(np.tile(np.arange(300, 400), 10), [POINTS.min(), POINTS.max()])
    far = compute_selection_range(POINTS, FAILED, others)
    assert far.share_unlike == 1000 / 1002
    assert compute_selection_range(POINTS, FAILED, np.array([801, 799])).share_unlike == 0.5


def test_households_in_a_fifth_without_a_loan_are_unlike_them():
    # Loans at 600 and 700 alone; of 1,000 households, 600 at 650 are two fifths by themselves.
    points = np.repeat([600, 700], 200)
    failed = np.concatenate([np.arange(200) < 60, np.arange(200) < 30])
    found = compute_selection_range(points, failed, np.repeat([650, 700], [590, 10]))
    assert found.share_unlike == 590 / 600


def test_the_range_holds_the_truth_where_the_others_default_twice_as_often():
    true = np.minimum(2 * expit((560 - OTHERS) / 40), 1)
    lowest, highest = (
        FOUND.assumptions["prob_unapproved"].min(),
        FOUND.assumptions["prob_unapproved"].max(),
    )
    assert lowest < true.mean() < highest


@pytest.mark.parametrize("factors", [[-1.0], [np.nan], ["2"], []])
def test_factors_are_numbers_of_at_least_0(factors):
    with pytest.raises(DomainError, match="factors"):
        compute_selection_range(POINTS, FAILED, OTHERS, factors=factors)


def test_too_few_defaults_make_no_range():
    with pytest.raises(EvidenceError, match="0 defaults"):
        compute_selection_range(POINTS, np.zeros(POINTS.size, dtype=bool), OTHERS)
