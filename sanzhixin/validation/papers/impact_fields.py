"""What every column of the tables is for, on what basis it is used, and how sensitive it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sanzhixin.records.columns import TABLES, table_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.records.columns import Column
    from sanzhixin.scheme import Scheme

__all__ = ["Consent", "FieldUse", "Retention", "Sensitivity", "field_uses"]

Sensitivity = Literal["sensitive", "undecided", "none"]
"""``undecided``: the bank has to judge it; the law names no field, and much turns on its use."""

Consent = Literal["general", "written", "separate", "open", "none"]

Retention = Literal["blank", "round", "event", "record", "consent"]


@dataclass(frozen=True, slots=True)
class FieldUse:
    """One column of a table in the assessment.

    Attributes
    ----------
    table, column, zh : str
        Where it stands, and its Chinese header.
    purpose_zh, purpose_en : str
        What it is for.
    basis : str
        Legal basis as the scheme states it; empty where it follows from the table (see `table`).
    sensitivity : {"sensitive", "undecided", "none"}
        ``none``: of no natural person by itself.
    consent : {"general", "written", "separate", "open", "none"}
        What its use needs; ``open``: the bank has to settle it.
    retention : {"blank", "round", "event", "record", "consent"}
        What of its storage time the scheme settles.
    months : int or None
        Months that the scheme states, where it does.
    """

    table: str
    column: str
    zh: str
    purpose_zh: str
    purpose_en: str
    basis: str
    sensitivity: Sensitivity
    consent: Consent
    retention: Retention = "blank"
    months: int | None = None


_KEYS = {
    "household_id": ("标识农户", "tells the household apart"),
    "village_id": ("标识村，用于村上限和村际比较", "village, for its cap and for comparisons"),
    "person_id": ("标识可签约的成年人", "tells the adult apart who may sign"),
    "rater_id": ("标识评议员，用于宽严调整和防串通", "tells the rater apart: severity, collusion"),
    "vignette_id": ("标识锚定案例，不涉及真实农户", "anchor case, about no real household"),
    "event_id": ("标识积分事项", "tells the ledger entry apart"),
    "loan_id": ("标识贷款", "tells the loan apart"),
}
_PURPOSES: dict[tuple[str, str], tuple[str, str]] = {
    ("households", "consent_id"): ("证明授权", "proof of consent"),
    ("households", "consent_purpose"): ("核对授权用途", "purpose agreed to"),
    ("households", "consent_on"): ("核对授权是否有效", "start of the consent"),
    ("households", "consent_until"): ("核对授权是否有效", "end of the consent"),
    ("households", "written_consent_id"): ("证明书面同意", "proof of written consent"),
    ("households", "annual_income_yuan"): ("收入倍数上限；因素", "income multiple; factor"),
    ("households", "debt_yuan"): ("剩余举债空间；复核", "room for further debt; review"),
    ("households", "assets_yuan"): ("剩余举债空间；复核", "room for further debt; review"),
    ("households", "exposure_yuan"): ("授信总额余量", "room under the customer total"),
    ("households", "requested_yuan"): ("申请金额上限", "bound by what is asked for"),
    ("households", "purpose"): ("核对是否属于不支持用途", "excluded purposes"),
    ("members", "adult"): ("确认是否成年；不收集未成年人资料", "adults alone; no data of minors"),
    ("members", "exposure_yuan"): ("本人授信总额余量", "the person's room under the total"),
    ("raters", "role"): ("确定可评维度", "which pillars the rater may answer"),
    ("raters", "active"): ("确认是否在任", "whether the rater is in office"),
    ("events", "code"): ("积分事项种类", "kind of entry"),
    ("events", "level"): ("事项级别", "level of the entry"),
    ("events", "occurred_on"): ("有效期和周期上限", "validity and cap"),
    ("events", "recorded_on"): ("评定日是否已知", "known on the scoring date or not"),
    ("events", "status"): ("只计已审核通过的事项", "approved entries alone count"),
    ("events", "evidence_id"): ("凭证；无凭证不计", "evidence; without it nothing counts"),
    ("registers", "code"): ("官方记录种类", "kind of record"),
    ("registers", "document_no"): ("生效文书编号", "number of the effective document"),
    ("registers", "list_class"): ("清单类别", "class of the finding"),
    ("registers", "issued_on"): ("记录是否有效", "in force or not"),
    ("registers", "ended_on"): ("到期后不再计入", "expiry after its end"),
    ("proposals", "council_limit_yuan"): ("村建议额度", "the village's amount"),
    ("proposals", "manager_limit_yuan"): ("客户经理建议额度", "the manager's amount"),
    ("proposals", "override_reason"): ("调整理由，供复核", "reason for another amount, for review"),
    ("loans", "granted_on"): ("贷款结果窗口；只用于建模和监测", "window of outcomes; fitting only"),
    ("loans", "limit_yuan"): ("建模和监测", "fitting and monitoring"),
    ("loans", "drawn_yuan"): ("建模和监测", "fitting and monitoring"),
    ("loans", "observed_until"): ("贷款结果是否完整", "whether the outcome is complete"),
    ("loans", "defaulted"): ("贷款结果；只用于建模和监测", "outcome; fitting and monitoring only"),
    ("loans", "defaulted_on"): (
        "贷款结果；只用于建模和监测",
        "outcome; fitting and monitoring only",
    ),
}
_FORM = {
    "round": ("评议轮次", "round of rating"),
    "rated_on": ("评议是否过期", "too old or not"),
    "familiar": ("不了解则不计", "a form of one who does not know the household does not count"),
    "relation": ("有关系者回避", "recusal of related raters"),
    "proposed_limit_yuan": ("汇总为村建议额度", "put together as the village's amount"),
}
_ITEM = ("评议指标", "panel item")
_FACTOR = ("约定因素", "agreed factor")
_GROUPS = ("仅用于公平性检查，从不进入评分", "fairness checks alone, never an input of a score")

_OPEN = frozenset({"members", "raters", "proposals", "loans"})  # not only of who has consented


def field_uses(scheme: Scheme) -> tuple[FieldUse, ...]:
    """List every column that a county under a scheme can bring in.

    Parameters
    ----------
    scheme : Scheme
        Adds its panel items and factors.

    Returns
    -------
    tuple of FieldUse
        Table by table, column by column; ``audit_groups`` once more for its free columns.

    Examples
    --------
    >>> from sanzhixin.scheme import load_scheme
    >>> uses = field_uses(load_scheme("tongxiang"))
    >>> next(use.consent for use in uses if use.column == "annual_income_yuan")
    'written'
    """
    return tuple(use for table in TABLES for use in _uses(table, scheme))


def _uses(table: str, scheme: Scheme) -> Iterator[FieldUse]:
    spec = table_spec(table, scheme)
    for column in spec.columns:
        yield _use(table, column, scheme)
    if spec.free_columns:
        text = ("分组列", *_GROUPS)
        yield FieldUse(table, "*", *text, "", "sensitive", "separate")


def _use(table: str, column: Column, scheme: Scheme) -> FieldUse:
    bases = {item.code: item.legal_basis for item in scheme.panel_items}
    bases |= {factor.column: factor.legal_basis for factor in scheme.factors}
    purpose = _purpose(table, column, is_factor=column.name in bases)
    sensitivity, consent = _weight(table, column)
    retention, months = _kept(table, scheme)
    return FieldUse(
        table,
        column.name,
        column.zh,
        *purpose,
        "" if sensitivity == "none" else bases.get(column.name, ""),
        sensitivity,
        consent,
        retention,
        months,
    )


def _purpose(table: str, column: Column, *, is_factor: bool) -> tuple[str, str]:
    if column.kind == "rating":
        return _ITEM
    stated = _PURPOSES.get((table, column.name)) or _KEYS.get(column.name)
    if stated is None and table in ("ratings", "vignettes"):
        stated = _FORM.get(column.name)
    return stated or (_FACTOR if is_factor else ("", ""))


def _weight(table: str, column: Column) -> tuple[Sensitivity, Consent]:
    if table == "vignettes" and column.name != "rater_id":
        return "none", "none"
    if column.written_consent:
        return "undecided", "written"
    is_open = table in _OPEN or column.name == "rater_id"
    return "undecided", "open" if is_open else "general"


def _kept(table: str, scheme: Scheme) -> tuple[Retention, int | None]:
    if table in ("ratings", "vignettes"):
        return "round", scheme.rating_validity_months
    if table == "events":
        months = [rule.valid_months for rule in scheme.event_rules.values()]
        return "event", max(months, default=None)
    if table == "registers":
        months = [rule.expires_months for rule in scheme.official_rules.values()]
        return "record", max(months, default=None)
    return ("consent", None) if table == "households" else ("blank", None)
