from __future__ import annotations

import numpy as np
import openpyxl
import pandas as pd
import pytest

from sanzhixin.records import County, accept_county, accept_folder, read_county
from sanzhixin.records.encode_application import encode_application
from sanzhixin.records.encode_county import encode_county


@pytest.fixture
def spoilt(tables, rows):
    tables["registers"].loc[0, "list_class"] = "信访名单"
    tables["events"].loc[1, "status"] = "?"
    tables["ratings"].loc[[1, 3], "FS01"] = "9"
    strange = rows.members(household_id="3.3E+17"), rows.members(person_id="P2", adult="否")
    tables["members"] = rows.frame(*strange)
    tables["raters"].loc[2, "role"] = "?"
    return tables


def test_a_rejected_row_names_its_household_where_that_can_be_read(spoilt, scheme, rows):
    rejected = accept_county(spoilt, scheme, as_of=rows.as_of).rejected
    named = rejected[["table", "household_id"]].astype(object).where(rejected.notna(), None)
    assert named.to_numpy().tolist() == [
        ["members", None],
        ["members", "H1"],
        ["raters", None],
        ["ratings", "H1"],
        ["ratings", "H1"],
        ["events", "H2"],
        ["registers", "H1"],
    ]


def test_a_county_knows_of_which_households_evidence_was_rejected(spoilt, scheme, rows):
    county = accept_county(spoilt, scheme, as_of=rows.as_of).county
    assert county.rejected_rows.to_numpy().tolist() == [
        ["H1", "members"],
        ["H1", "ratings"],
        ["H1", "registers"],
        ["H2", "events"],
    ]
    cases = encode_county(county, scheme, rows.as_of)
    assert cases.rejected_tables == [("members", "ratings", "registers"), ("events",)]
    assert cases.take(np.array([1, 0, 1])).rejected_tables[0] == ("events",)
    assert cases.take(slice(0, 0)).rejected_tables == []
    again = encode_county(county, scheme, rows.as_of, households=["H2", "H2"])
    assert again.rejected_tables == [("events",)] * 2


def test_a_rejected_proposal_is_evidence_too(tables, scheme, rows):
    tables["proposals"]["manager_limit_yuan"] = "3,000"
    county = accept_county(tables, scheme, as_of=rows.as_of).county
    assert county.rejected_rows.to_numpy().tolist() == [["H2", "proposals"]]
    assert encode_county(county, scheme, rows.as_of).rejected_tables == [(), ("proposals",)]


RAGGED_ROWS = [
    ("H1,ML09", "H1"),  # too short, but the household stands in its place
    (" H1 ,ML09,D1,失信被执行人名单,2024-03-01,,stray", "H1"),
    (",ML09,D1", None),
    ("H9,ML09", None),
    ("stray,H1,ML09,D1,失信被执行人名单,2024-03-01,", None),
    ("3.3E+17,ML09", None),
]


@pytest.mark.parametrize(("row", "household"), RAGGED_ROWS)
def test_a_ragged_row_is_put_down_to_an_accepted_household_only(
    tables, scheme, rows, tmp_path, row, household
):
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    header = ",".join(tables["registers"].columns)
    (tmp_path / "registers.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    done = accept_folder(tmp_path, scheme, as_of=rows.as_of)
    (found,) = done.rejected["household_id"].astype(object).where(lambda ids: ids.notna(), None)
    assert done.rejected["code"].tolist() == ["row_ragged"]
    assert found == household
    told = [[household, "registers"]] if household else []
    assert done.county.rejected_rows.to_numpy().tolist() == told
    assert done.acceptance.unattributed == ({} if household else {"registers": 1})


def test_cells_beside_a_form_leave_its_household_in_place(tables, scheme, rows, tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "第1轮评议表"
    form = {name: text for name, text in rows.ratings().items() if name != "round"}
    for cells in (
        list(form),
        [*form.values(), "stray"],
        list((form | {"rater_id": "R3"}).values()),
    ):
        book.active.append(cells)
    book.save(tmp_path / "forms.xlsx")
    for name in ("households", "raters"):
        tables[name].to_csv(tmp_path / f"{name}.csv", index=False)
    done = accept_folder(tmp_path, scheme, as_of=rows.as_of)
    assert done.rejected[["code", "household_id"]].to_numpy().tolist() == [["row_ragged", "H1"]]
    assert done.county.ratings["rater_id"].tolist() == ["R3"]
    assert done.county.ratings["round"].tolist() == [1]


def test_rows_that_no_household_answers_for_are_told(tables, scheme, rows):
    tables["registers"]["household_id"] = ["3.3E+17", "H9"]
    tables["events"].loc[0, "household_id"] = ""
    tables["households"].loc[1, "consent_id"] = ""
    done = accept_county(tables, scheme, as_of=rows.as_of)
    # the household of the other rejected rows is rejected itself, so it gets no proposal anyway
    assert "household_rejected" in done.rejected["code"].tolist()
    assert done.unattributed == {"events": 1, "registers": 2}
    notes = [note for note in done.notes if note.file != "ratings"]
    assert [(note.file, note.en.partition(";")[0]) for note in notes] == [
        ("events", f"1 {LOST}"),
        ("registers", f"2 {LOST}"),
    ]
    assert all("查明各行所属农户" in note.zh for note in notes)


LOST = "rejected row(s) name no known household, so no household is reviewed for them"


def test_without_rejected_rows_nothing_is_said(county, scheme, rows):
    assert county.rejected_rows.empty
    assert County().rejected_rows.columns.tolist() == ["household_id", "table"]
    assert encode_county(county, scheme, rows.as_of).rejected_tables == [(), ()]
    one = encode_application(county.application("H1"), scheme, rows.as_of)
    assert one.rejected_tables == [()]


def test_reading_without_strictness_keeps_what_was_rejected(spoilt, scheme, rows, tmp_path):
    for name, table in spoilt.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    header = ",".join(spoilt["registers"].columns)
    (tmp_path / "registers.csv").write_text(f"{header}\nH1,ML09\n", encoding="utf-8")
    county = read_county(tmp_path, scheme, rows.as_of, strict=False)
    assert county.rejected_rows.to_numpy().tolist() == [
        ["H1", "members"],
        ["H1", "ratings"],
        ["H1", "registers"],
        ["H2", "events"],
    ]
    pd.testing.assert_frame_equal(
        county.rejected_rows, county.rejected_rows.drop_duplicates(ignore_index=True)
    )
