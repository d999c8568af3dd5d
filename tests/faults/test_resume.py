"""A run that is killed and resumed, perhaps again and again, loses and repeats nothing."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from dataclasses import replace

import pytest

from tests.faults.kills import STARTS, draw_moment, was_killed_after
from tests.faults.outcome import MANIFEST, miscounted, torn, unfinished
from tests.faults.stage import DONE, FORMATS, JOBS, SEED, Course, tell
from tests.faults.trial import run

FEW_CYCLES, MANY_CYCLES = 1, 150
MOST_KILLS = 4


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "cycles", [FEW_CYCLES, pytest.param(MANY_CYCLES, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_run_that_is_killed_and_resumed_gives_the_bytes_of_one_that_is_not(stage, kind, cycles):
    """However often a run is killed, what it gives in the end is what it gives undisturbed."""
    rng = random.Random(f"{SEED} {kind}")
    kills, problems, resumed, trials = Counter(), [], 0, 0
    while kills.total() < cycles and trials < 4 * cycles + 20:
        trials += 1
        killed, reused, found = cycle(stage, kind, rng)
        kills[killed] += killed > 0
        resumed += reused
        problems += [f"seed {SEED}, cycle {trials}: {problem}" for problem in found]
    tell(f"{kind}, seed {SEED}: cycles by kills {dict(kills)}, {resumed} parts were resumed")
    assert problems == []
    assert kills.total() == cycles
    assert cycles == FEW_CYCLES or resumed > 0


def cycle(stage, kind, rng):
    """Kill and resume until a run is left alone; give kills, parts reused, and what is wrong."""
    course = Course(kind, rng.choice(JOBS), rng.choice(STARTS), resume=True)
    out, killed, problems, trials = stage.prepare(course), 0, [], []
    for _ in range(rng.randint(1, MOST_KILLS)):
        course = replace(course, jobs=rng.choice(JOBS))
        moment = draw_moment(stage, course, rng)
        was_killed, trial = was_killed_after(stage.scoring(course, out), moment)
        killed += was_killed
        trials.append(trial)
        problems += torn(out, stage.versions(course))
    last = run(stage.scoring(course, out))
    if last.code != DONE:
        return killed, 0, [*problems, f"the last run ended with {last.code}: {last.said}"]
    problems += unfinished(out, stage.whole[kind]) + miscounted(stage.folder, out)
    problems += [f"process {process} lives on" for trial in trials for process in trial.left_over()]
    reused = json.loads((out / MANIFEST).read_bytes())["resumed_parts"]
    shutil.rmtree(out)
    return killed, reused, problems
