"""Names of statuses, review triggers and bounds of a limit, in Chinese and English."""

from __future__ import annotations

__all__ = ["BOUND_WORDS", "STATUS_WORDS", "TRIGGER_WORDS"]

BOUND_WORDS = {
    "tier_cap": ("等级上限", "tier cap"),
    "product_cap": ("产品上限", "product cap"),
    "village_cap": ("村上限", "village cap"),
    "income_multiple": ("收入倍数", "income multiple"),
    "debt_room": ("负债空间", "debt room"),
    "exposure_room": ("授信总额余量", "room under the customer total"),
    "loss_cap": ("预期损失上限", "cap on the expected loss"),
    "village_limit": ("村建议额度", "village's proposal"),
    "manager_limit": ("客户经理建议额度", "manager's proposal"),
    "requested": ("申请金额", "requested amount"),
}
"""Chinese and English name of every bound."""

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
