"""The scorer: cases in, answers out; one household is a batch of length one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sanzhixin.errors import RecordError
from sanzhixin.records.cases import MISSING
from sanzhixin.scheme.limits import BOUNDS
from sanzhixin.scoring.advice import next_tiers
from sanzhixin.scoring.assess import STATUSES, Assessment, assess
from sanzhixin.scoring.audit import input_digests
from sanzhixin.scoring.dates import months_before
from sanzhixin.scoring.plan import Plan, check_in_force
from sanzhixin.scoring.profile import Profile, take_profile
from sanzhixin.scoring.reasons import MOST_REASONS, point_effects, point_reasons, special_reasons

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.records.cases import Cases

__all__ = ["Answers", "propose_cases", "score_cases"]

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answers:
    """Profile and assessment of the same cases.

    Attributes
    ----------
    cases : Cases
        What was scored.
    profile : Profile
        What the data say.
    assessment : Assessment
        What the model says.
    """

    cases: Cases
    profile: Profile
    assessment: Assessment


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
    profile = take_profile(cases, plan.panel, plan.ledger)
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
    as_of = dt.date.fromordinal(int(cases.as_of[0]))
    check_in_force(plan, as_of)
    invalid = int((cases.consent_until < cases.as_of).sum())
    if invalid:
        raise RecordError("consent_not_valid", count=invalid, as_of=as_of)
    answers = score_cases(cases, plan)
    columns = _columns(answers, plan, as_of)
    keys = list(columns)
    return [dict(zip(keys, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _columns(answers: Answers, plan: Plan, as_of: dt.date) -> dict[str, list[Any]]:
    cases, answer = answers.cases, answers.assessment
    n, per = len(cases.household_id), plan.card.points_per_score
    scored = answer.status < STATUSES.index("gated")
    points = answer.points.total
    score, se = points / per, answer.se_points / per
    grades = [plan.tiers.name(tier) for tier in answer.tier.tolist()]
    limits = answer.limits
    complete = scored & ~limits.incomplete.any(axis=1)
    return {
        "household_id": list(cases.household_id),
        "as_of": [as_of] * n,
        "status": [STATUSES[status] for status in answer.status.tolist()],
        "points": _where(scored, points),
        "score": _where(scored, score),
        "score_low": _where(scored, score - se),
        "score_high": _where(scored, score + se),
        "grade": _keep(scored, grades),
        "prob_default": _where(scored & ~np.isnan(answer.pd.prob_default), answer.pd.prob_default),
        "pd_lower": _where(scored & ~np.isnan(answer.pd.lower), answer.pd.lower),
        "pd_upper": _where(scored & ~np.isnan(answer.pd.upper), answer.pd.upper),
        "pd_basis": [plan.pd.basis] * n,
        "tier": _keep(scored, grades),
        "limit_yuan": _where(complete, limits.final),
        "binding_bound": _keep(complete, [BOUNDS[i] for i in limits.binding.tolist()]),
        "village_limit_yuan": _where(answer.village_limit != MISSING, answer.village_limit),
        "manager_limit_yuan": _where(cases.manager != MISSING, cases.manager),
        "system_limit_yuan": _where(complete, limits.system),
        "reasons": _reasons(answers, plan, scored),
        "next_tier": _keep(scored, next_tiers(answers.profile, answer, plan)),
        "review_triggers": _triggers(answers, plan),
        "model_id": [plan.model_id] * n,
        "scheme_id": [plan.scheme.scheme_id] * n,
        "valid_until": _valid_until(cases, plan, as_of),
        "input_digest": input_digests(cases),
    }


def _where(known: NDArray[np.bool_], values: NDArray[Any]) -> list[Any]:
    return _keep(known, values.tolist())


def _keep(known: NDArray[np.bool_], values: list[Any]) -> list[Any]:
    return [value if keep else None for keep, value in zip(known.tolist(), values, strict=True)]


def _reasons(answers: Answers, plan: Plan, scored: NDArray[np.bool_]) -> list[list[Row]]:
    profile, answer = answers.profile, answers.assessment
    special = special_reasons(profile, answer, plan)
    effects = np.where(scored[:, None], point_effects(profile, answer, plan), 0)
    points = point_reasons(effects, answers.cases, profile, plan)
    return [(first + then)[:MOST_REASONS] for first, then in zip(special, points, strict=True)]


def _triggers(answers: Answers, plan: Plan) -> list[list[str]]:
    answer, profile = answers.assessment, answers.profile
    told: list[list[str]] = [[] for _ in range(answer.status.size)]
    scored = answer.status < STATUSES.index("gated")
    name = plan.tiers.name
    for case in np.flatnonzero(scored & answer.near_lower).tolist():
        tier = int(answer.tier[case])
        told[case].append(f"near_cutoff:{name(tier - 1)}|{name(tier)}")
    for case in np.flatnonzero(scored & answer.near_upper).tolist():
        tier = int(answer.tier[case])
        told[case].append(f"near_cutoff:{name(tier)}|{name(tier + 1)}")
    for case, place in np.argwhere(answer.review_record).tolist():
        told[case].append(f"official_record:{plan.ledger.record_codes[plan.reviews[place]]}")
    for case in np.flatnonzero(answer.over_debt).tolist():
        told[case].append("debt_ratio")
    for case in np.flatnonzero(profile.measures.negative).tolist():
        told[case].append("negative_opinion")
    for case, place in np.argwhere(answer.limits.incomplete).tolist():
        told[case].append(f"required_bound:{BOUNDS[plan.limits.required[place]]}")
    for case in np.flatnonzero(answer.override).tolist():
        told[case].append("override")
    return told


def _valid_until(cases: Cases, plan: Plan, as_of: dt.date) -> list[dt.date]:
    end = months_before(as_of, -plan.scheme.proposal_validity_months)
    last = min(end, plan.valid_until, plan.scheme.valid_until).toordinal()
    return [dt.date.fromordinal(min(last, day)) for day in cases.consent_until.tolist()]
