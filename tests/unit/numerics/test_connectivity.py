from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sanzhixin.numerics.connectivity import examine_connectivity


def parts_without(pairs, gone, n_raters):
    """Brute force: parts of the raters' graph when one rater is absent."""
    left = [(h, r) for h, r in pairs if r != gone]
    raters = sorted({r for _, r in left})
    households = sorted({h for h, _ in left})
    rows = [households.index(h) for h, _ in left]
    columns = [len(households) + raters.index(r) for _, r in left]
    size = len(households) + len(raters)
    graph = coo_array((np.ones(len(left)), (rows, columns)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    return len(set(label[len(households) :].tolist()))


pair_lists = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 6)), min_size=1, max_size=16)


@settings(max_examples=150, deadline=None)
@given(pair_lists)
def test_cut_raters_are_those_whose_absence_splits_their_part(pairs):
    household, rater = np.array(pairs).T
    found = examine_connectivity(household, rater, 8, 7)
    present = sorted(set(rater.tolist()))
    whole = parts_without(pairs, -1, 7)
    assert found.n_components == whole
    splitting = [
        r
        for r in present
        if parts_without(pairs, r, 7) > whole - (sum(
            found.rater_component[present] == found.rater_component[r]) == 1)
    ]  # fmt: skip
    assert found.cut_raters.tolist() == splitting


def test_villages_without_a_common_rater_are_parts_and_thin_raters_are_named():
    household = np.array([0, 0, 1, 1, 2, 2, 3, 4, 4])
    rater = np.array([0, 1, 0, 1, 0, 1, 2, 2, 3])
    found = examine_connectivity(household, rater, 6, 5)
    assert found.n_components == 2
    assert found.household_component.tolist() == [0, 0, 0, 1, 1, -1]
    assert found.rater_component.tolist() == [0, 0, 1, 1, -1]
    assert found.thin_raters.tolist() == [2, 3]
    assert found.cut_raters.tolist() == []


def test_a_rater_of_two_villages_makes_one_part_and_holds_it_together():
    household = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    rater = np.array([0, 1, 1, 2, 2, 3, 3, 4])
    found = examine_connectivity(household, rater, 4, 5)
    assert found.n_components == 1
    assert found.cut_raters.tolist() == [1, 2, 3]
