"""Closed choices, checked once at the border."""

from __future__ import annotations

from typing import Any, get_args

from sanzhixin.errors import DomainError

__all__ = ["check_choice"]


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
        ``bin_option``: none of them.

    Examples
    --------
    >>> from typing import Literal
    >>> check_choice("trend", "ascending", Literal["ascending", "descending"])
    """
    known = get_args(choice)
    if given not in known:
        raise DomainError("bin_option", name=name, given=given, known=", ".join(known))
