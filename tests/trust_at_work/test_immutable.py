"""A model is the same for all who share it: nothing in it can be set, and no array be written."""

from __future__ import annotations

import copy
import sys
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from pydantic import BaseModel

from tests.trust_at_work.applications import (
    ADJUSTED,
    DAY,
    EXPERT,
    applications,
    fresh_model,
    golden_part,
)
from tests.trust_at_work.walk import reachable


@pytest.fixture(scope="module", params=[EXPERT, ADJUSTED])
def model(request):
    """A model that has done everything it can do, so that what it caches is there."""
    found = fresh_model(request.param)
    county = golden_part(20)
    found.profile(county, as_of=DAY)
    found.propose(county, as_of=DAY)
    for given in applications(20):
        found.propose_one(given, as_of=DAY)
    for household in county.households["household_id"]:
        found.explain(county, household, as_of=DAY)
    found.file.digest()
    _ = found.file.tiers_out_of_reach
    return found


def names_of(value):
    if is_dataclass(value):
        return [field.name for field in fields(value)]
    return list(type(value).model_fields) if isinstance(value, BaseModel) else []


def records(model):
    """Every dataclass and every pydantic record within a model."""
    return [(path, value) for path, value in reachable(model) if names_of(value)]


def writeable(root, *, under_views=False):
    """Paths of arrays that hold something and can be written."""
    return [
        path
        for path, value in reachable(root, under_views=under_views)
        if isinstance(value, np.ndarray) and value.size and value.flags.writeable
    ]


def test_the_walk_reaches_every_part_of_a_model(model):
    found = [value for _, value in reachable(model)]
    held = {id(value) for value in found}
    file, plan = model.file, model.plan
    for part in (file, plan, file.scheme, file.card, file.pd, plan.limits, plan.tiers, plan.ledger):
        assert id(part) in held
    assert sum(isinstance(value, np.ndarray) for value in found) > 30
    cached = [item._lookup for item in file.card.characteristics if item.kind != "grid"]
    assert {id(array) for array in cached} <= held


def test_no_attribute_can_be_set_or_deleted(model):
    settable = []
    for path, value in records(model):
        for name in names_of(value):
            before = getattr(value, name)
            try:
                setattr(value, name, before)
            except (AttributeError, TypeError, ValueError):
                pass
            else:
                settable.append(f"{path}.{name}")
            try:
                delattr(value, name)
            except (AttributeError, TypeError, ValueError):
                continue
            settable.append(f"del {path}.{name}")
    assert settable == []


def test_no_attribute_can_be_added(model):
    taken = []
    for path, value in records(model):
        try:
            value.unheard_of = 1
        except (AttributeError, TypeError, ValueError):
            continue
        taken.append(path)
    assert taken == []


def test_no_array_can_be_written(model):
    assert writeable(model) == []


def test_no_array_under_a_view_can_be_written(model):
    assert writeable(model, under_views=True) == []


@pytest.mark.usefixtures("model")
def test_no_array_of_the_modules_that_score_can_be_written():
    rooms = ("sanzhixin.scoring", "sanzhixin.records", "sanzhixin.scheme")
    modules = [sys.modules[name] for name in sorted(sys.modules) if name.startswith(rooms)]
    found = {module.__name__: writeable(list(vars(module).values())) for module in modules}
    assert {name: paths for name, paths in found.items() if paths} == {}


def test_no_table_of_the_compiled_rules_can_be_changed(model):
    """The scheme and the origin are data of the file; what scores is compiled from them."""
    rules = {
        field.name: getattr(model.plan, field.name)
        for field in fields(model.plan)
        if field.name not in ("scheme", "card", "pd", "adjusted")
    }
    open_to_change = list | dict | set
    found = reachable((*rules.values(), model.plan.adjusted))
    assert [path for path, value in found if isinstance(value, open_to_change)] == []


def test_a_fresh_model_has_no_array_that_can_be_written_either(model):
    assert writeable(fresh_model(model.model_id.replace("/", "-"))) == []


def test_the_walk_finds_an_array_that_can_be_written():
    class Held:
        __slots__ = ("inner",)

    held = Held()
    held.inner = {"a": (np.zeros(2),)}
    assert writeable([held]) == ["model[0].inner['a'][0]"]
    view = np.zeros(4)[::2]
    view.setflags(write=False)
    assert (writeable(view), writeable(view, under_views=True)) == ([], ["model.base"])


def test_what_is_done_to_an_application_afterwards_does_not_change_its_proposal(model):
    for given in applications(20)[:10]:
        mine = copy.deepcopy(given)
        answer = model.propose_one(mine, as_of=DAY)
        before = answer.model_dump_json()
        for form in mine["ratings"]:
            form.clear()
        for key in list(mine):
            mine[key] = None
        assert answer.model_dump_json() == before
        assert model.propose_one(given, as_of=DAY) == answer


def test_proposing_does_not_change_the_application(model):
    for given in applications(20)[:10]:
        before = copy.deepcopy(given)
        model.propose_one(given, as_of=DAY)
        assert given == before


def test_a_proposal_cannot_be_changed(model):
    answer = model.propose_one(applications(20)[0], as_of=DAY)
    for _, value in records(answer):
        for name in names_of(value):
            with pytest.raises(ValueError, match="frozen"):
                setattr(value, name, getattr(value, name))
    changeable = list | dict | set | np.ndarray
    assert [path for path, value in reachable(answer) if isinstance(value, changeable)] == []
