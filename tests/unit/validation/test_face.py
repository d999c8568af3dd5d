from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import sanzhixin as szx
from sanzhixin.errors import OutputError
from sanzhixin.validation.face import _by_village, _numbered
from sanzhixin.validation.tables.judged import STATISTIC_COLUMNS

pytestmark = pytest.mark.filterwarnings("ignore::sanzhixin.validation.plots.style.CjkFontWarning")


@pytest.fixture(scope="module")
def county():
    return szx.simulate_county(villages=2, seed=7)


@pytest.fixture(scope="module")
def model(county):
    return szx.fit(county, szx.load_scheme("tongxiang"))


@pytest.fixture(scope="module")
def found(model, county):
    return szx.validate(model, county)


def test_every_table_stands_under_its_own_name(found):
    assert all(name == one.name for name, one in found.tables.items())
    assert next(iter(found.tables)) == "pathway"
    assert list(found.tables)[-1] == "multiple_testing"


def test_a_table_with_verdicts_has_the_columns_of_statistics(found):
    judged = [one.table for one in found.tables.values() if "verdict" in one.table]
    assert len(judged) >= 15
    assert all(set(STATISTIC_COLUMNS) <= set(table) for table in judged)


def test_no_household_and_no_rater_is_named(found, county, tmp_path):
    found.to_json(tmp_path / "report.json")
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    named = [*county.households["household_id"], *county.raters["rater_id"]]
    assert [one for one in named if f'"{one}"' in text] == []


@pytest.mark.slow
def test_each_form_is_equal_in_bytes_when_it_is_made_again(found, model, county, tmp_path):
    again = szx.validate(model, county)
    for write, name in (("to_html", "a.html"), ("to_json", "a.json"), ("to_excel", "a.xlsx")):
        first = getattr(found, write)(tmp_path / name).read_bytes()
        assert getattr(again, write)(tmp_path / f"b{name}").read_bytes() == first
    assert len((tmp_path / "a.html").read_bytes()) < 5_000_000


def test_without_loans_nothing_is_said_of_outcomes(model, county):
    bare = replace(county, loans=county.loans.iloc[:0], audit_groups=county.audit_groups.iloc[:0])
    found = szx.validate(model, bare)
    assert set(found.tables["discrimination"].table["verdict"]) == {"insufficient", "info"}
    assert "fairness" not in found.tables


def test_a_panel_that_is_too_small_is_left_out_and_told(model, county):
    few = replace(county, ratings=county.ratings.iloc[:2])
    found = szx.validate(model, few)
    assert "panel_quality" not in found.tables
    told = found.facts["left_out"]["panel"]
    assert told.keys() == {"zh", "en"}
    assert told["en"].isascii()
    assert "评议" in told["zh"]


def test_the_facts_tell_whether_the_data_are_those_of_fitting(found, model, county):
    ratings = found.facts["data"]["ratings"]
    assert ratings["rows"] == len(county.ratings)
    assert ratings["as_in_fitting"] is True
    other = szx.validate(model, szx.simulate_county(villages=1, seed=8))
    assert other.facts["data"]["ratings"]["as_in_fitting"] is False


def test_the_facts_are_plain_values_that_json_gives_back(found):
    assert json.loads(json.dumps(found.facts)) == found.facts
    assert type(found.facts["left_out"]["young"]) is int
    assert type(found.facts["versions"]["seed"]) is int
    dt.date.fromisoformat(found.facts["data"]["as_of"])
    window = found.facts["model"]["fitted_on_loans_granted"]
    assert dt.date.fromisoformat(window["from"]) < dt.date.fromisoformat(window["until"])


def test_a_folder_that_is_not_there_is_told(found, tmp_path):
    with pytest.raises(OutputError, match=r"report\.json") as told:
        found.to_json(tmp_path / "none" / "report.json")
    assert told.value.code == "output_not_written"


def loans_of(**sizes):
    villages = [name for name, size in sizes.items() for _ in range(size)]
    count = len(villages)
    return pd.DataFrame(
        {
            "village_id": villages,
            "points": np.arange(count) % 97 + 600,
            "defaulted": np.arange(count) % 13 == 0,
            "tier": "A",
        }
    )


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ({"V1": 40, "V2": 35}, {"V1", "V2"}),
        ({"V1": 40, "V2": 35, "V3": 5}, {"V1", "(small villages)"}),  # 5 alone would be told
        ({"V1": 40, "V2": 20, "V3": 12}, {"V1", "(small villages)"}),
        ({"V1": 9, "V2": 3}, {"(small villages)"}),
    ],
)
def test_outcomes_of_small_villages_stand_together(sizes, shown):
    found = _by_village(loans_of(**sizes)).table
    assert set(found["village_id"]) - {""} == shown
    assert found["n"].min() >= min(30, sum(sizes.values()))


def test_numbers_of_raters_do_not_follow_their_names():
    raters = pd.DataFrame(
        {"rater_id": ["R1", "R2", "R3", "R1"], "severity": [-0.5, 0.1, 0.9, -0.7], "pillar": "fs"}
    )
    assert _numbered(raters)["rater_id"].tolist() == ["#3", "#2", "#1", "#3"]
