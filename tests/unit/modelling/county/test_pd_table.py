from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression

import sanzhixin.modelling.calibration.curves as room
from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling.calibration.calibrator import ScoreCalibrator
from sanzhixin.modelling.county.pd_table import fit_pd_table
from sanzhixin.numerics.logistic import fit_logistic

CUTOFFS = [650, 700, 750, 800, 850, 900, 950]


def fitted(points, defaulted, **options):
    return fit_pd_table(
        np.asarray(points, dtype=np.int64),
        np.asarray(defaulted, dtype=bool),
        **({"cutoffs": CUTOFFS, "highest_points": 1000} | options),
    )


def loans(*groups):
    # Each group: points, loans, defaults.
    points = np.concatenate([np.full(n, at) for at, n, _ in groups])
    return points, np.concatenate([np.arange(n) < d for _, n, d in groups])


def simulated(n, seed, slope=-0.012):
    rng = np.random.default_rng(seed)
    points = rng.integers(600, 960, n)
    return points, rng.random(n) < expit(-2 + slope * (points - 750))


SIX_IN_900 = loans((660, 100, 3), (720, 300, 2), (860, 500, 1))


def test_six_defaults_in_900_loans_give_a_prudent_table_that_shows_its_width():
    # Acceptance question 6 of the domain notes.
    table = fitted(*SIX_IN_900)
    assert (table.basis, table.method, table.confidence) == ("prudent", "pluto_tasche", 0.5)
    assert (table.n_defaults, table.n_loans) == (6, 900)
    assert table.population == "approved households"
    found = table.lookup(np.array([660, 720, 860]))
    # All tiers from 850 on pool 6 of 900: qbeta(.5, 7, 894) and qbeta(.95, 7, 894).
    assert found.prob_default[2] == round(beta.ppf(0.5, 7, 894), 8)
    assert found.upper[2] == round(beta.ppf(0.95, 7, 894), 8)
    assert (found.upper - found.lower > 0.005).all()
    assert "6 defaults in 900 loans, 0.67% (95 % interval 0.28% to 1.37%)" in table.note_en
    assert "20 defaults and 20 loans without default are needed" in table.note_en
    assert "900 笔贷款违约 6 笔" in table.note_zh


def test_the_prudent_bounds_are_those_of_the_pooled_counts():
    # 720: the tiers at 700 and below hold 5 of 400; 660: 3 of 100.
    table = fitted(*SIX_IN_900, confidence=0.75)
    found = table.lookup(np.array([720, 660]))
    np.testing.assert_allclose(
        found.prob_default, [beta.ppf(0.75, 6, 395), beta.ppf(0.75, 4, 97)], atol=5e-9
    )
    np.testing.assert_allclose(
        found.upper, [beta.ppf(0.95, 6, 395), beta.ppf(0.95, 4, 97)], atol=5e-9
    )


def test_the_lower_bound_is_the_running_minimum_of_the_tiers_own_jeffreys_bounds():
    # Own bounds: 650: 1 of 100, 700: 6 of 100 (higher, held at that of 650), 850: 0 of 100.
    points, defaulted = loans((660, 100, 1), (720, 100, 6), (860, 100, 0))
    found = fitted(points, defaulted).lookup(np.array([660, 720, 760, 860]))
    worst = round(beta.ppf(0.025, 1.5, 99.5), 8)
    np.testing.assert_array_equal(found.lower, [worst, worst, 0.0, 0.0])


def test_a_tier_without_loans_takes_the_lower_bound_of_the_next_better_tier():
    points, defaulted = loans((660, 100, 6), (760, 100, 3))
    found = fitted(points, defaulted).lookup(np.array([720, 760, 860]))
    better = round(beta.ppf(0.025, 3.5, 97.5), 8)
    np.testing.assert_array_equal(found.lower, [better, better, 0.0])


def test_tiers_at_the_low_end_without_loans_have_no_value():
    table = fitted(*loans((720, 50, 0)))
    found = table.lookup(np.array([0, 649, 699, 700, 720, 1000]))
    known = 1 - 0.5 ** (1 / 50)
    np.testing.assert_allclose(
        found.prob_default, [np.nan, np.nan, np.nan, known, known, known], atol=5e-9
    )


def test_the_prudent_table_is_constant_within_a_tier():
    table = fitted(*SIX_IN_900)
    inside = table.lookup(np.array([700, 725, 749]))
    assert len(set(inside.prob_default)) == len(set(inside.upper)) == 1
    assert {row.at_least for row in table.rows} <= {0, *CUTOFFS}


def test_the_logistic_table_agrees_with_scikit_learn():
    points, defaulted = simulated(6000, seed=2)
    table = fitted(points, defaulted)
    assert (table.basis, table.method, table.confidence) == ("fitted", "logistic", None)
    grid = np.arange(1001)
    other = LogisticRegression(C=np.inf, tol=1e-12, solver="newton-cholesky", max_iter=1000)
    other.fit((points[:, np.newaxis] - 750) / 100, defaulted)
    expected = other.predict_proba((grid[:, np.newaxis] - 750) / 100)[:, 1]
    np.testing.assert_allclose(table.lookup(grid).prob_default, expected, atol=6e-9)


def test_the_mean_of_the_logistic_table_is_the_observed_rate():
    points, defaulted = simulated(6000, seed=2)
    mean = fitted(points, defaulted).lookup(points).prob_default.mean()
    assert mean == pytest.approx(defaulted.mean(), abs=5e-9)  # half a unit of the eighth decimal


def test_the_band_is_that_of_the_delta_method_where_the_loans_are():
    points, defaulted = simulated(6000, seed=2)
    fit = fit_logistic(points, defaulted)
    x = np.array([1.0, 750.0])
    centre, error = fit.coef @ x, np.sqrt(x @ fit.covariance @ x)
    found = fitted(points, defaulted).lookup(np.array([750]))
    np.testing.assert_allclose(
        [found.lower[0], found.upper[0]],
        expit([centre - 1.959963984540054 * error, centre + 1.959963984540054 * error]),
        atol=5e-9,
    )


def test_the_band_never_rises_even_far_from_few_loans():
    # So few loans that the raw upper bound would rise with the points at the high end.
    points, defaulted = simulated(250, seed=8, slope=-0.003)
    fit = fit_logistic(points, defaulted)
    design = np.stack([np.ones(1001), np.arange(1001)])
    error = np.sqrt(np.einsum("in,ij,jn->n", design, fit.covariance, design))
    centre, reach = fit.coef @ design, 1.959963984540054 * error
    upper, lower = expit(centre + reach), expit(centre - reach)
    assert (np.diff(upper) > 0).any()
    assert (np.diff(lower) > 0).any()
    found = fitted(points, defaulted, method="logistic").lookup(np.arange(1001))
    assert (np.diff(found.upper) <= 0).all()
    assert (np.diff(found.lower) <= 0).all()
    # Held inward, by definition: the smallest upper bound at fewer points, the largest lower
    # bound at more points; where the raw band falls it is the delta method's own.
    np.testing.assert_allclose(found.upper, [upper[: i + 1].min() for i in range(1001)], atol=1e-8)
    np.testing.assert_allclose(found.lower, [lower[i:].max() for i in range(1001)], atol=1e-8)
    assert (found.lower <= found.prob_default).all()
    assert (found.prob_default <= found.upper).all()


def test_equal_neighbours_are_merged():
    points, defaulted = loans((400, 400, 399), (600, 400, 1))
    table = fitted(points, defaulted)
    assert table.method == "logistic"
    assert len(table.rows) < 1001


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 400), st.integers(0, 10_000), st.floats(-0.02, 0.02))
def test_any_portfolio_gives_a_monotone_table_or_none(n, seed, slope):
    points, defaulted = simulated(n, seed, slope)
    found = fitted(points, defaulted).lookup(np.arange(1001))
    for column in (found.prob_default, found.lower, found.upper):
        known = column[~np.isnan(column)]
        assert (np.diff(known) <= 0).all()
    assert (np.isnan(found.upper) | (found.lower <= found.prob_default)).all()
    assert (np.isnan(found.upper) | (found.prob_default <= found.upper)).all()


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.sampled_from(["pluto_tasche", "logistic"]))
def test_the_order_of_the_loans_does_not_matter(seed, method):
    points, defaulted = simulated(3000, seed)
    order = np.random.default_rng(seed).permutation(3000)
    assert fitted(points, defaulted, method=method) == fitted(
        points[order], defaulted[order], method=method
    )


@pytest.mark.parametrize("method", ["auto", "none"])
def test_without_loans_the_table_knows_nothing(method):
    table = fitted([], [], method=method)
    assert (table.basis, table.rows[0].prob_default) == ("none", None)
    assert "no loan outcome was used" in table.note_en
    assert "不给出违约概率" in table.note_zh


def test_none_leaves_loans_unused():
    assert fitted(*SIX_IN_900, method="none").n_loans == 0


AUTO = {
    "one loan": (loans((720, 1, 0)), "0 defaults in 1 loans"),
    "one default": (loans((720, 1, 1)), "1 defaults in 1 loans"),
    "all default": (loans((720, 60, 60)), "60 defaults in 60 loans"),
    "none default": (loans((720, 60, 0), (860, 60, 0)), "0 defaults in 120 loans"),
    "19 defaults": (loans((660, 60, 15), (860, 60, 4)), "19 defaults in 120 loans"),
    "19 without default": (loans((660, 60, 50), (860, 60, 51)), "101 defaults in 120 loans"),
    "equal points": (loans((720, 60, 30)), "All 60 loans have 720 points"),
    "separation": (loans((660, 30, 30), (860, 30, 0)), "The points part all 30 defaults"),
    "wrong slope": (loans((660, 60, 20), (860, 60, 40)), "does not fall as the points rise"),
    "wrong separation": (loans((660, 30, 0), (860, 30, 30)), "The points part all 30 defaults"),
}


@pytest.mark.parametrize(("data", "words"), AUTO.values(), ids=AUTO.keys())
def test_auto_falls_back_to_the_prudent_table_and_says_why(data, words):
    table = fitted(*data)
    assert table.method == "pluto_tasche"
    assert words in table.note_en
    assert "审慎估计" in table.note_zh
    assert "No curve (logistic) was fitted: " in table.note_en
    assert "未拟合曲线（logistic）：" in table.note_zh
    assert all("method=" not in note for note in (table.note_en, table.note_zh))


@pytest.mark.parametrize(("data", "words"), AUTO.values(), ids=AUTO.keys())
def test_logistic_refuses_the_same_data_and_names_the_alternative(data, words):
    with pytest.raises(EvidenceError, match=words) as caught:
        fitted(*data, method="logistic")
    assert 'method="pluto_tasche"' in caught.value.en
    assert 'method="pluto_tasche"' in caught.value.zh


def test_twenty_of_each_are_enough_for_a_slope():
    table = fitted(*loans((660, 20, 15), (860, 20, 5)), method="logistic")
    assert table.n_defaults == 20


def test_a_curve_that_does_not_settle_is_refused(monkeypatch):
    def cut(*data, **options):
        return fit_logistic(*data, **options, max_iterations=1)

    monkeypatch.setattr(room, "fit_logistic", cut)
    with pytest.raises(EvidenceError, match="did not settle in 1 steps"):
        fitted(*simulated(1000, seed=1), method="logistic")


@pytest.mark.parametrize("method", ["pluto_tasche", "logistic"])
def test_a_method_that_needs_loans_refuses_an_empty_portfolio(method):
    with pytest.raises(EvidenceError, match="There is no loan"):
        fitted([], [], method=method)


def test_all_default_reaches_probability_one():
    found = fitted(*loans((720, 60, 60))).lookup(np.array([720]))
    assert (found.prob_default[0], found.upper[0]) == (1.0, 1.0)


BAD = {
    "points above the card": ({"points": np.array([1001])}, "whole points from 0 to 1000"),
    "points below 0": ({"points": np.array([-1])}, "whole points from 0 to 1000"),
    "half points": ({"points": np.array([70.5])}, "whole points"),
    "a table of points": ({"points": np.array([[700]])}, "whole points"),
    "outcomes missing": ({"defaulted": np.array([], dtype=bool)}, "one outcome"),
    "outcomes as numbers": ({"defaulted": np.array([1])}, "True or False"),
    "cut-offs fall": ({"cutoffs": [700, 650]}, "cut-offs must be whole points that ascend"),
    "a cut-off twice": ({"cutoffs": [650, 650]}, "cut-offs must be"),
    "a cut-off above the card": ({"cutoffs": [1001]}, "at most 1000"),
    "confidence 0": ({"confidence": 0.0}, "must lie above 0 and at most at 0.95"),
    "confidence above upper": ({"confidence": 0.96}, "must lie above 0 and at most at 0.95"),
}


@pytest.mark.parametrize(("change", "words"), BAD.values(), ids=BAD.keys())
def test_arguments_outside_the_domain_are_refused(change, words):
    arguments = {
        "points": np.array([700]),
        "defaulted": np.array([False]),
        "cutoffs": CUTOFFS,
        "highest_points": 1000,
    } | change
    points, defaulted = arguments.pop("points"), arguments.pop("defaulted")
    with pytest.raises(DomainError, match=words):
        fit_pd_table(points, defaulted, **arguments)


def test_no_cut_off_makes_one_tier_of_all():
    table = fitted(*SIX_IN_900, cutoffs=[])
    assert [row.at_least for row in table.rows] == [0]


def test_an_anchor_moves_the_mean_and_leaves_its_record():
    points, defaulted = simulated(6000, seed=2)
    table = fitted(points, defaulted, anchor=0.02)
    found = table.lookup(points)
    assert table.basis == "anchored"
    assert found.prob_default.mean() == pytest.approx(0.02, abs=5e-9)  # eight decimals
    # Witness: the unmoved table moved by the record.
    before = fitted(points, defaulted).lookup(points)
    assert table.anchor.before == pytest.approx(before.prob_default.mean(), abs=5e-9)
    for moved, own in zip(
        (found.prob_default, found.lower, found.upper),
        (before.prob_default, before.lower, before.upper),
        strict=True,
    ):
        np.testing.assert_allclose(moved, expit(logit(own) + table.anchor.shift), rtol=1e-4)
    assert "long-run rate 2.00%" in table.note_en
    assert "长期违约率 2.00%" in table.note_zh


def test_a_prudent_table_that_is_moved_keeps_its_upper_bound_and_says_what_it_is():
    points, defaulted = SIX_IN_900
    before, table = fitted(points, defaulted), fitted(points, defaulted, anchor=0.001)
    assert (table.basis, table.method, table.confidence) == ("anchored", "pluto_tasche", None)
    own, moved = before.lookup(points), table.lookup(points)
    assert moved.prob_default.mean() == pytest.approx(0.001, abs=5e-9)
    assert (moved.upper >= own.upper).all()
    assert "expected or prudent figures" in table.note_en
    assert "prudent estimate at confidence" not in table.note_en
    higher = fitted(points, defaulted, anchor=0.05).lookup(points)
    assert (higher.upper > own.upper).all()


@pytest.mark.parametrize(("anchor", "told"), [(0.007, False), (0.001, True), (0.05, True)])
def test_a_rate_outside_what_was_observed_is_told(anchor, told):
    table = fitted(*SIX_IN_900, anchor=anchor)  # 0.28 % to 1.37 %
    assert ("outside the 95 % interval" in table.note_en) == told
    assert ("区间之外" in table.note_zh) == told


def test_no_bound_above_0_is_rounded_to_0():
    points, defaulted = simulated(6000, seed=2)
    found = fitted(points, defaulted, anchor=1e-9).lookup(np.arange(1001))
    assert (found.upper > 0).all()
    assert (found.prob_default <= found.upper).all()


METHODS = {
    "bayesian": ("Method bayesian", 900),
    "firth": ("Method firth", 900),
    "beta": ("Method beta", 6000),
    "isotonic": ("Method isotonic", 6000),
}


@pytest.mark.parametrize(("method", "said"), METHODS.items())
def test_every_method_of_the_calibrator_makes_a_table(method, said):
    words, n = said
    points, defaulted = simulated(n, seed=4)
    table = fitted(points, defaulted, method=method)
    assert (table.method, table.basis) == (method, "fitted")
    assert words in table.note_en
    assert f"采用 {method}" in table.note_zh
    twin = ScoreCalibrator(method, attainable=(0, 1000)).fit(points, defaulted)
    found = table.lookup(np.arange(1001))
    columns = [twin.table_[name].to_numpy() for name in ("prob_default", "lower", "upper")]
    np.testing.assert_array_equal(found.prob_default, columns[0].round(8))
    for own, exact, side in ((found.lower, columns[1], -1), (found.upper, columns[2], 1)):
        outward = side * (own - exact)  # bounds are rounded outward
        assert outward.min() > -1e-11
        assert outward.max() < 1e-8


def test_a_bend_needs_three_numbers_of_points():
    with pytest.raises(EvidenceError, match="a curve of three parameters needs 3"):
        fitted(*loans((400, 400, 300), (600, 400, 100)), method="beta")


def test_an_anchor_without_a_table_is_refused():
    with pytest.raises(DomainError, match='method="none" makes none'):
        fitted(*SIX_IN_900, method="none", anchor=0.02)
    with pytest.raises(EvidenceError, match="There is no loan"):
        fitted([], [], anchor=0.02)


@pytest.mark.parametrize("anchor", [0.0, 1.0, -0.1, float("nan")])
def test_an_anchor_is_a_rate(anchor):
    with pytest.raises(DomainError):
        fitted(*SIX_IN_900, anchor=anchor)
