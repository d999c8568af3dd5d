"""Counties whose events and records lie where something changes, and what the library says."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

import sanzhixin as szx
from sanzhixin.batch.sql import export_ledger_sql
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
def base_county(villages=3):
    return szx.simulate_county(villages=villages, seed=7)


def edges_of(rule, day):
    spans = {rule.valid_months}
    if rule.cap is not None:
        spans |= set(range(rule.cap.months, rule.valid_months + rule.cap.months, rule.cap.months))
    return [months_before(day, span) for span in spans] + [day]


def text(values):
    return pd.array(values, dtype="str")


def days(values):
    return pd.Series(pd.to_datetime(pd.Series(values, dtype=object))).astype("datetime64[s]")


def drawn_county(scheme, day, seed, *, hours=0, base=None, n_events=600):
    """Entries and records on, before and after every day on which something changes."""
    base = base or base_county()
    random = np.random.default_rng(seed)
    events = drawn_events(scheme, day, random, base, n_events)
    registers = drawn_records(scheme, day, random, base, n_events // 15)
    return replace(
        base,
        events=_typed(events, ("occurred_on", "recorded_on"), hours),
        registers=_typed(registers, ("issued_on", "ended_on"), hours),
    )


def drawn_events(scheme, day, random, base, n_events):
    """Entries of five households in six; one belongs to a household that is not there."""
    homes = base.households["household_id"].to_numpy()
    homes = homes[: len(homes) * 5 // 6]
    one_day = dt.timedelta(days=1)
    rules = list(scheme.event_rules.values())
    rows = []
    for number in range(n_events if rules else 0):
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
                "household_id": random.choice(homes) if number else "elsewhere",
                "code": rule.code,
                "level": rule.levels[random.integers(len(rule.levels))].level,
                "occurred_on": occurred,
                "recorded_on": recorded,
                "status": status,
                "evidence_id": f"V{number}" if random.random() < 0.9 else None,
            }
        )
    return pd.DataFrame(rows) if rows else base.events.iloc[:0]


def drawn_records(scheme, day, random, base, each):
    """So many records of each rule; one belongs to a household that is not there."""
    homes = base.households["household_id"].to_numpy()
    one_day = dt.timedelta(days=1)
    rows = []
    for number, rule in enumerate(list(scheme.official_rules.values()) * each):
        end = months_before(day, rule.expires_months)
        ends = [None, end - one_day, end, end + one_day, day]
        rows.append(
            {
                "household_id": random.choice(homes) if number else "elsewhere",
                "code": rule.code,
                "document_no": f"D{number}",
                "list_class": rule.list_class,
                "issued_on": day + one_day * int(random.integers(-2, 2)),
                "ended_on": ends[random.integers(len(ends))],
            }
        )
    return pd.DataFrame(rows) if rows else base.registers.iloc[:0]


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


def ledger_differences(engine, model, county, day):
    """Cells in which the answer of an engine is not that of the library, by column."""
    expected = of_the_library(model, county, day)
    load(engine, county)
    return differences(engine.run(export_ledger_sql(model, engine.name, day)), expected)
