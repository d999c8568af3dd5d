"""Two models compared in words: what was decided otherwise, and which numbers moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sanzhixin.errors.words import (
    BASIS_WORDS,
    LINK_WORDS,
    METHOD_WORDS,
    MODEL_STATUS_WORDS,
    POPULATION_WORDS,
)
from sanzhixin.scheme.base import NAMING_KEYS, to_yuan

if TYPE_CHECKING:
    from sanzhixin.scheme.scheme import Scheme
    from sanzhixin.scoring.artifact import ModelFile
    from sanzhixin.scoring.pd_table import PdTable

__all__ = ["DiffLine", "DiffPart", "compare_models"]

DiffPart = Literal["model", "tiers", "points", "pd", "panel", "scheme", "origin"]
"""What a line is about."""

_LONGEST = 60
_UNITS = {
    "at_least": ("起点", "from"),
    "cap_yuan": ("上限", "cap"),
    "rate_bp": ("利率bp", "rate bp"),
}
_ORIGIN = {
    "data_from": "数据起",
    "data_until": "数据止",
    "rows": "行数",
    "seed": "随机种子",
    "fitted_by": "拟合人",
    "validated_by": "验证人",
    "approved_by": "批准人",
}
_BOOLS = {True: ("是", "true"), False: ("否", "false")}
_NO_WORDS: Mapping[str, tuple[str, str]] = {}


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One thing in which two models differ.

    Attributes
    ----------
    part : {"model", "tiers", "points", "pd", "panel", "scheme", "origin"}
        What it is about.
    zh, en : str
        The sentence.
    """

    part: DiffPart
    zh: str
    en: str


def compare_models(before: ModelFile, after: ModelFile) -> tuple[DiffLine, ...]:
    """Say in words how one model differs from another.

    Parameters
    ----------
    before, after : ModelFile
        The models.

    Returns
    -------
    tuple of DiffLine
        In the order of `DiffPart`; empty for equal models.
    """
    found = tuple(
        line
        for lines in (
            _identity(before, after),
            _tiers(before.scheme, after.scheme),
            _points(before, after),
            _default(before, after),
            _panel(before, after),
            _scheme(before, after),
            _origin(before, after),
        )
        for line in lines
    )
    return (*found, *_rest(before, after, {line.part for line in found}))


def _rest(before: ModelFile, after: ModelFile, told: set[DiffPart]) -> Iterator[DiffLine]:
    """Say of a part that it differs when no line told how."""
    parts: tuple[tuple[DiffPart, object, object, str, str], ...] = (
        ("pd", before.pd, after.pd, "违约概率表", "the table of default probability"),
        ("panel", before.panel, after.panel, "评议部分", "the panel part"),
        ("origin", before.provenance, after.provenance, "来源记录", "the record of origin"),
    )
    for part, first, second, zh, en in parts:
        if first != second and part not in told:
            yield DiffLine(part, f"{zh}有其他不同", f"{en} differs otherwise")


def _identity(before: ModelFile, after: ModelFile) -> Iterator[DiffLine]:
    yield from _line("model", "模型", "model", before.model_id, after.model_id)
    pair = before.status, after.status
    yield from _line("model", "状态", "status", *pair, words=MODEL_STATUS_WORDS)
    yield from _line("model", "有效期至", "valid until", before.valid_until, after.valid_until)


def _tiers(before: Scheme, after: Scheme) -> Iterator[DiffLine]:
    first, second = _tier_rows(before), _tier_rows(after)
    for grade in dict.fromkeys([*second, *first]):
        if grade not in first:
            yield DiffLine("tiers", f"等级 {grade}：新增", f"tier {grade}: new")
        elif grade not in second:
            yield DiffLine("tiers", f"等级 {grade}：取消", f"tier {grade}: gone")
        else:
            for key, (zh, en) in _UNITS.items():
                pair = first[grade][key], second[grade][key]
                yield from _line("tiers", f"等级 {grade} {zh}", f"tier {grade} {en}", *pair)
    yield from _line("tiers", "未评级名称", "name below", before.tiers.unrated, after.tiers.unrated)


def _tier_rows(scheme: Scheme) -> dict[str, dict[str, Any]]:
    return {
        row.grade: {
            "at_least": row.at_least,
            "cap_yuan": to_yuan(row.cap, scheme.tiers.unit, where="tiers"),
            "rate_bp": row.rate_bp,
        }
        for row in reversed(scheme.tiers.ascending)
    }


def _points(before: ModelFile, after: ModelFile) -> Iterator[DiffLine]:
    first, second = (_by_name(model.card.model_dump(mode="json")) for model in (before, after))
    yield from _changes("points", first, second)


def _default(before: ModelFile, after: ModelFile) -> Iterator[DiffLine]:
    first, second = before.pd, after.pd
    for key, zh, en, words in (
        ("basis", "依据", "basis", BASIS_WORDS),
        ("method", "方法", "method", METHOD_WORDS),
        ("n_loans", "贷款数", "loans", _NO_WORDS),
        ("n_defaults", "违约数", "defaults", _NO_WORDS),
        ("confidence", "置信度", "confidence", _NO_WORDS),
        ("population", "人群", "population", POPULATION_WORDS),
    ):
        pair = getattr(first, key), getattr(second, key)
        yield from _line("pd", f"违约概率{zh}", f"default probability, {en}", *pair, words=words)
    if first.rows == second.rows or "none" in (first.basis, second.basis):
        return
    points = np.unique([row.at_least for row in (*first.rows, *second.rows)])
    low, high = int(points[0]), int(min(before.card.reach[1], after.card.reach[1]))
    for grade, at in _cuts(after.scheme, low, high):
        zh, en = f"{grade} 起点（{at}）违约概率", f"default probability at {at} ({grade})"
        yield from _line("pd", zh, en, _at(first, at), _at(second, at))
        zh, en = f"{grade} 起点（{at}）上限", f"its upper bound at {at} ({grade})"
        yield from _line("pd", zh, en, _at(first, at, upper=True), _at(second, at, upper=True))
    moved = [(_moved(first, second, int(at)), int(at)) for at in points]
    most, at = max(moved)
    if most > 0:
        zh = f"违约概率变动最大处：{at} 点，{_at(first, at)} → {_at(second, at)}"
        en = f"default probability moves most at {at} points: {_at(first, at)} -> {_at(second, at)}"
        yield DiffLine("pd", zh, en)


def _cuts(scheme: Scheme, low: int, high: int) -> list[tuple[str, int]]:
    cuts = [
        (row.grade, scheme.points(row.at_least, f"tier {row.grade}"))
        for row in reversed(scheme.tiers.ascending)
    ]
    return [(grade, at) for grade, at in cuts if low <= at <= high]


def _at(table: PdTable, points: int, *, upper: bool = False) -> str:
    found = table.lookup(np.array([points]))
    value = float((found.upper if upper else found.prob_default)[0])
    return "-" if np.isnan(value) else f"{value:.4%}"


def _moved(first: PdTable, second: PdTable, points: int) -> float:
    at = np.array([points])
    step = float(second.lookup(at).prob_default[0] - first.lookup(at).prob_default[0])
    return 0.0 if np.isnan(step) else abs(step)


def _panel(before: ModelFile, after: ModelFile) -> Iterator[DiffLine]:
    first, second = before.panel, after.panel
    if first is None or second is None:
        pair = ("无" if first is None else "有"), ("无" if second is None else "有")
        other = ("none" if first is None else "there"), ("none" if second is None else "there")
        if pair[0] != pair[1]:
            yield DiffLine(
                "panel",
                f"评议员宽严调整：{pair[0]} → {pair[1]}",
                f"correction for severe and lenient raters: {other[0]} -> {other[1]}",
            )
        return
    links = first.link, second.link
    yield from _line("panel", "村际比较依据", "villages compared by", *links, words=LINK_WORDS)
    yield from _line("panel", "评议员数", "raters", len(first.raters), len(second.raters))
    yield from _line("panel", "村数", "villages", len(first.villages), len(second.villages))
    if first.pillars != second.pillars or first.raters != second.raters:
        yield DiffLine("panel", "宽严与似然表有变化", "severities or likelihood tables differ")


def _scheme(before: ModelFile, after: ModelFile) -> Iterator[DiffLine]:
    first, second = (
        _by_name(model.scheme.model_dump(mode="json", exclude={"tiers"}))
        for model in (before, after)
    )
    yield from _changes("scheme", first, second)


def _origin(before: ModelFile, after: ModelFile) -> Iterator[DiffLine]:
    first, second = (
        _by_name(model.provenance.model_dump(mode="json", include=set(_ORIGIN)))
        for model in (before, after)
    )
    yield from _changes("origin", first, second)


def _changes(part: DiffPart, first: dict[str, Any], second: dict[str, Any]) -> Iterator[DiffLine]:
    for key in dict.fromkeys([*second, *first]):
        head, dot, rest = key.partition(".")
        zh = f"{_ORIGIN.get(head, head)}{dot}{rest}" if part == "origin" else key
        if key not in first:
            shown = _shown(second[key])
            yield DiffLine(part, f"{zh}：新增 {shown[0]}", f"{key}: new {shown[1]}")
        elif key not in second:
            shown = _shown(first[key])
            yield DiffLine(part, f"{zh}：取消 {shown[0]}", f"{key}: gone {shown[1]}")
        else:
            yield from _line(part, zh, key, first[key], second[key])


def _line(
    part: DiffPart,
    zh: str,
    en: str,
    first: object,
    second: object,
    *,
    words: Mapping[str, tuple[str, str]] = _NO_WORDS,
) -> Iterator[DiffLine]:
    if first != second:
        one, other = _shown(first, words), _shown(second, words)
        yield DiffLine(part, f"{zh}：{one[0]} → {other[0]}", f"{en}: {one[1]} -> {other[1]}")


def _by_name(value: Any, path: str = "") -> dict[str, Any]:
    """Flatten JSON to leaves by path; entries of a list are told apart by their name."""
    if isinstance(value, dict):
        parts = [(f"{path}.{key}" if path else str(key), part) for key, part in value.items()]
    elif isinstance(value, list) and any(isinstance(part, dict) for part in value):
        parts = [(f"{path}[{_name(part, place)}]", part) for place, part in enumerate(value)]
    else:
        return {path: value}
    leaves: dict[str, Any] = {}
    for key, part in parts:
        leaves |= _by_name(part, key)
    return leaves


def _name(part: Any, place: int) -> str:
    names = [part.get(key) for key in NAMING_KEYS] if isinstance(part, dict) else []
    return next((name for name in names if isinstance(name, str)), f"#{place + 1}")


def _shown(value: object, words: Mapping[str, tuple[str, str]] = _NO_WORDS) -> tuple[str, str]:
    """Write a value in Chinese and in English, shortened."""
    if isinstance(value, list | tuple):
        parts = [_shown(part, words) for part in value]
        pair = "、".join(zh for zh, _ in parts) or "-", ", ".join(en for _, en in parts) or "-"
    elif isinstance(value, bool):
        pair = _BOOLS[value]
    elif isinstance(value, str) and value in words:
        pair = words[value]
    else:
        text = "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
        pair = text, text
    zh, en = (text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…" for text in pair)
    return zh, en
