"""Words of a scheme in Chinese and English: aggregators, evidence, legal bases, kinds, effects."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sanzhixin.errors.words import Lang, pick
from sanzhixin.scheme.catalog import LISTED_CLASSES

if TYPE_CHECKING:
    from sanzhixin.scheme import Scheme

__all__ = [
    "AGGREGATOR_WORDS",
    "CLASS_WORDS",
    "CONSENT_WORDS",
    "EFFECT_WORDS",
    "KIND_WORDS",
    "amount_word",
    "class_word",
    "scheme_word",
    "tier_word",
]

AGGREGATOR_WORDS: dict[str, tuple[str, str]] = {
    "mean": ("简单平均", "mean"),
    "median": ("中位数", "median"),
    "min": ("最低值", "minimum"),
    "trimmed_mean": ("去掉最高最低后的平均", "trimmed mean"),
    "severity_adjusted": ("按评议员宽严调整", "mean corrected for severe and lenient raters"),
}
"""How forms are put together."""

_PIPL = "Personal Information Protection Law"
_LOANS = "Measures for Personal Loans"
_CREDIT = "Regulation on the Credit Reporting Industry"

_SCHEME_WORDS: dict[str, tuple[str, str]] = {
    "panel form (评议表)": ("评议表", "panel form"),
    "certificate no.": ("证书编号", "certificate no."),
    "court list no.": ("法院名单编号", "court list no."),
    "dated record and notice to the household": (
        "有日期的记录和给农户的告知",
        "dated record and notice to the household",
    ),
    "decision no.": ("决定书编号", "decision no."),
    "document no.": ("文书编号", "document no."),
    "enquiry no. with consent": ("经授权的查询编号", "enquiry no. with consent"),
    "file no.": ("卷宗编号", "file no."),
    "mediation record": ("调解记录", "mediation record"),
    "sign-in record": ("签到记录", "sign-in record"),
    "village record": ("村里的记录", "village record"),
    "household consent (个人信息保护法 art. 13)": (
        "农户同意（《个人信息保护法》第十三条）",
        f"household consent ({_PIPL}, art. 13)",
    ),
    "the bank's own record; household consent": (
        "本行记录；农户同意",
        "the bank's own record; household consent",
    ),
    "utility record given with the household's consent": (
        "经农户同意提供的缴费记录",
        "utility record given with the household's consent",
    ),
    "个人贷款管理办法 art. 20": ("《个人贷款管理办法》第二十条", f"{_LOANS}, art. 20"),
    "个人贷款管理办法 art. 20; written consent": (
        "《个人贷款管理办法》第二十条；书面同意",
        f"{_LOANS}, art. 20; written consent",
    ),
    "个人贷款管理办法: agreed use only": (
        "《个人贷款管理办法》：只用于约定用途",
        f"{_LOANS}: agreed use only",
    ),
    "征信业管理条例 art. 14: notice of consequences and written consent": (
        "《征信业管理条例》第十四条：告知不利后果并取得书面同意",
        f"{_CREDIT}, art. 14: notice of consequences and written consent",
    ),
    "征信业管理条例 art. 16: five years from the end; 国办发〔2020〕49号": (
        "《征信业管理条例》第十六条：自终止之日起五年；国办发〔2020〕49号",
        f"{_CREDIT}, art. 16: five years from the end; Guobanfa [2020] No. 49",
    ),
    "征信业管理条例 art. 18: enquiry with written consent": (
        "《征信业管理条例》第十八条：经书面同意查询",
        f"{_CREDIT}, art. 18: enquiry with written consent",
    ),
    "人民法院": ("人民法院", "people's court"),
    "公安机关": ("公安机关", "public security organ"),
    "公安机关、人民法院": ("公安机关、人民法院", "public security organ, people's court"),
    "妇联、文明办": ("妇联、文明办", "women's federation, civility office"),
    "文明办": ("文明办", "civility office"),
    "村民委员会": ("村民委员会", "villagers' committee"),
    "调解委员会": ("调解委员会", "mediation committee"),
    "道德评判团": ("道德评判团", "panel of moral review"),
    "道德评判团、客户经理": ("道德评判团、客户经理", "panel of moral review, account manager"),
    "邻居": ("邻居", "neighbours"),
    "邻居、合作社": ("邻居、合作社", "neighbours, cooperative"),
    "邻居、村民小组长": ("邻居、村民小组长", "neighbours, group leader"),
    "邻居、道德评判团": ("邻居、道德评判团", "neighbours, panel of moral review"),
    "银行": ("银行", "bank"),
}
"""Texts of the built-in scheme: evidence, legal bases, who records."""

CLASS_WORDS: dict[str, tuple[str, str]] = {
    **{name: (zh, name.replace("_", " ")) for name, zh in LISTED_CLASSES.items()},
    "bank_finding": ("银行认定", "finding of the bank"),
}
"""Classes of official lists, by the key in the scheme."""

CONSENT_WORDS: dict[str, tuple[str, str]] = {
    "general": ("授权书", "household consent"),
    "written": ("单独的书面同意", "written consent of its own"),
}
"""What the use of a value needs."""

EFFECT_WORDS: dict[str, tuple[str, str]] = {
    "gate": ("否决项", "gate"),
    "review": ("人工复核", "review"),
}
"""What a record does."""

KIND_WORDS: dict[str, tuple[str, str]] = {
    "panel": ("评议", "panel"),
    "event": ("积分事项", "event"),
    "official": ("官方记录", "official"),
    "factor": ("因素", "factor"),
}
"""Kinds of features."""


def scheme_word(lang: Lang, text: str) -> str:
    """Tell an evidence, a legal basis or who records; what only the bank's scheme holds stays.

    Examples
    --------
    >>> scheme_word("zh", "certificate no."), scheme_word("en", "人民法院")
    ('证书编号', "people's court")
    """
    return pick(lang, _SCHEME_WORDS.get(text, (text, text)))


def class_word(lang: Lang, list_class: str) -> str:
    """Name a class of findings; one that only the bank's scheme holds stays as it is.

    Examples
    --------
    >>> class_word("zh", "bank_finding"), class_word("en", "bank_finding")
    ('银行认定', 'finding of the bank')
    """
    return pick(lang, CLASS_WORDS.get(list_class, (list_class, list_class)))


def tier_word(lang: Lang, tier: str, scheme: Scheme) -> str:
    """Name a tier; what lies below all tiers is unrated in English, whatever the scheme calls it.

    Examples
    --------
    >>> from sanzhixin.scheme import load_scheme
    >>> scheme = load_scheme("tongxiang")
    >>> [tier_word(lang, "未评级", scheme) for lang in ("zh", "en")], tier_word("en", "B", scheme)
    (['未评级', 'unrated'], 'B')
    """
    return "unrated" if lang == "en" and tier == scheme.tiers.unrated else tier


def amount_word(lang: Lang, value: Decimal, unit: str) -> str:
    """Write an amount in the unit of the scheme, in English in yuan.

    Examples
    --------
    >>> amount_word("zh", Decimal("12.50"), "万元"), amount_word("en", Decimal("12.50"), "万元")
    ('12.5 万元', '125,000 yuan')
    """
    if lang == "zh" and unit == "万元":
        return f"{value.normalize():f} 万元"
    yuan = value * 10_000 if unit == "万元" else value
    return f"{yuan.normalize():,f} {pick(lang, ('元', 'yuan'))}"
