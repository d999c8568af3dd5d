"""Messages of schemes that are refused."""

from __future__ import annotations

from sanzhixin.errors.message import Message

__all__ = ["AND_MORE", "SCHEME"]

AND_MORE = Message("And {count} more.", "另有 {count} 处。")
"""Ends the list of places when not all are told."""

SCHEME: dict[str, Message] = {
    "remove_without_extends": Message(
        "{name}: `remove` takes inherited entries out, but the file extends no scheme; delete the entries themselves.",
        "{name}：remove 用于去掉继承的条目，但该文件没有 extends；请直接删除条目。",
    ),
    "score_scale_too_large": Message(
        "highest_score and the event cap times points_per_score may be {most} points at most; use fewer points a score unit.",
        "满分和事件上限乘以 points_per_score 最多为 {most} 点；请减少每分点数。",
    ),
    "factor_column": Message(
        "Factor {name}: column {column} is reserved or serves another factor; give the factor its own column.",
        "因素 {name}：列 {column} 为保留列或已被其他因素使用；请使用单独的列。",
    ),
    "negative_off_scale": Message(
        "review.negative_form_mean must lie on the scale of pillar {pillar}, below its highest rating; correct it.",
        "review.negative_form_mean 须在维度 {pillar} 的量表内且低于最高分；请更正。",
    ),
    "number_digits": Message(
        "{where} is {given}, with more than {decimals} decimals or {digits} digits; write it shorter.",
        "{where} 为 {given}，超过 {decimals} 位小数或 {digits} 位；请简写。",
    ),
    "ratio_too_fine": Message(
        "{where} is {given}; times 10^12 yuan it is too large to stay exact. Write it with fewer digits.",
        "{where} 为 {given}，与 10^12 元相乘后无法保持精确；请减少位数。",
    ),
    "remove_unknown": Message(
        "{name}: remove names {entry}, which the extended scheme does not have; write e.g. limits.product_cap or factors.customer_years.",
        "{name}：remove 中的 {entry} 在被继承方案中不存在；请写如 limits.product_cap 或 factors.customer_years。",
    ),
    "amount_negative": Message(
        "{where}: the amount {value} {unit} is negative; state an amount of 0 or more.",
        "{where}：金额 {value}{unit} 为负；请填写不小于 0 的金额。",
    ),
    "amount_not_whole": Message(
        "{where}: {value} {unit} is not a whole number of yuan; state whole yuan.",
        "{where}：{value}{unit} 不是整数元；请填写整数元。",
    ),
    "choice_unknown": Message(
        "{where} is {given}; write one of: {choices}.",
        "{where} 为 {given}；请改为以下之一：{choices}。",
    ),
    "code_form": Message(
        "{where} is {given}; a code has up to 32 letters, digits or _ and begins with a letter. Rename it.",
        "{where} 为 {given}；代码由英文字母、数字和下划线组成，以字母开头，最多 32 个字符；请改名。",
    ),
    "code_repeated": Message(
        "{kind}: each entry needs its own code; these stand twice: {codes}. Remove or rename one.",
        "{kind} 中的代码不得重复：{codes}；请删除或改名。",
    ),
    "denied_attribute": Message(
        "{name}: {attribute} may not enter a score ({basis}); remove this entry from the scheme.",
        "{name}：{attribute_zh}不得用于评分（{basis_zh}）；请从方案中删除该项。",
    ),
    "entry_invalid": Message(
        "{where} is not valid; {paper} says what may stand there. Correct it.",
        "{where} 无效；可填内容见 {paper_zh}，请更正。",
    ),
    "event_cap_sign": Message(
        "{code}: the cap has another sign than the levels; a loss is capped by a negative number.",
        "{code}：上限与分值正负不一致；扣分项的上限请写负数。",
    ),
    "event_level_repeated": Message(
        "{code}: a level stands twice; give each level its own name.",
        "{code}：等级重复；请为每一等级另取名称。",
    ),
    "event_loss_unbounded": Message(
        "{code} costs points, so it needs a cap and may count for 12 months at most; state both.",
        "{code} 为扣分项，必须设上限且有效期不超过 12 个月；请补充。",
    ),
    "event_part": Message(
        "event_part: need floor <= start <= cap; got floor {floor}, start {start}, cap {cap}.",
        "event_part：应满足 下限≤起点≤上限；现为 {floor}、{start}、{cap}，请更正。",
    ),
    "event_sign_mixed": Message(
        "{code}: some levels bring and others cost points; make two events of it.",
        "{code}：同一事件既有加分又有扣分；请拆成两个事件。",
    ),
    "extends_not_text": Message(
        "{name}: `extends` must be the name of a built-in scheme or a path, as text, and `remove` a list of entries.",
        "{name}：extends 应为内置方案名称或文件路径（文本），remove 应为条目列表。",
    ),
    "extends_too_deep": Message(
        "{name}: more than {deepest} schemes extend each other; remove the circle.",
        "{name}：方案继承超过 {deepest} 层；请检查是否循环继承。",
    ),
    "factor_bins_apart": Message(
        "Factor {name}: one bin ends at {below} and the next begins at {at_least}; bins are half-open and must touch: set both to the same bound.",
        "因素 {name}：前一区间止于 {below}，后一区间起于 {at_least}；区间左闭右开且须相接，请改为同一界点。",
    ),
    "factor_bins_order": Message(
        "Factor {name}: the bounds of the bins do not rise; sort the bins.",
        "因素 {name}：区间界点未递增；请按从小到大排列。",
    ),
    "factor_ends_closed": Message(
        "Factor {name}: the first bin may not have at_least and the last may not have below, so that every value has a bin; remove them.",
        "因素 {name}：首区间不得有 at_least、末区间不得有 below，以保证每个值都有区间；请删除。",
    ),
    "factor_level_repeated": Message(
        "Factor {name}: a level stands twice; keep one.",
        "因素 {name}：取值重复；请只保留一个。",
    ),
    "factor_too_strong": Message(
        "Factor {name}: {points} score units exceed the largest effect of a factor, {each}; lower them.",
        "因素 {name}：分值 {points} 超过单项上限 {each}；请调低。",
    ),
    "factor_without_reference": Message(
        "Factor {name}: one bin must have 0 points: the reference that a missing value is held to.",
        "因素 {name}：须有一个 0 分的参照区间，缺失值按参照处理；请补充。",
    ),
    "gate_unlisted": Message(
        '{code}: list class {list_class!r} is not one of the official lists ({known}); conduct outside the lists may not stop a proposal: use action = "review" or remove it.',
        "{code}：类别 {list_class!r} 不在法定清单（{known}）内；清单外的行为不得作为否决项，请改为人工复核或删除。",
    ),
    "equating": Message(
        'aggregator is {aggregator}: severity_adjusted needs equating, and no other has it. Write equating = "mean" to bring adjusted scores to the scale of the tier table, or "none" for a table made for adjusted scores.',
        'aggregator 为 {aggregator}：severity_adjusted 必须写 equating，其他方式不得写。equating = "mean" 将调整后得分对应到等级表的尺度，"none" 表示等级表按调整后得分制定。',
    ),
    "header_taken": Message(
        "The header {header!r} of {column} means {owner} in table {table}; give it another name in the scheme.",
        "{column} 的表头“{header}”在 {table} 表中已指 {owner}；请在方案中另行命名。",
    ),
    "key_missing": Message(
        "{where} is missing; add it.",
        "缺少 {where}；请补充。",
    ),
    "key_unknown": Message(
        "{where} is no key of this place; correct its spelling, move it or delete it.",
        "{where} 不是此处可用的键；请更正拼写、移到正确位置或删除。",
    ),
    "list_too_long": Message(
        "{where} has {length} entries; at most {most} are needed. Merge some of them.",
        "{where} 有 {length} 项；最多 {most} 项，请合并。",
    ),
    "list_too_short": Message(
        "{where} is too short (entries: {length}, at least {least}); add what is missing.",
        "{where} 项数不足（现有 {length} 项，至少 {least} 项）；请补充。",
    ),
    "official_without_document": Message(
        "{code}: an official negative record needs list_class and document (which number has to be given); state both.",
        "{code}：官方负面记录须写明清单类别（list_class）和文书编号（document）；请补充。",
    ),
    "pillar_code_form": Message(
        "{where} is {given}; the code of a pillar has up to 8 lower-case letters or digits and begins with a letter. Rename it.",
        "{where} 为 {given}；维度代码由小写英文字母和数字组成，以字母开头，最多 8 个字符；请改名。",
    ),
    "pillar_crowded": Message(
        "Pillar {pillar} has {count} panel items, {most} are the most; merge items or make two pillars.",
        "维度 {pillar} 有 {count} 项评议指标，最多 {most} 项；请合并指标或拆成两个维度。",
    ),
    "pillar_empty": Message(
        "Pillar {pillar} has no panel item; add one or remove the pillar.",
        "维度 {pillar} 没有评议指标；请添加或删除该维度。",
    ),
    "pillar_scales": Message(
        "Pillar {pillar}: its items have different scales; give all the same lowest and highest.",
        "维度 {pillar}：各指标量表不同；请统一最低分与最高分。",
    ),
    "pillar_unknown": Message(
        "{code}: pillar {pillar!r} is not declared; known: {known}.",
        "{code}：维度 {pillar!r} 未声明；已有：{known}，请更正。",
    ),
    "pillar_weight": Message(
        "Every pillar needs a weight above 0; remove a pillar that shall not count.",
        "各维度权重须大于 0；不计分的维度请删除。",
    ),
    "points_not_whole": Message(
        "{where}: {value} is finer than one point ({step} score units); nothing is rounded, state a multiple.",
        "{where}：{value} 小于一个积分单位（{step} 分）；系统不做四舍五入，请改为其整数倍。",
    ),
    "raters_by_pillar": Message(
        "raters_by_pillar must name each pillar once ({known}) with the roles that may answer it.",
        "raters_by_pillar 须逐一列出各维度（{known}）及可评议的角色；请更正。",
    ),
    "required_bound_without_rule": Message(
        "limits.required names {bound}, but the limits table has no rule for it; state the rule or drop the requirement.",
        "limits.required 要求 {bound}，但额度表中没有相应规则；请补充规则或取消要求。",
    ),
    "scale_invalid": Message(
        "{code}: a scale runs from lowest to highest within 1 to 9; got {lowest} to {highest}.",
        "{code}：量表须在 1 至 9 之间由低到高；现为 {lowest} 至 {highest}，请更正。",
    ),
    "scheme_dates": Message(
        "The scheme would end ({end}) before it begins ({start}); correct valid_from or valid_until.",
        "方案结束日 {end} 早于开始日 {start}；请更正有效期。",
    ),
    "scheme_invalid": Message(
        "{count} places have to be corrected; {paper} lists keys and units. {problems}",
        "有 {count} 处须更正，键名与单位见 {paper_zh}。{problems_zh}",
    ),
    "scheme_name_form": Message(
        "{where} is {given}; the name of a scheme has up to 64 lower-case letters, digits or the characters . _ - and begins with a letter or digit. Rename it.",
        "{where} 为 {given}；方案名称由小写英文字母、数字和 . _ - 组成，以字母或数字开头，最多 64 个字符；请改名。",
    ),
    "scheme_version_form": Message(
        "{where} is {given}; a version is three whole numbers between points, such as 1.0.0. Correct it.",
        "{where} 为 {given}；版本号由三个整数组成，如 1.0.0；请更正。",
    ),
    "score_table_total": Message(
        "Pillar weights and the event cap add up to {total}, but highest_score is {highest}; make them equal.",
        "各维度权重与事件上限之和为 {total}，而满分为 {highest}；请使两者相等。",
    ),
    "text_too_long": Message(
        "{where} is too long (characters: {length}, at most {most}); shorten it.",
        "{where} 过长（现有 {length} 个字符，最多 {most} 个）；请缩短。",
    ),
    "text_too_short": Message(
        "{where} is too short (characters: {length}, at least {least}); fill it in.",
        "{where} 过短（现有 {length} 个字符，至少 {least} 个）；请填写。",
    ),
    "tier_cap_falls": Message(
        "Tier {high} lies above {low}, but its cap {b} is below {a}: the limit would fall as the score rises. Raise or reorder the caps.",
        "等级 {high} 高于 {low}，但其上限 {b} 低于 {a}：分数升高而额度下降；请调整上限。",
    ),
    "tier_empty": Message(
        "Tier {grade}: below ({below}) must exceed at_least ({at_least}).",
        "等级 {grade}：below（{below}）须大于 at_least（{at_least}）；请更正。",
    ),
    "tier_gap": Message(
        "Tiers: no tier holds scores from {end} to {start} (between {low} and {high}). Write half-open bounds that touch: below = {start}.",
        "等级表：{end} 至 {start} 之间（{low} 与 {high}）没有等级；请写相接的左闭右开区间：below = {start}。",
    ),
    "tier_out_of_scale": Message(
        "Tier {grade} begins at {at_least}, outside the scale 0 to {highest}; correct the bound.",
        "等级 {grade} 起点 {at_least} 超出 0 至 {highest} 的范围；请更正。",
    ),
    "tier_overlap": Message(
        "Tiers: {start} belongs to both {low} (ends {end}) and {high}. Write half-open bounds, e.g. at_least <= score < {start} for {low}.",
        "等级表：{start} 同时属于 {low}（止于 {end}）和 {high}；请写左闭右开区间，如 {low}：score < {start}。",
    ),
    "tier_rate_missing": Message(
        "Tiers {grades} have no rate_bp while others have one. Give every tier its rate in basis points, or none.",
        "等级 {grades} 缺少 rate_bp，而其他等级已填写；请为每一等级填写利率（基点），或全部不填。",
    ),
    "tier_rate_rises": Message(
        "Tier {high} lies above {low}, but its rate {b} bp is above {a} bp: the price would rise as the score rises. Lower or reorder the rates.",
        "等级 {high} 高于 {low}，但其利率 {b} 基点高于 {a} 基点：分数升高而利率上升；请调整利率。",
    ),
    "tier_repeated": Message(
        "Tiers: the name {grade} stands more than once; give each tier its own name.",
        "等级表：名称 {grade} 重复；请为每一等级另取名称。",
    ),
    "tier_top_closed": Message(
        "Tiers: the highest tier {grade} ends at {below}, so higher scores have none; remove `below`.",
        "等级表：最高等级 {grade} 止于 {below}，更高分数无等级；请删除 below。",
    ),
    "toml_unquoted": Message(
        "{name}, line {line}: write {word}, with straight quotation marks. Every text needs them, and every key with other characters than A-Z, a-z, 0-9, _ and -.",
        "{name} 第 {line} 行：请加英文引号，写成 {word}。文本须加引号，键中含汉字等字符时也须加引号。",
    ),
    "value_not_bool": Message(
        "{where} is {given}; write true or false, without quotation marks.",
        "{where} 为 {given}；请写 true 或 false，不加引号。",
    ),
    "value_not_date": Message(
        "{where} is {given}; write a date without quotation marks, such as 2026-06-30.",
        "{where} 为 {given}；请写日期，不加引号，如 2026-06-30。",
    ),
    "value_not_finite": Message(
        "{where} is {given}; write a finite number.",
        "{where} 为 {given}；请写有限的数。",
    ),
    "value_not_list": Message(
        "{where} is {given}; write a list in square brackets, or entries under the name in double square brackets.",
        "{where} 为 {given}；请写成方括号内的列表，或用双方括号逐项列出。",
    ),
    "value_not_number": Message(
        "{where} is {given}; write a number without quotation marks, such as 0.5.",
        "{where} 为 {given}；请写数字，不加引号，如 0.5。",
    ),
    "value_not_table": Message(
        "{where} is {given}; write a table of keys and values.",
        "{where} 为 {given}；请写成由键和值组成的表。",
    ),
    "value_not_text": Message(
        "{where} is {given}; write a text between quotation marks.",
        "{where} 为 {given}；请写加引号的文本。",
    ),
    "value_not_whole": Message(
        "{where} is {given}; write a whole number without quotation marks, such as 3.",
        "{where} 为 {given}；请写整数，不加引号，如 3。",
    ),
    "value_out_of_range": Message(
        "{where} is {given} and has to be {bound}; correct it.",
        "{where} 为 {given}，应 {bound}；请更正。",
    ),
}
