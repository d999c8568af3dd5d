"""Dated entries: event points with validity and caps, and official records still in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sanzhixin.records.cases import MISSING
from sanzhixin.records.vocabulary import EVENT_STATUS
from sanzhixin.scoring.dates import Periods, earliest_days
from sanzhixin.scoring.locked import locked
from sanzhixin.scoring.segments import Expansion, expand

if TYPE_CHECKING:
    from sanzhixin.records.cases import Cases
    from sanzhixin.scheme import Scheme

__all__ = [
    "EVENT_OUTCOMES",
    "EventSums",
    "LedgerRules",
    "compile_ledger",
    "find_records",
    "read_events",
    "read_records",
    "sum_events",
]

EVENT_OUTCOMES = (
    "counted",
    "pending",
    "rejected",
    "revoked",
    "not_yet_known",
    "expired",
    "without_evidence",
)
"""What became of an event entry; only the first brings points."""

_LATER, _OLD, _BARE = 4, 5, 6
_APPROVED = [[[_BARE, _LATER], [_OLD, _LATER]], [[0, _LATER], [_OLD, _LATER]]]
_OUTCOMES = locked(
    np.array(
        [
            _APPROVED if status == "approved" else np.full((2, 2, 2), EVENT_OUTCOMES.index(status))
            for status in EVENT_STATUS
        ]
    )
)
"""By status, and whether there is evidence, the event expired, it was not yet known."""

_NO_CAP = np.iinfo(np.int64).max // 4

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LedgerRules:
    """Event and record rules of a scheme, as arrays.

    Attributes
    ----------
    event_codes, record_codes : tuple of str
        Codes, in the order of the columns.
    level_points : ndarray of shape (n_events, most_levels)
        Points of each level, 0 beyond the last.
    periods : Periods
        For each event its validity, then the ends of its cap periods but the last.
    n_windows : int
        Largest number of cap periods within a validity; one where there is no cap.
    cap : ndarray of shape (n_events,)
        Largest absolute sum of a period.
    lowest, highest : ndarray of shape (n_events, 1)
        The same as ends of that sum.
    start, floor, top : int
        Event part in points.
    record_periods : Periods
        How long a record counts after its end.
    """

    event_codes: tuple[str, ...]
    record_codes: tuple[str, ...]
    level_points: Ints
    periods: Periods
    n_windows: int
    cap: Ints
    lowest: Ints
    highest: Ints
    start: int
    floor: int
    top: int
    record_periods: Periods


@dataclass(frozen=True, slots=True)
class EventSums:
    """Event points of every case.

    Attributes
    ----------
    by_event : ndarray of shape (n_cases, n_events)
        Points of each event after its caps.
    room : ndarray of shape (n_cases, n_events)
        Points that the present period of the cap still has room for.
    part : ndarray of shape (n_cases,)
        Start plus all events, clipped to the ends of the event part.
    clipped : ndarray of shape (n_cases,)
        What the clip took off (negative) or added.
    n_counted, n_excluded : ndarray of shape (n_cases,)
        Entries that count and that do not.
    """

    by_event: Ints
    room: Ints
    part: Ints
    clipped: Ints
    n_counted: Ints
    n_excluded: Ints


def compile_ledger(scheme: Scheme) -> LedgerRules:
    """Bring the event and record rules of a scheme into array form."""
    rules = tuple(scheme.event_rules.values())
    points = [[scheme.points(lv.points, rule.code) for lv in rule.levels] for rule in rules]
    most = max((len(row) for row in points), default=1)
    caps = [abs(scheme.points(r.cap.points, r.code)) if r.cap else _NO_CAP for r in rules]
    periods = [rule.cap.months if rule.cap else rule.valid_months for rule in rules]
    n_windows = max(
        (-(-r.valid_months // span) for r, span in zip(rules, periods, strict=True)), default=1
    )
    part, cap = scheme.event_part, np.array(caps, dtype=np.int64)
    return LedgerRules(
        event_codes=tuple(scheme.event_rules),
        record_codes=tuple(scheme.official_rules),
        level_points=np.array([row + [0] * (most - len(row)) for row in points], dtype=np.int64),
        periods=Periods(
            tuple(
                (rule.valid_months, *(span * k for k in range(1, n_windows)))
                for rule, span in zip(rules, periods, strict=True)
            )
        ),
        n_windows=n_windows,
        cap=cap,
        lowest=-cap[:, None],
        highest=cap[:, None],
        start=scheme.points(part.start, "event part"),
        floor=scheme.points(part.floor, "event part"),
        top=scheme.points(part.cap, "event part"),
        record_periods=Periods(
            tuple((rule.expires_months,) for rule in scheme.official_rules.values())
        ),
    )


def read_events(cases: Cases, rules: LedgerRules) -> tuple[Expansion, Ints]:
    """Decide entry by entry what becomes of it at the scoring date.

    Parameters
    ----------
    cases : Cases
        Households with their events.
    rules : LedgerRules
        From `compile_ledger`.

    Returns
    -------
    expansion : Expansion
        All entries of all cases.
    outcome : ndarray of shape (n_pairs,)
        Index into `EVENT_OUTCOMES`; the first reason that applies, in that order.
    """
    pairs, outcome, _ = _date_events(cases, rules)
    return pairs, outcome


def _date_events(cases: Cases, rules: LedgerRules) -> tuple[Expansion, Ints, NDArray[np.bool_]]:
    """Find outcomes, and which spans lie between each entry and the scoring date."""
    events = cases.events
    pairs = expand(cases.event_start, cases.event_end, events.code.size)
    as_of = pairs.spread(cases.as_of)
    occurred = pairs.gather(events.occurred_on)
    days = earliest_days(cases.as_of, rules.periods, pairs.case, pairs.gather(events.code))
    older = occurred[:, None] <= days
    unknown = np.maximum(pairs.gather(events.recorded_on), occurred) > as_of
    outcome = _OUTCOMES[
        pairs.gather(events.status),
        pairs.gather(events.has_evidence).view(np.int8),
        older[:, 0].view(np.int8),
        unknown.view(np.int8),
    ]
    return pairs, outcome, older[:, 1:]


def sum_events(cases: Cases, rules: LedgerRules) -> EventSums:
    """Add up the points of the entries that count, period by period under their caps.

    Periods of a cap are counted back from the scoring date, so a yearly cap of 10 means at most
    10 in the twelve months before it, 10 in the twelve before those, while the entries are valid.

    Parameters
    ----------
    cases : Cases
        Households with their events.
    rules : LedgerRules
        From `compile_ledger`.

    Returns
    -------
    EventSums
        Points by event and the event part.
    """
    n, n_events = len(cases.household_id), len(rules.event_codes)
    if not cases.events.code.size:
        return _no_events(n, rules)
    pairs, outcome, older = _date_events(cases, rules)
    code = pairs.gather(cases.events.code)
    counts = outcome == 0
    points = rules.level_points[code, pairs.gather(cases.events.level)] * counts
    cell = (pairs.case * n_events + code) * rules.n_windows + older.sum(axis=1)
    sums = np.bincount(cell, weights=points, minlength=n * n_events * rules.n_windows)
    capped = sums.astype(np.int64).reshape(n, n_events, rules.n_windows)
    np.minimum(capped, rules.highest, out=capped)
    np.maximum(capped, rules.lowest, out=capped)
    room = rules.cap - capped[:, :, 0]
    n_counted = np.bincount(pairs.case[counts], minlength=n)
    n_excluded = cases.event_end - cases.event_start - n_counted
    return _event_sums(capped.sum(axis=2), room, rules, (n_counted, n_excluded))


def _no_events(n: int, rules: LedgerRules) -> EventSums:
    zeros = np.zeros((n, len(rules.event_codes)), dtype=np.int64)
    none = np.zeros(n, dtype=np.int64)
    return _event_sums(zeros, rules.cap - zeros, rules, (none, none))


def _event_sums(
    by_event: Ints, room: Ints, rules: LedgerRules, entries: tuple[Ints, Ints]
) -> EventSums:
    raw = rules.start + by_event.sum(axis=1)
    part = np.minimum(np.maximum(raw, rules.floor), rules.top)
    return EventSums(by_event, room, part, part - raw, *entries)


def read_records(cases: Cases, rules: LedgerRules) -> tuple[Expansion, NDArray[np.bool_]]:
    """Decide record by record whether it is in force at the scoring date.

    A record counts from the day it was issued until its months after the end are over; one without
    an end counts on.

    Parameters
    ----------
    cases : Cases
        Households with their registers.
    rules : LedgerRules
        From `compile_ledger`.

    Returns
    -------
    expansion : Expansion
        All records of all cases.
    in_force : ndarray of shape (n_pairs,)
        True where the record is in force.
    """
    registers = cases.registers
    pairs = expand(cases.register_start, cases.register_end, registers.code.size)
    ended = pairs.gather(registers.ended_on)
    code = pairs.gather(registers.code)
    oldest = earliest_days(cases.as_of, rules.record_periods, pairs.case, code)[..., 0]
    issued = pairs.gather(registers.issued_on) <= pairs.spread(cases.as_of)
    return pairs, issued & ((ended == MISSING) | (ended > oldest))


def find_records(cases: Cases, rules: LedgerRules) -> NDArray[np.bool_]:
    """Find which official records are in force at the scoring date.

    Parameters
    ----------
    cases : Cases
        Households with their registers.
    rules : LedgerRules
        From `compile_ledger`.

    Returns
    -------
    ndarray of shape (n_cases, n_records)
        True where at least one record of that code is in force.
    """
    found = np.zeros((len(cases.household_id), len(rules.record_codes)), dtype=np.bool_)
    if not cases.registers.code.size:
        return found
    pairs, in_force = read_records(cases, rules)
    code = pairs.gather(cases.registers.code)
    found[pairs.case[in_force], code[in_force]] = True
    return found
