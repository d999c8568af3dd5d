"""Every reason for which a row is rejected: stable code, English and Chinese sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sanzhixin.records.columns import Column

__all__ = ["BY_CODE", "FOLLOWING", "RULES", "Rule", "Words", "reason"]


class Rule(NamedTuple):
    """A rule in two languages; see `reason` for the braces. The way out is part of it."""

    en: str
    zh: str


class Words(NamedTuple):
    """A sentence or a part of one, in English and Chinese."""

    en: str
    zh: str


_NOTHING = Words("", "")

RULES: dict[str, Rule] = {
    "row_ragged": Rule(
        "The row has another number of cells than the header; put one cell under every header.",
        "该行单元格数与表头不一致；请使每列恰有一个单元格。",
    ),
    "missing": Rule(
        "{field} is blank; fill it in, it is never guessed.",
        "{field}为空；请补填，系统不作猜测。",
    ),
    "id_damaged": Rule(
        "{field} was damaged by a spreadsheet (scientific form, lost digits or decimals); "
        "format the column as text in Excel and enter it again, or use a household number of "
        "your own rather than an ID-card number.",
        "{field}已被表格软件损坏（科学计数、末位变0或带小数）；请在Excel中将该列设为文本格式后"
        "重新填写，或使用自编户号而不用身份证号。",
    ),
    "id_check_digit": Rule(
        "{field} looks like a resident ID number or a unified social credit code but its check "
        "digit is wrong (GB 11643, GB 32100); correct it from the document.",
        "{field}形似身份证号或统一社会信用代码，但校验位不符（GB 11643、GB 32100）；请按证件更正。",
    ),
    "id_placeholder": Rule(
        "{field} holds a mark or word that stands for no number (/, N/A, 无, 同上); enter the "
        "number, or leave the cell blank.",
        "{field}填的是“/”“N/A”“无”“同上”等，不是编号；请填写编号，没有则留空。",
    ),
    "id_characters": Rule(
        "{field} may hold printable ASCII and Chinese characters only, up to 64, without blanks, "
        "full-width or invisible characters; type it again.",
        "{field}只能含64位以内的半角字符和汉字，不得含空格、全角或不可见字符；请重新录入。",
    ),
    "text_characters": Rule(
        "{field} holds control characters or more than 1,000 characters; shorten or retype it.",
        "{field}含控制字符或超过1000字；请缩短或重新录入。",
    ),
    "value_nested": Rule(
        "{field} holds a list or another nested value; write one plain value.",
        "{field}为列表等嵌套内容；请只填一个值。",
    ),
    "number_grammar": Rule(
        "{field} is not a plain number; write digits with at most one decimal point, e.g. 50000.",
        "{field}不是规范数字；请只写数字和一个小数点，如50000。",
    ),
    "number_thousands": Rule(
        "{field} has thousands separators; write 10000 instead of 10,000.",
        "{field}含千分位逗号；请写10000而不是10,000。",
    ),
    "number_unit": Rule(
        "{field} has a unit or sign in the cell; write the unit in the header, e.g. （万元）.",
        "{field}单元格内带有单位或符号；请把单位写在表头，如（万元）。",
    ),
    "number_not_finite": Rule(
        "{field} is infinite or not a number; correct it or leave it blank.",
        "{field}为无穷或非数值；请更正或留空。",
    ),
    "number_not_whole": Rule(
        "{field} has to be a whole number; correct it.", "{field}必须是整数；请更正。"
    ),
    "number_too_large": Rule(
        "{field} is above 10^12; check the unit and the digits.",
        "{field}超过一万亿；请核对单位和位数。",
    ),
    "money_not_whole": Rule(
        "{field} is not a whole number of yuan; round it by hand or check the unit.",
        "{field}折合后不是整元；请手工取整或核对单位。",
    ),
    "money_negative": Rule(
        "{field} is negative; amounts start at 0, leave it blank when unknown.",
        "{field}为负数；金额不得小于0，不详请留空。",
    ),
    "round_grammar": Rule(
        "{field} is not a round; write a whole number from 1, or 第1轮.",
        "{field}不是轮次；请写1起的整数或“第1轮”。",
    ),
    "rating_grammar": Rule(
        "{field} is not a whole rating; write one of {allowed}, or leave it blank for 不了解.",
        "{field}不是整数评分；请填写{allowed}之一，不了解请留空。",
    ),
    "rating_scale": Rule(
        "{field} lies outside the scale of the scheme; write one of {allowed}, or leave it blank "
        "for 不了解.",
        "{field}超出评分范围；请填写{allowed}之一，不了解请留空（不得填0）。",
    ),
    "bool_grammar": Rule(
        "{field} is neither yes nor no; write 是 or 否.", "{field}请填“是”或“否”。"
    ),
    "choice_unknown": Rule(
        "{field} is not one of the agreed words; write one of: {allowed}.",
        "{field}不在约定选项内；请填写其一：{allowed}。",
    ),
    "code_unknown": Rule(
        "{field} is not a code of this kind in the scheme; write one of: {allowed}.",
        "{field}不是方案目录中的此类代码；请填写其一：{allowed}。",
    ),
    "level_unknown": Rule(
        "{field} is not a level that the scheme gives this event; write one of: {allowed}.",
        "{field}不是方案中该事项的级别；请填写其一：{allowed}。",
    ),
    "date_grammar": Rule(
        "{field} is not a date; write 2026-06-30.", "{field}不是日期；请写成2026-06-30。"
    ),
    "date_serial": Rule(
        "{field} is a bare number, not a date; format the column as a date or write 2026-06-30.",
        "{field}是数字而不是日期；请将该列设为日期格式，或写成2026-06-30。",
    ),
    "date_impossible": Rule(
        "{field} names a day that does not exist; correct it.", "{field}不是真实日期；请更正。"
    ),
    "date_range": Rule(
        "{field} lies outside the years 1900 to 2200; write the real date, no stand-in such as "
        "9999-12-31.",
        "{field}不在1900年至2200年之间；请填写真实日期，不得以9999-12-31等代替。",
    ),
    "date_future": Rule(
        "{field} lies after the scoring date; correct it or hand it in later.",
        "{field}晚于评定日；请更正或以后再报。",
    ),
    "dates_order": Rule(
        "{field} lies before the date on which it depends; correct one of them.",
        "{field}早于其起始日期；请更正。",
    ),
    "consent_purpose": Rule(
        "{field} is not the purpose of the scheme, {allowed}; obtain a consent for this purpose.",
        "{field}与方案的用途（{allowed}）不符；请取得本用途的授权。",
    ),
    "consent_expired": Rule(
        "{field} lies before the scoring date; renew the consent.",
        "{field}早于评定日，授权已到期；请重新取得授权。",
    ),
    "written_consent_missing": Rule(
        "{field} needs a written consent (征信业管理条例 art. 14); "
        "give its number or leave it blank.",
        "{field}需书面同意（征信业管理条例第十四条）；请填书面同意书编号，或将此栏留空。",
    ),
    "evidence_missing": Rule(
        "{field} is blank in an approved entry; give the number of the evidence.",
        "已通过的事项缺少{field}；请补填凭证编号。",
    ),
    "register_class": Rule(
        "{field} is not the list class that the scheme states for this record; it has to be "
        "{allowed}, a finding of another class never counts.",
        "{field}与方案为此类记录规定的清单类别不符，应为：{allowed}；其他类别的记录不予采用。",
    ),
    "member_minor": Rule(
        "{field} says that the person is a minor; delete the row, the table lists adults only.",
        "{field}显示为未成年人；请删除该行，本表只登记成年人。",
    ),
    "default_date_missing": Rule(
        "{field} is blank although the loan defaulted; fill it in.",
        "贷款已违约但{field}为空；请补填。",
    ),
    "default_date_unexpected": Rule(
        "{field} is given although the loan is not marked as defaulted; correct one of them.",
        "贷款未标记违约却填有{field}；请更正。",
    ),
    "too_many_forms": Rule(
        "The household has more than 200 forms in this round; check for forms entered twice.",
        "该户本轮评议表超过200份；请检查是否重复录入。",
    ),
    "duplicate_copy": Rule(
        "The row repeats {other}, which has the same {field}; delete the copy.",
        "该行与{other}重复，{field}相同；请删除重复行。",
    ),
    "duplicate_differs": Rule(
        "Another row, {other}, has the same {field} and other content; keep the right one, "
        "none of them was used.",
        "{other}与该行的{field}相同，但内容不一致；请保留正确的一行，目前均未采用。",
    ),
    "household_unknown": Rule(
        "{field} has no accepted row in table households; perhaps its row was rejected, then "
        "correct that first; else correct the number or add the household.",
        "{field}在农户信息表（households）中没有已接收的行；可能该户的信息行已被退回，请先更正该行；"
        "否则请更正户号或补登农户。",
    ),
    "household_rejected": Rule(
        "{field} names a household whose own row was rejected; correct that row first.",
        "{field}所指农户的信息行已被退回；请先更正该行。",
    ),
    "rater_unknown": Rule(
        "{field} has no accepted row in table raters; perhaps its row was rejected, then correct "
        "that first; else correct the number or register the rater.",
        "{field}在评议员名册（raters）中没有已接收的行；可能该评议员的名册行已被退回，请先更正该行；"
        "否则请更正编号或登记评议员。",
    ),
    "rater_rejected": Rule(
        "{field} names a rater whose own row was rejected; correct that row first.",
        "{field}所指评议员的名册行已被退回；请先更正该行。",
    ),
    "rater_inactive": Rule(
        "{field} names a rater who is not active; ask an active rater or correct the list.",
        "{field}所指评议员不在任；请由在任评议员评议或更正名册。",
    ),
    "field_unknown": Rule(
        "{field} is not a field of this record; remove it or correct its name, the names stand in "
        "docs/tables.md.",
        "{field}不是本记录的字段；请删除或更正名称，字段名见 docs/tables.md。",
    ),
    "denied_column": Rule(
        "{field} names {attribute}, which may never enter a score; delete it and hand the record "
        "in again.",
        "{field}涉及{attribute}，不得用于评分；请删除后重新提交。",
    ),
    "record_shape": Rule(
        "{field} has the wrong shape; give a list of records or a single value as documented.",
        "{field}结构不符；请按文档给出列表或单值。",
    ),
}
"""Rules by code; codes are stable between releases."""

BY_CODE = ("level_unknown", "register_class")
"""Rules whose allowed values depend on the code that the row states."""

FOLLOWING: dict[str, int] = {
    "household_unknown": 1,
    "rater_unknown": 1,
    "household_rejected": 2,
    "rater_rejected": 2,
}
"""Rules broken through another row: 1 where it is absent or rejected, 2 where it is rejected."""


def reason(code: str, columns: Sequence[Column], detail: Words = _NOTHING) -> Words:
    """Fill the sentences of a rule.

    Parameters
    ----------
    code : str
        A key of `RULES`.
    columns : sequence of Column
        What ``{field}`` names: the column, or those of a key; empty for a field without a column.
    detail : Words, optional
        What the rule names besides: ``{allowed}`` values, the ``{other}`` row, or a denied
        ``{attribute}`` with its basis.  Never the refused value.

    Returns
    -------
    Words
        Canonical column names in English, headers in Chinese.

    Examples
    --------
    >>> reason("missing", []).en
    'the field is blank; fill it in, it is never guessed.'
    """
    rule = RULES[code]
    en = " + ".join(column.name for column in columns) or "the field"
    zh = "+".join(f"“{column.zh}”" for column in columns) or "该栏"
    return Words(_fill(rule.en, en, detail.en), _fill(rule.zh, zh, detail.zh))


def _fill(template: str, field: str, detail: str) -> str:
    return template.format(field=field, allowed=detail, other=detail, attribute=detail)
