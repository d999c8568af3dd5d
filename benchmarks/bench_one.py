"""One application as a backend hands it in: a dict to a proposal, every call another household."""

from __future__ import annotations

import datetime as dt
import gc
import time
from pathlib import Path
from typing import Any

import numpy as np
from figures import at_most, only_told, options, show

import sanzhixin as szx

MODEL = Path(__file__).resolve().parents[1] / "models" / "tongxiang-expert" / "1.0.0"
AS_OF = dt.date(2026, 6, 30)
FORMS, EVENTS = 7, ("ML05", "ML05", "NR07", "FS06", "ML07")
LEVELS = {"ML05": None, "NR07": "3", "FS06": "town", "ML07": "1"}
BUDGET_P50, BUDGET_P99 = 300, 1000

Record = dict[str, Any]


def application(number: int, codes: tuple[str, ...], purpose: str) -> Record:
    """Make one household up: 7 forms of 15 items with a few blanks, 5 events, an income."""
    random = np.random.default_rng(number)
    days = [str(AS_OF - dt.timedelta(days=int(k))) for k in random.integers(5, 300, 14)]
    ratings = random.integers(2, 6, (FORMS, len(codes))).tolist()
    blank = random.random((FORMS, len(codes))) < 0.08
    return {
        "household_id": f"V{number % 200:03}-{number:05}",
        "village_id": f"V{number % 200:03}",
        "consent_id": f"C{number:06}",
        "consent_purpose": purpose,
        "consent_on": "2026-01-05",
        "consent_until": "2027-01-04",
        "written_consent_id": f"W{number:06}",
        "annual_income_yuan": int(random.integers(20, 200)) * 1000,
        "exposure_yuan": 0,
        "requested_yuan": 100_000,
        "purpose": "生产经营",
        "factors": {"customer_years": 4.5, "utility_payment": "on_time"},
        "ratings": [
            {
                "round": 1,
                "rater_id": f"V{number % 200:03}-R{k:02}",
                "role": "neighbour" if k == FORMS - 1 else "panel",
                "rated_on": days[k],
                "familiar": True,
                "relation": "kin" if k == 2 else "none",
                "scores": {
                    code: None if gone else value
                    for code, value, gone in zip(codes, ratings[k], blank[k], strict=True)
                },
                "proposed_limit_yuan": 50_000 + 10_000 * k,
            }
            for k in range(FORMS)
        ],
        "events": [
            {
                "event_id": f"E{number:05}-{k}",
                "code": code,
                "level": LEVELS[code],
                "occurred_on": days[FORMS + k],
                "recorded_on": str(AS_OF),
                "status": "approved",
                "evidence_id": f"N{number:05}-{k}",
            }
            for k, code in enumerate(EVENTS)
        ],
        "registers": [],
        "proposals": {"council_limit_yuan": 80_000},
    }  # fmt: skip


def microseconds(model: szx.SanzhixinModel, records: list[Record]) -> np.ndarray[Any, Any]:
    """Time every call on its own, garbage collection as a backend has it."""
    taken = np.empty(len(records))
    for place, record in enumerate(records):
        begin = time.perf_counter()
        model.propose_one(record, as_of=AS_OF)
        taken[place] = time.perf_counter() - begin
    return taken * 1e6


def main() -> None:
    calls, warm = (20, 5) if options(__doc__ or "").quick else (4_000, 400)
    model = szx.load_model(MODEL)
    scheme = model.scheme
    records = [
        application(number, scheme.panel_codes, scheme.consent_purpose)
        for number in range(calls + warm)
    ]
    microseconds(model, records[:warm])
    gc.collect()
    taken = microseconds(model, records[warm:])
    p50, p99 = np.percentile(taken, [50, 99])
    county = szx.simulate_county(villages=1, households_per_village=1, seed=7)
    tables = []
    for _ in range(3 if calls < 100 else 30):
        begin = time.perf_counter()
        model.propose(county)
        tables.append(time.perf_counter() - begin)
    show(
        "one application",
        [
            at_most("propose_one, p50", p50, BUDGET_P50, "us"),
            at_most("propose_one, p99", p99, BUDGET_P99, "us"),
            only_told("propose_one, fastest", f"{taken.min():.0f} us"),
            only_told(
                "a county of one household through propose", f"{np.median(tables) * 1e6:.0f} us"
            ),
        ],
        f"{calls:,} dicts of {FORMS} forms x {len(scheme.panel_codes)} items and {len(EVENTS)} "
        "events, each another household; validation, measure, reasons and digest included.",
    )


if __name__ == "__main__":
    main()
