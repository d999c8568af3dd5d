"""Default probability as a table over the attainable points; looked up, never computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from sanzhixin.errors import ArtifactError, DomainError
from sanzhixin.scheme.base import Decision, Text
from sanzhixin.scoring.locked import locked

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DECIMALS", "PdAnchor", "PdArrays", "PdBasis", "PdMethod", "PdRow", "PdTable"]

PdBasis = Literal["none", "prudent", "fitted", "anchored"]
PdMethod = Literal["none", "pluto_tasche", "bayesian", "firth", "logistic", "beta", "isotonic"]

DECIMALS = 8
"""Decimals of every value of a table; rounded once, when the table is made."""

_Count = Annotated[int, Field(ge=0)]
_Probability = Annotated[float, Field(ge=0, le=1)]


class PdRow(Decision):
    """Default probability from `at_least` points up to the next row.

    Attributes
    ----------
    at_least : int
        Lowest points of the row.
    prob_default : float or None
        Probability of default within 12 months; None where nothing is known.
    lower, upper : float or None
        Bounds of `prob_default`; None together with it.
    """

    at_least: int
    prob_default: _Probability | None
    lower: _Probability | None
    upper: _Probability | None


class PdAnchor(Decision):
    """Record of moving a table to a long-run default rate.

    Attributes
    ----------
    rate : float
        Mean over the loans after the move.
    before : float
        Mean over the loans before it.
    shift : float
        Added to all default log-odds.
    """

    rate: Annotated[float, Field(gt=0, lt=1)]
    before: _Probability
    shift: float


@dataclass(frozen=True, slots=True)
class PdArrays:
    """Default probabilities of scored households.

    Attributes
    ----------
    prob_default, lower, upper : ndarray of shape (n_households,)
        NaN where the table knows nothing.
    """

    prob_default: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


class PdTable(Decision):
    """What a model knows about default, by points.

    Attributes
    ----------
    basis : {"none", "prudent", "fitted", "anchored"}
        What the values are: nothing known; upper confidence bounds, not expected values; fitted
        to outcomes; fitted and moved to a long-run rate.
    method : str
        How they were computed: ``none``, ``pluto_tasche``, ``bayesian``, ``firth``, ``logistic``,
        ``beta`` or ``isotonic``.
    population : str
        Whose outcomes they rest on.
    n_loans, n_defaults : int
        Outcomes that were used.
    confidence : float or None
        Confidence of `prob_default` when it is a prudent bound.
    anchor : PdAnchor or None
        Record of the move, with basis ``anchored``.
    rows : tuple of PdRow
        Ascending from 0 points; values never rise with the points.  Rows without values stand
        at the low end only, or everywhere with basis ``none``.
    note_en, note_zh : str
        Why this method, and how to read the values.

    Raises
    ------
    ArtifactError
        ``pd_table_order``, ``pd_table_missing``, ``pd_table_basis``, ``pd_table_anchor``,
        ``pd_table_bounds``,
        ``pd_table_rises``, ``pd_table_decimals``, ``pd_table_counts``: wrapped by pydantic.

    Examples
    --------
    >>> table = PdTable(
    ...     basis="prudent",
    ...     method="pluto_tasche",
    ...     population="approved households",
    ...     n_loans=300,
    ...     n_defaults=0,
    ...     confidence=0.5,
    ...     rows=(PdRow(at_least=0, prob_default=0.0023, lower=0.0, upper=0.0099),),
    ... )
    >>> table.lookup(np.array([0, 870])).upper
    array([0.0099, 0.0099])
    """

    basis: PdBasis
    method: PdMethod
    population: Text
    n_loans: _Count
    n_defaults: _Count
    confidence: Annotated[float, Field(gt=0, lt=1)] | None = None
    anchor: PdAnchor | None = None
    rows: Annotated[tuple[PdRow, ...], Field(min_length=1)]
    note_en: str = ""
    note_zh: str = ""

    @classmethod
    def none(cls, *, note_en: str = "", note_zh: str = "") -> Self:
        """Make the table of a model that has seen no loan: every lookup answers NaN."""
        return cls(
            basis="none",
            method="none",
            population="no loans observed",
            n_loans=0,
            n_defaults=0,
            rows=(PdRow(at_least=0, prob_default=None, lower=None, upper=None),),
            note_en=note_en,
            note_zh=note_zh,
        )

    @model_validator(mode="after")
    def _check(self) -> Self:
        starts = [row.at_least for row in self.rows]
        if starts[0] != 0 or any(a >= b for a, b in pairwise(starts)):
            raise ArtifactError("pd_table_order")
        if self.n_defaults > self.n_loans:
            raise ArtifactError("pd_table_counts", defaults=self.n_defaults, loans=self.n_loans)
        known = _known_rows(self.rows)
        if (self.basis == "none") != (not known) or (self.basis == "none") != (
            self.method == "none"
        ):
            raise ArtifactError("pd_table_basis", basis=self.basis, method=self.method)
        if (self.basis == "anchored") != (self.anchor is not None):
            raise ArtifactError("pd_table_anchor", basis=self.basis)
        _check_values(known)
        return self

    def lookup(self, points: NDArray[np.int64]) -> PdArrays:
        """Read the default probability of scored households.

        Parameters
        ----------
        points : ndarray of int64, shape (n_households,)
            Total points, 0 or more.

        Returns
        -------
        PdArrays
            As they stand in the table; NaN where nothing is known.

        Raises
        ------
        DomainError
            ``points_below_table``: points below 0.
        """
        row = np.searchsorted(self._starts, points, side="right") - 1
        if row.size and row.min() < 0:
            raise DomainError("points_below_table", points=int(points.min()))
        prob_default, lower, upper = self._columns
        return PdArrays(prob_default=prob_default[row], lower=lower[row], upper=upper[row])

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return locked(np.array([row.at_least for row in self.rows], dtype=np.int64))

    @cached_property
    def _columns(self) -> NDArray[np.float64]:
        rows = [(row.prob_default, row.lower, row.upper) for row in self.rows]
        return locked(np.array(rows, dtype=np.float64).T.copy())


def _known_rows(rows: tuple[PdRow, ...]) -> list[tuple[int, float, float, float]]:
    known: list[tuple[int, float, float, float]] = []
    for row in rows:
        if row.prob_default is not None and row.lower is not None and row.upper is not None:
            known.append((row.at_least, row.prob_default, row.lower, row.upper))
        elif known or {row.prob_default, row.lower, row.upper} != {None}:
            raise ArtifactError("pd_table_missing", at=row.at_least)
    return known


def _check_values(known: list[tuple[int, float, float, float]]) -> None:
    for at, prob_default, lower, upper in known:
        if not lower <= prob_default <= upper:
            raise ArtifactError("pd_table_bounds", at=at)
        if any(round(value, DECIMALS) != value for value in (prob_default, lower, upper)):
            raise ArtifactError("pd_table_decimals", at=at, decimals=DECIMALS)
    for (_, *low), (at, *high) in pairwise(known):
        if any(b > a for a, b in zip(low, high, strict=True)):
            raise ArtifactError("pd_table_rises", at=at)
