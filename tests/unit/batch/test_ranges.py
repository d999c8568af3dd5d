"""A county that is accepted range by range gives what it gives when it is accepted at once."""

from __future__ import annotations

import csv
import datetime as dt
from random import Random

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sanzhixin.batch import RunOptions, run, score_folder, take_in
from sanzhixin.batch.quarantine import write_quarantine
from sanzhixin.batch.spool import Spool, pack_broken, pack_rows, unpack
from sanzhixin.errors import InputError, OutputError, SchemaError
from sanzhixin.records import write_county
from sanzhixin.records.parquet_files import ArrowRows, raw_from_arrow
from sanzhixin.records.raw import BrokenRow, RawTable
from sanzhixin.records.reading import read_file
from sanzhixin.simulate import simulate_county

SIZES = (1, 5, 20_000)


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def write_rows(path, rows):
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)


def spoil_households(rows):
    rows[2][2] = ""  # no number of the consent
    rows += [list(rows[5]), [" ", *rows[6][1:]], [*rows[7], "one too many"]]


def spoil_ratings(rows):
    rows[20][rows[0].index("rater_id")] = "R-unknown"
    rows[21][rows[0].index("FS01")] = "9"
    rows.append(list(rows[9]))
    rows.append([*rows[12][:-1], "12345"])
    rows.insert(30, [rows[3][0], "H-unknown", *rows[3][2:]])
    rows.insert(4, rows[3][:-2])


def spoil_events(rows):
    """Give an event the key of another household's, twice, repeat one, and spoil a level."""
    first, middle = rows[1][0], len(rows) // 2
    rows += [[first, *rows[-1][1:]], [first, *rows[middle][1:]], list(rows[2])]
    rows += [[rows[3][0], *rows[4][1:3], "no such level", *rows[4][4:]]]


SPOIL = {
    "households": spoil_households,
    "ratings": spoil_ratings,
    "events": spoil_events,
    "raters": lambda rows: rows[3].__setitem__(rows[0].index("role"), "no role"),
}


@pytest.fixture
def messy(folder):
    """A folder in which most things that go wrong across rows and tables go wrong."""
    for table, spoil in SPOIL.items():
        path = folder / f"{table}.csv"
        rows = rows_of(path)
        spoil(rows)
        write_rows(path, rows)
    return folder


def split_by_file(folder, parts):
    """Deal the rows of each table out to several files, in turn."""
    for path in list(folder.glob("*.csv")):
        header, *rows = rows_of(path)
        for part in range(parts):
            write_rows(folder / f"{path.stem}_V{part}.csv", [header, *rows[part::parts]])
        path.unlink()


def as_workbook(folder):
    """Put all tables into one workbook, numbers and dates as Excel holds them."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for path in sorted(folder.glob("*.csv")):
        sheet = book.create_sheet(path.stem)
        for place, row in enumerate(rows_of(path)):
            sheet.append([cell if place == 0 else excel_cell(cell) for cell in row])
        path.unlink()
    book.save(folder / "county.xlsx")


def excel_cell(text):
    if text.isdigit() and len(text) < 12:
        return int(text)
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return text or None


def as_parquet(folder):
    """Write every table as Parquet; rows that do not fit under the header have no place there."""
    for path in list(folder.glob("*.csv")):
        header, *rows = rows_of(path)
        rows = [row for row in rows if len(row) == len(header)]
        columns = {name: [row[k] or None for row in rows] for k, name in enumerate(header)}
        pq.write_table(pa.table(columns), folder / f"{path.stem}.parquet", row_group_size=7)
        path.unlink()


WRONG = {
    *("missing", "duplicate_copy", "duplicate_differs", "household_unknown", "household_rejected"),
    *("rater_unknown", "rater_rejected", "rating_scale", "level_unknown", "choice_unknown"),
}
LAYOUTS = {
    "one file per table": lambda folder: None,
    "five files per table": lambda folder: split_by_file(folder, 5),
    "one workbook": as_workbook,
    "parquet": as_parquet,
}


@pytest.mark.parametrize("lay", LAYOUTS.values(), ids=LAYOUTS)
def test_ranges_reject_exactly_what_a_county_at_once_rejects(messy, model, tmp_path, lay):
    """Rejected rows, reasons, places, counts and notes do not depend on the size of a range."""
    lay(messy)
    whole = take_in(messy, model.scheme)
    write_quarantine(whole.done.rejected, tmp_path / "expected.csv")
    expected = (tmp_path / "expected.csv").read_bytes()
    assert set(whole.done.rejected["code"]) >= WRONG
    for size in SIZES:
        done = score_folder(
            messy, model, tmp_path / f"out{size}", options=RunOptions(chunk_rows=size)
        )
        assert done.quarantine.read_bytes() == expected
        assert done.counts == whole.counts
        assert list(done.notes) == list(whole.done.notes)
        written = pq.read_table(done.proposals)["household_id"].to_pylist()
        assert written == sorted(whole.done.county.households["household_id"])


def test_a_key_that_stands_in_two_ranges_names_the_other_row(messy, model, tmp_path):
    """Rows of one event_id in two households are refused although no range sees both."""
    done = score_folder(messy, model, tmp_path / "out", options=RunOptions(chunk_rows=1))
    told = done.rejected[done.rejected["code"] == "duplicate_differs"]
    events = told[told["table"] == "events"]
    assert len(events) >= 3
    assert events["reason_en"].str.contains("events.csv, line ").all()


def test_the_order_of_files_and_rows_does_not_move_a_proposal(messy, model, tmp_path):
    """Proposals of shuffled rows in several files are those of the sorted ones."""
    before = score_folder(messy, model, tmp_path / "one", options=RunOptions(chunk_rows=4))
    for path in messy.glob("*.csv"):
        header, *rows = rows_of(path)
        Random(5).shuffle(rows)
        write_rows(path, [header, *rows])
    split_by_file(messy, 3)
    after = score_folder(messy, model, tmp_path / "two", options=RunOptions(chunk_rows=4))
    assert after.proposals.read_bytes() == before.proposals.read_bytes()


def test_rows_that_another_run_swept_away_are_never_taken_for_none(
    folder, model, tmp_path, monkeypatch
):
    """A second run into the same folder ends the first, which publishes nothing."""
    accept = run.accept_range

    def sweep(layout, number):
        for path in (tmp_path / "out").glob(".sanzhixin-*/rows-0-*"):
            path.unlink()
        return accept(layout, number)

    monkeypatch.setattr(run, "accept_range", sweep)
    with pytest.raises(OutputError) as caught:
        score_folder(folder, model, tmp_path / "out")
    assert caught.value.code == "parts_of_another_run"
    assert not (tmp_path / "out" / "_SUCCESS").exists()


@pytest.mark.parametrize("marks", [{"header": "第一项"}, {"cells": "x"}], ids=str)
def test_what_a_parquet_file_says_of_its_columns_moves_nothing(folder, model, tmp_path, marks):
    """Names that the spool uses for itself stand in the file's own metadata."""
    before = score_folder(folder, model, tmp_path / "one").proposals.read_bytes()
    as_parquet(folder)
    table = pq.read_table(folder / "ratings.parquet")
    fields = [field.with_metadata(marks) for field in table.schema]
    pq.write_table(table.cast(pa.schema(fields)), folder / "ratings.parquet")
    assert score_folder(folder, model, tmp_path / "two").proposals.read_bytes() == before


@pytest.mark.parametrize("kind", [pa.string_view(), pa.uint64()], ids=str)
def test_types_of_arrow_that_few_use_are_read(folder, county, model, tmp_path, kind):
    """Views of text, and unsigned numbers with blanks among them."""
    before = score_folder(folder, model, tmp_path / "one").proposals.read_bytes()
    as_parquet(folder)
    path = folder / ("ratings.parquet" if kind == pa.string_view() else "proposals.parquet")
    table = pq.read_table(path)
    name = "household_id" if kind == pa.string_view() else "council_limit_yuan"
    place = table.schema.get_field_index(name)
    cells = (
        table[name].cast(pa.int64()).cast(kind) if kind == pa.uint64() else table[name].cast(kind)
    )
    pq.write_table(table.set_column(place, name, cells.cast(kind)), path)
    assert score_folder(folder, model, tmp_path / "two").proposals.read_bytes() == before


@pytest.mark.parametrize(
    "name", ["registers.et", "官方记录.ods", "events.csv.zip", "ratings_V1.tsv"]
)
def test_a_table_in_a_file_that_is_not_read_is_refused(folder, model, tmp_path, name):
    """It would be missing without a word, and its gates with it."""
    (folder / name).write_bytes(b"x")
    with pytest.raises(InputError) as caught:
        score_folder(folder, model, tmp_path / "out")
    assert caught.value.code == "file_kind"


@pytest.mark.parametrize("name", ["notes.docx", "events.csv.sha256", ".events.et", "report.json"])
def test_a_file_that_is_no_table_is_left_alone(folder, model, tmp_path, name):
    (folder / name).write_bytes(b"x")
    assert score_folder(folder, model, tmp_path / "out").exit_code == 0


def test_a_parquet_file_without_rows_is_a_table_without_rows(folder, county, model, tmp_path):
    """What an export of an empty table looks like; pyarrow states no page of data for it."""
    (folder / "registers.csv").unlink(missing_ok=True)
    county.registers.iloc[:0].to_parquet(folder / "registers.parquet")
    done = score_folder(folder, model, tmp_path / "out")
    assert next(count for count in done.counts if count.table == "registers").n_in == 0
    assert [note.file for note in done.notes] == ["registers.parquet"]


@pytest.mark.parametrize("size", [1, 20_000])
def test_a_folder_without_any_row_gives_an_empty_table(folder, model, tmp_path, size):
    """No household: no row is written, each file is told to be empty, and nothing fails."""
    for path in folder.glob("*.csv"):
        write_rows(path, rows_of(path)[:1])
    done = score_folder(folder, model, tmp_path / "out", options=RunOptions(chunk_rows=size))
    assert (done.exit_code, pq.read_table(done.proposals).num_rows) == (0, 0)
    assert list(done.notes) == list(take_in(folder, model.scheme).done.notes)
    assert {count.n_in for count in done.counts} == {0}


def test_a_failure_while_reading_leaves_no_trace(folder, model, tmp_path):
    """Rows that were put aside are removed when a later file cannot be read."""
    (folder / "ratings.csv").write_bytes(b"\x00\x01")
    with pytest.raises(InputError):
        score_folder(folder, model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_households_is_refused(folder, model, tmp_path):
    (folder / "households.csv").unlink()
    with pytest.raises(SchemaError) as caught:
        score_folder(folder, model, tmp_path / "out")
    assert caught.value.code == "table_missing"


def test_a_dry_run_counts_as_a_run_does(messy, model, tmp_path):
    done = score_folder(messy, model, tmp_path / "out")
    dry = score_folder(messy, model, tmp_path / "dry", options=RunOptions(dry_run=True))
    assert (dry.counts, dry.exit_code, dry.proposals) == (done.counts, done.exit_code, None)
    assert dry.rejected.equals(done.rejected)
    assert not (tmp_path / "dry").exists()


def test_rows_that_wait_are_private_and_gone_at_the_end(folder, model, tmp_path, monkeypatch):
    """The spool is a folder for its owner alone; nothing of it is left."""
    seen = []
    accept = run.accept_range

    def look(layout, number):
        place = next((tmp_path / "out").glob(".sanzhixin-*"))
        seen.append(
            (place.stat().st_mode & 0o777, {p.stat().st_mode & 0o777 for p in place.iterdir()})
        )
        return accept(layout, number)

    monkeypatch.setattr(run, "accept_range", look)
    score_folder(folder, model, tmp_path / "out")
    assert seen == [(0o700, {0o600})]
    assert not list((tmp_path / "out").glob(".sanzhixin-*"))


CELLS = [
    *(None, "", " a", "是", "=1+1", 0, 7, 10**14, -3, 0.1, 1e300, True, False),
    *(dt.datetime(2026, 6, 30, 12, 5, 1, 250), dt.date(2026, 6, 30), dt.time(1, 2, 3)),
    dt.timedelta(days=-1, seconds=5, microseconds=7),
]


def test_cells_of_a_workbook_come_back_with_their_types():
    """What Excel holds, whole numbers and floats apart, is the same after the spool."""
    frame = pd.DataFrame({"a": pd.Series(CELLS, dtype=object), "b": range(len(CELLS))})
    frame.columns = pd.Index(["户号", "户号"], dtype=object)
    raw = RawTable(frame, np.arange(2, len(CELLS) + 2), "f", (BrokenRow(9, ("x", "", "y")),))
    back = unpack(pack_rows(raw), pack_broken(raw.broken), "f")
    assert [(type(c), c) for c in back.frame.iloc[:, 0]] == [(type(c), c) for c in CELLS]
    assert (back.headers, back.lines.tolist(), back.broken) == (
        raw.headers,
        raw.lines.tolist(),
        raw.broken,
    )


def test_rows_of_parquet_come_back_with_their_types(county, tmp_path):
    """Arrow's types go through the spool as they are: dates, decimals, lists, dictionaries."""
    table = pa.table(
        {
            "d": pa.array([dt.date(2026, 1, 1), None]),
            "t": pa.array([dt.datetime(2026, 1, 1, 3), None], pa.timestamp("ms", "Asia/Shanghai")),
            "n": pa.array([None, 12], pa.decimal128(8, 2)),
            "l": pa.array([[1], None]),
            "s": pa.array(["x", "y"]).dictionary_encode(),
            "f": pa.array([0.5, None], pa.float32()),
        }
    )
    raw = raw_from_arrow(table, "f")
    back = unpack(pack_rows(ArrowRows(table, 2, "f")), None, "f")
    pd.testing.assert_frame_equal(back.frame, raw.frame, check_column_type=False)
    assert back.lines.tolist() == [2, 3]


def test_a_spool_gives_back_what_was_added_in_order(tmp_path):
    spool = Spool(tmp_path, tmp_path)
    assert list(spool.read("rows-0-0-0")) == []
    for k in range(3):
        spool.add("rows-0-0-0", pa.table({"line": [k]}))
    assert [block["line"][0].as_py() for block in spool.read("rows-0-0-0")] == [0, 1, 2]
    spool.drop("rows-0-0-0")
    assert list(tmp_path.iterdir()) == []


def test_a_large_parquet_file_is_read_from_disk_alike(folder, model, tmp_path, monkeypatch):
    """Above the size that is kept in memory the same rows are read, and a change is noticed."""
    as_parquet(folder)
    expected = read_file(folder / "ratings.parquet", model.scheme)
    monkeypatch.setattr("sanzhixin.records.reading._MOST_IN_MEMORY", 0)
    found = read_file(folder / "ratings.parquet", model.scheme)
    assert found.facts == expected.facts
    pd.testing.assert_frame_equal(found.tables[0][1].frame, expected.tables[0][1].frame)


def test_a_file_that_changes_while_it_is_read_is_refused(folder, model, tmp_path, monkeypatch):
    as_parquet(folder)
    monkeypatch.setattr("sanzhixin.records.reading._MOST_IN_MEMORY", 0)
    path = folder / "ratings.parquet"
    from sanzhixin.records.reading import open_file

    opened = open_file(path, model.scheme)
    next(opened.blocks)
    with path.open("ab") as stream:
        stream.write(b"\0")
    with pytest.raises(InputError) as caught:
        list(opened.blocks)
    assert caught.value.code == "file_changed"


def test_memory_of_a_run_does_not_hold_the_county(model, tmp_path):
    """No range holds more households than asked for, whatever the number of files."""
    county = simulate_county(villages=3, households_per_village=9, seed=3)
    write_county(county, tmp_path / "county")
    seen = []
    done = score_folder(
        tmp_path / "county",
        model,
        tmp_path / "out",
        options=RunOptions(chunk_rows=10),
        progress=lambda count, total: seen.append((count, total)),
    )
    assert seen == [(10, 27), (20, 27), (27, 27)]
    assert done.households.accepted == 27
