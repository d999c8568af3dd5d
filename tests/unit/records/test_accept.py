from __future__ import annotations

import datetime as dt
import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanzhixin.errors import RecordError, SchemaError
from sanzhixin.records.accept import accept_county, accept_table
from sanzhixin.records.columns import TABLES, table_spec
from sanzhixin.records.parse_application import parse_application
from sanzhixin.records.raw import RawTable
from sanzhixin.records.rejected import own_first
from sanzhixin.records.rules import RULES
from sanzhixin.scheme import load_scheme

# table, changed cells, field and rule of the rejection; the same rules hold for one record below
ROW_RULES = [
    ("households", {"consent_id": ""}, "consent_id", "missing"),
    ("households", {"consent_purpose": "其他"}, "consent_purpose", "consent_purpose"),
    ("households", {"consent_on": "2026-07-01"}, "consent_on", "date_future"),
    ("households", {"consent_until": "2026-06-29"}, "consent_until", "consent_expired"),
    ("households", {"consent_until": "2025-06-29"}, "consent_until", "dates_order"),
    ("households", {"written_consent_id": ""}, "annual_income_yuan", "written_consent_missing"),
    ("households", {"requested_yuan": "-1"}, "requested_yuan", "money_negative"),
    ("households", {"requested_yuan": "1,000"}, "requested_yuan", "number_thousands"),
    ("households", {"utility_payment": "从不"}, "utility_payment", "choice_unknown"),
    ("households", {"customer_years": "三"}, "customer_years", "number_grammar"),
    ("households", {"household_id": "3.3E+17"}, "household_id", "id_damaged"),
    ("households", {"consent_until": "9999-12-31"}, "consent_until", "date_range"),
    ("ratings", {"rated_on": "2027-05-01"}, "rated_on", "date_future"),
    ("ratings", {"FS01": "6"}, "FS01", "rating_scale"),
    ("ratings", {"FS01": "0"}, "FS01", "rating_scale"),
    ("ratings", {"familiar": ""}, "familiar", "missing"),
    ("ratings", {"relation": ""}, "relation", "missing"),
    ("ratings", {"relation": "同学"}, "relation", "choice_unknown"),
    ("events", {"code": "FS01"}, "code", "code_unknown"),
    ("events", {"code": "FS06", "level": "galaxy"}, "level", "level_unknown"),
    ("events", {"occurred_on": "2027-02-01"}, "occurred_on", "date_future"),
    ("events", {"recorded_on": "2026-01-01"}, "recorded_on", "dates_order"),
    ("events", {"evidence_id": ""}, "evidence_id", "evidence_missing"),
    ("events", {"status": ""}, "status", "missing"),
    ("registers", {"document_no": ""}, "document_no", "missing"),
    ("registers", {"list_class": ""}, "list_class", "missing"),
    ("registers", {"list_class": "信访名单"}, "list_class", "register_class"),
    ("registers", {"code": "FS01"}, "code", "code_unknown"),
    ("registers", {"ended_on": "2024-02-01"}, "ended_on", "dates_order"),
    ("registers", {"issued_on": "2026-07-01"}, "issued_on", "date_future"),
    ("members", {"adult": "否"}, "adult", "member_minor"),
]
TABLE_RULES = [
    ("loans", {"defaulted": "是"}, "defaulted_on", "default_date_missing"),
    ("loans", {"defaulted_on": "2025-06-01"}, "defaulted_on", "default_date_unexpected"),
    ("loans", {"defaulted": "是", "defaulted_on": "2024-06-01"}, "defaulted_on", "dates_order"),
    ("loans", {"limit_yuan": ""}, "limit_yuan", "missing"),
    ("loans", {"granted_on": "0001-01-01"}, "granted_on", "date_range"),
    ("raters", {"role": "村民"}, "role", "choice_unknown"),
    ("raters", {"active": ""}, "active", "missing"),
]


@pytest.mark.parametrize(("table", "changes", "field", "code"), ROW_RULES + TABLE_RULES)
def test_a_row_that_breaks_a_rule_is_rejected_with_its_reason(
    scheme, rows, table, changes, field, code
):
    row = getattr(rows, table)(**changes)
    done = accept_table(table, rows.frame(row), scheme, as_of=rows.as_of)
    found = done.rejected.iloc[0]
    assert (done.n_in, len(done.accepted), len(done.rejected)) == (1, 0, 1)
    assert found["line"] == 2
    assert code in found["codes"].split(";")
    assert found["field"] == field
    assert json.loads(found["row"]) == row
    assert found["reason_en"].endswith(".")
    assert found["reason_zh"].endswith(("。", "）"))


@pytest.mark.parametrize(("table", "changes", "field", "code"), ROW_RULES)
def test_one_record_breaks_the_same_rule_as_its_row(scheme, rows, table, changes, field, code):
    data = {
        **rows.households(),
        "ratings": [rows.ratings()],
        "events": [rows.events()],
        "registers": [rows.registers()],
        "members": [rows.members()],
    }
    if table == "households":
        data |= changes
    else:
        data[table] = [data[table][0] | changes]
    for name in ("ratings", "events", "registers", "members"):
        data[name] = [{k: v for k, v in row.items() if k != "household_id"} for row in data[name]]
    with pytest.raises(RecordError) as caught:
        parse_application(data, scheme, as_of=rows.as_of)
    where = field if table == "households" else f"{table}[0].{field}"
    assert (where, code) in vars(caught.value)["values"]["findings"]


@pytest.mark.parametrize(
    "table", ["households", "ratings", "events", "registers", "members", "loans", "raters"]
)
def test_a_proper_row_is_accepted(scheme, rows, table):
    done = accept_table(table, rows.frame(getattr(rows, table)()), scheme, as_of=rows.as_of)
    assert done.rejected.empty
    assert list(done.accepted.columns) == list(table_spec(table, scheme).names)


def test_without_a_scoring_date_nothing_lies_in_the_future(scheme, rows):
    frame = rows.frame(rows.ratings(rated_on="2099-01-01"))
    assert accept_table("ratings", frame, scheme).rejected.empty


ON_THE_DAY = [
    ("households", "consent_until"),
    ("households", "consent_on"),
    ("ratings", "rated_on"),
    ("events", "recorded_on"),
    ("registers", "issued_on"),
    ("loans", "observed_until"),
]


@pytest.mark.parametrize(("table", "name"), ON_THE_DAY)
def test_the_scoring_date_itself_is_neither_future_nor_expired(scheme, rows, table, name):
    frame = rows.frame(getattr(rows, table)(**{name: rows.as_of.isoformat()}))
    assert accept_table(table, frame, scheme, as_of=rows.as_of).rejected.empty
    beside = rows.as_of + dt.timedelta(days=-1 if name == "consent_until" else 1)
    frame = rows.frame(getattr(rows, table)(**{name: beside.isoformat()}))
    codes = accept_table(table, frame, scheme, as_of=rows.as_of).rejected["code"].tolist()
    assert codes == ["consent_expired" if name == "consent_until" else "date_future"]


def test_one_record_may_stand_on_the_scoring_date(scheme, rows):
    day = rows.as_of.isoformat()
    form = {name: text for name, text in rows.ratings(rated_on=day).items() if name[:4] != "hous"}
    data = rows.households(consent_on=day, consent_until=day) | {"ratings": [form]}
    assert parse_application(data, scheme, as_of=rows.as_of).consent_until == rows.as_of


def test_a_row_that_breaks_several_rules_is_listed_once(scheme, rows):
    frame = rows.frame(rows.ratings(), rows.ratings(round="2", FS01="9", relation="", rated_on="x"))
    rejected = accept_table("ratings", frame, scheme).rejected
    assert rejected["line"].tolist() == [3]
    assert rejected["field"].tolist() == ["rated_on"]
    assert rejected["codes"].tolist() == ["date_grammar;missing;rating_scale"]


def test_identical_copies_keep_the_first_and_different_ones_keep_none(scheme, rows):
    frame = rows.frame(
        rows.ratings(),
        rows.ratings(household_id="H2"),
        rows.ratings(rated_on="2026/5/1"),
        rows.ratings(household_id="H2", FS01="1"),
    )
    done = accept_table("ratings", frame, scheme)
    assert done.accepted["household_id"].tolist() == ["H1"]
    assert done.rejected["line"].tolist() == [3, 4, 5]
    assert done.rejected["code"].tolist() == [
        "duplicate_differs",
        "duplicate_copy",
        "duplicate_differs",
    ]


def test_a_copy_names_its_key_and_the_file_and_line_of_the_other_row(scheme, rows):
    first = RawTable.from_frame(rows.frame(rows.ratings(), rows.ratings(round="2")), "a.csv")
    second = RawTable.from_frame(rows.frame(rows.ratings(), rows.ratings(round="2", ML01="1")))
    tables = {
        "households": rows.frame(rows.households()),
        "raters": rows.frame(rows.raters()),
        "ratings": [first, second],
    }
    rejected = accept_county(tables, scheme, as_of=rows.as_of).rejected
    assert rejected["line"].tolist() == [3, 2, 3]
    key = "round + household_id + rater_id"
    assert [text.partition(";")[0] for text in rejected["reason_en"]] == [
        f"Another row, line 3, has the same {key} and other content",
        f"The row repeats a.csv, line 2, which has the same {key}",
        f"Another row, a.csv, line 3, has the same {key} and other content",
    ]
    assert "a.csv第2行重复，“轮次”+“户号”+“评议员编号”相同" in rejected["reason_zh"][1]


def test_the_third_copy_names_the_first(scheme, rows):
    same = rows.frame(*[rows.events()] * 3)
    other = rows.frame(*(rows.events(evidence_id=f"X{k}") for k in range(3)))
    reasons = [
        accept_table("events", frame, scheme).rejected["reason_en"] for frame in (same, other)
    ]
    places = [[re.search(r"line (\d)", text)[1] for text in texts] for texts in reasons]
    assert places == [["2", "2"], ["3", "2", "2"]]


def test_the_reason_of_a_row_is_its_own_before_that_of_its_household(scheme, rows, tables):
    tables["households"].loc[0, "consent_purpose"] = "其他"
    tables["ratings"].loc[1, "FS01"] = "9"
    done = accept_county(tables, scheme, as_of=rows.as_of)
    found = done.tables["ratings"].rejected.iloc[1]
    assert (found["field"], found["codes"]) == ("FS01", "rating_scale;household_rejected")
    codes = own_first(done.rejected)["code"].tolist()
    assert codes[:2] == ["consent_purpose", "rating_scale"]
    assert set(codes[2:]) == {"household_rejected"}


def test_a_household_listed_twice_takes_its_forms_with_it(scheme, rows, tables):
    tables["households"] = rows.frame(
        rows.households(), rows.households(village_id="V9"), rows.households(household_id="H2")
    )
    done = accept_county(tables, scheme, as_of=rows.as_of)
    assert done.county.households["household_id"].tolist() == ["H2"]
    codes = done.tables["ratings"].rejected["code"].tolist()
    assert codes == ["household_rejected"] * 4
    assert done.n_in == sum(map(len, tables.values()))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"household_id": "H9"}, "household_unknown"),
        ({"rater_id": "R9"}, "rater_unknown"),
        ({"rater_id": "R4"}, "rater_rejected"),
        ({"rater_id": "R5"}, "rater_inactive"),
    ],
)
def test_a_form_needs_a_known_household_and_an_active_rater(scheme, rows, tables, changes, code):
    tables["raters"] = rows.frame(
        rows.raters(), rows.raters(rater_id="R4", role="?"), rows.raters(rater_id="R5", active="否")
    )
    tables["ratings"] = rows.frame(rows.ratings(**changes))
    done = accept_county(tables, scheme, as_of=rows.as_of)
    assert done.tables["ratings"].rejected["code"].tolist() == [code]


@pytest.mark.parametrize("absent", ["households", "raters"])
def test_a_county_needs_households_and_raters(scheme, tables, absent):
    del tables[absent]
    with pytest.raises(SchemaError, match=f"table {absent} .* is missing"):
        accept_county(tables, scheme)


def test_every_kind_of_typed_cell_is_read_like_its_text(scheme, rows):
    text = rows.frame(rows.ratings(), rows.ratings(round="2", FS01="", familiar="否"))
    typed = pd.DataFrame(
        {
            "round": np.array([1, 2], dtype="int16"),
            "household_id": ["H1", "H1"],
            "rater_id": ["R1", "R1"],
            "rated_on": [dt.date(2026, 5, 1), dt.datetime(2026, 5, 1, 8)],
            "familiar": [True, False],
            "relation": pd.Categorical(["none", "none"]),
            "FS01": [4.0, np.nan],
            "ML01": pd.array([5, 5], dtype="Int8"),
            "proposed_limit_yuan": [50_000, 50_000.0],
        }
    )
    pd.testing.assert_frame_equal(
        accept_table("ratings", text, scheme).accepted,
        accept_table("ratings", typed, scheme).accepted,
    )


def test_a_true_in_a_rating_column_is_not_a_one(scheme, rows):
    typed = rows.frame(rows.ratings(), rows.ratings(round="2")).astype(object)
    typed["FS01"] = [1, True]
    assert accept_table("ratings", typed, scheme).rejected["code"].tolist() == ["rating_grammar"]


CELLS = st.sampled_from(
    ["", "1", "4", "H1", "H2", "R1", "是", "无", "2026-05-01", "x", "0", "5.5", "不了解"]
)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), table=st.sampled_from(sorted(TABLES)))
def test_every_row_is_accepted_or_rejected(data, table):
    scheme = load_scheme("tongxiang")
    names = table_spec(table, scheme).names
    cells = data.draw(
        st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), max_size=6)
    )
    frame = pd.DataFrame(cells, columns=list(names), dtype="str")
    done = accept_table(table, frame, scheme, as_of=dt.date(2026, 6, 30))
    extra = accept_table(table, frame.assign(备注="x"), scheme, as_of=dt.date(2026, 6, 30))
    assert done.n_in == len(frame) == len(done.accepted) + len(done.rejected)
    assert {code for codes in done.rejected["codes"] for code in codes.split(";")} <= set(RULES)
    if table != "audit_groups":
        pd.testing.assert_frame_equal(done.accepted, extra.accepted)
        assert "备注" in extra.notes[0].zh


def test_no_reason_repeats_a_value(scheme, rows):
    frame = rows.frame(rows.households(household_id="110105194912310021", purpose="\x07secret"))
    rejected = accept_table("households", frame, scheme).rejected
    sentences = " ".join([*rejected["reason_en"], *rejected["reason_zh"]])
    assert "110105" not in sentences
    assert "secret" not in sentences


def test_an_indicator_that_nobody_rates_is_told(tables, scheme):
    ratings = tables["ratings"].rename(columns={"FS01": "家庭和谐"})
    done = accept_county(tables | {"ratings": ratings}, scheme)
    told = [note.en for note in done.notes if note.en.startswith("no form rates")]
    assert len(told) == 1
    assert told[0].startswith("no form rates FS01, FS02, ")
    assert "ML01" not in told[0]
