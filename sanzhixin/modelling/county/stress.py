"""How many proposals move when ratings, raters or default rates are not what they were."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sanzhixin.model import SanzhixinModel
from sanzhixin.numerics.choices import check_range
from sanzhixin.scoring.pd_table import DECIMALS, PdRow, PdTable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from sanzhixin.records import County

__all__ = ["compute_stress"]


def compute_stress(
    model: SanzhixinModel,
    county: County,
    as_of: dt.date | None = None,
    *,
    factors: Sequence[float] = (2.0, 3.0),
) -> pd.DataFrame:
    """Propose anew under harder conditions and count what moves.

    Use it before a model is adopted: it shows how much hangs on single raters and on a level of
    ratings or of default that may not last.

    Parameters
    ----------
    model : SanzhixinModel
        As it would be used.
    county : County
        Households to be scored.
    as_of : date, optional
        Scoring date; default: the county's.
    factors : sequence of float, default=(2, 3)
        By which default rates are multiplied.

    Returns
    -------
    DataFrame
        One row for each scenario, the first as it is: scenario, n_scored (households with points),
        n_lower, n_higher (in a lower or higher tier than at first; without a tier is lowest),
        n_status (another status), limit_yuan (sum of the limits), default_yuan (sum of limit times
        default probability; missing where the model gives none).

    Raises
    ------
    DomainError
        ``option_range``: a factor below 0.

    Notes
    -----
    *ratings one lower*: every rating of the panel is one less, 1 stays.  *without one rater*: in
    each village the forms of the rater with most forms are left out (ties: the first by name).
    *default times k*: probabilities and bounds of the table times k, at most 1; points and tiers
    do not depend on them, limits through ``limits.loss_cap`` alone.
    """
    for factor in factors:
        check_range("factors", factor, 0, np.inf)
    first = model.propose(county, as_of).set_index("household_id")
    rows = [_row("as it is", first, first, model)]
    for name, other, changed in _scenarios(model, county, factors):
        proposals = other.propose(changed, as_of).set_index("household_id")
        rows.append(_row(name, first, proposals, model))
    return pd.DataFrame(rows)


def _scenarios(
    model: SanzhixinModel, county: County, factors: Sequence[float]
) -> Iterator[tuple[str, SanzhixinModel, County]]:
    items = [item.code for item in model.scheme.panel_items]
    ratings = county.ratings
    lower = ratings.assign(**{item: (ratings[item] - 1).clip(lower=1) for item in items})
    yield "ratings one lower", model, replace(county, ratings=lower)
    yield "without one rater", model, replace(county, ratings=ratings[~_busiest(county)])
    for factor in factors:
        yield f"default times {factor:g}", _with_default(model, factor), county


def _busiest(county: County) -> pd.Series[bool]:
    """Mark the forms of the rater with most forms in each village."""
    village = county.households.set_index("household_id")["village_id"]
    forms = pd.DataFrame(
        {
            "rater": county.ratings["rater_id"].astype("str"),
            "village": county.ratings["household_id"].map(village).astype("str"),
        }
    )
    counts = forms.groupby(["village", "rater"]).size().rename("n").reset_index()
    ordered = counts.sort_values(["village", "n", "rater"], ascending=[True, False, True])
    chosen = ordered.drop_duplicates("village").set_index("village")["rater"]
    is_busiest: pd.Series[bool] = forms["rater"].eq(forms["village"].map(chosen))
    return is_busiest


def _with_default(model: SanzhixinModel, factor: float) -> SanzhixinModel:
    table = model.file.pd
    rows = tuple(
        PdRow(
            at_least=row.at_least,
            prob_default=_times(row.prob_default, factor),
            lower=_times(row.lower, factor),
            upper=_times(row.upper, factor),
        )
        for row in table.rows
    )
    kept = {name: getattr(table, name) for name in PdTable.model_fields}
    harder = PdTable(**{**kept, "rows": rows})
    return SanzhixinModel(model.file.model_copy(update={"pd": harder}))


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else round(min(value * factor, 1.0), DECIMALS)


def _row(
    name: str, first: pd.DataFrame, now: pd.DataFrame, model: SanzhixinModel
) -> dict[str, object]:
    grades = [row.grade for row in model.scheme.tiers.ascending]
    before, after = (
        frame["tier"].map({grade: k for k, grade in enumerate(grades)}).fillna(-1).astype(int)
        for frame in (first, now)
    )
    limits = now["limit_yuan"].astype("Float64").fillna(0)
    default = now["prob_default"].astype("Float64")
    return {
        "scenario": name,
        "n_scored": int(now["points"].notna().sum()),
        "n_lower": int((after < before).sum()),
        "n_higher": int((after > before).sum()),
        "n_status": int((now["status"] != first["status"]).sum()),
        "limit_yuan": int(limits.sum()),
        "default_yuan": float((limits * default).sum()) if default.notna().any() else np.nan,
    }
