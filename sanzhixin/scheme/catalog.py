"""The indicator catalog: pillars, panel items, ledger events and official records."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sanzhixin.errors import SchemeError
from sanzhixin.scheme.base import PILLAR_FORM, Code, Decision, Number, Text

__all__ = [
    "LISTED_CLASSES",
    "EventCap",
    "EventLevel",
    "EventRule",
    "Indicator",
    "OfficialRule",
    "PanelItem",
    "Pillar",
    "Role",
]

Role = Literal["panel", "neighbour", "group_leader", "account_manager"]

LISTED_CLASSES: dict[str, str] = {
    "dishonest_judgment_debtor": "失信被执行人名单",
    "administrative_penalty": "行政处罚决定",
    "criminal_judgment": "刑事判决",
    "protection_order": "家庭暴力告诫书或人身安全保护令",
    "credit_report": "经授权查询的征信报告",
}
"""Classes of official findings that may stop a proposal; each rests on an effective document."""


class Pillar(Decision):
    """A field of conduct that the panel rates.

    Attributes
    ----------
    code, zh, en : str
        Short code (``fs``, ``ml``, ``nr``) and names.
    weight : Decimal
        Largest number of score units that the pillar brings.
    """

    code: Annotated[str, Field(pattern=PILLAR_FORM)]
    zh: Text
    en: Text
    weight: Number


class _Indicator(Decision):
    code: Code
    zh: Text
    en: Text
    evidence: Text
    who: Text
    legal_basis: Text


class PanelItem(_Indicator):
    """An item that every panel member rates on an ordered scale; blank is missing.

    Attributes
    ----------
    code, zh, en : str
        Code and names.
    evidence, who, legal_basis : str
        Which evidence is needed, who records it, and on what basis it is used.
    kind : "panel"
        Marks panel items.
    pillar : str
        Code of its pillar.
    lowest, highest : int
        Ends of the scale, both attainable.
    """

    kind: Literal["panel"]
    pillar: str
    lowest: int = 1
    highest: int = 5

    @model_validator(mode="after")
    def _check_scale(self) -> Self:
        if not 0 < self.lowest < self.highest <= 9:
            raise SchemeError(
                "scale_invalid", code=self.code, lowest=self.lowest, highest=self.highest
            )
        return self


class EventLevel(Decision):
    """One level of an event and what it brings, in score units."""

    level: Text
    zh: Text
    points: Number


class EventCap(Decision):
    """Largest sum of an event's points in each period, counted back from the scoring date."""

    points: Number
    months: Annotated[int, Field(ge=1, le=120)]


class EventRule(_Indicator):
    """A dated ledger entry that brings or costs points for a time.

    Attributes
    ----------
    code, zh, en : str
        Code and names.
    evidence, who, legal_basis : str
        Which evidence is needed, who records it, and on what basis it is used.
    kind : "event"
        Marks events.
    pillar : str
        Code of its pillar.
    levels : tuple of EventLevel
        Levels with their points; all gains or all losses.
    cap : EventCap or None
        Largest sum by period (for losses: the largest loss).
    valid_months : int
        An entry counts for so many months after it occurred.
    changeable : bool
        True when a household can earn it from now on; only then does advice name it.
    """

    kind: Literal["event"]
    pillar: str
    levels: Annotated[tuple[EventLevel, ...], Field(min_length=1)]
    cap: EventCap | None = None
    valid_months: Annotated[int, Field(ge=1, le=120)]
    changeable: bool = False

    @property
    def is_loss(self) -> bool:
        """True when the event costs points."""
        return self.levels[0].points < 0

    @model_validator(mode="after")
    def _check_levels(self) -> Self:
        names = [level.level for level in self.levels]
        if len(set(names)) < len(names):
            raise SchemeError("event_level_repeated", code=self.code)
        if len({level.points < 0 for level in self.levels}) > 1:
            raise SchemeError("event_sign_mixed", code=self.code)
        if self.is_loss and (self.cap is None or self.valid_months > 12):
            raise SchemeError("event_loss_unbounded", code=self.code)
        if self.cap is not None and (self.cap.points < 0) != self.is_loss:
            raise SchemeError("event_cap_sign", code=self.code)
        return self


class OfficialRule(_Indicator):
    """An official record: it carries no points, it only gates or asks for a human review.

    Attributes
    ----------
    code, zh, en : str
        Code and names.
    evidence, who, legal_basis : str
        Which evidence is needed, who records it, and on what basis it is used.
    kind : "official"
        Marks official records.
    pillar : str or None
        Code of its pillar; None for the bank's own gates.
    action : {"gate", "review"}
        ``gate`` proposes to decline, with human confirmation; ``review`` asks for a look.
    list_class : str
        Class of the finding; a gate needs one of `LISTED_CLASSES`.
    document : str
        Which document number has to be given.
    expires_months : int
        A record counts until so many months after it ended (law: five years).
    """

    kind: Literal["official"]
    pillar: str | None = None
    action: Literal["gate", "review"]
    list_class: str = ""
    document: str = ""
    expires_months: Annotated[int, Field(ge=1, le=60)] = 60

    @model_validator(mode="after")
    def _check_document(self) -> Self:
        if not self.list_class.strip() or not self.document.strip():
            raise SchemeError("official_without_document", code=self.code)
        if self.action == "gate" and self.list_class not in LISTED_CLASSES:
            known = ", ".join(LISTED_CLASSES)
            raise SchemeError(
                "gate_unlisted", code=self.code, list_class=self.list_class, known=known
            )
        return self


Indicator = Annotated[PanelItem | EventRule | OfficialRule, Field(discriminator="kind")]
