"""A county: one DataFrame per table, with canonical columns and dtypes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, fields
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from sanzhixin.records.columns import TABLES, table_spec
from sanzhixin.records.dtypes import DTYPES, empty_frame, to_canonical
from sanzhixin.records.pick import application_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sanzhixin.records.application import Application
    from sanzhixin.scheme import Scheme

__all__ = ["County"]


def _empty(table: str) -> pd.DataFrame:
    return empty_frame(table_spec(table))


def _no_rejected_rows() -> pd.DataFrame:
    return pd.DataFrame({"household_id": [], "table": []}, dtype=DTYPES["id"])


@dataclass(frozen=True, slots=True, eq=False)
class County:
    """All tables of one county; a table that was not given is empty with its columns.

    Canonical dtypes: identifiers and text ``str``, money ``Int64`` (yuan), ratings ``Int8``
    (missing: the rater does not know), rounds ``Int64``, dates ``datetime64[s]``, booleans
    ``boolean``, numeric factors ``Float64``.

    Attributes
    ----------
    households, members, raters, ratings, vignettes : DataFrame
        Who is rated, who may sign, who rates, and the forms.
    events, registers, proposals, loans, audit_groups : DataFrame
        Ledger entries, official records, proposals of people, outcomes, groups for fairness checks.
    as_of : date or None
        The day on which the tables stand.
    truth : object or None
        What a simulator drew; None for files.
    rejected_rows : DataFrame
        ``household_id`` and ``table``: one row per household and table among ratings, events,
        registers, proposals and loans that had a rejected row of that household.  What such a row
        said does not count, so scoring and fitting have to know that it is missing.  Not written
        to files.

    Examples
    --------
    >>> County().ratings.columns[0]
    'round'
    """

    households: pd.DataFrame = field(default_factory=partial(_empty, "households"), repr=False)
    members: pd.DataFrame = field(default_factory=partial(_empty, "members"), repr=False)
    raters: pd.DataFrame = field(default_factory=partial(_empty, "raters"), repr=False)
    ratings: pd.DataFrame = field(default_factory=partial(_empty, "ratings"), repr=False)
    vignettes: pd.DataFrame = field(default_factory=partial(_empty, "vignettes"), repr=False)
    events: pd.DataFrame = field(default_factory=partial(_empty, "events"), repr=False)
    registers: pd.DataFrame = field(default_factory=partial(_empty, "registers"), repr=False)
    proposals: pd.DataFrame = field(default_factory=partial(_empty, "proposals"), repr=False)
    loans: pd.DataFrame = field(default_factory=partial(_empty, "loans"), repr=False)
    audit_groups: pd.DataFrame = field(default_factory=partial(_empty, "audit_groups"), repr=False)
    as_of: dt.date | None = None
    truth: Any = field(default=None, repr=False)
    rejected_rows: pd.DataFrame = field(default_factory=_no_rejected_rows, repr=False)

    @classmethod
    def from_tables(
        cls,
        tables: Mapping[str, pd.DataFrame],
        scheme: Scheme | None = None,
        *,
        as_of: dt.date | None = None,
        truth: Any = None,
    ) -> County:
        """Build a county from trusted tables: dtypes are made canonical, no row rule is checked.

        Parameters
        ----------
        tables : mapping of str to DataFrame
            Canonical column names; absent optional columns are added as missing.
        scheme : Scheme, optional
            Adds its indicator and factor columns.
        as_of : date, optional
            The day on which the tables stand.
        truth : object, optional
            What a simulator drew.

        Returns
        -------
        County
            With every table of `TABLES`.

        Raises
        ------
        KeyError
            A name is not a table.
        ValueError
            A value does not fit its canonical dtype.

        Examples
        --------
        >>> frame = pd.DataFrame({"household_id": ["H1"], "council_limit_yuan": [50000]})
        >>> str(County.from_tables({"proposals": frame}).proposals.dtypes["council_limit_yuan"])
        'Int64'
        """
        unknown = sorted(set(tables) - set(TABLES))
        if unknown:
            raise KeyError(unknown[0])
        frames = {
            name: to_canonical(tables[name], table_spec(name, scheme))
            if name in tables
            else empty_frame(table_spec(name, scheme))
            for name in TABLES
        }
        return cls(**frames, as_of=as_of, truth=truth)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Give all tables by name.

        Returns
        -------
        dict of str to DataFrame
            In the order of `TABLES`.
        """
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name in TABLES}

    def application(self, household_id: str) -> Application:
        """Collect what the tables say about one household.

        Parameters
        ----------
        household_id : str
            Which household.

        Returns
        -------
        Application
            As a backend would hand it in; see `application_of`.

        Raises
        ------
        RecordError
            ``household_not_found``: the household is not in the county.
        """
        return application_of(self, household_id)

    def equals(self, other: County) -> bool:
        """Tell whether all tables and the day are the same: columns, dtypes, values.

        Parameters
        ----------
        other : County
            To compare with; the truth of a simulator and rejected rows are not compared.

        Returns
        -------
        bool
            True when nothing differs.
        """
        mine, theirs = self.tables(), other.tables()
        return self.as_of == other.as_of and all(
            mine[name].equals(theirs[name]) and mine[name].dtypes.equals(theirs[name].dtypes)
            for name in TABLES
        )
