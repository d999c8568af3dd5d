from __future__ import annotations

import pandas as pd
import pytest

import sanzhixin as szx
from sanzhixin.records import write_county
from tests.privacy.canaries import Cage


def renamed(values, cage):
    """Give every value a canary of its own, the same wherever it stands."""
    return {value: cage.one() for value in sorted(set(values.dropna()))}


@pytest.fixture
def cage():
    return Cage()


@pytest.fixture
def county(cage):
    """A county whose every identifier and free text is a canary."""
    made = szx.simulate_county(villages=3, seed=11)
    homes = made.households["household_id"].iloc[:120]
    tables = {}
    names = renamed(homes, cage)
    raters = renamed(made.raters["rater_id"], cage)
    for table in ("households", "members", "ratings", "events", "registers", "proposals", "loans"):
        frame = getattr(made, table)
        frame = frame[frame["household_id"].isin(homes)].copy()
        frame["household_id"] = frame["household_id"].map(names)
        tables[table] = frame
    tables["ratings"]["rater_id"] = tables["ratings"]["rater_id"].map(raters)
    tables["raters"] = made.raters.assign(rater_id=made.raters["rater_id"].map(raters))
    vignettes = made.vignettes.copy()
    vignettes["rater_id"] = vignettes["rater_id"].map(raters)
    tables["vignettes"] = vignettes
    for table, column in (
        ("households", "consent_id"),
        ("households", "written_consent_id"),
        ("members", "person_id"),
        ("events", "event_id"),
        ("events", "evidence_id"),
        ("registers", "document_no"),
        ("loans", "loan_id"),
    ):
        frame = tables[table]
        frame[column] = frame[column].map(renamed(frame[column], cage))
    said = [f"诸葛{cage.one()}的表弟" for _ in range(len(tables["proposals"]))]
    tables["proposals"]["override_reason"] = pd.array(said, dtype="str")
    return szx.County(**tables, as_of=made.as_of)


@pytest.fixture
def folder(county, tmp_path):
    write_county(county, tmp_path / "county")
    return tmp_path / "county"
