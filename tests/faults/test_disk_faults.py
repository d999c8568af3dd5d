"""A disk that is full, failing or closed: exit code 7, nothing published, nothing else lost."""

from __future__ import annotations

import errno
import os
import random
import resource
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.outcome import SUCCESS, is_complete, torn, unfinished
from tests.faults.stage import COURSES, DONE, JOBS, SEED, TWO_COURSES, Course, count_steps, tell
from tests.faults.steps import Fault, refuse, shorten, spread, watched
from tests.faults.trial import Trial, run

NUMBERS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EACCES)
NOT_COMMITTED = 7
LEAST_POINTS = 100
CALM = "nothing was published"


def run_into(stage, course, fault):
    """Let one fault befall a run by the command line; give whether it did, and what is wrong.

    A run that is complete before it meets the fault, while it tidies up, need not fail.
    """
    out = stage.prepare(course)
    trial = Trial(watched(stage.commanding(course, out), out, fault))
    ended, struck = trial.end(), trial.ledger.struck
    problems = []
    if struck and not (ended.code == DONE and is_complete(out, stage.whole[course.format])):
        problems = wrong_after_failure(stage, course, out, ended, is_lasting=fault.is_lasting)
    problems += stage.finish(course, out, resume=fault.at % 2 == 0)
    problems += [f"process {process} lives on" for process in trial.left_over()]
    shutil.rmtree(out)
    return struck, problems


def wrong_after_failure(stage, course, out, ended, *, is_lasting=False):
    """What is wrong with a run that had to fail, and with what it left.

    Where nothing can be changed any more the mark of a complete run cannot be taken back.
    """
    problems = torn(out, stage.versions(course))
    if ended.code != NOT_COMMITTED:
        problems.append(f"exit code {ended.code} instead of {NOT_COMMITTED}")
    if CALM not in ended.said or "Traceback" in ended.said:
        problems.append(f"said {ended.said!r}")
    may_stand = stage.versions(course)[0 if is_lasting else 1 :]
    if (out / SUCCESS).exists() and not any(is_complete(out, version) for version in may_stand):
        problems.append(f"{SUCCESS} stands")
    return problems


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def points_of(stage, few):
    """Course, step, what befalls it, and whether it befalls all steps from there on."""
    if few:
        return [point for course in TWO_COURSES for point in some_of(stage, course, 1, 1)]
    older = [replace(course, start="older") for course in TWO_COURSES]
    points = [point for course in TWO_COURSES for point in some_of(stage, course, 80, 20)]
    return points + [point for course in older for point in some_of(stage, course, 15, 5)]


def some_of(stage, course, once, lasting):
    steps = range(1, 1 + len(count_steps(stage, course)))
    return [
        *spread([(course, at, NUMBERS[at % len(NUMBERS)], False) for at in steps], once),
        *spread([(course, at, NUMBERS[at % len(NUMBERS)], True) for at in steps], lasting),
    ]


@pytest.mark.parametrize(
    "few", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_refusal_at_any_step_publishes_nothing_and_the_next_run_succeeds(stage, few):
    """Full, failing or closed at any step, once or for good: exit code 7 and no trace of it."""
    before = contents(stage.folder)
    points, problems = set(), []
    for point in points_of(stage, few):
        course, at, number, is_lasting = point
        struck, found = run_into(stage, course, Fault(at, refuse(number), is_lasting=is_lasting))
        points |= {point} if struck else set()
        name = f"{course}, {errno.errorcode[number]} {'from' if is_lasting else 'at'} {at}"
        problems += [f"{name}: {problem}" for problem in found]
    tell(f"{len(points)} points at which the disk refused")
    assert problems == []
    assert contents(stage.folder) == before
    assert few or len(points) >= LEAST_POINTS


@pytest.mark.skipif(len(JOBS) == 1, reason="one core")
@pytest.mark.parametrize(
    "number",
    [NUMBERS[0], *(pytest.param(number, marks=pytest.mark.slow) for number in NUMBERS[1:])],
    ids=errno.errorcode.get,
)
def test_a_refusal_that_only_the_crew_meets_is_made_good_by_the_caller(stage, number):
    """What a process of the crew cannot write its caller writes."""
    course, at = Course("csv", 2), 1 + number % 6
    out = stage.prepare(course)
    fault = Fault(at, refuse(number), is_lasting=True, in_crew=True)
    trial = Trial(watched(stage.commanding(course, out), out, fault))
    assert trial.end().code == DONE
    assert trial.ledger.struck
    assert unfinished(out, stage.whole["csv"]) == []


def interrupted_for_ever(action):
    """Let a signal arrive every half millisecond; its handler does nothing."""

    def live(ledger):
        signal.signal(signal.SIGALRM, lambda *_: None)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        code = action(ledger)
        signal.setitimer(signal.ITIMER_REAL, 0)
        return code

    return live


def test_signals_that_interrupt_every_call_are_survived(stage):
    """Calls of the system that a signal interrupts are taken up again."""
    course = TWO_COURSES[-1]
    out = stage.prepare(course)
    ended = run(interrupted_for_ever(stage.commanding(course, out)))
    assert (ended.code, unfinished(out, stage.whole[course.format])) == (DONE, [])


@pytest.mark.parametrize("deed", [refuse(errno.EINTR), shorten], ids=["interrupted", "short"])
@pytest.mark.parametrize(
    "few", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["few", "all"]
)
def test_interrupted_and_short_writes_are_made_good(stage, deed, few):
    """A write that is interrupted, or takes half of its bytes, is gone on with."""
    course = Course("csv", 1)
    writes = range(1, 1 + count_steps(stage, course).count("write"))
    for at in spread(writes, 1) if few else writes:
        out = stage.prepare(course)
        fault = Fault(at, deed, ("write",), is_lasting=deed is shorten)
        trial = Trial(watched(stage.commanding(course, out), out, fault))
        assert trial.end().code == DONE
        assert trial.ledger.struck
        assert unfinished(out, stage.whole["csv"]) == []


def limited(action, size):
    """Let no file grow beyond a size."""

    def live(ledger):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        return action(ledger)

    return live


@pytest.mark.parametrize(
    ("course", "count"),
    [
        (TWO_COURSES[-1], 1),
        *(pytest.param(course, 10, marks=pytest.mark.slow) for course in COURSES),
    ],
    ids=str,
)
def test_a_limit_on_the_size_of_files_publishes_nothing(stage, course, count):
    """Where the proposals may not grow to their size the exit code is 7 and nothing is there."""
    rng = random.Random(f"{SEED} {course}")
    size = len(stage.whole[course.format][f"proposals.{course.format}"])
    for limit in (rng.randrange(size) for _ in range(count)):
        out = stage.prepare(course)
        ended = run(limited(stage.commanding(course, out), limit))
        assert wrong_after_failure(stage, course, out, ended) == [], f"limit {limit}, seed {SEED}"
        assert stage.finish(course, out) == []


@contextmanager
def small_disk(place, size):
    """A file system in memory, where this process may make one."""
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if (
        not shutil.which("mount")
        or subprocess.run(words, check=False, capture_output=True).returncode
    ):
        pytest.skip("no file system can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def leave_free(disk, kilobytes):
    """Fill a disk but for so much."""
    facts = os.statvfs(disk)
    size = facts.f_bavail * facts.f_frsize - kilobytes * 1024
    (disk / "ballast").write_bytes(b"\0" * max(size, 0))


ROOMS_KILOBYTES = (0, 4, 8, 16, 32, 64, 128, 256, 512, 900)


@pytest.mark.parametrize(
    "count",
    [1, pytest.param(len(ROOMS_KILOBYTES), marks=pytest.mark.slow)],
    ids=["few", "many"],
)
def test_a_disk_of_one_megabyte_that_is_full_is_left_clean(stage, tmp_path, count):
    """On a disk that is really full the exit code is 7; with room again the run is resumed."""
    course, codes = Course("csv", 1), []
    with small_disk(tmp_path / "disk", "1m") as disk:
        for free in ROOMS_KILOBYTES[3:4] if count == 1 else ROOMS_KILOBYTES:
            leave_free(disk, free)
            ended = run(stage.commanding(course, disk / "out"))
            codes.append(ended.code)
            problems = (
                wrong_after_failure(stage, course, disk / "out", ended)
                if ended.code != DONE
                else unfinished(disk / "out", stage.whole["csv"])
            )
            assert problems == [], f"{free} kB"
            (disk / "ballast").unlink()
            assert stage.finish(course, disk / "out") == []
            shutil.rmtree(disk / "out")
    tell(f"exit codes by room: {codes}")
    assert set(codes) == ({NOT_COMMITTED} if count == 1 else {NOT_COMMITTED, DONE})


def test_a_disk_that_is_read_only_keeps_the_earlier_result(stage, tmp_path):
    """Nothing of an earlier result is lost where nothing can be written."""
    course = Course("csv", 1, "older")
    with small_disk(tmp_path / "disk", "4m") as disk:
        shutil.copytree(stage.older["csv"], disk / "out")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for out in (disk / "out", disk / "new"):
            ended = run(stage.commanding(course, out))
            assert wrong_after_failure(stage, course, out, ended) == []
        assert is_complete(disk / "out", stage.versions(course)[1])


@pytest.fixture
def public_place():
    """A folder that other users of this machine can read."""
    place = Path(tempfile.mkdtemp(prefix="faults-"))
    place.chmod(0o755)
    yield place
    subprocess.run(["chmod", "-R", "u+w", str(place)], check=True)
    shutil.rmtree(place)


def unprivileged(action):
    """Do something as a user whom permissions bind."""

    def live(ledger):
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        return action(ledger)

    return live


@pytest.mark.parametrize("start", ["fresh", "older", "begun"])
def test_a_folder_without_permission_is_left_as_it_was(stage, public_place, start):
    """Where nothing may be written the exit code is 7 and every byte stays in its place."""
    course, out = Course("csv", 1, start), public_place / "out"
    shutil.copytree(stage.folder, public_place / "county")
    public = replace(stage, folder=public_place / "county", place=public_place)
    if start == "fresh":
        out.mkdir()
    else:
        shutil.copytree(stage.older["csv"] if start == "older" else stage.begun, out)
    subprocess.run(["chmod", "-R", "a+rX,a-w", str(public_place)], check=True)
    before = {path: path.stat().st_size for path in out.rglob("*")}
    ended = run(unprivileged(public.scoring(course, out)))
    assert (ended.code, "Permission denied" in ended.said) == (NOT_COMMITTED, True)
    assert {path: path.stat().st_size for path in out.rglob("*")} == before


@pytest.mark.skipif(len(JOBS) == 1, reason="one core")
@pytest.mark.parametrize("at", [2, pytest.param(1, marks=pytest.mark.slow)])
def test_processes_that_cannot_be_started_publish_nothing_torn(stage, at):
    """Where no process can be started the run is done alone or not at all."""

    def without_fork(ledger):
        forked, original = [], os.fork

        def fork():
            forked.append(1)
            if len(forked) == at:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            return original()

        os.fork = fork
        return stage.commanding(course, out)(ledger)

    course = Course("csv", 2)
    out = stage.prepare(course)
    trial = Trial(without_fork)
    ended = trial.end()
    problems = wrong_after_failure(stage, course, out, ended) if ended.code != DONE else []
    assert problems == []
    assert trial.left_over() == []
    assert stage.finish(course, out) == []
