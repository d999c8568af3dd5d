"""Loans granted at random below the rule: what they tell of households without approval."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling.calibration.calibrator import ScoreCalibrator, read_labels, read_points
from sanzhixin.numerics.choices import check_probability, check_range
from sanzhixin.numerics.intervals import clopper_pearson_interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["compute_random_accept", "loans_to_draw"]


_MOST = np.iinfo(np.int64).max


class _Loans(NamedTuple):
    """Loans granted at random, and what the curve of the approved says of each."""

    defaulted: Floats
    weights: Floats  # households that each stands for: one for each chance
    curve: Floats  # default probability, lower, upper in columns; NaN without a curve


class _Rate(NamedTuple):
    default_rate: float
    lower: float
    upper: float
    method: str


def compute_random_accept(
    points: ArrayLike,
    defaulted: ArrayLike,
    *,
    chance: ArrayLike,
    cutoffs: ArrayLike,
    approved_points: ArrayLike,
    approved_defaulted: ArrayLike,
    level: float = 0.95,
) -> pd.DataFrame:
    r"""Tabulate the default rate of loans granted at random below the rule, by band of points.

    Use it where a bank, by a policy that a person has reviewed, grants loans to a random share of
    the households that its rule would decline.  Their outcomes are the only direct evidence on
    such households; `compute_selection_range` without them can but assume.  Do not use it where
    an officer picked the households: the chances must be those of a draw.

    Parameters
    ----------
    points : array-like of shape (n_loans,)
        Points of the loans granted at random.
    defaulted : array-like of bool, shape (n_loans,)
        Their outcomes.
    chance : float or array-like of shape (n_loans,)
        Probability with which each was drawn, above 0 and at most 1.
    cutoffs : array-like of int, shape (n_cutoffs,)
        Fewest points of each band but the lowest, ascending; empty for one band.
    approved_points, approved_defaulted : array-like of shape (n_approved,)
        Points and outcomes of the loans that the rule approved.
    level : float, default=0.95
        Content of the intervals.

    Returns
    -------
    DataFrame
        One row a band, the lowest first, and a last one for all: at_least, below (points; missing
        at open ends and for all), n_loans, n_defaults (as counted), default_rate, lower, upper,
        method (``exact`` or ``weighted``), extrapolated, extrapolated_lower, extrapolated_upper
        (by the curve of the approved loans, a mean over the same loans), is_compatible.  Values
        are missing where a band has no loan, and those of the curve where there is none;
        ``attrs["refused"]`` and ``attrs["refused_zh"]`` then say why, and are None otherwise.

    Raises
    ------
    DomainError
        ``points_column``, ``shape_differs``, ``outcome_length``, ``outcome_classes``,
        ``outcome_blank``: the loans; ``option_range``: `chance` or `cutoffs`;
        ``probability_open``: `level`; ``calibration_points``: points more than a million apart.
    EvidenceError
        ``outcome_single``: outcomes of one label that is no truth value and neither 0 nor 1.

    Notes
    -----
    *exact*: all chances of the band are equal, so the rate is that of the counts, with its
    Clopper-Pearson interval.  *weighted*: they differ, so each loan counts for
    :math:`w = 1 / \text{chance}` households (Hájek), :math:`r = \sum w y / \sum w`.  Its standard
    error by linearisation is :math:`s^2 = \sum w^2 (y - r)^2 / (\sum w)^2`; the interval is that of
    Clopper and Pearson for :math:`n^* = r (1 - r) / s^2` loans, at most those there are, of which
    :math:`r n^*` defaulted (Korn and Graubard); without any default, or nothing else,
    :math:`n^* = (\sum w)^2 / \sum w^2`.  With equal chances this is the exact interval.  Where
    chances differ greatly it may hold less often than said: at chances .005 and .5, a rate of .1
    and a level of .95, .905 with 30 loans of the small chance and .64 with ten.

    The curve is ``ScoreCalibrator(method="logistic")``; its bounds are means of those of single
    loans.  *is_compatible* for an exact row: the two-sided binomial test of the counts against
    `extrapolated`, taken as known, has a p-value of 1 - level or more; for a weighted row: the two
    intervals overlap, which refuses less often.  Loans are taken as independent: where villages
    share luck, the intervals are too narrow.

    References
    ----------
    Clopper and Pearson (1934), https://doi.org/10.1093/biomet/26.4.404; Särndal, Swensson and
    Wretman (1992), https://doi.org/10.1007/978-1-4612-4378-6, ch. 5; Korn and Graubard (1998),
    Survey Methodology 24, 193-201, as told by Ward (2019),
    https://doi.org/10.1177/1536867X19874221

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> approved = rng.integers(640, 800, 4000)
    >>> failed = rng.random(4000) < 1 / (1 + np.exp((approved - 560) / 40))
    >>> drawn = np.repeat([590, 620], 100)
    >>> outcome = np.tile(np.arange(100) < 22, 2)
    >>> table = compute_random_accept(
    ...     drawn,
    ...     outcome,
    ...     chance=0.05,
    ...     cutoffs=[600],
    ...     approved_points=approved,
    ...     approved_defaulted=failed,
    ... )
    >>> table[["below", "n_loans", "default_rate", "method", "is_compatible"]]
       below  n_loans  default_rate method  is_compatible
    0    600      100          0.22  exact          False
    1   <NA>      100          0.22  exact           True
    2   <NA>      200          0.22  exact           True
    """
    check_probability("level", level)
    given = read_points(points)
    failed, _, _ = read_labels(given.size, defaulted, None)
    weights = 1 / _read_chance(chance, given.size)
    starts = _read_cutoffs(cutoffs)
    approved = read_points(approved_points)
    approved_failed, _, _ = read_labels(approved.size, approved_defaulted, None)
    ends = [min(given.min(), approved.min()), max(given.max(), approved.max())]
    curve, refused = np.full((given.size, 3), np.nan), None
    calibrator = ScoreCalibrator("logistic", attainable=(int(ends[0]), int(ends[1])), level=level)
    try:
        calibrator.fit(approved, approved_failed)
    except EvidenceError as error:
        refused = error
    else:
        mean = calibrator.predict_proba(given)[:, 1]
        curve = np.column_stack([mean, calibrator.predict_bounds(given)])
    loans = _Loans(failed.astype(np.float64), weights, curve)
    table = _tabulate(loans, np.searchsorted(starts, given, side="right"), starts, level)
    table.attrs["refused"] = None if refused is None else refused.en
    table.attrs["refused_zh"] = None if refused is None else refused.zh
    return table


def loans_to_draw(rate: float, width: float, *, level: float = 0.95) -> int:
    """Find how many loans must be drawn at random for an interval of a given width.

    Use it before loans are granted: the fewer, the less is put at risk.

    Parameters
    ----------
    rate : float
        Default rate that is expected, 0 to 1; the nearer to one half, the more loans.
    width : float
        Of the interval from its lower to its upper bound, strictly between 0 and 1.
    level : float, default=0.95
        Content of the interval.

    Returns
    -------
    int
        Fewest loans of one band, drawn with one chance, whose Clopper-Pearson interval is no wider
        if they default at the expected rate; ``rate`` times loans need not be whole.

    Raises
    ------
    DomainError
        ``option_range``: `rate`; ``probability_open``: `width` or `level`.

    References
    ----------
    Clopper and Pearson (1934), https://doi.org/10.1093/biomet/26.4.404

    Examples
    --------
    >>> loans_to_draw(0.0, 0.05)  # log .025 / log .95 = 71.9
    72
    >>> loans_to_draw(0.2, 0.1)
    264
    """
    check_range("rate", rate, 0, 1)
    for name, value, example in (("width", width, 0.1), ("level", level, 0.95)):
        check_probability(name, value, example=example)

    def is_enough(loans: int) -> bool:
        found = clopper_pearson_interval(rate * loans, loans, level=level)
        return bool(found.upper - found.lower <= width)

    enough = 1
    while not is_enough(enough):
        enough *= 2
    short = enough // 2
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if is_enough(middle) else (middle, enough)
    return enough


def _tabulate(loans: _Loans, band: Ints, starts: Ints, level: float) -> pd.DataFrame:
    chosen = [band == place for place in range(starts.size + 1)]
    chosen.append(np.ones(band.size, dtype=np.bool_))
    parts = [_Loans(*(array[rows] for array in loans)) for rows in chosen]
    rates = [_estimate(part, level) for part in parts]
    nothing = np.full(3, np.nan)
    curve = np.array(
        [
            part.weights @ part.curve / part.weights.sum() if part.weights.size else nothing
            for part in parts
        ]
    )
    pairs = zip(parts, rates, curve, strict=True)
    ends = starts.tolist()
    return pd.DataFrame(
        {
            "at_least": pd.array([None, *ends, None], dtype="Int64"),
            "below": pd.array([*ends, None, None], dtype="Int64"),
            "n_loans": [part.defaulted.size for part in parts],
            "n_defaults": [int(part.defaulted.sum()) for part in parts],
            "default_rate": [rate.default_rate for rate in rates],
            "lower": [rate.lower for rate in rates],
            "upper": [rate.upper for rate in rates],
            "method": pd.array([rate.method or None for rate in rates], dtype="str"),
            "extrapolated": curve[:, 0],
            "extrapolated_lower": curve[:, 1],
            "extrapolated_upper": curve[:, 2],
            "is_compatible": pd.array([_compare(*pair, level) for pair in pairs], dtype="boolean"),
        }
    )


def _estimate(part: _Loans, level: float) -> _Rate:
    n, weights = part.defaulted.size, part.weights
    if not n:
        return _Rate(np.nan, np.nan, np.nan, "")
    if (weights == weights[0]).all():
        d = part.defaulted.sum()
        exact = clopper_pearson_interval(d, n, level=level)
        return _Rate(float(d / n), float(exact.lower), float(exact.upper), "exact")
    bad, good = (float(weights[part.defaulted == kind].sum()) for kind in (1, 0))
    whole = bad + good
    rate = bad / whole
    variance = float(np.sum((weights * (part.defaulted - rate)) ** 2)) / whole**2
    equal = whole**2 / float(weights @ weights)
    spread = rate * (1 - rate)
    size = min(spread / variance, n) if spread > 0 else equal
    band = clopper_pearson_interval(rate * size, size, level=level)
    return _Rate(rate, float(band.lower), float(band.upper), "weighted")


def _compare(part: _Loans, rate: _Rate, curve: Floats, level: float) -> bool | None:
    if not part.defaulted.size or np.isnan(curve).any():
        return None
    prob, low, high = curve.tolist()
    if rate.method == "weighted":
        return bool(rate.lower <= high and low <= rate.upper)
    d, n = int(part.defaulted.sum()), part.defaulted.size
    return bool(binomtest(d, n, prob).pvalue >= 1 - level)


def _read_chance(chance: ArrayLike, n_loans: int) -> Floats:
    rule, rule_zh = "a number above 0 and at most 1", "大于 0 且不大于 1 的数值"
    try:
        given = np.asarray(chance, dtype=float)
    except (TypeError, ValueError):  # no numbers
        raise DomainError(
            "option_range", name="chance", given=chance, rule=rule, rule_zh=rule_zh
        ) from None
    if given.shape not in ((), (n_loans,)):
        raise DomainError("shape_differs", name="chance", shape=given.shape, expected=(n_loans,))
    bad = given[~((given > 0) & (given <= 1))]  # NaN too
    if bad.size:
        raise DomainError(
            "option_range", name="chance", given=float(bad.flat[0]), rule=rule, rule_zh=rule_zh
        )
    return np.broadcast_to(given, (n_loans,))


def _read_cutoffs(cutoffs: ArrayLike) -> Ints:
    given = np.asarray(cutoffs)
    if given.ndim == 1 and not given.size:
        return np.zeros(0, dtype=np.int64)
    is_column = given.ndim == 1 and given.dtype.kind in "iu"
    if not is_column or (given[1:] <= given[:-1]).any() or given[-1] > _MOST:
        rule, rule_zh = "whole numbers that rise", "递增的整数"
        raise DomainError(
            "option_range", name="cutoffs", given=given.tolist(), rule=rule, rule_zh=rule_zh
        )
    return given.astype(np.int64)
