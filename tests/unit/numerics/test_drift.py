from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import multivariate_normal

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.drift import filter_severity, fit_drift_variance

RTOL = 1e-9  # a recursion against one dense inverse

# Annual flow of the Nile at Aswan 1871-1970, 10^8 m3 (Durbin and Koopman 2012, section 2.2).
NILE = [
    *(1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960),
    *(1180, 799, 958, 1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694),
    *(940, 833, 701, 916, 692, 1020, 1050, 969, 831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821),
    *(768, 845, 864, 862, 698, 845, 744, 796, 1040, 759, 781, 865, 845, 944, 984, 897, 822, 1010),
    *(771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890, 744, 749, 838, 1050, 918, 986),
    *(797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740),
]
NILE_NOISE, NILE_DRIFT = 15099.0, 1469.1


def rounds(seed, n_raters, n_rounds, drift=0.3, prior=0.5, missing=0.2):
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, drift, (n_raters, n_rounds))
    steps[:, 0] = rng.normal(0, np.sqrt(prior), n_raters)
    variance = rng.uniform(0.02, 0.2, steps.shape)
    mean = np.cumsum(steps, axis=1) + rng.normal(size=steps.shape) * np.sqrt(variance)
    mean[rng.random(steps.shape) < missing] = np.nan
    return mean, variance


def covariance_of_walk(n_rounds, drift_variance, prior_variance):
    at = np.arange(n_rounds)
    return prior_variance + drift_variance * np.minimum(at[:, None], at)


def conditioned(mean, variance, drift_variance, prior_variance):
    # Second algorithm: one rater, all rounds at once, conditional normal distributions.
    known = ~np.isnan(mean)
    walk = covariance_of_walk(mean.size, drift_variance, prior_variance)
    seen = walk[np.ix_(known, known)] + np.diag(variance[known])
    gain = walk[:, known] @ np.linalg.inv(seen)
    return gain @ mean[known], np.diag(walk - gain @ walk[known])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7), st.sampled_from([0.0, 0.01, 0.5]))
def test_filter_and_smoother_agree_with_the_conditional_normal_distribution(seed, n_rounds, drift):
    # Witness: the dense second algorithm, with the rounds so far and with all rounds.
    mean, variance = rounds(seed, 3, n_rounds)
    path = filter_severity(mean, variance, drift_variance=drift, prior_variance=0.5)
    for rater in range(3):
        whole = conditioned(mean[rater], variance[rater], drift, 0.5)
        np.testing.assert_allclose(path.smoothed_mean[rater], whole[0], rtol=RTOL, atol=1e-9)
        np.testing.assert_allclose(path.smoothed_variance[rater], whole[1], rtol=RTOL)
        for t in range(n_rounds):
            far = np.where(np.arange(n_rounds) > t, np.nan, mean[rater])
            so_far = conditioned(far, variance[rater], drift, 0.5)
            np.testing.assert_allclose(path.filtered_mean[rater, t], so_far[0][t], atol=1e-9)
            np.testing.assert_allclose(path.filtered_variance[rater, t], so_far[1][t], rtol=RTOL)


def test_the_log_likelihood_agrees_with_the_multivariate_normal_density():
    # Witness: scipy.stats.multivariate_normal of all rounds of a rater together.
    mean, variance = rounds(3, 20, 6)
    path = filter_severity(mean, variance, drift_variance=0.07, prior_variance=0.5)
    expected = 0.0
    for y, v in zip(mean, variance, strict=True):
        known = ~np.isnan(y)
        spread = covariance_of_walk(6, 0.07, 0.5)[np.ix_(known, known)] + np.diag(v[known])
        if known.any():
            expected += multivariate_normal(np.zeros(known.sum()), spread).logpdf(y[known])
    assert path.log_likelihood == pytest.approx(expected, rel=RTOL)


def test_the_filter_reaches_the_steady_state_of_the_nile():
    # Witness: Durbin and Koopman (2012), section 2.11: P - the predicted variance - tends to
    # 5501, from (q + sqrt(q^2 + 4 q v)) / 2; the filtered one is P less the drift.
    y = np.array([NILE], dtype=float) - 900
    path = filter_severity(
        y, np.full(y.shape, NILE_NOISE), drift_variance=NILE_DRIFT, prior_variance=1e7
    )
    predicted = (NILE_DRIFT + np.sqrt(NILE_DRIFT**2 + 4 * NILE_DRIFT * NILE_NOISE)) / 2
    assert path.filtered_variance[0, -1] + NILE_DRIFT == pytest.approx(predicted, rel=1e-9)
    assert predicted == pytest.approx(5501, abs=1)


def test_the_drift_variance_of_the_nile_agrees_with_the_book():
    # Witness: Durbin and Koopman (2012), section 2.10.3: 1469.1 beside the noise of 15099, with
    # a diffuse prior; here a wide one, and flows in thousands.
    y = np.array([NILE], dtype=float) / 1000 - 0.9
    fit = fit_drift_variance(y, np.full(y.shape, NILE_NOISE / 1e6), prior_variance=10.0)
    assert 1e6 * fit.drift_variance == pytest.approx(NILE_DRIFT, rel=2e-3)
    assert fit.converged


def test_the_drift_variance_of_two_rounds_solves_its_closed_equation():
    # Witness: with a flat prior differences are N(0, q + 2 v); equal v give q = mean d^2 - 2 v.
    rng = np.random.default_rng(4)
    mean = rng.normal(0, 0.5, (400, 2))
    fit = fit_drift_variance(mean, np.full(mean.shape, 0.05), prior_variance=1e5)
    expected = ((mean[:, 1] - mean[:, 0]) ** 2).mean() - 0.1
    assert fit.drift_variance == pytest.approx(expected, rel=1e-4)
    # Information about log q is n q^2 / (2 (q + 2 v)^2).
    error = np.sqrt(2 / 400) * (expected + 0.1) / expected
    assert fit.log_standard_error == pytest.approx(error, rel=5e-3)


def test_the_estimate_is_a_root_of_the_slope_of_the_dense_likelihood():
    # Witness: the dense density, its slope by differences, and a root finder.
    mean, variance = rounds(8, 60, 5)
    fit = fit_drift_variance(mean, variance, prior_variance=0.5)

    def density(log_drift):
        total = 0.0
        for y, v in zip(mean, variance, strict=True):
            known = ~np.isnan(y)
            walk = covariance_of_walk(5, np.exp(log_drift), 0.5)[np.ix_(known, known)]
            if known.any():
                spread = walk + np.diag(v[known])
                total += multivariate_normal(np.zeros(known.sum()), spread).logpdf(y[known])
        return total

    root = brentq(lambda x: density(x + 1e-4) - density(x - 1e-4), -5, 0, xtol=1e-6)
    assert np.log(fit.drift_variance) == pytest.approx(root, abs=1e-4)
    assert fit.log_likelihood == pytest.approx(density(root), rel=1e-9)
    assert fit.last_change < 1e-3


def test_the_change_agrees_with_the_example_worked_by_hand():
    # Prior 1, noise 1: after round one mean y/2 = 1, variance 1/2.  Round two says 4:
    # z = (4 - 1) / sqrt(1/2 + 1) = 2.449; the drift does not enter.
    for drift in (0.0, 0.3):
        path = filter_severity([[2.0, 4.0]], [[1.0, 1.0]], drift_variance=drift, prior_variance=1.0)
        assert path.change_z[0, 0] == pytest.approx(3 / np.sqrt(1.5), rel=RTOL)
        assert not path.flagged[0, 0]


def test_rounds_without_ratings_carry_the_estimate_on():
    path = filter_severity(
        [[np.nan, 1.0, np.nan, 1.0]], [[1.0, 0.5, np.nan, 0.5]],
        drift_variance=0.1, prior_variance=0.4,
    )  # fmt: skip
    np.testing.assert_allclose(path.filtered_mean[0, [0, 2]], [0, path.filtered_mean[0, 1]])
    np.testing.assert_allclose(path.filtered_variance[0, 2], path.filtered_variance[0, 1] + 0.1)
    # No change is told at a first rating, nor in a round without one.
    assert np.isnan(path.change_z[0]).tolist() == [True, True, False]


def test_a_rater_who_never_rated_keeps_the_prior():
    path = filter_severity(
        np.full((1, 3), np.nan), np.full((1, 3), np.nan), drift_variance=0.1, prior_variance=0.4
    )
    np.testing.assert_allclose(path.smoothed_variance, [[0.4, 0.5, 0.6]])
    np.testing.assert_array_equal(path.smoothed_mean, 0)
    assert path.log_likelihood == 0
    assert not path.flagged.any()


def test_without_drift_the_smoothed_severity_is_one_weighted_mean():
    # Witness: precision weights, prior of precision 2 at 0.
    mean, variance = np.array([[1.0, 2.0, 4.0]]), np.array([[0.5, 1.0, 0.25]])
    path = filter_severity(mean, variance, drift_variance=0.0, prior_variance=0.5)
    expected = (1 / 0.5 + 2 / 1.0 + 4 / 0.25) / (2 + 2 + 1 + 4)
    np.testing.assert_allclose(path.smoothed_mean, expected, rtol=RTOL)
    np.testing.assert_allclose(path.smoothed_variance, 1 / 9, rtol=RTOL)


@pytest.mark.parametrize("n_raters", [0, 1])
def test_one_round_is_filtered_and_has_no_change(n_raters):
    path = filter_severity(
        np.ones((n_raters, 1)), np.ones((n_raters, 1)), drift_variance=0.1, prior_variance=1.0
    )
    assert path.change_z.shape == path.flagged.shape == (n_raters, 0)
    np.testing.assert_allclose(path.filtered_mean, np.full((n_raters, 1), 0.5))


@given(st.permutations(range(6)))
def test_the_order_of_raters_does_not_matter(order):
    mean, variance = rounds(5, 6, 4)
    options = {"drift_variance": 0.1, "prior_variance": 0.5}
    first = filter_severity(mean, variance, **options)
    second = filter_severity(mean[order], variance[order], **options)
    np.testing.assert_array_equal(first.smoothed_mean[order], second.smoothed_mean)
    np.testing.assert_array_equal(first.change_z[order], second.change_z)


@given(st.integers(0, 1000), st.floats(0.1, 10))
def test_turning_and_stretching_the_scale_goes_through(seed, scale):
    mean, variance = rounds(seed, 3, 4)
    first = filter_severity(mean, variance, drift_variance=0.1, prior_variance=0.5)
    second = filter_severity(
        -scale * mean, scale**2 * variance,
        drift_variance=0.1 * scale**2, prior_variance=0.5 * scale**2,
    )  # fmt: skip
    np.testing.assert_allclose(second.smoothed_mean, -scale * first.smoothed_mean, atol=1e-9)
    np.testing.assert_allclose(second.change_z, -first.change_z, atol=1e-8)


@given(st.integers(0, 1000))
def test_time_may_run_backwards_under_a_wide_prior(seed):
    mean, variance = rounds(seed, 3, 5, missing=0)
    options = {"drift_variance": 0.1, "prior_variance": 1e6}
    first = filter_severity(mean, variance, **options)
    second = filter_severity(mean[:, ::-1], variance[:, ::-1], **options)
    np.testing.assert_allclose(first.smoothed_mean, second.smoothed_mean[:, ::-1], atol=1e-5)


def test_severities_that_vary_less_than_their_errors_show_no_drift():
    mean = np.tile([[0.2, 0.2, 0.2]], (5, 1))
    fit = fit_drift_variance(mean, np.full(mean.shape, 0.1), prior_variance=0.5)
    assert fit.drift_variance == 0
    assert np.isnan(fit.log_standard_error)
    assert fit.log_likelihood == fit.log_likelihood_still


def test_drift_beyond_the_bounds_has_not_converged():
    fit = fit_drift_variance([[0.0, 1e6]], [[1.0, 1.0]], prior_variance=1.0)
    assert not fit.converged


@pytest.mark.parametrize("mean", [[[0.3]], [[0.3, np.nan], [np.nan, 0.2]], np.zeros((0, 3))])
def test_drift_without_a_second_round_is_refused(mean):
    with pytest.raises(EvidenceError, match="No rater has ratings in two rounds"):
        fit_drift_variance(mean, np.ones_like(mean), prior_variance=1.0)


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf")])
def test_a_mean_without_variance_is_refused(bad):
    with pytest.raises(DomainError, match=r"variance holds .* finite variance > 0 is needed"):
        filter_severity([[0.1, np.nan]], [[bad, 1.0]], drift_variance=0.1, prior_variance=1.0)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"drift_variance": -0.1, "prior_variance": 1.0}, "drift_variance"),
        ({"drift_variance": float("nan"), "prior_variance": 1.0}, "drift_variance"),
        ({"drift_variance": 0.1, "prior_variance": 0.0}, "prior_variance"),
    ],
)
def test_variances_of_the_walk_outside_their_range_are_refused(options, name):
    with pytest.raises(DomainError, match=f"{name} holds"):
        filter_severity([[0.1]], [[1.0]], **options)


def test_infinite_means_and_other_shapes_are_refused():
    options = {"drift_variance": 0.1, "prior_variance": 1.0}
    with pytest.raises(DomainError, match="mean is missing or not finite in row 0"):
        filter_severity([[np.inf]], [[1.0]], **options)
    with pytest.raises(DomainError, match=r"mean has shape \(2,\), but \(n_raters, n_rounds\)"):
        filter_severity([0.1, 0.2], [1.0, 1.0], **options)
    with pytest.raises(DomainError, match=r"variance has shape \(1, 2\)"):
        filter_severity([[0.1]], [[1.0, 1.0]], **options)


@pytest.mark.slow
def test_the_drift_variance_is_recovered_and_its_error_is_right():
    # Witness: simulation; 200 samples of 100 raters x 5 rounds, logarithm of the true .09.
    fits = [fit_drift_variance(*rounds(seed, 100, 5), prior_variance=0.5) for seed in range(200)]
    logs = np.log([fit.drift_variance for fit in fits])
    errors = np.array([fit.log_standard_error for fit in fits])
    assert logs.mean() == pytest.approx(np.log(0.09), abs=4 * logs.std() / np.sqrt(200) + 0.02)
    assert errors.mean() == pytest.approx(logs.std(), rel=0.2)


@pytest.mark.slow
def test_changes_are_standard_normal_without_drift_and_large_jumps_are_flagged():
    # Witness: simulation; 20,000 raters, flags at 3 in .0027 of changes, within four errors.
    mean, variance = rounds(1, 20_000, 4, drift=0.0, missing=0.1)
    options = {"drift_variance": 0.0, "prior_variance": 0.5}
    path = filter_severity(mean, variance, **options)
    known = path.change_z[np.isfinite(path.change_z)]
    assert known.std() == pytest.approx(1, abs=0.012)
    assert path.flagged.sum() / known.size == pytest.approx(0.0027, abs=0.0009)
    mean[:, 3] += 2.5
    jumped = filter_severity(mean, variance, **options).flagged[:, 2]
    assert jumped[np.isfinite(path.change_z[:, 2])].mean() > 0.98
