from __future__ import annotations

import threading

import numpy as np
import pytest

from sanzhixin import Scorecard
from sanzhixin.modelling.inputs import threads
from sanzhixin.modelling.inputs.threads import map_columns, map_parts

MANY = 50_000


@pytest.fixture
def four_cores(monkeypatch):
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 4)


@pytest.mark.parametrize("n_rows", [1, MANY], ids=["few rows", "many rows"])
def test_results_keep_the_order_of_the_columns(four_cores, n_rows):
    assert map_columns(lambda column: column * 2, list(range(9)), n_rows) == list(range(0, 18, 2))


@pytest.mark.parametrize("count", range(10))
@pytest.mark.parametrize("n_rows", [1, MANY], ids=["few rows", "many rows"])
def test_parts_are_runs_that_hold_every_column_once(four_cores, count, n_rows):
    parts = map_parts(list, list(range(count)), n_rows)
    assert [column for part in parts for column in part] == list(range(count))
    assert len(parts) <= (4 if n_rows == MANY else 1)


def test_many_rows_are_worked_on_side_by_side(four_cores):
    both = threading.Barrier(2, timeout=30)  # passes only when two threads wait at once
    map_columns(lambda _: both.wait(), [0, 1], MANY)


@pytest.mark.parametrize("n_rows", [1, MANY], ids=["few rows", "many rows"])
def test_the_first_error_is_that_of_the_first_column(four_cores, n_rows):
    def refuse(column):
        if column:
            raise KeyError(column)

    with pytest.raises(KeyError, match="1"):
        map_columns(refuse, [0, 1, 2, 3], n_rows)


def test_a_card_scores_alike_in_one_thread_and_in_many(four_cores, monkeypatch):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(3000, 7))
    y = rng.random(3000) < 1 / (1 + np.exp(2 - X.sum(axis=1) / 2))
    alone = Scorecard().fit(X, y)
    monkeypatch.setattr(threads, "_MANY", 1)
    together = Scorecard().fit(X, y)
    assert together.to_json() == alone.to_json()
    np.testing.assert_array_equal(together.points(X), alone.points(X))
