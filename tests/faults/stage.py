"""The small county that is scored in every trial, and what comes out when nothing happens."""

from __future__ import annotations

import csv
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Literal

from sanzhixin.batch import RunOptions, available_jobs, score_folder
from sanzhixin.cli import main
from sanzhixin.model import SanzhixinModel, load_model
from sanzhixin.records import write_county
from sanzhixin.simulate import simulate_county
from tests.faults import outcome
from tests.faults.outcome import Version
from tests.faults.steps import Fault, announced, die, watched
from tests.faults.trial import Action, Trial, run

Format = Literal["parquet", "csv"]
Start = Literal["fresh", "older", "begun"]

FORMATS: tuple[Format, ...] = ("parquet", "csv")
JOBS = (1, 2) if available_jobs() > 1 else (1,)
MODEL = Path(__file__).parents[2] / "models" / "tongxiang-expert" / "1.0.0"
CHUNK_ROWS = 8
SEED = int(os.environ.get("FAULT_SEED", "20261127"))
"""Of all draws; a failure names it, and the variable ``FAULT_SEED`` replays it."""

DONE = 3
"""Exit code of the run: some rows of the county are quarantined."""

_USED = ("households", "raters", "ratings")


@dataclass(frozen=True)
class Course:
    """How one run is started.

    Attributes
    ----------
    format : {"parquet", "csv"}
        Of the proposals.
    jobs : int
        Processes that score.
    start : {"fresh", "older", "begun"}
        What lies in the output folder: nothing, the result of another county, or a run of this
        county that was killed between its parts.
    resume : bool
        Take over the parts that are there.
    """

    format: Format = "csv"
    jobs: int = 1
    start: Start = "fresh"
    resume: bool = False

    def __str__(self) -> str:
        return f"{self.format}-{self.jobs}-{self.start}{'-resume' if self.resume else ''}"


COURSES = tuple(Course(kind, jobs) for kind in FORMATS for jobs in JOBS)
TWO_COURSES = (COURSES[0], COURSES[-1])


@dataclass(frozen=True)
class Pace:
    """Seconds until a run begins to write, and until it is over."""

    writes: float
    over: float


@dataclass(frozen=True)
class Stage:
    """Input, model, and the bytes of uninterrupted runs over this county and an older one."""

    folder: Path
    model: SanzhixinModel
    place: Path
    whole: dict[Format, Version]
    older: dict[Format, Path]
    begun: Path
    paces: dict[int, Pace]
    steps: dict[Course, tuple[str, ...]]
    numbers: Iterator[int]

    def whole_folder(self, kind: Format) -> Path:
        """Where the result of an undisturbed run lies."""
        return self.place / f"whole-{kind}"

    def versions(self, course: Course) -> list[Version]:
        """Every complete result that may stand in the folder."""
        older = [outcome.version_of(self.older[course.format])]
        return [self.whole[course.format], *(older if course.start == "older" else [])]

    def prepare(self, course: Course) -> Path:
        """Make a new output folder; a fresh one is not there yet."""
        out = self.place / f"out{next(self.numbers)}"
        if course.start != "fresh":
            shutil.copytree(
                self.older[course.format] if course.start == "older" else self.begun, out
            )
        return out

    def pace(self, course: Course) -> Pace:
        """Measured with as many processes."""
        return self.paces[course.jobs]

    def scoring(self, course: Course, out: Path) -> Action:
        """Score by the library."""
        return _scoring(self.folder, self.model, course, out)

    def commanding(self, course: Course, out: Path, *more: str) -> Action:
        """Score by the command line."""
        words = ["--lang", "en", "score", self.folder, "-m", MODEL, "-o", out]
        words += ["--format", course.format, "--jobs", course.jobs, "--chunk-rows", CHUNK_ROWS]
        more += ("--resume",) if course.resume else ()
        given = [str(word) for word in (*words, *more)]
        return announced(lambda _: main(given), self.folder)

    def finish(self, course: Course, out: Path, *, resume: bool = True) -> list[str]:
        """Run once more, undisturbed; tell what is wrong with that run or with its result."""
        ended = run(self.scoring(replace(course, resume=resume), out))
        if ended.code != DONE:
            return [f"the next run ended with {ended.code}: {ended.said}"]
        wrong = outcome.unfinished(out, self.whole[course.format])
        return [f"after the next run: {problem}" for problem in wrong]


def _scoring(folder: Path, model: SanzhixinModel, course: Course, out: Path) -> Action:
    options = RunOptions(
        format=course.format, chunk_rows=CHUNK_ROWS, jobs=course.jobs, resume=course.resume
    )
    return lambda _: score_folder(folder, model, out, options=options).exit_code


def build_stage(place: Path) -> Stage:
    """Make the counties, run over them undisturbed, and measure how long that takes."""
    folder, other = place / "county", place / "other"
    _write_small_county(folder, seed=7)
    _write_small_county(other, seed=8)
    older = {kind: place / f"older-{kind}" for kind in FORMATS}
    stage = Stage(folder, load_model(MODEL), place, {}, older, place / "begun", {}, {}, count())
    for kind in FORMATS:  # here, so that what is imported on use is there in every trial
        options = RunOptions(format=kind, chunk_rows=CHUNK_ROWS)
        score_folder(other, stage.model, older[kind], options=options)
        _measure(stage, Course(kind), stage.whole_folder(kind))
        stage.whole[kind] = outcome.version_of(stage.whole_folder(kind))
    if len(JOBS) > 1:
        _measure(stage, Course("csv", 2), place / "measured")
    _begin(stage)
    return stage


def _write_small_county(folder: Path, seed: int) -> None:
    """Write 40 households of four villages, one of them and one form of another spoilt."""
    write_county(simulate_county(villages=4, households_per_village=10, seed=seed), folder)
    for path in folder.glob("*.csv"):
        if path.stem not in _USED:
            path.unlink()
    _spoil(folder / "ratings.csv", 4, "FS01", "9")
    _spoil(folder / "households.csv", 7, "consent_until", "2001-01-01")


def _spoil(path: Path, row: int, column: str, value: str) -> None:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = csv.reader(stream)
    rows[row][header.index(column)] = value
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])


def _measure(stage: Stage, course: Course, out: Path) -> None:
    """Run undisturbed; keep how long that took and the steps that it took on the disk."""
    trial = Trial(watched(stage.scoring(course, out), out))
    trial.wait_until(out.exists)
    writes = time.monotonic() - trial.begun
    ended = trial.end()
    if ended.code != DONE or not (out / outcome.SUCCESS).exists():
        msg = f"an undisturbed run ended with {ended.code}: {ended.said}"
        raise AssertionError(msg)
    stage.paces[course.jobs] = Pace(writes, ended.seconds)
    stage.steps[course] = trial.ledger.steps


def _begin(stage: Stage) -> None:
    """Leave an unfinished run, killed after a third of its steps."""
    third = Fault(at=len(count_steps(stage, Course())) // 3, deed=die)
    run(watched(stage.scoring(Course(), stage.begun), stage.begun, third))
    if outcome.published(stage.begun) or not stage.begun.exists():
        msg = "the run that was to stay unfinished has published, or not begun"
        raise AssertionError(msg)


def count_steps(stage: Stage, course: Course) -> tuple[str, ...]:
    """Give the kinds of the steps of an undisturbed run below its output folder."""
    if course not in stage.steps:
        out = stage.prepare(course)
        trial = Trial(watched(stage.scoring(course, out), out))
        trial.end()
        stage.steps[course] = trial.ledger.steps
    return stage.steps[course]


def tell(text: str) -> None:
    """Write a figure; pytest shows it with a failure, or with ``-rP``."""
    sys.stdout.write(f"{text}\n")
