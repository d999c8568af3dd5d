"""A model file compiled for scoring: every rule as arrays, made once when a model is loaded."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sanzhixin.errors import ArtifactError
from sanzhixin.scoring.adjusted import AdjustedRules, compile_adjusted
from sanzhixin.scoring.advice import Chance, compile_chances
from sanzhixin.scoring.assess import plain_word
from sanzhixin.scoring.card import BinCharacteristic, Card, LevelCharacteristic
from sanzhixin.scoring.ledger import LedgerRules, compile_ledger
from sanzhixin.scoring.limits import (
    LimitPlan,
    TierPlan,
    compile_limits,
    compile_tiers,
)
from sanzhixin.scoring.locked import locked
from sanzhixin.scoring.panel_rules import PanelRules, compile_panel
from sanzhixin.scoring.panel_slopes import PanelSlopes, compile_slopes
from sanzhixin.scoring.reasons import Effect, compile_effects, events_add, labelled_items

if TYPE_CHECKING:
    from sanzhixin.scheme import Scheme
    from sanzhixin.scoring.artifact import ModelFile
    from sanzhixin.scoring.panel_tables import PanelTables
    from sanzhixin.scoring.pd_table import PdTable

__all__ = [
    "Plan",
    "ProfilePlan",
    "check_in_force",
    "compile_plan",
    "profile_plan",
]


@dataclass(frozen=True, slots=True)
class ProfilePlan:
    """The rules of a scheme that lead from records to a profile.

    Attributes
    ----------
    scheme : Scheme
        What the bank decided.
    panel : PanelRules
        Which forms count and how they are put together.
    ledger : LedgerRules
        Events and records.
    adjusted : AdjustedRules or None
        The fitted panel; None for plain aggregators.
    """

    scheme: Scheme
    panel: PanelRules
    ledger: LedgerRules
    adjusted: AdjustedRules | None


def profile_plan(scheme: Scheme, tables: PanelTables | None = None) -> ProfilePlan:
    """Compile what a profile needs; no model is needed for it.

    Parameters
    ----------
    scheme : Scheme
        What the bank decided.
    tables : PanelTables, optional
        A fitted panel: with it measures are severity-adjusted.

    Returns
    -------
    ProfilePlan
        Frozen.
    """
    panel = compile_panel(scheme)
    adjusted = None if tables is None else compile_adjusted(tables, panel)
    return locked(ProfilePlan(scheme, panel, compile_ledger(scheme), adjusted))


@dataclass(frozen=True, slots=True)
class Plan(ProfilePlan):
    """All rules of a model, ready for arrays.

    Attributes
    ----------
    scheme, panel, ledger, adjusted : Scheme, PanelRules, LedgerRules, AdjustedRules or None
        As in `ProfilePlan`.
    model_id : str
        Of the model file.
    tiers : TierPlan
        The tier table on points.
    limits : LimitPlan
        Bounds in yuan.
    card : Card
        Points.
    pd : PdTable
        Default probability by points.
    slopes : PanelSlopes
        Points that one unit of each pillar's score (0-100) brings.
    review_z : float
        Distance to a cut-off, in standard errors, within which a case is reviewed.
    most_link_variance : float
        Squared logits above which the comparison with other villages is reviewed.
    gates, reviews : tuple of int
        Record codes (columns) that gate and that ask for a review.
    refused_purposes : frozenset of str
        Declared purposes that the product excludes.
    effects : tuple of Effect
        Names of the effects that reasons tell.
    own : ndarray of int
        Characteristics other than the event part.
    reference : ndarray of shape (len(own),)
        Their points at the reference: full marks of the panel, reference factors.
    clipped_groups : ndarray of int
        Groups other than the event part.
    labelled : tuple of BinCharacteristic or LevelCharacteristic
        Characteristics that are told by the text of a bin.
    events_add : bool
        Whether the points of single events add up to those of the event part.
    chances : tuple of Chance
        Changeable items that advice may name.
    panel_best : tuple of (int, int)
        Characteristics of the panel and the most points of each.
    lowest_cutoff : int
        Points of the lowest tier.
    status : str
        Life cycle of the model file.
    valid_until : date
        Last scoring date of the model.
    """

    model_id: str
    tiers: TierPlan
    limits: LimitPlan
    card: Card
    pd: PdTable
    slopes: PanelSlopes
    review_z: float
    most_link_variance: float
    gates: tuple[int, ...]
    reviews: tuple[int, ...]
    refused_purposes: frozenset[str]
    effects: tuple[Effect, ...]
    own: NDArray[np.int64]
    reference: NDArray[np.int64]
    clipped_groups: NDArray[np.int64]
    labelled: tuple[BinCharacteristic | LevelCharacteristic, ...]
    events_add: bool
    chances: tuple[Chance, ...]
    panel_best: tuple[tuple[int, int], ...]
    lowest_cutoff: int
    status: str
    valid_until: dt.date


def compile_plan(model: ModelFile) -> Plan:
    """Compile a model file; done once, then shared by all cases.

    Parameters
    ----------
    model : ModelFile
        Checked content of a model file.

    Returns
    -------
    Plan
        Frozen.
    """
    scheme, card = model.scheme, model.card
    actions = [rule.action for rule in scheme.official_rules.values()]
    profile, tiers = profile_plan(scheme, model.panel), compile_tiers(scheme)
    panel = profile.panel
    items = card.characteristics
    added = events_add(card)
    own = [i for i, item in enumerate(items) if not (added and item.group == "events")]
    clipped = [i for i, g in enumerate(card.groups) if not (added and g.name == "events")]
    full = [item.points if item.kind == "grid" else item.reference_points for item in items]
    plan = Plan(
        scheme=scheme,
        panel=panel,
        ledger=profile.ledger,
        adjusted=profile.adjusted,
        model_id=model.model_id,
        tiers=tiers,
        limits=compile_limits(scheme, model.pd),
        card=card,
        pd=model.pd,
        slopes=compile_slopes(card, panel),
        review_z=model.review_z,
        most_link_variance=float(scheme.review.link_variance),
        gates=tuple(i for i, action in enumerate(actions) if action == "gate"),
        reviews=tuple(i for i, action in enumerate(actions) if action == "review"),
        refused_purposes=frozenset(
            plain_word(purpose) for purpose in (scheme.purpose.refused if scheme.purpose else ())
        ),
        effects=compile_effects(card, scheme, panel),
        own=np.array(own, dtype=np.int64),
        reference=np.array([full[i] for i in own], dtype=np.int64),
        clipped_groups=np.array(clipped, dtype=np.int64),
        labelled=labelled_items(card, panel),
        events_add=added,
        chances=compile_chances(card, scheme),
        panel_best=tuple(
            (i, max(item.attainable)) for i, item in enumerate(items) if item.group == "panel"
        ),
        lowest_cutoff=int(tiers.cutoffs[0]),
        status=model.status,
        valid_until=model.valid_until,
    )
    return locked(plan)


def check_in_force(plan: Plan, as_of: dt.date) -> None:
    """Refuse a model or scheme that is not in force on the scoring date.

    Raises
    ------
    ArtifactError
        ``model_retired``, ``model_expired``, ``scheme_not_in_force``.
    """
    if plan.status == "retired":
        raise ArtifactError("model_retired", model_id=plan.model_id)
    if as_of > plan.valid_until:
        raise ArtifactError(
            "model_expired", model_id=plan.model_id, until=plan.valid_until, as_of=as_of
        )
    scheme = plan.scheme
    if not scheme.valid_from <= as_of <= scheme.valid_until:
        raise ArtifactError(
            "scheme_not_in_force",
            scheme_id=scheme.scheme_id,
            start=scheme.valid_from,
            end=scheme.valid_until,
            as_of=as_of,
        )
