from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sanzhixin.batch import RunOptions, files, run, score_folder, verify
from sanzhixin.batch.parts import TEMPORARY, Parts
from sanzhixin.batch.ranges import accept_range, lay_out
from sanzhixin.batch.spool import Spool
from sanzhixin.batch.supply import FolderSupply
from sanzhixin.errors import OutputError

OPTIONS = RunOptions(format="csv", chunk_rows=5, resume=True)
FINAL = ("proposals.csv", "quarantine.csv")


class Killed(BaseException):
    pass


class Disk:
    """Lets the file system fail at the n-th thing that it is asked to do."""

    def __init__(self, at, failure):
        self.at, self.failure, self.count, self.dead = at, failure, 0, False

    def step(self):
        self.count += 1
        if self.count == self.at:
            self.dead = isinstance(self.failure, Killed)
            raise self.failure

    def before(self, function):
        def called(*args, **kwargs):
            self.step()
            return function(*args, **kwargs)

        return called

    def unless_dead(self, function):
        def called(*args, **kwargs):
            return None if self.dead else function(*args, **kwargs)

        return called


@pytest.fixture
def failing(monkeypatch):
    @contextmanager
    def prepare(at, failure):
        disk = Disk(at, failure)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", disk.before(os.fsync))
            patch.setattr(os, "open", disk.before(os.open))
            patch.setattr(Path, "replace", disk.before(Path.replace))
            # a killed program cleans nothing up
            patch.setattr(shutil, "rmtree", disk.unless_dead(disk.before(shutil.rmtree)))
            patch.setattr(Path, "unlink", disk.unless_dead(Path.unlink))
            yield disk

    return prepare


@pytest.fixture
def prepared(folder, model, spoil, monkeypatch, tmp_path):
    """A run whose input is parted and accepted once, and the bytes when nothing happens."""
    spoil("ratings", 4, "FS01", "9")
    (tmp_path / "spool").mkdir()
    spool = Spool(tmp_path / "spool", tmp_path)
    supply = FolderSupply(folder, model.scheme)
    layout = lay_out(supply, model.scheme, supply.settings.as_of, spool, OPTIONS.chunk_rows)
    accepted = [accept_range(layout, number) for number in range(len(layout.sizes))]
    monkeypatch.setattr(run, "lay_out", lambda *_: layout)
    monkeypatch.setattr(run, "accept_range", lambda _, number: accepted[number])
    score_folder(folder, model, tmp_path / "reference", options=OPTIONS)
    expected = {name: (tmp_path / "reference" / name).read_bytes() for name in FINAL}
    return folder, expected


def torn(out, expected):
    """Files that stand under their final names without being whole, and false promises."""
    found = [
        name
        for name in FINAL
        if (out / name).exists() and (out / name).read_bytes() != expected[name]
    ]
    return found + ([SUCCESS] if (out / SUCCESS).exists() and verify(out).findings else [])


SUCCESS = "_SUCCESS"


def test_a_kill_at_any_step_tears_nothing_and_a_resumed_run_gives_the_same_bytes(
    prepared, model, failing, tmp_path
):
    folder, expected = prepared
    at = steps = 0
    while at == steps:
        at += 1
        out = tmp_path / f"out{at}"
        with failing(at, Killed()) as disk:
            try:
                score_folder(folder, model, out, options=OPTIONS)
            except Killed:
                steps += 1
        assert torn(out, expected) == []
        if disk.dead:
            score_folder(folder, model, out, options=OPTIONS)
        assert {name: (out / name).read_bytes() for name in FINAL} == expected
        assert verify(out).findings == ()
        assert list(out.glob(f"{TEMPORARY}*")) == []
    assert steps >= 20


def test_the_same_kills_tear_the_files_of_a_naive_writer(
    prepared, model, failing, monkeypatch, tmp_path
):
    folder, expected = prepared

    @contextmanager
    def naive(path):
        with path.open("wb") as stream:
            yield stream
            stream.truncate(stream.tell() // 2)
            disk.step()
        path.write_bytes(expected.get(path.name, b""))

    monkeypatch.setattr(run, "whole_file", naive)
    caught = 0
    for at in range(1, 60):
        out = tmp_path / f"out{at}"
        with failing(at, Killed()) as disk:
            try:
                score_folder(folder, model, out, options=OPTIONS)
            except Killed:
                caught += bool(torn(out, expected))
    assert caught > 0


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS])
def test_a_full_or_failing_disk_publishes_nothing_at_any_step(
    prepared, model, failing, tmp_path, number
):
    folder, expected = prepared
    for at in range(1, 12):
        out = tmp_path / f"out{at}"
        with (
            failing(at, OSError(number, os.strerror(number))),
            pytest.raises(OutputError, match=f"{os.strerror(number)}.*nothing was published"),
        ):
            score_folder(folder, model, out, options=OPTIONS)
        assert torn(out, expected) == []
        assert not (out / SUCCESS).exists()
        assert list(out.rglob(f"{TEMPORARY}*")) == []


def stop_after_a_part(folder, model, out):
    def stop(_done, _total):
        raise Killed

    with pytest.raises(Killed):
        score_folder(folder, model, out, options=OPTIONS, progress=stop)


def test_resume_scores_only_the_parts_that_are_missing(prepared, model, tmp_path):
    folder, _ = prepared
    stop_after_a_part(folder, model, tmp_path / "out")
    done = len(list((tmp_path / "out" / "_parts").glob("part-*.parquet")))
    result = score_folder(folder, model, tmp_path / "out", options=OPTIONS)
    assert (result.resumed_parts, done > 0) == (done, True)


@pytest.mark.parametrize(
    "options",
    [
        RunOptions(format="csv", chunk_rows=5, resume=False),
        RunOptions(format="csv", chunk_rows=4, resume=True),
    ],
    ids=["not asked for", "other chunks"],
)
def test_parts_are_not_reused_when(prepared, model, tmp_path, options):
    folder, expected = prepared
    stop_after_a_part(folder, model, tmp_path / "out")
    result = score_folder(folder, model, tmp_path / "out", options=options)
    assert result.resumed_parts == 0
    assert (tmp_path / "out" / "proposals.csv").read_bytes() == expected["proposals.csv"]


def test_parts_of_another_input_are_not_reused(folder, model, spoil, tmp_path):
    stop_after_a_part(folder, model, tmp_path / "out")
    spoil("ratings", 4, "FS01", "9")
    assert score_folder(folder, model, tmp_path / "out", options=OPTIONS).resumed_parts == 0


def test_a_damaged_part_is_scored_again(prepared, model, tmp_path):
    folder, expected = prepared
    stop_after_a_part(folder, model, tmp_path / "out")
    first = tmp_path / "out" / "_parts" / "part-00000.parquet"
    first.write_bytes(first.read_bytes()[:100])
    score_folder(folder, model, tmp_path / "out", options=OPTIONS)
    assert (tmp_path / "out" / "proposals.csv").read_bytes() == expected["proposals.csv"]


def test_a_part_with_damaged_content_is_removed_and_scored_again(prepared, model, tmp_path):
    folder, expected = prepared
    stop_after_a_part(folder, model, tmp_path / "out")
    first = tmp_path / "out" / "_parts" / "part-00000.parquet"
    content = bytearray(first.read_bytes())
    content[4:400] = b"x" * 396  # the footer, with key and rows, is whole
    first.write_bytes(content)
    with pytest.raises(OutputError, match=r"part-00000\.parquet could not be read and was removed"):
        score_folder(folder, model, tmp_path / "out", options=OPTIONS)
    score_folder(folder, model, tmp_path / "out", options=OPTIONS)
    assert (tmp_path / "out" / "proposals.csv").read_bytes() == expected["proposals.csv"]


def test_parts_that_another_run_put_in_their_place_are_never_published(
    prepared, model, monkeypatch, tmp_path
):
    folder, _ = prepared
    work = run._Run._work

    def meanwhile(own):
        done = work(own)
        work(replace(own, parts=Parts(tmp_path / "out", "sha256:other", resume=False)))
        return done

    monkeypatch.setattr(run._Run, "_work", meanwhile)
    with pytest.raises(OutputError, match="another run writes into this folder"):
        score_folder(folder, model, tmp_path / "out", options=OPTIONS)
    assert not (tmp_path / "out" / SUCCESS).exists()
    assert not (tmp_path / "out" / "proposals.csv").exists()


KILL_AFTER_TWO_PARTS = """
import os, signal, sys
from sanzhixin.batch import RunOptions, score_folder
from sanzhixin.model import load_model

def kill(done, total):
    if done == 10:
        os.kill(os.getpid(), signal.SIGKILL)

folder, model, out = sys.argv[1:]
options = RunOptions(format="csv", chunk_rows=5)
score_folder(folder, load_model(model), out, options=options, progress=kill)
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_run_that_was_really_killed_goes_on_to_the_same_bytes(folder, model, tmp_path):
    model.save(tmp_path / "model")
    out = tmp_path / "out"
    command = [sys.executable, "-c", KILL_AFTER_TWO_PARTS, folder, tmp_path / "model", out]
    assert subprocess.run(command, check=False).returncode == -9
    assert not {path.name for path in out.iterdir()} & {*FINAL, SUCCESS}
    result = score_folder(folder, model, out, options=OPTIONS)
    score_folder(folder, model, tmp_path / "whole", options=OPTIONS)
    assert result.resumed_parts == 2
    for name in FINAL:
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_file_of_the_same_name_survives_a_failed_write(tmp_path):
    path = tmp_path / "kept.txt"
    path.write_bytes(b"before")
    with pytest.raises(ZeroDivisionError), files.whole_file(path) as stream:
        stream.write(bytes([1 // 0]))
    assert path.read_bytes() == b"before"
    assert [item.name for item in tmp_path.iterdir()] == ["kept.txt"]
