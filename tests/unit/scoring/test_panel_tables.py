"""Small tables written by hand: what is refused, and what they are as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import ValidationError

from sanzhixin.errors import ArtifactError
from sanzhixin.scheme.loader import unwrap_validation
from sanzhixin.scoring.adjusted import compile_adjusted
from sanzhixin.scoring.panel_tables import PillarTables
from tests.unit.scoring.small_tables import (
    N_POINTS,
    N_SCORES,
    SECOND,
    STEP_BITS,
    pillar,
    raters,
    tables,
    villages,
)


def refused(*pillars, **changes):
    with pytest.raises(ValidationError) as caught:
        tables(*pillars, **changes)
    error = unwrap_validation(caught.value)
    assert isinstance(error, ArtifactError)
    return error


def test_tables_that_fit_together_are_read():
    assert [part.pillar for part in tables().pillars] == ["a", "b"]
    assert isinstance(tables().pillars[0], PillarTables)


LONGER = {name: (1, 2, 3) for name in villages()}
MISFITS = {
    "known rows of two lengths": {"known": (((0, 1, 2, 3), (1, 2, 3)), ((0, 0, 0, 0),) * 2)},
    "strange rows of another length": {"strange": ((0, 1, 0), (9, 9, 9))},
    "rows of one entry": {"known": (((0,), (1,)), ((0,), (5,))), "strange": ((0,), (9,))},
    "a mask more than rows": {"masks": (1, 2, 3)},
    "a mask less than rows": {"masks": (3,)},
    "a row more of one class": {"known": (((0, 1, 2, 3),) * 3, ((0, 0, 0, 0),) * 2)},
    "a strange row less": {"strange": ((0, 1, 0, 1),)},
    "a mask twice": {"masks": (3, 3)},
    "a score less": {"score": tuple(range(N_SCORES - 1))},
    "a score more": {"score": tuple(range(N_SCORES + 1))},
    "a severity less": {"raters": raters(severity=(40,))},
    "a weight more": {"raters": raters(weight=(64, 64, 64))},
    "a rater more": {"raters": raters((1, 2, 3), (0, 0, 0), (64, 64, 64), (1, 2, 3))},
    "no unknown village": {"villages": {name: (1,) for name in villages()}},
    "a village more": {"villages": LONGER},
    "a village more in one column": {"villages": villages(crew=(1, 2, 3))},
    "a class of scale use without rows": {"raters": raters(scale=(0, 2))},
}


@pytest.mark.parametrize("changes", MISFITS.values(), ids=MISFITS)
def test_columns_and_rows_of_other_lengths_are_refused(changes):
    error = refused(pillar(**changes), pillar("b", **SECOND))
    assert error.code == "panel_shape"
    assert str(error).startswith("Pillar a:")


def test_the_last_class_of_scale_use_has_rows():
    assert tables(pillar(raters=raters(scale=(1, 1))), pillar("b", **SECOND))


def test_two_entries_make_a_row_and_no_rater_is_needed():
    short = {"known": (((0, 1), (1, 2)), ((0, 0), (5, 4))), "strange": ((0, 1), (9, 9))}
    assert tables(pillar(**short), pillar("b", **SECOND))
    nobody = {"raters": raters((), (), (), ())}
    assert tables(pillar(**nobody), pillar("b", **(SECOND | nobody)), raters=())


def test_a_score_that_falls_is_refused_and_one_that_stays_is_not():
    level = (*range(N_SCORES - 1), N_SCORES - 2)
    assert tables(pillar(score=level), pillar("b", **SECOND))
    falls = (*range(N_SCORES - 1), N_SCORES - 3)
    assert refused(pillar(), pillar("b", **(SECOND | {"score": falls}))).code == "panel_not_rising"


UNEVEN = {
    "raters": {"raters": ("R1", "R1")},
    "villages": {
        "villages": ("V1", "V1"),
        "pillars": (pillar(villages=LONGER), pillar("b", **(SECOND | {"villages": LONGER}))),
    },
    "more moved than compared": {"n_moved": 4},
    "one row": {"correlation": ((1.0, 0.5),)},
    "three rows": {"correlation": ((1.0, 0.0), (0.0, 1.0), (0.0, 0.0))},
    "a short row": {"correlation": ((1.0, 0.5), (0.5,))},
    "not symmetric": {"correlation": ((1.0, 0.5), (0.25, 1.0))},
    "no unit at first": {"correlation": ((0.5, 0.0), (0.0, 1.0))},
    "no unit at last": {"correlation": ((1.0, 0.0), (0.0, 0.5))},
}


@pytest.mark.parametrize("changes", UNEVEN.values(), ids=UNEVEN)
def test_names_given_twice_and_matrices_that_are_no_correlations_are_refused(changes):
    error = refused(**changes)
    assert error.code == "panel_shape"
    assert str(error).startswith("Pillar a, b:")


def three(*, ab, ac, bc):
    parts = (pillar(), pillar("b", **SECOND), pillar("c", **SECOND))
    return (*parts,), ((1.0, ab, ac), (ab, 1.0, bc), (ac, bc, 1.0))


CORRELATIONS = [
    # determinant 1 + 2 ab ac bc - ab^2 - ac^2 - bc^2 by hand, and whether it stands
    ({"ab": 0.5, "ac": 0.5, "bc": 0.5}, 0.5, True),
    ({"ab": 0.9, "ac": 0.9, "bc": 0.62}, 1 + 1.0044 - 0.81 - 0.81 - 0.3844, True),  # 0
    ({"ab": 0.9, "ac": 0.9, "bc": 0.61}, 1 + 0.9882 - 0.81 - 0.81 - 0.3721, False),  # -0.0039
    ({"ab": 0.9, "ac": -0.9, "bc": 0.0}, 1 - 0.81 - 0.81, False),
    ({"ab": 0.6, "ac": 0.0, "bc": 0.8}, 0.0, True),
    ({"ab": 0.6, "ac": 0.0, "bc": 0.81}, -0.0161, False),
    ({"ab": 1.0, "ac": 1.0, "bc": 1.0}, 0.0, True),
    ({"ab": -0.5, "ac": -0.5, "bc": -0.5}, 0.0, True),
    ({"ab": -0.6, "ac": -0.6, "bc": -0.6}, -0.512, False),
]


@pytest.mark.parametrize(("entries", "determinant", "stands"), CORRELATIONS)
def test_correlations_that_no_errors_could_have_are_refused(entries, determinant, stands):
    parts, matrix = three(**entries)
    assert np.linalg.det(np.array(matrix)) == pytest.approx(determinant, abs=1e-9)  # second way
    assert stands == (determinant > -1e-6)
    if stands:
        assert tables(*parts, correlation=matrix).correlation == matrix
    else:
        error = refused(*parts, correlation=matrix)
        assert (error.code, str(error)[:15]) == ("panel_shape", "Pillar a, b, c:")


@dataclass
class Rules:
    most: np.ndarray
    n_items: np.ndarray


def compiled(given=None):
    rules = Rules(most=np.array([4, 3]), n_items=np.array([2, 1]))
    return compile_adjusted(given or tables(), rules)


# Pillar a: standings begin 3 steps, 96 fine units, behind the start of the rows.  The largest
# severity, 40, leaves 56, so nothing is put before.  The smallest, -70, and 4 points of 7 more
# reach 194 fine units, the 6th step; with 33 points 40 entries are needed.
# Pillar b: 32 fine units behind; a severity of 200 goes 168 back, so 6 entries are put before.
# No severity is below 0, and 3 points of 4 reach 44, the 1st step: 35 entries behind the start.
WIDTH = 6 + 35


def continued(row, before):
    """Second way: entry by entry along the lines through the first two and the last two."""
    first, last = row[1] - row[0], row[-1] - row[-2]
    line = [row[0] - first * k for k in range(before, 0, -1)] + list(row)
    while len(line) < (40 if not before else WIDTH):
        line.append(line[-1] + last)
    return line + [line[-1]] * (WIDTH - len(line))  # pillar a is one entry shorter


def test_rows_are_continued_as_straight_lines_as_far_as_severities_reach():
    found = compiled()
    a, b = tables().pillars
    rows = [continued(row, 0) for row in (*a.known[0], *a.known[1], *a.strange)]
    rows += [continued(row, 6) for row in (*b.known[0], *b.strange)]
    flat = [entry for row in rows for entry in row]
    assert found.width == WIDTH
    assert (found.table[:, 0] == 32 * np.array(flat[: -N_POINTS + 1])).all()
    assert found.table[-1].tolist() == [32 * entry for entry in flat[-N_POINTS:]]
    steps = [next_ - entry for row in rows for entry, next_ in zip(row, (*row[1:], row[-1]))]  # noqa: B905
    assert found.rise[:, 0].tolist() == steps[: -N_POINTS + 1]
    assert found.rise[-1].tolist() == steps[-N_POINTS:]


def test_every_class_mask_and_stranger_has_its_row():
    found = compiled()
    # a: two classes of two masks, then strangers; b: one class of one mask from row 6 on
    assert found.row[0].tolist() == [0, 2, 4]
    assert found.row[1].tolist()[::2] == [6, 7]
    assert found.halo.tolist() == [[5, 5, 7], [4, 4, 2]]
    assert found.mask_place.tolist() == [[-1, 0, -1, 1], [-1, 0, -1, -1]]


def test_standings_begin_where_the_rows_say():
    found = compiled()
    assert found.first.tolist() == [32, 32]
    assert found.offset.tolist() == [96, 32 + 6 * 32]
    assert (found.step_bits, found.n_points, found.link) == (STEP_BITS, N_POINTS, "prior")


def test_the_last_score_stands_twice():
    found = compiled()
    assert found.score.shape == (2, N_SCORES + 1)
    assert found.score[0, -3:].tolist() == [127, 128, 128]
    assert found.correlation.tolist() == [[1.0, 0.5], [0.5, 1.0]]


def test_an_unknown_rater_stands_last_with_full_weight():
    found = compiled().raters
    assert found.severity.tolist() == [[40, -70, 0], [200, 0, 0]]
    assert found.scale.tolist() == [[0, 1, -1], [0, -1, -1]]
    assert found.weight.tolist() == [[64, 32, 64]] * 2
    assert found.variance.tolist() == [[5, 6, 0]] * 2


def test_villages_and_raters_are_found_by_their_names():
    found = compiled()
    assert (found.rater_place, found.village_place) == ({"R1": 0, "R2": 1}, {"V1": 0})
    assert found.villages.leniency.tolist() == [[10, -20], [0, 0]]
    assert found.villages.precision.tolist() == [[3, 4], [3, 4]]
    for name in ("merit", "middle", "own", "shared", "crew", "doubt"):
        assert getattr(found.villages, name).tolist() == [[1, 2], [1, 2]]


def test_rows_that_reach_far_enough_are_not_continued():
    row = tuple(range(80))
    long = {"known": ((row, row),) * 2, "strange": (row, row)}
    one = SimpleNamespace(most=np.array([4]), n_items=np.array([2]))
    found = compile_adjusted(tables(pillar(**long), correlation=((1.0,),)), one)
    assert (found.width, found.offset.tolist()) == (80, [96])
