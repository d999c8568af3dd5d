"""Sentences that several papers say of one household: reasons, documents, what asks for a look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.errors.words import Lang, pick
from sanzhixin.records.columns import TABLES
from sanzhixin.validation.papers.scheme_words import tier_word
from sanzhixin.validation.papers.words import bound_word, say, share

if TYPE_CHECKING:
    from sanzhixin.scoring.proposal import Reason
    from sanzhixin.validation.papers.case import DocumentLine, HouseholdCase

__all__ = ["documents_told", "reason_told", "trigger_told"]


def reason_told(reason: Reason, lang: Lang) -> str:
    """Give the sentence of a reason."""
    return pick(lang, (reason.zh, reason.en))


def documents_told(case: HouseholdCase, code: str, lang: Lang) -> str:
    """Name every document of one rule that is in force."""
    found = (line for line in case.documents if line.code == code and line.in_force)
    return ("；" if lang == "zh" else "; ").join(_document(line, lang) for line in found)


def _document(line: DocumentLine, lang: Lang) -> str:
    key = "document_open" if line.ended_on is None else "document_ended"
    return say(
        lang,
        "why_document",
        name=pick(lang, (line.zh, line.en)),
        list=pick(lang, (line.list_zh, line.list_en)),
        document=line.document_no,
        issued=line.issued_on,
        ended=say(lang, key, ended=line.ended_on),
    )


def trigger_told(case: HouseholdCase, code: str, lang: Lang) -> str:
    """Say what a review trigger is about, with the values that it rests on."""
    kind, _, what = code.partition(":")
    if kind == "official_record":
        return documents_told(case, what, lang)
    values: dict[str, object] = {}
    if kind == "near_cutoff":
        low, high = (tier_word(lang, tier, case.scheme) for tier in what.split("|"))
        points = case.why.proposal.points or 0
        values = {"score": case.score_of(points), "low": low, "high": high}
    elif kind == "rows_rejected":
        values = {"table": pick(lang, (TABLES[what].zh, what))}
    elif kind == "required_bound":
        values = {"bound": bound_word(lang, what)}
    elif kind == "debt_ratio" and (rule := case.scheme.debt) is not None:
        values = {"name": pick(lang, (rule.zh, rule.en)), "code": rule.code}
        values |= {"debt": f"{case.debt:,}", "assets": f"{case.assets:,}"}
        values["above"] = share(rule.above)
    return say(lang, kind, **values)
