"""Columns of a table that is judged: checked, read as numbers, parted into groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sanzhixin.errors import DomainError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Group",
    "check_columns",
    "check_one_row_each",
    "check_proposals",
    "group_loans",
    "read_numbers",
    "read_outcomes",
    "village_numbers",
]


class Group(NamedTuple):
    """Loans that are judged together."""

    label: str
    rows: NDArray[np.int64]


def check_columns(loans: pd.DataFrame, *names: str) -> None:
    """Refuse a table of loans that lacks columns.

    Parameters
    ----------
    loans : DataFrame
        One row per loan.
    *names : str
        Columns that are read.

    Raises
    ------
    DomainError
        ``judged_columns``: one of them is not there.

    Examples
    --------
    >>> check_columns(pd.DataFrame({"points": [700]}), "points")
    """
    lacking = [name for name in names if name not in loans]
    if lacking:
        raise DomainError("judged_columns", columns=", ".join(lacking))


def check_proposals(proposals: pd.DataFrame, *names: str) -> None:
    """Refuse a table of proposals that lacks columns.

    Parameters
    ----------
    proposals : DataFrame
        One row per household.
    *names : str
        Columns that are read.

    Raises
    ------
    DomainError
        ``proposals_columns``: one of them is not there.

    Examples
    --------
    >>> check_proposals(pd.DataFrame({"points": [700]}), "points")
    """
    lacking = [name for name in names if name not in proposals]
    if lacking:
        raise DomainError("proposals_columns", columns=", ".join(lacking))


def check_one_row_each(proposals: pd.DataFrame) -> None:
    """Refuse a table in which a household stands twice: it would count as two.

    Parameters
    ----------
    proposals : DataFrame
        One row per household; without a column ``household_id`` nothing can be told.

    Raises
    ------
    DomainError
        ``proposals_repeated``: a household stands twice.

    Examples
    --------
    >>> check_one_row_each(pd.DataFrame({"household_id": ["H1", "H2"]}))
    """
    if "household_id" in proposals:
        repeated = int(proposals["household_id"].duplicated().sum())
        if repeated:
            raise DomainError("proposals_repeated", count=repeated)


def read_numbers(loans: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Read a column of numbers.

    Parameters
    ----------
    loans : DataFrame
        One row per loan.
    name : str
        Of the column.

    Returns
    -------
    ndarray of shape (n_loans,)
        NaN where a number is missing.

    Examples
    --------
    >>> read_numbers(pd.DataFrame({"points": pd.array([700, None], dtype="Int64")}), "points")
    array([700.,  nan])
    """
    return loans[name].to_numpy(dtype=np.float64, na_value=np.nan)


def read_outcomes(loans: pd.DataFrame) -> NDArray[np.bool_]:
    """Read the outcomes of loans.

    Parameters
    ----------
    loans : DataFrame
        With ``defaulted``: truth values, or 0 and 1.

    Returns
    -------
    ndarray of bool, shape (n_loans,)
        True for a default.

    Raises
    ------
    DomainError
        ``judged_columns``: no such column; ``outcome_not_binary``: another value, or none.

    Examples
    --------
    >>> read_outcomes(pd.DataFrame({"defaulted": [0, 1]}))
    array([False,  True])
    """
    check_columns(loans, "defaulted")
    failed = read_numbers(loans, "defaulted")
    other = failed[(failed != 0) & (failed != 1)]  # NaN too
    if other.size:
        raise DomainError("outcome_not_binary", value=other[0])
    return np.asarray(failed == 1)


def group_loans(loans: pd.DataFrame, by: str) -> list[Group]:
    """Part loans into the groups of a column.

    Parameters
    ----------
    loans : DataFrame
        One row per loan.
    by : str
        Column of labels; loans without one make a group with an empty label.

    Returns
    -------
    list of Group
        Ordered categories in their order; other tiers from the most points on average to the
        fewest, where points are given (tiers without any come last); all else by its label.

    Raises
    ------
    DomainError
        ``judged_columns``: no such column.

    Examples
    --------
    >>> loans = pd.DataFrame({"tier": ["A", "AA", "A"], "points": [700, 800, 710]})
    >>> [(group.label, group.rows.tolist()) for group in group_loans(loans, "tier")]
    [('AA', [1]), ('A', [0, 2])]
    """
    check_columns(loans, by)
    labels = loans[by].astype("string").fillna("").to_numpy(dtype=object)
    names, place = np.unique(labels.astype(np.str_), return_inverse=True)
    count = np.bincount(place, minlength=names.size)
    rows = np.split(np.argsort(place, kind="stable"), np.cumsum(count)[:-1])
    order = np.arange(names.size)
    kind = loans[by].dtype
    if isinstance(kind, pd.CategoricalDtype) and kind.ordered:
        ranks = {str(name): rank for rank, name in enumerate(kind.categories)}
        order = np.argsort([ranks.get(str(name), len(ranks)) for name in names], kind="stable")
    elif by == "tier" and "points" in loans:
        points = read_numbers(loans, "points")
        known = ~np.isnan(points)
        sums = np.bincount(place[known], points[known], names.size)
        scored = np.bincount(place[known], minlength=names.size)
        means = np.where(scored > 0, sums / np.maximum(scored, 1), -np.inf)
        order = np.argsort(-means, kind="stable")
    return [Group(str(names[k]), rows[k]) for k in order]


def village_numbers(
    proposals: pd.DataFrame, households: pd.DataFrame | None = None
) -> NDArray[np.int64]:
    """Give each proposal the number of its village.

    Parameters
    ----------
    proposals : DataFrame
        One row per household; ``village_id`` where no `households` are given.
    households : DataFrame, optional
        ``household_id`` and ``village_id``.

    Returns
    -------
    ndarray of shape (n_proposals,)
        By name of village; households without one share a number.

    Raises
    ------
    DomainError
        ``proposals_columns``: a column is missing.

    Examples
    --------
    >>> village_numbers(pd.DataFrame({"village_id": ["V2", "V1", "V2"]})).tolist()
    [1, 0, 1]
    """
    if households is None:
        check_proposals(proposals, "village_id")
        named = proposals["village_id"]
    else:
        check_proposals(households, "household_id", "village_id")
        home = households.drop_duplicates("household_id").set_index("household_id")["village_id"]
        named = proposals["household_id"].map(home)
    words = named.astype("string").fillna("").to_numpy(dtype=object)
    return np.unique(words.astype(np.str_), return_inverse=True)[1]
