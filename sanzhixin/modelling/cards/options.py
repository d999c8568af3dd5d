"""Options of a scorecard, held to their ranges and sorted by what asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.errors import DomainError
from sanzhixin.modelling.cards.fitting import CardRequest, Reference, Scaling
from sanzhixin.modelling.cards.selection import SelectionRules
from sanzhixin.numerics.choices import check_choice, check_range

if TYPE_CHECKING:
    from sanzhixin.modelling.cards.scorecard import Scorecard

__all__ = ["check_options", "read_request", "read_rules"]

_RANGES = (
    ("pdo", -np.inf, np.inf),  # the scale says what is possible together
    ("base_score", -np.inf, np.inf),
    ("base_odds", -np.inf, np.inf),
    ("min_iv", 0, np.inf),
    ("max_p_value", 0, 1),
    ("max_correlation", 0, 1),
    ("max_vif", 1, np.inf),
    ("max_psi", 0, np.inf),
    ("events_per_characteristic", 0, np.inf),
)


def check_options(card: Scorecard) -> None:
    """Hold the options of a card to what they can be.

    Parameters
    ----------
    card : Scorecard
        With its options.

    Raises
    ------
    DomainError
        ``option_choice``, ``option_range``, ``scale_option``, ``slope_sd``.
    """
    for name in ("firth", "slope_shrinkage"):
        if not isinstance(getattr(card, name), bool | np.bool_):
            raise DomainError(
                "option_choice", name=name, given=getattr(card, name), known="True, False"
            )
    check_choice("scaling", card.scaling, Scaling)
    check_choice("reference", card.reference, Reference)
    for name, low, high in _RANGES:
        check_range(name, getattr(card, name), low, high)
    if card.slope_sd is not None:
        check_range("slope_sd", card.slope_sd, -np.inf, np.inf)
        if not card.slope_sd > 0:
            raise DomainError("slope_sd", value=card.slope_sd)
    ends: object = card.score_range
    if not (isinstance(ends, tuple | list) and len(ends) == 2):
        raise DomainError("scale_option", given=f"score_range={ends}")
    for end in ends:
        check_range("score_range", end, -np.inf, np.inf)


def read_request(card: Scorecard) -> CardRequest:
    """Read how points are to be made.

    Parameters
    ----------
    card : Scorecard
        With its options, checked.

    Returns
    -------
    CardRequest
        The same.
    """
    return CardRequest(
        scaling=card.scaling,
        pdo=card.pdo,
        base_score=card.base_score,
        base_odds=card.base_odds,
        score_range=card.score_range,
        firth=card.firth,
        slope_sd=np.inf if card.firth or card.slope_sd is None else card.slope_sd,
        slope_shrinkage=card.slope_shrinkage,
        reference=card.reference,
    )


def read_rules(card: Scorecard) -> SelectionRules:
    """Read what a characteristic needs to enter.

    Parameters
    ----------
    card : Scorecard
        With its options, checked.

    Returns
    -------
    SelectionRules
        The same.
    """
    return SelectionRules(
        min_iv=card.min_iv,
        max_p_value=card.max_p_value,
        max_correlation=card.max_correlation,
        max_vif=card.max_vif,
        max_psi=card.max_psi,
        events_per_characteristic=card.events_per_characteristic,
    )
