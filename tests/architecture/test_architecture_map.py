from __future__ import annotations

import re

import pytest


@pytest.fixture(scope="module")
def named(root):
    text = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    return re.findall(r"`(sanzhixin/[\w./]+)`", text)


def test_the_map_names_every_module(named, modules):
    assert sorted({module.path for module in modules} - set(named)) == []


def test_the_map_names_nothing_that_is_absent(named, root):
    assert sorted(path for path in named if not (root / path).exists()) == []


def test_the_map_describes_each_module_once(root, modules):
    text = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(sanzhixin/[\w./]+)` \|", text, flags=re.MULTILINE)
    assert sorted(rows) == sorted(module.path for module in modules)


def test_every_top_folder_the_map_names_is_there(root):
    text = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    folders = re.findall(r"^\| `(\w+)/` \|", text, flags=re.MULTILINE)
    assert [folder for folder in folders if not (root / folder).is_dir()] == []
