from __future__ import annotations

import contextlib
import io
import zipfile

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sanzhixin.errors import InputError, SanzhixinError, SchemaError
from sanzhixin.records import accept_folder, parquet_files, reading, xlsx_files
from sanzhixin.records.columns import table_spec
from sanzhixin.records.csv_files import read_csv
from sanzhixin.records.reading import read_file
from sanzhixin.records.xlsx_files import read_workbook

HEADER = "户号,议事会建议额度（元）,调整理由\n"


def xlsx(rows, title="授信建议"):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def bomb(names=1, size=1000):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as book:
        for k in range(names):
            book.writestr(f"xl/worksheets/sheet{k}.xml", b"0" * size)
    return stream.getvalue()


def parquet(column):
    stream = io.BytesIO()
    pq.write_table(pa.table({"household_id": ["H1"], "override_reason": column}), stream)
    return stream.getvalue()


FAR_DAY = pa.array([3_000_000], pa.int32()).cast(pa.date32())  # in the year 10183
NOT_UTF8 = pa.Array.from_buffers(
    pa.string(), 1, [None, pa.array([0, 2], pa.int32()).buffers()[1], pa.py_buffer(b"\xff\xfe")]
)
NO_ZONE = pa.array([0], pa.timestamp("s", tz="Nowhere/City"))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

BROKEN_FILES = [
    ("proposals.csv", b"\xff\xfe\xff", "file_encoding", "Save it as UTF-8"),
    ("proposals.csv", HEADER.encode("utf-16-le"), "file_encoding", "GB18030"),
    ("proposals.csv", HEADER.encode() + b"H1,\xc2\xc3,\n", "file_encoding", "UTF-8"),
    (
        "proposals.csv",
        "household_id,council_limit_yuan,override_reason\nH1,5,旅\n".encode("gbk").replace(
            "旅".encode("gbk"), b"\xc2\xb2"
        ),
        "file_encoding",
        "UTF-8",
    ),
    ("proposals.csv", (HEADER + "H1,5,\x00\n").encode(), "file_encoding", "proposals.csv"),
    ("proposals.csv", b"", "file_zero_bytes", "the file is empty"),
    ("授信建议.xlsx", b"", "file_zero_bytes", "0 bytes"),
    ("table.xlsx", b"", "file_zero_bytes", "remove it"),
    ("proposals.csv", b"\n\n", "file_empty", "Put the column names in one row"),
    ("proposals.csv", b"a,b,c\n1,2,3\n", "file_empty", "first 10 rows"),
    ("proposals.csv", (HEADER + 'H1,5,"never\nH2,6,x\n').encode(), "file_quotes", "near line 2"),
    ("proposals.csv", (HEADER + 'H1,5,"a"b\n').encode(), "file_quotes", "Close the quotation"),
    ("proposals.csv", (HEADER + f"H1,5,{'x' * 200_000}\n").encode(), "file_too_large", "a cell"),
    ("授信建议.xlsx", b"not a workbook", "file_unreadable", "Export it again"),
    ("授信建议.xlsx", bomb(), "file_unreadable", ".xlsx"),
    (
        "授信建议.xlsx",
        xlsx([["户号", "议事会建议额度（元）"]])[:-400],
        "file_unreadable",
        "damaged",
    ),
    ("授信建议.xlsx", xlsx([["甲", "乙"], [1, 2]]), "file_empty", "授信建议"),
    ("授信建议.xlsx", bomb(size=40_000_000), "file_too_large", "compression ratio"),
    ("授信建议.xlsx", bomb(names=2_001, size=1), "file_too_large", "number of parts"),
    ("授信建议.xlsx", xlsx([["户号", "调整理由", *["x"] * 600]]), "file_too_large", "columns"),
    ("授信建议.xls", OLE + b"\x00" * 500, "workbook_old", "save it as .xlsx"),
    (
        "授信建议.xlsx",
        OLE + "EncryptedPackage".encode("utf-16-le"),
        "workbook_encrypted",
        "password",
    ),
    ("proposals.parquet", b"PAR1 nothing PAR1", "file_unreadable", "Parquet"),
    ("proposals.parquet", parquet(FAR_DAY), "file_unreadable", "Parquet"),
    ("proposals.parquet", parquet(NOT_UTF8), "file_unreadable", "Export it again"),
    ("proposals.parquet", parquet(NO_ZONE), "file_unreadable", "damaged"),
    ("county.toml", b"as_of = ", "toml_invalid", "county.toml"),
    ("county.toml", "as_of = 2026-06-30 # \u00e9".encode("latin-1"), "toml_invalid", "UTF-8"),
]
BROKEN_SCHEMAS = [
    ("proposals.csv", "户号,议事会建议额度\nH1,5\n", "money_unit_missing", "（万元）"),
    ("proposals.csv", "户号,议事会建议额度（千元）\nH1,5\n", "money_unit_unknown", "千元"),
    ("proposals.csv", "户号,户编号,调整理由\nH1,H1,x\n", "columns_repeated", "household_id"),
    ("proposals.csv", "调整理由,议事会建议额度（元）\nx,5\n", "columns_missing", "户号"),
    ("proposals.csv", "户号,健康状况,调整理由\nH1,良好,x\n", "denied_column", "Delete the column"),
    ("proposals.csv", "户号,宗教,调整理由\nH1,无,x\n", "denied_column", "征信业管理条例"),
    ("audit_groups.csv", "户号,性别,宗教信仰\nH1,男,无\n", "denied_column", "religion"),
    ("ratings.csv", "轮次,户号,评议员编号\n1,H1,R1\n", "table_missing", "raters"),
    ("county.toml", "asof = 2026-06-30\n", "county_toml_key", "asof"),
    ("county.toml", 'as_of = "2026-06-30"\n', "toml_date", "2026-06-30"),
    ("county.toml", "as_of = 2026-06-30T00:00:00\n", "toml_date", "as_of"),
    ("county.toml", "units = 5\n", "county_toml_value", "units"),
    ("county.toml", '[units]\nshoe_yuan = "元"\n', "county_toml_key", "shoe_yuan"),
    ("county.toml", '[units]\ndebt_yuan = "两"\n', "county_toml_value", "万元"),
    ("county.toml", '[units]\ndebt_yuan = ["元"]\n', "county_toml_value", "units.debt_yuan"),
    ("county.toml", "[units]\ndebt_yuan = {}\n", "county_toml_value", "units.debt_yuan"),
]


@pytest.mark.parametrize(("name", "data", "code", "words"), BROKEN_FILES)
def test_a_file_that_cannot_be_read_is_refused(folder, scheme, name, data, code, words):
    (folder / name).write_bytes(data)
    with pytest.raises(InputError, match=words) as caught:
        accept_folder(folder, scheme)
    assert caught.value.code == code
    assert caught.value.exit_code == 4
    assert caught.value.zh.startswith(name)


@pytest.mark.parametrize(("name", "text", "code", "words"), BROKEN_SCHEMAS)
def test_a_file_with_other_columns_is_refused(folder, scheme, name, text, code, words):
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(SchemaError, match=words) as caught:
        accept_folder(folder, scheme)
    assert caught.value.code == code
    assert caught.value.exit_code == 5


def test_a_folder_without_tables_is_refused(tmp_path, scheme):
    with pytest.raises(InputError, match="households"):
        accept_folder(tmp_path, scheme)
    with pytest.raises(InputError, match="not found"):
        accept_folder(tmp_path / "nowhere", scheme)


def test_a_file_is_no_folder(folder, scheme):
    with pytest.raises(InputError, match=r"households.csv: this is a file, a folder") as caught:
        accept_folder(folder / "households.csv", scheme)
    assert caught.value.code == "folder_expected"


@pytest.mark.parametrize(("delimiter", "others"), [(",", ";\t"), (";", ",\t"), ("\t", ",;")])
def test_the_delimiter_is_the_one_that_shows_the_header(folder, scheme, delimiter, others):
    remark = "".join(9 * f"a{other}" for other in others)
    rows = [
        ["户号", "议事会建议额度（元）", "备注"],
        ["H1", "50000", remark],
        ["H2", "60000", remark],
    ]
    text = "".join(delimiter.join(f'"{cell}"' for cell in cells) + "\n" for cells in rows)
    (folder / "proposals.csv").write_text(text, encoding="utf-8")
    done = accept_folder(folder, scheme)
    assert done.rejected.empty
    assert done.county.proposals["council_limit_yuan"].tolist() == [50_000, 60_000]


NESTED = [
    pa.array([["a"], ["a", "b"]]),
    pa.array([{"a": 1}, {"a": 2}]),
    pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
    pa.array([b"a", b"b"]),
]


@pytest.mark.parametrize("name", ["household_id", "council_limit_yuan", "override_reason"])
@pytest.mark.parametrize("column", NESTED, ids=lambda column: str(column.type))
def test_nested_cells_of_parquet_break_a_rule(folder, scheme, name, column):
    table = pa.table({"household_id": ["H1", "H2"], "override_reason": ["a", "b"]})
    if name in table.column_names:
        table = table.drop_columns(name)
    pq.write_table(table.append_column(name, column), folder / "proposals.parquet")
    rejected = accept_folder(folder, scheme).rejected
    assert rejected[["field", "code"]].to_numpy().tolist() == [[name, "value_nested"]] * 2


@pytest.mark.parametrize("zone", [None, "Asia/Shanghai"])
def test_a_time_of_parquet_is_a_day_on_the_wall(folder, scheme, zone):
    text = (folder / "households.csv").read_text(encoding="utf-8")
    (folder / "households.csv").unlink()
    frame = pd.read_csv(io.StringIO(text), dtype="str")
    seconds = [1_767_546_000, 10**12]  # 2026-01-04 17:00 UTC; a day in the year 33658
    days = pa.array(seconds, pa.int64()).cast(pa.timestamp("s", tz=zone))
    table = pa.Table.from_pandas(frame.drop(columns="授权日期")).append_column("授权日期", days)
    pq.write_table(table, folder / "households.parquet")
    done = accept_folder(folder, scheme)
    assert done.rejected["code"].tolist() == ["date_range"]
    (day,) = done.county.households["consent_on"].dt.day
    assert day == (5 if zone else 4)


def test_an_empty_file_that_is_no_table_is_ignored(folder, scheme):
    (folder / "notes.txt").touch()
    assert "not a table" in accept_folder(folder, scheme).notes[0].en


def test_a_table_without_rows_is_told(folder, scheme):
    header = (folder / "households.csv").read_text(encoding="utf-8").splitlines()[0]
    (folder / "households.csv").write_text(f"{header}\n", encoding="utf-8")
    note, absent = accept_folder(folder, scheme).notes
    assert (note.file, absent.file) == ("households.csv", "households")
    assert note.en == "table households has no rows"
    assert note.zh == "表 households（农户信息）没有数据行"


def test_rows_of_a_household_whose_own_row_is_ragged_are_told_where_to_look(folder, scheme):
    header, *rows = (folder / "households.csv").read_text(encoding="utf-8").splitlines()
    (folder / "households.csv").write_text(f"{header}\n{rows[0]},x\n{rows[1]}\n", encoding="utf-8")
    (folder / "proposals.csv").write_text(f"{HEADER}H1,5,\nH2,5,\n", encoding="utf-8")
    rejected = accept_folder(folder, scheme).rejected
    assert rejected["code"].tolist() == ["row_ragged", "household_unknown"]
    assert "no accepted row in table households; perhaps its row was" in rejected["reason_en"][1]
    assert "请先更正该行" in rejected["reason_zh"][1]


def test_ragged_rows_are_rejected_and_never_shifted(folder, scheme):
    (folder / "proposals.csv").write_text(
        HEADER + "H1,50000,a,b\nH2\n\n,,\nH2,60000,c\n", encoding="utf-8"
    )
    done = accept_folder(folder, scheme)
    assert done.rejected["code"].tolist() == ["row_ragged", "row_ragged"]
    assert done.rejected["line"].tolist() == [2, 3]
    assert done.rejected["row"].tolist() == ['{"": ["H1", "50000", "a", "b"]}', '{"": ["H2"]}']
    assert done.county.proposals["council_limit_yuan"].tolist() == [60_000]


def test_cells_beside_the_table_are_rejected_and_never_shifted(folder, scheme):
    rows = [["户号", "议事会建议额度（元）"], ["H1", 50_000, "stray"], ["H2", 60_000]]
    (folder / "授信建议.xlsx").write_bytes(xlsx(rows))
    done = accept_folder(folder, scheme)
    assert done.rejected["line"].tolist() == [2]
    assert done.county.proposals["household_id"].tolist() == ["H2"]


def test_identity_numbers_that_a_workbook_damaged_are_refused(folder, scheme):
    rows = [["户号", "调整理由"], [330102199001011234, "a"], ["3.30102E+17", "b"], [1.5, "c"]]
    (folder / "授信建议.xlsx").write_bytes(xlsx(rows))
    rejected = accept_folder(folder, scheme).rejected
    assert rejected["code"].tolist() == ["id_damaged"] * 3
    assert "as text in Excel" in rejected["reason_en"][0]
    assert "自编户号而不用身份证号" in rejected["reason_zh"][0]


def test_a_column_of_floats_in_parquet_is_no_identifier(folder, scheme):
    frame = pd.DataFrame({"household_id": [1.0, None], "override_reason": ["a", "b"]})
    frame.to_parquet(folder / "proposals.parquet")
    codes = accept_folder(folder, scheme).rejected["code"].tolist()
    assert codes == ["id_damaged", "missing"]


def test_a_workbook_named_after_a_table_has_to_hold_one(folder, scheme):
    sheet = [["户号", "议事会建议额度（元）"], ["H1", 50_000]]
    (folder / "授信建议.xlsx").write_bytes(xlsx(sheet, title="Sheet1"))
    assert len(accept_folder(folder, scheme).county.proposals) == 1
    (folder / "授信建议.xlsx").write_bytes(xlsx([["请逐户填写"]], title="说明"))
    with pytest.raises(InputError, match="no header row"):
        accept_folder(folder, scheme)


@pytest.mark.parametrize(
    ("module", "limit", "value", "name", "words"),
    [
        (reading, "_MAX_FILE", 100, "proposals.csv", "size is"),
        (parquet_files, "_MAX_PARQUET_CELLS", 3, "proposals.parquet", "number of cells"),
        (xlsx_files, "_MAX_ROWS", 2, "授信建议.xlsx", "number of rows"),
        (xlsx_files, "_MAX_CELL", 9, "授信建议.xlsx", "a cell"),
        (xlsx_files, "_MAX_BYTES", 900, "授信建议.xlsx", "unpacked size"),
    ],
)
def test_sizes_above_a_limit_are_refused(
    folder, scheme, monkeypatch, module, limit, value, name, words
):
    frame = pd.DataFrame({"household_id": ["H1", "H2"], "override_reason": ["a" * 60, "b" * 60]})
    rows = [["户号", "调整理由"], *frame.to_numpy().tolist()]
    files = {
        "proposals.csv": frame.to_csv(index=False).encode(),
        "proposals.parquet": frame.to_parquet(),
        "授信建议.xlsx": xlsx(rows),
    }
    (folder / name).write_bytes(files[name])
    assert len(accept_folder(folder, scheme).county.proposals) == 2
    monkeypatch.setattr(module, limit, value)
    with pytest.raises(InputError, match=words) as caught:
        read_file(folder / name, scheme)
    assert caught.value.code == "file_too_large"


def test_an_encrypted_part_of_a_workbook_is_refused(scheme):
    data = bytearray(WORKBOOK)
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(InputError, match="encrypted"):
        list(read_workbook(bytes(data), scheme, "f.xlsx"))


def test_a_file_that_is_not_there_is_refused(tmp_path, scheme):
    with pytest.raises(InputError, match="not found"):
        read_file(tmp_path / "ratings.csv", scheme)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=200), start=st.sampled_from(["", HEADER]))
def test_readers_raise_our_errors_only(scheme, data, start):
    with contextlib.suppress(SanzhixinError):
        read_csv(start.encode() + data, table_spec("proposals", scheme), "f.csv")
    with contextlib.suppress(SanzhixinError):
        list(read_workbook(data, scheme, "f.xlsx", table="proposals"))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.integers(0, 10_000), value=st.integers(0, 255))
@example(place=9276, value=64)  # a version of zip that Python does not know
def test_a_workbook_with_a_changed_byte_is_read_or_refused(scheme, place, value):
    data = bytearray(WORKBOOK)
    data[place % len(data)] = value
    with contextlib.suppress(InputError):
        list(read_workbook(bytes(data), scheme, "f.xlsx"))


WORKBOOK = xlsx([["户号", "议事会建议额度（元）"], ["H1", 50_000]])
