"""JSON, model files and what stands in their cards and tables of default probability."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from sanzhixin.modelling.cards.json_file import card_from_json, card_to_json
from sanzhixin.modelling.cards.scorecard import Scorecard
from sanzhixin.scheme import load_scheme, scheme_from_dict
from sanzhixin.scoring import expert_card, read_model_file, write_model_file
from sanzhixin.scoring.canonical import canonical_json, sha256_digest, strict_loads
from sanzhixin.scoring.pd_table import PdTable
from tests.limits.limit import Limit, assert_accepted, assert_refused, ids
from tests.unit.scoring.factories import model_file

BUILT_IN = load_scheme("tongxiang").model_dump()
NUMBER = next(factor for factor in BUILT_IN["factors"] if factor["kind"] == "numeric")
CATEGORY = next(factor for factor in BUILT_IN["factors"] if factor["kind"] == "categorical")


def sealed(content):
    digest = sha256_digest(canonical_json(content))
    return canonical_json({**content, "digest": digest}) + b"\n"


def read_back(content, folder):
    path = folder / "model.json"
    path.write_bytes(sealed(content))
    return read_model_file(path)


# ---------------------------------------------------------------- JSON


def read_nested(levels, _):
    return strict_loads(b"[" * levels + b"]" * levels, name="model.json")


def write_nested(levels, _):
    value = []
    for _ in range(levels - 1):
        value = [value]
    return canonical_json(value)


def read_digits(count, _):
    return strict_loads(b"1" * count, name="model.json")


def read_negative_digits(count, _):
    return strict_loads(b"-" + b"1" * count, name="model.json")


def write_integer(number, _):
    return canonical_json({"a": [number, -number]})


# ---------------------------------------------------------------- the file


def file_of_bytes(size, folder):
    """Line ends behind the content bring a file to its size."""
    file = write_model_file(model_file(), folder)
    content = file.read_bytes()
    file.write_bytes(content + b"\n" * (size - len(content)))
    return read_model_file(file)


def file_written_of_bytes(size, folder):
    bare = len(sealed(model_file(pd=PdTable.none(note_en="x")).content())) - 1
    return write_model_file(model_file(pd=PdTable.none(note_en="x" * (size - bare))), folder)


def changed(key, make):
    return lambda value, folder: read_back(model_file().content() | {key: make(value)}, folder)


def bins_of(count):
    ends = [None, *(Decimal(k) for k in range(count)), None]
    return tuple(
        {"at_least": low, "below": high, "points": Decimal(0), "zh": "段", "en": "bin"}
        for low, high in pairwise(ends)
    )


def model_with(factor, key, entries):
    scheme = scheme_from_dict(BUILT_IN | {"factors": ({**factor, key: entries},)})
    content = model_file(scheme).content()
    (item,) = (c for c in content["card"]["characteristics"] if c["name"] == factor["name"])
    return content, item


def edges(count, folder):
    content, item = model_with(NUMBER, "bins", bins_of(254))
    for edge in range(254, count):
        item["edges"].append(edge * 1_000_000)
        for key in ("points", "labels_zh", "labels_en"):
            item[key].append(item[key][-1])
    return read_back(content, folder)


def levels(count, folder):
    names = tuple(
        {"level": f"l{k}", "points": Decimal(0), "zh": "级", "en": "level"} for k in range(254)
    )
    content, item = model_with(CATEGORY, "levels", names)
    for k in range(254, count):
        more = {**content["scheme"]["factors"][0]["levels"][0], "level": f"l{k}"}
        content["scheme"]["factors"][0]["levels"].append(more)
        item["levels"].append(f"l{k}")
        for key in ("points", "labels_zh", "labels_en"):
            item[key].append(item[key][-1])
    return read_back(content, folder)


def edge_in_millionths(edge, folder):
    content, item = model_with(NUMBER, "bins", bins_of(2))
    item["edges"][-1] = edge
    return read_back(content, folder)


def decimals(count, folder):
    row = {"at_least": 0, "prob_default": 10.0**-count, "lower": 0.0, "upper": 1.0}
    table = model_file().content()["pd"] | {
        "basis": "prudent",
        "method": "pluto_tasche",
        "n_loans": 300,
        "confidence": 0.5,
        "rows": [row],
    }
    return read_back(model_file().content() | {"pd": table}, folder)


def learned_card():
    rng = np.random.default_rng(5)
    value = rng.normal(size=600)
    outcome = rng.random(600) < 1 / (1 + np.exp(value + 1))
    card = Scorecard(min_iv=0, max_p_value=1).fit(pd.DataFrame({"x": value}), outcome)
    return strict_loads(card_to_json(card.card_), name="card")


def edges_of_a_learned_card(count, _):
    content = learned_card()
    content.pop("digest")
    (item,) = content["characteristics"]
    bins = item["kinds"].count("bin")
    item["edges"] = [repr(float(k)) for k in range(count)]
    more = count + 1 - bins
    for key in ("labels", "kinds", "events", "nonevents", "woe", "se", "iv", "points"):
        item[key] = item[key][:1] * more + item[key]
    item["position"] = item["position"][:1] * more + item["position"]
    return card_from_json(sealed(content))


JSON, FILE = "scoring.canonical.", "scoring.artifact."
TOO_LARGE, INVALID = "model_too_large", "model_invalid"
LIMITS = [
    Limit(f"{JSON}_DEEPEST", 100, "json_too_deep", read_nested, "100"),
    Limit(f"{JSON}_DEEPEST", 100, "json_too_deep", write_nested, "100"),
    Limit(f"{JSON}_MOST_DIGITS", 30, "json_number_long", read_digits, "30"),
    Limit(f"{JSON}_MOST_DIGITS", 30, "json_number_long", read_negative_digits, "30"),
    Limit(f"{JSON}_LARGEST_INTEGER", 2**53, "json_integer_large", write_integer),
    Limit(f"{FILE}MOST_BYTES", 5_000_000, TOO_LARGE, file_of_bytes, "5000000"),
    Limit(f"{FILE}MOST_BYTES", 5_000_000, TOO_LARGE, file_written_of_bytes, "5000000"),
    Limit("scoring.model_names.MODEL_NAME", 64, INVALID, changed("name", lambda n: "a" * n)),
    Limit(
        "scoring.model_names.MODEL_VERSION",
        9,
        INVALID,
        changed("version", lambda n: f"{'9' * n}.{'9' * n}.{'9' * n}"),
    ),
    Limit("scoring.card.BinCharacteristic.edges", 254, INVALID, edges),
    Limit("scoring.card.LevelCharacteristic.levels", 254, INVALID, levels),
    Limit("scoring.card._EXACT", 2**53 - 1, INVALID, edge_in_millionths, "2^53"),
    Limit("scoring.pd_table.DECIMALS", 8, INVALID, decimals, "8 decimals"),
    Limit("modelling.cards.json_file._Characteristic.edges", 254, INVALID, edges_of_a_learned_card),
]


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_a_model_at_the_limit_is_read_or_written(limit, tmp_path):
    assert_accepted(limit, tmp_path)


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_a_model_beyond_the_limit_is_refused(limit, tmp_path):
    assert_refused(limit, tmp_path)


def test_the_files_of_these_tests_have_the_size_that_they_claim(tmp_path):
    assert file_written_of_bytes(5_000_000, tmp_path).stat().st_size == 5_000_000


def test_an_expert_card_takes_255_bins_of_a_factor(tmp_path):
    scheme = scheme_from_dict(BUILT_IN | {"factors": ({**NUMBER, "bins": bins_of(254)},)})
    assert len(expert_card(scheme).characteristics[-1].points) == 255
