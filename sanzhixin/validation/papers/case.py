"""One household as papers tell of it: its explanation, factors, sums of events and documents."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sanzhixin.records.cases import MISSING
from sanzhixin.records.encode_application import encode_application
from sanzhixin.records.parse_application import check_application
from sanzhixin.scheme.limits import PurposeRule
from sanzhixin.scoring.explain import Explanation, explain_case
from sanzhixin.scoring.ledger import read_records
from sanzhixin.scoring.proposal import Proposal
from sanzhixin.scoring.reasons import factor_label, labelled_items, plain_score
from sanzhixin.scoring.scorer import check_cases, propose_answers, score_cases
from sanzhixin.scoring.view import views
from sanzhixin.validation.papers.scheme_words import class_word

if TYPE_CHECKING:
    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records import Application
    from sanzhixin.scheme import Scheme
    from sanzhixin.scoring.plan import Plan
    from sanzhixin.scoring.scorer import Answers

__all__ = ["DocumentLine", "EventSum", "FactorLine", "HouseholdCase", "household_case"]


"""Classes that stop a proposal, and that of the built-in scheme which asks for a review."""


@dataclass(frozen=True, slots=True)
class FactorLine:
    """One agreed factor: the bin or level of its value, and its points on the card.

    Attributes
    ----------
    name, zh, en : str
        As in the scheme.
    label_zh, label_en : str
        Text of the bin; what is missing, or was not agreed to in writing, is said to be missing.
    is_given : bool
        A value was used.
    consent : {"general", "written"}
        What its use needs.
    points : int or None
        Points of the card; None where the card gives this factor none at all.
    """

    name: str
    zh: str
    en: str
    label_zh: str
    label_en: str
    is_given: bool
    consent: str
    points: int | None


@dataclass(frozen=True, slots=True)
class EventSum:
    """Entries of one kind together: what they bring after their cap, in points of the ledger.

    Attributes
    ----------
    code, zh, en : str
        Of the rule.
    points : int
        Sum after the caps.
    cap : int or None
        Largest sum of each period; None where there is none.
    cap_months, valid_months : int or None
        Length of the period, and how long an entry counts.
    """

    code: str
    zh: str
    en: str
    points: int
    cap: int | None
    cap_months: int | None
    valid_months: int


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One official record with the document that it rests on.

    Attributes
    ----------
    code, zh, en : str
        Of the rule.
    action : {"gate", "review"}
        What the rule asks for.
    list_zh, list_en : str
        Class of the finding.
    document_no : str
        Number of the document.
    issued_on, ended_on : date or None
        Its days; no end is stated as None.
    expires_months : int
        Months after the end in which it still counts.
    in_force : bool
        It counts on the scoring date.
    """

    code: str
    zh: str
    en: str
    action: str
    list_zh: str
    list_en: str
    document_no: str = field(repr=False)
    issued_on: dt.date
    ended_on: dt.date | None
    expires_months: int
    in_force: bool


@dataclass(frozen=True, slots=True)
class HouseholdCase:
    """Everything that papers say about one household; raters are not in it.

    Attributes
    ----------
    why : Explanation
        Proposal, forms, items, events, bounds and advice.
    scheme : Scheme
        Of the model.
    factors : tuple of FactorLine
        In the order of the scheme.
    event_sums : tuple of EventSum
        Kinds of events with an entry that counts.
    event_part, event_start, event_most : int
        Points of the ledger together, where they start, and their ceiling.
    events_add : bool
        Points of the ledger are points of the card; otherwise the card has bins of their sum.
    documents : tuple of DocumentLine
        By day, code and number.
    purpose : str or None
        Declared purpose of the loan.
    debt, assets : int or None
        Yuan, with a written consent alone.
    consent_purpose : str
        What the household agreed to.
    consent_on, consent_until : date
        From when to when.
    """

    why: Explanation
    scheme: Scheme
    factors: tuple[FactorLine, ...]
    event_sums: tuple[EventSum, ...]
    event_part: int
    event_start: int
    event_most: int
    events_add: bool
    documents: tuple[DocumentLine, ...]
    purpose: str | None
    debt: int | None
    assets: int | None
    consent_purpose: str
    consent_on: dt.date
    consent_until: dt.date

    def __repr__(self) -> str:
        return f"HouseholdCase(status={self.why.proposal.status!r})"  # names nobody

    @property
    def refused_purpose(self) -> PurposeRule | None:
        """The rule that excludes the declared purpose; None when the purpose is no reason."""
        rule = self.scheme.purpose
        codes = {reason.code for reason in self.why.proposal.reasons}
        return rule if rule is not None and f"GATE_{rule.code}" in codes else None

    def score_of(self, points: int) -> str:
        """Write points in units of the score, never rounded up."""
        return plain_score(points, self.why.points_per_score)


def household_case(
    model: SanzhixinModel, application: Application, as_of: dt.date
) -> HouseholdCase:
    """Score one household once and keep everything that papers tell of it.

    Parameters
    ----------
    model : SanzhixinModel
        In force on the scoring date.
    application : Application
        The household, e.g. from ``county.application``.
    as_of : date
        Scoring date.

    Returns
    -------
    HouseholdCase
        The proposal in it is that of ``model.propose_one``.

    Raises
    ------
    RecordError
        ``consent_not_valid`` and what `SanzhixinModel.propose_one` raises.
    ArtifactError
        ``model_retired``, ``model_expired``, ``scheme_not_in_force``.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> record = county.application(county.households["household_id"].iloc[0])
    >>> case = household_case(model, record, county.as_of)
    >>> case.why.proposal == model.propose_one(record, county.as_of)
    True
    """
    plan = model.plan
    check_application(application, model.scheme, as_of=as_of)
    cases = encode_application(application, model.scheme, as_of)
    check_cases(cases, plan)
    answers = score_cases(cases, plan)
    why = explain_case(answers, Proposal(**propose_answers(answers, plan)[0]), plan)
    written = application.written_consent_id is not None
    return HouseholdCase(
        why=why,
        scheme=plan.scheme,
        factors=_factors(answers, plan),
        event_sums=_event_sums(why, answers, plan),
        event_part=int(answers.profile.events.part[0]),
        event_start=plan.ledger.start,
        event_most=plan.ledger.top,
        events_add=plan.events_add,
        documents=_documents(answers, plan),
        purpose=application.purpose,
        debt=application.debt_yuan if written else None,
        assets=application.assets_yuan if written else None,
        consent_purpose=application.consent_purpose,
        consent_on=application.consent_on,
        consent_until=application.consent_until,
    )


def _factors(answers: Answers, plan: Plan) -> tuple[FactorLine, ...]:
    (view,) = views(answers, plan)
    own = {item.column: place for place, item in enumerate(plan.card.characteristics)}
    labelled = labelled_items(plan.card, plan.panel)
    values = {item.column: (item, view.factors[place]) for place, item in enumerate(labelled)}
    lines = []
    for factor in plan.scheme.factors:
        if factor.name not in values:  # a learned card may leave a factor out
            given = int(answers.cases.factors[factor.name][0]) != MISSING
            labels, points = {"label_zh": "", "label_en": ""}, None
        else:
            item, value = values[factor.name]
            labels, given = factor_label(item, value), value != MISSING
            points = view.by_characteristic[own[factor.name]]
        lines.append(
            FactorLine(
                factor.name,
                factor.zh,
                factor.en,
                **labels,
                is_given=given,
                consent=factor.consent,
                points=points,
            )
        )
    return tuple(lines)


def _event_sums(why: Explanation, answers: Answers, plan: Plan) -> tuple[EventSum, ...]:
    counted = {line.code for line in why.events if line.outcome == "counted"}
    sums = answers.profile.events.by_event[0].tolist()
    return tuple(
        EventSum(
            code=code,
            zh=rule.zh,
            en=rule.en,
            points=points,
            cap=None if rule.cap is None else plan.scheme.points(rule.cap.points, code),
            cap_months=None if rule.cap is None else rule.cap.months,
            valid_months=rule.valid_months,
        )
        for (code, rule), points in zip(plan.scheme.event_rules.items(), sums, strict=True)
        if code in counted
    )


def _documents(answers: Answers, plan: Plan) -> tuple[DocumentLine, ...]:
    table = answers.cases.registers
    if not len(table.code):
        return ()
    pairs, in_force = read_records(answers.cases, plan.ledger)
    rules, lines = tuple(plan.scheme.official_rules.values()), []
    for row, holds in zip(pairs.row.tolist(), in_force.tolist(), strict=True):
        rule, ended = rules[table.code[row]], int(table.ended_on[row])
        lines.append(
            DocumentLine(
                code=rule.code,
                zh=rule.zh,
                en=rule.en,
                action=rule.action,
                list_zh=class_word("zh", rule.list_class),
                list_en=class_word("en", rule.list_class),
                document_no=table.document_no[row],
                issued_on=dt.date.fromordinal(int(table.issued_on[row])),
                ended_on=None if ended == MISSING else dt.date.fromordinal(ended),
                expires_months=rule.expires_months,
                in_force=holds,
            )
        )
    return tuple(lines)
