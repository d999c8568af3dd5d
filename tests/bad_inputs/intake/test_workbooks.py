"""Workbooks with all that banks keep in them are read, and none of their rows is left out."""

from __future__ import annotations

import io
import re
import zipfile

import openpyxl
import pytest
import xlsxwriter

from sanzhixin.errors import InputError
from sanzhixin.records.xlsx_files import read_workbook

HEADER = ["户号", "议事会建议额度（元）"]
ROWS = [[f"H{k}", 1_000 * k] for k in range(1, 101)]
SHEET = "xl/worksheets/sheet1.xml"


def workbook(rows=ROWS, title="授信建议"):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in [HEADER, *rows]:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def changed(data, change, name=SHEET, extra=()):
    """The same container with one part rewritten and parts added."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for entry in old.infolist():
            text = old.read(entry)
            new.writestr(entry.filename, change(text) if entry.filename == name else text)
        for part, content in extra:
            new.writestr(part, content)
    return stream.getvalue()


def rows_of(data, scheme):
    ((table, raw),) = read_workbook(data, scheme, "授信建议.xlsx", table="proposals")
    assert table == "proposals"
    assert raw.broken == ()
    return raw.frame.to_numpy().tolist()


def careless(data):
    """What openpyxl gives in its fast mode."""
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    return [list(row) for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)]


def dimension(reference):
    return lambda text: re.sub(b'<dimension ref="[^"]*"', b'<dimension ref="%s"' % reference, text)


@pytest.mark.parametrize("reference", [b"A1", b"A1:A9", b"A1:B2", b"A1:B50", b"A1:XFD1048576"])
def test_the_stated_dimension_leaves_nothing_out(scheme, reference):
    data = changed(workbook(), dimension(reference))
    assert rows_of(data, scheme) == ROWS
    if b"XFD" not in reference:
        assert careless(data) != ROWS


def swapped(text):
    found = re.findall(rb"<row .*?</row>", text)
    return text.replace(found[3] + found[4], found[4] + found[3])


def cells_swapped(text):
    found = re.search(rb'(<c r="A5".*?</c>)(<c r="B5".*?</c>)', text)
    return text.replace(found[0], found[2] + found[1])


def row_twice(text):
    found = re.findall(rb"<row .*?</row>", text)
    return text.replace(found[4], found[4] + found[4])


@pytest.mark.parametrize("change", [swapped, cells_swapped, row_twice])
def test_rows_and_cells_out_of_order_are_refused_rather_than_left_out(scheme, change):
    with pytest.raises(InputError, match="damaged"):
        rows_of(changed(workbook(), change), scheme)


def test_a_missing_reference_counts_on(scheme):
    def bare(text):
        return re.sub(rb'(<row|<c) r="[A-Z0-9]+"', rb"\1", text)

    assert rows_of(changed(workbook(), bare), scheme) == ROWS


def test_a_prefix_changes_nothing(scheme):
    def prefixed(text):
        text = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", text)
        return text.replace(b"xmlns=", b"xmlns:x=")

    assert rows_of(changed(workbook(), prefixed), scheme) == ROWS


MANY = b"<r><n v='1'/></r>" * 200_000
UNREAD = [
    ("xl/pivotCache/pivotCacheRecords1.xml", b"<pivotCacheRecords>%b</pivotCacheRecords>" % MANY),
    ("xl/calcChain.xml", b"<calcChain>" + b'<c r="A1" i="1"/>' * 400_000 + b"</calcChain>"),
    ("xl/drawings/drawing1.xml", b"<wsDr>" + b"<sp><a/><b/></sp>" * 200_000 + b"</wsDr>"),
    ("xl/drawings/vmlDrawing1.vml", b"<xml><br></xml>"),
    ("xl/media/image1.svg", b"<!DOCTYPE svg><svg/>"),
    ("xl/media/image1.png", b"\x89PNG" + b"\xff" * 1_000_000),
    ("xl/printerSettings/printerSettings1.bin", b"\xff\xfe\0\0"),
    ("customXml/item1.xml", b"<!DOCTYPE a><a/>"),
]


@pytest.mark.parametrize(("name", "content"), UNREAD, ids=[name for name, _ in UNREAD])
def test_parts_that_no_table_needs_are_left_alone(scheme, name, content):
    data = changed(workbook(), bytes, extra=[(name, content)])
    assert rows_of(data, scheme) == ROWS


def test_a_sheet_cannot_hide_among_the_parts_that_are_left_out(scheme):
    def moved(text):
        return text.replace(b"/xl/worksheets/sheet1.xml", b"/xl/drawings/sheet1.xml")

    with zipfile.ZipFile(io.BytesIO(workbook())) as book:
        sheet = book.read(SHEET)
    data = changed(
        changed(workbook(), moved, "xl/_rels/workbook.xml.rels"),
        bytes,
        extra=[("xl/drawings/sheet1.xml", sheet)],
    )
    with pytest.raises(InputError, match="no header row"):
        rows_of(data, scheme)


def test_a_workbook_of_another_program_with_charts_and_comments_is_read(scheme):
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet("授信建议")
        sheet.merge_range("A1:B1", "越丰村授信建议")
        sheet.write_row(1, 0, HEADER)
        for place, row in enumerate(ROWS, start=2):
            sheet.write_row(place, 0, row)
        sheet.write_comment("A3", "看一下")
        sheet.write_url("D1", "https://example.com")
        sheet.data_validation("B3:B9", {"validate": "integer", "criteria": ">=", "value": 0})
        sheet.conditional_format("B3:B9", {"type": "data_bar"})
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=授信建议!$B$3:$B$9"})
        sheet.insert_chart("F2", chart)
        drawn = book.add_chart({"type": "line"})
        drawn.add_series({"values": "=授信建议!$B$3:$B$9"})
        book.add_chartsheet("图").set_chart(drawn)
        sheet.set_row(200, None, book.add_format({"bold": True}))
    ((_, raw),) = read_workbook(stream.getvalue(), scheme, "f.xlsx")
    assert raw.frame[HEADER].to_numpy().tolist() == ROWS


def test_formats_of_whole_rows_up_to_the_last_column_are_no_values(scheme):
    book = openpyxl.Workbook()
    book.active.title = "授信建议"
    for row in [HEADER, ["H1", 5]]:
        book.active.append(row)
    book.active.cell(2, 16_384).font = openpyxl.styles.Font(bold=True)
    book.active.cell(9_999, 1).font = openpyxl.styles.Font(bold=True)
    stream = io.BytesIO()
    book.save(stream)
    assert rows_of(stream.getvalue(), scheme) == [["H1", 5]]


@pytest.mark.parametrize(
    "target", [b"/xl/worksheets/sheet1.xml", b"./worksheets/../worksheets/sheet1.xml"]
)
def test_one_part_under_two_names_is_refused(scheme, target):
    book = openpyxl.load_workbook(io.BytesIO(workbook()))
    book.copy_worksheet(book.active)
    stream = io.BytesIO()
    book.save(stream)

    def twice(text):
        return text.replace(b"/xl/worksheets/sheet2.xml", target)

    with pytest.raises(InputError, match="damaged"):
        rows_of(changed(stream.getvalue(), twice, "xl/_rels/workbook.xml.rels"), scheme)
