"""A power cut tears nothing: what was not brought onto the disk may be lost, in any mixture."""

from __future__ import annotations

import os
import random
import shutil
from contextlib import contextmanager
from dataclasses import replace

import pytest

from sanzhixin.batch import RunOptions, parts, quarantine, run, score_folder
from sanzhixin.batch import manifest as manifests
from tests.faults.outcome import torn
from tests.faults.power import recorded
from tests.faults.stage import CHUNK_ROWS, SEED, TWO_COURSES, Course, tell

FEW, MANY = 60, 1_100


def record(stage, course):
    """Score once; give the disk, with the result of an earlier run on it for `older`."""
    out = stage.prepare(replace(course, start="fresh"))
    options = RunOptions(format=course.format, chunk_rows=CHUNK_ROWS)
    with recorded(out.parent) as disk:
        if course.start == "older":
            score_folder(stage.folder.parent / "other", stage.model, out, options=options)
        score_folder(stage.folder, stage.model, out, options=options)
    return out, disk


def states(disk, count, place, seed):
    """Power cuts at random moments, half of them in the last quarter of the run."""
    rng = random.Random(seed)
    last = 3 * len(disk.ops) // 4
    for number in range(count):
        begin = last if number % 2 else 0
        at = rng.randint(begin, len(disk.ops))
        folder = place / f"state{number}"
        disk.after_cut(at, rng, folder)
        yield at, folder
        shutil.rmtree(folder)


def tear(stage, course, count, place):
    """Count the states after which a reader could be misled."""
    out, disk = record(stage, course)
    found, marked = [], 0
    for at, folder in states(disk, count, place, f"{SEED} {course}"):
        left = folder / out.name
        if left.exists():
            marked += (left / "_SUCCESS").exists()
            problems = torn(left, stage.versions(course))
            found += [f"seed {SEED}, {course}, cut after {at}: {item}" for item in problems]
    tell(f"{course}, seed {SEED}: {count} states of {len(disk.ops)} operations, {marked} marked")
    return found, marked


@pytest.mark.parametrize(
    "count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "many"]
)
@pytest.mark.parametrize("course", [TWO_COURSES[0], Course("parquet", start="older")], ids=str)
def test_no_power_cut_leaves_half_a_result(stage, course, count, tmp_path):
    found, marked = tear(stage, course, count, tmp_path)
    assert found == []
    assert marked > 0


@pytest.mark.parametrize("kind", ["content", "names"])
def test_a_writer_that_does_not_synchronise_is_caught(stage, kind, tmp_path, monkeypatch):
    """Without one of the two synchronisations some state holds a mark and half a result."""

    @contextmanager
    def careless(path, mode=0o600):
        other = path.with_name(f".sanzhixin-{random.randbytes(4).hex()}")
        with other.open("wb") as stream:
            yield stream
            stream.flush()
            if kind == "names":
                os.fsync(stream.fileno())
        other.replace(path)

    for module in (run, parts, quarantine, manifests):
        monkeypatch.setattr(module, "whole_file", careless)
    if kind == "names":
        monkeypatch.setattr(parts, "sync_folder", lambda _: None)
    found, _ = tear(stage, TWO_COURSES[0], 200, tmp_path)
    assert found != []
