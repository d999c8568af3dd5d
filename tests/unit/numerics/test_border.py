from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from sanzhixin.errors import EvidenceError
from sanzhixin.numerics import border
from sanzhixin.numerics.border import invert_border


def arrow(seed=0):
    """Nine blocks of four and four hubs, shuffled; positive definite."""
    random = np.random.default_rng(seed)
    label = np.concatenate([np.repeat(np.arange(9), 4), [-1] * 4])
    tied = (label[:, None] == label) | (label < 0) | (label[:, None] < 0)
    matrix = random.standard_normal((40, 40)) * tied
    matrix = matrix + matrix.T
    matrix += np.eye(40) * (1 - np.linalg.eigvalsh(matrix)[0])
    order = random.permutation(40)
    return matrix[np.ix_(order, order)], (label < 0)[order]


@pytest.mark.parametrize("with_hubs", [True, False], ids=["hubs", "one block"])
def test_the_inverse_is_that_of_the_dense_matrix(with_hubs):
    # Second algorithm: numpy's dense inverse.
    matrix, hubs = arrow()
    found = invert_border(sparse.csc_array(matrix), hubs & with_hubs)
    dense = np.linalg.inv(matrix)
    whole = found.blocks.toarray() + found.reach @ found.hub_inverse @ found.reach.T
    np.testing.assert_allclose(whole, dense, atol=1e-12)
    np.testing.assert_allclose(found.diagonal(), np.diag(dense), atol=1e-12)
    left, right = (sparse.csr_array(sparse.random(30, 40, 0.2, rng=k)) for k in (1, 2))
    forms = np.einsum("ij,jk,ik->i", left.toarray(), dense, right.toarray())
    np.testing.assert_allclose(found.quadratic(left, right), forms, atol=1e-12)
    own = np.einsum("ij,jk,ik->i", left.toarray(), dense, left.toarray())
    np.testing.assert_allclose(found.quadratic(left), own, atol=1e-12)


def test_only_hubs_is_a_dense_inverse():
    matrix, _ = arrow(1)
    found = invert_border(sparse.csc_array(matrix), np.ones(40, dtype=bool))
    np.testing.assert_allclose(found.hub_inverse, np.linalg.inv(matrix), atol=1e-12)


def test_a_block_that_is_too_large_is_refused_with_the_way_out(monkeypatch):
    monkeypatch.setattr(border, "LARGEST_BLOCK", 39)
    matrix, hubs = arrow()
    with pytest.raises(EvidenceError, match=r"40 raters and villages .* village_id"):
        invert_border(sparse.csc_array(matrix), hubs & False)
