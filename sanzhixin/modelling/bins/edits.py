"""Changes that people make to bins: data, checked against the data they are about."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from sanzhixin.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["BinEdit", "check_level_edits", "check_splits", "interval_edits"]

Action = Literal["split", "merge", "lock"]

_EDIT_RULES = {
    "ends": (
        "a number is split at low, merged or locked from low to high",
        "数值须在 low 处切分，或在 low 至 high 间合并、锁定",
    ),
    "order": ("low must lie below high", "low 须小于 high"),
    "inside": ("it cuts an interval that is to stay whole", "其切断了要求保持完整的区间"),
    "action": ("an edit is a split, a merge or a lock", "调整须为 split、merge 或 lock"),
    "empty": ("no row lies on one side of it", "其一侧没有数据"),
    "levels": (
        "a category is merged or locked by its levels, each in one edit",
        "类别须按水平合并或锁定，且每个水平只出现一次",
    ),
    "absent": ("some of its levels are not in the data", "部分水平不在数据中"),
}


@dataclass(frozen=True, slots=True)
class BinEdit:
    """A person's change to the bins of one characteristic, kept with the model.

    Attributes
    ----------
    feature : str
        Column.
    action : {"split", "merge", "lock"}
        ``split``: a bin begins at `low`; ``merge``: no bin ends within ``low <= value < high``, or
        the `levels` stay together; ``lock``: the interval, or the levels, are one bin alone.
    low, high : float, optional
        Ends; `high` is left out for a split.
    levels : tuple of str, default=()
        Of a category.
    reason, by, on : str, default=""
        Why, who and when: kept in the log.
    """

    feature: str
    action: Action
    low: float | None = None
    high: float | None = None
    levels: tuple[str, ...] = ()
    reason: str = ""
    by: str = ""
    on: str = ""


def interval_edits(
    edits: Sequence[BinEdit],
) -> tuple[list[float], list[tuple[float, float]]]:
    """Collect where bins must begin, and intervals within which none may.

    Parameters
    ----------
    edits : sequence of BinEdit
        Of one column of numbers.

    Returns
    -------
    tuple of list
        Splits in ascending order; intervals that stay whole.

    Raises
    ------
    DomainError
        ``bin_edit``: ends are missing, in the wrong order, or contradict another edit.
    """
    splits: set[float] = set()
    whole: list[tuple[float, float]] = []
    for edit in edits:
        low, high = edit.low, edit.high
        if edit.action not in get_args(Action):
            raise _refuse(edit, "action")
        given = [end for end in (low, high) if end is not None]
        if not all(isinstance(end, Real) for end in given):
            raise _refuse(edit, "ends")
        if edit.levels or low is None or (high is None) != (edit.action == "split"):
            raise _refuse(edit, "ends")
        if high is None:
            splits.add(low)
            continue
        if not low < high:
            raise _refuse(edit, "order")
        whole.append((low, high))
        if edit.action == "lock":
            splits |= {end for end in (low, high) if np.isfinite(end)}
    for edit in edits:
        ends = [] if edit.action == "merge" else [edit.low, edit.high]
        if any(low < end < high for end in ends if end is not None for low, high in whole):
            raise _refuse(edit, "inside")
    return sorted(splits), whole


def check_splits(
    splits: Sequence[float], smallest: NDArray[np.float64], edits: Sequence[BinEdit]
) -> None:
    """Hold every split to the data: rows lie below it, and between it and the one before.

    Parameters
    ----------
    splits : sequence of float
        Ascending.
    smallest : ndarray of shape (n_prebins,)
        Smallest value of each pre-bin.
    edits : sequence of BinEdit
        Which of them is named in a refusal.

    Raises
    ------
    DomainError
        ``bin_edit``: no row lies on one side.
    """
    before = 0
    for split in splits:
        place = int(np.searchsorted(smallest, split))
        if not before < place < smallest.size:
            edit = next(e for e in edits if e.action != "merge" and split in (e.low, e.high))
            raise _refuse(edit, "empty")
        before = place


def check_level_edits(edits: Sequence[BinEdit], known: Sequence[str]) -> None:
    """Hold edits of a category to its levels.

    Parameters
    ----------
    edits : sequence of BinEdit
        Of one category.
    known : sequence of str
        Levels that rows have.

    Raises
    ------
    DomainError
        ``bin_edit``: not by levels, a level in two edits, or a level that is not there.
    """
    named: set[str] = set()
    for edit in edits:
        if edit.action not in get_args(Action):
            raise _refuse(edit, "action")
        ends = edit.low is not None or edit.high is not None
        ends |= len(set(edit.levels)) < len(edit.levels)
        if edit.action == "split" or ends or not edit.levels or named & set(edit.levels):
            raise _refuse(edit, "levels")
        if not set(edit.levels) <= set(known):
            raise _refuse(edit, "absent")
        named |= set(edit.levels)


def _refuse(edit: BinEdit, rule: str) -> DomainError:
    place = ", ".join(edit.levels) if edit.levels else f"low={edit.low}, high={edit.high}"
    english, chinese = _EDIT_RULES[rule]
    return DomainError(
        "bin_edit",
        feature=edit.feature,
        action=edit.action,
        place=place,
        rule=english,
        rule_zh=chinese,
    )
