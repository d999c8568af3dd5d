"""The shape of a message: one sentence in English, one in Chinese."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Message"]


class Message(NamedTuple):
    """English and Chinese template of one error code."""

    en: str
    zh: str
