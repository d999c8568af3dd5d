"""Everything that can be reached from an object: by fields, slots, entries and cached values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from types import BuiltinFunctionType, FunctionType, ModuleType

import numpy as np

PLAIN = (
    *(str, bytes, int, float, complex, bool, type(None), Decimal, dt.date, dt.timedelta, range),
    *(type, Enum, ModuleType, FunctionType, BuiltinFunctionType, np.dtype, np.generic),
)


_BESIDE = ("__dict__", "__weakref__", "__pydantic_fields_set__")
"""Slots that hold nothing of what an object says."""


def reachable(root, *, under_views=False):
    """Give every object once, with the path that leads to it; arrays under views when asked."""
    seen, waiting = {}, [("model", root)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, PLAIN) or id(value) in seen:
            continue
        seen[id(value)] = value  # kept, so that no number is given twice
        yield path, value
        if isinstance(value, np.ndarray):
            found = [(".base", value.base)] if under_views and value.base is not None else []
        else:
            found = parts(value)
        waiting += [(f"{path}{name}", part) for name, part in found]


def parts(value):
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield f"[{key!r}]", part
            yield ".key", key
    elif isinstance(value, tuple | list | set | frozenset):
        yield from ((f"[{k}]", part) for k, part in enumerate(value))
    yield from ((f".{name}", part) for name, part in held(value))


def held(value):
    """Instance attributes, those in slots and those that pydantic keeps apart."""
    yield from getattr(value, "__dict__", {}).items()
    slots = [s for kind in type(value).__mro__ for s in _names(kind.__dict__.get("__slots__", ()))]
    private = ("__pydantic_private__", "__pydantic_extra__")
    for name in dict.fromkeys([*slots, *private]):
        if name not in _BESIDE and hasattr(value, name):
            yield name, getattr(value, name)


def _names(slots):
    return (slots,) if isinstance(slots, str) else tuple(slots)
