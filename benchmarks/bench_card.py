"""Scorecard over 12 characteristics, arrays in memory, one core, beside polars expressions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from figures import Figure, at_least, median_seconds, only_told, options, show

from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.card import (
    BinCharacteristic,
    Card,
    Characteristic,
    GridCharacteristic,
    LevelCharacteristic,
    PointsGroup,
    score_card,
)

if TYPE_CHECKING:
    import polars as pl

os.environ["POLARS_MAX_THREADS"] = "1"  # read when polars is first imported, below

MICRO = 1_000_000
N_BINS = 8
GROUPS = ("a", "b", "c")
BUDGET_ROWS = 8.0
BUDGET_RATIO = 3.0

Values = dict[str, np.ndarray[Any, np.dtype[np.int64]]]


def bins(place: int) -> BinCharacteristic:
    random = np.random.default_rng(place)
    edges = np.sort(random.choice(np.arange(1, 100), N_BINS - 1, replace=False)) * MICRO
    labels = tuple(f"bin {k}" for k in range(N_BINS))
    return BinCharacteristic(
        kind="bins",
        edges=tuple(edges.tolist()),
        points=tuple(random.integers(-20, 60, N_BINS).tolist()),
        labels_zh=labels,
        labels_en=labels,
        **named(place),
    )


def grid(place: int) -> GridCharacteristic:
    return GridCharacteristic(
        kind="grid", start=0, span=100 * MICRO, points=60 + 10 * place, **named(place)
    )


def levels(place: int) -> LevelCharacteristic:
    names = ("on_time", "sometimes_late", "often_late")
    return LevelCharacteristic(
        kind="levels",
        levels=names,
        points=(20, 0, -20),
        labels_zh=names,
        labels_en=names,
        **named(place),
    )


def named(place: int) -> dict[str, Any]:
    name = f"x{place:02}"
    group = GROUPS[place // 4]
    return {
        "name": name, "column": name, "zh": name, "en": name, "group": group,
        "missing_points": 5 - place,
    }  # fmt: skip


def card_of(items: list[Characteristic]) -> Card:
    groups = tuple(PointsGroup(name=g, zh=g, en=g, lowest=-40, highest=180) for g in GROUPS)
    return Card(
        points_per_score=10, lowest=0, highest=500, groups=groups, characteristics=tuple(items)
    )


def draw(card: Card, rows: int) -> Values:
    """Draw values uniformly, one in twenty missing."""
    random = np.random.default_rng(7)
    values: Values = {}
    for item in card.characteristics:
        if isinstance(item, LevelCharacteristic):
            drawn = random.integers(0, len(item.levels), rows)
        else:
            drawn = random.integers(-5 * MICRO, 105 * MICRO, rows)
        values[item.column] = np.where(random.random(rows) < 0.05, MISSING, drawn)
    return values


def in_polars(values: Values) -> pl.DataFrame:
    """Give the same values as columns, absent ones null."""
    import polars as pl

    return pl.DataFrame(
        {name: pl.Series(v).set(pl.Series(v == MISSING), None) for name, v in values.items()}
    )


def points_expression(item: Characteristic, *, search: bool) -> pl.Expr:
    """Write a characteristic as a polars expression: a chain of cases, or search and gather."""
    import polars as pl

    value = pl.col(item.column)
    if isinstance(item, GridCharacteristic):
        inside = value.clip(item.start, item.start + item.span) - item.start
        points = (2 * item.points * inside + item.points) // (2 * item.span)
        return points.fill_null(item.missing_points)
    if isinstance(item, BinCharacteristic):
        bounds, points_of = item.edges, item.points
    else:
        bounds, points_of = tuple(range(1, len(item.levels))), item.points
    if search:
        place = pl.lit(pl.Series(bounds)).search_sorted(value, side="right")
        found = pl.lit(pl.Series(points_of)).gather(place)
        return pl.when(value.is_null()).then(item.missing_points).otherwise(found)
    chain: Any = pl.when(value.is_null()).then(pl.lit(item.missing_points, dtype=pl.Int64))
    for bound, points in zip(bounds, points_of, strict=False):
        chain = chain.when(value < bound).then(pl.lit(points, dtype=pl.Int64))
    last: pl.Expr = chain.otherwise(pl.lit(points_of[-1], dtype=pl.Int64))
    return last


def polars_total(card: Card, frame: pl.DataFrame, *, search: bool) -> pl.DataFrame:
    """Score with expressions: points of each characteristic, clipped groups, clipped total."""
    import polars as pl

    points = [points_expression(i, search=search).alias(i.name) for i in card.characteristics]
    groups = [
        pl.sum_horizontal(item.name for item in card.characteristics if item.group == group.name)
        .clip(group.lowest, group.highest)
        .alias(group.name)
        for group in card.groups
    ]
    total = pl.sum_horizontal(GROUPS).clip(card.lowest, card.highest).alias("total")
    return frame.lazy().select(points).with_columns(groups).with_columns(total).collect()


def compare(title: str, items: list[Characteristic], rows: int, times: int) -> list[Figure]:
    card = card_of(items)
    values = draw(card, rows)
    frame = in_polars(values)
    ours = score_card(card, values)
    seconds = median_seconds(lambda: score_card(card, values), times=times)
    peers = {}
    for name, search in (("chain of cases", False), ("search and gather", True)):
        theirs = polars_total(card, frame, search=search)
        same = np.array_equal(theirs["total"].to_numpy(), ours.total) and np.array_equal(
            theirs.select(i.name for i in card.characteristics).to_numpy(), ours.by_characteristic
        )
        if not same:
            msg = f"{title}: polars ({name}) and the card give different points"
            raise SystemExit(msg)
        peers[name] = median_seconds(
            lambda s=search: polars_total(card, frame, search=s), times=times
        )
    best = min(peers, key=peers.__getitem__)
    peer = f"polars {rows / peers[best] / 1e6:.2f} M rows/s ({best})"
    slower = max(peers, key=peers.__getitem__)
    return [
        at_least(title, rows / seconds / 1e6, BUDGET_ROWS, "M rows/s", peer),
        at_least(f"{title}: polars time / own", peers[best] / seconds, BUDGET_RATIO, "x"),
        only_told(f"{title}: polars, {slower}", f"{rows / peers[slower] / 1e6:.2f} M rows/s"),
    ]


def main() -> None:
    rows, times = (2_000, 1) if options(__doc__ or "").quick else (1_000_000, 7)
    binned: list[Characteristic] = [bins(place) for place in range(12)]
    mixed: list[Characteristic] = [
        *(grid(place) for place in range(4)),
        *(bins(place) for place in range(4, 10)),
        *(levels(place) for place in range(10, 12)),
    ]
    figures = compare("12 binned (8 bins)", binned, rows, times)
    figures += compare("4 grids, 6 binned, 2 levels", mixed, rows, times)
    import polars as pl

    show(
        "scorecard over 12 characteristics",
        figures,
        f"{rows:,} rows, median of {times}; numpy {np.__version__}, polars {pl.__version__} with "
        f"{pl.thread_pool_size()} thread; points of every row and characteristic are equal.",
    )


if __name__ == "__main__":
    main()
