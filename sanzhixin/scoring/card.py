"""The scorecard: characteristic x bin to integer points, and their clipped sum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise, starmap
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from sanzhixin.errors import ArtifactError, DomainError, RecordError
from sanzhixin.records.cases import MISSING, UNSEEN
from sanzhixin.scheme.base import Decision, Text
from sanzhixin.scoring.locked import locked

__all__ = [
    "BinCharacteristic",
    "Card",
    "CardPoints",
    "Characteristic",
    "GridCharacteristic",
    "LevelCharacteristic",
    "PointsGroup",
    "score_card",
]

_BLOCK = 16_384  # rows scored at once: the working arrays stay in the cache
_FEW = 256  # below, one binary search is quicker than a comparison for every edge
_EXACT = 1 << 53  # whole numbers below it are exact in double precision

Ints = NDArray[np.int64]


class _Characteristic(Decision):
    name: Text
    column: Text
    zh: Text
    en: Text
    group: Text
    missing_points: int = 0


class GridCharacteristic(_Characteristic):
    """Equal steps: ``floor((value - start) / step)`` points with ``step = span / points``.

    A value is held in millionths; a bound counts as reached when the rounded value stands for an
    interval that reaches it (half a millionth), so 83.333333, which is 250/3 rounded, reaches 5/6
    of the way.  Values outside the span get the points of its ends.

    Attributes
    ----------
    start, span : int
        In millionths of the value's unit.
    points : int
        Points at the end of the span.
    """

    kind: Literal["grid"]
    start: int
    span: Annotated[int, Field(gt=0)]
    points: Annotated[int, Field(gt=0)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if max(abs(self.start) + self.span, 2 * self.points * self.span + self.points) >= _EXACT:
            raise ArtifactError("card_too_large", name=self.name)
        return self

    @property
    def attainable(self) -> range:
        """Points that some value gets, without the missing ones."""
        return range(self.points + 1)

    def score(self, values: Ints) -> Ints:
        """Points of values in millionths; `MISSING` gets the missing points."""
        # Numerator and denominator are whole numbers below 2**53, so the floor of the rounded
        # quotient is that of the exact one; values beyond 2**53 lie outside the span either way.
        place = values.astype(np.float64)
        np.minimum(np.maximum(place, self.start, out=place), self.start + self.span, out=place)
        place -= self.start
        place *= 2 * self.points
        place += self.points
        place /= 2 * self.span
        points = np.floor(place, out=place).astype(np.int64)
        if self.missing_points:
            points[values == MISSING] = self.missing_points
        return points


class BinCharacteristic(_Characteristic):
    """Half-open intervals ``edge[i-1] <= value < edge[i]``, each with its points.

    Attributes
    ----------
    edges : tuple of int
        Inner bounds in millionths, ascending.
    points : tuple of int
        One more than edges.
    labels_zh, labels_en : tuple of str
        Texts of the bins.
    reference_points : int
        What reasons are measured from.
    """

    kind: Literal["bins"]
    edges: Annotated[tuple[int, ...], Field(min_length=1, max_length=254)]
    points: tuple[int, ...]
    labels_zh: tuple[str, ...]
    labels_en: tuple[str, ...]
    reference_points: int = 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        rises = all(a < b for a, b in zip(self.edges, self.edges[1:], strict=False))
        sizes = {len(self.points), len(self.labels_zh), len(self.labels_en)}
        if max(abs(edge) for edge in self.edges) >= _EXACT:
            raise ArtifactError("card_too_large", name=self.name)
        if not rises or sizes != {len(self.edges) + 1}:
            raise ArtifactError("card_bins", name=self.name)
        return self

    @property
    def attainable(self) -> tuple[int, ...]:
        """Points that some value gets, without the missing ones."""
        return self.points

    @cached_property
    def _edges(self) -> Ints:
        """All bounds; `MISSING` alone lies below the first."""
        return locked(np.array((MISSING + 1, *self.edges), dtype=np.int64))

    @cached_property
    def _lookup(self) -> Ints:
        return locked(np.array((self.missing_points, *self.points), dtype=np.int64))

    def bins(self, values: Ints) -> NDArray[np.integer]:
        """Index of the bin of each value in millionths, from 1; 0 for `MISSING`."""
        if values.size < _FEW:
            return np.asarray(self._edges.searchsorted(values, side="right"))
        exact = values.astype(np.float64)  # edges are below 2**53; beyond, the order is kept
        place = (values > MISSING).view(np.uint8)
        for edge in self.edges:
            place += (exact >= edge).view(np.uint8)
        return place

    def score(self, values: Ints) -> Ints:
        """Points of values in millionths; `MISSING` gets the missing points."""
        return self._lookup.take(self.bins(values), mode="clip")


class LevelCharacteristic(_Characteristic):
    """A category by its index in `levels`; a level the card does not know is refused.

    Attributes
    ----------
    levels : tuple of str
        Names, in the order of the indices.
    points : tuple of int
        One for each level.
    labels_zh, labels_en : tuple of str
        Texts of the levels.
    reference_points : int
        What reasons are measured from.
    """

    kind: Literal["levels"]
    levels: Annotated[tuple[str, ...], Field(min_length=1, max_length=254)]
    points: tuple[int, ...]
    labels_zh: tuple[str, ...]
    labels_en: tuple[str, ...]
    reference_points: int = 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        sizes = {len(self.points), len(self.labels_zh), len(self.labels_en)}
        if sizes != {len(self.levels)} or len(set(self.levels)) < len(self.levels):
            raise ArtifactError("card_bins", name=self.name)
        return self

    @property
    def attainable(self) -> tuple[int, ...]:
        """Points that some value gets, without the missing ones."""
        return self.points

    @cached_property
    def _lookup(self) -> Ints:
        return locked(np.array((self.missing_points, *self.points), dtype=np.int64))

    def bins(self, values: Ints) -> Ints:
        """Index of the level, from 1; 0 for `MISSING`.

        Raises
        ------
        RecordError
            ``level_unseen``: a value is none of the levels.
        """
        unseen = values == UNSEEN
        if unseen.any():
            known = ", ".join(self.levels)
            raise RecordError("level_unseen", name=self.name, count=int(unseen.sum()), known=known)
        return np.maximum(values, -1) + 1

    def score(self, values: Ints) -> Ints:
        """Points of level indices; `MISSING` gets the missing points."""
        return self._lookup.take(self.bins(values))


Characteristic = Annotated[
    GridCharacteristic | BinCharacteristic | LevelCharacteristic, Field(discriminator="kind")
]


class PointsGroup(Decision):
    """Characteristics whose points are clipped together."""

    name: Text
    zh: Text
    en: Text
    lowest: int
    highest: int


class Card(Decision):
    """A scorecard; the points of a case are the clipped sum over its characteristics.

    Attributes
    ----------
    points_per_score : int
        Points of one unit of the printed score.
    lowest, highest : int
        Ends of the total.
    base : int
        Points of every case, before the clip of the total.
    groups : tuple of PointsGroup
        Every one has characteristics.
    characteristics : tuple of Characteristic
        Group by group, in the order of the groups.
    """

    points_per_score: Annotated[int, Field(ge=1)]
    lowest: int
    highest: int
    base: int = 0
    groups: tuple[PointsGroup, ...]
    characteristics: Annotated[tuple[Characteristic, ...], Field(min_length=1)]

    @cached_property
    def group_rows(self) -> tuple[slice, ...]:
        """Characteristics of each group."""
        owners = [item.group for item in self.characteristics]
        starts = [owners.index(group.name) for group in self.groups]
        return tuple(starmap(slice, pairwise([*starts, len(owners)])))

    @cached_property
    def group_ends(self) -> Ints:
        """Lowest and highest points of each group, shape (2, n_groups, 1)."""
        ends = [[[group.lowest] for group in self.groups], [[g.highest] for g in self.groups]]
        return locked(np.array(ends, dtype=np.int64))

    @cached_property
    def totals(self) -> Ints:
        """Totals that a case can have, ascending."""
        whole = np.array([self.base], dtype=np.int64)
        for group, rows in zip(self.groups, self.group_rows, strict=True):
            own = np.zeros(1, dtype=np.int64)
            for item in self.characteristics[rows]:
                own = _sums(own, np.array([*item.attainable, item.missing_points]))
            whole = _sums(whole, np.unique(np.clip(own, group.lowest, group.highest)))
        return locked(np.unique(np.clip(whole, self.lowest, self.highest)))

    @property
    def reach(self) -> tuple[int, int]:
        """Fewest and most points that a case can have."""
        return int(self.totals[0]), int(self.totals[-1])

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [item.name for item in self.characteristics]
        groups = [group.name for group in self.groups]
        if len(set(names)) < len(names) or len(set(groups)) < len(groups):
            raise ArtifactError("card_names")
        if [name for name, _ in groupby(item.group for item in self.characteristics)] != groups:
            raise ArtifactError("card_names")
        if not 0 <= self.lowest <= self.highest or any(g.lowest > g.highest for g in self.groups):
            raise ArtifactError("card_ends")
        return self


def _sums(first: Ints, second: Ints) -> Ints:
    """All sums of one value of each, ascending."""
    least = first.min() + second.min()
    there = np.zeros(first.max() + second.max() - least + 1, dtype=np.bool_)
    for one in np.unique(second).tolist():
        there[first + one - least] = True
    return np.asarray(np.flatnonzero(there) + least)


@dataclass(frozen=True, slots=True)
class CardPoints:
    """Points of every case.

    Attributes
    ----------
    by_characteristic : ndarray of shape (n_cases, n_characteristics)
        Points of each characteristic.
    group_clip : ndarray of shape (n_cases, n_groups)
        What the clip of each group added (negative: took off).
    total_clip : ndarray of shape (n_cases,)
        What the clip of the total added.
    total : ndarray of shape (n_cases,)
        The points.
    """

    by_characteristic: Ints
    group_clip: Ints
    total_clip: Ints
    total: Ints


def score_card(card: Card, values: dict[str, Ints]) -> CardPoints:
    """Score arrays: one value per case and characteristic to integer points.

    Parameters
    ----------
    card : Card
        The scorecard.
    values : dict of str to ndarray of shape (n_cases,)
        By column: millionths for grids and bins, level indices for levels; `MISSING` where absent.

    Returns
    -------
    CardPoints
        Points by characteristic, clips and totals.

    Raises
    ------
    DomainError
        ``card_column_missing``: a column that the card needs is not there.
    RecordError
        ``level_unseen``: a category that the card does not know.
    """
    absent = sorted({item.column for item in card.characteristics} - values.keys())
    if absent:
        raise DomainError("card_column_missing", columns=", ".join(absent))
    n, n_items = values[card.characteristics[0].column].size, len(card.characteristics)
    made = CardPoints(
        by_characteristic=np.empty((n_items, n), dtype=np.int64).T,
        group_clip=np.empty((len(card.groups), n), dtype=np.int64).T,
        total_clip=np.empty(n, dtype=np.int64),
        total=np.empty(n, dtype=np.int64),
    )
    for begin in range(0, n, _BLOCK):
        _score_block(card, values, made, slice(begin, begin + _BLOCK))
    return made


def _score_block(card: Card, values: dict[str, Ints], made: CardPoints, rows: slice) -> None:
    points = made.by_characteristic.T[:, rows]
    for place, item in enumerate(card.characteristics):
        points[place] = item.score(values[item.column][rows])
    raw = np.stack([np.add.reduce(points[own], axis=0) for own in card.group_rows])
    clipped = np.minimum(np.maximum(raw, card.group_ends[0]), card.group_ends[1])
    subtotal = clipped.sum(axis=0) + card.base
    total = np.minimum(np.maximum(subtotal, card.lowest), card.highest)
    made.group_clip.T[:, rows] = clipped - raw
    made.total_clip[rows] = total - subtotal
    made.total[rows] = total
