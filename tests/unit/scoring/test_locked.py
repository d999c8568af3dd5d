from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass

import numpy as np
import pytest

from sanzhixin.model import load_model
from sanzhixin.scoring import compile_plan, write_model_file
from sanzhixin.scoring.locked import locked
from tests.unit.scoring.adjusted_plan import adjusted_plan
from tests.unit.scoring.factories import PLAN, encode, household, model_file, propose_cases


@dataclass(frozen=True, slots=True)
class Part:
    array: np.ndarray
    inner: object = None


def arrays(value, seen=()):
    """Every array within a value, found another way: by all attributes, slots and items."""
    if isinstance(value, np.ndarray):
        yield value
    elif id(value) not in seen:
        for part in parts(value):
            yield from arrays(part, (*seen, id(value)))


def parts(value):
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, tuple | list | set | frozenset):
        return list(value)
    if is_dataclass(value):
        return [getattr(value, field.name) for field in fields(value)]
    return list(vars(value).values()) if hasattr(value, "__dict__") else []


def nested():
    ones = [np.ones(2) for _ in range(6)]
    value = (ones[0], [ones[1], {"a": ones[2], "b": (ones[3],)}], Part(ones[4], Part(ones[5])))
    return value, ones


def test_every_array_within_a_value_is_locked_and_the_value_is_the_same():
    value, ones = nested()
    assert locked(value) is value
    assert not any(array.flags.writeable for array in ones)
    for array in ones:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7


@pytest.mark.parametrize("value", [None, 1, 1.5, "text", b"bytes", frozenset({1}), object()])
def test_anything_else_is_left_alone(value):
    assert locked(value) is value


@pytest.mark.parametrize("plan", ["plain", "adjusted"])
def test_no_array_of_a_compiled_model_can_be_changed(plan):
    found = list(arrays(PLAN if plan == "plain" else adjusted_plan()))
    assert len(found) > 10
    assert [array.shape for array in found if array.flags.writeable] == []


def test_no_array_of_a_loaded_model_can_be_changed_after_it_scored(tmp_path):
    model = load_model(write_model_file(model_file(), tmp_path))
    first = propose_cases(encode(household(3, 4, 5)), model.plan)
    assert [a.shape for a in arrays(model.plan) if a.flags.writeable] == []
    assert [a.shape for a in arrays(model.file) if a.flags.writeable] == []
    assert propose_cases(encode(household(3, 4, 5)), compile_plan(model.file)) == first
