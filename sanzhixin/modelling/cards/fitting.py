"""From bins to a card: coefficients of the right sign, whole points, what the points mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.stats import norm

from sanzhixin.modelling.cards.points_card import CardCharacteristic, PointsCard
from sanzhixin.numerics.logistic import LogisticFit, fit_logistic
from sanzhixin.numerics.points import ScaledPoints, match_mean, scale_min_max, scale_pdo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sanzhixin.modelling.bins.feature_bins import FeatureBins
    from sanzhixin.modelling.inputs.labels import Outcome

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["CardRequest", "FittedCard", "Reference", "Scaling", "fit_card"]

Scaling = Literal["pdo", "min_max"]
"""Points that double the odds, or ends of the total."""

Reference = Literal["best", "neutral", "mean"]
"""What reasons are measured from."""

_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class CardRequest:
    """How a card is to be made.

    Attributes
    ----------
    scaling : {"pdo", "min_max"}
        Which of the two below.
    pdo, base_score, base_odds : float
        Points that double the odds, and the odds at a score.
    score_range : tuple of int
        Ends of the total.
    firth : bool
        Firth's penalty.
    slope_sd : float
        Of the prior of the slopes; infinite for none.
    slope_shrinkage : bool
        Whether effects are multiplied by what they are worth on new cases.
    reference : {"best", "neutral", "mean"}
        For reasons.
    """

    scaling: Scaling
    pdo: float
    base_score: float
    base_odds: float
    score_range: tuple[int, int]
    firth: bool
    slope_sd: float
    slope_shrinkage: bool
    reference: Reference


@dataclass(frozen=True, slots=True)
class FittedCard:
    """A card and the regression behind it.

    Attributes
    ----------
    card : PointsCard
        Characteristics of a positive coefficient.
    coefficients : DataFrame
        Of the regression, with Wald tests.
    held : tuple of str
        Characteristics whose coefficient the sign holds at 0.
    shrinkage : float
        What all effects were multiplied by; at 0 no characteristic is left.
    fit : LogisticFit or None
        The regression; None without characteristics.
    """

    card: PointsCard
    coefficients: pd.DataFrame
    held: tuple[str, ...]
    shrinkage: float
    fit: LogisticFit | None


def fit_card(
    features: Sequence[FeatureBins],
    codes: Ints,
    woe: Floats,
    outcome: Outcome,
    request: CardRequest,
) -> FittedCard:
    """Fit a card over characteristics that were binned.

    Parameters
    ----------
    features : sequence of FeatureBins
        With weights of evidence.
    codes : ndarray of shape (n_rows, n_features)
        Group of each value; none of them refused.
    woe : ndarray of shape (n_rows, n_features)
        Their weights of evidence.
    outcome : Outcome
        Events and weights of the rows.
    request : CardRequest
        How.

    Returns
    -------
    FittedCard
        The card.

    Raises
    ------
    DomainError
        ``scale_option``; ``design_singular``: a characteristic follows from the others.
    EvidenceError
        ``outcomes_separated``: use Firth's penalty.
    """
    weights = np.ones(len(outcome.is_event)) if outcome.weights is None else outcome.weights
    rate = float(np.average(outcome.is_event, weights=weights))
    fit = _regress(woe, outcome, weights, request) if features else None
    coef = np.array([np.log1p(-rate) - np.log(rate)]) if fit is None else fit.coef
    entered = np.flatnonzero(coef[1:] > 0).tolist()
    shrinkage = 1.0
    if entered and request.slope_shrinkage:
        # A characteristic that enters by half, beside others that say the same, spends half.
        chance = sum(
            min(coef[k + 1], 1.0) * features[k].information.statistic_by_chance for k in entered
        )
        shrinkage = _shrinkage(coef[0] + woe @ coef[1:], outcome.is_event, weights, chance)
        entered = entered if shrinkage > 0 else []
    slopes = shrinkage * coef[1:]
    intercept = coef[0] if entered else np.log1p(-rate) - np.log(rate)
    scaled = _scale(intercept, [slopes[k] * features[k].woe for k in entered], request)
    totals = np.full(len(weights), scaled.base, dtype=np.int64)
    characteristics = []
    for k, points in zip(entered, scaled.points, strict=True):
        own = points.take(codes[:, k])
        totals += own
        mean = int(np.floor(np.average(own, weights=weights)))
        reference = _reference(features[k], points, mean, request)
        characteristics.append(CardCharacteristic(features[k], float(slopes[k]), points, reference))
    per_log_odds = scaled.per_log_odds if entered else 0.0
    offset = match_mean(totals, per_log_odds, rate, weights)
    shift = 0
    if request.scaling == "pdo" and per_log_odds:
        # Penalty and shrinkage move the intercept; the base odds come back to their score.
        shift = round(request.base_score - per_log_odds * np.log(request.base_odds) - offset)
    card = PointsCard(
        characteristics=tuple(characteristics),
        base=scaled.base + shift,
        offset=offset + shift,
        per_log_odds=per_log_odds,
    )
    names = [bins.name for bins in features]
    held = tuple(name for name, slope in zip(names, coef[1:], strict=True) if slope <= 0)
    return FittedCard(card, _wald(names, coef, fit), held, shrinkage, fit)


def _regress(woe: Floats, outcome: Outcome, weights: Floats, request: CardRequest) -> LogisticFit:
    ones = np.ones(woe.shape[1], dtype=np.int64)  # slopes if the characteristics stood alone
    return fit_logistic(
        woe,
        ~outcome.is_event,
        weights,
        firth=request.firth,
        slope_sd=request.slope_sd,
        signs=ones,
        start=ones,
    )


def _shrinkage(log_odds: Floats, is_event: Bools, weights: Floats, by_chance: float) -> float:
    r"""Tell what the effects are worth on new cases: one less the part that chance makes.

    The :math:`\chi^2` of the fit holds what bins and slopes took from chance, whose size the law of
    the best bins gives: the heuristic factor of van Houwelingen and le Cessie (1990,
    https://doi.org/10.1002/sim.4780091109) with the degrees of freedom that were really spent.
    """
    events = float(weights @ is_event)
    nonevents = float(weights.sum() - events)
    terms = np.where(is_event, -log_odds, log_odds)  # of repayment
    likelihood = float(weights @ (np.minimum(terms, 0) - np.log1p(np.exp(-np.abs(terms)))))
    whole = events + nonevents
    alike = events * np.log(events / whole) + nonevents * np.log(nonevents / whole)
    chi_square = 2 * (likelihood - alike)
    return max(0.0, 1 - by_chance / chi_square) if chi_square > 0 else 0.0


def _reference(bins: FeatureBins, points: Ints, mean: int, request: CardRequest) -> int:
    if request.reference == "mean":
        return mean
    if request.reference == "best":
        return int(points[: bins.n_bins].max()) if bins.n_bins else 0
    return 0 if request.scaling == "pdo" else _neutral(bins, points)


def _neutral(bins: FeatureBins, points: Ints) -> int:
    """Points of the weight of evidence 0, between those of the worst and the best group."""
    known = np.isfinite(bins.woe)
    woe, own = bins.woe[known], points[known]
    worst, best = int(np.argmin(woe)), int(np.argmax(woe))
    slope = (own[best] - own[worst]) / (woe[best] - woe[worst])
    return int(np.rint(own[worst] - slope * woe[worst]))


def _scale(intercept: float, effects: list[Floats], request: CardRequest) -> ScaledPoints:
    if request.scaling == "min_max":
        lowest, highest = request.score_range
        return scale_min_max(effects, lowest=lowest, highest=highest)
    return scale_pdo(
        intercept,
        effects,
        pdo=request.pdo,
        base_score=request.base_score,
        base_odds=request.base_odds,
    )


def _wald(names: list[str], coef: Floats, fit: LogisticFit | None) -> pd.DataFrame:
    """Tabulate coefficients; one that is held at 0 has no error, as it is not free to err."""
    se = np.full(coef.size, np.nan)
    if fit is not None:
        se = np.where(fit.held, np.nan, np.sqrt(np.diag(fit.covariance)))
    reach = norm.ppf(0.5 + _LEVEL / 2) * se
    return pd.DataFrame(
        {
            "feature": ["intercept", *names],
            "coefficient": coef,
            "se": se,
            "z": coef / se,
            "p_value": 2 * norm.sf(np.abs(coef / se)),
            "lower": coef - reach,
            "upper": coef + reach,
            "held": np.append(False, coef[1:] <= 0),
        }
    )
