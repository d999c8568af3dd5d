"""Columns that are not read, and columns that are not there; by hand."""

from __future__ import annotations

import pytest

import sanzhixin as szx
from sanzhixin.records.columns import table_spec
from sanzhixin.records.headers import match_headers
from sanzhixin.records.unused import absent_notes, ignored_note

SCHEME = szx.load_scheme("tongxiang")
MONEY = ("annual_income_yuan", "debt_yuan", "assets_yuan", "exposure_yuan")
NEEDED = (*MONEY, "customer_years", "utility_payment")


def said(table, *headers):
    spec = table_spec(table, SCHEME)
    names = [column.name for column in spec.columns if column.required and column.kind != "money"]
    if table == "ratings":
        names += [code for code in SCHEME.panel_codes if code != "FS03"]
    units = {column.name: "元" for column in spec.columns if column.kind == "money"}
    if table == "loans":
        names.append("limit_yuan")
    return ignored_note("f.csv", spec, match_headers([*names, *headers], spec, units=units))


@pytest.mark.parametrize(
    ("table", "header", "column", "zh"),
    [
        ("households", "utility_paymnt", "utility_payment", "水电费缴纳"),
        ("households", "水电费缴钠", "utility_payment", "水电费缴纳"),
        ("households", "anual_income_yuan", "annual_income_yuan", "家庭年纯收入"),
        ("households", "家庭年收入（万元）", "annual_income_yuan", "家庭年纯收入"),
        ("households", "houshold income", "annual_income_yuan", "家庭年纯收入"),
        ("ratings", "FS3", "FS03", "教子有方"),
        ("loans", "defaultd", "defaulted", "是否违约"),
    ],
)
def test_a_misspelt_column_is_asked_about_in_both_languages(table, header, column, zh):
    note = said(table, header)
    assert note.en == f"columns ignored: {header}; did you mean {column} ({zh})?"
    assert note.zh == f"未使用的列：{header}；是否应为 {zh}（{column}）？"


@pytest.mark.parametrize(
    ("table", "headers"),
    [
        ("households", ["备注"]),
        ("households", ["户主姓名"]),
        ("households", ["utility_payment", "utility_paymnt"]),  # the column itself is there
        ("loans", [""]),
    ],
)
def test_nothing_is_asked_where_nothing_is_near_or_lacking(table, headers):
    note = said(table, *headers)
    assert "did you mean" not in note.en
    assert "是否应为" not in note.zh


def test_each_of_several_ignored_columns_is_named():
    note = said("households", "备注", "utility_paymnt", "custmer_years")
    assert note.en == (
        "columns ignored: 备注、utility_paymnt、custmer_years; "
        "utility_paymnt: did you mean utility_payment (水电费缴纳)?; "
        "custmer_years: did you mean customer_years (与本行往来年限)?"
    )
    assert note.zh.startswith(
        "未使用的列：备注、utility_paymnt、custmer_years；utility_paymnt 是否"
    )


@pytest.mark.parametrize("name", NEEDED)
def test_one_column_that_the_scheme_uses_is_named_where_it_is_lacking(name):
    given = {"households": set(NEEDED) - {name}}
    (note,) = absent_notes(given, SCHEME)
    zh = {c.name: c.zh for c in table_spec("households", SCHEME).columns}[name]
    assert note.en == (
        f"the scheme uses the column {name}, which is absent: it counts as missing for every "
        "household"
    )
    assert note.zh == f"方案所用的列 {zh}（{name}） 没有提供，各户按缺失计"
    assert note.file == "households"


@pytest.mark.parametrize(
    "given",
    [
        {"households": NEEDED},
        {"households": set(NEEDED) - {"exposure_yuan"}, "members": ["exposure_yuan"]},
    ],
)
def test_nothing_is_lacking_where_some_table_has_the_column(given):
    assert list(absent_notes(given, SCHEME)) == []


def test_a_scheme_without_such_rules_lacks_nothing():
    limits = SCHEME.limits.model_copy(
        update={"income_multiple": None, "debt_ratio": None, "customer_total": None}
    )
    bare = SCHEME.model_copy(update={"limits": limits, "factors": (), "debt": None})
    assert list(absent_notes({"households": ["household_id"]}, bare)) == []
    (note,) = absent_notes({}, bare.model_copy(update={"debt": SCHEME.debt}))
    assert "the columns debt_yuan, assets_yuan, which" in note.en
