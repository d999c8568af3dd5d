"""What is asked of the bins of one characteristic."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

from sanzhixin.errors import DomainError
from sanzhixin.modelling.inputs.columns import number_name

if TYPE_CHECKING:
    from sanzhixin.modelling.bins.edits import BinEdit
    from sanzhixin.modelling.bins.feature_bins import Missing, Unseen
    from sanzhixin.numerics.binning import BinRules, Objective, Trend

__all__ = ["FeatureRequest", "Shrinkage", "read_specials"]

Shrinkage = Literal["none", "trend"]
"""Whether weights of evidence of few events are drawn towards a straight line over the ranks."""


@dataclass(frozen=True, slots=True)
class FeatureRequest:
    """How the bins of one characteristic are to be learned.

    Attributes
    ----------
    name : str
        Column.
    is_category : bool
        Whether values are names.
    trend, objective : str
        For the partition.
    rules : BinRules
        That each bin keeps.
    max_prebins : int
        Fine groups at most.
    rare_weight : float
        Levels with fewer rows are put together.
    sparse_weight : float
        A special or missing group with fewer rows gets one more event of the average mix.
    shrinkage : {"none", "trend"}
        For bins of few events.
    missing, unseen : str
        Policies.
    specials : tuple of (str, tuple)
        Named groups of codes.
    edits : tuple of BinEdit
        Changes by people.
    """

    name: str
    is_category: bool
    trend: Trend
    objective: Objective
    rules: BinRules
    max_prebins: int
    rare_weight: float
    sparse_weight: float
    shrinkage: Shrinkage
    missing: Missing
    unseen: Unseen
    specials: tuple[tuple[str, tuple[float | str, ...]], ...] = ()
    edits: tuple[BinEdit, ...] = ()


def read_specials(
    name: str, codes: object, *, is_category: bool
) -> tuple[tuple[str, tuple[float | str, ...]], ...]:
    """Read the special codes of a column, and hold them to what they can be.

    Parameters
    ----------
    name : str
        Column.
    codes : object
        What was given for it.
    is_category : bool
        Whether codes may be texts.

    Returns
    -------
    tuple of (str, tuple)
        Groups with their codes, each once.

    Raises
    ------
    DomainError
        ``bin_special``: not groups of codes, a name that means something else, a text for a
        column of numbers, or a code in two groups.
    """
    if not isinstance(codes, Mapping):
        raise _refuse(name, "", "groups")
    seen: set[str] = set()
    read: list[tuple[str, tuple[float | str, ...]]] = []
    for group, members in codes.items():
        if isinstance(members, str) or not isinstance(members, Iterable):
            raise _refuse(name, group, "groups")
        if group in ("missing", "unseen") or str(group) in {known for known, _ in read}:
            raise _refuse(name, group, "name")
        listed = list(members)
        kinds = (Real, str) if is_category else (Real,)
        if not all(isinstance(member, kinds) for member in listed):
            raise _refuse(name, group, "text")
        if not all(isinstance(member, str) or _is_double(member) for member in listed):
            raise _refuse(name, group, "finite")
        here = {number_name(member): member for member in listed}
        if here.keys() & seen:
            raise _refuse(name, group, "twice")
        seen |= here.keys()
        own = tuple(here) if is_category else tuple(float(member) for member in here.values())
        read.append((str(group), own))
    return tuple(read)


def _is_double(number: Any) -> bool:
    """Tell whether a number is finite, as a double too."""
    if isinstance(number, int):
        return abs(number) <= sys.float_info.max
    return math.isfinite(number)


_RULES = {
    "groups": (
        'give groups by name, each with a list of codes, as {"refused": [-9, -8]}',
        '须按名称给出分组，每组为代码列表，例如 {"拒答": [-9, -8]}',
    ),
    "name": (
        "groups have names of their own, other than missing and unseen",
        "分组名称须各不相同，且不能为 missing 或 unseen",
    ),
    "text": ("a column of numbers has numbers for codes", "数值列的特殊值须为数值"),
    "finite": ("a code is a finite number", "特殊值须为有限数"),
    "twice": ("a code belongs to one group alone", "每个代码只能属于一个分组"),
}


def _refuse(name: str, group: object, rule: str) -> DomainError:
    english, chinese = _RULES[rule]
    return DomainError("bin_special", feature=name, group=group, rule=english, rule_zh=chinese)
