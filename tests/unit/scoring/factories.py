"""Households written by hand, as arrays, without pandas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Any

import numpy as np

from sanzhixin.records.cases import MISSING, UNSEEN, Cases, Events, Forms, Members, Registers
from sanzhixin.records.vocabulary import EVENT_STATUS, RELATIONS, ROLES
from sanzhixin.scheme import Scheme, load_scheme
from sanzhixin.scoring import (
    Answers,
    ModelFile,
    Plan,
    Provenance,
    compile_plan,
    expert_card,
    propose_cases,
    score_cases,
)
from sanzhixin.scoring.pd_table import PdTable

SCHEME = load_scheme("tongxiang")
DAY = dt.date(2026, 6, 30)
AGGREGATORS = ("min", "mean", "median", "trimmed_mean")
PILLARS = ("fs", "ml", "nr")
ITEMS = {"fs": 5, "ml": 4, "nr": 6}
WEIGHTS = {"fs": 200, "ml": 160, "nr": 240}


@dataclass(frozen=True, slots=True)
class Form:
    ratings: tuple[int, ...]
    rater: str = "R1"
    role: str = "panel"
    relation: str = "none"
    familiar: bool = True
    round: int = 1
    rated_on: dt.date = DAY - dt.timedelta(days=30)
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    code: str
    level: str
    occurred_on: dt.date = DAY - dt.timedelta(days=10)
    recorded_on: dt.date | None = None
    status: str = "approved"
    has_evidence: bool = True
    event_id: str = "E1"


@dataclass(frozen=True, slots=True)
class Record:
    code: str
    issued_on: dt.date = DAY - dt.timedelta(days=100)
    ended_on: dt.date | None = None
    document_no: str = "D1"


@dataclass(frozen=True, slots=True)
class Household:
    forms: tuple[Form, ...] = ()
    events: tuple[Event, ...] = ()
    records: tuple[Record, ...] = ()
    household_id: str = "H0001"
    village_id: str = "V01"
    as_of: dt.date = DAY
    consent_until: dt.date = dt.date(2028, 12, 31)
    purpose: str | None = None
    override_reason: str | None = None
    amounts: dict[str, int] = field(default_factory=dict)
    members: dict[str, int | None] = field(default_factory=dict)
    factors: dict[str, Any] = field(default_factory=dict)


def form(everywhere: int = 4, /, *, rater: str = "R1", **fields: Any) -> Form:
    """Rate all items alike; ``fs=``, ``ml=``, ``nr=`` take a rating or one per item (0: blank)."""
    ratings: tuple[int, ...] = ()
    for pillar, count in ITEMS.items():
        given = fields.pop(pillar, everywhere)
        ratings += (given,) * count if isinstance(given, int) else tuple(given)
    return Form(ratings, rater=rater, **fields)


def drawn_form(random: np.random.Generator, *, blanks: bool = False, **fields: Any) -> Form:
    """Draw every rating from 1 to 5, or from blank to 5."""
    return Form(tuple(random.integers(0 if blanks else 1, 6, 15).tolist()), **fields)


def forms(*ratings: int | Form, **fields: Any) -> tuple[Form, ...]:
    """One form per rating, from raters R1, R2 and so on."""
    made = (f if isinstance(f, Form) else form(f, **fields) for f in ratings)
    return tuple(replace(f, rater=f"R{i + 1:03}") for i, f in enumerate(made))


def events(*given: Event) -> tuple[Event, ...]:
    """Entries with numbers of their own."""
    return tuple(replace(entry, event_id=f"E{i + 1:03}") for i, entry in enumerate(given))


def volunteering(times: int, **fields: Any) -> tuple[Event, ...]:
    return events(*[Event("ML05", "standard", **fields)] * times)


def household(*ratings: int | Form, **fields: Any) -> Household:
    """Household with one form per rating (three fours by default)."""
    return Household(forms=forms(*(ratings or (4, 4, 4))), **fields)


def scheme_with(base: Scheme = SCHEME, /, **changes: Any) -> Scheme:
    """Validate the scheme again with other values; a dictionary changes a table key by key."""
    data = base.model_dump()
    for key, value in changes.items():
        old = data[key]
        data[key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return Scheme.model_validate(data)


def indicators_with(code: str, **changes: Any) -> tuple[dict[str, Any], ...]:
    """Indicators of the built-in scheme, one of them changed."""
    listed = SCHEME.model_dump()["indicators"]
    return tuple({**item, **changes} if item["code"] == code else item for item in listed)


ORIGIN = Provenance(
    fitted_by="A",
    validated_by="B",
    approved_by="C",
    fitted_on=dt.date(2026, 1, 5),
    validated_on=dt.date(2026, 2, 5),
    approved_on=dt.date(2026, 3, 5),
    retired_by="D",
    retired_on=dt.date(2026, 4, 5),
    retired_because="a successor is in use",
)


def model_file(scheme: Scheme = SCHEME, **changes: Any) -> ModelFile:
    probability = float(scheme.review.review_probability)
    given: dict[str, Any] = {
        "protocol": 1,
        "name": "tongxiang-expert",
        "version": "1.0.0",
        "status": "draft",
        "valid_until": dt.date(2028, 12, 31),
        "scheme": scheme,
        "card": expert_card(scheme),
        "pd": PdTable.none(),
        "review_z": NormalDist().inv_cdf(1 - probability),
        "provenance": ORIGIN,
    }
    return ModelFile(**{**given, **changes})


def plan_of(scheme: Scheme = SCHEME, **changes: Any) -> Plan:
    return compile_plan(model_file(scheme, **changes))


PLAN = plan_of()


def propose(given: Household, plan: Plan = PLAN) -> dict[str, Any]:
    """Proposal for one household."""
    return propose_cases(encode(given, scheme=plan.scheme), plan)[0]


def score(*given: Household, plan: Plan = PLAN) -> Answers:
    return score_cases(encode(*given, scheme=plan.scheme), plan)


def encode(*given: Household, scheme: Scheme = SCHEME) -> Cases:
    """Turn households into arrays, sorted as the tables of `Cases` are."""
    sheets = [sorted(h.forms, key=lambda f: (f.round, f.rater)) for h in given]
    ledgers = [sorted(h.events, key=lambda e: (e.occurred_on, e.event_id)) for h in given]
    lists = [sorted(h.records, key=lambda r: (r.issued_on, r.code, r.document_no)) for h in given]
    form_start, form_end = _bounds(sheets)
    event_start, event_end = _bounds(ledgers)
    register_start, register_end = _bounds(lists)
    adults = [sorted(h.members.items()) for h in given]
    member_start, member_end = _bounds(adults)

    def amount(name: str) -> np.ndarray:
        return _whole([h.amounts.get(name, MISSING) for h in given])

    return Cases(
        household_id=[h.household_id for h in given],
        village_id=[h.village_id for h in given],
        as_of=_whole([h.as_of.toordinal() for h in given]),
        consent_until=_whole([h.consent_until.toordinal() for h in given]),
        has_written_consent=np.array(["annual_income" in h.amounts for h in given], dtype=bool),
        purpose=[h.purpose for h in given],
        annual_income=amount("annual_income"),
        debt=amount("debt"),
        assets=amount("assets"),
        exposure=amount("exposure"),
        requested=amount("requested"),
        council=amount("council"),
        manager=amount("manager"),
        override_reason=[h.override_reason for h in given],
        factors={f.name: _whole([_factor(h, f) for h in given]) for f in scheme.factors},
        forms=_forms([f for sheet in sheets for f in sheet], scheme),
        form_start=form_start,
        form_end=form_end,
        events=_events([e for ledger in ledgers for e in ledger], scheme),
        event_start=event_start,
        event_end=event_end,
        registers=_registers([r for records in lists for r in records], scheme),
        register_start=register_start,
        register_end=register_end,
        members=_members([adult for each in adults for adult in each]),
        member_start=member_start,
        member_end=member_end,
    )


def _members(adults: Sequence[tuple[str, int | None]]) -> Members:
    owed = [MISSING if yuan is None else yuan for _, yuan in adults]
    return Members([person for person, _ in adults], _whole(owed))


def _whole(values: Sequence[int], dtype: type = np.int64) -> np.ndarray:
    return np.array(values, dtype=dtype)


def _bounds(tables: list[list[Any]]) -> tuple[np.ndarray, np.ndarray]:
    ends = np.cumsum(_whole([len(table) for table in tables]))
    return ends - _whole([len(table) for table in tables]), ends


def _factor(given: Household, factor: Any) -> int:
    value = given.factors.get(factor.name)
    if value is None:
        return MISSING
    if factor.kind == "numeric":
        return round(value * 1_000_000)
    names = [level.level for level in factor.levels]
    return names.index(value) if value in names else UNSEEN


def _forms(rows: list[Form], scheme: Scheme) -> Forms:
    ratings = [f.ratings for f in rows]
    return Forms(
        rater_id=[f.rater for f in rows],
        round=_whole([f.round for f in rows]),
        rated_on=_whole([f.rated_on.toordinal() for f in rows]),
        familiar=np.array([f.familiar for f in rows], dtype=bool),
        relation=_whole([RELATIONS.index(f.relation) for f in rows], np.int8),
        role=_whole([ROLES.index(f.role) for f in rows], np.int8),
        ratings=np.array(ratings, dtype=np.int8).reshape(-1, len(scheme.panel_codes)),
        proposed_limit=_whole([MISSING if f.amount is None else f.amount for f in rows]),
    )


def _events(rows: list[Event], scheme: Scheme) -> Events:
    codes = list(scheme.event_rules)
    levels = {code: [lv.level for lv in rule.levels] for code, rule in scheme.event_rules.items()}
    return Events(
        event_id=[e.event_id for e in rows],
        code=_whole([codes.index(e.code) for e in rows], np.int16),
        level=_whole([levels[e.code].index(e.level) for e in rows], np.int16),
        occurred_on=_whole([e.occurred_on.toordinal() for e in rows]),
        recorded_on=_whole([(e.recorded_on or e.occurred_on).toordinal() for e in rows]),
        status=_whole([EVENT_STATUS.index(e.status) for e in rows], np.int8),
        has_evidence=np.array([e.has_evidence for e in rows], dtype=bool),
    )


def _registers(rows: list[Record], scheme: Scheme) -> Registers:
    codes = list(scheme.official_rules)
    rules = scheme.official_rules
    return Registers(
        code=_whole([codes.index(r.code) for r in rows], np.int16),
        document_no=[r.document_no for r in rows],
        list_class=[rules[r.code].list_class for r in rows],
        issued_on=_whole([r.issued_on.toordinal() for r in rows]),
        ended_on=_whole([MISSING if r.ended_on is None else r.ended_on.toordinal() for r in rows]),
    )
