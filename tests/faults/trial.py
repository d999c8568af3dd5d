"""One trial: something done in a process forked from this one, which may end in any way."""

from __future__ import annotations

import gc
import mmap
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sanzhixin.errors import SanzhixinError

KINDS = ("open", "write", "fsync", "rename", "unlink", "mkdir", "rmdir")
"""What a process asks of the file system, as far as it is counted."""

TIMEOUT_SECONDS = 60.0
CREW_SECONDS = 5.0
"""How long a process of a trial may outlive the trial."""

BROKEN = 70
"""Exit code of a trial that raised what nobody expected."""

_SIZE = 1 << 16
_POLL_SECONDS = 0.0005


class Ledger:
    """Memory that a process shares with the one that watches it; it survives a kill."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SIZE)

    @property
    def begun(self) -> bool:
        """Whether the process has opened its first input file."""
        return self._memory[0] == 1

    def begin(self) -> None:
        self._memory[0] = 1

    @property
    def struck(self) -> bool:
        """Whether a fault was put in."""
        return self._memory[1] == 1

    def strike(self) -> None:
        self._memory[1] = 1

    def note(self, count: int, kind: str) -> None:
        self._memory[2 + count] = 1 + KINDS.index(kind)

    @property
    def steps(self) -> tuple[str, ...]:
        """Kinds of the steps in the order in which they were taken."""
        marks = self._memory[3:].split(b"\0", 1)[0]
        return tuple(KINDS[mark - 1] for mark in marks)


Action = Callable[[Ledger], int]
"""What is done in a trial; its answer is the exit code."""


@dataclass(frozen=True)
class Ended:
    """How a trial ended: exit code, or minus the signal; seconds; what it said."""

    code: int
    seconds: float
    said: str

    @property
    def shell_code(self) -> int:
        """Exit code as a shell tells it."""
        return self.code if self.code >= 0 else 128 - self.code


class Trial:
    """A process of its own process group that does one thing with all that is imported here."""

    def __init__(self, action: Action, *, stdout: int | None = None) -> None:
        self.ledger = Ledger()
        self._reading, writing = os.pipe()
        os.set_blocking(self._reading, False)
        self.begun = time.monotonic()
        self.process = _fork()
        if not self.process:
            _live(action, self.ledger, writing if stdout is None else stdout, writing)
        os.close(writing)
        with suppress(OSError):
            os.setpgid(self.process, self.process)

    def send(self, number: int, *, to_all: bool = False) -> None:
        """Send a signal to the process, or to all of its group as a terminal does."""
        with suppress(ProcessLookupError):
            (os.killpg if to_all else os.kill)(self.process, number)

    def wait_until(self, has_come: Callable[[], bool]) -> None:
        """Wait for something, or for the end of the process."""
        while not has_come() and not self._is_over() and not self._is_late():
            time.sleep(_POLL_SECONDS)

    def end(self) -> Ended:
        """Wait for the end."""
        while not self._is_over():
            if self._is_late():
                self.send(signal.SIGKILL, to_all=True)
                os.waitpid(self.process, 0)
                msg = f"a trial took more than {TIMEOUT_SECONDS:g} seconds"
                raise TimeoutError(msg)
            time.sleep(_POLL_SECONDS)
        _, status = os.waitpid(self.process, 0)
        seconds = time.monotonic() - self.begun
        return Ended(os.waitstatus_to_exitcode(status), seconds, self._said())

    def left_over(self, seconds: float = CREW_SECONDS) -> list[int]:
        """Processes of the trial that are there after some seconds; they are then ended."""
        deadline = time.monotonic() + seconds
        while (found := _members(self.process)) and time.monotonic() < deadline:
            time.sleep(0.01)
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return found

    def _is_over(self) -> bool:
        return os.waitid(os.P_PID, self.process, _LOOK) is not None

    def _is_late(self) -> bool:
        return time.monotonic() > self.begun + TIMEOUT_SECONDS

    def _said(self) -> str:
        said = b""
        with suppress(BlockingIOError):
            while piece := os.read(self._reading, _SIZE):
                said += piece
        os.close(self._reading)
        return said.decode(errors="replace")


_LOOK = os.WEXITED | os.WNOHANG | os.WNOWAIT if hasattr(os, "WNOWAIT") else 0


def run(action: Action, *, stdout: int | None = None) -> Ended:
    """Do one thing in a process of its own, to its end."""
    return Trial(action, stdout=stdout).end()


def _fork() -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of libraries: none is used
        return os.fork()


def _live(action: Action, ledger: Ledger, out: int, err: int) -> None:
    code = BROKEN
    try:
        gc.freeze()
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        for place, handle in ((0, os.open(os.devnull, os.O_RDONLY)), (1, out), (2, err)):
            os.dup2(handle, place)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        code = action(ledger)
    except SanzhixinError as error:
        os.write(2, error.en.encode())
        code = error.exit_code
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _members(group: int) -> list[int]:
    """Processes of a group that have not ended."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return []
    return [int(place.name) for place in Path("/proc").glob("[0-9]*") if _is_member(place, group)]


def _is_member(place: Path, group: int) -> bool:
    try:
        facts = (place / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return False
    return facts[0] not in "ZX" and int(facts[2]) == group
