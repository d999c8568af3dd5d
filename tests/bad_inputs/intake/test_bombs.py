"""Files that are small on disk and large in memory: each is refused in 2 seconds and 200 MB."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sanzhixin.errors import InputError
from sanzhixin.records.reading import read_file
from sanzhixin.scheme import load_scheme

MOST_SECONDS, MOST_MB = 2.0, 200.0
SEEN_BY_CARELESS_READERS = (
    "cell_of_300_mb.xlsx",
    "proposals_one_cell.csv.gz",
    "proposals_one_text_of_300_mb.parquet",
)
METER = Path(__file__).with_name("bomb_meter.py")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
MB = 1 << 20
ZEROS = b"0" * MB
NOISE = random.Random(5).randbytes(6 * MB)  # does not shrink: brings the ratio below 100


# ---------------------------------------------------------------- workbooks, part by part


def text_cell(place, text):
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'.encode()


HEADER = b'<row r="1">' + text_cell("A1", "户号") + text_cell("B1", "调整理由") + b"</row>"
OPEN = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode() + HEADER
CLOSE = b"</sheetData></worksheet>"
GOOD = [OPEN, b'<row r="2">', text_cell("A2", "H1"), text_cell("B2", "x"), b"</row>", CLOSE]


def package(path, sheet=GOOD, *, extra=(), before=(), sheets=1, spoil=None):
    """Write a workbook of given sheet XML; `extra` parts may be of any size, block by block."""
    names = "".join(
        f'<sheet name="授信建议{k or ""}" sheetId="{k + 1}" r:id="rId1"/>' for k in range(sheets)
    )
    parts = {
        "[Content_Types].xml": [
            f'<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/sharedStrings.xml" ContentType="{TYPE}.sharedStrings+xml"/>'
            "</Types>".encode()
        ],
        "_rels/.rels": [
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'.encode()
        ],
        "xl/workbook.xml": [
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{names}</sheets>'.encode(),
            b"</workbook>",
        ],
        "xl/_rels/workbook.xml.rels": [
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
            "</Relationships>".encode()
        ],
        "xl/styles.xml": [f'<styleSheet xmlns="{MAIN}"></styleSheet>'.encode()],
        "xl/sharedStrings.xml": [f'<sst xmlns="{MAIN}"></sst>'.encode()],
        "xl/worksheets/sheet1.xml": sheet,
    }
    parts |= dict(before) | dict(extra)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name, blocks in parts.items():
            with book.open(name, "w", force_zip64=True) as stream:
                for block in blocks:
                    stream.write(block)
        if spoil is not None:
            spoil({entry.filename: entry for entry in book.filelist}, book)


def rows_of(count, before=b"<row><c><v>1</v></c></row>"):
    block = before * 10_000
    return [OPEN, *(block for _ in range(count // 10_000)), CLOSE]


def long_cell(megabytes):
    start, end = b'<row r="2">' + text_cell("A2", "H1") + b'<c r="B2" t="inlineStr"><is><t>', b""
    end = b"</t></is></c></row>"
    return [OPEN, start, *(ZEROS for _ in range(megabytes)), end, CLOSE]


def doctype(inner, body=b""):
    head = b'<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE worksheet [' + inner + b"]>"
    row = b'<row r="2">' + text_cell("A2", "H1") + b"<c><v>" + body + b"</v></c></row>"
    return [head, OPEN, row, CLOSE]


LAUGHS = b'<!ENTITY a0 "ha">' + b"".join(
    b'<!ENTITY a%d "%s">' % (k, b"&a%d;" % (k - 1) * 10) for k in range(1, 10)
)
PADDING = [("xl/padding.bin", [NOISE])]


def stated_size(name, size, prefix=b""):
    def spoil(entries, _book):
        entries[name].file_size = size
        entries[name].CRC = zlib.crc32(prefix)

    return spoil


def packed_size(name, size):
    def spoil(entries, _book):
        entries[name].compress_size = size

    return spoil


def repeated(name, count):
    def spoil(entries, book):
        book.filelist.extend([entries[name]] * count)

    return spoil


def nested_zip(path):
    inner = io.BytesIO()
    with (
        zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as book,
        book.open("0.xml", "w", force_zip64=True) as stream,
    ):
        for _ in range(64):
            stream.write(ZEROS)
    with zipfile.ZipFile(path, "w") as book:
        for k in range(16):
            book.writestr(f"lib{k}.zip", inner.getvalue())


def many_parts(path, count):
    package(path, extra=[(f"xl/none/{k}.xml", [b"<a/>"]) for k in range(count - 7)])


def utf16_sheet(path):
    text = b"".join(doctype(LAUGHS, b"&a9;")).decode().replace("UTF-8", "UTF-16")
    package(path, [text.encode("utf-16")])


def rich_cell():
    run = b"<r><t>" + b"x" * 30_000 + b"</t></r>"
    start = b'<row r="2">' + text_cell("A2", "H1") + b'<c r="B2" t="inlineStr"><is>'
    return [OPEN, start, *(run for _ in range(5_000)), b"</is></c></row>", CLOSE]


def shared(*blocks):
    return [("xl/sharedStrings.xml", [f'<sst xmlns="{MAIN}">'.encode(), *blocks, b"</sst>"])]


def styles(count):
    block = b'<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>' * 1_000
    start = f'<styleSheet xmlns="{MAIN}"><cellXfs>'.encode()
    return [
        (
            "xl/styles.xml",
            [start, *(block for _ in range(count // 1_000)), b"</cellXfs></styleSheet>"],
        )
    ]


WORKBOOKS = {
    "zeros.xlsx": ("file_too_large", lambda p: package(p, extra=[("xl/a.xml", [ZEROS] * 513)])),
    "sheet_of_zeros.xlsx": ("file_too_large", lambda p: package(p, [OPEN, *[ZEROS] * 40, CLOSE])),
    "ratio_just_above_100.xlsx": (
        "file_too_large",
        lambda p: package(p, extra=[("xl/a.bin", [NOISE[: 40 << 10], *[ZEROS] * 8])]),
    ),
    "nested_zip.xlsx": ("file_unreadable", nested_zip),
    "embedded_zip.xlsx": (
        "workbook_active",
        lambda p: package(p, extra=[("xl/embeddings/book.xlsx", [b"PK\3\4"])]),
    ),
    "2001_parts.xlsx": ("file_too_large", lambda p: many_parts(p, 2_001)),
    "half_a_million_parts.xlsx": (
        "file_too_large",
        lambda p: package(p, spoil=repeated("xl/styles.xml", 500_000)),
    ),
    "zip64_states_100_gb.xlsx": (
        "file_too_large",
        lambda p: package(p, spoil=stated_size("xl/worksheets/sheet1.xml", 100 << 30)),
    ),
    "workbook_states_too_little.xlsx": (
        "file_unreadable",
        lambda p: package(
            p,
            before=[("xl/workbook.xml", [b"<workbook", b" " * MB, *[b" " * MB] * 100, b"/>"])],
            spoil=stated_size("xl/workbook.xml", 9, b"<workbook"),
        ),
    ),
    "sheet_states_too_little.xlsx": (
        "file_unreadable",
        lambda p: package(
            p,
            long_cell(120),
            spoil=stated_size("xl/worksheets/sheet1.xml", len(OPEN), OPEN),
        ),
    ),
    "packed_size_hides_the_ratio.xlsx": (
        "file_too_large",
        lambda p: package(
            p, long_cell(120), spoil=packed_size("xl/worksheets/sheet1.xml", 99 * MB)
        ),
    ),
    "one_part_1900_times.xlsx": (
        "file_too_large",
        lambda p: package(p, extra=[("xl/a.xml", [ZEROS])], spoil=repeated("xl/a.xml", 1_900)),
    ),
    "three_million_rows.xlsx": (
        "file_too_large",
        lambda p: package(p, rows_of(3_000_000), extra=PADDING),
    ),
    "three_million_rows_with_a_prefix.xlsx": (
        "file_too_large",
        lambda p: package(
            p,
            [b.replace(b"<row>", b"<x:row>") for b in rows_of(3_000_000)],
            extra=PADDING,
        ),
    ),
    "three_million_rows_in_other_words.xlsx": (
        "file_too_large",
        lambda p: package(p, rows_of(1_400_000, b"<row\n><c><v>1</v></c></row>"), extra=PADDING),
    ),
    "thirty_million_cells.xlsx": (
        "file_too_large",
        lambda p: package(p, rows_of(60_000, b"<row>" + b"<c/>" * 500 + b"</row>"), extra=PADDING),
    ),
    "cell_at_the_far_corner.xlsx": (
        "file_too_large",
        lambda p: package(
            p, [OPEN, b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', CLOSE]
        ),
    ),
    "cell_beyond_the_corner.xlsx": (
        "file_too_large",
        lambda p: package(p, [OPEN, b'<row r="2"><c r="ZZZZ2"><v>1</v></c></row>', CLOSE]),
    ),
    "row_999999999.xlsx": (
        "file_too_large",
        lambda p: package(p, [OPEN, b'<row r="999999999"><c><v>1</v></c></row>', CLOSE]),
    ),
    "cell_of_300_mb.xlsx": ("file_too_large", lambda p: package(p, long_cell(300))),
    "cell_of_300_mb_padded.xlsx": (
        "file_too_large",
        lambda p: package(p, long_cell(300), extra=PADDING),
    ),
    "shared_text_of_100_mb.xlsx": (
        "file_too_large",
        lambda p: package(p, extra=[*shared(b"<si><t>", *[ZEROS] * 100, b"</t></si>"), *PADDING]),
    ),
    "cell_of_many_runs.xlsx": ("file_too_large", lambda p: package(p, rich_cell(), extra=PADDING)),
    "attribute_of_60_mb.xlsx": (
        "file_too_large",
        lambda p: package(
            p, [OPEN, b'<row r="2" a="', *[ZEROS] * 60, b'"/>', CLOSE], extra=PADDING
        ),
    ),
    "comment_of_60_mb.xlsx": (
        "file_too_large",
        lambda p: package(p, [b"<!--", *[b"<" * MB] * 60, b"-->", *GOOD], extra=PADDING),
    ),
    "theme_of_60_mb.xlsx": (
        "file_too_large",
        lambda p: package(p, extra=[("xl/theme/theme1.xml", [ZEROS] * 60), *PADDING]),
    ),
    "five_million_formats.xlsx": (
        "file_too_large",
        lambda p: package(p, extra=[*styles(5_000_000), *PADDING]),
    ),
    "a_million_nested_elements.xlsx": (
        "file_too_large",
        lambda p: package(p, [OPEN, b"<a>" * 1_000_000, b"</a>" * 1_000_000, CLOSE], extra=PADDING),
    ),
    "a_million_elements_in_a_row.xlsx": (
        "file_too_large",
        lambda p: package(p, [OPEN, b'<row r="2">', b"<a/>" * 1_000_000, b"</row>", CLOSE]),
    ),
    "one_part_as_500_sheets.xlsx": (
        "file_unreadable",
        lambda p: package(p, rows_of(20_000), sheets=500, extra=PADDING),
    ),
    "billion_laughs.xlsx": ("file_unreadable", lambda p: package(p, doctype(LAUGHS, b"&a9;"))),
    "quadratic_blowup.xlsx": (
        "file_unreadable",
        lambda p: package(p, doctype(b'<!ENTITY a "' + ZEROS + b'">', b"&a;" * 3_000)),
    ),
    "external_entity.xlsx": (
        "file_unreadable",
        lambda p: package(p, doctype(b'<!ENTITY a SYSTEM "file:///etc/passwd">', b"&a;")),
    ),
    "laughs_in_utf16.xlsx": ("file_unreadable", utf16_sheet),
    "laughs_in_shared_texts.xlsx": (
        "file_unreadable",
        lambda p: package(
            p,
            extra=[
                (
                    "xl/sharedStrings.xml",
                    [b"<!DOCTYPE sst [", LAUGHS, b"]><sst><si><t>&a9;</t></si></sst>"],
                )
            ],
        ),
    ),
    "external_link.xlsx": (
        "workbook_active",
        lambda p: package(p, extra=[("xl/externalLinks/externalLink1.xml", [b"<externalLink/>"])]),
    ),
    "macros.xlsm": (
        "workbook_active",
        lambda p: package(p, extra=[("xl/vbaProject.bin", [b"\xd0\xcf\x11\xe0"])]),
    ),
    "old_macros.xlsm": (
        "workbook_active",
        lambda p: package(p, extra=[("xl/macrosheets/sheet1.xml", [b"<macrosheet/>"])]),
    ),
    "control.xlsx": (
        "workbook_active",
        lambda p: package(p, extra=[("xl/activeX/activeX1.bin", [b"x"])]),
    ),
}


# ---------------------------------------------------------------- packed and plain text


def packed_csv(path, blocks):
    with gzip.open(path, "wb", compresslevel=1) as stream:
        for block in blocks:
            stream.write(block)


def members(path, content, count):
    path.write_bytes(gzip.compress(content) * count)


CSV_HEADER = "户号,议事会建议额度（元）,调整理由\n".encode()
TEXTS = {
    "proposals_zeros.csv.gz": ("file_too_large", lambda p: members(p, ZEROS, 1_000)),
    "proposals_one_cell.csv.gz": (
        "file_too_large",
        lambda p: packed_csv(p, [CSV_HEADER, b"H1,5,", *[ZEROS] * 300]),
    ),
    "proposals_at_ratio_90.csv.gz": (
        "file_too_large",
        lambda p: members(p, NOISE[:1_024] + b"0" * 90_000, 7_000),
    ),
    "proposals_many_members.csv.gz": ("file_too_large", lambda p: members(p, b"", 500_000)),
    "proposals_nested.csv.gz": (
        "file_encoding",
        lambda p: packed_csv(p, [gzip.compress(gzip.compress(ZEROS * 100))]),
    ),
    "proposals_commas.csv": (
        "file_too_large",
        lambda p: p.write_bytes(CSV_HEADER + b"," * (12 * MB)),
    ),
    "proposals_quote.csv": (
        "file_too_large",
        lambda p: p.write_bytes(CSV_HEADER + b'H1,5,"' + b"0\n" * (6 * MB)),
    ),
}


# ---------------------------------------------------------------- Parquet


def varint(number):
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def thrift(**fields):
    """Write a struct of the compact protocol: ``i1=5`` an integer, ``s5=b""`` a struct, ..."""
    out, last = b"", 0
    for name, value in fields.items():
        kind, number = name[0], int(name[1:])
        out += bytes([(number - last) << 4 | {"i": 5, "q": 6, "b": 8, "l": 9, "s": 12}[kind]])
        last = number
        if kind in "iq":
            out += varint(value << 1)
        elif kind == "b":
            out += varint(len(value)) + value
        elif kind == "l":
            item, items = value
            out += bytes([0xF0 | item]) + varint(len(items)) + b"".join(items)
        else:
            out += value
    return out + b"\0"


def parquet_file(path, schema, pages, *, num_values, rows, stated_bytes=100):
    """Write a Parquet file of one column whose footer may state anything."""
    body = b"PAR1" + b"".join(pages)
    meta = thrift(
        i1=6,
        l2=(5, [varint(0)]),
        l3=(8, [varint(12) + b"household_id"]),
        i4=2,  # gzip
        q5=num_values,
        q6=stated_bytes,
        q7=len(body) - 4,
        q9=4,
    )
    column = thrift(q2=4, s3=meta)
    group = thrift(l1=(12, [column]), q2=stated_bytes, q3=rows)
    footer = thrift(i1=1, l2=(12, schema), q3=rows, l4=(12, [group] if pages else []))
    path.write_bytes(body + footer + struct.pack("<I", len(footer)) + b"PAR1")


def schema_of(depth=0):
    nested = [thrift(i3=1, b4=b"g", i5=1)] * depth
    return [thrift(b4=b"schema", i5=1), *nested, thrift(i1=6, i3=0, b4=b"household_id", i6=0)]


def text_page(megabytes, values):
    """A page of one long text; the header may count any number of values."""
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(struct.pack("<I", megabytes * MB))
    packed += b"".join(packer.compress(ZEROS) for _ in range(megabytes)) + packer.flush()
    counts = thrift(i1=values, i2=0, i3=3, i4=3)
    return thrift(i1=0, i2=4 + megabytes * MB, i3=len(packed), s5=counts) + packed


def rows_of_one_value(path, rows, groups, columns=("household_id",), text="V001-0001"):
    array = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), pa.array([text]))
    table = pa.table({name: array for name in columns})
    with pq.ParquetWriter(path, table.schema, compression="zstd", store_schema=False) as writer:
        for _ in range(groups):
            writer.write_table(table, row_group_size=rows)


def one_list(path, count):
    lists = pa.ListArray.from_arrays([0, count], pa.array(np.zeros(count, np.int8)))
    pq.write_table(pa.table({"household_id": lists}), path, compression="zstd")


def one_text(path, megabytes):
    table = pa.table({"household_id": ["x" * (megabytes * MB)]})
    pq.write_table(table, path, compression="zstd", use_dictionary=False, write_statistics=False)


def wide(path, columns):
    pq.write_table(pa.table({f"c{k}": ["x"] for k in range(columns)}), path)


PARQUET = {
    "proposals_100_million_rows.parquet": (
        "file_too_large",
        lambda p: rows_of_one_value(p, 1_000_000, 100),
    ),
    "proposals_17_gb_of_one_value.parquet": (
        "file_too_large",
        lambda p: rows_of_one_value(p, 1_000_000, 9, tuple("abcdefgh"), "x" * 240),
    ),
    "proposals_long_value.parquet": (
        "file_too_large",
        lambda p: rows_of_one_value(p, 1_000_000, 1, text="x" * 100_000),
    ),
    "proposals_one_text_of_300_mb.parquet": ("file_too_large", lambda p: one_text(p, 300)),
    "proposals_footer_hides_300_mb.parquet": (
        "file_too_large",
        lambda p: parquet_file(p, schema_of(), [text_page(300, 1)], num_values=1, rows=1),
    ),
    "proposals_page_of_a_billion.parquet": (
        "file_too_large",
        lambda p: parquet_file(p, schema_of(), [text_page(1, 10**9)], num_values=1, rows=1),
    ),
    "proposals_rows_stated.parquet": (
        "file_too_large",
        lambda p: parquet_file(p, schema_of(), [text_page(1, 1)], num_values=1, rows=10**12),
    ),
    "proposals_page_cut.parquet": (
        "file_unreadable",
        lambda p: parquet_file(p, schema_of(), [text_page(1, 1)[:-9]], num_values=1, rows=1),
    ),
    "proposals_deep.parquet": (
        "file_unreadable",
        lambda p: parquet_file(p, schema_of(150_000), [], num_values=0, rows=0),
    ),
    "proposals_long_list.parquet": ("file_too_large", lambda p: one_list(p, 40_000_000)),
    "proposals_600_columns.parquet": ("file_too_large", lambda p: wide(p, 600)),
}

BOMBS = {**WORKBOOKS, **TEXTS, **PARQUET}


def metered(kind, paths):
    command = [sys.executable, str(METER), kind, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    return {item["file"]: item for item in map(json.loads, done.stdout.splitlines())}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bombs")


@pytest.fixture(scope="module")
def meter(folder):
    paths = []
    for name, (_, make) in BOMBS.items():
        paths.append(folder / name)
        make(paths[-1])
    return metered("ours", paths)


@pytest.mark.parametrize("name", list(BOMBS))
def test_a_bomb_is_refused_fast_and_within_little_memory(meter, name):
    found = meter[name]
    assert found["code"] == BOMBS[name][0]
    assert found["seconds"] < MOST_SECONDS
    assert found["mb"] < MOST_MB


def test_there_are_enough_bombs():
    assert len(BOMBS) >= 30


def test_the_meter_sees_what_a_careless_reader_takes(meter, folder):
    found = metered("naive", [folder / name for name in SEEN_BY_CARELESS_READERS])
    for name in SEEN_BY_CARELESS_READERS:
        assert found[name]["seconds"] > MOST_SECONDS or found[name]["mb"] > MOST_MB
        assert (folder / name).stat().st_size < 2 * MB


@pytest.mark.parametrize("text", ["x", "x" * 100_000])
def test_texts_that_share_their_beginnings_are_not_unpacked(tmp_path, text):
    """A file of 7.5 kB with such a column could hold 1 GB, and no number in it would say so."""
    path = tmp_path / "raters.parquet"
    table = pa.table({"rater_id": pa.array([text] * 10_000)})
    encoding = {"rater_id": "DELTA_BYTE_ARRAY"}
    pq.write_table(table, path, use_dictionary=False, column_encoding=encoding)
    with pytest.raises(InputError) as caught:
        read_file(path, load_scheme("tongxiang"))
    assert caught.value.code == "parquet_encoding"
