from __future__ import annotations

import pytest

from sanzhixin.errors import SchemaError
from sanzhixin.records.columns import TABLES, table_spec
from sanzhixin.records.headers import find_header, match_headers
from sanzhixin.scheme import load_scheme
from sanzhixin.scheme.deny import DENIED, denied_header

SCHEME = load_scheme("tongxiang")
MINIMAL = {
    table: [c.name for c in table_spec(table, SCHEME).columns if c.required or c.kind == "rating"]
    for table in TABLES
}


@pytest.mark.parametrize("table", list(TABLES))
def test_every_header_of_the_catalog_is_found_and_none_is_denied(table):
    for column in table_spec(table, SCHEME).columns:
        for header in (column.name, column.zh, *column.aliases):
            spelled = (
                f"{header}（元）" if column.kind == "money" and "_yuan" not in header else header
            )
            others = [name for name in MINIMAL[table] if name != column.name]
            match = match_headers([*others, spelled], table_spec(table, SCHEME))
            assert column.name in {item.column.name for item in match.columns}
            assert denied_header(header) is None


@pytest.mark.parametrize(
    "header",
    [
        "FS01",
        "fs01",
        "家庭和睦",
        "家庭 和睦",
        "FS01 家庭和睦",
        "FS01_家庭和睦",
        "ＦＳ０１、家庭和睦",
        "\ufeff家庭和睦（1-5）",
    ],
)
def test_an_indicator_is_known_by_code_by_name_and_by_both(header):
    names = [name for name in MINIMAL["ratings"] if name != "FS01"]
    match = match_headers([*names, header], table_spec("ratings", SCHEME))
    assert match.columns[6].column.name == "FS01"
    assert match.columns[6].position == len(names)


def test_part_of_a_header_is_not_a_header():
    match = match_headers(["户号", "户号备注", "家庭和睦说明"], table_spec("proposals", SCHEME))
    assert match.ignored == ("户号备注", "家庭和睦说明")


@pytest.mark.parametrize(
    ("header", "factor"),
    [
        ("议事会建议额度（万元）", 10_000),
        ("议事会建议额度(元)", 1),
        ("council_limit_yuan", 1),
        ("council_limit_wan", 10_000),
    ],
)
def test_the_header_declares_the_unit(header, factor):
    match = match_headers(["户号", header], table_spec("proposals", SCHEME))
    assert match.columns[1].yuan_per_unit == factor


def test_the_county_may_declare_the_unit():
    match = match_headers(
        ["户号", "议事会建议额度"],
        table_spec("proposals", SCHEME),
        units={"council_limit_yuan": "万元"},
    )
    assert match.columns[1].yuan_per_unit == 10_000


@pytest.mark.parametrize(
    ("headers", "units", "code", "words"),
    [
        (["户号", "议事会建议额度"], {}, "money_unit_missing", "county.toml"),
        (["户号", "议事会建议额度（千元）"], {}, "money_unit_unknown", "万元"),
        (
            ["户号", "议事会建议额度（元）"],
            {"council_limit_yuan": "万元"},
            "money_unit_conflict",
            "万元",
        ),
        (["户号", "council_limit_yuan"], {"council_limit_yuan": "斤"}, "money_unit_unknown", "斤"),
        (["户号", "户 编号"], {}, "columns_repeated", "household_id"),
        (["户号", "户\u200b号"], {}, "columns_repeated", "household_id"),
        (["议事会建议额度（元）"], {}, "columns_missing", "household_id"),
        (["户号", "健康状况"], {}, "denied_column", "Delete the column"),
        (["户号", "宗 教"], {}, "denied_column", "征信业管理条例"),
        (["户号", "Marital Status"], {}, "denied_column", "marital status"),
    ],
)
def test_headers_that_cannot_be_used_are_refused(headers, units, code, words):
    with pytest.raises(SchemaError, match=words) as caught:
        match_headers(headers, table_spec("proposals", SCHEME), units=units)
    assert caught.value.code == code
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("attribute", DENIED, ids=lambda item: item.code)
def test_only_the_audit_table_carries_protected_groups(attribute):
    headers = ["household_id", attribute.synonyms[0]]
    for table in ("households", "audit_groups"):
        if table == "audit_groups" and attribute.in_audit:
            match = match_headers(headers, table_spec(table, SCHEME))
            assert match.columns[1].column.kind == "text"
            continue
        with pytest.raises(SchemaError, match=attribute.en):
            match_headers(headers, table_spec(table, SCHEME))


def test_forms_without_any_indicator_are_refused():
    with pytest.raises(SchemaError, match="FS01"):
        match_headers(list(TABLES["ratings"].names), table_spec("ratings", SCHEME))


def test_the_header_may_stand_below_a_title():
    rows = [["越丰村第1轮评议表"], [], ["户号", "评议员编号", "家庭和睦"], ["H1", "R1", "4"]]
    assert find_header(rows, table_spec("ratings", SCHEME)) == 2
    assert find_header(rows[:1], table_spec("ratings", SCHEME)) is None
