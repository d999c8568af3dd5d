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
from sanzhixin.records.cases import MISSING, MOST_FORMS
from sanzhixin.records.vocabulary import RELATIONS, ROLES
from sanzhixin.scoring.dates import earliest_days
from sanzhixin.scoring.segments import Expansion, expand

if TYPE_CHECKING:
    from sanzhixin.records.cases import Cases, Forms
    from sanzhixin.scheme import Scheme

__all__ = [
    "MICRO",
    "PLAIN_AGGREGATORS",
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

_FORMS_TO_TRIM = 5
_LARGE = 1 << 40  # above every form mean in units

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
        Proposed yuan of forms that count for some pillar; `MISSING` otherwise.
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
        ``too_many_forms``: more than 200 forms of one household in a round.
    """
    pairs = expand(cases.form_start, cases.form_end, len(cases.forms.rater_id))
    rated_on = pairs.gather(cases.forms.rated_on)
    oldest = earliest_days(cases.as_of, (rules.validity_months,), pairs.case, 0)
    valid = (rated_on <= pairs.spread(cases.as_of)) & (rated_on > oldest)
    rounds = np.where(valid, pairs.gather(cases.forms.round), -1)
    latest = pairs.lay_out(rounds, -1).max(axis=1)
    used = valid & (rounds == pairs.spread(latest))
    if pairs.longest > MOST_FORMS:
        most = int(np.bincount(pairs.case, weights=used).max())
        if most > MOST_FORMS:
            raise DomainError("too_many_forms", count=most, most=MOST_FORMS)
    return pairs, used


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
        ``too_many_forms``: more than 200 forms of one household in a round.
    """
    pairs, used = select_round(cases, rules)
    forms = cases.forms
    mean, answered_enough = _form_means(forms, rules)
    recused = pairs.gather(rules.recused[forms.relation]) & used
    may = pairs.gather(rules.may_answer[forms.role])
    speaks = pairs.gather(forms.familiar) & used
    familiar = speaks[:, None] & may
    open_forms = ~recused
    counted = familiar & open_forms[:, None] & pairs.gather(answered_enough)
    amount = np.where(counted.any(axis=1), pairs.gather(forms.proposed_limit), MISSING)
    return FormSet(
        used=pairs.lay_out(used, 0),
        mean=pairs.lay_out(pairs.gather(mean) * counted, 0),
        counted=pairs.lay_out(counted, 0),
        familiar=pairs.lay_out(familiar, 0),
        recused=pairs.lay_out(recused[:, None] & may, 0),
        amount=pairs.lay_out(amount, MISSING),
        row=pairs.lay_out(pairs.row, 0),
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
    total = forms.mean.sum(axis=1)
    top, parts = _AGGREGATORS[rules.aggregator](forms, n_forms, total)
    known = n_forms > 0
    bottom = np.maximum(parts, 1) * rules.unit
    width = rules.span * bottom
    over = (200 * MICRO) * (top - rules.lowest * bottom)
    score = np.where(known, (over + width) // (2 * width), MISSING)
    return PillarMeasures(
        score=score,
        covariance=_covariance(forms, rules, n_forms, total),
        n_forms=n_forms,
        n_familiar=forms.familiar.sum(axis=1),
        n_recused=forms.recused.sum(axis=1),
        negative=np.asarray((forms.counted & (forms.mean <= rules.negative)).any(axis=(1, 2))),
    )


def _covariance(
    forms: FormSet, rules: PanelRules, n_forms: Ints, total: Ints
) -> NDArray[np.float64]:
    apart = (forms.mean * n_forms[:, None, :] - total[:, None, :]) * forms.counted
    product = (apart[:, :, :, None] * apart[:, :, None, :]).sum(axis=1)
    spread = np.sqrt(n_forms * (n_forms - 1.0)) * (n_forms * rules.unit * rules.span)
    scale = np.where(n_forms > 1, 100.0 / np.maximum(spread, 1.0), np.nan)
    return np.asarray(product * (scale[:, :, None] * scale[:, None, :]))


def _mean(forms: FormSet, n_forms: Ints, total: Ints) -> tuple[Ints, Ints]:
    return total, n_forms


def _minimum(forms: FormSet, n_forms: Ints, total: Ints) -> tuple[Ints, Ints]:
    return _smallest(forms), np.ones_like(n_forms)


def _median(forms: FormSet, n_forms: Ints, total: Ints) -> tuple[Ints, Ints]:
    ordered = np.sort(np.where(forms.counted, forms.mean, _LARGE), axis=1)
    last = np.maximum(n_forms, 1) - 1
    return _pick(ordered, last // 2) + _pick(ordered, (last + 1) // 2), np.full_like(n_forms, 2)


def _trimmed_mean(forms: FormSet, n_forms: Ints, total: Ints) -> tuple[Ints, Ints]:
    trim = n_forms >= _FORMS_TO_TRIM
    ends = _smallest(forms) + forms.mean.max(axis=1)
    return np.where(trim, total - ends, total), np.where(trim, n_forms - 2, n_forms)


def _smallest(forms: FormSet) -> Ints:
    return np.asarray(np.where(forms.counted, forms.mean, _LARGE).min(axis=1))


def _pick(ordered: Ints, place: Ints) -> Ints:
    return np.take_along_axis(ordered, place[:, None, :], axis=1)[:, 0, :]


_AGGREGATORS: dict[str, Callable[[FormSet, Ints, Ints], tuple[Ints, Ints]]] = {
    "min": _minimum,
    "mean": _mean,
    "median": _median,
    "trimmed_mean": _trimmed_mean,
}


PLAIN_AGGREGATORS = tuple(_AGGREGATORS)
"""Aggregators that need nothing but the forms."""


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
    if rules.village_aggregate == "mean":
        amount = (forms.amount * stated).sum(axis=1) // np.maximum(count, 1)
        return np.where(count > 0, amount, MISSING)
    ordered = np.sort(forms.amount, axis=1)  # those who state nothing come first
    if rules.village_aggregate == "min":
        low = high = stated.shape[1] - count
    else:
        low, high = stated.shape[1] - 1 - count // 2, stated.shape[1] - 1 - (count - 1) // 2
    rows, last = np.arange(count.size), stated.shape[1] - 1
    left, right = (ordered[rows, np.minimum(place, last)] for place in (low, high))
    return np.where(count > 0, left + (right - left) // 2, MISSING)
