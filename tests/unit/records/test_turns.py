"""Turns of writers: who waits for whom."""

from __future__ import annotations

import threading

import pytest

from sanzhixin.records import turns
from sanzhixin.records.turns import lock_of, turn, while_quiet

PATIENCE = 0.2


@pytest.fixture
def file(tmp_path):
    return tmp_path / "stop.json"


def waits(entered, path):
    """Whether another thread waits as long as this one is where it is; it is let in afterwards."""
    inside = threading.Event()

    def enter():
        with entered(path):
            inside.set()

    thread = threading.Thread(target=enter)
    thread.start()
    waited = not inside.wait(PATIENCE)
    return waited, thread


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (turn, turn, True),
        (turn, while_quiet, True),
        (while_quiet, turn, True),
        (while_quiet, while_quiet, False),
    ],
)
def test_writers_wait_for_all_and_readers_for_writers_alone(file, first, second, expected):
    with turn(file):
        pass
    with first(file):
        waited, thread = waits(second, file)
    thread.join(timeout=10)
    assert waited == expected
    assert not thread.is_alive()


def test_an_error_ends_the_turn(file):
    with pytest.raises(KeyError), turn(file):
        raise KeyError
    waited, thread = waits(turn, file)
    thread.join(timeout=10)
    assert not waited


def test_the_lock_holds_nothing_and_is_for_its_owner_alone(file):
    with turn(file):
        lock = lock_of(file)
        assert lock.read_bytes() == b""
        assert lock.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["stop.json.lock"]


def test_a_link_in_the_place_of_the_lock_is_refused(file):
    lock_of(file).symlink_to(file.parent / "elsewhere")
    with pytest.raises(OSError, match=r"stop\.json\.lock"), turn(file):
        pass
    assert not (file.parent / "elsewhere").exists()


def test_what_has_no_lock_is_read_as_it_is(file):
    with while_quiet(file):
        assert not lock_of(file).exists()


def test_where_there_are_no_locks_nobody_waits(file, monkeypatch):
    monkeypatch.setattr(turns, "HAS_LOCKS", False)
    with turn(file):
        waited, thread = waits(turn, file)
    thread.join(timeout=10)
    assert not waited
