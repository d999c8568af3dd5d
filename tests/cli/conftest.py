from __future__ import annotations

import csv
import subprocess
import sys
from dataclasses import dataclass

import pytest

from sanzhixin.cli import main
from sanzhixin.modelling import expert_model
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import simulate_county

SCHEME = load_scheme("tongxiang")
RATERS = ("R1", "R2", "R3")


@dataclass
class Folder:
    """A small county, written by hand: two households, three raters, all ratings 4."""

    path: object

    def write(self, table, rows, encoding="utf-8-sig"):
        with (self.path / f"{table}.csv").open("w", encoding=encoding, newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def household(household_id, **values):
    return {
        "household_id": household_id,
        "village_id": "V1",
        "consent_id": f"C-{household_id}",
        "consent_purpose": SCHEME.consent_purpose,
        "consent_on": "2026-01-01",
        "consent_until": "2027-12-31",
        "requested_yuan": 100_000,
        **values,
    }


def rating(household_id, rater, level=4, **values):
    return {
        "round": 1,
        "household_id": household_id,
        "rater_id": rater,
        "rated_on": "2026-05-01",
        "familiar": "true",
        "relation": "none",
        **dict.fromkeys(SCHEME.panel_codes, level),
        **values,
    }


@pytest.fixture
def rows():
    """Rows of the hand-made county; a test may change them before it writes them."""
    return {
        "households": [household("H1"), household("H2")],
        "raters": [
            {"rater_id": rater, "village_id": "V1", "role": "panel", "active": "true"}
            for rater in RATERS
        ],
        "ratings": [rating(home, rater) for home in ("H1", "H2") for rater in RATERS],
        "proposals": [
            {
                "household_id": "H1",
                "council_limit_yuan": 40_000,
                "manager_limit_yuan": 45_000,
                "override_reason": "",
            }
        ],
    }


@pytest.fixture
def write(tmp_path):
    def write_all(rows):
        folder = Folder(tmp_path / "county")
        folder.path.mkdir(exist_ok=True)
        for table, content in rows.items():
            folder.write(table, content)
        (folder.path / "county.toml").write_text("as_of = 2026-06-30\n", encoding="utf-8")
        return folder.path

    return write_all


@pytest.fixture
def folder(rows, write):
    return write(rows)


@pytest.fixture(scope="session")
def simulated():
    return simulate_county(villages=4, seed=7)


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model")
    expert_model(SCHEME, name="tongxiang-expert", version="1.0.0").save(path)
    return path


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys):
    def call(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return call


@pytest.fixture
def command():
    """The command line as a program of its own."""
    return [sys.executable, "-c", "import sys; from sanzhixin.cli import main; sys.exit(main())"]


@pytest.fixture
def start(command):
    def start_program(*words, **options):
        return subprocess.Popen(
            [*command, *map(str, words)],
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    return start_program
