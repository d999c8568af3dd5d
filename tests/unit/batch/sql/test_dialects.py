"""Names and texts that try to be SQL: they stay names and texts, in engines that run here."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sqlglot
from sqlglot import exp

from sanzhixin import SanzhixinModel
from sanzhixin.batch.sql import DIALECTS, export_ledger_sql, export_score_sql
from sanzhixin.batch.sql.dialects import alias, column, find_dialect, name_table, text
from sanzhixin.errors import DomainError
from tests.unit.batch.sql.profiles import (
    ALONE,
    FEW_TIERS,
    differences,
    draw,
    library,
    model_of,
)
from tests.unit.scoring.factories import SCHEME, model_file, scheme_with

ENDS = ('"', "'", "`", "]", ")", "')", '")', "``", '""', "''", "\\", "\\'", '\\"', "*/", "--", "#")
ACTS = (
    "; DROP TABLE canary; --",
    "; DELETE FROM canary WHERE 1=1; /*",
    " UNION SELECT * FROM canary --",
    " OR 1=1 --",
    "; UPDATE canary SET alive = 0 --",
    "; ATTACH 'x' AS y; --",
    "; COPY canary TO 'x'; --",
    " AS x, canary",
    "/*+ hint */",
    "$$; DROP TABLE canary; $$",
    "%s%(x)s{}{0}:name?@v",
    "村民'表\"；DROP TABLE canary",
    "\U0001f4a3\u00e9",
)
NAMES = [end + act for end, act in itertools.product(ENDS, ACTS)]
NAMES += ["select", "FROM", "table", "null", "0", "1e9", " ", "a b", "t;", "x" * 60, "canary--"]


def canary(engine):
    engine.load("canary", pd.DataFrame({"alive": [1, 1, 1]}))


def is_alive(engine):
    return engine.run('SELECT SUM("alive"), COUNT(*) FROM "canary"')[1] == [(3, 3)]


@pytest.fixture(scope="module")
def small():
    """A model with a short text: no factor, one event, two tiers and few bounds."""
    indicators = SCHEME.model_dump()["indicators"]
    kept = tuple(i for i in indicators if i["kind"] != "event" or i["code"] == "FS07")
    return SanzhixinModel(
        model_file(scheme_with(factors=(), indicators=kept, tiers=FEW_TIERS, limits=ALONE))
    )


def test_there_are_at_least_200_hostile_names():
    assert len(set(NAMES)) == len(NAMES) >= 200


@pytest.mark.parametrize("engine", ["duckdb", "sqlite", "postgres"], indirect=True)
def test_a_hostile_table_is_read_and_nothing_else_happens(engine, small):
    canary(engine)
    drawn = draw(small.plan, 12, seed=1)
    frame, expected = drawn.frame(small.plan), library(small.plan, drawn)
    names = NAMES if engine.name != "postgres" else [n for n in NAMES if len(n.encode()) < 64][::5]
    for name in names:
        assert "." not in name
        engine.load(name, frame)
        found = engine.run(export_score_sql(small, engine.name, table=name))
        assert differences(found, expected) == dict.fromkeys(expected, 0), name
    assert is_alive(engine)


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"], indirect=True)
def test_hostile_tables_of_a_ledger_are_read_and_nothing_else_happens(engine, small):
    canary(engine)
    homes = pd.DataFrame({"household_id": ["A", "B"]})
    events = pd.DataFrame(
        {
            "household_id": ["A"], "code": ["FS07"], "level": [small.scheme.event_rules["FS07"]
            .levels[0].level], "occurred_on": ["2026-06-01"], "recorded_on": ["2026-06-01"],
            "status": ["approved"], "evidence_id": ["E"],
        }
    )  # fmt: skip
    registers = pd.DataFrame({"household_id": ["B"], "code": [next(iter(SCHEME.official_rules))],
                              "issued_on": ["2026-06-01"], "ended_on": [None]})  # fmt: skip
    registers["ended_on"] = pd.array([None], dtype="str")
    if engine.name == "duckdb":
        events = events.astype(dict.fromkeys(("occurred_on", "recorded_on"), "datetime64[s]"))
        registers = registers.astype(dict.fromkeys(("issued_on", "ended_on"), "datetime64[s]"))
    points = 250 + small.plan.ledger.level_points[0, 0]
    for name in NAMES[::5]:
        names = {"households": f"{name}h", "events": f"{name}e", "registers": f"{name}r"}
        for table, frame in zip(names.values(), (homes, events, registers), strict=True):
            engine.load(table, frame)
        _, rows = engine.run(export_ledger_sql(small, engine.name, dt.date(2026, 6, 30), **names))
        assert sorted(row[:4] for row in rows) == [("A", points, 1, 0), ("B", 250, 0, 0)], name
    assert is_alive(engine)


def test_a_name_with_dots_is_no_way_out(engine, small):
    canary(engine)
    for name in ('x"."canary', "main.canary", "a.b'; DROP TABLE canary; --", '".".'):
        with contextlib.suppress(Exception):
            engine.run(export_score_sql(small, engine.name, table=name))
    assert is_alive(engine)


def test_hostile_columns_and_values_are_given_back_as_they_are(engine):
    canary(engine)
    dialect = find_dialect(engine.name)
    for name in NAMES:
        short = name.encode()[:60].decode(errors="ignore")
        engine.load("given", pd.DataFrame({short: pd.array([name, "x"], dtype="str")}))
        query = exp.select(
            alias(column(short), short + "'"), alias(text(name), "value"),
            alias(dialect.is_text(short, name), "same"),
        ).from_(name_table("given"))  # fmt: skip
        names, rows = engine.run(dialect.put_together(query, {}, f"{name} */ DROP TABLE canary"))
        assert names == [short + "'", "value", "same"]
        assert {(value, other, bool(same)) for value, other, same in rows} == {
            (name, name, True), ("x", name, name == "x"),
        }  # fmt: skip
    assert is_alive(engine)


def test_hostile_tiers_levels_and_villages_score_as_any_other(engine):
    canary(engine)
    names = [n for n in NAMES if len(n) > 3][:40]
    factors = SCHEME.model_dump()["factors"]
    (place,) = (i for i, f in enumerate(factors) if f["name"] == "utility_payment")
    levels = factors[place]["levels"]
    hostile = tuple({**level, "level": n} for level, n in zip(levels, names, strict=False))
    changed = (*factors[:place], {**factors[place], "levels": hostile}, *factors[place + 1 :])
    rows = tuple(
        {"grade": name, "at_least": 2 * i, "below": 2 * i + 2 if i < 39 else None, "cap": i}
        for i, name in enumerate(names)
    )
    scheme = scheme_with(
        factors=changed, tiers={"rows": rows, "unrated": "unrated'"},
        limits={"village_caps": dict.fromkeys(names[10:30], 3), "village_cap": None},
    )  # fmt: skip
    model = SanzhixinModel(model_file(scheme))
    drawn = draw(model.plan, 4_000, seed=1)
    village = np.random.default_rng(0).choice(np.array(names, dtype=object), 4_000)
    drawn = replace(drawn, village=village)
    expected = library(model.plan, drawn)
    engine.load("warehouse_profile", drawn.frame(model.plan))
    found = engine.run(export_score_sql(model, engine.name))
    assert differences(found, expected) == dict.fromkeys(expected, 0)
    assert len(set(expected["tier"])) > 10
    assert is_alive(engine)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_reads_its_own_names_and_texts_back(dialect):
    engine = find_dialect(dialect)
    for name in NAMES:
        query = exp.select(alias(column(name), name), alias(text(name), "t")).from_(
            exp.Table(this=exp.to_identifier(name, quoted=True))
        )
        tree = sqlglot.parse_one(engine.put_together(query, {}, "r"), read=dialect)
        assert {item.this for item in tree.find_all(exp.Identifier)} == {name, "t"}
        assert [item.this for item in tree.find_all(exp.Literal)] == [name]
        assert all(item.quoted for item in tree.find_all(exp.Identifier))


@pytest.mark.parametrize("value", ["", "a\x00b", "a\rb", "\u2028", "\ud800"])
def test_what_cannot_be_printed_is_refused_in_names_and_texts(value):
    for write in (text, column, name_table):
        with pytest.raises(DomainError, match="cannot stand in SQL"):
            write(value)


class TestOneOfAKind:
    def test_texts_are_compared_as_bytes_where_capital_letters_make_no_difference(self):
        sql = export_score_sql(model_of("expert"), "mysql")
        assert "CAST(CAST(`utility_payment` AS CHAR CHARACTER SET utf8mb4) AS BINARY)" in sql

    @pytest.mark.parametrize("dialect", ["mysql", "oracle", "sqlite"])
    def test_without_truth_values_1_and_0_are_compared(self, dialect):
        sql = export_score_sql(model_of("expert"), dialect)
        assert "= 1 AND" in sql.replace("`", '"').split('"is_open"')[0]
        ledger = export_ledger_sql(SCHEME, dialect, dt.date(2026, 6, 30))
        assert " TRUE" not in ledger
        assert " FALSE" not in ledger

    @pytest.mark.parametrize(
        ("dialect", "date"),
        [
            ("oracle", "TO_DATE('2026-07-01', 'YYYY-MM-DD')"),
            ("sqlite", " '2026-07-01'"),
            ("hive", "CAST('2026-07-01' AS DATE)"),
        ],
    )
    def test_dates_do_not_hang_on_the_session(self, dialect, date):
        assert date in export_ledger_sql(SCHEME, dialect, dt.date(2026, 6, 30))

    @pytest.mark.parametrize(
        ("dialect", "fence", "count"),
        [
            ("postgres", "AS MATERIALIZED", 7),
            ("sqlite", "AS MATERIALIZED", 7),
            ("oracle", "/*+ NO_MERGE */", 7),
            ("mysql", "LIMIT 9223372036854775807", 7),
            ("duckdb", "MATERIALIZED", 0),
            ("spark", "/*+", 0),
            ("hive", "/*+", 0),
        ],
    )
    def test_steps_are_kept_apart(self, dialect, fence, count):
        assert export_score_sql(model_of("expert"), dialect).count(fence) == count
