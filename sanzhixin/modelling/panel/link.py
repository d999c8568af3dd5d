"""What makes villages comparable: anchor cases, travelling raters, outcomes, or a stated prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.connectivity import count_parts
from sanzhixin.numerics.linking import LEAST_DEFAULTS, MeritShare, fit_merit_share

if TYPE_CHECKING:
    from sanzhixin.modelling.panel.arrays import PanelArrays
    from sanzhixin.numerics.pillar_fit import PillarFit

__all__ = ["Link", "LinkKind", "choose_link", "learn_share"]

LinkKind = Literal["auto", "vignettes", "bridge", "outcomes", "prior"]

PRIOR_SD = 12**-0.5
"""Standard deviation of a share that may lie anywhere between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Link:
    """How villages are compared.

    Attributes
    ----------
    kind : {"vignettes", "bridge", "outcomes", "prior"}
        Where the comparison comes from.
    share : MeritShare or None
        Merit share with its error; None where the ratings themselves tell merit from leniency.
    """

    kind: Literal["vignettes", "bridge", "outcomes", "prior"]
    share: MeritShare | None


def choose_link(
    wanted: LinkKind,
    arrays: PanelArrays,
    pillars: dict[str, tuple[str, ...]],
    merit_share: float,
    *,
    has_outcomes: bool,
) -> Link:
    """Choose what makes villages comparable.

    Parameters
    ----------
    wanted : {"auto", "vignettes", "bridge", "outcomes", "prior"}
        ``auto`` takes the first in this order that the data have.  Anchor cases and travelling
        raters count when they tie all villages together in every pillar; where they tie only some,
        the others still rest on a share.
    arrays : PanelArrays
        Forms.
    pillars : dict of str to tuple of str
        Indicators of each pillar.
    merit_share : float
        The stated share, for ``prior`` and as a start for ``outcomes``.
    has_outcomes : bool
        Whether outcomes were given.

    Returns
    -------
    Link
        For ``outcomes`` with the stated share, until it is learned.

    Raises
    ------
    DomainError
        ``link_not_there``: the wanted link has no data.
    """
    tied = len(arrays.villages) > 1 and all(_ties(arrays, items) for items in pillars.values())
    anchored = len(arrays.vignettes) > 0
    stated = MeritShare(merit_share, PRIOR_SD)
    links = {
        "vignettes": Link("vignettes", None) if tied and anchored else None,
        "bridge": Link("bridge", None) if tied and not anchored else None,
        "outcomes": Link("outcomes", stated) if has_outcomes else None,
        "prior": Link("prior", stated),
    }
    wished = links.values() if wanted == "auto" else (links[wanted],)
    found = next((link for link in wished if link is not None), None)
    if found is None:
        raise DomainError("link_not_there", link=wanted)
    return found


def _ties(arrays: PanelArrays, items: tuple[str, ...]) -> bool:
    """Tell whether the forms that count for a pillar connect everything that is rated."""
    places = [arrays.indicators.index(item) for item in items]
    counts = 2 * (arrays.ratings[:, places] > 0).sum(axis=1) >= len(items)
    n_rated = len(arrays.households) + len(arrays.vignettes)
    parts = count_parts(arrays.household[counts], arrays.rater[counts], n_rated, len(arrays.raters))
    return parts == 1


def learn_share(
    fits: dict[str, PillarFit], arrays: PanelArrays, outcomes: pd.DataFrame
) -> MeritShare:
    """Learn the merit share from defaults, all pillars taken together.

    Parameters
    ----------
    fits : dict of str to PillarFit
        By pillar, fitted with any share.
    arrays : PanelArrays
        Forms.
    outcomes : DataFrame
        ``household_id`` and ``defaulted``, one row for each loan with a complete outcome.

    Returns
    -------
    MeritShare
        One share for all pillars.

    Raises
    ------
    DomainError
        ``panel_columns``: a column is missing.
    EvidenceError
        ``share_few_defaults``, ``share_not_told``.
    """
    absent = [name for name in ("household_id", "defaulted") if name not in outcomes]
    if absent:
        raise DomainError("panel_columns", table="outcomes", columns=", ".join(absent))
    known = outcomes["defaulted"].notna()
    place = arrays.households.get_indexer(pd.Index(outcomes.loc[known, "household_id"]))
    rated = place >= 0
    defaulted = outcomes.loc[known, "defaulted"].to_numpy(dtype=np.bool_)[rated]
    if not rated.any():
        raise EvidenceError("share_few_defaults", defaults=0, loans=0, needed=LEAST_DEFAULTS)
    village = arrays.village
    within, between = [], []
    for fit in fits.values():
        begin, v = fit.records.home.size, fit.records.n_villages
        gap = (
            fit.standing.border[begin : begin + v] - fit.standing.border[begin + v : begin + 2 * v]
        )
        # about the merit, not the mean of the village, which moves with the gap
        within.append(fit.standing.household - fit.standing.border[begin : begin + v][village])
        between.append((gap - fit.variances.variances.mean)[village])
    places = place[rated]
    return fit_merit_share(
        np.mean(within, axis=0)[places],
        np.mean(between, axis=0)[places],
        defaulted,
        n_villages=np.unique(village[places]).size,
    )
