"""Words of tables and model files that papers tell in Chinese and English, from one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.errors.words import BASIS_WORDS, MODEL_STATUS_WORDS, Lang, pick
from sanzhixin.records.columns import TABLES, table_spec

if TYPE_CHECKING:
    from sanzhixin.scheme import Scheme
    from sanzhixin.scoring.pd_table import PdTable

__all__ = ["POINT_WORDS", "basis_told", "column_word", "point_word", "table_word", "trial_mark"]

POINT_WORDS: dict[str, tuple[str, str]] = {
    "model_id": ("模型", "model"),
    "digest": ("文件摘要", "digest"),
    "protocol": ("文件格式版本", "protocol of the file"),
    "status": ("状态", "status"),
    "scheme_id": ("方案", "scheme"),
    "scheme_digest": ("方案摘要", "digest of the scheme"),
    "acquired_on": ("取得数据的日期", "day on which the data were acquired"),
    "loans_granted_from": ("贷款发放起", "loans granted from"),
    "loans_granted_until": ("贷款发放止", "loans granted until"),
    "source": ("来源", "source"),
    "storage_medium": ("存储介质", "storage medium"),
    "volume_rows": ("行数", "rows"),
    "checksums": ("校验值", "checksum"),
    "outcomes": ("贷款结果", "outcomes"),
    "outcomes.loans": ("贷款笔数", "loans with an outcome"),
    "outcomes.defaults": ("违约笔数", "defaults"),
    "sampling": ("抽样", "sampling"),
    "sampling.holdout": ("留出方式", "way of holding out"),
    "sampling.held_out_loans": ("留出贷款笔数", "loans held out"),
    "sampling.held_out_defaults": ("留出违约笔数", "defaults held out"),
    "library": ("软件", "library"),
    "library_version": ("软件版本", "version of the library"),
    "command": ("命令", "command"),
    "versions": ("软件包版本", "version of a package"),
    "operating_system": ("操作系统", "operating system"),
    "hardware": ("硬件", "hardware"),
    "fitted_by": ("拟合人", "fitted by"),
    "validated_by": ("验证人", "validated by"),
    "approved_by": ("批准人", "approved by"),
    "retired_by": ("停用人", "retired by"),
    "fitted_on": ("拟合日期", "fitted on"),
    "validated_on": ("验证日期", "validated on"),
    "approved_on": ("批准日期", "approved on"),
    "retired_on": ("停用日期", "retired on"),
    "fit_started_at": ("拟合开始时间", "fit started at"),
    "fit_ended_at": ("拟合结束时间", "fit ended at"),
    "aggregator": ("评议表汇总方式", "way in which forms are put together"),
    "equating": ("与简单平均对齐", "equating to the mean"),
    "village_link": ("村际比较依据", "what villages are compared by"),
    "points_per_score": ("得分 1 分合点数", "points of one unit of the score"),
    "card_lowest": ("最低总点数", "lowest total"),
    "card_highest": ("最高总点数", "highest total"),
    "pd_basis": ("违约概率依据", "basis of the default probability"),
    "pd_method": ("违约概率方法", "method of the default probability"),
    "pd_confidence": ("违约概率置信度", "confidence of the default probability"),
    "pd_anchor": ("违约概率锚定", "anchor of the default probability"),
    "pd_anchor.rate": ("锚定后的平均违约概率", "mean default probability after the anchor"),
    "pd_anchor.before": ("锚定前的平均违约概率", "mean default probability before the anchor"),
    "pd_anchor.shift": ("对数几率平移", "shift of the log-odds"),
    "review_z": ("复核界限（标准误倍数）", "bound of a review, in standard errors"),
    "review_probability": ("复核概率", "probability of a review"),
    "iterations": ("迭代次数", "iterations"),
    "by": ("部署人", "deployed by"),
    "on": ("部署日期", "deployed on"),
    "scripts": ("部署脚本", "scripts of the deployment"),
    "environment": ("部署环境", "environment of the deployment"),
}
"""Words for the points of a record for traceability, by key."""


def trial_mark(lang: Lang, status: str | None) -> tuple[str, ...]:
    """Say that a paper for a household is for trial only; of an approved model nothing is said.

    A status that nobody states is no approval.

    Examples
    --------
    >>> trial_mark("en", "draft"), trial_mark("en", "approved")
    (('Model status: draft; for trial only, not to be handed to the household',), ())
    """
    if status == "approved":
        return ()
    zh, en = ("未注明", "not stated") if status is None else MODEL_STATUS_WORDS[status]
    told = (
        f"模型状态：{zh}，仅供试用，不得送达农户",
        f"Model status: {en}; for trial only, not to be handed to the household",
    )
    return (pick(lang, told),)


def table_word(lang: Lang, table: str) -> str:
    """Name a table, its key beside the Chinese.

    Examples
    --------
    >>> table_word("zh", "events"), table_word("en", "events")
    ('积分台账（events）', 'events')
    """
    return f"{TABLES[table].zh}（{table}）" if lang == "zh" and table in TABLES else table


def basis_told(lang: Lang, pd: PdTable) -> str:
    """Say what default probabilities are; a prudent estimate is one at a confidence.

    Examples
    --------
    >>> from sanzhixin.modelling import expert_model
    >>> from sanzhixin.scheme import load_scheme
    >>> model = expert_model(load_scheme("tongxiang"), name="trial", version="1.0.0")
    >>> pd = model.file.pd
    >>> basis_told("en", pd), basis_told("zh", pd.model_copy(update={"confidence": 0.5}))
    ('none', '审慎估计（置信度 50%）')
    """
    if pd.confidence is None:
        return pick(lang, BASIS_WORDS[pd.basis])
    level = f"{pd.confidence:.0%}"
    return pick(lang, (f"审慎估计（置信度 {level}）", f"prudent estimate (confidence {level})"))


def column_word(lang: Lang, key: str, scheme: Scheme) -> str:
    """Name the column of a factor, its key beside the Chinese header.

    Examples
    --------
    >>> from sanzhixin.scheme import load_scheme
    >>> scheme = load_scheme("tongxiang")
    >>> [column_word(lang, "customer_years", scheme) for lang in ("zh", "en")]
    ['与本行往来年限（customer_years）', 'customer_years']
    """
    headers = {column.name: column.zh for column in table_spec("households", scheme).columns}
    return f"{headers[key]}（{key}）" if lang == "zh" and key in headers else key


def point_word(lang: Lang, key: str) -> str:
    """Name a point with its key; what is nested is named after what holds it.

    Examples
    --------
    >>> point_word("en", "volume_rows.loans")
    'rows: loans [volume_rows.loans]'
    """
    outer, _, inner = key.partition(".")
    joint = "：" if lang == "zh" else ": "
    if key in POINT_WORDS or not inner:
        words = pick(lang, POINT_WORDS.get(key, (key, key)))
    else:
        name = TABLES[inner].zh if lang == "zh" and inner in TABLES else inner
        words = f"{pick(lang, POINT_WORDS.get(outer, (outer, outer)))}{joint}{name}"
    return f"{words} [{key}]"
