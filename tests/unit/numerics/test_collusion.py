from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, norm

from sanzhixin.errors import DomainError
from sanzhixin.numerics.collusion import compare_raters

RTOL = 1e-9  # two orders of summation


def panel(seed, n_households, n_raters, each):
    # Every household has `each` raters at random; residuals sum to 0 on each household.
    rng = np.random.default_rng(seed)
    rater = np.argsort(rng.random((n_households, n_raters)), axis=1)[:, :each]
    residual = rng.normal(size=rater.shape)
    residual -= residual.mean(axis=1, keepdims=True)
    household = np.repeat(np.arange(n_households), each)
    return household, rater.ravel(), residual.ravel()


def pair_by_pair(household, rater, residual, village, least_common=15):
    # Second algorithm: dense matrix, a loop over pairs, numpy's correlation, and medians.
    dense = np.full((household.max() + 1, village.size), np.nan)
    dense[household, rater] = residual
    known = ~np.isnan(dense)
    panel_size = known.sum(axis=1)
    rows = []
    for a in range(village.size):
        for b in range(a + 1, village.size):
            both = known[:, a] & known[:, b]
            n = int(both.sum())
            if not n:
                continue
            x, y = dense[both, a], dense[both, b]
            varies = n > 1 and np.ptp(x) > 1e-9 and np.ptp(y) > 1e-9
            r = np.corrcoef(x, y)[0, 1] if varies else np.nan
            home = village[a] if village[a] == village[b] else -1
            rows.append([a, b, n, r, home, np.mean(-1 / (panel_size[both] - 1))])
    table = np.array(rows)
    judged = (table[:, 2] >= least_common) & np.isfinite(table[:, 3])
    centre = table[:, 5].copy()
    for home in set(table[:, 4]) - {-1}:
        mine = judged & (table[:, 4] == home)
        if mine.sum() >= 5:
            centre[table[:, 4] == home] = np.median(table[mine, 3])
    return table, judged, centre


def test_correlations_and_centres_agree_with_a_loop_over_pairs():
    # Witness: the dense second algorithm; three villages, one small, and a rater of no village.
    household, rater, residual = panel(1, 150, 12, 6)
    village = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, -1])
    table, judged, centre = pair_by_pair(household, rater, residual, village)
    found = compare_raters(household, rater, residual, village)
    np.testing.assert_array_equal(found.rater_a, table[:, 0])
    np.testing.assert_array_equal(found.rater_b, table[:, 1])
    np.testing.assert_array_equal(found.n_common, table[:, 2])
    np.testing.assert_array_equal(found.judged, judged)
    np.testing.assert_allclose(found.correlation, table[:, 3], rtol=RTOL, atol=1e-12)
    np.testing.assert_allclose(found.centre, centre, rtol=RTOL)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 40), st.integers(3, 6), st.integers(4, 12))
def test_any_panel_agrees_with_a_loop_over_pairs(seed, n_households, n_raters, least_common):
    # Witness: the dense second algorithm.
    data = panel(seed, n_households, n_raters, 3)
    village = np.zeros(n_raters, dtype=int)
    table, judged, centre = pair_by_pair(*data, village, least_common)
    found = compare_raters(*data, village, least_common=least_common)
    np.testing.assert_allclose(found.correlation, table[:, 3], rtol=1e-6, atol=1e-9)
    sure = np.abs(centre + 1) > 1e-6
    np.testing.assert_array_equal(found.judged[sure], judged[sure])
    np.testing.assert_allclose(found.centre[sure], centre[sure], rtol=1e-6, atol=1e-9)


def test_z_and_p_agree_with_the_formulas_worked_by_hand():
    # Two raters of one village with a third on every household: the centre is -1 / (3 - 1).
    # r = .6, n = 4: z = 1.1 * 2; p = P(N > (artanh .6 + artanh .5) * 1), with
    # artanh x = ln((1 + x) / (1 - x)) / 2.
    a, b = [-3.0, -1, 1, 3], [-1.0, -3, 3, 1]
    third = np.array([0.3, -0.1, 0.2, -0.4])
    household = np.tile(np.arange(4), 3)
    rater = np.repeat([0, 1, 2], 4)
    found = compare_raters(
        household, rater, np.concatenate([a, b, third]), [0, 0, 0], least_common=4
    )
    assert found.correlation[0] == pytest.approx(0.6, rel=RTOL)
    assert found.centre[0] == pytest.approx(-0.5, rel=RTOL)
    assert found.z[0] == pytest.approx(2.2, rel=RTOL)
    expected = norm.sf((np.log(1.6 / 0.4) + np.log(1.5 / 0.5)) / 2)
    assert found.p_value[0] == pytest.approx(expected, rel=RTOL)


def test_a_village_of_which_all_rate_every_household_is_centred_on_its_size():
    # Witness: the closed form -1 / (m - 1); 4 raters make 3 pairs once one has left.
    household, rater, residual = panel(2, 30, 4, 4)
    residual[rater == 3] = np.nan  # its three pairs go, and the panel is one of three
    found = compare_raters(household, rater, residual, [0] * 4)
    np.testing.assert_allclose(found.centre, -1 / 2, rtol=RTOL)
    assert found.n_common.tolist() == [30, 30, 30]


def test_five_judged_pairs_are_enough_for_a_median():
    data = panel(3, 40, 4, 4)
    found = compare_raters(*data, [0] * 4)
    np.testing.assert_allclose(found.centre, np.median(found.correlation), rtol=RTOL)


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_and_numbers_of_households_and_raters_do_not_matter(random):
    household, rater, residual = panel(4, 80, 7, 5)
    village = np.array([0, 0, 0, 0, 0, 1, 1])
    first = compare_raters(household, rater, residual, village)
    rows = np.array(random.sample(range(household.size), household.size))
    houses, names = (np.array(random.sample(range(n), n)) for n in (80, 7))
    moved_village = np.empty(7, dtype=int)
    moved_village[names] = village
    second = compare_raters(
        houses[household][rows], names[rater][rows], residual[rows], moved_village
    )
    ends = np.sort(np.stack([names[first.rater_a], names[first.rater_b]]), axis=0)
    order = np.lexsort(ends[::-1])
    np.testing.assert_array_equal(ends[:, order], [second.rater_a, second.rater_b])
    for name in ("n_common", "correlation", "centre", "z", "p_value", "q_value", "judged"):
        np.testing.assert_allclose(
            getattr(first, name)[order], getattr(second, name), rtol=1e-7, atol=1e-10
        )


@given(st.floats(0.1, 9), st.floats(-3, 3))
def test_a_linear_change_of_one_raters_residuals_changes_nothing(scale, shift):
    household, rater, residual = panel(5, 60, 5, 4)
    first = compare_raters(household, rater, residual, [0] * 5)
    moved = np.where(rater == 2, scale * residual + shift, residual)
    second = compare_raters(household, rater, moved, [0] * 5)
    np.testing.assert_allclose(first.correlation, second.correlation, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("n", "verdict"), [(14, "cannot_tell"), (15, "alike")])
def test_fifteen_common_households_are_needed(n, verdict):
    household, rater, residual = panel(6, n, 5, 5)
    residual[rater == 1] = residual[rater == 0]
    found = compare_raters(household, rater, residual, [0] * 5)
    assert found.verdict()[0] == verdict
    assert np.isnan(found.q_value[0]) == (verdict == "cannot_tell")


def test_pairs_that_are_not_judged_do_not_count_as_tests():
    household, rater, residual = panel(7, 40, 6, 6)
    rare = (rater == 5) & (household >= 10)
    found = compare_raters(household, rater, np.where(rare, np.nan, residual), [0] * 6)
    kept = found.rater_b != 5
    np.testing.assert_array_equal(found.judged, kept)
    np.testing.assert_allclose(
        found.q_value[kept], false_discovery_control(found.p_value[kept]), rtol=RTOL
    )


def test_a_rater_whose_residuals_are_constant_is_not_judged():
    household, rater, residual = panel(8, 40, 4, 4)
    residual[rater == 0] = 0.1
    found = compare_raters(household, rater, residual, [0] * 4)
    assert np.isnan(found.correlation[:3]).all()
    assert found.verdict()[:3].tolist() == ["cannot_tell"] * 3


def test_panels_of_two_tell_nothing():
    # Their residuals are each other's mirror: -1, whatever the raters do.
    household, rater, residual = panel(9, 40, 2, 2)
    found = compare_raters(household, rater, residual, [0, 0])
    assert found.correlation[0] == pytest.approx(-1)
    assert found.verdict().tolist() == ["cannot_tell"]


@pytest.mark.parametrize("size", [0, 1, 3], ids=["no record", "one record", "no pair"])
def test_without_common_households_there_is_no_pair(size):
    found = compare_raters(np.arange(size), np.arange(size), np.ones(size), [0] * 3)
    assert found.verdict().size == found.q_value.size == found.rater_a.size == 0


def test_records_that_repeat_rater_and_household_are_refused():
    with pytest.raises(DomainError, match="1 records repeat a rater and a household"):
        compare_raters([0, 0, 0], [0, 1, 1], [0.1, 0.2, 0.3], [0, 0])


@pytest.mark.parametrize(
    ("household", "rater", "name"),
    [([0, -1], [0, 1], "household"), ([0, 0], [0, 2], "rater"), ([0, 0.5], [0, 1], "household")],
)
def test_what_is_no_index_is_refused(household, rater, name):
    with pytest.raises(DomainError, match=rf"{name} holds .* which is no index \(1 such"):
        compare_raters(household, rater, [0.1, 0.2], [0, 0])


def test_infinite_residuals_and_other_shapes_are_refused():
    with pytest.raises(DomainError, match="residual is missing or not finite in row 1"):
        compare_raters([0, 0], [0, 1], [0.1, np.inf], [0, 0])
    with pytest.raises(DomainError, match=r"rater has shape \(1,\), but \(2,\) is expected"):
        compare_raters([0, 0], [0], [0.1, 0.2], [0, 0])


HALO, ITEM = 0.25, 12 / 9.4  # squared logits: halo .5, 12 items with information 9.4 together
RATERS, EACH = 10, 5


def simulated_village(rng, n_households, share):
    # Ratings of 12 items on the logit scale; rater 1 copies a share of them from rater 0.
    standing, severity = rng.normal(size=n_households), rng.normal(0, 0.5, RATERS)
    items = (standing[:, None] - severity)[:, :, None] + rng.normal(
        0, np.sqrt(HALO), (n_households, RATERS, 1)
    )
    items = items + rng.normal(0, np.sqrt(ITEM), (n_households, RATERS, 12))
    rater = np.argsort(rng.random((n_households, RATERS)), axis=1)[:, :EACH]
    both = (rater == 0).any(axis=1) & (rater == 1).any(axis=1)
    copied = both[:, None] & (rng.random((n_households, 12)) < share)
    items[:, 1] = np.where(copied, items[:, 0], items[:, 1])
    household, rater = np.repeat(np.arange(n_households), EACH), rater.ravel()
    seen, noise = items.mean(axis=2)[household, rater], HALO + ITEM / 12
    design = np.zeros((household.size, n_households + RATERS))
    rows = np.arange(household.size)
    design[rows, household], design[rows, n_households + rater] = 1, -1
    prior = np.diag(np.concatenate([np.ones(n_households), np.full(RATERS, 4.0)]))
    fitted = np.linalg.solve(design.T @ design / noise + prior, design.T @ seen / noise)
    return household, rater, (seen - design @ fitted) / np.sqrt(noise)


def simulated_county(n_households, share, least_common=15, n_villages=150):
    rng = np.random.default_rng(20)
    parts = [simulated_village(rng, n_households, share) for _ in range(n_villages)]
    household, rater, residual = (
        np.concatenate([part[k] + v * step for v, part in enumerate(parts)])
        for k, step in ((0, n_households), (1, RATERS), (2, 0))
    )
    village = np.repeat(np.arange(n_villages), RATERS)
    pairs = compare_raters(household, rater, residual, village, least_common=least_common)
    return pairs, (pairs.rater_a % RATERS == 0) & (pairs.rater_b == pairs.rater_a + 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_households", "share", "area", "rate"),
    [
        (63, 0.3, 0.79, 0.11),
        (63, 0.6, 0.96, 0.60),
        (63, 1.0, 0.99, 0.93),
        (194, 0.3, 0.93, 0.37),
        (194, 0.6, 1.00, 0.97),
        (194, 1.0, 1.00, 1.00),
    ],
)
def test_copied_ratings_are_found_as_often_as_measured_before(n_households, share, area, rate):
    # Witness: the figures measured with the prototype (area under the curve, and share found
    # where 1 % of clean pairs are): 63 households make 14 common ones, 194 make 43.  Here 150
    # copied pairs and a Gaussian stand-in for the panel fit: four errors of a mean of 150.
    pairs, copied = simulated_county(n_households, share, least_common=4)
    clean, found = np.sort(pairs.z[pairs.judged & ~copied]), pairs.z[pairs.judged & copied]
    assert (np.searchsorted(clean, found) / clean.size).mean() == pytest.approx(area, abs=0.05)
    assert (found > np.quantile(clean, 0.99)).mean() == pytest.approx(rate, abs=0.16)


@pytest.mark.slow
def test_a_copied_share_of_six_tenths_is_told_with_43_common_households_and_not_with_14():
    # Witness: the same simulation, by verdicts; the area under the curve is 1.00.
    pairs, copied = simulated_county(194, 0.6)
    clean = np.sort(pairs.z[~copied])
    assert pairs.n_common.mean() == pytest.approx(43, abs=1)
    assert (np.searchsorted(clean, pairs.z[copied]) / clean.size).mean() > 0.99
    verdict = pairs.verdict()
    assert (verdict[copied] == "alike").mean() > 0.75
    assert (verdict[~copied] == "alike").mean() < 0.005
    few, _ = simulated_county(63, 0.6, n_villages=20)
    assert set(few.verdict()[few.n_common <= 14]) == {"cannot_tell"}


@pytest.mark.slow
@pytest.mark.parametrize("n_households", [70, 194])
def test_p_values_of_clean_pairs_keep_their_level(n_households):
    # Witness: simulation; 6,750 pairs: at 5 % within .0106, at 1 % within .0048 (four errors).
    pairs, _ = simulated_county(n_households, 0.0, least_common=4)
    assert (pairs.p_value < 0.05).mean() == pytest.approx(0.05, abs=0.0106)
    assert (pairs.p_value < 0.01).mean() == pytest.approx(0.01, abs=0.0048)
