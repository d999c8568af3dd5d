"""The bounds of the proof that measures rise, against the same bounds worked in another way.

Second way: `math.exp` and plain loops over single entries in place of tables and windows.
"""

from __future__ import annotations

import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from sanzhixin.errors import ArtifactError
from sanzhixin.scoring.panel_proof import check_rising, is_rising
from tests.unit.scoring.small_tables import pillar, raters, tables, villages

N_POINTS, STEP_BITS = 33, 3


def part(rows, *, strange=((0, 0, 0),), halo=0, strange_halo=0, weight=(64,), precision=(1,)):
    return SimpleNamespace(
        known=(tuple(rows),), strange=strange, halo=halo, strange_halo=strange_halo,
        raters=SimpleNamespace(weight=weight), villages=SimpleNamespace(precision=precision),
    )  # fmt: skip


def entry(row, place):
    """Entry of a row that goes on as a straight line beyond its ends."""
    if place < 0:
        return row[0] + place * (row[1] - row[0])
    if place >= len(row):
        return row[-1] + (place - len(row) + 1) * (row[-1] - row[-2])
    return row[place]


def at(row, fine):
    """Value at fine units from the first entry, on the line between two entries."""
    place, rest = divmod(fine, 32)
    return entry(row, place) + Fraction(rest, 32) * (entry(row, place + 1) - entry(row, place))


def least_rise(row, halo):
    """Least of what a step brings `halo` fine units on, less what it brings here; never above 0."""
    places = range(-32 * (halo // 32 + 1), 32 * len(row))
    steps = [
        at(row, f + halo + 32) - at(row, f + halo) - (at(row, f + 32) - at(row, f)) for f in places
    ]
    return min(0, *steps)


def proved(given, step_bits=STEP_BITS, n_points=N_POINTS):
    """Work the bounds of the docstring out."""
    rows = [(row, given.halo) for row in given.known[0]]
    rows += [(row, given.strange_halo) for row in given.strange]
    line = Fraction(2**16, 2**step_bits)  # what one point more adds a step, in 2^-16
    least = line + min(least_rise(row, halo) for row, halo in rows)
    bends = [2 * r[k] - r[k - 1] - r[k + 1] for r, _ in rows for k in range(1, len(r) - 1)]
    curved = max([0, *bends])
    weight = min(given.raters.weight, default=64) / 64
    tilt = float(least) / 2**16 * weight
    if tilt <= 0:
        return False
    curvature = 200 * curved / 2**16 + max(given.villages.precision) / 2**20 / 4**step_bits
    share = 1 / (1 + math.exp(curvature / 2 + tilt))
    variance = min(max(p / 400 * share, ((400 / p) ** 2 - 1) / 12) for p in range(1, 401))
    lost = n_points / 4 / 2**24 + n_points**2 / 2 / 2**31 + 1 / 2**20
    return tilt * variance > 2 * lost


def largest(holds, top):
    """Largest whole number up to which something holds."""
    low, high = 0, top
    assert holds(low)
    assert not holds(high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


BENT = {
    # rows bent by k at one place, where the proof fails from some k on
    "bent at the first entry": lambda k: part([(0, k, k)]),
    "bent at the last entry": lambda k: part([(0, 0, k, 2 * k, 2 * k)]),
    "a bend of the second mask": lambda k: part([(0, 0, 0), (5, 5 + k, 5 + k)]),
    "a bend of strangers": lambda k: part([(0, 0, 0)], strange=((0, k, k),)),
    "bent downwards": lambda k: part([(0, 0, -k)]),
    "a sharp prior": lambda k: part([(0, k, k)], precision=(1, 1 << 26)),
    "a prior of the first village": lambda k: part([(0, k, k)], precision=(1 << 26, 1)),
    "a light rater": lambda k: part([(0, k, k)], weight=(64, 1, 32)),
    "no rater": lambda k: part([(0, k, k)], weight=()),
    "bent, read a step on": lambda k: part([(0, k, k, k)], halo=32),
    "bent, read a little on": lambda k: part([(0, k, k, k)], halo=5),
    "bent, read four steps on": lambda k: part([(0, 0, k, 2 * k, 2 * k, 2 * k, 2 * k)], halo=139),
    "bent strangers, read on": lambda k: part(
        [(0, 0, 0, 0)], strange=((0, k, k, k),), strange_halo=40
    ),
    "two bends, read on": lambda k: part([(0, 2 * k, 3 * k, 3 * k, 5 * k)], halo=70),
}


@pytest.mark.parametrize("bent", BENT.values(), ids=BENT)
@pytest.mark.parametrize("step_bits", [3, 5])
def test_the_proof_holds_up_to_the_bend_that_another_way_finds(bent, step_bits):
    found = largest(lambda k: is_rising(bent(k), step_bits, N_POINTS), 1 << 16)
    exact = largest(lambda k: proved(bent(k), step_bits), 1 << 16)
    assert exact > 100
    assert abs(found - exact) <= 1


def test_more_points_of_the_grid_lose_more_to_rounding():
    def bend(n_points):
        def holds(k):
            return is_rising(part([(0, k, k)]), STEP_BITS, n_points)

        return largest(holds, 1 << 16)

    wide = largest(lambda k: proved(part([(0, k, k)]), STEP_BITS, 1025), 1 << 16)
    assert abs(bend(1025) - wide) <= 1
    assert wide < bend(33)


# The heaviest halo of a gentle bend: what one point more adds, 2^16 / 8 a step, is used up by a
# fall of the rises of 2^13 over the distance that is read on.
@pytest.mark.parametrize(("fall", "holds"), [(8_191, False), (8_193, False), (0, True)])
def test_a_fall_as_large_as_what_a_point_adds_is_no_rise(fall, holds):
    row = tuple(np.cumsum([0, *(10_000 - fall * k // 40 for k in range(41))]).tolist())
    given = part([row], halo=32 * 41)
    assert is_rising(given, STEP_BITS, N_POINTS) == holds == proved(given)


def test_the_pillar_that_could_fall_is_named():
    flat = {
        "known": (((0, 0, 0, 0),) * 2,), "strange": ((0, 0, 0, 0),) * 2,
        "raters": raters(scale=(0, 0)), "villages": villages(precision=(1, 1)),
    }  # fmt: skip
    check_rising(tables(pillar(**flat), pillar("b", **flat)))
    bent = flat | {"strange": ((0, 0, 0, 0), (0, 9_000, 9_000, 9_000))}
    with pytest.raises(ArtifactError, match="Pillar b: the likelihood tables could let") as caught:
        check_rising(tables(pillar(**flat), pillar("b", **bent)))
    assert caught.value.code == "panel_not_rising"


def test_rows_of_two_entries_are_straight():
    straight = part([(0, 5)], strange=((7, 3),), halo=3, strange_halo=70)
    assert is_rising(straight, STEP_BITS, N_POINTS) == proved(straight) is True
