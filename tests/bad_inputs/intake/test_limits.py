"""Every limit of the intake: a file at the limit is read, one beyond it is refused and told why."""

from __future__ import annotations

import gzip
import io

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from sanzhixin.errors import InputError
from sanzhixin.records import csv_files, reading, xlsx_files
from sanzhixin.records import parquet_files as pq_files
from sanzhixin.records.reading import read_file

FRAME = pd.DataFrame(
    {"household_id": [f"H{k}" for k in range(50)], "override_reason": ["x" * 9] * 50}
)
LONG = pd.DataFrame({"household_id": ["H1"] * 10, "override_reason": ["好" * 40, *"x" * 9]})


def csv(frame=FRAME):
    return frame.to_csv(index=False).encode()


def xlsx(frame=FRAME):
    book = openpyxl.Workbook()
    book.active.title = "授信建议"
    for row in [list(frame), *frame.to_numpy().tolist()]:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def parquet(frame=FRAME, **options):
    stream = io.BytesIO()
    frame.to_parquet(stream, **options)
    return stream.getvalue()


def pages(data):
    meta = pq.ParquetFile(io.BytesIO(data)).metadata
    return sum(1 + meta.row_group(0).column(k).has_dictionary_page for k in range(2))


CSV, XLSX, PARQUET = csv(), xlsx(), parquet()
PLAIN = parquet(use_dictionary=False, compression="zstd")
PACKED = gzip.compress(CSV)
LONG_PARQUET = parquet(LONG)
# module, constant, what it is set to, file, content, words of the message
LIMITS = [
    (reading, "_MAX_FILE", len(CSV), "proposals.csv", CSV, "size is"),
    (reading, "_MAX_UNPACKED", len(CSV), "proposals.csv.gz", PACKED, "unpacked size"),
    (reading, "_MAX_MEMBERS", 3, "proposals.csv.gz", gzip.compress(b"") * 2 + PACKED, "members"),
    (pq_files, "_MAX_COLUMNS", 2, "proposals.parquet", PARQUET, "number of columns"),
    (pq_files, "_MAX_PARQUET_ROWS", 50, "proposals.parquet", PARQUET, "number of rows"),
    (pq_files, "_MAX_PARQUET_CELLS", 100, "proposals.parquet", PARQUET, "number of cells"),
    (pq_files, "_MAX_PAGES", pages(PARQUET), "proposals.parquet", PARQUET, "number of pages"),
    (csv_files, "_MAX_COLUMNS", 2, "proposals.csv", CSV, "number of columns"),
    (xlsx_files, "_MAX_ROWS", 51, "授信建议.xlsx", XLSX, "number of rows"),
    (xlsx_files, "_MAX_COLUMNS", 2, "授信建议.xlsx", XLSX, "number of columns"),
    (xlsx_files, "_MAX_GRID_COLUMNS", 2, "授信建议.xlsx", XLSX, "number of columns"),
    (xlsx_files, "_MAX_CELL", 15, "授信建议.xlsx", XLSX, "a cell"),
]


@pytest.mark.parametrize("case", LIMITS, ids=lambda case: f"{case[1]}-{case[3]}")
def test_a_file_at_the_limit_is_read_and_one_beyond_is_refused(tmp_path, scheme, monkeypatch, case):
    module, name, limit, file, content, words = case
    (tmp_path / file).write_bytes(content)
    monkeypatch.setattr(module, name, limit)
    ((_, raw),) = read_file(tmp_path / file, scheme).tables
    assert len(raw.frame) == 50
    monkeypatch.setattr(module, name, limit - 1)
    with pytest.raises(InputError, match=words) as caught:
        read_file(tmp_path / file, scheme)
    assert caught.value.code == "file_too_large"


def smallest(module, name, path, scheme, monkeypatch, most):
    """The smallest value of a limit at which a file is read, by halving."""
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        monkeypatch.setattr(module, name, middle)
        try:
            read_file(path, scheme)
            high = middle
        except InputError:
            low = middle
    return high


# limits of what is not counted in one place: the bytes or elements that a file really needs
NEEDS = [
    (xlsx_files, "_MAX_ENTRIES", "授信建议.xlsx", XLSX, "number of parts", (8, 12)),
    (xlsx_files, "_MAX_BYTES", "授信建议.xlsx", XLSX, "unpacked size", (15_000, 25_000)),
    (xlsx_files, "_MAX_CELLS", "授信建议.xlsx", XLSX, "number of cells", (102, 200)),
    (xlsx_files, "_MAX_PLAIN", "授信建议.xlsx", XLSX, "a part or row in bytes", (5_000, 15_000)),
    (xlsx_files, "_MAX_ELEMENTS", "授信建议.xlsx", XLSX, "number of elements", (50, 300)),
    (
        pq_files,
        "_MAX_PARQUET_BYTES",
        "proposals.parquet",
        PARQUET,
        "unpacked size",
        (500, 2_000),
    ),
    (pq_files, "_MAX_TEXT", "proposals.parquet", LONG_PARQUET, "a cell in bytes", (120, 120)),
]


@pytest.mark.parametrize("case", NEEDS, ids=lambda case: case[1])
def test_a_file_needs_as_much_as_it_holds_and_no_less(tmp_path, scheme, monkeypatch, case):
    module, name, file, content, words, wanted = case
    path = tmp_path / file
    path.write_bytes(content)
    if name == "_MAX_TEXT":  # texts are looked at where the whole could be large
        monkeypatch.setattr(pq_files, "_FREE_PARQUET", 600)
        monkeypatch.setattr(pq_files, "_MAX_PARQUET_RATIO", 0)
    need = smallest(module, name, path, scheme, monkeypatch, 1_000_000)
    assert wanted[0] <= need <= wanted[1]
    monkeypatch.setattr(module, name, need - 1)
    with pytest.raises(InputError, match=words) as caught:
        read_file(path, scheme)
    assert caught.value.code == "file_too_large"


@pytest.mark.parametrize(("length", "is_read"), [(131_072, True), (131_073, False)])
@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_a_cell_of_text_has_a_longest_length(tmp_path, scheme, length, is_read, suffix):
    content = csv(pd.DataFrame({"household_id": ["H1"], "override_reason": ["x" * length]}))
    path = tmp_path / f"proposals.{suffix}"
    path.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
    if is_read:
        assert len(read_file(path, scheme).tables[0][1].frame) == 1
        return
    with pytest.raises(InputError, match="a cell is > 131072"):
        read_file(path, scheme)


@pytest.mark.parametrize("kind", ["gzip", "xlsx", "parquet"])
def test_small_files_may_have_any_ratio_and_large_ones_only_so_much(
    tmp_path, scheme, monkeypatch, kind
):
    frame = pd.DataFrame({"household_id": ["H1"] * 4_000, "override_reason": ["x" * 90] * 4_000})
    name, content, module, free, words = {
        "gzip": ("proposals.csv.gz", gzip.compress(csv(frame)), reading, "_FREE_OF_RATIO", "ratio"),
        "xlsx": ("授信建议.xlsx", xlsx(frame), xlsx_files, "_FREE_OF_RATIO", "ratio"),
        "parquet": (
            "proposals.parquet",
            parquet(frame),
            pq_files,
            "_FREE_PARQUET",
            "unpacked size",
        ),
    }[kind]
    path = tmp_path / name
    path.write_bytes(content)
    assert len(read_file(path, scheme).tables[0][1].frame) == 4_000
    monkeypatch.setattr(module, free, 1_000)
    monkeypatch.setattr(module, "_MAX_RATIO", 5)
    if kind == "parquet":
        monkeypatch.setattr(module, "_MAX_PARQUET_RATIO", 5)
    with pytest.raises(InputError, match=words):
        read_file(path, scheme)


def test_a_large_page_may_not_shrink_too_much(tmp_path, scheme, monkeypatch):
    path = tmp_path / "proposals.parquet"
    path.write_bytes(PLAIN)
    assert len(read_file(path, scheme).tables[0][1].frame) == 50
    monkeypatch.setattr(pq_files, "_MAX_PAGE", 100)
    monkeypatch.setattr(pq_files, "_MAX_RATIO", 3)
    with pytest.raises(InputError, match="compression ratio"):
        read_file(path, scheme)


def test_many_rows_with_few_hundred_days_are_no_bomb(tmp_path, scheme):
    """A day takes eight bytes however many days the dictionary of its column holds."""
    rows = np.arange(160_000)
    frame = pd.DataFrame(
        {
            "event_id": [f"E{k}" for k in rows],
            "household_id": [f"H{k // 8}" for k in rows],
            "code": "ML05",
            "level": "standard",
            "status": "approved",
        }
    )
    for name, spread in (("occurred_on", 1_100), ("recorded_on", 1_090)):
        days = np.datetime64("2023-01-01") + rows % spread
        frame[name] = days.astype("datetime64[s]")
    path = tmp_path / "events.parquet"
    frame.to_parquet(path, index=False)
    assert path.stat().st_size < 4_000_000
    ((table, raw),) = read_file(path, scheme).tables
    assert (table, len(raw.frame)) == ("events", len(rows))
