"""The forms of the round that is used: which count for which pillar, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sanzhixin.errors import DomainError
from sanzhixin.records.cases import MISSING, MOST_FORMS
from sanzhixin.records.vocabulary import ROLES
from sanzhixin.scoring.dates import earliest_days
from sanzhixin.scoring.segments import Expansion, expand

if TYPE_CHECKING:
    from sanzhixin.records.cases import Cases, Forms
    from sanzhixin.scoring.panel_rules import PanelRules

__all__ = ["FormSet", "read_forms", "select_round"]

_MANAGER = ROLES.index("account_manager")

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FormSet:
    """The forms of the round that is used, one row per case, padded on the right.

    Attributes
    ----------
    used : ndarray of shape (n_cases, longest)
        The form belongs to the round that is used.
    mean : ndarray of shape (n_cases, longest, n_pillars)
        Form mean in units; 0 where not counted.
    standing : ndarray of shape (n_cases, longest, 3, n_pillars)
        The form counts for the pillar; the rater knows the household and may answer; the form is
        recused from it.
    amount : ndarray of shape (n_cases, longest)
        Proposed yuan of villagers' forms that count for some pillar; `MISSING` otherwise.
    row : ndarray of shape (n_cases, longest)
        Row of the form in its table; 0 where padded.
    """

    used: Bools
    mean: Ints
    standing: Bools
    amount: Ints
    row: Ints

    @property
    def counted(self) -> Bools:
        """The form counts for the pillar."""
        return self.standing[:, :, 0]

    @property
    def recused(self) -> Bools:
        """The form is recused from the pillar."""
        return self.standing[:, :, 2]


def select_round(cases: Cases, rules: PanelRules) -> tuple[Expansion, Bools]:
    """Find the forms of the latest round that is dated by then and not too old.

    Parameters
    ----------
    cases : Cases
        Households with their forms.
    rules : PanelRules
        From `compile_panel`.

    Returns
    -------
    expansion : Expansion
        All forms of all cases.
    used : ndarray of shape (n_pairs,)
        True for forms of the round that is used.

    Raises
    ------
    DomainError
        ``too_many_forms``: more than 200 forms of one household in a round.
    """
    pairs = expand(cases.form_start, cases.form_end, len(cases.forms.rater_id))
    rated_on = pairs.gather(cases.forms.rated_on)
    oldest = earliest_days(cases.as_of, rules.validity, pairs.case, 0)[..., 0]
    valid = (rated_on <= pairs.spread(cases.as_of)) & (rated_on > oldest)
    rounds = pairs.gather(cases.forms.round) * valid
    latest = pairs.lay_out(rounds, 0).max(axis=1)
    used = valid & (rounds == pairs.spread(latest))
    if pairs.longest > MOST_FORMS:
        most = int(np.bincount(pairs.case, weights=used).max())
        if most > MOST_FORMS:
            raise DomainError("too_many_forms", count=most, most=MOST_FORMS)
    return pairs, used


def read_forms(cases: Cases, rules: PanelRules) -> FormSet:
    """Decide form by form and pillar by pillar what counts, and lay the forms out by case.

    A form counts for a pillar when it belongs to the round that is used, the rater knows the
    household, is not recused, holds a role that may answer the pillar, and answered at least half
    of its items.

    Parameters
    ----------
    cases : Cases
        Households with their forms.
    rules : PanelRules
        From `compile_panel`.

    Returns
    -------
    FormSet
        Padded to the largest number of forms of a case.

    Raises
    ------
    DomainError
        ``too_many_forms``: more than 200 forms of one household in a round.
    """
    pairs, used = select_round(cases, rules)
    forms = cases.forms
    standing = rules.standing[forms.role, forms.relation, forms.familiar.view(np.int8)]
    mean = _form_means(forms, rules)
    counted = standing[:, 0]
    counted &= mean > 0
    standing, mean = pairs.gather(standing), pairs.gather(mean)
    standing &= used[:, None, None]
    mean *= standing[:, 0]
    proposed = np.where(forms.role == _MANAGER, MISSING, forms.proposed_limit)
    amount = np.where(mean.any(axis=1), pairs.gather(proposed), MISSING)
    return FormSet(
        used=pairs.lay_out(used, 0),
        mean=pairs.lay_out(mean, 0),
        standing=pairs.lay_out(standing, 0),
        amount=pairs.lay_out(amount, MISSING),
        row=pairs.lay_out(pairs.row, 0),
    )


def _form_means(forms: Forms, rules: PanelRules) -> Ints:
    """Form means in units; 0 where less than half of the items are answered."""
    ratings = forms.ratings
    if not ratings.shape[0]:
        return np.zeros((0, len(rules.pillars)), dtype=np.int64)
    answered = np.add.reduceat(ratings > 0, rules.starts, axis=1, dtype=np.int64)
    total = np.add.reduceat(ratings, rules.starts, axis=1, dtype=np.int64)
    total *= rules.share[_places(answered), answered]
    return total


def _places(by_pillar: NDArray[np.generic]) -> Ints:
    return np.arange(by_pillar.shape[-1])
