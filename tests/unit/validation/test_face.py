from __future__ import annotations

import datetime as dt
import json
import os
import re
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import sanzhixin as szx
from sanzhixin.errors import OutputError
from sanzhixin.validation.face import _by_village, _numbered
from sanzhixin.validation.groups.audit_groups import hidden_groups
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


@pytest.fixture(scope="module")
def files(found, tmp_path_factory):
    """The three files, drawn once."""
    folder = tmp_path_factory.mktemp("files")
    return {
        name: getattr(found, f"to_{kind}")(folder / name)
        for kind, name in (("html", "a.html"), ("json", "a.json"), ("excel", "a.xlsx"))
    }


def text_of(file):
    if file.suffix != ".xlsx":
        return file.read_text(encoding="utf-8")
    with zipfile.ZipFile(file) as book:
        return " ".join(book.read(name).decode() for name in book.namelist())


def identifiers(county):
    """Every identifier of the county but those of villages, which the report names."""
    columns = [
        frame[name]
        for frame in county.tables().values()
        for name in frame
        if str(name).endswith("_id") and name != "village_id"
    ]
    return {str(one) for column in columns for one in column.dropna()}


@pytest.mark.parametrize("name", ["a.html", "a.json", "a.xlsx"])
def test_no_household_and_no_rater_is_named(files, county, name):
    named = identifiers(county)
    assert len(named) > 100
    assert set(county.raters["rater_id"]) <= named
    assert named.isdisjoint(re.findall(r"[\w-]+", text_of(files[name]), re.ASCII))


def test_the_search_for_names_sees_one_inside_a_text(county):
    named = identifiers(county)
    one = next(iter(county.households["household_id"]))
    assert not named.isdisjoint(re.findall(r"[\w-]+", f"<td>农户：{one}，</td>", re.ASCII))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_the_files_are_readable_by_their_owner_alone(files):
    assert {file.stat().st_mode & 0o777 for file in files.values()} == {0o600}


def test_in_a_notebook_it_is_short(found):
    assert len(repr(found)) < 300
    assert repr(found).startswith(f"Validation('{found.facts['model']['model_id']}', ")
    assert f"{len(found.tables)} tables: " in repr(found)
    shown = found._repr_html_()
    assert all(f">{name}</td>" in shown for name in found.tables)
    assert len(shown) < 30_000


def test_a_table_in_a_notebook_is_short_and_counts_its_verdicts(found):
    quality = found.tables["panel_quality"]
    n = quality.counts["pass"]
    assert repr(quality).startswith(f"Judged('panel_quality', {len(quality.table)} rows: ")
    assert f"pass {n}" in repr(quality)
    assert repr(found.tables["curves"]).endswith("rows)")
    shown = quality._repr_html_()
    assert "评议团质量 Quality of the panel" in shown
    assert shown.count("<tr>") == 21


def test_names_of_codes_stand_in_the_facts(found):
    assert found.facts["names"]["fs"] == {"zh": "家风", "en": "family style"}
    assert found.facts["names"]["未评级"]["en"] == "unrated"


@pytest.mark.slow
def test_each_form_is_equal_in_bytes_when_it_is_made_again(found, model, county, tmp_path):
    again = szx.validate(model, county)
    for write, name in (("to_html", "a.html"), ("to_json", "a.json"), ("to_excel", "a.xlsx")):
        first = getattr(found, write)(tmp_path / name).read_bytes()
        assert getattr(again, write)(tmp_path / f"b{name}").read_bytes() == first
    assert len((tmp_path / "a.html").read_bytes()) < 5_000_000


@pytest.mark.parametrize(
    ("write", "ending"), [("to_html", ".html"), ("to_json", ".json"), ("to_excel", ".xlsx")]
)
def test_a_file_that_would_be_taken_for_something_else_is_refused(found, write, ending, tmp_path):
    with pytest.raises(OutputError, match=f"r.pdf does not end in {ending}"):
        getattr(found, write)(tmp_path / "r.pdf")
    assert list(tmp_path.iterdir()) == []


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


def test_a_larger_village_that_covers_small_ones_is_told():
    judged = _by_village(loans_of(V1=40, V2=35, V3=5))
    assert "the next larger one with them" in judged.note_en
    assert "再并入贷款次少的一村" in judged.note_zh


def test_the_proxy_hides_what_fairness_hides_and_tells_what_it_rests_on(model, county):
    few = county.audit_groups.copy()
    attribute = next(name for name in few if name != "household_id")
    few[attribute] = ["yes"] * 5 + ["no"] * (len(few) - 5)
    tables = szx.validate(model, replace(county, audit_groups=few)).tables
    hidden = hidden_groups(tables["fairness"])
    assert set(hidden[attribute]) == {"yes", "no"}
    assert attribute not in set(tables["proxy"].table["attribute"])
    drawn, told = sum(county.households.groupby("village_id").size().clip(upper=60)), len(few)
    assert f"rests on {drawn} households of 2 villages" in tables["proxy"].note_en
    assert f"drawn from {told} households of 2 villages" in tables["proxy"].note_en
    assert f"取自全县 2 村 {told} 户" in tables["proxy"].note_zh


def test_numbers_of_raters_do_not_follow_their_names():
    raters = pd.DataFrame(
        {"rater_id": ["R1", "R2", "R3", "R1"], "severity": [-0.5, 0.1, 0.9, -0.7], "pillar": "fs"}
    )
    assert _numbered(raters)["rater_id"].tolist() == ["#3", "#2", "#1", "#3"]
