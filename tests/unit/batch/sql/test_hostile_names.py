"""Thousands of hostile names of tables and columns: refused, or read as names and nothing else."""

from __future__ import annotations

import datetime as dt
import sqlite3
import tempfile
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from pydantic import ValidationError

from sanzhixin import SanzhixinModel
from sanzhixin.batch.sql import export_ledger_sql, export_score_sql
from sanzhixin.errors import SanzhixinError
from tests.unit.batch.sql.conftest import quoted
from tests.unit.batch.sql.hostile_names import FILE, hostile_names
from tests.unit.batch.sql.profiles import ALONE, FEW_TIERS, draw
from tests.unit.scoring.factories import SCHEME, model_file, scheme_with

DAY = dt.date(2026, 6, 30)
FACTOR, EVENT, RECORD = "customer_years", "FS07", "G1"
PLACES = ("profile", "column", "households", "events", "registers")
TABLES = {"profile": "given", "households": "homes", "events": "entries", "registers": "records"}
ENGINES = ("duckdb", "sqlite", "postgres")
SHORT, LONG, PARTS = 120, 10_000, 5
ENDS = ("refused", "answered", "absent")
ABSENT = {
    "duckdb": (duckdb.CatalogException,),
    "sqlite": ("no such table", "unknown database"),
    "postgres": ("UndefinedTable", "FeatureNotSupported", "InvalidSchemaName"),
}
"""What an engine says of a table that is not there, of a schema or of another database."""


@cache
def small_model():
    """A model with a short text: one factor, event and record, two tiers and few bounds."""
    whole = SCHEME.model_dump()
    scheme = scheme_with(
        factors=tuple(item for item in whole["factors"] if item["name"] == FACTOR),
        indicators=tuple(
            item for item in whole["indicators"] if item["kind"] == "panel" or item["code"] == EVENT
        ),
        gates=tuple(item for item in whole["gates"] if item["code"] == RECORD),
        tiers=FEW_TIERS,
        limits=ALONE,
    )
    return SanzhixinModel(model_file(scheme))


class Renamed:
    """What the SQL needs of a model, the factor of the card under a name that no scheme has."""

    def __init__(self, name):
        base = small_model()
        items = tuple(
            item.model_copy(update={"column": name}) if item.column == FACTOR else item
            for item in base.plan.card.characteristics
        )
        card = base.plan.card.model_copy(update={"characteristics": items})
        self.plan = replace(base.plan, card=card)
        self.file, self.model_id = base.file, base.model_id


def ledger_tables(engine):
    moments = "datetime64[s]" if engine.name != "sqlite" else "str"
    level = small_model().scheme.event_rules[EVENT].levels[0].level
    events = {
        "household_id": ["A"], "code": [EVENT], "level": [level], "occurred_on": ["2026-06-01"],
        "recorded_on": ["2026-06-01"], "status": ["approved"], "evidence_id": ["E"],
    }  # fmt: skip
    records = {
        "household_id": ["B"], "code": [RECORD],
        "issued_on": ["2026-06-01"], "ended_on": [None],
    }  # fmt: skip
    dates = {"occurred_on": moments, "recorded_on": moments}
    return {
        "homes": pd.DataFrame({"household_id": ["A", "B"]}),
        "entries": pd.DataFrame(events).astype(dates),
        "records": pd.DataFrame(records).astype({"issued_on": moments, "ended_on": moments}),
    }


class Stage:
    """An engine with a canary and four tables that are given hostile names, one after another."""

    def __init__(self, engine):
        self.engine = engine
        if engine.name == "postgres":  # one server for all tests: what they left goes
            engine.connection.execute("DROP SCHEMA public CASCADE")
            engine.connection.execute("CREATE SCHEMA public")
        engine.load("canary", pd.DataFrame({"alive": [1, 1, 1]}))
        plan = small_model().plan
        engine.load("given", draw(plan, 3, seed=1).frame(plan))
        for name, frame in ledger_tables(engine).items():
            engine.load(name, frame)
        self.tables = self.catalogue()
        self.expected = {place: self.answer(place, self.plain(place)) for place in PLACES}

    @staticmethod
    def plain(place):
        return FACTOR if place == "column" else TABLES[place]

    def catalogue(self):
        """Names of all tables and views, and of other databases that are attached."""
        text = {
            "duckdb": "SELECT table_name FROM information_schema.tables UNION ALL "
                      "SELECT database_name FROM duckdb_databases()",
            "sqlite": "SELECT name FROM sqlite_master UNION ALL "
                      "SELECT name FROM pragma_database_list WHERE name <> 'temp'",
            "postgres": "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'v', 'm') "
                        "UNION ALL SELECT nspname::text FROM pg_namespace "
                        "WHERE nspname NOT LIKE 'pg%temp%'",
        }[self.engine.name]  # fmt: skip
        return sorted(row[0] for row in self.engine.run(text)[1])

    def sql(self, place, name):
        if place == "column":
            return export_score_sql(Renamed(name), self.engine.name, table="given")
        if place == "profile":
            return export_score_sql(small_model(), self.engine.name, table=name)
        tables = {key: TABLES[key] for key in ("households", "events", "registers")}
        return export_ledger_sql(small_model(), self.engine.name, DAY, **(tables | {place: name}))

    def answer(self, place, name):
        return sorted(self.engine.run(self.sql(place, name))[1])

    def rename(self, place, old, new):
        """Give the table or the column of a place another name, with the DDL of the engine."""
        if place == "column":
            change = f"ALTER TABLE given RENAME COLUMN {quoted(old)} TO {quoted(new)}"
        else:
            change = f"ALTER TABLE {quoted(old)} RENAME TO {quoted(new)}"
        self.engine.connection.execute(change)

    def is_whole(self):
        found = self.engine.run('SELECT SUM("alive"), COUNT(*) FROM "canary"')[1]
        return found == [(3, 3)] and self.catalogue() == self.tables

    def meets(self, place, name):
        """Let a name stand in a place; tell what came of it."""
        try:
            sql = self.sql(place, name)
        except SanzhixinError:
            return "refused"
        try:
            self.rename(place, self.plain(place), name)
        except Exception:  # an engine that cannot hold the name has no such table
            return self.is_absent(sql)
        try:
            if place != "column" and "." in name:
                return self.is_absent(sql)
            rows = sorted(self.engine.run(sql)[1])
            return "answered" if rows == self.expected[place] else f"other rows {rows}"
        except Exception as error:
            return repr(error)
        finally:
            self.rename(place, name, self.plain(place))

    def is_absent(self, sql):
        """Run a query of a table that is not there; any other complaint is told."""
        known = ABSENT[self.engine.name]
        try:
            rows = self.engine.run(sql)[1]
        except duckdb.Error as error:
            return "absent" if isinstance(error, known) else repr(error)
        except sqlite3.Error as error:
            return "absent" if str(error).startswith(known) else repr(error)
        except Exception as error:
            return "absent" if type(error).__name__ in known else repr(error)
        return f"rows of another table {rows}"


def files_of(engine, request):
    """Names in the folders in which a statement could have written."""
    folders = [Path.cwd()]
    if engine.name == "postgres":
        folders.append(request.getfixturevalue("postgres_socket") / "data")
    found = [str(path) for folder in folders for path in folder.iterdir()]
    return sorted(found), (Path(tempfile.gettempdir()) / FILE).exists()


@pytest.fixture
def stage(engine, tmp_path, monkeypatch, request):
    """Yield a stage; whatever was done on it, nothing else may have changed."""
    monkeypatch.chdir(tmp_path)
    made = Stage(engine)
    before = files_of(engine, request)
    yield made
    assert made.is_whole()
    assert files_of(engine, request) == before == (before[0], False)


def outcomes(stage, names, shift):
    """Let every name stand in one place, and count what came of it; strange ends are told."""
    counts, strange = Counter(), []
    for number, name in enumerate(names):
        place = PLACES[(number + shift) % len(PLACES)]
        what = stage.meets(place, name)
        counts[what if what in ENDS else "strange"] += 1
        if what not in ENDS:
            strange.append((place, name, what))
        if number % 100 == 99:
            assert stage.is_whole(), names[number - 99 : number + 1]
    return counts, strange


def check(stage, names):
    counts, strange = outcomes(stage, names, shift=ENGINES.index(stage.engine.name))
    print(stage.engine.name, len(names), dict(counts))  # noqa: T201 - shown with -s
    assert strange == []
    assert counts["answered"] > 0.3 * len(names)
    assert counts["refused"] > 0.1 * len(names)


def test_there_are_ten_thousand_names_of_every_kind():
    names = hostile_names(LONG)
    assert len(set(names)) == len(names) == LONG
    for sign in ('"', "'", "`", ";", "--", "/*", "*/", "\\", "\0", "\n", "\u202e", "$$", "${}",
                 "{{ }}", "DROP TABLE canary", "ＤＲＯＰ", "саnary"):  # fmt: skip
        assert sum(sign in name for name in names) >= 30, sign
    assert max(map(len, names)) > 1_000


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_hostile_names_are_refused_or_read_as_names(stage):
    check(stage, hostile_names(SHORT, seed=1))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_ten_thousand_hostile_names_are_refused_or_read_as_names(stage, part):
    check(stage, hostile_names(LONG)[part::PARTS])


@pytest.mark.parametrize("count", [100, pytest.param(LONG, marks=pytest.mark.slow)])
def test_no_scheme_has_a_factor_of_such_a_name(count):
    factor = next(f for f in SCHEME.model_dump()["factors"] if f["name"] == FACTOR)
    taken = []
    for name in hostile_names(count, seed=2):
        try:
            scheme_with(factors=({**factor, "name": name},))
        except (SanzhixinError, ValidationError):
            continue
        taken.append(name)
    assert [name for name in taken if not (name.isascii() and name.isidentifier())] == []


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
class TestAWriterThatForgetsToDoubleQuotationMarks:
    """What the tests above have to see."""

    @pytest.fixture
    def careless(self, engine):
        plan = small_model().plan
        engine.load("other", draw(plan, 3, seed=1).frame(plan))
        made = Stage(engine)
        write = made.sql
        made.sql = lambda place, name: write(place, name).replace(quoted(name), f'"{name}"')
        return made

    def test_is_caught_by_what_the_engine_says(self, careless):
        names = [name for name in hostile_names(SHORT, seed=1) if '"' in name]
        ends = [careless.meets("profile", name) for name in names]
        assert sum(end not in ENDS for end in ends) > 0.4 * len(names)

    def test_is_caught_by_the_canary(self, careless):
        way_out = 'other") SELECT 1; DROP TABLE canary; WITH "szx_read" AS (SELECT * FROM "other'
        assert careless.meets("profile", way_out) != "answered"
        with pytest.raises(duckdb.CatalogException, match="canary"):
            careless.is_whole()
