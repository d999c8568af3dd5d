"""How far default probabilities could be off for households that never got a loan: a range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sanzhixin.errors import DomainError
from sanzhixin.modelling.calibration.calibrator import read_labels, read_points
from sanzhixin.modelling.calibration.curves import Curve, Loans, count_loans, logistic_curve
from sanzhixin.numerics.choices import check_range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["SelectionRange", "compute_selection_range"]

_LEVEL = 0.95
_GRADES = 5


@dataclass(frozen=True, slots=True)
class SelectionRange:
    """Default probabilities under several assumptions on households without a loan.

    Attributes
    ----------
    assumptions : DataFrame
        One row each: assumption, factor, prob_unapproved (mean over households without a loan),
        prob_all (mean over all).
    table : DataFrame
        points, approved (curve of the loans alone), lowest, highest over the assumptions.
    share_unlike : float
        Share of households without a loan whose points are fewer than those of every loan, or more,
        or lie in a fifth of all households, by rank, that holds no loan.  Nothing in the data
        speaks of them but the line that is drawn on.
    """

    assumptions: pd.DataFrame
    table: pd.DataFrame
    share_unlike: float


def compute_selection_range(
    points: ArrayLike,
    defaulted: ArrayLike,
    unapproved: ArrayLike,
    *,
    factors: Sequence[float] = (1.0, 1.5, 2.0, 3.0),
) -> SelectionRange:
    """Show what default probabilities become under assumptions on those without a loan.

    Use it beside every table that is calibrated on approved households.  The outcomes of the others
    are unknown, so none of the rows is an estimate; their spread tells how much rests on what
    nobody saw.

    Parameters
    ----------
    points : array-like of shape (n_loans,)
        Points of the loans.
    defaulted : array-like of bool, shape (n_loans,)
        Their outcomes.
    unapproved : array-like of shape (n_unapproved,)
        Points of households that applied and have no loan.
    factors : sequence of float, default=(1, 1.5, 2, 3)
        How many times as often those without a loan would default as loans of the same points.

    Returns
    -------
    SelectionRange
        As a table of assumptions, and as a range for each number of points.

    Raises
    ------
    DomainError
        ``points_column``, ``shape_differs``, ``option_range``: a factor below 0.
    EvidenceError
        ``pd_few_defaults``, ``pd_points_equal``, ``pd_separated``, ``pd_slope_rises``: no curve.

    Notes
    -----
    *augmentation* weighs each loan by the households of its fifth (by rank over all points) for
    each loan there; *fuzzy* adds every household without a loan as so many parts default, and the
    rest not, as the curve says, times the factor; *parcelling* takes the observed rate of its fifth
    instead, times the factor.  With a factor of 1 fuzzy is the curve of the loans alone.  Each is
    fitted anew as a line of log-odds.

    References
    ----------
    Crook and Banasik (2004), https://doi.org/10.1016/j.jbankfin.2003.10.010; Siddiqi (2006), Credit
    Risk Scorecards, Wiley, ch. 6.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> points = rng.integers(600, 800, 6000)
    >>> failed = rng.random(6000) < 1 / (1 + np.exp((points - 540) / 40))
    >>> found = compute_selection_range(points, failed, rng.integers(560, 680, 2000))
    >>> bool((found.table["lowest"] <= found.table["highest"]).all())
    True
    """
    given = read_points(points)
    failed, _, _ = read_labels(given.size, defaulted, None)
    others = read_points(unapproved)
    for factor in factors:
        check_range("factors", factor, 0, np.inf)
    if not len(factors):
        raise DomainError("option_range", name="factors", given=(), rule="some", rule_zh="若干数值")
    own = count_loans(given, failed)
    rest = count_loans(others, np.zeros(others.size, dtype=np.bool_))
    grid = np.arange(min(own.points[0], rest.points[0]), max(own.points[-1], rest.points[-1]) + 1)
    approved = logistic_curve(own, grid, level=_LEVEL)
    grade = _grades(own, rest, grid)
    n_own, n_rest = _by_grade(grade, own.loans, own, grid), _by_grade(grade, rest.loans, rest, grid)
    curves: list[tuple[str, float, Curve]] = [("as approved", 1.0, approved)]
    seen = n_own[grade[own.points - grid[0]]]
    weight = 1 + n_rest[grade[own.points - grid[0]]] / seen
    augmented = Loans(own.points, own.defaults * weight, own.loans * weight)
    curves.append(("augmentation", 1.0, logistic_curve(augmented, grid, level=_LEVEL)))
    of_curve = approved.prob_default[rest.points - grid[0]]
    rate = _rates(grade, own, grid, approved)[grade[rest.points - grid[0]]]
    for factor in factors:
        for name, prob in (("fuzzy", of_curve), ("parcelling", rate)):
            curves.append((name, float(factor), _with(own, rest, factor * prob, grid)))
    is_beyond = (rest.points < own.points[0]) | (rest.points > own.points[-1])
    is_unlike = is_beyond | (n_own[grade[rest.points - grid[0]]] == 0)
    unlike = float(rest.loans[is_unlike].sum() / rest.loans.sum())
    return _tabulate(curves, own, rest, grid, unlike)


def _tabulate(
    curves: list[tuple[str, float, Curve]], own: Loans, rest: Loans, grid: Ints, unlike: float
) -> SelectionRange:
    probs = np.array([curve.prob_default for _, _, curve in curves])
    of_rest = probs[:, rest.points - grid[0]] @ rest.loans
    of_own = probs[:, own.points - grid[0]] @ own.loans
    assumptions = pd.DataFrame(
        {
            "assumption": [name for name, _, _ in curves],
            "factor": [factor for _, factor, _ in curves],
            "prob_unapproved": of_rest / rest.loans.sum(),
            "prob_all": (of_own + of_rest) / (own.loans.sum() + rest.loans.sum()),
        }
    )
    table = pd.DataFrame(
        {
            "points": grid,
            "approved": probs[0],
            "lowest": probs.min(axis=0),
            "highest": probs.max(axis=0),
        }
    )
    return SelectionRange(assumptions, table, unlike)


def _grades(own: Loans, rest: Loans, grid: Ints) -> Ints:
    """Put every number of points into a fifth of all households, by mid-rank."""
    mass = np.zeros(grid.size)
    for part in (own, rest):
        np.add.at(mass, part.points - grid[0], part.loans)
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    return np.asarray(np.clip(np.floor(middle * _GRADES), 0, _GRADES - 1), dtype=np.int64)


def _by_grade(grade: Ints, values: Floats, part: Loans, grid: Ints) -> Floats:
    place = grade[part.points - grid[0]]
    return np.asarray(np.bincount(place, values, minlength=_GRADES), dtype=np.float64)


def _rates(grade: Ints, own: Loans, grid: Ints, approved: Curve) -> Floats:
    """Observed default rate of each grade; that of the curve where no loan is."""
    d, n = _by_grade(grade, own.defaults, own, grid), _by_grade(grade, own.loans, own, grid)
    size = np.bincount(grade, minlength=_GRADES)
    mean = np.bincount(grade, approved.prob_default, minlength=_GRADES) / np.maximum(size, 1)
    return np.asarray(np.where(n > 0, d / np.maximum(n, 1), mean))


def _with(own: Loans, rest: Loans, prob: Floats, grid: Ints) -> Curve:
    """Fit anew with households without a loan as parts of a default each."""
    points = np.concatenate([own.points, rest.points])
    order = np.argsort(points, kind="stable")
    defaults = np.concatenate([own.defaults, rest.loans * np.minimum(prob, 1.0)])
    loans = np.concatenate([own.loans, rest.loans])
    return logistic_curve(Loans(points[order], defaults[order], loans[order]), grid, level=_LEVEL)
