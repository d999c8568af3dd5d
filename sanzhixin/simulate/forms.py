"""The forms: who rates whom, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sanzhixin.simulate.frames import (
    Bools,
    Days,
    Floats,
    Ints,
    amounts,
    dates,
    flags,
    numbered,
    stream,
    texts,
    whole,
)
from sanzhixin.simulate.latent import CARELESS, CENTRAL, World

__all__ = ["RELATIONS", "Answers", "Pairs", "Round", "anchor_cases", "hold_round", "ratings_table"]

Ratings = NDArray[np.int8]

RELATIONS = np.array(["none", "kin", "debt", "business"])
_KIN = 1
_SITTING = 60
_LARGEST_LOGIT = 30.0


@dataclass(frozen=True, slots=True)
class Pairs:
    """Household x rater pairs, sorted by household; all arrays of shape (n_pairs,).

    Attributes
    ----------
    household, rater : ndarray of int
        Indices.
    kin : ndarray of bool
        Related, declared or not.
    relation : ndarray of int
        Declared relation, index into `RELATIONS`.
    familiar : ndarray of bool
        The rater knows the household.
    source : ndarray of int
        Pair whose form is handed in: itself, except for copied forms.
    """

    household: Ints
    rater: Ints
    kin: Bools
    relation: Ints
    familiar: Bools
    source: Ints

    @classmethod
    def draw(cls, world: World) -> Pairs:
        """Draw the assignment, the relations and who knows whom; the same in every round."""
        settings, rng = world.settings, stream(world.seed, "pairs")
        household, rater = _assign(world, rng)
        n = household.size
        edges = np.cumsum([settings.kin_share, settings.debt_share, settings.business_share])
        related = np.array([1, 2, 3, 0])[np.searchsorted(edges, rng.random(n), side="right")]
        kin = related == _KIN
        hidden = kin & (rng.random(n) < settings.undeclared_kin_share)
        source = _find_sources(household, rater, world)
        familiar = rng.random(n) >= settings.unfamiliar_share
        return cls(
            household=household,
            rater=rater,
            kin=kin,
            relation=np.where(hidden, 0, related),
            familiar=familiar[source],
            source=source,
        )


def _assign(world: World, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw the raters of each household, then the households of each bridge rater."""
    settings, n = world.settings, world.households.village.size
    size, each = settings.raters_per_village, settings.raters_per_household
    if each < size:
        local = np.sort(rng.random((n, size)).argsort(axis=1)[:, :each], axis=1)
    else:
        local = np.broadcast_to(np.arange(size), (n, size))
    rater = (local + size * world.households.village[:, None]).ravel()
    household = np.repeat(np.arange(n), each)
    if settings.bridge_raters:
        far_household, far_rater = _assign_bridges(world, rng)
        household = np.r_[household, far_household]
        rater = np.r_[rater, far_rater]
        order = np.lexsort((rater, household))
        household, rater = household[order], rater[order]
    return household, rater


def _assign_bridges(world: World, rng: np.random.Generator) -> tuple[Ints, Ints]:
    n_villages, n_bridge = len(world.villages.ids), world.settings.bridge_raters
    per_village = world.households.village.size // n_villages
    take = min(per_village, world.settings.bridge_households)
    local = rng.random((n_bridge, n_villages, per_village)).argsort(axis=2)[:, :, :take]
    household = (local + per_village * np.arange(n_villages)[:, None]).ravel()
    first = n_villages * world.settings.raters_per_village
    return household, first + np.repeat(np.arange(n_bridge), n_villages * take)


def _find_sources(household: Ints, rater: Ints, world: World) -> Ints:
    """Find the pair that each form is copied from; a form without a source stays its own."""
    n_raters = world.raters.village.size
    own, keys = np.arange(household.size), household * n_raters + rater
    copied = world.raters.copies[rater]
    wanted = np.where(copied < 0, keys, household * n_raters + copied)
    place = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    return np.where(keys[place] == wanted, place, own)


@dataclass(frozen=True, slots=True)
class Answers:
    """Filled cells: ratings 1-5 of shape (n_items, n_forms), and which of them are blank."""

    ratings: Ratings
    blank: Bools

    def copy_forms(self, source: Ints) -> Answers:
        """Replace copied forms by those they are copied from."""
        changed = np.flatnonzero(source != np.arange(source.size))
        self.ratings[:, changed] = self.ratings[:, source[changed]]
        self.blank[:, changed] = self.blank[:, source[changed]]
        return self


@dataclass(frozen=True, slots=True)
class Round:
    """One round of forms: number, answers, dates and proposed amounts, by pair."""

    number: int
    answers: Answers
    rated_on: Days
    proposed: Floats
    has_proposed: Bools


def _draw_answers(
    world: World, rng: np.random.Generator, *, standing: Floats, rater: Ints, familiar: Bools
) -> Answers:
    """Draw ratings by the partial-credit model; `standing` is (n_forms, n_pillars), trait scale."""
    settings, items, n = world.settings, world.items, rater.size
    logit = settings.discrimination * standing
    step = np.exp(np.clip(logit, -_LARGEST_LOGIT, _LARGEST_LOGIT))
    kind = world.raters.kind[rater]
    central, careless = np.flatnonzero(kind == CENTRAL), np.flatnonzero(kind == CARELESS)
    ratings = np.empty((len(items.codes), n), np.int8)
    blank = np.empty((len(items.codes), n), bool)
    for i, (pillar, thresholds) in enumerate(zip(items.pillar, items.thresholds, strict=True)):
        u, odds = rng.random(n), step[:, pillar]
        ratings[i] = _categories(odds, thresholds, u)
        middle = thresholds.mean()
        stretched = middle + settings.central_stretch * (thresholds - middle)
        ratings[i, central] = _categories(odds[central], stretched, u[central])
        shares = np.bincount(ratings[i], minlength=6)[1:] / max(n, 1)
        ratings[i, careless] = _at_random(shares, settings.careless_uniform, u[careless])
        blank[i] = (rng.random(n) < settings.blank_share) | ~world.may_answer[rater, pillar]
    blank |= ~familiar
    return Answers(ratings, blank)


def _categories(odds: Floats, thresholds: Floats, u: Floats) -> Ratings:
    """Invert the category distribution of one item; `odds` is exp of the logit, (n_forms,)."""
    weight, power = [np.ones_like(odds)], odds
    for factor in np.exp(-np.cumsum(thresholds)):
        weight.append(factor * power)
        power = power * odds
    below = np.cumsum(weight, axis=0)
    passed: Ints = (u * below[-1] >= below[:-1]).sum(axis=0)
    return (1 + passed).astype(np.int8)


def _at_random(shares: Floats, uniform: float, u: Floats) -> Ratings:
    edges = np.cumsum((1 - uniform) * shares + uniform / shares.size)[:-1]
    return (1 + np.searchsorted(edges, u, side="right")).astype(np.int8)


def _halo(world: World, rng: np.random.Generator, n: int) -> Floats:
    """Rater x household opinion, partly common to the pillars; shape (n, n_pillars)."""
    share, n_pillars = world.settings.halo_pillar_share, len(world.scheme.pillars)
    common, own = rng.standard_normal((n, 1)), rng.standard_normal((n, n_pillars))
    opinion: Floats = np.sqrt(share) * common + np.sqrt(1 - share) * own
    return world.settings.halo_sd * opinion


def hold_round(world: World, pairs: Pairs, number: int) -> Round:
    """Let every rater fill the forms of one round; halo, blanks and dates are new each time."""
    settings, rng = world.settings, stream(world.seed, "forms", number)
    n = pairs.household.size
    shift = settings.kin_bias * pairs.kin - world.severity[pairs.rater]
    shift += settings.group_rating_bias * world.households.minority[pairs.household]
    standing = world.households.theta[pairs.household] + _halo(world, rng, n) + shift[:, None]
    answers = _draw_answers(
        world, rng, standing=standing, rater=pairs.rater, familiar=pairs.familiar
    )
    rated_on = _days(world, rng, pairs=pairs, number=number)
    log_amount = np.log(60_000) + 0.3 * standing.mean(axis=1) + 0.3 * rng.standard_normal(n)
    proposed = np.exp(np.clip(log_amount, np.log(10_000), np.log(300_000)))
    wanted = (rng.random(n) < settings.proposed_limit_share) & pairs.familiar
    return Round(
        number=number,
        answers=answers.copy_forms(pairs.source),
        rated_on=rated_on[pairs.source],
        proposed=proposed[pairs.source],
        has_proposed=wanted[pairs.source],
    )


def _days(world: World, rng: np.random.Generator, *, pairs: Pairs, number: int) -> Days:
    """Date each form: a rater starts on some day and fills about sixty forms a day."""
    back = (world.settings.rounds - number) * world.settings.round_gap_days
    first = rng.integers(0, 60, world.raters.village.size)
    order = np.argsort(pairs.rater, kind="stable")
    counts = np.bincount(pairs.rater, minlength=first.size)
    start = np.repeat(np.cumsum(counts) - counts, counts)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size) - start
    day = np.minimum(first[pairs.rater] + rank // _SITTING, 84)
    rated_on: Days = world.as_of - np.timedelta64(89 + back, "D") + day.astype("timedelta64[D]")
    return rated_on


def ratings_table(world: World, pairs: Pairs, rounds: list[Round]) -> pd.DataFrame:
    """Table of ratings, round by round and sorted by household and rater within each."""
    n, times = pairs.household.size, len(rounds)
    household, rater = np.tile(pairs.household, times), np.tile(pairs.rater, times)
    relation = np.tile(pairs.relation, times)
    columns = {
        "round": whole(np.repeat(np.array([one.number for one in rounds]), n)),
        "household_id": world.households.ids.take(household),
        "rater_id": world.raters.ids.take(rater),
        "rated_on": dates(np.concatenate([one.rated_on for one in rounds])),
        "familiar": flags(np.tile(pairs.familiar, times)),
        "relation": texts(RELATIONS).take(relation),
    }
    columns |= _cells(world, [one.answers for one in rounds])
    columns["proposed_limit_yuan"] = amounts(
        np.concatenate([one.proposed for one in rounds]),
        np.concatenate([one.has_proposed for one in rounds]),
    )
    return pd.DataFrame(columns)


def _cells(world: World, answers: list[Answers]) -> dict[str, pd.arrays.IntegerArray]:
    """Columns of the panel items, blank cells missing."""
    columns = {}
    for i, code in enumerate(world.items.codes):
        values = np.concatenate([one.ratings[i] for one in answers])
        blank = np.concatenate([one.blank[i] for one in answers])
        columns[code] = pd.arrays.IntegerArray(np.where(blank, np.int8(0), values), blank)
    return columns


def anchor_cases(world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let every rater rate the anchor cases; returns the table of forms and the cases' traits."""
    n_cases, n_raters = world.settings.vignettes, world.raters.village.size
    rng, pillars = stream(world.seed, "vignettes"), [p.code for p in world.scheme.pillars]
    theta = rng.standard_normal((n_cases, len(pillars)))
    case, rater = np.repeat(np.arange(n_cases), n_raters), np.tile(np.arange(n_raters), n_cases)
    known = np.ones(case.size, bool)
    standing = theta[case] - world.severity[rater][:, None] + _halo(world, rng, case.size)
    answers = _draw_answers(world, rng, standing=standing, rater=rater, familiar=known)
    copied = world.raters.copies[rater]
    answers = answers.copy_forms(np.where(copied < 0, rater, copied) + n_raters * case)
    ids = numbered("A{:02d}", n_cases)
    day = (world.as_of - np.timedelta64(90, "D")) + np.zeros(case.size, "timedelta64[D]")
    forms = {
        "round": whole(np.full(case.size, world.settings.rounds)),
        "vignette_id": ids.take(case),
        "rater_id": world.raters.ids.take(rater),
        "rated_on": dates(day),
        "familiar": flags(known),
        "relation": texts(RELATIONS).take(np.zeros_like(case)),
    }
    forms |= _cells(world, [answers])
    forms["proposed_limit_yuan"] = amounts(np.zeros(case.size), ~known)
    truth = {"vignette_id": ids} | {f"theta_{p}": theta[:, k] for k, p in enumerate(pillars)}
    return pd.DataFrame(forms), pd.DataFrame(truth)
