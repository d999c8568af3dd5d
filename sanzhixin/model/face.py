"""The model: the face for tables over the one scoring path."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sanzhixin.errors import DomainError
from sanzhixin.model.frames import (
    case_chunks,
    check_county,
    profile_frame,
    proposal_frame,
    scoring_date,
)
from sanzhixin.records.application import Application
from sanzhixin.records.encode_application import encode_application
from sanzhixin.records.grammar import MAX_YUAN
from sanzhixin.records.parse_application import check_application, parse_application
from sanzhixin.records.without import read_piece
from sanzhixin.records.without import without as left_out
from sanzhixin.scoring.appeal import Appeal, make_appeal
from sanzhixin.scoring.artifact import ModelFile, write_model_file
from sanzhixin.scoring.explain import Explanation, explain_case
from sanzhixin.scoring.plan import compile_plan
from sanzhixin.scoring.proposal import Proposal
from sanzhixin.scoring.scorer import check_cases, propose_answers, propose_cases, score_cases

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from sanzhixin.records import County
    from sanzhixin.scheme import Scheme
    from sanzhixin.scoring.plan import Plan
    from sanzhixin.trust import Trusted

__all__ = ["SanzhixinModel"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SanzhixinModel:
    """A frozen model: profiles, proposals and explanations for tables and single applications.

    Make one with `fit` or `load_model`.  Nothing in it can be changed, and scoring reads no file
    and no clock, so threads may share it and a backend replaces it by assigning a new one.

    Attributes
    ----------
    file : ModelFile
        Everything the model knows: the content of its file.
    trusted : Trusted or None
        Whose signature counted when it was loaded; None where no trust list was asked.
    plan : Plan
        The compiled rules, for `sanzhixin.scoring`.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=2, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> proposals = model.propose(county)
    >>> len(proposals) == len(county.households)
    True
    """

    file: ModelFile
    trusted: Trusted | None = None
    plan: Plan = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "plan", compile_plan(self.file))

    @property
    def scheme(self) -> Scheme:
        """What the bank decided."""
        return self.file.scheme

    @property
    def model_id(self) -> str:
        """``name/version``."""
        return self.file.model_id

    def __repr__(self) -> str:
        file = self.file
        return (
            f"SanzhixinModel({file.model_id}, scheme {file.scheme.scheme_id}, "
            f"pd_basis {file.pd.basis}, {file.status}, valid until {file.valid_until})"
        )

    def _repr_html_(self) -> str:
        from sanzhixin.model.notebook import show_model

        return show_model(self.file, self.plan)

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
        return profile_frame(county, self.plan, scoring_date(as_of, county.as_of))

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
        for cases in case_chunks(county, self.plan, scoring_date(as_of, county.as_of)):
            rows.extend(propose_cases(cases, self.plan))
        return proposal_frame(rows)

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
        record, day = self._record(application, as_of)
        return Proposal(**propose_cases(encode_application(record, self.scheme, day), self.plan)[0])

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
        check_cases(cases, self.plan)
        answers = score_cases(cases, self.plan)
        proposal = Proposal(**propose_answers(answers, self.plan)[0])
        return explain_case(answers, proposal, self.plan)

    def reconsider(
        self,
        application: Application | dict[str, Any],
        *,
        without: Sequence[str],
        statement: str | None = None,
        as_of: dt.date | None = None,
    ) -> Appeal:
        """Propose once more without what is doubted, and put both proposals side by side.

        Parameters
        ----------
        application : Application or dict
            The household's record, as it was scored.
        without : sequence of str
            What is doubted: ``rating:RATER``, ``rating:RATER:INDICATOR``, ``event:ID`` or
            ``register:DOCUMENT``.
        statement : str, optional
            What the household says.
        as_of : date, optional
            Scoring date; else that of the application, else today.

        Returns
        -------
        Appeal
            Old, new, and what moves.  What a person decides then is `Appeal.decide`.

        Raises
        ------
        DomainError
            ``appeal_nothing``, ``appeal_piece``, ``appeal_unknown_piece``.
        RecordError, ArtifactError
            As `propose_one`.

        Examples
        --------
        >>> import sanzhixin as szx
        >>> county = szx.simulate_county(villages=1, seed=7)
        >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
        >>> record = county.application(county.households["household_id"].iloc[0])
        >>> doubted = f"rating:{record.ratings[0].rater_id}"
        >>> appeal = model.reconsider(record, without=[doubted])
        >>> appeal.before == model.propose_one(record)
        True
        """
        record, day = self._record(application, as_of)
        doubted = [read_piece(piece) for piece in without]
        before, after = (
            Proposal(**propose_cases(encode_application(one, self.scheme, day), self.plan)[0])
            for one in (record, left_out(record, doubted))
        )
        return make_appeal(
            before,
            after,
            without=[str(piece) for piece in doubted],
            statement=statement,
            most_yuan=min(self.plan.limits.product_cap, MAX_YUAN),
        )

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
            ``model_released``: an approved or retired model stands there;
            ``model_folder_in_use``: the folder holds files and no model.
        """
        return write_model_file(self.file, Path(path))

    def _record(
        self, application: Application | dict[str, Any], as_of: dt.date | None
    ) -> tuple[Application, dt.date]:
        """Check an application, and find out the day on which it is scored."""
        as_of = None if as_of is None else scoring_date(as_of)
        if isinstance(application, dict):
            stated = application.get("as_of") is not None
            day = as_of if stated else scoring_date(as_of)
            record = parse_application(application, self.scheme, as_of=day)
            return record, scoring_date(as_of, record.as_of, day)
        if isinstance(application, Application):
            day = scoring_date(as_of, application.as_of)
            check_application(application, self.scheme, as_of=day)
            return application, day
        raise DomainError("application_expected", given=type(application).__name__)
