"""Tables of a fitted panel model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sanzhixin.numerics.facets import record_slopes
from sanzhixin.numerics.pillar_covariance import PillarCovariance, estimate_pillar_covariance
from sanzhixin.numerics.pillar_measures import PillarMeasures, adjusted_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.modelling.panel.arrays import PanelArrays
    from sanzhixin.numerics.linking import MeritShare
    from sanzhixin.numerics.pillar_fit import PillarFit

    Floats = NDArray[np.float64]

__all__ = [
    "COMPOSITE",
    "compute_connectivity",
    "compute_items",
    "compute_measures",
    "compute_raters",
    "compute_reliability",
    "compute_variances",
    "pillar_covariance",
]

COMPOSITE = "all"
"""Name of the mean of the pillars, weighted by their numbers of items."""


def compute_measures(
    fits: dict[str, PillarFit],
    measures: dict[str, PillarMeasures],
    arrays: PanelArrays,
    share: MeritShare | None,
    covariance: PillarCovariance | None,
) -> pd.DataFrame:
    """Table of measures, one row per household and pillar, and for the composite of several.

    The composite is the mean of the pillars' logits, weighted by their numbers of items.  Errors
    of one pillar and another hang together by `PillarCovariance`; village errors are taken as
    fully correlated, which can only widen the standard error.

    Parameters
    ----------
    fits : dict of str to PillarFit
        By pillar.
    measures : dict of str to PillarMeasures
        By pillar, of the households of `arrays`.
    arrays : PanelArrays
        Identifiers.
    share : MeritShare or None
        Its error widens the absolute standard errors.
    covariance : PillarCovariance or None
        Of several pillars.

    Returns
    -------
    DataFrame
        Columns of `PanelModel.measures_`.
    """
    component = arrays.connectivity.household_component[: len(arrays.households)]
    frames = []
    for name, found in measures.items():
        columns = {
            "within_logit": found.within,
            "within_se": np.sqrt(found.within_variance),
            "logit": found.logit,
            "se": np.sqrt(_absolute_variance(found, share)),
            "adjusted_score": adjusted_scores(fits[name], found.logit),
            "n_forms": found.n_forms,
        }
        frames.append(_frame(arrays, name, columns, component))
    if covariance is not None:
        columns = _composite(fits, measures, share, covariance)
        frames.append(_frame(arrays, COMPOSITE, columns, component))
    table = pd.concat(frames, ignore_index=True)
    return table.sort_values(["household_id", "pillar"], kind="stable", ignore_index=True)


def _frame(
    arrays: PanelArrays,
    pillar: str,
    columns: dict[str, NDArray[np.generic]],
    component: NDArray[np.integer],
) -> pd.DataFrame:
    head = {"household_id": arrays.households, "pillar": pillar}
    return pd.DataFrame(head | columns | {"component": component})


def _absolute_variance(found: PillarMeasures, share: MeritShare | None) -> Floats:
    if share is None:
        return found.variance
    return found.variance + found.gap**2 * share.standard_error**2


def _composite(
    fits: dict[str, PillarFit],
    measures: dict[str, PillarMeasures],
    share: MeritShare | None,
    covariance: PillarCovariance,
) -> dict[str, NDArray[np.generic]]:
    weight = np.array([fit.items.thresholds.shape[0] for fit in fits.values()], dtype=float)
    weight /= weight.sum()
    parts = list(measures.values())
    n_forms = np.min([part.n_forms for part in parts], axis=0)
    own = np.stack([part.within_variance for part in parts], axis=1)
    errors = covariance.errors(own, n_forms)
    within = np.maximum(np.einsum("p,npq,q->n", weight, errors, weight), 0.0)
    far = [np.sqrt(np.maximum(_absolute_variance(p, share) - p.within_variance, 0)) for p in parts]
    scores = [
        adjusted_scores(fit, part.logit) for fit, part in zip(fits.values(), parts, strict=True)
    ]
    return {
        "within_logit": weight @ np.stack([part.within for part in parts]),
        "within_se": np.sqrt(within),
        "logit": weight @ np.stack([part.logit for part in parts]),
        "se": np.sqrt(within + (weight @ np.stack(far)) ** 2),
        "adjusted_score": weight @ np.stack(scores),
        "n_forms": n_forms,
    }


def pillar_covariance(
    fits: dict[str, PillarFit], measures: dict[str, PillarMeasures]
) -> PillarCovariance | None:
    """Estimate how the pillars of a fit hang together; None for one pillar.

    Parameters
    ----------
    fits, measures : dict of str to PillarFit and PillarMeasures
        By pillar, of the same households.

    Returns
    -------
    PillarCovariance or None
        From households with forms in every pillar.
    """
    if len(fits) < 2:
        return None
    parts = list(measures.values())
    n_forms = np.min([part.n_forms for part in parts], axis=0)
    rated = n_forms > 0
    components = [fit.variances.variances for fit in fits.values()]
    return estimate_pillar_covariance(
        np.stack([part.within[rated] for part in parts], axis=1),
        np.stack([part.within_variance[rated] for part in parts], axis=1),
        n_forms[rated].astype(np.float64),
        household_variance=np.array([one.household for one in components]),
        halo_variance=np.array([one.halo for one in components]),
        halo_products=_halo_products(list(fits.values())),
    )


def _halo_products(fits: list[PillarFit]) -> Floats:
    """Covariances of halos: products of one form's slopes, over those of their curvatures."""
    size = fits[0].kept.size
    slopes = np.zeros((2, len(fits), size))
    lost = np.ones(size)
    for place, fit in enumerate(fits):
        at = fit.standing
        slope = record_slopes(fit.records, fit.tables, at.household, at.border)
        slopes[0, place, fit.kept] = slope.first
        slopes[1, place, fit.kept] = slope.curvature
        forms = np.bincount(fit.records.household)[fit.records.household]
        lost[fit.kept] = np.where(forms > 1, 1 - 1 / np.maximum(forms, 2), np.inf)
    first, curvature = slopes
    return np.asarray((first / lost) @ first.T / np.maximum(curvature @ curvature.T, 1e-12))


def compute_raters(fits: dict[str, PillarFit], arrays: PanelArrays) -> pd.DataFrame:
    """Table of raters, one row per rater and pillar in which the rater has a form.

    Parameters
    ----------
    fits : dict of str to PillarFit
        By pillar.
    arrays : PanelArrays
        Identifiers and connectivity.

    Returns
    -------
    DataFrame
        Columns of `PanelModel.raters_`; flags are words joined by ``;``: ``erratic``,
        ``central``, ``thin`` (fewer than 3 households), ``cut`` (holds a part together).
    """
    frames = []
    links = arrays.connectivity
    n_raters = len(arrays.raters)
    thin, cut = np.zeros((2, n_raters), dtype=np.bool_)
    thin[links.thin_raters], cut[links.cut_raters] = True, True
    for name, fit in fits.items():
        n_forms = np.bincount(fit.records.rater, minlength=n_raters)
        use = fit.use
        marks = {
            "erratic": use.weight < 1,
            "central": use.stretch_class > 0,
            "thin": thin,
            "cut": cut,
        }
        flags = [";".join(k for k, v in marks.items() if v[j]) for j in range(n_raters)]
        table = pd.DataFrame(
            {
                "rater_id": arrays.raters,
                "pillar": name,
                "severity": fit.standing.border[:n_raters],
                "se": np.sqrt(fit.errors.border[:n_raters]),
                "infit": use.fit.infit,
                "outfit": use.fit.outfit,
                "centrality": np.where(
                    np.isnan(use.stretch.standard_error), np.nan, np.exp(use.stretch.log)
                ),
                "weight": use.weight,
                "flags": pd.array(flags, dtype="str"),
                "halo_index": _halo_index(fit),
                "n_forms": n_forms,
            }
        )
        frames.append(table[n_forms > 0])
    table = pd.concat(frames, ignore_index=True)
    return table.sort_values(["rater_id", "pillar"], kind="stable", ignore_index=True)


def _halo_index(fit: PillarFit) -> Floats:
    """Squared slopes of a rater's forms over what the common halo lets expect."""
    records, at = fit.records, fit.standing
    slope = record_slopes(records, fit.tables, at.household, at.border)
    own = slice(0, records.n_own)
    weight = np.ones(records.n_own) if records.weight is None else records.weight[own]
    leverage = slope.curvature[own] / at.precision[records.household[own]]
    expected = slope.curvature[own] / weight * (1 - leverage)
    n, rater = records.home.size, records.rater[own]
    seen = np.bincount(rater, (slope.first[own] / weight) ** 2, n)
    whole = np.bincount(rater, expected, n)
    found: Floats = np.divide(seen, whole, out=np.full(n, np.nan), where=whole > 0)
    return found


def compute_items(fits: dict[str, PillarFit], pillars: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """Table of thresholds: indicator, pillar, step, threshold, se, n_ratings of its category.

    Parameters
    ----------
    fits, pillars : dict of str to PillarFit and to tuple of str
        By pillar: the fit, and its indicators.

    Returns
    -------
    DataFrame
        Columns of `PanelModel.items_`.
    """
    frames = []
    for name, fit in fits.items():
        n_items, n_steps = fit.items.thresholds.shape
        frames.append(
            pd.DataFrame(
                {
                    "indicator": np.repeat(np.array(pillars[name], dtype=object), n_steps),
                    "pillar": name,
                    "step": np.tile(np.arange(1, n_steps + 1), n_items),
                    "threshold": fit.items.thresholds.ravel(),
                    "se": fit.items.standard_error.ravel(),
                    "n_ratings": fit.items.categories[:, 1:].ravel(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def compute_variances(fits: dict[str, PillarFit]) -> pd.DataFrame:
    """Table of variance components as standard deviations in logits, one row per pillar.

    Parameters
    ----------
    fits : dict of str to PillarFit
        By pillar.

    Returns
    -------
    DataFrame
        Columns of `PanelModel.variances_`.
    """
    rows = []
    for name, fit in fits.items():
        found, biased = fit.variances.variances, fit.records.biased is not None
        rows.append(
            {
                "pillar": name,
                "household_sd": found.household**0.5,
                "rater_sd": found.rater**0.5,
                "halo_sd": found.halo**0.5,
                "merit_sd": found.merit**0.5,
                "leniency_sd": found.leniency**0.5,
                "kin_bias": fit.standing.border[-1] if biased else np.nan,
                "kin_se": fit.errors.border[-1] ** 0.5 if biased else np.nan,
                "converged": fit.variances.converged,
            }
        )
    return pd.DataFrame(rows)


def compute_connectivity(arrays: PanelArrays) -> pd.DataFrame:
    """Table of villages: the part each belongs to, and who holds it together.

    Parameters
    ----------
    arrays : PanelArrays
        Identifiers and connectivity.

    Returns
    -------
    DataFrame
        Columns of `PanelModel.connectivity_`; villages of one component can be compared.
    """
    links, v = arrays.connectivity, len(arrays.villages)
    component = np.full(v, -1)
    component[arrays.village] = links.household_component[: len(arrays.households)]
    at_home = arrays.home >= 0

    def count(raters: NDArray[np.integer]) -> NDArray[np.integer]:
        home = arrays.home[raters]
        return np.bincount(home[home >= 0], minlength=v)

    return pd.DataFrame(
        {
            "village_id": arrays.villages,
            "component": component,
            "n_households": np.bincount(arrays.village, minlength=v),
            "n_raters": count(np.flatnonzero(at_home)),
            "n_cut_raters": count(links.cut_raters),
            "n_thin_raters": count(links.thin_raters),
        }
    )


def compute_reliability(fits: dict[str, PillarFit]) -> pd.DataFrame:
    """Table of separation and reliability, of households within villages and of raters.

    Parameters
    ----------
    fits : dict of str to PillarFit
        By pillar.

    Returns
    -------
    DataFrame
        pillar; household_separation, household_reliability, rater_separation, rater_reliability.
        Separation is the estimated spread over the root mean squared error.
    """
    rows = []
    for name, fit in fits.items():
        found, n_raters = fit.variances.variances, fit.records.home.size
        error = float(fit.errors.apart.mean())
        doubt = float(fit.errors.border[:n_raters].mean())
        spread = found.rater + found.leniency
        rows.append(
            {
                "pillar": name,
                "household_separation": (max(found.household - error, 0) / error) ** 0.5,
                "household_reliability": max(1 - error / found.household, 0.0),
                "rater_separation": (max(spread - doubt, 0) / doubt) ** 0.5,
                "rater_reliability": max(1 - doubt / spread, 0.0),
            }
        )
    return pd.DataFrame(rows)
