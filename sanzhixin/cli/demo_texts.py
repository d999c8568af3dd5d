"""Sentences of the demonstration, in Chinese and English."""

from __future__ import annotations

__all__ = ["DEMO_TEXTS"]

DEMO_TEXTS: dict[str, tuple[str, str]] = {
    "demo_simulated": (
        "1/6 模拟一个县域：{villages} 个村、{households} 户、{forms} 份评议表（均为虚构数据）",
        "1/6 simulated a county: {villages} villages, {households} households, {forms} forms "
        "(all made up)",
    ),
    "demo_read": (
        "2/6 读取并校验：{n_in} 行，接收 {accepted} 行",
        "2/6 read and checked: {accepted} of {n_in} rows accepted",
    ),
    "demo_fit": (
        "3/6 建立模型：{model_id}，违约概率依据 {basis}（{loans} 笔贷款，违约 {defaults} 笔）",
        "3/6 model {model_id}: pd_basis {basis} (loans: {loans}, of them defaulted: {defaults})",
    ),
    "demo_score": (
        "4/6 评定 {scored} 户，评定日 {as_of}；按村列出状态与等级：",
        "4/6 scored {scored} households as of {as_of}; by village, status and tier:",
    ),
    "demo_households": (
        "5/6 三户说明（完整说明见 explained/）",
        "5/6 three households explained (full accounts in explained/)",
    ),
    "demo_rest": ("其余见 {path}", "the rest in English: {path}"),
    "demo_judge": (
        "6/6 以贷款结果、全部农户和评议表评估模型，写验证报告，请稍候……",
        "6/6 judging the model by its loans, all households and the forms; this takes a moment",
    ),
    "demo_verdicts": ("各表行数：{counts}", "rows of its tables: {counts}"),
    "demo_done": ("演示完成，用时 {seconds} 秒。文件所在：", "Done in {seconds} s. Files are in:"),
    "demo_next": ("接下来可以试：", "What to try next:"),
    "place.report.html": ("验证报告，请用浏览器打开", "validation report: open it in a browser"),
    "place.report.xlsx": ("验证报告的全部表格", "all tables of the validation report"),
    "place.report.json": ("同上，供程序读取", "the same for programs"),
    "place.explained": (
        "三户的完整说明（中英文）",
        "the three accounts in full, in both languages",
    ),
    "place.out/proposals.parquet": (
        "每户一条建议及理由",
        "one proposal per household, with reasons",
    ),
    "place.out/quarantine.csv": ("退回行及原因", "rejected rows with their reasons"),
    "place.out/manifest.json": ("摘要、计数、版本", "digests, counts, versions"),
    "place.model/model.json": (
        "方案、评分卡、违约概率、摘要",
        "scheme, score table, default probabilities, digest",
    ),
    "place.county": ("县的各张表", "the tables of the county"),
}
"""Chinese and English template by key; those of ``place`` say what a file of the demo holds."""
