from __future__ import annotations

import datetime as dt

import openpyxl
import pytest

from sanzhixin.errors import SchemaError
from sanzhixin.records import accept_folder
from sanzhixin.records.cases import MISSING
from sanzhixin.records.encode_county import encode_county

FORMS = [
    ["越丰村第1轮评议表"],
    [
        "户号",
        "评议员编号",
        "评议日期",
        "是否了解",
        "与该户关系",
        "家庭和睦",
        "诚实守信",
        "建议授信额度（万元）",
    ],
    ["H1", "R1", "2026-05-01", "是", "无", 4, 5, 5],
    ["H1", "R2", "2026-05-01", "是", "无", None, "不了解", 3.5],
    ["H1", "R3", "2026-05-01", "否", "无", None, None, None],
    ["H2", "R1", "2026-05-01", "是", "无", 4, 5, 5],
]


@pytest.fixture
def county(folder):
    book = openpyxl.Workbook()
    book.active.title = "第1轮评议表"
    for row in FORMS:
        book.active.append(row)
    book.save(folder / "越丰村.xlsx")
    (folder / "评议员名册.csv").write_text(
        "评议员编号,村编号,角色,是否在任\nR1,V1,评议员,是\nR2,V1,评议员,是\nR3,V1,评议员,是\n",
        encoding="gb18030",
    )
    return folder


def add(folder, name, text):
    path = folder / name
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(old + text, encoding="utf-8")


def test_two_familiar_raters_and_blank_cells_stay_what_they_are(county, scheme):
    done = accept_folder(county, scheme)
    assert done.rejected.empty
    cases = encode_county(done.county, scheme, dt.date(2026, 6, 30))
    forms = cases.forms
    assert forms.familiar[cases.form_start[0] : cases.form_end[0]].tolist() == [True, True, False]
    # four rated cells of H1: 4, 5 by R1; blank and 不了解 are 0 (missing), not 3
    assert forms.ratings[:3].sum(axis=1).tolist() == [9, 0, 0]


def test_ten_thousands_become_yuan_exactly(county, scheme):
    forms = accept_folder(county, scheme).county.ratings
    assert forms["proposed_limit_yuan"].fillna(-1).tolist() == [50_000, 35_000, -1, 50_000]


def test_a_damaged_identity_number_is_rejected_with_the_way_out(county, scheme):
    add(
        county,
        "households.csv",
        "330483198001011235,V1,C3,三治信农户贷款,2026-01-05,2027-01-04,1\n",
    )
    rejected = accept_folder(county, scheme).rejected
    assert rejected[["line", "field", "code"]].to_numpy().tolist() == [
        [4, "household_id", "id_check_digit"]
    ]
    assert "correct it from the document" in rejected["reason_en"][0]


def test_a_household_listed_twice_is_rejected_with_its_forms(county, scheme):
    add(county, "households.csv", "H2,V9,C2,三治信农户贷款,2026-01-05,2027-01-04,50000\n")
    done = accept_folder(county, scheme)
    assert done.rejected["code"].tolist() == ["duplicate_differs"] * 2 + ["household_rejected"]
    assert done.rejected["line"].tolist() == [3, 4, 6]
    assert done.county.households["household_id"].tolist() == ["H1"]


def test_an_event_of_next_year_is_rejected(county, scheme):
    add(
        county,
        "积分台账.csv",
        "事项编号,户号,事项代码,级别,发生日期,登记日期,状态,凭证编号\n"
        "E1,H1,ML05,,2027-03-01,2027-03-02,通过,X1\n",
    )
    done = accept_folder(county, scheme)
    assert done.rejected["codes"].tolist() == ["date_future"]
    assert done.rejected["field"].tolist() == ["occurred_on"]
    assert done.county.events.empty


def test_an_expired_negative_record_keeps_its_end_for_the_scoring_date(county, scheme):
    add(
        county,
        "官方记录.csv",
        "户号,记录代码,文书编号,清单类别,作出日期,终止日期\n"
        "H1,ML09,（2018）浙1号,失信被执行人名单,2018-01-01,2020-01-01\n"
        "H2,ML09,（2024）浙2号,失信被执行人名单,2024-01-01,\n",
    )
    done = accept_folder(county, scheme)
    assert done.rejected.empty
    registers = encode_county(done.county, scheme, dt.date(2026, 6, 30)).registers
    assert registers.ended_on.tolist() == [dt.date(2020, 1, 1).toordinal(), MISSING]


@pytest.mark.parametrize(("header", "zh"), [("健康状况", "疾病与健康"), ("宗教", "宗教信仰")])
def test_an_import_with_a_forbidden_column_stops_with_a_clear_message(county, scheme, header, zh):
    text = (county / "households.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{text[0]},{header}", *(f"{line},x" for line in text[1:])]
    (county / "households.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(SchemaError, match=f"households.csv: column '{header}'.*Delete") as caught:
        accept_folder(county, scheme)
    assert caught.value.exit_code == 5
    assert zh in caught.value.zh
