"""Households as a model sees them: the way from forms to limits, and examples part by part."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.errors import mask_id
from sanzhixin.model.frames import case_chunks, scoring_date
from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.assess import STATUSES
from sanzhixin.scoring.limits import SYSTEM_BOUNDS
from sanzhixin.scoring.scorer import score_cases
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import make_row, make_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records import County
    from sanzhixin.scoring.scorer import Answers

    Ints = NDArray[np.int64]

__all__ = ["EXAMPLES_AT", "compute_pathway", "compute_waterfall", "household_table"]

EXAMPLES_AT = (0.1, 0.5, 0.9)
"""Ranks, by points, of the households that stand as examples."""

_GATED = STATUSES.index("gated")
_START, _END = ("start", "起始", "start"), ("clip", "上下限", "ends of the scale")


def household_table(
    model: SanzhixinModel, county: County, as_of: dt.date | None = None
) -> pd.DataFrame:
    """Score every household by the one scoring path, as arrays.

    Parameters
    ----------
    model : SanzhixinModel
        As it would be used; neither its term nor consents are looked at, as nothing is proposed.
    county : County
        Households to be scored.
    as_of : date, optional
        Scoring date; else that of the county, else today.

    Returns
    -------
    DataFrame
        One row per household, sorted by household_id: ``household_id, village_id, status, points,
        tier`` and amounts as in `SanzhixinModel.propose`; ``review_triggers``, of which
        ``override`` alone is named; ``n_forms`` of the round that is used and ``n_counted`` of
        these (for some pillar); ``has_evidence``; ``part_*``, the points of each characteristic.

    Raises
    ------
    DomainError
        ``county_empty``: no household.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> found, proposals = household_table(model, county), model.propose(county)
    >>> all(found[name].equals(proposals[name]) for name in ("points", "tier", "limit_yuan"))
    True
    """
    day = scoring_date(as_of, county.as_of)
    chunks = case_chunks(county, model.plan, day)
    parts = [_chunk(score_cases(cases, model.plan), model) for cases in chunks]
    return pd.concat(parts, ignore_index=True)


def _chunk(answers: Answers, model: SanzhixinModel) -> pd.DataFrame:
    cases, found, plan = answers.cases, answers.assessment, model.plan
    forms = answers.profile.forms
    is_scored = found.status < _GATED
    incomplete = found.limits.incomplete
    names = np.array([*plan.tiers.grades, plan.tiers.unrated], dtype=object)
    tier = [name if told else None for name, told in zip(names[found.tier], is_scored, strict=True)]
    override = [["override"] if told else [] for told in found.override.tolist()]
    in_system = np.array([place < SYSTEM_BOUNDS for place in plan.limits.required], dtype=np.bool_)
    of_system = (incomplete & in_system).any(axis=1)
    columns: dict[str, Any] = {
        "household_id": pd.array(cases.household_id, dtype="str"),
        "village_id": pd.array(cases.village_id, dtype="str"),
        "status": pd.array([STATUSES[place] for place in found.status], dtype="str"),
        "points": _whole(found.points.total, is_scored),
        "tier": pd.array(tier, dtype="str"),
        "limit_yuan": _whole(found.limits.final, is_scored & ~incomplete.any(axis=1)),
        "system_limit_yuan": _whole(found.limits.system, is_scored & ~of_system),
        "village_limit_yuan": _whole(found.village_limit, found.village_limit != MISSING),
        "manager_limit_yuan": _whole(cases.manager, cases.manager != MISSING),
        "review_triggers": override,
        "n_forms": forms.used.sum(axis=1),
        "n_counted": forms.counted.any(axis=2).sum(axis=1),
        "has_evidence": answers.profile.sufficient.all(axis=1),
    }
    parts = found.points.by_characteristic
    for place, item in enumerate(plan.card.characteristics):
        columns[f"part_{item.column}"] = parts[:, place]
    columns["part_clip"] = found.points.group_clip.sum(axis=1) + found.points.total_clip
    return pd.DataFrame(columns)


def _whole(values: Ints, is_stated: NDArray[np.bool_]) -> Any:
    return pd.arrays.IntegerArray(values.astype(np.int64), ~is_stated)


def compute_pathway(households: pd.DataFrame) -> Judged:
    """Count what is left on the way from forms to limits, step by step.

    Parameters
    ----------
    households : DataFrame
        Table of `household_table`.

    Returns
    -------
    Judged
        ``pathway``: one row per step, not judged.  ``forms`` and ``counted`` count forms; the other
        steps count households: ``households``, ``evidence`` (enough forms in every pillar),
        ``points`` (and no record that gates), ``system_limit`` and ``limit`` (above 0),
        ``no_review`` (of these, nothing asks for a look by people).  ``value``
        is the share of the step before, ``of_first`` that of the forms, or of the households.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> compute_pathway(household_table(model, county)).table["statistic"].tolist()[:3]
    ['forms', 'counted', 'households']
    """
    has_points = households["points"].notna()
    capped = has_points & households["system_limit_yuan"].fillna(0).gt(0)
    limited = has_points & households["limit_yuan"].fillna(0).gt(0)
    n_forms, n_counted = (int(households[name].sum()) for name in ("n_forms", "n_counted"))
    evident = int(households["has_evidence"].sum())
    is_plain = households["status"].eq("propose")
    steps = [
        ("forms", n_forms, n_forms),
        ("counted", n_counted, n_forms),
        ("households", len(households), len(households)),
        ("evidence", evident, len(households)),
        ("points", int(has_points.sum()), evident),
        ("system_limit", int(capped.sum()), int(has_points.sum())),
        ("limit", int(limited.sum()), int(capped.sum())),
        ("no_review", int((limited & is_plain).sum()), int(limited.sum())),
    ]
    whole = dict.fromkeys(("forms", "counted"), n_forms)
    rows = []
    for name, n, before in steps:
        first = whole.get(name, len(households))
        about = {"n": n, "events": pd.NA, "of_first": n / first if first else np.nan}
        rows.append(make_row(name, "info", about, value=n / before if before else np.nan))
    return Judged(
        name="pathway",
        table=make_table(rows, more=("of_first",)),
        title_zh="从评议到额度",
        title_en="From ratings to limits",
        note_zh=(
            "forms、counted 为采用轮次的评议表份数，其余为户数；value 为占上一步的比例，"
            "of_first 为占首步的比例。evidence 为各维度有效表均足够；"
            "points 为有点数（有否决项者除外）；system_limit 为系统额度大于 0；"
            "limit 为建议额度大于 0；no_review 为其中无须人工复核。均为建议，由人决定。"
        ),
        note_en=(
            "forms and counted are forms of the round that is used, the rest households; value is "
            "the share of the step before, of_first that of the first step. evidence: enough forms "
            "in every pillar; points: given, no record gates; system_limit: above 0; limit: "
            "proposed above 0; no_review: of these, nothing asks for a look. All are proposals; "
            "people decide."
        ),
    )


def compute_waterfall(households: pd.DataFrame, model: SanzhixinModel) -> Judged:
    """Lay out the points of a few households as the sum of what each characteristic brought.

    Parameters
    ----------
    households : DataFrame
        Table of `household_table` by the same model.
    model : SanzhixinModel
        Its card names the characteristics.

    Returns
    -------
    Judged
        ``waterfall``: for the households at the ranks `EXAMPLES_AT` by points (ties by
        household_id), the parts in the order of the card, from the start to the sum: ``value`` is
        what a step brought, ``low`` and ``high`` the sums before and after it, the smaller first.
        Households stand masked; empty where none has points.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> table = compute_waterfall(household_table(model, county), model).table
    >>> first = table[table["example"] == "1"]
    >>> float(first["value"].iloc[:-1].sum()) == float(first["value"].iloc[-1])
    True
    """
    card = model.file.card
    own = [(item.column, item.zh, item.en) for item in card.characteristics]
    names = [_START, *own, _END]
    known = households[households["points"].notna()]
    known = known.sort_values(["points", "household_id"], kind="stable")
    places = sorted({round(rank * (len(known) - 1)) for rank in EXAMPLES_AT}) if len(known) else []
    rows = []
    for number, household in enumerate(known.iloc[places].to_dict("records"), start=1):
        parts = [
            card.base,
            *(int(household[f"part_{item.column}"]) for item in card.characteristics),
            int(household["part_clip"]),
        ]
        about = {"example": str(number), "household": mask_id(str(household["household_id"]))}
        rows += _steps(names, parts, about | {"tier": str(household["tier"])})
    about_columns = ("example", "household", "tier", "step", "step_zh", "step_en")
    return Judged(
        name="waterfall",
        table=make_table(rows, about_columns),
        title_zh="示例农户的点数构成",
        title_en="Points of example households, part by part",
        note_zh="按点数排在 10%、50%、90% 处的农户，户号已隐去；各部分之和即点数（total）。",
        note_en="The households at 10, 50 and 90 % by points, numbers masked; the parts sum up to "
        "the points (total).",
    )


def _steps(
    names: list[tuple[str, str, str]], parts: list[int], about: dict[str, str]
) -> list[dict[str, Any]]:
    rows, before = [], 0
    for place, ((step, zh, en), part) in enumerate(zip(names, parts, strict=True)):
        after = before + part
        if part or 0 < place < len(parts) - 1:
            told = about | {"step": step, "step_zh": zh, "step_en": en, "n": 1, "events": pd.NA}
            between = float(min(before, after)), float(max(before, after))
            rows.append(make_row("part", "info", told, value=float(part), between=between))
        before = after
    told = about | {
        "step": "total",
        "step_zh": "点数",
        "step_en": "points",
        "n": 1,
        "events": pd.NA,
    }
    between = min(0.0, before), max(0.0, float(before))
    return [*rows, make_row("total", "info", told, value=float(before), between=between)]
