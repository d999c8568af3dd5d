"""Messages of binning and scorecards that are fitted from outcomes."""

from __future__ import annotations

from sanzhixin.errors.message import Message

__all__ = ["CARD"]

CARD: dict[str, Message] = {
    # Too little evidence.
    "bins_infeasible": Message(
        "Column {feature}: no bins keep the fixed splits and the rules (at least {events:g} events, {nonevents:g} non-events and {weight:.0f} rows in each by min_bin_share and min_expected, trend {trend}, at most {bins} bins). Drop a split or relax a rule.",
        "{feature} 列：没有分箱能同时满足固定切点与规则（每箱至少违约 {events:g}、未违约 {nonevents:g}、行数 {weight:.0f}（由 min_bin_share 与 min_expected 得出），趋势 {trend}，至多 {bins} 箱）；请去掉切点或放宽规则。",
    ),
    "outcome_single": Message(
        "All {rows} rows are of one class ({label}), so nothing tells defaults from the rest; gather outcomes of both, or keep the expert table.",
        "全部 {rows} 行属于同一类别（{label}），无法区分违约与否；请补充两类样本，或保留专家表。",
    ),
    "card_few_defaults": Message(
        'A card needs at least {needed} defaults, {needed} other loans and defaults in {folds} villages to be learned and tested; there are {defaults} defaults in {loans} loans and in {villages} villages. Until then use the expert card (card="expert", --card expert).',
        '学习并检验评分卡至少需要违约与未违约各 {needed} 笔，且 {folds} 个村有违约；现有 {loans} 笔贷款、违约 {defaults} 笔、涉及 {villages} 个村。目前请用专家卡（card="expert"，--card expert）。',
    ),
    "card_late_few": Message(
        'The latest third of the loans cannot be held out: it needs {needed} defaults, {needed} other loans and loans of {folds} villages, and {early} defaults before it ({days} days of granting). Use holdout="village".',
        '无法将最近三分之一的贷款留作检验：须有违约与未违约各 {needed} 笔、{folds} 个村，且此前违约 {early} 笔（共 {days} 个放款日）。请用 holdout="village"。',
    ),
    "card_not_better": Message(
        'On unseen loans default does not rise with the learned log-odds (slope {slope}), so there is no card to keep. Use the expert card (card="expert", --card expert).',
        '在未见贷款上，违约不随学习所得的对数比率上升（斜率 {slope}），没有可保留的评分卡。请用专家卡（card="expert"，--card expert）。',
    ),
    "card_no_characteristic": Message(
        "No characteristic tells defaults from the rest among {loans} loans, so there is no card to learn. Keep the expert card, or gather more outcomes.",
        "{loans} 笔贷款中没有任何特征能区分违约与否，无法学习评分卡；请保留专家卡或补充样本。",
    ),
    # Outside the domain of a method.
    "option_choice": Message(
        "{name}={given!r} is not possible; give one of {known}.",
        "{name}={given!r} 无效；请从以下选项中选择：{known}。",
    ),
    "option_range": Message(
        "{name}={given!r} is not possible; give {rule}.",
        "{name}={given!r} 无效；请给出{rule_zh}。",
    ),
    "bin_counts": Message(
        "Events {events} and non-events {nonevents} of the pre-bins must be two equally long rows of finite counts, none negative.",
        "预分箱的违约数 {events} 与未违约数 {nonevents} 须为等长、有限且非负的两列。",
    ),
    "bin_cuts": Message(
        "Cuts of shape {given} were given; one is needed between every two pre-bins, shape {expected}.",
        "cuts 的形状为 {given}；每两个相邻预分箱之间须有一个，形状应为 {expected}。",
    ),
    "woe_counts": Message(
        "Bin {bin} holds {events:g} events and {nonevents:g} non-events; without both its weight of evidence is infinite. Merge it with a neighbour.",
        "第 {bin} 箱违约 {events:g}、未违约 {nonevents:g}；缺少其一时证据权重无穷大，请与相邻箱合并。",
    ),
    "period_missing": Message(
        "{count} rows have no period; give each row one, or leave the periods out.",
        "{count} 行没有时期；请为每行填写，或不提供时期。",
    ),
    "stability_empty": Message(
        "One of the two distributions holds no rows, so they cannot be compared; leave out empty periods.",
        "两个分布之一没有数据，无法比较；请去掉没有数据的时期。",
    ),
    "card_feature_unknown": Message(
        "The card has no characteristic {features}, so it cannot be advised; the card has {known}.",
        "评分卡没有特征 {features}，无法据以建议；现有特征为 {known}。",
    ),
    "scale_option": Message(
        "The scale {given} is not possible; points that double the odds lie between 0.1 and a million, odds are positive, and the lowest total a whole number below the highest.",
        "分值刻度 {given} 无效；翻倍分值须在 0.1 到 100 万之间，基准比率为正数，最低总分须为小于最高总分的整数。",
    ),
    "slope_sd": Message(
        "slope_sd={value} must be positive; None fits without a prior.",
        "slope_sd={value} 须为正数；不用先验时请设为 None。",
    ),
    "signs_unknown": Message(
        "signs of shape {shape} were given; one of -1, 0 or 1 is needed for each covariate, shape {expected}.",
        "signs 的形状为 {shape}；每个变量须给出 -1、0 或 1 之一，形状应为 {expected}。",
    ),
    "column_names": Message(
        "The columns {names} stand more than once; give each column a name of its own.",
        "列名 {names} 重复；请使每列名称唯一。",
    ),
    "column_kind": Message(
        "Column {name} holds {kind}; give numbers or texts, for instance days since a date.",
        "{name} 列为 {kind} 类型；请给出数值或文本，例如距某日的天数。",
    ),
    "columns_differ": Message(
        "{problem}. Give the columns of the fit, in their order; card_.points of a Scorecard reads its own columns by name instead, beside any others.",
        "数据列与拟合时不一致（{problem_zh}）；请按拟合时的列与次序提供，或用 Scorecard 的 card_.points：它按列名读取所需各列，不论次序与多余列。",
    ),
    "card_suffix": Message(
        "{path} does not end in .xlsx; give the workbook a name that does.",
        "{path} 的扩展名不是 .xlsx；请使用以 .xlsx 结尾的文件名。",
    ),
    "card_frame": Message(
        "A {given} was given; a card reads columns by name, so give a pandas, polars or pyarrow frame.",
        "给出的是 {given}；评分卡按列名读取，请提供 pandas、polars 或 pyarrow 数据表。",
    ),
    "column_infinite": Message(
        "Column {name} holds {count} infinite numbers; replace them by a number, or leave the cells blank.",
        "{name} 列含 {count} 个无穷值；请替换为数值或留空。",
    ),
    "outcome_length": Message(
        "The outcome has {given} rows and the data have {expected}; give one outcome for each row.",
        "结果变量有 {given} 行，数据有 {expected} 行；每行须有一个结果。",
    ),
    "outcome_blank": Message(
        "Input y contains NaN: {count} outcomes are missing, the first in row {row} (counted from 0). Leave out loans whose outcome is not known yet.",
        "结果变量有 {count} 个缺失，首个在第 {row} 行（从 0 起）；请先去掉结果未知的贷款。",
    ),
    "outcome_classes": Message(
        "Only binary classification is supported. The outcome has {count} classes ({classes}); give two, the larger of which is the event (default).",
        "结果变量有 {count} 个类别（{classes}）；须恰有两类，后一类为违约。",
    ),
    "bin_special": Message(
        "Special codes of {feature}, group {group}: {rule}.",
        "{feature} 的特殊值分组 {group}：{rule_zh}。",
    ),
    "bin_edit": Message(
        "Edit of {feature}: {action} {place} is not possible; {rule}.",
        "对 {feature} 的调整（{action} {place}）无法执行；{rule_zh}。",
    ),
    "bin_feature_unknown": Message(
        "{name} names {features}, which the data do not have; the columns are {known}.",
        "{name} 指定了数据中没有的 {features}；现有列为 {known}。",
    ),
    # Rows that are not what was fitted.
    "column_mixed": Message(
        "Column {name} mixes {numbers} numbers and {texts} texts; make it one of them, with blanks for what is missing.",
        "{name} 列混有 {numbers} 个数值和 {texts} 个文本；请统一为一种，缺失处留空。",
    ),
    "column_numbers_as_text": Message(
        "Column {name} holds numbers as text, such as {example!r}; convert it to numbers, or name it in categorical.",
        "{name} 列以文本存放数值（如 {example!r}）；请转换为数值，或在 categorical 中列出。",
    ),
    "column_not_number": Message(
        "Column {name} was fitted as numbers and now holds texts, such as {example!r}; convert it to numbers.",
        "{name} 列拟合时为数值，现为文本（如 {example!r}）；请转换为数值。",
    ),
    "column_not_text": Message(
        "Column {name} was fitted as categories and now holds numbers; give the same codes as in fitting.",
        "{name} 列拟合时为类别，现为数值；请使用与拟合时相同的代码。",
    ),
    "column_blank": Message(
        'Column {name}: {count} values are missing, and missing="refuse" allows none; fill them in, or choose missing="separate", "worst" or "neutral".',
        '{name} 列有 {count} 个缺失值，而 missing="refuse" 不允许缺失；请补填，或改用 missing="separate"、"worst" 或 "neutral"。',
    ),
    "value_unseen": Message(
        'Column {name}: {count} values are {what}, the first in row {row} (counted from 0), which fitting never saw, so nothing tells their points. Correct them, fit again, or choose unseen="worst" or "neutral".',
        '{name} 列有 {count} 个{what_zh}，首个在第 {row} 行（从 0 起），拟合时从未出现，无从赋分；请更正、重新拟合，或改用 unseen="worst" 或 "neutral"。',
    ),
}
