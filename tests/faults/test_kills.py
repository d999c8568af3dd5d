"""A killed run tears nothing: `kill -9` at random moments and at every step on the disk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.faults.kills import kill_at_random, kill_at_step
from tests.faults.outcome import is_complete
from tests.faults.stage import COURSES, DONE, JOBS, SEED, TWO_COURSES, Course, count_steps, tell
from tests.faults.steps import Fault, die, spread, watched
from tests.faults.trial import KINDS, Trial

FEW_KILLS, MANY_KILLS = 2, 1_000 // len(COURSES)
LEAST_POINTS = 200
ALL = 1_000_000


@pytest.mark.parametrize(
    ("course", "kills"),
    [
        *((course, FEW_KILLS) for course in TWO_COURSES),
        *(pytest.param(course, MANY_KILLS, marks=pytest.mark.slow) for course in COURSES),
    ],
    ids=str,
)
def test_a_kill_at_any_moment_tears_nothing_and_the_next_run_succeeds(stage, course, kills):
    """Whenever a run is killed, its folder is complete or unfinished, and can be used again."""
    found = kill_at_random(stage, course, kills)
    tell(f"{course}, seed {SEED}: {found.killed} of {found.trials} killed, {dict(found.states)}")
    assert found.problems == []
    assert found.killed >= kills
    assert kills == FEW_KILLS or min(found.states.values()) > 0


def points_of(stage, few):
    """Scripted kills: course, step, its kind, and whether half of a write is done before."""
    if few:
        return [point for course in TWO_COURSES for point in some_of(stage, course, 1, 1)]
    used = [replace(course, start="older") for course in TWO_COURSES]
    used += [
        replace(course, start="begun", resume=resume)
        for course in TWO_COURSES
        for resume in (True, False)
    ]
    points = [point for course in TWO_COURSES for point in some_of(stage, course, ALL, 10)]
    points += [point for course in COURSES[1:-1] for point in some_of(stage, course, 30, 10)]
    return points + [point for course in used for point in some_of(stage, course, 15, 3)]


def some_of(stage, course, before, halves):
    steps = list(enumerate(count_steps(stage, course), 1))
    writes = [(course, number, kind, True) for number, kind in steps if kind == "write"]
    return [
        *spread([(course, number, kind, False) for number, kind in steps], before),
        *spread(writes, halves),
    ]


@pytest.mark.parametrize(
    "few", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["few", "all"]
)
def test_a_kill_at_any_step_tears_nothing_and_the_next_run_succeeds(stage, few):
    """Before each step on the disk, and amid each write, a kill leaves nothing torn."""
    points, problems = set(), []
    for point in points_of(stage, few):
        course, number, _kind, is_half = point
        killed, found = kill_at_step(stage, course, Fault(number, die, is_half=is_half))
        points |= {point} if killed else set()
        problems += [f"{point}: {problem}" for problem in found]
    tell(f"{len(points)} scripted kills at different points")
    assert problems == []
    if not few:
        assert len(points) >= LEAST_POINTS
        assert {kind for _, _, kind, _ in points} == set(KINDS)


@pytest.mark.skipif(len(JOBS) == 1, reason="one core")
@pytest.mark.parametrize(
    "few", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["few", "all"]
)
def test_a_process_of_the_crew_that_is_killed_at_any_step_spoils_nothing(stage, few):
    """When the processes that score are killed, their caller finishes with the same bytes."""
    course, at, problems = Course("csv", 2), 0, []
    struck = True
    while struck and at < (1 if few else 100):
        at += 1
        out = stage.prepare(course)
        trial = Trial(watched(stage.scoring(course, out), out, Fault(at, die, in_crew=True)))
        ended, struck = trial.end(), trial.ledger.struck
        if ended.code != DONE or not is_complete(out, stage.whole["csv"]) or trial.left_over():
            problems.append(f"step {at}: {ended}")
    tell(f"the crew was killed at {at} steps")
    assert problems == []
    assert at >= (1 if few else 10)
