"""The outcome that binners and cards learn from: two classes, the second of which is the event."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_array, column_or_1d

from sanzhixin.errors import DomainError, EvidenceError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Codes = NDArray[np.integer]

__all__ = ["Labels", "Outcome", "OutcomeWarning", "read_outcome"]

_TEXTS = (
    "The outcome is text: {event!r}, the later in the alphabet, is taken for default and {other!r} "
    "for the rest. Give truth values, or 0 and 1, to say it yourself."
)


class OutcomeWarning(UserWarning):
    """The alphabet decided which label is the event."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is binned for.

    Attributes
    ----------
    is_event : ndarray of bool, shape (n_rows,)
        Default.
    weights : ndarray of shape (n_rows,) or None
        Frequencies; None stands for ones.
    """

    is_event: Bools
    weights: Floats | None

    def counts(self, codes: Codes, n_groups: int) -> tuple[Floats, Floats]:
        """Weights of events and of non-events in each group.

        Parameters
        ----------
        codes : ndarray of shape (n_rows,)
            Group of each row.
        n_groups : int
            Groups.

        Returns
        -------
        tuple of ndarray, each of shape (n_groups,)
            Events, non-events.
        """
        if self.weights is None:
            pairs = np.asarray(codes, dtype=np.int64) * 2 + self.is_event
            both = np.bincount(pairs, minlength=2 * n_groups)
        else:
            # Rows of one group in one order, so that sums do not depend on the order of the rows.
            order = np.lexsort((self.weights, self.is_event, codes))
            place = (np.asarray(codes, dtype=np.int64) * 2 + self.is_event)[order]
            both = np.bincount(place, weights=self.weights[order], minlength=2 * n_groups)
        counts = both.reshape(n_groups, 2).astype(np.float64)
        return counts[:, 1], counts[:, 0]

    def totals(self) -> tuple[float, float]:
        """Weights of all events and of all non-events.

        Returns
        -------
        tuple of float
            Events, non-events.
        """
        if self.weights is None:
            events = float(np.count_nonzero(self.is_event))
            return events, self.is_event.size - events
        # Sorted, so that the sums do not depend on the order of the rows.
        events, nonevents = (
            float(np.sort(self.weights[rows]).sum()) for rows in (self.is_event, ~self.is_event)
        )
        return events, nonevents

    def take(self, rows: Bools) -> Outcome:
        """Outcome of some rows.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_rows,)
            Which.

        Returns
        -------
        Outcome
            Of these.
        """
        weights = None if self.weights is None else self.weights[rows]
        return Outcome(self.is_event[rows], weights)


class Labels(NamedTuple):
    """An outcome as it was given.

    Attributes
    ----------
    outcome : Outcome
        Of the rows that are used.
    classes : ndarray of shape (2,)
        The two labels; the second is the event.
    used : ndarray of bool, shape (n_rows,)
        Rows of positive weight.
    """

    outcome: Outcome
    classes: NDArray[Any]
    used: Bools


def read_outcome(n_rows: int, y: ArrayLike, sample_weight: ArrayLike | None) -> Labels:
    """Read outcomes and weights.

    Parameters
    ----------
    n_rows : int
        Rows of the data they belong to.
    y : array-like of shape (n_rows,)
        Two labels; the larger one is the event.
    sample_weight : array-like of shape (n_rows,), optional
        Frequencies.

    Returns
    -------
    Labels
        Checked.

    Raises
    ------
    DomainError
        ``outcome_classes``: more than two labels; ``outcome_length``: another number of rows;
        ``outcome_blank``: a missing label; ``weights_negative``.
    EvidenceError
        ``outcome_single``: one label alone.

    Warns
    -----
    OutcomeWarning
        Labels are texts, so their alphabet decides which is the event.
    """
    blank = pd.isna(np.asarray(y, dtype=object))
    if np.ndim(blank) and blank.any():
        raise DomainError("outcome_blank", count=int(blank.sum()), row=int(np.argmax(blank)))
    given = column_or_1d(y, warn=True)
    given = check_array(given, ensure_2d=False, dtype=None, input_name="y")
    check_classification_targets(given)
    if given.size != n_rows:
        raise DomainError("outcome_length", given=given.size, expected=n_rows)
    weights = None
    used = np.ones(n_rows, dtype=np.bool_)
    if sample_weight is not None:
        weights = _check_sample_weight(sample_weight, np.empty((n_rows, 1)), dtype=np.float64)
        if (weights < 0).any():
            raise DomainError("weights_negative", row=int(np.flatnonzero(weights < 0)[0]))
        used = weights > 0
        weights = weights[used]
    labels = given[used]
    classes = np.unique(labels)
    if classes.size > 2:
        shown = ", ".join(str(label) for label in classes[:4].tolist())
        raise DomainError("outcome_classes", count=classes.size, classes=shown)
    if classes.size < 2:
        shown = ", ".join(str(label) for label in classes.tolist())
        raise EvidenceError("outcome_single", rows=labels.size, label=shown)
    if isinstance(classes[1], str):
        told = _TEXTS.format(event=str(classes[1]), other=str(classes[0]))
        warnings.warn(told, OutcomeWarning, stacklevel=3)
    if weights is not None and (weights == 1).all():
        weights = None
    return Labels(Outcome(labels == classes[1], weights), classes, used)
