"""Write the sample county twice: canonical CSV in county/, the forms of a bank in forms/.

Run it from anywhere, with the library installed: ``python data/samples/make_samples.py``.  It
replaces both folders beside it; another place can be given as the only argument.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import re
import shutil
import sys
import zipfile
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import canonicalize

import pandas as pd
from openpyxl import Workbook

from sanzhixin import County, Scheme, load_scheme, simulate_county
from sanzhixin.records import write_county
from sanzhixin.records.columns import Column, table_spec
from sanzhixin.scheme.catalog import LISTED_CLASSES
from sanzhixin.simulate import SimulationSettings

if TYPE_CHECKING:
    from collections.abc import Callable

VILLAGES, HOUSEHOLDS, SEED = 3, 12, 30
SETTINGS = SimulationSettings(vignettes=2, register_share=0.1)
WORKBOOKS = ("households", "members", "raters", "vignettes", "proposals")
TEXT_FILES = {
    "events": "gb18030",
    "registers": "utf-8-sig",
    "loans": "utf-8-sig",
    "audit_groups": "utf-8-sig",
}
IN_WAN = ("households", "ratings", "vignettes", "proposals")
HEADERS = {"familiar": "是否了解该户"}
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
STAMP = (2026, 1, 1, 0, 0, 0)
W3C_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")

Cell = str | int | float | dt.date | None


def chinese_date(day: dt.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def dotted_date(day: dt.date) -> str:
    return f"{day.year}.{day.month}.{day.day}"


@dataclasses.dataclass(frozen=True)
class Habit:
    """How one office fills in its sheets."""

    date: Callable[[dt.date], Cell] = lambda day: day
    rating: Callable[[int], Cell] = int
    unknown: str | None = None


HABITS = {
    "V001": Habit(),
    "V002": Habit(date=chinese_date, unknown="不了解"),
    "V003": Habit(date=dotted_date, rating=lambda value: str(value).translate(FULL_WIDTH)),
}


def make_county() -> County:
    """Simulate the county; the forms stand village by village, as they are handed in."""
    county = simulate_county(VILLAGES, HOUSEHOLDS, SEED, settings=SETTINGS)
    village = county.ratings["household_id"].str.split("-").str[0]
    order = county.ratings.assign(village=village).sort_values(["village", "round"], kind="stable")
    ratings = order.drop(columns="village").reset_index(drop=True)
    return dataclasses.replace(county, ratings=ratings, truth=None)


def write_forms(county: County, scheme: Scheme, place: Path) -> None:
    """Write every table as village offices and banks keep it."""
    place.mkdir(parents=True, exist_ok=True)
    for village, rows in county.ratings.groupby(county.ratings["household_id"].str[:4], sort=True):
        sheets = [
            (f"第{number}轮评议表", f"{village}村第{number}轮评议表", part.drop(columns="round"))
            for number, part in rows.groupby("round", sort=True)
        ]
        write_workbook(
            place / f"评议表_{village}.xlsx",
            [
                (name, title, chinese_rows("ratings", part, scheme, HABITS[str(village)]))
                for name, title, part in sheets
            ],
        )
    for table, frame in county.tables().items():
        stem = table_spec(table).zh
        if table in WORKBOOKS:
            rows = chinese_rows(table, frame, scheme, Habit())
            write_workbook(place / f"{stem}.xlsx", [(stem, None, rows)])
        elif table in TEXT_FILES:
            rows = chinese_rows(table, frame, scheme, Habit(date=dt.date.isoformat))
            (place / f"{stem}.csv").write_bytes(csv_bytes(rows, TEXT_FILES[table]))
    (place / "county.toml").write_bytes(f"as_of = {county.as_of}\n".encode())


def chinese_rows(table: str, frame: pd.DataFrame, scheme: Scheme, habit: Habit) -> list[list[Cell]]:
    """Give the header and the rows of a table in Chinese, amounts in their declared unit."""
    known = {column.name: column for column in table_spec(table, scheme).columns}
    unit = "万元" if table in IN_WAN else "元"
    frame = in_chinese_words(table, frame, scheme)
    columns: list[list[Cell]] = []
    for name in frame.columns:
        column = known.get(name, Column(name, "text", name))
        write = writer_of(column, unit, habit)
        cells = [None if pd.isna(value) else write(value) for value in frame[name]]
        if habit.unknown and column.kind == "rating":
            pairs = zip(cells, frame["familiar"], strict=True)
            cells = [cell if familiar else habit.unknown for cell, familiar in pairs]
        suffix = f"（{unit}）" if column.kind == "money" else ""
        columns.append([f"{HEADERS.get(name, column.zh)}{suffix}", *cells])
    return [list(row) for row in zip(*columns, strict=True)]


def in_chinese_words(table: str, frame: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """Name the levels of events and the classes of official records as people do."""
    if table == "events":
        names = {
            (code, item.level): item.zh
            for code, rule in scheme.event_rules.items()
            for item in rule.levels
        }
        levels = [names[pair] for pair in zip(frame["code"], frame["level"], strict=True)]
        return frame.assign(level=levels)
    if table == "registers":
        classes = frame["list_class"]
        return frame.assign(list_class=[LISTED_CLASSES.get(name, name) for name in classes])
    return frame


def writer_of(column: Column, unit: str, habit: Habit) -> Callable[[Any], Cell]:
    if column.kind == "money":
        return partial(amount, per_unit=10_000 if unit == "万元" else 1)
    if column.kind == "date":
        return lambda value: habit.date(value.date())
    if column.kind == "bool":
        yes, no = ("了解", "不了解") if column.name == "familiar" else ("是", "否")
        return lambda value: yes if value else no
    if column.kind in {"choice", "code"}:
        return lambda value: column.words[value][0]
    if column.kind == "rating":
        return lambda value: habit.rating(int(value))
    return {"int": int, "round": int, "number": float}.get(column.kind, str)


def amount(yuan: int, per_unit: int) -> int | float:
    exact = Decimal(int(yuan)) / per_unit
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def csv_bytes(rows: list[list[Cell]], encoding: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(encoding)


def write_workbook(path: Path, sheets: list[tuple[str, str | None, list[list[Cell]]]]) -> None:
    """Write sheets (name, merged title or None, rows) with equal bytes for equal content."""
    book = Workbook()
    book.remove(book.active)
    for name, title, rows in sheets:
        sheet = book.create_sheet(name)
        if title is not None:
            sheet.append([title])
            sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(rows[0]))
        for row in rows:
            sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    path.write_bytes(without_times(written))


def without_times(workbook: io.BytesIO) -> bytes:
    """Pack a workbook anew: canonical XML, fixed times, stored, so that its bytes are stable.

    Stored, because the bytes of a compressed part depend on the version of zlib.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(workbook) as source, zipfile.ZipFile(packed, "w") as target:
        for name in sorted(source.namelist(), key=lambda part: (part[0] != "[", part)):
            text = canonicalize(source.read(name).decode("utf-8"))
            text = W3C_TIME.sub(dt.datetime(*STAMP).strftime("%Y-%m-%dT%H:%M:%SZ"), text)
            target.writestr(zipfile.ZipInfo(name, STAMP), text.encode("utf-8"))
    return packed.getvalue()


def main(place: Path) -> None:
    county, scheme = make_county(), load_scheme("tongxiang")
    for folder in (place / "county", place / "forms"):
        shutil.rmtree(folder, ignore_errors=True)
    write_county(county, place / "county")
    write_forms(county, scheme, place / "forms")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
