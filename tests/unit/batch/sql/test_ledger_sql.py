"""SQL of the event ledger and the official records against `SanzhixinModel.profile`."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import sqlglot
from sqlglot import exp

import sanzhixin as szx
from sanzhixin.batch.sql import DIALECTS, export_ledger_sql
from sanzhixin.errors import DomainError
from sanzhixin.model import case_chunks
from sanzhixin.records.vocabulary import EVENT_STATUS
from sanzhixin.scoring.dates import months_before
from sanzhixin.scoring.profile import take_profile
from tests.unit.batch.sql.profiles import differences
from tests.unit.scoring.factories import SCHEME, indicators_with, model_file, scheme_with

DAYS = (dt.date(2026, 6, 30), dt.date(2028, 2, 29), dt.date(2026, 3, 31), dt.date(2027, 1, 1))
COLUMNS = ("event_points", "n_events_counted", "n_events_excluded", "gated")


def schemes():
    """Caps whose periods end with the validity, before it and after it; none; events of loss."""
    uneven = indicators_with("FS07", valid_months=25, cap={"points": 2, "months": 7})
    long_cap = indicators_with("FS07", valid_months=5, cap={"points": 2, "months": 12})
    free = indicators_with("FS07", valid_months=36, cap=None)
    nothing = indicators_with("FS07", cap={"points": 0, "months": 12})
    return {
        "built-in": SCHEME,
        "uneven periods": scheme_with(indicators=uneven),
        "a cap longer than the validity": scheme_with(indicators=long_cap),
        "no cap": scheme_with(indicators=free),
        "a cap of nothing": scheme_with(indicators=nothing),
        "narrow part": scheme_with(event_part={"start": 21, "floor": 20}),
        "no events": scheme_with(
            indicators=tuple(
                item for item in SCHEME.model_dump()["indicators"] if item["kind"] != "event"
            )
        ),
        "no records": scheme_with(
            indicators=tuple(
                item for item in SCHEME.model_dump()["indicators"] if item["kind"] != "official"
            ),
            gates=(),
        ),
    }  # fmt: skip


NAMES = ("built-in", "uneven periods", "a cap longer than the validity", "no cap",
         "a cap of nothing", "narrow part", "no events", "no records")  # fmt: skip


@cache
def model_of(name):
    return szx.SanzhixinModel(model_file(schemes()[name]))


@cache
def base_county():
    return szx.simulate_county(villages=3, seed=7)


def edges_of(rule, day):
    spans = {rule.valid_months}
    if rule.cap is not None:
        spans |= set(range(rule.cap.months, rule.valid_months + rule.cap.months, rule.cap.months))
    return [months_before(day, span) for span in spans] + [day]


def text(values):
    return pd.array(values, dtype="str")


def days(values):
    return pd.Series(pd.to_datetime(pd.Series(values, dtype=object))).astype("datetime64[s]")


def drawn_county(scheme, day, seed, *, hours=0):
    """Entries and records on, before and after every day on which something changes."""
    random = np.random.default_rng(seed)
    homes = base_county().households["household_id"].to_numpy()
    one_day = dt.timedelta(days=1)
    rules = list(scheme.event_rules.values())
    rows = []
    for number in range(600 if rules else 0):
        rule = rules[random.integers(len(rules))]
        occurred = random.choice(edges_of(rule, day)) + one_day * int(random.integers(-1, 2))
        if random.random() < 0.3:
            occurred = day - one_day * int(random.integers(-20, 1_300))
        recorded = random.choice([occurred, occurred - one_day, day, day + one_day])
        status = random.choice(
            EVENT_STATUS, p=[0.7 if s == "approved" else 0.1 for s in EVENT_STATUS]
        )
        rows.append(
            {
                "event_id": f"E{number:05}",
                "household_id": random.choice(homes[:150]) if number else "elsewhere",
                "code": rule.code,
                "level": rule.levels[random.integers(len(rule.levels))].level,
                "occurred_on": occurred,
                "recorded_on": recorded,
                "status": status,
                "evidence_id": f"V{number}" if random.random() < 0.9 else None,
            }
        )
    events = base_county().events.iloc[:0]
    if rows:
        events = pd.DataFrame(rows)
    records = []
    for number, rule in enumerate(list(scheme.official_rules.values()) * 40):
        end = months_before(day, rule.expires_months)
        ends = [None, end - one_day, end, end + one_day, day]
        records.append(
            {
                "household_id": random.choice(homes) if number else "elsewhere",
                "code": rule.code,
                "document_no": f"D{number}",
                "list_class": rule.list_class,
                "issued_on": day + one_day * int(random.integers(-2, 2)),
                "ended_on": ends[random.integers(len(ends))],
            }
        )
    registers = pd.DataFrame(records) if records else base_county().registers.iloc[:0]
    return replace(
        base_county(),
        events=_typed(events, ("occurred_on", "recorded_on"), hours),
        registers=_typed(registers, ("issued_on", "ended_on"), hours),
    )


def _typed(frame, dates, hours):
    made = {name: days(frame[name]) + pd.Timedelta(hours=hours) for name in dates}
    return frame.assign(
        **{name: text(frame[name]) for name in frame.columns if name not in dates}, **made
    )


def of_the_library(model, county, day):
    profile = model.profile(county, day)
    plan = model.plan
    found = np.concatenate(
        [take_profile(cases, plan).records for cases in case_chunks(county, plan, day)]
    )
    reviews = {
        f"record_{plan.ledger.record_codes[place]}": found[:, place] for place in plan.reviews
    }
    expected = {name: profile[name].to_numpy() for name in COLUMNS[:3]}
    expected |= {"gated": found[:, plan.gates].any(axis=1)} | reviews
    return {name: values.astype(object) for name, values in expected.items()}


def load(engine, county, *, as_dates=False):
    for name in ("households", "events", "registers"):
        frame = getattr(county, name)
        if as_dates:
            moments = [c for c in frame.columns if frame[c].dtype.kind == "M"]
            frame = frame.assign(
                **{
                    c: pd.Series([None if pd.isna(v) else v.date() for v in frame[c]], dtype=object)
                    for c in moments
                }
            )
        engine.load(name, frame)


@pytest.mark.parametrize("name", NAMES)
def test_every_household_has_the_events_and_records_of_its_profile(engine, name):
    model, day = model_of(name), DAYS[0]
    county = drawn_county(model.scheme, day, seed=NAMES.index(name))
    expected = of_the_library(model, county, day)
    load(engine, county)
    found = engine.run(export_ledger_sql(model, engine.name, day))
    assert differences(found, expected) == dict.fromkeys(expected, 0)


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
