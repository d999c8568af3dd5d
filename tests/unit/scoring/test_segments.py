from __future__ import annotations

import numpy as np
import pytest

from sanzhixin.scoring.segments import expand

SPANS = [
    # starts, ends, rows of the table
    ([0, 2], [2, 5], 5),
    ([0, 2, 2], [2, 2, 3], 3),
    ([3], [5], 6),
    ([0], [0], 0),
    ([0, 0], [0, 0], 0),
    ([], [], 0),
    ([0, 0, 1], [2, 2, 3], 3),  # the same rows in two cases
    ([2, 0], [4, 2], 4),  # another order than the table
]


@pytest.mark.parametrize(("start", "end", "n_rows"), SPANS)
def test_pairs_are_those_of_nested_loops(start, end, n_rows):
    spans = list(zip(start, end, strict=True))
    pairs = [(c, r, r - a) for c, (a, b) in enumerate(spans) for r in range(a, b)]
    found = expand(np.array(start, dtype=np.int64), np.array(end, dtype=np.int64), n_rows)
    columns = (found.case.tolist(), found.row.tolist(), found.place.tolist())
    assert list(zip(*columns, strict=True)) == pairs
    assert found.n_cases == len(spans)
    assert found.longest == max((b - a for a, b in spans), default=0)
    assert found.whole == ([r for _, r, _ in pairs] == list(range(n_rows)))


@pytest.mark.parametrize(("start", "end", "n_rows"), SPANS)
def test_layout_gives_each_case_a_row_padded_on_the_right(start, end, n_rows):
    found = expand(np.array(start, dtype=np.int64), np.array(end, dtype=np.int64), n_rows)
    values = np.arange(10, 10 + n_rows)
    grid = found.lay_out(found.gather(values), -1)
    spans = list(zip(start, end, strict=True))
    width = max([1, *(b - a for a, b in spans)])
    expected = [values[a:b].tolist() + [-1] * (width - (b - a)) for a, b in spans]
    assert grid.tolist() == expected
    assert grid.shape == (len(spans), width)


@pytest.mark.parametrize(("start", "end", "n_rows"), SPANS)
def test_values_of_the_cases_are_spread_over_their_pairs(start, end, n_rows):
    found = expand(np.array(start, dtype=np.int64), np.array(end, dtype=np.int64), n_rows)
    values = np.arange(len(start)) * 7
    spread = np.broadcast_to(found.spread(values), found.case.shape)
    assert spread.tolist() == values[found.case].tolist()


def test_rows_of_one_case_among_empty_ones_are_laid_out_in_its_place():
    # 4 cases of at most 2 rows, 2 rows in all
    found = expand(np.array([0, 2, 2, 2]), np.array([2, 2, 2, 2]), 2)
    assert found.lay_out(np.array([7, 8]), -1).tolist() == [[7, 8]] + [[-1, -1]] * 3
