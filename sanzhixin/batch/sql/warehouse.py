"""The table of profiles that the SQL of a model reads."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.batch.sql.dialects import check_names
from sanzhixin.model import case_chunks, check_county, scoring_date
from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.expert import EVENT_COLUMN
from sanzhixin.scoring.panel_rules import MICRO
from sanzhixin.scoring.profile import factor_columns
from sanzhixin.scoring.scorer import score_cases

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records import County
    from sanzhixin.scoring.plan import Plan
    from sanzhixin.scoring.view import Answers

__all__ = ["check_columns", "compute_warehouse_profile"]

_FIRST = ("household_id", "village_id", "evidence", "gated")
_AMOUNTS = (
    "annual_income_yuan",
    "debt_yuan",
    "assets_yuan",
    "exposure_yuan",
    "requested_yuan",
    "village_limit_yuan",
    "manager_limit_yuan",
)


def compute_warehouse_profile(
    model: SanzhixinModel, county: County, as_of: dt.date | None = None
) -> pd.DataFrame:
    """Profile a county for the SQL of a model: exactly the columns that it reads.

    Parameters
    ----------
    model : SanzhixinModel
        The frozen model.
    county : County
        Accepted tables.
    as_of : date, optional
        Scoring date; else that of the county, else today.

    Returns
    -------
    DataFrame
        One row per household, sorted by household_id: household_id, village_id (text); evidence
        (every pillar has enough forms), gated (by a record in force or the declared purpose);
        per pillar ``*_score`` (0-100, whole millionths), event_points, the factors that the card
        uses (numbers, or the text of the level); annual_income_yuan, debt_yuan, assets_yuan
        (missing without a written consent), exposure_yuan (the larger of the household's and its
        members' together), requested_yuan, village_limit_yuan (the council's amount, else the
        raters'), manager_limit_yuan.  Consent is not looked at.

    Raises
    ------
    DomainError
        ``sql_columns``: a factor has the name of another column; ``county_empty``: no household.
    RecordError
        ``level_unseen``: a category that the card does not know.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> profile = compute_warehouse_profile(model, county)
    >>> list(profile.columns[:5])
    ['household_id', 'village_id', 'evidence', 'gated', 'fs_score']
    """
    check_county(county)
    plan = model.plan
    check_columns(plan)
    day = scoring_date(as_of, county.as_of)
    frames = [_frame(score_cases(cases, plan), plan) for cases in case_chunks(county, plan, day)]
    return pd.concat(frames, ignore_index=True)


def check_columns(plan: Plan) -> None:
    """Refuse a card whose factors have names that the table has for something else.

    Raises
    ------
    DomainError
        ``sql_columns``: two columns would have one name; capital letters make no difference.
    """
    pillars = [f"{code}_score" for code in plan.panel.pillars]
    check_names([*_FIRST, *pillars, EVENT_COLUMN, *_factors(plan), *_AMOUNTS])


def _factors(plan: Plan) -> list[str]:
    used = {item.column for item in plan.card.characteristics}
    return [factor.name for factor in plan.scheme.factors if factor.name in used]


def _frame(answers: Answers, plan: Plan) -> pd.DataFrame:
    cases, profile, found = answers.cases, answers.profile, answers.assessment
    scores = profile.measures.score
    factors = factor_columns(cases, plan.scheme)
    kinds = {factor.name: factor.kind for factor in plan.scheme.factors}
    types = {"numeric": "Float64", "categorical": "str"}
    amounts = (
        cases.annual_income,
        cases.debt,
        cases.assets,
        cases.exposure,
        cases.requested,
        found.village_limit,
        cases.manager,
    )
    columns: dict[str, Any] = {
        "household_id": pd.array(cases.household_id, dtype="str"),
        "village_id": pd.array(cases.village_id, dtype="str"),
        "evidence": profile.sufficient.all(axis=1),
        "gated": found.gate.any(axis=1),
        **{
            f"{code}_score": _numbers(scores[:, place])
            for place, code in enumerate(plan.panel.pillars)
        },
        EVENT_COLUMN: profile.events.part,
        **{name: pd.Series(factors[name], dtype=types[kinds[name]]) for name in _factors(plan)},
        **{name: _whole(values) for name, values in zip(_AMOUNTS, amounts, strict=True)},
    }
    return pd.DataFrame(columns)


def _whole(values: NDArray[np.int64]) -> Any:
    return pd.arrays.IntegerArray(values, values == MISSING)


def _numbers(values: NDArray[np.int64]) -> Any:
    return pd.arrays.FloatingArray(values / MICRO, values == MISSING)
