from __future__ import annotations

import pandas as pd

from sanzhixin.records import accept_table
from sanzhixin.records.cases import MOST_FORMS
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
