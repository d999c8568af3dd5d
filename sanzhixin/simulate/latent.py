"""The people of a simulated county: villages, households, raters and the items' thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from sanzhixin.scheme import Scheme
from sanzhixin.simulate.frames import Bools, Floats, Ints, numbered, stream, texts
from sanzhixin.simulate.settings import SimulationSettings

__all__ = ["CARELESS", "CENTRAL", "KINDS", "Households", "Items", "Raters", "Villages", "World"]

KINDS = np.array(["normal", "careless", "central"])
CARELESS, CENTRAL = 1, 2


@dataclass(frozen=True, slots=True)
class Villages:
    """Villages: identifiers, mean standing and mean severity, each of shape (n_villages,)."""

    ids: ExtensionArray
    merit: Floats
    severity: Floats

    @classmethod
    def draw(cls, n: int, seed: int, settings: SimulationSettings) -> Villages:
        """Draw villages; merit and severity are independent."""
        rng = stream(seed, "villages")
        merit = settings.village_merit_sd * rng.standard_normal(n)
        severity = settings.village_severity_sd * rng.standard_normal(n)
        return cls(numbered("V{:03d}", n), merit, severity)


@dataclass(frozen=True, slots=True)
class Households:
    """Households: village index, traits (n, n_pillars), composite trait, audit group."""

    ids: ExtensionArray
    village: Ints
    theta: Floats
    theta_all: Floats
    minority: Bools

    @classmethod
    def draw(
        cls, villages: Villages, each: int, seed: int, *, scheme: Scheme,
        settings: SimulationSettings,
    ) -> Households:  # fmt: skip
        """Draw the households of every village in order."""
        n, n_pillars = each * len(villages.ids), len(scheme.pillars)
        village = np.repeat(np.arange(len(villages.ids)), each)
        rng, r = stream(seed, "households"), settings.pillar_correlation
        common, own = rng.standard_normal((n, 1)), rng.standard_normal((n, n_pillars))
        within = np.sqrt(r) * common + np.sqrt(1 - r) * own
        weights = np.array([float(pillar.weight) for pillar in scheme.pillars])
        weights /= weights.sum()
        spread = np.sqrt(r + (1 - r) * (weights**2).sum())
        merit = villages.merit[village]
        labels = [f"{v}-{i:04d}" for v in villages.ids for i in range(1, each + 1)]
        return cls(
            ids=texts(labels),
            village=village,
            theta=merit[:, None] + within,
            theta_all=merit + (within * weights).sum(axis=1) / spread,
            minority=stream(seed, "groups").random(n) < 0.1,
        )


@dataclass(frozen=True, slots=True)
class Raters:
    """Raters: the panels village by village, then the bridge raters.

    `copies` is the index of the rater whose forms are handed in, or -1.
    """

    ids: ExtensionArray
    village: Ints
    role: ExtensionArray
    within: Floats
    kind: Ints
    copies: Ints

    @classmethod
    def draw(cls, n_villages: int, seed: int, settings: SimulationSettings) -> Raters:
        """Draw panels and bridge raters; at home, a bridge rater is like any other."""
        rng, size = stream(seed, "raters"), settings.raters_per_village
        n_panel, n_bridge = n_villages * size, settings.bridge_raters
        kind, copier = _kinds(rng.random(n_panel), settings)
        severity = settings.severity_sd * rng.standard_normal(n_panel)
        copies = _sources(copier.reshape(n_villages, size), rng.random((n_villages, size)))
        bridge_severity = settings.severity_sd * rng.standard_normal(n_bridge)
        labels = [f"V{v:03d}-R{j:02d}" for v in range(1, n_villages + 1) for j in _upto(size)]
        roles = _panel_roles(settings) * n_villages + [settings.bridge_role] * n_bridge
        return cls(
            ids=texts(labels + [f"B{j:02d}" for j in _upto(n_bridge)]),
            village=np.r_[
                np.repeat(np.arange(n_villages), size), np.arange(n_bridge) % n_villages
            ].astype(np.int64),
            role=texts(roles),
            within=np.r_[severity, bridge_severity],
            kind=np.r_[kind, np.zeros(n_bridge, np.int64)],
            copies=np.r_[copies.ravel(), np.full(n_bridge, -1)],
        )


def _upto(n: int) -> range:
    return range(1, n + 1)


def _panel_roles(settings: SimulationSettings) -> list[str]:
    leaders, neighbours = settings.group_leaders_per_village, settings.neighbours_per_village
    plain = settings.raters_per_village - leaders - neighbours
    return ["panel"] * plain + ["neighbour"] * neighbours + ["group_leader"] * leaders


def _kinds(u: Floats, settings: SimulationSettings) -> tuple[Ints, Bools]:
    edges = np.cumsum([settings.careless_share, settings.central_share, settings.colluding_share])
    part = np.searchsorted(edges, u, side="right")
    return np.array([CARELESS, CENTRAL, 0, 0])[part], part == 2


def _sources(copier: Bools, u: Floats) -> Ints:
    """Give each copier another rater of its village who does not copy; -1 where there is none."""
    size = copier.shape[1]
    chosen = np.where(copier, -1.0, u).argmax(axis=1) + size * np.arange(len(copier))
    possible = copier & ~copier.all(axis=1, keepdims=True)
    return np.where(possible, chosen[:, None], -1)


@dataclass(frozen=True, slots=True)
class Items:
    """Panel items: codes, pillar index and thresholds (n_items, 4) on the logit scale."""

    codes: tuple[str, ...]
    pillar: Ints
    thresholds: Floats

    @classmethod
    def draw(cls, scheme: Scheme, seed: int, settings: SimulationSettings) -> Items:
        """Draw item locations and small step shifts; steps keep their order."""
        rng, codes = stream(seed, "items"), scheme.panel_codes
        order = [pillar.code for pillar in scheme.pillars]
        location = settings.item_sd * rng.standard_normal((len(codes), 1))
        steps = 0.25 * settings.item_sd * rng.standard_normal((len(codes), 4))
        thresholds = np.sort(np.array(settings.thresholds) + location + steps, axis=1)
        pillar = np.array([order.index(item.pillar) for item in scheme.panel_items])
        return cls(codes, pillar, thresholds)

    def table(self, pillars: list[str]) -> pd.DataFrame:
        """Tidy table: indicator, pillar, step, threshold."""
        n = len(self.codes)
        return pd.DataFrame(
            {
                "indicator": texts(list(np.repeat(self.codes, 4))),
                "pillar": texts([pillars[p] for p in np.repeat(self.pillar, 4)]),
                "step": pd.array(np.tile(np.arange(1, 5), n), dtype="Int64"),
                "threshold": self.thresholds.ravel(),
            }
        )


@dataclass(frozen=True, slots=True)
class World:
    """All that is drawn before anybody rates, and what the tables are made from."""

    seed: int
    settings: SimulationSettings
    scheme: Scheme
    villages: Villages
    households: Households
    raters: Raters
    items: Items

    @classmethod
    def draw(
        cls, n_villages: int, each: int, seed: int, *, scheme: Scheme, settings: SimulationSettings
    ) -> World:
        """Draw villages, households, raters and items."""
        villages = Villages.draw(n_villages, seed, settings)
        return cls(
            seed=seed,
            settings=settings,
            scheme=scheme,
            villages=villages,
            households=Households.draw(villages, each, seed, scheme=scheme, settings=settings),
            raters=Raters.draw(n_villages, seed, settings),
            items=Items.draw(scheme, seed, settings),
        )

    @property
    def as_of(self) -> np.datetime64:
        """Scoring date."""
        return np.datetime64(self.settings.as_of, "D")

    @property
    def severity(self) -> Floats:
        """Severity of every rater with the village's part; shape (n_raters,)."""
        return self.raters.within + self.villages.severity[self.raters.village]

    @property
    def may_answer(self) -> Bools:
        """Which rater may answer which pillar by its role; shape (n_raters, n_pillars)."""
        allowed = self.scheme.raters_by_pillar
        role = np.asarray(self.raters.role, dtype=np.str_)
        return np.column_stack([np.isin(role, allowed[p.code]) for p in self.scheme.pillars])
