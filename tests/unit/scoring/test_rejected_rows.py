from __future__ import annotations

import dataclasses

import pandas as pd

from sanzhixin.modelling import expert_model
from sanzhixin.records import accept_county
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import simulate_county

SCHEME = load_scheme("tongxiang")
MODEL = expert_model(SCHEME, name="tongxiang-expert", version="1.0.0")


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


def test_a_rejected_proposal_of_people_asks_for_a_review():
    county = simulate_county(villages=1, seed=5)
    without = MODEL.propose(dataclasses.replace(county, proposals=county.proposals.head(0)))
    household = without.loc[without["status"].eq("propose"), "household_id"].iloc[0]
    answers = {}
    for limit in ("3000", "3,000"):
        row = {"household_id": household, "manager_limit_yuan": limit, "override_reason": "x"}
        tables = {name: table for name, table in county.tables().items() if len(table)}
        tables["proposals"] = pd.DataFrame([row], dtype="str")
        done = accept_county(tables, SCHEME, as_of=county.as_of)
        rows = MODEL.propose(done.county).set_index("household_id")
        answers[limit] = rows.loc[household]
    assert done.rejected["code"].tolist() == ["number_thousands"]
    assert answers["3,000"]["limit_yuan"] > answers["3000"]["limit_yuan"]
    assert answers["3000"]["review_triggers"] == ["override"]
    assert answers["3,000"]["review_triggers"] == ["rows_rejected:proposals"]
    assert answers["3,000"]["status"] == "review"
