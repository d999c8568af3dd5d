"""How a model looks in a notebook: its card, its default probabilities by tier, its life."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.scheme.notebook import grid, panel

if TYPE_CHECKING:
    from sanzhixin.scoring.artifact import ModelFile
    from sanzhixin.scoring.plan import Plan

__all__ = ["show_model"]


def show_model(file: ModelFile, plan: Plan) -> str:
    """Write a model for a notebook.

    Parameters
    ----------
    file : ModelFile
        Its content.
    plan : Plan
        Its compiled rules.

    Returns
    -------
    str
        HTML: the characteristics of the card, and at the lowest points of each tier the default
        probability with its bounds.
    """
    cuts = plan.tiers.cutoffs
    known = file.pd.lookup(np.maximum(cuts, 0))
    columns = (known.prob_default, known.lower, known.upper)
    rates = [tuple(_percent(one[place]) for one in columns) for place in range(cuts.size)]
    tiers = [
        (grade, int(cut), int(cap), *rate)
        for grade, cut, cap, rate in zip(
            plan.tiers.grades, cuts, plan.tiers.caps[:-1], rates, strict=True
        )
    ]
    card = [(item.zh, item.en, item.group, item.column) for item in file.card.characteristics]
    facts = [
        ("方案 scheme", file.scheme.scheme_id),
        ("状态 status", file.status),
        ("违约概率依据 pd_basis", file.pd.basis),
        ("有效期至 valid until", file.valid_until),
    ]
    head = ("tier", "points from", "cap (元)", "pd", "lower", "upper")
    return panel(
        f"SanzhixinModel {file.model_id}",
        facts,
        grid("等级 tiers", head, reversed(tiers)),
        grid("评分卡 card", ("zh", "en", "group", "column"), card),
    )


def _percent(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.2%}"
