"""Which totals a card can have, by hand and by going through all combinations."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from pydantic import ValidationError

from sanzhixin.errors import ArtifactError, RecordError
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

NAMES = {"zh": "名", "en": "name"}


def bins(name, points, *, missing=0, group="a"):
    labels = tuple(f"bin {i}" for i in range(len(points)))
    return BinCharacteristic(
        kind="bins", name=name, column=name, group=group, edges=tuple(range(1, len(points))),
        points=points, labels_zh=labels, labels_en=labels, missing_points=missing, **NAMES,
    )  # fmt: skip


def levels(name, points, *, missing=0, group="a"):
    labels = tuple(f"level {i}" for i in range(len(points)))
    return LevelCharacteristic(
        kind="levels", name=name, column=name, group=group, levels=labels, points=points,
        labels_zh=labels, labels_en=labels, missing_points=missing, **NAMES,
    )  # fmt: skip


def grid(name, points, *, missing=0, group="a"):
    return GridCharacteristic(
        kind="grid", name=name, column=name, group=group, start=0, span=100, points=points,
        missing_points=missing, **NAMES,
    )  # fmt: skip


def group(name="a", lowest=-1000, highest=1000):
    return PointsGroup(name=name, lowest=lowest, highest=highest, **NAMES)


def card(*items, groups=None, base=0, lowest=0, highest=1000):
    return Card(
        points_per_score=10, base=base, lowest=lowest, highest=highest,
        groups=groups or (group(),), characteristics=items,
    )  # fmt: skip


TOTALS = [
    (card(bins("x", (10, 30))), [0, 10, 30]),  # 0 where it is missing
    (card(bins("x", (10, 30), missing=7)), [7, 10, 30]),
    (card(bins("x", (10, 30), missing=10), base=5), [15, 35]),
    # 0, 10 or 30 and 0, 3 or 5
    (card(bins("x", (10, 30)), levels("y", (3, 5))), [0, 3, 5, 10, 13, 15, 30, 33, 35]),
    (card(grid("x", 3), levels("y", (10, 10), missing=10)), [10, 11, 12, 13]),
    # sums -5, 0, 10, 5, 15 of the first group are held at 0 and 12; 100 or 0 of the second
    (
        card(
            bins("x", (0, 10)), levels("y", (-5, 5)), bins("z", (100,) * 2, group="b"),
            groups=(group(lowest=0, highest=12), group("b")),
        ),
        [0, 5, 10, 12, 100, 105, 110, 112],
    ),
    (card(bins("x", (-40, 300)), base=20, lowest=10, highest=250), [10, 20, 250]),
]  # fmt: skip


@pytest.mark.parametrize(("made", "totals"), TOTALS)
def test_totals_are_all_sums_within_their_clips(made, totals):
    assert made.totals.tolist() == totals
    assert made.reach == (totals[0], totals[-1])
    assert made.totals.dtype == np.int64
    assert not made.totals.flags.writeable


@pytest.mark.parametrize(("made", "totals"), TOTALS)
def test_every_total_is_that_of_some_case_and_no_case_has_another(made, totals):
    # second way: every value of every characteristic, scored
    values = [
        {"grid": range(-1, 102), "bins": range(len(getattr(item, "points", ())) + 1)
         if item.kind == "bins" else (), "levels": range(len(item.points))
         if item.kind == "levels" else ()}[item.kind]
        for item in made.characteristics
    ]  # fmt: skip
    cases = list(product(*([*each, MISSING] for each in values)))
    columns = np.array(cases, dtype=np.int64).T
    names = [item.column for item in made.characteristics]
    found = score_card(made, dict(zip(names, columns, strict=True)))
    assert sorted(set(found.total.tolist())) == totals


def test_rows_and_ends_of_the_groups_follow_the_card():
    groups = (group(lowest=-3, highest=9), group("b", 0, 5))
    made = card(grid("x", 3), bins("y", (0, 1)), levels("z", (4,), group="b"), groups=groups)
    assert made.group_rows == (slice(0, 2), slice(2, 3))
    assert made.group_ends.tolist() == [[[-3], [0]], [[9], [5]]]


BROKEN = [
    (lambda: card(grid("x", 3), groups=(group(), group())), "card_names"),
    (lambda: card(grid("x", 3), groups=(group(), group("b"))), "card_names"),
    (lambda: card(grid("x", 3), bins("y", (0, 1), group="b"), levels("z", (4,)),
                  groups=(group(), group("b"))), "card_names"),
    (lambda: card(grid("x", 3), groups=(group(lowest=5, highest=4),)), "card_ends"),
    (lambda: card(grid("x", 3), lowest=-1), "card_ends"),
    (lambda: card(grid("x", 3), lowest=9, highest=8), "card_ends"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "code"), BROKEN)
def test_groups_and_ends_that_contradict_each_other_are_refused(make, code):
    with pytest.raises(ValidationError) as caught:
        make()
    error = unwrap_validation(caught.value)
    assert isinstance(error, ArtifactError)
    assert error.code == code


def test_ends_may_be_equal():
    made = card(grid("x", 3), groups=(group(lowest=2, highest=2),), lowest=2, highest=2)
    assert made.totals.tolist() == [2]


def test_a_level_that_the_card_does_not_know_is_refused_with_what_it_knows():
    item = levels("y", (3, 5))
    with pytest.raises(RecordError, match="level 0, level 1") as caught:
        item.score(np.array([0, UNSEEN, 1, UNSEEN]))
    assert caught.value.code == "level_unseen"
    assert "2" in str(caught.value)
    assert "y" in str(caught.value)


def test_levels_are_read_by_their_place_and_missing_ones_apart():
    item = levels("y", (3, 5), missing=-2)
    assert item.score(np.array([0, 1, MISSING])).tolist() == [3, 5, -2]
    assert item.bins(np.array([0, 1, MISSING])).tolist() == [1, 2, 0]


def test_scoring_changes_no_value_that_it_is_given():
    item, values = grid("x", 10), np.array([-5, 50, 500])
    assert item.score(values).tolist() == [0, 5, 10]
    assert values.tolist() == [-5, 50, 500]
