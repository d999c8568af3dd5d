"""Files of any kind, packed texts and CSV, at their real sizes."""

from __future__ import annotations

import gzip
import os
import random

import pytest

from sanzhixin.errors import InputError
from sanzhixin.records import reading
from sanzhixin.records.reading import read_file
from tests.limits.limit import Limit, assert_accepted, assert_refused, ids

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
HEADER = b"household_id,override_reason\n"
ROW = b"H1," + b"x" * 10_000 + b"\n"
NOISE = random.Random(5).randbytes(64 * KIB)


def rows_read(folder, scheme, content, name="proposals.csv"):
    (folder / name).write_bytes(content)
    tables = read_file(folder / name, scheme).tables
    return sum(len(raw.frame) + len(raw.broken) for _, raw in tables)


def text_of(size):
    """A CSV file of so many bytes that shrinks well and has few rows."""
    text = HEADER + ROW * ((size - len(HEADER)) // len(ROW))
    return text[:-1] + b"x" * (size - len(text)) + b"\n"


def read_packed(packed, folder, scheme):
    return rows_read(folder, scheme, packed, "proposals.csv.gz")


def members(count, folder, scheme):
    packed = gzip.compress(HEADER + ROW) + gzip.compress(b"") * (count - 1)
    return read_packed(packed, folder, scheme)


def shrunk_freely(size, folder, scheme):
    packed = gzip.compress(text_of(size))
    assert size > 101 * len(packed)
    return read_packed(packed, folder, scheme)


def shrunk_by(ratio, folder, scheme):
    size = 5 * MIB
    packed = gzip.compress(text_of(size)).ljust(size // ratio, b"\0")  # zeros behind the last
    assert size // len(packed) == ratio
    return read_packed(packed, folder, scheme)


def columns(count, folder, scheme):
    header = ["household_id", "override_reason", *(f"c{k}" for k in range(count - 2))]
    return rows_read(folder, scheme, ",".join(header).encode() + b"\nH1" + b"," * (count - 1))


def delimiters(count, folder, scheme):
    return rows_read(folder, scheme, HEADER + b"H1" + b"," * count + b"\n")


def cell(length, folder, scheme):
    return rows_read(folder, scheme, HEADER + b"H1," + b"x" * length + b"\n")


def header_in_row(number, folder, scheme):
    return rows_read(folder, scheme, b"title\n" * (number - 1) + HEADER + b"H1,x\n")


def header_ends_at(place, folder, scheme):
    title = b"x" * (place - len(HEADER) - 1) + b"\n"
    return rows_read(folder, scheme, title + HEADER + b"H1,x\n" * 9)


LIMITS = [
    Limit("records.reading._MAX_MEMBERS", 20_000, "file_too_large", members, "members is 20001"),
    Limit("records.reading._FREE_OF_RATIO", 4 * MIB, "file_too_large", shrunk_freely, "ratio is"),
    Limit("records.reading._MAX_RATIO", 100, "file_too_large", shrunk_by, "ratio is 101, above"),
    Limit("records.csv_files._MAX_COLUMNS", 512, "file_too_large", columns, "columns is 513"),
    Limit(
        "records.csv_files._MAX_DELIMITERS",
        16_384,
        "file_too_large",
        delimiters,
        "columns is 16386, above the limit of 512",
    ),
    Limit("records.csv_files._MAX_CELL", 131_072, "file_too_large", cell, "a cell is > 131072"),
    Limit("records.csv_files._HEADER_WITHIN", 10, "file_empty", header_in_row, "first 10 rows"),
    Limit("records.csv_files._HEAD_CHARS", 20_000, "file_empty", header_ends_at),
]


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_a_text_file_at_the_limit_is_read(limit, tmp_path, scheme):
    assert_accepted(limit, tmp_path, scheme)


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_a_text_file_beyond_the_limit_is_refused(limit, tmp_path, scheme):
    assert_refused(limit, tmp_path, scheme)


# records.reading._MAX_FILE: 2 GiB are read into memory, so the largest file that is read is a
# small one under a small limit
def test_a_file_of_the_largest_size_is_read_under_a_small_limit(tmp_path, scheme, monkeypatch):
    content = HEADER + ROW
    monkeypatch.setattr(reading, "_MAX_FILE", len(content))
    assert rows_read(tmp_path, scheme, content) == 1


@pytest.mark.parametrize("name", ["proposals.csv", "proposals.csv.gz", "a.xlsx", "loans.parquet"])
def test_a_file_of_one_byte_more_than_2_gib_is_refused_unread(tmp_path, scheme, name):
    path = tmp_path / name
    path.touch()
    os.truncate(path, 2 * GIB + 1)  # a hole: takes no room on the disk
    with pytest.raises(InputError, match="size is 2147483649, above the limit of 2147483648"):
        read_file(path, scheme)


# records.reading._MAX_UNPACKED: 512 MiB of text would be kept, so the largest that is read is a
# small one under a small limit
def test_a_text_of_the_largest_unpacked_size_is_read_under_a_small_limit(
    tmp_path, scheme, monkeypatch
):
    content = HEADER + ROW
    monkeypatch.setattr(reading, "_MAX_UNPACKED", len(content))
    assert read_packed(gzip.compress(content), tmp_path, scheme) == 1


def test_a_text_that_unpacks_to_one_byte_more_than_512_mib_is_refused(tmp_path, scheme):
    member = gzip.compress(NOISE + b"x" * (MIB - len(NOISE)))
    with pytest.raises(InputError, match="unpacked size in bytes is 536870913, above") as caught:
        read_packed(member * 512 + gzip.compress(b"x"), tmp_path, scheme)
    assert caught.value.code == "file_too_large"
