"""A model's card as a PMML 4.4 document with one scorecard, for engines that are not this one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, indent, tostring

import numpy as np

from sanzhixin.errors import ArtifactError
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.reasons import MOST_REASONS, plain_score
from sanzhixin.versions import library_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.scoring.card import (
        BinCharacteristic,
        Card,
        Characteristic,
        GridCharacteristic,
        LevelCharacteristic,
    )
    from sanzhixin.scoring.plan import Plan

__all__ = ["NAMESPACE", "export_pmml", "grid_steps"]

NAMESPACE = "http://www.dmg.org/PMML-4_4"

_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
_SCOPE = {
    "scope": "The points of the card alone. Records that gate, too few forms, tiers, limits and "
    "default probabilities are not in this document: no points are to be told of a household that "
    "is gated or lacks forms.",
    "scope_zh": "仅含评分卡积分。否决项、评议不足、等级、额度和违约概率均不在本文件内；"
    "有否决项或评议不足的农户不应据此给出分数。",
    "values": "Numbers have at most six decimals. A blank is a missing value; a level that is not "
    "listed is invalid.",
    "reasons": "A code tells how far a part lies below its reference; gains are not ranked, and an "
    "engine may rank a part that lost nothing. EVENTS stands for all ledger entries together.",
    "ends": "A CLIP_ part takes off what the sum exceeds its ends by, or restores what it falls "
    "short by; a sum that cannot pass its ends has none.",
}


def export_pmml(model: SanzhixinModel) -> bytes:
    """Write the card of a model as PMML, so that another engine gives the same points.

    Use it where a decision engine reads PMML.  The points are those of `score_card`, exactly, for
    all values in whole millionths; gates, evidence, tiers, limits and default probabilities stay
    with the library.

    Parameters
    ----------
    model : SanzhixinModel
        Whose card is written.

    Returns
    -------
    bytes
        XML in UTF-8; equal models give equal bytes, and there is no time of writing.

    Raises
    ------
    ArtifactError
        ``pmml_control``: a name, level or label holds a character that the document cannot carry.

    Notes
    -----
    Every characteristic tells missing values first, then half-open bins, one attribute each; a grid
    has one attribute for every number of points with the smallest value, in millionths, that gets
    it.  Numbers are doubles in their own units: decimals of a millionth stay apart below four
    thousand million.

    PMML adds partial scores and knows no ends.  Where the sum of a group or the total can pass its
    ends, a further characteristic ``CLIP_*`` carries the difference as a `ComplexPartialScore` over
    local transformations that repeat the points; so sums, ends and the reasons that tell a clip are
    the library's.  Reference points are the baselines, and the codes are those of the proposals,
    but single ledger entries (``EVENT_*``) stand together as ``EVENTS``, and gains are not ranked.
    The library tells equal losses in the order of the card; an engine may choose another.

    References
    ----------
    Data Mining Group, PMML 4.4, Scorecard.

    Examples
    --------
    >>> from sanzhixin.modelling import expert_model
    >>> from sanzhixin.scheme import load_scheme
    >>> model = expert_model(load_scheme("tongxiang"), name="trial", version="1.0.0")
    >>> export_pmml(model).count(b"<Characteristic ")
    9
    """
    plan = model.plan
    fields = _fields(plan.card)
    header = _node(
        "Header",
        _node("Application", name="sanzhixin", version=library_version()),
        description=f"{plan.scheme.en} ({plan.scheme.scheme_id}), {plan.model_id}: points",
        modelVersion=model.file.version,
    )
    card = _scorecard(model, fields)
    document = _node(
        "PMML", header, _dictionary(plan, fields), card, xmlns=NAMESPACE, version="4.4"
    )
    for node in document.iter():
        for text in (*node.attrib.values(), node.text or ""):
            if _UNFIT.search(text):
                raise ArtifactError("pmml_control", text=ascii(text))
    indent(document, " ")
    content: bytes = tostring(document, encoding="UTF-8", xml_declaration=True)
    return content + b"\n"


def grid_steps(item: GridCharacteristic) -> tuple[list[int], list[int]]:
    """Turn equal steps into bins.

    Parameters
    ----------
    item : GridCharacteristic
        Equal steps.

    Returns
    -------
    tuple of list of int
        Smallest values in millionths that get more points than those before, and the points of all
        bins: one more.

    Examples
    --------
    >>> from sanzhixin.scheme import load_scheme
    >>> from sanzhixin.scoring import expert_card
    >>> edges, points = grid_steps(expert_card(load_scheme("tongxiang")).characteristics[2])
    >>> edges[:2], points[:3]
    ([416667, 833333], [0, 1, 2])
    """
    # floor((2 p (v - start) + p) / 2 span) >= k holds from start + (2 span k - p) / 2 p onwards.
    double = 2 * item.points
    exact = (2 * item.span * k - item.points for k in range(1, item.points + 1))
    edges = sorted({item.start - (-least // double) for least in exact})
    edges = [edge for edge in edges if edge > item.start]
    return edges, item.score(np.array([item.start, *edges], dtype=np.int64)).tolist()


@dataclass(frozen=True, slots=True)
class _Clip:
    """A sum that can pass its ends; its parts and itself are fields."""

    code: str
    zh: str
    en: str
    base: int
    parts: tuple[str, ...]
    ends: tuple[int, int]
    sum_field: str
    clip_field: str


@dataclass(frozen=True, slots=True)
class _Fields:
    """Names of all fields, none of them twice; `parts` are the points that a clip needs again."""

    inputs: dict[str, Characteristic]
    points: str
    predicted: str
    reasons: tuple[str, ...]
    parts: dict[str, Characteristic]
    clips: tuple[_Clip, ...]


def _fields(card: Card) -> _Fields:
    inputs: dict[str, Characteristic] = {}
    for item in card.characteristics:
        inputs.setdefault(item.column, item)
    taken = set(inputs)
    points, predicted = _fresh("points", taken), _fresh("predicted_points", taken)
    ranks = range(1, MOST_REASONS + 1)
    reasons = tuple(_fresh(f"reason_code_{rank}", taken) for rank in ranks)
    parts = {_fresh(f"points_{item.name}", taken): item for item in card.characteristics}
    clips = _clips(card, parts, taken)
    needed = {name for clip in clips for name in clip.parts}
    kept = {name: item for name, item in parts.items() if name in needed}
    return _Fields(inputs, points, predicted, reasons, kept, clips)


def _fresh(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _clips(card: Card, parts: dict[str, Characteristic], taken: set[str]) -> tuple[_Clip, ...]:
    """Find the sums that can pass their ends: those of groups, then the total."""
    clips: list[_Clip] = []
    low = high = card.base
    for group, rows in zip(card.groups, card.group_rows, strict=True):
        own = tuple(parts)[rows]
        reached = [(*parts[name].attainable, parts[name].missing_points) for name in own]
        least, most = sum(map(min, reached)), sum(map(max, reached))
        if least < group.lowest or most > group.highest:
            named = _fresh(f"sum_{group.name}", taken), _fresh(f"clip_{group.name}", taken)
            ends, code = (group.lowest, group.highest), f"CLIP_{group.name}"
            clips.append(_Clip(code, group.zh, group.en, 0, own, ends, *named))
        low += min(max(least, group.lowest), group.highest)
        high += min(max(most, group.lowest), group.highest)
    if low < card.lowest or high > card.highest:
        own = (*parts, *(clip.clip_field for clip in clips))
        ends = (card.lowest, card.highest)
        named = _fresh("sum_total", taken), _fresh("clip_total", taken)
        clips.append(_Clip("CLIP_total", "总分", "total", card.base, own, ends, *named))
    return tuple(clips)


def _node(tag: str, *children: Element, **attributes: str) -> Element:
    node = Element(tag, attributes)
    node.extend(children)
    return node


def _notes(**values: object) -> Iterator[Element]:
    for name, value in values.items():
        yield _node("Extension", extender="sanzhixin", name=name, value=str(value))


def _dictionary(plan: Plan, fields: _Fields) -> Element:
    units = {f.name: f.unit for f in plan.scheme.factors if f.kind == "numeric"}
    found = []
    for column, item in fields.inputs.items():
        notes = _notes(zh=item.zh, **({"unit": units[column]} if column in units else {}))
        names = {"name": column, "displayName": item.en}
        if item.kind == "levels":
            values = (_node("Value", value=level) for level in item.levels)
            kind = {"optype": "categorical", "dataType": "string"}
            found.append(_node("DataField", *notes, *values, **names, **kind))
        else:
            found.append(_node("DataField", *notes, **names, **_NUMBER))
    found.append(_node("DataField", name=fields.points, displayName="points", **_NUMBER))
    return _node("DataDictionary", *found, numberOfFields=str(len(found)))


_NUMBER = {"optype": "continuous", "dataType": "double"}


def _scorecard(model: SanzhixinModel, fields: _Fields) -> Element:
    plan, file = model.plan, model.file
    card = plan.card
    notes = _notes(
        model_id=plan.model_id,
        scheme_id=plan.scheme.scheme_id,
        scheme_zh=plan.scheme.zh,
        digest=file.digest(),
        status=file.status,
        valid_until=file.valid_until,
        points_per_score=card.points_per_score,
        **{f"ends_{g.name}": f"{g.lowest} to {g.highest} ({g.zh})" for g in card.groups},
        ends_total=f"{card.lowest} to {card.highest} (总分)",
        ends_that_can_act=", ".join(clip.code for clip in fields.clips) or "none",
        **_SCOPE,
    )
    parts = [*_characteristics(plan), *map(_clip_characteristic, fields.clips)]
    derived = [*_points_fields(fields), *(node for c in fields.clips for node in _clip_fields(c))]
    return _node(
        "Scorecard",
        *notes,
        _mining_schema(fields),
        _output(fields),
        *([_node("LocalTransformations", *derived)] if derived else []),
        _node("Characteristics", *parts),
        modelName=plan.model_id,
        functionName="regression",
        initialScore=str(card.base),
        useReasonCodes="true",
        reasonCodeAlgorithm="pointsBelow",
        baselineMethod="other",
    )


def _mining_schema(fields: _Fields) -> Element:
    rules = {"usageType": "active", "invalidValueTreatment": "returnInvalid"}
    inputs = (_node("MiningField", name=name, **rules) for name in fields.inputs)
    target = _node("MiningField", name=fields.points, usageType="target")
    return _node("MiningSchema", *inputs, target)


def _output(fields: _Fields) -> Element:
    points = _node("OutputField", name=fields.predicted, **_NUMBER, feature="predictedValue")
    kind = {"optype": "categorical", "dataType": "string", "feature": "reasonCode"}
    codes = (
        _node("OutputField", name=name, **kind, rank=str(rank), rankOrder="descending")
        for rank, name in enumerate(fields.reasons, start=1)
    )
    return _node("Output", points, *codes)


def _characteristics(plan: Plan) -> Iterator[Element]:
    own = zip(plan.own.tolist(), plan.effects, plan.reference.tolist(), strict=False)
    told = {place: (effect.code, reference) for place, effect, reference in own}
    for place, item in enumerate(plan.card.characteristics):
        code, reference = told.get(place) or ("EVENTS", _event_start(plan, item))
        yield _node(
            "Characteristic",
            *_notes(zh=item.zh, en=item.en),
            *_attributes(item),
            name=item.name,
            reasonCode=code,
            baselineScore=str(reference),
        )


def _event_start(plan: Plan, item: Characteristic) -> int:
    """Points of a household without an event."""
    start = plan.scheme.points(plan.scheme.event_part.start, "event part")
    return int(item.score(np.array([start * MICRO], dtype=np.int64))[0])


def _attributes(item: Characteristic) -> Iterator[Element]:
    field = item.column
    blank = _node("SimplePredicate", field=field, operator="isMissing")
    yield _node("Attribute", blank, partialScore=str(item.missing_points))
    if item.kind == "levels":
        labels = zip(item.labels_zh, item.labels_en, strict=True)
        for level, points, (zh, en) in zip(item.levels, item.points, labels, strict=True):
            equal = _node("SimplePredicate", field=field, operator="equal", value=level)
            yield _node("Attribute", *_notes(zh=zh, en=en), equal, partialScore=str(points))
        return
    edges, scores = _bins(item)
    for place, (points, ends) in enumerate(zip(scores, _margins(edges), strict=True)):
        label = (
            {"zh": item.labels_zh[place], "en": item.labels_en[place]}
            if item.kind == "bins"
            else {}
        )
        yield _node("Attribute", *_notes(**label), _between(field, *ends), partialScore=str(points))


def _bins(item: GridCharacteristic | BinCharacteristic) -> tuple[list[int], list[int]]:
    return grid_steps(item) if item.kind == "grid" else (list(item.edges), list(item.points))


def _margins(edges: list[int]) -> Iterator[tuple[str | None, str | None]]:
    """Write the ends of all bins as decimal numbers; the outer ones are open."""
    return pairwise((None, *(plain_score(edge, MICRO) for edge in edges), None))


def _between(field: str, low: str | None, high: str | None) -> Element:
    tests = [
        _node("SimplePredicate", field=field, operator=operator, value=end)
        for operator, end in (("greaterOrEqual", low), ("lessThan", high))
        if end is not None
    ]
    return (
        tests[0] if len(tests) == 1 else _node("CompoundPredicate", *tests, booleanOperator="and")
    )


def _clip_characteristic(clip: _Clip) -> Element:
    ends = f"{clip.ends[0]} to {clip.ends[1]}"
    score = _node("ComplexPartialScore", _node("FieldRef", field=clip.clip_field))
    return _node(
        "Characteristic",
        *_notes(zh=clip.zh, en=clip.en, ends=ends),
        _node("Attribute", _node("True"), score),
        name=clip.code,
        reasonCode=clip.code,
        baselineScore="0",
    )


def _points_fields(fields: _Fields) -> Iterator[Element]:
    """Write the points of characteristics once more, as fields that an expression can add up."""
    for name, item in fields.parts.items():
        table = _level_table(item) if item.kind == "levels" else _discretize(item)
        yield _node("DerivedField", table, name=name, **_NUMBER)


def _discretize(item: GridCharacteristic | BinCharacteristic) -> Element:
    edges, scores = _bins(item)
    found = []
    for points, (low, high) in zip(scores, _margins(edges), strict=True):
        closure = "openOpen" if low is None else "closedOpen"
        ends = {"leftMargin": low, "rightMargin": high}
        stated = {name: end for name, end in ends.items() if end is not None}
        interval = _node("Interval", closure=closure, **stated)
        found.append(_node("DiscretizeBin", interval, binValue=str(points)))
    rules = {"mapMissingTo": str(item.missing_points), "dataType": "double"}
    return _node("Discretize", *found, field=item.column, **rules)


def _level_table(item: LevelCharacteristic) -> Element:
    rows = [
        _node("row", _text("level", level), _text("points", str(points)))
        for level, points in zip(item.levels, item.points, strict=True)
    ]
    pair = _node("FieldColumnPair", field=item.column, column="level")
    rules = {"mapMissingTo": str(item.missing_points), "dataType": "double"}
    return _node("MapValues", pair, _node("InlineTable", *rows), outputColumn="points", **rules)


def _clip_fields(clip: _Clip) -> Iterator[Element]:
    base = [_number(clip.base)] if clip.base else []
    added = _apply("sum", *(_node("FieldRef", field=name) for name in clip.parts), *base)
    yield _node("DerivedField", added, name=clip.sum_field, **_NUMBER)
    low, high = map(_number, clip.ends)
    within = _apply("max", _apply("min", _node("FieldRef", field=clip.sum_field), high), low)
    difference = _apply("-", within, _node("FieldRef", field=clip.sum_field))
    yield _node("DerivedField", difference, name=clip.clip_field, **_NUMBER)


def _apply(function: str, *arguments: Element) -> Element:
    return _node("Apply", *arguments, function=function)


def _number(value: int) -> Element:
    return _text("Constant", str(value), dataType="double")


def _text(tag: str, text: str, **attributes: str) -> Element:
    node = _node(tag, **attributes)
    node.text = text
    return node
