"""What was scored: the canonical record of a case and its digest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sanzhixin.records.cases import MISSING, UNSEEN
from sanzhixin.scoring.canonical import sha256_digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sanzhixin.records.cases import Cases

__all__ = ["input_digests", "input_records"]

_ABSENT = {MISSING: None, UNSEEN: "?"}

Plain = list[object]


def input_digests(cases: Cases) -> list[str]:
    """SHA-256 of the canonical record of each case.

    Two cases have the same digest exactly when everything that can enter their score is the same,
    whatever the order of the rows and whatever other columns the files carry.

    Parameters
    ----------
    cases : Cases
        Households of a batch.

    Returns
    -------
    list of str
        ``sha256:`` and 64 hexadecimal digits, one per case.
    """
    # Lists of text, whole numbers and None: their compact JSON is the canonical one (RFC 8785).
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    return [sha256_digest(encode(record).encode()) for record in input_records(cases)]


def input_records(cases: Cases) -> list[Plain]:
    """Canonical record of each case: text, whole numbers and None only.

    Order: household, village, consent, amounts, factors, forms, events, registers.  Dates are
    proleptic day numbers, amounts yuan, factor values millionths or level indices, ratings 0 for
    a blank.
    """
    head = zip(
        cases.household_id,
        cases.village_id,
        _plain(cases.consent_until),
        cases.has_written_consent.tolist(),
        cases.purpose,
        cases.override_reason,
        strict=True,
    )
    amounts = _columns(
        cases.annual_income,
        cases.debt,
        cases.assets,
        cases.exposure,
        cases.requested,
        cases.council,
        cases.manager,
    )
    factors = _columns(*cases.factors.values()) or [[] for _ in cases.household_id]
    tables = (
        _cut(_form_rows(cases), cases.form_start, cases.form_end),
        _cut(_event_rows(cases), cases.event_start, cases.event_end),
        _cut(_register_rows(cases), cases.register_start, cases.register_end),
    )
    return [[*row[0], *row[1:]] for row in zip(head, amounts, factors, *tables, strict=True)]


def _cut(rows: list[Plain], start: NDArray[np.int64], end: NDArray[np.int64]) -> list[list[Plain]]:
    return [rows[a:b] for a, b in zip(start.tolist(), end.tolist(), strict=True)]


def _form_rows(cases: Cases) -> list[Plain]:
    forms = cases.forms
    rows = zip(
        forms.round.tolist(),
        forms.rater_id,
        forms.rated_on.tolist(),
        forms.familiar.tolist(),
        forms.relation.tolist(),
        forms.role.tolist(),
        forms.ratings.tolist(),
        _plain(forms.proposed_limit),
        strict=True,
    )
    return [list(row) for row in rows]


def _event_rows(cases: Cases) -> list[Plain]:
    events = cases.events
    rows = zip(
        events.event_id,
        events.code.tolist(),
        events.level.tolist(),
        events.occurred_on.tolist(),
        events.recorded_on.tolist(),
        events.status.tolist(),
        events.has_evidence.tolist(),
        strict=True,
    )
    return [list(row) for row in rows]


def _register_rows(cases: Cases) -> list[Plain]:
    registers = cases.registers
    rows = zip(
        registers.code.tolist(),
        registers.document_no,
        registers.list_class,
        registers.issued_on.tolist(),
        _plain(registers.ended_on),
        strict=True,
    )
    return [list(row) for row in rows]


def _columns(*columns: NDArray[np.int64]) -> list[Plain]:
    return [list(row) for row in zip(*(_plain(column) for column in columns), strict=True)]


def _plain(values: NDArray[np.int64]) -> Plain:
    return [_ABSENT.get(value, value) for value in values.tolist()]
