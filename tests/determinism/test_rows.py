"""Neither the size of the chunks nor the order of the rows leaves a trace in the proposals."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter
from random import Random

import pytest

from sanzhixin.batch import RunOptions, score_folder
from sanzhixin.model import load_model
from tests.determinism.children import FORMATS, kept
from tests.determinism.county_files import read_rows, write_rows

ALL = 1_000_000
SLOW = pytest.mark.slow
CHUNKS = (7, 64, ALL, *(pytest.param(rows, marks=SLOW) for rows in (1, 1000)))
PLACES = re.compile(r"(?<=line )\d+|(?<=第)\d+(?=行)")


def score(folder, model, out, **options):
    """All that has to be equal, in both formats, for one model."""
    found = {}
    for kind in FORMATS:
        place = out / kind
        score_folder(folder, model, place, options=RunOptions(format=kind, **options))
        found |= kept(place)
    return found


@pytest.fixture(scope="module", params=["adjusted", pytest.param("expert", marks=SLOW)])
def which(request):
    return request.param


@pytest.fixture(scope="module")
def model(which, models):
    return load_model(models[which])


@pytest.fixture(scope="module")
def expected(folder, model, tmp_path_factory):
    return score(folder, model, tmp_path_factory.mktemp("expected"))


def test_the_library_gives_what_the_command_gives(which, expected, plain):
    own = {name: value for name, value in plain.items() if name.startswith(f"{which}-")}
    assert {f"{which}-{name}": value for name, value in expected.items()} == own


@pytest.mark.parametrize("jobs", [2, pytest.param(1, marks=SLOW)])
@pytest.mark.parametrize("chunk_rows", CHUNKS)
def test_chunks_and_jobs_change_no_byte(folder, model, expected, tmp_path, chunk_rows, jobs):
    found = score(folder, model, tmp_path, chunk_rows=chunk_rows, jobs=jobs)
    assert found == expected


def permuted(folder, place, seed, *, columns=False):
    """Copy a folder with the rows of every table, or its columns too, in another order."""
    shutil.copytree(folder, place)
    random = Random(seed)
    for path in sorted(place.glob("*.csv")):
        header, *rows = read_rows(path)
        rows = rows[::-1] if seed < 0 else random.sample(rows, len(rows))
        order = random.sample(range(len(header)), len(header)) if columns else range(len(header))
        write_rows(path, [[row[k] for k in order] for row in (header, *rows)])
    return place


def proposals(found):
    return {name: value for name, value in found.items() if "/proposals." in name}


def rejected(found):
    """Rows of the quarantine as a set that counts, without the lines on which they stood."""
    text = found["csv/quarantine.csv"].decode("utf-8-sig")
    rows = csv.DictReader(text.splitlines(keepends=True))
    return Counter(
        tuple(_unplaced(name, value) for name, value in row.items() if name != "line")
        for row in rows
    )


def _unplaced(name, value):
    """A cell without the lines that it names; the original row in one order of its columns."""
    if name == "row":
        return json.dumps(json.loads(value), sort_keys=True)
    return PLACES.sub("*", value) if name.startswith("reason_") else value


@pytest.mark.parametrize(
    ("seed", "columns"),
    [
        (-1, False),
        (0, False),
        (1, True),
        *(pytest.param(seed, seed % 2 == 0, marks=SLOW) for seed in range(2, 42)),
    ],
)
def test_the_order_of_rows_and_columns_changes_no_byte_of_the_proposals(
    folder, model, expected, tmp_path, seed, columns
):
    given = permuted(folder, tmp_path / "in", seed, columns=columns)
    found = score(given, model, tmp_path, chunk_rows=30 + seed)
    assert proposals(found) == proposals(expected)
    assert rejected(found) == rejected(expected)
