"""Attributes that may never enter a score: the deny list, in Chinese and English.

Two questions are answered here.  A *header* of an input table is compared as a whole, after
normalisation, never by substring: 教子有方 stays, 子女教育 is refused only because it is listed.
A *name* chosen by the author of a scheme (an indicator, factor or gate) is held to a stricter rule:
a listed Chinese word anywhere in it, or a listed English word among its words, is refused.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

__all__ = ["DENIED", "DeniedAttribute", "denied_header", "denied_name", "normalise_header"]


@dataclass(frozen=True, slots=True)
class DeniedAttribute:
    """One attribute that the library refuses as an input of a score.

    Attributes
    ----------
    code : str
        Stable name.
    zh, en : str
        Name for messages.
    basis : str
        The rule behind it, for messages.
    in_audit : bool
        True when the fairness table ``audit_groups`` alone may carry it.
    synonyms : tuple of str
        Chinese and English words, normalised.
    """

    code: str
    zh: str
    en: str
    basis: str
    in_audit: bool
    synonyms: tuple[str, ...]


_CREDIT_REGULATION = "征信业管理条例 art. 14"
_STATUS = "status is not conduct"
_PROTECTED = "protected group; fairness checks only"

DENIED: tuple[DeniedAttribute, ...] = (
    DeniedAttribute(
        "religion",
        "宗教信仰",
        "religion",
        _CREDIT_REGULATION,
        False,
        ("宗教", "宗教信仰", "信教", "信仰", "教派", "religion", "religious", "faith", "church"),
    ),
    DeniedAttribute(
        "genes",
        "基因",
        "genes",
        _CREDIT_REGULATION,
        False,
        ("基因", "遗传", "遗传病", "gene", "genes", "genetic", "genetics", "dna"),
    ),
    DeniedAttribute(
        "fingerprints",
        "指纹等生物识别",
        "fingerprints",
        _CREDIT_REGULATION,
        False,
        ("指纹", "人脸", "虹膜", "生物识别", "fingerprint", "fingerprints", "biometric", "face_id"),
    ),
    DeniedAttribute(
        "blood_type",
        "血型",
        "blood type",
        _CREDIT_REGULATION,
        False,
        ("血型", "blood_type", "bloodtype", "blood_group"),
    ),
    DeniedAttribute(
        "health",
        "疾病与健康",
        "disease and health",
        _CREDIT_REGULATION,
        False,
        (
            *(
                "健康",
                "健康状况",
                "健康情况",
                "身体状况",
                "病史",
                "疾病",
                "疾病史",
                "患病",
                "慢性病",
            ),
            *("残疾", "伤残", "残疾人", "残疾等级", "精神病", "医疗", "劳动能力", "体检"),
            *("health", "disease", "illness", "medical", "disability", "disabled"),
        ),
    ),
    DeniedAttribute(
        "ethnicity",
        "民族",
        "ethnicity",
        _PROTECTED,
        True,
        ("民族", "族别", "少数民族", "种族", "ethnicity", "ethnic", "race", "nationality"),
    ),
    DeniedAttribute("sex", "性别", "sex", _PROTECTED, True, ("性别", "男女", "sex", "gender")),
    DeniedAttribute(
        "age",
        "年龄",
        "age",
        _PROTECTED,
        True,
        ("年龄", "岁数", "出生日期", "出生年月", "age", "birth_date", "birthday", "date_of_birth"),
    ),
    DeniedAttribute(
        "marital_status",
        "婚姻状况",
        "marital status",
        _PROTECTED,
        True,
        (
            *("婚姻", "婚姻状况", "婚否", "婚况", "单身", "离异", "离婚", "丧偶", "未婚", "已婚"),
            *("marital", "marital_status", "marriage", "married", "divorced"),
        ),
    ),
    DeniedAttribute(
        "cadre_status",
        "党员或干部身份",
        "party or cadre status",
        _STATUS,
        True,
        (
            *("党员", "政治面貌", "党籍", "干部", "村干部", "公职", "公职人员", "公务员"),
            *("先锋党员", "党员家庭", "入党"),
            *("party_member", "party", "cadre", "cadre_status", "civil_servant", "official_rank"),
        ),
    ),
    DeniedAttribute(
        "welfare",
        "低保五保",
        "welfare status",
        _STATUS,
        False,
        (
            *("低保", "五保", "低保户", "五保户", "特困", "贫困户", "建档立卡", "脱贫户"),
            *("welfare", "dibao", "wubao", "public_assistance"),
        ),
    ),
    DeniedAttribute(
        "military",
        "服役",
        "military service",
        _STATUS,
        False,
        ("入伍", "服役", "退伍", "退役", "参军", "军人", "军属", "military", "veteran"),
    ),
    DeniedAttribute(
        "political_attendance",
        "政治活动出席",
        "political attendance",
        _STATUS,
        False,
        (
            *("党日", "主题党日", "组织生活", "党课", "政治学习"),
            *("political_attendance", "political", "party_day"),
        ),
    ),
    DeniedAttribute(
        "blood_donation",
        "献血",
        "blood donation",
        _STATUS,
        False,
        ("献血", "无偿献血", "blood_donation", "blood_donor"),
    ),
    DeniedAttribute(
        "petitioning",
        "信访",
        "petitioning",
        _STATUS,
        False,
        ("信访", "上访", "越级上访", "缠访", "petition", "petitions", "petitioning"),
    ),
    DeniedAttribute(
        "minors",
        "未成年人信息",
        "minors' data",
        "PIPL art. 28",
        False,
        (
            *("未成年人", "未成年", "未成年子女", "儿童", "子女教育", "子女成绩", "学生成绩"),
            *("minor", "minors", "children", "child", "child_education"),
        ),
    ),
)

_UNIT_SUFFIX = re.compile(r"[(\[](?:万元|元|万|yuan|wan|是/否|分)[)\]]$")
_IGNORED = re.compile(r"[\s\u200b-\u200f\u2060\ufeff*:：]+")


def normalise_header(header: str) -> str:
    """Bring a header to the form in which headers are compared.

    NFKC, lower case, without white space, zero-width characters, asterisks and colons; blanks and
    hyphens between Latin words become one underscore.

    Examples
    --------
    >>> normalise_header(" Household－ID\ufeff")
    'household_id'
    >>> normalise_header("家庭 和睦*")
    '家庭和睦'
    """
    text = unicodedata.normalize("NFKC", header).strip().lower()
    text = re.sub(r"(?<=[a-z0-9])[\s\-]+(?=[a-z0-9])", "_", text)
    return _IGNORED.sub("", text)


@cache
def _by_synonym() -> dict[str, DeniedAttribute]:
    return {word: item for item in DENIED for word in item.synonyms}


def denied_header(header: str, *, audit_table: bool = False) -> DeniedAttribute | None:
    """Find the denied attribute that a column header names, if any.

    Parameters
    ----------
    header : str
        As it stands in the file.
    audit_table : bool, default=False
        True for ``audit_groups``, the one table that may carry protected groups.

    Returns
    -------
    DeniedAttribute or None
        None when the whole header is not a synonym of a denied attribute.

    Examples
    --------
    >>> denied_header("健康状况").code
    'health'
    >>> denied_header("教子有方") is None
    True
    >>> denied_header("性别", audit_table=True) is None
    True
    """
    text = _UNIT_SUFFIX.sub("", normalise_header(header))
    found = _by_synonym().get(text)
    return None if found is None or (audit_table and found.in_audit) else found


def denied_name(*names: str) -> DeniedAttribute | None:
    """Find the denied attribute that a name in a scheme touches, if any.

    Parameters
    ----------
    *names : str
        Code, column and Chinese name of an indicator, factor or gate.

    Returns
    -------
    DeniedAttribute or None
        The first attribute with a Chinese synonym inside a name, or an English synonym that is a
        run of whole words of a name.

    Examples
    --------
    >>> denied_name("head_age").code
    'age'
    >>> denied_name("coverage") is None
    True
    """
    for name in names:
        text = normalise_header(name)
        words = f"_{re.sub(r'[^a-z0-9]+', '_', text)}_"
        for synonym, item in _by_synonym().items():
            latin = synonym.isascii()
            if (latin and f"_{synonym}_" in words) or (not latin and synonym in text):
                return item
    return None
