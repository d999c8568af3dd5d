from __future__ import annotations

import json

import numpy as np
import pytest
from pydantic import ValidationError

from sanzhixin.errors import ArtifactError, DomainError
from sanzhixin.scheme.loader import unwrap_validation
from sanzhixin.scoring.canonical import canonical_json
from sanzhixin.scoring.pd_table import PdRow, PdTable


def rows(*values):
    return tuple(
        PdRow(at_least=at, prob_default=prob, lower=lower, upper=upper)
        for at, prob, lower, upper in values
    )


GOOD = rows((0, None, None, None), (650, 0.02, 0.01, 0.04), (900, 0.01, 0.0, 0.04))
FIELDS = {
    "basis": "prudent",
    "method": "pluto_tasche",
    "population": "approved households",
    "n_loans": 900,
    "n_defaults": 6,
    "confidence": 0.5,
    "rows": GOOD,
}


def test_lookup_reads_the_row_that_holds_the_points():
    found = PdTable(**FIELDS).lookup(np.array([0, 649, 650, 899, 900, 1000]))
    np.testing.assert_array_equal(found.prob_default, [np.nan, np.nan, 0.02, 0.02, 0.01, 0.01])
    np.testing.assert_array_equal(found.lower, [np.nan, np.nan, 0.01, 0.01, 0.0, 0.0])
    np.testing.assert_array_equal(found.upper, [np.nan, np.nan, 0.04, 0.04, 0.04, 0.04])


def test_lookup_of_no_household_is_empty():
    assert PdTable(**FIELDS).lookup(np.array([], dtype=np.int64)).upper.shape == (0,)


def test_lookup_refuses_points_below_the_table():
    with pytest.raises(DomainError, match="Points -3 lie below 0"):
        PdTable(**FIELDS).lookup(np.array([5, -3]))


def test_the_table_without_loans_knows_nothing():
    table = PdTable.none(note_en="No loans.")
    found = table.lookup(np.array([0, 1000]))
    assert (table.basis, table.method, table.n_loans, table.note_en) == (
        "none",
        "none",
        0,
        "No loans.",
    )
    assert np.isnan([found.prob_default, found.lower, found.upper]).all()


def test_a_table_survives_its_canonical_form():
    table = PdTable(**FIELDS)
    written = canonical_json(table.model_dump(mode="json"))
    assert PdTable.model_validate_json(written) == table
    assert canonical_json(json.loads(written)) == written


ONE = (0, 0.02, 0.01, 0.04)
BROKEN = {
    "the first row is not at 0": ({"rows": rows((5, 0.02, 0.01, 0.04))}, "pd_table_order"),
    "a row twice": ({"rows": rows(ONE, ONE)}, "pd_table_order"),
    "rows fall": (
        {"rows": rows(ONE, (9, 0.02, 0.01, 0.04), (8, 0.02, 0.01, 0.04))},
        "pd_table_order",
    ),
    "more defaults than loans": ({"n_defaults": 901}, "pd_table_counts"),
    "one value missing": ({"rows": rows((0, 0.02, None, 0.04))}, "pd_table_missing"),
    "missing at the high end": (
        {"rows": rows(ONE, (9, None, None, None))},
        "pd_table_missing",
    ),
    "values without a basis": ({"basis": "none", "method": "none"}, "pd_table_basis"),
    "a basis without values": ({"rows": rows((0, None, None, None))}, "pd_table_basis"),
    "a method without a basis": (
        {"basis": "none", "rows": rows((0, None, None, None))},
        "pd_table_basis",
    ),
    "no method": ({"method": "none"}, "pd_table_basis"),
    "lower above": ({"rows": rows((0, 0.02, 0.03, 0.04))}, "pd_table_bounds"),
    "upper below": ({"rows": rows((0, 0.02, 0.01, 0.015))}, "pd_table_bounds"),
    "nine decimals": ({"rows": rows((0, 0.020000001, 0.01, 0.04))}, "pd_table_decimals"),
    "probability rises": ({"rows": rows(ONE, (9, 0.03, 0.01, 0.04))}, "pd_table_rises"),
    "lower rises": ({"rows": rows(ONE, (9, 0.02, 0.011, 0.04))}, "pd_table_rises"),
    "upper rises": ({"rows": rows(ONE, (9, 0.02, 0.01, 0.041))}, "pd_table_rises"),
}


@pytest.mark.parametrize(("change", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_a_table_that_contradicts_itself_is_refused(change, code):
    with pytest.raises(ValidationError, match="PD table") as caught:
        PdTable(**(FIELDS | change))
    error = unwrap_validation(caught.value)
    assert isinstance(error, ArtifactError)
    assert error.code == code
    assert "违约概率表" in error.zh


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), "0.1"])
def test_a_value_that_is_no_probability_is_refused(value):
    with pytest.raises(ValidationError, match="prob_default"):
        PdRow(at_least=0, prob_default=value, lower=0.0, upper=1.0)


ANCHOR = {"rate": 0.02, "before": 0.01, "shift": 0.7}


@pytest.mark.parametrize(("basis", "anchor"), [("anchored", None), ("fitted", ANCHOR)])
def test_a_table_that_was_moved_holds_the_record_of_it_and_no_other_does(basis, anchor):
    fields = FIELDS | {"basis": basis, "method": "logistic"}
    with pytest.raises(ValidationError) as caught:
        PdTable(**fields, anchor=anchor)
    error = unwrap_validation(caught.value)
    assert error.code == "pd_table_anchor"
    assert f"found: {basis}" in str(error)
    assert PdTable(**fields | {"basis": "anchored"}, anchor=ANCHOR).anchor.shift == 0.7


def test_the_table_without_loans_says_so_in_every_field():
    assert PdTable.none(note_zh="没有贷款").model_dump() == {
        "basis": "none", "method": "none", "population": "no loans observed", "n_loans": 0,
        "n_defaults": 0, "confidence": None, "anchor": None, "note_en": "", "note_zh": "没有贷款",
        "rows": ({"at_least": 0, "prob_default": None, "lower": None, "upper": None},),
    }  # fmt: skip


PLACED = [
    ((ONE, (9, 0.02, 0.03, 0.04)), "pd_table_bounds"),
    ((ONE, (9, 0.020000001, 0.01, 0.04)), "pd_table_decimals"),
    ((ONE, (9, 0.03, 0.01, 0.04)), "pd_table_rises"),
    ((ONE, (9, 0.02, None, 0.04)), "pd_table_missing"),
]


@pytest.mark.parametrize(("given", "code"), PLACED, ids=[code for _, code in PLACED])
def test_a_refused_row_is_named_by_its_points(given, code):
    with pytest.raises(ValidationError) as caught:
        PdTable(**FIELDS | {"rows": rows(*given)})
    error = unwrap_validation(caught.value)
    assert (error.code, " 9" in str(error)) == (code, True)
