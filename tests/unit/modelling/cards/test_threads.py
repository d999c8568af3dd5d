"""Columns worked on side by side, and rows in blocks: neither changes a result or an error.

Witnesses: one thread, and single rows.
"""

from __future__ import annotations

import threading

import numpy as np
import pytest

from sanzhixin import Scorecard
from sanzhixin.modelling.cards import threads
from sanzhixin.modelling.cards.threads import map_parts

MANY = 50_000


@pytest.fixture
def four_cores(monkeypatch):
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 4)


@pytest.mark.parametrize("count", range(10))
@pytest.mark.parametrize("n_rows", [1, MANY], ids=["few rows", "many rows"])
def test_parts_are_runs_that_hold_every_column_once(four_cores, count, n_rows):
    parts = map_parts(list, list(range(count)), n_rows)
    assert [column for part in parts for column in part] == list(range(count))
    assert len(parts) <= (4 if n_rows == MANY else 1)


def test_many_rows_are_worked_on_side_by_side(four_cores):
    both = threading.Barrier(2, timeout=30)  # passes only when two threads wait at once
    map_parts(lambda _: both.wait(), [0, 1], MANY)


@pytest.mark.parametrize("n_rows", [1, MANY], ids=["few rows", "many rows"])
def test_the_first_error_is_that_of_the_first_column(four_cores, n_rows):
    def refuse(columns):
        for column in columns:
            if column > 0:
                raise KeyError(column)

    with pytest.raises(KeyError, match=r"^1$"):
        map_parts(refuse, [0, 1, 2, 3], n_rows)


def test_the_first_error_is_that_of_the_first_column_though_another_fails_sooner(four_cores):
    has_failed = threading.Event()

    def refuse(columns):
        if columns == [0]:
            assert has_failed.wait(30)
        else:
            has_failed.set()
        raise KeyError(columns[0])

    with pytest.raises(KeyError, match=r"^0$"):
        map_parts(refuse, [0, 1, 2, 3], MANY)


def test_a_card_scores_alike_in_one_thread_and_in_many(four_cores, monkeypatch):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(3000, 7))
    y = rng.random(3000) < 1 / (1 + np.exp(2 - X.sum(axis=1) / 2))
    card = Scorecard().fit(X, y)
    alone = card.points(X)
    monkeypatch.setattr(threads, "_MANY", 1)
    np.testing.assert_array_equal(card.points(X), alone)


def test_a_card_scores_blocks_of_rows_as_it_does_single_rows(monkeypatch):
    rng = np.random.default_rng(6)
    X = rng.normal(size=(500, 3))
    y = rng.random(500) < 1 / (1 + np.exp(2 - X.sum(axis=1)))
    card = Scorecard().fit(X, y)
    whole = card.points(X)
    monkeypatch.setattr("sanzhixin.modelling.cards.points_card._BLOCK", 7)
    np.testing.assert_array_equal(card.points(X), whole)
    np.testing.assert_array_equal(
        np.concatenate([card.points(X[[k]]) for k in range(40)]), whole[:40]
    )
