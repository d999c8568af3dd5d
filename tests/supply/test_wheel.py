from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEPT = (
    *("sanzhixin", "models", "pyproject.toml", "constraints.txt", ".gitignore", "LICENSE"),
    *("README.md", "README.zh.md", "CHANGELOG.md", "CITATION.cff"),
)
TOOLS = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT") if key in os.environ}


@dataclass(frozen=True)
class Place:
    """How and where somebody builds."""

    folder: str
    umask: int
    modes: tuple[int, int]
    day: int
    backwards: bool
    environment: dict[str, str]


PLACES = (
    Place(
        folder="one",
        umask=0o022,
        modes=(0o644, 0o755),
        day=1_700_000_000,
        backwards=False,
        environment={"TZ": "UTC", "PYTHONHASHSEED": "1", "LC_ALL": "C"},
    ),
    Place(
        folder="另一 place/deeper",
        umask=0o077,
        modes=(0o600, 0o700),
        day=1_800_000_001,
        backwards=True,
        environment={"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8"},
    ),
)


def kept_files():
    for name in KEPT:
        top = ROOT / name
        found = top.rglob("*") if top.is_dir() else [top]
        yield from (path for path in found if path.is_file() and "__pycache__" not in path.parts)


def copy_tree(home, place):
    """Lay the tree out as another checkout would: other order on disk, modes and times."""
    for path in sorted(kept_files(), reverse=place.backwards):
        copied = home / path.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)
        copied.chmod(place.modes[1] if path.stat().st_mode & 0o100 else place.modes[0])
        os.utime(copied, (place.day, place.day))
    if place.backwards:  # a tree that was worked in
        for name in ("sanzhixin/__pycache__/model.cpython-311.pyc", "dist/old.whl", ".venv/note"):
            left = home / name
            left.parent.mkdir(parents=True, exist_ok=True)
            left.write_bytes(b"left over")


def build(home, place):
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", "../out"],
        cwd=home,
        env=TOOLS | place.environment,
        umask=place.umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {path.name: path for path in (home.parent / "out").iterdir()}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    made = []
    for place in PLACES:
        home = tmp_path_factory.mktemp("place") / place.folder / "tree"
        copy_tree(home, place)
        made.append(build(home, place))
    return made


def entries(path):
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            yield from ((name, archive.read(name)) for name in archive.namelist())
    else:
        with tarfile.open(path) as archive:
            for member in archive.getmembers():
                yield member.name, archive.extractfile(member).read()


def digests(files):
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def test_two_builds_in_different_places_give_the_same_bytes(built):
    one, other = built
    assert {Path(name).suffix for name in one} == {".whl", ".gz"}
    assert digests(one) == digests(other)


def test_a_wheel_made_from_the_sdist_is_the_wheel(built, tmp_path):
    (sdist,) = (path for name, path in built[0].items() if name.endswith(".tar.gz"))
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (home,) = tmp_path.iterdir()
    assert digests(build(home, PLACES[0])) == digests(built[0])


def test_no_build_tells_where_it_was_made(built):
    paths = [path for files in built for path in files.values()]
    telling = {os.fsencode(place) for place in (ROOT, *(path.parent.parent for path in paths))}
    content = b"".join(content for path in paths for _, content in entries(path))
    assert [word for word in telling if word in content] == []


def test_the_entries_of_a_build_have_one_time_and_no_owner(built):
    (wheel,) = (path for name, path in built[1].items() if name.endswith(".whl"))
    (sdist,) = (path for name, path in built[1].items() if name.endswith(".tar.gz"))
    with zipfile.ZipFile(wheel) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2020, 2, 2, 0, 0, 0)}
        modes = {entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    assert len({member.mtime for member in members}) == 1
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members} == {
        (0, 0, "", "")
    }
    assert modes | {member.mode for member in members} <= {0o644, 0o755}


def test_what_was_left_in_a_tree_is_not_built_in(built):
    for path in built[1].values():
        names = [name for name, _ in entries(path)]
        assert [
            name for name in names if {"__pycache__", "dist", ".venv"} & {*name.split("/")}
        ] == []


def test_one_changed_byte_of_the_source_changes_both_builds(built, tmp_path):
    place = PLACES[0]
    home = tmp_path / "changed" / "tree"
    copy_tree(home, place)
    with (home / "sanzhixin" / "__init__.py").open("ab") as stream:
        stream.write(b"\n")
    one, changed = digests(built[0]), digests(build(home, place))
    assert set(one) == set(changed)
    assert [name for name in one if one[name] == changed[name]] == []
