"""Limits side by side: every bound, the four amounts, why they differ, and who may sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sanzhixin.errors.words import BOUND_WORDS, NO_LIMIT_WORDS
from sanzhixin.records.cases import MISSING
from sanzhixin.scheme.limits import BOUNDS
from sanzhixin.scoring.limits import NO_BOUND

if TYPE_CHECKING:
    from sanzhixin.scoring.plan import Plan
    from sanzhixin.scoring.view import Answers

__all__ = ["limit_rows", "member_rows", "why_limit"]

_OTHERS = (
    ("village_limit_yuan", "村建议额度", "Village's proposal"),
    ("manager_limit_yuan", "客户经理建议额度", "Manager's proposal"),
    ("system_limit_yuan", "系统测算额度", "System limit"),
)
_NO_AMOUNT = {
    "gated": (
        "不提出额度：存在否决项，须人工确认。",
        "No amount is proposed: gated, to be confirmed by a person.",
    ),
    "insufficient_evidence": (
        "不提出额度：有效评议不足。",
        "No amount is proposed: too few forms count.",
    ),
}

Row = dict[str, Any]


def limit_rows(rows: list[Row], answers: Answers, plan: Plan) -> list[Row]:
    """Put the limits of every household side by side.

    Parameters
    ----------
    rows : list of dict
        Proposals, with the keys of `Proposal`.
    answers : Answers
        Of the same cases.
    plan : Plan
        The compiled model.

    Returns
    -------
    list of dict
        household_id, village_id, status, tier, rate_bp (basis points a year, None where the scheme
        sets no rates), village_limit_yuan, manager_limit_yuan, system_limit_yuan, limit_yuan,
        binding_bound, one key ``bound_*_yuan`` for each of `BOUNDS` (None where it is not stated
        and so does not bind), why_zh, why_en.
    """
    found = []
    columns = (answers.cases.village_id, answers.assessment.limits.bounds.tolist())
    tiers = answers.assessment.tier.tolist()
    for row, village, amounts, tier in zip(rows, *columns, tiers, strict=True):
        scored = row["points"] is not None
        bounds = {
            name: yuan if scored and yuan != NO_BOUND else None
            for name, yuan in zip(BOUNDS, amounts, strict=True)
        }
        zh, en = why_limit(row, bounds, plan)
        kept = {name: row[name] for name, *_ in _OTHERS}
        found.append(
            {
                "household_id": row["household_id"],
                "village_id": village,
                "status": row["status"],
                "tier": row["tier"],
                "rate_bp": plan.tiers.rate(tier) if scored else None,
                **kept,
                "limit_yuan": row["limit_yuan"],
                "binding_bound": row["binding_bound"],
                **{f"bound_{name}_yuan": yuan for name, yuan in bounds.items()},
                "why_zh": zh,
                "why_en": en,
            }
        )
    return found


def why_limit(
    row: Mapping[str, Any], bounds: Mapping[str, int | None], plan: Plan
) -> tuple[str, str]:
    """Say in Chinese and in English which bound made the amount and how the others differ.

    Parameters
    ----------
    row : mapping of str
        A proposal, with the keys of `Proposal`.
    bounds : mapping of str to (int or None)
        Yuan by bound; None where it is not stated.
    plan : Plan
        The compiled model.

    Returns
    -------
    tuple of str
        Both languages.
    """
    if row["points"] is None:
        return _NO_AMOUNT[row["status"]]
    limit, binding = row["limit_yuan"], row["binding_bound"]
    if limit is None:
        named = [code.partition(":")[2] for code in row["review_triggers"] if "required" in code]
        zh, en = _names(named)
        return f"不提出额度：缺少必需项（{zh}）。", f"No amount is proposed without: {en}."
    lines = [_proposed(limit, binding, bounds, plan)]
    if binding == "loss_cap":
        lines.append(_loss(row["pd_upper"], plan))
    for key, name_zh, name_en in _OTHERS:
        lines.append(_compared(name_zh, name_en, row[key], limit))
    absent = [name for name, yuan in bounds.items() if yuan is None]
    if absent:
        zh, en = _names(absent)
        lines.append((f"以下各项未填，不作限制：{zh}。", f"Absent, so not binding: {en}."))
    return "".join(zh for zh, _ in lines), " ".join(en for _, en in lines)


def _proposed(
    limit: int, binding: str, bounds: Mapping[str, int | None], plan: Plan
) -> tuple[str, str]:
    zh, en = BOUND_WORDS[binding]
    if binding == "tier_cap" and not bounds[binding]:
        unrated_zh, unrated_en = NO_LIMIT_WORDS["unrated"]
        return f"{unrated_zh}。", f"{unrated_en.capitalize()}."
    least, step = f"{bounds[binding]:,}", plan.limits.step
    told_zh, told_en = f"建议额度 {limit:,} 元", f"Proposed {limit:,} yuan"
    if not limit:
        told_zh, told_en = NO_LIMIT_WORDS["none"]
    return (
        f"{told_zh}：最小一项为{zh} {least} 元，按 {step:,} 元向下取整。",
        f"{told_en[0].upper()}{told_en[1:]}: the smallest bound is the {en}, {least}, "
        f"floored to steps of {step:,}.",
    )


def _loss(upper: float | None, plan: Plan) -> tuple[str, str]:
    """Write the working of the cap on the expected loss."""
    rule = plan.scheme.limits.loss_cap
    assert rule is not None  # noqa: S101 - only a cap that the scheme has can bind
    most = plan.scheme.yuan(rule.at_most, "limits.loss_cap.at_most")
    if upper is None:
        return (
            "该分数及以下没有贷款结果，违约概率无从得知，故为 0。",
            "No outcome is known at these points or below, so it is 0.",
        )
    working = f"{most:,} ÷ ({float(rule.lgd):.0%} × {upper:.4%})"
    return f"预期损失上限 = {working}。", f"The cap on the expected loss is {working}."


def _compared(zh: str, en: str, amount: int | None, limit: int) -> tuple[str, str]:
    if amount is None:
        return f"{zh}：未提出。", f"{en}: none."
    if amount == limit:
        return f"{zh} {amount:,} 元，与建议相同。", f"{en} {amount:,}: the same."
    above = amount - limit
    return f"{zh} {amount:,} 元，高出 {above:,} 元。", f"{en} {amount:,}: {above:,} above."


def _names(bounds: list[str]) -> tuple[str, str]:
    zh, en = zip(*(BOUND_WORDS[name] for name in bounds), strict=True)
    return "、".join(zh), ", ".join(en)


def member_rows(rows: list[Row], answers: Answers, plan: Plan) -> list[Row]:
    """Say what each adult of a household may sign for: a contract is one person's.

    The members share the household's limit: their contracts together stay within it.  Each of
    them also stays within the customer total of the scheme, of which what the person owes is
    taken off.

    Parameters
    ----------
    rows : list of dict
        Proposals, with the keys of `Proposal`.
    answers : Answers
        Of the same cases.
    plan : Plan
        The compiled model.

    Returns
    -------
    list of dict
        household_id, person_id, exposure_yuan, household_limit_yuan (shared), member_limit_yuan,
        binding_bound (``household_limit`` or ``exposure_room``; None where no amount is proposed).
    """
    cases, found = answers.cases, []
    room = _rooms(cases.members.exposure, plan).tolist()
    exposures, people = cases.members.exposure.tolist(), cases.members.person_id
    step = plan.limits.step
    for row, start, end in zip(
        rows, cases.member_start.tolist(), cases.member_end.tolist(), strict=True
    ):
        shared = row["limit_yuan"]
        for place in range(start, end):
            own = None if shared is None else min(shared, room[place] // step * step)
            binding = "household_limit" if own == shared else "exposure_room"
            found.append(
                {
                    "household_id": row["household_id"],
                    "person_id": people[place],
                    "exposure_yuan": None if exposures[place] == MISSING else exposures[place],
                    "household_limit_yuan": shared,
                    "member_limit_yuan": own,
                    "binding_bound": None if own is None else binding,
                }
            )
    return found


def _rooms(exposure: NDArray[np.int64], plan: Plan) -> NDArray[np.int64]:
    """Room of each person under the customer total; `NO_BOUND` where it is not known."""
    total = plan.limits.customer_total
    if total is None:
        return np.full(exposure.size, NO_BOUND)
    return np.where(exposure == MISSING, NO_BOUND, np.maximum(total - exposure, 0))
