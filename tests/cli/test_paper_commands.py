from __future__ import annotations

import json

import pytest

from sanzhixin.scoring.artifact import write_model_file
from sanzhixin.validation.papers.card import PAPERS
from tests.unit.scoring.factories import model_file

PERSON, RATER, DOCUMENT = "330483198001011234", "13957312345", "浙0483执9981号"


@pytest.fixture
def notice(run, model, tmp_path):
    def call(folder, *words, household="H1", out="notice.html"):
        base = ["notice", folder, "-m", model, "--household", household, "-o", tmp_path / out]
        return run(*base, *words)

    return call


def test_a_notice_is_written_in_the_format_of_its_name(folder, notice, tmp_path):
    for name, first in (
        ("n.html", "<!DOCTYPE html>"),
        ("n.md", "# 授信建议告知书"),
        ("n.txt", "授信建议告知书"),
    ):
        done = notice(folder, out=name)
        assert (done.code, done.out) == (0, "")
        assert (tmp_path / name).read_text(encoding="utf-8").splitlines()[0] == first
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert "【待填】" in done.err
    assert "marked blanks" in done.err


def test_the_language_is_that_of_the_option_or_of_the_group(folder, notice, run, model, tmp_path):
    notice(folder, "--lang", "en", out="en.txt")
    assert "Household H1" in (tmp_path / "en.txt").read_text(encoding="utf-8")
    out = tmp_path / "group.txt"
    run("--lang", "en", "notice", folder, "-m", model, "--household", "H1", "-o", out)
    assert out.read_text(encoding="utf-8") == (tmp_path / "en.txt").read_text(encoding="utf-8")


def test_a_notice_names_the_document_and_no_rater(rows, write, notice, tmp_path):
    for row in rows["raters"] + rows["ratings"]:
        row["rater_id"] = row["rater_id"].replace("R3", RATER)
    rows["registers"] = [
        {
            "household_id": "H1",
            "code": "ML09",
            "document_no": DOCUMENT,
            "list_class": "dishonest_judgment_debtor",
            "issued_on": "2026-01-05",
            "ended_on": "",
        }
    ]
    done = notice(write(rows), out="n.txt")
    text = (tmp_path / "n.txt").read_text(encoding="utf-8")
    assert text.startswith("不予授信建议告知书")
    assert f"失信被执行人：类别 失信被执行人名单，文书编号 {DOCUMENT}，2026-01-05 作出" in text
    assert RATER not in text + done.err
    assert DOCUMENT not in done.err


def test_nothing_is_ever_written_over(folder, notice, tmp_path):
    (tmp_path / "notice.html").write_text("mine")
    done = notice(folder)
    assert (done.code, "never overwritten" in done.err) == (7, True)
    assert (tmp_path / "notice.html").read_text() == "mine"


@pytest.mark.parametrize("name", ["n.pdf", "n", "n.html.exe"])
def test_another_format_is_a_usage_error_and_nothing_is_written(folder, notice, tmp_path, name):
    done = notice(folder, out=name)
    assert (done.code, ".html, .md or .txt" in done.err) == (2, True)
    assert not (tmp_path / name).exists()


def test_an_unknown_household_is_refused_with_a_masked_number(folder, notice, tmp_path):
    done = notice(folder, household=PERSON)
    assert done.code == 3
    assert PERSON not in done.err
    assert not (tmp_path / "notice.html").exists()


def test_rows_that_were_rejected_are_told(folder, notice, tmp_path):
    with (folder / "ratings.csv").open("a", encoding="utf-8") as stream:
        stream.write("2,H1,R1\r\n")
    done = notice(folder, out="n.txt")
    assert "该户有 1 行在接收时被退回" in done.err
    text = (tmp_path / "n.txt").read_text(encoding="utf-8")
    assert text.startswith("人工复核告知书")
    assert "“评议表”中有本户的记录未通过接收检查" in text


TRIAL = ("模型状态：草稿，仅供试用，不得送达农户", "Model status: draft; for trial only")


@pytest.mark.parametrize("command", ["notice", "explain"])
def test_a_draft_model_writes_and_says_on_terminal_and_paper_that_it_is_a_trial(
    folder, run, model, tmp_path, command
):
    out = tmp_path / "n.html"
    done = run(command, folder, "-m", model, "--household", "H1", "-o", out)
    assert done.code == 0
    assert "注意：模型 tongxiang-expert/1.0.0 状态为 草稿" in done.err
    assert "is draft and no --trust list judged it" in done.err
    text = out.read_text(encoding="utf-8")
    assert [mark in text for mark in TRIAL] == [True, command == "explain"]


@pytest.mark.parametrize("command", ["notice", "explain"])
def test_an_approved_model_writes_without_a_mark(folder, run, tmp_path, command):
    own, out = tmp_path / "own", tmp_path / "n.html"
    write_model_file(model_file(status="approved"), own)
    done = run(command, folder, "-m", own, "--household", "H1", "-o", out)
    assert (done.code, "--trust" in done.err) == (0, False)
    assert not any(mark in out.read_text(encoding="utf-8") for mark in TRIAL)


# the page of a household


@pytest.fixture
def explain(run, model):
    def call(folder, *words):
        return run("explain", folder, "-m", model, "--household", "H1", *words)

    return call


def test_the_page_replaces_the_account(folder, explain, tmp_path):
    page = tmp_path / "page.html"
    done = explain(folder, "-o", page)
    assert (done.code, done.out) == (0, "")
    text = page.read_text(encoding="utf-8")
    assert '<input type="radio" name="lang" id="zh" checked>' in text
    assert "村建议额度</td><td>40,000</td><td>起限制作用" in text
    assert "<script" not in text
    assert page.stat().st_mode & 0o777 == 0o600
    english = tmp_path / "english.html"
    explain(folder, "--lang", "en", "-o", english)
    assert 'id="en" checked' in english.read_text(encoding="utf-8")


def test_the_page_shows_the_reason_for_another_amount(rows, write, explain, tmp_path):
    rows["proposals"][0]["override_reason"] = "<b>核实</b>"
    explain(write(rows), "-o", tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "调整理由：&lt;b&gt;核实&lt;/b&gt;" in text


def test_a_page_is_new_and_ends_in_html(folder, explain, tmp_path):
    (tmp_path / "page.html").write_text("mine")
    assert explain(folder, "-o", tmp_path / "page.html").code == 7
    assert (tmp_path / "page.html").read_text() == "mine"
    assert explain(folder, "-o", tmp_path / "page.txt").code == 2
    assert not (tmp_path / "page.txt").exists()


# the papers of a model


def test_the_papers_of_a_model_are_written_and_written_again(run, model, tmp_path):
    out = tmp_path / "papers"
    done = run("card", model, "-o", out)
    assert (done.code, done.out) == (0, "")
    assert sorted(path.name for path in out.iterdir()) == sorted([*PAPERS, "_SUCCESS"])
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert run("card", model / "model.json", "-o", out).code == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert json.loads(before["model_card.json"])["model_id"] == "tongxiang-expert/1.0.0"
    assert "10 papers are in" in done.err


FIRST = ["model_card", "disclosure", "traceability", "impact_assessment"]


def test_the_papers_begin_with_the_language_that_is_asked_for(run, model, tmp_path):
    words = {
        "plain": (["card", model], "zh"),
        "option": (["card", model, "--lang", "en"], "en"),
        "group": (["--lang", "en", "card", model], "en"),
        "both": (["--lang", "en", "card", model, "--lang", "zh"], "zh"),
    }
    for name, (line, first) in words.items():
        assert run(*line, "-o", tmp_path / name).code == 0
        for paper in FIRST:
            page = (tmp_path / name / f"{paper}.html").read_text(encoding="utf-8")
            assert f'id="{first}" checked' in page
            text = (tmp_path / name / f"{paper}.md").read_text(encoding="utf-8")
            halves = text.split("\n---\n\n")
            chinese = [any(char >= "\u4e00" for char in half.splitlines()[0]) for half in halves]
            assert chinese == [first == "zh", first == "en"]
    for name in ("model_card.json", "traceability.json"):
        assert len({(tmp_path / place / name).read_bytes() for place in words}) == 1


def test_a_folder_with_other_files_is_left_alone(run, model, tmp_path):
    out = tmp_path / "papers"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    assert run("card", model, "-o", out).code == 7
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_a_model_that_is_refused_leaves_no_paper(run, tmp_path):
    (tmp_path / "model.json").write_bytes(b"{}")
    assert run("card", tmp_path / "model.json", "-o", tmp_path / "papers").code == 6
    assert not (tmp_path / "papers").exists()


def test_papers_that_cannot_be_written_are_an_output_error(run, model, tmp_path):
    (tmp_path / "papers").write_text("a file")
    done = run("card", model, "-o", tmp_path / "papers")
    assert done.code == 7
    assert (tmp_path / "papers").read_text() == "a file"
