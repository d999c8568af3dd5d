"""What a fitted panel tells of its raters: alike pairs, single items, agreement, drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from sanzhixin.errors import EvidenceError
from sanzhixin.numerics.agreement import intraclass_correlation, krippendorff_alpha
from sanzhixin.numerics.collusion import compare_raters
from sanzhixin.numerics.drift import filter_severity, fit_drift_variance
from sanzhixin.numerics.facets import record_slopes
from sanzhixin.numerics.interactions import fit_interactions
from sanzhixin.numerics.rater_fit import STRETCHES, ConditionalMoments, conditional_moments
from sanzhixin.numerics.symmetric import stretch_thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sanzhixin.modelling.panel.model import PanelModel
    from sanzhixin.numerics.pillar_fit import PillarFit

    Floats = NDArray[np.float64]

__all__ = [
    "compute_agreement",
    "compute_drift",
    "compute_interactions",
    "compute_pairs",
    "compute_villages",
]


def compute_pairs(model: PanelModel) -> pd.DataFrame:
    """Table of rater pairs with common households: do their residuals go together.

    Residuals of all pillars of a form are taken together.  Raters who copy, and raters who favour
    the same friends, look alike; a pair is a question to be asked, not a finding.

    Parameters
    ----------
    model : PanelModel
        Fitted.

    Returns
    -------
    DataFrame
        rater_a, rater_b, n_common, correlation, centre, z, p_value, q_value, verdict (``alike``,
        ``as_expected``, or ``cannot_tell`` under 15 common households), largest z first.

    Examples
    --------
    >>> import sanzhixin as szx, warnings
    >>> county = szx.simulate_county(villages=2, seed=7)
    >>> with warnings.catch_warnings(action="ignore"):
    ...     model = szx.PanelModel().fit(county.ratings, county.households)
    >>> set(compute_pairs(model)["verdict"]) <= {"alike", "as_expected", "cannot_tell"}
    True
    """
    arrays = model.arrays_
    first, curvature = np.zeros((2, arrays.household.size))
    for fit in model.fits_.values():
        slope = record_slopes(fit.records, fit.tables, fit.standing.household, fit.standing.border)
        first[fit.kept] += slope.first
        curvature[fit.kept] += slope.curvature
    own = np.flatnonzero(arrays.household < len(arrays.households))
    carries = curvature[own] > 0
    residual = np.full(own.size, np.nan)
    residual[carries] = first[own][carries] / np.sqrt(curvature[own][carries])
    found = compare_raters(arrays.household[own], arrays.rater[own], residual, arrays.home)
    table = pd.DataFrame(
        {
            "rater_a": arrays.raters[found.rater_a],
            "rater_b": arrays.raters[found.rater_b],
            "n_common": found.n_common,
            "correlation": found.correlation,
            "centre": found.centre,
            "z": found.z,
            "p_value": found.p_value,
            "q_value": found.q_value,
            "verdict": pd.array(found.verdict().tolist(), dtype="str"),
        }
    )
    return table.sort_values("z", ascending=False, na_position="last", ignore_index=True)


def compute_interactions(model: PanelModel) -> pd.DataFrame:
    """Table of raters and items: items that a rater rates otherwise than the others.

    Parameters
    ----------
    model : PanelModel
        Fitted.

    Returns
    -------
    DataFrame
        rater_id, pillar, indicator, effect (logits milder on this item), z, and of the rater over
        all items of the pillar chi_square, df, p_value and q_value (false discovery rate).
    """
    arrays, frames = model.arrays_, []
    columns = {name: place for place, name in enumerate(arrays.indicators)}
    for pillar, fit in model.fits_.items():
        items = model.pillar_columns_[pillar]
        ratings = arrays.ratings[:, [columns[item] for item in items]][fit.kept]
        found = fit_interactions(
            ratings,
            fit.records.mask,  # masks run class after class of scale use
            fit.records.total.astype(np.int64),
            fit.records.rater,
            len(arrays.raters),
            _moments(fit),
        )
        n_raters, n_items = found.z.shape
        table = pd.DataFrame(
            {
                "rater_id": np.repeat(np.asarray(arrays.raters, dtype=object), n_items),
                "pillar": pillar,
                "indicator": np.tile(np.array(items, dtype=object), n_raters),
                "effect": found.effect.ravel(),
                "z": found.z.ravel(),
            }
        )
        for name in ("chi_square", "df", "p_value", "q_value"):
            table[name] = np.repeat(getattr(found, name), n_items)
        frames.append(table[table["df"] > 0])
    return pd.concat(frames, ignore_index=True)


def _moments(fit: PillarFit) -> ConditionalMoments:
    """Moments of the masks, class after class of raters by their scale use."""
    used = STRETCHES[: int(fit.use.stretch_class.max(initial=0)) + 1]
    parts = [
        conditional_moments(stretch_thresholds(fit.items.thresholds, one), fit.masks.tolist())
        for one in used
    ]
    return ConditionalMoments(
        np.concatenate([part.mean for part in parts]),
        np.concatenate([part.variance for part in parts]),
    )


def compute_agreement(model: PanelModel) -> pd.DataFrame:
    """Table of agreement on raw ratings: how far raters are interchangeable.

    Parameters
    ----------
    model : PanelModel
        Fitted.

    Returns
    -------
    DataFrame
        One row per indicator with Krippendorff's ordinal alpha and its error, and one per pillar
        (indicator ``mean``) with the intraclass correlation of form means, of one form and of the
        mean of all, and its interval.  NaN where no household has two ratings.
    """
    arrays, rows = model.arrays_, []
    n_own = int(np.searchsorted(arrays.household, len(arrays.households)))
    household = arrays.household[:n_own]
    for pillar, items in model.pillar_columns_.items():
        places = [arrays.indicators.index(item) for item in items]
        cells = arrays.ratings[:n_own, places]
        for item, column in zip(items, cells.T, strict=True):
            alpha = _alpha(column, household, model.n_categories)
            rows.append({"pillar": pillar, "indicator": item} | alpha)
        rows.append({"pillar": pillar, "indicator": "mean"} | _correlation(cells, household))
    return pd.DataFrame(rows, columns=_AGREEMENT)


_AGREEMENT = ["pillar", "indicator", "alpha", "alpha_se"]
_AGREEMENT += ["icc_one", "icc_mean", "icc_low", "icc_high"]


def _alpha(ratings: NDArray[np.int8], household: NDArray[np.int32], most: int) -> dict[str, float]:
    given = ratings > 0
    cell = household[given].astype(np.int64) * most + ratings[given] - 1
    units = int(household.max(initial=-1)) + 1
    counts = np.bincount(cell, minlength=units * most).reshape(units, most)
    try:
        found = krippendorff_alpha(counts)
    except EvidenceError:
        return {}
    return {"alpha": found.alpha, "alpha_se": found.standard_error}


def _correlation(cells: NDArray[np.int8], household: NDArray[np.int32]) -> dict[str, float]:
    answered = (cells > 0).sum(axis=1)
    enough = 2 * answered >= cells.shape[1]
    means = cells.sum(axis=1)[enough] / answered[enough]
    try:
        found = intraclass_correlation(means, household[enough])
    except EvidenceError:
        return {}
    return {
        "icc_one": found.icc,
        "icc_mean": found.icc_mean,
        "icc_low": found.icc_lower,
        "icc_high": found.icc_upper,
    }


def compute_drift(rounds: Mapping[int, PanelModel]) -> pd.DataFrame:
    """Table of raters over rounds: whose severity changed.

    Each round is fitted by itself; a Kalman filter follows the raters who rate in several.

    Parameters
    ----------
    rounds : mapping of int to PanelModel
        Fitted models by round, two or more.

    Returns
    -------
    DataFrame
        rater_id, pillar, round; alone and alone_se, the severity about the village's leniency as
        the round by itself says; severity and se, the same smoothed over the rounds (equal in all
        rounds where no drift is found); change_z, flagged (above 3 in size).  Raters of two rounds
        or more; logits.
    """
    order = sorted(rounds)
    frames = []
    for pillar in rounds[order[0]].fits_:
        said = [_said(rounds[number], pillar) for number in order]
        raters = pd.Index(sorted(set().union(*(one.index for one in said))))
        mean, variance = (
            np.stack([one[name].reindex(raters).to_numpy() for one in said], axis=1)
            for name in ("mean", "variance")
        )
        several = (~np.isnan(mean)).sum(axis=1) > 1
        if not several.any():
            continue
        raters, mean, variance = raters[several], mean[several], variance[several]
        prior = float(np.mean([rounds[k].fits_[pillar].variances.variances.rater for k in order]))
        found = fit_drift_variance(mean, variance, prior_variance=prior)
        path = filter_severity(
            mean, variance, drift_variance=found.drift_variance, prior_variance=prior
        )
        first = np.full((mean.shape[0], 1), np.nan)
        frames.append(
            pd.DataFrame(
                {
                    "rater_id": np.repeat(np.asarray(raters, dtype=object), len(order)),
                    "pillar": pillar,
                    "round": np.tile(order, mean.shape[0]),
                    "alone": mean.ravel(),
                    "alone_se": np.sqrt(variance).ravel(),
                    "severity": path.smoothed_mean.ravel(),
                    "se": np.sqrt(path.smoothed_variance).ravel(),
                    "change_z": np.hstack([first, path.change_z]).ravel(),
                    "flagged": np.hstack([first > 0, path.flagged]).ravel(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=_DRIFT)


_LEAST_TOLD = 0.01  # share of the posterior's precision that the round itself brings
_DRIFT = ["rater_id", "pillar", "round", "alone", "alone_se", "severity", "se", "change_z"]
_DRIFT += ["flagged"]


def _said(model: PanelModel, pillar: str) -> pd.DataFrame:
    """Tell what a round by itself says of severities, the prior taken out again."""
    fit: PillarFit = model.fits_[pillar]
    records, border = fit.records, fit.standing.border
    n, home = records.home.size, records.home
    at_home = np.flatnonzero(home >= 0)
    leniency = n + records.n_villages + home[at_home]
    signs = np.repeat([1.0, -1.0], [n, at_home.size])
    places = (np.concatenate([np.arange(n), at_home]), np.concatenate([np.arange(n), leniency]))
    about = sparse.csr_array((signs, places), shape=(n, records.n_border))
    posterior = fit.errors.inverse.quadratic(about)
    precision = 1 / posterior - 1 / fit.variances.variances.rater
    told = (np.bincount(records.rater, minlength=n) > 0) & (precision * posterior > _LEAST_TOLD)
    mean = np.divide(about @ border, posterior * precision, out=np.full(n, np.nan), where=told)
    table = pd.DataFrame({"mean": mean, "variance": 1 / precision}, index=model.arrays_.raters)
    return table[told]


def compute_villages(model: PanelModel) -> pd.DataFrame:
    """Table of villages: mean rating, and what the model makes of it given its link.

    Parameters
    ----------
    model : PanelModel
        Fitted.

    Returns
    -------
    DataFrame
        village_id, component, n_households, n_raters, mean_rating (of all counted ratings), and by
        pillar ``*_merit`` and ``*_leniency``: the village's mean standing and the mean severity of
        its raters in logits.  Without anchor cases or raters of several villages only their
        difference is known; the share of each is what the link says.
    """
    arrays = model.arrays_
    n_own = int(np.searchsorted(arrays.household, len(arrays.households)))
    village = arrays.village[arrays.household[:n_own]]
    cells = arrays.ratings[:n_own]
    v = len(arrays.villages)
    count = np.bincount(village, (cells > 0).sum(axis=1), v)
    total = np.bincount(village, cells.sum(axis=1, dtype=np.int64), v)
    table = model.connectivity_[["village_id", "component", "n_households", "n_raters"]].copy()
    table["mean_rating"] = total / np.where(count > 0, count, np.nan)
    for pillar, fit in model.fits_.items():
        begin = fit.records.home.size
        table[f"{pillar}_merit"] = fit.standing.border[begin : begin + v]
        table[f"{pillar}_leniency"] = fit.standing.border[begin + v : begin + 2 * v]
    return table
