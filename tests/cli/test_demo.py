from __future__ import annotations

import re

import pytest


@pytest.fixture
def demo(run, tmp_path):
    return lambda *words: run("demo", "--out", tmp_path / "demo", "--villages", 5, *words)


def contents(folder):
    timed = {"manifest.json", "_SUCCESS"}
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in timed
    }


def test_the_demo_ends_with_counts_three_households_and_places(demo, tmp_path):
    done = demo()
    assert done.code == 0
    assert len(set(re.findall(r"^  V00[1-5] ", done.out, re.MULTILINE))) == 5
    assert done.out.count("这是建议，不是最终决定。") == 3
    assert {path.name for path in (tmp_path / "demo").iterdir()} == {
        "ABOUT.txt", "county", "model", "out", "explained",
    }  # fmt: skip
    assert len(list((tmp_path / "demo" / "explained").iterdir())) == 6


def test_the_demo_can_be_repeated_and_gives_the_same_bytes(demo, tmp_path):
    demo()
    first = contents(tmp_path / "demo")
    demo()
    assert contents(tmp_path / "demo") == first


def test_what_the_demo_wrote_is_verified(demo, run, tmp_path):
    demo()
    assert run("verify", tmp_path / "demo" / "out").code == 0
    assert run("verify", tmp_path / "demo" / "model").code == 0


def test_the_demo_refuses_a_folder_that_is_not_its_own(demo, tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "letter.txt").write_text("keep me", encoding="utf-8")
    done = demo()
    assert done.code == 7
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["letter.txt"]


def test_the_demo_speaks_english(run, tmp_path):
    done = run("--lang", "en", "demo", "--out", tmp_path / "demo", "--villages", 5)
    assert "This is a proposal, not a decision." in done.out
    assert "的建议" not in done.out
