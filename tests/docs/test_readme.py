from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from sanzhixin.cli import main

pytestmark = pytest.mark.filterwarnings("ignore::sanzhixin.validation.plots.style.CjkFontWarning")
ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.zh.md")
FIRST_WORDS = {"Household": "en", "农户": "zh"}


def blocks(name, language):
    text = (ROOT / name).read_text(encoding="utf-8")
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [block for given, block in fences if given == language]


def without_remarks(block):
    return [line.split("  #")[0].rstrip() for line in block.splitlines() if line.strip()]


def shell_lines():
    (block,) = blocks("README.md", "sh")
    return [shlex.split(line)[1:] for line in block.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="module")
def exit_codes(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return [main(arguments) for arguments in shell_lines()]


def is_in_order(wanted, lines):
    rest = iter(lines)
    return all(line in rest for line in wanted)


def test_the_shell_lines_run_without_a_rejected_row(exit_codes):
    assert exit_codes == [0] * 11


def test_the_shell_lines_go_on_to_report_look_and_papers(folder, exit_codes):
    made = {path.name for path in folder.iterdir()} - {"county", "last-year", "model", "out"}
    assert made == {"report.html", "look", "notice.html", "page.html", "papers"}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "tongxiang-fitted/0.1.0" in page
    assert "Alarms: none" in (folder / "look" / "report.txt").read_text(encoding="utf-8")
    assert (folder / "papers" / "_SUCCESS").is_file()


def test_the_run_of_the_shell_lines_leaves_the_files_that_are_named(folder, exit_codes):
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "_SUCCESS",
        "manifest.json",
        "proposals.parquet",
        "quarantine.csv",
    ]


@pytest.mark.parametrize("name", READMES)
def test_the_python_block_runs_and_uses_five_lines(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = blocks(name, "python")
    values: dict[str, object] = {}
    exec(compile(block, name, "exec"), values)
    assert len(without_remarks(block)) == 6
    assert values["answer"].household_id == "V001-0008"
    assert values["answer"].status == "review"
    assert len(values["proposals"]) == len(values["county"].households)


@pytest.mark.parametrize("name", READMES)
def test_the_proposal_that_is_shown_is_what_the_command_prints(
    name, folder, exit_codes, monkeypatch, capsys
):
    monkeypatch.chdir(folder)
    (explain,) = [one for one in shell_lines() if one[0] == "explain" and "-o" not in one]
    shown = blocks(name, "text")
    assert sorted(FIRST_WORDS[block.split(" ", 1)[0]] for block in shown) == ["en", "zh"]
    for block in shown:
        capsys.readouterr()
        main([*explain, "--lang", FIRST_WORDS[block.split(" ", 1)[0]]])
        printed = capsys.readouterr().out.splitlines()
        assert is_in_order(block.splitlines(), printed), printed


@pytest.mark.parametrize("language", ["python", "sh", "text", ""])
def test_both_languages_show_the_same_blocks(language):
    english, chinese = (
        [without_remarks(block) for block in blocks(name, language)] for name in READMES
    )
    assert english
    assert sorted(english) == sorted(chinese)


def test_both_languages_have_the_same_parts():
    counts = [
        len(re.findall(r"^## ", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE))
        for name in READMES
    ]
    assert counts[0] == counts[1]


def test_both_languages_name_the_same_code_and_documents():
    english, chinese = (
        (
            set(re.findall(r"`([\w.-]+)`", text)),
            set(re.findall(r"\]\((?!README)([^)]+)\)", text)),
        )
        for text in ((ROOT / name).read_text(encoding="utf-8") for name in READMES)
    )
    assert english == chinese


@pytest.mark.parametrize("name", READMES)
def test_make_knows_the_two_commands(name):
    named = re.findall(r"^make (\w+)", blocks(name, "")[0], flags=re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert named == ["demo", "test"]
    assert all(f"\n{target}:" in makefile for target in named)


@pytest.mark.parametrize(
    "claim",
    [
        "It proposes; people decide.",
        "It is never published and never ranked.",
        "Not for use in the EU without legal review.",
        "no published causal figure was found",
    ],
)
def test_the_readme_states_how_the_score_is_to_be_used(claim):
    assert claim in (ROOT / "README.md").read_text(encoding="utf-8")
