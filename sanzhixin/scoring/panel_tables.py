"""The panel part of a model file: likelihood tables, raters and villages in whole numbers."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sanzhixin.errors import ArtifactError
from sanzhixin.scheme.base import Decision, Text

__all__ = [
    "FINE",
    "FINE_BITS",
    "MOST_PRECISION",
    "SCORES_A_STEP_BITS",
    "TABLE_BITS",
    "VARIANCE_BITS",
    "WEIGHT_BITS",
    "LinkKind",
    "PanelTables",
    "PillarTables",
    "RaterColumns",
    "VillageColumns",
]

LinkKind = Literal["vignettes", "bridge", "outcomes", "prior"]

FINE_BITS = 5
FINE = 1 << FINE_BITS
"""Fine units of one step of the grid; severities and offsets are counted in them."""

SCORES_A_STEP_BITS = 2
"""The score table has 2^2 entries a step of the grid."""

TABLE_BITS = 16
"""Log-likelihoods are counted in 2^-16."""

WEIGHT_BITS = 6
"""Weights of raters are counted in 2^-6."""

VARIANCE_BITS = 20
"""Variances, and precisions, are counted in 2^-20 (squared logits, or one over them)."""

_Fine = Annotated[int, Field(ge=-(1 << 15), le=1 << 15)]  # 32 logits on the finest grid
_Step = Annotated[int, Field(ge=-(1 << 12), le=1 << 12)]
_Halo = Annotated[int, Field(ge=0, le=1 << 14)]
_Variance = Annotated[int, Field(ge=0, le=1 << 40)]
MOST_PRECISION = 1 << 26
"""Largest precision that a file holds, so that squares times it stay exact."""

_Precision = Annotated[int, Field(gt=0, le=MOST_PRECISION)]
_INDEFINITE = 1e-6  # correlations are rounded to six decimals
_Entry = Annotated[int, Field(ge=-(1 << 31), le=1 << 31)]
_Row = tuple[_Entry, ...]
_Count = Annotated[int, Field(ge=0)]


class RaterColumns(Decision):
    """What was learned of the raters in one pillar, in the order of `PanelTables.raters`.

    Attributes
    ----------
    severity : tuple of int
        Fine units.
    scale : tuple of int
        Class of scale use, a row of `PillarTables.known`; -1 for a rater without a form in this
        pillar, who is then unknown.
    weight : tuple of int
        Power of the rater's forms, in 2^-6, from 1 to 64.
    variance : tuple of int
        Of the severity apart from what the village shares, in 2^-20 squared logits.
    """

    severity: tuple[_Fine, ...]
    scale: tuple[Annotated[int, Field(ge=-1, le=15)], ...]
    weight: tuple[Annotated[int, Field(ge=1, le=1 << WEIGHT_BITS)], ...]
    variance: tuple[_Variance, ...]


class VillageColumns(Decision):
    """What was learned of the villages in one pillar, in the order of `PanelTables.villages`.

    The last entry stands for a village that was not fitted.

    Attributes
    ----------
    merit : tuple of int
        Fine units: where a household's standing is expected.
    leniency : tuple of int
        Fine units: where the severity of an unknown rater is expected.
    middle : tuple of int
        Fine units: mean standing of the fitted households.
    precision : tuple of int
        One over the variance of a household's standing about `merit`, in 2^-20.
    own, shared, crew : tuple of int
        Variances in 2^-20 squared logits: of merit alone, of what merit and severities share and
        the link, of what unknown raters share.
    doubt : tuple of int
        Variance of the comparison with other villages, which may ask for a review.
    """

    merit: tuple[_Fine, ...]
    leniency: tuple[_Fine, ...]
    middle: tuple[_Fine, ...]
    precision: tuple[_Precision, ...]
    own: tuple[_Variance, ...]
    shared: tuple[_Variance, ...]
    crew: tuple[_Variance, ...]
    doubt: tuple[_Variance, ...]


class PillarTables(Decision):
    """One pillar.

    Attributes
    ----------
    pillar : str
        Code.
    masks : tuple of int
        Answered items that are covered; bit i stands for item i.
    halo, strange_halo : int
        Variance of a rater's opinion of one household, and the same with the severity of an
        unknown rater, in fine units per logit.
    start : int
        First point of the tables, in steps of the grid.
    known : tuple of tuple of tuple of int
        Class of scale use x mask x grid: log of the normalising integral, in 2^-16.
    strange : tuple of tuple of int
        Mask x grid, for unknown raters.
    first : int
        First point of the grid of standings, in steps.
    score : tuple of int
        What a rater of average severity would give, 0-100, in millionths; four entries a step of
        the grid of standings.
    raters, villages : RaterColumns, VillageColumns
        Learned parameters.
    """

    pillar: Text
    masks: Annotated[tuple[Annotated[int, Field(ge=1, lt=1 << 12)], ...], Field(min_length=1)]
    halo: _Halo
    strange_halo: _Halo
    start: _Step
    known: Annotated[tuple[tuple[_Row, ...], ...], Field(min_length=1, max_length=16)]
    strange: tuple[_Row, ...]
    first: _Step
    score: tuple[Annotated[int, Field(ge=0, le=100_000_000)], ...]
    raters: RaterColumns
    villages: VillageColumns


class PanelTables(Decision):
    """Everything that measures a household from its forms without fitting anything.

    Attributes
    ----------
    link : {"vignettes", "bridge", "outcomes", "prior"}
        What compares villages.
    step_bits : int
        The grid has 2^step_bits points a logit.
    n_points : int
        Points of the grid of standings.
    raters, villages : tuple of str
        Identifiers.
    pillars : tuple of PillarTables
        In the order of the scheme.
    correlation : tuple of tuple of float
        Of the pillars' errors within a village.
    equated : bool
        The scores were brought to the scale of the mean aggregator.
    n_compared, n_moved : int
        Households of the county that was fitted, and those that stand in another tier than by the
        mean of their forms.
    """

    link: LinkKind
    step_bits: Annotated[int, Field(ge=3, le=5)]
    n_points: Annotated[int, Field(ge=33, le=1025)]
    raters: Annotated[tuple[Text, ...], Field(repr=False)]
    villages: tuple[Text, ...]
    pillars: Annotated[tuple[PillarTables, ...], Field(min_length=1)]
    correlation: tuple[tuple[Annotated[float, Field(ge=-1, le=1)], ...], ...]
    equated: bool
    n_compared: _Count = 0
    n_moved: _Count = 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        for part in self.pillars:
            if not _fits(part, self):
                raise ArtifactError("panel_shape", pillar=part.pillar)
            if any(a > b for a, b in zip(part.score, part.score[1:], strict=False)):
                raise ArtifactError("panel_not_rising", pillar=part.pillar)
        twice = any(len(set(names)) < len(names) for names in (self.raters, self.villages))
        if twice or not _is_correlation(self.correlation, len(self.pillars)):
            raise ArtifactError("panel_shape", pillar=", ".join(p.pillar for p in self.pillars))
        if self.n_moved > self.n_compared:
            raise ArtifactError("panel_shape", pillar=", ".join(p.pillar for p in self.pillars))
        return self


def _is_correlation(rows: tuple[tuple[float, ...], ...], n: int) -> bool:
    """Tell whether a matrix is symmetric with a unit diagonal and not indefinite."""
    if len(rows) != n or any(len(row) != n for row in rows):
        return False
    even = all(rows[i][j] == rows[j][i] for i in range(n) for j in range(n))
    return even and all(rows[i][i] == 1 for i in range(n)) and _is_definite(rows)


def _is_definite(rows: tuple[tuple[float, ...], ...]) -> bool:
    """Tell whether no pivot of a symmetric elimination is negative."""
    left = [list(row) for row in rows]
    for k in range(len(left)):
        pivot = left[k][k]
        if pivot < -_INDEFINITE:
            return False
        for i in range(k + 1, len(left)):
            share = left[i][k] / max(pivot, _INDEFINITE)
            for j in range(k + 1, len(left)):
                left[i][j] -= share * left[k][j]
    return True


def _fits(part: PillarTables, tables: PanelTables) -> bool:
    """Tell whether the lengths of all columns and rows agree."""
    widths = {len(row) for rows in (*part.known, part.strange) for row in rows}
    counts = {len(rows) for rows in (*part.known, part.strange)}
    raters = {len(column) for _, column in part.raters}
    villages = {len(column) for _, column in part.villages}
    return (
        len(widths) == 1
        and min(widths) >= 2
        and counts == {len(part.masks)}
        and len(set(part.masks)) == len(part.masks)
        and len(part.score) == ((tables.n_points - 1) << SCORES_A_STEP_BITS) + 1
        and raters == {len(tables.raters)}
        and villages == {len(tables.villages) + 1}
        and max(part.raters.scale, default=-1) < len(part.known)
    )
