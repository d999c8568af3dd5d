"""A fitted card: bins and integer points, the probability they stand for, and how to score rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.modelling.bins.feature_bins import FeatureBins
from sanzhixin.modelling.cards.answers import compute_next_step, compute_reasons
from sanzhixin.modelling.inputs.columns import cut_rows, read_named
from sanzhixin.numerics.points import points_to_probability

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sanzhixin.modelling.bins.edits import BinEdit
    from sanzhixin.modelling.inputs.columns import Texts

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["CardCharacteristic", "PointsCard"]

_BLOCK = 131_072  # rows at once, which stay in the cache
_MOST_SUMS = 4096  # of points in one table, which stays there too


@dataclass(frozen=True, slots=True)
class CardCharacteristic:
    """One characteristic of a card.

    Attributes
    ----------
    bins : FeatureBins
        Groups of its values.
    coefficient : float
        Log-odds of repayment for one unit of weight of evidence.
    points : ndarray of int, shape (n_groups,)
        Of each group; 0 where values are refused.
    reference : int
        Points that reasons are measured from.
    """

    bins: FeatureBins
    coefficient: float
    points: Ints
    reference: int


@dataclass(frozen=True, slots=True)
class PointsCard:
    """A card; the total of integer points is the score, and it alone tells the probability.

    Attributes
    ----------
    characteristics : tuple of CardCharacteristic
        In the order of the columns.
    base : int
        Points of every case.
    offset : float
        Points at which default and repayment are equally likely.
    per_log_odds : float
        Points of one unit of log-odds; 0 for a card without characteristics.
    edits : tuple of BinEdit
        Changes by people to the bins.
    """

    characteristics: tuple[CardCharacteristic, ...]
    base: int
    offset: float
    per_log_odds: float
    edits: tuple[BinEdit, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that the card reads."""
        return tuple(item.bins.name for item in self.characteristics)

    def points(self, X: Any) -> Ints:
        """Return the total points of every row of a frame.

        Parameters
        ----------
        X : DataFrame (pandas, polars, pyarrow)
            Has the columns of `names`; others are not looked at.

        Returns
        -------
        ndarray of int, shape (n_rows,)
            Totals.

        Raises
        ------
        DomainError
            ``card_frame``: no frame; ``card_column_missing``: a column is not there.
        RecordError
            ``value_unseen``, ``column_not_number``, ``column_not_text``.
        """
        columns = read_named(X, self.names)
        return self.total(dict(zip(columns.names, columns.values, strict=True)), columns.n_rows)

    def reasons(self, X: Any, k: int = 4) -> pd.DataFrame:
        """Tell which characteristics cost each row most points against the reference.

        Parameters
        ----------
        X : DataFrame (pandas, polars, pyarrow)
            Has the columns of `names`.
        k : int, default=4
            Reasons for each row at most.

        Returns
        -------
        DataFrame
            As `Scorecard.reasons`.

        Raises
        ------
        DomainError, RecordError
            As `points`; ``option_range``: `k` is not a whole number of at least 0.
        """
        return compute_reasons(self, self._groups_of(X), k)

    def next_step(
        self, X: Any, target: int, changeable: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Tell the fewest changes with which each row reaches a total.

        Parameters
        ----------
        X : DataFrame (pandas, polars, pyarrow)
            Has the columns of `names`.
        target : int
            Points to be reached.
        changeable : sequence of str, optional
            Characteristics that can change; None allows all.

        Returns
        -------
        DataFrame
            As `Scorecard.next_step`.

        Raises
        ------
        DomainError, RecordError
            As `points`; ``card_feature_unknown``: a changeable column that is not on the card.
        """
        return compute_next_step(self, self._groups_of(X), target, changeable)

    def _groups_of(self, X: Any) -> Ints:
        columns = read_named(X, self.names)
        return self.groups(dict(zip(columns.names, columns.values, strict=True)), columns.n_rows)

    def groups(self, values: Mapping[str, Floats | Texts], n_rows: int) -> Ints:
        """Tell the group of every value.

        Parameters
        ----------
        values : mapping of str to ndarray or Texts
            By column.
        n_rows : int
            Rows.

        Returns
        -------
        ndarray of shape (n_rows, n_characteristics)
            Index into the labels of each characteristic.

        Raises
        ------
        RecordError
            ``value_unseen``, ``column_not_number``, ``column_not_text``.
        """
        groups = np.empty((len(self.characteristics), n_rows), dtype=np.int64)
        for place, item in enumerate(self.characteristics):
            codes = item.bins.assign(values[item.bins.name])
            item.bins.check(codes)
            groups[place] = codes
        return groups.T

    def total(self, values: Mapping[str, Floats | Texts], n_rows: int) -> Ints:
        """Sum the points of every row.

        Parameters
        ----------
        values : mapping of str to ndarray or Texts
            By column.
        n_rows : int
            Rows.

        Returns
        -------
        ndarray of int, shape (n_rows,)
            Totals.

        Raises
        ------
        RecordError
            ``value_unseen``, ``column_not_number``, ``column_not_text``.
        """
        points = np.full(n_rows, self.base, dtype=np.int64)
        for first in range(0, n_rows, _BLOCK):
            rows = slice(first, first + _BLOCK)
            for pack, table in _packs(self.characteristics):
                place = np.zeros(points[rows].size, dtype=np.min_scalar_type(table.size))
                for item in pack:
                    codes = item.bins.assign(cut_rows(values[item.bins.name], rows))
                    if item.bins.refuses(codes):
                        self.groups(values, n_rows)  # looks at all rows, and says so
                    place *= place.dtype.type(item.points.size)
                    place += codes.astype(place.dtype, copy=False)
                points[rows] += table.take(place)
        return points

    def probability(self, points: Ints) -> Floats:
        """Compute the default probability that totals stand for.

        Parameters
        ----------
        points : ndarray of int
            Totals.

        Returns
        -------
        ndarray
            Probabilities.
        """
        return points_to_probability(points, self.offset, self.per_log_odds)

    def table(self) -> pd.DataFrame:
        """Tabulate the card.

        Returns
        -------
        DataFrame
            feature, bin, label, kind, n_rows, share, n_events, event_rate, woe, woe_se,
            coefficient, points, reference; the first row is the base.
        """
        base = {"feature": "base", "label": "every case", "kind": "base", "points": self.base}
        parts = [pd.DataFrame([{name: base.get(name) for name in _TABLE}])]
        for item in self.characteristics:
            own = item.bins.table().assign(
                feature=item.bins.name,
                coefficient=item.coefficient,
                points=item.points,
                reference=item.reference,
            )
            parts.append(own[np.isfinite(own["woe"])][_TABLE])
        return pd.concat([part.astype(_DTYPES) for part in parts], ignore_index=True)


def _packs(
    items: Sequence[CardCharacteristic],
) -> Iterator[tuple[list[CardCharacteristic], Ints]]:
    """Put characteristics together whose points are looked up at once, all sums in one table."""
    pack: list[CardCharacteristic] = []
    table = np.zeros(1, dtype=np.int64)
    for item in items:
        if pack and table.size * item.points.size > _MOST_SUMS:
            yield pack, table
            pack, table = [], np.zeros(1, dtype=np.int64)
        pack.append(item)
        table = (table[:, np.newaxis] + item.points).ravel()
    yield pack, table


_DTYPES: dict[str, Any] = {
    "feature": "str",
    "bin": "Int64",
    "label": "str",
    "kind": "str",
    "n_rows": "float64",
    "share": "float64",
    "n_events": "float64",
    "event_rate": "float64",
    "woe": "float64",
    "woe_se": "float64",
    "coefficient": "float64",
    "points": "int64",
    "reference": "Int64",
}
_TABLE = list(_DTYPES)
