"""The model: the face for tables over the one scoring path."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sanzhixin.errors import DomainError
from sanzhixin.scoring.artifact import ModelFile, read_model_file, write_model_file
from sanzhixin.scoring.explain import Explanation, explain_case
from sanzhixin.scoring.plan import compile_plan
from sanzhixin.scoring.profile import event_columns, factor_columns, pillar_columns, take_profile
from sanzhixin.scoring.proposal import Proposal
from sanzhixin.scoring.scorer import check_cases, propose_answers, propose_cases, score_cases

if TYPE_CHECKING:
    import pandas as pd

    from sanzhixin.records import Application, County
    from sanzhixin.records.cases import Cases
    from sanzhixin.scheme import Scheme
    from sanzhixin.scoring.plan import Plan, ProfilePlan

__all__ = [
    "SanzhixinModel",
    "case_chunks",
    "check_county",
    "load_model",
    "profile_frame",
    "scoring_date",
]

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


class SanzhixinModel:
    """A frozen model: profiles, proposals and explanations for tables and single applications.

    Make one with `fit` or `load_model`.  It holds no mutable state, so threads may share it and a
    backend replaces it by assigning a new one.

    Parameters
    ----------
    file : ModelFile
        Everything the model knows.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=2, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> proposals = model.propose(county)
    >>> len(proposals) == len(county.households)
    True
    """

    def __init__(self, file: ModelFile) -> None:
        self._file = file
        self._plan = compile_plan(file)

    @property
    def file(self) -> ModelFile:
        """Content of the model file."""
        return self._file

    @property
    def plan(self) -> Plan:
        """The compiled rules, for `sanzhixin.scoring`."""
        return self._plan

    @property
    def scheme(self) -> Scheme:
        """What the bank decided."""
        return self._file.scheme

    @property
    def model_id(self) -> str:
        """``name/version``."""
        return self._file.model_id

    def __repr__(self) -> str:
        file = self._file
        return (
            f"SanzhixinModel({file.model_id}, scheme {file.scheme.scheme_id}, "
            f"pd_basis {file.pd.basis}, {file.status}, valid until {file.valid_until})"
        )

    def profile(self, county: County, as_of: dt.date | None = None) -> pd.DataFrame:
        """Measure every household: pillar scores, event points, factor values.

        Parameters
        ----------
        county : County
            Accepted tables.
        as_of : date, optional
            Scoring date; else that of the county, else today.

        Returns
        -------
        DataFrame
            One row per household, sorted by household_id: ``household_id, village_id, as_of``;
            per pillar ``*_logit, *_se, *_score, *_within_logit, *_within_se, *_n_forms,
            *_n_familiar, *_n_recused``; ``link``; event points; factor values; ``evidence`` (True
            when every pillar has enough forms) and ``evidence_missing`` (the pillars that have
            not).  With ``severity_adjusted`` every ``*_se`` is in logits.  With a plain
            aggregator the logit columns are missing, ``link`` is ``none`` and ``*_se`` is
            the spread of the forms over the root of their number, in units of ``*_score``: the
            standard error of a mean, too small for ``min`` and ``median``, and blind to a panel
            that is severe or lenient as a whole.

        Examples
        --------
        >>> import sanzhixin as szx
        >>> county = szx.simulate_county(villages=1, seed=7)
        >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
        >>> bool(model.profile(county)["fs_score"].dropna().between(0, 100).all())
        True
        """
        check_county(county)
        return profile_frame(county, self._plan, scoring_date(as_of, county.as_of))

    def propose(self, county: County, as_of: dt.date | None = None) -> pd.DataFrame:
        """Propose a tier and a limit for every household.

        Parameters
        ----------
        county : County
            Accepted tables.
        as_of : date, optional
            Scoring date; else that of the county, else today.

        Returns
        -------
        DataFrame
            One row per household, sorted by household_id, with the columns of `Proposal`;
            ``reasons``, ``next_tier`` and ``review_triggers`` hold lists and dictionaries.

        Raises
        ------
        ArtifactError
            ``model_retired``, ``model_expired``, ``scheme_not_in_force``.
        RecordError
            ``consent_not_valid``: a household without a consent for this purpose and day;
            ``level_unseen``: a category that the card does not know.

        Examples
        --------
        >>> import sanzhixin as szx
        >>> county = szx.simulate_county(villages=1, seed=7)
        >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
        >>> proposals = model.propose(county)
        >>> set(proposals["status"]) <= {"propose", "review", "gated", "insufficient_evidence"}
        True
        """
        rows: list[dict[str, Any]] = []
        check_county(county)
        for cases in case_chunks(county, self._plan, scoring_date(as_of, county.as_of)):
            rows.extend(propose_cases(cases, self._plan))
        return _proposal_frame(rows)

    def propose_one(
        self, application: Application | dict[str, Any], as_of: dt.date | None = None
    ) -> Proposal:
        """Propose for one household: the same computation as `propose`, without pandas.

        Parameters
        ----------
        application : Application or dict
            The household's record with its forms, events and registers.
        as_of : date, optional
            Scoring date; else that of the application, else today.

        Returns
        -------
        Proposal
            Frozen.

        Raises
        ------
        RecordError
            A field breaks a rule of the tables, or the consent is not valid.
        ArtifactError
            As `propose`.

        Examples
        --------
        >>> import sanzhixin as szx
        >>> county = szx.simulate_county(villages=1, seed=7)
        >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
        >>> household = county.households["household_id"].iloc[0]
        >>> answer = model.propose_one(county.application(household))
        >>> answer.household_id == household
        True
        """
        return Proposal(**propose_cases(self._encode(application, as_of), self._plan)[0])

    def explain(
        self, county: County, household_id: str, as_of: dt.date | None = None
    ) -> Explanation:
        """Explain one household's proposal: forms, items, events, records, bounds, advice.

        Parameters
        ----------
        county : County
            Accepted tables.
        household_id : str
            Whose proposal.
        as_of : date, optional
            Scoring date; else that of the county, else today.

        Returns
        -------
        Explanation
            Raters are masked.

        Raises
        ------
        RecordError
            ``household_not_found``: the county has no such household.
        """
        from sanzhixin.records.encode_county import encode_county

        check_county(county)
        day = scoring_date(as_of, county.as_of)
        cases = encode_county(county, self.scheme, day, households=[household_id])
        check_cases(cases, self._plan)
        answers = score_cases(cases, self._plan)
        proposal = Proposal(**propose_answers(answers, self._plan)[0])
        return explain_case(answers, proposal, self._plan)

    def save(self, path: str | Path) -> Path:
        """Write ``model.json`` completely or not at all.

        Parameters
        ----------
        path : str or Path
            Folder; it is made when absent.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OutputError
            ``output_not_written``: disk full, no permission, not a folder; ``model_in_place``:
            another model stands there, only the same name, version and scheme is replaced;
            ``model_folder_in_use``: the folder holds files and no model.
        """
        return write_model_file(self._file, Path(path))

    def _encode(self, application: Application | dict[str, Any], as_of: dt.date | None) -> Cases:
        from sanzhixin.records.application import Application
        from sanzhixin.records.encode_application import encode_application
        from sanzhixin.records.parse_application import check_application, parse_application

        as_of = None if as_of is None else scoring_date(as_of)
        if isinstance(application, dict):
            stated = application.get("as_of") is not None
            day = as_of if stated else scoring_date(as_of)
            application = parse_application(application, self.scheme, as_of=day)
            day = scoring_date(as_of, application.as_of, day)
        elif isinstance(application, Application):
            day = scoring_date(as_of, application.as_of)
            check_application(application, self.scheme, as_of=day)
        else:
            raise DomainError("application_expected", given=type(application).__name__)
        return encode_application(application, self.scheme, day)


def load_model(path: str | Path) -> SanzhixinModel:
    """Load a model file; nothing in it is executed.

    Parameters
    ----------
    path : str or Path
        Folder that holds ``model.json``, or the file.

    Returns
    -------
    SanzhixinModel
        Ready to score.

    Raises
    ------
    ArtifactError
        Not found, altered, of an unknown protocol, or with unknown or duplicate keys.

    Examples
    --------
    >>> import sanzhixin as szx, tempfile
    >>> model = szx.fit(szx.simulate_county(villages=1, seed=7), szx.load_scheme("tongxiang"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = szx.load_model(model.save(folder))
    >>> again.file.digest() == model.file.digest()
    True
    """
    return SanzhixinModel(read_model_file(Path(path)))


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


def _proposal_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
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


def case_chunks(county: County, plan: ProfilePlan, as_of: dt.date) -> Iterator[Cases]:
    """Encode a county and give its households in chunks, sorted by household_id.

    Parameters
    ----------
    county : County
        Accepted tables.
    plan : ProfilePlan
        Compiled rules.
    as_of : date
        Scoring date.

    Yields
    ------
    Cases
        Up to 16,384 households.

    Raises
    ------
    DomainError
        ``county_empty``: no household.
    """
    from sanzhixin.records.encode_county import encode_county

    if county.households.empty:
        raise DomainError("county_empty")
    cases = encode_county(county, plan.scheme, as_of)
    for begin in range(0, len(cases), _CHUNK):
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
