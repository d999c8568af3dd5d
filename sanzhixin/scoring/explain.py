"""Why: every form, item, event, record and bound behind one proposal, raters masked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sanzhixin.records.cases import MISSING
from sanzhixin.records.vocabulary import EVENT_STATUS, RELATIONS, ROLES
from sanzhixin.scheme.limits import BOUNDS
from sanzhixin.scoring.dates import last_day_counted
from sanzhixin.scoring.form_set import select_round
from sanzhixin.scoring.ledger import EVENT_OUTCOMES, read_events, read_records
from sanzhixin.scoring.limit_account import limit_rows, member_rows
from sanzhixin.scoring.measure import measure
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.proposal import Proposal
from sanzhixin.scoring.reasons import factor_label, panel_score
from sanzhixin.scoring.view import Answers, View, views

if TYPE_CHECKING:
    from sanzhixin.scoring.plan import Plan

__all__ = [
    "BoundLine",
    "EventLine",
    "Explanation",
    "FormLine",
    "ItemLine",
    "MemberLine",
    "PartLine",
    "PillarLine",
    "RecordLine",
    "explain_case",
]


_MOVING = ("tier_cap", "loss_cap")
"""Bounds that follow from the score: they move with the tier and the default probability."""


@dataclass(frozen=True, slots=True)
class FormLine:
    """One form: its number here, when, and for which pillars it counts or why not.

    Attributes
    ----------
    rater : str
        Number of the form within this explanation; the order follows from what the lines show.
    role, relation : str
        As stated on the form.
    round : int
        Round of rating.
    rated_on : date
        Day of the form.
    outcomes : dict of str to str
        By pillar: ``other_round``, ``role_not_asked``, ``recused``, ``unfamiliar``, ``counted`` or
        ``under_half_answered``; the first that holds, in that order.
    """

    rater: str
    role: str
    relation: str
    round: int
    rated_on: dt.date
    outcomes: dict[str, str]


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One panel item: how many counted forms answered it, and their mean rating (None: nobody).

    ``highest`` is the best rating of the item's scale.
    """

    code: str
    zh: str
    en: str
    pillar: str
    n_ratings: int
    mean: float | None
    highest: int


@dataclass(frozen=True, slots=True)
class PillarLine:
    """One pillar: its score 0-100, standard error, points, and how many forms stand behind it.

    ``shown`` is the score with one decimal, never rounded up, as the reasons write it; ``plain``
    is the mean of the same forms so written, where the score is severity-adjusted, else None.
    ``n_forms``, ``n_unfamiliar`` and ``n_recused`` count outcomes of forms, each form once.
    """

    code: str
    zh: str
    en: str
    score: float | None
    shown: str
    plain: str | None
    se: float | None
    points: int
    points_full: int
    n_forms: int
    n_unfamiliar: int
    n_recused: int


@dataclass(frozen=True, slots=True)
class EventLine:
    """One ledger entry and what became of it (a word of `EVENT_OUTCOMES`)."""

    code: str
    zh: str
    en: str
    level: str
    level_zh: str
    occurred_on: dt.date
    status: str
    outcome: str


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One official record: whether it is in force, and what that means.

    ``counts_until`` is the last day on which it counts; None where no end is stated.
    """

    code: str
    zh: str
    en: str
    action: str
    issued_on: dt.date
    ended_on: dt.date | None
    in_force: bool
    counts_until: dt.date | None
    expires_months: int


@dataclass(frozen=True, slots=True)
class BoundLine:
    """One bound of the limit in yuan; None when it was not stated and so does not bind."""

    bound: str
    yuan: int | None
    binds: bool


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One adult: what the person owes (None: not stated) and may sign for, by which bound."""

    member: str
    exposure: int | None
    yuan: int | None
    binding_bound: str | None


@dataclass(frozen=True, slots=True)
class PartLine:
    """One part of the points: the start, a group of characteristics, or a clip of the total.

    ``inner`` are the parts of a group, which add up to its points.
    """

    zh: str
    en: str
    points: int
    inner: tuple[PartLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything behind one proposal.

    Attributes
    ----------
    proposal : Proposal
        The answer.
    link : str or None
        What compares villages, where scores are severity-adjusted.
    points_per_score : int
        Points of the card that are one of the score.
    parts : tuple of PartLine
        They add up to the points; empty where none are given.
    rate_bp : int or None
        Yearly rate of the tier in basis points, where the scheme sets one.
    why_limit : tuple of str
        Which bound made the amount and how the other limits differ, in Chinese and English.
    pillars, items, forms, events, records, bounds : tuple
        Lines in the order of the scheme; bounds are empty where no amount is stated.
    members : tuple of MemberLine
        What each adult may sign for.
    """

    proposal: Proposal
    link: str | None
    points_per_score: int
    parts: tuple[PartLine, ...]
    rate_bp: int | None
    why_limit: tuple[str, str]
    pillars: tuple[PillarLine, ...]
    items: tuple[ItemLine, ...]
    forms: tuple[FormLine, ...]
    events: tuple[EventLine, ...]
    records: tuple[RecordLine, ...]
    bounds: tuple[BoundLine, ...]
    members: tuple[MemberLine, ...]

    @property
    def held_by(self) -> str | None:
        """The smallest bound where a higher tier would not raise it; None where one might."""
        stated = [line for line in self.bounds if line.yuan is not None]
        if self.proposal.limit_yuan is None or not stated:
            return None
        least = min(line.yuan or 0 for line in stated)
        fixed = (line.bound for line in stated if line.yuan == least and line.bound not in _MOVING)
        return next(fixed, None)


def explain_case(answers: Answers, proposal: Proposal, plan: Plan) -> Explanation:
    """Explain the only case of a batch.

    Parameters
    ----------
    answers : Answers
        Of exactly one case.
    proposal : Proposal
        Of the same case.
    plan : Plan
        The compiled model.

    Returns
    -------
    Explanation
        Raters are masked; the household is the one that was asked for.
    """
    row = proposal.model_dump()
    limits = limit_rows([row], answers, plan)[0]
    return Explanation(
        proposal=proposal,
        link=None if plan.adjusted is None else plan.adjusted.link,
        points_per_score=plan.card.points_per_score,
        parts=() if proposal.points is None else _parts(answers, plan),
        rate_bp=limits["rate_bp"],
        why_limit=(limits["why_zh"], limits["why_en"]),
        pillars=_pillars(answers, plan),
        items=_items(answers, plan),
        forms=_forms(answers, plan),
        events=_events(answers, plan),
        records=_records(answers, plan),
        bounds=_bounds(limits),
        members=_members(member_rows([row], answers, plan)),
    )


def _parts(answers: Answers, plan: Plan) -> tuple[PartLine, ...]:
    card, points = plan.card, answers.assessment.points
    parts = [PartLine("起始", "start", card.base)] if card.base else []
    (view,) = views(answers, plan)
    for place, (group, rows) in enumerate(zip(card.groups, card.group_rows, strict=True)):
        own = points.by_characteristic[0, rows].sum() + points.group_clip[0, place]
        own_rows = range(len(card.characteristics))[rows]
        inner = [line for row in own_rows for line in _own_parts(row, view, answers, plan)]
        inner += _clip(int(points.group_clip[0, place]))
        parts.append(PartLine(group.zh, group.en, int(own), tuple(inner)))
    if clip := int(points.total_clip[0]):
        parts.append(PartLine("上下限", "ends of the scale", clip))
    return tuple(parts)


def _own_parts(row: int, view: View, answers: Answers, plan: Plan) -> list[PartLine]:
    """Name what one characteristic brings; the ledger is told from its start, kind by kind."""
    item = plan.card.characteristics[row]
    if item.group == "events" and plan.events_add:
        told = [PartLine("起始", "start", plan.ledger.start)]
        sums = answers.profile.events.by_event[0].tolist()
        rules = plan.scheme.event_rules.values()
        told += [PartLine(r.zh, r.en, own) for r, own in zip(rules, sums, strict=True) if own]
        return told + _clip(int(answers.profile.events.clipped[0]))
    zh, en = item.zh, item.en
    for place, labelled in enumerate(plan.labelled):
        if labelled.name == item.name:
            label = factor_label(labelled, view.factors[place])
            zh, en = f"{zh}（{label['label_zh']}）", f"{en} ({label['label_en']})"
    return [PartLine(zh, en, view.by_characteristic[row])]


def _clip(points: int) -> list[PartLine]:
    return [PartLine("上下限", "ends of the scale", points)] if points else []


def _pillars(answers: Answers, plan: Plan) -> tuple[PillarLine, ...]:
    measures, points = answers.profile.measures, answers.assessment.points
    plain = None
    if plan.adjusted is not None:
        plain = measure(answers.profile.forms, replace(plan.panel, aggregator="mean")).score[0]
    items, forms = plan.card.characteristics, _forms(answers, plan)
    by_column = {item.column: i for i, item in enumerate(items)}
    lines = []
    for place, pillar in enumerate(plan.scheme.pillars):
        column = by_column.get(f"{pillar.code}_score")  # a fitted card may leave a pillar out
        score = int(measures.score[0, place])
        variance = float(measures.covariance[0, place, place])
        outcomes = [form.outcomes[pillar.code] for form in forms]
        lines.append(
            PillarLine(
                code=pillar.code,
                zh=pillar.zh,
                en=pillar.en,
                score=None if score == MISSING else score / MICRO,
                shown=_written(score),
                plain=None if plain is None else _written(int(plain[place])),
                se=variance**0.5 if variance >= 0 else None,
                points=0 if column is None else int(points.by_characteristic[0, column]),
                points_full=0 if column is None else max(items[column].attainable),
                n_forms=outcomes.count("counted"),
                n_unfamiliar=outcomes.count("unfamiliar"),
                n_recused=outcomes.count("recused"),
            )
        )
    return tuple(lines)


def _written(score: int) -> str:
    return "-" if score == MISSING else panel_score(score)


def _items(answers: Answers, plan: Plan) -> tuple[ItemLine, ...]:
    forms, table = answers.profile.forms, answers.cases.forms.ratings
    pillars = list(plan.panel.pillars)
    lines = []
    for column, item in enumerate(plan.scheme.panel_items):
        counted = forms.counted[0, :, pillars.index(item.pillar)]
        ratings = table[forms.row[0][counted], column].tolist()
        given = [rating for rating in ratings if rating]
        mean = sum(given) / len(given) if given else None
        told = (item.code, item.zh, item.en, item.pillar, len(given), mean, item.highest)
        lines.append(ItemLine(*told))
    return tuple(lines)


def _forms(answers: Answers, plan: Plan) -> tuple[FormLine, ...]:
    pairs, _ = select_round(answers.cases, plan.panel)
    lines = [
        _form_line(answers, plan, place, row)
        for place, row in zip(pairs.place.tolist(), pairs.row.tolist(), strict=True)
    ]
    lines.sort(key=_shown)
    return tuple(replace(line, rater=f"#{k}") for k, line in enumerate(lines, start=1))


def _form_line(answers: Answers, plan: Plan, place: int, row: int) -> FormLine:
    forms, layout = answers.cases.forms, answers.profile.forms
    outcomes = {}
    for i, pillar in enumerate(plan.panel.pillars):
        if not layout.used[0, place]:
            outcomes[pillar] = "other_round"
        elif not plan.panel.may_answer[forms.role[row], i]:
            outcomes[pillar] = "role_not_asked"
        elif layout.recused[0, place, i]:
            outcomes[pillar] = "recused"
        elif not forms.familiar[row]:
            outcomes[pillar] = "unfamiliar"
        else:
            counted = layout.counted[0, place, i]
            outcomes[pillar] = "counted" if counted else "under_half_answered"
    return FormLine(
        rater="",
        role=ROLES[forms.role[row]],
        relation=RELATIONS[forms.relation[row]],
        round=int(forms.round[row]),
        rated_on=dt.date.fromordinal(int(forms.rated_on[row])),
        outcomes=outcomes,
    )


def _shown(line: FormLine) -> tuple[object, ...]:
    """Sort by what a line shows, latest round first, so that its place tells nothing more."""
    return -line.round, *line.outcomes.values(), line.role, line.relation, line.rated_on


def _events(answers: Answers, plan: Plan) -> tuple[EventLine, ...]:
    if not len(answers.cases.events.code):
        return ()
    pairs, outcome = read_events(answers.cases, plan.ledger)
    table, rules = answers.cases.events, tuple(plan.scheme.event_rules.values())
    return tuple(
        EventLine(
            code=rules[table.code[row]].code,
            zh=rules[table.code[row]].zh,
            en=rules[table.code[row]].en,
            level=rules[table.code[row]].levels[table.level[row]].level,
            level_zh=rules[table.code[row]].levels[table.level[row]].zh,
            occurred_on=dt.date.fromordinal(int(table.occurred_on[row])),
            status=EVENT_STATUS[table.status[row]],
            outcome=EVENT_OUTCOMES[became],
        )
        for row, became in zip(pairs.row.tolist(), outcome.tolist(), strict=True)
    )


def _records(answers: Answers, plan: Plan) -> tuple[RecordLine, ...]:
    if not len(answers.cases.registers.code):
        return ()
    pairs, in_force = read_records(answers.cases, plan.ledger)
    table, rules = answers.cases.registers, tuple(plan.scheme.official_rules.values())
    lines = []
    for row, holds in zip(pairs.row.tolist(), in_force.tolist(), strict=True):
        rule, days = rules[table.code[row]], int(table.ended_on[row])
        ended = None if days == MISSING else dt.date.fromordinal(days)
        until = None if ended is None else last_day_counted(ended, rule.expires_months)
        lines.append(
            RecordLine(
                code=rule.code,
                zh=rule.zh,
                en=rule.en,
                action=rule.action,
                issued_on=dt.date.fromordinal(int(table.issued_on[row])),
                ended_on=ended,
                in_force=holds,
                counts_until=until,
                expires_months=rule.expires_months,
            )
        )
    return tuple(lines)


def _bounds(limits: dict[str, Any]) -> tuple[BoundLine, ...]:
    if limits["tier"] is None:
        return ()
    return tuple(
        BoundLine(bound, limits[f"bound_{bound}_yuan"], bound == limits["binding_bound"])
        for bound in BOUNDS
    )


def _members(rows: list[dict[str, Any]]) -> tuple[MemberLine, ...]:
    """Write a number for each adult: who they are stands in the register of members."""
    return tuple(
        MemberLine(f"#{k}", row["exposure_yuan"], row["member_limit_yuan"], row["binding_bound"])
        for k, row in enumerate(rows, start=1)
    )
