"""Ratings become pillar measures: what the forms of a household say together.

All sums are exact integers, so a measure has the same bits for one household and for a million,
in any order of the rows.  Form means are held as multiples of ``1 / lcm(1..number of items)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sanzhixin.errors import DomainError
from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.panel_rules import MICRO

if TYPE_CHECKING:
    from sanzhixin.scoring.form_set import FormSet
    from sanzhixin.scoring.panel_rules import PanelRules

__all__ = [
    "PLAIN_AGGREGATORS",
    "FormCounts",
    "LogitMeasures",
    "PillarMeasures",
    "count_forms",
    "measure",
    "village_amount",
]

_FORMS_TO_TRIM = 5
_LARGE = 1 << 40  # above every form mean in units

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FormCounts:
    """What is counted of the forms, whatever the aggregator.

    Attributes
    ----------
    n_forms, n_familiar, n_recused : ndarray of shape (n_cases, n_pillars)
        Forms counted, forms of raters who know the household, forms recused.
    negative : ndarray of shape (n_cases,)
        At least one counted form is a negative opinion.
    """

    n_forms: Ints
    n_familiar: Ints
    n_recused: Ints
    negative: Bools


@dataclass(frozen=True, slots=True)
class LogitMeasures:
    """Standings in logits, shape (n_cases, n_pillars); NaN without a counted form.

    Attributes
    ----------
    logit, variance : ndarray
        Standing on the common scale of all villages, given the link, and its error variance.
    within, within_variance : ndarray
        Standing less the mean of the village's fitted households.
    link_variance : ndarray
        Variance of the comparison with other villages; it may ask for a review.
    """

    logit: NDArray[np.float64]
    variance: NDArray[np.float64]
    within: NDArray[np.float64]
    within_variance: NDArray[np.float64]
    link_variance: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PillarMeasures(FormCounts):
    """Measures of every case and pillar, beside the counts of forms behind them.

    Attributes
    ----------
    score : ndarray of shape (n_cases, n_pillars)
        Adjusted score 0-100 in millionths; `MISSING` without a counted form.
    covariance : ndarray of shape (n_cases, n_pillars, n_pillars)
        Covariance of the pillar scores, in squared score units; NaN where it is not known.
    logits : LogitMeasures or None
        None for plain aggregators, which have no logit scale.
    """

    score: Ints
    covariance: NDArray[np.float64]
    logits: LogitMeasures | None = None


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
    counts = count_forms(forms, rules)
    n_forms = counts.n_forms
    total = forms.mean.sum(axis=1)
    top, parts = _AGGREGATORS[rules.aggregator](forms, n_forms, total)
    score = _scores(top, np.maximum(parts, 1), rules)
    np.putmask(score, n_forms == 0, MISSING)
    return PillarMeasures(
        n_forms=n_forms,
        n_familiar=counts.n_familiar,
        n_recused=counts.n_recused,
        negative=counts.negative,
        score=score,
        covariance=_covariance(forms, rules, n_forms, total),
    )


def count_forms(forms: FormSet, rules: PanelRules) -> FormCounts:
    """Count the forms of each case and pillar, and tell negative opinions.

    Parameters
    ----------
    forms : FormSet
        From `read_forms`.
    rules : PanelRules
        From `compile_panel`.

    Returns
    -------
    FormCounts
        Counts.
    """
    counts = forms.standing.sum(axis=1)
    negative = forms.counted & (forms.mean <= rules.negative)
    return FormCounts(
        n_forms=counts[:, 0],
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
    scale = rules.deviation[n_forms, np.arange(n_forms.shape[1])]
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
