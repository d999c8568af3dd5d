"""What PMML 4.4 asks of the elements that the export writes: their order, attributes and types."""

from __future__ import annotations

import re

from tests.unit.batch.exchange.pmml_engine import NAMESPACE, tag

PREDICATE = "(SimplePredicate|CompoundPredicate|SimpleSetPredicate|True|False)"
EXPRESSION = "(Constant|FieldRef|NormContinuous|NormDiscrete|Discretize|MapValues|Apply)"

# Children in their order, with the marks of regular expressions.
CHILDREN = {
    "PMML": "Header DataDictionary TransformationDictionary? Scorecard Extension*",
    "Header": "Extension* Application? Annotation* Timestamp?",
    "Application": "Extension*",
    "DataDictionary": "Extension* DataField+ Taxonomy*",
    "DataField": "Extension* (Interval|Value)*",
    "Value": "Extension*",
    "Scorecard": "Extension* MiningSchema Output? ModelStats? ModelExplanation? Targets? "
    "LocalTransformations? Characteristics ModelVerification? Extension*",
    "MiningSchema": "Extension* MiningField+",
    "MiningField": "Extension*",
    "Output": "Extension* OutputField+",
    "OutputField": f"Extension* {EXPRESSION}?",
    "LocalTransformations": "Extension* DerivedField*",
    "DerivedField": f"Extension* {EXPRESSION} Value*",
    "Characteristics": "Extension* Characteristic+",
    "Characteristic": "Extension* Attribute+",
    "Attribute": f"Extension* {PREDICATE} ComplexPartialScore?",
    "ComplexPartialScore": f"Extension* {EXPRESSION}",
    "CompoundPredicate": f"Extension* {PREDICATE} {PREDICATE}+",
    "SimplePredicate": "Extension*",
    "Discretize": "Extension* DiscretizeBin*",
    "DiscretizeBin": "Extension* Interval",
    "Interval": "Extension*",
    "MapValues": "Extension* FieldColumnPair* (TableLocator|InlineTable)?",
    "FieldColumnPair": "Extension*",
    "InlineTable": "Extension* row*",
    "Apply": f"Extension* {EXPRESSION}*",
    "FieldRef": "Extension*",
}
LEAVES = {"Extension", "Constant", "True", "level", "points"}

TEXT = re.compile(".*", re.DOTALL)
NUMBER = re.compile(r"-?\d+(\.\d+)?")
WHOLE = re.compile(r"\d+")
BOOLEAN = re.compile("true|false")
OPTYPE = re.compile("continuous|categorical|ordinal")
TYPE = re.compile("string|integer|double")

# Attributes that the export uses; a star marks what the standard requires.
ATTRIBUTES = {
    "PMML": {"version*": re.compile("4\\.4")},
    "Header": {"copyright": TEXT, "description": TEXT, "modelVersion": TEXT},
    "Application": {"name*": TEXT, "version": TEXT},
    "Extension": {"extender": TEXT, "name": TEXT, "value": TEXT},
    "DataDictionary": {"numberOfFields": WHOLE},
    "DataField": {"name*": TEXT, "displayName": TEXT, "optype*": OPTYPE, "dataType*": TYPE},
    "Value": {"value*": TEXT},
    "Scorecard": {
        "modelName": TEXT,
        "functionName*": re.compile("regression"),
        "initialScore": NUMBER,
        "useReasonCodes": BOOLEAN,
        "reasonCodeAlgorithm": re.compile("pointsAbove|pointsBelow"),
        "baselineMethod": re.compile("max|min|mean|neutral|other"),
    },
    "MiningField": {
        "name*": TEXT,
        "usageType": re.compile("active|target|supplementary"),
        "invalidValueTreatment": re.compile("returnInvalid|asIs|asMissing"),
    },
    "OutputField": {
        "name*": TEXT,
        "optype": OPTYPE,
        "dataType*": TYPE,
        "feature": re.compile("predictedValue|reasonCode"),
        "rank": WHOLE,
        "rankOrder": re.compile("descending|ascending"),
    },
    "DerivedField": {"name": TEXT, "optype*": OPTYPE, "dataType*": TYPE},
    "Characteristic": {"name": TEXT, "reasonCode": TEXT, "baselineScore": NUMBER},
    "Attribute": {"reasonCode": TEXT, "partialScore": NUMBER},
    "CompoundPredicate": {"booleanOperator*": re.compile("or|and|xor|surrogate")},
    "SimplePredicate": {
        "field*": TEXT,
        "operator*": re.compile("equal|lessThan|greaterOrEqual|isMissing"),
        "value": TEXT,
    },
    "Discretize": {"field*": TEXT, "mapMissingTo": TEXT, "dataType": TYPE},
    "DiscretizeBin": {"binValue*": TEXT},
    "Interval": {
        "closure*": re.compile("(open|closed)(Open|Closed)"),
        "leftMargin": NUMBER,
        "rightMargin": NUMBER,
    },
    "MapValues": {"mapMissingTo": TEXT, "outputColumn*": TEXT, "dataType": TYPE},
    "FieldColumnPair": {"field*": TEXT, "column*": TEXT},
    "Apply": {"function*": re.compile(r"sum|min|max|-")},
    "FieldRef": {"field*": TEXT},
    "Constant": {"dataType": TYPE},
}


def broken_order(root):
    """Elements whose children are not those of the standard, in its order."""
    return [
        f"{tag(node)}: {inside}"
        for node in root.iter()
        for inside in ["".join(f"{tag(child)} " for child in node)]
        if not _pattern(tag(node)).fullmatch(inside)
    ]


def _pattern(name):
    if name in LEAVES:
        return re.compile("")
    if name == "row":
        return re.compile(r"(\w+ ){2,}")
    parts = re.sub(r"(\([\w|]+\)|\w+)([*+?]?)(?: |$)", r"(?:\1 )\2", CHILDREN[name])
    return re.compile(parts)


def broken_attributes(root):
    """Attributes that are lacking, unknown or of another type."""
    broken = []
    for node in root.iter():
        rules = ATTRIBUTES.get(tag(node), {})
        types = {name.removesuffix("*"): form for name, form in rules.items()}
        needed = {name.removesuffix("*") for name in rules if name.endswith("*")}
        broken += [f"{tag(node)} lacks {name}" for name in needed - set(node.attrib)]
        for name, value in node.attrib.items():
            if name not in types or not types[name].fullmatch(value):
                broken.append(f"{tag(node)} {name}={value}")
    return broken


def broken_references(root):
    """Names that stand twice, are used before they are there, or are never declared."""
    find = {name: root.findall(f".//{NAMESPACE}{name}") for name in (*ATTRIBUTES, "row")}
    fields = [node.get("name") for node in find["DataField"]]
    mined = [node.get("name") for node in find["MiningField"]]
    derived = [node.get("name") for node in find["DerivedField"]]
    outputs = [node.get("name") for node in find["OutputField"]]
    names = [*fields, *derived, *outputs]
    broken = [f"{name} twice" for name in set(names) if names.count(name) > 1]
    broken += [f"{name} not mined" for name in set(fields) ^ set(mined)]
    seen = set(fields)
    for node in find["DerivedField"]:
        broken += [f"{name} too early" for name in _used(node) - seen]
        seen.add(node.get("name"))
    for node in find["Characteristic"]:
        broken += [f"{name} unknown" for name in _used(node) - seen]
    return broken


def _used(node):
    return {part.get("field") for part in node.iter() if part.get("field") is not None}
