from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from sanzhixin.cli import main
from sanzhixin.cli.demo import _ABOUT as ABOUT
from sanzhixin.validation.report import library

pytestmark = pytest.mark.filterwarnings("ignore::sanzhixin.validation.plots.style.CjkFontWarning")
PARTS = {"ABOUT.txt", "county", "model", "out", "explained"}
REPORTS = {"report.html", "report.xlsx", "report.json"}


@pytest.fixture
def demo(run, tmp_path):
    return lambda *words: run(*words, "demo", "--out", tmp_path / "demo", "--villages", 5)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One demo for all tests that do not change its folder."""
    folder = tmp_path_factory.mktemp("shared") / "demo"
    assert main(["demo", "--out", str(folder), "--villages", "5"]) == 0
    return folder


@pytest.fixture
def without_extra(monkeypatch):
    monkeypatch.setattr(library, "find_spec", lambda name: None if name == "jinja2" else name)


def contents(folder):
    timed = {"manifest.json", "_SUCCESS"}
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in timed
    }


def test_the_demo_ends_with_counts_three_households_the_report_and_places(demo, shared, tmp_path):
    shutil.copytree(shared, tmp_path / "demo")
    done = demo()
    assert done.code == 0
    assert len(set(re.findall(r"^  V00[1-5] ", done.out, re.MULTILINE))) == 5
    assert done.out.count("这是建议，不是最终决定。") == 3
    assert done.out.count("This is a proposal, not a decision.") == 3
    rest = re.findall(r"^  the rest in English: (.*)$", done.out, re.MULTILINE)
    assert len(rest) == 3
    assert all("Limits (yuan)" in Path(path).read_text(encoding="utf-8") for path in rest)
    assert "Limits (yuan)" not in done.out
    assert {path.name for path in (tmp_path / "demo").iterdir()} == PARTS | REPORTS
    assert len(list((tmp_path / "demo" / "explained").iterdir())) == 6
    for name in REPORTS:
        assert f"{tmp_path / 'demo' / name} " in done.out
    assert re.search(r"^各表行数：通过 [\d,]+，", done.out, re.MULTILINE)
    assert re.search(r"^rows of its tables: pass [\d,]+, ", done.out, re.MULTILINE)
    assert contents(tmp_path / "demo") == contents(shared)  # repeated: the same bytes


def test_the_report_judges_the_model_of_the_demo_on_what_was_accepted(shared):
    page = (shared / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "demo/1.0.0" in page
    facts = json.loads((shared / "report.json").read_bytes())["facts"]
    model = json.loads((shared / "model" / "model.json").read_bytes())
    assert facts["model"]["digest"] == model["digest"]
    assert all(one["as_in_fitting"] for name, one in facts["data"].items() if name != "as_of")


def test_what_the_demo_wrote_is_verified(shared, run):
    assert run("verify", shared / "out").code == 0
    assert run("verify", shared / "model").code == 0


def test_without_the_extra_one_sentence_says_what_to_install(demo, without_extra, tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "ABOUT.txt").write_text(ABOUT, encoding="utf-8")
    (tmp_path / "demo" / "report.html").write_text("of an earlier demo", encoding="utf-8")
    done = demo("--lang", "en")
    assert done.code == 0
    assert done.err.count("pip install sanzhixin[report]") == 1
    assert "report.html" not in done.out
    left = {path.name for path in (tmp_path / "demo").iterdir()}
    assert left == PARTS | REPORTS - {"report.html"}
    assert "This is a proposal, not a decision." in done.out
    assert "的建议" not in done.out


def test_the_demo_refuses_a_folder_that_is_not_its_own(demo, tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "letter.txt").write_text("keep me", encoding="utf-8")
    done = demo()
    assert done.code == 7
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["letter.txt"]


def test_a_file_that_has_the_name_of_the_mark_alone_is_no_demo(demo, tmp_path):
    own = {"ABOUT.txt": "about my farm", "model/precious.txt": "keep", "report.xlsx": "keep"}
    for name, text in own.items():
        (tmp_path / "demo" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "demo" / name).write_text(text, encoding="utf-8")
    assert demo().code == 7
    left = {path.relative_to(tmp_path / "demo") for path in (tmp_path / "demo").rglob("*.*")}
    assert {str(path): (tmp_path / "demo" / path).read_text() for path in left} == own
