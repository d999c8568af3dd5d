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

    @property
    def basis_zh(self) -> str:
        """The rule behind it, in Chinese."""
        return _BASIS_ZH[self.basis]


_CREDIT_REGULATION = "征信业管理条例 art. 14"
_SENSITIVE = "PIPL art. 28"
_STATUS = "status is not conduct"
_PROTECTED = "protected group; fairness checks only"
_BASIS_ZH = {
    _CREDIT_REGULATION: "《征信业管理条例》第十四条",
    _SENSITIVE: "《个人信息保护法》第二十八条",
    _STATUS: "身份不等于行为",
    _PROTECTED: "受保护群体，仅用于公平性检查",
}

DENIED: tuple[DeniedAttribute, ...] = (
    DeniedAttribute(
        "religion",
        "宗教信仰",
        "religion",
        _CREDIT_REGULATION,
        False,
        (
            *("宗教", "宗教信仰", "信教", "信仰", "教派", "佛教", "基督教", "天主教", "道教"),
            *("religion", "religious"),
        ),
    ),
    DeniedAttribute(
        "genes",
        "基因",
        "genes",
        _CREDIT_REGULATION,
        False,
        ("基因", "遗传", "遗传病", "gene", "genetic", "dna"),
    ),
    DeniedAttribute(
        "fingerprints",
        "指纹等生物识别",
        "fingerprints",
        _CREDIT_REGULATION,
        False,
        ("指纹", "人脸", "虹膜", "生物识别", "fingerprint", "biometric", "face_id"),
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
            *(
                "残疾",
                "伤残",
                "残疾人",
                "残疾等级",
                "残障",
                "殘疾",
                "精神病",
                "医疗",
                "劳动能力",
                "体检",
            ),
            *("大病", "重病", "孕妇", "怀孕"),
            *("health", "disease", "illness", "medical", "disability", "disabled", "pregnant"),
        ),
    ),
    DeniedAttribute(
        "ethnicity",
        "民族",
        "ethnicity",
        _PROTECTED,
        True,
        (
            "民族",
            "民族成分",
            "族别",
            "少数民族",
            "种族",
            "ethnicity",
            "ethnic",
            "race",
            "nationality",
        ),
    ),
    DeniedAttribute("sex", "性别", "sex", _PROTECTED, True, ("性别", "男女", "sex", "gender")),
    DeniedAttribute(
        "age",
        "年龄",
        "age",
        _PROTECTED,
        True,
        (
            *("年龄", "年齡", "岁数", "高龄", "出生日期", "出生年月", "出生年份", "生日"),
            *(
                "age",
                "birth_date",
                "birthday",
                "date_of_birth",
                "dob",
                "birth_year",
                "year_of_birth",
            ),
            *("elderly",),
        ),
    ),
    DeniedAttribute(
        "marital_status",
        "婚姻状况",
        "marital status",
        _PROTECTED,
        True,
        (
            *(
                "婚姻",
                "婚姻状况",
                "婚否",
                "婚况",
                "单身",
                "离异",
                "离婚",
                "丧偶",
                "未婚",
                "已婚",
                "配偶",
            ),
            *("marital", "marital_status", "marriage", "married", "divorced", "spouse", "widowed"),
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
            *("先锋党员", "党员家庭", "入党", "团员", "黨員"),
            *("party_member", "party_membership", "cadre", "civil_servant", "official_rank"),
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
        ("信访", "上访", "越级上访", "缠访", "petition", "petitioning"),
    ),
    DeniedAttribute(
        "minors",
        "未成年人信息",
        "minors' data",
        _SENSITIVE,
        False,
        (
            *("未成年人", "未成年", "未成年子女", "儿童", "子女教育", "子女成绩", "学生成绩"),
            *("minor_children", "minors", "children", "child", "child_education"),
        ),
    ),
)

_SUFFIX = re.compile(r"(?:[(\[](?:万元|元|万|岁|周岁|yuan|wan|years?|是/否|分)[)\]]|情况|状况)$")
_PREFIX = re.compile(r"^(?:是否|有无|户主|本人|家庭成员)+(?:为|是)?")
_FRAME = frozenset(
    {"is", "has", "head", "of", "the", "household", "householder", "applicant", "owner"}
    | {"years", "year", "status", "flag", "group", "code", "yn"}
)
_IGNORED = re.compile(r"[\s\u200b-\u200f\u2060\ufeff*:：]+")


def normalise_header(header: str) -> str:
    """Bring a header to the form in which headers are compared.

    NFKC, camel case to words, lower case, without white space, zero-width characters, asterisks
    and colons; blanks and hyphens between Latin words become one underscore.

    Examples
    --------
    >>> normalise_header(" Household－ID\ufeff")
    'household_id'
    >>> normalise_header("家庭 和睦*")
    '家庭和睦'
    """
    text = unicodedata.normalize("NFKC", header).strip()
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text).lower()
    text = re.sub(r"(?<=[a-z0-9])[\s\-]+(?=[a-z0-9])", "_", text)
    return _IGNORED.sub("", text)


@cache
def _by_synonym() -> dict[str, DeniedAttribute]:
    """Map synonyms to attributes, the longest first."""
    words = ((word, item) for item in DENIED for word in item.synonyms)
    return dict(sorted(words, key=lambda pair: -len(pair[0])))


def _bare(header: str) -> set[str]:
    """Forms of a whole header: as it is, and without the words that only frame it."""
    text = normalise_header(header)
    forms = {text, _SUFFIX.sub("", text)}
    forms |= {_SUFFIX.sub("", _PREFIX.sub("", form)) for form in forms}
    words = [word for word in re.split(r"[^a-z0-9]+", text) if word and word not in _FRAME]
    if text.isascii():
        forms |= {"_".join(words), "_".join(_singular(word) for word in words)}
    return forms


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


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
    >>> denied_header("户主年龄(岁)").code
    'age'
    >>> denied_header("教子有方") is None
    True
    >>> denied_header("性别", audit_table=True) is None
    True
    """
    forms = _bare(header)
    found = next((item for word, item in _by_synonym().items() if word in forms), None)
    return None if found is None or (audit_table and found.in_audit) else found


def denied_name(*names: str) -> DeniedAttribute | None:
    """Find the denied attribute that a name in a scheme touches, if any.

    Parameters
    ----------
    *names : str
        Code, column and Chinese name of an indicator, factor, level, pillar or gate.

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
        parts = [part for part in re.split(r"[^a-z0-9]+", text) if part]
        words = f"_{'_'.join(parts)}_{'_'.join(map(_singular, parts))}_"
        for synonym, item in _by_synonym().items():
            latin = synonym.isascii()
            if (latin and f"_{synonym}_" in words) or (not latin and synonym in text):
                return item
    return None
