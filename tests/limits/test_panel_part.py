"""The panel part of a model file: the range of every whole number, and how many there may be."""

from __future__ import annotations

from copy import deepcopy

import pytest
from pydantic import ValidationError

from sanzhixin.scoring import read_model_file
from sanzhixin.scoring.canonical import canonical_json, sha256_digest
from sanzhixin.scoring.panel_tables import PanelTables
from tests.limits.limit import Limit, assert_accepted, assert_refused, ids
from tests.unit.scoring.factories import model_file

VILLAGES = ("merit", "leniency", "middle", "precision", "own", "shared", "crew", "doubt")
PILLAR = {
    "masks": [1, 3],
    "halo": 1,
    "strange_halo": 1,
    "start": 0,
    "known": [[[0, 0], [0, 0]]],
    "strange": [[0, 0], [0, 0]],
    "first": 0,
    "score": [0] * 129,
    "raters": {"severity": [0], "scale": [0], "weight": [1], "variance": [0]},
    "villages": {name: [1, 1] for name in VILLAGES},
}
PANEL = {
    "link": "prior",
    "step_bits": 3,
    "n_points": 33,
    "raters": ["R1"],
    "villages": ["V1"],
    "pillars": [{"pillar": code, **deepcopy(PILLAR)} for code in ("fs", "ml", "nr")],
    "correlation": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "equated": False,
}
CONTENT = model_file().content()


def checked(panel, folder):
    """Check the ranges; what breaks one is refused when its file is read.

    The proof that measures rise is another matter: numbers at their limits need not keep it.
    """
    try:
        return PanelTables.model_validate_json(canonical_json(panel))
    except ValidationError:
        content = CONTENT | {"panel": panel}
        digest = sha256_digest(canonical_json(content))
        path = folder / "model.json"
        path.write_bytes(canonical_json({**content, "digest": digest}) + b"\n")
        return read_model_file(path)


def number(*way):
    """Set the number at a place of the first pillar, or of all."""

    def use(value, folder):
        panel = deepcopy(PANEL)
        place = panel["pillars"][0]
        for key in way[:-1]:
            place = place[key]
        place[way[-1]] = value
        return checked(panel, folder)

    return use


def classes(count, folder):
    panel = deepcopy(PANEL)
    part = panel["pillars"][0]
    part["known"] = part["known"][:1] * count
    part["raters"]["scale"] = [0] * len(part["raters"]["scale"])
    return checked(panel, folder)


def class_of_a_rater(place, folder):
    panel = deepcopy(PANEL)
    part = panel["pillars"][0]
    part["known"] = part["known"][:1] * 16
    part["raters"]["scale"][0] = place
    return checked(panel, folder)


def last_score(value, folder):
    panel = deepcopy(PANEL)
    panel["pillars"][0]["score"][-1] = value
    return checked(panel, folder)


def first_score(value, folder):
    panel = deepcopy(PANEL)
    panel["pillars"][0]["score"][0] = value
    return checked(panel, folder)


def points(count, folder):
    panel = deepcopy(PANEL)
    panel["n_points"] = count
    for part in panel["pillars"]:
        part["score"] = [0] * (4 * (count - 1) + 1)
    return checked(panel, folder)


def bits(count, folder):
    return checked(PANEL | {"step_bits": count}, folder)


def correlation(value, folder):
    panel = deepcopy(PANEL)
    panel["correlation"] = [[1, value, value], [value, 1, 1], [value, 1, 1]]
    return checked(panel, folder)


def rater_name(length, folder):
    panel = deepcopy(PANEL)
    panel["raters"][0] = "R" * length
    return checked(panel, folder)


HOW, CODE = "scoring.panel_tables.", "model_invalid"
SEVERITY, VARIANCE = ("raters", "severity", 0), ("raters", "variance", 0)
LIMITS = [
    Limit(f"{HOW}_Fine", 2**15, CODE, number(*SEVERITY), "severity"),
    Limit(f"{HOW}_Fine", -(2**15), CODE, number(*SEVERITY), "severity", -(2**15) - 1),
    Limit(f"{HOW}_Step", 2**12, CODE, number("start"), "start"),
    Limit(f"{HOW}_Step", -(2**12), CODE, number("first"), "first", -(2**12) - 1),
    Limit(f"{HOW}_Halo", 2**14, CODE, number("halo"), "halo"),
    Limit(f"{HOW}_Halo", 0, CODE, number("strange_halo"), "strange_halo", -1),
    Limit(f"{HOW}_Variance", 2**40, CODE, number(*VARIANCE), "variance"),
    Limit(f"{HOW}_Variance", 0, CODE, number(*VARIANCE), "variance", -1),
    Limit(f"{HOW}MOST_PRECISION", 2**26, CODE, number("villages", "precision", 0), "precision"),
    Limit(f"{HOW}MOST_PRECISION", 1, CODE, number("villages", "precision", 0), "precision", 0),
    Limit(f"{HOW}_Entry", 2**31, CODE, number("known", 0, 0, 0), "known"),
    Limit(f"{HOW}_Entry", -(2**31), CODE, number("strange", 0, 0), "strange", -(2**31) - 1),
    Limit(f"{HOW}RaterColumns.scale", 15, CODE, class_of_a_rater, "scale"),
    Limit(f"{HOW}RaterColumns.scale", -1, CODE, class_of_a_rater, "scale", -2),
    Limit(f"{HOW}RaterColumns.weight", 64, CODE, number("raters", "weight", 0), "weight"),
    Limit(f"{HOW}RaterColumns.weight", 1, CODE, number("raters", "weight", 0), "weight", 0),
    Limit(f"{HOW}PillarTables.masks", 2**12 - 1, CODE, number("masks", -1), "masks"),
    Limit(f"{HOW}PillarTables.known", 16, CODE, classes, "known"),
    Limit(f"{HOW}PillarTables.score", 100_000_000, CODE, last_score, "score"),
    Limit(f"{HOW}PillarTables.score", 0, CODE, first_score, "score", -1),
    Limit(f"{HOW}PanelTables.n_points", 1_025, CODE, points, "n_points"),
    Limit(f"{HOW}PanelTables.n_points", 33, CODE, points, "n_points", 32),
    Limit(f"{HOW}PanelTables.step_bits", 5, CODE, bits, "step_bits"),
    Limit(f"{HOW}PanelTables.step_bits", 3, CODE, bits, "step_bits", 2),
    Limit(f"{HOW}PanelTables.correlation", 1, CODE, correlation, "correlation", 1.000001),
    Limit(f"{HOW}PanelTables.correlation", -1, CODE, correlation, "correlation", -1.000001),
    Limit("scheme.base.Text", 200, CODE, rater_name, "raters"),
]


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_a_number_at_its_limit_is_within_the_range(limit, tmp_path):
    assert_accepted(limit, tmp_path)


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_a_file_with_a_number_beyond_its_limit_is_refused(limit, tmp_path):
    assert_refused(limit, tmp_path)
