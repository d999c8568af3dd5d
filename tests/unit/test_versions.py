from __future__ import annotations

from importlib.metadata import version

import pytest

from sanzhixin.versions import installed_version


@pytest.mark.parametrize("name", ["numpy", "scikit-learn", "pydantic"])
def test_an_installed_library_has_its_version(name):
    assert installed_version(name) == version(name)


def test_a_library_that_is_not_installed_has_none():
    assert installed_version("sanzhixin-is-not-this") is None
