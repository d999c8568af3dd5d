"""Questions on a whole county: 3 raters and villages, 4 same bytes, 6 few defaults, 8 papers."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import warnings

import numpy as np
import pandas as pd
import pytest

import sanzhixin as szx
from sanzhixin.batch import verify
from sanzhixin.batch.approval_sheet import write_approval_sheet
from sanzhixin.batch.run import RunOptions, score_folder
from sanzhixin.modelling.panel.report import report_panel
from sanzhixin.records.writing import write_county
from sanzhixin.validation.monitoring import monitor
from sanzhixin.validation.papers.card import model_papers
from sanzhixin.validation.papers.case import household_case
from sanzhixin.validation.papers.notice import compose_notice

SCHEME = szx.load_scheme("tongxiang")


@pytest.fixture(scope="module")
def county():
    return szx.simulate_county(villages=12, seed=3)


@pytest.fixture(scope="module")
def model(county):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return szx.fit(county, SCHEME)


def test_question_3_who_is_central_or_copies_and_which_villages_are_not_comparable(county):
    report = report_panel(county, SCHEME, county.as_of)
    raters, pairs = report.tables["raters"], report.tables["pairs"]
    truth = county.truth.raters.set_index("rater_id")
    central = raters[raters["flags"].str.contains("central")]["rater_id"]
    assert set(truth.loc[central, "kind"]) == {"central"}
    first = pairs.iloc[0]
    assert first["verdict"] == "alike"
    assert {first["rater_a"], first["rater_b"]} & set(truth.index[truth["copies"].notna()])
    estimated = raters.groupby("rater_id")["severity"].mean()
    assert np.corrcoef(estimated, truth.loc[estimated.index, "severity_within"])[0, 1] > 0.8
    assert report.tables["connectivity"]["component"].is_unique  # no village is tied to another
    assert "prior" in report.en or "assum" in report.en


def test_question_4_one_input_gives_the_same_bytes_and_digests_elsewhere(county, model, tmp_path):
    write_county(county, tmp_path / "county")
    digests = []
    for name in ("here", "there"):
        home = tmp_path / name
        home.mkdir()
        again = szx.load_model(model.save(home / "model"))
        score_folder(tmp_path / "county", again, home / "out", options=RunOptions())
        written = (home / "out" / "proposals.parquet").read_bytes()
        manifest = json.loads((home / "out" / "manifest.json").read_bytes())
        digests.append((hashlib.sha256(written).hexdigest(), manifest["model"]))
        assert verify(home / "out").findings == ()
    assert digests[0] == digests[1]


def test_question_6_six_defaults_in_900_admit_their_width():
    """Clopper and Pearson: .245 % to 1.446 % around .667 %; no curve is drawn from six."""
    points = np.repeat([700, 750, 800, 850], 225)
    failed = np.zeros(900, dtype=bool)
    failed[[3, 60, 120, 240, 300, 500]] = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = szx.ScoreCalibrator(grades=[700, 750, 800, 850]).fit(points, failed)
    table = found.table_
    assert found.method_ == "pluto_tasche"
    known = table[table["points"] >= 700]
    assert (known["upper"] - known["lower"] > 0.005).all()
    assert (known["upper"] >= 6 / 900).all()


def test_question_8_papers_have_blanks_for_what_only_the_bank_knows(county, model, tmp_path):
    papers = model_papers(model.file)
    disclosure = papers["disclosure.md"].decode()
    for heading in (
        "算法组合",
        "算法逻辑",
        "算法应用",
        "算法数据",
        "算法主体",
        "算法变更",
        "算法审计",
    ):
        assert heading in disclosure
    impact = papers["impact_assessment.md"].decode()
    assert "【待填" in impact
    proposals = model.propose(county)
    declined = proposals.loc[proposals["status"] == "gated", "household_id"].iloc[0]
    case = household_case(model, county.application(declined), county.as_of)
    notice = compose_notice(case, "zh")
    assert notice.kind == "decline"
    assert 1 <= len(notice.reasons) <= 4
    sheet = write_approval_sheet(tmp_path / "approval.xlsx", proposals, county)
    assert sheet.stat().st_size > 0


def test_question_10_who_moved_why_and_did_a_campaign_lift_one_village(county, model):
    """All raters of V003 give one step more this year; nobody else changes."""
    earlier = dt.date(2025, 12, 31)
    items = [item.code for item in SCHEME.panel_items]
    raters = county.raters.loc[county.raters["village_id"] == "V003", "rater_id"]
    ratings = county.ratings.copy()
    lifted = ratings["rater_id"].isin(raters) & (ratings["rated_on"] > pd.Timestamp(earlier))
    for item in items:
        ratings[item] = ratings[item].mask(lifted, (ratings[item] + 1).clip(upper=5))
    campaign = dataclasses.replace(county, ratings=ratings)
    quiet = monitor(county, county, model, as_of_old=earlier, as_of=county.as_of)
    loud = monitor(county, campaign, model, as_of_old=earlier, as_of=county.as_of)
    assert "drift_village" not in quiet.ringing
    assert "drift_village" in loud.ringing
    tables = {name: found.table for name, found in loud.tables.items()}
    drift = tables["rating_drift"]
    rung = drift[drift["verdict"].isin(["watch", "fail"]) & (drift["unit"] == "village")]
    assert rung["id"].tolist() == ["V003"]
    assert {"psi", "tier_changes", "change_causes"} <= tables.keys()
    of_rater = tables["alarms"].set_index("kind").loc["drift_rater", "item"]
    assert "***" in of_rater  # masked: alarms are read by more people than the table of drift
    assert of_rater not in set(county.raters["rater_id"])
