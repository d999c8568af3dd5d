"""Every reason for which a row is rejected: stable code, English and Chinese sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sanzhixin.records.columns import Column

__all__ = ["RULES", "Rule", "reason_en", "reason_zh"]


class Rule(NamedTuple):
    """A rule in two languages; ``{field}`` stands for the column. The way out is part of it."""

    en: str
    zh: str


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
        "format the column as text and export again, or use the household's own code.",
        "{field}已被表格软件损坏（科学计数、末位变0或带小数）；请将该列设为文本后重新导出，或改用户号。",
    ),
    "id_check_digit": Rule(
        "{field} looks like a resident ID number but its check digit is wrong (GB 11643); "
        "correct it from the document.",
        "{field}形似身份证号但校验位不符（GB 11643）；请按证件更正。",
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
        "{field} is not a whole rating; write a number of the scale, or leave it blank for 不了解.",
        "{field}不是整数评分；请写量表内的数字，不了解请留空。",
    ),
    "rating_scale": Rule(
        "{field} lies outside the scale of the scheme; correct it, or leave it blank for 不了解.",
        "{field}超出评分范围；请更正，不了解请留空（不得填0）。",
    ),
    "bool_grammar": Rule(
        "{field} is neither yes nor no; write 是 or 否.", "{field}请填“是”或“否”。"
    ),
    "choice_unknown": Rule(
        "{field} is not one of the agreed words; use the words of the form.",
        "{field}不在约定选项内；请使用表格规定的选项。",
    ),
    "code_unknown": Rule(
        "{field} is not a code of this kind in the scheme; use a code of the catalog.",
        "{field}不是方案目录中的此类代码；请使用目录代码。",
    ),
    "level_unknown": Rule(
        "{field} is not a level of this event in the scheme; use a level of the catalog.",
        "{field}不是该事项的级别；请使用目录中的级别。",
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
    "date_future": Rule(
        "{field} lies after the scoring date; correct it or hand it in later.",
        "{field}晚于评定日；请更正或以后再报。",
    ),
    "dates_order": Rule(
        "{field} lies before the date on which it depends; correct one of them.",
        "{field}早于其起始日期；请更正。",
    ),
    "consent_purpose": Rule(
        "{field} is not the purpose of the scheme; obtain a consent for this purpose.",
        "{field}与方案的用途不符；请取得本用途的授权。",
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
        "{field} is not the list class that the scheme states for this record; "
        "a finding without its class never counts.",
        "{field}与方案规定的清单类别不符；没有清单依据的记录不予采用。",
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
        "The row repeats an earlier row of the same {field}; delete the copy.",
        "该行与前面同一{field}的行重复；请删除重复行。",
    ),
    "duplicate_differs": Rule(
        "Several rows of the same {field} differ; keep the right one, none of them was used.",
        "同一{field}有多行且内容不一致；请保留正确的一行，目前均未采用。",
    ),
    "household_unknown": Rule(
        "{field} is not in the table of households; correct it or add the household.",
        "{field}不在农户信息表中；请更正或补登农户。",
    ),
    "household_rejected": Rule(
        "{field} names a household whose own row was rejected; correct that row first.",
        "{field}所指农户的信息行已被退回；请先更正该行。",
    ),
    "rater_unknown": Rule(
        "{field} is not in the list of raters; correct it or register the rater.",
        "{field}不在评议员名册中；请更正或登记评议员。",
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
        "{field} is not a field of this record; remove it or correct its name.",
        "{field}不是本记录的字段；请删除或更正名称。",
    ),
    "record_shape": Rule(
        "{field} has the wrong shape; give a list of records or a single value as documented.",
        "{field}结构不符；请按文档给出列表或单值。",
    ),
}
"""Rules by code; codes are stable between releases."""


def reason_en(code: str, column: Column | None) -> str:
    """Sentence of a rule in English, with the canonical name of the column."""
    return RULES[code].en.format(field=column.name if column else "the field")


def reason_zh(code: str, column: Column | None) -> str:
    """Sentence of a rule in Chinese, with the Chinese header of the column."""
    return RULES[code].zh.format(field=f"“{column.zh}”" if column else "该栏")
