"""Profiles drawn at random, what the library says of them, and models that differ in every rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

import numpy as np
import pandas as pd

from sanzhixin import SanzhixinModel
from sanzhixin.batch.sql import export_score_sql
from sanzhixin.records.cases import MISSING
from sanzhixin.scheme.limits import BOUNDS
from sanzhixin.scoring.card import Card, score_card
from sanzhixin.scoring.expert import expert_card
from sanzhixin.scoring.limits import SYSTEM_BOUNDS, find_tier, set_limits
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.pd_table import PdRow, PdTable
from tests.properties.test_scoring_lattice import FALLING, FEW_TIERS, LEARNED, LOSS
from tests.unit.scoring.factories import SCHEME, encode, household, model_file, scheme_with

AMOUNTS = ("annual_income", "debt", "assets", "exposure", "requested", "village_limit", "manager")
COLUMNS = {name: f"{name}_yuan" for name in AMOUNTS} | {"manager": "manager_limit_yuan"}
VILLAGES = ("V01", "V02", "V'03", "乡")
RATES = {"rows": tuple(
    {**row, "rate_bp": 450 - 30 * place}
    for place, row in enumerate(
        sorted(SCHEME.model_dump()["tiers"]["rows"], key=lambda row: row["at_least"])
    )
)}  # fmt: skip
HOSTILE_TIERS = {
    "unrated": "'; DROP TABLE canary; --",
    "rows": (
        {"grade": "a'b\\\"`$1%s{}", "at_least": Decimal(72), "cap": Decimal(12)},
        {"grade": "优'\\", "at_least": Decimal(40), "below": Decimal(72), "cap": Decimal(5)},
    ),
}
EVERY_POINT = PdTable(
    basis="fitted",
    method="logistic",
    population="approved households",
    n_loans=4_000,
    n_defaults=90,
    rows=tuple(
        PdRow(
            at_least=at,
            prob_default=round(0.3 * 0.993**at, 8),
            lower=round(0.29 * 0.992**at, 8) if at < 700 else 0.0,
            upper=round(0.4 * 0.994**at, 8),
        )
        for at in range(1001)
    ),
)
ALONE = dict.fromkeys(("product_cap", "income_multiple", "debt_ratio", "customer_total"))
ROUND = (
    0,
    1,
    30_000,
    50_000,
    80_000,
    100_000,
    120_000,
    200_000,
    300_000,
    470_000,
    500_000,
    600_000,
)
"""Amounts that meet each other and the caps, so that bounds tie."""
CAPS = {
    "village_caps": {"V01": Decimal("1.2"), "V'03": Decimal(0), "乡": Decimal(30)},
    "village_cap": Decimal(7),
}


def odd_card():
    """Starts below and above zero, points of missing values, a base, negative points and ends."""
    data = expert_card(SCHEME).model_dump()
    panel, _, factors = data["groups"]
    fs, ml, nr, ledger, years, bills, _ = data["characteristics"]
    fs |= {"start": -7_000_001, "span": 93_333_333, "points": 77, "missing_points": -9}
    ml |= {"start": 33_333_333, "span": 1, "points": 1, "missing_points": 3}
    nr |= {"start": 50_000_000, "span": 50_000_000, "points": 20_000, "missing_points": 0}
    ledger |= {"span": 777_777_777, "points": 333}
    edges = tuple(range(-40_000_000, 200_000_000, 1_000_003))[:200]
    points = tuple((place * 37) % 91 - 45 for place in range(len(edges) + 1))
    texts = tuple(str(place) for place in range(len(edges) + 1))
    years |= {"edges": edges, "points": points, "labels_zh": texts, "labels_en": texts,
              "missing_points": 11}  # fmt: skip
    bills |= {"points": (-7, 0, 12), "missing_points": -1}
    panel |= {"lowest": 3, "highest": 19_000}
    factors |= {"lowest": -41, "highest": 23}
    data |= {"base": -13, "lowest": 5, "highest": 18_000}
    return Card.model_validate(data)


def schemes():
    """Scheme and what else a model file has, by name."""
    return {
        "expert": (SCHEME, {}),
        "table of every point": (SCHEME, {"pd": EVERY_POINT}),
        "expected loss, rates": (scheme_with(limits=LOSS, tiers=RATES), {"pd": FALLING}),
        "loss required without a table": (
            scheme_with(limits={**LOSS, "required": ("loss_cap",)}), {}
        ),
        "two tiers, odd steps": (
            scheme_with(
                tiers=FEW_TIERS,
                limits={"step": Decimal("0.37"), "product_cap": Decimal(9),
                        "income_multiple": Decimal("0.123457"), "debt_ratio": Decimal("0.61803")},
            ),
            {},
        ),
        "two tiers, single yuan": (
            scheme_with(
                tiers=FEW_TIERS,
                limits={**LOSS, "step": Decimal("0.0001"), "income_multiple": Decimal("1.234567"),
                        "debt_ratio": Decimal("0.7")},
            ),
            {"pd": FALLING},
        ),
        "expected loss alone": (
            scheme_with(tiers=FEW_TIERS, limits={**ALONE, **LOSS, "step": Decimal("0.0001")}),
            {"pd": FALLING},
        ),
        "villages, all bounds required": (
            scheme_with(
                limits={**CAPS, "required": ("village_cap", "income_multiple", "debt_room",
                                             "exposure_room", "village_limit", "manager_limit",
                                             "requested")},
            ),
            {},
        ),
        "people's bounds required": (
            scheme_with(limits={"required": ("manager_limit", "requested")}), {}
        ),
        "no bounds but the tier's": (scheme_with(limits=ALONE), {}),
        "one village cap": (scheme_with(limits={"village_caps": {"V02": Decimal("0.5")}}), {}),
        "learned card": (SCHEME, {"card": LEARNED, "pd": FALLING}),
        "odd card": (SCHEME, {"card": odd_card()}),
        "hostile tiers": (scheme_with(tiers=HOSTILE_TIERS), {}),
    }  # fmt: skip


NAMES = tuple(schemes())


@cache
def model_of(name):
    scheme, changes = schemes()[name]
    return SanzhixinModel(model_file(scheme, **changes))


@cache
def sql_of(name, dialect):
    return export_score_sql(model_of(name), dialect)


@dataclass(frozen=True)
class Drawn:
    """Arrays of a profile, as the library has them.

    `inputs` are the columns of the card, `amounts` those of the limits.
    """

    evidence: np.ndarray
    gated: np.ndarray
    village: np.ndarray
    inputs: dict[str, np.ndarray]
    amounts: dict[str, np.ndarray]

    def frame(self, plan):
        """The same as a table of profiles."""
        columns = {
            "household_id": pd.array([f"H{i:07}" for i in range(self.evidence.size)], dtype="str"),
            "village_id": pd.array(self.village, dtype="str"),
            "evidence": self.evidence,
            "gated": self.gated,
        }
        levels = {i.column: i.levels for i in plan.card.characteristics if i.kind == "levels"}
        for name, values in self.inputs.items():
            if name in levels:
                names = np.array([*levels[name], None], dtype=object)
                columns[name] = pd.array(names[np.maximum(values, -1)], dtype="str")
            else:
                columns[name] = pd.arrays.FloatingArray(values / MICRO, values == MISSING)
        for name, values in self.amounts.items():
            columns[COLUMNS[name]] = pd.arrays.IntegerArray(values, values == MISSING)
        return pd.DataFrame(columns)


def draw(plan, size, seed):
    """Draw values anywhere, at every step and edge and one millionth beside, far off, missing."""
    random = np.random.default_rng(seed)
    quality = random.random(size) ** 0.4
    inputs = {}
    for item in plan.card.characteristics:
        if item.kind == "levels":
            inputs[item.column] = random.integers(-1, len(item.levels), size)
            inputs[item.column][inputs[item.column] < 0] = MISSING
            continue
        if item.kind == "grid":
            steps = np.rint(item.points * (quality + random.normal(0, 0.1, size))).astype(np.int64)
            near = item.start + (item.span * steps) // item.points + random.integers(-2, 3, size)
            low, high = item.start - item.span // 10 - 5, item.start + item.span * 11 // 10 + 5
        else:
            near = random.choice(item.edges, size) + random.integers(-1, 2, size)
            low, high = item.edges[0] - MICRO, item.edges[-1] + MICRO
        far = random.choice([-(10**18), 10**18, 10**15, 0, 9_007_199_254_740_993], size)
        anywhere = random.integers(low, high, size)
        kind = random.choice(4, size, p=[0.1, 0.86, 0.01, 0.03])
        inputs[item.column] = np.choose(kind, [anywhere, near, far, MISSING])
    scales = np.array([1, 10, 1_000, 100_000, 600_000, 10**9, 10**12])
    amounts = {}
    for name in AMOUNTS:
        drawn = random.integers(
            0, scales[random.choice(7, size, p=[0.05, 0.05, 0.1, 0.2, 0.4, 0.1, 0.1])] + 1
        )
        drawn = np.where(random.random(size) < 0.4, random.choice(ROUND, size), drawn)
        amounts[name] = np.where(random.random(size) < 0.15, MISSING, drawn)
    return Drawn(
        evidence=random.random(size) < 0.95,
        gated=random.random(size) < 0.03,
        village=random.choice(VILLAGES, size),
        inputs=inputs,
        amounts=amounts,
    )


def library(plan, drawn):
    """Columns of the answer, computed by the arrays of the library."""
    size = drawn.evidence.size
    total = score_card(plan.card, drawn.inputs).total
    tier = find_tier(total, plan.tiers)
    own = {name: values for name, values in drawn.amounts.items() if name != "village_limit"}
    cases = replace(
        encode(household()).take(np.zeros(size, dtype=np.int64)),
        village_id=drawn.village.tolist(), **own,
    )  # fmt: skip
    limits = set_limits(
        cases, total, tier, drawn.amounts["village_limit"], (plan.tiers, plan.limits)
    )
    pd_arrays = plan.pd.lookup(total)
    is_open = drawn.evidence & ~drawn.gated
    required = np.array(plan.limits.required, dtype=np.int64)
    lacks = limits.incomplete.any(axis=1)
    lacks_system = limits.incomplete[:, required < SYSTEM_BOUNDS].any(axis=1)
    grades = np.array([*plan.tiers.grades, plan.tiers.unrated], dtype=object)
    rates = np.array([*plan.tiers.rates, None], dtype=object)
    columns = {
        "points": (total, is_open),
        "prob_default": (pd_arrays.prob_default, is_open & ~np.isnan(pd_arrays.prob_default)),
        "pd_lower": (pd_arrays.lower, is_open & ~np.isnan(pd_arrays.lower)),
        "pd_upper": (pd_arrays.upper, is_open & ~np.isnan(pd_arrays.upper)),
        "tier": (grades[tier], is_open),
        "rate_bp": (rates[tier], is_open & (rates[tier] != None)),  # noqa: E711
        "system_limit_yuan": (limits.system, is_open & ~lacks_system),
        "limit_yuan": (limits.final, is_open & ~lacks),
        "binding_bound": (np.array(BOUNDS, dtype=object)[limits.binding], is_open & ~lacks),
    }
    if not any(plan.tiers.rates):
        del columns["rate_bp"]
    return {
        name: np.where(there, values.astype(object), None)
        for name, (values, there) in columns.items()
    }


def differences(engine_answer, expected):
    """Cells that differ, by column; rows are matched by household_id."""
    names, rows = engine_answer
    assert names == ["household_id", *expected]
    size = len(next(iter(expected.values())))
    assert len(rows) == size
    order = sorted(range(size), key=lambda i: rows[i][0])
    columns = np.array([rows[i] for i in order], dtype=object).T
    return {
        name: int((values != columns[place]).sum())
        for place, (name, values) in enumerate(expected.items(), start=1)
    }


def score_differences(engine, name, size, seed):
    """Cells in which the answer of an engine to random profiles is not that of the library."""
    model = model_of(name)
    drawn = draw(model.plan, size, seed)
    engine.load("warehouse_profile", drawn.frame(model.plan))
    return differences(engine.run(sql_of(name, engine.name)), library(model.plan, drawn))
