"""Several processes: the same bytes as one; whoever fails leaves its parts to the caller."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from sanzhixin.batch import RunOptions, crew, run, score_folder
from sanzhixin.batch.crew import available_jobs, run_crew
from sanzhixin.errors import RecordError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux")
FILES = ("proposals.csv", "quarantine.csv")


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(run, "available_jobs", lambda: 2)


def bytes_of(out):
    return [(out / name).read_bytes() for name in FILES]


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize("chunk_rows", [1, 5, 7, 1_000])
def test_two_processes_give_the_same_bytes_as_one(folder, model, tmp_path, chunk_rows):
    found = []
    for jobs in (1, 2):
        options = RunOptions(format="csv", chunk_rows=chunk_rows, jobs=jobs)
        told = []
        result = score_folder(
            folder, model, tmp_path / f"{jobs}", options=options,
            progress=lambda done, of, told=told: told.append((done, of)),
        )  # fmt: skip
        assert result.exit_code == 0
        assert told[-1] == (12, 12)
        assert told == sorted(told)
        found.append(bytes_of(tmp_path / f"{jobs}"))
    assert found[0] == found[1]


@pytest.mark.usefixtures("two_cores")
def test_the_parts_are_written_by_other_processes(folder, model, tmp_path, monkeypatch):
    here, scored = os.getpid(), []

    def recorded(cases, plan):
        scored.append(os.getpid())
        return propose(cases, plan)

    propose = run.propose_cases
    monkeypatch.setattr(run, "propose_cases", recorded)
    score_folder(folder, model, tmp_path / "o", options=RunOptions(chunk_rows=5, jobs=2))
    assert here not in scored


@pytest.mark.usefixtures("two_cores")
def test_what_a_killed_process_left_undone_is_done_by_the_caller(
    folder, model, tmp_path, monkeypatch
):
    here = os.getpid()

    def dying(cases, plan):
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return propose(cases, plan)

    propose = run.propose_cases
    score_folder(folder, model, tmp_path / "one", options=RunOptions(format="csv"))
    monkeypatch.setattr(run, "propose_cases", dying)
    options = RunOptions(format="csv", chunk_rows=5, jobs=2)
    assert score_folder(folder, model, tmp_path / "two", options=options).exit_code == 0
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


@pytest.mark.usefixtures("two_cores")
def test_an_error_of_a_process_is_met_again_and_told(folder, model, tmp_path, monkeypatch):
    def refusing(*_):
        raise RecordError("level_unseen", name="x", count=1, known="a")

    monkeypatch.setattr(run, "propose_cases", refusing)
    with pytest.raises(RecordError, match="x"):
        score_folder(folder, model, tmp_path / "o", options=RunOptions(chunk_rows=5, jobs=2))
    assert not (tmp_path / "o" / "_SUCCESS").exists()


def test_the_processes_end_when_the_caller_is_interrupted(tmp_path):
    def work(number):
        (tmp_path / str(os.getpid())).touch()
        time.sleep(0.05 if number < 2 else 60)

    def done(_number):
        raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_crew([0, 1, 2, 3], work, 2, done)
    assert time.monotonic() - begun < 20
    for path in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.name), 0)


def test_a_process_ends_when_its_caller_is_gone(tmp_path):
    """The caller is killed at once: its processes find nobody listening after their piece."""
    caller = os.fork()
    if not caller:
        run_crew(
            range(400),
            lambda number: ((tmp_path / f"{os.getpid()}-{number}").touch(), time.sleep(0.05))[1],
            2,
            lambda _: None,
        )
        os._exit(0)
    while len(list(tmp_path.iterdir())) < 4:
        time.sleep(0.01)
    os.kill(caller, signal.SIGKILL)
    os.waitpid(caller, 0)
    workers = {int(path.name.split("-")[0]) for path in tmp_path.iterdir()}
    for _ in range(400):
        if not any(is_running(worker) for worker in workers):
            return
        time.sleep(0.05)
    pytest.fail("a process went on without its caller")


def is_running(process):
    try:
        with open(f"/proc/{process}/stat") as stream:  # noqa: PTH123
            return stream.read().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_cores_are_counted_where_processes_can_be_forked(monkeypatch):
    assert available_jobs() == len(os.sched_getaffinity(0))
    monkeypatch.setattr(crew.sys, "platform", "win32")
    assert available_jobs() == 1
