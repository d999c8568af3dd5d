"""Messages of judging a model by its outcomes, its panel and its months."""

from __future__ import annotations

from sanzhixin.errors.message import Message

__all__ = ["VALIDATION"]

VALIDATION: dict[str, Message] = {
    "judged_columns": Message(
        "The table of loans lacks the columns {columns}. Give the table of loan_table, or name the columns of your own alike.",
        "贷款表缺少列 {columns}；请使用 loan_table 的结果，或将自有表的列名改为一致。",
    ),
    "plot_table": Message(
        "This picture draws the table {wanted}, and the table {given} was given.",
        "此图绘制 {wanted} 表，给出的是 {given} 表。",
    ),
    "report_ending": Message(
        "The file {path} does not end in {ending}, so programs would take it for something else. Give it that ending.",
        "文件 {path} 不以 {ending} 结尾，其他程序会误认其格式；请以此结尾命名。",
    ),
    "pillar_absent": Message(
        "The table has no pillar {pillar}; it has {known}. Give one of these codes, and names for the title in `names`.",
        "表中没有维度 {pillar}，只有 {known}；请给出其中一个代码，标题用名由 names 给出。",
    ),
    "households_repeated": Message(
        "{count} rows repeat a household at one date, so before and after cannot be paired. Give every household one row at each date.",
        "同一日期有 {count} 行农户重复，前后无法配对；每户每个日期只留一行。",
    ),
    "loans_repeated": Message(
        "Row {row} of the loans has the loan_id of an earlier row ({count} such rows). Give every loan one row.",
        "贷款表第 {row} 行的 loan_id 与前面的行重复（此类行共 {count} 行）；每笔贷款只留一行。",
    ),
    "ranking_one_class": Message(
        "{defaults} defaults in {loans} loans: points can only be ranked against both defaults and other loans. Gather more outcomes.",
        "{loans} 笔贷款中违约 {defaults} 笔：区分能力须违约与未违约两类都有；请补充样本。",
    ),
    "breaks_order": Message(
        "The breaks between cells must be finite numbers that ascend, without repeats. Freeze them once with freeze_breaks and keep them.",
        "分组界限须为递增、不重复的有限数；请用 freeze_breaks 固定一次并沿用。",
    ),
    "cell_counts": Message(
        "Cell {at} holds {value} ({count} such cells), but a cell holds a whole number of rows. Give counts, not shares.",
        "第 {at} 组为 {value}（共 {count} 处），而每组应为整数行数；请给出行数而非占比。",
    ),
    "proposals_columns": Message(
        "The table of proposals lacks the columns {columns}. Give the table of model.propose.",
        "建议表缺少列 {columns}；请使用 model.propose 的结果。",
    ),
    "proposals_repeated": Message(
        "{count} rows of the table of proposals repeat a household, which has one proposal. Give the table of one run of model.propose.",
        "建议表中有 {count} 行农户重复，而每户只应有一条建议；请使用同一次 model.propose 的结果。",
    ),
    "tiers_unknown": Message(
        "Tiers {unknown} stand in the table and not in the order that was given. Name all of them, the best first, the unrated one last.",
        "表中的等级 {unknown} 不在给定次序中；请由高到低列全各等级，未评级在最后。",
    ),
    "counts_periods": Message(
        "Counts of at least {least} equal periods are needed, each a whole number from 0. Give one count a period, months without entries as 0.",
        "须给出至少 {least} 个等长期间的笔数，且均为非负整数；没有记录的月份请填 0。",
    ),
    "group_reference": Message(
        "The reference {reference} is no group of {attribute}. Name one of its groups, or leave it out for the largest.",
        "{attribute} 中没有作为参照的组 {reference}；请写其中一组，或不写而以最大组为参照。",
    ),
    "groups_unmatched": Message(
        "None of the {given} households in the table of audit groups stands among the {households} proposals. Write household_id alike in both tables: text or number, with the same prefix.",
        "审计分组表中的 {given} 户与建议表中的 {households} 户没有一户对应；请使两表的 household_id 写法一致（文本或数字、前缀）。",
    ),
    "monitor_order": Message(
        "The later date {after} does not lie after the earlier one, {before}. Give the earlier folder first, or state the dates.",
        "后期日期 {after} 不晚于前期日期 {before}；请先给前期文件夹，或写明两个日期。",
    ),
    "stop_damaged": Message(
        "The stop file {name} cannot be read: {problem_en}. It may name this model, so nothing is scored; write it anew with monitor, or remove it if no stop is meant.",
        "停用文件 {name} 无法识别（{problem_zh}）；其中可能列有本模型，故不予评定。请用 monitor 重新写出，确无停用时请移除该文件。",
    ),
    "model_stopped": Message(
        "Monitoring has stopped the model {model_id} as of {as_of}, because {reasons_en}. Let people decide by hand and review the model; remove the stop file {name} once somebody answers for going on.",
        "监测已自 {as_of} 起停用模型 {model_id}，原因：{reasons_zh}。请改由人工办理并复查模型；有人负责恢复使用后，再移除停用文件 {name}。",
    ),
    "report_missing": Message(
        "The page of a report needs {package}, which is not installed; run: pip install sanzhixin[report], or write .json or .xlsx.",
        "生成报告页面需要 {package}，当前未安装；请执行 pip install sanzhixin[report]，或改写 .json、.xlsx。",
    ),
}
