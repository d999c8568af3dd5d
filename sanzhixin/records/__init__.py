"""What comes in: column specs, acceptance with reasons, counties, one record of a backend.

Names are loaded on first use, so that a backend which reads single records never loads pandas.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanzhixin.records.county import County

__all__ = ["County"]

_HOMES: dict[str, str] = {"County": "county"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
