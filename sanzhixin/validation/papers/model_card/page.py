"""The model card: what a model is for, what it rests on and what it must not be used for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.errors.words import (
    LINK_WORDS,
    METHOD_WORDS,
    MODEL_STATUS_WORDS,
    POPULATION_WORDS,
    Lang,
)
from sanzhixin.scoring.card import GridCharacteristic
from sanzhixin.scoring.expert import EVENT_COLUMN
from sanzhixin.validation.papers.layout import Paper, Part, Text
from sanzhixin.validation.papers.model_card.origin import approvals, origin
from sanzhixin.validation.papers.model_card.scheme import (
    bounds,
    events,
    features,
    records,
    tiers,
    triggers,
)
from sanzhixin.validation.papers.model_card.texts import (
    DECIDES,
    LIMITS,
    MONITORING,
    OUT_OF_SCOPE,
    PURPOSE,
)
from sanzhixin.validation.papers.scheme_words import AGGREGATOR_WORDS
from sanzhixin.validation.papers.terms import basis_told
from sanzhixin.validation.papers.writer import Pair, Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sanzhixin.scoring.artifact import ModelFile
    from sanzhixin.scoring.card import Characteristic
    from sanzhixin.scoring.provenance import CardComparison
    from sanzhixin.validation.papers.layout import Block, Listing

__all__ = ["model_card"]


def model_card(file: ModelFile, lang: Lang) -> Paper:
    """Write the card of a model from its file.

    Parameters
    ----------
    file : ModelFile
        The content of ``model.json``.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    Paper
        Equal files give equal cards; both languages have the same parts, rows and lines.

    Examples
    --------
    >>> from sanzhixin.modelling import expert_model
    >>> from sanzhixin.scheme import load_scheme
    >>> model = expert_model(load_scheme("tongxiang"), name="trial", version="1.0.0")
    >>> model_card(model.file, "en").title
    'Model card: trial/1.0.0'
    """
    w = Writer(file, lang)
    compared = file.provenance.comparison
    parts: list[tuple[Pair, Iterable[Block]]] = [
        (
            ("用途与不得使用的场合", "Purpose and out-of-scope use"),
            (Text(w.pick(*PURPOSE)), w.lines(*OUT_OF_SCOPE)),
        ),
        (("由谁决定", "Who decides"), (Text(w.pick(*DECIDES)),)),
        (("对象与目标", "Population and target"), (_population(w),)),
        (("评议得分", "Measures"), (_measures(w),)),
        (("计入的内容", "What enters"), _entering(w)),
        (("从不计分的内容", "What never carries points"), records(w)),
        (("点数", "Points"), _points(w)),
    ]
    if compared is not None:
        title = "学习卡与专家卡比较", "Learned card against expert card"
        parts.append((title, _comparison(w, compared)))
    parts += [
        (("积分事项的分值", "Points of ledger entries"), events(w)),
        (("等级与上限", "Tiers and caps"), _tiers(w)),
        (("额度各项上限", "Bounds of the limit"), bounds(w)),
        (("违约概率", "Default probability"), _default_probability(w)),
        (("使用限制", "Limits of use"), (w.lines(*LIMITS),)),
        (("人工复核条件", "Review triggers"), triggers(w)),
        (("监测", "Monitoring"), (w.lines(*MONITORING),)),
        (("批准与有效期", "Approvals and expiry"), approvals(w)),
        (("来源与变更", "Origin and change log"), origin(w)),
    ]
    heading = w.pick(f"模型卡：{file.model_id}", f"Model card: {file.model_id}")
    made = tuple(Part(w.pick(*name), tuple(body)) for name, body in parts)
    return Paper(lang, heading, (_head(w),), made)


def _head(w: Writer) -> Listing:
    file, scheme = w.file, w.scheme
    return w.named(
        (("状态", "Status"), w.pick(*MODEL_STATUS_WORDS[file.status])),
        (
            ("方案", "Scheme"),
            w.pick(f"{scheme.scheme_id}，{scheme.zh}", f"{scheme.scheme_id}, {scheme.en}"),
        ),
        (("有效期至", "Valid until"), file.valid_until),
        (("文件摘要", "Digest"), file.digest()),
    )


def _population(w: Writer) -> Listing:
    purpose, pd = w.scheme.consent_purpose, w.file.pd
    observed = _whose(w)
    pairs: tuple[tuple[Pair, Pair], ...] = (
        (
            ("对象", "Population"),
            (
                f"本行服务的村中，有有效“{purpose}”授权并经评议的农户",
                "farm households of the bank's villages with a valid consent for "
                f"“{purpose}” and a panel of raters",
            ),
        ),
        (
            ("单位", "Unit"),
            (
                "一户；合同由其成年成员签订",
                "one household; contracts are signed by an adult of it",
            ),
        ),
        (
            ("目标", "Target"),
            (
                "违约：发放后 12 个月内逾期超过 90 天",
                "default: more than 90 days past due within 12 months of granting",
            ),
        ),
        (
            ("观察对象", "Observed on"),
            (f"{observed}（{pd.n_loans} 笔贷款）", f"{observed} ({pd.n_loans} loans)"),
        ),
    )
    return w.named(*((name, w.pick(*value)) for name, value in pairs))


def _whose(w: Writer) -> str:
    """Say whose outcomes the probabilities rest on."""
    whose = w.file.pd.population
    return w.pick(*POPULATION_WORDS.get(whose, (whose, whose)))


def _measures(w: Writer) -> Block:
    panel = w.file.panel
    if panel is None:
        zh, en = AGGREGATOR_WORDS[w.scheme.aggregator]
        return Text(
            w.pick(
                f"评议表汇总方式：{zh}；不按评议员宽严调整。",
                f"Aggregator of the forms: {en}. Raters are taken as they are.",
            )
        )
    n_raters, n_villages = len(panel.raters), len(panel.villages)
    how = (
        "按评议员宽严调整的后验均值",
        "severity_adjusted: posterior means corrected for the raters' severity",
    )
    scale = (
        ("与简单平均对齐", "equated to the mean")
        if panel.equated
        else ("调整后的得分，不再对齐", "adjusted scores as they are")
    )
    fitted = f"{n_raters} 名，{n_villages} 个村", f"{n_raters} and {n_villages}"
    moved = (
        f"{panel.n_compared} 户中 {panel.n_moved} 户",
        f"{panel.n_moved} of {panel.n_compared}",
    )
    return w.named(
        (("汇总方式", "Aggregator"), w.pick(*how)),
        (("村际比较依据", "Villages are compared by"), w.pick(*LINK_WORDS[panel.link])),
        (("尺度", "Scale"), w.pick(*scale)),
        (("拟合的评议员和村", "Raters and villages fitted"), w.pick(*fitted)),
        (
            ("等级与按简单平均不同的农户", "Households in another tier than by the mean"),
            w.pick(*moved),
        ),
    )


def _entering(w: Writer) -> Iterator[Block]:
    """Tell what enters, and what a learned card considered and did not keep."""
    yield from features(w)
    file, scheme = w.file, w.scheme
    compared = file.provenance.comparison
    if compared is None or compared.chosen == "expert":
        return
    kept = {item.column for item in file.card.characteristics}
    left = [(p.zh, p.en) for p in scheme.pillars if f"{p.code}_score" not in kept]
    left += [] if EVENT_COLUMN in kept else [("事件积分", "event points")]
    left += [(f.zh, f.en) for f in scheme.factors if f.name not in kept]
    if left:
        names = w.joined(w.pick(*pair) for pair in left)
        yield Text(
            w.pick(
                "学习卡考虑过下列各项，不给点数：贷款中没有其取值，或没有显示其能区分违约："
                f"{names}。",
                "The learned card considered these and gives them no points: the loans have no "
                f"values of them, or do not show that they tell default: {names}.",
            )
        )


def _points(w: Writer) -> Iterator[Block]:
    card = w.file.card
    heads = (
        *(("特征", "Characteristic"), ("档次", "Bin"), ("点数", "Points")),
        ("缺失时点数", "Points when missing"),
    )
    yield w.grid(heads, (row for item in card.characteristics for row in _bins(w, item)))

    def ends(low: int, high: int) -> str:
        return w.pick(f"{low} 至 {high} 点", f"{low} to {high} points")

    def points(count: int) -> str:
        return w.pick(f"{count} 点", f"{count} points")

    about: list[tuple[Pair, object]] = [
        ((f"{group.zh}合计", f"{group.en} together"), ends(group.lowest, group.highest))
        for group in card.groups
    ]
    if card.base:
        about.append((("每户起始", "Every household starts with"), points(card.base)))
    about.append((("总点数", "Total"), ends(card.lowest, card.highest)))
    if card.reach != (card.lowest, card.highest):
        about.append((("农户可达到", "Within reach of a household"), ends(*card.reach)))
    about.append((("得分 1 分", "One unit of the score"), points(card.points_per_score)))
    yield w.named(*about)


def _bins(w: Writer, item: Characteristic) -> Iterator[tuple[str, ...]]:
    name, missing = w.pick(item.zh, item.en), str(item.missing_points)
    if isinstance(item, GridCharacteristic):
        low, high = item.start / 1e6, (item.start + item.span) / 1e6
        steps = w.pick(f"{low:g} 至 {high:g}，等距", f"{low:g} to {high:g} in equal steps")
        yield name, steps, w.pick(f"0 至 {item.points}", f"0 to {item.points}"), missing
        return
    for zh, en, points in zip(item.labels_zh, item.labels_en, item.points, strict=True):
        yield name, w.pick(zh, en), str(points), missing


def _comparison(w: Writer, found: CardComparison) -> Iterator[Block]:
    heads = (
        *(("卡", "Card"), ("对数损失", "Log-loss"), ("Brier 分数", "Brier score"), ("AUC", "AUC")),
    )
    rows = []
    for name, held in ((("专家卡", "expert"), found.expert), (("学习卡", "learned"), found.fitted)):
        auc = "" if held.auc is None else f"{held.auc:.4f}"
        rows.append((w.pick(*name), f"{held.log_loss:.5f}", f"{held.brier:.5f}", auc))
    yield w.grid(heads, rows)
    unseen: Pair = (
        ("其他村，分五份", "other villages, in five parts")
        if found.holdout == "village"
        else ("最近三分之一", "the latest third")
    )
    counts = (
        f"{unseen[0]}：{found.n_loans} 笔，违约 {found.n_defaults} 笔",
        f"{unseen[1]}: {found.n_loans}, {found.n_defaults} defaults",
    )
    gain = (
        f"{found.gain:.5f}（村间标准误 {found.gain_se:.5f}）",
        f"{found.gain:.5f} (standard error between villages {found.gain_se:.5f})",
    )
    chosen = (
        ("学习卡", "the learned one") if found.chosen == "fitted" else ("专家卡", "the expert card")
    )
    about: list[tuple[Pair, object]] = [
        (("未参与学习的贷款", "Unseen loans"), w.pick(*counts)),
        (("学习卡减少的对数损失", "Log-loss gained by the learned card"), w.pick(*gain)),
        (("本模型所用", "Card of this model"), w.pick(*chosen)),
    ]
    if found.asked_for:
        why: Pair = (
            ("由人指定；按比较结果会采用", "it was asked for; the comparison would have kept it")
            if found.gain > found.gain_se
            else (
                "由人指定；按比较结果不会采用",
                "it was asked for; the comparison would not have kept it",
            )
        )
        about.append((("原因", "Why"), w.pick(*why)))
    yield w.named(*about)


def _tiers(w: Writer) -> Iterator[Block]:
    yield from tiers(w)
    file = w.file
    if not file.tiers_out_of_reach:
        return
    low, high = (end / file.card.points_per_score for end in file.card.reach)
    beyond = w.joined(file.tiers_out_of_reach)
    yield Text(
        w.pick(
            f"按此卡得分在 {low:g} 至 {high:g} 之间，没有农户能评为 {beyond}。",
            f"With this card scores lie between {low:g} and {high:g}, so no household can be "
            f"{beyond}.",
        )
    )


def _default_probability(w: Writer) -> Iterator[Block]:
    pd, per = w.file.pd, w.file.card.points_per_score
    outcomes = (
        f"{pd.n_loans} 笔，违约 {pd.n_defaults} 笔",
        f"{pd.n_defaults} defaults in {pd.n_loans} loans",
    )
    about: list[tuple[Pair, object]] = [
        (("依据", "Basis"), basis_told(w.lang, pd)),
        (("方法", "Method"), w.pick(*METHOD_WORDS[pd.method])),
        (("贷款结果", "Outcomes"), w.pick(*outcomes)),
    ]
    if pd.basis == "none":
        yield w.named(*about)
        yield Text(
            w.pick(
                "不给出违约概率；等级和额度由点数得出。",
                "No probability is given; tier and limit come from the points.",
            )
        )
        if pd.note_en:
            yield Text(w.pick(pd.note_zh, pd.note_en))
        return
    yield w.named(*about, (("校准对象", "Calibrated on"), _whose(w)))
    if pd.note_en:
        yield Text(w.pick(pd.note_zh, pd.note_en))
    yield Text(
        w.pick(
            f"列出各等级起点和可达范围内每 {per} 点，重复的略去；文件中有每一点。",
            f"Tiers and every {per} points within reach, repeats left out; the file has every "
            "point.",
        )
    )
    heads = (
        *(("点数起", "Points from"), ("违约概率", "Probability of default")),
        *(("区间下限", "Interval from"), ("区间上限", "to")),
    )
    yield w.grid(heads, _pd_rows(w))


def _pd_rows(w: Writer) -> Iterator[tuple[str, ...]]:
    """Probabilities at the ends of the reach, tiers and whole scores; repeats are left out."""
    file, unknown = w.file, w.pick("未知", "unknown")
    (least, most), per = file.card.reach, file.card.points_per_score
    cuts = {int(row.at_least * per) for row in file.scheme.tiers.ascending}
    shown = {least, most, *range(-(-least // per) * per, most, per), *cuts}
    before: tuple[str, ...] = ()
    for points in sorted(points for points in shown if least <= points <= most):
        row = next(row for row in reversed(file.pd.rows) if row.at_least <= points)
        values = (row.prob_default, row.lower, row.upper)
        told = tuple(unknown if value is None else f"{value:.2%}" for value in values)
        if told != before:
            yield str(points), *told
        before = told
