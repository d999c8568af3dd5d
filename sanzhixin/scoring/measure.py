"""Ratings become pillar measures: which forms count, and what they say together.

All sums are exact integers, so a measure has the same bits for one household and for a million,
in any order of the rows.  Form means are held as multiples of ``1 / lcm(1..number of items)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sanzhixin.errors import DomainError
from sanzhixin.records.cases import MISSING, MOST_FORMS
from sanzhixin.records.vocabulary import RELATIONS, ROLES
from sanzhixin.scoring.dates import Periods, earliest_days
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
_MANAGER = ROLES.index("account_manager")

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


@dataclass(frozen=True, slots=True)
class FormSet:
    """The forms of the round that is used, one row per case, padded on the right.

    Attributes
    ----------
    used : ndarray of shape (n_cases, longest)
        The form belongs to the round that is used.
    mean : ndarray of shape (n_cases, longest, n_pillars)
        Form mean in units; 0 where not counted.
    standing : ndarray of shape (n_cases, longest, 3, n_pillars)
        The form counts for the pillar; the rater knows the household and may answer; the form is
        recused from it.
    amount : ndarray of shape (n_cases, longest)
        Proposed yuan of villagers' forms that count for some pillar; `MISSING` otherwise.
    row : ndarray of shape (n_cases, longest)
        Row of the form in its table; 0 where padded.
    """

    used: Bools
    mean: Ints
    standing: Bools
    amount: Ints
    row: Ints

    @property
    def counted(self) -> Bools:
        """The form counts for the pillar."""
        return self.standing[:, :, 0]

    @property
    def recused(self) -> Bools:
        """The form is recused from the pillar."""
        return self.standing[:, :, 2]


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
    may_answer = np.array(roles, dtype=np.bool_)
    span = (highest - lowest) * unit
    return PanelRules(
        pillars=pillars,
        starts=np.cumsum(n_items) - n_items,
        n_items=n_items,
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
    oldest = earliest_days(cases.as_of, rules.validity, pairs.case, 0)[..., 0]
    valid = (rated_on <= pairs.spread(cases.as_of)) & (rated_on > oldest)
    rounds = pairs.gather(cases.forms.round) * valid
    latest = pairs.lay_out(rounds, 0).max(axis=1)
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
    standing = rules.standing[forms.role, forms.relation, forms.familiar.view(np.int8)]
    mean = _form_means(forms, rules)
    counted = standing[:, 0]
    counted &= mean > 0
    standing, mean = pairs.gather(standing), pairs.gather(mean)
    standing &= used[:, None, None]
    mean *= standing[:, 0]
    proposed = np.where(forms.role == _MANAGER, MISSING, forms.proposed_limit)
    amount = np.where(mean.any(axis=1), pairs.gather(proposed), MISSING)
    return FormSet(
        used=pairs.lay_out(used, 0),
        mean=pairs.lay_out(mean, 0),
        standing=pairs.lay_out(standing, 0),
        amount=pairs.lay_out(amount, MISSING),
        row=pairs.lay_out(pairs.row, 0),
    )


def _form_means(forms: Forms, rules: PanelRules) -> Ints:
    """Form means in units; 0 where less than half of the items are answered."""
    ratings = forms.ratings
    if not ratings.shape[0]:
        return np.zeros((0, len(rules.pillars)), dtype=np.int64)
    answered = np.add.reduceat(ratings > 0, rules.starts, axis=1, dtype=np.int64)
    total = np.add.reduceat(ratings, rules.starts, axis=1, dtype=np.int64)
    total *= rules.share[_places(answered), answered]
    return total


def _places(by_pillar: NDArray[np.generic]) -> Ints:
    return np.arange(by_pillar.shape[-1])


def measure(forms: FormSet, rules: PanelRules) -> PillarMeasures:
    """Put the counted forms of each case together, pillar by pillar.

    The score of a pillar is ``100 (m - lowest) / (highest - lowest)`` with `m` the aggregate of
    the form means, rounded once to a millionth.  Its variance is that of the forms divided by
    their number; covariances between pillars come from the forms that count for both.  They are
    never indefinite, and a few per cent low where other forms count for one pillar than for the
    other (5 % with four forms in common of five and five).

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
    counts = forms.standing.sum(axis=1)
    n_forms = counts[:, 0]
    total = forms.mean.sum(axis=1)
    top, parts = _AGGREGATORS[rules.aggregator](forms, n_forms, total)
    score = _scores(top, np.maximum(parts, 1), rules)
    np.putmask(score, n_forms == 0, MISSING)
    negative = forms.counted & (forms.mean <= rules.negative)
    return PillarMeasures(
        score=score,
        covariance=_covariance(forms, rules, n_forms, total),
        n_forms=n_forms,
        n_familiar=counts[:, 1],
        n_recused=counts[:, 2],
        negative=np.asarray(negative.any(axis=(1, 2))),
    )


def _scores(top: Ints, parts: Ints, rules: PanelRules) -> Ints:
    """Round ``100 MICRO (top - parts lowest) / (parts width)``, halves up."""
    over = (200 * MICRO) * top - parts * rules.zero
    return np.asarray(over // (parts * rules.step))


def _covariance(
    forms: FormSet, rules: PanelRules, n_forms: Ints, total: Ints
) -> NDArray[np.float64]:
    apart = forms.mean * n_forms[:, None, :]
    apart -= total[:, None, :]
    apart *= forms.counted
    product = (apart[:, :, :, None] * apart[:, :, None, :]).sum(axis=1)
    scale = rules.deviation[n_forms, _places(n_forms)]
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

    An account manager may rate, but speaks for the bank: what he proposes is a bound of its own
    (``manager_limit_yuan``) and no part of the village's amount.

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
    ordered = forms.amount.copy()
    ordered.sort(axis=1)  # those who state nothing come first
    place = stated.shape[1] - 1 - rules.amount_places[count]
    chosen = ordered[np.arange(count.size)[:, None], place]
    low, high = chosen[:, 0], chosen[:, 1]
    return np.asarray(low + (high - low) // 2)
