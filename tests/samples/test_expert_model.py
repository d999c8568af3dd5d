from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sanzhixin as szx
from sanzhixin.validation.papers.card import card_markdown

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
FOLDER = Path("tongxiang-expert", "1.0.0")


@pytest.fixture(scope="module")
def model():
    return szx.load_model(MODELS / FOLDER)


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    subprocess.run(
        [sys.executable, str(MODELS / "make_expert.py"), str(place)],
        check=True,
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return place / FOLDER


@pytest.mark.parametrize("name", ["model.json", "card.md"])
def test_the_script_rebuilds_the_committed_file_byte_for_byte(rebuilt, name):
    assert (rebuilt / name).read_bytes() == (MODELS / FOLDER / name).read_bytes()


def test_the_committed_model_loads_as_a_draft_without_default_probabilities(model):
    assert model.model_id == "tongxiang-expert/1.0.0"
    assert (model.file.status, model.file.pd.basis) == ("draft", "none")


def test_the_committed_model_holds_the_built_in_scheme(model):
    assert model.scheme == szx.load_scheme("tongxiang")


def test_the_card_can_be_written_again_from_the_file_alone(model):
    assert card_markdown(model.file) == (MODELS / FOLDER / "card.md").read_text(encoding="utf-8")


def test_the_list_of_models_states_the_last_scoring_date(model):
    text = (MODELS / "README.md").read_text(encoding="utf-8")
    row = re.search(r"^\| tongxiang-expert \| 1\.0\.0 .*$", text, re.MULTILINE)[0]
    assert str(model.file.valid_until) in row


def test_the_committed_model_scores_the_sample_county(model):
    county = szx.read_county(ROOT / "data" / "samples" / "forms")
    proposals = model.propose(county)
    assert len(proposals) == 36
    assert proposals["prob_default"].isna().all()
    assert set(proposals["model_id"]) == {"tongxiang-expert/1.0.0"}
