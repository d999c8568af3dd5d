"""Tables of ratings as arrays for the panel engine: which forms enter, who they are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.connectivity import Connectivity, examine_connectivity
from sanzhixin.numerics.pillar_fit import PillarForms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]

__all__ = ["Kin", "PanelArrays", "pillar_forms", "read_panel"]

Kin = Literal["recuse", "correct"]


@dataclass(frozen=True, slots=True)
class PanelArrays:
    """Forms that enter the panel model, sorted by household; anchor cases come last.

    Attributes
    ----------
    households, raters, villages, vignettes : Index
        Identifiers, sorted.
    indicators : tuple of str
        Columns of `ratings`.
    ratings : ndarray of shape (n_forms, n_indicators)
        Categories from 1; 0 means blank.
    household, rater : ndarray of shape (n_forms,)
        Indices; vignettes are numbered after the households.
    kin : ndarray of bool of shape (n_forms,)
        Forms of declared kin; only where they are kept to be corrected.
    village : ndarray of shape (n_households,)
        Index of each household's village.
    home : ndarray of shape (n_raters,)
        Village of each rater; -1 for raters of several villages or of none.
    connectivity : Connectivity
        Parts of the panel.
    n_recused, n_unfamiliar : int
        Forms left out.
    """

    households: pd.Index
    raters: pd.Index
    villages: pd.Index
    vignettes: pd.Index
    indicators: tuple[str, ...]
    ratings: NDArray[np.int8]
    household: NDArray[np.int32]
    rater: NDArray[np.int32]
    kin: Bools
    village: NDArray[np.int32]
    home: NDArray[np.int32]
    connectivity: Connectivity
    n_recused: int
    n_unfamiliar: int


def read_panel(
    ratings: pd.DataFrame,
    indicators: tuple[str, ...],
    *,
    n_categories: int,
    households: pd.DataFrame | None = None,
    vignettes: pd.DataFrame | None = None,
    kin: Kin = "recuse",
) -> PanelArrays:
    """Choose the forms that count and bring them to arrays.

    Forms of raters who do not know the household, and of raters with a debt or business relation,
    are left out; forms of kin too unless they are to be corrected.  Of several rounds the latest
    of each household counts.

    Parameters
    ----------
    ratings : DataFrame
        ``household_id``, ``rater_id`` and the indicators; ``round``, ``familiar`` and ``relation``
        where known.
    indicators : tuple of str
        Columns with ratings from 1, missing where blank.
    n_categories : int
        Largest rating.
    households : DataFrame, optional
        ``household_id`` and ``village_id``; without it the connected parts are the villages.
    vignettes : DataFrame, optional
        Like `ratings` with ``vignette_id`` in place of ``household_id``.
    kin : {"recuse", "correct"}, default="recuse"
        Whether forms of kin are left out or kept with a common bias.

    Returns
    -------
    PanelArrays
        Sorted by household.

    Raises
    ------
    DomainError
        ``panel_columns``: a column is missing; ``panel_scale``: a rating off the scale;
        ``panel_form_twice``: a rater rates a household twice in a round;
        ``panel_household_unknown``: a rated household has no village.
    EvidenceError
        ``no_ratings``: no form counts.
    """
    _require(ratings, ("household_id", "rater_id", *indicators), "ratings")
    own, n_unfamiliar, n_recused = _counted(ratings, kin)
    if not len(own):
        raise EvidenceError("no_ratings")
    anchors = None
    if vignettes is not None and len(vignettes):
        _require(vignettes, ("vignette_id", "rater_id", *indicators), "vignettes")
        anchors = _latest(vignettes)
    household_ids, household = _codes(own["household_id"])
    rater_column = own["rater_id"]
    vignette_ids: pd.Index = pd.Index([], dtype="str")
    if anchors is not None:
        rater_column = pd.concat([rater_column, anchors["rater_id"]], ignore_index=True)
        vignette_ids, about = _codes(anchors["vignette_id"])
        household = np.concatenate([household, about + len(household_ids)])
    rater_ids, rater = _codes(rater_column)
    cells = _cells(own, indicators, n_categories, "ratings")
    if anchors is not None:
        cells = np.concatenate([cells, _cells(anchors, indicators, n_categories, "vignettes")])
    related = np.zeros(household.size, dtype=np.bool_)
    if kin == "correct" and "relation" in own:
        related[: len(own)] = (own["relation"] == "kin").to_numpy(dtype=bool)
    order = np.lexsort((rater, household))
    household, rater = household[order], rater[order]
    twice = (np.diff(household) == 0) & (np.diff(rater) == 0)
    if twice.any():
        raise DomainError("panel_form_twice", count=int(twice.sum()))
    n_rated = len(household_ids) + len(vignette_ids)
    told = (cells[order] > 0).any(axis=1)  # a blank form ties nobody to anybody
    connectivity = examine_connectivity(household[told], rater[told], n_rated, len(rater_ids))
    village_ids, village = _villages(households, household_ids, connectivity)
    n_own = int(np.searchsorted(household, len(household_ids)))
    return PanelArrays(
        households=household_ids,
        raters=rater_ids,
        villages=village_ids,
        vignettes=vignette_ids,
        indicators=indicators,
        ratings=np.ascontiguousarray(cells[order]),
        household=household,
        rater=rater,
        kin=related[order],
        village=village,
        home=_homes(village[household[:n_own]], rater[:n_own], len(rater_ids), len(village_ids)),
        connectivity=connectivity,
        n_recused=n_recused,
        n_unfamiliar=n_unfamiliar,
    )


def pillar_forms(
    arrays: PanelArrays, columns: tuple[str, ...], *, n_categories: int, kin: Kin
) -> PillarForms:
    """Forms of one pillar; those with fewer than half of its items answered are blank.

    Parameters
    ----------
    arrays : PanelArrays
        All forms.
    columns : tuple of str
        Indicators of the pillar.
    n_categories : int
        Largest rating.
    kin : {"recuse", "correct"}
        Whether a common bias of kin enters the model.

    Returns
    -------
    PillarForms
        For `fit_pillar`.
    """
    places = [arrays.indicators.index(column) for column in columns]
    cells = np.ascontiguousarray(arrays.ratings[:, places])
    few = 2 * (cells > 0).sum(axis=1) < len(columns)
    cells[few] = 0
    biased = arrays.kin.astype(np.float64) if kin == "correct" and arrays.kin.any() else None
    return PillarForms(
        ratings=cells,
        household=arrays.household,
        rater=arrays.rater,
        village=arrays.village,
        home=arrays.home,
        n_villages=len(arrays.villages),
        n_anchors=len(arrays.vignettes),
        n_categories=n_categories,
        biased=biased,
    )


def _require(table: pd.DataFrame, columns: tuple[str, ...], name: str) -> None:
    absent = [column for column in columns if column not in table]
    if absent:
        raise DomainError("panel_columns", table=name, columns=", ".join(absent))


def _counted(ratings: pd.DataFrame, kin: Kin) -> tuple[pd.DataFrame, int, int]:
    """Latest round of each household; familiar, unrelated raters."""
    table = ratings
    if "round" in table:
        latest = table.groupby("household_id", observed=True)["round"].transform("max")
        table = table[table["round"] == latest]
    unknown = np.zeros(len(table), dtype=bool)
    if "familiar" in table:
        unknown = ~table["familiar"].fillna(value=False).to_numpy(dtype=bool)
    related = np.zeros(len(table), dtype=bool)
    if "relation" in table:
        allowed = ("none", "kin") if kin == "correct" else ("none",)
        related = ~table["relation"].isin(allowed).to_numpy(dtype=bool)
    kept = ~unknown & ~related
    return table[kept], int(unknown.sum()), int((related & ~unknown).sum())


def _latest(vignettes: pd.DataFrame) -> pd.DataFrame:
    """Keep each rater's latest form of each anchor case."""
    if "round" not in vignettes:
        return vignettes
    keys = ["vignette_id", "rater_id"]
    latest = vignettes.groupby(keys, observed=True)["round"].transform("max")
    return vignettes[vignettes["round"] == latest]


def _codes(values: pd.Series) -> tuple[pd.Index, NDArray[np.int32]]:
    codes, ids = pd.factorize(values, sort=True)
    if (codes < 0).any():
        raise DomainError("panel_id_missing", column=str(values.name), count=int((codes < 0).sum()))
    return pd.Index(ids), codes.astype(np.int32)


def _cells(
    table: pd.DataFrame, indicators: tuple[str, ...], n_categories: int, name: str
) -> NDArray[np.int8]:
    cells = np.empty((len(table), len(indicators)), dtype=np.int8, order="F")
    for place, column in enumerate(indicators):
        stated = pd.to_numeric(table[column], errors="coerce")
        values = stated.to_numpy(dtype=np.float64, na_value=np.nan)
        blank = table[column].isna().to_numpy()
        wrong = ~blank & ~((values >= 1) & (values <= n_categories) & (values % 1 == 0))
        if wrong.any():
            raise DomainError(
                "panel_scale", table=name, column=column, count=int(wrong.sum()), most=n_categories
            )
        cells[:, place] = np.where(blank, 0, values)
    return cells


def _villages(
    households: pd.DataFrame | None, ids: pd.Index, connectivity: Connectivity
) -> tuple[pd.Index, NDArray[np.int32]]:
    if households is None:
        part = connectivity.household_component[: len(ids)]
        labels = pd.Series([f"part {k + 1:04}" for k in part.tolist()], name="village_id")
        return _codes(labels)
    _require(households, ("household_id", "village_id"), "households")
    table = households.drop_duplicates("household_id").set_index("household_id")
    villages = table["village_id"].reindex(ids).reset_index(drop=True)
    if villages.isna().any():
        raise DomainError("panel_household_unknown", count=int(villages.isna().sum()))
    return _codes(villages)


def _homes(
    village: NDArray[np.int32], rater: NDArray[np.int32], n_raters: int, n_villages: int
) -> NDArray[np.int32]:
    low = np.full(n_raters, n_villages, dtype=np.int32)
    high = np.full(n_raters, -1, dtype=np.int32)
    np.minimum.at(low, rater, village)
    np.maximum.at(high, rater, village)
    return np.where(low == high, low, -1).astype(np.int32)
