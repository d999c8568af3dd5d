from __future__ import annotations

import dataclasses

import pandas as pd

from sanzhixin.modelling import expert_model
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import simulate_county

MODEL = expert_model(load_scheme("tongxiang"), name="tongxiang-expert", version="1.0.0")


def test_a_household_with_a_rejected_official_record_is_reviewed_not_upgraded():
    county = simulate_county(villages=1, seed=5)
    before = MODEL.propose(county).set_index("household_id")
    household = before.index[before["status"] == "propose"][0]
    rejected = pd.DataFrame({"household_id": [household], "table": ["registers"]}, dtype="str")
    after = MODEL.propose(dataclasses.replace(county, rejected_rows=rejected))
    after = after.set_index("household_id")
    assert after.loc[household, "status"] == "review"
    assert after.loc[household, "review_triggers"] == ["rows_rejected:registers"]
    assert after.loc[household, "limit_yuan"] == before.loc[household, "limit_yuan"]
    # What was handed in differs, and so does its digest; everybody else is as before.
    changed = before.index[before["input_digest"] != after["input_digest"]]
    assert changed.tolist() == [household]
