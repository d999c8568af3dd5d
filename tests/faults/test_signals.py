"""A run that is asked to end does so soon, with the right exit code, and can be resumed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections import Counter
from dataclasses import replace

import pytest

from tests.faults.kills import STARTS
from tests.faults.outcome import UNFINISHED, is_complete, torn, unfinished
from tests.faults.stage import (
    DONE,
    FORMATS,
    JOBS,
    SEED,
    TWO_COURSES,
    Course,
    count_steps,
    tell,
)
from tests.faults.steps import Fault, receive, spread, watched
from tests.faults.trial import Trial, run

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
BROKEN_PIPE = 141
MOST_SECONDS = 5.0
FEW_RANDOM, MANY_RANDOM = 1, 50
LEAST_POINTS = 100


def wrong_after_signal(stage, course, out, ended, number):
    """What is wrong with a run that a signal reached; in its last moments it may be complete.

    A hidden folder may be left by a run that was removing it; the next run takes it away.
    """
    problems = torn(out, stage.versions(course))
    is_done = ended.code == DONE and is_complete(out, stage.whole[course.format])
    if not is_done and ended.shell_code != CODES[number]:
        problems.append(f"exit code {ended.code} instead of {CODES[number]}")
    if not is_done and "Traceback" in ended.said:
        problems.append(f"said {ended.said!r}")
    earlier = {path.name for path in stage.begun.rglob(UNFINISHED)}
    left = [path for path in out.rglob(UNFINISHED) if path.is_file() and path.name not in earlier]
    return problems + [f"the file {path.relative_to(out)} was left behind" for path in left]


def signalled(stage, course, number, rng, *, to_all):
    """Send a signal at a random moment after the input was opened."""
    out = stage.prepare(course)
    trial = Trial(stage.commanding(course, out))
    trial.wait_until(lambda: trial.ledger.begun)
    time.sleep(rng.uniform(0, stage.pace(course).over))
    asked = time.monotonic()
    trial.send(number, to_all=to_all)
    ended = trial.end()
    problems = wrong_after_signal(stage, course, out, ended, number)
    if time.monotonic() - asked > MOST_SECONDS:
        problems.append(f"it took {time.monotonic() - asked:.1f} s to end")
    problems += stage.finish(course, out)
    problems += [f"process {process} lives on" for process in trial.left_over()]
    shutil.rmtree(out)
    return ended.shell_code, problems


@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
@pytest.mark.parametrize(
    "count",
    [FEW_RANDOM, pytest.param(MANY_RANDOM, marks=pytest.mark.slow)],
    ids=["few", "many"],
)
def test_a_signal_at_any_moment_ends_a_run_that_can_be_resumed(stage, number, count):
    """Asked to end at any moment, a run tells so by its exit code and can be resumed."""
    rng, codes, problems = random.Random(f"{SEED} {number}"), Counter(), []
    for trial in range(count):
        course = Course(rng.choice(FORMATS), rng.choice(JOBS), rng.choice(STARTS))
        course = replace(course, resume=rng.random() < 0.5)
        to_all = rng.random() < 0.5
        code, found = signalled(stage, course, number, rng, to_all=to_all)
        codes[code] += 1
        name = f"seed {SEED}, {number.name} {trial}, {course}, {to_all=}"
        problems += [f"{name}: {problem}" for problem in found]
    tell(f"{number.name}, seed {SEED}: exit codes {dict(codes)}")
    assert problems == []


def points_of(stage, course, few):
    steps = range(1, 1 + len(count_steps(stage, course)))
    numbers = list(CODES)
    points = [(at, numbers[at % len(numbers)]) for at in steps]
    return spread(points, 1 if few else 80)


@pytest.mark.parametrize(
    "few", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_signal_at_any_step_ends_a_run_that_can_be_resumed(stage, few):
    """Asked to end before a step on the disk, a run leaves nothing torn and no unfinished file."""
    points, problems = set(), []
    for course in TWO_COURSES:
        for at, number in points_of(stage, course, few):
            out = stage.prepare(course)
            fault = Fault(at, receive(number, to_all=at % 2 == 0))
            trial = Trial(watched(stage.commanding(course, out), out, fault))
            found = wrong_after_signal(stage, course, out, trial.end(), number)
            found += stage.finish(course, out)
            found += [f"process {process} lives on" for process in trial.left_over()]
            points |= {(course, at, number)} if trial.ledger.struck else set()
            problems += [f"{course}, {number.name} at {at}: {problem}" for problem in found]
            shutil.rmtree(out)
    tell(f"{len(points)} steps at which a signal came")
    assert problems == []
    assert few or len(points) >= LEAST_POINTS


def test_a_reader_that_has_left_does_not_spoil_the_result(stage):
    """When nobody reads the answer, the exit code is that of SIGPIPE and the result complete."""
    course = TWO_COURSES[-1]
    reading, writing = os.pipe()
    os.close(reading)
    out = stage.prepare(course)
    ended = run(stage.commanding(course, out, "--json"), stdout=writing)
    os.close(writing)
    assert (ended.code, ended.said.count("Traceback")) == (BROKEN_PIPE, 0)
    assert unfinished(out, stage.whole[course.format]) == []


def test_an_answer_that_finds_no_room_does_not_spoil_the_result(stage):
    """When the answer cannot be written, the exit code is 7 and the result complete."""
    course = Course("csv", 1)
    out = stage.prepare(course)
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        ended = run(stage.commanding(course, out, "--json"), stdout=full.fileno())
    assert (ended.code, ended.said.count("Traceback")) == (7, 0)
    assert unfinished(out, stage.whole["csv"]) == []
