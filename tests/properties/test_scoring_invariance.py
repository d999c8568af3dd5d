from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanzhixin.scoring import propose_cases
from tests.properties.scoring_strategies import HOWS, PLANS, households, named
from tests.unit.scoring.factories import (
    PLAN,
    drawn_form,
    encode,
    household,
    score,
    volunteering,
)

CHECKED = settings(max_examples=60, deadline=None)
batches = st.lists(households(), min_size=1, max_size=5).map(
    lambda given: [named(one, number) for number, one in enumerate(given)]
)
TABLES = (
    ("forms", "form_start", "form_end"),
    ("events", "event_start", "event_end"),
    ("registers", "register_start", "register_end"),
)


def arrays(answers, case):
    """All arrays of a case, as bytes; padding of the forms aside."""
    profile, assessment = answers.profile, answers.assessment
    parts = (
        profile.measures,
        profile.events,
        assessment.points,
        assessment.limits,
        assessment.pd,
        assessment,
    )
    return [
        (field.name, getattr(part, field.name)[case].tobytes())
        for part in parts
        for field in fields(part)
        if isinstance(getattr(part, field.name), np.ndarray)
    ]


def rows_in_another_order(cases, random):
    for table, start, end in TABLES:
        order = np.arange(
            len(getattr(cases, table).code if table != "forms" else cases.forms.round)
        )
        for low, high in zip(getattr(cases, start), getattr(cases, end), strict=True):
            random.shuffle(order[low:high])
        rows = getattr(cases, table)
        turned = {
            field.name: [getattr(rows, field.name)[i] for i in order.tolist()]
            if isinstance(getattr(rows, field.name), list)
            else getattr(rows, field.name)[order]
            for field in fields(rows)
        }
        cases = replace(cases, **{table: replace(rows, **turned)})
    return cases


@pytest.mark.parametrize("how", HOWS)
@CHECKED
@given(batch=batches)
def test_a_household_alone_is_the_household_in_a_batch_bit_for_bit(how, batch):
    plan = PLANS[how]
    together = score(*batch, plan=plan)
    answers = propose_cases(encode(*batch), plan)
    for case, one in enumerate(batch):
        alone = score(one, plan=plan)
        assert arrays(alone, 0) == arrays(together, case)
        assert propose_cases(encode(one), plan) == [answers[case]]


@CHECKED
@given(batch=batches, order=st.randoms(use_true_random=False))
def test_cut_turned_and_repeated_batches_give_the_same_answers(batch, order):
    cases = encode(*batch)
    answers = propose_cases(cases, PLAN)
    index = [order.randrange(len(batch)) for _ in range(len(batch) + 2)]
    found = propose_cases(cases.take(np.array(index)), PLAN)
    assert found == [answers[i] for i in index]


@CHECKED
@given(batch=batches, seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_rows_changes_no_bit(batch, seed):
    cases = encode(*batch)
    turned = rows_in_another_order(cases, np.random.default_rng(seed))
    for before, after in zip(propose_cases(cases, PLAN), propose_cases(turned, PLAN), strict=True):
        assert {**before, "input_digest": ""} == {**after, "input_digest": ""}


@CHECKED
@given(batch=batches, order=st.randoms(use_true_random=False))
def test_tables_given_in_any_order_have_the_same_digest(batch, order):
    def turned(one):
        return replace(
            one,
            forms=tuple(order.sample(one.forms, len(one.forms))),
            events=tuple(order.sample(one.events, len(one.events))),
        )

    other = [turned(one) for one in batch]
    assert propose_cases(encode(*other), PLAN) == propose_cases(encode(*batch), PLAN)


@CHECKED
@given(batch=batches)
def test_scoring_twice_gives_the_same_and_touches_no_input(batch):
    cases = encode(*batch)
    before = [field.tobytes() for field in vars_of(cases)]
    first = propose_cases(cases, PLAN)
    assert propose_cases(cases, PLAN) == first
    assert [field.tobytes() for field in vars_of(cases)] == before


def vars_of(cases):
    parts = (cases, cases.forms, cases.events, cases.registers)
    own = [getattr(part, field.name) for part in parts for field in fields(part)]
    return [value for value in (*own, *cases.factors.values()) if isinstance(value, np.ndarray)]


def test_many_households_at_once_are_the_same_as_in_small_batches():
    random = np.random.default_rng(17)
    made = [
        household(
            *[drawn_form(random, blanks=True) for _ in range(random.integers(1, 9))],
            household_id=f"H{k:04}",
            events=volunteering(int(random.integers(0, 4))),
            factors={"customer_years": int(random.integers(0, 12))},
        )
        for k in range(600)  # more than the few rows for which bins are searched
    ]
    cases = encode(*made)
    whole = propose_cases(cases, PLAN)
    for size in (1, 7, 64, 255, 256, 257):
        cut = [cases.take(slice(low, low + size)) for low in range(0, 600, size)]
        assert [row for part in cut for row in propose_cases(part, PLAN)] == whole


SCRIPT = """
import hashlib, random, sys
from dataclasses import replace
from sanzhixin.model import SanzhixinModel
from sanzhixin.simulate import simulate_county
from tests.unit.scoring.factories import model_file

county = simulate_county(villages=2, households_per_village=12, seed=7)
state = int(sys.argv[1])
if state:
    tables = county.tables().items()
    county = replace(county, **{n: t.sample(frac=1, random_state=state) for n, t in tables})
model = SanzhixinModel(model_file())
proposals = model.propose(county)
print(hashlib.sha256(repr(proposals.to_dict("records")).encode()).hexdigest())
print(hashlib.sha256(repr(sorted(proposals["input_digest"])).encode()).hexdigest())
print(hashlib.sha256(model.profile(county).to_csv().encode()).hexdigest())
"""
ROOT = Path(__file__).parents[2]


def test_hash_seeds_and_the_order_of_files_change_nothing():
    found = set()
    for seed, state in (("0", "0"), ("1", "3"), ("4242", "8")):
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT, state],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        found.add(run.stdout)
    assert len(found) == 1
