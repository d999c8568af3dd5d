from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib

import openpyxl
import pandas as pd
import pytest

from sanzhixin.errors import RecordError
from sanzhixin.records import accept_folder, csv_files, read_county, write_county
from sanzhixin.records.county import County
from sanzhixin.records.table_names import round_of, table_of

AS_OF = dt.date(2026, 6, 30)

FORM_SHEET = [
    ["越丰村第1轮评议表", None, None, None, None, None, None, None],
    [
        "户号",
        "评议员编号",
        "评议日期",
        "是否了解该户（是/否）",
        "与该户关系",
        "FS01 家庭和睦",
        "诚实守信",
        "建议授信额度（万元）",
    ],
    ["H1", "R2", dt.datetime(2026, 5, 1), "是", "亲属", 4, 5, 5],
    ["H1", "R1", "2026年5月1日", "是", "无", 4, "5", 5.0],
    [None] * 8,
    ["H2", "R1", "2026/5/1", "是", "无", None, "不了解", None],
    ["H1", "R3", "2026.5.1", "否", "无", None, None, 5],
]


def workbook(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_written_county_reads_back_equal(county, scheme, tmp_path, format):
    paths = write_county(county, tmp_path, format=format)
    again = read_county(tmp_path, scheme)
    assert again.equals(county)
    assert again.as_of == AS_OF
    assert {path.name for path in paths} >= {f"households.{format}", "county.toml"}


def test_the_forms_of_a_bank_give_the_same_tables(county, tables, scheme, tmp_path):
    workbook(
        tmp_path / "越丰村.xlsx",
        **{
            "第1轮评议表": FORM_SHEET,
            "评议员名册": [
                ["评议员编号", "村编号", "角色", "是否在任"],
                ["R1", "V1", "评议员", "是"],
                ["R2", "V1", "客户经理", "是"],
                ["R3", "V1", "道德评判团", 1],
            ],
            "填表说明": [["请逐户填写"]],
        },
    )
    (tmp_path / "越丰村_评议表_第2轮.csv").write_bytes(
        tables["ratings"].iloc[4:].to_csv(index=False).encode()
    )
    ledger = tables["events"].rename(columns={"household_id": "户号", "code": "事项代码"})
    (tmp_path / "积分台账.csv").write_bytes(
        ledger.replace("ML05", "志愿服务").to_csv(index=False).encode("gb18030")
    )
    for name in ("households", "members", "registers", "proposals", "loans"):
        tables[name].to_csv(tmp_path / f"{name}.csv", index=False, encoding="utf-8")
    (tmp_path / "county.toml").write_text("as_of = 2026-06-30\n", encoding="utf-8")
    done = accept_folder(tmp_path, scheme)
    assert done.rejected.empty
    assert done.county.equals(county)
    assert {item.file: item.encoding for item in done.files}["积分台账.csv"] == "gb18030"


def test_rejected_rows_name_the_sheet_and_the_row_that_a_person_sees(tables, scheme, tmp_path):
    sheet = [list(row) for row in FORM_SHEET]
    sheet[5][0], sheet[6][5] = 330483198001011234, 7
    workbook(tmp_path / "forms.xlsx", 第1轮评议表=sheet)
    for name in ("households", "raters"):
        tables[name].to_csv(tmp_path / f"{name}.csv", index=False)
    rejected = accept_folder(tmp_path, scheme, as_of=AS_OF).rejected
    assert rejected["file"].tolist() == ["forms.xlsx[第1轮评议表]"] * 2
    assert rejected["line"].tolist() == [6, 7]
    assert rejected["code"].tolist() == ["id_damaged", "rating_scale"]


def test_strict_reading_describes_the_first_rejected_rows(tables, scheme, tmp_path):
    tables["ratings"].loc[1, "FS01"] = "9"
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    with pytest.raises(
        RecordError, match=r"1 of 17 rows were rejected; first: ratings.csv, line 3: FS01 lies"
    ) as caught:
        read_county(tmp_path, scheme, AS_OF)
    assert "ratings.csv 第3行" in caught.value.zh
    assert "H1" not in str(caught.value)
    assert len(read_county(tmp_path, scheme, AS_OF, strict=False).ratings) == 4


def test_declared_units_hold_for_headers_without_one(tables, scheme, tmp_path):
    proposals = tables["proposals"].rename(columns={"council_limit_yuan": "议事会建议额度"})
    proposals["议事会建议额度"] = "6"
    (tmp_path / "county.toml").write_text(
        'as_of = 2026-06-30\n[units]\ncouncil_limit_yuan = "万元"\n', encoding="utf-8"
    )
    tables["households"].to_csv(tmp_path / "households.csv", index=False)
    proposals.to_csv(tmp_path / "proposals.csv", index=False)
    done = accept_folder(tmp_path, scheme)
    assert done.county.proposals["council_limit_yuan"].tolist() == [60_000]
    assert done.settings.as_of == done.county.as_of == AS_OF


def test_what_was_ignored_is_said(tables, scheme, tmp_path):
    tables["households"].assign(户主姓名="某").to_csv(tmp_path / "households.csv", index=False)
    (tmp_path / "readme.csv").write_text("a,b\n", encoding="utf-8")
    (tmp_path / "notes.md").write_text("x", encoding="utf-8")
    done = accept_folder(tmp_path, scheme)
    assert [(note.file, note.zh) for note in done.notes] == [
        ("readme.csv", "未使用的文件：不是已知表"),
        ("households.csv", "未使用的列：户主姓名"),
    ]


def test_file_facts_carry_the_digest(tables, scheme, tmp_path):
    path = tmp_path / "households.csv"
    tables["households"].to_csv(path, index=False)
    (facts,) = accept_folder(tmp_path, scheme).files
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (facts.bytes, facts.tables) == (path.stat().st_size, ("households",))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_rare_surnames_survive_every_encoding(tables, scheme, tmp_path, encoding):
    tables["households"]["purpose"] = "𠮷㛃养殖"
    text = tables["households"].rename(columns={"household_id": "户号", "village_id": "村编号"})
    (tmp_path / "农户信息.csv").write_bytes(text.to_csv(index=False).encode(encoding))
    assert read_county(tmp_path, scheme).households["purpose"].tolist() == ["𠮷㛃养殖"] * 2


def test_na_null_and_none_are_text(tables, scheme, tmp_path):
    tables["households"]["household_id"] = ["NA", "null"]
    tables["households"].to_csv(tmp_path / "households.csv", index=False)
    assert read_county(tmp_path, scheme).households["household_id"].tolist() == ["NA", "null"]


def test_quoted_line_breaks_keep_the_line_numbers(tables, scheme, tmp_path):
    tables["households"]["备注"] = ["two\nlines", "x"]
    tables["households"].loc[1, "consent_id"] = ""
    tables["households"].to_csv(tmp_path / "households.csv", index=False)
    assert accept_folder(tmp_path, scheme).rejected["line"].tolist() == [4]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("评议表", "ratings"),
        ("第1轮评议表", "ratings"),
        ("越丰村第1轮评议表", "ratings"),
        ("越丰村_评议表_2026", "ratings"),
        ("ratings", "ratings"),
        ("Ratings-V01", "ratings"),
        ("audit_groups", "audit_groups"),
        ("贷款台账", "loans"),
        ("积分台账", "events"),
        ("锚定案例评议表", "vignettes"),
        ("评议员名册", "raters"),
        ("填表说明", None),
        ("operating_notes", None),
        ("Sheet1", None),
    ],
)
def test_files_and_sheets_are_known_by_their_names(name, table):
    assert table_of(name) == table


def test_the_round_stands_in_the_name():
    assert round_of("评议表", "越丰村第二轮评议表") == 2
    assert round_of("评议表") is None
    assert round_of("第十十轮", "第3轮") == 3


def test_a_county_of_nothing_has_every_table(scheme):
    county = County()
    assert all(table.empty for table in county.tables().values())
    with pytest.raises(KeyError, match="houses"):
        County.from_tables({"houses": county.loans}, scheme)


def test_a_county_without_a_day_declares_none(county, scheme, tmp_path):
    write_county(dataclasses.replace(county, as_of=None), tmp_path)
    assert not (tmp_path / "county.toml").exists()
    assert read_county(tmp_path, scheme).as_of is None


def test_files_of_one_table_are_put_under_each_other(tables, scheme, tmp_path):
    people = tables["households"]
    people.assign(备注="x").to_csv(tmp_path / "households_V1.csv", index=False)
    people.iloc[:1].to_csv(tmp_path / "households_V2.csv", index=False)
    bad = people.iloc[:1].assign(household_id="H3", consent_id="")
    bad.to_csv(tmp_path / "households_V3.csv", index=False)
    done = accept_folder(tmp_path, scheme)
    assert done.rejected[["file", "line", "code"]].to_numpy().tolist() == [
        ["households_V2.csv", 2, "duplicate_copy"],
        ["households_V3.csv", 2, "missing"],
    ]
    assert [note.file for note in done.notes] == ["households_V1.csv"]


def test_long_files_are_gathered_in_blocks(tables, scheme, tmp_path, monkeypatch):
    monkeypatch.setattr(csv_files, "_BLOCK", 2)
    people = pd.concat([tables["households"].iloc[:1]] * 13, ignore_index=True)
    people["household_id"] = [f"H{k}" for k in range(13)]
    people.to_csv(tmp_path / "households.csv", index=False)
    assert read_county(tmp_path, scheme).households["household_id"].tolist() == [
        f"H{k}" for k in range(13)
    ]


def test_unknown_columns_of_one_name_are_both_kept_in_the_rejected_row(scheme, tmp_path):
    path = tmp_path / "households.csv"
    path.write_text(
        "household_id,village_id,consent_id,consent_purpose,consent_on,consent_until,备注,备注\n,,,,,,a,b\n",
        encoding="utf-8",
    )
    row = accept_folder(tmp_path, scheme).rejected["row"][0]
    assert row.endswith('"备注": "a", "备注 (2)": "b"}')
