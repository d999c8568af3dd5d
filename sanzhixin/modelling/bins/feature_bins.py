"""The bins of one characteristic as fitted: which bin a value falls into, and what each says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from sanzhixin.errors import RecordError
from sanzhixin.modelling.inputs.columns import Texts, is_number, level_names, number_name
from sanzhixin.numerics.binning import Trend
from sanzhixin.numerics.woe import InformationValue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.integer]

__all__ = ["FeatureBins", "GroupKind", "Missing", "Status", "Unseen"]

Missing = Literal["separate", "worst", "neutral", "refuse"]
"""A missing value: its own bin, the riskiest bin, weight of evidence 0, or an error."""

Unseen = Literal["refuse", "worst", "neutral"]
"""What fitting never saw (a level, a missing value, a special code): error, riskiest bin, or 0."""

Status = Literal["binned", "one_bin", "separated", "no_value"]
GroupKind = Literal["bin", "special", "missing", "unseen"]


@dataclass(frozen=True, slots=True)
class FeatureBins:
    """Bins of one characteristic.

    Attributes
    ----------
    name : str
        Column.
    kind : {"number", "category"}
        Whether bins are intervals or sets of levels.
    trend : str
        Course of the event rate that was kept.
    status : {"binned", "one_bin", "separated", "no_value"}
        ``one_bin``: no split keeps the rules; ``separated``: one cut would part all events from the
        rest, which is too good to be used unseen; ``no_value``: every row is missing or special.
    edges : tuple of float
        Numbers: ``edge[b-1] <= value < edge[b]`` is bin b.
    levels : tuple of tuple of str
        Categories: the levels of each bin.
    specials : tuple of (str, tuple)
        Named groups of special codes.
    missing : str
        Policy for missing values.
    labels : tuple of str
        Of every group: bins, special groups, missing, unseen.
    kinds : tuple of str
        Of every group: bin, special, missing or unseen.
    events, nonevents : ndarray of shape (n_groups,)
        Weights that fitting saw.
    woe : ndarray of shape (n_groups,)
        Weight of evidence; NaN where a value is refused.
    se : ndarray of shape (n_groups,)
        Its standard error; NaN where the weight was not estimated from the group.
    iv : ndarray of shape (n_groups,)
        What each group adds to the information value; 0 where a policy gives its weight.
    position : ndarray of shape (n_bins,)
        Mean rank of the rows of each bin, from 0 to 1.
    information : InformationValue
        Of all groups whose weight stems from the data.
    """

    name: str
    kind: Literal["number", "category"]
    trend: Trend
    status: Status
    edges: tuple[float, ...]
    levels: tuple[tuple[str, ...], ...]
    specials: tuple[tuple[str, tuple[float | str, ...]], ...]
    missing: Missing
    labels: tuple[str, ...]
    kinds: tuple[GroupKind, ...]
    events: Floats
    nonevents: Floats
    woe: Floats
    se: Floats
    iv: Floats
    position: Floats
    information: InformationValue

    @property
    def n_bins(self) -> int:
        """Ordered bins, without special, missing and unseen groups."""
        return self.kinds.count("bin")

    def assign(self, values: Floats | Texts) -> Codes:
        """Tell the group of each value, whether or not it has a weight.

        Parameters
        ----------
        values : ndarray or Texts of shape (n_rows,)
            A column of the kind that was fitted.

        Returns
        -------
        ndarray of shape (n_rows,)
            Index into `labels`, in the smallest type that holds them.

        Raises
        ------
        RecordError
            ``column_not_number``, ``column_not_text``: a column of another kind.
        """
        if self.kind == "category":
            return self._assign_texts(values)
        if isinstance(values, Texts):
            if values.levels:
                raise RecordError("column_not_number", name=self.name, example=values.levels[0])
            values = np.full(values.codes.size, np.nan)
        unseen, missing = len(self.labels) - 1, len(self.labels) - 2
        codes = np.zeros(values.size, dtype=np.uint8)
        for edge in self.edges:
            codes += (values >= edge).view(np.uint8)
        if self._code_type != np.uint8:
            codes = codes.astype(self._code_type)
        if not self.n_bins:
            codes[:] = unseen
        for group, (_, members) in enumerate(self.specials, start=self.n_bins):
            codes[np.isin(values, np.array(members, dtype=float))] = group
        blank = np.isnan(values)
        if blank.any():
            codes[blank] = missing
        return codes

    def _assign_texts(self, values: Floats | Texts) -> Codes:
        if not isinstance(values, Texts):
            if not self._is_coded() and not np.isnan(values).all():
                raise RecordError("column_not_text", name=self.name)
            values = level_names(values)
        known = {level: b for b, group in enumerate(self.levels) for level in group}
        for place, (_, members) in enumerate(self.specials):
            known |= {number_name(code): self.n_bins + place for code in members}
        unseen, missing = len(self.labels) - 1, len(self.labels) - 2
        lookup = np.array([known.get(level, unseen) for level in values.levels] + [missing])
        return np.asarray(lookup.astype(self._code_type)[values.codes])

    @property
    def _code_type(self) -> np.dtype[Any]:
        """Smallest type that holds the groups."""
        return np.min_scalar_type(len(self.labels))

    def _is_coded(self) -> bool:
        """Whether every level is the name of a number, so that numbers may be given for names."""
        return all(is_number(level) for group in self.levels for level in group)

    def refuses(self, codes: Codes) -> bool:
        """Tell whether some value has no weight of evidence.

        Parameters
        ----------
        codes : ndarray of shape (n_rows,)
            From `assign`.

        Returns
        -------
        bool
            Whether `check` would raise an error.
        """
        unweighed = np.isnan(self.woe)
        first = int(np.argmax(unweighed))
        return bool(
            unweighed[first]
            and codes.max(initial=0) >= first
            and (np.bincount(codes, minlength=unweighed.size)[unweighed] > 0).any()
        )

    def check(self, codes: Codes) -> None:
        """Refuse values without a weight of evidence.

        Parameters
        ----------
        codes : ndarray of shape (n_rows,)
            From `assign`.

        Raises
        ------
        RecordError
            ``column_blank``: a missing value under ``missing="refuse"``; ``value_unseen``: what
            fitting never saw, under ``unseen="refuse"``.
        """
        if not self.refuses(codes):
            return
        counts = np.bincount(codes, minlength=len(self.labels))
        place = int(np.flatnonzero(np.isnan(self.woe) & (counts > 0))[0])
        count, row, kind = int(counts[place]), int(np.argmax(codes == place)), self.kinds[place]
        if kind == "missing" and self.missing == "refuse":
            raise RecordError("column_blank", name=self.name, count=count)
        group = self.labels[place]
        what, what_zh = {
            "missing": ("missing", "缺失值"),
            "unseen": ("unknown", "未知取值"),
        }.get(kind, (f"of the special group {group}", f"特殊值（分组 {group}）"))
        raise RecordError(
            "value_unseen", name=self.name, count=count, row=row, what=what, what_zh=what_zh
        )

    def table(self) -> pd.DataFrame:
        """Tabulate the groups.

        Returns
        -------
        DataFrame
            bin, label, kind, n_rows, n_events, n_nonevents, share, event_rate, woe, woe_se, iv.
        """
        whole = self.events + self.nonevents
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = self.events / whole
        return pd.DataFrame(
            {
                "bin": np.arange(len(self.labels)),
                "label": list(self.labels),
                "kind": list(self.kinds),
                "n_rows": whole,
                "n_events": self.events,
                "n_nonevents": self.nonevents,
                "share": whole / whole.sum(),
                "event_rate": rate,
                "woe": self.woe,
                "woe_se": self.se,
                "iv": self.iv,
            }
        )
