"""Headings, words and sentences of the page, in Chinese and English from one table."""

from __future__ import annotations

__all__ = ["FACT_WORDS", "HOW_TO_READ", "MARKS", "SECTIONS", "WORDS"]

Pair = tuple[str, str]

MARKS = {"pass": "✓", "watch": "!", "fail": "✗", "insufficient": "○", "info": "·"}
"""Mark of each verdict, which tells it where colours are not seen."""

SECTIONS: dict[str, Pair] = {
    "pathway": ("从评议到额度", "From ratings to limits"),
    "calibration": ("违约概率与实际违约", "Default probabilities and outcomes"),
    "ranking": ("区分能力", "Discrimination"),
    "use": ("准入与敏感度", "Cut-offs and sensitivity"),
    "stability": ("分布与稳定性", "Distribution and stability"),
    "panel": ("评议团与各村可比性", "Panel, and whether villages compare"),
    "examples": ("示例农户", "Example households"),
}
"""Sections with pictures, in order."""

WORDS: dict[str, Pair] = {
    "title": ("模型验证报告", "Model validation report"),
    "lead": (
        "本报告以已知结果的贷款、全部农户和评议表评估模型 {model}，截至 {as_of}。"
        "模型只提出建议，由人决定；评议得分不对外公布，也不排名。",
        "This report judges model {model} by loans with a known outcome, by all households and by "
        "the forms, as of {as_of}. The model proposes and people decide; scores of the panel are "
        "neither published nor ranked.",
    ),
    "summary": ("摘要", "Summary"),
    "table": ("表", "table"),
    "contents": ("目录", "Contents"),
    "alarms": ("需要查看的各行", "Rows to look at"),
    "alarms_shown": (
        "显示 {shown} 条，共 {n} 条，不通过的在前；全部见各表，各表全部行见 JSON 或 Excel 文件。",
        "{shown} of {n} are shown, fail before watch; all stand in the tables, which are whole in "
        "the JSON and Excel files.",
    ),
    "raters_drawn": (
        "图中画出 {drawn:,} 名：有标记的全部画出，其余按宽严次序等距选取；"
        "全部见 JSON 或 Excel 文件。",
        " {drawn:,} are drawn: all that are flagged, of the others those at even ranks; all stand "
        "in the JSON and Excel files.",
    ),
    "note": ("详细说明", "More on this table"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "names": ("名称", "Names"),
    "no_alarms": ("没有判为关注或不通过的行。", "No row is judged watch or fail."),
    "tables": ("全部表格", "All tables"),
    "how": ("如何阅读", "How to read it"),
    "facts": ("可重复性", "Reproducibility"),
    "facts_lead": (
        "同一模型、同一数据、同一版本与字体重新运行，得到逐字节相同的文件；文件不含运行时间。",
        "The same model, data, versions and fonts give the same bytes; no hour is in the file.",
    ),
    "empty": ("没有行。", "No rows."),
    "shown": (
        "显示 {shown} 行，共 {n} 行；判为关注或不通过的行优先。全部行见 JSON 或 Excel 文件。",
        "{shown} of {n} rows are shown, those with watch or fail first of all. All stand in the "
        "JSON and Excel files.",
    ),
    "fact.table": ("{rows:,} 行，{sha256}", "{rows:,} rows, {sha256}"),
    "fact.as_in_fitting": ("（与拟合时相同）", " (as in fitting)"),
    "fact.window": ("{from} / {until}", "{from} / {until}"),
    "model": ("模型", "Model"),
    "data": ("数据", "Data"),
    "versions": ("版本与种子", "Versions and seed"),
    "left_out": ("未计入", "Left out"),
    "left_out_lead": (
        "未计入的贷款笔数，以及评议团各表未列的原因。",
        "Loans that are not judged, and why tables of the panel are absent.",
    ),
}
"""Words and sentences by key."""

FACT_WORDS: dict[str, Pair] = {
    "model_id": ("模型", "Model"),
    "scheme_id": ("方案", "Scheme"),
    "status": ("状态", "Status"),
    "valid_until": ("有效期至", "Valid until"),
    "pd_basis": ("违约概率依据", "Basis of the default probability"),
    "digest": ("文件摘要", "Digest of the file"),
    "fitted_on_loans_granted": ("拟合所用贷款发放期", "Fitted on loans granted"),
    "fitted_by": ("拟合人", "Fitted by"),
    "validated_by": ("验证人", "Validated by"),
    "approved_by": ("批准人", "Approved by"),
    "as_of": ("截至", "As of"),
    "young": ("12 个月未满", "12 months not over"),
    "lost": ("未观察至期满", "not observed to the end"),
    "gated": ("放款日有否决项", "gated on the day of granting"),
    "unscored": ("当日评议不足", "too few forms then"),
    "panel": ("评议团各表", "tables of the panel"),
    "seed": ("随机种子", "Seed"),
}
"""Names of facts; versions and names of the scheme stand by their own keys."""

HOW_TO_READ: tuple[Pair, ...] = (
    (
        "每行一个统计量：数值（value）及其区间（下限 low 至上限 high）、比较值（threshold）和"
        "判定（verdict）；小字为 JSON 与 Excel 文件中的代码，那里的占比写作小数。"
        "通过、关注、不通过按各表说明的界限得出；样本不足时照列数值，不作判定；参考不判定。",
        "One statistic a row: value, its interval low to high, the threshold it is compared with, "
        "and the verdict. What is small is the code in the JSON and Excel files, which write "
        "shares as fractions. Pass, watch and fail follow the limits in the note of the table; "
        "with too few events the value stands and nothing is told; info is not judged.",
    ),
    (
        "一次验证检验很多行，一切正常时也会有误报：“多重检验”表给出预期误报数与调整后的结果。",
        "Many rows are tested at once, and some alarms are raised where all is well: the table on "
        "many tests tells how many are expected, and what stays after adjustment.",
    ),
    (
        "结果只来自获批贷款；未获批农户的情况不得而知。评议员意见一致不等于评议有效，"
        "“评议对区分违约的增益”表说明评议对预测违约的作用，而不是因果。",
        "Outcomes are known of approved loans alone. Raters may agree and still be wrong; the "
        "table on what the panel adds speaks of prediction, not of causes.",
    ),
    (
        "拟合模型所用的贷款会使结果偏好：放款时间窗见“可重复性”，请以窗外的放款期为准。",
        "Loans that the model was fitted on flatter it: their window stands under reproducibility; "
        "rely on vintages outside it.",
    ),
)
"""Paragraphs on how to read the report."""
