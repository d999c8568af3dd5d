"""Runs that are killed, at a moment or at a step, and what is found afterwards."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.faults import outcome
from tests.faults.stage import SEED, Course, Stage, Start
from tests.faults.steps import Fault, watched
from tests.faults.trial import Action, Trial

STARTS: tuple[Start, ...] = ("fresh", "older", "begun")
GO_ON = 0.6
"""Share of killed runs whose folder the next run, killed too, is sent into."""


@dataclass
class Findings:
    """What a series of trials found."""

    trials: int = 0
    killed: int = 0
    states: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def add(self, out: Path, killed: bool) -> int:
        """Count one trial; give its number."""
        self.trials += 1
        self.killed += killed
        self.states[state_of(out)] += killed
        return self.trials

    def blame(self, label: str, problems: Sequence[str]) -> None:
        self.problems += [f"seed {SEED}, {label}: {problem}" for problem in problems]


def state_of(out: Path) -> str:
    """How far a run got: nothing there, unfinished, all files but the mark, complete."""
    if not out.exists():
        return "nothing"
    if (out / outcome.SUCCESS).exists():
        return "complete"
    return "visible" if outcome.published(out) else "hidden"


def was_killed_after(
    action: Action, seconds: float, since: Callable[[], bool] | None = None
) -> tuple[bool, Trial]:
    """Kill a process at a moment after its start, or after an event; tell if it was in time."""
    trial = Trial(action)
    begun = trial.begun
    if since is not None:
        trial.wait_until(since)
        begun = time.monotonic()
    time.sleep(max(begun + seconds - time.monotonic(), 0))
    trial.send(signal.SIGKILL)
    return trial.end().code == -signal.SIGKILL, trial


def draw_moment(stage: Stage, course: Course, rng: random.Random) -> float:
    """Draw a moment of the run; every second one from the part in which files are written."""
    pace = stage.pace(course)
    return rng.uniform(rng.choice((0.0, pace.writes)), pace.over)


def kill_at_random(stage: Stage, kind: Course, kills: int) -> Findings:
    """Kill runs at random moments until so many of them were killed in time.

    Some folders are left as they are for the next run, which is killed too.
    """
    rng, found = random.Random(f"{SEED} {kind}"), Findings()
    while found.killed < kills and found.trials < 4 * kills + 20:
        course = replace(kind, start=rng.choice(STARTS))
        out = stage.prepare(course)
        trials: list[Trial] = []
        while not trials or rng.random() < GO_ON:
            course = replace(course, resume=rng.random() < 0.5)
            moment = draw_moment(stage, course, rng)
            killed, trial = was_killed_after(stage.scoring(course, out), moment)
            trials.append(trial)
            label = f"trial {found.add(out, killed)}, {course}, killed after {moment:.4f} s"
            found.blame(label, outcome.torn(out, stage.versions(course)))
        found.blame(label, look_after(stage, course, out, trials, resume=rng.random() < 0.5))
    return found


def kill_at_step(stage: Stage, course: Course, fault: Fault) -> tuple[bool, list[str]]:
    """Kill one run at a step; tell whether it got there, and what was found afterwards."""
    out = stage.prepare(course)
    trial = Trial(watched(stage.scoring(course, out), out, fault))
    killed = trial.end().code == -signal.SIGKILL
    problems = outcome.torn(out, stage.versions(course))
    return killed, problems + look_after(stage, course, out, [trial], resume=fault.at % 2 == 0)


def look_after(
    stage: Stage, course: Course, out: Path, trials: Sequence[Trial], *, resume: bool
) -> list[str]:
    """Run again at once after a kill, then look for processes that live on."""
    problems = stage.finish(course, out, resume=resume)
    problems += [f"process {process} lives on" for trial in trials for process in trial.left_over()]
    shutil.rmtree(out)
    return problems


def count_torn(
    writer: Callable[[Path], Action],
    place: Path,
    complete: outcome.Version,
    moments: Sequence[float],
) -> Counter[str]:
    """Kill a writer at some moments of its writing; count kills and folders called torn."""
    counts: Counter[str] = Counter()
    for number, moment in enumerate(moments):
        out = place / f"naive{number}"
        killed, _ = was_killed_after(writer(out), moment, out.exists)
        counts["killed"] += killed
        counts["caught"] += bool(outcome.torn(out, [complete]))
        shutil.rmtree(out, ignore_errors=True)
    return counts
