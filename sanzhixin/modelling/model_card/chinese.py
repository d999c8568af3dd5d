"""The model card in Chinese: the same content as the English card, section by section."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sanzhixin.errors.words import (
    BASIS_WORDS,
    LINK_WORDS,
    METHOD_WORDS,
    MODEL_STATUS_WORDS,
    POPULATION_WORDS,
)
from sanzhixin.modelling.model_card.chinese_scheme import (
    bounds_zh,
    bullets_zh,
    events_zh,
    features_zh,
    records_zh,
    tiers_zh,
    triggers_zh,
)
from sanzhixin.modelling.model_card.page import pd_rows
from sanzhixin.modelling.model_card.scheme import table
from sanzhixin.modelling.model_card.texts import DECIDES_ZH, LIMITS_ZH, MONITORING_ZH, PURPOSE_ZH
from sanzhixin.modelling.model_card.words import AGGREGATOR_WORDS
from sanzhixin.records.columns import TABLES
from sanzhixin.scoring.card import GridCharacteristic
from sanzhixin.scoring.expert import EVENT_COLUMN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.scoring.artifact import ModelFile
    from sanzhixin.scoring.card import Card, Characteristic
    from sanzhixin.scoring.provenance import CardComparison

__all__ = ["chinese_card"]


def chinese_card(file: ModelFile) -> str:
    """Write the card of a model in Chinese.

    Parameters
    ----------
    file : ModelFile
        The content of ``model.json``.

    Returns
    -------
    str
        Markdown with the sections of `model_card`, in the same order.

    Examples
    --------
    >>> from sanzhixin.modelling import expert_model
    >>> from sanzhixin.scheme import load_scheme
    >>> model = expert_model(load_scheme("tongxiang"), name="trial", version="1.0.0")
    >>> chinese_card(model.file).splitlines()[0]
    '# 模型卡：trial/1.0.0'
    """
    scheme, compared = file.scheme, file.provenance.comparison
    sections = {
        "用途与不得使用的场合": PURPOSE_ZH,
        "由谁决定": DECIDES_ZH,
        "对象与目标": _population(file),
        "评议得分": _measures(file),
        "计入的内容": _entering(file),
        "从不计分的内容": records_zh(scheme),
        "点数": _points(file.card),
        **({} if compared is None else {"学习卡与专家卡比较": _compared(compared)}),
        "积分事项的分值": events_zh(scheme),
        "等级与上限": _tiers(file),
        "额度各项上限": bounds_zh(scheme),
        "违约概率": _default_probability(file),
        "使用限制": LIMITS_ZH,
        "人工复核条件": triggers_zh(scheme),
        "监测": MONITORING_ZH,
        "批准与有效期": _approvals(file),
        "来源与变更": _origin(file),
    }
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items())
    about = {
        "状态": f"**{MODEL_STATUS_WORDS[file.status][0]}**",
        "方案": f"{scheme.scheme_id}，{scheme.zh}",
        "有效期至": file.valid_until,
        "文件摘要": f"`{file.digest()}`",
    }
    return f"# 模型卡：{file.model_id}\n\n{bullets_zh(about)}\n\n{body}\n"


def _measures(file: ModelFile) -> str:
    panel = file.panel
    if panel is None:
        how = AGGREGATOR_WORDS[file.scheme.aggregator][0]
        return f"评议表汇总方式：{how}；不按评议员宽严调整。"
    return bullets_zh(
        {
            "汇总方式": "按评议员宽严调整的后验均值",
            "村际比较依据": LINK_WORDS[panel.link][0],
            "尺度": "与简单平均对齐" if panel.equated else "调整后的得分，不再对齐",
            "拟合的评议员和村": f"{len(panel.raters)} 名，{len(panel.villages)} 个村",
            "等级与按简单平均不同的农户": f"{panel.n_compared} 户中 {panel.n_moved} 户",
        }
    )


def _population(file: ModelFile) -> str:
    observed = POPULATION_WORDS.get(file.pd.population, (file.pd.population,))[0]
    return bullets_zh(
        {
            "对象": f"本行服务的村中，有有效“{file.scheme.consent_purpose}”授权并经评议的农户",
            "单位": "一户；合同由其成年成员签订",
            "目标": "违约：发放后 12 个月内逾期 90 天",
            "观察对象": f"{observed}（{file.pd.n_loans} 笔贷款）",
        }
    )


def _points(card: Card) -> str:
    rows = [(*row, item.missing_points) for item in card.characteristics for row in _bins(item)]
    about = {f"{group.zh}合计": f"{group.lowest} 至 {group.highest} 点" for group in card.groups}
    if card.base:
        about["每户起始"] = f"{card.base} 点"
    about["总点数"] = f"{card.lowest} 至 {card.highest} 点"
    if card.reach != (card.lowest, card.highest):
        about["农户可达到"] = f"{card.reach[0]} 至 {card.reach[1]} 点"
    about["得分 1 分"] = f"{card.points_per_score} 点"
    return f"{table(('特征', '档次', '点数', '缺失时点数'), rows)}\n\n{bullets_zh(about)}"


def _bins(item: Characteristic) -> Iterator[tuple[str, str, object]]:
    if isinstance(item, GridCharacteristic):
        low, high = item.start / 1e6, (item.start + item.span) / 1e6
        yield item.zh, f"{low:g} 至 {high:g}，等距", f"0 至 {item.points}"
        return
    for zh, points in zip(item.labels_zh, item.points, strict=True):
        yield item.zh, zh, points


def _entering(file: ModelFile) -> str:
    """Tell what enters, and what a learned card considered and did not keep."""
    shown, compared = features_zh(file.scheme), file.provenance.comparison
    if compared is None or compared.chosen == "expert":
        return shown
    kept = {item.column for item in file.card.characteristics}
    left = [p.zh for p in file.scheme.pillars if f"{p.code}_score" not in kept]
    left += [] if EVENT_COLUMN in kept else ["事件积分"]
    left += [f.zh for f in file.scheme.factors if f.name not in kept]
    if not left:
        return shown
    note = "学习卡考虑过下列各项，不给点数：贷款中没有其取值，或没有显示其能区分违约"
    return f"{shown}\n\n{note}：{'、'.join(left)}。"


def _tiers(file: ModelFile) -> str:
    shown, beyond = tiers_zh(file.scheme), file.tiers_out_of_reach
    if not beyond:
        return shown
    low, high = (end / file.card.points_per_score for end in file.card.reach)
    note = f"按此卡得分在 {low:g} 至 {high:g} 之间，没有农户能评为"
    return f"{shown}\n\n**{note} {'、'.join(beyond)}。**"


def _compared(found: CardComparison) -> str:
    unseen = {"village": "其他村，分五份", "time": "最近三分之一"}
    rows = [
        (name, f"{s.log_loss:.5f}", f"{s.brier:.5f}", "" if s.auc is None else f"{s.auc:.4f}")
        for name, s in (("专家卡", found.expert), ("学习卡", found.fitted))
    ]
    about: dict[str, object] = {
        "未参与学习的贷款": (
            f"{unseen[found.holdout]}：{found.n_loans} 笔，违约 {found.n_defaults} 笔"
        ),
        "学习卡减少的对数损失": f"{found.gain:.5f}（村间标准误 {found.gain_se:.5f}）",
        "本模型所用": "学习卡" if found.chosen == "fitted" else "专家卡",
    }
    if found.asked_for:
        kept = "会采用" if found.gain > found.gain_se else "不会采用"
        about["原因"] = f"由人指定；按比较结果{kept}"
    return f"{table(('卡', '对数损失', 'Brier 分数', 'AUC'), rows)}\n\n{bullets_zh(about)}"


def _default_probability(file: ModelFile) -> str:
    pd, per = file.pd, file.card.points_per_score
    about: dict[str, object] = {
        "依据": BASIS_WORDS[pd.basis][0],
        "方法": METHOD_WORDS[pd.method][0],
        "贷款结果": f"{pd.n_loans} 笔，违约 {pd.n_defaults} 笔",
    }
    if pd.basis == "none":
        note = f"不给出违约概率；等级和额度由点数得出。{pd.note_zh}"
        return f"{bullets_zh(about)}\n\n{note.strip()}"
    if pd.confidence is not None:
        about["置信度"] = pd.confidence
    about["校准对象"] = POPULATION_WORDS.get(pd.population, (pd.population,))[0]
    rows = [[cell.replace("unknown", "未知") for cell in row] for row in pd_rows(file)]
    text = f"列出各等级起点和可达范围内每 {per} 点，重复的略去；文件中有每一点。"
    shown = table(("点数", "违约概率", "下限", "上限"), rows)
    return f"{bullets_zh(about)}\n\n{pd.note_zh}\n\n{text}\n\n{shown}"


def _approvals(file: ModelFile) -> str:
    by = file.provenance
    use = "" if file.status == "approved" else "未批准或已停用的模型不得用于对农户的决定。\n\n"
    retired: dict[str, object] = {}
    if by.retired_by is not None:
        retired["停用"] = f"{_signed(by.retired_by, by.retired_on)}：{by.retired_because}"
    return use + bullets_zh(
        {
            "拟合": _signed(by.fitted_by, by.fitted_on) or "未注明",
            "验证": _signed(by.validated_by, by.validated_on) or "尚无",
            "批准": _signed(by.approved_by, by.approved_on) or "尚无",
            **retired,
            "最后评定日": file.valid_until,
            "建议有效": f"{file.scheme.proposal_validity_months} 个月",
        }
    )


def _signed(person: str | None, on: dt.date | None) -> str | None:
    return person if person is None or on is None else f"{person}，{on}"


_NOTES = {"Expert card: no number was learned from outcomes.": "专家卡：没有从贷款结果学习数值。"}


def _origin(file: ModelFile) -> str:
    by = file.provenance
    about: dict[str, object] = {"文件格式版本": file.protocol}
    if by.data_from is not None:
        about["贷款发放"] = f"{by.data_from} 至 {by.data_until}"
    names = {
        name: TABLES[name].zh if name in TABLES else name for name in (*by.rows, *by.checksums)
    }
    about |= {f"{names[name]}行数": count for name, count in by.rows.items()}
    about |= {f"{names[name]} SHA-256": f"`{digest}`" for name, digest in by.checksums.items()}
    about |= {f"{name} 版本": number for name, number in by.versions.items()}
    if by.seed is not None:
        about["模拟县域的种子"] = by.seed
    notes = "".join(f"\n- {_NOTES.get(note, note)}" for note in by.notes)
    rule = "已发布的文件不再改动；任何改动都是新版本，另有模型卡。"
    return f"{bullets_zh(about)}{notes}\n\n{rule}\n\n- {file.version}：本版本。"
