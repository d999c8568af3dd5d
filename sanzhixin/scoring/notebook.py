"""How a proposal looks in a notebook: light, amounts and reasons; the household is masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanzhixin.errors import mask_id
from sanzhixin.errors.words import BOUND_WORDS
from sanzhixin.scheme.notebook import grid, panel

if TYPE_CHECKING:
    from sanzhixin.scoring.proposal import Proposal

__all__ = ["show_proposal"]


def show_proposal(answer: Proposal) -> str:
    """Write a proposal for a notebook.

    Parameters
    ----------
    answer : Proposal
        Which.

    Returns
    -------
    str
        HTML; the household stands masked.
    """
    bound = None if answer.binding_bound is None else " ".join(BOUND_WORDS[answer.binding_bound])
    facts = [
        ("状态 status", " ".join(answer.outcome)),
        ("等级 tier", answer.tier),
        ("得分 score", answer.score),
        ("建议额度 limit", None if answer.limit_yuan is None else f"{answer.limit_yuan:,} 元"),
        ("由 bound", bound),
        ("至 until", answer.valid_until),
    ]
    amounts = [
        ("系统 system", answer.system_limit_yuan),
        ("村 village", answer.village_limit_yuan),
        ("客户经理 manager", answer.manager_limit_yuan),
        ("建议 proposed", answer.limit_yuan),
    ]
    told = [(who, "-" if yuan is None else f"{yuan:,}") for who, yuan in amounts]
    reasons = [(one.zh, one.en, one.points) for one in answer.reasons]
    return panel(
        f"建议 Proposal {mask_id(answer.household_id)} {answer.as_of}",
        facts,
        grid("额度 limits", ("whose", "元"), told),
        grid("理由 reasons", ("zh", "en", "points"), reasons),
        grid("复核 review", ("trigger",), [(one,) for one in answer.review_triggers]),
        status=answer.status,
    )
