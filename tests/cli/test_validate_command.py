from __future__ import annotations

import json

import pytest

from sanzhixin.validation.report.earlier import is_report
from sanzhixin.validation.report.words import WORDS

pytestmark = pytest.mark.filterwarnings("ignore::sanzhixin.validation.plots.style.CjkFontWarning")


@pytest.fixture
def validate(run, folder, model, tmp_path):
    def call(*words, out="report.json"):
        return run("validate", folder, "-m", model, "-o", tmp_path / out, *words)

    return call


@pytest.mark.slow
def test_a_page_is_written_even_of_two_households(validate, tmp_path):
    assert validate(out="report.html").code == 0
    assert (tmp_path / "report.html").read_bytes().startswith(b"<!DOCTYPE html>")


def test_the_suffix_chooses_the_form(validate, tmp_path):
    done = validate("-o", tmp_path / "report.xlsx")
    assert done.code == 0
    assert (tmp_path / "report.json").read_bytes().startswith(b'{"format":"sanzhixin-validation/1"')
    assert (tmp_path / "report.xlsx").read_bytes().startswith(b"PK")
    assert "区分能力 Discrimination" in done.out
    assert done.err.count("report.xlsx") == 2


def test_json_on_stdout_counts_rows_by_verdict(validate):
    found = json.loads(validate("--json").out)
    assert found["exit_code"] == 0
    assert found["facts"]["data"]["as_of"] == "2026-06-30"
    assert found["verdicts"]["discrimination"]["insufficient"] == 1


def test_an_earlier_report_is_replaced_and_no_other_file(validate, tmp_path, model):
    kinds = {name: tmp_path / f"report.{name}" for name in ("json", "xlsx")}
    words = [word for path in kinds.values() for word in ("-o", path)]
    assert validate(*words).code == 0
    first = {name: path.read_bytes() for name, path in kinds.items()}
    assert validate(*words).code == 0
    assert {name: path.read_bytes() for name, path in kinds.items()} == first
    for name, content in (("report.json", b"{}"), ("report.xlsx", b"PK"), ("r.html", b"<p>")):
        (tmp_path / name).write_bytes(content)
        done = validate(out=name)
        assert done.code == 7
        assert name in done.err
        assert (tmp_path / name).read_bytes() == content
    file = model / "model.json" if model.is_dir() else model
    before = file.read_bytes()
    assert validate("-o", file, out="other.json").code == 7
    assert file.read_bytes() == before


def test_a_page_is_known_by_its_title(tmp_path):
    page = tmp_path / "report.html"
    title = " ".join(WORDS["title"])
    page.write_text(f"<!DOCTYPE html><title>{title}</title>", encoding="utf-8")
    assert is_report(page)
    page.write_text("<!DOCTYPE html><title>my farm</title>", encoding="utf-8")
    assert not is_report(page)


def test_another_suffix_is_a_usage_error(validate, tmp_path):
    done = validate(out="report.pdf")
    assert done.code == 2
    assert ".html" in done.err
    assert not (tmp_path / "report.pdf").exists()


def test_a_folder_that_is_not_there_is_refused_before_any_work(validate):
    assert validate(out="none/report.json").code == 7


def test_rejected_rows_are_told(rows, write, run, model, tmp_path):
    rows["ratings"][0]["rated_on"] = "someday"
    done = run("validate", write(rows), "-m", model, "-o", tmp_path / "r.json")
    assert done.code == 3
    assert "sanzhixin check" in done.err
