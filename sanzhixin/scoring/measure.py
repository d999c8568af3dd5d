"""Ratings become pillar measures: which forms count, and what they say together.

All sums are exact integers, so a measure has the same bits for one household and for a million,
in any order of the rows.  Form means are held as multiples of ``1 / lcm(1..number of items)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sanzhixin.errors import DomainError
from sanzhixin.records.cases import MISSING
from sanzhixin.records.vocabulary import RELATIONS, ROLES
from sanzhixin.scoring.dates import earliest_days
from sanzhixin.scoring.segments import Expansion, expand

if TYPE_CHECKING:
    from sanzhixin.records.cases import Cases, Forms
    from sanzhixin.scheme import Scheme

__all__ = [
    "MICRO",
    "FormSet",
    "PanelRules",
    "PillarMeasures",
    "compile_panel",
    "measure",
    "read_forms",
    "select_round",
    "village_amount",
]

MICRO = 1_000_000
"""A score is held as a whole number of millionths."""

_MOST_FORMS = 200
_LARGE = np.iinfo(np.int64).max

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
    unit : ndarray of shape (n_pillars,)
        Form means are multiples of ``1 / unit``.
    lowest, span : ndarray of shape (n_pillars,)
        Lowest rating and highest less lowest.
    may_answer : ndarray of shape (n_roles, n_pillars)
        Which role may answer which pillar.
    recused : ndarray of shape (n_relations,)
        Relations whose forms are not counted.
    aggregator, village_aggregate : str
        How forms are put together; how the raters' proposed amounts are.
    min_forms : int
        Counted forms that each pillar needs.
    validity_months : int
        Age up to which a round is used.
    negative : ndarray of shape (n_pillars,)
        A form mean (in units) at or below it is a negative opinion.
    """

    pillars: tuple[str, ...]
    starts: Ints
    n_items: Ints
    unit: Ints
    lowest: Ints
    span: Ints
    may_answer: Bools
    recused: Bools
    aggregator: str
    village_aggregate: str
    min_forms: int
    validity_months: int
    negative: Ints


@dataclass(frozen=True, slots=True)
class FormSet:
    """The forms of the round that is used, one row per case, padded on the right.

    Attributes
    ----------
    used : ndarray of shape (n_cases, longest)
        The form belongs to the round that is used.
    mean : ndarray of shape (n_cases, longest, n_pillars)
        Form mean in units; 0 where not counted.
    counted, familiar, recused : ndarray of shape (n_cases, longest, n_pillars)
        The form counts for the pillar; the rater knows the household and may answer; the form is
        recused from it.
    amount : ndarray of shape (n_cases, longest)
        Proposed yuan of forms that may speak; `MISSING` otherwise.
    row : ndarray of shape (n_cases, longest)
        Row of the form in its table; 0 where padded.
    """

    used: Bools
    mean: Ints
    counted: Bools
    familiar: Bools
    recused: Bools
    amount: Ints
    row: Ints


@dataclass(frozen=True, slots=True)
class PillarMeasures:
    """Measures of every case and pillar.

    Attributes
    ----------
    score : ndarray of shape (n_cases, n_pillars)
        Adjusted score 0-100 in millionths; `MISSING` without a counted form.
    covariance : ndarray of shape (n_cases, n_pillars, n_pillars)
        Covariance of the pillar scores, in squared score units; NaN below two counted forms.
    n_forms, n_familiar, n_recused : ndarray of shape (n_cases, n_pillars)
        Forms counted, forms of raters who know the household, forms recused.
    negative : ndarray of shape (n_cases,)
        At least one counted form is a negative opinion.
    """

    score: Ints
    covariance: NDArray[np.float64]
    n_forms: Ints
    n_familiar: Ints
    n_recused: Ints
    negative: Bools


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
    return PanelRules(
        pillars=pillars,
        starts=np.cumsum(n_items) - n_items,
        n_items=n_items,
        unit=unit,
        lowest=lowest,
        span=highest - lowest,
        may_answer=np.array(roles, dtype=np.bool_),
        recused=np.array([relation in scheme.recused_relations for relation in RELATIONS]),
        aggregator=scheme.aggregator,
        village_aggregate=scheme.limits.village_aggregate,
        min_forms=scheme.min_forms,
        validity_months=scheme.rating_validity_months,
        negative=np.array(
            [math.floor(scheme.review.negative_form_mean * count) for count in unit.tolist()],
            dtype=np.int64,
        ),
    )


def select_round(cases: Cases, rules: PanelRules) -> tuple[Expansion, Bools]:
    """Find the forms of the latest round that is dated by then and not too old.

    Parameters
    ----------
    cases : Cases
        Households with their forms.
    rules : PanelRules
        From `compile_panel`.

    Returns
    -------
    expansion : Expansion
        All forms of all cases.
    used : ndarray of shape (n_pairs,)
        True for forms of the round that is used.

    Raises
    ------
    DomainError
        ``too_many_forms``: more than 200 forms of one household.
    """
    pairs = expand(cases.form_start, cases.form_end)
    if pairs.longest > _MOST_FORMS:
        raise DomainError("too_many_forms", count=pairs.longest, most=_MOST_FORMS)
    rated_on = cases.forms.rated_on[pairs.row]
    oldest = earliest_days(cases.as_of, (rules.validity_months,))[:, 0]
    valid = (rated_on <= cases.as_of[pairs.case]) & (rated_on > oldest[pairs.case])
    rounds = np.where(valid, cases.forms.round[pairs.row], -1)
    latest = np.full(len(cases.household_id), -1, dtype=np.int64)
    np.maximum.at(latest, pairs.case, rounds)
    return pairs, valid & (rounds == latest[pairs.case])


def read_forms(cases: Cases, rules: PanelRules) -> FormSet:
    """Decide form by form and pillar by pillar what counts, and lay the forms out by case.

    A form counts for a pillar when it belongs to the round that is used, the rater knows the
    household, is not recused, holds a role that may answer the pillar, and answered at least half
    of its items.

    Parameters
    ----------
    cases : Cases
        Households with their forms.
    rules : PanelRules
        From `compile_panel`.

    Returns
    -------
    FormSet
        Padded to the largest number of forms of a case.

    Raises
    ------
    DomainError
        ``too_many_forms``: more than 200 forms of one household.
    """
    pairs, used = select_round(cases, rules)
    forms, row = cases.forms, pairs.row
    n_cases, n_pillars = len(cases.household_id), len(rules.pillars)
    mean, answered_enough = _form_means(forms, rules)
    recused = rules.recused[forms.relation][row] & used
    may = rules.may_answer[forms.role][row]
    speaks = used & forms.familiar[row]
    familiar = speaks[:, None] & may
    counted = familiar & ~recused[:, None] & answered_enough[row]
    amount = np.where(speaks & ~recused, forms.proposed_limit[row], MISSING)

    shape = (n_cases, max(pairs.longest, 1))
    at = (pairs.case, pairs.place)
    deep = (*shape, n_pillars)
    return FormSet(
        used=_lay_out(used, at, shape, fill=False),
        mean=_lay_out(np.where(counted, mean[row], 0), at, deep, fill=0),
        counted=_lay_out(counted, at, deep, fill=False),
        familiar=_lay_out(familiar, at, deep, fill=False),
        recused=_lay_out(recused[:, None] & may, at, deep, fill=False),
        amount=_lay_out(amount, at, shape, fill=MISSING),
        row=_lay_out(row, at, shape, fill=0),
    )


def _form_means(forms: Forms, rules: PanelRules) -> tuple[Ints, Bools]:
    ratings = forms.ratings
    if not ratings.shape[0]:
        empty = np.zeros((0, len(rules.pillars)), dtype=np.int64)
        return empty, empty.astype(np.bool_)
    total = np.add.reduceat(ratings, rules.starts, axis=1, dtype=np.int64)
    answered = np.add.reduceat(ratings > 0, rules.starts, axis=1, dtype=np.int64)
    mean = total * rules.unit // np.maximum(answered, 1)
    return mean, 2 * answered >= rules.n_items


def _lay_out(
    values: NDArray[np.generic],
    at: tuple[Ints, Ints],
    shape: tuple[int, ...],
    *,
    fill: int,
) -> NDArray[np.generic]:
    grid = np.full(shape, fill, dtype=values.dtype)
    grid[at] = values
    return grid


def measure(forms: FormSet, rules: PanelRules) -> PillarMeasures:
    """Put the counted forms of each case together, pillar by pillar.

    The score of a pillar is ``100 (m - lowest) / (highest - lowest)`` with `m` the aggregate of
    the form means, rounded once to a millionth.  Its variance is that of the forms divided by
    their number; covariances between pillars come from the forms that count for both.

    Parameters
    ----------
    forms : FormSet
        From `read_forms`.
    rules : PanelRules
        From `compile_panel`.

    Returns
    -------
    PillarMeasures
        Scores, their covariance and the counts of forms.

    Raises
    ------
    DomainError
        ``aggregator_needs_panel``: the aggregator needs fitted severities.
    """
    if rules.aggregator not in _AGGREGATORS:
        raise DomainError("aggregator_needs_panel", aggregator=rules.aggregator)
    n_forms = forms.counted.sum(axis=1)
    top, bottom = _AGGREGATORS[rules.aggregator](forms, n_forms)
    top = np.where(n_forms > 0, top, 0)
    bottom = np.maximum(bottom, 1) * rules.unit
    over = 100 * MICRO * (top - rules.lowest * bottom)
    score = (2 * over + rules.span * bottom) // (2 * rules.span * bottom)
    negative = (forms.counted & (forms.mean <= rules.negative)).any(axis=(1, 2))
    return PillarMeasures(
        score=np.where(n_forms > 0, score, MISSING),
        covariance=_covariance(forms, rules, n_forms),
        n_forms=n_forms,
        n_familiar=forms.familiar.sum(axis=1),
        n_recused=forms.recused.sum(axis=1),
        negative=negative,
    )


def _covariance(forms: FormSet, rules: PanelRules, n_forms: Ints) -> NDArray[np.float64]:
    total = forms.mean.sum(axis=1)
    apart = np.where(forms.counted, forms.mean * n_forms[:, None, :] - total[:, None, :], 0)
    product = (apart[:, :, :, None] * apart[:, :, None, :]).sum(axis=1)
    n = n_forms.astype(np.float64)
    spread = np.sqrt(np.where(n_forms > 1, n * (n - 1), np.nan)) * n * rules.unit * rules.span
    scale = 100.0 / spread
    return product * (scale[:, :, None] * scale[:, None, :])


def _mean(forms: FormSet, n_forms: Ints) -> tuple[Ints, Ints]:
    return forms.mean.sum(axis=1), n_forms


def _minimum(forms: FormSet, n_forms: Ints) -> tuple[Ints, Ints]:
    return np.where(forms.counted, forms.mean, _LARGE).min(axis=1), np.ones_like(n_forms)


def _median(forms: FormSet, n_forms: Ints) -> tuple[Ints, Ints]:
    ordered = np.sort(np.where(forms.counted, forms.mean, _LARGE), axis=1)
    last = np.maximum(n_forms, 1) - 1
    return _pick(ordered, last // 2) + _pick(ordered, (last + 1) // 2), np.full_like(n_forms, 2)


def _trimmed_mean(forms: FormSet, n_forms: Ints) -> tuple[Ints, Ints]:
    low, _ = _minimum(forms, n_forms)
    high = forms.mean.max(axis=1)
    trim = n_forms >= 5
    total = forms.mean.sum(axis=1)
    return np.where(trim, total - low - high, total), np.where(trim, n_forms - 2, n_forms)


def _pick(ordered: Ints, place: Ints) -> Ints:
    return np.take_along_axis(ordered, place[:, None, :], axis=1)[:, 0, :]


_AGGREGATORS: dict[str, Callable[[FormSet, Ints], tuple[Ints, Ints]]] = {
    "min": _minimum,
    "mean": _mean,
    "median": _median,
    "trimmed_mean": _trimmed_mean,
}


def village_amount(forms: FormSet, rules: PanelRules) -> Ints:
    """Put the amounts that raters propose together: median, mean or minimum, floored to yuan.

    Parameters
    ----------
    forms : FormSet
        From `read_forms`.
    rules : PanelRules
        With the aggregate that the scheme declares.

    Returns
    -------
    ndarray of shape (n_cases,)
        Yuan; `MISSING` where no rater proposed an amount.
    """
    stated = forms.amount >= 0
    count = stated.sum(axis=1)
    ordered = np.sort(np.where(stated, forms.amount, _LARGE), axis=1)
    last = np.maximum(count, 1) - 1
    if rules.village_aggregate == "min":
        amount = ordered[:, 0]
    elif rules.village_aggregate == "mean":
        amount = np.where(stated, forms.amount, 0).sum(axis=1) // np.maximum(count, 1)
    else:
        rows = np.arange(last.size)
        low, high = ordered[rows, last // 2], ordered[rows, (last + 1) // 2]
        amount = low + (high - low) // 2
    return np.where(count > 0, amount, MISSING)
