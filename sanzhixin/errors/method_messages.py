"""Messages of methods: too little evidence, or a value outside their domain."""

from __future__ import annotations

from sanzhixin.errors.message import Message

__all__ = ["DOMAIN", "EVIDENCE"]

EVIDENCE: dict[str, Message] = {
    "no_repeated_ratings": Message(
        "No unit has two ratings, so nothing tells how far raters agree. Have some households rated by two raters or more.",
        "没有被两人以上评议的对象，无法判断评议员是否一致；请安排部分农户由多名评议员评议。",
    ),
    "no_second_round": Message(
        "No rater has ratings in two rounds, so drift cannot be told. Keep the severities as they are until the next round.",
        "没有评议员参加过两轮评议，无法估计宽严变化；请保留现有宽严，待下一轮评议后再估计。",
    ),
    "units_too_few": Message(
        "{count} rated units were given, {needed} are needed at least. Gather ratings of more households.",
        "被评对象 {count} 个，至少需要 {needed} 个；请补充更多农户的评议。",
    ),
    "share_few_defaults": Message(
        '{defaults} defaults in {loans} loans of rated households; {needed} defaults and {needed} loans without default are needed to learn the merit share. Use linking="prior" with a stated share.',
        '被评农户的 {loans} 笔贷款中违约 {defaults} 笔；估计村间品行占比至少需要违约与未违约各 {needed} 笔。请改用 linking="prior" 并说明占比。',
    ),
    "share_not_told": Message(
        'Default does not fall clearly with the standing within villages (slope {slope}), so it cannot tell merit from leniency. Use linking="prior" with a stated share.',
        '村内评价越好违约并未明显减少（斜率 {slope}），无法区分品行与评议宽严。请改用 linking="prior" 并说明占比。',
    ),
    "block_too_large": Message(
        "{size} raters and villages hang together without a village to part them, {most} are possible; give the households with their village_id, or fit parts of the county.",
        "有 {size} 名评议员和村相互关联而无法按村拆分，最多 {most}；请提供农户的 village_id，或分片拟合。",
    ),
    "equating_few": Message(
        'Pillar {pillar}: fewer than {least} households have enough forms, too few to equate scores. Write equating = "none" and a tier table for adjusted scores, or choose a plain aggregator.',
        '维度 {pillar}：评议表充足的农户不足 {least} 户，无法对应得分尺度；请写 equating = "none" 并按调整后得分制定等级表，或改用简单汇总方式。',
    ),
    "panel_too_large": Message(
        "Pillar {pillar}: {masks} sets of answered items, or thresholds too far apart, do not fit into a model file; split the pillar, ask raters for complete forms, or choose a plain aggregator.",
        "维度 {pillar}：作答指标组合有 {masks} 种，或阈值相距过大，超出模型文件容量；请拆分维度、要求完整作答，或改用简单汇总方式。",
    ),
    "no_dated_forms": Message(
        "No form is dated by {as_of} and not older than {months} months; hand in ratings, or state the scoring date with --as-of.",
        "没有 {as_of} 之前 {months} 个月内的评议表；请提供评议表（ratings），或用 --as-of 指定评定日。",
    ),
    "no_ratings": Message(
        "No form of a counted rater answers an item of the pillar; check familiar, relation and the item columns.",
        "没有任何有效评议表回答该维度的指标；请检查是否了解、关系和指标列。",
    ),
    "no_two_items": Message(
        "No form answers two items of the pillar, so nothing tells its thresholds apart; collect fuller forms or drop the pillar.",
        "没有任何评议表回答该维度的两个指标，无法估计阈值；请补充评议或去掉该维度。",
    ),
    "anchor_unreachable": Message(
        "A long-run rate of {anchor} cannot be reached: {certain} of {loans} loans have a default probability of 0 or 1, which no shift moves, so the mean lies between {lowest} and {highest}. Choose another method, or leave the rate out.",
        "无法达到长期违约率 {anchor}：{loans} 笔贷款中有 {certain} 笔的违约概率为 0 或 1，平移不改变，均值只能在 {lowest} 与 {highest} 之间。请改用其他方法，或不填长期违约率。",
    ),
    "belt_no_curve": Message(
        "{defaults} defaults in {loans} loans at {distinct} distinct probabilities give no curve of outcomes: two probabilities at least, and both outcomes on either side, are needed. Gather more loans.",
        "{loans} 笔贷款中违约 {defaults} 笔、概率取值 {distinct} 个，无法估计结果曲线：至少需要两个概率取值，且违约与未违约不能被概率完全分开。请补充样本。",
    ),
    "prob_certain": Message(
        "The probabilities of {loans} loans are too certain, or their groups too few, for a test; use more loans or fewer groups.",
        "{loans} 笔贷款的概率过于确定或分组过少，无法检验；请增加贷款或减少分组。",
    ),
    "outcome_few": Message(
        "{defaults} defaults in {loans} loans; two defaults and two other loans are needed for an error. Gather more outcomes.",
        "{loans} 笔贷款中违约 {defaults} 笔；计算误差至少需要违约与未违约各两笔，请补充样本。",
    ),
    "tiers_no_loans": Message(
        'There is no loan with a complete outcome that the card has not learned from, so no tier can be tested. Wait for later loans, or use a model with the expert card (fit(..., card="expert"), --card expert).',
        '没有评分卡未学习过且结果完整的贷款，无法检验任何等级。请等待后续贷款，或使用采用专家卡的模型（fit(..., card="expert")，--card expert）。',
    ),
    "tiers_development": Message(
        "Of {loans} loans, {early} are set aside to draw candidates of tiers and the others test them. {reason} About {needed} defaults in all are needed; until then keep the table of the scheme.",
        "{loans} 笔贷款中有 {early} 笔用于拟定等级表，其余用于检验。{reason}合计约需 {needed} 笔违约；在此之前请保留方案的等级表。",
    ),
    "tiers_none": Message(
        "No table of tiers can be proved on {loans} loans with {defaults} defaults: a tier of {appetite} needs {needed} loans without any default. Accept a higher rate, gather more loans, or keep the table of the scheme.",
        "以 {loans} 笔贷款（违约 {defaults} 笔）无法证明任何等级表：可接受违约率 {appetite} 的等级至少需要 {needed} 笔无违约贷款。请提高可接受违约率、补充样本，或保留方案的等级表。",
    ),
    "outcome_one_class": Message(
        '{defaults} defaults in {loans} loans: a slope needs both defaults and other loans. Use method="pluto_tasche" or keep the expert table.',
        '{loans} 笔贷款中违约 {defaults} 笔：估计斜率须两类都有；请改用 method="pluto_tasche" 或保留专家表。',
    ),
    "outcomes_separated": Message(
        "The covariates part the defaults from all other loans, so no finite slope fits best; use firth=True, or gather more loans.",
        "变量可将违约与未违约完全分开，斜率没有有限的最优值；请用 firth=True 或增加样本。",
    ),
    "pd_few_defaults": Message(
        '{defaults} defaults in {loans} loans; {needed} defaults and {needed} loans without default are needed for this method. Use method="firth" (5 of each) or method="pluto_tasche" (any number), on the command line --pd-method, or give no default probability.',
        '{loans} 笔贷款中违约 {defaults} 笔；该方法至少需要违约与未违约各 {needed} 笔。请改用 method="firth"（各 5 笔）或 method="pluto_tasche"（不限），命令行用 --pd-method；或不给出违约概率。',
    ),
    "pd_no_loans": Message(
        'There is no loan, so method="{method}" has nothing to learn from. Use method="auto", which gives a table without values.',
        '没有贷款，method="{method}" 无从估计；请改用 method="auto"，将得到无数值的表。',
    ),
    "pd_not_converged": Message(
        'The logistic curve did not settle in {iterations} steps. Use method="pluto_tasche" or keep the expert table.',
        'logistic 曲线经 {iterations} 步仍未收敛。请改用 method="pluto_tasche" 或保留专家表。',
    ),
    "comparison_not_converged": Message(
        "One of the two models that are compared did not settle in {iterations} steps. Compare fewer covariates at once, or gather more loans.",
        "所比较的两个模型之一经 {iterations} 步仍未收敛。请减少同时比较的变量，或增加样本。",
    ),
    "pd_points_equal": Message(
        'All {loans} loans have {points} points, so there is no slope. Use method="pluto_tasche" or keep the expert table.',
        '{loans} 笔贷款的积分均为 {points}，无法估计斜率。请改用 method="pluto_tasche" 或保留专家表。',
    ),
    "points_all_error": Message(
        "points_error is {error}, and the points of the loans spread by {spread} only: they would measure nothing. State a smaller error, or leave it out.",
        "points_error 为 {error}，而贷款积分的离散仅 {spread}，积分将不含信息；请改小或不填。",
    ),
    "pd_points_few": Message(
        'The {loans} loans have {points} different numbers of points, and a curve of three parameters needs 3. Use method="logistic" or "pluto_tasche".',
        '{loans} 笔贷款仅有 {points} 种积分，三参数曲线至少需要 3 种；请改用 method="logistic" 或 "pluto_tasche"。',
    ),
    "pd_separated": Message(
        'The points part all {defaults} defaults from the other loans ({loans} in all), so no finite slope fits best. Use method="pluto_tasche" or keep the expert table.',
        '积分可将 {defaults} 笔违约与其余贷款（共 {loans} 笔）完全分开，斜率没有有限的最优值。请改用 method="pluto_tasche" 或保留专家表。',
    ),
    "pd_slope_rises": Message(
        'Default does not fall as the points rise (slope {slope} per point), against the order of the tiers; examine the card. Use method="pluto_tasche" or keep the expert table.',
        '违约率未随积分上升而下降（每分斜率 {slope}），与等级次序相反，请检查评分卡。请改用 method="pluto_tasche" 或保留专家表。',
    ),
}

DOMAIN: dict[str, Message] = {
    "portfolio_options": Message(
        "The total is {total} and the share of one village {share}: give a total in whole yuan above 0, and a share above 0 up to 1.",
        "总量为 {total}、单村占比为 {share}：总量须为大于 0 的整数（元），占比须大于 0 且不超过 1。",
    ),
    "portfolio_too_small": Message(
        "A total of {total} yuan is less than one step of {step} yuan for each of {households} households. Raise the total, or propose to fewer households.",
        "总量 {total} 元不足以给 {households} 户每户一个步长（{step} 元）；请提高总量，或减少授信户数。",
    ),
    "village_too_small": Message(
        "The share of one village comes to {total} yuan, less than one step of {step} yuan for each of the {households} households of a village. Raise the share or the total, or propose to fewer households there.",
        "单村占比折合 {total} 元，不足以给某村 {households} 户每户一个步长（{step} 元）；请提高单村占比或总量，或减少该村授信户数。",
    ),
    "alpha_metric": Message(
        "metric={given!r} is no distance of categories; choose one of {known}.",
        "metric={given!r} 不是类别距离；可选：{known}。",
    ),
    "array_shape": Message(
        "{name} has shape {shape}, but {expected} is expected; give all arrays for the same records, raters or units.",
        "{name} 的形状为 {shape}，应为 {expected}；请为相同的记录、评议员或对象给出各数组。",
    ),
    "index_outside": Message(
        "{name} holds {value}, which is no index ({count} such entries); number them from 0 and give every rater a village.",
        "{name} 中的 {value} 不是有效序号（共 {count} 处）；请从 0 起编号，并为每名评议员给出所在村。",
    ),
    "p_value_outside": Message(
        "p holds {value} ({count} such entries), but p-values lie from 0 to 1; write NaN where there was no test.",
        "p 中出现 {value}（共 {count} 处），p 值应在 0 至 1 之间；未检验的请写 NaN。",
    ),
    "rating_counts": Message(
        "The counts of unit {at} are missing, negative or not whole ({count} such units); count the raters that chose each category.",
        "第 {at} 个对象的计数缺失、为负或不是整数（共 {count} 个）；请填写选择各类别的评议员人数。",
    ),
    "records_repeated": Message(
        "{count} records repeat a rater and a household; keep one record of each, e.g. compare one round at a time.",
        "有 {count} 条记录的评议员与农户重复；请各保留一条，例如每次只比较一轮评议。",
    ),
    "variance_impossible": Message(
        "{name} holds {value} ({count} such entries), but a finite variance {bound} is needed; correct it, or leave out what has no estimate.",
        "{name} 中出现 {value}（共 {count} 处），方差须为有限数且 {bound}；请更正，或剔除没有估计值的项。",
    ),
    "link_not_there": Message(
        'linking="{link}" has no data: vignettes want anchor cases, and bridge raters of several villages, that tie all villages together; outcomes wants outcomes=. Use linking="auto" or "prior".',
        'linking="{link}" 没有相应数据：vignettes 需锚定案例、bridge 需跨村评议员，且须把所有村连在一起；outcomes 需提供 outcomes=。请改用 linking="auto" 或 "prior"。',
    ),
    "panel_columns": Message(
        "{table} lacks {columns}; add the columns or name other indicators in pillars.",
        "{table} 缺少列 {columns}；请补列，或在 pillars 中改用其他指标。",
    ),
    "panel_form_twice": Message(
        "{count} form(s) repeat a rater and household of the same round; keep one of each.",
        "{count} 份评议表在同一轮中重复（同一评议员、同一农户）；请各保留一份。",
    ),
    "panel_household_unknown": Message(
        "{count} rated household(s) have no village in households; add their rows.",
        "{count} 户被评农户在 households 中没有所属村；请补充。",
    ),
    "panel_id_missing": Message(
        "{column} is missing in {count} row(s); state it or drop the rows.",
        "{column} 有 {count} 行缺失；请补填或删除这些行。",
    ),
    "panel_option": Message(
        "{name}={given!r} is not possible; it may be {known}.",
        "{name}={given!r} 不可用；可取 {known}。",
    ),
    "panel_scale": Message(
        "{table}, column {column}: {count} rating(s) are no whole number from 1 to {most}; blank means missing, and n_categories states another scale.",
        "{table} 的列 {column}：{count} 个评分不是 1 至 {most} 的整数；不了解请留空，其他量表请设 n_categories。",
    ),
    "too_many_items": Message(
        "A pillar has {count} items, {most} are possible; split it.",
        "一个维度有 {count} 个指标，最多 {most} 个；请拆分。",
    ),
    "application_expected": Message(
        "An Application or a dictionary was expected, {given} was given; see docs/tables.md for its fields.",
        "此处需要 Application 或字典，得到 {given}；字段见 docs/tables.md。",
    ),
    "date_expected": Message(
        "A date was expected, {given} was given; use datetime.date(2026, 6, 30).",
        "此处需要日期，得到 {given}；请用 datetime.date(2026, 6, 30)。",
    ),
    "model_name": Message(
        "Model name {name!r} or version {version!r} cannot stand in a path; use small letters, digits, dots and hyphens for the name and three numbers for the version, e.g. farm-loan 1.0.0.",
        "模型名称 {name!r} 或版本 {version!r} 不能用作路径；名称请用小写字母、数字、点和连字符，版本请用三段数字，如 farm-loan 1.0.0。",
    ),
    "mask_uncovered": Message(
        "{count} form(s) answer a set of items that the model file does not cover; fit the model again with such forms.",
        "有 {count} 份评议表的作答指标组合不在模型文件中；请用含此类评议表的数据重新拟合。",
    ),
    "panel_other_scheme": Message(
        "The panel was fitted to other pillars or items than those of the scheme ({pillars}); fit it with the pillars of the scheme, in their order.",
        "评议模型的维度或指标与方案（{pillars}）不同；请按方案的维度和指标顺序拟合。",
    ),
    "panel_not_fitted": Message(
        "panel={given} is not a fitted PanelModel; fit one, or leave it out.",
        "panel={given} 不是已拟合的 PanelModel；请先拟合，或去掉。",
    ),
    "panel_scales": Message(
        "The pillars of the scheme have different rating scales; the panel model needs one. Use a plain aggregator.",
        "方案各维度的评分量表不同，评议模型只支持同一量表；请改用简单汇总方式。",
    ),
    "scheme_expected": Message(
        "A Scheme was expected, {given} was given; read one with load_scheme.",
        "此处需要 Scheme，得到 {given}；请用 load_scheme 读取。",
    ),
    "county_expected": Message(
        "A County was expected, {given} was given; read one with read_county or simulate_county.",
        "此处需要 County，得到 {given}；请用 read_county 或 simulate_county 读取。",
    ),
    "county_empty": Message(
        "The county has no household; give a households table with at least one accepted row.",
        "没有农户记录；请提供至少一条有效的农户信息。",
    ),
    "aggregator_needs_panel": Message(
        "Aggregator {aggregator!r} needs severities fitted by PanelModel; choose mean, median, trimmed_mean or min, or fit a panel first.",
        "汇总方式 {aggregator!r} 需要先由 PanelModel 拟合评议员宽严；请改用 mean、median、trimmed_mean 或 min。",
    ),
    "card_column_missing": Message(
        "The card needs the columns {columns}; add them or use another model.",
        "评分卡需要列 {columns}；请补充或更换模型。",
    ),
    "counts_impossible": Message(
        "Grade {at} has defaults={defaults} of loans={loans} ({count} such grades); need 0 <= defaults <= loans and loans > 0. Merge empty grades first.",
        "第 {at} 级违约 {defaults} 笔、贷款 {loans} 笔（共 {count} 处）；应满足 0≤违约≤贷款且贷款大于 0，请先合并空等级。",
    ),
    "design_singular": Message(
        "Covariate {column} is constant or follows from the ones before it, so it has no slope of its own; leave it out.",
        "第 {column} 个变量为常数或可由前面的变量推出，无法单独估计；请去除。",
    ),
    "not_finite": Message(
        "{name} is missing or not finite in row {row} ({count} such rows); leave those rows out or fill them first.",
        "{name} 第 {row} 行缺失或不是有限数（共 {count} 行）；请先剔除或补齐。",
    ),
    "outcome_not_binary": Message(
        "defaulted holds {value:g}; write 1 for a default and 0 for none.",
        "违约标志出现 {value:g}；违约写 1，未违约写 0。",
    ),
    "pd_anchor_unused": Message(
        'A long-run rate moves a table of default probability, and method="none" makes none. Choose another method, or leave the rate out.',
        '长期违约率用于平移违约概率表，而 method="none" 不产生该表；请改用其他方法，或不填长期违约率。',
    ),
    "pd_confidence": Message(
        "confidence={value} must lie above 0 and at most at {most}, the confidence of the upper bound; 0.5 is usual.",
        "confidence={value} 须大于 0 且不超过上限的置信度 {most}；通常取 0.5。",
    ),
    "pd_cutoffs": Message(
        "The cut-offs must be whole points that ascend from 0 to at most {highest}; take them from the tier table.",
        "分级界点须为 0 至 {highest} 之间递增的整数积分；请取自等级表。",
    ),
    "pd_points": Message(
        "Each loan needs whole points from 0 to {highest} and one outcome, True or False; leave out loans without them.",
        "每笔贷款须有 0 至 {highest} 的整数积分和一个结果（违约与否）；请剔除不全的贷款。",
    ),
    "points_below_table": Message(
        "Points {points} lie below 0, where the PD table begins; score with the card that belongs to the table.",
        "积分 {points} 低于违约概率表起点 0；请使用与该表配套的评分卡。",
    ),
    "probability_open": Message(
        "{name}={value} must lie strictly between 0 and 1, e.g. {example}.",
        "{name}={value} 须严格介于 0 与 1 之间，例如 {example}。",
    ),
    "prob_outside": Message(
        "Probability {value} (row {row}, {count} in all) lies outside 0 to 1; give default probabilities, none missing.",
        "违约概率 {value}（第 {row} 行，共 {count} 个）不在 0 至 1 之间；请给出无缺失的违约概率。",
    ),
    "points_outside": Message(
        "Points lie outside {lowest:g} to {highest:g}, the ends of the card; give its own points and ends.",
        "分数超出评分卡的两端 {lowest:g} 至 {highest:g}；请使用该卡自己的分数与两端。",
    ),
    "tier_appetite": Message(
        "appetite must name each tier from the best to the worst with the default rate accepted in it, between 0 and 1 and rising.",
        "appetite 须由优到劣列出各等级及其可接受违约率，取值在 0 与 1 之间且递增。",
    ),
    "tier_limits": Message(
        "Each tier needs a limit, and a better tier none below that of a worse one.",
        "每个等级须有额度，且较优等级的额度不得低于较劣等级。",
    ),
    "tier_starts": Message(
        "present must name at least one tier with its fewest points, from the best tier to the worst, falling. Reorder or correct it.",
        "present 须由好到差列出各等级的最低积分，且逐级下降；请调整或更正。",
    ),
    "limits_negative": Message(
        "Limits {limits} hold one below 0; give yuan of 0 or more.",
        "额度 {limits} 含负值；请给出不小于 0 的元数。",
    ),
    "points_column": Message(
        "Points must be one column of whole numbers, none missing; round or pick the column first.",
        "分数须为一列无缺失的整数；请先取整或选取该列。",
    ),
    "calibration_points": Message(
        "Some points lie outside the attainable ones, {lowest} to {highest}; give the ends of the card, at most a million apart.",
        "部分分数不在可得分数 {lowest} 至 {highest} 之内；请给出评分卡的两端（相差至多一百万）。",
    ),
    "calibration_grades": Message(
        "grades must be whole numbers that rise: the fewest points of each grade.",
        "grades 须为递增的整数，即各等级的最低分数。",
    ),
    "auc_unreachable": Message(
        "No curve over these points has an area of {auc} at a rate of {rate}; it lies between 0.5 and {best}. Look at the area, or at how the points spread.",
        "在违约率 {rate} 下，这些分数上的曲线无法达到 AUC {auc}；可取范围为 0.5 至 {best}。请核对该 AUC 或分数的分布。",
    ),
    "shape_differs": Message(
        "{name} has shape {shape}, but {expected} is expected; give one value per loan.",
        "{name} 的形状为 {shape}，应为 {expected}；请为每笔贷款给出一个值。",
    ),
    "too_many_forms": Message(
        "A household has {count} forms, {most} are the most; check for forms entered twice.",
        "有农户的评议表达 {count} 份，最多 {most} 份；请检查是否重复录入。",
    ),
    "simulation_panel": Message(
        "A panel of {panel} raters cannot give {each} raters to a household and hold {roles} "
        "neighbours and group leaders; raise raters_per_village or lower the others.",
        "评议团共 {panel} 人，无法为每户安排 {each} 名评议员并包含 {roles} 名邻居与小组长；"
        "请增加每村评议员人数或减少其余人数。",
    ),
    "simulation_role": Message(
        "bridge_role={value} is no role of a rater; choose one of: {roles}.",
        "bridge_role={value} 不是评议员身份；可选：{roles}。",
    ),
    "simulation_shares": Message(
        "The shares {names} exclude one another but add up to {total:g}; keep their sum within 1.",
        "比例 {names} 互相排斥，但合计为 {total:g}；请使合计不超过 1。",
    ),
    "simulation_thresholds": Message(
        "thresholds={value} must be four finite numbers, one for each step of a 1-5 rating.",
        "thresholds={value} 应为四个有限数值，对应 1 至 5 分评议的四个台阶。",
    ),
    "simulation_value": Message(
        "{name}={value} is outside its range; give a number from {low:g} to {high:g}, whole where "
        "it counts something.",
        "{name}={value} 超出范围；请给出 {low:g} 到 {high:g} 之间的数值（计数须为整数）。",
    ),
    "database_missing": Message(
        "{package} is not installed; run: pip install sanzhixin[sql], or install the driver of your database.",
        "未安装 {package}；请执行 pip install sanzhixin[sql]，或安装所用数据库的驱动。",
    ),
    "database_url": Message(
        "the address of the database cannot be read; write it as postgresql://user@host/name.",
        "无法识别数据库地址；请写成 postgresql://用户@主机/库名。",
    ),
    "sql_columns": Message(
        "Several columns would be named {columns}, if capital letters make no difference; give the factors or records of the scheme other names.",
        "列名 {columns} 重复（不区分大小写）；请为方案中的因素或记录改名。",
    ),
    "sql_dialect": Message(
        "dialect={given!r} is no SQL dialect that is written; choose one of {known}.",
        "不支持 SQL 方言 {given!r}；可选：{known}。",
    ),
    "sql_missing": Message(
        "SQL is written with sqlglot, which is not installed; run: pip install sanzhixin[sql], then try again.",
        "生成 SQL 需要 sqlglot，当前未安装；请执行 pip install sanzhixin[sql] 后重试。",
    ),
    "sql_name": Message(
        "{given!r} cannot stand in SQL: a name has up to three parts with dots between them (two on MySQL, Oracle, Hive and SQLite), and neither names nor texts may be empty or hold characters that cannot be printed. Choose another name.",
        "{given!r} 不能写入 SQL：表名最多三段（MySQL、Oracle、Hive、SQLite 两段）、以点分隔，名称和文字不得为空或含不可打印字符；请改名。",
    ),
    "weights_negative": Message(
        "The weight in row {row} is negative; weights are frequencies of 0 or more.",
        "第 {row} 行权重为负；权重为频数，应不小于 0，请更正。",
    ),
}
