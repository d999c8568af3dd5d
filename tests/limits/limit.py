"""One limit in a table of tests: where it stands, how large it is, and how to come to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from sanzhixin.errors import SanzhixinError
from sanzhixin.records.grammar import RuleBroken

__all__ = ["Limit", "assert_accepted", "assert_refused", "ids"]


@dataclass(frozen=True, slots=True)
class Limit:
    """`use` of `most` is accepted and of `beyond` (`most` + 1) refused with `code`.

    `where` is the constant as docs/limits.md names it; `words` stand in the message.
    """

    where: str
    most: Any
    code: str
    use: Callable[[Any], object]
    words: str = ""
    beyond: Any = None

    @property
    def one_more(self) -> Any:
        return self.most + 1 if self.beyond is None else self.beyond


def ids(limits):
    return [limit.where for limit in limits]


def assert_accepted(limit, *given):
    assert limit.use(limit.most, *given) is not None


def assert_refused(limit, *given):
    with pytest.raises((SanzhixinError, RuleBroken)) as caught:
        limit.use(limit.one_more, *given)
    assert caught.value.code == limit.code
    assert limit.words in str(caught.value)
