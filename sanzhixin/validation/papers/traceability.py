"""Where a model comes from, point by point; what its file does not hold is “not recorded”."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sanzhixin.errors.words import (
    BASIS_WORDS,
    LINK_WORDS,
    METHOD_WORDS,
    MODEL_STATUS_WORDS,
    Lang,
    pick,
)
from sanzhixin.scoring.canonical import canonical_json, sha256_digest
from sanzhixin.scoring.provenance import STEPS
from sanzhixin.validation.papers.layout import Grid, Paper, Part, Text
from sanzhixin.validation.papers.scheme_words import AGGREGATOR_WORDS
from sanzhixin.validation.papers.terms import point_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sanzhixin.scoring.artifact import ModelFile

__all__ = ["NOT_RECORDED", "SIGNED", "traceability", "traceability_paper"]

NOT_RECORDED = "not recorded"
"""Stands where the model file holds nothing; nothing is guessed."""

SIGNED = ("fitted", *STEPS[1:])
"""Steps that a person signs for."""


def traceability(file: ModelFile) -> dict[str, Any]:
    """Collect what can be traced of a model: data, scripts, environment, people, days, parameters.

    Parameters
    ----------
    file : ModelFile
        The content of ``model.json``.

    Returns
    -------
    dict
        Sections of points; `NOT_RECORDED` where the file holds nothing, ``none`` for a parameter
        that the model does not have.

    References
    ----------
    JR/T 0221-2021, 人工智能算法金融应用评价规范: traceability of data, scripts, environment,
    operator, time and parameters.

    Examples
    --------
    >>> from sanzhixin.modelling import expert_model
    >>> from sanzhixin.scheme import load_scheme
    >>> model = expert_model(load_scheme("tongxiang"), name="trial", version="1.0.0")
    >>> traceability(model.file)["data"]["loans_granted_from"]
    'not recorded'
    """
    by = file.provenance
    python = {name: number for name, number in by.versions.items() if name != "sanzhixin"}
    return {
        "format": 1,
        "artifact": {
            "model_id": file.model_id,
            "digest": file.digest(),
            "protocol": file.protocol,
            "status": file.status,
            "scheme_id": file.scheme.scheme_id,
            "scheme_digest": sha256_digest(canonical_json(file.content()["scheme"])),
        },
        "data": {
            "acquired_on": NOT_RECORDED,
            "loans_granted_from": _or(by.data_from),
            "loans_granted_until": _or(by.data_until),
            "source": NOT_RECORDED if by.seed is None else f"simulated county, seed {by.seed}",
            "storage_medium": NOT_RECORDED,
            "volume_rows": dict(by.rows) or NOT_RECORDED,
            "checksums": dict(by.checksums) or NOT_RECORDED,
            "outcomes": {"loans": file.pd.n_loans, "defaults": file.pd.n_defaults},
            "sampling": _sampling(file),
        },
        "scripts": {
            "library": "sanzhixin",
            "library_version": by.versions.get("sanzhixin", NOT_RECORDED),
            "command": NOT_RECORDED,
        },
        "environment": {
            "versions": python or NOT_RECORDED,
            "operating_system": NOT_RECORDED,
            "hardware": NOT_RECORDED,
        },
        "operators": {f"{step}_by": _or(getattr(by, f"{step}_by")) for step in SIGNED},
        "timestamps": {
            **{f"{step}_on": _or(getattr(by, f"{step}_on")) for step in SIGNED},
            "fit_started_at": NOT_RECORDED,
            "fit_ended_at": NOT_RECORDED,
        },
        "parameters": _parameters(file),
        "deployment": dict.fromkeys(("by", "on", "scripts", "environment"), NOT_RECORDED),
    }


def _or(value: object) -> str:
    return NOT_RECORDED if value is None else str(value)


def _sampling(file: ModelFile) -> Any:
    found = file.provenance.comparison
    if found is None:
        return NOT_RECORDED
    return {
        "holdout": found.holdout,
        "held_out_loans": found.n_loans,
        "held_out_defaults": found.n_defaults,
    }


def _parameters(file: ModelFile) -> dict[str, Any]:
    pd = file.pd
    return {
        "aggregator": file.scheme.aggregator,
        "equating": file.scheme.equating or "none",
        "village_link": "none" if file.panel is None else file.panel.link,
        "points_per_score": file.card.points_per_score,
        "card_lowest": file.card.lowest,
        "card_highest": file.card.highest,
        "pd_basis": pd.basis,
        "pd_method": pd.method,
        "pd_confidence": "none" if pd.confidence is None else pd.confidence,
        "pd_anchor": "none" if pd.anchor is None else pd.anchor.model_dump(mode="json"),
        "review_z": file.review_z,
        "iterations": NOT_RECORDED,
        "review_probability": float(file.scheme.review.review_probability),
    }


_TITLES = {
    "artifact": ("模型文件", "The model file"),
    "data": (
        "数据：时间、来源、数量、校验值、抽样",
        "Data: time, source, volume, checksums, sampling",
    ),
    "scripts": ("脚本", "Scripts"),
    "environment": ("环境", "Environment"),
    "operators": ("操作人", "Operators"),
    "timestamps": ("时间", "Times"),
    "parameters": ("参数", "Parameters"),
    "deployment": ("部署", "Deployment"),
}
_VALUES = {
    "status": MODEL_STATUS_WORDS,
    "sampling.holdout": {"village": ("其他村", ""), "time": ("最近三分之一", "")},
    "aggregator": AGGREGATOR_WORDS,
    "equating": AGGREGATOR_WORDS,
    "village_link": LINK_WORDS,
    "pd_basis": BASIS_WORDS,
    "pd_method": METHOD_WORDS,
}
_ABOUT = (
    "按 JR/T 0221-2021 的可追溯要求，由模型文件 {model} 列出；文件中没有的写作“未记录”，不作推断。",
    "Listed from the model file {model} as JR/T 0221-2021 asks for traceability; what the file "
    "does not hold is “not recorded”, and nothing is inferred.",
)


def traceability_paper(file: ModelFile, lang: Lang) -> Paper:
    """Write the record of a model as a paper.

    Parameters
    ----------
    file : ModelFile
        The content of ``model.json``.
    lang : {"zh", "en"}
        Language; beside each point stands its key in the JSON file.

    Returns
    -------
    Paper
        One table a section of `traceability`.
    """
    content = traceability(file)
    head = (pick(lang, ("项目", "point")), pick(lang, ("值", "value")))
    parts = []
    for name, titles in _TITLES.items():
        rows = tuple(
            (point_word(lang, key), _told(lang, key, value)) for key, value in _flat(content[name])
        )
        parts.append(Part(pick(lang, titles), (Grid(head, rows),)))
    lead = (Text(pick(lang, _ABOUT).format(model=file.model_id)),)
    title = pick(lang, ("可追溯记录", "Record for traceability"))
    return Paper(lang, title, lead, tuple(parts))


def _told(lang: Lang, key: str, value: str) -> str:
    """Tell a value; in Chinese by the words of its kind, in English as the JSON file has it."""
    if lang == "en":
        return value
    fixed = {NOT_RECORDED: "未记录", "none": "无", "True": "是", "False": "否"}
    if value in fixed:
        return fixed[value]
    if key == "source":
        return f"模拟县域，种子 {value.rpartition(' ')[2]}"
    return _VALUES.get(key, {}).get(value, (value, value))[0]


def _flat(content: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            shown = f"{value:.6g}" if isinstance(value, float) else str(value)
            yield f"{before}{key}", shown
