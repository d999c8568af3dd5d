"""Learning the table of default probability from the outcomes of approved loans."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling.calibration.curves import (
    LEAST_SLOPE,
    Curve,
    count_loans,
    logistic_curve,
    prudent_curve,
)
from sanzhixin.numerics.intervals import jeffreys_interval
from sanzhixin.scoring.pd_table import DECIMALS, PdBasis, PdMethod, PdRow, PdTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["LEAST_OUTCOMES", "POPULATION", "PdChoice", "fit_pd_table"]

PdChoice = Literal["auto", "none", "pluto_tasche", "logistic"]

LEAST_OUTCOMES = LEAST_SLOPE
"""Defaults, and loans without default, that a slope needs at least."""

POPULATION = "approved households"

_LEVEL = 0.95
_NOTES: dict[PdMethod, tuple[str, str]] = {
    "none": (
        "No default probability: no loan outcome was used. Tier and limit come from points.",
        "未使用贷款结果，不给出违约概率；等级与额度仅由积分决定。",
    ),
    "pluto_tasche": (
        "Method pluto_tasche: prob_default is a prudent bound at confidence {confidence:g}, not an "
        "expected value; upper is the bound at 0.95, lower a Jeffreys bound.",
        "采用 pluto_tasche：违约概率为置信度 {confidence:g} 的审慎上限，并非期望值；"
        "上限取置信度 0.95，下限取 Jeffreys 区间。",
    ),
    "logistic": (
        "Method logistic: curve over the points, 95 % band by the delta method; points without "
        "loans are extrapolated.",
        "采用 logistic：按积分拟合曲线，95% 区间由 delta 法得到；无贷款的分数段为外推。",
    ),
}
_OBSERVED = (
    "Calibrated on approved households: {defaults} defaults in {loans} loans, {rate:.2%} "
    "(95 % interval {lower:.2%} to {upper:.2%}).",
    "仅以获批农户校准：{loans} 笔贷款违约 {defaults} 笔，违约率 {rate:.2%}"
    "（95% 区间 {lower:.2%} 至 {upper:.2%}）。",
)
_FALLBACK = ('method="logistic" was refused: {reason}', 'method="logistic" 未采用：{reason}')


def fit_pd_table(
    points: NDArray[np.integer],
    defaulted: NDArray[np.bool_],
    *,
    cutoffs: Sequence[int] | NDArray[np.int64],
    highest_points: int,
    method: PdChoice = "auto",
    confidence: float = 0.5,
) -> PdTable:
    """Learn the default probability of every attainable number of points.

    Parameters
    ----------
    points : ndarray of int64, shape (n_loans,)
        Points of the household when the loan was granted, 0 to `highest_points`.
    defaulted : ndarray of bool, shape (n_loans,)
        Whether the loan defaulted within its outcome window; unfinished loans are left out before.
    cutoffs : sequence of int
        Lowest points of each tier, ascending; what lies below the first is unrated.
    highest_points : int
        Most points of the card.
    method : {"auto", "none", "pluto_tasche", "logistic"}, default="auto"
        ``auto``: none without loans, else logistic where its conditions hold, else pluto_tasche;
        the note of the table says why.
    confidence : float, default=0.5
        Confidence of the prudent `prob_default` of pluto_tasche, at most 0.95.

    Returns
    -------
    PdTable
        Values rounded once, to 8 decimals; they never rise with the points.

    Raises
    ------
    DomainError
        ``pd_points``: points that are no whole numbers from 0 to `highest_points`, or not one
        outcome per loan; ``pd_cutoffs``: cut-offs that do not ascend within that range;
        ``pd_confidence``: `confidence` not above 0 or above 0.95.
    EvidenceError
        ``pd_no_loans``: pluto_tasche or logistic without a loan.  Logistic only:
        ``pd_few_defaults``: fewer than 20 defaults or 20 loans without default;
        ``pd_points_equal``: all loans have the same points; ``pd_separated``: the points part the
        defaults from all other loans; ``pd_slope_rises``: default does not fall as points rise;
        ``pd_not_converged``.

    Notes
    -----
    *pluto_tasche* is constant within a tier.  Tiers at the low end without a loan in them and
    below have no value: nothing is known.  `lower` is the lower end of the two-sided 95 % Jeffreys
    interval of the tier's own counts, the running minimum from the worst tier to the best, so that
    a better tier never has a higher bound; a tier without loans takes that of the next better one,
    or 0; it never exceeds `prob_default`.

    *logistic* has one row per attainable number of points (equal neighbours merged), bounds by the
    delta method on the log-odds.  The curve falls, so where a bound would rise with the points it
    is held at what the neighbouring points already imply: a lower bound at more points is one at
    fewer points too, an upper bound at fewer points is one at more.  The band says nothing of
    households unlike those that were approved, and little of points far from the loans.

    Examples
    --------
    >>> points = np.repeat([700, 800, 900], 300)
    >>> defaulted = np.arange(900) % 300 < np.repeat([4, 2, 0], 300)
    >>> table = fit_pd_table(points, defaulted, cutoffs=[650, 750, 850], highest_points=1000)
    >>> [(row.at_least, row.prob_default, row.upper) for row in table.rows][:2]
    [(0, None, None), (650, 0.0155523, 0.0302504)]
    >>> table.method, table.population
    ('pluto_tasche', 'approved households')
    """
    earned, defaulted = _check_loans(points, defaulted, highest_points)
    starts = _check_cutoffs(cutoffs, highest_points)
    if not 0 < confidence <= _LEVEL:
        raise DomainError("pd_confidence", value=confidence, most=_LEVEL)
    if method == "none" or (method == "auto" and not earned.size):
        return PdTable.none(note_en=_NOTES["none"][0], note_zh=_NOTES["none"][1])
    if not earned.size:
        raise EvidenceError("pd_no_loans", method=method)
    reason: EvidenceError | None = None
    if method != "pluto_tasche":
        try:
            attainable = np.arange(highest_points + 1, dtype=np.int64)
            curve = logistic_curve(count_loans(earned, defaulted), attainable, level=_LEVEL)
            return _table("fitted", "logistic", None, curve, defaulted, None)
        except EvidenceError as error:
            if method == "logistic":
                raise
            reason = error
    curve = prudent_curve(
        count_loans(earned, defaulted), starts, level=_LEVEL, starts=starts, confidence=confidence
    )
    return _table("prudent", "pluto_tasche", confidence, curve, defaulted, reason)


def _check_loans(
    points: NDArray[np.integer], defaulted: NDArray[np.bool_], highest_points: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    points, defaulted = np.asarray(points), np.asarray(defaulted)
    whole = np.issubdtype(points.dtype, np.integer) or not points.size
    if (
        points.ndim != 1
        or points.shape != defaulted.shape
        or not whole
        or (defaulted.size and defaulted.dtype != np.bool_)
        or ((points < 0) | (points > highest_points)).any()
    ):
        raise DomainError("pd_points", highest=highest_points)
    return points.astype(np.int64), defaulted.astype(np.bool_)


def _check_cutoffs(
    cutoffs: Sequence[int] | NDArray[np.int64], highest_points: int
) -> NDArray[np.int64]:
    rising = all(low < high for low, high in pairwise(cutoffs))
    if not rising or not all(0 <= cut <= highest_points for cut in cutoffs):
        raise DomainError("pd_cutoffs", highest=highest_points)
    return np.unique(np.array([0, *cutoffs], dtype=np.int64))


def _table(
    basis: PdBasis,
    method: PdMethod,
    confidence: float | None,
    curve: Curve,
    defaulted: NDArray[np.bool_],
    reason: EvidenceError | None,
) -> PdTable:
    defaults, loans = int(defaulted.sum()), defaulted.size
    whole = jeffreys_interval(defaults, loans, level=_LEVEL)
    seen = {
        "defaults": defaults,
        "loans": loans,
        "rate": defaults / loans,
        "lower": float(whole.lower),
        "upper": float(whole.upper),
    }
    notes = [
        " ".join(
            [
                _OBSERVED[place].format_map(seen),
                *([_FALLBACK[place].format(reason=text)] if text else []),
                _NOTES[method][place].format(confidence=confidence),
            ]
        )
        for place, text in enumerate((reason and reason.en, reason and reason.zh))
    ]
    return PdTable(
        basis=basis,
        method=method,
        population=POPULATION,
        n_loans=loans,
        n_defaults=defaults,
        confidence=confidence,
        rows=_rows(curve),
        note_en=notes[0],
        note_zh=notes[1],
    )


def _rows(curve: Curve) -> tuple[PdRow, ...]:
    columns = np.stack([curve.prob_default, curve.lower, curve.upper], axis=1).round(DECIMALS)
    rows: list[PdRow] = []
    before: tuple[float | None, ...] = ()
    for start, column in zip(curve.points.tolist(), columns.tolist(), strict=True):
        entry = (None, None, None) if np.isnan(column[0]) else tuple(column)
        if entry != before:
            rows.append(
                PdRow(at_least=start, prob_default=entry[0], lower=entry[1], upper=entry[2])
            )
        before = entry
    return tuple(rows)
