"""What every model card says alike: purpose, who decides, limits of use, monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanzhixin.validation.papers.writer import Pair

__all__ = ["DECIDES", "LIMITS", "MONITORING", "OUT_OF_SCOPE", "PURPOSE"]

PURPOSE: Pair = (
    "模型把村里的评议、有日期的积分事项和其他约定因素转为点数、等级和建议的农户信用贷款额度，"
    "并说明理由。不得用于：",
    "The model turns ratings of a village panel, dated ledger entries and other agreed factors "
    "into points, a tier and a proposed unsecured loan limit for a farm household, with reasons. "
    "Out of scope:",
)

OUT_OF_SCOPE: tuple[Pair, ...] = (
    (
        "贷款额度以外的任何用途：不用于惩戒、排名，不公布得分；",
        "any purpose but loan limits: no sanction, no ranking, no publication of scores;",
    ),
    (
        "没有人参与的决定；没有为此用途作出有效授权的农户；",
        "a decision without a person; households without a valid consent for this purpose;",
    ),
    (
        "以个人代替农户；未成年人；未经法律审查在欧盟使用。",
        "persons instead of households; minors; use in the EU without legal review.",
    ),
)

DECIDES: Pair = (
    "由人决定，模型只提出建议。每一户由客户经理负责；有否决项的须由人确认；农户可以要求说明理由和"
    "提出异议。",
    "People decide; the model proposes. An account manager answers for each case, a gated case "
    "needs human confirmation, and the household may ask for the reasons and object.",
)

LIMITS: tuple[Pair, ...] = (
    (
        "得分是评议的结果，是有误差的估计，误差见建议中的得分区间（score_low、score_high）；"
        "不说明一个人的品格。",
        "The score is an assessment by a panel. It is an estimate with an error, which the range "
        "of the score in a proposal states (score_low, score_high); it does not tell a person's "
        "character.",
    ),
    (
        "不主张此类评议会降低违约：没有找到公布的因果数据。",
        "No claim is made that such ratings lower defaults: no published causal figure was found.",
    ),
    (
        "评议取决于由谁评。有关系的评议员回避并列出；只有方案的汇总方式写明时，"
        "才扣除评议员和村的宽严差别。",
        "Ratings depend on who rates. Related raters are recused and reported; severity of raters "
        "and villages is taken off only where the scheme's aggregator says so.",
    ),
    (
        "任一维度计入的评议表少于方案要求时，不给出点数、等级和额度。",
        "Fewer counted forms than the scheme asks for in any pillar give no points, tier or limit.",
    ),
    (
        "只知道获批农户的结果，对其他农户一无所知。",
        "Outcomes are known for approved households only; nothing is known of the others.",
    ),
    ("得分只用于贷款额度。", "The score serves loan limits only."),
)

MONITORING: tuple[Pair, ...] = (
    (
        "每季度：各状态和等级的占比、得分分布的变动、退回的记录、每户评议表数、空白项。",
        "Every quarter: share of each status and tier, drift of the score distribution, rejected "
        "rows, forms per household, blank cells.",
    ),
    (
        "每半年：评议员的宽严、一致程度和关系；积分事项的每月数量。",
        "Every half year: severity, agreement and relations of raters; monthly rate of ledger "
        "entries.",
    ),
    (
        "每年：各等级的违约与表中概率对照；各审计分组的不予授信和额度。",
        "Every year: defaults by tier against the table; refusals and limits by audit group.",
    ),
    (
        "任一等级的违约率高于表中上限：停用、检查、重新拟合。",
        "A higher default rate than the table's upper bound in any tier: stop, review, refit.",
    ),
)
