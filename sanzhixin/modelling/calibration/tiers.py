"""Tiers from data: cut-offs whose default rates are proved not to exceed what a bank accepts."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta, binom
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling.calibration.calibrator import (
    ScoreCalibrator,
    read_labels,
    read_points,
)
from sanzhixin.modelling.calibration.curves import LEAST_SLOPE
from sanzhixin.modelling.inputs.notebook import FittedView
from sanzhixin.numerics.choices import check_range

if TYPE_CHECKING:
    from sanzhixin.modelling.calibration.economics import Economics

__all__ = ["TierOptimizer", "loans_needed"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LEAST_RATE = 1e-9
_CHANCES = (
    *(("upper", chance) for chance in (0.99, 0.9, 0.7, 0.5)),
    *(("prob_default", chance) for chance in (0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2)),
)
"""Column of the curve and chance of each tier to pass by it, from the surest to the boldest.

The upper bounds come first: a curve that is a little too low must not fail the first candidate.
"""


class _Table(NamedTuple):
    """One candidate: tiers from the best, each from its fewest points."""

    curve: str
    chance: float
    tiers: tuple[str, ...]
    starts: tuple[int, ...]


def loans_needed(appetite: float, delta: float) -> int:
    """Count the loans without any default that prove a default rate.

    Parameters
    ----------
    appetite : float
        Default rate that is not to be exceeded, strictly between 0 and 1.
    delta : float
        Probability of an error, strictly between 0 and 1.

    Returns
    -------
    int
        Fewest loans.

    Examples
    --------
    >>> loans_needed(0.02, 0.05)
    149
    """
    return int(np.ceil(np.log(delta) / np.log1p(-appetite)))


class TierOptimizer(FittedView, BaseEstimator):
    r"""Choose the cut-offs of tiers so that no tier exceeds the default rate that is accepted.

    Use it where a bank can say what default rate it accepts in each tier.  What it proves holds for
    households like those that got a loan, scored by the same card, in years like those observed.

    Parameters
    ----------
    appetite : mapping of str to float
        Default rate accepted in each tier, from the best tier to the worst, rising.
    delta : float, default=0.05
        Probability that any tier of the chosen table exceeds its appetite.
    min_share : float, default=0.02
        Share of the development part that each tier holds at least.
    economics : Economics, optional
        Limits, margin and losses; of the tables that pass, the one of the largest expected profit
        is chosen.  None chooses one with most tiers, of those the one that gives most loans one.
    development : float, default=0.4
        Share of the loans on which the candidates are drawn; the others test them.
    random_state : int, default=0
        Of the split.

    Attributes
    ----------
    tiers_ : DataFrame
        tier, at_least, below (points; NaN for none), n_loans, n_defaults, default_rate, upper
        (exact bound at confidence 1 - delta for this tier alone, not for all at once) on the loans
        that test, appetite, and limit_yuan with
        economics; the best tier first.
    alternatives_ : DataFrame
        One row for each candidate in the order of testing: curve (column of the calibrator's
        table), chance (by it, of each tier to pass), tiers, starts, approval_share,
        default_rate, p_value, is_tested, is_passed, and expected_loss_yuan, profit_yuan (per loan
        of all) with economics.
    tests_ : DataFrame
        One row for each tested candidate and tier: candidate, tier, at_least, below, n_loans,
        n_defaults, appetite, p_value.
    calibrator_ : ScoreCalibrator
        Of the development part.

    Notes
    -----
    On the development part a logistic curve is fitted and the points are counted; each candidate
    takes, tier by tier, the lowest cut-off at which the curve predicts that the tier passes its
    test with a stated chance.
    Chances fall from candidate to candidate, by the upper bounds of the curve first and then by the
    curve, a fixed order.  On the other loans each candidate is
    tested in that order until one fails: its p-value is the largest of its tiers' exact binomial
    ones, :math:`P(X \le d)` under the appetite.  As the order is fixed before and testing stops at
    the first failure, the probability that any candidate that passed has a tier above its appetite
    is at most delta, whatever is then chosen among them (tests in a fixed
    order).  Loans are taken as independent.  A tier that could not pass without a single default is
    left out, its households go to the next one.

    References
    ----------
    Maurer, Hothorn and Lehmacher (1995), for tests in a fixed order; Angelopoulos et al. (2022),
    Learn then Test, https://arxiv.org/abs/2110.01052

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> points = rng.integers(600, 800, 20_000)
    >>> failed = rng.random(20_000) < 1 / (1 + np.exp((points - 520) / 40))
    >>> found = TierOptimizer({"A": 0.005, "B": 0.02}).fit(points, failed)
    >>> found.tiers_["tier"].tolist(), bool((found.tiers_["upper"] <= [0.005, 0.02]).all())
    (['A', 'B'], True)
    """

    def __init__(
        self,
        appetite: Mapping[str, float],
        delta: float = 0.05,
        min_share: float = 0.02,
        economics: Economics | None = None,
        *,
        development: float = 0.4,
        random_state: int = 0,
    ) -> None:
        self.appetite = appetite
        self.delta = delta
        self.min_share = min_share
        self.economics = economics
        self.development = development
        self.random_state = random_state

    def fit(self, points: ArrayLike, y: ArrayLike, exposure: ArrayLike | None = None) -> Self:
        """Choose the table.

        Parameters
        ----------
        points : array-like of shape (n_loans,) or (n_loans, 1)
            Whole numbers from a card that did not see these loans; more are better.
        y : array-like of bool, shape (n_loans,)
            Default.
        exposure : array-like of shape (n_loans,), optional
            Yuan owed on each loan; `tiers_` then also tells the share of the exposure that
            defaulted.  Tests count loans.

        Returns
        -------
        self
            Fitted.

        Raises
        ------
        DomainError
            ``tier_appetite``, ``tier_limits``, ``option_range``, ``probability_open``,
            ``points_column``, ``shape_differs``.
        EvidenceError
            ``tiers_none``: no table passes, with the loans that would be needed;
            ``tiers_development``: no curve on the development part, and what it would need.
        """
        self._check_options()
        given = read_points(points)
        failed, _, _ = read_labels(given.size, y, None)
        owed = None if exposure is None else _read_exposure(exposure, given.size)
        early = _split(given.size, self.development, self.random_state)
        self.calibrator_ = self._develop(given, failed, early)
        held, bad = given[~early], failed[~early]
        candidates = self._candidates(given[early], held.size)
        tests, passed = self._test(candidates, held, bad)
        self.tests_ = pd.DataFrame(tests, columns=_TESTS)
        self.alternatives_ = self._alternatives(candidates, tests, passed, held, bad)
        if not passed:
            worst = max(self.appetite.values())
            raise EvidenceError(
                "tiers_none",
                loans=held.size,
                defaults=int(bad.sum()),
                needed=loans_needed(worst, self.delta),
                appetite=f"{worst:g}",
            )
        chosen = candidates[self._best(passed)]
        self.tiers_ = self._tiers(chosen, held, bad, None if owed is None else owed[~early])
        return self

    def predict(self, points: ArrayLike) -> NDArray[Any]:
        """Tell the tier of points.

        Parameters
        ----------
        points : array-like of shape (n_loans,) or (n_loans, 1)
            Points.

        Returns
        -------
        ndarray of object, shape (n_loans,)
            Tier, or None below the lowest.

        Raises
        ------
        DomainError
            ``points_column``.
        """
        check_is_fitted(self, "tiers_")
        given = read_points(points)
        names = np.array([*self.tiers_["tier"], None], dtype=object)
        return np.asarray(names[_rank(given, self.tiers_["at_least"].tolist())])

    def compare(self, points: ArrayLike, present: Mapping[str, int]) -> pd.DataFrame:
        """Count households by their tier at present and under the chosen table (the swap-set).

        Parameters
        ----------
        points : array-like of shape (n_households,) or (n_households, 1)
            Points of the households that would be scored.
        present : mapping of str to int
            Fewest points of each present tier, from the best to the worst, falling.

        Returns
        -------
        DataFrame
            One row for each pair that some household has, the best first: tier_before, tier_after
            (missing below the lowest), n_households, share, prob_default (mean by `calibrator_`, of
            the development part).

        Raises
        ------
        DomainError
            ``tier_starts``: `present` does not fall; ``points_column``.
        """
        check_is_fitted(self, "tiers_")
        given = read_points(points) if np.size(points) else np.zeros(0, dtype=np.int64)
        starts = list(present.values())
        whole = all(isinstance(at, (int, np.integer)) for at in starts)
        if not starts or not whole or any(a <= b for a, b in pairwise(starts)):
            raise DomainError("tier_starts")
        own = {name: int(at) for name, at in self.tiers_[["tier", "at_least"]].to_numpy()}
        frame = pd.DataFrame(
            {
                "before": _rank(given, starts),
                "after": _rank(given, list(own.values())),
                "prob_default": self.calibrator_.predict_proba(given)[:, 1],
            }
        )
        groups = frame.groupby(["before", "after"], sort=True)["prob_default"]
        found = groups.agg(n_households="size", prob_default="mean").reset_index()
        before, after = [*present, None], [*own, None]
        return pd.DataFrame(
            {
                "tier_before": [before[k] for k in found["before"]],
                "tier_after": [after[k] for k in found["after"]],
                "n_households": found["n_households"],
                "share": found["n_households"] / max(given.size, 1),
                "prob_default": found["prob_default"],
            }
        )

    def _check_options(self) -> None:
        given: Any = self.appetite
        rates = list(given.values()) if isinstance(given, Mapping) else []
        rising = all(a < b for a, b in pairwise(rates))
        if not rates or not rising or not rates[0] >= _LEAST_RATE or not rates[-1] < 1:
            raise DomainError("tier_appetite")
        for name in ("delta", "development"):
            check_range(name, getattr(self, name), 0, 1, is_open=True)
            if getattr(self, name) == 0:
                raise DomainError("probability_open", name=name, value=0, example=0.05)
        check_range("min_share", self.min_share, 0, 1)
        if self.economics is not None:
            limits = [self.economics.limits.get(tier) for tier in self.appetite]
            known = [limit for limit in limits if limit is not None]
            if len(known) < len(limits) or any(a < b for a, b in pairwise(known)):
                raise DomainError("tier_limits")

    def _develop(self, points: Ints, failed: Bools, early: Bools) -> ScoreCalibrator:
        try:
            return ScoreCalibrator("logistic").fit(points[early], failed[early])
        except EvidenceError as error:
            raise EvidenceError(
                "tiers_development",
                loans=points.size,
                early=int(early.sum()),
                needed=int(np.ceil(LEAST_SLOPE / self.development)),
                reason=error,
            ) from None

    def _candidates(self, early: Ints, n_held: int) -> list[_Table]:
        """Draw tables by the development part alone: its curve, and its points scaled up."""
        grid = self.calibrator_.table_["points"].to_numpy()
        counts = np.bincount(early - grid[0], minlength=grid.size)
        mass = counts.astype(np.float64) * (n_held / early.size)
        found: list[_Table] = []
        for curve, chance in _CHANCES:
            prob = self.calibrator_.table_[curve].to_numpy()
            tiers, starts = self._draw(chance, grid, prob, mass)
            known = [(table.tiers, table.starts) for table in found]
            if tiers and (tiers, starts) not in known:
                found.append(_Table(curve, chance, tiers, starts))
        return found

    def _draw(
        self, chance: float, grid: Ints, prob: Floats, mass: Floats
    ) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Lower each cut-off as far as the tier may still be expected to pass, best tier first."""
        tiers, starts = [], []
        top = grid.size
        for tier, appetite in self.appetite.items():
            count = np.cumsum(mass[:top][::-1])[::-1]
            defaults = np.cumsum((mass * prob)[:top][::-1])[::-1]
            least = max(loans_needed(appetite, self.delta), self.min_share * mass.sum())
            held = np.flatnonzero(count >= least)
            n = np.floor(count[held])  # loans to be expected there among those that test
            most = np.asarray(binom.ppf(self.delta, n, appetite))
            most = most - (binom.cdf(most, n, appetite) > self.delta)  # most defaults that pass
            good = held[binom.cdf(most, n, defaults[held] / count[held]) >= chance]
            if good.size:
                tiers.append(tier)
                starts.append(int(grid[good[0]]))
                top = int(good[0])
        return tuple(tiers), tuple(starts)

    def _test(
        self, candidates: list[_Table], held: Ints, bad: Bools
    ) -> tuple[list[tuple[Any, ...]], list[int]]:
        rows: list[tuple[Any, ...]] = []
        passed = []
        for place, table in enumerate(candidates):
            largest = 0.0
            for tier, low, high in _ranges(table):
                inside = (held >= low) & (held < high)
                n, d = int(inside.sum()), int(bad[inside].sum())
                p_value = float(binom.cdf(d, n, self.appetite[tier]))
                largest = max(largest, p_value)
                shown = None if np.isinf(high) else int(high)
                rows.append((place, tier, low, shown, n, d, self.appetite[tier], p_value))
            if largest > self.delta:
                break
            passed.append(place)
        return rows, passed

    def _alternatives(
        self,
        candidates: list[_Table],
        tests: list[tuple[Any, ...]],
        passed: list[int],
        held: Ints,
        bad: Bools,
    ) -> pd.DataFrame:
        tested = {row[0] for row in tests}
        prob = self.calibrator_.predict_proba(held)[:, 1]
        rows = []
        for place, table in enumerate(candidates):
            inside = held >= table.starts[-1]
            row: dict[str, Any] = {
                "curve": table.curve,
                "chance": table.chance,
                "tiers": table.tiers,
                "starts": table.starts,
                "approval_share": float(inside.mean()),
                "default_rate": float(bad[inside].mean()) if place in tested else np.nan,
                "p_value": max((t[-1] for t in tests if t[0] == place), default=np.nan),
                "is_tested": place in tested,
                "is_passed": place in passed,
            }
            if self.economics is not None:
                loss = profit = 0.0
                for tier, low, high in _ranges(table):
                    own = prob[(held >= low) & (held < high)]
                    loss += float(np.sum(self.economics.expected_loss_yuan(tier, own)))
                    profit += float(np.sum(self.economics.profit_yuan(tier, own)))
                row |= {
                    "expected_loss_yuan": loss / held.size,
                    "profit_yuan": profit / held.size,
                }
            rows.append(row)
        return pd.DataFrame(rows)

    def _best(self, passed: list[int]) -> int:
        if self.economics is None:
            tiers = self.alternatives_["tiers"].map(len).to_numpy()
            share = self.alternatives_["approval_share"].to_numpy()
            return max(passed, key=lambda place: (tiers[place], share[place], place))
        profit = self.alternatives_["profit_yuan"].to_numpy()
        return max(passed, key=lambda place: (profit[place], place))

    def _tiers(self, table: _Table, held: Ints, bad: Bools, owed: Floats | None) -> pd.DataFrame:
        rows = []
        for tier, low, high in _ranges(table):
            inside = (held >= low) & (held < high)
            n, d = int(inside.sum()), int(bad[inside].sum())
            bound = float(beta.isf(self.delta, d + 1, n - d)) if d < n else 1.0
            row: dict[str, Any] = {
                "tier": tier,
                "at_least": low,
                "below": high if np.isfinite(high) else np.nan,
                "n_loans": n,
                "n_defaults": d,
                "default_rate": d / n,
                "upper": bound,
                "appetite": self.appetite[tier],
            }
            if owed is not None:
                whole = float(owed[inside].sum())
                row["exposure_default_share"] = (
                    float(owed[inside & bad].sum()) / whole if whole else np.nan
                )
            if self.economics is not None:
                row["limit_yuan"] = self.economics.limits[tier]
            rows.append(row)
        return pd.DataFrame(rows)


_TESTS = ["candidate", "tier", "at_least", "below", "n_loans", "n_defaults", "appetite", "p_value"]


def _ranges(table: _Table) -> list[tuple[str, int, float]]:
    """Tier with its fewest points and those at which the next better one begins."""
    ends = (np.inf, *map(float, table.starts[:-1]))
    return list(zip(table.tiers, table.starts, ends, strict=True))


def _rank(points: Ints, starts: list[int]) -> Ints:
    """Place of the tier from the best, 0; the number of tiers below the lowest."""
    ascending = np.array(starts[::-1], dtype=np.int64)
    return len(starts) - np.searchsorted(ascending, points, side="right")


def _split(n_loans: int, share: float, seed: int) -> Bools:
    early = np.zeros(n_loans, dtype=np.bool_)
    early[np.random.default_rng(seed).permutation(n_loans)[: round(share * n_loans)]] = True
    return early


def _read_exposure(exposure: ArrayLike, n_loans: int) -> Floats:
    owed = np.asarray(exposure, dtype=float)
    if owed.shape != (n_loans,):
        raise DomainError("shape_differs", name="exposure", shape=owed.shape, expected=(n_loans,))
    bad = np.flatnonzero(~(owed >= 0))
    if bad.size:
        raise DomainError("not_finite", name="exposure", row=int(bad[0]), count=bad.size)
    return owed
