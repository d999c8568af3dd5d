"""From the error of the panel's scores to that of the points.

Witnesses: slopes worked by hand; the same card written as equal steps and as bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.card import BinCharacteristic, Card, GridCharacteristic, PointsGroup
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.panel_slopes import compile_slopes, points_error


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


def error(items, scores, covariance):
    rules = Rules(tuple(item.name for item in items))
    score = np.array([[np.round(s * MICRO) if s is not None else MISSING for s in scores]])
    measures = Measures(score.astype(np.int64), np.array([covariance], dtype=float))
    return points_error(measures, compile_slopes(card(*items), rules))[0]


def test_equal_steps_weigh_by_their_slope():
    # 200 points over 100 units are 2 a unit, and a standard error of 3 units is 6 points.
    assert error([grid("fs", 200)], [50.0], [[9.0]]) == pytest.approx(6.0)


def test_in_bins_the_points_one_error_below_and_above_count():
    # 60 - 2 lies in the bin of 10 points, 60 + 2 in that of 40: 30 points over 4 units, 2 units.
    items = [bins("fs", [59, 61], (10, 25, 40))]
    assert error(items, [60.0], [[4.0]]) == pytest.approx(15.0)


def test_a_score_in_the_middle_of_a_wide_bin_has_no_error():
    assert error([bins("fs", [40, 80], (0, 20, 50))], [60.0], [[4.0]]) == 0.0


def test_a_score_that_is_known_exactly_has_no_error():
    assert error([bins("fs", [40, 80], (0, 20, 50))], [60.0], [[0.0]]) == 0.0


def test_pillars_go_together_by_their_covariance():
    # Slopes 2 (steps) and 30 / 4 (bins): 4 * 9 + 2 * 2 * 7.5 * 1 + 56.25 * 4 = 291.
    items = [grid("fs", 200), bins("ml", [59, 61], (10, 25, 40))]
    found = error(items, [50.0, 60.0], [[9.0, 1.0], [1.0, 4.0]])
    assert found == pytest.approx(np.sqrt(291.0))


def test_fine_bins_come_near_the_equal_steps_they_imitate():
    edges = np.arange(1, 100)
    items = [bins("fs", edges[:9] * 10, tuple(range(0, 200, 20)))]
    wide = error(items, [55.0], [[400.0]])
    assert wide == pytest.approx(error([grid("fs", 200)], [55.0], [[400.0]]), rel=0.05)


def test_a_pillar_without_points_adds_nothing():
    slopes = compile_slopes(card(bins("fs", [50], (0, 10))), Rules(("fs", "ml")))
    measures = Measures(np.array([[70 * MICRO, 50 * MICRO]]), np.full((1, 2, 2), 4.0))
    assert points_error(measures, slopes).tolist() == [0.0]


def test_too_few_forms_have_no_error_that_could_be_told():
    assert np.isnan(error([bins("fs", [50], (0, 10))], [None], [[np.nan]]))
