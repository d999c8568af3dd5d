"""The impact assessment of personal information: filled from the scheme, with marked blanks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.errors.words import Lang
from sanzhixin.scheme.deny import DENIED
from sanzhixin.validation.papers.impact_fields import FieldUse, field_uses
from sanzhixin.validation.papers.layout import Listing, Paper, Part, Text
from sanzhixin.validation.papers.terms import table_word
from sanzhixin.validation.papers.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.scheme.catalog import EventRule, OfficialRule
    from sanzhixin.scoring.artifact import ModelFile
    from sanzhixin.validation.papers.layout import Block

__all__ = ["impact_assessment"]

_SENSITIVITY = {
    "sensitive": (
        "敏感个人信息（《个人信息保护法》第二十八条）",
        "sensitive (Personal Information Protection Law, art. 28)",
    ),
    "none": ("本身不涉及个人", "of no person by itself"),
}
_ACCOUNT = (
    "（金融账户信息，《个人信息保护法》第二十八条）",
    " (financial accounts, Personal Information Protection Law, art. 28)",
)
_WEALTH = (
    "（财产信息，《个人信息保护法》第二十八条）",
    " (income and property, Personal Information Protection Law, art. 28)",
)
_HINTS = {
    "exposure_yuan": _ACCOUNT,
    **dict.fromkeys(("annual_income_yuan", "debt_yuan", "assets_yuan"), _WEALTH),
}
_CONSENT = {
    "general": ("授权书", "household consent"),
    "written": ("书面同意", "written consent"),
    "separate": (
        "单独同意（《个人信息保护法》第二十九条）",
        "separate consent (Personal Information Protection Law, art. 29)",
    ),
    "none": ("不需要", "none"),
}
_KEPT = {
    "round": ("评议用 {months} 个月；保存：", "rated within {months} months; kept: "),
    "event": ("最长计入 {months} 个月；保存：", "counts {months} months at most; kept: "),
    "record": (
        "终止后最长计入 {months} 个月；保存：",
        "counts {months} months after its end; kept: ",
    ),
    "consent": ("授权期内使用；保存：", "used within the consent; kept: "),
    "blank": ("", ""),
}


def impact_assessment(file: ModelFile, lang: Lang) -> Paper:
    """Write the skeleton of an impact assessment of personal information.

    Parameters
    ----------
    file : ModelFile
        The content of ``model.json``.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    Paper
        Why it is due, purpose and way, every field, effects on people, protection, conclusion.
        What the scheme settles is filled in; every question that it leaves open is a marked blank.

    Notes
    -----
    A skeleton, not an assessment: the bank answers the blanks and answers for the whole.  Report
    and records are kept for three years at least.

    References
    ----------
    个人信息保护法 art. 13, 24, 28, 29, 55, 56; 征信业管理条例 art. 14, 16.

    Examples
    --------
    >>> from sanzhixin.modelling import expert_model
    >>> from sanzhixin.scheme import load_scheme
    >>> model = expert_model(load_scheme("tongxiang"), name="trial", version="1.0.0")
    >>> len(impact_assessment(model.file, "en").parts)
    6
    """
    writer = _Assessment(file, lang)
    parts = (
        (("一、评估缘由", "1. Why it is due"), writer.why()),
        (("二、处理目的与方式", "2. Purpose and way of processing"), writer.purpose()),
        (("三、处理的字段", "3. Fields"), writer.fields()),
        (("四、对个人权益的影响与风险", "4. Effects on people, and risks"), writer.effects()),
        (("五、保护措施", "5. Protection"), writer.protection()),
        (("六、结论与保存", "6. Conclusion, and how long it is kept"), writer.conclusion()),
    )
    title = writer.pick(
        "个人信息保护影响评估（草稿）", "Impact assessment of personal information (draft)"
    )
    about = writer.pick(
        f"模型 {file.model_id}，方案 {file.scheme.scheme_id}。由方案目录填写；标记“待填”之处"
        "由银行回答，全文由银行负责。",
        f"Model {file.model_id}, scheme {file.scheme.scheme_id}. Filled from the scheme; the bank "
        "answers the marked blanks and answers for the whole.",
    )
    made = tuple(Part(writer.pick(*name), tuple(body)) for name, body in parts)
    return Paper(lang, title, (Text(about),), made)


class _Assessment(Writer):
    """Sections in one language."""

    def asked(self, *questions: tuple[str, str]) -> Listing:
        """Questions, each with its blank."""
        answer = self.blank("答复", "answer")
        return Listing(tuple(f"{self.pick(*question)} {answer}" for question in questions))

    def why(self) -> Iterator[Block]:
        yield self.lines(
            (
                "利用个人信息进行自动化决策（《个人信息保护法》第五十五条第二项）："
                "系统给出建议，由人决定",
                "Automated decision-making (Personal Information Protection Law, art. 55 no. 2): "
                "the system proposes, a person decides",
            ),
            (
                "可能处理敏感个人信息（《个人信息保护法》第五十五条第一项）：见第三部分标记的字段",
                "Sensitive personal information may be processed (Personal Information Protection "
                "Law, art. 55 no. 1): see the marked fields of part 3",
            ),
        )
        yield self.asked(
            (
                "是否委托处理、对外提供或公开（《个人信息保护法》第五十五条第三项）？",
                "Is it entrusted, provided to others or published (Personal Information Protection "
                "Law, art. 55 no. 3)?",
            ),
            (
                "是否向境外提供（《个人信息保护法》第五十五条第四项）？",
                "Is it sent abroad (Personal Information Protection Law, art. 55 no. 4)?",
            ),
        )

    def purpose(self) -> Iterator[Block]:
        purpose = self.scheme.consent_purpose
        yield self.lines(
            (
                f"目的：{purpose}，只用于额度建议",
                f"Purpose: {purpose}, for proposals of limits alone",
            ),
            (
                "方式：评议表、积分台账、官方记录和约定因素，按方案相加为点数，查表得等级，各项上限取最小",
                "Way: forms, ledger entries, official records and agreed factors become points, "
                "points a tier, and the smallest bound the amount",
            ),
            (
                "依据：授权书（《个人信息保护法》第十三条）；授权须写明用途和期限",
                "Basis: consent (Personal Information Protection Law, art. 13) with purpose and "
                "days",
            ),
        )
        yield self.asked(
            (
                "目的和方式是否合法、正当、必要？",
                "Are purpose and way lawful, legitimate and needed?",
            ),
            ("能否以更少的字段达到目的？", "Would fewer fields do?"),
            (
                "告知内容与方式（《个人信息保护法》第十七条）？",
                "What are people told, and how (Personal Information Protection Law, art. 17)?",
            ),
        )

    def fields(self) -> Iterator[Block]:
        heads = (
            *(("表", "table"), ("列", "column"), ("名称", "Chinese header"), ("用途", "purpose")),
            *(("依据", "legal basis"), ("敏感程度", "sensitivity"), ("同意", "consent")),
            ("保存期限", "storage time"),
        )
        rows = tuple(self._row(use) for use in field_uses(self.scheme))
        yield self.grid(heads, rows)
        yield Text(
            self.pick("官方记录与积分事项的种类：", "Kinds of official records and ledger entries:")
        )
        kinds = (
            *(("代码", "code"), ("名称", "name"), ("证据", "evidence")),
            *(("记录者", "who records"), ("依据", "legal basis"), ("计入期限", "counts for")),
        )
        yield self.grid(kinds, self._kinds())
        denied = self.joined(self.pick(item.zh, item.en) for item in DENIED)
        yield Text(
            self.pick(
                f"列名或方案中出现即拒绝：{denied}。", f"Refused as columns and names: {denied}."
            )
        )

    def _row(self, use: FieldUse) -> tuple[str, ...]:
        hint_zh, hint_en = _HINTS.get(use.column, ("", ""))
        undecided = self.blank(f"是否敏感{hint_zh}", f"sensitive or not{hint_en}")
        kept = self.pick(*_KEPT[use.retention]).format(months=use.months)
        open_basis = self.blank("同意或其他依据", "consent or another basis")
        basis = self.told(use.basis) or self._basis(use)
        return (
            table_word(self.lang, use.table),
            use.column,
            use.zh,
            self.pick(use.purpose_zh, use.purpose_en),
            basis,
            undecided
            if use.sensitivity == "undecided"
            else self.pick(*_SENSITIVITY[use.sensitivity]),
            open_basis if use.consent == "open" else self.pick(*_CONSENT[use.consent]),
            kept + self.blank("年限", "years"),
        )

    def _basis(self, use: FieldUse) -> str:
        """Name the basis where the scheme states none for the column itself."""
        if use.sensitivity == "none":
            return self.pick("不涉及个人，不需要", "of no person, none needed")
        if use.table in ("events", "registers"):
            return self.pick("按种类，见下表", "by its kind, see the table below")
        if use.consent == "written":
            return self.pick(
                "书面同意（《征信业管理条例》第十四条）",
                "written consent (Regulation on the Credit Reporting Industry, art. 14)",
            )
        if use.consent == "general":
            return self.pick(
                "授权书（《个人信息保护法》第十三条）",
                "consent (Personal Information Protection Law, art. 13)",
            )
        return self.blank("依据", "legal basis")

    def _kinds(self) -> Iterator[tuple[str, ...]]:
        events, records = self.scheme.event_rules, self.scheme.official_rules
        kinds: list[tuple[EventRule | OfficialRule, str]]
        kinds = [(rule, self._months(rule.valid_months, "", "")) for rule in events.values()]
        kinds += [
            (rule, self._months(rule.expires_months, "（终止后）", " after its end"))
            for rule in records.values()
        ]
        for rule, counts in kinds:
            name = self.pick(rule.zh, rule.en)
            evidence, basis = (self.told(text) for text in (rule.evidence, rule.legal_basis))
            yield rule.code, name, evidence, self.told(rule.who), basis, counts

    def _months(self, months: int, zh: str, en: str) -> str:
        return self.pick(f"{months} 个月{zh}", f"{months} months{en}")

    def effects(self) -> Iterator[Block]:
        yield self.lines(
            (
                "评议员之间宽严不一，可能使农户得分偏低或偏高",
                "Raters differ in severity, so that a household may be rated too low or too high",
            ),
            (
                "评议可能受亲属、债务、生意关系影响：有关系者回避，其评议表不计",
                "Kinship, debt and business may sway ratings: related raters are recused",
            ),
            (
                "单份负面意见不会导致不予授信，只触发人工复核",
                "A single negative opinion never declines; it asks for a review",
            ),
            (
                "只知道获批农户的结果，对未获批农户所知有限",
                "Outcomes are known for approved households alone",
            ),
        )
        yield self.asked(
            (
                "对不同群体是否有不合理差别（公平性检查结果）？",
                "Do groups fare differently without reason?",
            ),
            (
                "泄露、篡改、误用的可能与后果？",
                "How likely are leaks, changes, misuse, and what follows?",
            ),
            (
                "评议员和被评议人在村内的处境？",
                "What does it mean for raters and rated in the village?",
            ),
            (
                "对未获额度农户的影响与救济？",
                "What of households without an amount, and their redress?",
            ),
        )

    def protection(self) -> Iterator[Block]:
        months = self.scheme.proposal_validity_months
        yield self.lines(
            (
                "逐户核对授权用途和期限，无效即不评定",
                "Consent is checked per household, by purpose and day",
            ),
            (
                "理由、说明页和告知书不出现评议员；日志使用假名，可按户删除",
                "Raters are in no reason, page or notice; the log has pseudonyms and forgets on "
                "request",
            ),
            (
                "说明理由、提交说明、人工复核、去掉争议内容后并列留存",
                "Reasons, statements, reviews by people, and proposals without what is doubted",
            ),
            (f"建议最长有效 {months} 个月", f"A proposal lives {months} months at most"),
        )
        yield self.asked(
            ("访问权限、加密、备份、脱敏措施？", "Access, encryption, backups, masking?"),
            ("数据分级（金规〔2024〕24号）？", "Data classes (Jingui [2024] No. 24)?"),
            (
                "措施是否合法、有效并与风险程度相适应？",
                "Are they lawful, effective and fit for the risk?",
            ),
        )

    def conclusion(self) -> Iterator[Block]:
        yield self.asked(
            ("结论：", "Conclusion:"),
            ("整改事项与期限：", "What has to change, and by when:"),
            ("评估人、审批人、日期：", "Assessed by, approved by, on:"),
        )
        yield Text(
            self.pick(
                "评估报告和处理情况记录至少保存三年（《个人信息保护法》第五十六条）。",
                "Report and records of processing are kept for three years at least "
                "(Personal Information Protection Law, art. 56).",
            )
        )
