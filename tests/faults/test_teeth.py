"""The checks have teeth: writers that can tear their output are caught by them."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.faults import naive, outcome
from tests.faults.kills import count_torn
from tests.faults.stage import FORMATS, SEED, Course, tell
from tests.faults.steps import Fault, die, refuse, watched
from tests.faults.trial import Trial, run

ORDERS = {"mark last": naive.mark_last, "mark first": naive.mark_first}


def seconds_of_writing(action, out):
    """Measure how long a writer takes from the moment at which its folder is there."""
    trial = Trial(action)
    trial.wait_until(out.exists)
    begun = time.monotonic()
    trial.end()
    return time.monotonic() - begun


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", FORMATS)
def test_a_naive_writer_that_is_not_stopped_is_not_called_torn(stage, tmp_path, kind, order):
    """The check accuses nobody whose output is complete."""
    names = ORDERS[order](f"proposals.{kind}")
    run(naive.writing_in_place(stage.whole_folder(kind), tmp_path / "out", names))
    assert outcome.unfinished(tmp_path / "out", stage.whole[kind]) == []


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "kills", [16, pytest.param(200, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_random_kills_find_the_torn_files_of_a_naive_writer(stage, tmp_path, order, kills):
    """Killed at random moments, a writer of final names is caught at least once in ten times."""

    def writer(out):
        return naive.writing_in_place(
            stage.whole_folder("csv"), out, ORDERS[order]("proposals.csv")
        )

    timed = tmp_path / "timed"
    rng, seconds = random.Random(SEED), seconds_of_writing(writer(timed), timed)
    moments = [rng.uniform(0, seconds) for _ in range(kills)]
    counts = count_torn(writer, tmp_path, stage.whole["csv"], moments)
    tell(f"{order}, seed {SEED}: caught {counts['caught']} of {counts['killed']} kills")
    assert counts["caught"] >= max(1, counts["killed"] / 10)


@pytest.mark.parametrize("order", ORDERS)
def test_scripted_kills_find_every_torn_file_of_a_naive_writer(stage, tmp_path, order):
    """Killed before a step, a writer of final names is caught wherever a file is incomplete."""
    names = ORDERS[order]("proposals.csv")
    caught, steps = [], 0
    while len(caught) == steps:
        steps += 1
        out = tmp_path / f"out{steps}"
        action = naive.writing_in_place(stage.whole_folder("csv"), out, names)
        if run(watched(action, out, Fault(steps, die))).code != -signal.SIGKILL:
            break
        caught.append(bool(outcome.torn(out, [stage.whole["csv"]])))
    tell(f"{order}: caught {sum(caught)} of {len(caught)} scripted kills")
    writes = naive.PIECES * 3  # the mark is shorter than a piece
    assert sum(caught) >= (naive.PIECES * 2 if order == "mark last" else writes)
    assert not caught[0]


def test_an_earlier_mark_that_is_left_standing_is_found(stage, tmp_path):
    """Whole files of two runs under one mark are caught, though none of them is cut off."""
    names = naive.mark_last("proposals.csv")
    versions = stage.versions(Course("csv", 1, "older"))
    caught = 0
    for at in range(1, 12):
        out = tmp_path / f"out{at}"
        shutil.copytree(stage.older["csv"], out)
        run(watched(naive.renaming(stage.whole_folder("csv"), out, names), out, Fault(at, die)))
        caught += bool(outcome.torn(out, versions))
    assert caught >= 6


def test_a_full_disk_that_is_ignored_is_found(stage, tmp_path):
    """A writer that goes on after a refused write is caught with a false mark."""
    names = naive.mark_last("proposals.csv")
    for at in range(1, 6):
        out = tmp_path / f"out{at}"
        full = Fault(at, refuse(errno.ENOSPC), ("write",))
        run(watched(naive.ignoring_errors(stage.whole_folder("csv"), out, names), out, full))
        assert outcome.torn(out, [stage.whole["csv"]]) != []


def test_a_resumed_writer_that_repeats_a_piece_is_found(stage, tmp_path):
    """A resumed run that writes a piece twice is caught by its bytes."""
    names, caught = naive.mark_last("proposals.csv"), []
    for at in range(1, 2 + naive.PIECES):
        out = tmp_path / f"out{at}"
        action = naive.appending(stage.whole_folder("csv"), out, names)
        run(watched(action, out, Fault(at, die, ("write",))))
        run(action)
        caught.append(bool(outcome.unfinished(out, stage.whole["csv"])))
    tell(f"caught {sum(caught)} of {len(caught)} resumed runs")
    assert sum(caught) >= naive.PIECES - 1


def test_households_that_are_lost_or_doubled_are_found(stage, tmp_path):
    """The sum of households is checked by their names, not by the manifest alone."""
    out = tmp_path / "out"
    shutil.copytree(stage.whole_folder("csv"), out)
    assert outcome.miscounted(stage.folder, out) == []
    lines = (out / "proposals.csv").read_bytes().splitlines(keepends=True)
    for rows in (lines[:-1], [*lines, lines[-1]], [*lines[:-1], lines[1]]):
        (out / "proposals.csv").write_bytes(b"".join(rows))
        assert outcome.miscounted(stage.folder, out) != []


def test_a_process_that_lives_on_is_found():
    """A process that outlives its trial is named."""

    def leaving(_):
        if not os.fork():
            time.sleep(30)
            os._exit(0)
        return 0

    trial = Trial(leaving)
    trial.end()
    assert len(trial.left_over(seconds=0.1)) == 1
    assert trial.left_over() == []


def test_no_write_of_a_run_passes_the_watch(stage):
    """The system counts as many writes of a run as were offered to be struck."""
    course, counts = Course("csv", 1), stage.place / "writes.txt"
    out = stage.prepare(course)

    def counted(ledger):
        before = _writes()
        code = stage.scoring(course, out)(ledger)
        counts.write_text(str(_writes() - before))
        return code

    trial = Trial(watched(counted, out))
    trial.end()
    assert int(counts.read_text()) == trial.ledger.steps.count("write")


def _writes():
    facts = Path("/proc/self/io").read_text()
    return next(int(line.split()[1]) for line in facts.splitlines() if line.startswith("syscw"))
