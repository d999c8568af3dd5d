"""Groups for audit: who belongs where, and which cells are hidden so that none can be found."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sanzhixin.errors import DomainError
from sanzhixin.validation.tables.columns import check_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from sanzhixin.validation.tables.judged import Judged

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

__all__ = [
    "NOT_STATED",
    "Groups",
    "Hiding",
    "count_matched",
    "hidden_groups",
    "hide_cells",
    "hide_groups",
    "read_groups",
    "size_words",
]

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


class Hiding(NamedTuple):
    """Which groups of one attribute are hidden, and what the tables tell of them together.

    Attributes
    ----------
    hidden : ndarray of bool, shape (n_groups,)
        Which are.
    known : list of ndarray of bool, shape (n_groups,)
        Sets of hidden groups whose sum follows from what is shown.
    left : list of ndarray of bool, shape (n_households,)
        Households of groups of another attribute, less the groups of this one that lie in them
        and are shown: whatever is told of both can be told of these by subtraction.
    """

    hidden: Bools
    known: list[Bools]
    left: list[Bools]


class _Pair(NamedTuple):
    """Two attributes of the same households."""

    outer: int
    inner: int
    cells: Ints  # members by the groups of both
    linked: Bools  # groups of `outer` that groups of `inner` hold together, directly or by others


class _Known(NamedTuple):
    """Households whose number is known: some groups of the attribute `outer`."""

    inner: int  # attribute whose groups are looked for within
    row: Ints  # its members there
    outer: int  # the same as `inner` for everybody
    part: Bools
    further: Bools  # groups of `outer` that may be hidden so that the number is not known


def hide_groups(
    attributes: Sequence[Groups], least: int, start: Sequence[Bools] | None = None
) -> list[Hiding]:
    """Choose the groups that are hidden, over all attributes of the same households.

    Parameters
    ----------
    attributes : sequence of Groups
        Of the same households in the same order; their number is taken as known to everybody.
    least : int
        Smaller groups are hidden, empty ones not.
    start : sequence of ndarray of bool, optional
        Groups of each attribute that are hidden already.

    Returns
    -------
    list of Hiding
        Small groups of each attribute, and further ones, the smallest first, until subtraction
        tells none.

    Notes
    -----
    Let some households be known by number: everybody; a group of another attribute that is shown;
    groups of another attribute that are, together, also some groups of this one, where all of them
    are shown; and everybody less these.  What is left of them after the groups of this attribute
    that lie wholly inside and are shown must be nobody, or at least `least` households, and no
    hidden group alone.  So a district of 97 and one of 3 within a region of 100 are both hidden.
    Attributes are taken in pairs: what three of them tell together, or tables of other dates, is
    not looked at.

    References
    ----------
    Hundepool et al. (2012), https://doi.org/10.1002/9781118348239, chapter 4, on secondary
    suppression and linked tables

    Examples
    --------
    >>> region = Groups("region", ("x", "y"), 2, np.repeat([0, 1], [100, 50]))
    >>> district = Groups("district", ("x1", "x2", "y1"), 3, np.repeat([0, 1, 2], [97, 3, 50]))
    >>> [one.hidden.tolist() for one in hide_groups([region, district], 30)]
    [[False, False], [True, True, False]]
    """
    sizes = [np.bincount(one.place, minlength=len(one.names)) for one in attributes]
    hidden = [(own > 0) & (own < least) for own in sizes]
    if start is not None:
        hidden = [own | given for own, given in zip(hidden, start, strict=True)]
    pairs = [
        _pair(a, b, attributes)
        for a in range(len(attributes))
        for b in range(len(attributes))
        if a != b
    ]
    while (more := _next_hidden(pairs, sizes, hidden, least)) is not None:
        which, group = more
        hidden[which][group] = True
    found = [Hiding(own, [], []) for own in hidden]
    for known in _known(pairs, sizes, hidden):
        inside = _inside(known, sizes)
        own, shown = inside & hidden[known.inner], inside & ~hidden[known.inner]
        if own.any() and not known.row[~inside].any():
            found[known.inner].known.append(own)
        if known.outer != known.inner and shown.any():
            there = known.part[attributes[known.outer].place]
            left = there & ~shown[attributes[known.inner].place]
            found[known.inner].left.append(left)
    return found


def _pair(outer: int, inner: int, attributes: Sequence[Groups]) -> _Pair:
    one, other = attributes[outer], attributes[inner]
    cells = np.zeros((len(one.names), len(other.names)), dtype=np.int64)
    np.add.at(cells, (one.place, other.place), 1)
    met = (cells > 0).astype(np.float64)
    linked = met @ met.T > 0
    for _ in range(len(linked).bit_length()):  # each time over chains of twice the length
        linked = linked.astype(np.float64) @ linked > 0
    return _Pair(outer, inner, cells, np.asarray(linked))


def _known(pairs: list[_Pair], sizes: list[Ints], hidden: list[Bools]) -> Iterator[_Known]:
    """Give the sets of households whose number is known, those that ask for little hiding first."""
    for pair in pairs:
        own = hidden[pair.outer]
        single = np.eye(own.size, dtype=np.bool_)[~own]
        joint = np.unique(pair.linked, axis=0)
        joint = joint[(joint.sum(axis=1) > 1) & ~(joint & own).any(axis=1)]
        for part in (*single, *joint):
            yield _of_part(pair, part, part)
    for outer in sorted(range(len(sizes)), key=lambda k: sizes[k].size):  # the coarse ones first
        row, own = sizes[outer], hidden[outer]
        yield _Known(outer, row, outer, row > 0, np.zeros_like(own))
        for pair in (one for one in pairs if one.outer == outer and own.any()):
            yield _of_part(pair, own.copy(), ~own)
            yield _of_part(pair, np.asarray(pair.linked[own].any(axis=0)), ~own)


def _of_part(pair: _Pair, part: Bools, further: Bools) -> _Known:
    return _Known(pair.inner, pair.cells[part].sum(axis=0), pair.outer, part, further)


def _inside(known: _Known, sizes: list[Ints]) -> Bools:
    """Tell which groups lie wholly within."""
    return np.asarray((known.row > 0) & (known.row == sizes[known.inner]))


def _next_hidden(
    pairs: list[_Pair], sizes: list[Ints], hidden: list[Bools], least: int
) -> tuple[int, int] | None:
    """Find a group to hide because subtraction would tell another; None where none would."""
    for known in _known(pairs, sizes, hidden):
        inside, own_sizes = _inside(known, sizes), sizes[known.inner]
        own, shown = inside & hidden[known.inner], inside & ~hidden[known.inner]
        rest = int(known.row[~inside].sum())
        total, cells = int(own_sizes[own].sum()) + rest, int(own.sum()) + (rest > 0)
        if total == 0 or (total >= least and (cells > 1 or not own.any())):
            continue
        for which, open_to in ((known.inner, shown), (known.outer, known.further)):
            chosen = np.flatnonzero(open_to & ~hidden[which] & (sizes[which] > 0))
            if chosen.size:
                return which, int(chosen[np.argmin(sizes[which][chosen])])
    return None


def hidden_groups(fairness: Judged) -> dict[str, list[str]]:
    """List the groups of households that a table hides, so that another hides them too.

    Parameters
    ----------
    fairness : Judged
        Of `compute_fairness`.

    Returns
    -------
    dict of str to list of str
        Attribute to its hidden groups; attributes without one are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> from sanzhixin.validation.groups.fairness import compute_fairness
    >>> proposals = pd.DataFrame({"household_id": range(8), "village_id": list("abab" * 2),
    ...     "status": "propose", "limit_yuan": 1})
    >>> groups = pd.DataFrame({"household_id": range(8), "migrant": ["no"] * 3 + ["yes"] * 5})
    >>> hidden_groups(compute_fairness(proposals, groups, least_size=4))
    {'migrant': ['no', 'yes']}
    """
    table = fairness.table
    own = table[(table["statistic"] == "selection_rate") & table["n"].isna()]
    return {str(name): list(part["group"]) for name, part in own.groupby("attribute")}


def count_matched(
    audit_groups: pd.DataFrame,
    household_ids: pd.Series,
    audited: Sequence[Groups],
    hidden: Sequence[Bools],
) -> tuple[str, str]:
    """Count the households that stand in the table of groups and in another.

    Parameters
    ----------
    audit_groups : DataFrame
        With household_id.
    household_ids : Series
        Of the other table, each once.
    audited : sequence of Groups
        Of these households, one an attribute.
    hidden : sequence of ndarray of bool
        Which groups of each attribute are hidden.

    Returns
    -------
    tuple of str
        A sentence in Chinese and one in English.  Households without a row are among those that
        are not stated: they are counted only where those are shown and are nobody else.

    Raises
    ------
    DomainError
        ``groups_unmatched``: none stands in both.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"household_id": ["1", "2"], "migrant": ["yes", "no"]})
    >>> groups = read_groups(table, "migrant", np.array(["1", "2"], dtype=object))
    >>> count_matched(table, table["household_id"], [groups], [np.array([False, False])])[1]
    '2 of 2 households are in the table of groups.'
    """
    given = audit_groups["household_id"].drop_duplicates()
    matched = int(given.isin(household_ids).sum())
    lacking = int((~household_ids.isin(given)).sum())
    if len(given) and len(household_ids) and not matched:
        raise DomainError("groups_unmatched", given=len(given), households=len(household_ids))
    zh = en = ""
    if beyond := len(given) - matched:
        zh = f"审计分组表中另有 {beyond} 户不在建议表中，未计入。"
        en = f" {beyond} households of the table of groups have no proposal and do not count."
    is_told = all(
        (one.place == one.n_stated).sum() == lacking and not own[one.n_stated :].any()
        for one, own in zip(audited, hidden, strict=True)
    )
    if lacking and not is_told:
        zh, en = f"部分农户不在审计分组表中。{zh}", f"Some households are not in that table.{en}"
        return zh, en
    whole = len(household_ids)
    return (
        f"{whole} 户中有 {whole - lacking} 户在审计分组表中。{zh}",
        f"{whole - lacking} of {whole} households are in the table of groups.{en}",
    )


def size_words(sizes: Ints, hidden: Bools, least: int, known: Sequence[Bools] = ()) -> list[str]:
    """Say the size of each cell without telling a hidden one.

    Parameters
    ----------
    sizes : ndarray of int, shape (n_cells,)
        Members.
    hidden : ndarray of bool, shape (n_cells,)
        Which are hidden.
    least : int
        As in `hide_groups`.
    known : sequence of ndarray of bool, shape (n_cells,), optional
        Sets of hidden cells whose sum is known, beside that of all.

    Returns
    -------
    list of str
        Digits; for all hidden cells one word, ``<30`` where each of them is that small, else
        ``hidden``, so that small ones cannot be told from those that cover them; ``hidden`` too
        where a known sum and the word together would bound them from below.

    Examples
    --------
    >>> size_words(np.array([100, 40, 7]), np.array([False, True, True]), 10)
    ['100', 'hidden', 'hidden']
    """
    sets = [hidden, *known] if hidden.any() else []
    # two below 10 that are 18 together are 9 each; of one alone the sum tells it whatever the word
    loose = all(
        one.sum() == 1 or sizes[one].sum() <= (one.sum() - 1) * (least - 1) + 1 for one in sets
    )
    word = f"<{least}" if (sizes[hidden] < least).all() and loose else "hidden"
    return [word if one else str(size) for size, one in zip(sizes, hidden, strict=True)]


def hide_cells(cells: Ints, least: int) -> Bools:
    """Choose the columns of a table that are hidden as a whole.

    Parameters
    ----------
    cells : ndarray of int, shape (n_groups, n_columns)
        Members; the sum of each row is taken as known.
    least : int
        As in `hide_groups`.

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
