from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from pydantic import ValidationError

from sanzhixin.errors import DomainError, RecordError
from sanzhixin.records.cases import MISSING, UNSEEN
from sanzhixin.scheme.loader import unwrap_validation
from sanzhixin.scoring.card import (
    BinCharacteristic,
    Card,
    GridCharacteristic,
    LevelCharacteristic,
    PointsGroup,
    score_card,
)
from sanzhixin.scoring.expert import expert_card
from sanzhixin.scoring.panel_rules import MICRO
from tests.unit.scoring.factories import SCHEME

NAMES = {"zh": "名", "en": "name"}


def grid(name="g", *, start=0, span=100 * MICRO, points=240, group="all", missing_points=0):
    return GridCharacteristic(
        kind="grid", name=name, column=name, group=group, start=start, span=span, points=points,
        missing_points=missing_points, **NAMES,
    )  # fmt: skip


def bins(name="b", *, edges=(3 * MICRO, 8 * MICRO), points=(0, 10, 20), missing=0, group="all"):
    labels = tuple(f"bin {i}" for i in range(len(points)))
    return BinCharacteristic(
        kind="bins", name=name, column=name, group=group, edges=edges, points=points,
        labels_zh=labels, labels_en=labels, missing_points=missing, **NAMES,
    )  # fmt: skip


def levels(name="l", *, names=("yes", "no"), points=(15, -15), missing=0, group="all"):
    return LevelCharacteristic(
        kind="levels", name=name, column=name, group=group, levels=names, points=points,
        labels_zh=names, labels_en=names, missing_points=missing, **NAMES,
    )  # fmt: skip


def card(*items, groups=None, lowest=0, highest=1000):
    groups = groups or (PointsGroup(name="all", lowest=-10_000, highest=10_000, **NAMES),)
    return Card(
        points_per_score=10, lowest=lowest, highest=highest, groups=groups, characteristics=items
    )


def array(*values):
    return np.array(values, dtype=np.int64)


GRID = [
    # millionths, points of 240 on 0-100
    (0, 0),
    (-1, 0),
    (100 * MICRO, 240),
    (100 * MICRO - 1, 239),
    (100 * MICRO + 1, 240),
    (10**15, 240),
    (50 * MICRO, 120),
    (58_333_333, 140),  # 7/12 of the scale, rounded down to a millionth
    (58_333_332, 139),
    (83_333_333, 200),  # 5/6 of the scale
    (416_667, 1),  # 1/240 of the scale, rounded up
    (416_666, 0),  # 416666.5 millionths short of it
    (MISSING, 0),
]


@pytest.mark.parametrize(("value", "points"), GRID)
def test_grids_floor_to_whole_points(value, points):
    assert grid().score(array(value)).tolist() == [points]


def test_grids_agree_with_the_exact_floor_of_the_upper_half_millionth():
    random = np.random.default_rng(1)
    for weight in (1, 160, 200, 240, 997):
        values = random.integers(0, 100 * MICRO, 500)
        exact = [(Fraction(2 * v + 1, 2) * weight / (100 * MICRO)) // 1 for v in values.tolist()]
        assert grid(points=weight).score(values).tolist() == [min(weight, int(p)) for p in exact]


def test_grids_may_start_elsewhere_and_have_points_for_what_is_missing():
    item = grid(start=-2 * MICRO, span=4 * MICRO, points=8, missing_points=3)
    assert item.score(array(-3 * MICRO, -2 * MICRO, 0, MICRO, 2 * MICRO, MISSING)).tolist() == [
        0, 0, 4, 6, 8, 3,
    ]  # fmt: skip
    assert list(item.attainable) == list(range(9))


BINS = [
    # value in millionths, points: below 3, from 3, from 8
    (MISSING + 1, 0),
    (-MICRO, 0),
    (3 * MICRO - 1, 0),
    (3 * MICRO, 10),
    (8 * MICRO - 1, 10),
    (8 * MICRO, 20),
    (10**15, 20),
    (MISSING, -7),
]


@pytest.mark.parametrize(("value", "points"), BINS)
@pytest.mark.parametrize("rows", [1, 1000], ids=["few rows", "many rows"])
def test_bins_are_half_open(value, points, rows):
    found = bins(missing=-7).score(np.full(rows, value, dtype=np.int64))
    assert set(found.tolist()) == {points}


def test_the_largest_grids_floor_as_whole_numbers_do():
    # second way: Python's integers, at every step, one millionth beside it, and the far ends
    for points, span in ((20_000, 20_000 * MICRO), (999, 4 * 10**12 + 7), (7, MICRO + 1)):
        item = grid(points=points, span=span, start=-3)
        steps = [span * k // points for k in range(0, points + 1, max(points // 997, 1))]
        values = [s + d - 3 for s in steps for d in (-1, 0, 1)] + [-(2**62), 2**62, MISSING]
        inside = [min(max(v, -3), span - 3) + 3 for v in values]
        by_hand = [(2 * points * v + points) // (2 * span) for v in inside]
        assert item.score(np.array(values)).tolist() == by_hand


def test_few_and_many_rows_find_the_same_bins():
    edges = tuple(range(0, 254 * MICRO, MICRO))
    item = bins(edges=edges, points=tuple(range(255)))
    values = np.arange(-MICRO, 256 * MICRO, MICRO // 2)
    one_by_one = [int(item.bins(values[i : i + 1])[0]) for i in range(values.size)]
    assert item.bins(values).tolist() == one_by_one
    assert max(one_by_one) == 255


def test_levels_are_looked_up_and_missing_has_its_own_points():
    assert levels(missing=2).score(array(0, 1, MISSING)).tolist() == [15, -15, 2]


def test_a_level_that_the_card_does_not_know_is_refused_and_counted():
    with pytest.raises(RecordError, match=r"2 .*yes, no"):
        levels().score(array(0, UNSEEN, MISSING, UNSEEN))


BROKEN = [
    (lambda: bins(edges=(MICRO, MICRO)), "bounds have to rise"),
    (lambda: bins(points=(0, 10)), "match the bins"),
    (lambda: bins(edges=(0, 2**53)), "too large to stay exact"),
    (lambda: grid(points=20_000, span=2**52), "too large to stay exact"),
    (lambda: grid(points=1, span=1, start=2**53), "too large to stay exact"),
    (lambda: levels(points=(1,)), "match the bins"),
    (lambda: levels(names=("yes", "yes")), "match the bins"),
    (lambda: card(grid("a"), grid("a")), "repeats a name"),
    (lambda: card(grid("a", group="other")), "unknown group"),
]


@pytest.mark.parametrize(("make", "words"), BROKEN)
def test_a_broken_card_is_refused(make, words):
    with pytest.raises(ValidationError) as caught:
        make()
    assert words in str(unwrap_validation(caught.value))


TWO = (
    PointsGroup(name="all", lowest=0, highest=250, **NAMES),
    PointsGroup(name="rest", lowest=-20, highest=20, **NAMES),
)
CLIPS = [
    # g (0-100 in points of 240), b, l -> by characteristic, clip of groups, total
    ((100, 1, 0), [240, 0, 15], [0, 0], 255),
    ((100, 9, 0), [240, 20, 15], [0, -15], 260),
    ((0, 1, 1), [0, 0, -15], [0, 0], 0),
    ((50, 9, MISSING), [120, 20, 0], [0, 0], 140),
]


@pytest.mark.parametrize(("values", "points", "clips", "total"), CLIPS)
def test_groups_are_clipped_before_the_total(values, points, clips, total):
    made = card(grid("g"), bins("b", group="rest"), levels("l", group="rest"), groups=TWO)
    g, b, level = values
    found = score_card(made, {"g": array(g * MICRO), "b": array(b * MICRO), "l": array(level)})
    assert found.by_characteristic.tolist() == [points]
    assert found.group_clip.tolist() == [clips]
    assert found.total.tolist() == [total]
    assert sum(points) + sum(clips) + found.total_clip[0] == total


@pytest.mark.parametrize(
    ("lowest", "highest", "total", "clip"), [(0, 200, 200, -40), (300, 400, 300, 60)]
)
def test_the_total_is_clipped_and_the_clip_is_kept(lowest, highest, total, clip):
    found = score_card(card(grid("g"), lowest=lowest, highest=highest), {"g": array(100 * MICRO)})
    assert (found.total.tolist(), found.total_clip.tolist()) == ([total], [clip])


def test_a_missing_column_is_named():
    with pytest.raises(DomainError, match="b, g"):
        score_card(card(grid("g"), bins("b")), {"l": array(0)})


def test_blocks_of_rows_do_not_show():
    rows = 2 * 16_384 + 3
    made = card(grid("g"), bins("b"))
    values = np.random.default_rng(2).integers(0, 100 * MICRO, rows)
    found = score_card(made, {"g": values, "b": values})
    ends = [0, 16_383, 16_384, 32_767, 32_768, rows - 1]
    for i in ends:
        one = score_card(made, {"g": values[i : i + 1], "b": values[i : i + 1]})
        assert one.by_characteristic.tolist() == found.by_characteristic[i : i + 1].tolist()
    assert score_card(made, {"g": values[:0], "b": values[:0]}).total.shape == (0,)


@pytest.mark.parametrize("item", expert_card(SCHEME).characteristics[:4], ids=lambda i: i.name)
def test_panel_and_event_points_never_fall_and_reach_every_point(item):
    steps = np.arange(0, item.span + 1, item.span // 100_000)
    points = item.score(steps)
    assert (np.diff(points) >= 0).all()
    assert sorted(set(points.tolist())) == list(item.attainable)
