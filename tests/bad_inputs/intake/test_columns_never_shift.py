"""Ragged and hostile CSV files: a cell stays under its header and in its row, or is not taken.

Every cell of the source says where it belongs (``r3c2``), so no second parser has to be trusted.
"""

from __future__ import annotations

import csv
import io
import random
import re
from collections import Counter

import pandas as pd
import pytest

from sanzhixin.errors import InputError
from sanzhixin.records.columns import table_spec
from sanzhixin.records.csv_files import read_csv
from sanzhixin.records.headers import match_headers
from sanzhixin.scheme import load_scheme

N_USUAL, N_SLOW = 600, 5_000
SPEC = table_spec("proposals", load_scheme("tongxiang"))
KNOWN = ["户号", "议事会建议额度（元）", "客户经理建议额度（元）", "调整理由"]
OTHERS = ["备注", "姓名", "序号", "联系人", "地址"]
TAG = re.compile(r"r(\d+)c(\d+)")
HEADER_FAULTS = (
    "none",
    "none",
    "none",
    "twice",
    "full_width",
    "zero_width",
    "blank",
    "title",
    "bom",
)
ROW_FAULTS = (
    *("extra", "extra_at_front", "missing", "missing_at_end", "open_quote", "stray_quote"),
    *("late_quote", "nul", "lone_cr", "blank_line", "cut", "tail", "other_delimiter"),
)


def written(cell, draw, delimiter):
    """A cell, sometimes quoted, sometimes with what needs quotes."""
    kind = draw.random()
    if kind < 0.7:
        return cell, cell
    if kind < 0.8:
        return cell, f'"{cell}"'
    text = cell + draw.choice((delimiter, '"', "\n", "\r\n", f" {delimiter} ", '""')) + "x"
    return text, '"' + text.replace('"', '""') + '"'


def spoiled(cells, fault, draw, delimiter):
    cells = list(cells)
    place = draw.randrange(len(cells))
    bare = cells[place].strip('"')
    others = sorted({",", ";", "\t"} - {delimiter})
    at = {
        "open_quote": f'"{bare}',
        "stray_quote": f'{bare}"',
        "late_quote": f' "{bare}"',
        "nul": f"{bare[:1]}\0{bare[1:]}",
        "lone_cr": f"{bare[:1]}\r{bare[1:]}",
    }
    whole = {
        "extra": [*cells[:place], draw.choice(("", "stray")), *cells[place:]],
        "extra_at_front": ["", *cells],
        "missing": cells[:place] + cells[place + 1 :],
        "missing_at_end": cells[:-1],
        "blank_line": [draw.choice(("\n", "\r", "\r\n\n")) + cells[0], *cells[1:]],
        "cut": cells[:place] or [""],
        "tail": cells + [""] * draw.randint(1, 4),
        "other_delimiter": [draw.choice(others).join(cells)],
    }
    return delimiter.join(whole.get(fault) or [*cells[:place], at[fault], *cells[place + 1 :]])


def header_of(draw, fault):
    header = [*KNOWN, *draw.sample(OTHERS, draw.randint(0, 3))]
    draw.shuffle(header)
    at = draw.randrange(len(header))
    if fault == "twice":
        header.append(header[at])
    elif fault == "full_width":
        header.append("户　号" if draw.random() < 0.5 else "調整理由")
    elif fault == "zero_width":
        header[at] = header[at][:1] + draw.choice("\u200b\u200d\ufeff\u2060") + header[at][1:]
    elif fault == "blank":
        header.append("")
    return header


def source(draw):
    """Text of a file, the header as it stands there, and the cells that may be taken."""
    fault = draw.choice(HEADER_FAULTS)
    delimiter = draw.choice(",,,;\t")
    header = header_of(draw, fault)
    ends = draw.choice((("\n",), ("\r\n",), ("\n", "\r\n", "\r")))
    lines, cells, whole = [delimiter.join(header)], {}, set()
    if fault == "title":
        lines.insert(0, "越丰村授信建议" + delimiter * draw.randint(0, len(header)))
    for row in range(draw.randint(1, 8)):
        made = [written(f"r{row}c{k}", draw, delimiter) for k in range(len(header))]
        cells |= {(row, k): text for k, (text, _) in enumerate(made)}
        parts = [part for _, part in made]
        if draw.random() < 0.25:
            lines.append(spoiled(parts, draw.choice(ROW_FAULTS), draw, delimiter))
        else:
            lines.append(delimiter.join(parts))
            whole.add(row)
    text = lines[0] + ends[0] + "".join(line + draw.choice(ends) for line in lines[1:])
    return ("\ufeff" if fault == "bom" else "") + text, cells, whole


def is_said(cell, wanted, *, exactly):
    """Quotation marks of a spoiled row may stay in the cell where they are no quotation."""
    return cell == wanted if exactly else cell.replace('"', "") == wanted.replace('"', "")


def verdict(read, text, cells, whole):
    """``refused``, ``read``, or what is silently wrong: ``shifted``, ``altered``, ``lost``."""
    try:
        rows, rest = read(text)
    except InputError:
        return "refused"
    seen = Counter()
    for row in rows:
        tags = [TAG.match(cell.lstrip(' "')) for cell in row]
        owners = {int(tag[1]) for tag in tags if tag}
        if len(owners) > 1 or any(tag and int(tag[2]) != k for k, tag in enumerate(tags)):
            return "shifted"
        for k, (cell, tag) in enumerate(zip(row, tags, strict=True)):
            if not tag or not is_said(cell, cells[int(tag[1]), k], exactly=int(tag[1]) in whole):
                return "altered"
        seen.update(owners)
    told = {int(tag[1]) for line in rest for tag in TAG.finditer(line)}
    return "lost" if max(seen.values(), default=0) > 1 or whole - set(seen) - told else "read"


def ours(text):
    raw = read_csv(text.encode(), SPEC, "proposals.csv")
    match_headers([str(name) for name in raw.frame.columns], SPEC)
    rows = [[str(cell) for cell in row] for row in raw.frame.to_numpy().tolist()]
    return rows, ["\n".join(row.cells) for row in raw.broken]


def default(text):
    try:
        frame = pd.read_csv(io.StringIO(text, newline=""), sep=None, engine="python", dtype="str")
    except (ValueError, csv.Error, pd.errors.ParserError):
        raise InputError("file_quotes", file="f", line=1) from None
    frame = frame.reset_index(drop=True).fillna("")
    return [[str(cell) for cell in row] for row in frame.to_numpy().tolist()], []


def counts(read, count, seed):
    draw = random.Random(seed)
    return Counter(verdict(read, *source(draw)) for _ in range(count))


def test_no_cell_leaves_its_header_or_its_row():
    found = counts(ours, N_USUAL, seed=1)
    assert set(found) == {"read", "refused"}
    assert min(found.values()) > N_USUAL // 10


@pytest.mark.slow
def test_no_cell_leaves_its_header_or_its_row_in_many_files():
    assert set(counts(ours, N_SLOW, seed=2)) == {"read", "refused"}


def test_the_harness_sees_what_pandas_takes_by_default():
    found = counts(default, 300, seed=3)
    assert found["shifted"] > 5
    assert found["altered"] + found["lost"] > 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('户号,备注,议事会建议额度（元）\nH1,"open,1\nH2,b,2\nH3,"c,3\n', "quoted"),
        ('户号,议事会建议额度（元）,备注\nH1,1,"open\nH2,2,b\nH3,3,c"\n', "near line 2"),
        ("户号,户\u200b号,调整理由\nH1,H2,x\n", "both mean household_id"),
        ("户号,户\u3000号,调整理由\nH1,H2,x\n", "both mean household_id"),
        ("户号,戶號,户号\nH1,H2,H3\n", "both mean household_id"),
        ("户号,调整理由\nH1,\0\n", "UTF-8"),
        ("户号,调整理由\nH1,to\rrn\n", "line 2 ends in a carriage return alone"),
        ('户号,调整理由\nH1,lost"\n', "near line 2"),
        ("户号,调整理由" + ",x" * 511 + "\n", "number of columns is 513"),
        ("户号,调整理由\nH1" + "," * 16_385 + "\n", "number of columns is 16386"),
    ],
)
def test_files_that_could_be_read_in_two_ways_are_refused(text, words):
    with pytest.raises(InputError, match=words):
        ours(text)


def test_carriage_returns_end_lines_where_there_are_no_line_feeds():
    assert ours("户号,调整理由\rH1,a\rH2,b\r") == ([["H1", "a"], ["H2", "b"]], [])


def test_the_rows_that_a_late_quotation_mark_would_swallow_are_not_lost():
    text = '户号,议事会建议额度（元）,备注\nH1,1,"two\nlines"\nH2,2,"a, b\nand c"\nH3,3,x\n'
    rows, rest = ours(text)
    assert [row[0] for row in rows] == ["H1", "H2", "H3"]
    assert rest == []


def test_rows_between_two_headers_are_data():
    text = "户号,调整理由\nH1,a\nH2,b\n户号,调整理由,议事会建议额度（元）\nH3,c,5\n"
    rows, rest = ours(text)
    assert [row[0] for row in rows] == ["H1", "H2"]
    assert len(rest) == 2


def test_a_header_that_is_too_long_to_be_seen_whole_is_refused():
    names = ",".join(f"列{k}" * 20 for k in range(400))
    with pytest.raises(InputError, match="neither UTF-8"):
        ours(f"户号,调整理由,{names}\nH1,x\n")
