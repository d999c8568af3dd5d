"""Identifiers that can be found again wherever they come out: each stands in one cell."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

FORM = re.compile(r"CANARY[0-9]{6}")


@dataclass
class Cage:
    """Hands canaries out, each once."""

    known: list[str] = field(default_factory=list)
    _numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    def one(self) -> str:
        self.known.append(f"CANARY{next(self._numbers):06}")
        return self.known[-1]


def found_in(*texts: object) -> set[str]:
    """Canaries that some text holds, whole; bytes are read as UTF-8."""
    return {
        canary
        for text in texts
        for canary in FORM.findall(
            text.decode("utf-8", errors="replace") if isinstance(text, bytes) else str(text)
        )
    }
