"""One household of a county as the application that a backend would hand in, or some of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from sanzhixin.errors import RecordError, mask_id
from sanzhixin.records.application import (
    Application,
    EventEntry,
    Member,
    ProposalInput,
    RatingForm,
    RegisterEntry,
)
from sanzhixin.records.columns import TABLES
from sanzhixin.records.vocabulary import EVIDENCE_TABLES

if TYPE_CHECKING:
    from collections.abc import Collection

    from sanzhixin.records.county import County
    from sanzhixin.records.vocabulary import EvidenceTable

__all__ = ["application_of", "part_of"]


_SCORED_TABLES = ("households", "members", "ratings", "events", "registers", "proposals")


def part_of(county: County, households: Collection[str]) -> County:
    """Take what scores some households of a county.

    Parameters
    ----------
    county : County
        Canonical tables.
    households : collection of str
        Which.

    Returns
    -------
    County
        The tables that score a household hold these households alone; the others are as they were.
    """
    tables = {name: getattr(county, name) for name in _SCORED_TABLES}
    own = {name: one[one["household_id"].isin(households)] for name, one in tables.items()}
    return replace(county, **own)


def application_of(county: County, household_id: str) -> Application:
    """Collect everything that the tables say about one household.

    Parameters
    ----------
    county : County
        Canonical tables.
    household_id : str
        Which household.

    Returns
    -------
    Application
        Roles come from ``county.raters``; a rater who is not listed counts as a panel member.
        ``as_of`` is the day on which the tables stand; ``rejected_tables`` are those of which a
        row of the household was rejected.

    Raises
    ------
    RecordError
        ``household_not_found``: the household is not in the county.
    """
    rows = _rows(county.households, household_id)
    if not rows:
        raise RecordError("household_not_found", household=mask_id(household_id))
    fixed = TABLES["households"].names
    roles = dict(zip(county.raters["rater_id"], county.raters["role"], strict=True))
    return Application(
        **{name: value for name, value in rows[0].items() if name in fixed},
        factors={name: value for name, value in rows[0].items() if name not in fixed},
        ratings=tuple(
            RatingForm.model_validate(_without(row) | {"role": roles.get(row["rater_id"], "panel")})
            for row in _rows(county.ratings, household_id)
        ),
        events=tuple(
            EventEntry.model_validate(_without(row)) for row in _rows(county.events, household_id)
        ),
        registers=tuple(
            RegisterEntry.model_validate(_without(row))
            for row in _rows(county.registers, household_id)
        ),
        members=tuple(
            Member.model_validate(_without(row)) for row in _rows(county.members, household_id)
        ),
        proposals=next(
            (
                ProposalInput.model_validate(_without(row))
                for row in _rows(county.proposals, household_id)
            ),
            None,
        ),
        as_of=county.as_of,
        rejected_tables=_rejected_tables(county.rejected_rows, household_id),
    )


def _rejected_tables(rows: pd.DataFrame, household_id: str) -> tuple[EvidenceTable, ...]:
    tables = set(rows["table"][rows["household_id"] == household_id])
    return tuple(name for name in EVIDENCE_TABLES if name in tables)


def _without(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "household_id"}


def _rows(frame: pd.DataFrame, household_id: str) -> list[dict[str, Any]]:
    rows = frame[frame["household_id"] == household_id]
    return [
        {name: _value(value) for name, value in zip(rows.columns, row, strict=True)}
        for row in rows.astype(object).itertuples(index=False, name=None)
    ]


def _value(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value
