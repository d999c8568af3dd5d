"""Groups for audit: who belongs where, and which cells are hidden so that none can be found."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sanzhixin.validation.tables.columns import check_columns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

__all__ = ["NOT_STATED", "Groups", "hide_cells", "hide_small", "read_groups", "size_words"]

NOT_STATED = "(not stated)"
"""Group of households that the table of groups does not tell of."""


class Groups(NamedTuple):
    """Households by the groups of one attribute.

    Attributes
    ----------
    attribute : str
        Its column.
    names : tuple of str
        Groups by name; `NOT_STATED` last, where somebody is there.
    n_stated : int
        Groups without it.
    place : ndarray of int, shape (n_households,)
        Group of each household.
    """

    attribute: str
    names: tuple[str, ...]
    n_stated: int
    place: Ints


def read_groups(
    audit_groups: pd.DataFrame, attribute: str, household_ids: NDArray[np.object_]
) -> Groups:
    """Look up the group of each household.

    Parameters
    ----------
    audit_groups : DataFrame
        household_id and the attribute; a household that stands twice counts by its first row.
    attribute : str
        Column of words; a missing or blank one is not stated.
    household_ids : ndarray of object, shape (n_households,)
        Whose groups are wanted.

    Returns
    -------
    Groups
        Of these households.

    Raises
    ------
    DomainError
        ``judged_columns``: no such column.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"household_id": ["1", "2"], "migrant": ["yes", None]})
    >>> read_groups(table, "migrant", np.array(["1", "2", "3"], dtype=object)).place
    array([0, 1, 1])
    """
    check_columns(audit_groups, "household_id", attribute)
    known = audit_groups.drop_duplicates("household_id").set_index("household_id")[attribute]
    words = known.reindex(household_ids).astype("string").str.strip().fillna("")
    given = words.to_numpy(dtype=object).astype(np.str_)
    stated = sorted({*given} - {""})
    names = (*map(str, stated), *([NOT_STATED] if (given == "").any() else []))
    place = np.where(given == "", len(stated), np.searchsorted(np.array(stated, dtype=str), given))
    return Groups(attribute, names, len(stated), place.astype(np.int64))


def hide_small(sizes: Ints, least: int) -> Bools:
    """Choose the cells of one row that are hidden.

    Parameters
    ----------
    sizes : ndarray of int, shape (n_cells,)
        Members; their sum is taken as known to everybody.
    least : int
        Smaller cells are hidden, empty ones not.

    Returns
    -------
    ndarray of bool, shape (n_cells,)
        Small cells, and further ones, the smallest first, until those that are hidden are at
        least two and have `least` members together: the sum less what is shown tells none.

    Examples
    --------
    >>> hide_small(np.array([100, 40, 7, 0]), 10)
    array([False,  True,  True, False])
    """
    hidden: Bools = np.asarray((sizes > 0) & (sizes < least))
    order = [int(k) for k in np.argsort(sizes, kind="stable") if sizes[k] >= least]
    while hidden.any() and order and (hidden.sum() < 2 or sizes[hidden].sum() < least):
        hidden[order.pop(0)] = True
    return hidden


def size_words(sizes: Ints, hidden: Bools, least: int) -> list[str]:
    """Say the size of each cell without telling a hidden one.

    Parameters
    ----------
    sizes : ndarray of int, shape (n_cells,)
        Members.
    hidden : ndarray of bool, shape (n_cells,)
        Which are hidden.
    least : int
        As in `hide_small`.

    Returns
    -------
    list of str
        Digits; for all hidden cells one word, ``<30`` where each of them is that small, else
        ``hidden``, so that small ones cannot be told from those that cover them; ``hidden`` too
        where their sum and the word together would bound them from below.

    Examples
    --------
    >>> size_words(np.array([100, 40, 7]), np.array([False, True, True]), 10)
    ['100', 'hidden', 'hidden']
    """
    own = sizes[hidden]
    loose = own.sum() <= (own.size - 1) * (least - 1) + 1  # else two below 10 of 18 are 9 each
    alone = own.size == 1  # the sum tells it whatever the word
    word = f"<{least}" if (own < least).all() and (loose or alone) else "hidden"
    return [word if one else str(size) for size, one in zip(sizes, hidden, strict=True)]


def hide_cells(cells: Ints, least: int) -> Bools:
    """Choose the columns of a table that are hidden as a whole.

    Parameters
    ----------
    cells : ndarray of int, shape (n_groups, n_columns)
        Members; the sum of each row is taken as known.
    least : int
        As in `hide_small`.

    Returns
    -------
    ndarray of bool, shape (n_columns,)
        Columns with a small cell, and further ones, the smallest first, until what a row hides is
        nothing or at least `least` members in two cells.

    Examples
    --------
    >>> hide_cells(np.array([[50, 60, 40], [30, 5, 45]]), 10)
    array([ True,  True, False])
    """
    hidden: Bools = np.asarray(((cells > 0) & (cells < least)).any(axis=0))
    order = [int(k) for k in np.argsort(cells.sum(axis=0), kind="stable") if not hidden[k]]
    while hidden.any() and order:
        own = cells[:, hidden]
        sums, filled = own.sum(axis=1), (own > 0).sum(axis=1)
        if ((sums == 0) | ((sums >= least) & (filled > 1))).all():
            break
        hidden[order.pop(0)] = True
    return hidden
