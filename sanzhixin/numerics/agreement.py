"""How far raters agree: Krippendorff's alpha, intraclass correlation, separation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
from scipy.stats import f as f_distribution

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.choices import check_probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "AlphaAgreement",
    "IntraclassCorrelation",
    "Metric",
    "Separation",
    "intraclass_correlation",
    "krippendorff_alpha",
    "separation",
]

Metric = Literal["nominal", "ordinal", "interval"]


@dataclass(frozen=True, slots=True)
class AlphaAgreement:
    """Krippendorff's alpha with its jackknife error.

    Attributes
    ----------
    alpha : float
        1 under full agreement, 0 where ratings agree as by chance, below 0 where less.  NaN where
        all compared ratings are one category: nothing varies, so agreement cannot be told.
    standard_error : float
        NaN for one unit, and where the ratings are all one category once some unit is left out.
    n_units : int
        Units with two ratings or more; the others carry nothing and are left out.
    n_ratings : int
        Ratings of those units.
    """

    alpha: float
    standard_error: float
    n_units: int
    n_ratings: int


@dataclass(frozen=True, slots=True)
class IntraclassCorrelation:
    """One-way random-effects intraclass correlation.

    Attributes
    ----------
    n_units, n_records : int
        Units, and values of all units.
    ms_between, ms_within : float
        Mean squares between and within units, in squared units of the values.
    icc : float
        Estimated share of the variance of one value that lies between units, ICC(1); may fall
        below 0.  NaN where all values are equal.
    icc_lower, icc_upper : float
        Interval for `icc`; NaN where all values are equal.
    mean_count : float
        Mean number of values per unit, :math:`k_0`, corrected for unequal numbers.
    icc_mean : float
        Estimated reliability of the mean of :math:`k_0` values, ICC(k).  NaN where the means of
        the units are all equal.
    """

    n_units: int
    n_records: int
    ms_between: float
    ms_within: float
    icc: float
    icc_lower: float
    icc_upper: float
    mean_count: float
    icc_mean: float


@dataclass(frozen=True, slots=True)
class Separation:
    """How far measures spread against their errors.

    Attributes
    ----------
    separation : float
        Spread over root mean square error, without unit; infinite where nothing errs.
    reliability : float
        Share of the variance of the measures that is not error, from 0 to 1.  Both are NaN where
        there is neither spread nor error.
    """

    separation: float
    reliability: float


def krippendorff_alpha(counts: ArrayLike, metric: Metric = "ordinal") -> AlphaAgreement:
    r"""Krippendorff's alpha: agreement of raters on categories, corrected for chance.

    Use it for raw ratings of one item with any number of raters per unit.  It tells whether raters
    are interchangeable, not whether the fitted measures are reliable; for that see `separation`.

    Parameters
    ----------
    counts : array-like of shape (n_units, n_categories)
        How many raters put each unit into each category; whole numbers, missing values refused.
        A rating that is missing is not counted.  Categories stand in their order.
    metric : {"ordinal", "interval", "nominal"}, default="ordinal"
        Distance of categories: by the ratings that lie between them; by their places, equally
        spaced; or 1 for any two.

    Returns
    -------
    AlphaAgreement
        Alpha, its error and what it rests on.  One unit alone has alpha 0 by construction.

    Raises
    ------
    DomainError
        ``alpha_metric``: another metric.
        ``array_shape``: `counts` not of two dimensions.
        ``rating_counts``: a count that is missing, below 0 or not whole.
    EvidenceError
        ``no_repeated_ratings``: no unit has two ratings.

    Notes
    -----
    With coincidences :math:`o_{ck} = \sum_u n_{uc} (n_{uk} - [c = k]) / (n_u - 1)`, their margins
    :math:`n_c` and total n: :math:`\alpha = 1 - (n - 1) \sum o_{ck} \delta_{ck}^2 / \sum n_c n_k
    \delta_{ck}^2`.  The ordinal distance is that of mid-ranks.  The error is the jackknife over
    units, distances computed anew without each unit; units are taken as independent, raters as
    given.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability,
    https://repository.upenn.edu/asc_papers/43; Hayes and Krippendorff (2007),
    https://doi.org/10.1080/19312450709336664; Efron and Stein (1981),
    https://doi.org/10.1214/aos/1176345462

    Examples
    --------
    >>> found = krippendorff_alpha([[3, 0, 0], [0, 2, 1], [0, 0, 2]])
    >>> round(found.alpha, 3), round(found.standard_error, 3)
    (0.854, 0.409)
    """
    if metric not in get_args(Metric):
        raise DomainError("alpha_metric", given=metric, known=", ".join(get_args(Metric)))
    patterns, repeats = _patterns(_check_counts(counts))
    size = patterns.sum(axis=1, keepdims=True)
    n_units = int(repeats.sum())
    n_categories = patterns.shape[1]
    each = patterns[:, :, None] * (patterns[:, None, :] - np.eye(n_categories))
    each /= (size - 1)[:, :, None]
    whole = np.tensordot(repeats, each, 1)
    alpha = float(_alpha(whole[None], metric)[0])
    error = np.nan
    if n_units > 1:
        without = _alpha(whole - each, metric)
        centre = np.average(without, weights=repeats)
        error = float(np.sqrt((n_units - 1) / n_units * (repeats @ (without - centre) ** 2)))
    return AlphaAgreement(alpha, error, n_units, int(repeats @ size[:, 0]))


def _check_counts(counts: ArrayLike) -> Floats:
    """Check counts and keep the units with two ratings or more."""
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2:
        expected = "(n_units, n_categories)"
        raise DomainError("array_shape", name="counts", shape=table.shape, expected=expected)
    sound = np.isfinite(table) & (table >= 0) & (table == np.rint(table))
    bad = np.flatnonzero(~sound.all(axis=1))
    if bad.size:
        raise DomainError("rating_counts", at=int(bad[0]), count=bad.size)
    kept: Floats = table[table.sum(axis=1) >= 2]
    if not kept.size:
        raise EvidenceError("no_repeated_ratings")
    return kept


def _patterns(table: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Give the different rows in rising order, and how often each stands; as numbers, they sort."""
    base, n_columns = int(table.max()) + 1, table.shape[1]
    if base**n_columns >= 1 << 63:
        patterns, repeats = np.unique(table, axis=0, return_counts=True)
        return patterns, repeats
    places = np.array([base**k for k in reversed(range(n_columns))], dtype=np.int64)
    key = table.astype(np.int64) @ places
    _, first, repeats = np.unique(key, return_index=True, return_counts=True)
    return table[first], repeats


def _alpha(coincidences: Floats, metric: Metric) -> Floats:
    """Alpha of each coincidence matrix; shape (n, n_categories, n_categories) to (n,)."""
    margins = np.maximum(np.rint(coincidences.sum(axis=2)), 0)
    total = margins.sum(axis=1)
    places = np.arange(margins.shape[1], dtype=np.float64)[None]
    if metric == "ordinal":
        places = np.cumsum(margins, axis=1) - margins / 2
    apart = places[:, :, None] - places[:, None, :]
    distance = (apart != 0).astype(np.float64) if metric == "nominal" else apart**2
    observed = (coincidences * distance).sum(axis=(1, 2))
    expected = (margins[:, :, None] * margins[:, None, :] * distance).sum(axis=(1, 2))
    ratio = np.full(total.size, np.nan)
    np.divide((total - 1) * observed, expected, out=ratio, where=expected > 0)
    return 1 - ratio


class _Squares(NamedTuple):
    """One-way table: units, values, corrected mean count, mean squares between and within."""

    n_units: int
    n_records: int
    mean_count: float
    between: float
    within: float


def intraclass_correlation(
    values: ArrayLike, unit: ArrayLike, *, level: float = 0.95
) -> IntraclassCorrelation:
    r"""One-way random-effects intraclass correlation with any number of values per unit.

    Use it where each unit is rated by raters of its own, taken at random; severity of raters then
    counts as error.

    Parameters
    ----------
    values : array-like of shape (n_records,)
        One value for each record, in any unit; missing values are refused.
    unit : array-like of shape (n_records,)
        Label of the unit of each record.
    level : float, default=0.95
        Probability content of the interval.

    Returns
    -------
    IntraclassCorrelation
        Correlation of one value and of the mean, with an interval.

    Raises
    ------
    DomainError
        ``probability_open``: `level` not strictly between 0 and 1.
        ``array_shape``: arrays that are not of one length.
        ``not_finite``: a value is missing or infinite.
    EvidenceError
        ``units_too_few``: fewer than two units.
        ``no_repeated_ratings``: every unit has one value.

    Notes
    -----
    With a units, N values and :math:`k_0 = (N - \sum n_i^2 / N) / (a - 1)`:
    :math:`ICC(1) = (MSB - MSW) / (MSB + (k_0 - 1) MSW)` and :math:`ICC(k) = 1 - MSW / MSB`.  The
    interval replaces MSB by MSB over, and times, the F quantiles with (a - 1, N - a) and
    (N - a, a - 1) degrees; for normal values it is exact with equal numbers and approximate
    otherwise.

    References
    ----------
    Shrout and Fleiss (1979), https://doi.org/10.1037/0033-2909.86.2.420; Donner (1986), A review
    of inference procedures for the intraclass correlation coefficient in the one-way random
    effects model, https://doi.org/10.2307/1403259; Searle (1971), Linear Models, Wiley, chapter 9.

    Examples
    --------
    >>> found = intraclass_correlation([9, 8, 6, 7, 3, 2, 5], ["a", "a", "b", "b", "c", "c", "c"])
    >>> round(found.icc, 3), round(found.mean_count, 3)
    (0.827, 2.286)
    """
    check_probability("level", level)
    table = _squares(values, unit)
    between, within, rest = table.between, table.within, table.mean_count - 1
    degrees = (table.n_units - 1, table.n_records - table.n_units)
    tail = (1 - level) / 2
    quantiles = np.asarray(f_distribution.isf(tail, degrees, degrees[::-1]), dtype=np.float64)
    high = np.array([between, between / quantiles[0], between * quantiles[1]])
    icc = np.full(3, np.nan)
    scale = high + rest * within
    np.divide(high - within, scale, out=icc, where=scale > 0)
    return IntraclassCorrelation(
        n_units=table.n_units,
        n_records=table.n_records,
        ms_between=between,
        ms_within=within,
        icc=float(icc[0]),
        icc_lower=float(icc[1]),
        icc_upper=float(icc[2]),
        mean_count=table.mean_count,
        icc_mean=1 - within / between if between > 0 else np.nan,
    )


def _squares(values: ArrayLike, unit: ArrayLike) -> _Squares:
    y, label = np.asarray(values, dtype=np.float64), np.asarray(unit)
    for name, array in (("values", y), ("unit", label)):
        if array.shape != (y.size,):
            expected = "(n_records,)"
            raise DomainError("array_shape", name=name, shape=array.shape, expected=expected)
    bad = np.flatnonzero(~np.isfinite(y))
    if bad.size:
        raise DomainError("not_finite", name="values", row=int(bad[0]), count=bad.size)
    units, first, place, size = np.unique(
        label, return_index=True, return_inverse=True, return_counts=True
    )
    n, a = y.size, units.size
    if a < 2:
        raise EvidenceError("units_too_few", count=a, needed=2)
    if n == a:
        raise EvidenceError("no_repeated_ratings")
    apart = y - y[first][place]  # exactly 0 in a unit whose values are equal
    own = np.bincount(place, apart) / size
    means = y[first] - y[0] + own
    between = size @ (means - size @ means / n) ** 2 / (a - 1)
    within = ((apart - own[place]) ** 2).sum() / (n - a)
    mean_count = (n - (size**2).sum() / n) / (a - 1)
    return _Squares(a, n, float(mean_count), float(between), float(within))


def separation(true_variance: float, error_variances: ArrayLike) -> Separation:
    r"""Separation of measures and the reliability that goes with it.

    Parameters
    ----------
    true_variance : float
        Estimated variance of what is measured, errors taken out, in squared logits.
    error_variances : array-like of shape (n_units,)
        Squared standard error of each measure, in squared logits; missing values are refused.

    Returns
    -------
    Separation
        Separation G and reliability.

    Raises
    ------
    DomainError
        ``variance_impossible``: a variance that is missing, infinite or below 0.
    EvidenceError
        ``units_too_few``: no measure.

    Notes
    -----
    :math:`G = \sigma / \sqrt{\overline{SE^2}}` and reliability :math:`G^2 / (1 + G^2) = \sigma^2 /
    (\sigma^2 + \overline{SE^2})`.

    References
    ----------
    Wright and Masters (1982), Rating Scale Analysis, MESA Press, chapter 5.

    Examples
    --------
    >>> separation(1.0, [0.2, 0.3])
    Separation(separation=2.0, reliability=0.8)
    """
    errors = np.atleast_1d(np.asarray(error_variances, dtype=np.float64))
    for name, values in (
        ("true_variance", np.array([true_variance], dtype=np.float64)),
        ("error_variances", errors),
    ):
        bad = values[~(np.isfinite(values) & (values >= 0))]
        if bad.size:
            first = f"{bad[0]:g}"
            raise DomainError(
                "variance_impossible", name=name, value=first, count=bad.size, bound=">= 0"
            )
    if not errors.size:
        raise EvidenceError("units_too_few", count=0, needed=1)
    mean_error = float(errors.mean())
    if mean_error == 0:
        ends = (np.inf, 1.0) if true_variance > 0 else (np.nan, np.nan)
        return Separation(*ends)
    return Separation(
        float(np.sqrt(true_variance / mean_error)), true_variance / (true_variance + mean_error)
    )
