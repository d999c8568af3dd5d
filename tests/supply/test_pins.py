from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = (re.split("==| ; ", line) for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): number for name, number, *_ in found}


def stated():
    """What pyproject.toml asks for: the installed metadata may be of an earlier day."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return [*project["dependencies"], *(line for extra in extras for line in extra)]


def applies(requirement, extras):
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def installed_for(lines):
    """Names and versions of what is installed of requirements, and of what these require."""
    found, seen = {}, set()
    waiting = [(Requirement(line), ()) for line in lines]
    while waiting:
        requirement, extras = waiting.pop()
        step = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if not applies(requirement, extras) or step in seen:
            continue
        try:
            found[step[0]] = version(requirement.name)
        except PackageNotFoundError:
            continue
        seen.add(step)
        below = requires(requirement.name) or ()
        waiting += [(Requirement(line), tuple(requirement.extras)) for line in below]
    return found


def not_pinned(found, known):
    return {name: number for name, number in found.items() if known.get(name) != number}


@pytest.fixture(scope="module")
def found():
    return installed_for(stated())


def test_everything_that_the_library_and_its_extras_pull_in_is_pinned(found):
    assert not_pinned(found, pins()) == {}


def test_the_walk_goes_beyond_what_the_project_names_itself(found):
    named = {canonicalize_name(Requirement(line).name) for line in stated()}
    assert {"pydantic-core", "scipy", "threadpoolctl"} <= set(found) - named


@pytest.mark.parametrize("name", ["numpy", "pydantic-core"])
@pytest.mark.parametrize("pin", [None, "0.0.1"])
def test_a_pin_that_lacks_or_differs_is_found(found, name, pin):
    known = {key: number for key, number in pins().items() if key != name}
    if pin is not None:
        known[name] = pin
    assert not_pinned(found, known)[name] == found[name]


def test_the_walk_follows_the_extras_of_a_requirement():
    assert "psycopg-binary" in installed_for(["psycopg[binary]"])
    assert "psycopg-binary" not in installed_for(["psycopg"])


def test_the_walk_leaves_out_what_a_marker_excludes():
    assert installed_for(['numpy; python_version < "3.0"']) == {}
