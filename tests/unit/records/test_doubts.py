"""What is accepted and yet looks wrong; by hand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import sanzhixin as szx
from sanzhixin.records.doubts import LEAST_AMOUNTS, find_doubts
from sanzhixin.records.folder import no_table_note

COUNTY = szx.simulate_county(villages=2, seed=7)
SCHEME = szx.load_scheme("tongxiang")


def doubts(**tables):
    return {note.file: note for note in find_doubts(replace(COUNTY, **tables), SCHEME)}


def manager(amounts):
    ids = COUNTY.households["household_id"].head(len(amounts))
    return COUNTY.proposals.head(len(amounts)).assign(
        household_id=ids.to_numpy(),
        council_limit_yuan=pd.array([50_000] * len(amounts), dtype="Int64"),
        manager_limit_yuan=pd.array(amounts, dtype="Int64"),
    )


@pytest.mark.parametrize("table", ["ratings", "events", "registers", "loans"])
def test_an_empty_table_is_named_with_what_follows(table):
    found = doubts(**{table: getattr(COUNTY, table).iloc[:0]})
    assert list(found) == [table]
    assert found[table].en.startswith("there are no ")
    assert "没有" in found[table].zh


def test_nothing_is_said_of_a_whole_county():
    assert doubts() == {}


@pytest.mark.parametrize(
    ("amounts", "told"),
    [
        ([9, 5, 8, 10, 12], True),
        ([9, 5, 1_000, 10_000, 12_000], False),  # the median is not below
        ([9, 5, 999, 10_000, 12_000], True),
        ([9, 5, 8, 10], False),  # fewer than are judged
        ([9, 5, 8, 10, 0, 0, None], False),  # none and 0 do not count
    ],
)
def test_amounts_that_are_too_small_for_yuan_are_asked_about(amounts, told):
    assert LEAST_AMOUNTS == 5
    found = doubts(proposals=manager(amounts))
    assert ("proposals" in found) is told
    if told:
        assert "manager_limit_yuan" in found["proposals"].en
        assert "万元" in found["proposals"].zh


@pytest.mark.parametrize(
    ("file", "near"), [("loan.csv", "loans"), ("Rating.CSV", "ratings"), ("letter.csv", None)]
)
def test_a_file_that_is_no_table_asks_which_was_meant(file, near):
    note = no_table_note(file)
    assert (f"did you mean {near}?" in note.en) is (near is not None)
    assert ("是否应为" in note.zh) is (near is not None)
