"""Expert card or learned card: compared on loans that neither has seen, and chosen by that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling.county_card import CountyCard, learn_county_card
from sanzhixin.numerics.logistic import fit_logistic
from sanzhixin.numerics.points import points_to_probability
from sanzhixin.scoring.artifact import CardComparison, CardScores
from sanzhixin.scoring.card import score_card

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.modelling.loans import Outcomes
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
_LATEST = 1 / 3
_SMALLEST = 1e-6  # a probability of 0 or 1 would make one surprise infinitely costly


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
        Points of each loan under the learned card that did not see it; None without one.
    tested : ndarray of bool, shape (n_loans,) or None
        Loans that have such points.
    refused : EvidenceError or None
        Why no card was learned, where one was wanted.
    """

    learned: CountyCard | None
    comparison: CardComparison | None
    points: Ints | None
    tested: NDArray[np.bool_] | None
    refused: EvidenceError | None = None


class _Unseen(NamedTuple):
    """What each card says of the loans that it has not seen."""

    tested: NDArray[np.bool_]
    expert: Floats
    fitted: Floats
    points: Ints


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
        ``village``: five parts, the loans of a village all in one of them; ``time``: the latest
        third of the loans.

    Returns
    -------
    ChosenCard
        With the comparison.

    Raises
    ------
    DomainError
        ``bin_option``: not one of the choices.
    EvidenceError
        For ``fitted``: ``card_few_defaults``: fewer than 50 defaults, 50 other loans, or too few
        villages with defaults to hold some out; ``card_no_characteristic``.

    Notes
    -----
    Every step is repeated without the loans that are held out: bins, choice of characteristics,
    coefficients, points, and for the expert card the line from points to log-odds.  The learned
    card is kept when its mean log-loss is smaller by more than one standard error of the
    difference, which is taken between villages (of the differences of single loans within a
    village the sum counts).  The choice itself makes the figure of the chosen card a little too
    good.
    """
    for name, given, choices in (("card", card, CardChoice), ("holdout", holdout, Holdout)):
        if given not in get_args(choices):
            known = ", ".join(get_args(choices))
            raise DomainError("bin_option", name=name, given=given, known=known)
    if card == "expert":
        return ChosenCard(None, None, None, None)
    try:
        unseen = _cross_fit(scheme, loans, _parts(loans, holdout))
        learned = learn_county_card(scheme, loans)
    except EvidenceError as error:
        if card == "fitted":
            raise
        return ChosenCard(None, None, None, None, error)
    comparison = _compare(unseen, loans, holdout, forced=card == "fitted")
    if comparison.chosen == "expert":
        return ChosenCard(None, comparison, None, None)
    return ChosenCard(learned, comparison, unseen.points, unseen.tested)


def _parts(loans: Outcomes, holdout: Holdout) -> list[tuple[Ints, Ints]]:
    """Rows to learn from and rows to test on."""
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
    if holdout == "time":
        order = np.argsort(loans.granted_on, kind="stable")
        first = loans.granted_on[order][-max(1, int(failed.size * _LATEST))]
        late = loans.granted_on >= first
        return [(np.flatnonzero(~late), np.flatnonzero(late))]
    folds = StratifiedGroupKFold(n_splits=_FOLDS)
    return list(folds.split(np.zeros((failed.size, 1)), failed, loans.village))


def _cross_fit(scheme: Scheme, loans: Outcomes, parts: list[tuple[Ints, Ints]]) -> _Unseen:
    size = loans.defaulted.size
    tested = np.zeros(size, dtype=np.bool_)
    expert, fitted = np.zeros(size), np.zeros(size)
    points = np.zeros(size, dtype=np.int64)
    for known, held in parts:
        seen, apart = loans.take(known), loans.take(held)
        learned = learn_county_card(scheme, seen)
        points[held] = score_card(learned.card, apart.card_values).total
        own = score_card(learned.card, seen.card_values).total
        fitted[held] = _line(own, seen.defaulted, points[held])
        expert[held] = _line(seen.points, seen.defaulted, apart.points)
        tested[held] = True
    return _Unseen(tested, expert, fitted, points)


def _line(points: Ints, defaulted: NDArray[np.bool_], at: Ints) -> Floats:
    """Default probability by a line on the points; the default rate where there is none."""
    try:
        fit = fit_logistic(points, defaulted)
    except ValueError:  # all points equal, or separated
        return np.full(at.size, defaulted.mean())
    if fit.coef[1] >= 0:
        return np.full(at.size, defaulted.mean())
    return points_to_probability(at, -fit.coef[0] / fit.coef[1], -1 / fit.coef[1])


def _compare(unseen: _Unseen, loans: Outcomes, holdout: Holdout, *, forced: bool) -> CardComparison:
    failed = loans.defaulted[unseen.tested]
    village = loans.village[unseen.tested]
    expert, fitted = unseen.expert[unseen.tested], unseen.fitted[unseen.tested]
    gain = _log_loss(expert, failed) - _log_loss(fitted, failed)
    _, place = np.unique(village, return_inverse=True)
    excess = np.bincount(place, weights=gain - gain.mean())
    error = float(np.sqrt(np.sum(excess**2)) / gain.size)
    better = forced or float(gain.mean()) > error
    return CardComparison(
        chosen="fitted" if better else "expert",
        holdout=holdout,
        n_loans=int(failed.size),
        n_defaults=int(failed.sum()),
        expert=_scores(expert, failed),
        fitted=_scores(fitted, failed),
        gain=float(gain.mean()),
        gain_se=error,
    )


def _log_loss(prob: Floats, failed: NDArray[np.bool_]) -> Floats:
    inside = np.clip(prob, _SMALLEST, 1 - _SMALLEST)
    return -np.where(failed, np.log(inside), np.log1p(-inside))


def _scores(prob: Floats, failed: NDArray[np.bool_]) -> CardScores:
    both = 0 < failed.sum() < failed.size
    return CardScores(
        log_loss=float(_log_loss(prob, failed).mean()),
        brier=float(np.mean((prob - failed) ** 2)),
        auc=float(roc_auc_score(failed, prob)) if both else None,
    )
