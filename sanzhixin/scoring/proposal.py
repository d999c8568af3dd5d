"""The answer for one household: always a proposal, never a decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sanzhixin.errors import mask_id
from sanzhixin.errors.words import outcome_words

__all__ = ["NextStep", "NextTier", "Proposal", "Reason", "Status"]

Status = Literal["propose", "review", "gated", "insufficient_evidence"]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reason(_Answer):
    """One reason, in both languages.

    Attributes
    ----------
    code : str
        Stable code, e.g. ``PANEL_fs`` or ``EVENT_ML05``.
    zh, en : str
        The sentence.
    points : int or None
        Its effect on the points, against full marks of the panel, no event and reference factors;
        None for reasons that are not points.
    """

    code: str
    zh: str
    en: str
    points: int | None


class NextStep(_Answer):
    """One changeable item and the most points it can bring now.

    Attributes
    ----------
    code : str
        Code of the item, e.g. ``EVENT_ML05``.
    zh, en : str
        The sentence.
    points : int
        The most points that it can bring.
    """

    code: str
    zh: str
    en: str
    points: int


class NextTier(_Answer):
    """What would move the household up one tier.

    Attributes
    ----------
    tier : str
        The next tier.
    points_needed : int
        Points that are missing to it.
    within_reach : bool
        The changeable items can bring them; otherwise the next round of ratings has to.
    steps : tuple of NextStep
        Changeable items only, the largest first.
    zh, en : str
        The sentence.
    """

    tier: str
    points_needed: int
    within_reach: bool
    steps: tuple[NextStep, ...]
    zh: str
    en: str


class Proposal(_Answer):
    """A proposal (建议) for one household; people decide.

    Attributes
    ----------
    household_id : str
        As given.
    as_of : date
        Scoring date.
    status : {"propose", "review", "gated", "insufficient_evidence"}
        ``gated`` proposes to decline with human confirmation; ``review`` asks for a human look and
        still states the amount; ``insufficient_evidence`` states no points, tier or amount.
    points : int or None
        Points of the card; None when gated or without sufficient evidence.
    score, score_low, score_high : float or None
        Points in score units, and the score less and plus one standard error (None where a
        scheme takes one form as enough).
    grade, tier : str or None
        Grade of the points, and the limit tier of the proposal.
    prob_default, pd_lower, pd_upper : float or None
        From the model's table by points; None without loans (`pd_basis` "none").
    pd_basis : {"none", "prudent", "fitted", "anchored"}
        What the default probability rests on.
    limit_yuan, system_limit_yuan : int or None
        Proposed amount, and what the system's bounds alone give.
    binding_bound : str or None
        The smallest bound, the first of equals.
    village_limit_yuan, manager_limit_yuan : int or None
        What the village and the account manager propose; None when not stated.
    reasons : tuple of Reason
        At most four, the largest effect first.
    next_tier : NextTier or None
        None in the highest tier and without points.
    review_triggers : tuple of str
        Codes of what asks for a human look.
    model_id, scheme_id : str
        Which model and scheme answered.
    valid_until : date
        Last day of the proposal, at most one year on.
    input_digest : str
        SHA-256 of the household's record as it was scored.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> answer = model.propose_one(county.application(county.households["household_id"].iloc[0]))
    >>> isinstance(answer, szx.Proposal)
    True
    """

    household_id: str
    as_of: dt.date
    status: Status
    points: int | None
    score: float | None
    score_low: float | None
    score_high: float | None
    grade: str | None
    prob_default: float | None
    pd_lower: float | None
    pd_upper: float | None
    pd_basis: Literal["none", "prudent", "fitted", "anchored"]
    tier: str | None
    limit_yuan: int | None
    binding_bound: str | None
    village_limit_yuan: int | None
    manager_limit_yuan: int | None
    system_limit_yuan: int | None
    reasons: tuple[Reason, ...]
    next_tier: NextTier | None
    review_triggers: tuple[str, ...]
    model_id: str
    scheme_id: str
    valid_until: dt.date
    input_digest: str

    @property
    def is_unrated(self) -> bool:
        """The score is below all tiers."""
        return any(reason.code == "UNRATED" for reason in self.reasons)

    @property
    def outcome(self) -> tuple[str, str]:
        """What is proposed, in Chinese and English: the status, or that no limit is."""
        return outcome_words(self.status, self.limit_yuan, unrated=self.is_unrated)

    def __repr_args__(self) -> Iterator[tuple[str, object]]:
        """Show no identifier whole: objects end up in logs and tracebacks."""
        for name, value in super().__repr_args__():
            is_hidden = name in ("household_id", "input_digest")
            yield str(name), mask_id(str(value)) if is_hidden else value

    def _repr_html_(self) -> str:
        from sanzhixin.scoring.notebook import show_proposal

        return show_proposal(self)
