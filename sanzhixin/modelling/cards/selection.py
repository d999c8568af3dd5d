"""Which characteristics enter a card: information value, correlation, inflation, stability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy.special import chdtri

from sanzhixin.errors import DomainError
from sanzhixin.numerics.screening import population_stability, variance_inflation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from sanzhixin.modelling.bins.feature_bins import FeatureBins

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

__all__ = [
    "SelectionRules",
    "compute_stability",
    "read_periods",
    "select_characteristics",
]

_HALF, _CHANCE = 0.5, 0.05
_BLOCK = 16_384  # rows at once, which stay in the cache
_EQUAL = 1e-9  # weights of evidence that differ by no more are one
Reason = Literal[
    "kept",
    "separated",
    "one_bin",
    "weak",
    "unstable",
    "few_events",
    "correlated",
    "inflated",
    "wrong_sign",
    "by_chance",
]
"""Why a characteristic is on a card or not; the last two are the regression's."""


@dataclass(frozen=True, slots=True)
class SelectionRules:
    """What a characteristic needs to enter a card.

    Attributes
    ----------
    min_iv : float
        That its information value exceeds.
    max_p_value : float
        Probability of so large an information value by chance.
    max_correlation : float
        Of its weights of evidence with those of a kept characteristic of larger value.
    max_vif : float
        Variance inflation among the kept ones.
    max_psi : float
        Stability index of any period against all others, less what chance makes of it, where
        periods are given.
    events_per_characteristic : float
        Events, or non-events if they are fewer, for each characteristic that is kept.
    """

    min_iv: float
    max_p_value: float
    max_correlation: float
    max_vif: float
    max_psi: float
    events_per_characteristic: float


def compute_stability(
    features: Sequence[FeatureBins],
    codes: Codes,
    period: ArrayLike,
    weights: Floats | None = None,
) -> pd.DataFrame:
    """Compare each period with all others, characteristic by characteristic.

    Parameters
    ----------
    features : sequence of FeatureBins
        Bins, frozen.
    codes : ndarray of shape (n_rows, n_features)
        Group of each value.
    period : array-like of shape (n_rows,)
        Period of each row, such as a quarter.
    weights : ndarray of shape (n_rows,), optional
        Frequencies.

    Returns
    -------
    DataFrame
        One row per feature and period: feature, period, n_rows, psi, psi_by_chance (what the
        largest of so many periods exceeds without any drift about once in twenty times; of fifty
        periods of 30 rows at most once in five).

    Notes
    -----
    Without drift the index times the harmonic size of both sides is near a chi-square with one
    degree of freedom less than bins (Yurdakul and Naranjo, 2020).

    Raises
    ------
    DomainError
        ``shape_differs``: another number of rows; ``period_missing``: a row without a period;
        ``stability_empty``: a period whose rows have no weight.
    """
    place, names = read_periods(period, codes.shape[0])
    rows: list[tuple[str, Any, float, float, float]] = []
    for column, bins in enumerate(features):
        size = len(bins.labels)
        both = np.bincount(place * size + codes[:, column], weights, minlength=len(names) * size)
        counts = both.reshape(len(names), size)
        whole = counts.sum(axis=0)
        used = whole > 0
        for name, own in zip(names, counts, strict=True):
            rest = whole - own
            psi = chance = 0.0
            if not own.sum() > 0:
                raise DomainError("stability_empty")
            if rest.sum() > 0:
                # An empty bin counts as half a row: what a small period may lack by chance.
                psi = population_stability(*(np.maximum(x[used], _HALF) for x in (rest, own)))
                quantile = chdtri(used.sum() - 1, _CHANCE / len(names)) if used.sum() > 1 else 0.0
                chance = quantile * (1 / own.sum() + 1 / rest.sum())
            rows.append((bins.name, name, float(own.sum()), psi, float(chance)))
    columns = ["feature", "period", "n_rows", "psi", "psi_by_chance"]
    return pd.DataFrame(rows, columns=columns)


def read_periods(period: ArrayLike, n_rows: int) -> tuple[NDArray[np.int64], list[Any]]:
    """Give each row the number of its period, in their order.

    Parameters
    ----------
    period : array-like of shape (n_rows,)
        Period of each row, such as a quarter.
    n_rows : int
        Rows.

    Returns
    -------
    tuple of ndarray and list
        Place of each row's period; the periods.

    Raises
    ------
    DomainError
        ``shape_differs``: another number of rows; ``period_missing``: a row without a period.
    """
    given = pd.Index(np.asarray(period, dtype=object))
    if given.shape != (n_rows,):
        raise DomainError("shape_differs", name="period", shape=given.shape, expected=(n_rows,))
    if given.isna().any():
        raise DomainError("period_missing", count=int(given.isna().sum()))
    place, names = pd.factorize(given, sort=True)
    return np.asarray(place, dtype=np.int64), names.tolist()


def select_characteristics(
    features: Sequence[FeatureBins],
    woe: Floats,
    weights: Floats | None,
    rules: SelectionRules,
    *,
    psi: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Choose the characteristics of a card, and say why each of the others is left out.

    Parameters
    ----------
    features : sequence of FeatureBins
        All that were binned.
    woe : ndarray of shape (n_rows, n_features)
        Weights of evidence.
    weights : ndarray of shape (n_rows,) or None
        Frequencies.
    rules : SelectionRules
        What is asked.
    psi : sequence of float, optional
        Largest stability index of each over the periods, less what chance makes of it.

    Returns
    -------
    DataFrame
        One row per feature: feature, kept, reason, iv, p_value, psi, correlation (the largest
        in size with a kept one of larger value), correlated_with, vif.

    Notes
    -----
    In the order of falling information value (ties: of the columns): a characteristic is left out
    when one cut in it parts all defaults from the rest (``separated``: look for a leak of the
    outcome), it has one group, its value may be chance, it drifts, its weights of evidence go with
    those of a kept one, or the events do not suffice for one more; then the kept ones of the
    largest inflation, one at a time.
    """
    between = _correlation(woe, weights)
    count = len(features)
    iv = np.array([bins.information.iv for bins in features])
    p_value = np.array([bins.information.p_value for bins in features])
    drift = np.full(count, np.nan) if psi is None else np.asarray(psi, dtype=float)
    refusals: dict[Reason, NDArray[np.bool_]] = {
        "separated": np.array([bins.status == "separated" for bins in features], dtype=np.bool_),
        "one_bin": np.ptp(woe, axis=0) <= _EQUAL,
        "weak": (iv <= rules.min_iv) | (p_value > rules.max_p_value),
        "unstable": drift > rules.max_psi,
    }
    scarce = min(features[0].events.sum(), features[0].nonevents.sum())
    per_one = rules.events_per_characteristic
    most = int(scarce // per_one) if per_one > 0 else count
    reasons: list[Reason] = ["kept"] * count
    correlation, vif = np.full((2, count), np.nan)
    correlated_with = [""] * count
    kept: list[int] = []
    for place in np.argsort(-iv, kind="stable").tolist():
        if kept:
            nearest = kept[int(np.argmax(np.abs(between[place, kept])))]
            correlation[place] = between[place, nearest]
            correlated_with[place] = features[nearest].name
        own = [reason for reason, holds in refusals.items() if holds[place]]
        if abs(correlation[place]) > rules.max_correlation:
            own.append("correlated")
        if len(kept) >= most:
            own.append("few_events")
        if own:
            reasons[place] = own[0]
        else:
            kept.append(place)
    for place in _inflated(between, kept, rules.max_vif):
        reasons[place] = "inflated"
        kept.remove(place)
    vif[kept] = variance_inflation(between[np.ix_(kept, kept)])
    return pd.DataFrame(
        {
            "feature": [bins.name for bins in features],
            "kept": [reason == "kept" for reason in reasons],
            "reason": reasons,
            "iv": iv,
            "p_value": p_value,
            "psi": drift,
            "correlation": correlation,
            "correlated_with": correlated_with,
            "vif": vif,
        }
    )


def _inflated(correlation: Floats, kept: list[int], max_vif: float) -> list[int]:
    """Find kept ones to leave out, the most inflated first, until none is inflated."""
    left, out = list(kept), []
    while len(left) > 1:
        factors = variance_inflation(correlation[np.ix_(left, left)])
        worst = len(left) - 1 - int(np.argmax(factors[::-1]))  # of equal ones the weaker
        if factors[worst] <= max_vif:
            break
        out.append(left.pop(worst))
    return out


def _correlation(woe: Floats, weights: Floats | None) -> Floats:
    """Correlate columns; 0 with a constant one."""
    mean = woe.mean(axis=0) if weights is None else weights @ woe / weights.sum()
    products = np.zeros((woe.shape[1], woe.shape[1]))
    for first in range(0, len(woe), _BLOCK):
        rows = slice(first, first + _BLOCK)
        centred = woe[rows] - mean
        scaled = centred if weights is None else centred * weights[rows, np.newaxis]
        products += scaled.T @ centred
    size = np.sqrt(np.diag(products))
    scale = np.where(size > 0, size, 1.0)
    correlation = products / scale[:, np.newaxis] / scale
    np.fill_diagonal(correlation, 1.0)
    return np.asarray(correlation)
