"""Other agreed factors of the score: numbers and categories with their points and consent."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sanzhixin.errors import SchemeError
from sanzhixin.scheme.base import Code, Consent, Decision, Number, Text

__all__ = ["CategoricalFactor", "Factor", "FactorBin", "FactorLevel", "NumericFactor"]

_MOST_BINS = 255  # as many as a card has places for
_MOST_LEVELS = 254
_FARTHEST = 9_000_000_000  # a bound stays exact in millionths
_Bound = Annotated[Number, Field(ge=-_FARTHEST, le=_FARTHEST)]


class FactorBin(Decision):
    """A half-open interval ``at_least <= value < below`` and its points in score units.

    A missing end is open: the first bin has no ``at_least``, the last no ``below``.
    """

    at_least: _Bound | None = None
    below: _Bound | None = None
    points: Number
    zh: Text
    en: Text


class FactorLevel(Decision):
    """One level of a categorical factor and its points in score units."""

    level: Text
    points: Number
    zh: Text
    en: Text


class _Factor(Decision):
    name: Code
    column: Code
    zh: Text
    en: Text
    consent: Consent
    legal_basis: Text
    changeable: bool = False


class NumericFactor(_Factor):
    """A number with bins that cover the whole line; missing values bring 0 points.

    Attributes
    ----------
    name, column : str
        Name of the factor and of the column of ``households`` that carries it.
    kind : "numeric"
        Marks numbers.
    unit : str
        Unit of the values, for people.
    zh, en : str
        Names.
    legal_basis : str
        On what basis it is used.
    changeable : bool
        True when a household can change it; only then does advice name it.
    consent : {"general", "written"}
        ``written``: the value is used only with a written consent.
    bins : tuple of FactorBin
        Ascending; exactly one reference bin has 0 points at least.
    """

    kind: Literal["numeric"]
    unit: Text
    bins: Annotated[tuple[FactorBin, ...], Field(min_length=2, max_length=_MOST_BINS)]

    @model_validator(mode="after")
    def _check_bins(self) -> Self:
        _check_reference(self.name, [item.points for item in self.bins])
        if self.bins[0].at_least is not None or self.bins[-1].below is not None:
            raise SchemeError("factor_ends_closed", name=self.name)
        for left, right in pairwise(self.bins):
            if left.below is None or left.below != right.at_least:
                raise SchemeError(
                    "factor_bins_apart", name=self.name, below=left.below, at_least=right.at_least
                )
        edges = self.edges
        if any(a >= b for a, b in pairwise(edges)):
            raise SchemeError("factor_bins_order", name=self.name)
        return self

    @property
    def edges(self) -> tuple[Number, ...]:
        """Inner bounds, ascending."""
        return tuple(item.at_least for item in self.bins if item.at_least is not None)


class CategoricalFactor(_Factor):
    """A category; a level that is not listed is refused, never guessed; missing brings 0 points.

    Attributes
    ----------
    name, column : str
        Name of the factor and of the column of ``households`` that carries it.
    kind : "categorical"
        Marks categories.
    consent : {"general", "written"}
        ``written``: the value is used only with a written consent.
    levels : tuple of FactorLevel
        Levels with their points; at least one reference level has 0.
    zh, en : str
        Names.
    legal_basis : str
        On what basis it is used.
    changeable : bool
        True when a household can change it; only then does advice name it.
    """

    kind: Literal["categorical"]
    levels: Annotated[tuple[FactorLevel, ...], Field(min_length=2, max_length=_MOST_LEVELS)]

    @model_validator(mode="after")
    def _check_levels(self) -> Self:
        _check_reference(self.name, [item.points for item in self.levels])
        names = [item.level for item in self.levels]
        if len(set(names)) < len(names):
            raise SchemeError("factor_level_repeated", name=self.name)
        return self


def _check_reference(name: str, points: list[Number]) -> None:
    if 0 not in points:
        raise SchemeError("factor_without_reference", name=name)


Factor = Annotated[NumericFactor | CategoricalFactor, Field(discriminator="kind")]
