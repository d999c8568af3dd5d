"""The calibrator: points and outcomes to a table of default probability with bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling.calibration.curves import (
    LEAST_BETA,
    Curve,
    Loans,
    anchor_curve,
    bayesian_curve,
    beta_curve,
    count_loans,
    isotonic_curve,
    logistic_curve,
    prudent_curve,
)
from sanzhixin.modelling.inputs.labels import read_outcome
from sanzhixin.modelling.inputs.notebook import FittedView
from sanzhixin.numerics.choices import check_choice, check_range
from sanzhixin.scoring.pd_table import PdBasis, PdMethod

__all__ = [
    "Anchoring",
    "CalibrationMethod",
    "ScoreCalibrator",
    "read_labels",
    "read_points",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CalibrationMethod = Literal[
    "auto", "pluto_tasche", "bayesian", "logistic", "firth", "beta", "isotonic"
]
"""How default probabilities are found; ``auto`` chooses by the number of defaults."""

_GRADES = 5
_MOST_POINTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Anchoring:
    """Record of moving a curve to a long-run default rate.

    Attributes
    ----------
    anchor : float
        Mean default probability after the move.
    before : float
        Mean before it.
    shift : float
        Added to all default log-odds.
    n_loans : float
        Loans that the means are over.
    """

    anchor: float
    before: float
    shift: float
    n_loans: float


class ScoreCalibrator(FittedView, ClassifierMixin, BaseEstimator):
    r"""Give every attainable number of points a default probability with bounds.

    Use it on loans whose points come from a card that did not see them, such as points out of
    fold: points of the loans that a card was fitted on look better than they are.  It says nothing
    of households unlike those that got a loan.

    Parameters
    ----------
    method : str, default="auto"
        ``pluto_tasche``: prudent bounds by grade, for any number of defaults; ``bayesian``: the
        posterior rate of the portfolio with the ranking `auc` from elsewhere; ``logistic``: from 20
        defaults; ``firth``: from 5; ``beta``: from 100; ``isotonic``: from 200.  ``auto``:
        pluto_tasche below 20 defaults, else logistic, and beta from 100 where its third parameter
        is worth it (Schwarz).
    anchor : float, optional
        Long-run default rate that the mean over the loans is moved to.
    grades : sequence of int, optional
        Fewest points of each grade for ``pluto_tasche``; None cuts five of equal size.
    attainable : tuple of int, optional
        Fewest and most points of the card; None takes those of the loans.
    level : float, default=0.95
        Content of the bounds.
    confidence : float, default=0.5
        Of `prob_default` of ``pluto_tasche``, at most `level`.
    correlation : float, default=0
        Of the assets of two borrowers, for ``pluto_tasche`` and ``bayesian``.
    auc : float, optional
        For ``bayesian``.
    points_error : float, default=0
        Standard error of measurement of the points.  0: bounds are those of the default rate of all
        households with so many points.  Above 0, for ``logistic`` and ``firth``: those of a
        household's own standing, which its points measure with that error.

    Attributes
    ----------
    table_ : DataFrame
        points, prob_default, lower, upper: one row for each attainable number of points.
    method_ : str
        That was used.
    reason_ : str
        Why this method.
    refusal_ : EvidenceError or None
        Why ``auto`` took no curve, in both languages.
    basis_ : {"prudent", "fitted", "anchored"}
        What `prob_default` is.
    anchor_ : Anchoring or None
        Record of the move to the anchor.
    n_defaults_, n_loans_ : float
        Outcomes that were used.
    classes_ : ndarray of shape (2,)
        The two outcomes; the second is default.

    Notes
    -----
    With `points_error` s, points of variance v and normal errors, the standing given the points
    varies by :math:`s \sqrt{1 - s^2 / v}` and default changes with it :math:`1 / (1 - s^2 / v)`
    times as fast as with the points, so the bounds hold :math:`s / \sqrt{1 - s^2 / v}` more points.

    No value rises with the points.  Points between attainable ones are taken down to the next
    one, points beyond the ends to the end.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> points = rng.integers(600, 800, 5000)
    >>> failed = rng.random(5000) < 1 / (1 + np.exp((points - 560) / 40))
    >>> calibrator = ScoreCalibrator().fit(points, failed)
    >>> mean = calibrator.predict_proba(points)[:, 1].mean()
    >>> calibrator.method_, bool(np.isclose(mean, failed.mean()))
    ('logistic', True)
    """

    def __init__(  # noqa: PLR0913 - one keyword an option is the contract of scikit-learn
        self,
        method: CalibrationMethod = "auto",
        anchor: float | None = None,
        *,
        grades: Sequence[int] | None = None,
        attainable: tuple[int, int] | None = None,
        level: float = 0.95,
        confidence: float = 0.5,
        correlation: float = 0.0,
        auc: float | None = None,
        points_error: float = 0.0,
    ) -> None:
        self.method = method
        self.anchor = anchor
        self.grades = grades
        self.attainable = attainable
        self.level = level
        self.confidence = confidence
        self.correlation = correlation
        self.auc = auc
        self.points_error = points_error

    def fit(self, points: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn the table.

        Parameters
        ----------
        points : array-like of shape (n_loans,) or (n_loans, 1)
            Whole numbers; more are better.
        y : array-like of shape (n_loans,)
            Two outcomes, or one where no loan defaulted; the larger one of two is default.
        sample_weight : array-like of shape (n_loans,), optional
            Frequencies.

        Returns
        -------
        self
            Fitted.

        Raises
        ------
        DomainError
            ``option_choice``, ``option_range``, ``probability_open``, ``pd_confidence``,
            ``auc_unreachable``,
            ``points_column``, ``calibration_points``, ``calibration_grades``,
            ``shape_differs``: options or data.
        EvidenceError
            ``points_all_error``: an error as large as the spread of the points;
            ``pd_few_defaults``, ``pd_points_equal``, ``pd_points_few``, ``pd_separated``,
            ``pd_slope_rises``, ``pd_not_converged``: what the method needs, and the alternative.
        """
        self._check_options()
        given = read_points(points)
        failed, weights, self.classes_ = read_labels(given.size, y, sample_weight)
        loans = count_loans(given, failed, weights)
        grid = self._grid(loans.points)
        self.n_defaults_, self.n_loans_ = loans.total()
        self.refusal_: EvidenceError | None = None
        curve, self.method_, self.reason_ = self._choose(loans, grid)
        self.basis_: PdBasis = "prudent" if self.method_ == "pluto_tasche" else "fitted"
        self.anchor_ = None
        if self.anchor is not None:
            before = float(np.average(self._of(curve, loans.points), weights=loans.loans))
            is_prudent = self.method_ == "pluto_tasche"
            curve, shift = anchor_curve(curve, loans, self.anchor, is_prudent=is_prudent)
            self.anchor_ = Anchoring(self.anchor, before, shift, self.n_loans_)
            self.basis_ = "anchored"
        self.table_ = pd.DataFrame(
            {
                "points": curve.points,
                "prob_default": curve.prob_default,
                "lower": curve.lower,
                "upper": curve.upper,
            }
        )
        self.n_features_in_ = 1
        return self

    def predict_proba(self, points: ArrayLike) -> Floats:
        """Look up the probabilities of both outcomes.

        Parameters
        ----------
        points : array-like of shape (n_loans,) or (n_loans, 1)
            Points.

        Returns
        -------
        ndarray of shape (n_loans, 2)
            In the order of `classes_`; NaN where the table knows nothing.

        Raises
        ------
        DomainError
            ``points_column``.
        """
        check_is_fitted(self, "table_")
        default = self.table_["prob_default"].to_numpy()[self._place(read_points(points))]
        return np.column_stack([1 - default, default])

    def predict_bounds(self, points: ArrayLike) -> Floats:
        """Look up the bounds of the default probability.

        Parameters
        ----------
        points : array-like of shape (n_loans,) or (n_loans, 1)
            Points.

        Returns
        -------
        ndarray of shape (n_loans, 2)
            Lower and upper.

        Raises
        ------
        DomainError
            ``points_column``.
        """
        check_is_fitted(self, "table_")
        place = self._place(read_points(points))
        return self.table_[["lower", "upper"]].to_numpy()[place]

    def predict(self, points: ArrayLike) -> NDArray[Any]:
        """Return the likelier outcome.

        Parameters
        ----------
        points : array-like of shape (n_loans,) or (n_loans, 1)
            Points.

        Returns
        -------
        ndarray of shape (n_loans,)
            Labels as in `classes_`.

        Raises
        ------
        DomainError
            ``points_column``.
        """
        return np.asarray(self.classes_[(self.predict_proba(points)[:, 1] > 0.5).astype(int)])

    def _check_options(self) -> None:
        check_choice("method", self.method, CalibrationMethod)
        for name in ("level", "confidence"):
            value = getattr(self, name)
            check_range(name, value, 0, 1, is_open=True)
            if value == 0:
                raise DomainError("probability_open", name=name, value=value, example=0.95)
        if self.confidence > self.level:
            raise DomainError("pd_confidence", value=self.confidence, most=self.level)
        check_range("correlation", self.correlation, 0, 1, is_open=True)
        check_range("points_error", self.points_error, 0, np.inf)
        if self.auc is not None:
            check_range("auc", self.auc, 0.5, 1)
        if self.anchor is not None:
            check_range("anchor", self.anchor, 0, 1, is_open=True)

    def _grid(self, distinct: Ints) -> Ints:
        low, high = (distinct[0], distinct[-1]) if self.attainable is None else self.attainable
        if not low <= distinct[0] <= distinct[-1] <= high or high - low > _MOST_POINTS:
            raise DomainError("calibration_points", lowest=int(low), highest=int(high))
        return np.arange(low, high + 1, dtype=np.int64)

    def _choose(self, loans: Loans, grid: Ints) -> tuple[Curve, PdMethod, str]:
        if self.method != "auto":
            return self._make(self.method, loans, grid), self.method, "as asked for"
        try:
            line = self._make("logistic", loans, grid)
        except EvidenceError as error:
            self.refusal_ = error
            return self._make("pluto_tasche", loans, grid), "pluto_tasche", error.en
        d, n = loans.total()
        if min(d, n - d) < LEAST_BETA:
            return line, "logistic", f"{d:g} defaults suffice for a slope, not for a bend"
        try:
            bent = self._make("beta", loans, grid)
        except EvidenceError as error:
            return line, "logistic", f"a straight line: {error.en}"
        gain = 2 * (self._likelihood(bent, loans) - self._likelihood(line, loans))
        price = float(np.log(min(d, n - d)))
        told = f"its parameter (Schwarz, of the defaults: {gain:.1f} against {price:.1f})"
        if gain > price:
            return bent, "beta", f"a bend is worth {told}"
        return line, "logistic", f"a bend is not worth {told}"

    def _make(self, method: str, loans: Loans, grid: Ints) -> Curve:
        level = float(self.level)
        if method in ("logistic", "firth"):
            error = self._standing_error(loans)
            is_firth = method == "firth"
            return logistic_curve(loans, grid, level=level, firth=is_firth, points_error=error)
        if method == "beta":
            return beta_curve(loans, grid, level=level)
        if method == "isotonic":
            return isotonic_curve(loans, grid, level=level)
        if method == "bayesian":
            rho = float(self.correlation)
            return bayesian_curve(loans, grid, level=level, auc=self.auc, correlation=rho)
        return prudent_curve(
            loans,
            grid,
            level=level,
            starts=self._starts(loans, grid),
            confidence=float(self.confidence),
            correlation=float(self.correlation),
        )

    def _standing_error(self, loans: Loans) -> float:
        """Error of the standing that points measure, on the scale of the slope over the points."""
        error = float(self.points_error)
        if error == 0:
            return 0.0
        mean = np.average(loans.points, weights=loans.loans)
        spread = float(np.average((loans.points - mean) ** 2, weights=loans.loans))
        if spread <= error**2:
            raise EvidenceError("points_all_error", error=f"{error:g}", spread=f"{spread**0.5:.4g}")
        return error / float(np.sqrt(1 - error**2 / spread))

    def _starts(self, loans: Loans, grid: Ints) -> Ints:
        if self.grades is None:
            share = (np.cumsum(loans.loans) - loans.loans / 2) / loans.loans.sum()
            first = np.searchsorted(share, np.arange(1, _GRADES) / _GRADES)
            inner = loans.points[np.unique(first[(first > 0) & (first < share.size)])]
            return np.unique(np.append(grid[0], inner))
        starts = np.asarray(self.grades)
        if starts.ndim != 1 or starts.dtype.kind not in "iu" or (starts[1:] <= starts[:-1]).any():
            raise DomainError("calibration_grades")
        return np.unique(np.append(min(int(grid[0]), int(starts[0])), starts)).astype(np.int64)

    def _place(self, points: Ints) -> Ints:
        grid = self.table_["points"].to_numpy()
        return np.clip(np.searchsorted(grid, points, side="right") - 1, 0, grid.size - 1)

    @staticmethod
    def _of(curve: Curve, points: Ints) -> Floats:
        return curve.prob_default[np.searchsorted(curve.points, points)]

    def _likelihood(self, curve: Curve, loans: Loans) -> float:
        prob = self._of(curve, loans.points)
        return float(
            loans.defaults @ np.log(prob) + (loans.loans - loans.defaults) @ np.log1p(-prob)
        )


def read_points(points: ArrayLike) -> Ints:
    """Read points: one column of whole numbers.

    Parameters
    ----------
    points : array-like of shape (n_loans,) or (n_loans, 1)
        Whole numbers, none missing.

    Returns
    -------
    ndarray of shape (n_loans,)
        The same.

    Raises
    ------
    DomainError
        ``points_column``.
    """
    given = np.asarray(points)
    if given.ndim == 2 and given.shape[1] == 1:
        given = given[:, 0]
    with np.errstate(invalid="ignore"):  # an infinite number has no remainder
        numbers = given.dtype.kind in "iu" or (given.dtype.kind == "f" and (given % 1 == 0).all())
    if given.ndim != 1 or not given.size or not numbers:
        raise DomainError("points_column")
    return given.astype(np.int64)


def read_labels(
    n_loans: int, y: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[NDArray[np.bool_], Floats, NDArray[Any]]:
    """Read outcomes; all of them may be repaid, where they are truth values or 0 and 1.

    Parameters
    ----------
    n_loans : int
        Loans.
    y : array-like of shape (n_loans,)
        Outcomes.
    sample_weight : array-like of shape (n_loans,) or None
        Frequencies.

    Returns
    -------
    tuple of ndarray
        Default, weights, and the two labels.

    Raises
    ------
    DomainError, EvidenceError
        As `ScoreCalibrator.fit`.
    """
    given = np.asarray(y)
    if given.shape == (n_loans,) and given.dtype.kind in "biuf" and np.isin(given, (0, 1)).all():
        weights = np.ones(n_loans) if sample_weight is None else np.asarray(sample_weight, float)
        if weights.shape != (n_loans,):
            raise DomainError(
                "shape_differs", name="sample_weight", shape=weights.shape, expected=(n_loans,)
            )
        if not (weights >= 0).all() or not weights.sum() > 0:
            row = int(np.flatnonzero(~(weights >= 0))[0]) if not (weights >= 0).all() else 0
            raise DomainError("weights_negative", row=row)
        return given == 1, weights, np.array([0, 1], dtype=given.dtype)
    labels = read_outcome(n_loans, y, sample_weight)
    failed = np.zeros(n_loans, dtype=np.bool_)
    weights = np.zeros(n_loans)
    failed[labels.used] = labels.outcome.is_event
    own = labels.outcome.weights
    weights[labels.used] = 1.0 if own is None else own
    return failed, weights, labels.classes
