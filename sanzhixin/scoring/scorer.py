"""The scorer: cases in, answers out; one household is a batch of length one."""

from __future__ import annotations

import datetime as dt
from math import isnan
from typing import TYPE_CHECKING, Any

from sanzhixin.errors import RecordError
from sanzhixin.scheme.limits import BOUNDS
from sanzhixin.scoring.advice import next_tier
from sanzhixin.scoring.assess import STATUSES, assess
from sanzhixin.scoring.audit import input_digests
from sanzhixin.scoring.dates import months_before
from sanzhixin.scoring.limits import SYSTEM_BOUNDS
from sanzhixin.scoring.plan import Plan, check_in_force
from sanzhixin.scoring.profile import take_profile
from sanzhixin.scoring.reasons import GATED, MOST_REASONS, point_reasons, special_reasons
from sanzhixin.scoring.view import Answers, View, views

if TYPE_CHECKING:
    from sanzhixin.records.cases import Cases

__all__ = ["Answers", "check_cases", "propose_answers", "propose_cases", "score_cases"]

Row = dict[str, Any]


def score_cases(cases: Cases, plan: Plan) -> Answers:
    """Measure, profile and assess a batch.

    Parameters
    ----------
    cases : Cases
        Households; consent is not looked at, so this also serves past dates.
    plan : Plan
        The compiled model.

    Returns
    -------
    Answers
        Arrays.
    """
    profile = take_profile(cases, plan)
    return Answers(cases=cases, profile=profile, assessment=assess(cases, profile, plan))


def propose_cases(cases: Cases, plan: Plan) -> list[Row]:
    """Answer a batch: one row per case with the keys of `Proposal`.

    Parameters
    ----------
    cases : Cases
        Households, all with the same scoring date.
    plan : Plan
        The compiled model.

    Returns
    -------
    list of dict
        In the order of the cases.

    Raises
    ------
    ArtifactError
        ``model_retired``, ``model_expired``, ``scheme_not_in_force``.
    RecordError
        ``consent_not_valid``: a household without a consent for this purpose and day;
        ``level_unseen``: a category that the card does not know.
    """
    if not cases.household_id:
        return []
    check_cases(cases, plan)
    return propose_answers(score_cases(cases, plan), plan)


def check_cases(cases: Cases, plan: Plan) -> None:
    """Refuse to score without a model in force and a consent of every household.

    Parameters
    ----------
    cases : Cases
        At least one, all with the same scoring date.
    plan : Plan
        The compiled model.

    Raises
    ------
    ArtifactError
        ``model_retired``, ``model_expired``, ``scheme_not_in_force``.
    RecordError
        ``consent_not_valid``: a household without a consent for this purpose and day.
    """
    as_of = dt.date.fromordinal(int(cases.as_of[0]))
    check_in_force(plan, as_of)
    invalid = int((cases.consent_until < cases.as_of).sum())
    if invalid:
        raise RecordError("consent_not_valid", count=invalid, as_of=as_of)


def propose_answers(answers: Answers, plan: Plan) -> list[Row]:
    """Answer a batch that is checked (`check_cases`) and scored.

    Parameters
    ----------
    answers : Answers
        Of at least one case, all with the same scoring date.
    plan : Plan
        The compiled model.

    Returns
    -------
    list of dict
        In the order of the cases.
    """
    cases = answers.cases
    as_of = dt.date.fromordinal(int(cases.as_of[0]))
    common = _common(plan, as_of)
    last = _last_day(plan, as_of)
    digests = input_digests(cases)
    return [
        _row(view, plan, common, min(last, view.consent_until)) | {"input_digest": digest}
        for view, digest in zip(views(answers, plan), digests, strict=True)
    ]


def _common(plan: Plan, as_of: dt.date) -> Row:
    return {
        "as_of": as_of,
        "pd_basis": plan.pd.basis,
        "model_id": plan.model_id,
        "scheme_id": plan.scheme.scheme_id,
    }


def _last_day(plan: Plan, as_of: dt.date) -> int:
    end = months_before(as_of, -plan.scheme.proposal_validity_months)
    return min(end, plan.valid_until, plan.scheme.valid_until).toordinal()


def _row(view: View, plan: Plan, common: Row, valid_until: int) -> Row:
    scored = view.status < GATED
    answer = _points(view, plan) if scored else _NO_POINTS
    reasons = special_reasons(view, plan) + (point_reasons(view, plan) if scored else [])
    return {
        "household_id": view.household_id,
        **common,
        "status": STATUSES[view.status],
        **answer,
        "village_limit_yuan": view.village_limit,
        "manager_limit_yuan": view.manager,
        "reasons": reasons[:MOST_REASONS],
        "next_tier": next_tier(view, plan) if scored else None,
        "review_triggers": _triggers(view, plan, scored=scored),
        "valid_until": dt.date.fromordinal(valid_until),
    }


def _points(view: View, plan: Plan) -> Row:
    per = plan.card.points_per_score
    score, se = view.points / per, view.se_points / per
    low, high = (None, None) if isnan(se) else (score - se, score + se)
    grade = plan.tiers.name(view.tier)
    prob_default, lower, upper = view.pd
    required = zip(plan.limits.required, view.incomplete, strict=True)
    absent = [place for place, lacks in required if lacks]
    return {
        "points": view.points,
        "score": score,
        "score_low": low,
        "score_high": high,
        "grade": grade,
        "prob_default": prob_default,
        "pd_lower": lower,
        "pd_upper": upper,
        "tier": grade,
        "limit_yuan": None if absent else view.final,
        "binding_bound": None if absent else BOUNDS[view.binding],
        "system_limit_yuan": None if any(i < SYSTEM_BOUNDS for i in absent) else view.system,
    }


_NO_POINTS: Row = dict.fromkeys(
    (
        "points",
        "score",
        "score_low",
        "score_high",
        "grade",
        "prob_default",
        "pd_lower",
        "pd_upper",
        "tier",
        "limit_yuan",
        "binding_bound",
        "system_limit_yuan",
    )
)


def _triggers(view: View, plan: Plan, *, scored: bool) -> list[str]:
    told, name = [], plan.tiers.name
    if scored and view.near_lower:
        told.append(f"near_cutoff:{name(view.tier - 1)}|{name(view.tier)}")
    if scored and view.near_upper:
        told.append(f"near_cutoff:{name(view.tier)}|{name(view.tier + 1)}")
    told += ["error_unknown"] * (scored and isnan(view.se_points))
    told += [
        f"official_record:{plan.ledger.record_codes[place]}"
        for place, holds in zip(plan.reviews, view.review_record, strict=True)
        if holds
    ]
    told += ["link_uncertain"] * view.link_doubt
    told += [f"rows_rejected:{table}" for table in view.rejected_tables]
    told += ["debt_ratio"] * view.over_debt + ["negative_opinion"] * view.negative
    told += [
        f"required_bound:{BOUNDS[place]}"
        for place, absent in zip(plan.limits.required, view.incomplete, strict=True)
        if absent
    ]
    return told + ["override"] * view.override
