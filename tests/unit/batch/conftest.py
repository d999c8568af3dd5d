from __future__ import annotations

import csv
import json

import pytest

from sanzhixin.modelling import expert_model
from sanzhixin.records import write_county
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import simulate_county


@pytest.fixture(scope="session")
def model():
    return expert_model(load_scheme("tongxiang"), name="tongxiang-expert", version="1.0.0")


@pytest.fixture(scope="session")
def county():
    return simulate_county(villages=2, households_per_village=6, seed=7)


@pytest.fixture
def folder(county, tmp_path):
    write_county(county, tmp_path / "county")
    return tmp_path / "county"


@pytest.fixture
def spoil(folder):
    """Write one cell of one data row (counted from 0) of a table anew."""

    def change(table, row, column, value):
        path = folder / f"{table}.csv"
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header, *rows = csv.reader(stream)
        rows[row][header.index(column)] = value
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])
        return dict(zip(header, rows[row], strict=True))

    return change


@pytest.fixture
def read_quarantine():
    def read(path):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        return [row | {"row": json.loads(row["row"])} for row in rows]

    return read


@pytest.fixture
def manifest_of():
    return lambda out: json.loads((out / "manifest.json").read_text(encoding="utf-8"))
