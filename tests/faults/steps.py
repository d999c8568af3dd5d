"""What a process asks of the file system below one folder, step by step, with faults put in."""

from __future__ import annotations

import builtins
import io
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.faults.trial import Action, Ledger

Item = TypeVar("Item")
Deed = Callable[[Path], None]
"""What happens at a step, instead of it or before it."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_EVENTS = {
    "os.rename": ("rename", 2),
    "os.remove": ("unlink", 1),
    "os.mkdir": ("mkdir", 2),
    "os.rmdir": ("rmdir", 1),
}
"""Audit event: kind of the step, and which argument is the folder that a name is relative to."""


def die(_path: Path) -> None:
    """End at once, with nothing tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(number: int) -> Deed:
    """Let the file system refuse."""

    def deed(path: Path) -> None:
        raise OSError(number, os.strerror(number), str(path))

    return deed


class _Short(Exception):
    """A write takes only half of its bytes, as the system may do."""


def shorten(_path: Path) -> None:
    """Let a write take half of its bytes and say so."""
    raise _Short


def receive(number: int, *, to_all: bool = False) -> Deed:
    """Let a signal arrive."""

    def deed(_path: Path) -> None:
        (os.killpg if to_all else os.kill)(os.getpgid(0) if to_all else os.getpid(), number)

    return deed


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and at which step.

    Attributes
    ----------
    at : int
        Number of the step, from 1, among those of `kinds`.
    deed : callable
        What happens; the step itself is taken only when this returns.
    kinds : tuple of str
        Which steps count; by default all.
    is_half : bool
        A write puts down half of its bytes before.
    is_lasting : bool
        Every later step of these kinds meets the same.
    in_crew : bool
        The steps are those of each process that scores parts, not those of its caller.
    """

    at: int
    deed: Deed
    kinds: tuple[str, ...] = ()
    is_half: bool = False
    is_lasting: bool = False
    in_crew: bool = False


def watched(action: Action, below: Path, fault: Fault | None = None) -> Action:
    """Count the steps that an action takes below a folder, and put a fault in."""

    def live(ledger: Ledger) -> int:
        _Steps(below, ledger, fault).watch()
        return action(ledger)

    return live


def announced(action: Action, folder: Path) -> Action:
    """Tell, by the ledger, when an action opens the first file of its input."""

    def live(ledger: Ledger) -> int:
        begins = f"{folder}{os.sep}"

        def hook(event: str, args: tuple[Any, ...]) -> None:
            if event == "open" and isinstance(args[0], str) and args[0].startswith(begins):
                ledger.begin()

        sys.addaudithook(hook)
        return action(ledger)

    return live


class _Steps:
    """Counts the steps of this process below a folder and does what the fault says."""

    def __init__(self, below: Path, ledger: Ledger, fault: Fault | None) -> None:
        self._below, self._ledger, self._fault = str(below), ledger, fault
        self._process = os.getpid()
        self._all = self._counted = 0

    def watch(self) -> None:
        sys.addaudithook(self._hear)
        builtins.open = io.open = _opener(self)
        for name in ("fsync", "fdatasync"):
            setattr(os, name, self._before_sync(getattr(os, name)))
        os.write = self._before_write(os.write)

    def take(self, kind: str, path: str, write_half: Callable[[], object] | None = None) -> None:
        """Count one step; what the fault does may raise, or never return."""
        fault = self._fault
        in_crew = os.getpid() != self._process
        if in_crew != bool(fault and fault.in_crew) or not self._is_below(path):
            return
        self._all += 1
        self._ledger.note(self._all, kind)
        if not fault or (fault.kinds and kind not in fault.kinds):
            return
        self._counted += 1
        if self._counted == fault.at or (fault.is_lasting and self._counted > fault.at):
            self._ledger.strike()
            if fault.is_half and write_half is not None:
                write_half()
            fault.deed(Path(path))

    def _is_below(self, path: str) -> bool:
        return path == self._below or path.startswith(f"{self._below}{os.sep}")

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = args
            if isinstance(path, (str, bytes)) and (flags & _WRITING or Path(_text(path)).is_dir()):
                self.take("open", _whole_path(path, -1))
        elif event in _EVENTS:
            kind, place = _EVENTS[event]
            folder = args[place] if place < len(args) else -1
            self.take(kind, _whole_path(args[0], folder))

    def _before_sync(self, function: Callable[[Any], None]) -> Callable[[Any], None]:
        def called(handle: Any) -> None:
            self.take("fsync", _path_of(handle if isinstance(handle, int) else handle.fileno()))
            function(handle)

        return called

    def _before_write(self, function: Callable[[int, Any], int]) -> Callable[[int, Any], int]:
        def called(handle: int, data: Any) -> int:
            self.take("write", _path_of(handle), lambda: function(handle, _half(data)))
            return function(handle, data)

        return called


class _WatchedFile(io.FileIO):
    """A file each of whose writes is a step."""

    steps: _Steps

    def write(self, data: Any, /) -> int:
        whole = super().write
        try:
            self.steps.take("write", _path_of(self.fileno()), lambda: whole(_half(data)))
        except _Short:
            return whole(_half(data))
        return whole(data)


def _opener(steps: _Steps) -> Callable[..., Any]:
    """`open` that watches every file that is opened for writing."""
    original = io.open

    def opened(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        if not set(mode) & set("wxa+"):
            return original(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = _WatchedFile(file, mode.replace("b", "").replace("t", ""), closefd, opener)
        raw.steps = steps
        if buffering == 0:
            return raw
        stream = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return stream if "b" in mode else io.TextIOWrapper(stream, encoding, errors, newline)

    return opened


def _half(data: Any) -> bytes:
    content = bytes(data)
    return content[: (len(content) + 1) // 2]


def _text(path: str | bytes) -> str:
    return os.fsdecode(path)


def _whole_path(path: str | bytes, folder: int) -> str:
    if folder >= 0:
        return str(Path(_path_of(folder)) / _text(path))
    return str(Path(_text(path)).absolute())


def _path_of(handle: int) -> str:
    try:
        return str(Path(f"/proc/self/fd/{handle}").readlink())
    except OSError:
        return ""


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """Choose so many of some items, evenly; one alone is that in the middle."""
    if count >= len(items):
        return list(items)
    places = [(2 * place + 1) * len(items) // (2 * count) for place in range(count)]
    return [items[place] for place in places]
