"""Answers of a card for single rows: what cost points, and what would bring them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sanzhixin.modelling.cards.points_card import CardCharacteristic, PointsCard

    Ints = NDArray[np.int64]

__all__ = ["compute_next_step", "compute_reasons"]

_STEPS = {
    "row": "int64",
    "feature": "str",
    "from_label": "str",
    "to_label": "str",
    "gain": "int64",
    "total": "int64",
}


def compute_reasons(card: PointsCard, codes: Ints, k: int) -> pd.DataFrame:
    """Tell which characteristics cost each row most points against their reference.

    Parameters
    ----------
    card : PointsCard
        With the reference of each characteristic.
    codes : ndarray of shape (n_rows, n_characteristics)
        Group of each value.
    k : int
        Reasons for each row at most.

    Returns
    -------
    DataFrame
        row, rank, feature, label, points, reference, shortfall; ties in the order of the card.

    Raises
    ------
    DomainError
        ``option_range``: `k` is not a whole number of at least 0.
    """
    check_range("k", k, 0, math.inf, is_whole=True)
    items = card.characteristics
    points = _points(card, codes)
    reference = np.array([item.reference for item in items], dtype=np.int64)
    short = reference - points
    order = np.argsort(-short, axis=1, kind="stable")[:, :k]
    ranked = np.take_along_axis(short, order, axis=1)
    row, rank = np.nonzero(ranked > 0)
    place = order[row, rank]
    labels = [np.array(item.bins.labels, dtype=object) for item in items]
    return pd.DataFrame(
        {
            "row": row,
            "rank": rank + 1,
            "feature": np.array([item.bins.name for item in items], dtype=object)[place],
            "label": [labels[p][codes[r, p]] for r, p in zip(row, place, strict=True)],
            "points": points[row, place],
            "reference": reference[place],
            "shortfall": ranked[row, rank],
        }
    ).astype({"feature": "str", "label": "str"})


def _points(card: PointsCard, codes: Ints) -> Ints:
    columns = [item.points.take(codes[:, k]) for k, item in enumerate(card.characteristics)]
    return np.column_stack(columns) if columns else np.empty((len(codes), 0), dtype=np.int64)


def compute_next_step(
    card: PointsCard, codes: Ints, target: int, changeable: Sequence[str] | None
) -> pd.DataFrame:
    """Tell the fewest changes with which each row reaches a total.

    Parameters
    ----------
    card : PointsCard
        The card.
    codes : ndarray of shape (n_rows, n_characteristics)
        Group of each value.
    target : int
        Points to be reached.
    changeable : sequence of str or None
        Characteristics that can change; None allows all.

    Returns
    -------
    DataFrame
        row, feature, from_label, to_label, gain, total, reached; one line without a feature where
        nothing brings points.

    Raises
    ------
    DomainError
        ``card_feature_unknown``: a column that is not on the card; ``option_range``: a target that
        is no number.

    Notes
    -----
    Effects add up, so the fewest changes are those of the largest gains.  Among them each then
    goes only as far as needed, the largest gain being cut first; a change ends in a bin, never in
    a missing or special group.
    """
    check_range("target", target, -math.inf, math.inf)
    names = card.names
    wanted = (changeable,) if isinstance(changeable, str) else changeable
    strange = sorted(set(wanted or ()) - set(names))
    if strange:
        raise DomainError(
            "card_feature_unknown", features=", ".join(strange), known=", ".join(names)
        )
    free = [k for k, name in enumerate(names) if wanted is None or name in wanted]
    totals = card.base + _points(card, codes).sum(axis=1)
    rows = []
    for row in np.flatnonzero(totals < target).tolist():
        steps = _fewest(card, codes[row], free, target - int(totals[row]))
        reached = int(totals[row]) + sum(gain for _, _, gain in steps)
        if not steps:
            rows.append((row, "", "", "", 0, reached))
        for k, group, gain in steps:
            labels = card.characteristics[k].bins.labels
            rows.append((row, names[k], labels[codes[row, k]], labels[group], gain, reached))
    columns = ["row", "feature", "from_label", "to_label", "gain", "total"]
    found = pd.DataFrame(rows, columns=columns).astype(_STEPS)
    return found.assign(reached=found["total"] >= target)


def _fewest(
    card: PointsCard, codes: Ints, free: list[int], needed: float
) -> list[tuple[int, int, int]]:
    """Characteristic, new group and gain of each change."""
    ways = {k: _gains(card.characteristics[k], int(codes[k])) for k in free}
    order = sorted((k for k in free if ways[k]), key=lambda k: -ways[k][-1][0])
    chosen: list[int] = []
    while order and sum(ways[k][-1][0] for k in chosen) < needed:
        chosen.append(order.pop(0))
    gains = {k: ways[k][-1] for k in chosen}
    for k in chosen:
        others = sum(gain for j, (gain, _) in gains.items() if j != k)
        gains[k] = next((way for way in ways[k] if others + way[0] >= needed), gains[k])
    return [(k, group, gain) for k, (gain, group) in sorted(gains.items())]


def _gains(item: CardCharacteristic, group: int) -> list[tuple[int, int]]:
    """Gain and group of every better bin, the smallest gain first."""
    more = item.points[: item.bins.n_bins] - item.points[group]
    return sorted((int(more[place]), int(place)) for place in np.flatnonzero(more > 0))
