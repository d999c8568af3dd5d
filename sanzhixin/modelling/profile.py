"""Feature builders: ratings, events and agreed factors become a scored profile."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sanzhixin.errors import DomainError
from sanzhixin.model import check_county, profile_frame, scoring_date
from sanzhixin.modelling.panel.county import fit_county_panel, fit_tables
from sanzhixin.scheme.scheme import Scheme
from sanzhixin.scoring.expert import EVENT_COLUMN
from sanzhixin.scoring.measure import PLAIN_AGGREGATORS
from sanzhixin.scoring.plan import profile_plan

if TYPE_CHECKING:
    import pandas as pd

    from sanzhixin.modelling.panel.model import PanelModel
    from sanzhixin.records import County
    from sanzhixin.scoring.panel_tables import PanelTables

__all__ = ["EventFeatures", "FactorFeatures", "PillarFeatures", "ProfileBuilder"]

_KEYS = ("household_id", "village_id", "as_of")
_PILLAR_FIELDS = (
    "logit",
    "se",
    "score",
    "within_logit",
    "within_se",
    "n_forms",
    "n_familiar",
    "n_recused",
)


class _Features(TransformerMixin, BaseEstimator):
    """Common part: a builder reads a county and returns named columns, one row per household."""

    def __init__(self, scheme: Scheme, as_of: dt.date | None = None) -> None:
        self.scheme = scheme
        self.as_of = as_of

    def fit(self, county: County, y: None = None) -> Self:
        """Compile the rules of the scheme.

        Parameters
        ----------
        county : County
            Accepted tables.
        y : None
            Ignored.

        Returns
        -------
        self
            Fitted.

        Raises
        ------
        DomainError
            ``county_expected``, ``scheme_expected``: something else was given.
        """
        check_county(county)
        if not isinstance(self.scheme, Scheme):
            raise DomainError("scheme_expected", given=type(self.scheme).__name__)
        self.plan_ = profile_plan(self.scheme, self._tables(county))
        self.feature_names_out_ = np.array(self._names(), dtype=object)
        return self

    def transform(self, county: County) -> pd.DataFrame:
        """Build the columns of a county.

        Parameters
        ----------
        county : County
            Accepted tables.

        Returns
        -------
        DataFrame
            Sorted by household_id, the columns of `get_feature_names_out`.

        Raises
        ------
        DomainError
            ``county_expected``, ``county_empty``.
        """
        check_is_fitted(self, "plan_")
        check_county(county)
        frame = profile_frame(county, self.plan_, scoring_date(self.as_of, county.as_of))
        return frame[list(self.feature_names_out_)]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray[Any, Any]:
        """Names of the columns that `transform` returns; `input_features` is ignored."""
        check_is_fitted(self, "plan_")
        return self.feature_names_out_

    def _names(self) -> list[str]:
        raise NotImplementedError

    def _tables(self, county: County) -> PanelTables | None:
        return None


class PillarFeatures(_Features):
    """Pillar measures from panel ratings.

    Parameters
    ----------
    scheme : Scheme
        Pillars, items, aggregator and evidence rule.
    as_of : date, optional
        Scoring date; else that of the county, else today.
    panel : PanelModel, optional
        Fitted: measures are severity-adjusted by it.  Without it a scheme whose aggregator is
        ``severity_adjusted`` fits one to the county.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> from sanzhixin.modelling.profile import PillarFeatures
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> frame = PillarFeatures(szx.load_scheme("tongxiang")).fit_transform(county)
    >>> list(frame.columns[:3])
    ['household_id', 'fs_logit', 'fs_se']
    """

    def __init__(
        self, scheme: Scheme, as_of: dt.date | None = None, panel: PanelModel | None = None
    ) -> None:
        super().__init__(scheme, as_of)
        self.panel = panel

    def _tables(self, county: County) -> PanelTables | None:
        day = scoring_date(self.as_of, county.as_of)
        if self.panel is not None:
            if not hasattr(self.panel, "fits_"):
                raise DomainError("panel_not_fitted", given=type(self.panel).__name__)
            return fit_tables(self.panel, county, self.scheme, day)
        if self.scheme.aggregator in PLAIN_AGGREGATORS:
            return None
        return fit_tables(fit_county_panel(county, self.scheme, day), county, self.scheme, day)

    def _names(self) -> list[str]:
        columns = [f"{p.code}_{name}" for p in self.scheme.pillars for name in _PILLAR_FIELDS]
        return ["household_id", *columns, "link", "evidence", "evidence_missing"]


class EventFeatures(_Features):
    """Event points from the dated ledger, with caps and validity.

    Parameters
    ----------
    scheme : Scheme
        Event rules.
    as_of : date, optional
        Scoring date; else that of the county, else today.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> from sanzhixin.modelling.profile import EventFeatures
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> frame = EventFeatures(szx.load_scheme("tongxiang")).fit_transform(county)
    >>> bool(frame["event_points"].between(0, 400).all())
    True
    """

    def _names(self) -> list[str]:
        return ["household_id", EVENT_COLUMN, "n_events_counted", "n_events_excluded"]


class FactorFeatures(_Features):
    """Values of the other agreed factors; those that need a written consent only with it.

    Parameters
    ----------
    scheme : Scheme
        Factors with their consent.
    as_of : date, optional
        Scoring date; else that of the county, else today.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> from sanzhixin.modelling.profile import FactorFeatures
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> frame = FactorFeatures(szx.load_scheme("tongxiang")).fit_transform(county)
    >>> list(frame.columns)
    ['household_id', 'customer_years', 'utility_payment', 'household_income']
    """

    def _names(self) -> list[str]:
        return ["household_id", *(factor.name for factor in self.scheme.factors)]


class ProfileBuilder(_Features):
    """The scored profile: pillar measures, event points and factors of every household.

    It composes `PillarFeatures`, `EventFeatures` and `FactorFeatures`; ``model.profile`` is the
    same computation.

    Parameters
    ----------
    scheme : Scheme
        What the bank decided.
    panel : PanelModel, optional
        Fitted: measures are severity-adjusted by it, whatever the scheme's aggregator.  Without
        it a scheme whose aggregator is ``severity_adjusted`` fits one to the county.
    as_of : date, optional
        Scoring date; else that of the county, else today.

    Attributes
    ----------
    builders_ : tuple of PillarFeatures, EventFeatures, FactorFeatures
        The fitted parts.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=2, seed=7)
    >>> profile = szx.ProfileBuilder(szx.load_scheme("tongxiang")).fit(county).transform(county)
    >>> len(profile) == len(county.households)
    True
    """

    def __init__(
        self, scheme: Scheme, panel: PanelModel | None = None, *, as_of: dt.date | None = None
    ) -> None:
        self.scheme = scheme
        self.panel = panel
        self.as_of = as_of

    def fit(self, county: County, y: None = None) -> Self:
        """Fit the three builders; `y` is ignored.

        Parameters
        ----------
        county : County
            Accepted tables.
        y : None
            Ignored.

        Returns
        -------
        self
            Fitted.

        Raises
        ------
        DomainError
            ``county_expected``: something else than a County was given; ``panel_not_fitted``.
        """
        self.builders_ = (
            PillarFeatures(self.scheme, self.as_of, self.panel).fit(county),
            EventFeatures(self.scheme, self.as_of).fit(county),
            FactorFeatures(self.scheme, self.as_of).fit(county),
        )
        self.plan_ = self.builders_[0].plan_
        self.feature_names_out_ = np.array(self._names(), dtype=object)
        return self

    def _names(self) -> list[str]:
        pillars, events, factors = ([*b.feature_names_out_[1:]] for b in self.builders_)
        measures, evidence = pillars[:-2], pillars[-2:]
        return [*_KEYS, *measures, *events, *factors, *evidence]
