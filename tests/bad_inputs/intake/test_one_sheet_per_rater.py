"""Forms of one rater each: the rater stands in a name or a title, as the round does."""

from __future__ import annotations

import gzip

import openpyxl
import pytest

from sanzhixin.errors import SchemaError
from sanzhixin.records import accept_folder
from sanzhixin.records.columns import table_spec
from sanzhixin.records.headers import raters_in
from sanzhixin.records.reading import read_file

HEADER = ["户号", "评议日期", "是否了解", "与该户关系", "家庭和睦", "诚实守信"]
ROWS = [["H1", "2026-05-01", "是", "无", 4, 5], ["H2", "2026-05-01", "否", "无", None, None]]
NAME = "越丰村第2轮评议表_评议员R003"


def save(path, sheets):
    """Write rows by sheet title, or the rows of the one sheet as text."""
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(path)
        return
    (rows,) = sheets.values()
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    data = ("\n".join(lines) + "\n").encode("gb18030")
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def stated(path, scheme):
    """Raters and rounds of the tables of a file, sheet by sheet."""
    return [
        (sorted(set(raw.frame["rater_id"])), sorted(set(raw.frame["round"])))
        for _, raw in read_file(path, scheme).tables
    ]


@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".csv.gz"])
@pytest.mark.parametrize(
    "stem",
    [
        NAME,
        "越丰村第2轮评议表_评议员_R003",
        "越丰村第2轮评议表-评议员编号R003",
        "评议员R003_越丰村第2轮评议表",
        "越丰村_第二轮评议表_评议员R003_20260501",
        "第2轮评议表_评议人R003",
        "第2轮评议表_评议员（R003）",
    ],
)
def test_the_file_name_states_the_rater_and_the_round(tmp_path, scheme, stem, suffix):
    path = tmp_path / f"{stem}{suffix}"
    save(path, {"Sheet1": [HEADER, *ROWS]})
    assert stated(path, scheme) == [(["R003"], [2])]


TITLES = [
    [["评议员编号：R003"]],
    [["评议员编号:R003", None, None, "评议日期：2026-05-01"]],
    [["越丰村第2轮评议表"], ["评议员姓名：张三", "评议员编号：R003"]],
    [["越丰村第2轮评议表  评议员姓名：张三  评议员编号：R003"]],
    [["评议员编号", "R003", "评议日期", "2026-05-01"]],
    [["评议员编号：", None, "R003"]],
    [["评议员：", "R003"], []],
    [["评议员：R003（越丰村）"]],
]


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
@pytest.mark.parametrize("above", TITLES)
def test_a_title_cell_states_the_rater(tmp_path, scheme, above, suffix):
    path = tmp_path / f"越丰村第2轮评议表{suffix}"
    save(path, {"Sheet1": [*above, HEADER, *ROWS]})
    assert stated(path, scheme) == [(["R003"], [2])]


def test_a_name_in_the_title_stands_for_the_rater_where_no_number_does(tmp_path, scheme):
    path = tmp_path / "第2轮评议表.xlsx"
    save(path, {"Sheet1": [["评议员姓名：张三"], HEADER, *ROWS]})
    assert stated(path, scheme) == [(["张三"], [2])]


def test_sheets_are_named_after_their_raters(tmp_path, scheme):
    path = tmp_path / "越丰村第2轮评议表.xlsx"
    titles = ["R003", "R-004", "评议员R005"]
    save(path, {title: [HEADER, *ROWS] for title in titles})
    assert stated(path, scheme) == [([rater], [2]) for rater in ["R003", "R-004", "R005"]]


def test_the_column_counts_where_there_is_one(tmp_path, scheme):
    path = tmp_path / f"{NAME}.xlsx"
    rows = [["评议员编号", *HEADER], *(["R009", *row] for row in ROWS)]
    save(path, {"R004": [["评议员编号：R005"], *rows]})
    ((_, raw),) = read_file(path, scheme).tables
    assert raw.frame["评议员编号"].tolist() == ["R009", "R009"]
    assert "rater_id" not in raw.frame


@pytest.mark.parametrize(
    ("stem", "title", "above"),
    [
        (NAME, "Sheet1", [["评议员编号：R004"]]),
        (NAME, "评议员R004", []),
        ("第2轮评议表", "Sheet1", [["评议员编号：R003", "评议员编号：R004"]]),
        ("第2轮评议表", "Sheet1", [["评议员姓名：张三", "评议员姓名：李四"]]),
    ],
)
def test_two_raters_for_one_form_are_refused(tmp_path, scheme, stem, title, above):
    path = tmp_path / f"{stem}.xlsx"
    save(path, {title: [*above, HEADER, *ROWS]})
    with pytest.raises(SchemaError, match="A form has one rater") as caught:
        read_file(path, scheme)
    assert "R00" not in str(caught.value).partition("]: ")[2]
    assert "评议员不一致" in caught.value.zh


@pytest.mark.parametrize(
    "text",
    [
        *(
            "评议员名册",
            "评议员名单",
            "评议员评议表",
            "评议员",
            "评议员：",
            "评议员编号",
            "评议员编号： 日期：2026-5-1",
        ),
        *(
            "评议员签名",
            "评议员打分表",
            "评议员姓名：   评议日期：",
            "越丰村",
            "V001",
            "评议员_评议表",
        ),
    ],
)
def test_other_names_state_no_rater(text):
    assert raters_in(text) == []


@pytest.mark.parametrize("title", ["Sheet1", "越丰村", "工作表1", "说明2", "2026-05", "6"])
def test_other_sheets_still_need_the_column(tmp_path, scheme, title):
    (tmp_path / "农户信息.csv").write_text(
        "户号,村编号,授权书编号,授权用途,授权日期,授权到期日\n", encoding="utf-8"
    )
    (tmp_path / "评议员名册.csv").write_text("评议员编号,村编号,角色,是否在任\n", encoding="utf-8")
    save(tmp_path / "第2轮评议表.xlsx", {title: [HEADER, *ROWS]})
    with pytest.raises(SchemaError, match=r"rater_id \(评议员编号\)"):
        accept_folder(tmp_path, scheme)


def test_names_state_a_rater_for_forms_only(tmp_path, scheme):
    path = tmp_path / "评议员名册_评议员R003.csv"
    path.write_text("评议员,村编号,角色,是否在任\nR1,V1,评议员,是\n", encoding="utf-8")
    ((table, raw),) = read_file(path, scheme).tables
    assert table == "raters"
    assert list(raw.frame) == ["评议员", "村编号", "角色", "是否在任"]
    assert "round" not in table_spec("raters", scheme).names


def test_a_folder_of_thirty_raters_is_one_table(folder, scheme):
    raters = [f"R{k:03d}" for k in range(1, 31)]
    lines = ["评议员编号,村编号,角色,是否在任", *(f"{rater},V1,评议员,是" for rater in raters)]
    (folder / "评议员名册.csv").write_bytes("\n".join(lines).encode("gb18030"))
    for rater in raters:
        save(folder / f"越丰村第2轮评议表_评议员{rater}.xlsx", {"Sheet1": [HEADER, *ROWS]})
    done = accept_folder(folder, scheme)
    assert done.rejected.empty
    forms = done.county.ratings
    assert len(forms) == 60
    assert sorted(set(forms["rater_id"])) == raters
    assert set(forms["round"]) == {2}
    by_household = forms.groupby("household_id")["rater_id"].nunique()
    assert by_household.to_dict() == {"H1": 30, "H2": 30}


def test_a_rater_who_is_not_registered_is_told_row_by_row(folder, scheme):
    (folder / "评议员名册.csv").write_text(
        "评议员编号,村编号,角色,是否在任\nR001,V1,评议员,是\n", encoding="utf-8"
    )
    save(folder / f"{NAME}.xlsx", {"Sheet1": [HEADER, *ROWS]})
    rejected = accept_folder(folder, scheme).rejected
    assert rejected[["line", "field", "code"]].to_numpy().tolist() == [
        [2, "rater_id", "rater_unknown"],
        [3, "rater_id", "rater_unknown"],
    ]


def test_cells_beside_the_table_stay_ragged_rows(folder, scheme):
    (folder / "评议员名册.csv").write_text(
        "评议员编号,村编号,角色,是否在任\nR003,V1,评议员,是\n", encoding="utf-8"
    )
    save(folder / f"{NAME}.csv", {"": [HEADER, *ROWS, [*ROWS[0], "stray", "more"], ["H1"]]})
    done = accept_folder(folder, scheme)
    assert done.rejected["code"].tolist() == ["row_ragged", "row_ragged"]
    assert done.rejected["household_id"].tolist() == ["H1", "H1"]
    assert len(done.county.ratings) == 2
