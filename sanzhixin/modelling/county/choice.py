"""Expert card or learned card: compared on loans that neither has seen, and chosen by that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from sanzhixin.errors import EvidenceError
from sanzhixin.modelling.county.card import CountyCard, card_frame, fit_scorecard, scale_card
from sanzhixin.numerics.calibration_checks import log_loss_gain, log_losses
from sanzhixin.numerics.choices import check_choice
from sanzhixin.numerics.clustered import cluster_mean
from sanzhixin.numerics.logistic import fit_logistic
from sanzhixin.numerics.points import match_mean
from sanzhixin.scoring.provenance import CardComparison, CardScores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.modelling.county.loans import Outcomes
    from sanzhixin.scheme import Scheme

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["LEAST_TO_LEARN", "CardChoice", "ChosenCard", "Holdout", "choose_card"]

CardChoice = Literal["auto", "expert", "fitted"]
"""Which card a model gets; ``auto`` keeps a learned one where it does better on unseen loans."""

Holdout = Literal["village", "time"]
"""What unseen means: other villages in five parts, or the latest third of the loans."""

LEAST_TO_LEARN = 50
"""Defaults, and loans without default, that a card is learned from at least."""

_FOLDS = 5
_LEAST_A_SIDE = 10  # defaults, and other loans, before and after the day that parts them
_LATEST = 1 / 3


@dataclass(frozen=True, slots=True)
class ChosenCard:
    """The card of a model.

    Attributes
    ----------
    learned : CountyCard or None
        The learned card where it was chosen, else None: the expert card stays.
    comparison : CardComparison or None
        Both side by side on unseen loans; None where nothing was compared.
    points : ndarray of shape (n_loans,) or None
        Points of each loan on the scale of the learned card, by a fit that did not see it.
    refused : EvidenceError or None
        Why no card was learned, where one was wanted.
    """

    learned: CountyCard | None
    comparison: CardComparison | None
    points: Ints | None
    refused: EvidenceError | None = None


class _Unseen(NamedTuple):
    """Default log-odds of loans by fits that did not see them, and the part each belongs to."""

    log_odds: Floats
    part: Ints


def choose_card(
    scheme: Scheme, loans: Outcomes, *, card: CardChoice = "auto", holdout: Holdout = "village"
) -> ChosenCard:
    """Learn a card and keep it where it does better than the expert card on unseen loans.

    Parameters
    ----------
    scheme : Scheme
        With the expert card.
    loans : Outcomes
        Expert points, values and defaults on the day of granting.
    card : {"auto", "expert", "fitted"}, default="auto"
        ``expert`` learns nothing; ``fitted`` takes the learned card whatever the comparison says.
    holdout : {"village", "time"}, default="village"
        ``village``: five parts, the loans of a village all in one of them; ``time``: about the
        latest third of the loans.

    Returns
    -------
    ChosenCard
        With the comparison.

    Raises
    ------
    DomainError
        ``option_choice``: not one of the choices.
    EvidenceError
        For ``fitted``: ``card_few_defaults``: fewer than 50 defaults, 50 other loans, or too few
        villages with defaults to hold some out; ``card_late_few``: too few of them on one side of
        the latest third; ``card_no_characteristic``; ``card_not_better``: the learned log-odds do
        not rise with default on unseen loans.

    Notes
    -----
    Bins, choice of characteristics and coefficients are learned five times without the loans of a
    fifth of the villages.  The log-odds that these fits give the loans they did not see tell what
    the effects are worth: their slope, at most 1, multiplies the effects of the card that is
    learned from all loans.  In the comparison the slope for a part comes from the other parts, and
    the expert card's line from points to log-odds too.

    The learned card is kept when its mean log-loss is smaller by more than one standard error of
    the difference.  That error is taken between villages: the differences of the loans of one
    village are summed, with the factor G / (G - 1) for G villages.  The choice itself makes the
    figure of the chosen card a little too good.  With ``time`` the outcomes of the earlier loans
    are those known now, not those known when the later loans were granted.
    """
    check_choice("card", card, CardChoice)
    check_choice("holdout", holdout, Holdout)
    if card == "expert":
        return ChosenCard(None, None, None)
    try:
        unseen = _cross_fit(scheme, loans)
        slope, intercept = _calibrate(unseen.log_odds, loans.defaulted)
        learned = scale_card(scheme, fit_scorecard(scheme, loans), loans, slope=slope)
        if holdout == "village":
            comparison = _by_village(unseen, loans, forced=card == "fitted")
        else:
            comparison = _by_time(scheme, loans, forced=card == "fitted")
    except EvidenceError as error:
        if card == "fitted":
            raise
        return ChosenCard(None, None, None, error)
    if comparison.chosen == "expert":
        return ChosenCard(None, comparison, None)
    points = learned.points(intercept + slope * unseen.log_odds)
    return ChosenCard(learned, comparison, points)


def _cross_fit(scheme: Scheme, loans: Outcomes) -> _Unseen:
    """Fit five times, each time without the loans of a fifth of the villages."""
    failed = loans.defaulted
    defaults, others = int(failed.sum()), int((~failed).sum())
    villages = np.unique(loans.village[failed]).size
    if min(defaults, others) < LEAST_TO_LEARN or villages < _FOLDS:
        raise EvidenceError(
            "card_few_defaults",
            defaults=defaults,
            loans=failed.size,
            villages=villages,
            needed=LEAST_TO_LEARN,
            folds=_FOLDS,
        )
    log_odds, part = np.zeros(failed.size), np.zeros(failed.size, dtype=np.int64)
    folds = StratifiedGroupKFold(n_splits=_FOLDS)
    parts = folds.split(np.zeros((failed.size, 1)), failed, loans.village)
    for place, (known, held) in enumerate(parts):
        log_odds[held] = _log_odds(scheme, loans.take(known), loans.take(held))
        part[held] = place
    return _Unseen(log_odds, part)


def _log_odds(scheme: Scheme, known: Outcomes, held: Outcomes) -> Floats:
    scorecard = fit_scorecard(scheme, known)
    return np.asarray(scorecard.decision_function(card_frame(scheme, held)), dtype=float)


def _calibrate(log_odds: Floats, failed: NDArray[np.bool_]) -> tuple[float, float]:
    """Find the slope of default on log-odds, at most 1, and the intercept that keeps the rate."""
    try:
        fit = fit_logistic(log_odds, failed)
    except ValueError:  # all log-odds equal, or separated
        raise EvidenceError("card_not_better", slope="0") from None
    slope = min(float(fit.coef[1]), 1.0)
    if slope <= 0:
        raise EvidenceError("card_not_better", slope=f"{slope:.3g}")
    shift = match_mean(-slope * log_odds, 1.0, float(failed.mean()))
    return slope, shift


def _by_village(unseen: _Unseen, loans: Outcomes, *, forced: bool) -> CardComparison:
    expert, fitted = np.zeros((2, loans.defaulted.size))
    for place in range(_FOLDS):
        held = unseen.part == place
        slope, intercept = _calibrate(unseen.log_odds[~held], loans.defaulted[~held])
        fitted[held] = expit(intercept + slope * unseen.log_odds[held])
        expert[held] = _expert(loans.take(~held), loans.points[held])
    return _compare(expert, fitted, loans, "village", forced=forced)


def _by_time(scheme: Scheme, loans: Outcomes, *, forced: bool) -> CardComparison:
    days, place = np.unique(loans.granted_on, return_inverse=True)
    before = np.append(0, np.cumsum(np.bincount(place)))[:-1] / place.size
    late = place >= int(np.argmin(np.abs(before - (1 - _LATEST))))
    early, held = loans.take(~late), loans.take(late)
    for side in (early, held):
        scarce = min(side.defaulted.sum(), (~side.defaulted).sum())
        if scarce < _LEAST_A_SIDE or np.unique(side.village).size < _FOLDS:
            raise _late_few(days.size)
    try:
        unseen = _cross_fit(scheme, early)
    except EvidenceError:
        raise _late_few(days.size) from None
    slope, intercept = _calibrate(unseen.log_odds, early.defaulted)
    fitted = expit(intercept + slope * _log_odds(scheme, early, held))
    return _compare(_expert(early, held.points), fitted, held, "time", forced=forced)


def _late_few(days: int) -> EvidenceError:
    return EvidenceError(
        "card_late_few", days=days, needed=_LEAST_A_SIDE, early=LEAST_TO_LEARN, folds=_FOLDS
    )


def _expert(known: Outcomes, points: Ints) -> Floats:
    """Default probability by the line on expert points; the default rate where there is none."""
    rate = np.full(points.size, known.defaulted.mean())
    try:
        fit = fit_logistic(known.points, known.defaulted)
    except ValueError:  # all points equal, or separated
        return rate
    return expit(fit.coef[0] + fit.coef[1] * points) if fit.coef[1] < 0 else rate


def _compare(
    expert: Floats, fitted: Floats, loans: Outcomes, holdout: Holdout, *, forced: bool
) -> CardComparison:
    failed = loans.defaulted
    gain = cluster_mean(log_loss_gain(expert, fitted, failed), loans.village)
    better = forced or gain.mean > gain.se
    return CardComparison(
        chosen="fitted" if better else "expert",
        asked_for=forced,
        holdout=holdout,
        n_loans=int(failed.size),
        n_defaults=int(failed.sum()),
        expert=_scores(expert, failed),
        fitted=_scores(fitted, failed),
        gain=gain.mean,
        gain_se=gain.se,
    )


def _scores(prob: Floats, failed: NDArray[np.bool_]) -> CardScores:
    both = 0 < failed.sum() < failed.size
    return CardScores(
        log_loss=float(log_losses(prob, failed).mean()),
        brier=float(np.mean((prob - failed) ** 2)),
        auc=float(roc_auc_score(failed, prob)) if both else None,
    )
