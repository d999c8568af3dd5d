"""Dated records: the ledger of events and the official registers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from sanzhixin.simulate.frames import Ints, dates, numbered, stream, texts, where_text
from sanzhixin.simulate.latent import World

__all__ = ["draw_events", "draw_registers"]

_STATUS = ["approved", "pending", "rejected", "revoked"]
_REGISTER_MIX = {"FS08": 0.06, "ML08": 0.12, "ML09": 0.17, "G1": 0.4, "G2": 0.25}
_REGISTER_YEARS = 9


def draw_events(world: World) -> pd.DataFrame:
    """Draw the ledger: yearly rates by code, higher (losses: lower) with the pillar's trait."""
    rng, settings = stream(world.seed, "events"), world.settings
    parts = [_draw_code(world, rng, code=code, rate=rate) for code, rate in _rates(world).items()]
    household = np.concatenate([part[0] for part in parts])
    level = np.concatenate([part[1] for part in parts])
    code = np.repeat(list(_rates(world)), [part[0].size for part in parts])
    n = household.size
    age = rng.integers(0, round(settings.event_history_months * 365.25 / 12), n)
    occurred = world.as_of - age.astype("timedelta64[D]")
    recorded = np.minimum(occurred + rng.integers(0, 21, n).astype("timedelta64[D]"), world.as_of)
    edges = np.cumsum([settings.pending_share, settings.rejected_share, settings.revoked_share])
    status = np.array([1, 2, 3, 0])[np.searchsorted(edges, rng.random(n), side="right")]
    evidence = where_text(numbered("EV{:07d}", n), (status != 1) | (rng.random(n) < 0.5))
    order = np.lexsort((code, occurred, household))
    return pd.DataFrame(
        {
            "event_id": numbered("E{:07d}", n),
            "household_id": world.households.ids.take(household[order]),
            "code": texts(code[order]),
            "level": texts(level[order]),
            "occurred_on": dates(occurred[order]),
            "recorded_on": dates(recorded[order]),
            "status": texts(_STATUS).take(status[order]),
            "evidence_id": evidence.take(order),
        }
    )


def _rates(world: World) -> dict[str, float]:
    settings = world.settings
    return {
        "FS06": settings.honours_per_year,
        "FS07": settings.ceremonies_per_year,
        "ML05": settings.volunteering_per_year,
        "ML06": settings.models_per_year,
        "ML07": settings.breaches_per_year,
        "NR07": settings.mediations_per_year,
    }


def _draw_code(
    world: World, rng: np.random.Generator, *, code: str, rate: float
) -> tuple[Ints, NDArray[np.str_]]:
    """Draw the entries of one code: household index and level, the first levels more often."""
    rule, settings = world.scheme.event_rules[code], world.settings
    pillar = [one.code for one in world.scheme.pillars].index(rule.pillar)
    slope = -settings.event_trait_slope if rule.is_loss else settings.event_trait_slope
    tilt = np.exp(slope * world.households.theta[:, pillar] - slope**2 / 2)
    mean = rate * settings.event_history_months / 12 * tilt
    household = np.repeat(np.arange(mean.size), rng.poisson(mean))
    levels = np.array([level.level for level in rule.levels])
    chance = 0.5 ** np.arange(levels.size)
    level = rng.choice(levels, household.size, p=chance / chance.sum())
    return household, level


def draw_registers(world: World) -> pd.DataFrame:
    """Draw official records of the last nine years; more than half have ended."""
    rng, theta = stream(world.seed, "registers"), world.households.theta_all
    tilt = np.exp(-world.settings.event_trait_slope * theta)
    has = rng.random(theta.size) < np.minimum(world.settings.register_share * tilt, 1)
    household = np.flatnonzero(has)
    n, codes = household.size, list(_REGISTER_MIX)
    pick = rng.choice(len(codes), n, p=list(_REGISTER_MIX.values()))
    age = rng.integers(30, round(_REGISTER_YEARS * 365.25), n)
    issued = world.as_of - age.astype("timedelta64[D]")
    ended = issued + (rng.random(n) * age).astype("timedelta64[D]")
    classes = [world.scheme.official_rules[code].list_class for code in codes]
    return pd.DataFrame(
        {
            "household_id": world.households.ids.take(household),
            "code": texts(codes).take(pick),
            "document_no": _document_numbers(codes, pick),
            "list_class": texts(classes).take(pick),
            "issued_on": dates(issued),
            "ended_on": dates(ended, rng.random(n) < 0.6),
        }
    )


def _document_numbers(codes: list[str], pick: Ints) -> ExtensionArray:
    return texts([f"SIM-{codes[k]}-{i:06d}" for i, k in enumerate(pick, start=1)])
