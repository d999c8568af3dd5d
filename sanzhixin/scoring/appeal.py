"""An appeal: the proposal as it was and as it would be, side by side; nothing is overwritten."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from sanzhixin.errors import DomainError
from sanzhixin.scoring.proposal import Proposal

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Appeal", "Change", "Override", "make_appeal"]

_COMPARED = (
    *("status", "points", "score", "grade", "tier", "prob_default", "limit_yuan", "binding_bound"),
    *("system_limit_yuan", "village_limit_yuan", "manager_limit_yuan", "review_triggers"),
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Change(_Frozen):
    """One value of the proposal that moves.

    Attributes
    ----------
    field : str
        Of `Proposal`.
    before, after : str, int, float, tuple or None
        As it was, and as it would be.
    """

    field: str
    before: Any
    after: Any


class Override(_Frozen):
    """What a person decided instead of the proposal.

    Attributes
    ----------
    limit_yuan : int
        The amount.
    by : str
        Who decided.
    reason : str
        Why.
    on : date
        When.
    """

    limit_yuan: int
    by: str
    reason: str = Field(repr=False)
    on: dt.date


class Appeal(_Frozen):
    """A proposal that somebody doubts, beside the one without what is doubted.

    Attributes
    ----------
    before, after : Proposal
        With everything, and without the pieces.
    without : tuple of str
        The pieces that were left out, as `sanzhixin.records.without.read_piece` reads them.
    statement : str or None
        What the household says.
    changes : tuple of Change
        Every value that moves; empty when the doubt makes no difference.
    most_yuan : int
        The product's cap, the most that a person may decide.
    override : Override or None
        What was decided.
    """

    before: Proposal
    after: Proposal
    without: tuple[str, ...] = Field(repr=False)
    statement: str | None = Field(repr=False)
    changes: tuple[Change, ...]
    most_yuan: int
    override: Override | None = None

    def decide(self, limit_yuan: int, *, by: str, reason: str, on: dt.date) -> Appeal:
        """Give the same appeal with what a person decided.

        Parameters
        ----------
        limit_yuan : int
            Amount, from 0 to the product's cap.
        by, reason : str
            Who, and why.
        on : date
            When.

        Returns
        -------
        Appeal
            Both proposals stay as they are.

        Raises
        ------
        DomainError
            ``override_limit``: no such amount; ``override_words``: nobody or nothing is named.
        """
        if type(limit_yuan) is not int or not 0 <= limit_yuan <= self.most_yuan:
            raise DomainError("override_limit", given=limit_yuan, most=self.most_yuan)
        if not (by.strip() and reason.strip()):
            raise DomainError("override_words")
        decided = Override(limit_yuan=limit_yuan, by=by, reason=reason, on=on)
        return self.model_copy(update={"override": decided})


def make_appeal(
    before: Proposal,
    after: Proposal,
    *,
    without: Sequence[str],
    statement: str | None,
    most_yuan: int,
) -> Appeal:
    """Put two proposals of one household side by side.

    Parameters
    ----------
    before, after, without, statement, most_yuan
        As in `Appeal`.

    Returns
    -------
    Appeal
        With the changes.
    """
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in _COMPARED]
    return Appeal(
        before=before,
        after=after,
        without=tuple(without),
        statement=statement,
        changes=tuple(Change(field=n, before=b, after=a) for n, b, a in pairs if b != a),
        most_yuan=most_yuan,
    )
