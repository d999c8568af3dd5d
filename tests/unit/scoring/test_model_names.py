from __future__ import annotations

import itertools

import pytest
from pydantic import ValidationError

from sanzhixin.scoring.model_names import is_model_name, is_model_version, version_order
from tests.unit.scoring.factories import model_file

NAMES = ["a", "0", "farm-loan", "a.b", "a..b", "a_b", "a-b.c_d", "x" * 64, "con1", "com", "com10",
         "console", "nulls", "aux-model", "lpt"]  # fmt: skip
NO_NAMES = ["", ".", "..", "-a", "a-", ".a", "a.", "_a", "a_", "A", "aB", "a b", " a", "a ", "a\n",
            "a/b", "a\\b", "x" * 65, "家", "é", "a\0", "con", "prn", "aux", "nul", "com0", "com9",
            "lpt1", "con.txt", "nul.1.0", "com1.model"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_small_letters_and_digits_may_be_a_folder(name):
    assert is_model_name(name)
    assert model_file(name=name).model_id == f"{name}/1.0.0"


@pytest.mark.parametrize("name", NO_NAMES)
def test_any_other_name_may_not(name):
    assert not is_model_name(name)


DEVICES = ("con", "prn", "aux", "nul", "com0", "com9", "lpt1", "con.txt", "nul.1.0", "com1.model")


@pytest.mark.parametrize("name", [name for name in NO_NAMES if name not in DEVICES])
def test_a_model_is_not_made_with_such_a_name(name):
    with pytest.raises(ValidationError):
        model_file(name=name)


@pytest.mark.parametrize("name", DEVICES)
def test_a_model_is_not_made_with_the_name_of_a_device(name):
    with pytest.raises(ValidationError):
        model_file(name=name)


VERSIONS = ["0.0.0", "1.0.0", "10.20.30", "999999999.0.999999999"]
NO_VERSIONS = ["", "1", "1.0", "1.0.0.0", "01.0.0", "1.00.0", "1.0.00", "v1.0.0", "1.0.0 ",
               "1.0.0\n", "-1.0.0", "1..0", "1.0.x", "1.0.0-rc1", "1000000000.0.0", "１.0.0",
               "1.0.٣", "1,0,0", "1.0.0/../2.0.0", "..", "1. 0.0", "+1.0.0"]  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_three_whole_numbers_are_a_version(version):
    assert is_model_version(version)
    assert model_file(version=version).version == version


@pytest.mark.parametrize("version", NO_VERSIONS)
def test_any_other_spelling_is_none(version):
    assert not is_model_version(version)
    with pytest.raises(ValidationError):
        model_file(version=version)


def test_versions_are_ordered_by_their_numbers():
    parts = (0, 1, 2, 9, 10, 11, 99, 100)
    triples = list(itertools.product(parts, repeat=3))
    spelt = [".".join(map(str, triple)) for triple in triples]
    assert sorted(reversed(spelt), key=version_order) == spelt
    assert [version_order(text) for text in spelt] == triples
