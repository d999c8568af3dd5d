"""Workbooks at the real sizes, written part by part; the directory of the container may lie."""

from __future__ import annotations

import random
import zipfile

import pytest

from sanzhixin.records.reading import read_file
from tests.limits.limit import Limit, assert_accepted, assert_refused, ids

MIB = 1 << 20
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
NOISE = random.Random(5).randbytes(6 * MIB)
STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


def text_cell(place, text):
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def row(number, *cells):
    return f'<row r="{number}">{"".join(cells)}</row>'


def sheet(*rows):
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(rows)}</sheetData></worksheet>'


HEADER = (text_cell("A1", "户号"), text_cell("B1", "调整理由"))
FIRST = row(2, text_cell("A2", "H1"), text_cell("B2", "x"))
GOOD = (row(1, *HEADER), FIRST)
FRAME = {
    "[Content_Types].xml": (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="授信建议" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


def read_book(folder, scheme, *, rows=GOOD, extra=(), state=()):
    """Rows read of a workbook with extra parts (name, content, how it is packed).

    `state` are sizes that the directory states in place of those that are there.
    """
    path = folder / "授信建议.xlsx"
    with zipfile.ZipFile(path, "w", DEFLATED) as book:
        for name, content in (*FRAME.items(), ("xl/worksheets/sheet1.xml", sheet(*rows))):
            book.writestr(name, content)
        for name, content, how in extra:
            book.writestr(name, content, how)
        for name, size in state:
            book.getinfo(name).file_size = size
    ((_, raw),) = read_file(path, scheme).tables
    return len(raw.frame)


def size_of_frame():
    sheet_size = len(sheet(*GOOD).encode())
    return sheet_size + sum(len(content.encode()) for content in FRAME.values())


def parts(count, folder, scheme):
    names = [(f"xl/none/{k}.xml", "<a/>", STORED) for k in range(count - len(FRAME) - 1)]
    return read_book(folder, scheme, extra=names)


def stated_bytes(size, folder, scheme):
    """The directory states the size; 6 MiB that do not shrink keep the ratio below 100."""
    part = [("xl/noise.bin", NOISE, STORED)]
    state = [("xl/noise.bin", size - size_of_frame())]
    return read_book(folder, scheme, extra=part, state=state)


def shrunk_freely(size, folder, scheme):
    part = [("xl/zeros.bin", bytes(size - size_of_frame()), DEFLATED)]
    return read_book(folder, scheme, extra=part)


def shrunk_by(ratio, folder, scheme):
    """A part that states how much it would be brings the sum to the ratio, to the byte."""
    extra = [("xl/zeros.bin", bytes(5 * MIB), DEFLATED), ("xl/noise.bin", NOISE[:99_000], STORED)]
    read_book(folder, scheme, extra=extra)
    with zipfile.ZipFile(folder / "授信建议.xlsx") as book:
        packed = sum(entry.compress_size for entry in book.infolist())
        total = sum(entry.file_size for entry in book.infolist())
    state = [("xl/noise.bin", 99_000 + ratio * packed - total)]
    return read_book(folder, scheme, extra=extra, state=state)


def bytes_of_a_part(size, folder, scheme):
    return read_book(folder, scheme, extra=[("xl/noise.bin", bytes(size), STORED), PADDING])


def bytes_of_a_row(size, folder, scheme):
    """What stands between the mark of a row and the end of its part."""
    markup = b"<a><row/><row>" + b"x" * (size - 15) + b"</row></a>"
    return read_book(folder, scheme, extra=[("xl/other.xml", markup, STORED)])


def elements_of_a_row(count, folder, scheme):
    markup = f"<a><row>{'<b/>' * count}</row></a>"
    return read_book(folder, scheme, extra=[("xl/other.xml", markup, STORED)])


def elements_outside_of_rows(count, folder, scheme):
    markup = f"<a>{'<b/>' * (count - 1)}</a>"
    return read_book(folder, scheme, extra=[("xl/other.xml", markup, STORED)])


def cell(length, folder, scheme):
    return read_book(folder, scheme, rows=[row(1, *HEADER), row(2, text_cell("B2", "x" * length))])


def columns(count, folder, scheme):
    """The last filled column: 512 is SR."""
    place = {512: "SR1", 513: "SS1"}[count]
    return read_book(folder, scheme, rows=[row(1, *HEADER, text_cell(place, "x")), FIRST])


def grid(count, folder, scheme):
    """The last column with a cell that holds nothing but a format: 16,384 is XFD."""
    place = {16_384: "XFD2", 16_385: "XFE2"}[count]
    empty = row(2, text_cell("A2", "H1"), f'<c r="{place}"/>')
    return read_book(folder, scheme, rows=[row(1, *HEADER), empty])


def last_row(number, folder, scheme):
    last = row(number, text_cell(f"A{number}", "H1"))
    return read_book(folder, scheme, rows=[row(1, *HEADER), last])


def marks(mark, counts):
    """Parts with marks of rows or cells in comments, where no mark lies across two blocks."""
    parts = []
    for number, count in enumerate(counts):
        full, rest = divmod(count, 8_000)
        comments = f"<!--{mark * 8_000} -->" * full + f"<!--{mark * rest} -->"
        parts.append((f"xl/{number}.xml", f"<a >{comments}</a>", STORED))
    return parts


def cells(count, folder, scheme):
    left = count - 4  # those of the sheet
    return read_book(folder, scheme, extra=marks("<c", [7_000_000, 7_000_000, left - 14_000_000]))


def row_marks(count, folder, scheme):
    return read_book(folder, scheme, extra=marks("<row", [count]))


def header_in_row(number, folder, scheme):
    above = [row(k, text_cell(f"A{k}", "x")) for k in range(1, number)]
    header = row(number, text_cell(f"A{number}", "户号"), text_cell(f"B{number}", "调整理由"))
    data = row(number + 1, text_cell(f"A{number + 1}", "H1"))
    return read_book(folder, scheme, rows=[*above, header, data])


PADDING = ("xl/padding.bin", NOISE, STORED)
HOW = "records.xlsx_files."
BIG = "file_too_large"
LIMITS = [
    Limit(f"{HOW}_MAX_ENTRIES", 2_000, BIG, parts, "parts is 2001, above the limit of 2000"),
    Limit(f"{HOW}_MAX_BYTES", 512 * MIB, BIG, stated_bytes, "bytes is 536870913, above"),
    Limit(f"{HOW}_FREE_OF_RATIO", 4 * MIB, BIG, shrunk_freely, "compression ratio is"),
    Limit(f"{HOW}_MAX_RATIO", 100, BIG, shrunk_by, "ratio is 101, above the limit of 100"),
    Limit(f"{HOW}_MAX_PLAIN", 16 * MIB, BIG, bytes_of_a_part, "in bytes is 16777217, above"),
    Limit(f"{HOW}_MAX_PLAIN", 16 * MIB, BIG, bytes_of_a_row, "in bytes is 16777217, above"),
    Limit(f"{HOW}_MAX_ELEMENTS", 300_000, BIG, elements_of_a_row, "elements of a row is 300001"),
    Limit(f"{HOW}_MAX_ELEMENTS", 300_000, BIG, elements_outside_of_rows, "elements is 300001"),
    Limit(f"{HOW}_MAX_CELL", 32_767, BIG, cell, "a cell is > 32767, above the limit of 32767"),
    Limit(f"{HOW}_MAX_COLUMNS", 512, BIG, columns, "columns is 513, above the limit of 512"),
    Limit(f"{HOW}_MAX_GRID_COLUMNS", 16_384, BIG, grid, "columns is 16385, above"),
    Limit(f"{HOW}_MAX_ROWS", 1_048_576, BIG, last_row, "rows is 1048577, above"),
    Limit(f"{HOW}_OTHER_ROW_TAGS", 1_048_676, BIG, row_marks, "rows is 1048677, above"),
    Limit(f"{HOW}_MAX_CELLS", 20_000_000, BIG, cells, "cells is 20000001, above"),
    Limit(f"{HOW}_HEADER_WITHIN", 10, "file_empty", header_in_row, "first 10 rows"),
]


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_a_workbook_at_the_limit_is_read(limit, tmp_path, scheme):
    assert_accepted(limit, tmp_path, scheme)


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_a_workbook_beyond_the_limit_is_refused(limit, tmp_path, scheme):
    assert_refused(limit, tmp_path, scheme)
