"""What was scored: the canonical record of a case and its digest."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.records.cases import Cases

__all__ = ["input_digests", "input_records"]

_AMOUNTS = ("annual_income", "debt", "assets", "exposure", "requested", "council", "manager")
_FORMS = ("round", "rated_on", "familiar", "relation", "role", "ratings", "proposed_limit")
_EVENTS = ("code", "level", "occurred_on", "recorded_on", "status", "has_evidence")
_REGISTERS = ("code", "issued_on", "ended_on")
_MEMBERS = ("exposure",)
_LITTLE = "=|" if sys.byteorder == "little" else "<|"
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def input_digests(cases: Cases) -> list[str]:
    """SHA-256 of the canonical record of each case.

    Two cases have the same digest when everything that was handed in for scoring is the same,
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
    return [f"sha256:{hashlib.sha256(record).hexdigest()}" for record in input_records(cases)]


def input_records(cases: Cases) -> list[bytes]:
    """Canonical record of each case as bytes.

    A line of JSON with the texts and the numbers of rows, then the numbers column by column in
    the little-endian types of `Cases`: amounts in yuan, factor values in millionths or as level
    indices, dates as proleptic day numbers, ratings with 0 for a blank, `MISSING` where absent.
    The scoring date and the model stand beside the digest in a proposal, not in it.

    Parameters
    ----------
    cases : Cases
        Households of a batch.

    Returns
    -------
    list of bytes
        In the order of the cases.
    """
    forms, events, registers, members = (
        cases.forms,
        cases.events,
        cases.registers,
        cases.members,
    )
    scalars = [cases.consent_until, cases.has_written_consent]
    scalars += [getattr(cases, name) for name in _AMOUNTS]
    scalars += list(cases.factors.values())
    numbers = [_bytes(column) for column in scalars]
    form_columns = [_bytes(getattr(forms, name)) for name in _FORMS]
    event_columns = [_bytes(getattr(events, name)) for name in _EVENTS]
    register_columns = [_bytes(getattr(registers, name)) for name in _REGISTERS]
    member_columns = [_bytes(getattr(members, name)) for name in _MEMBERS]
    records = []
    for i, (of_forms, of_events, of_registers, of_members) in enumerate(_slices(cases)):
        texts = [
            cases.household_id[i],
            cases.village_id[i],
            cases.purpose[i],
            cases.override_reason[i],
            forms.rater_id[of_forms],
            events.event_id[of_events],
            registers.document_no[of_registers],
            registers.list_class[of_registers],
            members.person_id[of_members],
            cases.rejected_tables[i],
        ]
        parts = [_encode(texts).encode(), b"\n"]
        parts += [raw[i * size : (i + 1) * size] for raw, size in numbers]
        for columns, rows in (
            (form_columns, of_forms),
            (event_columns, of_events),
            (register_columns, of_registers),
            (member_columns, of_members),
        ):
            if rows.start < rows.stop:
                parts += [raw[rows.start * size : rows.stop * size] for raw, size in columns]
        records.append(b"".join(parts))
    return records


def _slices(cases: Cases) -> list[tuple[slice, slice, slice, slice]]:
    ranges = (
        map(slice, cases.form_start.tolist(), cases.form_end.tolist()),
        map(slice, cases.event_start.tolist(), cases.event_end.tolist()),
        map(slice, cases.register_start.tolist(), cases.register_end.tolist()),
        map(slice, cases.member_start.tolist(), cases.member_end.tolist()),
    )
    return list(zip(*ranges, strict=True))


def _bytes(column: NDArray[Any]) -> tuple[bytes, int]:
    """Little-endian bytes of a column on every machine, and how many there are for one row."""
    if column.dtype.byteorder not in _LITTLE:
        column = column.astype(column.dtype.newbyteorder("<"))
    return column.tobytes(), column.itemsize * (column.shape[1] if column.ndim > 1 else 1)
