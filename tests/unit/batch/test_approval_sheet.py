"""The approval sheet: by hand, exact amounts, harmless text, equal bytes, Chinese sheet names."""

from __future__ import annotations

import datetime as dt
import zipfile
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pandas as pd
import pytest

from sanzhixin.batch.approval_sheet import write_approval_sheet
from sanzhixin.errors import DomainError, OutputError, RecordError, SchemaError
from sanzhixin.records import County

TAILS = (
    "1+1",
    "cmd|' /C calc'!A0",
    'HYPERLINK("http://x","y")',
    "SUM(A1:A9)",
    "@SUM(1)",
)
PAYLOADS = [first + tail for first in "=+-@\t\r\n＝＋－＠" for tail in TAILS]
HEADER = [
    *("序号", "户号", "户主/家庭成员编号", "建议额度", "授信期限（月）", "等级", "状态", "备注"),
]


def made(rows, members=()):
    """Proposals and a county from (household, village, limit, changes) and (person, household)."""
    base = {"status": "propose", "tier": "A", "reasons": [], "review_triggers": []}
    proposals = pd.DataFrame(
        [
            base | {"household_id": home, "limit_yuan": limit} | more
            for home, _, limit, more in rows
        ],
        columns=["household_id", "limit_yuan", *base],
    ).astype({"limit_yuan": "Int64"})
    homes = pd.DataFrame([(home, village) for home, village, _, _ in rows])
    homes = homes.set_axis(["household_id", "village_id"], axis=1) if len(homes) else homes
    people = pd.DataFrame(members, columns=["person_id", "household_id"])
    given = {"households": homes, "members": people} if len(homes) else {}
    return proposals, County.from_tables(given)


def read(path):
    """Sheets as rows of values, blank cells as None."""
    book = openpyxl.load_workbook(path)
    return {s.title: [list(row) for row in s.iter_rows(values_only=True)] for s in book.worksheets}


REASON = {"code": "PANEL_fs", "zh": "家风评议得分88.3", "en": "family style", "points": -24}
BY_HAND = [
    ("H2", "V1", 51_000, {"tier": "BBB", "reasons": [REASON]}),
    (
        "H1",
        "V1",
        30_500,
        {
            "status": "review",
            "review_triggers": ["near_cutoff:B|BB", "rows_rejected:events"],
            "reasons": [REASON, REASON],
        },
    ),
    ("H4", "V2", None, {"status": "gated", "tier": None, "reasons": [REASON]}),
    ("H3", "V1", 0, {"tier": "未评级", "review_triggers": ["required_bound:village_cap"]}),
]
PEOPLE = [("330483198001011234", "H1"), ("P2", "H2"), ("330483197001011239", "H1")]


def test_a_sheet_by_hand(tmp_path):
    path = write_approval_sheet(tmp_path / "审批表.xlsx", *made(BY_HAND, PEOPLE))
    sheets = read(path)
    assert list(sheets) == ["V1", "V2"]
    title, note, header, *rows, total = sheets["V1"]
    assert title[0] == "V1整村授信批量审批表（建议）"
    assert note[:3] == ["单位：万元", None, "本表为系统建议，不是授信决定，须经有权人审批。"]
    assert header == HEADER
    # 30,500 yuan are 3.05 万元; 51,000 are 5.1; of three remarks the triggers stand first
    assert rows == [
        [
            *(1, "H1", "成员1（3***9）、成员2（3***4）", 3.05, 12, "A", "建议人工复核"),
            "得分临近分界 B/BB；该户有记录被退回：积分台账；家风评议得分88.3",
        ],
        [2, "H2", "成员1（***）", 5.1, 12, "BBB", "建议授信", "家风评议得分88.3"],
        [3, "H3", None, None, None, "未评级", "无建议额度", "缺少必需的 村上限"],
    ]
    assert total[:5] == ["合计", "3户", "其中有额度2户", 8.15, None]
    (*_, row, total) = sheets["V2"]
    assert row == [1, "H4", None, None, None, None, "建议不予授信，须人工确认", "家风评议得分88.3"]
    assert total[:4] == ["合计", "1户", "其中有额度0户", 0]


def test_an_unrated_household_has_no_amount_no_term_and_its_own_status(tmp_path):
    unrated = {"code": "UNRATED", "zh": "得分55，低于最低等级起点65", "en": "", "points": None}
    rows = [
        ("H1", "V1", 0, {"tier": "未评级", "reasons": [unrated]}),
        ("H2", "V1", 0, {"tier": "未评级", "status": "review", "reasons": [unrated]}),
    ]
    _, _, _, *lines, total = read(write_approval_sheet(tmp_path / "a.xlsx", *made(rows)))["V1"]
    assert [line[3:7] for line in lines] == [
        [None, None, "未评级", "未评级，转人工办理（无建议额度）"],
        [None, None, "未评级", "建议人工复核"],
    ]
    assert total[1:4] == ["2户", "其中有额度0户", 0]


def test_numbers_of_members_stand_in_full_where_that_is_asked(tmp_path):
    path = write_approval_sheet(tmp_path / "a.xlsx", *made(BY_HAND, PEOPLE), full_ids=True)
    assert read(path)["V1"][3][2] == "330483197001011239、330483198001011234"


@pytest.mark.parametrize(
    ("yuan", "wanted"),
    [(1, "0.0001"), (12_345, "1.2345"), (50_000, "5"), (8_900, "0.89"), (10**12, "100000000")],
)
def test_amounts_are_exact_in_the_file(tmp_path, yuan, wanted):
    path = write_approval_sheet(tmp_path / "a.xlsx", *made([("H1", "V1", yuan, {})]))
    with zipfile.ZipFile(path) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    cells = {cell.get("r"): cell for cell in sheet.iter() if cell.tag.endswith("}c")}
    assert cells["D4"].find("{*}v").text == cells["D5"].find("{*}v").text == wanted
    assert cells["D4"].get("t") == "n"


def test_the_sum_is_that_of_exact_amounts(tmp_path):
    rows = [(f"H{k:04d}", "V1", 1_000 + k, {}) for k in range(1_000)]
    path = write_approval_sheet(tmp_path / "a.xlsx", *made(rows))
    # 1,000 x 1,000 + (0 + 1 + ... + 999) = 1,499,500 yuan
    assert read(path)["V1"][-1][3] == 149.95


def test_yuan_and_another_term(tmp_path):
    given = made([("H1", "V1", 51_000, {})])
    path = write_approval_sheet(tmp_path / "a.xlsx", *given, unit="元", term_months=36)
    rows = read(path)["V1"]
    assert rows[1][0] == "单位：元"
    assert rows[3][3:5] == [51_000, 36]


def test_no_text_becomes_a_formula(tmp_path):
    assert len(PAYLOADS) >= 50
    rows = [
        (text, text, 5, {"tier": text, "status": text, "reasons": [{"zh": text}]})
        for text in PAYLOADS
    ]
    people = [(text, text) for text in PAYLOADS]
    path = write_approval_sheet(tmp_path / "a.xlsx", *made(rows, people), full_ids=True)
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert {cell.data_type for cell in cells} <= {"n", "s", "inlineStr"}
    assert sum(text.startswith("'") for text in texts) >= 6 * len(PAYLOADS)
    assert not any(text.startswith(tuple("=+-@\t\r\n＝＋－＠")) for text in texts)
    with zipfile.ZipFile(path) as parts:
        sheets = [parts.read(name) for name in parts.namelist() if "worksheets/sheet" in name]
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)


@pytest.mark.parametrize("text", ["\0=1+1", "H\x001", "H\x0b1", "H\ufffe1", "H\ud8001"])
def test_characters_that_no_worksheet_holds_are_shown_as_such(tmp_path, text):
    given = made([("H1", "V1", 5, {"reasons": [{"zh": text}]})])
    path = write_approval_sheet(tmp_path / "a.xlsx", *given)
    shown = read(path)["V1"][3][7]
    assert "\ufffd" in shown
    assert not shown.startswith("=")


def test_equal_tables_give_equal_bytes(tmp_path):
    proposals, county = made(BY_HAND, PEOPLE)
    shuffled = proposals.iloc[::-1].reset_index(drop=True)
    first = write_approval_sheet(tmp_path / "a.xlsx", proposals, county)
    second = write_approval_sheet(tmp_path / "b.xlsx", shuffled, county)
    assert first.read_bytes() == second.read_bytes()
    book = openpyxl.load_workbook(first)
    assert book.properties.created == book.properties.modified == dt.datetime(2000, 1, 1)
    with zipfile.ZipFile(first) as parts:
        assert {entry.date_time for entry in parts.infolist()} == {(2000, 1, 1, 0, 0, 0)}


VILLAGES = {
    "越丰村": "越丰村",
    "浙江省嘉兴市桐乡市高桥街道越丰村民委员会": "浙江省嘉兴市桐乡市高桥街道越丰村民委员会",
    "A" * 40: "A" * 31,
    "a" * 35: "a" * 29 + "~2",
    "村" * 32: "村" * 31,
    "𠮷" * 20: "𠮷" * 15,  # two units each
    "v1": "v1",
    "V1": "V1~2",
    "a/b": "a_b",
    "a\\b": "a_b~2",
    "[x]:*?": "_x____",
    "'q'": "_q_",
    "B" * 30 + "'" + "C": "B" * 30 + "_",
    "History": "History~2",
    "=1+1": "=1+1",
    "x\0y": "x\ufffdy",
}


def test_every_village_has_a_sheet_whose_name_a_workbook_may_have(tmp_path):
    rows = [(f"H{k}", village, 10_000, {}) for k, village in enumerate(sorted(VILLAGES))]
    path = write_approval_sheet(tmp_path / "a.xlsx", *made(rows))
    names = openpyxl.load_workbook(path).sheetnames
    assert len(names) == len(set(map(str.casefold, names))) == len(VILLAGES)
    assert all(len(name.encode("utf-16-le")) <= 62 for name in names)
    # villages in sorted order: capitals before small letters, so "V1" has its name before "v1"
    wanted = VILLAGES | {"A" * 40: "A" * 31, "V1": "V1", "v1": "v1~2"}
    assert names == [wanted[village] for village in sorted(VILLAGES)]


def test_villages_and_households_are_sorted(tmp_path):
    rows = [(home, village, 5, {}) for home, village in [("H3", "V2"), ("H2", "V1"), ("H1", "V2")]]
    sheets = read(write_approval_sheet(tmp_path / "a.xlsx", *made(rows)))
    assert list(sheets) == ["V1", "V2"]
    assert [row[1] for row in sheets["V2"][3:-1]] == ["H1", "H3"]


def test_no_proposals_are_one_empty_sheet(tmp_path):
    proposals, county = made([])
    ((name, rows),) = read(write_approval_sheet(tmp_path / "a.xlsx", proposals, county)).items()
    assert name == "审批表"
    assert rows[-1][:4] == ["合计", "0户", "其中有额度0户", 0]


def test_proposals_of_a_model_and_those_read_from_parquet_give_one_file(tmp_path, model, county):
    proposals = model.propose(county)
    first = write_approval_sheet(tmp_path / "a.xlsx", proposals, county)
    proposals.drop(columns="next_tier").to_parquet(tmp_path / "p.parquet")
    again = pd.read_parquet(tmp_path / "p.parquet")
    assert isinstance(again["reasons"].iloc[0], np.ndarray)
    assert (
        write_approval_sheet(tmp_path / "b.xlsx", again, county).read_bytes() == first.read_bytes()
    )
    sheets = read(first)
    limits = proposals.set_index("household_id")["limit_yuan"]
    shown = {row[1]: row[3] for rows in sheets.values() for row in rows[3:-1]}
    assert shown == {
        home: (x / 10_000 if pd.notna(x) and x else None) for home, x in limits.items()
    }
    assert all(row[7].count("；") <= 2 for rows in sheets.values() for row in rows[3:-1])


@pytest.mark.parametrize(
    "column", ["household_id", "status", "tier", "limit_yuan", "reasons", "review_triggers"]
)
def test_proposals_without_a_column_are_refused(tmp_path, column):
    proposals, county = made(BY_HAND)
    with pytest.raises(SchemaError, match=f"lacks {column}") as caught:
        write_approval_sheet(tmp_path / "a.xlsx", proposals.drop(columns=column), county)
    assert caught.value.code == "columns_missing"
    assert not (tmp_path / "a.xlsx").exists()


def test_lists_that_became_text_are_refused(tmp_path):
    proposals, county = made(BY_HAND)
    text = proposals.assign(review_triggers="[]")
    with pytest.raises(SchemaError, match=r"review_triggers \(list\)"):
        write_approval_sheet(tmp_path / "a.xlsx", text, county)


@pytest.mark.parametrize(
    "options",
    [
        {"unit": "千元"},
        {"term_months": 0},
        {"term_months": 361},
        {"term_months": 1.5},
        {"term_months": True},
    ],
)
def test_other_options_are_refused(tmp_path, options):
    with pytest.raises(DomainError) as caught:
        write_approval_sheet(tmp_path / "a.xlsx", *made(BY_HAND), **options)
    assert caught.value.code == "run_option"


def test_households_that_are_unknown_or_stand_twice_are_refused(tmp_path):
    proposals, county = made(BY_HAND)
    strange = proposals.assign(household_id=["H1", "H2", "H3", "330483198001011234"])
    with pytest.raises(RecordError, match=r"Household 3\*\*\*4 is not among"):
        write_approval_sheet(tmp_path / "a.xlsx", strange, county)
    twice = pd.concat([proposals, proposals.iloc[:1]])
    with pytest.raises(DomainError, match="rows per household=2"):
        write_approval_sheet(tmp_path / "a.xlsx", twice, county)
    with pytest.raises(DomainError) as caught:
        write_approval_sheet(tmp_path / "a.xlsx", proposals, {"households": []})
    assert caught.value.code == "county_expected"


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(OutputError) as caught:
        write_approval_sheet(tmp_path / "nowhere" / "a.xlsx", *made(BY_HAND))
    assert caught.value.code == "output_not_written"
    assert list(tmp_path.iterdir()) == []
