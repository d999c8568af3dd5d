"""What all parts of a scheme share: frozen models, score units, money units."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic_core import PydanticCustomError

from sanzhixin.errors import SchemeError

__all__ = [
    "CODE_FORM",
    "NAME_FORM",
    "NAMING_KEYS",
    "PILLAR_FORM",
    "VERSION_FORM",
    "Code",
    "Consent",
    "Decision",
    "MoneyUnit",
    "Number",
    "Text",
    "to_points",
    "to_yuan",
]

MoneyUnit = Literal["元", "万元"]
Consent = Literal["general", "written"]

CODE_FORM = r"^[A-Za-z][A-Za-z0-9_]{0,31}$"
PILLAR_FORM = r"^[a-z][a-z0-9]{0,7}$"
NAME_FORM = r"^[a-z0-9][a-z0-9._-]{0,63}$"
VERSION_FORM = r"^[0-9]+\.[0-9]+\.[0-9]+(\+[0-9a-f]{8})?$"

NAMING_KEYS = ("code", "name", "grade", "level")
"""Keys that tell the entries of a list apart, in the order in which they are looked for."""

_MOST_DECIMALS = 6
_MOST_DIGITS = 12

_YUAN_PER_UNIT: dict[str, int] = {"元": 1, "万元": 10_000}


def _to_decimal(value: object) -> object:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value


def _check_digits(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    if (
        not isinstance(exponent, int)
        or exponent < -_MOST_DECIMALS
        or value.adjusted() > _MOST_DIGITS
    ):
        most = {"decimals": _MOST_DECIMALS, "digits": _MOST_DIGITS}
        raise PydanticCustomError("number_digits", "need {decimals} decimals at most", most)
    return value


def _to_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


Number = Annotated[
    Decimal,
    BeforeValidator(_to_decimal),
    AfterValidator(_check_digits),
    Field(allow_inf_nan=False),
    PlainSerializer(_to_number, return_type=int | float),
]
"""An exact decimal number of a scheme file; saved as a JSON number."""

Code = Annotated[str, Field(pattern=CODE_FORM)]
Text = Annotated[str, Field(min_length=1, max_length=200)]


class Decision(BaseModel):
    """Base of everything that a bank decides: frozen, strict, no unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, allow_inf_nan=False
    )


def to_points(score: Decimal, points_per_score: int, *, where: str) -> int:
    """Convert a value in score units to whole points.

    Parameters
    ----------
    score : Decimal
        On the scale that the bank writes, e.g. 0-100.
    points_per_score : int
        Points of one score unit, 10 for the expert card.
    where : str
        What the value is, for the message.

    Returns
    -------
    int
        The value in points.

    Raises
    ------
    SchemeError
        ``points_not_whole``: the value is finer than one point; nothing is rounded.

    Examples
    --------
    >>> to_points(Decimal("89.5"), 10, where="tier A")
    895
    """
    points = score * points_per_score
    if points != points.to_integral_value():
        raise SchemeError("points_not_whole", where=where, value=score, step=1 / points_per_score)
    return int(points)


def to_yuan(amount: Decimal, unit: MoneyUnit, *, where: str) -> int:
    """Convert an amount to whole yuan.

    Parameters
    ----------
    amount : Decimal
        In `unit`.
    unit : {"元", "万元"}
        Declared beside the amount.
    where : str
        What the amount is, for the message.

    Returns
    -------
    int
        Yuan.

    Raises
    ------
    SchemeError
        ``amount_not_whole``: not a whole number of yuan; ``amount_negative``: below zero.

    Examples
    --------
    >>> to_yuan(Decimal("0.1"), "万元", where="step")
    1000
    """
    yuan = amount * _YUAN_PER_UNIT[unit]
    if yuan < 0:
        raise SchemeError("amount_negative", where=where, value=amount, unit=unit)
    if yuan != yuan.to_integral_value():
        raise SchemeError("amount_not_whole", where=where, value=amount, unit=unit)
    return int(yuan)
