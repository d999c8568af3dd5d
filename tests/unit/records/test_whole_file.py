from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanzhixin.records.whole_file import write_whole

CONTENTS = {
    "nothing": b"",
    "a text": "家风\n".encode(),
    "ends of lines": b"a\r\nb\nc\r",
    "every byte": bytes(range(256)),
    "many bytes": b"0123456789" * 100_000,
}


def permissions(file):
    return stat.S_IMODE(file.stat().st_mode)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "card.xlsx"


@pytest.fixture
def old(file):
    file.write_bytes(b"old")
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_the_file_holds_the_bytes_that_were_given_and_stands_alone(content, file):
    write_whole(file, content)
    assert file.read_bytes() == content
    assert list(file.parent.iterdir()) == [file]


@given(st.binary(max_size=100))
def test_any_bytes_come_back(content):
    with tempfile.TemporaryDirectory() as folder:
        write_whole(Path(folder, "card"), content)
        assert Path(folder, "card").read_bytes() == content


@pytest.mark.parametrize("name", ["card", ".card", "card.tar.gz", "评分卡.xlsx", "a b", "-"])
def test_any_name_of_a_file_is_kept(name, tmp_path):
    write_whole(tmp_path / name, b"new")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_name_without_a_folder_stands_in_the_current_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_whole(Path("card"), b"new")
    assert (tmp_path / "card").read_bytes() == b"new"


# Permissions.


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize(
    ("given_mode", "mode"), [((), 0o644), ((0o600,), 0o600), ((0o640,), 0o640)]
)
def test_the_permissions_are_those_asked_for_whatever_is_usual(file, given_mode, mode, umask):
    before = os.umask(umask)
    try:
        write_whole(file, b"new", *given_mode)
    finally:
        os.umask(before)
    assert permissions(file) == mode


def test_the_permissions_of_a_file_that_is_replaced_do_not_stay(old):
    write_whole(old, b"new")
    assert permissions(old) == 0o644


# As a whole.


def test_a_file_that_stands_there_is_replaced(old):
    write_whole(old, b"new")
    assert old.read_bytes() == b"new"
    assert list(old.parent.iterdir()) == [old]


def test_who_reads_the_old_file_reads_it_to_its_end(old):
    # The new file takes the name; the old one is never written into.
    with old.open("rb") as reader:
        write_whole(old, b"another")
        assert reader.read() == b"old"


def test_another_name_of_the_old_file_keeps_the_old_bytes(old):
    other = old.with_name("copy")
    other.hardlink_to(old)
    write_whole(old, b"new")
    assert (other.read_bytes(), old.read_bytes()) == (b"old", b"new")


def test_the_bytes_are_on_the_disk_before_the_file_takes_its_name(old, monkeypatch):
    seen = []
    whole = os.fsync

    def watched(handle):
        seen.append((os.fstat(handle).st_size, old.read_bytes()))
        whole(handle)

    monkeypatch.setattr(os, "fsync", watched)
    write_whole(old, b"another")
    file, folder = seen
    assert file == (7, b"old")  # all seven bytes of the new, and still the old in its place
    assert folder[1] == b"another"  # then the name, in its folder


def test_while_it_is_written_nobody_else_can_read_it(file, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "fsync", lambda handle: seen.append(os.fstat(handle).st_mode & 0o077))
    write_whole(file, b"new")
    assert seen[0] == 0  # the second is the folder's


# What goes wrong.

FULL = OSError(errno.ENOSPC, "No space left on device")
FAILURES = {
    "disk full": (os, "fsync", FULL),
    "stopped by hand": (os, "fsync", KeyboardInterrupt()),
    "no permission to change": (Path, "chmod", PermissionError(errno.EPERM, "not permitted")),
    "no permission to replace": (Path, "replace", PermissionError(errno.EACCES, "denied")),
}


@pytest.mark.parametrize("was_there", [True, False], ids=["replaced", "new"])
@pytest.mark.parametrize(("owner", "at", "error"), FAILURES.values(), ids=FAILURES)
def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(
    file, monkeypatch, was_there, owner, at, error
):
    if was_there:
        file.write_bytes(b"old")
        file.chmod(0o600)

    def broken(*given, **options):
        raise error

    monkeypatch.setattr(owner, at, broken)
    with pytest.raises(type(error)) as caught:
        write_whole(file, b"new")
    monkeypatch.undo()
    assert caught.value is error
    assert list(file.parent.iterdir()) == [file] * was_there
    assert not was_there or (file.read_bytes(), permissions(file)) == (b"old", 0o600)


def test_after_a_write_that_failed_the_next_one_goes_well(old, monkeypatch):
    def broken(handle):
        raise FULL

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="No space left"):
        write_whole(old, b"new")
    monkeypatch.undo()
    write_whole(old, b"new")
    assert old.read_bytes() == b"new"


@pytest.mark.parametrize("name", ["nowhere/card", "a/b/card"])
def test_a_folder_that_is_not_there_is_refused_and_not_made(name, tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / name, b"new")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_refused(old):
    with pytest.raises(NotADirectoryError):
        write_whole(old / "card", b"new")
    assert old.read_bytes() == b"old"


def test_a_folder_in_place_of_the_file_is_refused_and_left_alone(tmp_path):
    folder = tmp_path / "card"
    (folder / "inner").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_whole(folder, b"new")
    assert sorted(tmp_path.rglob("*")) == [folder, folder / "inner"]


def test_the_longest_name_that_a_folder_takes_can_be_written(tmp_path):
    file = tmp_path / ("卡" * 85)  # 255 bytes
    file.write_bytes(b"old")
    write_whole(file, b"new")
    assert file.read_bytes() == b"new"
