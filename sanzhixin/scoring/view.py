"""One case as plain values: what reasons, advice and the proposal are written from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.assess import Assessment
from sanzhixin.scoring.profile import Profile, card_values

if TYPE_CHECKING:
    from sanzhixin.records.cases import Cases
    from sanzhixin.scoring.plan import Plan

__all__ = ["Answers", "View", "point_effects", "views"]


@dataclass(frozen=True, slots=True)
class Answers:
    """Profile and assessment of the same cases.

    Attributes
    ----------
    cases : Cases
        What was scored.
    profile : Profile
        What the data say.
    assessment : Assessment
        What the model says.
    """

    cases: Cases
    profile: Profile
    assessment: Assessment


class View(NamedTuple):
    """Everything that an answer tells of one case; money in yuan, None where not stated."""

    household_id: str
    status: int
    points: int
    se_points: float
    tier: int
    near_upper: bool
    near_lower: bool
    by_characteristic: list[int]
    effects: list[int]
    pillar_scores: list[int]
    n_forms: list[int]
    sufficient: list[bool]
    event_sum: int
    event_part: int
    event_room: list[int]
    negative: bool
    gate: list[bool]
    review_record: list[bool]
    over_debt: bool
    override: bool
    link_doubt: bool
    incomplete: list[bool]
    system: int
    final: int
    binding: int
    village_limit: int | None
    manager: int | None
    pd: list[float | None]
    consent_until: int
    factors: list[int]
    rejected_tables: tuple[str, ...]

    def __repr__(self) -> str:
        return f"View(status={self.status}, points={self.points})"  # names nobody

    @property
    def total_clip(self) -> int:
        """Points that the ends of the total added: the last of the effects."""
        return self.effects[-1]


def views(answers: Answers, plan: Plan) -> Iterator[View]:
    """Go through the cases one by one as plain values.

    Parameters
    ----------
    answers : Answers
        Arrays of a batch.
    plan : Plan
        The compiled model.

    Returns
    -------
    iterator of View
        In the order of the cases.
    """
    cases, profile, answer = answers.cases, answers.profile, answers.assessment
    measures, events, limits = profile.measures, profile.events, answer.limits
    columns = (
        cases.household_id,
        answer.status.tolist(),
        answer.points.total.tolist(),
        answer.se_points.tolist(),
        answer.tier.tolist(),
        answer.near_upper.tolist(),
        answer.near_lower.tolist(),
        answer.points.by_characteristic.tolist(),
        point_effects(profile, answer, plan).tolist(),
        measures.score.tolist(),
        measures.n_forms.tolist(),
        profile.sufficient.tolist(),
        (events.part - events.clipped).tolist(),
        events.part.tolist(),
        events.room.tolist(),
        measures.negative.tolist(),
        answer.gate.tolist(),
        answer.review_record.tolist(),
        limits.over_debt.tolist(),
        answer.override.tolist(),
        answer.link_doubt.tolist(),
        limits.incomplete.tolist(),
        limits.system.tolist(),
        limits.final.tolist(),
        limits.binding.tolist(),
        _stated(answer.village_limit),
        _stated(cases.manager),
        _pd_rows(answer),
        cases.consent_until.tolist(),
        _factor_rows(cases, profile, plan),
        cases.rejected_tables,
    )
    return map(View, *columns)


def point_effects(profile: Profile, answer: Assessment, plan: Plan) -> NDArray[np.int64]:
    """Split the points into effects against the reference of every characteristic.

    The reference is full marks of the panel and, for an expert card, no event and reference
    factors.  The effects of a case add up to its points less those of the reference, exactly.

    Parameters
    ----------
    profile, answer : Profile, Assessment
        Of the same cases.
    plan : Plan
        The compiled model.

    Returns
    -------
    ndarray of shape (n_cases, n_effects)
        In the order of ``plan.effects``.
    """
    points, events = answer.points, profile.events
    return np.concatenate(
        (
            points.by_characteristic[:, plan.own] - plan.reference,
            *((events.by_event, events.clipped[:, None]) if plan.events_add else ()),
            points.group_clip[:, plan.clipped_groups],
            points.total_clip[:, None],
        ),
        axis=1,
    )


def _stated(amounts: NDArray[np.int64]) -> list[int | None]:
    return [None if amount == MISSING else amount for amount in amounts.tolist()]


def _pd_rows(answer: Assessment) -> list[list[float | None]]:
    rows = np.array((answer.pd.prob_default, answer.pd.lower, answer.pd.upper)).T.tolist()
    return [[None if isnan(value) else value for value in row] for row in rows]


def _factor_rows(cases: Cases, profile: Profile, plan: Plan) -> list[list[int]]:
    values = card_values(cases, profile, plan.panel)
    columns = [values[item.column].tolist() for item in plan.labelled]
    return [list(row) for row in zip(*columns, strict=True)] or [[] for _ in cases.household_id]
