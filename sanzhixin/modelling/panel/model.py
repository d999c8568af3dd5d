"""The panel model: measures of households from ratings by raters of different severity."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Self, get_args

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sanzhixin.errors import DomainError, EvidenceError
from sanzhixin.modelling.inputs.notebook import FittedView
from sanzhixin.modelling.panel.arrays import Kin, PanelArrays, pillar_forms, read_panel
from sanzhixin.modelling.panel.link import PRIOR_SD, Link, LinkKind, choose_link, learn_share
from sanzhixin.modelling.panel.tables import (
    compute_connectivity,
    compute_items,
    compute_measures,
    compute_raters,
    compute_reliability,
    compute_variances,
    pillar_covariance,
)
from sanzhixin.numerics.partial_credit import Steps
from sanzhixin.numerics.pillar_fit import PillarFit, fit_pillar, share_pillar
from sanzhixin.numerics.pillar_measures import fitted_measures, new_measures
from sanzhixin.scheme import load_scheme

__all__ = ["PanelLinkWarning", "PanelModel"]

_LINK_TEXTS = {
    "prior": (
        "Nothing in the ratings compares villages: {share:.0%} of their difference is taken for "
        "merit, a stated prior, and its uncertainty is part of the standard errors. Compare "
        "households within villages, or add anchor cases or raters of several villages."
    ),
    "outcomes": (
        "Villages are compared through defaults of approved households: {share:.0%} of their "
        "difference is taken for merit (standard error {error:.0%})."
    ),
}


class PanelLinkWarning(UserWarning):
    """Absolute measures rest on an assumption about villages, not on common raters or cases."""


class PanelModel(FittedView, BaseEstimator):
    r"""Measure households by a many-facet partial-credit model with halo and village effects.

    Use it when households are rated by several raters each, of different severity.  It reports
    what ratings identify, the standing within the village, and an absolute standing with the
    assumption that links villages.  It says what a panel said, corrected for who said it; not what
    a household is.

    Parameters
    ----------
    pillars : dict of str to sequence of str, optional
        Indicator columns of each pillar; None takes those of the built-in scheme ``tongxiang`` that
        stand in the ratings.
    linking : {"auto", "vignettes", "bridge", "outcomes", "prior"}, default="auto"
        What compares villages; ``auto`` takes the first of these that the data have.
    merit_share : float, default=0.5
        Share of the village variance that is merit, for ``prior``.
    kin : {"recuse", "correct"}, default="recuse"
        Whether forms of declared kin are left out, or kept with a common bias that is estimated.
    steps : {"auto", "partial_credit", "rating_scale"}, default="auto"
        Step structure of the items.
    n_categories : int, default=5
        Largest rating.
    n_jobs : int, default=1
        Pillars fitted at once; more take more memory, and gain little on two cores.
    random_state : int, default=0
        Of the sample of households from which variances are estimated.

    Attributes
    ----------
    measures_ : DataFrame
        One row per household and pillar, and for the composite ``all`` of several: household_id,
        pillar, within_logit, within_se, logit, se, adjusted_score (0-100, what a rater of average
        severity is expected to give), n_forms, component.
    raters_ : DataFrame
        rater_id, pillar, severity and se (logits), infit, outfit, centrality (factor on the
        distances between thresholds, NaN where the forms do not tell), weight, flags, halo_index
        (1 for the common halo, above for a rater whose opinions of single households vary more),
        n_forms.
    items_ : DataFrame
        indicator, pillar, step, threshold, se, n_ratings.
    variances_ : DataFrame
        pillar, household_sd, rater_sd, halo_sd, merit_sd, leniency_sd (logits), kin_bias, kin_se,
        converged.
    connectivity_ : DataFrame
        village_id, component, n_households, n_raters, n_cut_raters, n_thin_raters.
    reliability_ : DataFrame
        pillar, separation and reliability within villages, of households and of raters.
    link_ : str
        What compares villages.
    pillar_columns_ : dict of str to tuple of str
        Indicators of each pillar.
    n_recused_, n_unfamiliar_ : int
        Forms that were left out.
    fits_ : dict of str to PillarFit
        By pillar: the estimates behind the tables.
    share_ : MeritShare or None
        Merit share with its error; None where common cases or raters compare villages.
    covariance_ : PillarCovariance or None
        How the errors of the pillars hang together; None for one pillar.
    arrays_ : PanelArrays
        The forms that were counted, as arrays.

    Notes
    -----
    :math:`\log P(x_{nij} = k) / P(x_{nij} = k - 1) = \theta_n + h_{nj} - c_j - d_{ik}` pillar by
    pillar; thresholds by conditional likelihood, the rest by Laplace empirical Bayes.  Missing
    ratings are taken as ignorable.  Measures are on the logit scale of a pillar; 0 is the mean
    threshold of its items.  A form counts for a pillar when at least half of its items are
    answered.  In a village of one household the standing within the village is 0 by definition.

    References
    ----------
    Linacre (1989), Many-Facet Rasch Measurement, MESA Press; Masters (1982),
    https://doi.org/10.1007/BF02296272

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=6, seed=7)
    >>> model = szx.PanelModel(linking="prior", merit_share=0.7)
    >>> with warnings.catch_warnings(action="ignore"):
    ...     model = model.fit(county.ratings, county.households)
    >>> sorted(model.measures_["pillar"].unique())
    ['all', 'fs', 'ml', 'nr']
    """

    def __init__(
        self,
        pillars: Mapping[str, tuple[str, ...]] | None = None,
        linking: LinkKind = "auto",
        merit_share: float = 0.5,
        *,
        kin: Kin = "recuse",
        steps: Steps = "auto",
        n_categories: int = 5,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.pillars = pillars
        self.linking = linking
        self.merit_share = merit_share
        self.kin = kin
        self.steps = steps
        self.n_categories = n_categories
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(
        self,
        ratings: pd.DataFrame,
        households: pd.DataFrame | None = None,
        vignettes: pd.DataFrame | None = None,
        outcomes: pd.DataFrame | None = None,
        *,
        progress: Callable[[str], None] | None = None,
    ) -> Self:
        """Fit thresholds, severities, villages and households.

        Parameters
        ----------
        ratings : DataFrame
            ``household_id``, ``rater_id``, the indicators (1 to `n_categories`, missing where
            blank); ``round``, ``familiar``, ``relation`` where known.
        households : DataFrame, optional
            ``household_id`` and ``village_id``; without it the connected parts are the villages.
        vignettes : DataFrame, optional
            Anchor cases: ``vignette_id`` in place of ``household_id``.
        outcomes : DataFrame, optional
            ``household_id`` and ``defaulted``, one row per loan with a complete outcome.
        progress : callable, optional
            Told the name of each pillar when it is done.

        Returns
        -------
        self
            Fitted.

        Raises
        ------
        DomainError
            ``panel_option``: a parameter is not one of its choices; ``panel_columns``,
            ``panel_scale``, ``panel_form_twice``, ``panel_household_unknown``,
            ``panel_id_missing``, ``too_many_items``, ``link_not_there``: the tables.
        EvidenceError
            ``no_ratings``, ``no_two_items``, ``block_too_large``; ``share_few_defaults`` and
            ``share_not_told`` with ``linking="outcomes"``.
        """
        self._check_options()
        pillars = self._pillars(ratings)
        arrays = self._read(ratings, pillars, households, vignettes, kin=self.kin)
        link = choose_link(
            self.linking, arrays, pillars, self.merit_share, has_outcomes=outcomes is not None
        )
        self.fits_ = self._fit_pillars(arrays, pillars, link, progress)
        if link.kind == "outcomes" and outcomes is not None:
            link = self._learn(link, arrays, outcomes)
        self.pillar_columns_ = pillars
        self.link_ = link.kind
        self.share_ = link.share
        self.arrays_ = arrays
        self.n_recused_, self.n_unfamiliar_ = arrays.n_recused, arrays.n_unfamiliar
        measures = {name: fitted_measures(fit) for name, fit in self.fits_.items()}
        self.covariance_ = pillar_covariance(self.fits_, measures)
        self.measures_ = compute_measures(
            self.fits_, measures, arrays, link.share, self.covariance_
        )
        self.raters_ = compute_raters(self.fits_, arrays)
        self.items_ = compute_items(self.fits_, pillars)
        self.variances_ = compute_variances(self.fits_)
        self.connectivity_ = compute_connectivity(arrays)
        self.reliability_ = compute_reliability(self.fits_)
        if link.share is not None:
            text = _LINK_TEXTS[link.kind]
            share, error = link.share.share, link.share.standard_error
            warnings.warn(text.format(share=share, error=error), PanelLinkWarning, stacklevel=2)
        return self

    def transform(
        self, ratings: pd.DataFrame, households: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Measure households with the fitted thresholds, severities and villages.

        Parameters
        ----------
        ratings : DataFrame
            As in `fit`; raters who were not fitted are taken as drawn from the fitted raters, and
            forms of declared kin are left out, whatever `kin` says.
        households : DataFrame, optional
            ``household_id`` and ``village_id``; households of a village that was not fitted, or
            without a village, start from the mean of all villages.

        Returns
        -------
        DataFrame
            Columns of `measures_`.

        Raises
        ------
        DomainError, EvidenceError
            As `fit`.
        """
        check_is_fitted(self, "fits_")
        pillars = self._pillars(ratings)
        arrays = self._read(ratings, pillars, households, None, kin="recuse")
        measures = {
            name: new_measures(
                self.fits_[name],
                pillar_forms(arrays, columns, n_categories=self.n_categories, kin="recuse"),
                rater=self.arrays_.raters.get_indexer(arrays.raters),
                village=self.arrays_.villages.get_indexer(arrays.villages),
            )
            for name, columns in pillars.items()
        }
        return compute_measures(self.fits_, measures, arrays, self.share_, self.covariance_)

    def _check_options(self) -> None:
        choices = {"linking": LinkKind, "kin": Kin, "steps": Steps}
        for name, choice in choices.items():
            known, given = get_args(choice), getattr(self, name)
            if given not in known:
                raise DomainError("panel_option", name=name, given=given, known=", ".join(known))
        if not 0 <= self.merit_share <= 1:
            raise DomainError(
                "panel_option", name="merit_share", given=self.merit_share, known="0 to 1"
            )
        if not 2 <= self.n_categories <= 99:
            raise DomainError(
                "panel_option", name="n_categories", given=self.n_categories, known="2 to 99"
            )

    def _pillars(self, ratings: pd.DataFrame) -> dict[str, tuple[str, ...]]:
        if self.pillars is not None:
            return {name: tuple(columns) for name, columns in self.pillars.items()}
        scheme = load_scheme("tongxiang")
        found = {
            pillar.code: tuple(
                item.code
                for item in scheme.panel_items
                if item.pillar == pillar.code and item.code in ratings
            )
            for pillar in scheme.pillars
        }
        known = {name: columns for name, columns in found.items() if columns}
        if not known:
            raise DomainError("panel_columns", table="ratings", columns="FS01, ML01, NR01 ...")
        return known

    def _read(
        self,
        ratings: pd.DataFrame,
        pillars: dict[str, tuple[str, ...]],
        households: pd.DataFrame | None,
        vignettes: pd.DataFrame | None,
        *,
        kin: Kin,
    ) -> PanelArrays:
        return read_panel(
            ratings,
            tuple(column for columns in pillars.values() for column in columns),
            n_categories=self.n_categories,
            households=households,
            vignettes=vignettes,
            kin=kin,
        )

    def _fit_pillars(
        self,
        arrays: PanelArrays,
        pillars: dict[str, tuple[str, ...]],
        link: Link,
        progress: Callable[[str], None] | None,
    ) -> dict[str, PillarFit]:
        def fit_one(name: str) -> PillarFit:
            forms = pillar_forms(
                arrays, pillars[name], n_categories=self.n_categories, kin=self.kin
            )
            found = fit_pillar(
                forms,
                merit_share=None if link.share is None else link.share.share,
                steps=self.steps,
                seed=self.random_state,
            )
            if progress is not None:
                progress(name)
            return found

        with ThreadPoolExecutor(max_workers=max(1, self.n_jobs)) as pool:
            return dict(zip(pillars, pool.map(fit_one, pillars), strict=True))

    def _learn(self, link: Link, arrays: PanelArrays, outcomes: pd.DataFrame) -> Link:
        """Learn the merit share, and bring the fits to it; ``auto`` falls back to the prior."""
        try:
            share = learn_share(self.fits_, arrays, outcomes)
        except EvidenceError:
            if self.linking == "outcomes":
                raise
            return replace(link, kind="prior")
        if share.standard_error >= PRIOR_SD and self.linking != "outcomes":
            return replace(link, kind="prior")  # outcomes tell less than nothing known
        self.fits_ = {name: share_pillar(fit, share.share) for name, fit in self.fits_.items()}
        return Link("outcomes", share)
