from __future__ import annotations

import io
import json

from openpyxl import load_workbook

from sanzhixin.validation.report.json_file import render_json
from sanzhixin.validation.report.workbook import render_workbook


def test_json_holds_every_row_and_null_for_what_is_missing(tables, facts):
    found = json.loads(render_json(tables, facts))
    assert found["facts"] == facts
    first, second = found["tables"]
    assert first["columns"][:4] == ["statistic", "tier", "n", "events"]
    assert first["rows"][0][2:5] == [1234, None, 0.5]
    assert first["verdicts"] == dict.fromkeys(("pass", "watch", "fail", "insufficient", "info"), 1)
    assert second["rows"] == [[1.0, True], [None, False], ["inf", True]]


def test_a_workbook_has_a_sheet_a_table_with_the_same_cells(tables, facts):
    book = load_workbook(io.BytesIO(render_workbook(tables, facts)))
    assert book.sheetnames == ["contents", "tiers", "curve", "facts"]
    head, first, *_ = book["tiers"].iter_rows(values_only=True)
    assert head == tuple(tables["tiers"].table.columns)
    assert first[2:5] == (1234, None, 0.5)
    assert [row[0].value for row in book["curve"].iter_rows(min_row=2)] == [1, None, None]
    assert [row for row in book["facts"].iter_rows(min_row=2, values_only=True)] == [
        ("model", "model_id", "m/1.0.0"),
        ("model", "fitted_on_loans_granted.from", "2021-01-05"),
        ("model", "fitted_on_loans_granted.until", None),
        ("model", "fitted_by", None),
        ("data", "as_of", "2026-06-30"),
        ("data", "loans.rows", 1200),
        ("data", "loans.sha256", "sha256:1"),
        ("data", "loans.as_in_fitting", True),
        ("versions", "seed", 0),
        ("left_out", "young", 2000),
        ("left_out", "panel.zh", "评议员太少。"),
        ("left_out", "panel.en", "Too few raters."),
    ]


def test_no_cell_of_a_workbook_is_a_formula(tables, facts):
    book = load_workbook(io.BytesIO(render_workbook(tables, facts)))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    notes = [book["contents"].cell(2, column).value for column in (10, 11)]
    assert notes == ["'=说明", "'=note"]


def test_equal_tables_give_equal_bytes(tables, facts):
    assert render_workbook(tables, facts) == render_workbook(tables, facts)
