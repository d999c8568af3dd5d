from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import sanzhixin as szx
from sanzhixin.errors import InputError, SchemaError
from sanzhixin.modelling import expert_model
from sanzhixin.records import accept_folder

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "data" / "samples"
FORMS = SAMPLES / "forms"
FOLDERS = ("county", "forms")


@pytest.fixture(scope="module")
def counties():
    return {name: szx.read_county(SAMPLES / name) for name in FOLDERS}


@pytest.fixture(scope="module")
def model():
    return expert_model(szx.load_scheme("tongxiang"), name="samples", version="1.0.0")


@pytest.fixture
def forms(tmp_path):
    return Path(shutil.copytree(FORMS, tmp_path / "forms"))


def files(place):
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for name in FOLDERS
        for path in sorted((place / name).iterdir())
    }


def edit_header(path, old, new):
    book = openpyxl.load_workbook(path)
    cells = [cell for row in book.active.iter_rows(max_row=2) for cell in row if cell.value == old]
    assert len(cells) == 1
    cells[0].value = new
    book.save(path)


def test_both_folders_hold_the_same_county(counties):
    assert counties["county"].equals(counties["forms"])


def test_every_table_of_the_sample_has_rows(counties):
    assert [name for name, table in counties["county"].tables().items() if table.empty] == []


@pytest.mark.parametrize("name", FOLDERS)
def test_no_row_is_rejected_and_no_column_ignored(name):
    done = accept_folder(SAMPLES / name)
    assert (len(done.rejected), done.notes) == (0, ())


def test_the_ledger_is_gb18030_and_the_records_are_utf_8():
    encodings = {facts.file: facts.encoding for facts in accept_folder(FORMS).files}
    assert encodings["积分台账.csv"] == "gb18030"
    assert encodings["官方记录.csv"] == "utf-8-sig"


def test_the_first_form_reads_as_a_spreadsheet_shows_it(counties):
    # Witness: openpyxl reads the workbook itself, without the library's headers and grammar.
    sheet = openpyxl.load_workbook(FORMS / "评议表_V001.xlsx")["第1轮评议表"]
    assert sheet["A1"].value == "V001村第1轮评议表"
    assert [str(area) for area in sheet.merged_cells.ranges] == ["A1:U1"]
    shown = dict(zip([c.value for c in sheet[2]], [c.value for c in sheet[3]], strict=True))
    row = counties["forms"].ratings.iloc[0]
    assert (row["round"], row["household_id"]) == (1, shown["户号"])
    assert row["rated_on"] == shown["评议日期"]
    assert (row["FS01"], row["NR06"]) == (shown["家庭和睦"], shown["村务参与"])
    assert pd.isna(row["ML03"])
    assert shown["信用意识"] is None
    assert row["proposed_limit_yuan"] == round(shown["建议授信额度（万元）"] * 10_000)


def test_both_folders_score_alike_down_to_the_input_digests(counties, model):
    county, forms = (model.propose(counties[name]) for name in FOLDERS)
    pd.testing.assert_frame_equal(county, forms)
    assert county["input_digest"].nunique() == len(county) == 36


def test_the_sample_shows_every_status(counties, model):
    found = set(model.propose(counties["forms"])["status"])
    assert found == {"propose", "review", "gated", "insufficient_evidence"}


def test_the_script_rebuilds_the_committed_files_byte_for_byte(tmp_path):
    subprocess.run(
        [sys.executable, str(SAMPLES / "make_samples.py"), str(tmp_path)],
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    built, committed = files(tmp_path), files(SAMPLES)
    assert sorted(built) == sorted(committed)
    assert [name for name in built if built[name] != committed[name]] == []


def test_the_sample_stays_small():
    assert sum(len(data) for data in files(SAMPLES).values()) < 1_000_000


def test_an_amount_whose_header_states_no_unit_is_refused(forms):
    edit_header(forms / "授信建议.xlsx", "议事会建议额度（万元）", "议事会建议额度")
    with pytest.raises(SchemaError, match="unit") as caught:
        szx.read_county(forms)
    assert caught.value.code == "money_unit_missing"


def test_the_unit_may_be_declared_in_county_toml_instead(forms, counties):
    edit_header(forms / "授信建议.xlsx", "议事会建议额度（万元）", "议事会建议额度")
    with (forms / "county.toml").open("a", encoding="utf-8") as stream:
        stream.write('[units]\ncouncil_limit_yuan = "万元"\n')
    assert szx.read_county(forms).equals(counties["county"])


def test_a_header_on_the_deny_list_is_refused(forms):
    edit_header(forms / "农户信息.xlsx", "贷款用途", "宗教信仰")
    with pytest.raises(SchemaError) as caught:
        szx.read_county(forms)
    assert caught.value.code == "denied_column"


def test_a_damaged_ledger_is_refused_and_not_guessed(forms):
    ledger = forms / "积分台账.csv"
    data = ledger.read_bytes()
    ledger.write_bytes(data[:401] + b"\xff" + data[402:])
    with pytest.raises(InputError, match="积分台账") as caught:
        szx.read_county(forms)
    assert caught.value.code == "file_encoding"
