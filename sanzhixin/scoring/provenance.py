"""Where a model comes from: data, versions, comparisons, and who answered for which step when."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from itertools import pairwise
from typing import Literal

from pydantic import Field

from sanzhixin.errors import ArtifactError
from sanzhixin.errors.words import MODEL_STATUS_WORDS
from sanzhixin.scheme.base import Decision

__all__ = ["RELEASED", "STEPS", "CardComparison", "CardScores", "Provenance", "Refusal", "Status"]

Status = Literal["draft", "validated", "approved", "retired"]

STEPS: tuple[Status, ...] = ("draft", "validated", "approved", "retired")
"""Life cycle of a model, in its only order."""

RELEASED: tuple[Status, ...] = ("approved", "retired")
"""Statuses of models that are never changed: a change is a new version."""

_STEP_WORDS = (("拟合人", "fitted"), ("验证人", "validated"), ("批准人", "approved"))

_UNSEEN = re.compile(  # letters and marks that show nothing, such as the Hangul fillers
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)


class CardScores(Decision):
    """How well default probabilities by a card fit loans that it has not seen.

    Attributes
    ----------
    log_loss, brier : float
        Means over the loans; smaller is better.
    auc : float or None
        Share of pairs of a default and another loan that it orders rightly; None without both.
    """

    log_loss: float
    brier: float
    auc: float | None


class CardComparison(Decision):
    """Expert card and learned card side by side on unseen loans.

    Attributes
    ----------
    chosen : {"expert", "fitted"}
        The card of the model.
    asked_for : bool
        The learned card was asked for, whatever the comparison says.
    holdout : {"village", "time"}
        What unseen means.
    n_loans, n_defaults : int
        Loans that were held out at one time, and defaults among them.
    expert, fitted : CardScores
        Of both cards.
    gain, gain_se : float
        Log-loss of the expert card less that of the learned one, and its standard error between
        villages.
    """

    chosen: Literal["expert", "fitted"]
    asked_for: bool
    holdout: Literal["village", "time"]
    n_loans: int
    n_defaults: int
    expert: CardScores
    fitted: CardScores
    gain: float
    gain_se: float


class Refusal(Decision):
    """Why something was not done, in two languages.

    Attributes
    ----------
    code : str
        Of the error.
    en, zh : str
        Its sentence.
    """

    code: str
    en: str
    zh: str


class Provenance(Decision):
    """Where a model comes from.

    Attributes
    ----------
    data_from, data_until : date or None
        First and last granting date of the loans that were used; None for an expert card.
    rows : dict of str to int
        Rows of each table that fitting saw.
    checksums : dict of str to str
        SHA-256 over the sorted hashes of each table's rows, whatever their order.
    versions : dict of str to str
        Versions of Python and of the libraries that computed numbers.
    seed : int or None
        Seed of a simulated county; None for files.
    fitted_by, validated_by, approved_by : str or None
        Who did what; three different people once a model is approved.
    fitted_on, validated_on, approved_on : date or None
        When, in this order.
    retired_by, retired_because : str or None
        Who took it out of use, and why.
    retired_on : date or None
        When.
    comparison : CardComparison or None
        Expert card against learned card; None where no card was learned.
    card_refused : Refusal or None
        Why no card was learned, where one was wanted.
    notes : tuple of str
        What a reader has to know.
    """

    data_from: dt.date | None = None
    data_until: dt.date | None = None
    rows: dict[str, int] = Field(default_factory=dict)
    checksums: dict[str, str] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    seed: int | None = None
    fitted_by: str | None = None
    validated_by: str | None = None
    approved_by: str | None = None
    fitted_on: dt.date | None = None
    validated_on: dt.date | None = None
    approved_on: dt.date | None = None
    retired_by: str | None = None
    retired_on: dt.date | None = None
    retired_because: str | None = None
    comparison: CardComparison | None = None
    card_refused: Refusal | None = None
    notes: tuple[str, ...] = ()

    def check_steps(self, status: Status) -> None:
        """Refuse a status without its people and days.

        Parameters
        ----------
        status : {"draft", "validated", "approved", "retired"}
            What the model is said to be.

        Raises
        ------
        ArtifactError
            ``model_nobody``: a person of a step lacks; ``model_people``: one took two steps;
            ``model_ended``: who retired it, or why, is not stated; ``model_days``: the day of a
            step lacks, or comes before that of an earlier step.
        """
        place, told = STEPS.index(status), MODEL_STATUS_WORDS[status]
        made, judged, released = self.fitted_by, self.validated_by, self.approved_by
        named = {1: (made, judged), 2: (made, judged, released)}.get(place, ())
        people = [_plain(name) for name in named]
        if "" in people:
            needed = list(zip(_STEP_WORDS, people, strict=False))
            lacking = [words for words, name in needed if not name]
            raise ArtifactError(
                "model_nobody",
                status=status,
                status_zh=told[0],
                needed=" and ".join(words[1] for words, _ in needed),
                needed_zh="、".join(words[0] for words, _ in needed),
                lacking=" and ".join(words[1] for words in lacking),
                lacking_zh="、".join(words[0] for words in lacking),
            )
        if len(set(people)) < len(people):
            raise ArtifactError("model_people", status=status, status_zh=told[0])
        ended = (self.retired_by, self.retired_because)
        if status == "retired" and not all(map(_plain, ended)):
            raise ArtifactError("model_ended")
        days = (self.fitted_on, self.validated_on, self.approved_on, self.retired_on)
        asked = {1: days[1:2], 2: days[1:3], 3: days[3:]}.get(place, ())
        stated = [day for day in days if day is not None]
        if None in asked or any(earlier > later for earlier, later in pairwise(stated)):
            raise ArtifactError("model_days", status=status, status_zh=told[0])


def _plain(name: str | None) -> str:
    """Write a name so that blanks, signs, width and capitals make no other person of it."""
    spelled = unicodedata.normalize("NFKD", name or "").casefold()
    return "".join(char for char in _UNSEEN.sub("", spelled) if _names(char))


def _names(char: str) -> bool:
    """Tell letters, marks and numbers, also those that Unicode does not know yet, from the rest."""
    kind = unicodedata.category(char)
    return kind[0] not in "PSZ" and kind not in ("Cc", "Cf")
