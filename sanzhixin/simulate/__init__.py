"""A county with known generating values: for tests, demonstrations and studies of methods."""

from __future__ import annotations

import pandas as pd

from sanzhixin.records.county import County
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate.credit import (
    Lending,
    draw_households,
    draw_members,
    draw_proposals,
    lend,
)
from sanzhixin.simulate.forms import RELATIONS, Pairs, anchor_cases, hold_round, ratings_table
from sanzhixin.simulate.frames import flags, stream, texts, where_text
from sanzhixin.simulate.latent import KINDS, World
from sanzhixin.simulate.ledgers import draw_events, draw_registers
from sanzhixin.simulate.settings import SimulationSettings, check_count
from sanzhixin.simulate.truth import Truth

__all__ = ["SimulationSettings", "Truth", "simulate_county"]


def simulate_county(
    villages: int = 40,
    households_per_village: int = 60,
    seed: int = 0,
    *,
    settings: SimulationSettings | None = None,
) -> County:
    """Simulate a county whose generating values are known.

    Use it to try the library, to test a method against known values and to plan a panel.  It is
    made up throughout: no figure in it is a finding about a real village, and it gives no
    evidence that ratings foretell default, since that effect is an input (`default_slope`).

    Parameters
    ----------
    villages : int, default=40
        Number of villages, 1-9999.
    households_per_village : int, default=60
        Households of each village, 1-9999.
    seed : int, default=0
        Seed, 0 or larger.  The same seed and settings give the same tables, byte for byte.  Each
        component has a random stream of its own, so that e.g. other event rates leave the
        ratings as they were.
    settings : SimulationSettings, optional
        All else; missing means the defaults.

    Returns
    -------
    County
        All tables of the built-in scheme ``tongxiang`` with their canonical types, and in
        `County.truth` a `Truth`.  Identifiers look like ``V001-0001`` and ``V001-R01``.

    Raises
    ------
    DomainError
        ``simulation_value``: a number is not whole, or outside its range.

    Notes
    -----
    Panels and forms follow the many-facet partial-credit model with halo (Linacre 1989), see
    `SimulationSettings`.  Loans go to the households above a cut on the panel mean of an earlier
    round plus noise; with ``rounds=1`` the one round also stands for that earlier one.  A default
    within twelve months has the logit a - b theta_all + shock.

    References
    ----------
    Linacre, J. M. (1989). Many-Facet Rasch Measurement. MESA Press.

    Examples
    --------
    >>> county = simulate_county(villages=2, households_per_village=5, seed=7)
    >>> len(county.households), len(county.raters), len(county.ratings)
    (10, 14, 140)
    >>> list(county.truth.villages.columns)
    ['village_id', 'merit', 'severity']
    """
    world = World.draw(
        check_count("villages", villages, 1, 9999),
        check_count("households_per_village", households_per_village, 1, 9999),
        check_count("seed", seed, 0, 2**63 - 1),
        scheme=load_scheme("tongxiang"),
        settings=settings or SimulationSettings(),
    )
    pairs = Pairs.draw(world)
    rounds = [hold_round(world, pairs, number) for number in range(1, world.settings.rounds + 1)]
    lending = lend(world, pairs, rounds[max(world.settings.rounds - 2, 0)])
    vignettes, cases = anchor_cases(world)
    members, exposure = draw_members(world)
    return County(
        households=draw_households(world, exposure),
        members=members,
        raters=_rater_table(world),
        ratings=ratings_table(world, pairs, rounds),
        vignettes=vignettes,
        events=draw_events(world),
        registers=draw_registers(world),
        proposals=draw_proposals(world),
        loans=lending.loans,
        audit_groups=_audit_groups(world),
        as_of=world.settings.as_of,
        truth=_truth(world, pairs, lending, cases),
    )


def _rater_table(world: World) -> pd.DataFrame:
    raters = world.raters
    return pd.DataFrame(
        {
            "rater_id": raters.ids,
            "village_id": world.villages.ids.take(raters.village),
            "role": raters.role,
            "active": flags(raters.village >= 0),
        }
    )


def _audit_groups(world: World) -> pd.DataFrame:
    minority = world.households.minority
    women = stream(world.seed, "groups", 1).random(minority.size) < 0.3
    return pd.DataFrame(
        {
            "household_id": world.households.ids,
            "sex": texts(["male", "female"]).take(women.astype(int)),
            "ethnicity": texts(["majority", "minority"]).take(minority.astype(int)),
        }
    )


def _truth(world: World, pairs: Pairs, lending: Lending, cases: pd.DataFrame) -> Truth:
    households, raters, villages = world.households, world.raters, world.villages
    codes = [pillar.code for pillar in world.scheme.pillars]
    theta = {f"theta_{code}": households.theta[:, k] for k, code in enumerate(codes)}
    home = {
        "household_id": households.ids,
        "village_id": villages.ids.take(households.village),
        **theta,
        "theta_all": households.theta_all,
        "approved": flags(lending.approved),
        "shock": lending.shock,
        "pd_true": lending.prob_default,
    }
    judge = {
        "rater_id": raters.ids,
        "village_id": villages.ids.take(raters.village),
        "severity": world.severity,
        "severity_within": raters.within,
        "kind": texts(KINDS).take(raters.kind),
        "copies": where_text(raters.ids.take(raters.copies), raters.copies >= 0),
    }
    place = {"village_id": villages.ids, "merit": villages.merit, "severity": villages.severity}
    kin = {
        "household_id": households.ids.take(pairs.household[pairs.kin]),
        "rater_id": raters.ids.take(pairs.rater[pairs.kin]),
        "declared": flags(RELATIONS[pairs.relation[pairs.kin]] == "kin"),
    }
    return Truth(
        households=pd.DataFrame(home),
        raters=pd.DataFrame(judge),
        villages=pd.DataFrame(place),
        items=world.items.table(codes),
        kin=pd.DataFrame(kin),
        vignettes=cases,
        default_intercept=lending.intercept,
        seed=world.seed,
        settings=world.settings,
    )
