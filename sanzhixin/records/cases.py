"""The array form of households that scoring consumes: numpy only, times as day numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MISSING", "MOST_FORMS", "UNSEEN", "Cases", "Events", "Forms", "Members", "Registers"]

MISSING: int = int(np.iinfo(np.int64).min)
"""A missing amount, date or factor value."""

UNSEEN: int = MISSING + 1
"""A level of a factor that the scheme does not know."""


MOST_FORMS = 200
"""Forms of one household in one round; more are rejected, so that sums stay exact."""


@dataclass(frozen=True, slots=True, repr=False)
class Forms:
    """Forms of raters, sorted by household, round and rater.

    Attributes
    ----------
    rater_id : list of str
        Who filled the form in.
    round, rated_on : ndarray of int64 of shape (n_forms,)
        Round; day number (`datetime.date.toordinal`).
    familiar : ndarray of bool of shape (n_forms,)
        False when the rater does not know the household.
    relation, role : ndarray of int8 of shape (n_forms,)
        Index into `vocabulary.RELATIONS` and `vocabulary.ROLES`.
    ratings : ndarray of int8 of shape (n_forms, n_panel_items)
        In the order of ``scheme.panel_codes``; 0 means blank.
    proposed_limit : ndarray of int64 of shape (n_forms,)
        Yuan, or `MISSING`.
    """

    rater_id: list[str]
    round: NDArray[np.int64]
    rated_on: NDArray[np.int64]
    familiar: NDArray[np.bool_]
    relation: NDArray[np.int8]
    role: NDArray[np.int8]
    ratings: NDArray[np.int8]
    proposed_limit: NDArray[np.int64]


@dataclass(frozen=True, slots=True, repr=False)
class Events:
    """Ledger entries, sorted by household, day and event_id.

    Attributes
    ----------
    event_id : list of str
        Number in the ledger.
    code, level : ndarray of int16 of shape (n_events,)
        Index into ``tuple(scheme.event_rules)`` and into that rule's levels.
    occurred_on, recorded_on : ndarray of int64 of shape (n_events,)
        Day numbers.
    status : ndarray of int8 of shape (n_events,)
        Index into `vocabulary.EVENT_STATUS`.
    has_evidence : ndarray of bool of shape (n_events,)
        True when an evidence number is given.
    """

    event_id: list[str]
    code: NDArray[np.int16]
    level: NDArray[np.int16]
    occurred_on: NDArray[np.int64]
    recorded_on: NDArray[np.int64]
    status: NDArray[np.int8]
    has_evidence: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, repr=False)
class Registers:
    """Official records, sorted by household, day, code and document number.

    Attributes
    ----------
    code : ndarray of int16 of shape (n_registers,)
        Index into ``tuple(scheme.official_rules)``.
    document_no : list of str
        Number of the document.
    list_class : list of (str or None)
        Class of the finding.
    issued_on, ended_on : ndarray of int64 of shape (n_registers,)
        Day numbers; `MISSING` in `ended_on` means still in force.
    """

    code: NDArray[np.int16]
    document_no: list[str]
    list_class: list[str | None]
    issued_on: NDArray[np.int64]
    ended_on: NDArray[np.int64]


@dataclass(frozen=True, slots=True, repr=False)
class Members:
    """Adults who may sign a contract, sorted by household and person.

    Attributes
    ----------
    person_id : list of str
        Who.
    exposure : ndarray of int64 of shape (n_members,)
        Yuan that the person owes or may draw; `MISSING` where not stated.
    """

    person_id: list[str]
    exposure: NDArray[np.int64]


def _no_rows() -> NDArray[np.int64]:
    return np.empty(0, dtype=np.int64)


def _no_members() -> Members:
    return Members([], _no_rows())


@dataclass(frozen=True, slots=True, repr=False)
class Cases:
    """Households at scoring dates; their forms, events and registers lie in shared tables.

    Forms ``form_start[i]`` up to, not including, ``form_end[i]`` belong to case ``i``; the same
    household may stand in several cases with different dates.

    Attributes
    ----------
    household_id, village_id : list of str
        One per case.
    as_of, consent_until : ndarray of int64 of shape (n_cases,)
        Day numbers of the scoring date and of the consent's end; `MISSING` without a consent that
        was given by then for the purpose of the scheme.
    has_written_consent : ndarray of bool of shape (n_cases,)
        Without it starred amounts and factors of written consent are `MISSING`.
    purpose, override_reason : list of (str or None)
        As stated.
    annual_income, debt, assets, exposure, requested, council, manager : ndarray of int64
        Yuan or `MISSING`, shape (n_cases,).  The exposure is the larger of what is stated of the
        household and what its members owe together.
    factors : dict of str to ndarray of int64 of shape (n_cases,)
        By factor name: numbers in millionths, rounded half to even; categories as index of the
        level, `MISSING`, or `UNSEEN`.
    forms, events, registers, members
        The shared tables.
    form_start, form_end, event_start, event_end, register_start, register_end, member_start,
    member_end : ndarray of int64
        Shape (n_cases,).
    rejected_tables : list of tuple of str
        Tables (events, members, proposals, ratings, registers; sorted) of which a row of the
        household was rejected and is therefore not among the arrays; by default empty for every
        case.
    """

    household_id: list[str]
    village_id: list[str]
    as_of: NDArray[np.int64]
    consent_until: NDArray[np.int64]
    has_written_consent: NDArray[np.bool_]
    purpose: list[str | None]
    annual_income: NDArray[np.int64]
    debt: NDArray[np.int64]
    assets: NDArray[np.int64]
    exposure: NDArray[np.int64]
    requested: NDArray[np.int64]
    council: NDArray[np.int64]
    manager: NDArray[np.int64]
    override_reason: list[str | None]
    factors: dict[str, NDArray[np.int64]]
    forms: Forms
    form_start: NDArray[np.int64]
    form_end: NDArray[np.int64]
    events: Events
    event_start: NDArray[np.int64]
    event_end: NDArray[np.int64]
    registers: Registers
    register_start: NDArray[np.int64]
    register_end: NDArray[np.int64]
    members: Members = field(default_factory=_no_members)
    member_start: NDArray[np.int64] = field(default_factory=_no_rows)
    member_end: NDArray[np.int64] = field(default_factory=_no_rows)
    rejected_tables: list[tuple[str, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.rejected_tables:
            object.__setattr__(self, "rejected_tables", [()] * len(self.household_id))
        if not self.members.person_id:
            none = np.zeros(len(self.household_id), dtype=np.int64)
            object.__setattr__(self, "member_start", none)
            object.__setattr__(self, "member_end", none)

    def __len__(self) -> int:
        return len(self.household_id)

    def take(self, index: slice | NDArray[np.integer]) -> Cases:
        """Select cases.

        Parameters
        ----------
        index : slice or ndarray of int
            Which cases, in which order; an index may repeat.

        Returns
        -------
        Cases
            The shared tables are cut to the range that the selected cases need.
        """
        places = np.arange(len(self))[index]
        chosen: dict[str, Any] = {
            item.name: _take(getattr(self, item.name), places)
            for item in fields(self)
            if item.name not in _SHARED
        }
        chosen["factors"] = {name: values[places] for name, values in self.factors.items()}
        for name, start, end in _RANGES:
            low, high = _range(chosen[start], chosen[end])
            table = getattr(self, name)
            cut = {item.name: getattr(table, item.name)[low:high] for item in fields(table)}
            chosen |= {start: chosen[start] - low, end: chosen[end] - low}
            chosen[name] = replace(table, **cut)
        return Cases(**chosen)


_RANGES = (
    ("forms", "form_start", "form_end"),
    ("events", "event_start", "event_end"),
    ("registers", "register_start", "register_end"),
    ("members", "member_start", "member_end"),
)
_SHARED = frozenset({"forms", "events", "registers", "members", "factors"})


def _take(values: Any, places: NDArray[np.int64]) -> Any:
    if isinstance(values, list):
        return [values[place] for place in places.tolist()]
    return values[places]


def _range(start: NDArray[np.int64], end: NDArray[np.int64]) -> tuple[int, int]:
    return (int(start.min()), int(end.max())) if len(start) else (0, 0)
