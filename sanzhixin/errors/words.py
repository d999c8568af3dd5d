"""Names of statuses, verdicts, bounds of a limit and parts of a model, in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

__all__ = [
    "ALARM_WORDS",
    "BASIS_MEANINGS",
    "BASIS_WORDS",
    "BOUND_WORDS",
    "CONFIRM_WORDS",
    "LINK_WORDS",
    "METHOD_WORDS",
    "MODEL_STATUS_WORDS",
    "NO_LIMIT_WORDS",
    "POPULATION_WORDS",
    "STATUS_WORDS",
    "TRIGGER_WORDS",
    "UNSURE_WIDTH",
    "VERDICT_WORDS",
    "Lang",
    "alarms_told",
    "held_words",
    "joined",
    "outcome_words",
    "pick",
]

Lang = Literal["zh", "en"]
"""Language of what one reader sees."""

ALARM_WORDS: dict[str, tuple[str, str]] = {
    "drift_county": ("全县评分整体变动", "drift of the county's ratings"),
    "drift_village": ("村评分变动", "drift of a village's ratings"),
    "drift_rater": ("评议员评分变动", "drift of a rater"),
    "event_months": ("各月登记数量变动", "entries by month"),
    "event_codes": ("各类事项数量变动", "entries by code"),
    "points": ("点数分布变动", "distribution of the points"),
    "characteristics": ("特征分布变动", "distribution of a characteristic"),
    "defaults": ("违约高于违约概率", "more defaults than were stated"),
}
"""Kinds of alarm of a look at a model in use."""

BASIS_WORDS = {
    "none": ("无贷款结果", "none"),
    "prudent": ("审慎估计（违约少）", "prudent"),
    "fitted": ("按贷款结果拟合", "fitted"),
    "anchored": ("按设定水平锚定", "anchored"),
}
"""What default probabilities are."""

BASIS_MEANINGS = {
    "prudent": ("审慎估计，不是预期值", "a prudent estimate, not an expected value"),
    "fitted": ("按贷款结果拟合", "fitted to outcomes of loans"),
    "anchored": ("按设定的长期水平锚定", "moved to a stated long-run rate"),
}
"""The same for a household, which is told what the number is not."""

BOUND_WORDS = {
    "tier_cap": ("等级上限", "tier cap"),
    "product_cap": ("产品上限", "product cap"),
    "village_cap": ("村上限", "village cap"),
    "income_multiple": ("收入倍数", "income multiple"),
    "debt_room": ("剩余举债空间", "room for further debt"),
    "exposure_room": ("授信总额余量", "room under the customer total"),
    "loss_cap": ("预期损失上限", "cap on the expected loss"),
    "village_limit": ("村建议额度", "village's proposal"),
    "manager_limit": ("客户经理建议额度", "manager's proposal"),
    "requested": ("申请金额", "requested amount"),
}
"""Chinese and English name of every bound."""

CONFIRM_WORDS = {
    "gated": (
        "上列否决项须由银行工作人员核实确认",
        "the gate that is named above has to be verified by a person at the bank",
    ),
    "insufficient_evidence": (
        "须补齐上列所缺的评议表，或由银行工作人员人工办理",
        "the forms that are named above as missing have to be supplied, or a person at the bank "
        "takes the case",
    ),
}
"""What a person has to confirm where nothing is scored."""

LINK_WORDS = {
    "vignettes": ("锚定案例", "anchor cases"),
    "bridge": ("跨村评议员", "raters of several villages"),
    "outcomes": ("贷款结果", "loan outcomes"),
    "prior": ("设定比例", "a stated prior alone"),
}
"""What villages are compared by."""

METHOD_WORDS = {
    "none": ("无", "none"),
    "pluto_tasche": ("Pluto-Tasche 审慎估计", "pluto_tasche"),
    "bayesian": ("贝叶斯估计", "bayesian"),
    "firth": ("Firth 逻辑回归", "firth"),
    "logistic": ("逻辑回归", "logistic"),
    "beta": ("beta 校准", "beta"),
    "isotonic": ("保序回归", "isotonic"),
}
"""How default probabilities were found."""

MODEL_STATUS_WORDS = {
    "draft": ("草稿", "draft"),
    "validated": ("已验证", "validated"),
    "approved": ("已批准", "approved"),
    "retired": ("已停用", "retired"),
}
"""Of a model."""

NO_LIMIT_WORDS = {
    "unrated": (
        "未评级，转人工办理（无建议额度）",
        "unrated: goes to the manual channel, no limit is proposed",
    ),
    "none": ("无建议额度", "no limit is proposed"),
}
"""Of a proposal of 0 yuan, which proposes no limit: below all tiers, or held by another bound."""

POPULATION_WORDS = {
    "approved households": ("获批农户", "approved households"),
    "no loans observed": ("无贷款结果", "no loans observed"),
}
"""Whose outcomes default probabilities rest on."""

STATUS_WORDS = {
    "propose": ("建议授信", "propose"),
    "review": ("建议人工复核", "human review"),
    "gated": ("建议不予授信，须人工确认", "proposal to decline, to be confirmed"),
    "insufficient_evidence": ("评议依据不足", "insufficient evidence"),
}
"""Of a proposal."""

TRIGGER_WORDS = {
    "near_cutoff": ("得分临近分界 {what}", "score near the cut-off {what}"),
    "official_record": ("官方记录 {what} 须人工复核", "official record {what}"),
    "debt_ratio": ("资产负债率偏高{what}", "debt is high against assets{what}"),
    "negative_opinion": (
        "有评议表给出负面意见{what}",
        "one form holds a negative opinion{what}",
    ),
    "required_bound": ("缺少必需的 {what}", "a required bound is absent: {what}"),
    "error_unknown": (
        "评议误差无法估计{what}",
        "the standard error cannot be stated{what}",
    ),
    "rows_rejected": (
        "该户有记录被退回：{what}",
        "a row of the household was rejected from {what}",
    ),
    "link_uncertain": (
        "村与村之间的比较不确定性较大{what}",
        "the comparison of villages is uncertain{what}",
    ),
    "override": ("有人提出调整并写明理由{what}", "people asked for an override{what}"),
}
"""Of what asks for a human look; {what} is empty or names it."""

UNSURE_WIDTH = 0.5
"""A default probability whose bounds are further apart rests on too few loans to be shown."""

VERDICT_WORDS = {
    "pass": ("通过", "pass"),
    "watch": ("关注", "watch"),
    "fail": ("不通过", "fail"),
    "insufficient": ("样本不足", "insufficient"),
    "info": ("参考", "info"),
}
"""Of a row of a table that judges."""


def alarms_told(lang: Lang, kinds: Iterable[str]) -> str:
    """Name kinds of alarm in one language; one that is unknown is told as it stands.

    Examples
    --------
    >>> alarms_told("en", ["points", "defaults"]), alarms_told("zh", [])
    ('distribution of the points, more defaults than were stated', '无')
    """
    words = (pick(lang, ALARM_WORDS.get(kind, (kind, kind))) for kind in kinds)
    return joined(lang, words)


def joined(lang: Lang, words: Iterable[str]) -> str:
    """Put words into one list, or say that there are none.

    Examples
    --------
    >>> joined("zh", ["a", "b"]), joined("en", [])
    ('a、b', 'none')
    """
    return pick(lang, ("、", ", ")).join(words) or pick(lang, ("无", "none"))


def pick(lang: Lang, pair: tuple[str, str]) -> str:
    """Choose the Chinese or the English of a pair.

    Examples
    --------
    >>> pick("en", STATUS_WORDS["review"])
    'human review'
    """
    return pair[0] if lang == "zh" else pair[1]


def held_words(bound: str) -> tuple[str, str]:
    """Say that a higher tier would not raise the limit, because another bound holds it.

    Examples
    --------
    >>> held_words("debt_room")[1]
    'the limit is held by the room for further debt: a higher tier would not raise it'
    """
    zh, en = BOUND_WORDS[bound]
    return (
        f"目前额度受“{zh}”限制，升等级不会增加额度",
        f"the limit is held by the {en}: a higher tier would not raise it",
    )


def outcome_words(status: str, limit_yuan: int | None, *, unrated: bool) -> tuple[str, str]:
    """Name what is proposed: the status, or that no limit is, where the amount is 0.

    Examples
    --------
    >>> outcome_words("propose", 40_000, unrated=False)
    ('建议授信', 'propose')
    >>> outcome_words("propose", 0, unrated=False)
    ('无建议额度', 'no limit is proposed')
    """
    if status != "propose" or limit_yuan != 0:
        return STATUS_WORDS.get(status, (status, status))
    return NO_LIMIT_WORDS["unrated" if unrated else "none"]
