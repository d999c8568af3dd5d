from __future__ import annotations

import csv
import io
import json
import zipfile

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sanzhixin.batch import write_quarantine
from sanzhixin.batch.quarantine import QUARANTINE_COLUMNS
from sanzhixin.batch.table import PROPOSAL_SCHEMA, check_room, regroup, write_proposals
from sanzhixin.errors import OutputError
from sanzhixin.records.cells import guard_text

TAILS = (
    "1+1",
    'HYPERLINK("http://x","y")',
    "cmd|' /C calc'!A0",
    "SUM(A1:A9)",
    "IMPORTXML(A1)",
    "@",
)
PAYLOADS = [first + tail for first in "=+-@\t\r\n\0＝＋－＠" for tail in TAILS]
HARMLESS = ["V001-0001", "农户", "a=b", " =1", "'=1", "1-2", ""]


def proposal(**values):
    return dict.fromkeys(PROPOSAL_SCHEMA.names) | values


def tables(*rows):
    return [pa.Table.from_pylist(list(rows), schema=PROPOSAL_SCHEMA)]


def written(kind, *rows):
    stream = io.BytesIO()
    write_proposals(tables(*rows), stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize("payload", PAYLOADS, ids=repr)
def test_a_text_that_looks_like_a_formula_gets_an_apostrophe(payload):
    assert guard_text(payload) == f"'{payload}"


@pytest.mark.parametrize("text", HARMLESS)
def test_other_texts_stay_as_they_are(text):
    assert guard_text(text) == text


@pytest.mark.parametrize("payload", PAYLOADS, ids=repr)
def test_no_cell_of_the_quarantine_begins_like_a_formula(payload, tmp_path):
    row = dict.fromkeys(QUARANTINE_COLUMNS, payload) | {"line": 3}
    row["row"] = json.dumps({payload: payload}, ensure_ascii=False)
    write_quarantine(pd.DataFrame([row]), tmp_path / "quarantine.csv")
    text = (tmp_path / "quarantine.csv").read_bytes().decode("utf-8-sig")
    header, cells = csv.reader(io.StringIO(text, newline=""))
    assert tuple(header) == QUARANTINE_COLUMNS
    assert [cell[0] for cell in cells] == [*"''3''''''"[:2], "3", *"'''''", "{"]
    assert json.loads(cells[-1]) == {payload: payload}


@pytest.mark.parametrize("payload", [p for p in PAYLOADS if "\0" not in p], ids=repr)
def test_no_text_of_the_proposals_is_a_formula_in_csv(payload):
    text = written("csv", proposal(household_id=payload)).decode("utf-8-sig")
    _, cells = csv.reader(io.StringIO(text, newline=""))
    assert cells[0] == f"'{payload}"


@pytest.mark.parametrize("payload", [p for p in PAYLOADS if "\0" not in p], ids=repr)
def test_a_worksheet_holds_such_a_text_verbatim_and_as_text(payload):
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", proposal(household_id=payload))))
    cell = book["proposals"]["A2"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert cell.value == payload.replace("\r", "\n") or cell.value == payload


def test_negative_numbers_stay_numbers():
    reason = {"code": "EVENT_ML07", "zh": "减", "en": "off", "points": -10}
    row = proposal(household_id="H1", points=-3, score=-0.3, reasons=[reason])
    _, cells = csv.reader(io.StringIO(written("csv", row).decode("utf-8-sig"), newline=""))
    named = dict(zip(PROPOSAL_SCHEMA.names, cells, strict=True))
    assert (named["points"], named["score"]) == ("-3", "-0.3")
    assert json.loads(named["reasons"]) == [reason]
    assert "减" in named["reasons"]
    sheet = openpyxl.load_workbook(io.BytesIO(written("xlsx", row)))["proposals"]
    assert [cell.value for cell in sheet[2]][3:5] == [-3, -0.3]


def test_missing_values_are_empty_cells_and_not_words():
    _, cells = csv.reader(
        io.StringIO(written("csv", proposal(household_id="H1")).decode("utf-8-sig"), newline="")
    )
    assert set(cells[1:]) == {""}


def test_a_workbook_carries_no_time_of_writing():
    with zipfile.ZipFile(io.BytesIO(written("xlsx", proposal(household_id="H1")))) as archive:
        times = {entry.date_time for entry in archive.infolist()}
        core = archive.read("docProps/core.xml").decode()
    assert times == {(2000, 1, 1, 0, 0, 0)}
    assert core.count("2000-01-01T00:00:00Z") == 2


@pytest.mark.parametrize(("rows", "kind"), [(1_048_575, "xlsx"), (1_048_576, "csv")])
def test_a_worksheet_has_room_for_its_limit(rows, kind):
    check_room(rows, kind)


def test_a_worksheet_that_would_overflow_is_refused():
    with pytest.raises(OutputError, match=r"holds 1048575 rows .* --format parquet or csv"):
        check_room(1_048_576, "xlsx")


@pytest.mark.parametrize("rows", [[], [proposal(household_id="H1")]], ids=["no row", "all null"])
def test_parquet_keeps_its_schema_without_values(rows):
    read = pq.read_table(io.BytesIO(written("parquet", *rows)))
    assert [str(f.type) for f in read.schema] == [
        str(f.type).replace("item:", "element:") for f in PROPOSAL_SCHEMA
    ]


@pytest.mark.parametrize("cuts", [[7], [1] * 7, [3, 4], [2, 2, 3], [0, 7, 0]])
def test_regrouping_hides_how_the_rows_came(cuts):
    rows = [proposal(household_id=f"H{i}") for i in range(7)]
    parts, start = [], 0
    for cut in cuts:
        parts += tables(*rows[start : start + cut])
        start += cut
    groups = list(regroup(parts, size=3))
    assert [group.num_rows for group in groups] == [3, 3, 1]
    assert all(group["household_id"].num_chunks == 1 for group in groups)
    assert pa.concat_tables(groups)["household_id"].to_pylist() == [f"H{i}" for i in range(7)]
