"""Households for hypothesis."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import strategies as st

from tests.unit.scoring.adjusted_plan import adjusted_plan
from tests.unit.scoring.factories import (
    AGGREGATORS,
    DAY,
    SCHEME,
    Event,
    Form,
    Household,
    Record,
    events,
    plan_of,
    scheme_with,
)

PLANS = {how: plan_of(scheme_with(aggregator=how)) for how in AGGREGATORS}
PLANS["severity_adjusted"] = adjusted_plan()
HOWS = tuple(PLANS)

AMOUNTS = ("annual_income", "debt", "assets", "exposure", "requested", "council", "manager")
yuan = st.integers(0, 600_000)
recent = st.integers(-40, 800).map(lambda days: DAY - dt.timedelta(days=days))


def ratings(lowest: int = 0) -> st.SearchStrategy[tuple[int, ...]]:
    return st.tuples(*[st.integers(lowest, 5)] * 15)


forms = st.builds(
    Form,
    ratings=ratings(),
    role=st.sampled_from(("panel", "panel", "neighbour", "account_manager")),
    relation=st.sampled_from(("none", "none", "none", "kin")),
    familiar=st.sampled_from((True, True, True, False)),
    round=st.integers(1, 2),
    rated_on=st.sampled_from((DAY - dt.timedelta(days=9), DAY, dt.date(2025, 6, 30))),
    amount=st.none() | yuan,
)
plain_forms = st.builds(Form, ratings=ratings(lowest=1), amount=st.none() | yuan)

LEVELS = [(code, level.level) for code, rule in SCHEME.event_rules.items() for level in rule.levels]
entries = st.builds(
    lambda pair, **fields: Event(*pair, **fields),
    st.sampled_from(LEVELS),
    occurred_on=recent,
    recorded_on=st.none() | recent,
    status=st.sampled_from(("approved", "approved", "pending", "rejected", "revoked")),
    has_evidence=st.booleans(),
)
records = st.builds(
    Record,
    st.sampled_from(tuple(SCHEME.official_rules)),
    issued_on=recent,
    ended_on=st.none() | recent,
    document_no=st.sampled_from(("D1", "D2", "D3")),
)
factors = st.fixed_dictionaries(
    {},
    optional={
        "customer_years": st.integers(0, 20),
        "utility_payment": st.sampled_from(("on_time", "sometimes_late", "often_late")),
        "household_income": st.integers(0, 300_000),
    },
)


def named(given: Household, number: int = 0) -> Household:
    """Give raters, entries and the household names of their own."""
    sheets = tuple(replace(f, rater=f"R{i:02}") for i, f in enumerate(given.forms))
    return replace(given, forms=sheets, events=events(*given.events), household_id=f"H{number:03}")


some_forms = st.lists(forms, max_size=7)


def households(
    sheets: st.SearchStrategy[list[Form]] = some_forms,
) -> st.SearchStrategy[Household]:
    """Households with anything in their tables."""
    return st.builds(
        Household,
        forms=sheets.map(tuple),
        events=st.lists(entries, max_size=8).map(tuple),
        records=st.lists(records, max_size=2).map(tuple),
        purpose=st.sampled_from((None, None, "建房", "购房")),
        override_reason=st.sampled_from((None, None, "flood")),
        amounts=st.fixed_dictionaries({}, optional=dict.fromkeys(AMOUNTS, yuan)),
        factors=factors,
    ).map(named)


rated = households(st.lists(plain_forms, min_size=3, max_size=7))
"""Households whose forms all count, in full."""
