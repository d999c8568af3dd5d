"""The scorecard: raw columns to integer points, whose total alone is the default probability."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sanzhixin.modelling.bins.binner import MonotoneBinner
from sanzhixin.modelling.cards.answers import compute_next_step, compute_reasons
from sanzhixin.modelling.cards.fitting import Reference, Scaling, fit_card
from sanzhixin.modelling.cards.json_file import card_to_json
from sanzhixin.modelling.cards.options import check_options, read_request, read_rules
from sanzhixin.modelling.cards.paper import Language, card_to_markdown, write_card_workbook
from sanzhixin.modelling.cards.selection import (
    compute_stability,
    read_periods,
    select_characteristics,
)
from sanzhixin.modelling.inputs.columns import Texts, read_columns
from sanzhixin.modelling.inputs.labels import Outcome, read_outcome
from sanzhixin.modelling.inputs.notebook import FittedView
from sanzhixin.numerics.points import points_to_log_odds

__all__ = ["CardWarning", "Scorecard"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


_EMPTY = (
    "No characteristic is on the card ({events:.15g} defaults in {rows:.15g} rows), so every case "
    "gets the observed rate; selection_ tells why."
)
_UNSETTLED = "The regression had not settled after {steps} steps; its coefficients are not final."


class CardWarning(UserWarning):
    """A card was fitted, and it tells nothing apart or is not final."""


class Scorecard(FittedView, ClassifierMixin, BaseEstimator):
    r"""Fit a scorecard: bins, a logistic regression over their weights of evidence, whole points.

    Use it when each case has to be explained and when every engine has to agree: the score is a
    sum of integers, and the default probability is a function of that sum alone.  Effects add up
    on the log-odds scale; a joint effect of two characteristics has to be made a characteristic of
    its own, it is never guessed.

    Parameters
    ----------
    pdo : float, default=20
        Points that double the odds of repayment.
    base_score, base_odds : float, default=600 and 50
        Points at which the odds of repayment to default are `base_odds`, up to rounding.
    binner : MonotoneBinner, optional
        How characteristics are cut; None takes ``MonotoneBinner(max_bins=12, min_bin_share=0.02,
        max_prebins=50, shrinkage="trend")``.
    scaling : {"pdo", "min_max"}, default="pdo"
        ``min_max`` gives the worst case `score_range[0]` points and the best `score_range[1]`.
    score_range : tuple of int, default=(300, 850)
        Ends for ``min_max``.
    firth : bool, default=False
        Firth's penalty in place of the prior of the slopes, for very few defaults; the mean
        probability stays that of the data.
    slope_sd : float or None, default=1
        Standard deviation of the normal prior about 0 of each coefficient; a characteristic that
        stands alone has the coefficient 1.  It matters with few defaults only.  None has no prior.
    slope_shrinkage : bool, default=True
        Multiply all effects by what they are worth on new cases: one less the part of the fit's
        chi-square that chance alone would make of these bins.
    reference : {"best", "neutral", "mean"}, default="best"
        What reasons are measured from: the most points of a bin (special and missing groups are
        none), 0 points (weight of evidence 0),
        or the mean points of the fitted cases, rounded down.
    min_iv : float, default=0
        That a characteristic's information value must exceed.
    max_p_value : float, default=0.2
        Probability of so large an information value by chance, the choice of the bins included.
    max_correlation : float, default=0.9
        Of weights of evidence with those of a kept characteristic of larger value.
    max_vif : float, default=10
        Variance inflation among the kept ones.
    max_psi : float, default=0.25
        Stability index of a period against the others, less what chance makes of it, where `fit`
        is given periods.
    events_per_characteristic : float, default=5
        Defaults needed for each characteristic; 0 asks for none.

    Attributes
    ----------
    card_ : PointsCard
        The card itself: what scores, and what is exported.
    table_ : DataFrame
        Base points, then every group of every characteristic with counts, weight of evidence,
        coefficient and points.
    coefficients_ : DataFrame
        feature, coefficient (log-odds of repayment for one unit of weight of evidence; first the
        intercept), se, z, p_value, lower, upper (Wald), held (a sign that held it at 0: no error
        then).
    selection_ : DataFrame
        Every column: kept, and the reason where it was not.
    shrinkage_ : float
        What all effects were multiplied by, from 1 to 0; at 0 no characteristic is kept.
    binner_ : MonotoneBinner
        Fitted, for all columns.
    fit_ : LogisticFit or None
        The regression; None where selection left no characteristic.
    classes_ : ndarray of shape (2,)
        The two outcomes; the second is the event (default).
    n_features_in_ : int
        Columns seen in fitting.
    feature_names_in_ : ndarray of str
        Their names, where they have any.

    Notes
    -----
    Coefficients on weights of evidence are held at 0 or above, so that a larger weight of evidence
    never gets fewer points; a characteristic held at 0 leaves the card.  Points are rounded bin by
    bin, which keeps their order.  What a total stands for is then found anew: the slope is that of
    the scaling, the offset the one with which the mean probability is the observed rate.
    Standard errors take the bins as given, so they are too small where few data chose them, and
    count the prior among the data; they are of the coefficients before `shrinkage_`.

    References
    ----------
    Siddiqi (2006), Credit Risk Scorecards, Wiley; Puhr et al. (2017),
    https://doi.org/10.1002/sim.7273, for the intercept after Firth's penalty; van Houwelingen and
    le Cessie (1990), https://doi.org/10.1002/sim.4780091109, for the shrinkage.

    Examples
    --------
    >>> import numpy as np
    >>> from sanzhixin import Scorecard
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(4000, 2))
    >>> y = rng.random(4000) < 1 / (1 + np.exp(3 + X[:, 0] + X[:, 1] / 2))
    >>> card = Scorecard().fit(X, y)
    >>> bool(np.isclose(card.predict_proba(X)[:, 1].mean(), y.mean(), rtol=1e-9))
    True
    """

    def __init__(  # noqa: PLR0913 - one keyword an option is the contract of scikit-learn
        self,
        pdo: float = 20.0,
        base_score: float = 600.0,
        base_odds: float = 50.0,
        *,
        binner: MonotoneBinner | None = None,
        scaling: Scaling = "pdo",
        score_range: tuple[int, int] = (300, 850),
        firth: bool = False,
        slope_sd: float | None = 1.0,
        slope_shrinkage: bool = True,
        reference: Reference = "best",
        min_iv: float = 0.0,
        max_p_value: float = 0.2,
        max_correlation: float = 0.9,
        max_vif: float = 10.0,
        max_psi: float = 0.25,
        events_per_characteristic: float = 5.0,
    ) -> None:
        self.pdo = pdo
        self.base_score = base_score
        self.base_odds = base_odds
        self.binner = binner
        self.scaling = scaling
        self.score_range = score_range
        self.firth = firth
        self.slope_sd = slope_sd
        self.slope_shrinkage = slope_shrinkage
        self.reference = reference
        self.min_iv = min_iv
        self.max_p_value = max_p_value
        self.max_correlation = max_correlation
        self.max_vif = max_vif
        self.max_psi = max_psi
        self.events_per_characteristic = events_per_characteristic

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        period: ArrayLike | None = None,
    ) -> Self:
        """Fit the card.

        Parameters
        ----------
        X : DataFrame (pandas, polars, pyarrow) or array-like of shape (n_rows, n_columns)
            Raw values; numbers, truth values and texts.
        y : array-like of shape (n_rows,)
            Two outcomes; the larger one is the event (default).
        sample_weight : array-like of shape (n_rows,), optional
            Frequencies; rows of weight 0 are left out.
        period : array-like of shape (n_rows,), optional
            Period of each row, for the stability of the characteristics.

        Returns
        -------
        self
            Fitted.

        Raises
        ------
        DomainError
            ``option_choice``, ``option_range``, ``scale_option``, ``shape_differs``,
            ``period_missing`` and what `MonotoneBinner.fit` refuses.
        RecordError
            What `MonotoneBinner.fit` refuses.
        EvidenceError
            ``outcome_single``; ``outcomes_separated``: use ``firth=True``; ``bins_infeasible``.

        Warns
        -----
        CardWarning
            No characteristic is left, or the regression has not settled.
        """
        check_options(self)
        columns = read_columns(self, X, reset=True)
        labels = read_outcome(columns.n_rows, y, sample_weight)
        binner = clone(self.binner or MonotoneBinner(12, 0.02, max_prebins=50, shrinkage="trend"))
        codes = binner.fit_columns(columns, labels)
        for name in {"n_features_in_", "feature_names_in_"} & vars(self).keys():
            setattr(binner, name, getattr(self, name))
        woe = binner.weigh(codes)
        when = None if period is None else read_periods(period, columns.n_rows)[0][labels.used]
        selection = self._select(binner, codes, woe, labels.outcome, when)
        kept = np.flatnonzero(selection["kept"].to_numpy())
        fitted = fit_card(
            [binner.features_[place] for place in kept],
            codes[:, kept],
            woe[:, kept],
            labels.outcome,
            read_request(self),
        )
        wrong = selection["feature"].isin(fitted.held)
        selection.loc[wrong, "reason"] = "wrong_sign"
        if not fitted.card.characteristics:
            selection.loc[selection["reason"] == "kept", "reason"] = "by_chance"
        selection["kept"] = selection["reason"] == "kept"
        self.binner_, self.classes_, self.selection_ = binner, labels.classes, selection
        self.card_ = replace(fitted.card, edits=binner.edits_)
        self.fit_, self.coefficients_ = fitted.fit, fitted.coefficients
        self.shrinkage_ = fitted.shrinkage
        if not fitted.card.characteristics:
            events, nonevents = labels.outcome.totals()
            told = _EMPTY.format(events=events, rows=events + nonevents)
            warnings.warn(told, CardWarning, stacklevel=2)
        if fitted.fit is not None and not fitted.fit.converged:
            told = _UNSETTLED.format(steps=fitted.fit.iterations)
            warnings.warn(told, CardWarning, stacklevel=2)
        return self

    def points(self, X: Any) -> Ints:
        """Return the total points of every row.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The columns of `fit`.

        Returns
        -------
        ndarray of int, shape (n_rows,)
            Totals; more are better.

        Raises
        ------
        RecordError
            ``value_unseen``: what fitting never saw, where it is refused; ``column_not_number``,
            ``column_not_text``: a column of another kind.
        """
        values, n_rows = self._read(X)
        return self.card_.total(values, n_rows)

    def predict_proba(self, X: Any) -> Floats:
        """Return the probabilities of both classes: a function of the points alone.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows, 2)
            In the order of `classes_`; the second column is the default probability.

        Raises
        ------
        RecordError
            As `points`.
        """
        points = self.points(X)
        default = self.card_.probability(points)
        return np.column_stack([1 - default, default])

    def decision_function(self, X: Any) -> Floats:
        """Return the log-odds of default.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Falling in the points.

        Raises
        ------
        RecordError
            As `points`.
        """
        points = self.points(X)
        return points_to_log_odds(points, self.card_.offset, self.card_.per_log_odds)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier class of every row.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Labels as in `classes_`.

        Raises
        ------
        RecordError
            As `points`.
        """
        is_event = self.decision_function(X) > 0
        return np.asarray(self.classes_[is_event.astype(np.int64)])

    def reasons(self, X: Any, k: int = 4) -> pd.DataFrame:
        """Tell which characteristics cost each row most points against the reference.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The columns of `fit`.
        k : int, default=4
            Reasons for each row at most.

        Returns
        -------
        DataFrame
            row, rank, feature, label (of the bin), points, reference, shortfall (points below the
            reference, positive); the largest first, ties in the order of the card.

        Raises
        ------
        RecordError
            As `points`.
        """
        values, n_rows = self._read(X)
        return compute_reasons(self.card_, self.card_.groups(values, n_rows), k)

    def next_step(
        self, X: Any, target: int, changeable: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Tell the fewest changes with which each row reaches a total.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The columns of `fit`.
        target : int
            Points to be reached.
        changeable : sequence of str, optional
            Characteristics that can change; None allows all.

        Returns
        -------
        DataFrame
            row, feature, from_label, to_label, gain, total (of the row after all its changes),
            reached; rows at or above the target are left out; rows that no change brings there show
            their largest gains, or one line without a feature where nothing brings any.

        Raises
        ------
        DomainError
            ``card_feature_unknown``: a changeable column that is not on the card.
        RecordError
            As `points`.
        """
        values, n_rows = self._read(X)
        codes = self.card_.groups(values, n_rows)
        return compute_next_step(self.card_, codes, target, changeable)

    def to_json(self) -> bytes:
        """Write the card as canonical JSON, scaling included.

        Returns
        -------
        bytes
            `card_from_json` reads it as a `PointsCard` with the same points and probabilities.
        """
        check_is_fitted(self, "card_")
        return card_to_json(self.card_)

    def to_markdown(self, language: Language = "en") -> str:
        """Write the card as a readable page.

        Parameters
        ----------
        language : {"en", "zh"}, default="en"
            Of the headings.

        Returns
        -------
        str
            Markdown.

        Raises
        ------
        DomainError
            ``option_choice``: another language.
        """
        check_is_fitted(self, "card_")
        return card_to_markdown(self.card_, language)

    def to_excel(self, path: str | Path, language: Language = "en") -> Path:
        """Write the card as a workbook without formulas.

        Parameters
        ----------
        path : str or Path
            Ends in ``.xlsx``; a file that stands there is replaced.
        language : {"en", "zh"}, default="en"
            Of the headings.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        DomainError
            ``option_choice``: another language; ``card_suffix``: another ending.
        OutputError
            ``output_not_written``: disk full, no permission, no such folder.
        """
        check_is_fitted(self, "card_")
        return write_card_workbook(self.card_, path, language)

    @property
    def table_(self) -> pd.DataFrame:
        """Base points, then every group of every characteristic."""
        check_is_fitted(self, "card_")
        return self.card_.table()

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.classifier_tags.multi_class = False
        return tags

    def _read(self, X: Any) -> tuple[dict[str, Floats | Texts], int]:
        check_is_fitted(self, "card_")
        names = [bins.name for bins in self.binner_.features_]
        places = [names.index(name) for name in self.card_.names]
        columns = read_columns(self, X, reset=False, only=places)
        return dict(zip(self.card_.names, columns.values, strict=True)), columns.n_rows

    def _select(
        self,
        binner: MonotoneBinner,
        codes: Ints,
        woe: Floats,
        outcome: Outcome,
        period: NDArray[Any] | None,
    ) -> pd.DataFrame:
        psi = None
        if period is not None:
            drift = compute_stability(binner.features_, codes, period, outcome.weights)
            excess = drift["psi"] - drift["psi_by_chance"]
            psi = excess.groupby(drift["feature"], sort=False).max().tolist()
        rules = read_rules(self)
        return select_characteristics(binner.features_, woe, outcome.weights, rules, psi=psi)
