"""One pillar of a panel from ratings to standings: thresholds, raters, variances, mode, errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sanzhixin.errors import EvidenceError
from sanzhixin.numerics.facets import (
    PanelRecords,
    Standing,
    fit_standing,
)
from sanzhixin.numerics.partial_credit import (
    PartialCreditFit,
    Steps,
    count_totals,
    fit_partial_credit,
    masks_and_totals,
)
from sanzhixin.numerics.rater_fit import (
    STRETCHES,
    RaterFit,
    Stretch,
    conditional_moments,
    fit_raters,
    fit_stretch,
)
from sanzhixin.numerics.record_tables import RecordTables, tabulate_records
from sanzhixin.numerics.standing_errors import StandingErrors, compute_errors
from sanzhixin.numerics.variance_components import (
    VarianceFit,
    fit_variances,
    sample_households,
    split_villages,
    take_records,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.integer]

__all__ = [
    "PillarFit",
    "PillarForms",
    "RaterUse",
    "fit_pillar",
    "place_records",
    "share_pillar",
]

_ERRATIC = 1.25  # infit, and how many standard errors above 1
_ERRATIC_Z = 3.0
_INFIT_SPREAD = 1.7  # sd of infit times root of ratings: simulated 1.5 (5 and 12 items), rounded up
_LEAST_WEIGHT = 1 / 64
_STRETCH_Z = 3.0
_MASKS_FOR_VARIANCES = 12


@dataclass(frozen=True, slots=True)
class PillarForms:
    """Forms of one pillar as arrays, sorted by household; anchor cases come last.

    Attributes
    ----------
    ratings : ndarray of shape (n_records, n_items)
        Categories from 1; 0 means blank.
    household, rater : ndarray of shape (n_records,)
        Indices; anchor cases are numbered after the households.
    village : ndarray of shape (n_households,)
        Village of each household.
    home : ndarray of shape (n_raters,)
        Village of each rater; -1 for raters of no single village.
    n_villages, n_anchors, n_categories : int
        Villages, anchor cases, and categories of the scale.
    biased : ndarray of shape (n_records,) or None
        1 where a common bias may act; None leaves it out of the model.
    """

    ratings: NDArray[np.int8]
    household: NDArray[np.int32]
    rater: NDArray[np.int32]
    village: NDArray[np.int32]
    home: NDArray[np.int32]
    n_villages: int
    n_anchors: int = 0
    n_categories: int = 5
    biased: Floats | None = None


@dataclass(frozen=True, slots=True)
class RaterUse:
    """How raters use the scale, and what the model makes of it.

    Attributes
    ----------
    fit : RaterFit
        Infit and outfit, given the totals.
    stretch : Stretch
        Estimated factor on the distances between thresholds.
    stretch_class : ndarray of shape (n_raters,)
        Index into `STRETCHES`; 0 is the common scale.
    weight : ndarray of shape (n_raters,)
        Power of the rater's records, 1/64 to 1; below 1 for erratic raters.
    """

    fit: RaterFit
    stretch: Stretch
    stretch_class: NDArray[np.int32]
    weight: Floats


@dataclass(frozen=True, slots=True)
class PillarFit:
    """Everything that was learned of one pillar.

    Attributes
    ----------
    items : PartialCreditFit
        Thresholds.
    masks : ndarray of shape (n_masks,)
        Answered items that occur; bit i stands for item i.
    use : RaterUse
        How raters use the scale.
    variances : VarianceFit
        Variance components.
    records : PanelRecords
        Forms with at least one answer, as the fit used them.
    kept : ndarray of bool of shape (n_forms,)
        Which of the given forms those are.
    tables : RecordTables
        Log-likelihood of records.
    standing : Standing
        Mode of households, raters and villages.
    errors : StandingErrors
        Their posterior variances.
    """

    items: PartialCreditFit
    masks: Ints
    use: RaterUse
    variances: VarianceFit
    records: PanelRecords
    kept: Bools
    tables: RecordTables
    standing: Standing
    errors: StandingErrors


def fit_pillar(
    forms: PillarForms,
    *,
    merit_share: float | None,
    steps: Steps = "auto",
    seed: int = 0,
) -> PillarFit:
    """Fit one pillar.

    Parameters
    ----------
    forms : PillarForms
        Ratings with households, raters and villages.
    merit_share : float or None
        Share of the village variance that is merit; None when anchor cases or travelling raters
        can tell merit from leniency.
    steps : {"auto", "partial_credit", "rating_scale"}, default="auto"
        Step structure of the items.
    seed : int, default=0
        Of the sample of households from which variances are estimated.

    Returns
    -------
    PillarFit
        Estimates with errors.  Raters who avoid the ends of the scale have stretched thresholds,
        erratic ones less weight.

    Raises
    ------
    EvidenceError
        ``no_ratings``: no form has an answer; ``no_two_items``: no form answers two items;
        ``block_too_large``: see `invert_border`.
    """
    mask, total = masks_and_totals(forms.ratings)
    kept = mask > 0
    if not kept.any():
        raise EvidenceError("no_ratings")
    if not kept.all():
        mask, total = mask[kept], total[kept]
        forms = _take(forms, kept)
    masks, place = np.unique(mask, return_inverse=True)
    items, use = _fit_scale(forms, place, total, masks, steps)
    records = place_records(forms, place, total, masks.size, use)

    def tabulate(halo_sd: float) -> RecordTables:
        stretches = STRETCHES if use.stretch_class.any() else STRETCHES[:1]
        return tabulate_records(items.thresholds, masks, halo_sd, stretches=stretches)

    sample = _sample(records, place, use, items, masks, seed)
    variances = fit_variances(*sample, merit_share=merit_share)
    tables = tabulate(float(np.sqrt(variances.variances.halo)))
    border = variances.standing.border
    standing = fit_standing(records, tables, variances.variances, border=border)
    return PillarFit(
        items=items,
        masks=masks,
        use=use,
        variances=variances,
        records=records,
        kept=kept,
        tables=tables,
        standing=standing,
        errors=compute_errors(records, standing),
    )


def share_pillar(fit: PillarFit, merit_share: float) -> PillarFit:
    """Bring a fit to another merit share; only villages and what hangs on them move.

    Parameters
    ----------
    fit : PillarFit
        From `fit_pillar` with a merit share.
    merit_share : float
        Share of the village variance that is merit.

    Returns
    -------
    PillarFit
        With the same total variance of villages.
    """
    variances = split_villages(fit.variances.variances, merit_share)
    standing = fit_standing(
        fit.records, fit.tables, variances,
        household=fit.standing.household, border=fit.standing.border,
    )  # fmt: skip
    return replace(
        fit,
        variances=replace(fit.variances, variances=variances),
        standing=standing,
        errors=compute_errors(fit.records, standing),
    )


def _take(forms: PillarForms, kept: Bools) -> PillarForms:
    return replace(
        forms,
        ratings=forms.ratings[kept],
        household=forms.household[kept],
        rater=forms.rater[kept],
        biased=None if forms.biased is None else forms.biased[kept],
    )


def _fit_scale(
    forms: PillarForms, place: Ints, total: Ints, masks: Ints, steps: Steps
) -> tuple[PartialCreditFit, RaterUse]:
    """Thresholds and the raters' use of them; once more without those who use it otherwise."""
    items = fit_partial_credit(count_totals(forms.ratings, forms.n_categories), steps=steps)
    use = _judge_raters(forms, place, total, masks, items)
    regular = (use.stretch_class == 0) & (use.weight == 1)
    if regular.all() or not regular[forms.rater].any():
        return items, use
    counts = count_totals(forms.ratings[regular[forms.rater]], forms.n_categories)
    if counts.masks.size:
        items = fit_partial_credit(counts, steps=steps)
    return items, _judge_raters(forms, place, total, masks, items)


def _judge_raters(
    forms: PillarForms, place: Ints, total: Ints, masks: Ints, items: PartialCreditFit
) -> RaterUse:
    n_raters, listed = forms.home.size, masks.tolist()
    moments = conditional_moments(items.thresholds, listed)
    fit = fit_raters(forms.ratings, place, total, forms.rater, n_raters, moments)
    stretch = fit_stretch(
        forms.ratings, place, total, forms.rater, n_raters,
        thresholds=items.thresholds, masks=listed,
    )  # fmt: skip
    # A likelihood without an inner maximum has no standard error and tells no class.
    stretched = stretch.log > _STRETCH_Z * stretch.standard_error
    best = stretch.gain.argmax(axis=1)
    infit = np.where(fit.n_ratings > 0, fit.infit, 1.0)
    error = _INFIT_SPREAD / np.sqrt(np.maximum(fit.n_ratings, 1))
    erratic = (infit > _ERRATIC) & (infit > 1 + _ERRATIC_Z * error)
    return RaterUse(
        fit=fit,
        stretch=stretch,
        stretch_class=np.where(stretched, best, 0).astype(np.int32),
        weight=np.where(erratic, np.maximum(1 / np.maximum(infit, 1) ** 4, _LEAST_WEIGHT), 1.0),
    )


def place_records(
    forms: PillarForms, place: Ints, total: Ints, n_masks: int, use: RaterUse
) -> PanelRecords:
    """Bring forms into the records that `fit_standing` takes.

    Parameters
    ----------
    forms : PillarForms
        Every form has an answer.
    place, total : ndarray of shape (n_records,)
        Place of the record's mask; sum of its categories counted from 0.
    n_masks : int
        Masks that occur.
    use : RaterUse
        How raters use the scale.

    Returns
    -------
    PanelRecords
        Tables for its masks run class after class, as `tabulate_records` makes them.
    """
    weighted = bool((use.weight < 1).any())
    return PanelRecords(
        household=forms.household,
        rater=forms.rater,
        mask=(use.stretch_class[forms.rater] * n_masks + place).astype(np.int32),
        total=total.astype(np.float64),
        village=forms.village,
        home=forms.home,
        n_villages=forms.n_villages,
        n_anchors=forms.n_anchors,
        biased=forms.biased,
        weight=use.weight[forms.rater] if weighted else None,
    )


def _sample(
    records: PanelRecords,
    place: Ints,
    use: RaterUse,
    items: PartialCreditFit,
    masks: Ints,
    seed: int,
) -> tuple[PanelRecords, Callable[[float], RecordTables]]:
    """Choose records for the variances: frequent masks, raters who use the scale as expected."""
    count = np.bincount(place, minlength=masks.size)
    frequent = np.sort(np.argsort(-count, kind="stable")[:_MASKS_FOR_VARIANCES])
    number = np.full(masks.size, -1, dtype=np.int32)
    number[frequent] = np.arange(frequent.size)
    regular = (use.stretch_class == 0) & (use.weight == 1)
    kept = (number[place] >= 0) & regular[records.rater]
    if not kept.any():
        kept = number[place] >= 0
    thinned = take_records(replace(records, mask=number[place], weight=None), kept)

    def tabulate(halo_sd: float) -> RecordTables:
        return tabulate_records(items.thresholds, masks[frequent], halo_sd, nodes=15)

    return sample_households(thinned, seed=seed), tabulate
