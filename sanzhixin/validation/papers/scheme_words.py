"""Words of a scheme in Chinese and English: aggregators, evidence, legal bases, kinds, effects."""

from __future__ import annotations

from sanzhixin.errors.words import Lang
from sanzhixin.scheme.catalog import LISTED_CLASSES

__all__ = [
    "AGGREGATOR_WORDS",
    "CLASS_WORDS",
    "CONSENT_WORDS",
    "EFFECT_WORDS",
    "KIND_WORDS",
    "scheme_word",
]

AGGREGATOR_WORDS: dict[str, tuple[str, str]] = {
    "mean": ("简单平均", "mean"),
    "median": ("中位数", "median"),
    "min": ("最低值", "minimum"),
    "trimmed_mean": ("去掉最高最低后的平均", "trimmed mean"),
    "severity_adjusted": ("按评议员宽严调整", "mean corrected for severe and lenient raters"),
}
"""How forms are put together."""

_SCHEME_WORDS = {
    "panel form (评议表)": "评议表",
    "certificate no.": "证书编号",
    "court list no.": "法院名单编号",
    "dated record and notice to the household": "有日期的记录和给农户的告知",
    "decision no.": "决定书编号",
    "document no.": "文书编号",
    "enquiry no. with consent": "经授权的查询编号",
    "file no.": "卷宗编号",
    "mediation record": "调解记录",
    "sign-in record": "签到记录",
    "village record": "村里的记录",
    "household consent (个人信息保护法 art. 13)": "农户同意（《个人信息保护法》第十三条）",
    "the bank's own record; household consent": "本行记录；农户同意",
    "utility record given with the household's consent": "经农户同意提供的缴费记录",
    "个人贷款管理办法 art. 20": "《个人贷款管理办法》第二十条",
    "个人贷款管理办法 art. 20; written consent": "《个人贷款管理办法》第二十条；书面同意",
    "个人贷款管理办法: agreed use only": "《个人贷款管理办法》：只用于约定用途",
    "征信业管理条例 art. 14: notice of consequences and written consent": (
        "《征信业管理条例》第十四条：告知不利后果并取得书面同意"
    ),
    "征信业管理条例 art. 16: five years from the end; 国办发〔2020〕49号": (
        "《征信业管理条例》第十六条：自终止之日起五年；国办发〔2020〕49号"
    ),
    "征信业管理条例 art. 18: enquiry with written consent": (
        "《征信业管理条例》第十八条：经书面同意查询"
    ),
}

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
    """Tell an evidence or a legal basis; what only the bank's scheme holds stays as it is.

    Examples
    --------
    >>> scheme_word("zh", "certificate no."), scheme_word("en", "certificate no.")
    ('证书编号', 'certificate no.')
    """
    return _SCHEME_WORDS.get(text, text) if lang == "zh" else text
