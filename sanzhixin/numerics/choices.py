"""Closed choices and ranges of options, checked once at the border."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, get_args

import numpy as np

from sanzhixin.errors import DomainError

__all__ = ["check_choice", "check_range"]


def check_choice(name: str, given: object, choice: Any) -> None:
    """Hold an option to its choices.

    Parameters
    ----------
    name : str
        Of the option.
    given : object
        What was given.
    choice : Literal
        The choices.

    Raises
    ------
    DomainError
        ``option_choice``: none of them.

    Examples
    --------
    >>> from typing import Literal
    >>> check_choice("trend", "ascending", Literal["ascending", "descending"])
    """
    known = get_args(choice)
    if given not in known:
        raise DomainError("option_choice", name=name, given=given, known=", ".join(known))


def check_probability(name: str, given: float, *, example: float = 0.95) -> None:
    """Hold an option between 0 and 1, neither of them allowed.

    Parameters
    ----------
    name : str
        Of the option.
    given : float
        What was given.
    example : float, default=0.95
        A usual value, for the message.

    Raises
    ------
    DomainError
        ``probability_open``: not between 0 and 1.

    Examples
    --------
    >>> check_probability("level", 0.9)
    """
    if not 0 < given < 1:
        raise DomainError("probability_open", name=name, value=given, example=example)


def check_range(
    name: str,
    given: object,
    low: float,
    high: float,
    *,
    is_whole: bool = False,
    is_open: bool = False,
) -> None:
    """Hold an option to a range.

    Parameters
    ----------
    name : str
        Of the option.
    given : object
        What was given.
    low, high : float
        Ends, both allowed; infinite for none.
    is_whole : bool, default=False
        Whether whole numbers alone are possible.
    is_open : bool, default=False
        Whether the upper end is not allowed.

    Raises
    ------
    DomainError
        ``option_range``: not a number, or not in the range.

    Examples
    --------
    >>> check_range("max_bins", 8, 1, 254, is_whole=True)
    """
    number_like: Any = given
    is_kind = isinstance(given, Integral if is_whole else Real)
    if is_kind and low <= number_like <= high and not (is_open and number_like == high):
        return
    number, number_zh = ("a whole number", "整数") if is_whole else ("a number", "数值")
    ends, ends_zh = f" from {low:g} to {high:g}", f" {low:g} 至 {high:g} 之间的"
    if is_open:
        ends, ends_zh = f" from {low:g} to below {high:g}", f"不小于 {low:g} 且小于 {high:g} 的"
    if np.isinf(high):
        ends, ends_zh = f" of at least {low:g}", f"不小于 {low:g} 的"
    if np.isinf(low):
        ends, ends_zh = f" of at most {high:g}", f"不大于 {high:g} 的"
    if np.isinf(low) and np.isinf(high):
        ends, ends_zh = "", ""
    raise DomainError(
        "option_range",
        name=name,
        given=given,
        rule=f"{number}{ends}",
        rule_zh=f"{ends_zh}{number_zh}",
    )
