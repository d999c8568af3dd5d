"""Scores, slopes, logits and covariances of fitted severities, worked by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sanzhixin.records.cases import MISSING
from sanzhixin.scoring.adjusted import (
    VillageParts,
    _covariance,
    _logits,
    _scores,
    _slopes,
    _Standing,
)
from sanzhixin.scoring.panel_rules import MICRO

STEP = 1 << 20  # means are in 2^-20 steps of the grid; 8 steps are a logit
# Two pillars over 33 standings, four entries a step: a straight line, and one that begins to rise
# at 16 steps.
STRAIGHT = [entry * MICRO for entry in range(129)]
BENT = [max(0, entry - 64) * MICRO for entry in range(129)]


def rules(**changes):
    given = {
        "step_bits": 3, "n_points": 33, "first": np.array([32, -64]),
        "score": np.array([[*STRAIGHT, STRAIGHT[-1]], [*BENT, BENT[-1]]]),
        "correlation": np.array([[1.0, 0.5], [0.5, 1.0]]),
        "villages": VillageParts(
            merit=whole(0, 0), leniency=whole(0, 0), middle=whole(64, -32),
            precision=whole(1 << 20, 1 << 19), own=whole(1 << 18, 0),
            shared=whole(1 << 17, 1 << 18),
            crew=whole(1 << 19, 1 << 20), doubt=whole(1 << 16, 1 << 15),
        ),
    }  # fmt: skip
    return SimpleNamespace(**given | changes)


def whole(known, unknown):
    """One village and the unknown one, alike in both pillars."""
    return np.array([[known, unknown]] * 2, dtype=np.int64)


SCORES = [
    # steps, score of the straight line, of the bent one
    (0, 0, 0),
    (1.5, 6, 0),
    (1.125, 4.5, 0),
    (16, 64, 0),
    (16.1875, 64.75, 0.75),
    (32, 128, 64),
]


@pytest.mark.parametrize(("steps", "straight", "bent"), SCORES)
def test_scores_lie_on_the_line_between_two_entries(steps, straight, bent):
    mean = np.array([[int(steps * STEP)] * 2])
    assert _scores(mean, rules()).tolist() == [[straight * MICRO, bent * MICRO]]


def test_scores_are_floored():
    assert _scores(np.array([[1, 16 * STEP + 1]]), rules()).tolist() == [[3, 3]]  # 4e6 / 2^20


SLOPES = [
    # steps, variance in squared logits, slope a logit of the straight and of the bent line
    (16, 0.25, 32.0, 16.0),  # half a logit to either side: from 12 to 20 steps, 0 to 16
    (18, 0.25, 32.0, 24.0),  # from 14 to 22 steps, 0 to 24
    (31, 0.25, 32.0, 32.0),  # up to the end at 32 alone: 5 steps, 20
    (1, 0.25, 32.0, 0.0),  # from the first point on
    (16, 100.0, 32.0, 16.0),  # the whole grid: 64 over 4 logits
]


@pytest.mark.parametrize(("steps", "variance", "straight", "bent"), SLOPES)
def test_slopes_are_those_over_one_standard_error_to_either_side(steps, variance, straight, bent):
    logits = SimpleNamespace(variance=np.full((1, 2), variance))
    found = _slopes(np.array([[steps * STEP] * 2]), logits, rules())
    assert found.tolist() == [[straight, bent]]


def standing(village, *, strangers=2, mean=7):
    return _Standing(
        mean=np.array([[mean * STEP, MISSING]]), variance=np.array([[16.0, np.nan]]),
        crew=np.array([[1 << 20, 0]]), strangers=np.array([[strangers, 0]]),
        n_forms=np.array([[3, 0]]), village=np.array([village]),
    )  # fmt: skip


def test_variances_of_a_fitted_village_add_up_by_hand():
    found = _logits(standing(0), rules())
    # 16 squared steps are 0.25; times the precision 1 that is the share of the prior.  The three
    # forms have 0.75 / 3 each.  Merit adds 0.25^2 * 0.25, the raters 0.25^2 * (1 + 2^2 * 0.5).
    within = 0.25 + 0.25**2 * 0.25 + 0.25**2 * 3
    assert found.within_variance[0, 0] == within
    assert found.variance[0, 0] == within + 0.125
    assert found.logit[0, 0] == (32 / 32 + 7) / 8
    assert found.within[0, 0] == 1.0 - 64 / 32 / 8
    assert found.link_variance[0, 0] == 2**-4


def test_a_village_that_was_not_fitted_shares_with_its_known_raters_alone():
    found = _logits(standing(-1), rules())
    # precision 0.5: the prior has 0.125, each form 0.875 / 3; no variance of merit alone
    each = 0.875 / 3
    within = 0.25 + each**2 * (1 + 4 * 1.0)
    assert found.within_variance[0, 0] == pytest.approx(within, rel=1e-15)
    assert found.variance[0, 0] == pytest.approx(within + 0.25 * (1 / 3) ** 2, rel=1e-15)
    assert found.within[0, 0] == 1.0 + 32 / 32 / 8
    assert found.link_variance[0, 0] == 2**-5
    strangers = _logits(standing(-1, strangers=3), rules())
    assert strangers.variance[0, 0] == strangers.within_variance[0, 0]


def test_without_a_form_nothing_is_known():
    found = _logits(standing(0), rules())
    for name in ("logit", "variance", "within", "within_variance", "link_variance"):
        assert np.isnan(getattr(found, name)[0, 1]), name


def test_covariances_hold_the_village_by_its_correlation_and_the_link_in_step():
    logits = SimpleNamespace(
        within_variance=np.array([[0.25, 1.0]]), variance=np.array([[0.5, 1.25]])
    )
    found = _covariance(logits, np.array([[4.0, 3.0]]), rules())
    # errors within: 0.5 * 4 and 1 * 3; of the link: 0.5 * 4 and 0.5 * 3
    near, far = (2.0, 3.0), (2.0, 1.5)
    by_hand = [
        [near[0] ** 2 + far[0] ** 2, 0.5 * near[0] * near[1] + far[0] * far[1]],
        [0.5 * near[0] * near[1] + far[0] * far[1], near[1] ** 2 + far[1] ** 2],
    ]
    assert found[0].tolist() == by_hand
