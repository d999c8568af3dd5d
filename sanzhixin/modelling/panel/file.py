"""A fitted panel model as the whole numbers of a model file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from sanzhixin.errors import ArtifactError, EvidenceError
from sanzhixin.numerics.rater_fit import STRETCHES
from sanzhixin.numerics.record_tables import expected_share, log_integrals
from sanzhixin.scoring.panel_proof import is_rising
from sanzhixin.scoring.panel_tables import (
    FINE,
    MOST_PRECISION,
    SCORES_A_STEP_BITS,
    TABLE_BITS,
    VARIANCE_BITS,
    WEIGHT_BITS,
    PanelTables,
    PillarTables,
    RaterColumns,
    VillageColumns,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from sanzhixin.modelling.panel.model import PanelModel
    from sanzhixin.numerics.pillar_fit import PillarFit

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer]

__all__ = ["Equating", "panel_tables"]

Equating = tuple[tuple[float, ...], tuple[float, ...]]
"""Adjusted scores, and the scores of another scale that they become; both rise, 0 to 100."""

_STEP_BITS = (3, 4, 5)
_SPREADS, _LEAST_REACH, _MOST_REACH = 6.0, 6.0, 16.0  # of the grid of standings, in sd and logits
_TABLE_REACH = 7.0  # logits beyond the outermost thresholds; from there rows are straight lines
_MOST_MASKS = 64
_MOST_ENTRIES = 200_000  # of one pillar, about 1.5 MB of the file
_MICRO = 1_000_000


def panel_tables(
    model: PanelModel,
    *,
    equating: Mapping[str, Equating] | None = None,
    masks: Mapping[str, Collection[int]] | None = None,
) -> PanelTables:
    """Bring a fitted panel model into the tables that scoring looks up.

    Parameters
    ----------
    model : PanelModel
        Fitted.
    equating : mapping of str to Equating, optional
        By pillar: the map from adjusted scores to another scale.
    masks : mapping of str to collection of int, optional
        By pillar: sets of answered items to cover besides those of the fit.

    Returns
    -------
    PanelTables
        With the coarsest grid for which a better rating is proved never to lower a measure.

    Raises
    ------
    ArtifactError
        ``panel_not_rising``: there is no such grid.
    EvidenceError
        ``panel_too_large``: too many sets of answered items, or thresholds too far apart.
    """
    for step_bits in _STEP_BITS:
        tables = _at_step(model, step_bits, equating or {}, masks or {})
        if all(is_rising(part, step_bits, tables.n_points) for part in tables.pillars):
            return tables
    raise ArtifactError("panel_not_rising", pillar=", ".join(model.fits_))


def _at_step(
    model: PanelModel,
    step_bits: int,
    equating: Mapping[str, Equating],
    masks: Mapping[str, Collection[int]],
) -> PanelTables:
    arrays = model.arrays_
    reach = max(_reach(fit) for fit in model.fits_.values())
    n_points = 2 * int(np.ceil(reach * (1 << step_bits))) + 1
    link_variance = 0.0 if model.share_ is None else model.share_.standard_error**2
    parts = tuple(
        _pillar(
            name, fit, step_bits, n_points, link_variance, equating.get(name), masks.get(name, ())
        )
        for name, fit in model.fits_.items()
    )
    return PanelTables(
        link=model.link_,
        step_bits=step_bits,
        n_points=n_points,
        raters=tuple(str(name) for name in arrays.raters),
        villages=tuple(str(name) for name in arrays.villages),
        pillars=parts,
        correlation=_correlation(model),
        equated=bool(equating),
    )


def _reach(fit: PillarFit) -> float:
    found = fit.variances.variances
    spread = float(np.sqrt(found.household + found.merit))
    return float(np.clip(_SPREADS * spread, _LEAST_REACH, _MOST_REACH))


def _pillar(
    name: str,
    fit: PillarFit,
    step_bits: int,
    n_points: int,
    link_variance: float,
    equating: Equating | None,
    seen: Collection[int],
) -> PillarTables:
    found, fine = fit.variances.variances, FINE << step_bits
    masks = _masks(fit, seen)
    thresholds = fit.items.thresholds
    used = STRETCHES[: int(fit.use.stretch_class.max(initial=0)) + 1]
    halo = round(found.halo * fine)
    strange = round((found.halo + found.rater) * fine)
    most = thresholds.size
    below = int(np.ceil((np.abs(thresholds).max() * used[-1] + _TABLE_REACH) * (1 << step_bits)))
    above = below + (most * strange) // FINE + 1
    grid = np.arange(-below, above + 1) / (1 << step_bits)
    if grid.size * len(masks) * (len(used) + 1) > _MOST_ENTRIES:
        raise EvidenceError("panel_too_large", pillar=name, masks=len(masks))

    def rows(variance: int, stretch: float) -> tuple[tuple[int, ...], ...]:
        values = log_integrals(thresholds, masks, (variance / fine) ** 0.5, grid, stretch=stretch)
        whole = np.rint(values * (1 << TABLE_BITS)).astype(np.int64)
        return tuple(tuple(row) for row in whole.tolist())

    first = round(found.mean * (1 << step_bits)) - (n_points - 1) // 2
    return PillarTables(
        pillar=name,
        masks=tuple(masks),
        halo=halo,
        strange_halo=strange,
        start=-below,
        known=tuple(rows(halo, stretch) for stretch in used),
        strange=rows(strange, 1.0),
        first=first,
        score=_scores(fit, first, n_points, step_bits, equating),
        raters=_raters(fit, fine),
        villages=_villages(fit, fine, link_variance),
    )


def _masks(fit: PillarFit, seen: Collection[int]) -> list[int]:
    """List sets of at least half of the items: all if few, else those of the forms and fullest."""
    n_items = fit.items.thresholds.shape[0]
    every = [m for m in range(1, 1 << n_items) if 2 * m.bit_count() >= n_items]
    if len(every) <= _MOST_MASKS:
        return every
    fewest_blanks = sorted(every, key=lambda mask: -mask.bit_count())[:_MOST_MASKS]
    return sorted(({*fit.masks.tolist(), *seen} & set(every)) | set(fewest_blanks))


def _scores(
    fit: PillarFit, first: int, n_points: int, step_bits: int, equating: Equating | None
) -> tuple[int, ...]:
    entries = np.arange(((n_points - 1) << SCORES_A_STEP_BITS) + 1)
    logit = (first + entries / (1 << SCORES_A_STEP_BITS)) / (1 << step_bits)
    score = 100 * expected_share(
        fit.items.thresholds, logit, float(np.sqrt(fit.variances.variances.halo))
    )
    if equating is not None:
        score = np.interp(score, *equating)
    whole = np.floor(score * _MICRO).astype(np.int64)
    return tuple(np.maximum.accumulate(np.clip(whole, 0, 100 * _MICRO)).tolist())


def _raters(fit: PillarFit, fine: int) -> RaterColumns:
    n = fit.records.home.size
    rated = np.bincount(fit.records.rater, minlength=n) > 0
    shared = _shared(fit)
    home = fit.records.home
    common = np.where(home >= 0, shared[home], shared.mean())
    apart = np.maximum(fit.errors.border[:n] - common, 0.0)
    weight = np.rint(fit.use.weight * (1 << WEIGHT_BITS)).astype(np.int64)
    return RaterColumns(
        severity=_whole(fit.standing.border[:n] * fine),
        scale=_whole(np.where(rated, fit.use.stretch_class, -1)),
        weight=_whole(np.maximum(weight, 1)),
        variance=_whole(np.where(rated, apart, 0.0) * (1 << VARIANCE_BITS)),
    )


def _villages(fit: PillarFit, fine: int, link_variance: float) -> VillageColumns:
    """Columns of the fitted villages, and last of one that was not."""
    found, v = fit.variances.variances, fit.records.n_villages
    begin = fit.records.home.size
    merit = fit.standing.border[begin : begin + v]
    leniency = fit.standing.border[begin + v : begin + 2 * v]
    shared = _shared(fit)
    own = np.maximum(fit.errors.border[begin : begin + v] - shared, 0.0)
    strangers = np.maximum(fit.errors.border[begin + v : begin + 2 * v] - shared, 0.0)
    gap = merit - leniency - found.mean
    count = np.bincount(fit.records.village, minlength=v)
    sums = np.bincount(fit.records.village, fit.standing.household, v)
    middle = np.where(count > 0, sums / np.maximum(count, 1), merit)
    far = shared + gap**2 * link_variance
    unit = 1 << VARIANCE_BITS
    known, strange = 1 / found.household, 1 / (found.household + found.merit)
    return VillageColumns(
        merit=_whole(np.append(merit, found.mean) * fine),
        leniency=_whole(np.append(leniency, 0.0) * fine),
        middle=_whole(np.append(middle, found.mean) * fine),
        precision=_whole(np.minimum(np.append(np.full(v, known), strange) * unit, MOST_PRECISION)),
        own=_whole(np.append(own, 0.0) * unit),
        shared=_whole(np.append(far, far.mean()) * unit),
        crew=_whole(np.append(strangers, found.leniency) * unit),
        doubt=_whole(np.append(far, found.merit + found.leniency) * unit),
    )


def _shared(fit: PillarFit) -> Floats:
    """Mean covariance between the merit of a village and the severities of its raters."""
    records, v = fit.records, fit.records.n_villages
    rated = np.bincount(records.rater, minlength=records.home.size) > 0
    crew = np.flatnonzero(rated & (records.home >= 0))
    village = np.concatenate([records.home[crew], np.arange(v)])
    entry = np.concatenate([crew, records.home.size + np.arange(v)])
    chosen = sparse.csr_array((np.ones(entry.size), (village, entry)), shape=(v, records.n_border))
    alone = np.bincount(village, fit.errors.border[entry], v)
    count = np.bincount(village, minlength=v)
    pairs = count * (count - 1)
    together = fit.errors.inverse.quadratic(chosen) - alone
    found: Floats = np.divide(together, pairs, out=np.zeros(v), where=pairs > 0)
    return np.maximum(found, 0.0)


def _correlation(model: PanelModel) -> tuple[tuple[float, ...], ...]:
    """Average the correlation of the pillars' errors within a village over households."""
    fits, n = list(model.fits_.values()), len(model.fits_)
    if model.covariance_ is None:
        return tuple(tuple(float(i == j) for j in range(n)) for i in range(n))
    size = fits[0].errors.within.size
    counts = [np.bincount(fit.records.household, minlength=size)[:size] for fit in fits]
    n_forms = np.min(counts, axis=0)
    variance = np.stack([fit.errors.within for fit in fits], axis=1)
    rated = (n_forms > 0) & (variance > 0).all(axis=1)
    if not rated.any():
        return tuple(tuple(float(i == j) for j in range(n)) for i in range(n))
    errors = model.covariance_.errors(variance[rated], n_forms[rated].astype(np.float64))
    scale = np.sqrt(variance[rated])
    found = (errors / (scale[:, :, None] * scale[:, None, :])).mean(axis=0)
    found = np.clip((found + found.T) / 2, -1.0, 1.0).round(6)
    np.fill_diagonal(found, 1.0)
    return tuple(tuple(row) for row in found.tolist())


def _whole(values: NDArray[np.generic]) -> tuple[int, ...]:
    return tuple(np.rint(values).astype(np.int64).tolist())
