"""CSV files with damaged bytes: refused, or every cell is what its own bytes say."""

from __future__ import annotations

import codecs
import io
import random
from collections import Counter

import pandas as pd
import pytest

from sanzhixin.errors import InputError
from sanzhixin.records.columns import table_spec
from sanzhixin.records.csv_files import read_csv
from sanzhixin.scheme import load_scheme

N_USUAL, N_SLOW = 1_500, 20_000
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16-le", "utf-16-be")
MARKS = {
    "utf-8-sig": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}
HEADERS = (
    ["户号", "议事会建议额度（元）", "客户经理建议额度（元）", "调整理由"],
    ["household_id", "council_limit_yuan", "manager_limit_yuan", "override_reason"],
    ["household_id", "议事会建议额度（元）", "manager_limit_yuan", "override_reason", "备注"],
    ["备注", "household_id", "override_reason"],
)
EVERYDAY = (
    "同意议事会意见因家庭收入稳定建议提高额度信用良好邻里和睦勤劳致富子女孝顺经营正常张王李赵陈"
)
RARE = "𠮷㛃䶮珺喆彧芃旻"
SPEC = table_spec("proposals", load_scheme("tongxiang"))


def encoded(text, encoding):
    return MARKS.get(encoding, b"") + text.encode(encoding.removesuffix("-sig"))


def decoded(data, encoding):
    """The strict decoding in the family in which the file was written."""
    if encoding.startswith("utf-16"):
        return data.decode("utf-16") if data[:2] in MARKS.values() else None
    return data.decode("utf-8-sig" if encoding.startswith("utf-8") else encoding)


def table(draw):
    header = draw.choice(HEADERS)
    rows = [header]
    foreign = draw.choice((0.1, 0.5, 1.0))
    for k in range(draw.choice((1, 2, 3, 12))):
        words = "".join(draw.choices(EVERYDAY, k=draw.randint(1, 9)))
        if draw.random() < 0.05:
            words += draw.choice(RARE)
        row = [f"H{k}", "50000", "60000", words if draw.random() < foreign else "ok", "x"]
        rows.append(row[: len(header)] if header[0] != "备注" else [row[3], row[0], "ok"])
    return rows


def damaged(data, draw):
    data = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 6))):
        place = draw.randrange(len(data))
        kind = draw.randrange(5)
        if kind < 3:
            data[place] = draw.randrange(256) if kind else data[place] ^ (1 << draw.randrange(8))
        elif kind == 3:
            data.insert(place, draw.randrange(256))
        elif len(data) > 1:
            del data[place]
    return bytes(data)


def cells_of(text):
    """Cells by the rules of RFC 4180, one list per line with any text; no quotes are written."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [[cell.lstrip(" ") for cell in line.split(",")] for line in lines]


def is_silent(read, data, encoding):
    """Tell whether a reader takes the file and has a cell that its bytes do not say."""
    try:
        frame, lines, broken = read(data)
    except InputError:
        return False
    try:
        text = decoded(data, encoding)
    except UnicodeDecodeError:
        text = None
    if text is None:
        return True
    taken = [[str(cell) for cell in row] for row in frame.to_numpy().tolist()]
    if {'"', ";", "\t"}.intersection(text):  # another reading of rows is right: only whole cells
        cells = {cell for row in taken for cell in row}
        return any(c not in text and c.replace('"', '""') not in text for c in cells)
    rows = dict(enumerate(cells_of(text), start=1))
    said = [rows.get(line) for line in lines]
    cut = [(list(row.cells), rows.get(row.line)) for row in broken]
    return (
        taken != said
        or list(map(str, frame.columns)) not in rows.values()
        or any(cells != line for cells, line in cut)
    )


def ours(data):
    raw = read_csv(data, SPEC, "proposals.csv")
    return raw.frame, raw.lines.tolist(), raw.broken


def replacing(data):
    for encoding in ("utf-8-sig", "gb18030"):
        text = data.decode(encoding, errors="replace")
        if "\ufffd" not in text or encoding == "gb18030":
            break
    frame = pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False, on_bad_lines="skip")
    return frame, list(range(2, len(frame) + 2)), ()


def trying(data):
    """The usual way: the first encoding that does not fail, whatever the header then says."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        frame = pd.read_csv(
            io.StringIO(text), dtype="str", keep_default_na=False, on_bad_lines="skip"
        )
        return frame, list(range(2, len(frame) + 2)), ()
    raise InputError("file_encoding", file="f")


def corpus(count, seed):
    draw = random.Random(seed)
    for k in range(count):
        encoding = ENCODINGS[k % len(ENCODINGS)]
        rows = table(draw)
        end = draw.choice(("\n", "\r\n"))
        text = end.join(",".join(row) for row in rows) + end
        yield damaged(encoded(text, encoding), draw), encoding


def outcomes(count, seed):
    found = Counter()
    for data, encoding in corpus(count, seed):
        try:
            ours(data)
            found[encoding, "read"] += 1
        except InputError:
            found[encoding, "refused"] += 1
        found["silent"] += is_silent(ours, data, encoding)
    return found


def test_damaged_bytes_are_never_silent():
    found = outcomes(N_USUAL, seed=1)
    assert found["silent"] == 0
    assert all(found[encoding, "read"] and found[encoding, "refused"] for encoding in ENCODINGS)


@pytest.mark.slow
def test_damaged_bytes_are_never_silent_in_many_files():
    found = outcomes(N_SLOW, seed=2)
    assert found["silent"] == 0


@pytest.mark.parametrize("reader", [replacing, trying])
def test_the_harness_sees_what_a_careless_reader_takes(reader):
    def read(data):
        try:
            return reader(data)
        except (ValueError, pd.errors.ParserError):
            raise InputError("file_encoding", file="f") from None

    silent = sum(is_silent(read, data, encoding) for data, encoding in corpus(300, seed=3))
    assert silent > 30
