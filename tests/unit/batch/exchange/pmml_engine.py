"""A second way from a PMML scorecard to points, written from the standard and not from the library.

Rows run as arrays; a missing number is NaN, a missing text None.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

import numpy as np

NAMESPACE = "{http://www.dmg.org/PMML-4_4}"
COMPARE = {
    "equal": np.equal,
    "lessThan": np.less,
    "lessOrEqual": np.less_equal,
    "greaterOrEqual": np.greater_equal,
    "greaterThan": np.greater,
}
FOLD = {
    "sum": lambda *given: np.sum(given, axis=0),
    "min": lambda *given: np.minimum.reduce(given),
    "max": lambda *given: np.maximum.reduce(given),
    "-": np.subtract,
}
PREDICATES = ("SimplePredicate", "CompoundPredicate", "True")


class InvalidError(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Scored:
    points: np.ndarray
    parts: np.ndarray
    losses: np.ndarray
    codes: list[str]

    def ranked(self, most: int = 4) -> list[list[str]]:
        """Codes of the largest losses of every row, ties in the order of the document."""
        orders = np.argsort(-self.losses, axis=1, kind="stable")[:, :most].tolist()
        rows = zip(orders, self.losses, strict=True)
        return [[self.codes[k] for k in order if row[k] > 0] for order, row in rows]


def tag(node):
    return node.tag.removeprefix(NAMESPACE)


def kids(node, *names):
    return [child for child in node if tag(child) in names]


def only(node, *names):
    (child,) = kids(node, *names)
    return child


def is_missing(values):
    if values.dtype == object:
        return np.array([value is None for value in values], dtype=bool)
    return np.isnan(values)


def run(document: bytes, inputs: dict[str, np.ndarray]) -> Scored:
    root = ET.fromstring(document)
    card = only(root, "Scorecard")
    known = {node.get("name"): node for node in only(root, "DataDictionary")}
    active = [
        node.get("name")
        for node in only(card, "MiningSchema")
        if node.get("usageType", "active") == "active"
    ]
    fields = {name: checked(inputs[name], known[name]) for name in active}
    for part in kids(card, "LocalTransformations"):
        for derived in part:
            fields[derived.get("name")] = value_of(derived[0], fields)
    scored = [characteristic(node, fields) for node in only(card, "Characteristics")]
    nodes = list(only(card, "Characteristics"))
    parts = np.stack(scored, axis=1)
    baselines = np.array([float(node.get("baselineScore")) for node in nodes])
    assert card.get("reasonCodeAlgorithm") == "pointsBelow"
    return Scored(
        points=float(card.get("initialScore", "0")) + parts.sum(axis=1),
        parts=parts,
        losses=baselines - parts,
        codes=[node.get("reasonCode") for node in nodes],
    )


def checked(values, field):
    levels = {node.get("value") for node in kids(field, "Value")}
    if field.get("optype") == "categorical" and not set(values.tolist()) <= levels | {None}:
        raise InvalidError(field.get("name"))
    return values


def characteristic(node, fields):
    size = next(iter(fields.values())).size
    points, open_rows = np.full(size, np.nan), np.ones(size, dtype=bool)
    for attribute in kids(node, "Attribute"):
        holds, _ = test(only(attribute, *PREDICATES), fields)
        rows = open_rows & holds
        complex_score = kids(attribute, "ComplexPartialScore")
        if complex_score:
            points[rows] = value_of(complex_score[0][0], fields)[rows]
        else:
            points[rows] = float(attribute.get("partialScore"))
        open_rows &= ~holds
    if open_rows.any():
        raise InvalidError(node.get("name"))
    return points


def test(node, fields):
    """True rows and unknown rows of a predicate."""
    if tag(node) == "True":
        size = next(iter(fields.values())).size
        return np.ones(size, dtype=bool), np.zeros(size, dtype=bool)
    if tag(node) == "CompoundPredicate":
        assert node.get("booleanOperator") == "and"
        tested = [test(child, fields) for child in node]
        holds = np.logical_and.reduce([true for true, _ in tested])
        fails = np.logical_or.reduce([~true & ~unknown for true, unknown in tested])
        return holds, ~holds & ~fails
    values = fields[node.get("field")]
    missing = is_missing(values)
    if node.get("operator") == "isMissing":
        return missing, np.zeros_like(missing)
    wanted = node.get("value") if values.dtype == object else float(node.get("value"))
    return ~missing & COMPARE[node.get("operator")](values, wanted), missing


def value_of(node, fields):
    kind = tag(node)
    if kind == "FieldRef":
        return fields[node.get("field")]
    if kind == "Constant":
        return np.full(next(iter(fields.values())).size, float(node.text))
    if kind == "Apply":
        given = [value_of(child, fields) for child in node]
        assert not any(np.isnan(values).any() for values in given)
        return FOLD[node.get("function")](*given)
    return {"Discretize": discretized, "MapValues": mapped}[kind](node, fields)


def discretized(node, fields):
    values = fields[node.get("field")]
    found, hits = np.full(values.size, np.nan), np.zeros(values.size, dtype=int)
    for part in kids(node, "DiscretizeBin"):
        interval = only(part, "Interval")
        inside = ~np.isnan(values)
        for end, closed, sides in (
            ("leftMargin", "closed", (np.greater_equal, np.greater)),
            ("rightMargin", "Closed", (np.less_equal, np.less)),
        ):
            if interval.get(end) is not None:
                compare = sides[0] if closed in interval.get("closure") else sides[1]
                inside &= compare(values, float(interval.get(end)))
        found[inside] = float(part.get("binValue"))
        hits += inside
    assert (hits == ~np.isnan(values)).all(), "bins overlap or leave a gap"
    return np.where(np.isnan(values), float(node.get("mapMissingTo")), found)


def mapped(node, fields):
    pair, table = only(node, "FieldColumnPair"), only(node, "InlineTable")
    rows = [{tag(cell): cell.text for cell in row} for row in table]
    to = {row[pair.get("column")]: float(row[node.get("outputColumn")]) for row in rows}
    to[None] = float(node.get("mapMissingTo"))
    return np.array([to[value] for value in fields[pair.get("field")].tolist()])
