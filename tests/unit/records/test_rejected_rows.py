from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sanzhixin.records import County, accept_county, read_county
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
        ["H1", "ratings"],
        ["H1", "registers"],
        ["H2", "events"],
    ]
    cases = encode_county(county, scheme, rows.as_of)
    assert cases.rejected_tables == [("ratings", "registers"), ("events",)]
    assert cases.take(np.array([1, 0, 1])).rejected_tables[0] == ("events",)
    assert cases.take(slice(0, 0)).rejected_tables == []
    again = encode_county(county, scheme, rows.as_of, households=["H2", "H2"])
    assert again.rejected_tables == [("events",)] * 2


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
    # a ragged row cannot be put under the header, so its household is not known
    assert county.rejected_rows["table"].tolist() == ["ratings", "events"]
    pd.testing.assert_frame_equal(
        county.rejected_rows, county.rejected_rows.drop_duplicates(ignore_index=True)
    )
