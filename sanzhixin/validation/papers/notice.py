"""Notices to a household: at most four reasons that were really scored, and how to object."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sanzhixin.errors.words import NO_LIMIT_WORDS, Lang, held_words, joined, pick
from sanzhixin.scoring.reasons import MOST_REASONS
from sanzhixin.validation.papers.layout import Listing, Paper, Part, Text, blank
from sanzhixin.validation.papers.phrases import documents_told, reason_told, trigger_told
from sanzhixin.validation.papers.terms import trial_mark
from sanzhixin.validation.papers.words import FORM_WORDS, bound_word, say

if TYPE_CHECKING:
    from sanzhixin.validation.papers.case import HouseholdCase

__all__ = ["Kind", "Notice", "compose_notice", "rights_told"]

_CREDIT = "credit_report"

Kind = Literal["decline", "insufficient", "no_amount", "review", "proposal"]
"""What a notice tells: a gate, too few forms, no amount, a review, or an amount."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice in one language.

    Attributes
    ----------
    kind : {"decline", "insufficient", "no_amount", "review", "proposal"}
        Follows from status and amount.
    reasons : tuple of str
        At most four, the largest effect first.
    paper : Paper
        All of it, ready to be written.
    """

    kind: Kind
    reasons: tuple[str, ...]
    paper: Paper

    def __repr__(self) -> str:
        return f"Notice(kind={self.kind!r})"  # names nobody


def compose_notice(case: HouseholdCase, lang: Lang, *, status: str | None = None) -> Notice:
    """Put a notice together from what stands behind a proposal.

    A reason names the item that was scored: an official record by class and document number, a
    pillar by its score, a ledger entry or factor by its points.  Raters are never named.  What no
    source supports is left out: there is no amount where none is proposed, no score without
    points, and no default probability at all.  What only the bank knows is a marked blank.

    Parameters
    ----------
    case : HouseholdCase
        From `household_case`.
    lang : {"zh", "en"}
        Language.
    status : str, optional
        Of the model, ``model.file.status``.  Unless it is ``approved``, the first line says that
        the notice is for trial only.

    Returns
    -------
    Notice
        Equal cases give equal notices.

    References
    ----------
    个人信息保护法 art. 24; 个人贷款管理办法 (2024) art. 23; 征信业管理条例 art. 15 to 18.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> from sanzhixin.validation.papers.case import household_case
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> record = county.application(county.households["household_id"].iloc[0])
    >>> notice = compose_notice(household_case(model, record, county.as_of), "en")
    >>> notice.kind, len(notice.reasons) <= 4
    ('review', True)
    """
    kind = _kind(case)
    reasons = tuple(_reasons(case, kind, lang))[:MOST_REASONS]
    listed = Listing(reasons or (say(lang, "no_reasons"),), numbered=bool(reasons))
    answer = case.why.proposal
    parts = [Part(say(lang, "head_reasons"), (listed,))]
    if answer.points is not None:
        amount = tuple(_amount(case, kind, lang))
        parts.append(Part(say(lang, "head_amount"), (Listing(amount),)))
        if answer.next_tier is not None:
            told = _spaced(pick(lang, (answer.next_tier.zh, answer.next_tier.en)))
            held = case.why.held_by
            rest = () if held is None else (Text(pick(lang, held_words(held))),)
            parts.append(Part(say(lang, "head_next"), (Text(told), *rest)))
    parts += [
        Part(say(lang, "head_sources"), (Listing(tuple(_sources(case, lang))),)),
        Part(say(lang, "head_rights"), (rights_told(case, lang),)),
        Part(say(lang, "head_decision"), (Listing(tuple(_decision(lang))),)),
    ]
    lead = (
        *map(Text, trial_mark(lang, status)),
        Text(say(lang, "addressed", household=answer.household_id, as_of=answer.as_of)),
        Text(say(lang, f"lead_{kind}", outcome=pick(lang, answer.outcome))),
        Text(say(lang, "only_proposal")),
    )
    model, scheme, digest = answer.model_id, answer.scheme_id, answer.input_digest
    foot = (Text(say(lang, "source_model", model=model, scheme=scheme, digest=digest)),)
    return Notice(kind, reasons, Paper(lang, say(lang, f"title_{kind}"), lead, tuple(parts), foot))


def _kind(case: HouseholdCase) -> Kind:
    answer = case.why.proposal
    if answer.status == "gated":
        return "decline"
    if answer.status == "insufficient_evidence":
        return "insufficient"
    if answer.status == "review":
        return "review"
    return "proposal" if answer.limit_yuan else "no_amount"


def _reasons(case: HouseholdCase, kind: Kind, lang: Lang) -> Iterator[str]:
    answer = case.why.proposal
    if kind == "decline":
        yield from _gates(case, lang)
    elif kind == "insufficient":
        yield from _short_pillars(case, lang)
    elif kind == "proposal":
        yield from (_spaced(reason_told(reason, lang)) for reason in answer.reasons)
    else:
        if kind == "review":
            yield from (trigger_told(case, code, lang) for code in answer.review_triggers)
        if answer.limit_yuan == 0:
            yield from _no_amount(case, lang)
        yield from (
            _spaced(reason_told(reason, lang))
            for reason in answer.reasons
            if reason.points is not None and reason.points < 0
        )


_TIGHT = re.compile(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[\u4e00-\u9fff])")


def _spaced(text: str) -> str:
    """Set numbers and Latin letters apart from Chinese, as the sentences of a notice do."""
    return _TIGHT.sub(" ", text)


def _gates(case: HouseholdCase, lang: Lang) -> Iterator[str]:
    for reason in case.why.proposal.reasons:
        code, rule = reason.code.removeprefix("GATE_"), case.refused_purpose
        if rule is not None and code == rule.code:
            name = pick(lang, (rule.zh, rule.en))
            yield say(lang, "why_purpose", name=name, code=code, purpose=case.purpose)
        else:
            yield documents_told(case, code, lang)


def _short_pillars(case: HouseholdCase, lang: Lang) -> Iterator[str]:
    for pillar in case.why.pillars:
        if pillar.n_forms >= case.scheme.min_forms:
            continue
        outcomes = Counter(form.outcomes[pillar.code] for form in case.why.forms)
        told = [
            say(lang, "some_forms", outcome=pick(lang, words), count=outcomes[outcome])
            for outcome, words in FORM_WORDS.items()
            if outcome != "counted" and outcomes[outcome]
        ]
        yield say(
            lang,
            "why_forms",
            name=pick(lang, (pillar.zh, pillar.en)),
            count=pillar.n_forms,
            need=case.scheme.min_forms,
            others=say(lang, "why_forms_others", told=joined(lang, told)) if told else "",
        )


def _no_amount(case: HouseholdCase, lang: Lang) -> Iterator[str]:
    """Say why the amount is 0: a score below all tiers, or the bound that leaves no room."""
    answer = case.why.proposal
    if answer.is_unrated:
        low = f"{case.scheme.tiers.ascending[0].at_least.normalize():f}"
        yield say(lang, "why_unrated", score=case.score_of(answer.points or 0), low=low)
    elif answer.binding_bound is not None:
        yuan = next(b.yuan for b in case.why.bounds if b.bound == answer.binding_bound)
        yield say(lang, "why_bound", bound=bound_word(lang, answer.binding_bound), yuan=f"{yuan:,}")


def _amount(case: HouseholdCase, kind: Kind, lang: Lang) -> Iterator[str]:
    """Say score, tier and amount; that a score is below all tiers is said once in a notice."""
    answer = case.why.proposal
    score = case.score_of(answer.points or 0)
    if answer.is_unrated:
        yield say(lang, "score_alone", score=score)
        lead_tells = kind == "no_amount"
        yield say(lang, "none_line") if lead_tells else pick(lang, NO_LIMIT_WORDS["unrated"])
        return
    yield say(lang, "score_line", score=score, tier=answer.tier)
    if answer.limit_yuan is None or answer.binding_bound is None:
        yield say(lang, "none_line")
        return
    bound = bound_word(lang, answer.binding_bound)
    if answer.limit_yuan == 0:
        outcome = pick(lang, NO_LIMIT_WORDS["none"])
        yield say(lang, "no_amount_line", outcome=outcome, bound=bound)
        return
    yield say(lang, "amount_line", yuan=f"{answer.limit_yuan:,}", bound=bound)
    if case.why.rate_bp is not None:
        yield say(lang, "rate_line", rate=f"{case.why.rate_bp / 100:g}")
    yield say(lang, "until_line", until=answer.valid_until)


def _sources(case: HouseholdCase, lang: Lang) -> Iterator[str]:
    why = case.why
    used = sum("counted" in form.outcomes.values() for form in why.forms)
    yield say(lang, "source_forms", total=len(why.forms), used=used)
    used = sum(line.outcome == "counted" for line in why.events)
    yield say(lang, "source_events", total=len(why.events), used=used)
    used = sum(line.in_force for line in case.documents)
    yield say(lang, "source_records", total=len(case.documents), used=used)
    for key, given in (("source_factors", True), ("source_absent", False)):
        names = [
            say(lang, "source_written", name=pick(lang, (line.zh, line.en)))
            if line.consent == "written" and given
            else pick(lang, (line.zh, line.en))
            for line in case.factors
            if line.points is not None and line.is_given == given
        ]
        if names:
            yield say(lang, key, names=joined(lang, names))
    start, end = case.consent_on, case.consent_until
    yield say(lang, "source_consent", purpose=case.consent_purpose, start=start, end=end)


def rights_told(case: HouseholdCase, lang: Lang) -> Listing:
    """List what the household may ask for, with the blanks that the bank fills in."""
    return Listing(tuple(_rights(case, lang)))


def _rights(case: HouseholdCase, lang: Lang) -> Iterator[str]:
    yield say(lang, "right_statement", blank=blank(lang, "提交方式", "how and where"))
    yield say(
        lang,
        "right_review",
        office=blank(lang, "部门", "department"),
        contact=blank(lang, "电话、地址", "telephone, address"),
        within=blank(lang, "天数", "days"),
        answer=blank(lang, "天数", "days"),
    )
    yield say(lang, "right_person")
    if _kind(case) in ("decline", "review"):
        rules = case.scheme.official_rules
        classes = {rules[line.code].list_class for line in case.documents if line.in_force}
        if classes - {_CREDIT}:
            yield say(lang, "right_records")
        if _CREDIT in classes:
            yield say(lang, "right_credit")


def _decision(lang: Lang) -> Iterator[str]:
    yield say(lang, "bank_line", bank=blank(lang, "银行名称", "name of the bank"))
    yield say(
        lang,
        "decision_line",
        decision=blank(lang, "同意、调整或不予", "as proposed, adjusted or declined"),
        person=blank(lang, "姓名", "name"),
        day=blank(lang, "年月日", "date"),
    )
