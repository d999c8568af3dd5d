"""How each rater uses the scale, given the totals: fit, scatter and stretch of the thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.numerics.symmetric import SymmetricFunctions, items_of, stretch_thresholds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer]

__all__ = [
    "STRETCHES",
    "ConditionalMoments",
    "RaterFit",
    "Stretch",
    "conditional_moments",
    "fit_raters",
    "fit_stretch",
    "rating_residuals",
]

_GRID = np.arange(-8, 9) / 4  # logarithms to base 2 of the factors
_STRETCHES = 2.0**_GRID
STRETCHES = (1.0, 2**0.5, 2.0, 2**1.5)
"""Classes of raters by how far they stretch the distances between thresholds."""

_CLASSES = [int(np.abs(_STRETCHES - factor).argmin()) for factor in STRETCHES]
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class ConditionalMoments:
    """Mean and variance of each item's category given mask and total.

    Attributes
    ----------
    mean, variance : ndarray of shape (n_masks, largest total + 1, n_items)
        0 for items that the mask leaves out.
    """

    mean: Floats
    variance: Floats


@dataclass(frozen=True, slots=True)
class RaterFit:
    """Fit of each rater's ratings to the items, given the totals of the records.

    Attributes
    ----------
    infit : ndarray of shape (n_raters,)
        Squared residuals over their expectation: 1 as expected, above 1 erratic, below 1 too
        regular.  Missing where nothing can vary.
    outfit : ndarray of shape (n_raters,)
        Mean of squared standardised residuals.
    n_ratings : ndarray of shape (n_raters,)
        Ratings that could vary.
    """

    infit: Floats
    outfit: Floats
    n_ratings: Ints


@dataclass(frozen=True, slots=True)
class Stretch:
    """Factor on the distances between a rater's thresholds.

    Attributes
    ----------
    log : ndarray of shape (n_raters,)
        Logarithm of the factor; above 0 the rater avoids the ends of the scale.
    standard_error : ndarray of shape (n_raters,)
        Of `log`; missing where the likelihood has no inner maximum.
    gain : ndarray of shape (n_raters, n_classes)
        Twice the log-likelihood of each of the classes above that of the common scale.
    """

    log: Floats
    standard_error: Floats
    gain: Floats


def conditional_moments(thresholds: Floats, masks: list[int]) -> ConditionalMoments:
    r"""Mean and variance of every item's category given the record's mask and total.

    Parameters
    ----------
    thresholds : ndarray of shape (n_items, n_categories - 1)
        In logits.
    masks : list of int
        Answered items; bit i stands for item i.

    Returns
    -------
    ConditionalMoments
        Standing, severity, halo and village cancel given the total.

    Notes
    -----
    :math:`P(x_i = k \mid S, m) = e^{-C_{ik}} \gamma_{m \setminus i, S-k} / \gamma_{m, S}`.
    """
    n_items, n_steps = thresholds.shape
    weights = _weights(thresholds)
    functions = SymmetricFunctions(weights)
    shape = (len(masks), n_items * n_steps + 1, n_items)
    mean, square = np.zeros(shape), np.zeros(shape)
    for m, mask in enumerate(masks):
        whole = functions(mask)
        for i in items_of(mask):
            rest = functions(mask ^ 1 << i)
            for k in range(1, n_steps + 1):
                chance = weights[i, k] * rest / whole[k : k + rest.size]
                mean[m, k : k + rest.size, i] += k * chance
                square[m, k : k + rest.size, i] += k * k * chance
    return ConditionalMoments(mean, np.maximum(square - mean**2, 0.0))


def _weights(thresholds: Floats) -> Floats:
    start = np.zeros((thresholds.shape[0], 1))
    return np.exp(-np.hstack([start, np.cumsum(thresholds, axis=1)]))


def fit_raters(
    ratings: NDArray[np.int8],
    mask: Ints,
    total: Ints,
    rater: Ints,
    n_raters: int,
    moments: ConditionalMoments,
) -> RaterFit:
    """Compare ratings with what the record's total lets expect, rater by rater.

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
    RaterFit
        Arrays over the raters.

    References
    ----------
    Wright and Masters (1982), Rating Scale Analysis, MESA Press, chapter 5.
    """
    sums = np.zeros((4, n_raters))
    for who, residual, variance in rating_residuals(ratings, mask, total, rater, moments):
        squared, varies = residual**2, variance > 0
        ratio = np.divide(squared, variance, out=np.zeros_like(squared), where=varies)
        for row, values in zip(sums, (squared, variance, ratio, varies), strict=True):
            row += np.bincount(who, values.sum(axis=1), n_raters)
    with np.errstate(invalid="ignore", divide="ignore"):
        return RaterFit(sums[0] / sums[1], sums[2] / sums[3], sums[3].astype(np.int64))


def rating_residuals(
    ratings: NDArray[np.int8], mask: Ints, total: Ints, rater: Ints, moments: ConditionalMoments
) -> Iterator[tuple[Ints, Floats, Floats]]:
    """Go through what ratings are above what the record's total lets expect, piece by piece.

    Parameters
    ----------
    ratings, mask, total, rater, moments
        As in `fit_raters`.

    Yields
    ------
    rater : ndarray of shape (n_piece,)
        Index of each record's rater.
    residual, variance : ndarray of shape (n_piece, n_items)
        In categories and squared categories; both 0 where blank or where nothing can vary.
    """
    for begin in range(0, rater.size, _CHUNK):
        part = slice(begin, begin + _CHUNK)
        answered = ratings[part] > 0
        variance = moments.variance[mask[part], total[part]] * answered
        residual = ratings[part] - 1.0 - moments.mean[mask[part], total[part]]
        residual *= answered & (variance > 0)
        yield rater[part], residual, variance


def fit_stretch(
    ratings: NDArray[np.int8],
    mask: Ints,
    total: Ints,
    rater: Ints,
    n_raters: int,
    *,
    thresholds: Floats,
    masks: list[int],
) -> Stretch:
    r"""Estimate how far each rater stretches the thresholds, given the totals.

    Parameters
    ----------
    ratings, mask, total, rater, n_raters
        As in `fit_raters`; `mask` counts among `masks`.
    thresholds : ndarray of shape (n_items, n_categories - 1)
        Common thresholds, in logits.
    masks : list of int
        Answered items of each mask.

    Returns
    -------
    Stretch
        Maximum of the conditional likelihood over factors from 1/4 to 4, by a parabola through
        the three best of 17 grid points, with the error from its curvature.

    Notes
    -----
    Thresholds are moved to :math:`\bar d_i + \omega (d_{ik} - \bar d_i)`; the log-likelihood of a
    rater is :math:`-\sum_{ik} n_{ik} C_{ik}(\omega) - \sum_{ms} n_{ms} \log \gamma_{ms}(\omega)`.
    """
    n_items, n_steps = thresholds.shape
    width = n_items * n_steps + 1
    cells = np.bincount(
        (rater.astype(np.int64) * len(masks) + mask) * width + total,
        minlength=n_raters * len(masks) * width,
    ).reshape(n_raters, len(masks) * width)
    per_item = [
        np.bincount(rater * (n_steps + 2) + column, minlength=n_raters * (n_steps + 2))
        for column in ratings.T
    ]
    categories = np.stack(per_item, axis=1).reshape(n_raters, n_steps + 2, n_items)[:, 1:]
    flat = categories.transpose(0, 2, 1).reshape(n_raters, -1).astype(np.float64)
    curve = np.empty((n_raters, _STRETCHES.size))
    for place, factor in enumerate(_STRETCHES.tolist()):
        weights = _weights(stretch_thresholds(thresholds, factor))
        functions = SymmetricFunctions(weights)
        log_gamma = np.zeros((len(masks), width))
        for m, one in enumerate(masks):
            known = functions(one)
            log_gamma[m, : known.size] = np.log(known)
        curve[:, place] = flat @ np.log(weights).ravel() - cells @ log_gamma.ravel()
    gain = 2 * (curve[:, _CLASSES] - curve[:, _CLASSES[:1]])
    return Stretch(*_parabola(np.log(_STRETCHES), curve), gain)


def _parabola(grid: Floats, curve: Floats) -> tuple[Floats, Floats]:
    """Place of the maximum and its error, by the three best points."""
    best = curve.argmax(axis=1)
    inner = np.clip(best, 1, grid.size - 2)
    rows, step = np.arange(best.size), grid[1] - grid[0]
    left, middle, right = (curve[rows, inner + k] for k in (-1, 0, 1))
    bend = left - 2 * middle + right
    known = (best == inner) & (bend < 0)
    bend = np.where(known, bend, -1.0)
    top = grid[inner] - step * (right - left) / (2 * bend)
    log = np.where(known, top, grid[best] * (np.ptp(curve, axis=1) > 0))
    return log, np.where(known, step / np.sqrt(-bend), np.nan)
