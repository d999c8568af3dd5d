"""Tables in and out of a model: the cases of a county, profiles and proposals as frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sanzhixin.errors import DomainError
from sanzhixin.scoring.profile import event_columns, factor_columns, pillar_columns, take_profile
from sanzhixin.scoring.proposal import Proposal

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sanzhixin.records import County
    from sanzhixin.records.cases import Cases
    from sanzhixin.scheme import Scheme
    from sanzhixin.scoring.plan import ProfilePlan

__all__ = ["case_chunks", "check_county", "profile_frame", "proposal_frame", "scoring_date"]

_CHUNK = 16_384

_WHOLE = ("points", "limit_yuan", "village_limit_yuan", "manager_limit_yuan", "system_limit_yuan")
_DATES = ("as_of", "valid_until")
_REAL = ("score", "score_low", "score_high", "prob_default", "pd_lower", "pd_upper")
_TEXT = (
    "household_id",
    "status",
    "grade",
    "pd_basis",
    "tier",
    "binding_bound",
    "model_id",
    "scheme_id",
    "input_digest",
)


def profile_frame(county: County, plan: ProfilePlan, as_of: dt.date) -> pd.DataFrame:
    """Profile a county under compiled rules; `SanzhixinModel.profile` describes the columns.

    Parameters
    ----------
    county : County
        Accepted tables.
    plan : ProfilePlan
        From `profile_plan` or `compile_plan`.
    as_of : date
        Scoring date.

    Returns
    -------
    DataFrame
        One row per household, sorted by household_id.

    Raises
    ------
    DomainError
        ``county_empty``: no household.
    """
    import pandas as pd

    frames = [_profile_chunk(cases, plan) for cases in case_chunks(county, plan, as_of)]
    return pd.concat(frames, ignore_index=True)


def _profile_chunk(cases: Cases, plan: ProfilePlan) -> pd.DataFrame:
    import pandas as pd

    profile = take_profile(cases, plan)
    short = ~profile.sufficient
    link = "none" if plan.adjusted is None else plan.adjusted.link
    missing = [", ".join(np.array(plan.panel.pillars)[row]) for row in short]
    columns: dict[str, Any] = {
        "household_id": pd.array(cases.household_id, dtype="str"),
        "village_id": pd.array(cases.village_id, dtype="str"),
        "as_of": _dates(cases.as_of.tolist()),
        **pillar_columns(profile, plan.panel),
        "link": pd.array([link] * len(cases), dtype="str"),
        **event_columns(profile),
        **_factor_arrays(cases, plan.scheme),
        "evidence": ~short.any(axis=1),
        "evidence_missing": pd.array(missing, dtype="str"),
    }
    return pd.DataFrame(columns)


def _factor_arrays(cases: Cases, scheme: Scheme) -> dict[str, Any]:
    import pandas as pd

    kinds = {factor.name: factor.kind for factor in scheme.factors}
    types = {"numeric": "Float64", "categorical": "str"}
    return {
        name: pd.Series(values, dtype=types[kinds[name]])
        for name, values in factor_columns(cases, scheme).items()
    }


def proposal_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Make the table of proposals.

    Parameters
    ----------
    rows : list of dict
        With the keys of `Proposal`.

    Returns
    -------
    DataFrame
        `SanzhixinModel.propose` describes the columns.
    """
    import pandas as pd

    frame = pd.DataFrame(rows, columns=list(Proposal.model_fields))
    types = dict.fromkeys(_WHOLE, "Int64") | dict.fromkeys(_REAL, "float64")
    frame = frame.astype(types | dict.fromkeys(_TEXT, "str"))
    for name in _DATES:
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[s]")
    return frame


def _dates(days: list[int]) -> Any:
    import pandas as pd

    return pd.to_datetime([dt.date.fromordinal(day) for day in days]).astype("datetime64[s]")


def case_chunks(
    county: County,
    plan: ProfilePlan,
    as_of: dt.date | NDArray[np.int64],
    households: Sequence[str] | None = None,
) -> Iterator[Cases]:
    """Encode a county once and give its households in chunks, so that few are scored at a time.

    Parameters
    ----------
    county : County
        Accepted tables.
    plan : ProfilePlan
        Compiled rules.
    as_of : date or ndarray of int64 of shape (n_cases,)
        Scoring date of all, or a day number for each of `households`.
    households : sequence of str of length n_cases, optional
        Which households, in this order; one may repeat.  By default all, sorted by household_id.

    Yields
    ------
    Cases
        Up to 16,384 households; one chunk without any where `households` names none.

    Raises
    ------
    DomainError
        ``county_empty``: all are wanted and there is none.
    RecordError
        ``household_not_found``, ``codes_unknown``: as `encode_county`.
    """
    from sanzhixin.records.encode_county import encode_county

    if households is None and county.households.empty:
        raise DomainError("county_empty")
    cases = encode_county(county, plan.scheme, as_of, households)
    for begin in range(0, max(len(cases), 1), _CHUNK):
        yield cases.take(slice(begin, begin + _CHUNK))


def scoring_date(*candidates: dt.date | None) -> dt.date:
    """Take the first date that is stated, else today; a time of day is dropped.

    Parameters
    ----------
    *candidates : date or None
        In order of precedence.

    Returns
    -------
    date
        The scoring date.

    Raises
    ------
    DomainError
        ``date_expected``: something else than a date, e.g. a text.
    """
    for day in candidates:
        if isinstance(day, dt.datetime):
            return day.date()
        if isinstance(day, dt.date):
            return day
        if day is not None:
            raise DomainError("date_expected", given=type(day).__name__)
    return dt.date.today()


def check_county(county: object) -> None:
    """Refuse anything but a County, with the way out.

    Parameters
    ----------
    county : object
        What was given.

    Raises
    ------
    DomainError
        ``county_expected``.
    """
    from sanzhixin.records import County

    if not isinstance(county, County):
        raise DomainError("county_expected", given=type(county).__name__)
