"""SQL of a model against the arrays of the library, in engines that run here: no difference."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sqlglot
from sqlglot import exp

import sanzhixin as szx
from sanzhixin.batch.sql import DIALECTS, compute_warehouse_profile, export_score_sql
from sanzhixin.errors import DomainError, RecordError
from sanzhixin.records.cases import MISSING, UNSEEN
from tests.unit.batch.sql.profiles import (
    AMOUNTS,
    COLUMNS,
    HOSTILE_TIERS,
    NAMES,
    differences,
    draw,
    library,
    model_of,
    schemes,
    score_differences,
    sql_of,
)
from tests.unit.scoring.adjusted_plan import adjusted_plan
from tests.unit.scoring.factories import model_file, scheme_with

LARGE = ("two tiers, single yuan", "odd card", "expected loss, rates")
ROWS = {"duckdb": 50_000, "sqlite": 20_000, "postgres": 20_000}


def none(expected):
    return dict.fromkeys(expected, 0)


@pytest.mark.parametrize("name", NAMES)
def test_random_profiles_get_what_the_arrays_of_the_library_give(engine, name):
    model = model_of(name)
    size = ROWS[engine.name] if name in LARGE else ROWS[engine.name] // 5
    drawn = draw(model.plan, size, seed=NAMES.index(name))
    expected = library(model.plan, drawn)
    engine.load("warehouse_profile", drawn.frame(model.plan))
    found = engine.run(sql_of(name, engine.name))
    assert differences(found, expected) == none(expected)
    assert sum(value is not None for value in expected["points"]) > 0.9 * size


@pytest.mark.slow
@pytest.mark.parametrize("name", ["expected loss, rates", "odd card"])
@pytest.mark.parametrize("engine", ["duckdb", "postgres"], indirect=True)
def test_a_million_random_profiles_differ_nowhere(engine, name):
    found = score_differences(engine, name, 1_000_000, seed=99)
    assert found == none(found)


def county_models():
    scheme = szx.load_scheme("tongxiang")
    fitted = szx.simulate_county(villages=10, seed=3)
    return {
        "fitted": (fitted, szx.fit(fitted, scheme)),
        "expert": (szx.simulate_county(villages=3, seed=8), model_of("expert")),
        "expected loss, rates": (
            szx.simulate_county(villages=4, seed=9), model_of("expected loss, rates")
        ),
        "villages, all bounds required": (
            szx.simulate_county(villages=3, seed=10), model_of("villages, all bounds required")
        ),
        "learned card": (szx.simulate_county(villages=5, seed=11), model_of("learned card")),
    }  # fmt: skip


@pytest.fixture(scope="module")
def counties():
    return county_models()


def with_amounts(county, seed):
    """Amounts drawn at random, many missing, some nothing, some huge."""
    random = np.random.default_rng(seed)

    def amounts(size):
        drawn = random.choice([0, 1, 9_999, 80_000, 450_000, 10**9, 10**12], size)
        drawn = np.where(random.random(size) < 0.5, random.integers(0, 600_000, size), drawn)
        return pd.array(np.where(random.random(size) < 0.2, None, drawn), dtype="Int64")

    names = ("annual_income_yuan", "debt_yuan", "assets_yuan", "exposure_yuan", "requested_yuan")
    n = len(county.households)
    purposes = random.choice(["购房", "农资", None], n, p=[0.05, 0.55, 0.4])
    homes = county.households.assign(
        **{name: amounts(n) for name in names}, purpose=pd.array(purposes, dtype="str")
    )
    ids = county.households["household_id"].sample(frac=0.6, random_state=seed)
    proposals = pd.DataFrame(
        {
            "household_id": ids.to_numpy(),
            "council_limit_yuan": amounts(len(ids)),
            "manager_limit_yuan": amounts(len(ids)),
            "override_reason": pd.array([None] * len(ids), dtype="str"),
        }
    ).astype({"household_id": "str"})
    members = county.members.assign(exposure_yuan=amounts(len(county.members)))
    return replace(county, households=homes, proposals=proposals, members=members)


@pytest.mark.parametrize(
    "name",
    ["fitted", "expert", "expected loss, rates", "villages, all bounds required", "learned card"],
)
def test_a_county_gets_the_proposals_of_the_library(engine, counties, name):
    county, model = counties[name]
    county = with_amounts(county, seed=5)
    engine.load("warehouse_profile", compute_warehouse_profile(model, county))
    names, rows = engine.run(export_score_sql(model, engine.name))
    proposals = model.propose(county)
    shared = [item for item in names if item not in {"household_id", "rate_bp"}]
    expected = {
        item: proposals[item].astype(object).where(proposals[item].notna(), None).to_numpy()
        for item in shared
    }
    kept = [names.index(item) for item in ["household_id", *shared]]
    found = ["household_id", *shared], [tuple(row[i] for i in kept) for row in rows]
    assert differences(found, expected) == none(expected)
    assert len({row[names.index("binding_bound")] for row in rows}) > 2


def test_severity_adjusted_scores_are_read_from_the_profile_as_any_other(engine):
    base = model_of("expert")
    plan = adjusted_plan()
    drawn = draw(plan, 5_000, seed=2)
    engine.load("warehouse_profile", drawn.frame(plan))
    found = engine.run(export_score_sql(_Compiled(plan, base.file), engine.name))
    expected = library(plan, drawn)
    assert differences(found, expected) == none(expected)


class _Compiled:
    """What the SQL needs of a model: rules that are compiled, and the file that tells them."""

    def __init__(self, plan, file):
        self.plan, self.file, self.model_id = plan, file, file.model_id


class TestMissingValues:
    MODEL = "villages, all bounds required"

    @pytest.fixture(params=[*AMOUNTS, "fs_score", "ml_score", "nr_score", "event_points",
                            "customer_years", "utility_payment", "household_income"])  # fmt: skip
    def column(self, request):
        return request.param

    @pytest.mark.parametrize("name", ["odd card", MODEL])
    def test_a_missing_value_counts_as_in_the_library(self, engine, column, name):
        plan = model_of(name).plan
        drawn = draw(plan, 500, seed=4)
        part = drawn.amounts if column in drawn.amounts else drawn.inputs
        part[column] = np.full_like(part[column], MISSING)
        expected = library(plan, drawn)
        frame = drawn.frame(plan)
        assert frame[COLUMNS.get(column, column)].isna().all()
        engine.load("warehouse_profile", frame)
        found = engine.run(sql_of(name, engine.name))
        assert differences(found, expected) == none(expected)

    @pytest.mark.parametrize("column", ["evidence", "gated"])
    def test_where_it_is_not_known_whether_to_score_nothing_is_scored(self, engine, column):
        model = model_of("expert")
        frame = draw(model.plan, 200, seed=4).frame(model.plan)
        frame[column] = pd.array([None] * 200, dtype="boolean")
        engine.load("warehouse_profile", frame)
        _, rows = engine.run(export_score_sql(model, engine.name))
        assert {value for row in rows for value in row[1:]} == {None}

    def test_a_village_that_is_not_told_has_the_cap_of_all_others(self, engine):
        model = model_of("villages, all bounds required")
        drawn = draw(model.plan, 400, seed=6)
        expected = library(model.plan, replace(drawn, village=np.full(400, "elsewhere")))
        frame = drawn.frame(model.plan)
        frame["village_id"] = pd.array([None] * 400, dtype="str")
        engine.load("warehouse_profile", frame)
        found = engine.run(export_score_sql(model, engine.name))
        assert differences(found, expected) == none(expected)

    @pytest.mark.parametrize("engine", ["duckdb", "postgres"], indirect=True)
    def test_what_is_not_a_number_is_missing(self, engine):
        model = model_of("odd card")
        drawn = draw(model.plan, 500, seed=4)
        drawn.inputs["fs_score"][:] = MISSING
        frame = drawn.frame(model.plan).assign(fs_score=1.0)
        engine.load("warehouse_profile", frame)
        engine.connection.execute("UPDATE warehouse_profile SET fs_score = 'NaN'")
        found = engine.run(export_score_sql(model, engine.name))
        expected = library(model.plan, drawn)
        assert differences(found, expected) == none(expected)


def test_a_level_the_card_does_not_know_is_not_guessed(engine):
    model = model_of("expert")
    drawn = draw(model.plan, 300, seed=7)
    frame = drawn.frame(model.plan)
    expected = library(model.plan, drawn)
    strange = np.arange(300) % 3 == 0
    frame.loc[strange, "utility_payment"] = "Often_Late"
    engine.load("warehouse_profile", frame)
    found = engine.run(export_score_sql(model, engine.name))
    for values in expected.values():
        values[strange] = None
    assert differences(found, expected) == none(expected)
    drawn.inputs["utility_payment"][strange] = UNSEEN
    with pytest.raises(RecordError, match="utility_payment"):
        library(model.plan, drawn)


def test_whole_numbers_may_stand_where_doubles_are_expected(engine):
    model = model_of("expert")
    drawn = draw(model.plan, 300, seed=8)
    for name in ("fs_score", "event_points", "customer_years"):
        near = np.clip(drawn.inputs[name] // 10**6, 0, 100) * 10**6
        drawn.inputs[name] = np.where(drawn.inputs[name] == MISSING, MISSING, near)
    frame = drawn.frame(model.plan)
    frame = frame.astype(dict.fromkeys(("fs_score", "event_points", "customer_years"), "Int64"))
    engine.load("warehouse_profile", frame)
    found = engine.run(export_score_sql(model, engine.name))
    expected = library(model.plan, drawn)
    assert differences(found, expected) == none(expected)


def test_an_empty_table_gives_no_rows(engine):
    model = model_of("expert")
    frame = draw(model.plan, 3, seed=8).frame(model.plan)
    engine.load("warehouse_profile", frame)
    engine.connection.execute("DELETE FROM warehouse_profile")
    assert engine.run(export_score_sql(model, engine.name))[1] == []


class TestTheText:
    @pytest.mark.parametrize("dialect", DIALECTS)
    @pytest.mark.parametrize("name", [*LARGE, "villages, all bounds required", "hostile tiers"])
    def test_is_one_query_with_quoted_names_alone(self, dialect, name):
        sql = sql_of(name, dialect)
        (tree,) = sqlglot.parse(sql, read=dialect)
        assert isinstance(tree, exp.Select)
        assert sql.endswith("\n")
        assert not sql.rstrip().endswith(";")
        assert [item.name for item in tree.find_all(exp.Identifier) if not item.quoted] == []
        assert list(tree.find_all(exp.Parameter, exp.Placeholder)) == []

    @pytest.mark.parametrize("dialect", DIALECTS)
    def test_keeps_tier_names_as_they_are(self, dialect):
        tree = sqlglot.parse_one(sql_of("hostile tiers", dialect), read=dialect)
        texts = {item.this for item in tree.find_all(exp.Literal) if item.is_string}
        grades = {row["grade"] for row in HOSTILE_TIERS["rows"]} | {HOSTILE_TIERS["unrated"]}
        assert grades <= texts

    @pytest.mark.parametrize("dialect", DIALECTS)
    def test_names_the_model_and_its_digest(self, dialect):
        model = model_of("expert")
        assert f"{model.model_id} {model.file.digest()}" in export_score_sql(model, dialect)

    @pytest.mark.parametrize("dialect", DIALECTS)
    def test_parts_a_schema_from_the_table(self, dialect):
        has_catalogues = dialect in {"postgres", "spark", "duckdb"}
        name = "dw.village.profile" if has_catalogues else "village.profile"
        sql = export_score_sql(model_of("expert"), dialect, table=name)
        tables = list(sqlglot.parse_one(sql, read=dialect).find_all(exp.Table))
        (source,) = (table for table in tables if table.name == "profile")
        assert (source.catalog, source.db) == ("dw" if has_catalogues else "", "village")

    @pytest.mark.parametrize("table", ["szx_read", "SZX_LEAST", "szx__read"])
    def test_no_step_hides_the_table_that_it_reads(self, engine, table):
        model = model_of("expert")
        drawn = draw(model.plan, 50, seed=1)
        engine.load(table, drawn.frame(model.plan))
        found = engine.run(export_score_sql(model, engine.name, table=table))
        expected = library(model.plan, drawn)
        assert differences(found, expected) == none(expected)

    def test_look_ups_are_trees_and_not_ladders(self):
        sql = sql_of("table of every point", "duckdb")
        cases = sqlglot.parse_one(sql, read="duckdb").find_all(exp.Case)

        def depth(case):
            inner = [*(branch.args["true"] for branch in case.args["ifs"]), case.args["default"]]
            return 1 + max((depth(i) for i in inner if isinstance(i, exp.Case)), default=0)

        assert max(depth(case) for case in cases) <= 12

    def test_an_unknown_dialect_is_refused_with_those_that_are_known(self):
        with pytest.raises(DomainError, match="choose one of postgres, mysql") as caught:
            export_score_sql(model_of("expert"), "tsql")
        assert caught.value.code == "sql_dialect"

    @pytest.mark.parametrize("table", ["", "a..b", "a.b.c.d", "a\x00", "a\nb", "a\u202eb"])
    def test_names_that_no_engine_can_hold_are_refused(self, table):
        with pytest.raises(DomainError, match="cannot stand in SQL"):
            export_score_sql(model_of("expert"), "duckdb", table=table)

    @pytest.mark.parametrize("dialect", ["mysql", "oracle", "hive", "sqlite"])
    def test_an_engine_without_catalogues_has_names_of_two_parts(self, dialect):
        assert export_score_sql(model_of("expert"), dialect, table="a.b")
        with pytest.raises(DomainError, match="two on MySQL, Oracle, Hive and SQLite"):
            export_score_sql(model_of("expert"), dialect, table="a.b.c")


def test_a_factor_with_the_name_of_another_column_is_refused():
    scheme, _ = schemes()["expert"]
    factors = scheme.model_dump()["factors"]
    changed = ({**factors[0], "name": "Exposure_Yuan"}, *factors[1:])
    model = szx.SanzhixinModel(model_file(scheme_with(factors=changed)))
    with pytest.raises(DomainError, match="Exposure_Yuan, exposure_yuan"):
        export_score_sql(model, "duckdb")


def test_without_sqlglot_the_way_to_it_is_told():
    code = """
import sys
sys.modules["sqlglot"] = None
import sanzhixin.batch
try:
    import sanzhixin.batch.sql
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "DomainError" in done.stdout
    assert "pip install sanzhixin[sql]" in done.stdout


def test_the_batch_does_not_load_the_sql():
    code = "import sys, sanzhixin.batch; print([n for n in sys.modules if 'sqlglot' in n])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_sqlite_knows_the_steps_that_are_written():
    assert sqlite3.sqlite_version_info >= (3, 35)
