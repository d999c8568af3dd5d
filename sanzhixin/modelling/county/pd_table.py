"""Learning the table of default probability from the outcomes of approved loans."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.errors.findings import finding
from sanzhixin.modelling.calibration.calibrator import ScoreCalibrator
from sanzhixin.modelling.calibration.curves import LEAST_SLOPE
from sanzhixin.numerics.choices import check_choice, check_probability
from sanzhixin.numerics.intervals import jeffreys_interval
from sanzhixin.scoring.pd_table import DECIMALS, PdAnchor, PdMethod, PdRow, PdTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["LEAST_OUTCOMES", "POPULATION", "PdChoice", "check_anchor", "fit_pd_table"]

PdChoice = Literal[
    "auto", "none", "pluto_tasche", "bayesian", "firth", "logistic", "beta", "isotonic"
]

LEAST_OUTCOMES = LEAST_SLOPE
"""Defaults, and loans without default, that an unpenalised slope needs at least."""

POPULATION = "approved households"

_LEVEL = 0.95
_PARTS = 10.0**DECIMALS
_SLACK = 1e-4  # of a part: what the arithmetic of a figure with so few decimals may be off
_NOTES: dict[PdMethod, tuple[str, str]] = {
    "none": (
        "No default probability: no loan outcome was used. Tier and limit come from points.",
        "未使用贷款结果，不给出违约概率；等级与额度仅由点数决定。",
    ),
    "pluto_tasche": (
        "Method pluto_tasche: prob_default is a prudent estimate at confidence {confidence:g}, not "
        "an expected value; upper is that at 0.95, lower a Jeffreys bound.",
        "采用 pluto_tasche：违约概率为置信度 {confidence:g} 的审慎估计，并非期望值；"
        "区间上限取置信度 0.95，下限取 Jeffreys 区间。",
    ),
    "bayesian": (
        "Method bayesian: the posterior rate of the whole portfolio with its 95 % bounds, the same "
        "for all points; it does not rank.",
        "采用 bayesian：整个组合违约率的后验均值与 95% 区间，各分数相同，不区分高低。",
    ),
    "logistic": (
        "Method logistic: curve over the points, 95 % band by the delta method; points without "
        "loans are extrapolated.",
        "采用 logistic：按点数拟合曲线，95% 区间由 delta 法得到；无贷款的分数段为外推。",
    ),
    "firth": (
        "Method firth: curve over the points under a penalty for few defaults, 95 % band by the "
        "delta method; points without loans are extrapolated.",
        "采用 firth：违约较少时带惩罚的曲线，95% 区间由 delta 法得到；无贷款的分数段为外推。",
    ),
    "beta": (
        "Method beta: a curve of three parameters over the points, 95 % band by the delta method; "
        "points without loans are extrapolated.",
        "采用 beta：三参数曲线，95% 区间由 delta 法得到；无贷款的分数段为外推。",
    ),
    "isotonic": (
        "Method isotonic: default rates of blocks of points, pooled until they fall; the bounds "
        "take the blocks as given and are therefore short.",
        "采用 isotonic：按点数分段合并至违约率单调下降；区间未计分段的不确定性，偏窄。",
    ),
}
_MOVED_PRUDENT = (
    "Method pluto_tasche gave the order of the tiers; moved to a long-run rate its values are no "
    "expected or prudent figures; the upper bound is no lower than the prudent one at 0.95.",
    "采用 pluto_tasche 得到各等级的高低；按长期违约率平移后，违约概率不再是审慎估计；"
    "区间上限不低于置信度 0.95 的审慎估计。",
)
_UNLIKELY = (
    "The long-run rate lies outside the 95 % interval of what was observed: say why it holds.",
    "长期违约率在观察值的 95% 区间之外，请说明依据。",
)
_OBSERVED = (
    "Calibrated on approved households: {defaults} defaults in {loans} loans, {rate:.2%} "
    "(95 % interval {lower:.2%} to {upper:.2%}).",
    "仅以获批农户校准：{loans} 笔贷款违约 {defaults} 笔，违约率 {rate:.2%}"
    "（95% 区间 {lower:.2%} 至 {upper:.2%}）。",
)
_FALLBACK = ("No curve (logistic) was fitted: {reason}", "未拟合曲线（logistic）：{reason}")
_ANCHORED = (
    "Moved to the long-run rate {rate:.2%} from a mean of {before:.2%} over the loans (shift of "
    "the log-odds {shift:+.3f}, bounds alike).",
    "已按长期违约率 {rate:.2%} 平移（贷款平均原为 {before:.2%}，"
    "对数几率平移 {shift:+.3f}，区间同移）。",
)


def fit_pd_table(
    points: NDArray[np.integer],
    defaulted: NDArray[np.bool_],
    *,
    cutoffs: Sequence[int] | NDArray[np.int64],
    highest_points: int,
    method: PdChoice = "auto",
    confidence: float = 0.5,
    anchor: float | None = None,
) -> PdTable:
    """Learn the default probability of every attainable number of points.

    The curve is that of `ScoreCalibrator`, over all points of the card, rounded once: bounds
    outward, so that no upper bound above 0 becomes 0.

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
    method : str, default="auto"
        A method of `ScoreCalibrator`, or ``none``.  ``auto``: none without loans, else as there;
        the note of the table says why.
    confidence : float, default=0.5
        Confidence of the prudent `prob_default` of pluto_tasche, at most 0.95.
    anchor : float, optional
        Long-run default rate that the mean over the loans is moved to; the table keeps the record.

    Returns
    -------
    PdTable
        Values rounded once, to 8 decimals; they never rise with the points.

    Raises
    ------
    DomainError
        ``pd_points``: points that are no whole numbers from 0 to `highest_points`, or not one
        outcome per loan; ``pd_cutoffs``: cut-offs that do not ascend within that range;
        ``pd_confidence``: `confidence` not above 0 or above 0.95; ``option_choice``: `method`;
        ``probability_open``: `anchor` not between 0 and 1; ``pd_anchor_unused``: an anchor with
        ``none``.
    EvidenceError
        ``pd_no_loans``: a method or an anchor without a loan.  ``pd_few_defaults``,
        ``pd_points_equal``, ``pd_separated``, ``pd_slope_rises``, ``pd_not_converged``: what the
        method needs, see `ScoreCalibrator`.

    Notes
    -----
    *pluto_tasche* is constant within a tier.  Tiers at the low end without a loan in them and
    below have no value: nothing is known.  `lower` is the lower end of the two-sided 95 % Jeffreys
    interval of the tier's own counts, the running minimum from the worst tier to the best, so that
    a better tier never has a higher bound; a tier without loans takes that of the next better one,
    or 0; it never exceeds `prob_default`.

    The curves have one row per attainable number of points (equal neighbours merged), bounds by
    the delta method on the log-odds.  A curve falls, so where a bound would rise with the points it
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
    check_choice("method", method, PdChoice)
    check_anchor(anchor, method)
    if method == "none" or (method == "auto" and not earned.size and anchor is None):
        return PdTable.none(note_en=_NOTES["none"][0], note_zh=_NOTES["none"][1])
    if not earned.size:
        raise EvidenceError("pd_no_loans", method=method)
    calibrator = ScoreCalibrator(
        method,
        anchor,
        grades=starts.tolist(),
        attainable=(0, highest_points),
        level=_LEVEL,
        confidence=confidence,
    )
    return _table(calibrator.fit(earned, defaulted), defaulted)


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


def check_anchor(anchor: float | None, method: str) -> None:
    """Refuse a long-run rate that is none, or that no table could use.

    Parameters
    ----------
    anchor : float or None
        Long-run default rate.
    method : str
        Of the table.

    Raises
    ------
    DomainError
        ``probability_open``, ``pd_anchor_unused``.
    """
    if anchor is None:
        return
    check_probability("anchor", anchor, example=0.02)
    if method == "none":
        raise DomainError("pd_anchor_unused")


def _table(found: ScoreCalibrator, defaulted: NDArray[np.bool_]) -> PdTable:
    moved = found.anchor_
    prudent = found.method_ == "pluto_tasche"
    notes = _notes(found, defaulted)
    return PdTable(
        basis=found.basis_,
        method=found.method_,
        population=POPULATION,
        n_loans=defaulted.size,
        n_defaults=int(defaulted.sum()),
        confidence=found.confidence if prudent and moved is None else None,
        anchor=None
        if moved is None
        else PdAnchor(rate=moved.anchor, before=moved.before, shift=moved.shift),
        rows=_rows(found),
        note_en=notes[0],
        note_zh=notes[1],
    )


def _notes(found: ScoreCalibrator, defaulted: NDArray[np.bool_]) -> list[str]:
    """Say in both languages what was observed, why this method, and how to read the values."""
    defaults, loans = int(defaulted.sum()), defaulted.size
    whole = jeffreys_interval(defaults, loans, level=_LEVEL)
    seen = {
        "defaults": defaults,
        "loans": loans,
        "rate": defaults / loans,
        "lower": float(whole.lower),
        "upper": float(whole.upper),
    }
    refused, moved = found.refusal_, found.anchor_
    notes = []
    for place in (0, 1):
        parts = [_OBSERVED[place].format_map(seen)]
        if refused is not None:
            parts.append(_FALLBACK[place].format(reason=finding(refused)[place]))
        own = _NOTES[found.method_]
        if moved is not None and found.method_ == "pluto_tasche":
            own = _MOVED_PRUDENT
        parts.append(own[place].format(confidence=found.confidence))
        if moved is not None:
            said = {"rate": moved.anchor, "before": moved.before, "shift": moved.shift}
            parts.append(_ANCHORED[place].format_map(said))
            if not seen["lower"] <= moved.anchor <= seen["upper"]:
                parts.append(_UNLIKELY[place])
        notes.append(" ".join(parts))
    return notes


def _rows(found: ScoreCalibrator) -> tuple[PdRow, ...]:
    columns = (
        np.rint(found.table_["prob_default"] * _PARTS),
        np.floor(found.table_["lower"] * _PARTS + _SLACK),
        np.ceil(found.table_["upper"] * _PARTS - _SLACK),
    )
    values = np.stack(columns, axis=1) / _PARTS
    starts = found.table_["points"].tolist()
    rows: list[PdRow] = []
    before: tuple[float | None, ...] = ()
    for start, column in zip(starts, values.tolist(), strict=True):
        entry = (None, None, None) if np.isnan(column[0]) else tuple(column)
        if entry != before:
            rows.append(
                PdRow(at_least=start, prob_default=entry[0], lower=entry[1], upper=entry[2])
            )
        before = entry
    return tuple(rows)
