"""The CSV files of a county: read, written, and spoilt so that some rows are rejected."""

from __future__ import annotations

import csv


def spoil(folder):
    """Break rows of several tables, one of them so that its household is rejected as a whole."""
    changes = (
        ("ratings", 4, "FS01", "9"),
        ("ratings", 77, "ML03", "=1+1"),
        ("ratings", 400, "rated_on", "2026-02-30"),
        ("households", 5, "consent_purpose", "其他"),
        ("households", 40, "consent_until", "2020-01-01"),
        ("events", 3, "code", "XX99"),
        ("events", 9, "household_id", "H\u200b1"),
        ("members", 2, "adult", "@SUM(1)"),
    )
    for table, row, column, value in changes:
        rows = read_rows(folder / f"{table}.csv")
        rows[1 + row][rows[0].index(column)] = value
        write_rows(folder / f"{table}.csv", rows)
    events = read_rows(folder / "events.csv")
    differs = [*events[20]]
    differs[events[0].index("recorded_on")] = "2026-06-02"
    write_rows(folder / "events.csv", [*events, events[12], differs])


def read_rows(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def write_rows(path, rows):
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)
