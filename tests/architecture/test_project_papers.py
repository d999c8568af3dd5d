from __future__ import annotations

import json
import re

import pytest

STATUSES = {"draft", "validated", "approved", "retired"}
DECISION_HEADINGS = ["## Context", "## Choice", "## Cost", "## How to reverse"]


def released_models(root):
    return {
        (path.parts[-3], path.parts[-2]): json.loads(path.read_text(encoding="utf-8"))
        for path in (root / "models").glob("*/*/model.json")
    }


@pytest.fixture(scope="module")
def listed(root):
    text = (root / "models" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w-]+) \| ([\d.]+) \| (\w+) \| (.+?) \|", text, flags=re.MULTILINE)
    return {(name, version): (status, approver) for name, version, status, approver in rows}


def test_the_list_of_models_names_every_model_file_and_no_other(root, listed):
    assert set(listed) == set(released_models(root))


def test_every_model_file_has_its_card(root):
    missing = [
        str(path.parent.relative_to(root))
        for path in (root / "models").glob("*/*/model.json")
        if not (path.parent / "card.md").exists()
    ]
    assert missing == []


def test_the_list_of_models_uses_the_four_statuses(listed):
    assert {status for status, _ in listed.values()} <= STATUSES


def test_only_an_approved_model_names_an_approver(listed):
    named = {status for status, approver in listed.values() if approver != "none yet"}
    assert named <= {"approved", "retired"}


def test_every_entry_of_the_changelog_says_whether_numbers_changed(root):
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    for entry in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        headings = re.findall(r"^### (.+)$", entry, flags=re.MULTILINE)
        assert headings == ["Added", "Changed", "Fixed", "Numbers changed"]


def test_decisions_are_numbered_in_order_without_gaps(root):
    numbers = sorted(int(path.name[:4]) for path in (root / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_decision_states_choice_cost_and_the_way_back(root):
    lacking = {
        path.name: missing
        for path in (root / "docs" / "decisions").glob("*.md")
        if (missing := [h for h in DECISION_HEADINGS if h not in path.read_text(encoding="utf-8")])
    }
    assert lacking == {}
