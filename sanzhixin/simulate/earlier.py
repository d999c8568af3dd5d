"""A made-up county as it stood on an earlier day, to compare two dates of one county."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import datetime as dt

    from sanzhixin.records import County

__all__ = ["stood_on"]

_DATED = {
    "ratings": "rated_on",
    "vignettes": "rated_on",
    "events": "recorded_on",
    "registers": "issued_on",
    "loans": "granted_on",
}


def stood_on(county: County, day: dt.date) -> County:
    """Take back what is dated later than a day.

    Parameters
    ----------
    county : County
        From `simulate_county`; its households and factors have no history and stay.
    day : date
        The earlier day.

    Returns
    -------
    County
        With ``as_of`` on that day.  Forms, entries, records and loans of later days are gone, a
        default or an end that came later has not happened, loans are observed until the day at
        most, and consents count as given by then.

    Examples
    --------
    >>> import datetime as dt
    >>> from sanzhixin.simulate import simulate_county
    >>> county = simulate_county(villages=1, seed=7)
    >>> earlier = stood_on(county, dt.date(2025, 6, 30))
    >>> county.ratings["round"].unique().tolist(), earlier.ratings["round"].unique().tolist()
    ([1, 2], [1])
    """
    limit = pd.Timestamp(day)
    kept = {name: _until(getattr(county, name), column, limit) for name, column in _DATED.items()}
    loans, registers = kept["loans"], kept["registers"]
    later = loans["defaulted_on"] > limit
    kept["loans"] = loans.assign(
        defaulted=loans["defaulted"].mask(later, other=False),
        defaulted_on=loans["defaulted_on"].mask(later),
        observed_until=_at_most(loans["observed_until"], limit),
    )
    kept["registers"] = registers.assign(
        ended_on=registers["ended_on"].mask(registers["ended_on"] > limit)
    )
    consented = _at_most(county.households["consent_on"], limit)
    households = county.households.assign(consent_on=consented)
    return replace(county, households=households, as_of=day, **kept)


def _until(table: pd.DataFrame, column: str, limit: pd.Timestamp) -> pd.DataFrame:
    own: pd.DataFrame = table[table[column] <= limit].reset_index(drop=True)
    return own


def _at_most(days: pd.Series, limit: pd.Timestamp) -> pd.Series:
    return days.mask(days > limit, limit)
