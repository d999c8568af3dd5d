"""The tier table: half-open score intervals, each with the largest unsecured amount."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from sanzhixin.errors import SchemeError
from sanzhixin.scheme.base import Decision, MoneyUnit, Number, Text, to_yuan

__all__ = ["TierRow", "TierTable"]


class TierRow(Decision):
    """``at_least <= score < below`` is tier `grade` with at most `cap`.

    Attributes
    ----------
    grade : str
        Name of the tier.
    at_least, below : Decimal
        Bounds in score units; the highest tier has no ``below``.
    cap : Decimal
        Largest amount, in the unit of the table.
    rate_bp : int or None
        Yearly interest rate of the tier in basis points, where the bank sets rates by tier.
    """

    grade: Text
    at_least: Number
    below: Number | None = None
    cap: Number
    rate_bp: Annotated[int, Field(gt=0, le=10_000)] | None = None


class TierTable(Decision):
    """All tiers, in any order; kept from the lowest to the highest.

    Attributes
    ----------
    unit : {"元", "万元"}
        Unit of the caps.
    unrated : str
        Name of what lies below the lowest tier: limit 0 and the manual channel.
    rows : tuple of TierRow
        Without gap, overlap, repeat, a cap that falls or a rate that rises as the score rises;
        all have a rate or none.
    """

    unit: MoneyUnit
    unrated: Text
    rows: Annotated[tuple[TierRow, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_rows(self) -> Self:
        rows = self.ascending
        _check_names(rows, self.unrated)
        _check_bounds(rows)
        caps = [to_yuan(row.cap, self.unit, where=f"tiers.rows[{row.grade}].cap") for row in rows]
        for (low, cap_low), (high, cap_high) in pairwise(zip(rows, caps, strict=True)):
            if cap_high < cap_low:
                raise SchemeError(
                    "tier_cap_falls", low=low.grade, high=high.grade, a=low.cap, b=high.cap
                )
        _check_rates(rows)
        return self

    @property
    def ascending(self) -> tuple[TierRow, ...]:
        """Rows from the lowest to the highest bound."""
        return tuple(sorted(self.rows, key=lambda row: row.at_least))


def _check_names(rows: tuple[TierRow, ...], unrated: str) -> None:
    names = [row.grade for row in rows] + [unrated]
    for name in names:
        if names.count(name) > 1:
            raise SchemeError("tier_repeated", grade=name)


def _check_rates(rows: tuple[TierRow, ...]) -> None:
    lacking = [row.grade for row in rows if row.rate_bp is None]
    if len(lacking) == len(rows):
        return
    if lacking:
        raise SchemeError("tier_rate_missing", grades=", ".join(lacking))
    for low, high in pairwise(rows):
        if low.rate_bp is not None and high.rate_bp is not None and high.rate_bp > low.rate_bp:
            raise SchemeError(
                "tier_rate_rises", low=low.grade, high=high.grade, a=low.rate_bp, b=high.rate_bp
            )


def _check_bounds(rows: tuple[TierRow, ...]) -> None:
    for row in rows:
        if row.below is not None and row.below <= row.at_least:
            raise SchemeError("tier_empty", grade=row.grade, at_least=row.at_least, below=row.below)
    for low, high in pairwise(rows):
        end: Decimal | None = low.below
        if end is None or end > high.at_least:
            shown = "open" if end is None else end
            raise SchemeError(
                "tier_overlap", low=low.grade, high=high.grade, end=shown, start=high.at_least
            )
        if end < high.at_least:
            raise SchemeError(
                "tier_gap", low=low.grade, high=high.grade, end=end, start=high.at_least
            )
    if rows[-1].below is not None:
        raise SchemeError("tier_top_closed", grade=rows[-1].grade, below=rows[-1].below)
