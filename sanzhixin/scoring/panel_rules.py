"""What a scheme says of ratings, as arrays: which forms may count, and the scale of a score."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sanzhixin.records.cases import MOST_FORMS
from sanzhixin.records.vocabulary import RELATIONS, ROLES
from sanzhixin.scoring.dates import Periods

if TYPE_CHECKING:
    from sanzhixin.scheme import Scheme

__all__ = ["MICRO", "PanelRules", "compile_panel"]

MICRO = 1_000_000
"""A score is held as a whole number of millionths."""

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PanelRules:
    """What a scheme says of ratings, as arrays.

    Attributes
    ----------
    pillars : tuple of str
        Codes, in order.
    starts, n_items : ndarray of shape (n_pillars,)
        First column and number of items of each pillar.
    lowest, most : ndarray of shape (n_pillars,)
        Lowest rating; largest total of a form above it.
    bits : ndarray of shape (n_items,)
        Bit of each panel item among those of its pillar.
    unit : ndarray of shape (n_pillars,)
        Form means are multiples of ``1 / unit``.
    share : ndarray of shape (n_pillars, most_items + 1)
        By number of answered items: units of the form mean that one point of a rating brings; 0
        below half of the items.
    zero, step : ndarray of shape (n_pillars,)
        Of one form: what 200 million form means have to exceed for a score of 1 millionth, and
        for each further one.
    deviation : ndarray of shape (MOST_FORMS + 1, n_pillars)
        By number of counted forms: from sums of deviations to a standard error of the score; NaN
        below two.
    may_answer : ndarray of shape (n_roles, n_pillars)
        Which role may answer which pillar.
    standing : ndarray of shape (n_roles, n_relations, 2, 3, n_pillars)
        By role, relation and whether the rater knows the household: the form may count for the
        pillar, is that of a rater who may answer, is recused.
    aggregator, village_aggregate : str
        How forms are put together; how the raters' proposed amounts are.
    amount_places : ndarray of shape (MOST_FORMS + 1, 2)
        By number of proposed amounts: places of those in the middle (or of the smallest), counted
        back from the largest.
    min_forms : int
        Counted forms that each pillar needs.
    validity : Periods
        Age up to which a round is used.
    negative : ndarray of shape (n_pillars,)
        A form mean (in units) at or below it is a negative opinion.
    """

    pillars: tuple[str, ...]
    starts: Ints
    n_items: Ints
    lowest: Ints
    most: Ints
    bits: Ints
    unit: Ints
    share: Ints
    zero: Ints
    step: Ints
    deviation: NDArray[np.float64]
    may_answer: Bools
    standing: Bools
    aggregator: str
    village_aggregate: str
    amount_places: Ints
    min_forms: int
    validity: Periods
    negative: Ints


def compile_panel(scheme: Scheme) -> PanelRules:
    """Bring the panel rules of a scheme into array form."""
    pillars = tuple(pillar.code for pillar in scheme.pillars)
    owners = [item.pillar for item in scheme.panel_items]
    n_items = np.array([owners.count(pillar) for pillar in pillars], dtype=np.int64)
    first = {item.pillar: item for item in scheme.panel_items}
    lowest = np.array([first[pillar].lowest for pillar in pillars], dtype=np.int64)
    highest = np.array([first[pillar].highest for pillar in pillars], dtype=np.int64)
    unit = np.array([math.lcm(*range(1, count + 1)) for count in n_items.tolist()], dtype=np.int64)
    roles = [[role in scheme.raters_by_pillar[pillar] for pillar in pillars] for role in ROLES]
    may_answer = np.array(roles, dtype=np.bool_)
    span = (highest - lowest) * unit
    return PanelRules(
        pillars=pillars,
        starts=np.cumsum(n_items) - n_items,
        n_items=n_items,
        lowest=lowest,
        most=(highest - lowest) * n_items,
        bits=np.concatenate([1 << np.arange(count) for count in n_items.tolist()]),
        unit=unit,
        share=_shares(n_items, unit),
        zero=200 * MICRO * lowest * unit - span,
        step=2 * span,
        deviation=_deviations(span),
        may_answer=may_answer,
        standing=_standings(may_answer, scheme.recused_relations),
        aggregator=scheme.aggregator,
        village_aggregate=scheme.limits.village_aggregate,
        amount_places=_amount_places(scheme.limits.village_aggregate),
        min_forms=scheme.min_forms,
        validity=Periods(((scheme.rating_validity_months,),)),
        negative=np.array(
            [math.floor(scheme.review.negative_form_mean * count) for count in unit.tolist()],
            dtype=np.int64,
        ),
    )


def _shares(n_items: Ints, unit: Ints) -> Ints:
    answered = np.arange(n_items.max() + 1)
    enough = 2 * answered >= n_items[:, None]
    return np.asarray(unit[:, None] // np.maximum(answered, 1) * enough)


def _deviations(span: Ints) -> NDArray[np.float64]:
    n_forms = np.arange(MOST_FORMS + 1)[:, None]
    spread = np.sqrt(n_forms * (n_forms - 1.0)) * (n_forms * span)
    return np.where(n_forms > 1, 100.0 / np.maximum(spread, 1.0), np.nan)


def _standings(may_answer: Bools, recused_relations: Collection[str]) -> Bools:
    recused = np.array([relation in recused_relations for relation in RELATIONS])
    standing = np.zeros((len(ROLES), len(RELATIONS), 2, 3, may_answer.shape[1]), dtype=np.bool_)
    may = may_answer[:, None, :]
    standing[:, :, 1, 0] = may & ~recused[:, None]
    standing[:, :, 1, 1] = may
    standing[:, :, :, 2] = (may & recused[:, None])[:, :, None]
    return standing


def _amount_places(how: str) -> Ints:
    count = np.arange(MOST_FORMS + 1)
    places = (count - 1, count - 1) if how == "min" else (count // 2, (count - 1) // 2)
    return np.maximum(np.array(places).T, 0)
