"""Raters who rate single items otherwise than the total of their form lets expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2

from sanzhixin.numerics.multiplicity import adjust_p_values
from sanzhixin.numerics.rater_fit import rating_residuals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.numerics.rater_fit import ConditionalMoments

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer]

__all__ = ["Interactions", "fit_interactions"]


@dataclass(frozen=True, slots=True)
class Interactions:
    """Rater x item interaction, given the totals of the forms.

    Attributes
    ----------
    effect : ndarray of shape (n_raters, n_items)
        Logits by which the rater is milder on the item than on the others, to first order; NaN
        where the rater's ratings of the item cannot vary.
    z : ndarray of shape (n_raters, n_items)
        Sum of residuals over its standard deviation.
    chi_square : ndarray of shape (n_raters,)
        Sum of squares of `z`, scaled to `df`.
    df : ndarray of shape (n_raters,)
        Items that can vary less one.
    p_value, q_value : ndarray of shape (n_raters,)
        Chance of so large a value without interaction; adjusted over the raters after Benjamini
        and Hochberg.  NaN where fewer than two items can vary.
    """

    effect: Floats
    z: Floats
    chi_square: Floats
    df: Ints
    p_value: Floats
    q_value: Floats


def fit_interactions(
    ratings: NDArray[np.int8],
    mask: Ints,
    total: Ints,
    rater: Ints,
    n_raters: int,
    moments: ConditionalMoments,
) -> Interactions:
    r"""Test every rater for items that are rated otherwise than the others.

    Use it before trusting thresholds to be common to all raters, which is what the panel model
    assumes.  Given the totals, households, severities and halo have cancelled.

    Parameters
    ----------
    ratings : ndarray of shape (n_records, n_items)
        Categories from 1; 0 means blank.
    mask : ndarray of shape (n_records,)
        Place of the record's mask in `moments`.
    total, rater : ndarray of shape (n_records,)
        Sum of the categories counted from 0; index of the rater.
    n_raters : int
        Number of raters.
    moments : ConditionalMoments
        From `conditional_moments`.

    Returns
    -------
    Interactions
        Arrays over the raters.

    Notes
    -----
    With residual sums :math:`r_i` and their conditional variances :math:`V_i`, which already know
    that residuals of a form add up to 0, :math:`\sum_i r_i^2 / V_i` has mean I.  Scaled by
    (I - 1) / I it is referred to chi-square on I - 1 degrees of freedom, exactly so when the
    variances are equal.

    References
    ----------
    Glas and Verhelst (1995), Testing the Rasch model, in Rasch Models, Springer,
    https://doi.org/10.1007/978-1-4612-4230-7_5

    Examples
    --------
    >>> from sanzhixin.numerics.rater_fit import conditional_moments
    >>> moments = conditional_moments(np.zeros((2, 1)), [0b11])
    >>> ratings = np.tile(np.array([[2, 1]], dtype=np.int8), (10, 1))
    >>> zeros = np.zeros(10, dtype=np.int64)
    >>> found = fit_interactions(ratings, zeros, zeros + 1, zeros, 1, moments)
    >>> round(float(found.chi_square[0]), 6)
    10.0
    """
    n_items = ratings.shape[1]
    sums = np.zeros((2, n_items, n_raters))
    for who, apart, spread in rating_residuals(ratings, mask, total, rater, moments):
        for row, values in zip(sums, (apart, spread), strict=True):
            for item in range(n_items):
                row[item] += np.bincount(who, values[:, item], n_raters)
    residual, variance = sums.transpose(0, 2, 1)
    varies = variance > 0
    known = np.where(varies, variance, np.nan)
    count = varies.sum(axis=1)
    z = residual / np.sqrt(known)
    scale = (count - 1) / np.maximum(count, 1)
    chi_square = np.where(count > 1, np.nansum(z**2, axis=1) * scale, np.nan)
    p_value = np.where(count > 1, chi2.sf(chi_square, np.maximum(count - 1, 1)), np.nan)
    return Interactions(
        effect=residual / known,
        z=z,
        chi_square=chi_square,
        df=np.maximum(count - 1, 0),
        p_value=p_value,
        q_value=adjust_p_values(p_value),
    )
