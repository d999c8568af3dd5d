"""A scoring date that is stated is the only one: no clock is read, and nothing of the machine."""

from __future__ import annotations

import ast
import datetime
import time
from pathlib import Path

import pytest

from tests.trust_at_work.applications import (
    ADJUSTED,
    DAY,
    EXPERT,
    applications,
    fresh_model,
    golden_part,
)

PACKAGE = Path(__file__).resolve().parents[2] / "sanzhixin"
CLOCKS = ("today", "now", "utcnow", "time", "time_ns", "monotonic", "perf_counter", "localtime")
MACHINE = ("environ", "getenv", "getenvb", "urandom", "getpid", "getcwd", "gethostname", "getlogin")


class ClockRead(Exception):
    pass


def _refuse(*_given):
    raise ClockRead


class _LooksReal(type):
    """Real dates and times count as instances, so that whoever asks for the type is served."""

    def __instancecheck__(cls, value):
        return isinstance(value, cls.__mro__[1])


class NoDate(datetime.date, metaclass=_LooksReal):
    today = classmethod(_refuse)


class NoDatetime(datetime.datetime, metaclass=_LooksReal):
    today = now = utcnow = classmethod(_refuse)


@pytest.fixture
def no_clock(monkeypatch):
    monkeypatch.setattr(datetime, "date", NoDate)
    monkeypatch.setattr(datetime, "datetime", NoDatetime)
    for name in ("time", "time_ns", "localtime", "gmtime"):
        monkeypatch.setattr(time, name, _refuse)


@pytest.fixture(scope="module", params=[EXPERT, ADJUSTED])
def model(request):
    return fresh_model(request.param)


@pytest.fixture(scope="module")
def given():
    """Applications that state no day of their own."""
    return [{**one, "as_of": None} for one in applications(20)]


@pytest.fixture(scope="module")
def county():
    return golden_part(20)


def test_the_patched_clock_is_the_one_that_the_library_reads(no_clock, model, given):
    with pytest.raises(ClockRead):
        model.propose_one(given[0])
    with pytest.raises(ClockRead):
        time.time()
    with pytest.raises(ClockRead):
        datetime.datetime.now(datetime.UTC)


def test_one_application_with_a_day_reads_no_clock(model, given, request):
    before = [model.propose_one(one, as_of=DAY) for one in given]
    request.getfixturevalue("no_clock")
    assert [model.propose_one(one, as_of=DAY) for one in given] == before


def test_a_county_with_a_day_reads_no_clock(model, county, request):
    before = model.propose(county, as_of=DAY)
    request.getfixturevalue("no_clock")
    assert model.propose(county, as_of=DAY).equals(before)


def test_a_model_is_loaded_without_a_clock(model, no_clock):
    again = fresh_model(model.model_id.replace("/", "-"))
    assert again.file.digest() == model.file.digest()


def is_one_of(node, names):
    """Tell whether a node is, calls or imports something of these names."""
    match node:
        case ast.Attribute(attr=name) | ast.Call(func=ast.Name(id=name)):
            return name in names
        case ast.ImportFrom(names=imported):
            return any(alias.name in names for alias in imported)
    return False


def calls(tree, names):
    """Lines that call, name or import one of these."""
    return sorted({node.lineno for node in ast.walk(tree) if is_one_of(node, names)})


def modules(folder):
    return {
        path.name: ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((PACKAGE / folder).glob("*.py"))
    }


@pytest.mark.parametrize("names", [CLOCKS, MACHINE], ids=["clocks", "machine"])
def test_nothing_that_scores_asks_the_clock_or_the_machine(names):
    trees = modules("scoring")
    assert len(trees) > 30
    assert {name: found for name, tree in trees.items() if (found := calls(tree, names))} == {}


def test_the_model_file_is_all_that_the_scoring_room_opens():
    opening = ("open", "read_text", "read_bytes", "write_text", "write_bytes", "write_whole")
    found = {name for name, tree in modules("scoring").items() if calls(tree, opening)}
    assert found == {"artifact.py"}


def test_the_model_asks_for_the_day_in_one_place():
    found = {name: calls(tree, CLOCKS) for name, tree in modules("model").items()}
    assert {name: len(lines) for name, lines in found.items() if lines} == {"frames.py": 1}


@pytest.mark.parametrize(
    "code",
    [
        "dt.date.today()",
        "time.time()",
        "datetime.now()",
        "now()",
        "f = date.today",
        "from time import time as t",
    ],
)
def test_the_search_sees_a_clock(code):
    assert calls(ast.parse(code), CLOCKS) == [1]
