"""The disclosure of a model under seven headings: what it is, does and uses, who answers for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sanzhixin.errors.words import METHOD_WORDS, MODEL_STATUS_WORDS, Lang
from sanzhixin.scheme.deny import DENIED
from sanzhixin.scoring.provenance import STEPS
from sanzhixin.validation.papers.layout import Paper, Part, Text
from sanzhixin.validation.papers.scheme_words import AGGREGATOR_WORDS, CONSENT_WORDS
from sanzhixin.validation.papers.terms import basis_told, column_word, table_word
from sanzhixin.validation.papers.words import share
from sanzhixin.validation.papers.writer import Writer

if TYPE_CHECKING:
    from sanzhixin.scoring.artifact import ModelFile
    from sanzhixin.validation.papers.layout import Block

__all__ = ["HEADINGS", "disclosure"]

HEADINGS: tuple[tuple[str, str], ...] = (
    ("算法组合", "Algorithm combination"),
    ("算法逻辑", "Algorithm logic"),
    ("算法应用", "Application"),
    ("算法数据", "Data"),
    ("算法主体", "Subjects"),
    ("算法变更", "Changes"),
    ("算法审计", "Audit"),
)
"""The seven headings, in order."""


def disclosure(file: ModelFile, lang: Lang) -> Paper:
    """Write the disclosure of a model.

    Parameters
    ----------
    file : ModelFile
        The content of ``model.json``.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    Paper
        One part a heading of `HEADINGS`.  What the file does not hold and only the bank knows is
        a marked blank.

    References
    ----------
    JR/T 0287-2023, 人工智能算法金融应用信息披露指南.

    Examples
    --------
    >>> from sanzhixin.modelling import expert_model
    >>> from sanzhixin.scheme import load_scheme
    >>> model = expert_model(load_scheme("tongxiang"), name="trial", version="1.0.0")
    >>> [part.title for part in disclosure(model.file, "en").parts][:2]
    ['Algorithm combination', 'Algorithm logic']
    """
    writer = _Disclosure(file, lang)
    bodies = (
        *(writer.combination(), writer.logic(), writer.application(), writer.data()),
        *(writer.subjects(), writer.changes(), writer.audit()),
    )
    parts = tuple(
        Part(writer.pick(*title), tuple(body)) for title, body in zip(HEADINGS, bodies, strict=True)
    )
    about = writer.pick(
        f"模型 {file.model_id}，方案 {file.scheme.scheme_id}（{file.scheme.zh}）。"
        "按 JR/T 0287-2023 的七个方面列出；待填之处由银行填写。",
        f"Model {file.model_id}, scheme {file.scheme.scheme_id} ({file.scheme.en}). Under the "
        "seven headings of JR/T 0287-2023; the bank fills in the blanks.",
    )
    return Paper(lang, writer.pick("算法信息披露", "Algorithm disclosure"), (Text(about),), parts)


class _Disclosure(Writer):
    """Bodies of the headings in one language."""

    def combination(self) -> Iterator[Block]:
        file, pd = self.file, self.file.pd
        learned = file.provenance.comparison
        is_fitted = learned is not None and learned.chosen == "fitted"
        card = (
            ("由贷款结果学习的评分卡，整数点数", "a scorecard learned from outcomes, whole points")
            if is_fitted
            else ("专家评分卡，整数点数", "an expert scorecard in whole points")
        )
        measure = (
            ("按评议员宽严调整的后验均值（查表）", "posterior means corrected for severe raters")
            if file.panel is not None
            else (
                f"评议表汇总：{AGGREGATOR_WORDS[self.scheme.aggregator][0]}",
                f"forms put together by their {AGGREGATOR_WORDS[self.scheme.aggregator][1]}",
            )
        )
        pd_text = (
            ("不给出违约概率", "no default probability is given")
            if pd.basis == "none"
            else (
                f"违约概率查表：{basis_told('zh', pd)}，方法：{METHOD_WORDS[pd.method][0]}",
                f"default probability by table: {basis_told('en', pd)}, "
                f"method {METHOD_WORDS[pd.method][1]}",
            )
        )
        rules = (
            "规则：否决项、等级表、额度各项上限取最小、人工复核条件",
            "rules: gates, tiers, the smallest of the bounds of a limit, what asks for a review",
        )
        yield self.lines(measure, card, pd_text, rules)

    def logic(self) -> Iterator[Block]:
        card, part = self.file.card, self.scheme.event_part
        rows = [
            (
                self.pick(item.zh, item.en),
                str(min(*item.attainable, item.missing_points)),
                str(max(*item.attainable, item.missing_points)),
            )
            for item in card.characteristics
        ]
        heads = (
            ("特征", "characteristic"),
            ("最少点数", "fewest points"),
            ("最多点数", "most points"),
        )
        yield self.grid(heads, rows)
        per, start = card.points_per_score, f"{part.start.normalize():f}"
        yield self.lines(
            (
                f"点数相加（起始 {card.base}），总分限于 {card.lowest} 至 {card.highest} 点，"
                f"{per} 点合得分 1 分",
                f"Points are added (start {card.base}) and held to {card.lowest} to "
                f"{card.highest}; {per} of them are one unit of the score",
            ),
            (
                f"积分台账从 {start} 分起，每类事项按周期封顶",
                f"The ledger of events starts at {start} units of the score; every kind of entry "
                "is capped by period",
            ),
            (
                "其他不变时，任何一项评分提高不会使点数、等级或系统额度降低",
                "All else equal, a better rating never lowers points, tier or system limit",
            ),
            (
                "官方记录不计分，只触发否决项或人工复核",
                "Official records carry no points; they gate or ask for a review",
            ),
            (
                "每条建议附至多四条理由和升一级的可行事项",
                "Every proposal has at most four reasons and what would move it one tier up",
            ),
        )

    def application(self) -> Iterator[Block]:
        probability = share(self.scheme.review.review_probability)
        status, (status_zh, status_en) = self.file.status, MODEL_STATUS_WORDS[self.file.status]
        yield self.lines(
            (
                f"用途：{self.scheme.consent_purpose}；只用于额度建议，不公布、不排名、不用于惩戒",
                f"Purpose: {self.scheme.consent_purpose}; for proposals of limits alone, never "
                "published, ranked or used for sanctions",
            ),
            (
                "对象：有有效授权的农户；由自然人签约",
                "Subjects: farm households with a valid consent; persons sign",
            ),
            (
                "系统只提出建议，由银行工作人员决定；农户可要求说明理由和人工复核",
                "The system proposes and a person at the bank decides; a household may ask for the "
                "reasons and for a review by a person",
            ),
            (
                f"人工复核：相邻等级概率不低于 {probability}、官方记录、单份负面意见、退回的记录等",
                f"Reviews: an adjacent tier with a probability of at least {probability}, official "
                "records, a single negative opinion, rejected rows, and others",
            ),
            (
                f"状态：{status_zh}；"
                + ("可用于决定" if status == "approved" else "不得据以作出决定"),
                f"Status {status_en}: "
                + ("may serve decisions" if status == "approved" else "not for decisions"),
            ),
            (
                "局限：评议是评估，有误差；没有公布的因果数据表明此类评议会降低违约",
                "Limits: ratings are an assessment with an error; no published causal figure shows "
                "that such ratings lower defaults",
            ),
        )

    def data(self) -> Iterator[Block]:
        scheme, by = self.scheme, self.file.provenance
        rows = [
            (
                *(item.code, self.pick(item.zh, item.en), self.told(item.evidence)),
                self.told(item.who),
                self.told(item.legal_basis),
            )
            for item in (*scheme.indicators, *scheme.gates)
        ]
        rows += [
            (
                *(f.name, self.pick(f.zh, f.en), column_word(self.lang, f.column, scheme)),
                self.pick(*CONSENT_WORDS[f.consent]),
                self.told(f.legal_basis),
            )
            for f in scheme.factors
        ]
        heads = (
            *(("代码", "code"), ("名称", "name"), ("证据或列", "evidence or column")),
            *(("记录者或授权", "who records, or consent"), ("依据", "legal basis")),
        )
        yield self.grid(heads, rows)
        pd = self.file.pd
        window = (
            self.pick("未记录", "not recorded")
            if by.data_from is None
            else self.pick(
                f"{by.data_from} 至 {by.data_until} 发放",
                f"granted {by.data_from} to {by.data_until}",
            )
        )
        denied = self.joined(self.pick(item.zh, item.en) for item in DENIED)
        volume = self.pick("未记录", "not recorded")
        if by.rows:
            volume = self.joined(
                table_word(self.lang, name) + self.pick(f" {count} 行", f" {count} rows")
                for name, count in by.rows.items()
            )
        yield self.lines(
            (f"学习用贷款：{window}", f"Loans learned from: {window}"),
            (
                f"贷款结果：{pd.n_loans} 笔，违约 {pd.n_defaults} 笔",
                f"Outcomes: {pd.n_loans} loans, {pd.n_defaults} defaults",
            ),
            (f"各表行数：{volume}", f"Rows by table: {volume}"),
            (f"不使用：{denied}", f"Never used: {denied}"),
        )

    def subjects(self) -> Iterator[Block]:
        by = self.file.provenance
        bank = self.blank("银行名称、地址", "name and address of the bank")
        department = self.blank("部门、电话", "department, telephone")
        yield self.lines(
            (
                f"使用机构：{bank}",
                f"User: {bank}",
            ),
            (
                f"责任部门与联系方式：{department}",
                f"Department that answers and contact: {department}",
            ),
            (f"拟合：{self._by(by.fitted_by)}", f"Fitted by: {self._by(by.fitted_by)}"),
            (f"验证：{self._by(by.validated_by)}", f"Validated by: {self._by(by.validated_by)}"),
            (f"批准：{self._by(by.approved_by)}", f"Approved by: {self._by(by.approved_by)}"),
            (
                f"软件：sanzhixin {by.versions.get('sanzhixin', '（未记录）')}，开源",
                f"Software: sanzhixin {by.versions.get('sanzhixin', '(not recorded)')}, "
                "open source",
            ),
        )

    def _by(self, person: str | None) -> str:
        return self.pick("未记录", "not recorded") if person is None else person

    def changes(self) -> Iterator[Block]:
        file, by = self.file, self.file.provenance
        days: tuple[dt.date | None, ...] = (by.fitted_on, by.validated_on, by.approved_on)
        rows = [
            (self.pick(*MODEL_STATUS_WORDS[step]), self._by(None) if day is None else str(day))
            for step, day in zip(STEPS, (*days, by.retired_on), strict=True)
        ]
        yield self.grid((("状态", "status"), ("日期", "day")), rows)
        diff = self.blank("粘贴 sanzhixin diff 的输出", "output of sanzhixin diff")
        yield self.lines(
            (
                f"版本 {file.version}，有效期至 {file.valid_until}",
                f"Version {file.version}, valid until {file.valid_until}",
            ),
            (
                "已批准的文件不再改动；任何改动都是新版本，另行验证、批准",
                "An approved file is never changed; a change is a new version, validated and "
                "approved anew",
            ),
            (
                f"与上一版本的差异：{diff}",
                f"Differences from the version before: {diff}",
            ),
        )

    def audit(self) -> Iterator[Block]:
        found = self.blank("日期、机构、结论", "date, by whom, finding")
        yield self.lines(
            (f"文件摘要 {self.file.digest()}", f"Digest of the file {self.file.digest()}"),
            (
                "签名与信任清单：sanzhixin verify MODEL --trust LIST",
                "Signatures and trust list: sanzhixin verify MODEL --trust LIST",
            ),
            (
                "审计日志逐条成链，可核验、可重放：sanzhixin audit verify、audit replay",
                "The audit log is a chain that can be checked and replayed: sanzhixin audit "
                "verify, audit replay",
            ),
            (
                f"最近一次内部或外部审计：{found}",
                f"Latest internal or external audit: {found}",
            ),
            (
                f"个人信息保护合规审计：{found}",
                f"Compliance audit of personal information: {found}",
            ),
        )
