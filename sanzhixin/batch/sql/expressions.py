"""From a card to expressions: values in millionths, points by grid, bin or level, look-ups.

Every division is of whole numbers without a remainder, so that it is exact whether an engine
divides whole numbers, decimals or doubles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from sqlglot import exp

from sanzhixin.batch.sql.dialects import all_of, choose, column, null, whole
from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.panel_rules import MICRO

if TYPE_CHECKING:
    from sanzhixin.batch.sql.dialects import Dialect
    from sanzhixin.scoring.card import (
        BinCharacteristic,
        Characteristic,
        GridCharacteristic,
        LevelCharacteristic,
    )

__all__ = [
    "bin_points",
    "clip",
    "floor_quotient",
    "grid_place",
    "grid_points",
    "ladder",
    "least",
    "level_points",
    "micro",
    "scale",
    "to_whole",
]

_FAR = 9_007_199_255
"""In units; its millionths lie beyond the ends and edges of every card."""

_NO_NUMBER = "1e100"
"""Above it an engine keeps NaN and infinity only: the library reads both as missing."""

Leaf = TypeVar("Leaf")


def to_whole(value: exp.Expression) -> exp.Cast:
    """Bring a number to whole numbers of 64 bits."""
    return exp.Cast(this=value, to=exp.DataType.build("bigint"))


def micro(name: str) -> exp.Expression:
    """Bring a column of doubles to whole millionths; beyond any edge of a card to an end.

    A double that stands for a whole number of millionths comes back as that number up to 2**51
    of them, and beyond where it is a whole number of units.
    """
    far = exp.Literal.number(_FAR)
    value = choose(
        (exp.GT(this=column(name), expression=exp.Literal.number(_NO_NUMBER)), null("double")),
        (exp.GT(this=column(name), expression=far), far.copy()),
        (exp.LT(this=column(name), expression=whole(-_FAR)), whole(-_FAR)),
        otherwise=column(name),
    )
    double = exp.Cast(this=value, to=exp.DataType.build("double"))
    return to_whole(exp.Round(this=exp.Mul(this=double, expression=whole(MICRO))))


def clip(value: exp.Expression, lowest: int, highest: int) -> exp.Expression:
    """Hold a value between two ends; a missing one stays missing."""
    return choose(
        (exp.LT(this=value, expression=whole(lowest)), whole(lowest)),
        (exp.GT(this=value.copy(), expression=whole(highest)), whole(highest)),
        otherwise=value.copy(),
    )


def floor_quotient(value: exp.Expression, divisor: int) -> exp.Expression:
    """Divide a whole number that is not negative, and below 2**53, and drop the remainder."""
    if divisor == 1:
        return value
    rest = exp.Mod(this=_paren(value), expression=whole(divisor))
    even = exp.Paren(this=exp.Sub(this=_paren(value.copy()), expression=exp.Paren(this=rest)))
    return to_whole(exp.Div(this=even, expression=whole(divisor), typed=True))


def scale(value: exp.Expression, numerator: int, denominator: int) -> exp.Expression:
    """Multiply an amount by a fraction and drop what is left below one.

    The amount is parted by the denominator first, so that no number in between is too large for
    a double.
    """
    if denominator == 1:
        return _times(value, numerator)
    rest = exp.Paren(this=exp.Mod(this=value.copy(), expression=whole(denominator)))
    return exp.Add(
        this=_times(floor_quotient(value, denominator), numerator),
        expression=floor_quotient(_times(rest, numerator), denominator),
    )


def _times(value: exp.Expression, factor: int) -> exp.Expression:
    return value if factor == 1 else exp.Mul(this=_paren(value), expression=whole(factor))


def _paren(value: exp.Expression) -> exp.Expression:
    return value if isinstance(value, exp.Column | exp.Paren) else exp.Paren(this=value)


def ladder(
    name: str,
    edges: Sequence[int],
    leaves: Sequence[Leaf],
    write: Callable[[Leaf], exp.Expression],
) -> exp.Expression:
    """Look a column up in half-open intervals, as a balanced tree of comparisons.

    Parameters
    ----------
    name : str
        Column of whole numbers; a missing one gets the last leaf.
    edges : sequence of int
        Inner bounds, ascending; one that parts equal leaves is left out.
    leaves : sequence
        One more than edges.
    write : callable
        From a leaf to its expression.

    Returns
    -------
    Expression
        Nested as deep as the logarithm of the number of edges.
    """
    parts = [i for i in range(len(edges)) if leaves[i] != leaves[i + 1]]
    kept = [leaves[0], *(leaves[i + 1] for i in parts)]
    return _tree(name, [edges[i] for i in parts], kept, write)


def _tree(
    name: str,
    edges: Sequence[int],
    leaves: Sequence[Leaf],
    write: Callable[[Leaf], exp.Expression],
) -> exp.Expression:
    if not edges:
        return write(leaves[0])
    middle = len(edges) // 2
    return choose(
        (
            exp.LT(this=column(name), expression=whole(edges[middle])),
            _tree(name, edges[:middle], leaves[: middle + 1], write),
        ),
        otherwise=_tree(name, edges[middle + 1 :], leaves[middle + 1 :], write),
    )


def least(names: Sequence[str], write: Callable[[str], exp.Expression] = column) -> exp.Expression:
    """Find the smallest of columns that are all there, the first of equals.

    Parameters
    ----------
    names : sequence of str
        Columns, at least one.
    write : callable, optional
        What to say of the column that is found; by default its value.

    Returns
    -------
    Expression
        For any number of columns.
    """
    branches = [
        (
            all_of(
                *(exp.LTE(this=column(name), expression=column(other)) for other in names[i + 1 :]),
            ),
            write(name),
        )
        for i, name in enumerate(names[:-1])
    ]
    return choose(*branches, otherwise=write(names[-1]))


def level_points(item: LevelCharacteristic, dialect: Dialect) -> exp.Expression:
    """Points of a text column; missing for a level that the card does not know."""
    return choose(
        (_is_null(item.column), whole(_missing_points(item))),
        *(
            (dialect.is_text(item.column, level), whole(points))
            for level, points in zip(item.levels, item.points, strict=True)
        ),
        otherwise=null("bigint"),
    )


def bin_points(item: BinCharacteristic, name: str) -> exp.Expression:
    """Points of a column of millionths in half-open bins."""
    return choose(
        (_is_null(name), whole(_missing_points(item))),
        otherwise=ladder(name, item.edges, item.points, whole),
    )


def grid_place(item: GridCharacteristic, name: str) -> exp.Expression:
    """Numerator of the steps that a column of millionths has reached."""
    steps = 2 * item.points
    end = item.start + item.span
    way: exp.Expression = column(name)
    if item.start:
        way = exp.Paren(this=exp.Sub(this=way, expression=whole(item.start)))
    return choose(
        (exp.LT(this=column(name), expression=whole(item.start)), whole(item.points)),
        (
            exp.GT(this=column(name), expression=whole(end)),
            whole(steps * item.span + item.points),
        ),
        otherwise=exp.Add(
            this=exp.Mul(this=way, expression=whole(steps)), expression=whole(item.points)
        ),
    )


def grid_points(item: GridCharacteristic, name: str) -> exp.Expression:
    """Points from the numerator that `grid_place` gives."""
    return choose(
        (_is_null(name), whole(_missing_points(item))),
        otherwise=floor_quotient(column(name), 2 * item.span),
    )


def _missing_points(item: Characteristic) -> int:
    return int(item.score(np.array([MISSING], dtype=np.int64))[0])


def _is_null(name: str) -> exp.Expression:
    return exp.Is(this=column(name), expression=exp.Null())
