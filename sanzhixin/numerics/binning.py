"""Optimal binning of ordered pre-bins: the exact best partition, by dynamic programming."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy.special import ndtr, rel_entr

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_choice

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["BinRules", "Objective", "Partition", "Trend", "divergence_terms", "optimal_bins"]

Trend = Literal["auto", "ascending", "descending", "peak", "valley", "none"]
"""Course of the event rate over the values; ``auto`` is the better of the two monotone ones."""

Objective = Literal["iv", "js", "hellinger"]
"""Divergence of events from non-events: information value, Jensen-Shannon, Hellinger."""

_TIE = 1e-12  # of the objective: a bin more must add more than rounding does
_LEAST = np.finfo(float).tiny  # instead of 0 where there is no event at all
_ROUNDING = 1e-15  # of a sum of shares


@dataclass(frozen=True, slots=True)
class BinRules:
    """What a partition must keep.

    Attributes
    ----------
    max_bins : int
        Bins at most.
    min_weight : float
        Events and non-events together that each bin holds at least.
    min_events, min_nonevents : float
        That each bin holds at least.
    help_pure : float
        Events of the average mix that are added to a bin of one outcome alone, whose weight of
        evidence would be infinite; 0 never makes such a bin.
    min_rate_gap : float
        By which event rates of neighbours differ at least.
    max_p_value : float or None
        Of the two-sided test that neighbours have one event rate; None asks for no test.
    """

    max_bins: int = 8
    min_weight: float = 0.0
    min_events: float = 0.0
    min_nonevents: float = 0.0
    help_pure: float = 0.0
    min_rate_gap: float = 0.0
    max_p_value: float | None = None


@dataclass(frozen=True, slots=True)
class Partition:
    """The best partition of pre-bins.

    Attributes
    ----------
    starts : ndarray of shape (n_bins,)
        First pre-bin of each bin; the first is 0.  Empty where no partition keeps the rules.
    objective : float
        Sum of the bins' divergence terms; 0 where there is none.
    trend : {"ascending", "descending", "peak", "valley", "none"}
        The course that was kept; for ``auto`` the one that was chosen.
    """

    starts: NDArray[np.int64]
    objective: float
    trend: Trend


class _Grid(NamedTuple):
    """Every bin that consecutive pre-bins can make: first pre-bin by last pre-bin."""

    events: Floats
    total: Floats
    rate: Floats
    value: Floats  # minus infinity where the bin breaks a rule


class _Place(NamedTuple):
    """Bins that end before a pre-bin, by their first, and bins that start in it, by their last."""

    first: int
    left: NDArray[np.int64]
    right: NDArray[np.int64]

    def bins(self, of: Floats) -> tuple[Floats, Floats]:
        """Look up both, the left ones as a column."""
        return of[self.left, self.first - 1][:, np.newaxis], of[self.first, self.right]


@dataclass(frozen=True, slots=True)
class _Chains:
    """Best chains of bins: [number of bins - 1, first, last pre-bin of the latest bin]."""

    value: Floats
    grid: _Grid
    rules: BinRules
    trend: Trend


def divergence_terms(share_nonevents: Floats, share_events: Floats, objective: Objective) -> Floats:
    r"""Return what each bin adds to the divergence of events from non-events.

    Parameters
    ----------
    share_nonevents, share_events : ndarray
        Share of all non-events, :math:`p`, and of all events, :math:`q`, that a bin holds.
    objective : {"iv", "js", "hellinger"}
        :math:`(p - q)\ln(p / q)`; :math:`\frac12 [p \ln(p / m) + q \ln(q / m)]` with
        :math:`m = (p + q) / 2`; :math:`\frac12 (\sqrt p - \sqrt q)^2`.

    Returns
    -------
    ndarray
        Terms, none negative; infinite for ``iv`` where one share alone is 0.

    References
    ----------
    Kullback and Leibler (1951), https://doi.org/10.1214/aoms/1177729694; Lin (1991),
    https://doi.org/10.1109/18.61115

    Examples
    --------
    >>> p, q = np.array([0.75, 0.25]), np.array([0.25, 0.75])
    >>> divergence_terms(p, q, "iv").round(4)  # each 0.5 ln 3
    array([0.5493, 0.5493])
    """
    p, q = share_nonevents, share_events
    if objective == "iv":
        return np.asarray(rel_entr(p, q) + rel_entr(q, p))
    if objective == "hellinger":
        return np.asarray((np.sqrt(p) - np.sqrt(q)) ** 2 / 2)
    middle = (p + q) / 2
    return np.asarray((rel_entr(p, middle) + rel_entr(q, middle)) / 2)


def optimal_bins(
    events: ArrayLike,
    nonevents: ArrayLike,
    *,
    trend: Trend = "auto",
    objective: Objective = "iv",
    rules: BinRules | None = None,
    totals: tuple[float, float] | None = None,
    cuts: ArrayLike | None = None,
) -> Partition:
    r"""Find the partition of ordered pre-bins with the largest divergence under the rules.

    Exact: no other partition that keeps every rule has a larger objective.  Of partitions that
    differ by rounding alone, the one with fewest bins is taken.

    Parameters
    ----------
    events, nonevents : array-like of shape (n_prebins,)
        Weights of events (defaults) and non-events in each pre-bin, in the order of the values.
    trend : {"auto", "ascending", "descending", "peak", "valley", "none"}, default="auto"
        Course of the event rate; equal neighbours are allowed unless a gap is asked for.  A peak
        may lie at an end.
    objective : {"iv", "js", "hellinger"}, default="iv"
        Divergence to maximise.
    rules : BinRules, optional
        What a partition must keep.
    totals : tuple of float, optional
        Events and non-events of all rows, where some stand outside the pre-bins (missing, special
        codes); else the sums.
    cuts : array-like of bool, shape (n_prebins - 1,), optional
        Where a bin must end: fixed splits and the ends of locked bins.

    Returns
    -------
    Partition
        Without bins where no partition keeps the rules.

    Raises
    ------
    DomainError
        ``option_choice``: trend or objective is not one of its choices; ``bin_counts``: counts of
        different length, negative or not finite; ``bin_cuts``: not one for each pair of neighbours.

    Notes
    -----
    State: the latest bin by its first and last pre-bin, and the number of bins so far.  A bin may
    follow those that end where it starts and whose event rate suits the trend, the gap and the
    test, so time and memory grow with :math:`K n^3` and :math:`K n^2` for :math:`n` pre-bins and
    at most :math:`K` bins.  A peak joins the best ascending chain that ends in a bin with the best
    descending one that starts in it.

    Examples
    --------
    >>> found = optimal_bins([1, 2, 9, 8], [40, 41, 30, 20], trend="ascending")
    >>> found.starts
    array([0, 1, 2, 3])
    >>> found = optimal_bins([1, 2, 9, 8], [40, 41, 30, 20], rules=BinRules(max_bins=2))
    >>> found.starts, found.trend
    (array([0, 2]), 'ascending')
    """
    check_choice("trend", trend, Trend)
    check_choice("objective", objective, Objective)
    rules = BinRules() if rules is None else rules
    grid = _grid(events, nonevents, objective, rules, totals, cuts)
    if grid.value.size == 0:
        return Partition(np.empty(0, dtype=np.int64), 0.0, trend)
    if trend in ("peak", "valley"):
        return _best_turning(grid, rules, trend)
    courses: tuple[Trend, ...] = ("ascending", "descending") if trend == "auto" else (trend,)
    found = [_best(chains) for chains in _chains(grid, rules, courses)]
    return max(found, key=lambda item: (item.starts.size > 0, item.objective))


def _grid(
    events: ArrayLike,
    nonevents: ArrayLike,
    objective: Objective,
    rules: BinRules,
    totals: tuple[float, float] | None,
    cuts: ArrayLike | None,
) -> _Grid:
    e, g = np.asarray(events, dtype=float), np.asarray(nonevents, dtype=float)
    if e.ndim != 1 or e.shape != g.shape or not (np.isfinite(e).all() and np.isfinite(g).all()):
        raise DomainError("bin_counts", events=e.shape, nonevents=g.shape)
    if e.size and min(e.min(), g.min()) < 0:
        raise DomainError("bin_counts", events=e.shape, nonevents=g.shape)
    if cuts is not None and np.shape(cuts) != (max(e.size - 1, 0),):
        raise DomainError("bin_cuts", given=np.shape(cuts), expected=(max(e.size - 1, 0),))
    all_e, all_g = (e.sum(), g.sum()) if totals is None else totals
    bad, good = _sums(e), _sums(g)
    whole = bad + good
    pure = (bad <= 0) | (good <= 0)
    allowed = np.triu(~pure | (rules.help_pure > 0 and min(all_e, all_g) > 0)) & (whole > 0)
    allowed &= (bad >= rules.min_events) & (good >= rules.min_nonevents)
    allowed &= whole >= rules.min_weight
    if cuts is not None and e.size:
        before = np.concatenate([[0], np.cumsum(np.asarray(cuts, dtype=bool))])
        allowed &= before[:, np.newaxis] == before  # no cut between first and last pre-bin
    value = np.full(bad.shape, -np.inf)
    helped = rules.help_pure * pure * (min(all_e, all_g) > 0)
    e_share = (bad + helped) / max(all_e, _LEAST)
    g_share = (good + helped * all_g / max(all_e, _LEAST)) / max(all_g, _LEAST)
    value[allowed] = divergence_terms(g_share[allowed], e_share[allowed], objective)
    rate = np.divide(bad, whole, out=np.zeros_like(bad), where=whole > 0)
    return _Grid(bad, whole, rate, value)


def _sums(counts: Floats) -> Floats:
    """Sum pre-bins first to last; each row adds up anew, so that equal bins get equal sums."""
    return np.cumsum(np.triu(np.broadcast_to(counts, (counts.size, counts.size))), axis=1)


def _best(chains: _Chains) -> Partition:
    count, first = _fewest(chains.value[:, :, -1])
    objective = float(chains.value[count, first, -1])
    last = chains.value.shape[1] - 1
    starts = _walk(chains, count, first, last) if np.isfinite(objective) else []
    return Partition(np.array(starts, dtype=np.int64), max(objective, 0.0), chains.trend)


def _chains(grid: _Grid, rules: BinRules, trends: tuple[Trend, ...]) -> list[_Chains]:
    n = grid.value.shape[0]
    most = max(1, min(rules.max_bins, n))
    best = np.full((len(trends), most, n, n), -np.inf)
    best[:, 0, 0] = grid.value[0]
    allowed = np.isfinite(grid.value)
    for first in range(1, n):
        left = np.flatnonzero(allowed[:first, first - 1])
        right = first + np.flatnonzero(allowed[first, first:])
        more = min(most - 1, first)  # bins before this one
        if not (left.size and right.size and more):
            continue
        before = best[:, :more, :, first - 1][:, :, left]
        suits = _suits(grid, rules, trends, _Place(first, left, right))
        reached = np.where(suits[:, np.newaxis], before[..., np.newaxis], -np.inf).max(axis=2)
        best[:, 1 : more + 1, first, right] = reached + grid.value[first, right]
    return [_Chains(best[k], grid, rules, trend) for k, trend in enumerate(trends)]


def _suits(grid: _Grid, rules: BinRules, trends: tuple[Trend, ...], place: _Place) -> Bools:
    """Tell which bins may stand before which, for each trend: (n_trends, n_left, n_right)."""
    left, right = place.bins(grid.rate)
    apart = {
        "ascending": left + rules.min_rate_gap <= right,
        "descending": right + rules.min_rate_gap <= left,
    }
    if "none" in trends:
        apart["none"] = np.abs(left - right) >= rules.min_rate_gap
    suits = np.array([apart[trend] for trend in trends])
    if rules.max_p_value is not None:
        suits &= _p_values(grid, place) <= rules.max_p_value  # NaN, two pure bins: not told apart
    return suits


def _p_values(grid: _Grid, place: _Place) -> Floats:
    """Test neighbours for one event rate: the two-sided normal test with the pooled rate."""
    e_left, e_right = place.bins(grid.events)
    n_left, n_right = place.bins(grid.total)
    n = n_left + n_right
    pooled = (e_left + e_right) / n
    variance = pooled * (1 - pooled) * n / (n_left * n_right)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(e_left / n_left - e_right / n_right) / np.sqrt(variance)
    return np.asarray(2 * ndtr(-z))


def _fewest(ends: Floats) -> tuple[int, int]:
    """Find the best of (number of bins, first pre-bin of the last bin), with the fewest bins."""
    by_count = ends.max(axis=1)
    best = by_count.max()
    enough = best - max(_TIE * abs(best), _ROUNDING)
    count = int(np.argmax(by_count >= enough)) if np.isfinite(best) else 0
    return count, int(np.argmax(ends[count]))


def _walk(chains: _Chains, count: int, first: int, last: int) -> list[int]:
    """Find the starts of the best chain of ``count + 1`` bins that ends in [first, last]."""
    starts = [first]
    while count > 0:
        left = np.flatnonzero(np.isfinite(chains.value[count - 1, :first, first - 1]))
        place = _Place(first, left, np.array([last]))
        suits = _suits(chains.grid, chains.rules, (chains.trend,), place)[0, :, 0]
        before = np.where(suits, chains.value[count - 1, left, first - 1], -np.inf)
        last, first, count = first - 1, int(left[np.argmax(before)]), count - 1
        starts.append(first)
    return starts[::-1]


def _best_turning(grid: _Grid, rules: BinRules, trend: Trend) -> Partition:
    """Join chains that rise to a bin with chains that fall from it (valley: the other way)."""
    towards: Trend = "ascending" if trend == "peak" else "descending"
    n = grid.value.shape[0]
    (there,) = _chains(grid, rules, (towards,))
    # Read backwards, what falls from the turn rises towards it.
    (back,) = _chains(_Grid(*(part[::-1, ::-1].T for part in grid)), rules, (towards,))
    after = back.value[:, ::-1, ::-1].transpose(0, 2, 1)  # [bins - 1, first, last] of the turn
    own = np.where(np.isfinite(grid.value), grid.value, 0.0)
    most = there.value.shape[0]
    joined = np.full((most, n, n), -np.inf)
    for before in range(most):
        ways = there.value[before] + after[: most - before] - own
        joined[before:] = np.maximum(joined[before:], ways)
    count, place = _fewest(joined.reshape(most, -1))
    first, last = divmod(place, n)
    objective = float(joined[count, first, last])
    if not np.isfinite(objective):
        return Partition(np.empty(0, dtype=np.int64), 0.0, trend)
    before = int(np.argmax(there.value[: count + 1, first, last] + after[count::-1, first, last]))
    rising = _walk(there, before, first, last)
    mirrored = _walk(back, count - before, n - 1 - last, n - 1 - first)
    falling = [n - start for start in mirrored[:0:-1]]  # read backwards, a start is an end
    return Partition(np.array(rising + falling, dtype=np.int64), objective, trend)
