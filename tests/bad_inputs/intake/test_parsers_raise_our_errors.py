"""Arbitrary and damaged bytes: every reader answers with a table or with one of our errors."""

from __future__ import annotations

import gzip
import io
import random

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sanzhixin.errors import SanzhixinError
from sanzhixin.records import accept_folder
from sanzhixin.records.folder import read_settings
from sanzhixin.records.reading import read_file

N_USUAL, N_SLOW = 200, 2_000
FRAME = pd.DataFrame(
    {
        "household_id": ["H1", "H2"] * 9,
        "议事会建议额度（元）": [50_000, 60_000] * 9,
        "override_reason": ["同意", "再议"] * 9,
    }
)


def as_xlsx():
    book = openpyxl.Workbook()
    book.active.title = "授信建议"
    for row in [list(FRAME), *FRAME.to_numpy().tolist()]:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


TEXT = FRAME.to_csv(index=False)
TOML = 'as_of = 2026-06-30\n\n[units]\ndebt_yuan = "万元"\n'.encode()
SEEDS = {
    "proposals.csv": TEXT.encode("gb18030"),
    "proposals.txt": TEXT.replace(",", "\t").encode("utf-16"),
    "授信建议.xlsx": as_xlsx(),
    "proposals.parquet": FRAME.to_parquet(),
    "proposals.csv.gz": gzip.compress(TEXT.encode(), mtime=0),
    "county.toml": TOML,
}
STARTS = {
    "授信建议.xlsx": [
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(18),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ],
    "proposals.parquet": [b"PAR1"],
    "proposals.csv.gz": [b"\x1f\x8b\x08\0\0\0\0\0\0\x03", SEEDS["proposals.csv.gz"]],
    "county.toml": [b"as_of = ", b"[units]\n", b'x = "'],
    "proposals.csv": [TEXT[:40].encode("gb18030")],
    "proposals.txt": [b"\xff\xfe", "household_id\toverride_reason\n".encode("utf-16")],
}


@st.composite
def damaged(draw, name):
    """A good file with bytes changed, cut out, doubled or put in, or bytes behind a known start."""
    if draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from([b"", *STARTS[name]])) + draw(st.binary(max_size=300))
    data = bytearray(SEEDS[name])
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 8))
        piece = draw(
            st.one_of(st.binary(max_size=8), st.just(bytes(data[place : place + length]) * 2))
        )
        data[place : place + length] = piece
    return bytes(data)


def read(name, data, folder, scheme):
    path = folder / name
    path.write_bytes(data)
    try:
        if name == "county.toml":
            read_settings(folder)
        else:
            read_file(path, scheme)
    except SanzhixinError as error:
        return error.code
    return "read"


@pytest.mark.parametrize("name", list(SEEDS))
@pytest.mark.parametrize("count", [N_USUAL, pytest.param(N_SLOW, marks=pytest.mark.slow)])
def test_a_reader_raises_our_errors_only(tmp_path, scheme, name, count):
    found = set()

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(data=damaged(name))
    def examine(data):
        found.add(read(name, data, tmp_path, scheme))

    examine()
    assert {"read"} < found


@pytest.mark.parametrize("name", [name for name in SEEDS if name != "county.toml"])
def test_acceptance_of_damaged_files_raises_our_errors_only(folder, scheme, name):
    draw = random.Random(7)
    outcomes = set()
    for _ in range(60):
        data = bytearray(SEEDS[name])
        for _ in range(draw.randint(1, 3)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        (folder / name).write_bytes(bytes(data))
        try:
            done = accept_folder(folder, scheme)
        except SanzhixinError as error:
            outcomes.add(error.code)
        else:
            counts = done.acceptance.tables["proposals"]
            assert counts.n_in == len(counts.accepted) + len(counts.rejected)
            outcomes.add("read")
    assert outcomes - {"read"}


def test_the_harness_sees_what_a_careless_reader_raises(tmp_path, scheme):
    draw = random.Random(3)
    readers = {"proposals.csv": pd.read_csv, "授信建议.xlsx": pd.read_excel}
    for name, reader in readers.items():
        raised = set()
        for _ in range(60):
            data = bytearray(SEEDS[name])
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
            try:
                reader(io.BytesIO(bytes(data)))
            except Exception as error:
                raised.add(type(error).__name__)
        assert raised - {"SanzhixinError"}
