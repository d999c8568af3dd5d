from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sanzhixin.errors import SchemeError
from sanzhixin.scheme import load_scheme
from sanzhixin.scheme.loader import unwrap_validation
from sanzhixin.scheme.tiers import TierRow, TierTable


def table(*rows, unit="万元"):
    return TierTable(
        unit=unit,
        unrated="未评级",
        rows=tuple(
            TierRow(grade=grade, at_least=at_least, below=below, cap=cap)
            for grade, at_least, below, cap in rows
        ),
    )


def test_the_built_in_tiers_are_those_of_the_domain_notes():
    tiers = load_scheme("tongxiang").tiers
    assert [(row.grade, row.at_least, row.cap) for row in tiers.ascending] == [
        ("C", 65, 3),
        ("B", 70, 5),
        ("BB", 75, 8),
        ("BBB", 80, 10),
        ("A", 85, 20),
        ("AA", 90, 30),
        ("AAA", 95, 50),
    ]
    assert (tiers.unit, tiers.unrated) == ("万元", "未评级")


def test_rows_may_stand_in_any_order():
    tiers = table(("B", 70, 80, 5), ("A", 80, None, 10), ("C", 60, 70, 5))
    assert [row.grade for row in tiers.ascending] == ["C", "B", "A"]


@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=8, unique=True).map(sorted),
    st.randoms(use_true_random=False),
)
def test_touching_bounds_with_caps_that_do_not_fall_are_accepted(bounds, shuffler):
    ends = [*bounds[1:], None]
    rows = [
        (f"T{k}", low, high, k // 2) for k, (low, high) in enumerate(zip(bounds, ends, strict=True))
    ]
    shuffler.shuffle(rows)
    assert [row.at_least for row in table(*rows).ascending] == bounds


@given(
    st.lists(st.integers(1, 998), min_size=2, max_size=6, unique=True).map(sorted),
    st.integers(0, 4),
    st.sampled_from([Decimal("-0.1"), Decimal("0.1"), Decimal(1)]),
)
def test_moving_any_inner_bound_makes_a_gap_or_an_overlap(bounds, place, move):
    ends = [*map(Decimal, bounds[1:]), None]
    place = min(place, len(bounds) - 2)
    ends[place] += move
    rows = [(f"T{k}", low, high, 1) for k, (low, high) in enumerate(zip(bounds, ends, strict=True))]
    with pytest.raises(ValidationError) as caught:
        table(*rows)
    code = unwrap_validation(caught.value).code
    assert code in ({"tier_overlap"} if move > 0 else {"tier_gap", "tier_empty"})


def test_the_press_table_that_gives_85_twice_is_refused():
    # Domain notes 1.2: "80-85, 85-90" leaves 85 open; as closed intervals it overlaps.
    with pytest.raises(ValidationError) as caught:
        table(("10万", 80, Decimal("85.1"), 10), ("20万", 85, None, 20))
    error = unwrap_validation(caught.value)
    assert isinstance(error, SchemeError)
    assert "85 belongs to both 10万 (ends 85.1) and 20万" in str(error)


def test_caps_in_yuan_are_compared_in_yuan():
    assert table(("B", 70, 80, 9999), ("A", 80, None, 10_000), unit="元").unit == "元"
