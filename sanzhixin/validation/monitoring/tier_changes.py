"""Households that moved to another tier, and which parts of the card made their points change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.model.frames import case_chunks
from sanzhixin.scoring.assess import STATUSES
from sanzhixin.scoring.scorer import score_cases
from sanzhixin.scoring.view import point_effects
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import make_row, make_table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records import County
    from sanzhixin.scoring.plan import Plan
    from sanzhixin.scoring.view import Answers

    Ints = NDArray[np.int64]

__all__ = ["compute_change_causes", "compute_tier_changes", "part_points"]

_SCORED = STATUSES.index("gated")  # statuses below have points
_KEYS = ("household_id", "village_id", "tier", "place", "points")
_WORDS = (
    "之前与之后均有得分、且等级变动的农户，按变动分数由小到大。part_* 为评分卡各部分得分之差，"
    "相加即为总分之差（精确）；main_part 为其中与变动同向、绝对值最大的部分。"
    "含户号，仅供内部使用。",
    "Households with points before and after whose tier changed, by the change. part_*: difference "
    "of the parts of the card; they add up to that of the points, exactly; main_part: the largest "
    "of them in the direction of the change. Holds identifiers: for use within the bank.",
)
_CAUSES = (
    "mean_part 为变动农户中各部分得分之差的平均，main_share 为以该部分为主因的占比。不作判断。",
    "mean_part: mean change of a part among the households that moved; main_share: share of them "
    "of which it is the main part. Not judged.",
)


def part_points(model: SanzhixinModel, county: County, as_of: dt.date) -> pd.DataFrame:
    """Score a county and part the points of every household as reasons do.

    Parameters
    ----------
    model : SanzhixinModel
        Whose points.
    county : County
        Its tables; what is dated later than `as_of` does not count.
    as_of : date
        Scoring date.

    Returns
    -------
    DataFrame
        One row per household with points (neither gated nor without evidence), sorted:
        household_id, village_id, tier, ``place`` of the tier (-1 unrated, higher is better),
        points, and one column ``part_*`` for each effect against the reference of the card.

    Raises
    ------
    DomainError
        ``county_empty``: no household.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> table = part_points(model, county, county.as_of)
    >>> rest = table["points"] - table.filter(like="part_").sum(axis=1)
    >>> int(rest.nunique())
    1
    """
    chunks = case_chunks(county, model.plan, as_of)
    parts = [_chunk(score_cases(cases, model.plan), model.plan) for cases in chunks]
    return pd.concat(parts, ignore_index=True)


def _chunk(answers: Answers, plan: Plan) -> pd.DataFrame:
    cases, found = answers.cases, answers.assessment
    effects = point_effects(answers.profile, found, plan)
    names = np.array([*plan.tiers.grades, plan.tiers.unrated])
    table = pd.DataFrame(
        {
            "household_id": list(cases.household_id),
            "village_id": list(cases.village_id),
            "tier": names[found.tier],
            "place": found.tier,
            "points": found.points.total,
            **dict(zip(_part_names(plan), effects.T, strict=True)),
        }
    )
    return table[found.status < _SCORED]


def compute_tier_changes(before: pd.DataFrame, after: pd.DataFrame) -> Judged:
    """List the households that moved to another tier, with what moved them.

    Parameters
    ----------
    before, after : DataFrame
        Of `part_points` with one model.

    Returns
    -------
    Judged
        ``tier_changes``: household_id, village_id, tier_before, tier_after, direction (``up``,
        ``down``), points_before, points_after, change, main_part and the ``part_*``.

    Examples
    --------
    >>> one = pd.DataFrame({"household_id": ["1"], "village_id": "V", "tier": "A", "place": 1,
    ...     "points": 700, "part_PANEL_fs": -20, "part_CLIP_total": 0})
    >>> two = one.assign(tier="B", place=0, points=690, part_PANEL_fs=-31, part_CLIP_total=1)
    >>> compute_tier_changes(one, two).table[["direction", "change", "main_part"]].values.tolist()
    [['down', -10, 'PANEL_fs']]
    """
    parts = [str(name) for name in before if str(name).startswith("part_")]
    both = before.merge(after, on="household_id", suffixes=("_before", "_after"))
    moved = both[both["place_before"] != both["place_after"]].reset_index(drop=True)
    changes = {
        name: (moved[f"{name}_after"] - moved[f"{name}_before"]).astype("int64") for name in parts
    }
    change = (moved["points_after"] - moved["points_before"]).astype("int64")
    table = pd.DataFrame(
        {
            "household_id": moved["household_id"],
            "village_id": moved["village_id_after"],
            "tier_before": moved["tier_before"],
            "tier_after": moved["tier_after"],
            "direction": np.where(moved["place_after"] > moved["place_before"], "up", "down"),
            "points_before": moved["points_before"].astype("int64"),
            "points_after": moved["points_after"].astype("int64"),
            "change": change,
            "main_part": _main(pd.DataFrame(changes), change),
            **changes,
        }
    )
    ordered = table.sort_values(["change", "household_id"], kind="stable", ignore_index=True)
    return Judged("tier_changes", ordered, "等级变动的农户", "Households that moved tier", *_WORDS)


def compute_change_causes(changes: pd.DataFrame) -> Judged:
    """Sum up what moved the households, by direction.

    Parameters
    ----------
    changes : DataFrame
        Table of `compute_tier_changes`.

    Returns
    -------
    Judged
        ``change_causes``: ``mean_part`` (points) and ``main_share`` for each direction and part
        that changed for anybody; ``n`` counts the households that moved that way.

    Examples
    --------
    >>> changes = pd.DataFrame({"direction": ["down"], "main_part": ["PANEL_fs"],
    ...     "part_PANEL_fs": [-11], "part_CLIP_total": [0]})
    >>> compute_change_causes(changes).table[["statistic", "part", "value"]].values.tolist()
    [['mean_part', 'PANEL_fs', -11.0], ['main_share', 'PANEL_fs', 1.0]]
    """
    parts = [str(name) for name in changes if str(name).startswith("part_")]
    rows = [
        row
        for direction in ("up", "down")
        for name in parts
        for row in _cause(changes[changes["direction"] == direction], direction, name)
    ]
    return Judged(
        "change_causes",
        make_table(rows, ("direction", "part")),
        "等级变动的原因",
        "What moved the households",
        *_CAUSES,
    )


def _cause(own: pd.DataFrame, direction: str, name: str) -> Iterator[dict[str, Any]]:
    if not own[name].any():
        return
    part = name.removeprefix("part_")
    about = {"direction": direction, "part": part, "n": len(own), "events": pd.NA}
    yield make_row("mean_part", "info", about, value=float(own[name].mean()))
    share = float((own["main_part"] == part).mean())
    yield make_row("main_share", "info", about, value=share)


def _part_names(plan: Plan) -> list[str]:
    return [f"part_{effect.code}" for effect in plan.effects]


def _main(changes: pd.DataFrame, change: pd.Series) -> list[str]:
    """Name the largest part in the direction of each change; empty without a change."""
    if changes.empty:
        return [""] * len(change)
    signed: Ints = changes.to_numpy() * np.sign(change.to_numpy())[:, None]
    names = [str(name).removeprefix("part_") for name in changes]
    best = signed.argmax(axis=1)
    return [names[k] if signed[i, k] > 0 else "" for i, k in enumerate(best)]
