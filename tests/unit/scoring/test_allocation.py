"""Ceilings: by hand, by trying every ceiling, and invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanzhixin.errors import DomainError
from sanzhixin.scoring.allocation import allocate, common_ceiling

STEP = 1_000


def try_all(limits, total, step):
    """Witness: every multiple of the step from the top down."""
    if sum(limits) <= total:
        return -1
    ceiling = -(-max(limits) // step) * step
    while sum(min(limit, ceiling) for limit in limits) > total:
        ceiling -= step
    return ceiling


HAND = [
    # limits, total, ceiling
    ([100, 50, 20, 20], 120, 40),  # 40 + 40 + 20 + 20 = 120
    ([100, 50, 20, 20], 119, 39),  # one yuan short of the step: 39 + 39 + 40
    ([100, 50, 20, 20], 190, -1),  # nothing to do
    ([100, 50, 20, 20], 189, 99),
    ([10, 10, 10], 29, 9),
    ([10, 10, 10], 2, 0),
    ([], 0, -1),
    ([0, 0], 0, -1),
    ([7], 6, 6),
]


@pytest.mark.parametrize(("limits", "total", "ceiling"), HAND)
def test_the_ceiling_by_hand(limits, total, ceiling):
    given_limits = np.array(limits, dtype=np.int64)
    assert common_ceiling(given_limits, total, 1) == ceiling
    found = common_ceiling(given_limits * STEP, total * STEP, STEP)
    assert found == (ceiling if ceiling < 0 else ceiling * STEP)


limit_lists = st.lists(st.integers(0, 60).map(lambda k: k * STEP), min_size=1, max_size=12)


@given(limit_lists, st.integers(0, 400_000), st.sampled_from([250, 700, STEP]))
def test_the_ceiling_is_the_highest_that_holds(limits, total, step):
    assert common_ceiling(np.array(limits), total, step) == try_all(limits, total, step)


@given(limit_lists, st.integers(0, 400_000), st.data())
def test_a_household_whose_limit_rises_never_gets_less(limits, total, data):
    village = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(limits),
                                          max_size=len(limits))))  # fmt: skip
    who = data.draw(st.integers(0, len(limits) - 1))
    raised = list(limits)
    raised[who] += data.draw(st.integers(0, 20)) * STEP
    options = {"total": total, "village_total": total // 2, "step": STEP}
    try:
        before = allocate(np.array(limits), village, **options).limit
        after = allocate(np.array(raised), village, **options).limit
    except DomainError:
        return
    assert after[who] >= before[who]
    for found, asked in ((before, limits), (after, raised)):
        assert found.sum() <= total
        assert (found <= asked).all()
        assert all(found[village == v].sum() <= total // 2 for v in range(3))


@given(limit_lists, st.integers(0, 400_000), st.randoms())
def test_order_plays_no_part_and_equal_limits_stay_equal(limits, total, random):
    order = list(range(len(limits)))
    random.shuffle(order)
    asked = np.array(limits)
    village = np.zeros(len(limits), dtype=np.int64)
    options = {"total": total, "village_total": None, "step": STEP}
    try:
        found = allocate(asked, village, **options).limit
    except DomainError:
        return
    assert (allocate(asked[order], village, **options).limit == found[order]).all()
    for amount in set(limits):
        assert len(set(found[asked == amount].tolist())) == 1


def test_villages_come_first_then_the_whole():
    limits = np.array([90, 60, 50, 40]) * STEP
    village = np.array([0, 0, 1, 1])
    found = allocate(limits, village, total=150_000, village_total=100_000, step=STEP)
    # village 0: 50 + 50; village 1 holds 90; together 190 above 150: 35 + 35 + 40 + 40 no, so
    # all at 37: 148, at 38: 152
    assert found.village_ceiling.tolist() == [50_000, -1]
    assert (found.ceiling, found.limit.tolist()) == (37_000, [37_000] * 4)


def test_a_total_below_one_step_each_is_refused():
    with pytest.raises(DomainError, match="2999 yuan is less than one step of 1000 yuan") as error:
        allocate(
            np.array([5_000] * 3), np.zeros(3, int), total=2_999, village_total=None, step=STEP
        )
    assert error.value.code == "portfolio_too_small"


def test_no_household_needs_no_ceiling():
    none = np.empty(0, dtype=np.int64)
    found = allocate(none, none, total=1, village_total=1, step=STEP)
    assert (found.limit.size, found.village_ceiling.size, found.ceiling) == (0, 0, -1)


def test_a_village_below_one_step_each_is_refused_as_such():
    asked, village = np.array([5_000] * 3), np.array([0, 0, 1])
    with pytest.raises(DomainError, match="share of one village comes to 1999 yuan"):
        allocate(asked, village, total=None, village_total=1_999, step=STEP)


def test_without_totals_nothing_is_lowered():
    asked = np.array([7_000, 500, 0])
    found = allocate(asked, np.array([0, 1, 1]), total=None, village_total=None, step=STEP)
    assert found.limit.tolist() == [7_000, 500, 0]
    assert (found.village_ceiling.tolist(), found.ceiling) == ([-1, -1], -1)
    assert found.village_ceiling.dtype == np.int64
    assert found.limit is not asked


def test_a_total_of_villages_alone_lowers_their_own_households_alone():
    asked, village = np.array([9_000, 9_000, 9_000]), np.array([0, 0, 1])
    found = allocate(asked, village, total=None, village_total=12_000, step=STEP)
    assert found.limit.tolist() == [6_000, 6_000, 9_000]
    assert (found.village_ceiling.tolist(), found.ceiling) == ([6_000, -1], -1)
