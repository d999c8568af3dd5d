"""Many-facet panel model: household standing and rater severity by Laplace empirical Bayes.

What comes before it, thresholds and record tables, lies in `partial_credit` and `record_tables`;
what comes after, in `standing_errors` and `variance_components`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from sanzhixin.numerics.record_tables import RecordTables, Slope

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

__all__ = [
    "PanelRecords",
    "Standing",
    "Variances",
    "fit_standing",
    "record_slopes",
]

_CHUNK = 65_536
_LONGEST_STEP = 2.0
_JOINT = 1e-4  # logits: well above what steps about a joint of two expansions come to
_SETTLING_STEPS, _SETTLED = 6, 0.05
_ANCHOR_VARIANCE = 25.0  # of anchor cases and of a common bias: nearly flat


@dataclass(frozen=True, slots=True)
class Variances:
    """Variance components of the panel model, in squared logits.

    Attributes
    ----------
    household : float
        Households within a village.
    rater : float
        Raters about the mean severity of their village.
    halo : float
        Rater x household opinions.
    merit, leniency : float
        Village means of standing, and village means of severity.
    mean : float
        Mean standing of the villages, in logits.
    """

    household: float
    rater: float
    halo: float
    merit: float
    leniency: float
    mean: float = 0.0


@dataclass(frozen=True, slots=True)
class PanelRecords:
    """Records (forms) of one pillar, sorted by household; anchor cases come last.

    Attributes
    ----------
    household : ndarray of shape (n_records,)
        Index of the household; anchor cases are numbered after the households.
    rater : ndarray of shape (n_records,)
        Index of the rater.
    mask : ndarray of shape (n_records,)
        Place of the record's mask among those of the record tables.
    total : ndarray of shape (n_records,)
        Sum of the answered items' categories, counted from 0.
    village : ndarray of shape (n_households,)
        Index of each household's village.
    home : ndarray of shape (n_raters,)
        Village of each rater; -1 for raters of no single village.
    n_villages, n_anchors : int
        Villages, and anchor cases.
    biased : ndarray of shape (n_records,) or None
        1 where a common bias (kin) may act, else 0.
    weight : ndarray of shape (n_records,) or None
        Power of each record's likelihood; None means 1.
    """

    household: Ints
    rater: Ints
    mask: Ints
    total: Floats
    village: Ints
    home: Ints
    n_villages: int
    n_anchors: int = 0
    biased: Floats | None = None
    weight: Floats | None = None

    @property
    def n_households(self) -> int:
        """Households, without the anchor cases."""
        return self.village.size

    @property
    def n_border(self) -> int:
        """Raters, merit and leniency of villages, anchor cases, the common bias."""
        return self.home.size + 2 * self.n_villages + self.n_anchors + (self.biased is not None)

    @property
    def n_own(self) -> int:
        """Records of households, without those of anchor cases."""
        return int(np.searchsorted(self.household, self.n_households))

    def hubs(self) -> NDArray[np.bool_]:
        """Find the border entries that may tie villages together.

        Returns
        -------
        ndarray of bool of shape (n_border,)
            True for raters of several villages, anchor cases and the common bias.
        """
        found = np.zeros(self.n_border, dtype=np.bool_)
        found[self.home.size + 2 * self.n_villages :] = True
        rater = self.rater[: self.n_own]
        away = self.village[self.household[: self.n_own]] != self.home[rater]
        found[rater[away]] = True
        return found


@dataclass(frozen=True, slots=True)
class Standing:
    """Posterior mode given the variances, with what its covariance is made from.

    Attributes
    ----------
    household : ndarray of shape (n_households,)
        Standing in logits.
    border : ndarray of shape (n_border,)
        Severity of raters, merit and leniency of villages, anchor cases, the common bias.
    precision : ndarray of shape (n_households,)
        Precision of each household given the border.
    reach : sparse array of shape (n_households, n_border)
        How the household's mode moves with the border.
    schur : sparse array of shape (n_border, n_border)
        Precision of the border, households integrated out.
    iterations : int
        Newton steps taken.
    converged : bool
        Whether the last step was below the tolerance, or turned about a joint of the tables.
    last_change : float
        Largest change in the last step, in logits.
    """

    household: Floats
    border: Floats
    precision: Floats
    reach: sparse.csr_array
    schur: sparse.csc_array
    iterations: int
    converged: bool
    last_change: float


class _Pattern(NamedTuple):
    """Where the entries of the household x border matrix stand; households in rows."""

    indptr: NDArray[np.int64]
    indices: Ints
    records: NDArray[np.int64]
    merit: NDArray[np.int64]
    bias: NDArray[np.int64] | None


class _System(NamedTuple):
    """Gradient and negative Hessian of the log posterior."""

    precision: Floats
    slope: Floats
    border_slope: Floats
    coupling: sparse.csr_array
    own: sparse.csc_array


def fit_standing(
    records: PanelRecords,
    tables: RecordTables,
    variances: Variances,
    *,
    household: Floats | None = None,
    border: Floats | None = None,
    tolerance: float = 1e-6,
    max_iterations: int = 50,
) -> Standing:
    r"""Find the posterior mode of all households, raters and villages given the variances.

    Parameters
    ----------
    records : PanelRecords
        Forms of one pillar.
    tables : RecordTables
        For the halo of `variances`.
    variances : Variances
        Priors.
    household : ndarray of shape (n_households,), optional
        Where to begin; else the mode given the border alone.
    border : ndarray of shape (n_border,), optional
        Where to begin; zeros otherwise.
    tolerance : float, default=1e-6
        Largest change in the last step, in logits.
    max_iterations : int, default=50
        Newton steps at most; the result says whether they sufficed.

    Returns
    -------
    Standing
        Mode and the parts of its covariance.

    Notes
    -----
    :math:`\log P(x = k) - \log P(x = k-1) = \theta_n + h_{nj} - c_j + \gamma\,kin_{nj} - d_{ik}`
    with :math:`\theta_n = \alpha_v + e_n` and :math:`c_j = \kappa_v + u_j`, all normal.  Households
    are eliminated exactly from each Newton step; the log posterior is concave, so the mode is the
    only one.  The tables' slopes jump a little where two of their expansions meet; a mode on such
    a joint is stepped over to and fro for ever (by 4e-5 logits with five items of near thresholds
    and no halo).  Where the largest step is below 1e-4 logits, hardly smaller than the one before
    and in the opposite direction, the mode is taken as found.
    Without anchors or raters of several villages the data say nothing of
    :math:`\alpha_v + \kappa_v`: its posterior is its prior.

    References
    ----------
    Linacre (1989), Many-Facet Rasch Measurement, MESA Press; Tierney and Kadane (1986),
    https://doi.org/10.1080/01621459.1986.10478240
    """
    pattern = _lay_out(records)
    border = np.zeros(records.n_border) if border is None else border
    if household is None:
        household = _settle(records, tables, variances, border)
    change, iterations, converged = np.inf, 0, False
    last = np.zeros(household.size + border.size)
    while not converged and iterations < max_iterations:
        system = _build_system(records, tables, variances, (household, border), pattern)
        reach = _scale_rows(system.coupling, -1 / system.precision)
        root = _scale_rows(system.coupling, 1 / np.sqrt(system.precision))
        schur = (system.own - root.T @ root).tocsc()
        solver = splu(
            schur,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        border_step = solver.solve(system.border_slope + reach.T @ system.slope)
        step = system.slope / system.precision + reach @ border_step
        moved = np.concatenate([step, border_step])
        before, change = change, _largest(moved)
        shrink = min(1.0, _LONGEST_STEP / max(change, _LONGEST_STEP))
        household, border = household + shrink * step, border + shrink * border_step
        iterations += 1
        most = int(np.abs(moved).argmax())
        turns = 0.9 * before < change < _JOINT and moved[most] * last[most] < 0
        converged, last = change <= tolerance or turns, moved  # steps of Newton fall faster
    return Standing(
        household=household,
        border=border,
        precision=system.precision,
        reach=reach,
        schur=schur,
        iterations=iterations,
        converged=converged,
        last_change=change,
    )


def _settle(
    records: PanelRecords, tables: RecordTables, variances: Variances, border: Floats
) -> Floats:
    """Bring the households near their mode while the border stands still."""
    n, n_raters = records.n_households, records.home.size
    merit = border[n_raters : n_raters + records.n_villages][records.village]
    household = merit.copy()
    for _ in range(_SETTLING_STEPS):
        slope = record_slopes(records, tables, household, border)
        rated = np.bincount(records.household, slope.first, n)[:n]
        curve = np.bincount(records.household, slope.curvature, n)[:n] + 1 / variances.household
        step = (rated - (household - merit) / variances.household) / curve
        household += np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        if _largest(step) < _SETTLED:
            break
    return household


def _largest(values: Floats) -> float:
    return float(np.abs(values).max(initial=0.0))


def _scale_rows(matrix: sparse.csr_array, factor: Floats) -> sparse.csr_array:
    data = matrix.data * np.repeat(factor, np.diff(matrix.indptr))
    return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _lay_out(records: PanelRecords) -> _Pattern:
    """Row of a household: its records' raters, then its village's merit, then the bias."""
    n, n_own, extra = records.n_households, records.n_own, 1 + (records.biased is not None)
    own = records.household[:n_own].astype(np.int64)
    count = np.bincount(own, minlength=n)
    indptr = np.concatenate([[0], np.cumsum(count + extra)])
    places = np.arange(n_own) + extra * own
    indices = np.empty(indptr[-1], dtype=np.int32)
    indices[places] = records.rater[:n_own]
    merit = indptr[1:] - extra
    indices[merit] = records.home.size + records.village
    bias = None
    if records.biased is not None:
        bias = indptr[1:] - 1
        indices[bias] = records.n_border - 1
    return _Pattern(indptr, indices, places, merit, bias)


def record_slopes(
    records: PanelRecords,
    tables: RecordTables,
    household: Floats,
    border: Floats,
    shift: Floats | None = None,
) -> Slope:
    """Slope of every record at given standings and severities.

    Parameters
    ----------
    records : PanelRecords
        Forms of one pillar.
    tables : RecordTables
        Their log-likelihood.
    household : ndarray of shape (n_households,)
        Standing in logits.
    border : ndarray of shape (n_border,)
        As in `Standing`.
    shift : ndarray of shape (n_records,), optional
        Added to each record's logit.

    Returns
    -------
    Slope
        Weighted by the records' powers; arrays of shape (n_records,).
    """
    n = records.household.size
    first, curvature = np.empty(n), np.empty(n)
    rated = np.concatenate([household, _anchors(records, border)])
    severity = border[: records.home.size]
    for begin in range(0, n, _CHUNK):
        part = slice(begin, begin + _CHUNK)
        logit = rated[records.household[part]] - severity[records.rater[part]]
        if records.biased is not None:
            logit += border[-1] * records.biased[part]
        if shift is not None:
            logit += shift[part]
        slope = tables.slope(records.mask[part], records.total[part], logit)
        first[part], curvature[part] = slope
    if records.weight is not None:
        first *= records.weight
        curvature *= records.weight
    return Slope(first, curvature)


def _anchors(records: PanelRecords, border: Floats) -> Floats:
    begin = records.home.size + 2 * records.n_villages
    return border[begin : begin + records.n_anchors]


def _build_system(
    records: PanelRecords,
    tables: RecordTables,
    variances: Variances,
    at: tuple[Floats, Floats],
    pattern: _Pattern,
) -> _System:
    household, border = at
    slope = record_slopes(records, tables, household, border)
    n, n_raters, v = records.n_households, records.home.size, records.n_villages
    apart = household - border[n_raters : n_raters + v][records.village]
    rated_slope = np.bincount(records.household, slope.first, n + records.n_anchors)
    rated_curve = np.bincount(records.household, slope.curvature, n + records.n_anchors)
    by_village = np.bincount(records.village, apart, v) / variances.household
    border_slope = np.zeros(records.n_border)
    border_slope[:n_raters] = -np.bincount(records.rater, slope.first, n_raters)
    border_slope[n_raters : n_raters + v] = by_village
    anchors = slice(n_raters + 2 * v, n_raters + 2 * v + records.n_anchors)
    border_slope[anchors] = rated_slope[n:]
    if records.biased is not None:
        border_slope[-1] = slope.first @ records.biased
    prior = _prior_precision(records, variances)
    mean = np.zeros(records.n_border)
    mean[n_raters : n_raters + v] = variances.mean
    held: Floats = prior @ (border - mean)
    border_slope = np.subtract(border_slope, held)
    curve = np.zeros(records.n_border)
    curve[:n_raters] = np.bincount(records.rater, slope.curvature, n_raters)
    curve[n_raters : n_raters + v] = np.bincount(records.village, minlength=v) / variances.household
    curve[anchors] = rated_curve[n:]
    own = prior + sparse.diags_array(curve) + _border_coupling(records, slope.curvature)
    return _System(
        precision=np.asarray(rated_curve[:n] + 1 / variances.household, dtype=np.float64),
        slope=rated_slope[:n] - apart / variances.household,
        border_slope=border_slope,
        coupling=_coupling(records, slope.curvature, variances, pattern),
        own=own.tocsc(),
    )


def _prior_precision(records: PanelRecords, variances: Variances) -> sparse.csr_array:
    """Precision of the border's prior: raters about the leniency of their village."""
    n_raters, v = records.home.size, records.n_villages
    at_home = np.flatnonzero(records.home >= 0)
    leniency = n_raters + v + records.home[at_home]
    diagonal = np.full(records.n_border, 1 / _ANCHOR_VARIANCE)
    diagonal[:n_raters] = 1 / variances.rater
    diagonal[n_raters : n_raters + v] = 1 / variances.merit
    diagonal[n_raters + v : n_raters + 2 * v] = 1 / variances.leniency
    np.add.at(diagonal, leniency, 1 / variances.rater)
    tie = np.full(at_home.size, -1 / variances.rater)
    places = np.arange(records.n_border)
    rows = np.concatenate([places, at_home, leniency])
    columns = np.concatenate([places, leniency, at_home])
    values = np.concatenate([diagonal, tie, tie])
    return sparse.csr_array((values, (rows, columns)), shape=(places.size, places.size))


def _border_coupling(records: PanelRecords, curvature: Floats) -> sparse.csr_array:
    """Second derivatives between border entries: anchors with raters, the bias with both."""
    size, n_own = records.n_border, records.n_own
    anchor = records.household[n_own:] - records.n_households
    anchor = anchor + records.home.size + 2 * records.n_villages
    rater = records.rater[n_own:]
    rows, columns, values = [anchor, rater], [rater, anchor], [-curvature[n_own:]] * 2
    if records.biased is not None:
        last = np.full(records.rater.size, size - 1)
        pull = curvature * records.biased
        own = np.full(anchor.size, size - 1)
        rows += [records.rater, last, last, anchor, own]
        columns += [last, records.rater, last, own, anchor]
        values += [-pull, -pull, pull * records.biased, pull[n_own:], pull[n_own:]]
    found = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_array(found, shape=(size, size))


def _coupling(
    records: PanelRecords, curvature: Floats, variances: Variances, pattern: _Pattern
) -> sparse.csr_array:
    values = np.empty(pattern.indices.size)
    own = curvature[: pattern.records.size]
    values[pattern.records] = -own
    values[pattern.merit] = -1 / variances.household
    if pattern.bias is not None and records.biased is not None:
        pulled = own * records.biased[: own.size]
        values[pattern.bias] = np.bincount(
            records.household[: own.size], pulled, records.n_households
        )
    shape = (records.n_households, records.n_border)
    return sparse.csr_array((values, pattern.indices, pattern.indptr), shape=shape)
