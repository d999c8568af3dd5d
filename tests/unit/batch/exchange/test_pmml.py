from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanzhixin.batch.exchange import export_pmml
from sanzhixin.batch.exchange.pmml import NAMESPACE, grid_steps
from sanzhixin.errors import ArtifactError
from sanzhixin.model import SanzhixinModel, load_model
from sanzhixin.modelling.county.card import fit_scorecard, scale_card
from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.card import (
    BinCharacteristic,
    Card,
    GridCharacteristic,
    LevelCharacteristic,
    PointsGroup,
    score_card,
)
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.profile import card_values
from sanzhixin.scoring.scorer import propose_answers
from sanzhixin.versions import library_version
from tests.unit.batch.exchange.pmml_engine import InvalidError, kids, only, run
from tests.unit.batch.exchange.pmml_rules import (
    broken_attributes,
    broken_order,
    broken_references,
)
from tests.unit.modelling.county.county_loans import loans
from tests.unit.scoring.factories import (
    SCHEME,
    Event,
    drawn_form,
    events,
    household,
    model_file,
    scheme_with,
    score,
)

ROWS = 20_000
HOSTILE = ('say "no" & <go>', "it's ]]> 村", " spaced ", "&amp;", "=1+1")
NAMED = {"consent": "general", "legal_basis": "-"}


def factor_of(*levels):
    listed = tuple(
        {"level": v, "points": Decimal(k), "zh": v, "en": v} for k, v in enumerate(levels)
    )
    named = {"name": "predicted_points", "column": "origin", "zh": "来源", "en": "origin"}
    return {"kind": "categorical", "levels": listed, **named, **NAMED}


YEARS = SCHEME.factors[0].model_dump()
WILD_SCHEME = scheme_with(
    factors=(YEARS, factor_of(*HOSTILE)), factor_limits={"each": Decimal(4), "together": Decimal(9)}
)


def item(kind, name, column, group, **values):
    labelled = {} if kind == "grid" else {"labels_zh": HOSTILE[:4], "labels_en": HOSTILE[1:]}
    base = {"kind": kind, "name": name, "column": column, "group": group, "zh": name, "en": name}
    made = {"grid": GridCharacteristic, "bins": BinCharacteristic, "levels": LevelCharacteristic}
    return made[kind](**(base | labelled | values))


def ends(name, lowest, highest):
    return PointsGroup(name=name, zh=f"{name}组", en=name, lowest=lowest, highest=highest)


# Every sum can pass both of its ends, names are hostile, and one column has two characteristics.
WILD = Card(
    points_per_score=10,
    lowest=15,
    highest=30,
    base=17,
    groups=(ends("panel", 2, 9), ends("events", -3, 4), ends('fac"<t>&ors', -4, 6)),
    characteristics=(
        item("grid", "fs", "fs_score", "panel", start=-7, span=33_333_333, points=7),
        item("bins", 'f"s', "fs_score", "panel", edges=(1, 2, 60 * MICRO), points=(-4, -4, 0, 3),
             missing_points=1, reference_points=3),
        item("grid", "<nr>", "nr_score", "panel", start=20 * MICRO, span=5, points=4,
             missing_points=-2),
        item("bins", "events", "event_points", "events", edges=(0, 250 * MICRO, 251 * MICRO),
             points=(-6, 0, 2, 8), reference_points=0),
        item("bins", "customer_years", "customer_years", 'fac"<t>&ors',
             edges=(-3 * MICRO, -1, 8_000_001), points=(-9, 0, 5, 7), missing_points=-5),
        item("levels", "predicted_points", "predicted_points", 'fac"<t>&ors', levels=HOSTILE,
             points=(0, 3, -1, 4, -2), labels_zh=HOSTILE, labels_en=HOSTILE, missing_points=2,
             reference_points=3),
    ),
)  # fmt: skip
DRAWN = loans(seed=3)
LEARNED = scale_card(SCHEME, fit_scorecard(SCHEME, DRAWN), DRAWN, slope=0.9).card
FACTORS = loans(seed=5, panel=0.6, years=0.8, bills=1.2)
LEARNED_FACTORS = scale_card(SCHEME, fit_scorecard(SCHEME, FACTORS), FACTORS, slope=0.9).card
MODELS = {
    "expert": SanzhixinModel(model_file()),
    "learned": SanzhixinModel(model_file(card=LEARNED)),
    "learned with factors": SanzhixinModel(model_file(card=LEARNED_FACTORS)),
    "wild": SanzhixinModel(model_file(WILD_SCHEME, card=WILD)),
}
DOCUMENTS = {name: export_pmml(model) for name, model in MODELS.items()}
every_model = pytest.mark.parametrize("name", MODELS)


def root_of(name):
    return ET.fromstring(DOCUMENTS[name])


def scorecard(name):
    return only(root_of(name), "Scorecard")


def edges_of(part):
    if part.kind == "levels":
        return np.arange(len(part.levels))
    found = grid_steps(part)[0] if part.kind == "grid" else part.edges
    return np.unique(np.add.outer(found, (-1, 0, 1)))


def random_values(card, size, seed=0):
    """Edges and their neighbours, values between and beyond, and blanks."""
    random = np.random.default_rng(seed)
    values = {}
    for part in card.characteristics:
        edges = edges_of(part)
        drawn = random.choice(edges, size)
        if part.kind != "levels":
            reach = int(edges.max() - edges.min()) // 4 + 2
            free = random.integers(edges.min() - reach, edges.max() + reach, size)
            drawn = np.where(random.random(size) < 0.5, drawn, free)
            drawn = np.where(random.random(size) < 0.2, edges.max() - drawn % 9, drawn)
        drawn = np.where(random.random(size) < 0.1, MISSING, drawn)
        values.setdefault(part.column, drawn.astype(np.int64))
    return values


def inputs_of(card, values):
    """What an engine gets: numbers in their own units, and texts."""
    found = {}
    for part in card.characteristics:
        given = values[part.column]
        if part.kind == "levels":
            texts = [None if v == MISSING else part.levels[v] for v in given.tolist()]
            found[part.column] = np.array(texts, dtype=object)
        else:
            found[part.column] = np.where(given == MISSING, np.nan, given / MICRO)
    return found


def library_losses(plan, scored):
    """Losses of all parts by the library's own account, in the order of its reasons."""
    own = scored.by_characteristic[:, plan.own] - plan.reference
    clips = scored.group_clip[:, plan.clipped_groups]
    return -np.concatenate((own, clips, scored.total_clip[:, None]), axis=1)


@every_model
def test_the_points_are_those_of_the_library(name):
    card = MODELS[name].plan.card
    values = random_values(card, ROWS)
    found = run(DOCUMENTS[name], inputs_of(card, values))
    np.testing.assert_array_equal(found.points, score_card(card, values).total)


@every_model
def test_every_edge_and_its_neighbours_get_the_points_of_the_library(name):
    card = MODELS[name].plan.card
    longest = max(edges_of(part).size for part in card.characteristics) + 1
    values = {}
    for part in card.characteristics:
        places = np.append(edges_of(part), MISSING)
        values.setdefault(part.column, np.resize(places, longest))
    found = run(DOCUMENTS[name], inputs_of(card, values))
    wanted = score_card(card, values).by_characteristic
    np.testing.assert_array_equal(found.parts[:, : wanted.shape[1]], wanted)


@pytest.mark.parametrize("name", ["learned", "learned with factors", "wild"])
def test_the_codes_rank_the_losses_as_the_library_does(name):
    plan = MODELS[name].plan
    values = random_values(plan.card, ROWS, seed=1)
    found = run(DOCUMENTS[name], inputs_of(plan.card, values)).ranked()
    losses = library_losses(plan, score_card(plan.card, values))
    orders = np.argsort(-losses, axis=1, kind="stable")[:, :4]
    codes = [effect.code for effect in plan.effects]
    wanted = [
        [codes[k] for k in order if row[k] > 0]
        for order, row in zip(orders.tolist(), losses, strict=True)
    ]
    assert found == wanted


def test_the_wild_card_passes_every_end():
    values = random_values(WILD, ROWS, seed=1)
    scored = score_card(WILD, values)
    both = np.stack([scored.group_clip.T > 0, scored.group_clip.T < 0])
    assert both.any(axis=2).all()
    assert (scored.total_clip > 0).any()
    assert (scored.total_clip < 0).any()


def drawn_households(count, *, with_events):
    random = np.random.default_rng(8)
    codes = [("ML05", "standard"), ("ML06", "county"), ("ML07", "3"), ("FS07", "standard")]
    for _ in range(count):
        told = [Event(*codes[k]) for k in random.integers(0, 4, random.integers(0, 5))]
        late = ("on_time", "sometimes_late", "often_late")[random.integers(3)]
        factors = {"customer_years": int(random.integers(0, 12)), "utility_payment": late}
        yield household(
            *[drawn_form(random) for _ in range(3)],
            events=events(*told) if with_events else (),
            factors=factors if random.random() < 0.8 else {},
        )


@pytest.mark.parametrize(
    ("name", "with_events"),
    [("expert", False), ("learned", True), ("learned with factors", True)],
)
def test_the_first_code_is_the_first_loss_of_the_proposal(name, with_events):
    plan = MODELS[name].plan
    answers = score(*drawn_households(400, with_events=with_events), plan=plan)
    values = card_values(answers.cases, answers.profile, plan.panel)
    found = run(DOCUMENTS[name], inputs_of(plan.card, values))
    proposals = propose_answers(answers, plan)
    assert found.points.tolist() == [row["points"] for row in proposals]
    first = [
        next((r["code"] for r in row["reasons"] if (r["points"] or 0) < 0), None)
        for row in proposals
    ]
    told = [(codes or [None])[0] for codes in found.ranked()]
    assert [(a, b) for a, b in zip(told, first, strict=True) if b is not None and a != b] == []
    assert len(set(first)) > 2


def test_events_that_add_up_stand_against_their_start():
    node = next(
        n for n in only(scorecard("expert"), "Characteristics") if n.get("name") == "events"
    )
    assert (node.get("reasonCode"), node.get("baselineScore")) == ("EVENTS", "250")


@every_model
class TestStructure:
    def test_elements_stand_in_the_order_of_the_standard(self, name):
        assert broken_order(root_of(name)) == []

    def test_attributes_are_those_of_the_standard(self, name):
        assert broken_attributes(root_of(name)) == []

    def test_every_name_is_declared_once_and_before_it_is_used(self, name):
        assert broken_references(root_of(name)) == []

    def test_the_dictionary_counts_its_fields(self, name):
        dictionary = only(root_of(name), "DataDictionary")
        assert dictionary.get("numberOfFields") == str(len(dictionary))

    def test_a_characteristic_tells_missing_values_first(self, name):
        parts = only(scorecard(name), "Characteristics")
        firsts = [kids(node, "Attribute")[0] for node in parts]
        operators = [only(node, "SimplePredicate", "True").get("operator") for node in firsts]
        clips = [node.get("name").startswith("CLIP_") for node in parts]
        assert operators == [None if clip else "isMissing" for clip in clips]

    def test_every_characteristic_has_a_code_and_a_baseline(self, name):
        parts = only(scorecard(name), "Characteristics")
        assert all({"reasonCode", "baselineScore"} <= set(node.attrib) for node in parts)

    def test_there_are_four_ranks_of_codes_after_the_points(self, name):
        features = [(n.get("feature"), n.get("rank")) for n in only(scorecard(name), "Output")]
        wanted = [("predictedValue", None), *(("reasonCode", str(k)) for k in (1, 2, 3, 4))]
        assert features == wanted

    def test_labels_and_names_stand_in_both_languages(self, name):
        card = MODELS[name].plan.card
        parts = list(only(scorecard(name), "Characteristics"))
        for part, node in zip(card.characteristics, parts, strict=False):
            assert notes_of(node) == {"zh": part.zh, "en": part.en}
            if part.kind != "grid":
                told = [notes_of(attribute) for attribute in kids(node, "Attribute")[1:]]
                labels = zip(part.labels_zh, part.labels_en, strict=True)
                assert told == [{"zh": zh, "en": en} for zh, en in labels]


def notes_of(node):
    return {note.get("name"): note.get("value") for note in kids(node, "Extension")}


def test_the_document_says_which_model_it_is():
    model, root = MODELS["expert"], root_of("expert")
    header, card = only(root, "Header"), only(root, "Scorecard")
    assert root.tag == f"{{{NAMESPACE}}}PMML"
    assert only(header, "Application").attrib == {
        "name": "sanzhixin",
        "version": library_version(),
    }
    assert kids(header, "Timestamp") == []
    assert card.get("modelName") == model.model_id
    notes = notes_of(card)
    assert notes["digest"] == model.file.digest()
    assert notes["points_per_score"] == "10"
    assert "gated" in notes["scope"]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("expert", ["CLIP_factors", "CLIP_total"]),
        ("learned", []),
        ("wild", ["CLIP_panel", "CLIP_events", 'CLIP_fac"<t>&ors', "CLIP_total"]),
    ],
)
def test_sums_that_can_pass_their_ends_and_no_others_have_a_clip(name, codes):
    card = scorecard(name)
    parts = [node.get("reasonCode") for node in only(card, "Characteristics")]
    assert [code for code in parts if code.startswith("CLIP_")] == codes
    assert notes_of(card)["ends_that_can_act"] == (", ".join(codes) or "none")
    assert bool(kids(card, "LocalTransformations")) == bool(codes)


@pytest.mark.parametrize(
    ("group", "total", "codes"),
    [
        ((0, 5), (0, 5), []),
        ((1, 5), (0, 5), ["CLIP_events"]),
        ((0, 4), (0, 5), ["CLIP_events"]),
        ((0, 5), (1, 5), ["CLIP_total"]),
        ((0, 5), (0, 4), ["CLIP_total"]),
        ((1, 4), (1, 4), ["CLIP_events"]),
    ],
)
def test_one_end_that_can_be_passed_is_enough(group, total, codes):
    grid = item("grid", "events", "event_points", "events", start=0, span=5 * MICRO, points=5)
    ends_of = {"lowest": total[0], "highest": total[1]}
    groups = (ends("events", *group),)
    card = Card(points_per_score=10, groups=groups, characteristics=(grid,), **ends_of)
    document = export_pmml(SanzhixinModel(model_file(card=card)))
    notes = notes_of(only(ET.fromstring(document), "Scorecard"))
    assert notes["ends_that_can_act"] == (", ".join(codes) or "none")
    values = {"event_points": np.arange(-1, 7) * MICRO}
    found = run(document, inputs_of(card, values))
    assert found.points.tolist() == score_card(card, values).total.tolist()


def test_the_ends_of_all_sums_are_written():
    notes = notes_of(scorecard("expert"))
    assert notes["ends_factors"] == "-50 to 50 (其他因素)"
    assert notes["ends_total"] == "0 to 1000 (总分)"


def test_a_level_that_is_not_listed_is_invalid():
    card = MODELS["expert"].plan.card
    inputs = inputs_of(card, random_values(card, 10))
    inputs["utility_payment"][3] = "never"
    with pytest.raises(InvalidError, match="utility_payment"):
        run(DOCUMENTS["expert"], inputs)


def test_hostile_names_come_back_as_they_are():
    fields = only(root_of("wild"), "DataDictionary")
    field = next(node for node in fields if node.get("name") == "predicted_points")
    assert tuple(node.get("value") for node in kids(field, "Value")) == HOSTILE
    names = {node.get("name") for node in only(scorecard("wild"), "Characteristics")}
    assert {'f"s', "<nr>"} <= names


def test_a_field_that_bears_the_name_of_an_output_keeps_it():
    output = only(scorecard("wild"), "Output")
    assert output[0].get("name") == "predicted_points_"


@pytest.mark.parametrize("sign", ["\x00", "\x08", "\t", "\r", "\n", "\x85", "\ufffe"])
def test_a_control_character_is_refused(sign):
    level = f"a{sign}b"
    scheme = scheme_with(factors=(factor_of("x", level),))
    with pytest.raises(ArtifactError, match="holds a control character") as refused:
        export_pmml(SanzhixinModel(model_file(scheme)))
    assert refused.value.code == "pmml_control"
    assert sign not in refused.value.zh


@every_model
def test_equal_models_give_equal_bytes(name, tmp_path):
    again = load_model(MODELS[name].save(tmp_path / "model"))
    assert export_pmml(again) == DOCUMENTS[name]


def test_another_process_gives_equal_bytes(tmp_path):
    path = MODELS["wild"].save(tmp_path / "model")
    code = (
        "import sys; from sanzhixin import load_model\n"
        "from sanzhixin.batch.exchange import export_pmml\n"
        "sys.stdout.buffer.write(export_pmml(load_model(sys.argv[1])))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], env=environment, capture_output=True, check=True
    )
    assert done.stdout == DOCUMENTS["wild"]


def test_the_document_is_utf_8_with_a_line_end():
    document = DOCUMENTS["expert"]
    assert document.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<PMML ")
    assert document.endswith(b"</PMML>\n")
    assert "家风" in document.decode("utf-8")


@given(
    start=st.integers(-(10**9), 10**9),
    span=st.integers(1, 10**9) | st.integers(1, 9),
    points=st.integers(1, 60),
)
def test_steps_are_the_smallest_values_with_their_points(start, span, points):
    part = item("grid", "g", "g", "all", start=start, span=span, points=points)
    edges, scores = grid_steps(part)
    assert part.score(np.array(edges)).tolist() == scores[1:]
    assert part.score(np.array(edges) - 1).tolist() == scores[:-1]
    assert scores == sorted(set(scores))
    assert part.score(np.array([start - 1, start, start + span])).tolist() == [
        scores[0],
        scores[0] if edges[0] > start else scores[1],
        scores[-1],
    ]
