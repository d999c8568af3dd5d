"""The scored profile: pillar measures, event part and factor values of every case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sanzhixin.records.cases import MISSING
from sanzhixin.scheme.factors import NumericFactor
from sanzhixin.scoring.adjusted import measure_adjusted
from sanzhixin.scoring.expert import EVENT_COLUMN
from sanzhixin.scoring.form_set import FormSet, read_forms
from sanzhixin.scoring.ledger import EventSums, find_records, sum_events
from sanzhixin.scoring.measure import PillarMeasures, measure, village_amount
from sanzhixin.scoring.panel_rules import MICRO, PanelRules

if TYPE_CHECKING:
    from sanzhixin.records.cases import Cases
    from sanzhixin.scheme import Scheme
    from sanzhixin.scoring.plan import ProfilePlan

__all__ = [
    "Profile",
    "card_values",
    "event_columns",
    "factor_columns",
    "pillar_columns",
    "take_profile",
]


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that the data say of the cases, before any points.

    Attributes
    ----------
    forms : FormSet
        The forms of the round that is used.
    measures : PillarMeasures
        Pillar scores with their covariance.
    sufficient : ndarray of shape (n_cases, n_pillars)
        The pillar has enough counted forms.
    events : EventSums
        Event points.
    records : ndarray of shape (n_cases, n_records)
        Official records in force.
    village_amount : ndarray of shape (n_cases,)
        What the raters propose together, yuan; `MISSING` where nobody did.
    """

    forms: FormSet
    measures: PillarMeasures
    sufficient: NDArray[np.bool_]
    events: EventSums
    records: NDArray[np.bool_]
    village_amount: NDArray[np.int64]


def take_profile(cases: Cases, plan: ProfilePlan) -> Profile:
    """Measure, sum and look up: the one way from records to a profile.

    Parameters
    ----------
    cases : Cases
        Households of a batch; one household is a batch of length one.
    plan : ProfilePlan
        Compiled from the scheme, and the fitted panel where there is one.

    Returns
    -------
    Profile
        Arrays, one row per case.
    """
    panel, ledger = plan.panel, plan.ledger
    forms = read_forms(cases, panel)
    if plan.adjusted is None:
        measures = measure(forms, panel)
    else:
        measures = measure_adjusted(cases, forms, panel, plan.adjusted)
    return Profile(
        forms=forms,
        measures=measures,
        sufficient=measures.n_forms >= panel.min_forms,
        events=sum_events(cases, ledger),
        records=find_records(cases, ledger),
        village_amount=village_amount(forms, panel),
    )


def card_values(cases: Cases, profile: Profile, panel: PanelRules) -> dict[str, NDArray[np.int64]]:
    """Name the columns that a card may use: millionths, or level indices of categories."""
    scores = profile.measures.score
    values = {f"{code}_score": scores[:, place] for place, code in enumerate(panel.pillars)}
    values[EVENT_COLUMN] = profile.events.part * MICRO
    values.update(cases.factors)
    return values


def pillar_columns(profile: Profile, panel: PanelRules) -> dict[str, NDArray[np.generic]]:
    """Columns of the pillar measures.

    Plain aggregators have no logit scale: ``*_logit``, ``*_within_logit`` and ``*_within_se`` are
    missing, and ``*_se`` is the spread of the forms over the root of their number, in units of
    ``*_score``.  With fitted severities every ``*_se`` is in logits.
    """
    measures, logits = profile.measures, profile.measures.logits
    columns: dict[str, NDArray[np.generic]] = {}
    for place, code in enumerate(panel.pillars):
        score = measures.score[:, place]
        known = score != MISSING
        if logits is None:
            logit = within = within_se = np.full(score.size, np.nan)
            error = np.sqrt(measures.covariance[:, place, place])
        else:
            logit, within = logits.logit[:, place], logits.within[:, place]
            error = np.sqrt(logits.variance[:, place])
            within_se = np.sqrt(logits.within_variance[:, place])
        columns |= {
            f"{code}_logit": logit,
            f"{code}_se": error,
            f"{code}_score": np.where(known, score / MICRO, np.nan),
            f"{code}_within_logit": within,
            f"{code}_within_se": within_se,
            f"{code}_n_forms": measures.n_forms[:, place],
            f"{code}_n_familiar": measures.n_familiar[:, place],
            f"{code}_n_recused": measures.n_recused[:, place],
        }
    return columns


def event_columns(profile: Profile) -> dict[str, NDArray[np.generic]]:
    """Columns of the event part."""
    events = profile.events
    return {
        EVENT_COLUMN: events.part,
        "n_events_counted": events.n_counted,
        "n_events_excluded": events.n_excluded,
    }


def factor_columns(cases: Cases, scheme: Scheme) -> dict[str, list[object]]:
    """Columns of the factor values as they enter the card; None where missing or withheld."""
    columns: dict[str, list[object]] = {}
    for factor in scheme.factors:
        values = cases.factors[factor.name].tolist()
        if isinstance(factor, NumericFactor):
            columns[factor.name] = [None if v == MISSING else v / MICRO for v in values]
        else:
            names = [level.level for level in factor.levels]
            columns[factor.name] = [names[v] if 0 <= v < len(names) else None for v in values]
    return columns
