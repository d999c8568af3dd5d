"""A disk that may lose, at a power cut, whatever was not brought onto it in so many words."""

from __future__ import annotations

import os
import random
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CREATING = os.O_CREAT


@dataclass(frozen=True)
class Change:
    """Names that one operation gives and takes: folder, name, and the file or None."""

    folders: tuple[int, ...]
    names: tuple[tuple[int, str, int | None], ...]


@dataclass(frozen=True)
class Synced:
    """A folder whose names, or a file whose content, is on the disk from here on."""

    node: int
    content: bytes | None = None


@dataclass
class Disk:
    """Every operation on names below one folder, in order, and what was synchronised."""

    root: Path
    ops: list[Change | Synced] = field(default_factory=list)
    folders: set[int] = field(default_factory=lambda: {0})
    _tree: dict[tuple[int, str], int] = field(default_factory=dict)
    _nodes: int = 0

    def make(self, path: Path, *, is_folder: bool) -> None:
        """Note that a file or folder appears under a new name."""
        place = self._place(path)
        if place is None or place in self._tree:
            return
        self._nodes += 1
        if is_folder:
            self.folders.add(self._nodes)
        self._change((*place, self._nodes))

    def move(self, source: Path, target: Path) -> None:
        """Note that a name is replaced: both sides of a rename happen, or neither."""
        old, new = self._place(source), self._place(target)
        if old is not None and new is not None and old in self._tree:
            self._change((*old, None), (*new, self._tree[old]))

    def drop(self, path: Path) -> None:
        """Note that a name goes."""
        place = self._place(path)
        if place is not None and place in self._tree:
            self._change((*place, None))

    def sync(self, path: Path) -> None:
        """Note that a file's content or a folder's names were brought onto the disk."""
        node = self._node(path)
        if node is not None:
            self.ops.append(Synced(node, None if node in self.folders else path.read_bytes()))

    def _change(self, *names: tuple[int, str, int | None]) -> None:
        self.ops.append(Change(tuple(folder for folder, _, _ in names), names))
        _apply(self._tree, names)

    def _node(self, path: Path) -> int | None:
        node: int | None = 0
        for part in path.relative_to(self.root).parts:
            node = None if node is None else self._tree.get((node, part))
        return node

    def _place(self, path: Path) -> tuple[int, str] | None:
        if not path.is_relative_to(self.root) or path == self.root:
            return None
        folder = self._node(path.parent)
        return None if folder is None else (folder, path.name)

    def after_cut(self, at: int, rng: random.Random, place: Path) -> None:
        """Write what may be left after a power cut behind the first operations.

        Changes of names that were not synchronised are there or not, each for itself; so is the
        content of files, as a whole, in part, or not at all.
        """
        luck = rng.choice((0.0, 0.3, 0.7, 1.0))
        tree: dict[tuple[int, str], int] = {}
        for number, op in enumerate(self.ops[:at]):
            if isinstance(op, Change) and (self._lasts(op, number, at) or rng.random() < luck):
                _apply(tree, op.names)
        self._write(0, place, tree, self._contents(at, rng))

    def _lasts(self, change: Change, number: int, at: int) -> bool:
        synced = {op.node for op in self.ops[number:at] if isinstance(op, Synced)}
        return set(change.folders) <= synced

    def _contents(self, at: int, rng: random.Random) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for number, op in enumerate(self.ops):
            if isinstance(op, Synced) and op.content is not None:
                whole = op.content
                found[op.node] = whole if number < at else whole[: rng.choice((0, len(whole) // 2))]
        return found

    def _write(
        self, folder: int, place: Path, tree: dict[tuple[int, str], int], files: dict[int, bytes]
    ) -> None:
        place.mkdir()
        for (own, name), node in tree.items():
            if own != folder:
                continue
            if node in self.folders:
                self._write(node, place / name, tree, files)
            else:
                (place / name).write_bytes(files.get(node, b""))


def _apply(
    tree: dict[tuple[int, str], int], names: tuple[tuple[int, str, int | None], ...]
) -> None:
    for folder, name, node in names:
        if node is None:
            tree.pop((folder, name), None)
        else:
            tree[folder, name] = node


_recording: list[Disk] = []


@contextmanager
def recorded(root: Path) -> Iterator[Disk]:
    """Record every change of names below a folder, and every synchronisation, in this process."""
    if not _HOOKED:
        sys.addaudithook(_hear)
        _HOOKED.append(True)
    disk, fsync = Disk(root), os.fsync

    def noted(handle: Any) -> None:
        fsync(handle)
        number = handle if isinstance(handle, int) else handle.fileno()
        path = Path(f"/proc/self/fd/{number}").readlink()
        if path.is_relative_to(root):
            disk.sync(path)

    _recording.append(disk)
    os.fsync = noted
    try:
        yield disk
    finally:
        os.fsync = fsync
        _recording.pop()


_HOOKED: list[bool] = []


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if not _recording or event not in _NOTE:
        return
    _NOTE[event](_recording[-1], *args)


def _opened(disk: Disk, path: Any, _mode: Any, flags: int) -> None:
    if flags & CREATING and isinstance(path, (str, bytes)):
        disk.make(Path(os.fsdecode(path)).absolute(), is_folder=False)


def _removed(disk: Disk, path: Any, folder: int = -1) -> None:
    disk.drop(_whole(path, folder))


def _whole(path: Any, folder: int) -> Path:
    name = Path(os.fsdecode(path))
    if folder >= 0 and stat.S_ISDIR(os.fstat(folder).st_mode):
        return Path(f"/proc/self/fd/{folder}").readlink() / name
    return name.absolute()


_NOTE: dict[str, Any] = {
    "open": _opened,
    "os.mkdir": lambda disk, path, _mode, folder=-1: disk.make(
        _whole(path, folder), is_folder=True
    ),
    "os.rename": lambda disk, old, new, *_: disk.move(_whole(old, -1), _whole(new, -1)),
    "os.remove": _removed,
    "os.rmdir": _removed,
}
