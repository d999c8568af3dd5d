"""Types of arrays: the same whatever a household has or lacks, as answers and digests need."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import numpy as np
import pytest

from tests.unit.scoring.factories import (
    Record,
    encode,
    form,
    household,
    plan_of,
    scheme_with,
    score,
    volunteering,
)

BOOLS = {
    "used", "standing", "negative", "sufficient", "records", "near_upper", "near_lower", "gate",
    "review_record", "override", "link_doubt", "incomplete", "over_debt",
}  # fmt: skip
FLOATS = {"covariance", "se_points", "prob_default", "lower", "upper"}

GIVEN = {
    "nothing at all": (household(form(4, familiar=False)),),
    "forms alone": (household(4, 5, 3),),
    "events and records": (household(4, 5, events=volunteering(2), records=(Record("G2"),)),),
    "two households": (household(3, 4, 5), household(2, records=(Record("ML08"),))),
}


def arrays(value, name=""):
    if isinstance(value, np.ndarray):
        yield name, value
    elif is_dataclass(value):
        for field in fields(value):
            yield from arrays(getattr(value, field.name), field.name)


def expected(name):
    return np.bool_ if name in BOOLS else np.float64 if name in FLOATS else np.int64


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
@pytest.mark.parametrize("aggregator", ["mean", "median", "min", "trimmed_mean"])
def test_every_array_of_an_answer_has_the_type_of_its_name(given, aggregator):
    scheme = scheme_with(
        aggregator=aggregator, limits={"required": ("requested",), "village_caps": {"V01": 2}}
    )
    answers = score(*given, plan=plan_of(scheme))
    found = {**dict(arrays(answers.profile)), **dict(arrays(answers.assessment))}
    assert len(found) > 30
    assert {name: array.dtype for name, array in found.items()} == {
        name: np.dtype(expected(name)) for name in found
    }


def test_a_batch_without_any_row_of_a_table_has_the_same_types():
    bare = household()
    bare = type(bare)(household_id="H1")
    cases = encode(bare)
    assert cases.forms.ratings.shape[0] == 0
    answers = score(bare, plan=plan_of())
    for name, array in (*arrays(answers.profile), *arrays(answers.assessment)):
        assert array.dtype == expected(name), name


def test_arrays_of_a_plan_are_whole_numbers_but_for_errors_and_slopes():
    plan = plan_of()
    for part in (plan.panel, plan.ledger, plan.tiers, plan.limits, plan):
        for field in fields(part):
            value = getattr(part, field.name)
            if isinstance(value, np.ndarray):
                kind = {"deviation": "f", "may_answer": "b", "standing": "b", "in_force": "b"}
                assert value.dtype.kind == kind.get(field.name, "i"), field.name
                assert value.dtype.itemsize in (1, 8)
