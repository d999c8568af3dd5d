"""What the acceptance of one range says of the whole run, and all of them together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from sanzhixin.batch.intake import Received, TableCount
from sanzhixin.records.accept import lost_notes, rated_codes, unrated_notes
from sanzhixin.records.columns import TABLES
from sanzhixin.records.raw import Note
from sanzhixin.records.rejected import REJECTED_COLUMNS
from sanzhixin.records.vocabulary import EVIDENCE_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sanzhixin.batch.ranges import Layout
    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records.accept import CountyAcceptance

__all__ = ["EVERYWHERE", "RangeOutcome", "join_rejected", "outcome_of", "received", "run_notes"]

EVERYWHERE = ("raters",)
"""Tables without households that lie beside the ranges and are accepted with each of them."""


class RangeOutcome(BaseModel):
    """Counts and names of one range, as they lie beside its proposals.

    Attributes
    ----------
    households : int
        Accepted ones.
    counts : dict of str to tuple of int
        By table: rows handed in, accepted, rejected.
    unattributed : dict of str to int
        By table, rejected rows that name no known household.
    n_forms : int
        Accepted forms.
    rated : tuple of str
        Indicators that some form rates.
    villages, raters : tuple of str
        Those of accepted rows that the model's panel was not fitted to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    households: NonNegativeInt
    counts: dict[str, tuple[int, int, int]]
    unattributed: dict[str, int]
    n_forms: NonNegativeInt
    rated: tuple[str, ...]
    villages: tuple[str, ...]
    raters: tuple[str, ...] = Field(repr=False)


def outcome_of(
    done: CountyAcceptance, model: SanzhixinModel, number: int
) -> tuple[RangeOutcome, pd.DataFrame]:
    """Sum up the acceptance of one range.

    Parameters
    ----------
    done : CountyAcceptance
        Of the range.
    model : SanzhixinModel
        Whose panel knows raters and villages.
    number : int
        Which range; tables without households are told with the first alone.

    Returns
    -------
    tuple of (RangeOutcome, DataFrame)
        And the rejected rows.
    """
    told = [name for name in done.tables if number == 0 or name not in EVERYWHERE]
    county, panel = done.county, model.file.panel
    fitted_villages = set() if panel is None else set(panel.villages)
    fitted_raters = set() if panel is None else set(panel.raters)
    outcome = RangeOutcome(
        households=len(county.households),
        counts={
            name: (item.n_in, len(item.accepted), len(item.rejected))
            for name, item in done.tables.items()
            if name in told
        },
        unattributed=done.unattributed,
        n_forms=len(county.ratings),
        rated=tuple(sorted(rated_codes(county, model.scheme))),
        villages=tuple(sorted(set(county.households["village_id"].unique()) - fitted_villages)),
        raters=tuple(sorted(set(county.ratings["rater_id"].unique()) - fitted_raters)),
    )
    return outcome, done.rejected[done.rejected["table"].isin(told)]


def received(layout: Layout, outcomes: Sequence[RangeOutcome]) -> Received:
    """Add up what came in."""
    zero = (0, 0, 0)
    found = {
        name: np.sum([item.counts.get(name, zero) for item in outcomes], axis=0).tolist()
        for name in layout.tables
    }
    unattributed: Counter[str] = Counter()
    for item in outcomes:
        unattributed.update(item.unattributed)
    return Received(
        as_of=layout.as_of,
        files=layout.files,
        counts=tuple(TableCount(name, *numbers) for name, numbers in found.items()),
        unattributed={name: unattributed[name] for name in EVIDENCE_TABLES if unattributed[name]},
    )


def join_rejected(layout: Layout, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the rejected rows of all ranges in the order of tables, files and lines.

    Parameters
    ----------
    layout : Layout
        Knows the order of the files.
    frames : sequence of DataFrame
        One per range.

    Returns
    -------
    DataFrame
        The rows in the order in which a county that is accepted at once gives them.
    """
    rejected = pd.concat(frames, ignore_index=True)[list(REJECTED_COLUMNS)]
    tables = {name: rank for rank, name in enumerate(TABLES)}
    files = {source.file: rank for rank, source in enumerate(layout.sources)}
    order = np.lexsort(
        [rejected["line"], rejected["file"].map(files), rejected["table"].map(tables)]
    )
    return rejected.iloc[order].reset_index(drop=True)


def run_notes(
    layout: Layout, outcomes: Sequence[RangeOutcome], model: SanzhixinModel
) -> Iterator[Note]:
    """Tell what was ignored, what nobody rated, what could not be attributed, who was not fitted.

    Parameters
    ----------
    layout : Layout
        Knows what was ignored.
    outcomes : sequence of RangeOutcome
        One per range.
    model : SanzhixinModel
        Whose panel is told.

    Yields
    ------
    Note
        In the order of a county that is accepted at once.
    """
    yield from layout.notes
    rated = {code for item in outcomes for code in item.rated}
    any_form = any(item.n_forms for item in outcomes)
    yield from unrated_notes(rated, model.scheme, any_form)
    yield from lost_notes(received(layout, outcomes).unattributed)
    if model.file.panel is None:
        return
    if model.file.panel.link == "prior":
        yield Note(
            model.model_id,
            "villages are compared by a stated prior alone: compare scores within villages",
            "村与村之间仅凭设定比例（先验）比较，得分宜在村内比较",
        )
    villages = {name for item in outcomes for name in item.villages}
    raters = {name for item in outcomes for name in item.raters}
    if villages or raters:
        yield Note(
            model.model_id,
            f"{len(villages)} village(s) and {len(raters)} rater(s) were not fitted; they are "
            "taken as an unknown one of those that were, with wider errors",
            f"有{len(villages)}个村、{len(raters)}名评议员未参与拟合，按已拟合者的分布处理，误差较大",
        )
