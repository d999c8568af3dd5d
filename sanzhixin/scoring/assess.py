"""Points, tier, limit, default probability and status of every case, as arrays."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.card import CardPoints, score_card
from sanzhixin.scoring.limits import Limits, find_tier, set_limits
from sanzhixin.scoring.panel_slopes import points_error, shifted_points
from sanzhixin.scoring.profile import Profile, card_values

if TYPE_CHECKING:
    from sanzhixin.records.cases import Cases
    from sanzhixin.scoring.pd_table import PdArrays
    from sanzhixin.scoring.plan import Plan

__all__ = ["STATUSES", "Assessment", "assess", "plain_word"]

STATUSES = ("propose", "review", "gated", "insufficient_evidence")
"""Status by index; the later ones take precedence, gates before evidence."""

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything that a model says of the cases.

    Attributes
    ----------
    status : ndarray of shape (n_cases,)
        Index into `STATUSES`.
    points : CardPoints
        Points by characteristic and in total.
    se_points : ndarray of shape (n_cases,)
        Standard error of the points that the panel's forms carry; NaN without enough forms.
    tier : ndarray of shape (n_cases,)
        Index into the tiers; -1 is unrated.
    near_upper, near_lower : ndarray of shape (n_cases,)
        An adjacent tier is about as probable as the scheme's review probability.
    limits : Limits
        Bounds and limits.
    village_limit : ndarray of shape (n_cases,)
        The council's amount, else the raters'; `MISSING` where neither.
    pd : PdArrays
        Default probability and its bounds by points.
    gate : ndarray of shape (n_cases, n_gates + 1)
        Records that gate, then the declared purpose.
    review_record : ndarray of shape (n_cases, n_reviews)
        Records that ask for a review.
    override : ndarray of shape (n_cases,)
        People gave a reason for an override.
    """

    status: Ints
    points: CardPoints
    se_points: NDArray[np.float64]
    tier: Ints
    near_upper: Bools
    near_lower: Bools
    limits: Limits
    village_limit: Ints
    pd: PdArrays
    gate: Bools
    review_record: Bools
    override: Bools
    link_doubt: Bools


def assess(cases: Cases, profile: Profile, plan: Plan) -> Assessment:
    """Score the profile of every case: the one scoring path.

    Parameters
    ----------
    cases : Cases
        Households of a batch.
    profile : Profile
        From `take_profile`, of the same cases.
    plan : Plan
        The compiled model.

    Returns
    -------
    Assessment
        Arrays, one row per case.

    Raises
    ------
    RecordError
        ``level_unseen``: a category that the card does not know.
    """
    points = score_card(plan.card, card_values(cases, profile, plan.panel))
    tier = find_tier(points.total, plan.tiers)
    se_points = points_error(profile.measures, plan.slopes)
    near = _near_cutoff(points.total, tier, profile, plan, se_points)
    village = np.where(cases.council != MISSING, cases.council, profile.village_amount)
    limits = set_limits(cases, points.total, tier, village, (plan.tiers, plan.limits))
    gate = _gates(cases, profile, plan)
    review_record = profile.records[:, plan.reviews]
    override = np.array([bool(reason) for reason in cases.override_reason], dtype=np.bool_)
    rejected = np.array([bool(tables) for tables in cases.rejected_tables], dtype=np.bool_)
    link_doubt = _link_doubt(profile, plan)
    negative = profile.measures.negative
    told = (np.isnan(se_points), limits.over_debt, override, negative, rejected, link_doubt)
    triggers = np.concatenate((near, np.array(told).T, review_record, limits.incomplete), axis=1)
    return Assessment(
        status=_status(gate, profile.sufficient, triggers),
        points=points,
        se_points=se_points,
        tier=tier,
        near_upper=near[:, 1],
        near_lower=near[:, 0],
        limits=limits,
        village_limit=village,
        pd=plan.pd.lookup(points.total),
        gate=gate,
        review_record=review_record,
        override=override,
        link_doubt=link_doubt,
    )


def _link_doubt(profile: Profile, plan: Plan) -> Bools:
    """Tell where the comparison of villages is more uncertain than the scheme allows."""
    logits = profile.measures.logits
    if logits is None:
        return np.zeros(profile.measures.negative.size, dtype=np.bool_)
    return np.asarray((logits.link_variance > plan.most_link_variance).any(axis=1))


def _status(gate: Bools, sufficient: Bools, triggers: Bools) -> Ints:
    status: Ints = np.asarray(triggers.any(axis=1)).astype(np.int64)
    np.putmask(status, ~sufficient.all(axis=1), 3)
    np.putmask(status, gate.any(axis=1), 2)
    return status


def plain_word(text: str) -> str:
    """Bring a stated purpose to the form in which purposes are compared.

    Examples
    --------
    >>> plain_word(" House_Purchase。")
    'housepurchase'
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if sign.isalnum())


def _gates(cases: Cases, profile: Profile, plan: Plan) -> Bools:
    gate = np.empty((len(cases), len(plan.gates) + 1), dtype=np.bool_)
    gate[:, :-1] = profile.records[:, plan.gates]
    gate[:, -1] = [
        purpose is not None and plain_word(purpose) in plan.refused_purposes
        for purpose in cases.purpose
    ]
    return gate


def _near_cutoff(points: Ints, tier: Ints, profile: Profile, plan: Plan, error: Floats) -> Bools:
    """P(beyond a cut-off) >= p holds when the cut-off is within z(1 - p) standard errors."""
    ends = plan.tiers.ends[tier + 1]
    if not plan.slopes.items:
        reach = (plan.review_z * error)[:, None]
        return np.asarray((np.abs(ends - points[:, None]) <= reach) & (reach > 0))
    moves = [
        shifted_points(profile.measures, plan.slopes, error, side * plan.review_z)
        for side in (-1, 1)
    ]
    return np.stack([points + moves[0] < ends[:, 0], points + moves[1] >= ends[:, 1]], axis=1)
