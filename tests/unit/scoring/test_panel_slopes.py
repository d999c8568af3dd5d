"""From the error of the panel's scores to that of the points.

Witnesses: slopes worked by hand; the same card written as equal steps and as bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.card import (
    BinCharacteristic,
    Card,
    GridCharacteristic,
    LevelCharacteristic,
    PointsGroup,
)
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.panel_slopes import compile_slopes, points_error, shifted_points


@dataclass
class Rules:
    pillars: tuple[str, ...]


@dataclass
class Measures:
    score: np.ndarray
    covariance: np.ndarray


def grid(code, points):
    return GridCharacteristic(
        kind="grid", name=code, column=f"{code}_score", zh=code, en=code, group="panel",
        start=0, span=100 * MICRO, points=points,
    )  # fmt: skip


def bins(code, edges, points):
    labels = tuple("abcdefghij"[: len(points)])
    return BinCharacteristic(
        kind="bins", name=code, column=f"{code}_score", zh=code, en=code, group="panel",
        edges=tuple(int(edge * MICRO) for edge in edges), points=points,
        labels_zh=labels, labels_en=labels,
    )  # fmt: skip


def card(*items):
    group = PointsGroup(name="panel", zh="评议", en="panel", lowest=0, highest=1000)
    return Card(points_per_score=10, lowest=0, highest=1000, groups=(group,), characteristics=items)


def measured(items, scores, covariance):
    rules = Rules(tuple(item.name for item in items))
    score = np.array([[np.round(s * MICRO) if s is not None else MISSING for s in scores]])
    measures = Measures(score.astype(np.int64), np.array([covariance], dtype=float))
    return measures, compile_slopes(card(*items), rules)


def error(items, scores, covariance):
    return points_error(*measured(items, scores, covariance))[0]


def moved(items, scores, covariance, z):
    measures, slopes = measured(items, scores, covariance)
    return shifted_points(measures, slopes, points_error(measures, slopes), z).tolist()[0]


def test_equal_steps_weigh_by_their_slope():
    # 200 points over 100 units are 2 a unit, and a standard error of 3 units is 6 points.
    assert error([grid("fs", 200)], [50.0], [[9.0]]) == pytest.approx(6.0)


def test_bins_weigh_by_their_slope_between_the_first_and_the_last_edge():
    # 60 points over the 20 units from 50 to 70 are 3 a unit; a standard error of 2 units is 6.
    assert error([bins("fs", [50, 60, 70], (0, 20, 40, 60))], [20.0], [[4.0]]) == pytest.approx(6)


def test_a_single_edge_is_taken_to_rise_over_ten_units():
    # 30 points over 10 units, standard error 2 units.
    assert error([bins("fs", [50], (0, 30))], [50.0], [[4.0]]) == pytest.approx(6.0)


def test_a_score_that_is_known_exactly_has_no_error():
    assert error([bins("fs", [40, 80], (0, 20, 50))], [60.0], [[0.0]]) == 0.0


def test_pillars_go_together_by_their_covariance():
    # Slopes 2 (steps) and 30 / 10 (bins): 4 * 9 + 2 * 2 * 3 * 1 + 9 * 4 = 84.
    items = [grid("fs", 200), bins("ml", [55, 65], (10, 25, 40))]
    found = error(items, [50.0, 60.0], [[9.0, 1.0], [1.0, 4.0]])
    assert found == pytest.approx(np.sqrt(84.0))


def test_a_move_of_the_scores_is_looked_up_in_the_bins():
    # One standard error is 2 units: 59 reaches 61, another bin; 57 reaches 59, the same one.
    item = bins("fs", [50, 60, 70], (0, 20, 40, 60))
    assert moved([item], [59.0], [[4.0]], 1.0) == 20
    assert moved([item], [57.0], [[4.0]], 1.0) == 0
    assert moved([item], [51.0], [[4.0]], -1.0) == -20


def test_pillars_move_as_they_are_expected_to_when_the_points_move():
    # Equal slopes and errors without covariance: each moves by its error / sqrt(2), 1.414 units.
    items = [bins("fs", [50, 60], (0, 10, 20)), bins("ml", [50, 60], (0, 10, 20))]
    covariance = [[4.0, 0.0], [0.0, 4.0]]
    assert moved(items, [58.7, 58.7], covariance, 1.0) == 20
    assert moved(items, [58.5, 58.5], covariance, 1.0) == 0


def test_a_card_in_equal_steps_alone_needs_no_look_up():
    assert compile_slopes(card(grid("fs", 200)), Rules(("fs",))).items == ()


def test_a_pillar_without_points_adds_nothing():
    slopes = compile_slopes(card(bins("fs", [50], (0, 10))), Rules(("ml", "fs")))
    measures = Measures(np.array([[70 * MICRO, 50 * MICRO]]), np.full((1, 2, 2), 4.0))
    assert points_error(measures, slopes).tolist() == [2.0]


def test_too_few_forms_have_no_error_that_could_be_told():
    assert np.isnan(error([bins("fs", [50], (0, 10))], [None], [[np.nan]]))


def test_too_few_forms_move_nothing():
    assert moved([bins("fs", [50], (0, 10))], [None], [[np.nan]], 1.0) == 0


def test_a_pillar_by_levels_has_no_slope():
    level = LevelCharacteristic(
        kind="levels", name="fs", column="fs_score", zh="fs", en="fs", group="panel",
        levels=("low",), points=(5,), labels_zh=("a",), labels_en=("a",),
    )  # fmt: skip
    slopes = compile_slopes(card(level, bins("ml", [50], (0, 30))), Rules(("fs", "ml")))
    assert slopes.points.tolist() == [0.0, 3.0]
    assert slopes.pairs.tolist() == [0.0, 0.0, 0.0, 9.0]
    assert [place for place, _ in slopes.items] == [0, 1]
