"""One plain sentence a table: what it asks, and what is a bad sign."""

from __future__ import annotations

__all__ = ["LEADS"]

LEADS: dict[str, tuple[str, str]] = {
    "pathway": (
        "从评议表到建议额度，每一步剩下多少；哪一步减少得特别多，就从哪一步查起。",
        "How much is left after each step from forms to limits; look first where most is lost.",
    ),
    "discrimination": (
        "点数能否把违约与未违约的贷款分开；AUC 接近 0.5 说明分不开。",
        "Do points part defaults from other loans? An AUC near 0.5 says they do not.",
    ),
    "pillar_discrimination": (
        "每个维度单独能否分开违约；AUC 低于 0.5 说明方向反了。",
        "Does each pillar alone part defaults? An AUC below 0.5 points the wrong way.",
    ),
    "discrimination_by_vintage": (
        "各放款期的区分能力是否稳定；越近的放款期越差是坏兆头。",
        "Does discrimination hold from vintage to vintage? Worse in newer ones is a bad sign.",
    ),
    "discrimination_by_village": (
        "各村的区分能力是否相近；某村明显较差时，查该村的评议。",
        "Does discrimination hold in every village? Where it is much worse, look at its panel.",
    ),
    "curves": (
        "画 ROC、CAP、KS 图所用的点，供核对。",
        "The points of the ROC, CAP and KS pictures, for checking.",
    ),
    "calibration": (
        "违约概率与实际违约是否相符；实际违约明显多于预期是坏兆头。",
        "Do default probabilities agree with outcomes? Many more defaults than expected are a bad "
        "sign.",
    ),
    "reliability": (
        "按违约概率分箱比较；区间不含平均违约概率的分箱值得看。",
        "Outcomes bin by bin; look at bins whose interval does not hold the mean probability.",
    ),
    "belt": (
        "违约概率在哪一段偏离实际；带不含对角线之处有偏。",
        "Where do probabilities leave what was observed? Where the belt leaves the diagonal.",
    ),
    "backtest": (
        "各放款期的违约是否如预期；连续几期偏多是坏兆头。",
        "Did each vintage default as expected? Several in a row above that are a bad sign.",
    ),
    "tiers": (
        "等级高的违约是否更少；相邻等级倒挂是坏兆头。",
        "Do better tiers default less? A better tier with more defaults is a bad sign.",
    ),
    "strategy": (
        "准入点数提高或降低时，准入多少农户、违约率多少；只供参考。",
        "How many households and what default rate each cut-off would bring; shown, not judged.",
    ),
    "cards": (
        "学习卡是否优于专家卡；没有改善时，专家卡更易说明。",
        "Is the learned card better than the expert card? Without a gain the latter is easier to "
        "explain.",
    ),
    "overrides": (
        "人工改动额度有多少、有无理由；高于系统额度而无理由是坏兆头。",
        "How often people change amounts, and whether they say why; above the system's limit "
        "without a reason is a bad sign.",
    ),
    "concentration": (
        "农户和额度是否集中于少数等级或村；越近 1 越集中。",
        "Are households and limits in few tiers or villages? The nearer 1, the more so.",
    ),
    "sensitivity": (
        "改动一个评分或去掉一份评议表，结果会不会变；变动的农户多，说明结果靠个别人。",
        "Does one rating or one form change the result? Many moved households mean that much hangs "
        "on single people.",
    ),
    "waterfall": (
        "几户示例的点数由哪些部分组成；某一部分大得出奇时应查看。",
        "What the points of a few households are made of; look where one part is oddly large.",
    ),
    "score_distribution": (
        "点数集中在哪里；全挤在一处时等级分不开。",
        "Where the points lie; tiers part nobody where all are in one place.",
    ),
    "psi_path": (
        "各期点数分布与首期相比变了没有；超过比较值说明不止是偶然。",
        "Did the points move against the first period? Above the threshold it is more than chance.",
    ),
    "psi": (
        "两个日期的点数分布变了没有；超过比较值说明不止是偶然。",
        "Did the points move between the dates? Above the threshold it is more than chance.",
    ),
    "csi": (
        "哪个特征的分布变了；超过比较值说明不止是偶然。",
        "Which characteristic moved? Above the threshold it is more than chance.",
    ),
    "panel_value": (
        "评议在其余因素之外是否有助于区分违约；看不出增益时，评议未被证明有用。",
        "Does the panel help to tell defaults beyond the other factors? Without a seen gain that "
        "is not shown.",
    ),
    "panel_quality": (
        "评议员是否一致、农户是否分得开、各村是否可比；信度低于比较值是坏兆头。",
        "Do raters agree, are households told apart, do villages compare? A reliability below the "
        "threshold is a bad sign.",
    ),
    "rater_map": (
        "每名评议员偏宽还是偏严；离 0 远或有标记的值得查看。",
        "Is each rater mild or severe? Look at those far from 0 and those with a flag.",
    ),
    "village_map": (
        "各村的平均水平与宽严；不可比的村之间不能直接比较高低。",
        "Merit and severity of each village; those that are not linked must not be compared.",
    ),
    "fairness": (
        "各审计组得到额度的比例是否相近；整个区间低于 0.8 时须查明原因。",
        "Do audit groups get limits alike? Where the whole interval lies below 0.8, find out why.",
    ),
    "proxy": (
        "从档案能否猜出审计组；猜得出，则去掉分组列也可能区别对待。",
        "Can audit groups be told from the profile? If so, leaving their column out protects "
        "nobody.",
    ),
    "multiple_testing": (
        "检验很多行时有多少警报属偶然；实际远多于预期误报才值得警惕。",
        "How many alarms are chance alone? Far more than expected are a bad sign.",
    ),
    "migration": (
        "农户在等级之间怎样变动；下降远多于上升时应查看。",
        "How households moved between tiers; look where far more went down than up.",
    ),
    "alarms": (
        "哪些变化已超出偶然，是否须停用模型；“不通过”即应停用。",
        "Which changes are more than chance, and whether to stop; fail means stop.",
    ),
    "rating_drift": (
        "同一农户这一轮的评分是否普遍变宽或变严；变动大说明口径变了。",
        "Did ratings of the same households turn milder or severer? A large change means the scale "
        "moved.",
    ),
    "ledger_counts": (
        "登记的事项是否突然变多或变少；超出预测限的月份应查看。",
        "Did entries suddenly grow or shrink? Look at months outside the prediction.",
    ),
    "delayed_calibration": (
        "新满 12 个月的贷款违约是否如预期；明显偏多是坏兆头。",
        "Did loans that newly ended default as expected? Many more are a bad sign.",
    ),
    "tier_changes": (
        "哪些农户等级变了，主因是什么。",
        "Which households moved to another tier, and what moved them most.",
    ),
    "change_causes": (
        "等级变动主要由哪些部分引起；集中于一个部分时应查看。",
        "Which parts moved the households; look where one part did it all.",
    ),
}
"""By name of the table: Chinese, English."""
