"""The binner: every characteristic cut into the best bins that its rules allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from itertools import repeat
from typing import Any, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import ClassifierTags, Tags
from sklearn.utils.validation import check_is_fitted

from sanzhixin.errors import DomainError, RecordError
from sanzhixin.modelling.bins.edits import BinEdit
from sanzhixin.modelling.bins.feature_bins import Missing, Unseen
from sanzhixin.modelling.bins.learning import learn_bins
from sanzhixin.modelling.bins.request import FeatureRequest, Shrinkage, read_specials
from sanzhixin.modelling.inputs.columns import Columns, Texts, is_number, read_columns, take_rows
from sanzhixin.modelling.inputs.labels import Labels, Outcome, read_outcome
from sanzhixin.numerics.binning import BinRules, Objective, Trend
from sanzhixin.numerics.choices import check_choice, check_range

__all__ = ["MonotoneBinner"]

Floats = NDArray[np.float64]
T = TypeVar("T", bound=str)

_AMOUNT = str.maketrans("", "", ",，%％元万¥￥ ")  # written beside numbers in sheets
_JUST = 1 - 1e-9  # a rule that is just kept is not broken by rounding
_RANGES = (
    ("max_bins", 1, 254),
    ("max_prebins", 1, 1000),
    ("min_bin_share", 0, 1),
    ("rare_share", 0, 1),
    ("min_expected", 0, np.inf),
    ("min_events", 0, np.inf),
    ("min_nonevents", 0, np.inf),
    ("min_rate_gap", 0, 1),
    ("max_p_value", 0, 1),
)
_CHOICES = {"objective": Objective, "unseen": Unseen, "shrinkage": Shrinkage}


class MonotoneBinner(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    r"""Cut characteristics into bins with the largest information value that the rules allow.

    The partition is exact: among all partitions of the pre-bins that keep the rules, none has a
    larger objective.  Use it before a logistic regression, so that each characteristic enters by
    one readable table; do not use it to look for the shape of an effect that you cannot name.

    Parameters
    ----------
    max_bins : int, default=8
        Bins of a characteristic at most, special and missing groups aside.
    min_bin_share : float, default=0.05
        Share of all rows that each bin holds at least.
    trend : str or dict of str to str, default="auto"
        Course of the **event rate** over the values: ascending, descending, peak, valley, none, or
        auto (the better of ascending and descending).  Of a category only the levels are ordered.
        A dict names columns; those it leaves out are ``auto``.
    max_prebins : int, default=64
        Fine groups, cut at ranks, from which bins are made.
    objective : {"iv", "js", "hellinger"}, default="iv"
        What is maximised.
    min_expected : float, default=5
        Events, and non-events, that each bin would hold at the overall rate: a bin of few rows
        tells nothing, a large one with few events tells much.
    min_events, min_nonevents : float, default=0
        That each bin holds at least.  A bin of one outcome alone gets one more event of the
        average mix, so that its weight stays finite.
    min_rate_gap : float, default=0
        By which event rates of neighbours differ at least.
    max_p_value : float, optional
        Of the test that neighbours have one event rate.
    categorical : "auto" or sequence of str, default="auto"
        Columns whose values are names: those of texts, or those listed (numbers are then codes).
    special_codes : dict of str to dict, optional
        By column: names of groups and the codes that belong to each, as ``{"income": {"refused":
        [-9, -8]}}``; each is a group of its own.
    missing : str or dict of str to str, default="separate"
        ``separate``: a bin of its own; ``worst``: weight of the riskiest bin; ``neutral``: 0;
        ``refuse``: an error.
    unseen : {"refuse", "worst", "neutral"}, default="refuse"
        What fitting never saw: a level, a missing value, a special code.
    rare_share : float, default=0.01
        Levels with a smaller share of the rows are put together before they are ordered.
    shrinkage : {"none", "trend"}, default="none"
        ``trend`` draws weights of bins with few events towards a straight line over the ranks, in
        order; those of categories towards their mean, where one may pass another.  Both as far as
        their differences may be chance.
    edits : sequence of BinEdit, default=()
        Fixed splits, merged and locked bins.

    Attributes
    ----------
    features_ : tuple of FeatureBins
        Bins of every column.
    tables_ : dict of str to DataFrame
        By column: bin, label, kind, n_rows, n_events, n_nonevents, share, event_rate, woe, woe_se,
        iv.
    iv_ : Series
        Information value by column, special and missing groups included where their weight stems
        from the data.
    summary_ : DataFrame
        One row per column: kind, trend, status, n_bins, iv, iv_by_chance (the mean without any
        relation, bins chosen as here), p_value, iv_lower, iv_upper.
    edits_ : tuple of BinEdit
        The edits of the fit.
    edit_log_ : DataFrame
        The same, one per row.
    classes_ : ndarray of shape (2,)
        The two outcomes; the second is the event.
    n_features_in_ : int
        Columns seen in fitting.
    feature_names_in_ : ndarray of str
        Their names, where they have any.

    Notes
    -----
    Weight of evidence: :math:`\ln(g_b / G) - \ln(e_b / E)`, above 0 where a bin is safer than the
    whole.  Special codes, and missing values that have a bin, count in :math:`G` and :math:`E`;
    missing values under another policy do not, so ``neutral`` is the average of the rows that have
    a value.  A group of one outcome alone, and a special or missing group that is too small for
    `min_expected`, gets one more event of the average mix.  Weights are frequencies: 2 is the row
    given twice.  Standard errors are those of the weights before shrinkage.  ``p_value`` is an
    upper bound in large samples (for peak, valley and none from draws of its limit), and for
    categories with few events a little too small.

    References
    ----------
    Siddiqi (2006), Credit Risk Scorecards, Wiley, ch. 6; Cochran (1954),
    https://doi.org/10.2307/3001616, for expected counts.

    Examples
    --------
    >>> import numpy as np
    >>> from sanzhixin import MonotoneBinner
    >>> rng = np.random.default_rng(0)
    >>> income = rng.normal(size=2000)
    >>> defaulted = rng.random(2000) < 1 / (1 + np.exp(2 + income))
    >>> binner = MonotoneBinner(max_bins=3).fit(income[:, np.newaxis], defaulted)
    >>> binner.tables_["x0"]["label"].tolist()[:3]
    ['[-inf, -1.25)', '[-1.25, -0.07)', '[-0.07, inf)']
    """

    def __init__(  # noqa: PLR0913 - one keyword an option is the contract of scikit-learn
        self,
        max_bins: int = 8,
        min_bin_share: float = 0.05,
        trend: Trend | Mapping[str, Trend] = "auto",
        max_prebins: int = 64,
        *,
        objective: Objective = "iv",
        min_expected: float = 5,
        min_events: float = 0,
        min_nonevents: float = 0,
        min_rate_gap: float = 0.0,
        max_p_value: float | None = None,
        categorical: str | Sequence[str] = "auto",
        special_codes: Mapping[str, Mapping[str, Sequence[float | str]]] | None = None,
        missing: Missing | Mapping[str, Missing] = "separate",
        unseen: Unseen = "refuse",
        rare_share: float = 0.01,
        shrinkage: Shrinkage = "none",
        edits: Sequence[BinEdit] = (),
    ) -> None:
        self.max_bins = max_bins
        self.min_bin_share = min_bin_share
        self.trend = trend
        self.max_prebins = max_prebins
        self.objective = objective
        self.min_expected = min_expected
        self.min_events = min_events
        self.min_nonevents = min_nonevents
        self.min_rate_gap = min_rate_gap
        self.max_p_value = max_p_value
        self.categorical = categorical
        self.special_codes = special_codes
        self.missing = missing
        self.unseen = unseen
        self.rare_share = rare_share
        self.shrinkage = shrinkage
        self.edits = edits

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn the bins of every column.

        Parameters
        ----------
        X : DataFrame (pandas, polars, pyarrow) or array-like of shape (n_rows, n_columns)
            Raw values; numbers, truth values and texts.
        y : array-like of shape (n_rows,)
            Two outcomes; the larger one is the event (default).
        sample_weight : array-like of shape (n_rows,), optional
            Frequencies; rows of weight 0 are left out.

        Returns
        -------
        self
            Fitted.

        Raises
        ------
        DomainError
            ``option_choice``, ``option_range``, ``bin_feature_unknown``, ``bin_edit``,
            ``bin_special``: parameters; ``column_kind``, ``column_infinite``, ``column_names``,
            ``outcome_length``, ``outcome_classes``, ``weights_negative``: the data.
        RecordError
            ``column_mixed``, ``column_numbers_as_text``, ``column_blank``.
        EvidenceError
            ``outcome_single``; ``bins_infeasible``: edits that contradict the rules.
        """
        columns = read_columns(self, X, reset=True)
        self.fit_columns(columns, read_outcome(columns.n_rows, y, sample_weight))
        return self

    def fit_columns(self, columns: Columns, labels: Labels) -> NDArray[np.integer]:
        """Learn the bins of columns and outcomes that were read already.

        Parameters
        ----------
        columns : Columns
            From `read_columns`.
        labels : Labels
            From `read_outcome`.

        Returns
        -------
        ndarray of shape (n_used_rows, n_columns)
            Group of each value of the rows that are used, in the smallest type that holds them.

        Raises
        ------
        DomainError, RecordError, EvidenceError
            As `fit`.
        """
        self._check_options(columns.names)
        outcome = labels.outcome
        requests = map(self._request, columns.names, columns.values, repeat(outcome))
        learned = [
            learn_bins(take_rows(values, labels.used), outcome, request)
            for values, request in zip(columns.values, requests, strict=True)
        ]
        self.classes_ = labels.classes
        self.features_ = tuple(bins for bins, _ in learned)
        self.edits_ = tuple(self.edits)
        return np.stack([codes for _, codes in learned]).T

    def transform(self, X: Any) -> Floats:
        """Return the weight of evidence of every value.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            Weights of evidence, or a frame by ``set_output``.

        Raises
        ------
        RecordError
            ``value_unseen``: what fitting never saw, where it is refused; ``column_not_number``,
            ``column_not_text``: a column of another kind.
        """
        return self.weigh(self.bins(X))

    def weigh(self, codes: NDArray[np.int64]) -> Floats:
        """Return the weights of evidence of groups.

        Parameters
        ----------
        codes : ndarray of shape (n_rows, n_columns)
            From `bins`.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            Weights of evidence.

        Raises
        ------
        RecordError
            ``value_unseen``: what fitting never saw, where it is refused.
        """
        woe = np.empty(codes.shape[::-1])
        for place, bins in enumerate(self.features_):
            bins.check(codes[:, place])
            bins.woe.take(codes[:, place], out=woe[place])
        return woe.T

    def bins(self, X: Any) -> NDArray[np.int64]:
        """Return the group of every value: the row of its table.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            Column ``bin`` of `tables_`; values that would be refused are counted too.

        Raises
        ------
        RecordError
            ``column_not_number``, ``column_not_text``: a column of another kind.
        """
        check_is_fitted(self, "features_")
        columns = read_columns(self, X, reset=False)
        codes = np.empty((len(self.features_), columns.n_rows), dtype=np.int64)
        for place, (bins, values) in enumerate(zip(self.features_, columns.values, strict=True)):
            codes[place] = bins.assign(values)
        return codes.T

    def count_policies(self, X: Any) -> pd.DataFrame:
        """Count the values that are scored by a policy rather than by a bin of their own kind.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The columns of `fit`.

        Returns
        -------
        DataFrame
            One row per column and group that is not a bin and holds rows: feature, group, kind,
            n_rows, woe (NaN where such values are refused).

        Raises
        ------
        RecordError
            ``column_not_number``, ``column_not_text``: a column of another kind.
        """
        codes = self.bins(X)
        rows = [
            (bins.name, bins.labels[group], bins.kinds[group], int(count), bins.woe[group])
            for place, bins in enumerate(self.features_)
            for group, count in enumerate(np.bincount(codes[:, place]))
            if count and bins.kinds[group] != "bin"
        ]
        return pd.DataFrame(rows, columns=["feature", "group", "kind", "n_rows", "woe"])

    @property
    def tables_(self) -> dict[str, pd.DataFrame]:
        """Table of every column."""
        check_is_fitted(self, "features_")
        return {bins.name: bins.table() for bins in self.features_}

    @property
    def iv_(self) -> pd.Series[float]:
        """Information value by column."""
        check_is_fitted(self, "features_")
        values = {bins.name: bins.information.iv for bins in self.features_}
        return pd.Series(values, name="iv", dtype=float)

    @property
    def summary_(self) -> pd.DataFrame:
        """One row per column."""
        check_is_fitted(self, "features_")
        rows = [
            {
                "feature": bins.name,
                "kind": bins.kind,
                "trend": bins.trend,
                "status": bins.status,
                "n_bins": bins.n_bins,
                "iv": bins.information.iv,
                "iv_by_chance": bins.information.expected_by_chance,
                "p_value": bins.information.p_value,
                "iv_lower": bins.information.lower,
                "iv_upper": bins.information.upper,
            }
            for bins in self.features_
        ]
        return pd.DataFrame(rows)

    @property
    def edit_log_(self) -> pd.DataFrame:
        """The edits of the fit, one per row."""
        check_is_fitted(self, "features_")
        names = [item.name for item in fields(BinEdit)]
        return pd.DataFrame([asdict(edit) for edit in self.edits_], columns=names)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.target_tags.required = True
        tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags

    def _check_options(self, names: tuple[str, ...]) -> None:
        stated = {
            **{name: [getattr(self, name)] for name in _CHOICES},
            "trend": _values(self.trend),
            "missing": _values(self.missing),
        }
        for name, choices in {**_CHOICES, "trend": Trend, "missing": Missing}.items():
            for given in stated[name]:
                check_choice(name, given, choices)
        for name, low, high in _RANGES:
            given = getattr(self, name)
            if not (given is None and name == "max_p_value"):
                whole = name in ("max_bins", "max_prebins")
                check_range(name, given, low, high, is_whole=whole)
        columns = {
            "trend": self.trend if isinstance(self.trend, Mapping) else (),
            "missing": self.missing if isinstance(self.missing, Mapping) else (),
            "special_codes": self.special_codes or (),
            "categorical": () if self.categorical == "auto" else self._categorical(),
            "edits": [edit.feature for edit in self.edits],
        }
        for name, given in columns.items():
            strange = sorted(str(name) for name in set(given) - set(names))
            if strange:
                raise DomainError(
                    "bin_feature_unknown",
                    name=name,
                    features=", ".join(strange),
                    known=", ".join(names),
                )

    def _categorical(self) -> Sequence[str]:
        return [self.categorical] if isinstance(self.categorical, str) else self.categorical

    def _request(self, name: str, values: Floats | Texts, outcome: Outcome) -> FeatureRequest:
        listed = self.categorical != "auto" and name in self._categorical()
        is_text = isinstance(values, Texts) and bool(values.levels)
        if isinstance(values, Texts) and not (listed or values.is_declared):
            _refuse_numbers_as_text(name, values)
        codes = (self.special_codes or {}).get(name, {})
        specials = read_specials(name, codes, is_category=listed or is_text)
        events, nonevents = outcome.totals()
        n_rows = events + nonevents
        least = self.min_expected * n_rows / min(events, nonevents)
        return FeatureRequest(
            name=name,
            is_category=listed or is_text,
            trend=_of_column(self.trend, name, "auto"),
            objective=self.objective,
            rules=BinRules(
                max_bins=self.max_bins,
                min_weight=max(self.min_bin_share * n_rows, least) * _JUST,
                min_events=self.min_events,
                min_nonevents=self.min_nonevents,
                help_pure=1.0,
                min_rate_gap=self.min_rate_gap * _JUST,
                max_p_value=self.max_p_value,
            ),
            max_prebins=self.max_prebins,
            rare_weight=self.rare_share * n_rows * _JUST,
            sparse_weight=least,
            shrinkage=self.shrinkage,
            missing=_of_column(self.missing, name, "separate"),
            unseen=self.unseen,
            specials=specials,
            edits=tuple(edit for edit in self.edits if edit.feature == name),
        )


def _values(option: str | Mapping[str, str]) -> list[str]:
    return list(option.values()) if isinstance(option, Mapping) else [option]


def _of_column(option: T | Mapping[str, T], name: str, default: T) -> T:
    return option.get(name, default) if isinstance(option, Mapping) else option


def _refuse_numbers_as_text(name: str, values: Texts) -> None:
    """Refuse texts that are numbers, but for a word here and there: as text "10" is below "9"."""
    numbers = [level for level in values.levels if is_number(level.strip().translate(_AMOUNT))]
    if 2 * len(numbers) > len(values.levels) or (numbers and len(numbers) == len(values.levels)):
        raise RecordError("column_numbers_as_text", name=name, example=numbers[0])
