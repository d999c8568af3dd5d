from __future__ import annotations

import pandas as pd
import pytest

from sanzhixin.records import accept_county, accept_table
from sanzhixin.records.cases import MOST_FORMS
from sanzhixin.records.raw import RawTable
from sanzhixin.scheme import load_scheme


def forms(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "round": "1",
            "household_id": "H1",
            "rater_id": [f"R{number}" for number in range(count)],
            "rated_on": "2026-03-01",
            "familiar": "是",
            "relation": "无",
            "FS01": "4",
        }
    )


def test_two_hundred_forms_of_a_round_are_accepted_and_one_more_rejects_them():
    scheme = load_scheme("tongxiang")
    accepted = accept_table("ratings", forms(MOST_FORMS), scheme)
    assert len(accepted.accepted) == MOST_FORMS
    refused = accept_table("ratings", forms(MOST_FORMS + 1), scheme)
    assert set(refused.rejected["code"]) == {"too_many_forms"}
    assert "more than 200 forms" in refused.rejected["reason_en"].iloc[0]


@pytest.mark.parametrize(("more", "codes"), [(0, set()), (1, {"too_many_forms"})])
def test_forms_are_counted_over_all_files_of_the_table(tables, scheme, rows, more, codes):
    given = forms(MOST_FORMS + more)
    tables["raters"] = rows.frame(*(rows.raters(rater_id=rater) for rater in given["rater_id"]))
    parts = [given.iloc[:90], given.iloc[90:180], given.iloc[180:]]
    tables["ratings"] = [RawTable.from_frame(part, f"{k}.csv") for k, part in enumerate(parts)]
    done = accept_county(tables, scheme, as_of=rows.as_of)
    assert set(done.rejected["code"]) == codes
    assert len(done.county.ratings) == (0 if more else MOST_FORMS)


def test_copies_are_dropped_before_forms_are_counted(scheme):
    twice = pd.concat([forms(MOST_FORMS)] * 2)
    done = accept_table("ratings", twice, scheme)
    assert set(done.rejected["code"]) == {"duplicate_copy"}
    assert len(done.accepted) == MOST_FORMS
