"""Learning the table of default probability from the outcomes of approved loans."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.numerics.intervals import jeffreys_interval
from sanzhixin.numerics.logistic import fit_logistic
from sanzhixin.numerics.low_default import pluto_tasche
from sanzhixin.scoring.pd_table import DECIMALS, PdBasis, PdMethod, PdRow, PdTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["LEAST_OUTCOMES", "POPULATION", "PdChoice", "fit_pd_table"]

PdChoice = Literal["auto", "none", "pluto_tasche", "logistic"]

LEAST_OUTCOMES = 20
"""Defaults, and loans without default, that a slope needs at least."""

POPULATION = "calibrated on approved households"

_LEVEL = 0.95
_NOTES: dict[PdMethod, tuple[str, str]] = {
    "none": (
        "No default probability: no loan outcome was used. Tier and limit come from points.",
        "未使用贷款结果，不给出违约概率；等级与额度仅由积分决定。",
    ),
    "pluto_tasche": (
        "prob_default is a prudent bound at confidence {confidence:g}, not an expected value; "
        "upper is the bound at 0.95, lower a Jeffreys bound.",
        "违约概率为置信度 {confidence:g} 的审慎上限，并非期望值；上限取置信度 0.95，"
        "下限取 Jeffreys 区间。",
    ),
    "logistic": (
        "Logistic curve over the points, 95 % band by the delta method; points without loans "
        "are extrapolated.",
        "按积分拟合 logistic 曲线，95% 区间由 delta 法得到；无贷款的分数段为外推。",
    ),
}
_OBSERVED = (
    "Calibrated on approved households: {defaults} defaults in {loans} loans, {rate:.2%} "
    "(95 % interval {lower:.2%} to {upper:.2%}).",
    "仅以获批农户校准：{loans} 笔贷款违约 {defaults} 笔，违约率 {rate:.2%}"
    "（95% 区间 {lower:.2%} 至 {upper:.2%}）。",
)
_FALLBACK = ("No slope was fitted: {reason}", "未拟合斜率：{reason}")


class _Values(NamedTuple):
    starts: NDArray[np.int64]
    prob_default: Floats
    lower: Floats
    upper: Floats


def fit_pd_table(
    points: NDArray[np.int64],
    defaulted: NDArray[np.bool_],
    *,
    cutoffs: Sequence[int],
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
    delta method on the log-odds.  Where a bound would rise with the points, far from the data, it
    is held at the outermost value so far: the band only becomes wider.

    Examples
    --------
    >>> points = np.repeat([700, 800, 900], 300)
    >>> defaulted = np.arange(900) % 300 < np.repeat([4, 2, 0], 300)
    >>> table = fit_pd_table(points, defaulted, cutoffs=[650, 750, 850], highest_points=1000)
    >>> table.method, [row.upper for row in table.rows]
    ('pluto_tasche', [None, 0.03024084, 0.01964168, 0.00993612])
    """
    points, defaulted = _check_loans(points, defaulted, highest_points)
    starts = _check_cutoffs(cutoffs, highest_points)
    if not 0 < confidence <= _LEVEL:
        raise DomainError("pd_confidence", value=confidence, most=_LEVEL)
    if method == "none" or (method == "auto" and not points.size):
        return PdTable.none(note_en=_NOTES["none"][0], note_zh=_NOTES["none"][1])
    if not points.size:
        raise EvidenceError("pd_no_loans", method=method)
    reason: EvidenceError | None = None
    if method != "pluto_tasche":
        try:
            values = _logistic_values(points, defaulted, highest_points)
            return _table("fitted", "logistic", None, values, defaulted, None)
        except EvidenceError as error:
            if method == "logistic":
                raise
            reason = error
    values = _prudent_values(points, defaulted, starts, confidence)
    return _table("prudent", "pluto_tasche", confidence, values, defaulted, reason)
