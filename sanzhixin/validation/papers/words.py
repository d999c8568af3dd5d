"""Sentences of notices and household pages, in Chinese and English from one table."""

from __future__ import annotations

from decimal import Decimal

from sanzhixin.errors.words import BOUND_WORDS, Lang, pick

__all__ = ["EVENT_WORDS", "FORM_WORDS", "SENTENCES", "bound_word", "say", "share"]

SENTENCES: dict[str, tuple[str, str]] = {
    "title_decline": ("不予授信建议告知书", "Notice of a proposal to decline"),
    "title_insufficient": ("评议依据不足告知书", "Notice that nothing can be concluded yet"),
    "title_no_amount": ("无建议额度告知书", "Notice that no limit is proposed"),
    "title_review": ("人工复核告知书", "Notice of a review by a person"),
    "title_proposal": ("授信建议告知书", "Notice of a proposal"),
    "addressed": ("户号 {household}，评定日 {as_of}", "Household {household}, as of {as_of}"),
    "lead_decline": (
        "根据下列记录，系统建议不予授信，须先由银行工作人员核实。",
        "On the records below the proposal is to decline. A person at the bank has to verify them "
        "first.",
    ),
    "lead_insufficient": (
        "有效评议表不足，暂不能下结论：不给出得分、等级和额度。这不是拒绝。",
        "Too few forms count, so nothing is concluded: no score, tier or amount is stated. This is "
        "not a refusal.",
    ),
    "lead_no_amount": (
        "按评定日的记录：{outcome}。",
        "On the records of that day: {outcome}.",
    ),
    "lead_review": (
        "有下列情况，决定前须由银行工作人员复核。",
        "For what is listed below a person at the bank has to look at the case before deciding.",
    ),
    "lead_proposal": (
        "按评定日的记录，系统提出以下授信建议。",
        "On the records of that day the proposal is as follows.",
    ),
    "only_proposal": (
        "这是系统的建议，不是决定；由银行工作人员决定。",
        "This is a proposal by a system, not a decision; a person at the bank decides.",
    ),
    "head_reasons": ("理由（按影响大小）", "Reasons, in order of effect"),
    "head_amount": ("建议", "Proposal"),
    "head_next": ("如何提高", "What would bring more"),
    "head_sources": ("依据的资料", "What it rests on"),
    "head_rights": ("说明与复核", "Statement and review"),
    "head_decision": ("决定（由银行填写）", "Decision, for the bank to fill in"),
    "no_reasons": (
        "与评分基准相同，没有加分或减分项。",
        "As the reference of the score: nothing is added or taken off.",
    ),
    "why_document": (
        "{name}：类别 {list}，文书编号 {document}，{issued} 作出{ended}",
        "{name}: class {list}, document no. {document}, issued {issued}{ended}",
    ),
    "document_ended": ("，{ended} 终止", ", ended {ended}"),
    "document_open": ("，尚未终止", ", not ended"),
    "why_purpose": (
        "{name}（{code}）：申报用途“{purpose}”在方案列明的不支持用途之内",
        "{name} ({code}): the declared purpose “{purpose}” is among those the scheme excludes",
    ),
    "why_forms": (
        "{name}：有效评议表 {count} 份，至少需要 {need} 份{others}",
        "{name}: {count} forms count, {need} are needed{others}",
    ),
    "why_forms_others": ("（未计入：{told}）", " (not counted: {told})"),
    "some_forms": ("{outcome} {count} 份", "{outcome}: {count}"),
    "why_bound": (
        "额度由“{bound}”限制为 {yuan} 元",
        "the amount is held to {yuan} yuan by the {bound}",
    ),
    "near_cutoff": (
        "得分 {score} 临近等级 {low} 与 {high} 的分界，评议误差可能改变等级",
        "the score {score} is near the cut-off between {low} and {high}; the error of the ratings "
        "could change the tier",
    ),
    "error_unknown": (
        "有效评议表过少，评议误差无法估计",
        "too few forms count to state the error of the ratings",
    ),
    "link_uncertain": (
        "本村与其他村评议尺度的比较不确定性较大",
        "how this village's ratings compare with those of other villages is uncertain",
    ),
    "rows_rejected": (
        "“{table}”中有本户的记录未通过接收检查，未计入，须先核实",
        "a row of the household in “{table}” was not accepted and does not count; it has to be "
        "looked at first",
    ),
    "debt_ratio": (
        "{name}（{code}）：家庭负债 {debt} 元、家庭资产 {assets} 元，负债与资产之比高于 {above}",
        "{name} ({code}): debt of {debt} yuan against assets of {assets} yuan is above {above}",
    ),
    "negative_opinion": (
        "评议中有低分，按规则须由人工核实；单独一份意见不会导致不予授信",
        "the ratings hold a low opinion, which a person has to look at by rule; a single opinion "
        "never leads to declining",
    ),
    "required_bound": (
        "缺少方案规定必须有的“{bound}”，因此不提出额度",
        "the scheme asks for the {bound}, which is absent; no amount is proposed without it",
    ),
    "override": (
        "村或客户经理写明理由提出调整，须由人工核定",
        "the village or the account manager asked for another amount with a reason; a person has "
        "to settle it",
    ),
    "why_unrated": (
        "得分 {score}，低于最低等级的起点 {low}",
        "the score {score} is below {low}, where the lowest tier begins",
    ),
    "score_alone": ("得分 {score}", "Score {score}"),
    "score_line": ("得分 {score}，等级 {tier}", "Score {score}, tier {tier}"),
    "amount_line": (
        "建议额度 {yuan} 元；起限制作用的是：{bound}",
        "Proposed limit {yuan} yuan, held by the {bound}",
    ),
    "no_amount_line": ("{outcome}；起限制作用的是：{bound}", "{outcome}; held by the {bound}"),
    "rate_line": ("该等级年利率 {rate}%", "Yearly rate of the tier {rate}%"),
    "until_line": ("建议有效期至 {until}", "The proposal is valid until {until}"),
    "none_line": ("不提出额度", "No amount is proposed"),
    "source_forms": (
        "评议表：共 {total} 份，至少计入一个维度的 {used} 份；评议员身份保密",
        "Panel forms: {total}, of which {used} count for at least one pillar; who rated is kept "
        "confidential",
    ),
    "source_events": (
        "积分台账：共 {total} 条，计入 {used} 条",
        "Ledger entries: {total}, of which {used} count",
    ),
    "source_records": (
        "官方记录：共 {total} 条，有效 {used} 条",
        "Official records: {total}, of which {used} are in force",
    ),
    "source_factors": ("其他约定因素：{names}", "Other agreed factors: {names}"),
    "source_written": ("{name}（凭书面同意）", "{name} (with written consent)"),
    "source_absent": ("未提供的因素：{names}", "Factors that were not given: {names}"),
    "source_consent": (
        "授权：用途“{purpose}”，{start} 至 {end}",
        "Consent: purpose “{purpose}”, {start} to {end}",
    ),
    "source_model": (
        "模型 {model}，方案 {scheme}，输入摘要 {digest}",
        "Model {model}, scheme {scheme}, digest of the input {digest}",
    ),
    "right_statement": (
        "您可以就以上内容提交书面说明，银行将其与本建议一并留存。提交方式：{blank}",
        "You may add a written statement, which the bank keeps with this proposal. How to hand it "
        "in: {blank}",
    ),
    "right_review": (
        "您可以要求由人工复核，并指出认为有误的评议、积分事项或官方记录；去掉所指内容后的建议与"
        "原建议并列留存。受理部门：{office}；联系方式：{contact}；申请期限：{within}；答复期限：{answer}",
        "You may ask for a review by a person and name a rating, ledger entry or official record "
        "that you doubt; the proposal without it is kept beside this one. Department: {office}; "
        "contact: {contact}; to be asked for within: {within}; answered within: {answer}",
    ),
    "right_person": (
        "您可以要求说明理由，也可以拒绝仅由系统作出的决定（《个人信息保护法》第二十四条）。",
        "You may ask for an explanation, and refuse a decision made by a machine alone (Personal "
        "Information Protection Law, art. 24).",
    ),
    "right_records": (
        "如官方记录有误，也可以向作出该记录的机关申请更正。",
        "An official record that is wrong may also be corrected by the authority that issued it.",
    ),
    "right_credit": (
        "如征信报告中的记录有误，也可以向征信机构或信息提供者提出异议。",
        "A record of the credit bureau that is wrong may also be disputed with the bureau or "
        "with whoever supplied it.",
    ),
    "decision_line": (
        "决定：{decision}；经办人：{person}；日期：{day}",
        "Decision: {decision}; by: {person}; on: {day}",
    ),
    "bank_line": ("银行：{bank}", "Bank: {bank}"),
    "page_title": ("评定说明", "How the proposal came about"),
    "page_status": ("建议：{status}", "Proposal: {status}"),
    "page_score": (
        "得分 {score}{range}，等级 {tier}",
        "Score {score}{range}, tier {tier}",
    ),
    "page_range": (
        "（正负一个标准误：{low} 至 {high}）",
        " (± one standard error: {low} to {high})",
    ),
    "page_no_score": ("不给出得分、等级和额度", "No score, tier or amount is stated"),
    "head_why": ("作出此建议的原因", "Why this is proposed"),
    "head_effects": (
        "影响得分的主要因素（按影响大小）",
        "What moved the score most, in order of effect",
    ),
    "head_score": ("得分的构成", "How the score adds up"),
    "head_pillars": ("评议维度", "Pillars"),
    "head_items": ("评议指标（仅计有效评议表）", "Panel items (counted forms only)"),
    "head_forms": ("评议表（评议员身份保密）", "Forms (who rated is confidential)"),
    "head_events": ("积分事项", "Ledger entries"),
    "head_records": ("官方记录", "Official records"),
    "head_factors": ("其他约定因素", "Other agreed factors"),
    "head_pd": ("违约概率", "Default probability"),
    "head_limits": ("额度（元）", "Limits (yuan)"),
    "head_triggers": ("须人工查看的情况", "What a person has to look at"),
    "sum_line": (
        "合计 {points} 点；{per} 点合得分 1 分",
        "Together {points} points; {per} of them are one unit of the score",
    ),
    "adjusted_line": (
        "维度得分按评议员宽严调整；村际比较依据：{link}",
        "Scores of the pillars are corrected for severe and lenient raters; villages are compared "
        "by {link}",
    ),
    "forms_agree": ("各份一致，没有标准误", "none: the forms agree"),
    "outcome_rule": (
        "每份评议表在每个维度只列一种结果：先看是否属本轮，再看是否评此维度、"
        "是否回避、是否了解本户；应回避的，填写“不了解”也列为回避。"
        "上表“计入、回避、不了解”各栏即按此点数。",
        "Each form stands under one outcome for each pillar: its round comes first, then whether "
        "it is asked about the pillar, whether it is recused, and whether the rater knows the "
        "household; one that is recused stands there even if the rater does not know the "
        "household. The counts by pillar above are counts of these outcomes.",
    ),
    "few_answers": ("不足 {least} 份，不单列", "fewer than {least}, not shown"),
    "event_start": ("起始分", "start of the ledger"),
    "event_part": (
        "起始 {start} 分，加上各项合计 {part} 分，最多 {most} 分",
        "From a start of {start} units of the score the ledger comes to {part}, at most {most}",
    ),
    "event_bins": (
        "本模型按台账合计分档给分，见“得分的构成”",
        "This model gives points for bins of this sum, see above",
    ),
    "event_cap": ("每 {months} 个月最多 {cap}", "at most {cap} in {months} months"),
    "event_loss_cap": ("每 {months} 个月最多减 {cap}", "at most {cap} off in {months} months"),
    "event_valid": ("{months} 个月", "{months} months"),
    "record_gate": (
        "有效：建议不予授信，须人工确认",
        "in force: proposal to decline, to be confirmed",
    ),
    "record_review": ("有效：须人工复核", "in force: to be looked at by a person"),
    "record_open": (
        "{effect}；尚未终止，终止后再计 {months} 个月",
        "{effect}; not ended, counts for {months} months after its end",
    ),
    "record_until": ("{effect}；计至 {until}", "{effect}; counts until {until}"),
    "record_lapsed": ("已过期或尚未生效，不计", "not in force, does not count"),
    "factor_unused": ("本模型不计", "not used by this model"),
    "factor_missing": ("未提供", "not given"),
    "consent_general": ("授权书", "household consent"),
    "consent_written": ("书面同意", "written consent"),
    "pd_line": (
        "{pd}（{lower} 至 {upper}）；{basis}；仅以获批农户校准",
        "{pd} ({lower} to {upper}); {basis}; calibrated on approved households",
    ),
    "pd_none": (
        "不给出：模型没有使用贷款结果",
        "Not given: the model has seen no outcome of a loan",
    ),
    "pd_few": (
        "不给出：该分数附近贷款太少",
        "Not given: too few loans at this score to state it",
    ),
    "pd_beyond": (
        "不给出：该分数及以下没有贷款结果",
        "Not given: no outcome is known at this score or below",
    ),
    "not_stated": ("未提出", "not stated"),
    "not_given": ("不给出", "none given"),
    "limit_village": ("村建议额度", "village"),
    "limit_manager": ("客户经理建议额度", "manager"),
    "limit_system": ("系统测算额度", "system"),
    "limit_proposed": ("建议额度", "proposed"),
    "override_line": ("调整理由：{reason}", "Reason given for another amount: {reason}"),
    "binds": ("起限制作用", "binding"),
    "absent": ("未填，不作限制", "absent, does not bind"),
    "shared_line": (
        "全户共用一个额度，各成年成员签约合计不得超过建议额度。",
        "The household shares one limit: the contracts of all adults together stay within it.",
    ),
    "highest_tier": ("已是最高等级", "Highest tier already"),
    "none": ("无", "None"),
    "col_part": ("部分", "part"),
    "col_points": ("点", "points"),
    "col_pillar": ("维度", "pillar"),
    "col_score": ("得分（满分100）", "score of 100"),
    "col_error": ("标准误", "standard error"),
    "col_plain": ("简单均值", "plain mean"),
    "col_forms": ("计入份数", "forms counted"),
    "col_unfamiliar": ("不了解份数", "do not know it"),
    "col_recused": ("回避份数", "recused"),
    "col_code": ("代码", "code"),
    "col_name": ("名称", "name"),
    "col_answers": ("评分份数", "ratings"),
    "col_mean": ("均值／最高分", "mean / best"),
    "col_form": ("评议表", "form"),
    "col_level": ("级别", "level"),
    "col_date": ("日期", "date"),
    "col_outcome": ("结果", "outcome"),
    "col_units": ("分", "score units"),
    "col_cap": ("上限（分）", "cap (score units)"),
    "col_valid": ("有效期", "counts for"),
    "col_class": ("类别", "class"),
    "col_document": ("文书编号", "document no."),
    "col_issued": ("作出", "issued"),
    "col_ended": ("终止", "ended"),
    "col_effect": ("作用", "effect"),
    "col_value": ("档次", "value"),
    "col_consent": ("依据", "basis"),
    "col_bound": ("上限项", "bound"),
    "col_yuan": ("元", "yuan"),
    "col_binds": ("是否起作用", "effect"),
    "col_member": ("成年成员", "adult"),
    "col_may_sign": ("可签约（元）", "may sign for (yuan)"),
}
"""Chinese and English template by key."""

FORM_WORDS: dict[str, tuple[str, str]] = {
    "counted": ("计入", "counted"),
    "other_round": ("不是本轮或已过期", "of another round or too old"),
    "unfamiliar": ("填写“不了解”", "does not know the household"),
    "recused": ("有亲属、债务或生意关系而回避", "recused for kinship, debt or business"),
    "role_not_asked": ("按规定不评此维度", "not asked about this pillar"),
    "under_half_answered": ("作答不足半数", "under half answered"),
}
"""What became of a form, in words for the household."""

EVENT_WORDS: dict[str, tuple[str, str]] = {
    "counted": ("计入", "counted"),
    "pending": ("待审，未计", "pending, not counted"),
    "rejected": ("审核未通过，未计", "rejected, not counted"),
    "revoked": ("已撤销，未计", "revoked, not counted"),
    "not_yet_known": ("评定日后登记，未计", "recorded after the scoring date, not counted"),
    "expired": ("已过有效期，未计", "no longer valid, not counted"),
    "without_evidence": ("没有凭证，未计", "without evidence, not counted"),
}
"""What became of a ledger entry."""


def say(lang: Lang, key: str, /, **values: object) -> str:
    """Fill a template of `SENTENCES`."""
    return pick(lang, SENTENCES[key]).format_map(values)


def bound_word(lang: Lang, bound: str) -> str:
    """Name a bound of the limit."""
    return pick(lang, BOUND_WORDS[bound])


def share(value: Decimal) -> str:
    """Write an exact share as a percentage without idle zeros.

    Examples
    --------
    >>> share(Decimal("0.60")), share(Decimal("0.625"))
    ('60%', '62.5%')
    """
    return f"{(value * 100).normalize():f}%"
