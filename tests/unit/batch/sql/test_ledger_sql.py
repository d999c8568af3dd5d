"""SQL of the event ledger and the official records against `SanzhixinModel.profile`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sqlglot
from sqlglot import exp

import sanzhixin as szx
from sanzhixin.batch.sql import DIALECTS, export_ledger_sql
from sanzhixin.errors import DomainError
from tests.unit.batch.sql.ledgers import (
    DAYS,
    NAMES,
    base_county,
    days,
    drawn_county,
    ledger_differences,
    load,
    model_of,
    of_the_library,
    text,
)
from tests.unit.batch.sql.profiles import differences
from tests.unit.scoring.factories import SCHEME, scheme_with


@pytest.mark.parametrize("name", NAMES)
def test_every_household_has_the_events_and_records_of_its_profile(engine, name):
    model, day = model_of(name), DAYS[0]
    county = drawn_county(model.scheme, day, seed=NAMES.index(name))
    assert set(ledger_differences(engine, model, county, day).values()) == {0}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["built-in", "uneven periods"])
def test_a_hundred_thousand_events_differ_nowhere(engine, name):
    model, day = model_of(name), DAYS[1]
    county = drawn_county(model.scheme, day, 5, base=base_county(40), n_events=120_000)
    assert len(county.events) == 120_000
    assert set(ledger_differences(engine, model, county, day).values()) == {0}


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize(("as_dates", "hours"), [(True, 0), (False, 0), (False, 23)])
def test_days_count_to_their_end_whatever_the_time(engine, day, as_dates, hours):
    model = model_of("uneven periods")
    county = drawn_county(model.scheme, day, seed=9, hours=hours)
    expected = of_the_library(model, county, day)
    load(engine, county, as_dates=as_dates)
    found = engine.run(export_ledger_sql(model.scheme, engine.name, day))
    assert differences(found, expected) == dict.fromkeys(expected, 0)
    assert len(set(expected["event_points"])) > 12
    assert {True, False} == set(expected["gated"])


def test_a_simulated_county_has_the_events_of_its_profile(engine):
    model, county = model_of("built-in"), szx.simulate_county(villages=6, seed=21)
    expected = of_the_library(model, county, county.as_of)
    load(engine, county)
    found = engine.run(export_ledger_sql(model, engine.name, county.as_of))
    assert differences(found, expected) == dict.fromkeys(expected, 0)


class TestWhatTheSchemeDoesNotKnow:
    @pytest.fixture
    def county(self):
        return drawn_county(SCHEME, DAYS[0], seed=3)

    @pytest.mark.parametrize("column", ["code", "level"])
    @pytest.mark.parametrize("strange", ["ml05", "", None, "village "])
    def test_an_unknown_entry_leaves_no_event_points(self, engine, county, column, strange):
        homes = county.events["household_id"].iloc[1:4].unique()
        changed = county.events.copy()
        changed.loc[1:3, column] = strange
        expected = of_the_library(model_of("built-in"), county, DAYS[0])
        load(engine, replace(county, events=changed))
        names, rows = engine.run(export_ledger_sql(SCHEME, engine.name, DAYS[0]))
        points = {row[0]: row[names.index("event_points")] for row in rows}
        ids = county.households["household_id"].sort_values()
        known = dict(zip(ids, expected["event_points"], strict=True))
        assert {points[home] for home in homes} == {None}
        assert all(points[home] == known[home] for home in ids if home not in set(homes))

    def test_an_unknown_record_leaves_open_whether_the_household_is_gated(self, engine, county):
        home = county.households["household_id"].iloc[0]
        records = county.registers.iloc[:1].assign(household_id=text([home]), code=text(["g1"]))
        load(engine, replace(county, registers=records))
        names, rows = engine.run(export_ledger_sql(SCHEME, engine.name, DAYS[0]))
        told = {row[0]: row[names.index("gated") :] for row in rows}
        assert set(told.pop(home)) == {None}
        assert {bool(value) for values in told.values() for value in values} == {False}
        assert None not in {value for values in told.values() for value in values}

    def test_a_gate_in_force_holds_beside_an_unknown_record(self, engine, county):
        home = county.households["household_id"].iloc[0]
        gate = next(c for c, r in SCHEME.official_rules.items() if r.action == "gate")
        records = county.registers.iloc[:2].assign(
            household_id=text([home, home]), code=text(["g1", gate]),
            issued_on=days([DAYS[0], DAYS[0]]), ended_on=days([None, None]),
        )  # fmt: skip
        load(engine, replace(county, registers=records))
        names, rows = engine.run(export_ledger_sql(SCHEME, engine.name, DAYS[0]))
        assert [bool(r[names.index("gated")]) for r in rows if r[0] == home] == [True]


def test_blank_evidence_is_none(engine):
    county = drawn_county(SCHEME, DAYS[0], seed=3)
    blank = county.events["evidence_id"].fillna(" ")
    blank[blank == " "] = np.resize(["", " ", "  "], int((blank == " ").sum()))
    expected = of_the_library(model_of("built-in"), county, DAYS[0])
    load(engine, replace(county, events=county.events.assign(evidence_id=blank)))
    found = engine.run(export_ledger_sql(SCHEME, engine.name, DAYS[0]))
    assert differences(found, expected) == dict.fromkeys(expected, 0)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", NAMES)
def test_the_text_is_one_query_with_quoted_names_alone(dialect, name):
    sql = export_ledger_sql(model_of(name), dialect, DAYS[0], events="dw.events")
    (tree,) = sqlglot.parse(sql, read=dialect)
    assert isinstance(tree, exp.Select)
    assert sql.endswith("\n")
    assert [item.name for item in tree.find_all(exp.Identifier) if not item.quoted] == []


@pytest.mark.parametrize("table", ["szx_events", "szx_households"])
def test_no_step_hides_a_table_that_it_reads(engine, table):
    county = drawn_county(SCHEME, DAYS[0], seed=3)
    expected = of_the_library(model_of("built-in"), county, DAYS[0])
    load(engine, county)
    which = table.removeprefix("szx_")
    engine.load(table, getattr(county, which))
    found = engine.run(export_ledger_sql(SCHEME, engine.name, DAYS[0], **{which: table}))
    assert differences(found, expected) == dict.fromkeys(expected, 0)


def test_a_text_is_no_date():
    with pytest.raises(DomainError, match="2026"):
        export_ledger_sql(SCHEME, "duckdb", "2026-06-30")


def test_codes_that_differ_by_capital_letters_alone_are_refused():
    official = [i for i in SCHEME.model_dump()["indicators"] if i["kind"] == "official"]
    review = next(item for item in official if item["action"] == "review")
    twice = (*SCHEME.model_dump()["indicators"], {**review, "code": review["code"].lower()})
    with pytest.raises(DomainError, match="capital letters"):
        export_ledger_sql(scheme_with(indicators=twice), "duckdb", DAYS[0])
