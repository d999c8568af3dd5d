"""Arrays that cannot be changed: a model that threads share is the same for all of them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TypeVar

import numpy as np

__all__ = ["locked"]

T = TypeVar("T")


def locked(value: T) -> T:
    """Make every array within a value unchangeable, in place.

    Parameters
    ----------
    value : object
        Array, dataclass, tuple, list or dict of such; anything else is left alone.

    Returns
    -------
    object
        The same value.

    Examples
    --------
    >>> locked((np.zeros(2),))[0].flags.writeable
    False
    """
    if isinstance(value, np.ndarray):
        part: object = value
        while part is not None:  # a view would be changed through what it shows
            if isinstance(part, np.ndarray):
                part.setflags(write=False)
            part = getattr(part, "base", None)
    elif isinstance(value, dict):
        locked(list(value.values()))
    elif isinstance(value, tuple | list):
        for part in value:
            locked(part)
    elif is_dataclass(value):
        for field in fields(value):
            locked(getattr(value, field.name))
    return value
