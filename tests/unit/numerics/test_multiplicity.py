"""Witnesses: scipy (Benjamini and Hochberg) and their own example; statsmodels (Holm)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

from sanzhixin.errors import DomainError
from sanzhixin.numerics.multiplicity import adjust_holm, adjust_p_values

RTOL = 1e-12

p_values = st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), max_size=20)


@given(p_values)
def test_adjusted_p_values_agree_with_scipy(p):
    # Witness: scipy.stats.false_discovery_control, which takes no missing values.
    values = np.array(p, dtype=float)
    known = ~np.isnan(values)
    found = adjust_p_values(values)
    np.testing.assert_array_equal(np.isnan(found), ~known)
    if known.any():
        np.testing.assert_allclose(found[known], false_discovery_control(values[known]), rtol=RTOL)


def test_adjusted_p_values_agree_with_the_paper():
    # Witness: Benjamini and Hochberg (1995), section 3.2: of 15 p-values four fall at 5 %.
    p = [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
        *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
    ]
    assert (adjust_p_values(p) <= 0.05).tolist() == [True] * 4 + [False] * 11


@pytest.mark.parametrize("bad", [-0.1, 1.1])
def test_what_is_no_p_value_is_refused(bad):
    with pytest.raises(DomainError, match="p-values lie from 0 to 1"):
        adjust_p_values([0.5, bad])


def test_holm_is_that_of_statsmodels():
    p = np.random.default_rng(0).random(40) ** 3
    np.testing.assert_allclose(adjust_holm(p), multipletests(p, method="holm")[1], rtol=1e-12)


def test_holm_leaves_missing_tests_out():
    np.testing.assert_allclose(adjust_holm([np.nan, 0.02]), [np.nan, 0.02])
    with pytest.raises(DomainError, match=r"1\.5"):
        adjust_holm([1.5])
