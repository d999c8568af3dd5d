"""The columns of every table, stated once: name, kind, Chinese headers, what may be blank.

Indicator and factor columns are not listed here; `table_spec` adds those of a scheme.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sanzhixin.errors import SchemeError
from sanzhixin.records.vocabulary import (
    EVENT_STATUS_WORDS,
    EVIDENCE_TABLES,
    FAMILIAR_WORDS,
    RELATION_WORDS,
    ROLE_WORDS,
)
from sanzhixin.scheme.deny import normalise_header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sanzhixin.scheme import Scheme

__all__ = [
    "IDENTIFIERS",
    "REJECTED_TABLES",
    "TABLES",
    "Column",
    "Kind",
    "TableSpec",
    "scheme_columns",
    "table_spec",
]

Kind = Literal[
    "id", "text", "int", "round", "rating", "bool", "date", "money", "number", "choice", "code"
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        Canonical name; money columns end in ``_yuan``.
    kind : str
        Which grammar reads the cells; see `sanzhixin.records.grammar`.
    zh : str
        Main Chinese header.
    aliases : tuple of str
        Further headers, compared whole after normalisation.
    required : bool
        The column has to be there and its cells may not be blank.
    words : mapping of str to tuple of str
        Canonical value to the words that mean it (kinds ``choice``, ``bool``, ``code``).
    scale : tuple of int
        Lowest and highest whole number (kind ``rating``).
    written_consent : bool
        A value needs a written consent.
    """

    name: str
    kind: Kind
    zh: str
    aliases: tuple[str, ...] = ()
    required: bool = False
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scale: tuple[int, int] = (1, 5)
    written_consent: bool = False


@dataclass(frozen=True, slots=True)
class TableSpec:
    """The columns of one table and what identifies a row.

    Attributes
    ----------
    name, zh : str
        Name of the table.
    columns : tuple of Column
        In canonical order.
    key : tuple of str
        Columns that identify a row; two rows with one key are duplicates.
    free_columns : bool
        True for ``audit_groups``, whose further columns are kept as text.
    """

    name: str
    zh: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    free_columns: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Canonical column names in order."""
        return tuple(column.name for column in self.columns)


_HOUSEHOLD = Column(
    "household_id", "id", "户号", ("户编号", "户号编码", "农户编号", "家庭编号"), required=True
)
_VILLAGE = Column("village_id", "id", "村编号", ("村", "村代码", "村名"), required=True)
_RATER = Column(
    "rater_id", "id", "评议员编号", ("评议员", "评议人编号", "评议员代码"), required=True
)

_HOUSEHOLDS = (
    _HOUSEHOLD,
    _VILLAGE,
    Column("consent_id", "id", "授权书编号", ("授权编号", "同意书编号"), required=True),
    Column("consent_purpose", "text", "授权用途", ("同意用途", "使用目的"), required=True),
    Column("consent_on", "date", "授权日期", ("同意日期", "签署日期"), required=True),
    Column("consent_until", "date", "授权到期日", ("授权有效期至", "同意到期日"), required=True),
    Column("written_consent_id", "id", "书面同意书编号", ("书面授权编号", "书面同意编号")),
    Column(
        "annual_income_yuan", "money", "家庭年纯收入", ("年纯收入", "年收入"), written_consent=True
    ),
    Column("debt_yuan", "money", "家庭负债", ("负债", "负债总额"), written_consent=True),
    Column("assets_yuan", "money", "家庭资产", ("资产", "资产总额"), written_consent=True),
    Column("exposure_yuan", "money", "现有授信", ("存量授信", "现有敞口", "现有贷款余额")),
    Column("requested_yuan", "money", "申请金额", ("申请额度", "申请授信额度")),
    Column("purpose", "text", "贷款用途", ("用途", "借款用途")),
)
_MEMBERS = (
    Column("person_id", "id", "成员编号", ("人员编号", "身份证号", "身份证号码"), required=True),
    _HOUSEHOLD,
    Column("adult", "bool", "是否成年", ("成年",), required=True),
    Column("exposure_yuan", "money", "现有授信", ("存量授信", "现有敞口", "现有贷款余额")),
)
_RATERS = (
    _RATER,
    _VILLAGE,
    Column("role", "choice", "角色", ("评议员角色", "身份"), required=True, words=ROLE_WORDS),
    Column("active", "bool", "是否在任", ("在任", "是否有效"), required=True),
)
_FORM_TAIL = (
    _RATER,
    Column("rated_on", "date", "评议日期", ("评议时间", "打分日期"), required=True),
    Column(
        "familiar",
        "bool",
        "是否了解",
        ("是否了解该户", "是否了解情况", "是否熟悉"),
        required=True,
        words=FAMILIAR_WORDS,
    ),
    Column(
        "relation",
        "choice",
        "与该户关系",
        ("关系", "与农户关系"),
        required=True,
        words=RELATION_WORDS,
    ),
    Column(
        "proposed_limit_yuan", "money", "建议授信额度", ("建议额度", "评议员建议额度", "授信额")
    ),
)
_ROUND = Column("round", "round", "轮次", ("评议轮数", "评议轮次"), required=True)
_VIGNETTE = Column("vignette_id", "id", "案例编号", ("锚定案例编号",), required=True)
_EVENTS = (
    Column("event_id", "id", "事项编号", ("流水号", "积分编号"), required=True),
    _HOUSEHOLD,
    Column("code", "code", "事项代码", ("事项", "指标代码", "指标"), required=True),
    Column("level", "text", "级别", ("等级", "事项级别")),
    Column("occurred_on", "date", "发生日期", ("发生时间",), required=True),
    Column("recorded_on", "date", "登记日期", ("记录日期", "录入日期"), required=True),
    Column("status", "choice", "状态", ("审核状态",), required=True, words=EVENT_STATUS_WORDS),
    Column("evidence_id", "id", "凭证编号", ("证明编号", "佐证编号")),
)
_REGISTERS = (
    _HOUSEHOLD,
    Column("code", "code", "记录代码", ("记录", "指标代码", "指标"), required=True),
    Column("document_no", "text", "文书编号", ("文号", "文书号"), required=True),
    Column("list_class", "text", "清单类别", ("名单类别", "记录类别"), required=True),
    Column("issued_on", "date", "作出日期", ("生效日期", "文书日期"), required=True),
    Column("ended_on", "date", "终止日期", ("结束日期",)),
)
_PROPOSALS = (
    _HOUSEHOLD,
    Column("council_limit_yuan", "money", "议事会建议额度", ("村议事会额度", "村授信额度")),
    Column("manager_limit_yuan", "money", "客户经理建议额度", ("客户经理授信额度", "客户经理额度")),
    Column("override_reason", "text", "调整理由", ("调整原因",)),
)
_LOANS = (
    Column("loan_id", "id", "贷款编号", ("借据号", "合同编号"), required=True),
    _HOUSEHOLD,
    Column("granted_on", "date", "发放日期", ("授信日期", "放款日期"), required=True),
    Column("limit_yuan", "money", "授信额度", ("贷款额度",), required=True),
    Column("drawn_yuan", "money", "用信金额", ("已用额度", "贷款余额")),
    Column("observed_until", "date", "观察截止日", ("观察日期",), required=True),
    Column("defaulted", "bool", "是否违约", ("违约",)),
    Column("defaulted_on", "date", "违约日期", ()),
)

TABLES: dict[str, TableSpec] = {
    spec.name: spec
    for spec in (
        TableSpec("households", "农户信息", _HOUSEHOLDS, ("household_id",)),
        TableSpec("members", "家庭成员", _MEMBERS, ("person_id",)),
        TableSpec("raters", "评议员名册", _RATERS, ("rater_id",)),
        TableSpec(
            "ratings",
            "评议表",
            (_ROUND, _HOUSEHOLD, *_FORM_TAIL),
            ("round", "household_id", "rater_id"),
        ),
        TableSpec(
            "vignettes",
            "锚定案例",
            (_ROUND, _VIGNETTE, *_FORM_TAIL),
            ("round", "vignette_id", "rater_id"),
        ),
        TableSpec("events", "积分台账", _EVENTS, ("event_id",)),
        TableSpec("registers", "官方记录", _REGISTERS, ("household_id", "code", "document_no")),
        TableSpec("proposals", "授信建议", _PROPOSALS, ("household_id",)),
        TableSpec("loans", "贷款", _LOANS, ("loan_id",)),
        TableSpec("audit_groups", "审计分组", (_HOUSEHOLD,), ("household_id",), free_columns=True),
    )
}
"""Every table of a county, in the order in which they are accepted; without a scheme's columns."""

IDENTIFIERS = {
    column.name for spec in TABLES.values() for column in spec.columns if column.kind == "id"
} - {"village_id", "vignette_id"} | {"document_no"}
"""Columns whose cells tell of one household, person or paper: masked wherever tables are shown."""

REJECTED_TABLES = Column(
    "rejected_tables",
    "choice",
    "有退回行的表",
    required=True,
    words={name: (TABLES[name].zh,) for name in EVIDENCE_TABLES},
)
"""No column of a table: what each entry of an application's ``rejected_tables`` may be."""


def table_spec(table: str, scheme: Scheme | None = None) -> TableSpec:
    """Columns of one table, with the indicators and factors of a scheme where they belong.

    Parameters
    ----------
    table : str
        A key of `TABLES`.
    scheme : Scheme, optional
        Without it only the fixed columns are listed.

    Returns
    -------
    TableSpec
        Panel indicators stand before ``proposed_limit_yuan``; factor columns stand last.

    Raises
    ------
    KeyError
        `table` is not a key of `TABLES`.

    Examples
    --------
    >>> table_spec("proposals").names[1]
    'council_limit_yuan'
    """
    spec = TABLES[table]
    if scheme is None:
        return spec
    return TableSpec(
        spec.name, spec.zh, scheme_columns(spec, scheme), spec.key, free_columns=spec.free_columns
    )


def scheme_columns(spec: TableSpec, scheme: Scheme) -> tuple[Column, ...]:
    """Columns of a fixed table completed by a scheme.

    Raises
    ------
    SchemeError
        ``header_taken``: the scheme gives a header to a column that means another one already.
    """
    if spec.name in {"ratings", "vignettes"}:
        return _told_apart((*spec.columns[:-1], *_panel_columns(scheme), spec.columns[-1]), spec)
    if spec.name == "households":
        return _told_apart(_with_factors(spec.columns, scheme), spec)
    if spec.name in {"events", "registers"}:
        rules = scheme.event_rules if spec.name == "events" else scheme.official_rules
        words = {code: (rule.zh, f"{code}{rule.zh}") for code, rule in rules.items()}
        return tuple(
            Column(c.name, c.kind, c.zh, c.aliases, required=c.required, words=words)
            if c.kind == "code"
            else c
            for c in spec.columns
        )
    return spec.columns


def _told_apart(columns: tuple[Column, ...], spec: TableSpec) -> tuple[Column, ...]:
    owners: dict[str, Column] = {}
    for column in columns:
        for header in (column.name, column.zh, *column.aliases):
            owner = owners.setdefault(normalise_header(header), column)
            if owner is not column:
                raise SchemeError(
                    "header_taken",
                    table=spec.name,
                    header=header,
                    column=column.name,
                    owner=owner.name,
                )
    return columns


def _panel_columns(scheme: Scheme) -> tuple[Column, ...]:
    items = {item.code: item for item in scheme.indicators if item.kind == "panel"}
    return tuple(
        Column(
            code,
            "rating",
            items[code].zh,
            (f"{code}{items[code].zh}",),
            scale=(items[code].lowest, items[code].highest),
        )
        for code in scheme.panel_codes
    )


def _with_factors(columns: tuple[Column, ...], scheme: Scheme) -> tuple[Column, ...]:
    known = {column.name: column for column in columns}
    for factor in scheme.factors:
        written = factor.consent == "written"
        old = known.get(factor.column)
        if old is not None:
            known[old.name] = Column(
                old.name,
                old.kind,
                old.zh,
                tuple(dict.fromkeys((*old.aliases, factor.zh, factor.name))),
                required=old.required,
                written_consent=written or old.written_consent,
            )
            continue
        words = (
            {item.level: (item.zh,) for item in factor.levels}
            if factor.kind == "categorical"
            else {}
        )
        kind: Kind = "choice" if words else "number"
        if not words and factor.column.endswith("_yuan"):
            kind = "money"
        known[factor.column] = Column(
            factor.column, kind, factor.zh, (factor.name,), words=words, written_consent=written
        )
    return tuple(known.values())
