"""One application as a backend hands it in: typed, frozen, checked by the rules of the tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Annotated, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetPydanticSchema,
    PlainValidator,
    StrictFloat,
    StrictInt,
    StrictStr,
)
from pydantic_core import PydanticCustomError, core_schema

from sanzhixin.errors import mask_id
from sanzhixin.records.columns import REJECTED_TABLES, TABLES, Column
from sanzhixin.records.grammar import (
    FIRST_DAY,
    LAST_DAY,
    MAX_YUAN,
    RuleBroken,
    parse_rating,
    parser_for,
)
from sanzhixin.records.vocabulary import EventStatus, EvidenceTable, Relation, Role

__all__ = [
    "Application",
    "EventEntry",
    "Member",
    "ProposalInput",
    "RatingForm",
    "RegisterEntry",
]


def _cell(table: str, name: str) -> PlainValidator:
    """Give the grammar of a table's column as the slow way behind a strict type."""
    column = next(column for column in TABLES[table].columns if column.name == name)
    return PlainValidator(_reader(column))


def _reader(column: Column) -> Callable[[object], object]:
    parse = parser_for(column)

    def read(value: object) -> object:
        try:
            parsed = parse(value)
        except RuleBroken as broken:
            raise PydanticCustomError(broken.code, "rule broken") from None
        if parsed is None and column.required:
            raise PydanticCustomError("missing", "blank")
        return parsed

    return read


def _day_schema(name: str) -> core_schema.CoreSchema:
    """Try ISO text, then a date (both without a call into Python), then the grammar."""
    iso_text = core_schema.str_schema(strict=True, pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    table = "events" if name == "occurred_on" else "registers"
    column = next(column for column in TABLES[table].columns if column.name == name)
    return core_schema.union_schema(
        [
            core_schema.chain_schema(
                [iso_text, core_schema.date_schema(ge=FIRST_DAY, le=LAST_DAY)]
            ),
            core_schema.date_schema(strict=True, ge=FIRST_DAY, le=LAST_DAY),
            core_schema.no_info_plain_validator_function(_reader(column)),
        ],
        mode="left_to_right",
    )


def _read_rating(value: object) -> int | None:
    try:
        return parse_rating(value, 1, 9)
    except RuleBroken as broken:
        raise PydanticCustomError(broken.code, "rule broken") from None


def _shown(name: str, value: object) -> object:
    if isinstance(value, str):
        return value if name in _WORDS else mask_id(value)
    if isinstance(value, tuple | dict):
        return f"{len(value)} entries"
    return value


_WORDS = frozenset({"role", "relation", "status"})
_FIRST = Field(union_mode="left_to_right")
_Plain = Annotated[str, Field(strict=True, pattern=r"^[A-Za-z][A-Za-z0-9_./-]{0,63}$")]
_Yuan = Annotated[int, Field(strict=True, ge=0, le=MAX_YUAN)]
_Scale = Annotated[int, Field(strict=True, ge=1, le=9)]
_Round = Annotated[int, Field(strict=True, ge=1, le=999)]
_Factor: TypeAlias = StrictStr | StrictInt | StrictFloat | None
_Yes = Annotated[bool, Field(strict=True)]

Id: TypeAlias = Annotated[_Plain | Annotated[str, _cell("households", "household_id")], _FIRST]
OptionalId: TypeAlias = Annotated[
    _Plain | Annotated[str | None, _cell("events", "evidence_id")] | None, _FIRST
]
Day: TypeAlias = Annotated[dt.date, GetPydanticSchema(lambda *_: _day_schema("occurred_on"))]
OptionalDay: TypeAlias = (
    Annotated[dt.date, GetPydanticSchema(lambda *_: _day_schema("ended_on"))] | None
)
Money: TypeAlias = Annotated[
    _Yuan | Annotated[int | None, _cell("households", "requested_yuan")] | None, _FIRST
]
Text: TypeAlias = Annotated[_Plain | Annotated[str, _cell("registers", "document_no")], _FIRST]
OptionalText: TypeAlias = Annotated[
    _Plain | Annotated[str | None, _cell("households", "purpose")] | None, _FIRST
]
Evidence: TypeAlias = Annotated[
    EvidenceTable | Annotated[EvidenceTable, PlainValidator(_reader(REJECTED_TABLES))], _FIRST
]
Rating: TypeAlias = Annotated[
    _Scale | Annotated[int | None, PlainValidator(_read_rating)] | None, _FIRST
]


class _Record(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False
    )

    def __repr_args__(self) -> Iterator[tuple[str, object]]:
        """Show no identifier whole, and no free text: objects end up in logs and tracebacks."""
        for name in type(self).model_fields:
            yield name, _shown(name, getattr(self, name))


class RatingForm(_Record):
    """One rater's form; ratings stand under their indicator codes or under ``scores``.

    Attributes
    ----------
    round : int
        From 1.
    rater_id : str
        Who filled the form in.
    role : str, default="panel"
        The rater's role.
    rated_on : date
        Day of the form.
    familiar : bool
        Whether the rater knows the household.
    relation : str
        none, kin, debt or business.
    scores : dict of str to (int or None)
        Ratings by indicator code; None for 不了解.
    proposed_limit_yuan : int or None
        The rater's proposal.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Rating]

    round: Annotated[_Round | Annotated[int, _cell("ratings", "round")], _FIRST]
    rater_id: Id
    role: Annotated[Role | Annotated[Role, _cell("raters", "role")], _FIRST] = "panel"
    rated_on: Day
    familiar: Annotated[_Yes | Annotated[bool, _cell("ratings", "familiar")], _FIRST]
    relation: Annotated[Relation | Annotated[Relation, _cell("ratings", "relation")], _FIRST]
    scores: dict[str, Rating] = Field(default_factory=dict)
    proposed_limit_yuan: Money = None

    @property
    def answers(self) -> dict[str, int | None]:
        """Ratings by indicator code, however they were handed in."""
        extra = self.__pydantic_extra__
        return {**extra, **self.scores} if extra and self.scores else extra or self.scores


class EventEntry(_Record):
    """One ledger entry, as in the table ``events``."""

    event_id: Id
    code: Text
    level: OptionalText = None
    occurred_on: Day
    recorded_on: Day
    status: Annotated[EventStatus | Annotated[EventStatus, _cell("events", "status")], _FIRST]
    evidence_id: OptionalId = None


class RegisterEntry(_Record):
    """One official record, as in the table ``registers``."""

    code: Text
    document_no: Text
    list_class: Text
    issued_on: Day
    ended_on: OptionalDay = None


class Member(_Record):
    """One adult of the household, as in the table ``members``."""

    person_id: Id
    adult: Annotated[_Yes | Annotated[bool, _cell("members", "adult")], _FIRST]
    exposure_yuan: Money = None


class ProposalInput(_Record):
    """What people propose, as in the table ``proposals``."""

    council_limit_yuan: Money = None
    manager_limit_yuan: Money = None
    override_reason: OptionalText = None


class Application(_Record):
    """One household with everything that its proposal rests on.

    Use `parse_application` of the module of that name to build it from a dict: that also checks
    the rules of a scheme and reads factor columns at the top level.

    Attributes
    ----------
    household_id, village_id, consent_id, consent_purpose, consent_on, consent_until,
    written_consent_id, annual_income_yuan, debt_yuan, assets_yuan, exposure_yuan, requested_yuan,
    purpose
        As in the table ``households``.
    factors : dict of str to (str, int, float or None)
        Further factor columns of the scheme, by column name.
    ratings, events, registers, members : tuple
        As in the tables; empty when there are none.
    proposals : ProposalInput or None
        What people propose.
    as_of : date or None
        Scoring date, if the backend states it.
    rejected_tables : tuple of str
        Tables among ratings, events, registers and proposals of which a row of this household was
        rejected before the application was put together; each asks for a review.

    Examples
    --------
    >>> application = Application(
    ...     household_id="H1",
    ...     village_id="V1",
    ...     consent_id="C1",
    ...     consent_purpose="三治信农户贷款",
    ...     consent_on="2026-01-05",
    ...     consent_until="2027年1月4日",
    ... )
    >>> application.consent_until
    datetime.date(2027, 1, 4)
    """

    household_id: Id
    village_id: Id
    consent_id: Id
    consent_purpose: Text
    consent_on: Day
    consent_until: Day
    written_consent_id: OptionalId = None
    annual_income_yuan: Money = None
    debt_yuan: Money = None
    assets_yuan: Money = None
    exposure_yuan: Money = None
    requested_yuan: Money = None
    purpose: OptionalText = None
    factors: dict[str, _Factor] = Field(default_factory=dict)
    ratings: tuple[RatingForm, ...] = ()
    events: tuple[EventEntry, ...] = ()
    registers: tuple[RegisterEntry, ...] = ()
    members: tuple[Member, ...] = ()
    proposals: ProposalInput | None = None
    as_of: OptionalDay = None
    rejected_tables: tuple[Evidence, ...] = ()
