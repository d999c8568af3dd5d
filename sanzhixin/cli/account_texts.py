"""Sentences and words of the account of one household, in Chinese and English."""

from __future__ import annotations

__all__ = ["ACCOUNT"]

ACCOUNT: dict[str, tuple[str, str]] = {
    "account_title": (
        "农户 {household} 的建议：{status}。这是建议，不是最终决定。",
        "Household {household}: {status}. This is a proposal, not a decision.",
    ),
    "account_facts": (
        "评定日 {as_of}，模型 {model}，方案 {scheme}，有效期至 {until}",
        "as of {as_of}, model {model}, scheme {scheme}, valid until {until}",
    ),
    "account_score": (
        "得分 {score}{band}，等级 {tier}",
        "score {score}{band}, tier {tier}",
    ),
    "account_band": (
        "（正负一个标准误：{low} 至 {high}）",
        " (± one standard error: {low} to {high})",
    ),
    "pillar_error": (
        "{score}（标准误 {error}）",
        "{score} (standard error {error})",
    ),
    "pillar_agree": (
        "{score}（各份评议一致，没有标准误）",
        "{score} (the forms agree: no standard error)",
    ),
    "account_no_score": (
        "不给出得分、等级和额度",
        "no score, tier or amount is stated",
    ),
    "account_pd": (
        "违约概率 {pd}（{lower} 至 {upper}），依据“{basis}”，仅以获批农户校准",
        "default probability {pd} ({lower} to {upper}), basis {basis}, calibrated on approved "
        "households",
    ),
    "account_no_pd": (
        "没有违约概率：模型未使用贷款结果",
        "no default probability: the model has seen no outcome",
    ),
    "account_pd_few": (
        "没有违约概率：该分数附近贷款太少，不给出",
        "no default probability: too few loans at these points to state it",
    ),
    "account_pd_beyond": (
        "没有违约概率：该分数及以下没有贷款结果，无从得知",
        "no default probability: there is no outcome at these points or below, so nothing is known",
    ),
    "head_limits": ("额度（元）", "Limits (yuan)"),
    "head_reasons": ("理由", "Reasons"),
    "no_reasons": ("与基准相同，没有加减分", "as the reference: nothing added or taken off"),
    "head_sum": ("得分的构成", "How the score adds up"),
    "head_pillars": ("维度与评议表", "Pillars and forms"),
    "head_items": ("评议指标（仅计有效评议表）", "Panel items (counted forms only)"),
    "head_events": ("积分事项", "Events"),
    "head_records": ("官方记录", "Official records"),
    "head_bounds": ("额度上限逐项（元）", "Bounds of the limit (yuan)"),
    "head_members": ("成年家庭成员可签约额度（元）", "What each adult may sign for (yuan)"),
    "head_next": ("如何升一级", "What would move it one tier up"),
    "head_triggers": ("人工复核提示", "What asks for a human look"),
    "head_override": ("调整理由（村或客户经理填写）", "Reason for the override, as stated"),
    "limit_village": ("村", "village"),
    "limit_manager": ("客户经理", "manager"),
    "limit_system": ("系统", "system"),
    "limit_proposed": ("建议额度", "proposed"),
    "not_stated": ("未填", "not stated"),
    "not_given": ("不给出", "none given"),
    "none": ("无", "none"),
    "sum": (
        "合计 {points} 点 = {parts}；{per} 点合得分 1 分，即得分 {score}",
        "together {points} points = {parts}; {per} points are one of the score, so the score is "
        "{score}",
    ),
    "part": ("{name} {points} 点", "{name}: {points} points"),
    "part_of": ("{name} {points} 点 = {inner}", "{name}: {points} points = {inner}"),
    "pillar_line": (
        "{name}：{score}，计{points}/{full}点；计入{forms}份（另有回避{recused}份，不了解{unfamiliar}份）",
        "{name}: {score}, {points} of {full} points; {forms} forms counted (besides, {recused} "
        "recused, {unfamiliar} of raters who do not know it)",
    ),
    "pillar_line_adjusted": (
        "{name}：按评议员宽严调整后{score}（这些评议表的均值为{plain}），计{points}/{full}点；"
        "计入{forms}份（另有回避{recused}份，不了解{unfamiliar}份）",
        "{name}: {score} corrected for severe and lenient raters (mean of these forms {plain}), "
        "{points} of {full} points; {forms} forms counted (besides, {recused} recused, "
        "{unfamiliar} of raters who do not know it)",
    ),
    "adjusted": (
        "得分按评议员宽严调整；村际比较依据：{link}",
        "scores are corrected for severe and lenient raters; villages are compared by {link}",
    ),
    "col_rater": ("评议员", "rater"),
    "col_role": ("角色", "role"),
    "col_relation": ("关系", "relation"),
    "col_round": ("轮次", "round"),
    "col_date": ("日期", "date"),
    "col_code": ("代码", "code"),
    "col_name": ("名称", "name"),
    "col_level": ("级别", "level"),
    "col_outcome": ("结果", "outcome"),
    "col_answers": ("评分份数", "ratings"),
    "col_mean": ("均值", "mean"),
    "col_bound": ("上限", "bound"),
    "col_amount": ("金额", "amount"),
    "col_binds": ("是否起作用", "binding"),
    "col_member": ("成员", "adult"),
    "col_exposure": ("现有授信", "owes"),
    "col_may_sign": ("可签约", "may sign for"),
    "col_by": ("依据", "held by"),
    "by.household_limit": ("全户额度", "the household's limit"),
    "by.exposure_room": ("本人授信总额余量", "the person's room under the customer total"),
    "shared": (
        "全户共用一个额度，各成员签约合计不得超过建议额度。",
        "The household shares one limit: the contracts of all adults together stay within it.",
    ),
    "rate": ("该等级年利率 {rate}%", "yearly rate of the tier {rate} %"),
    "col_ended": ("终止", "ended"),
    "col_effect": ("作用", "effect"),
    "binds": ("← 最小，起作用", "<- the smallest: binding"),
    "absent": ("未填，不作限制", "absent, does not bind"),
    "in_force": ("有效，计至 {until}：{action}", "in force until {until}: {action}"),
    "in_force_open": (
        "有效，尚未终止（终止后再计 {months} 个月）：{action}",
        "in force, not ended (counts for {months} months after its end): {action}",
    ),
    "lapsed": ("已过期或未生效，不计", "not in force, does not count"),
    "highest_tier": ("已是最高等级", "highest tier already"),
}
"""Chinese and English template by key."""
