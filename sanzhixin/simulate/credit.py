"""Money: what households own and ask for, what people propose, who got a loan and defaulted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from sanzhixin.simulate.forms import Pairs, Round
from sanzhixin.simulate.frames import (
    Bools,
    Days,
    Floats,
    amounts,
    dates,
    flags,
    numbered,
    stream,
    texts,
    where_text,
    whole,
)
from sanzhixin.simulate.latent import World

__all__ = ["Lending", "draw_households", "draw_members", "draw_proposals", "lend"]

_PURPOSES = ["生产", "创业", "建房", "就学", "娶亲"]
_PURPOSE_SHARES = [0.45, 0.25, 0.15, 0.1, 0.05]
_PAYMENTS = ["on_time", "sometimes_late", "often_late"]
_LIMITS = np.array([30_000, 50_000, 80_000, 100_000, 200_000])
_LIMIT_EDGES = [0.2, 0.5, 0.8, 0.95]
_OUTCOME_DAYS = 366


def _lognormal(rng: np.random.Generator, median: float, spread: float, shift: Floats) -> Floats:
    noise = rng.standard_normal(shift.size)
    return np.asarray(median * np.exp(spread * noise + shift), dtype=np.float64)


def draw_households(world: World, exposure: ExtensionArray) -> pd.DataFrame:
    """Table of households: consent, money (income, debt, assets with written consent), factors."""
    rng, theta = stream(world.seed, "applicants"), world.households.theta_all
    n, settings, ids = theta.size, world.settings, world.households.ids
    written = rng.random(n) < settings.written_consent_share
    consent_on = world.as_of - rng.integers(1, 330, n).astype("timedelta64[D]")
    assets = _lognormal(rng, 400_000, 0.6, 0.1 * theta)
    in_debt = rng.random(n) < 0.5
    debt = np.where(in_debt, assets * rng.beta(1.2, 4, n), 0.0)
    asked = rng.random(n) < settings.requested_share
    wanted = np.clip(_lognormal(rng, 80_000, 0.6, 0.0 * theta), 10_000, 500_000)
    purpose = texts(_PURPOSES).take(rng.choice(len(_PURPOSES), n, p=_PURPOSE_SHARES))
    late = np.searchsorted([-1.9, -1.1], 0.4 * theta + 0.9 * rng.standard_normal(n))
    years, known = rng.gamma(2.0, 4.0, n), rng.random((2, n)) < 0.9
    return pd.DataFrame(
        {
            "household_id": ids,
            "village_id": world.villages.ids.take(world.households.village),
            "consent_id": _prefixed("C-", ids),
            "consent_purpose": texts([world.scheme.consent_purpose]).take(np.zeros(n, np.int64)),
            "consent_on": dates(consent_on),
            "consent_until": dates(consent_on + np.timedelta64(730, "D")),
            "written_consent_id": where_text(_prefixed("W-", ids), written),
            "annual_income_yuan": amounts(_lognormal(rng, 90_000, 0.45, 0.1 * theta), written),
            "debt_yuan": amounts(debt, written),
            "assets_yuan": amounts(assets, written),
            "exposure_yuan": exposure,
            "requested_yuan": amounts(wanted, asked),
            "purpose": where_text(purpose, asked),
            "customer_years": pd.arrays.FloatingArray(np.round(years, 1), ~known[0]),
            "utility_payment": where_text(texts(_PAYMENTS).take(2 - late), known[1]),
        }
    )


def _prefixed(prefix: str, ids: ExtensionArray) -> ExtensionArray:
    return texts([prefix + one for one in ids])


def draw_members(world: World) -> tuple[pd.DataFrame, ExtensionArray]:
    """Table of adults, 1-4 per household, and the household's exposure: the sum of theirs."""
    rng = stream(world.seed, "applicants", 1)
    n = world.households.village.size
    size = rng.choice(4, n, p=[0.15, 0.5, 0.25, 0.1]) + 1
    household = np.repeat(np.arange(n), size)
    place = np.arange(household.size) - np.repeat(np.cumsum(size) - size, size)
    owes = rng.random(household.size) < 0.15
    each = np.rint(_lognormal(rng, 40_000, 0.7, np.zeros(household.size)) / 1_000) * 1_000
    exposure = np.where(owes, each, 0.0)
    total = np.bincount(household, weights=exposure, minlength=n)
    ids = world.households.ids
    people = [f"{ids[h]}-P{k + 1}" for h, k in zip(household, place, strict=True)]
    members = pd.DataFrame(
        {
            "person_id": texts(people),
            "household_id": ids.take(household),
            "adult": flags(np.ones(household.size, bool)),
            "exposure_yuan": amounts(exposure),
        }
    )
    return members, amounts(total.astype(np.float64))


def draw_proposals(world: World) -> pd.DataFrame:
    """Table of the council's and the account manager's amounts; rows with at least one."""
    rng, theta = stream(world.seed, "proposals"), world.households.theta_all
    settings, n = world.settings, theta.size
    council = np.clip(_lognormal(rng, 70_000, 0.35, 0.3 * theta), 10_000, 500_000)
    manager = np.clip(_lognormal(rng, 70_000, 0.35, 0.25 * theta), 10_000, 500_000)
    by_council = rng.random(n) < settings.council_share
    by_manager = rng.random(n) < settings.manager_share
    stated = np.flatnonzero(by_council | by_manager)
    return pd.DataFrame(
        {
            "household_id": world.households.ids.take(stated),
            "council_limit_yuan": amounts(council, by_council).take(stated),
            "manager_limit_yuan": amounts(manager, by_manager).take(stated),
            "override_reason": where_text(texts([""] * stated.size), np.zeros(stated.size, bool)),
        }
    )


@dataclass(frozen=True, slots=True)
class Lending:
    """Outcome of one year of lending.

    Attributes
    ----------
    loans : DataFrame
        Table of loans.
    approved : ndarray of bool, shape (n_households,)
        Above the cut of the earlier round.
    shock, prob_default : ndarray of shape (n_households,)
        The household's own shock (logits) and its 12-month default probability.
    intercept : float
        Intercept of the default logit.
    """

    loans: pd.DataFrame
    approved: Bools
    shock: Floats
    prob_default: Floats
    intercept: float


def lend(world: World, pairs: Pairs, earlier: Round) -> Lending:
    """Approve on the forms of the earlier round, grant, and observe twelve months."""
    rng, settings = stream(world.seed, "loans"), world.settings
    n = world.households.village.size
    standing = _panel_mean(world, pairs, earlier)
    known = standing[~np.isnan(standing)]
    spread = known.std() if known.size else 0.0
    standing += settings.approval_noise_sd * spread * rng.standard_normal(n)
    approved = _best(standing, settings.approval_share)
    shock = settings.shock_sd * rng.standard_normal(n)
    logit = shock - settings.default_slope * world.households.theta_all
    intercept = settings.default_intercept
    if np.isnan(intercept):
        everyone = approved if approved.any() else np.ones(n, bool)
        intercept = _solve_intercept(logit[everyone], settings.base_default_rate)
    prob_default = _expit(intercept + logit)
    defaulted = rng.random(n) < prob_default
    taken = approved & (rng.random(n) < settings.take_up_share)
    loans = _loan_table(
        world, rng, standing=standing, taken=taken, defaulted=defaulted,
        decided=_decided_on(world, pairs, earlier),
    )  # fmt: skip
    return Lending(loans, approved, shock, prob_default, intercept)


def _panel_mean(world: World, pairs: Pairs, earlier: Round) -> Floats:
    """Mean of all answered cells of a household's forms without a declared relation; else NaN."""
    n = world.households.village.size
    counts = (pairs.relation == 0) & ~earlier.answers.blank
    answered = np.bincount(pairs.household, weights=counts.sum(axis=0), minlength=n)
    sums = np.where(counts, earlier.answers.ratings, 0).sum(axis=0)
    total = np.bincount(pairs.household, weights=sums, minlength=n)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / answered, dtype=np.float64)


def _best(standing: Floats, share: float) -> Bools:
    """Mark the best share of all households; those without a form are not among them."""
    known = np.flatnonzero(~np.isnan(standing))
    take = min(round(share * standing.size), known.size)
    chosen = np.zeros(standing.size, bool)
    chosen[known[np.argsort(-standing[known], kind="stable")[:take]]] = True
    return chosen


def _expit(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)), dtype=np.float64)


def _solve_intercept(logit: Floats, rate: float) -> float:
    """Bisect for the intercept at which the mean probability is the rate."""
    low, high = -60.0 - logit.max(), 60.0 - logit.min()
    for _ in range(80):
        middle = (low + high) / 2
        if _expit(middle + logit).mean() < rate:
            low = middle
        else:
            high = middle
    return float((low + high) / 2)


def _decided_on(world: World, pairs: Pairs, earlier: Round) -> Days:
    """Last form of every household in the earlier round; a lone round stands for a past one."""
    last = np.zeros(world.households.village.size, np.int64)
    np.maximum.at(last, pairs.household, earlier.rated_on.astype(np.int64))
    back = world.settings.round_gap_days if world.settings.rounds == 1 else 0
    return (last - back).astype("datetime64[D]")


def _loan_table(
    world: World, rng: np.random.Generator, *, standing: Floats, taken: Bools, defaulted: Bools,
    decided: Days,
) -> pd.DataFrame:  # fmt: skip
    household = np.flatnonzero(taken)
    n = household.size
    wait = rng.integers(30, 91, n).astype("timedelta64[D]")
    latest = world.as_of - np.timedelta64(_OUTCOME_DAYS, "D")
    granted = np.minimum(decided[household] + wait, latest)
    rank = standing[household].argsort().argsort() / max(n, 1)
    limit = _LIMITS[np.searchsorted(_LIMIT_EDGES, rank, side="right")]
    drawn = np.floor(limit * rng.beta(3, 1.5, n) / 1_000).astype(np.int64) * 1_000
    bad = defaulted[household]
    defaulted_on = granted + rng.integers(91, 366, n).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "loan_id": numbered("L{:06d}", n),
            "household_id": world.households.ids.take(household),
            "granted_on": dates(granted),
            "limit_yuan": whole(limit),
            "drawn_yuan": whole(drawn),
            "observed_until": dates(np.full(n, world.as_of)),
            "defaulted": flags(bad),
            "defaulted_on": dates(defaulted_on, bad),
        }
    )
