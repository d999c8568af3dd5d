from __future__ import annotations

from pathlib import Path

import pytest

from sanzhixin import errors
from sanzhixin.records.rules import RULES
from tests.docs.render import GENERATED, codes_without_family, generated_part

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_the_generated_part_is_what_the_code_says(name):
    text = (DOCS / name).read_text(encoding="utf-8")
    assert generated_part(text) == GENERATED[name](), "run python -m tests.docs.render"


def test_every_code_of_an_error_stands_in_the_list():
    text = (DOCS / "errors.md").read_text(encoding="utf-8")
    assert codes_without_family() == set()
    assert [code for code in (*errors.MESSAGES, *RULES) if f"| `{code}` |" not in text] == []


def test_the_families_stand_with_their_exit_codes():
    text = (DOCS / "errors.md").read_text(encoding="utf-8")
    families = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]
    assert [
        family.__name__
        for family in families
        if f"| `{family.__name__}` | `{_parent(family)}` | {family.exit_code} |" not in text
    ] == []


def _parent(family):
    bases = [base for base in family.__bases__ if base is not errors.SanzhixinError]
    return bases[-1].__name__
