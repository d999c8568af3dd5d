"""The audit log: a file that is only ever appended to, by any number of writers at once."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO

from sanzhixin.errors import ArtifactError, DomainError, InputError, OutputError
from sanzhixin.records.whole_file import whole_file
from sanzhixin.scoring.canonical import sha256_digest
from sanzhixin.trust.audit_entry import (
    ERASABLE,
    FIRST,
    MOST_ENTRY_BYTES,
    Body,
    Entry,
    Kind,
    make_entry,
    parse_entry,
)

try:
    import fcntl
except ModuleNotFoundError:  # on Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["AUDIT_FORMAT", "AuditLog", "read_entries"]

AUDIT_FORMAT = 1
_TAIL = 1 << 16
_AT_ONCE = 1 << 20
_APPEND = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class AuditLog:
    """A log in one file; threads and processes may append to it at the same time.

    Every writer takes its turn by a lock on a file of the same name and ``.lock``, looks up the
    last entry, joins its own, and returns when they are on the disk.

    Attributes
    ----------
    path : Path
        The file; it is made, readable by its owner alone, with the first entry.
    """

    path: Path

    def append(self, said: Iterable[tuple[Kind, Body]], *, at: dt.datetime | None = None) -> Entry:
        """Append entries, all of them in one turn.

        Parameters
        ----------
        said : iterable of (str, dict)
            Kind and body of each.
        at : datetime, optional
            Time of writing with its zone; else now.

        Returns
        -------
        Entry
            The last entry of the log.

        Raises
        ------
        OutputError
            ``audit_not_written``: disk full, no permission, a link; nothing of it is in the log.
            (A writer that is killed leaves lines that nobody confirmed; an unfinished one is
            told by the next writer as ``torn``.)
        ArtifactError
            ``audit_line``, ``audit_entry_altered``: the last entry is damaged, so nothing is added
            to it; ``audit_entry_large``.
        DomainError
            ``audit_lock``: this system has no file locks.
        """
        moment = (at or dt.datetime.now(dt.UTC)).astimezone(dt.UTC)
        text = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
        with self._turn(), _writing(self.path), self._open() as handle:
            last = _last_entry(handle)
            opening: list[tuple[Kind, Body]] = [] if last is not None else [("open", _opening())]
            torn = _cut_torn(handle)
            end = os.lseek(handle, 0, os.SEEK_END)
            try:
                waiting = bytearray()
                for kind, body in chain(opening, torn, said):
                    seq, prev = (1, FIRST) if last is None else (last.seq + 1, last.hash)
                    last = make_entry(seq, text, kind, prev, body)
                    waiting += last.line()
                    if len(waiting) > _AT_ONCE:
                        _write(handle, bytes(waiting))
                        waiting.clear()
                _write(handle, bytes(waiting))
                os.fsync(handle)
            except BaseException:
                os.ftruncate(handle, end)  # all of it, or nothing
                raise
        assert last is not None  # noqa: S101 - a log begins with its opening
        return last

    def erase(
        self,
        concerns: Callable[[Entry], bool],
        *,
        by: str,
        because: str,
        at: dt.datetime | None = None,
    ) -> int:
        """Erase what entries said of a household, and say in the log that this was done.

        The entry that tells of it comes first, so that after a crash the log itself demands that
        the erasure be finished.  Hashes stay as they were.

        Parameters
        ----------
        concerns : callable
            Tells of an entry with a body whether it is to be erased; only entries that speak of
            a household are asked.
        by, because : str
            Who ordered it, and on which ground.
        at : datetime, optional
            As for `append`.

        Returns
        -------
        int
            Entries that were erased.

        Raises
        ------
        OutputError, ArtifactError, DomainError
            As `append`; a log with a damaged entry is refused as a whole.
        """
        chosen = [
            entry.seq
            for entry in read_entries(self.path)
            if entry.kind in ERASABLE and not entry.is_erased and concerns(entry)
        ]
        if not chosen:
            return 0
        body: Body = {"erased": _runs(chosen), "by": by, "because": because}
        self.append([("forget", body)], at=at)
        self.finish_erasure(frozenset(chosen))
        return len(chosen)

    def finish_erasure(self, erased: frozenset[int]) -> None:
        """Write the log anew without the bodies of some entries, in one step.

        Parameters
        ----------
        erased : frozenset of int
            Their places.
        """
        with self._turn(), _writing(self.path), whole_file(self.path) as stream:
            for entry in read_entries(self.path, locked=True):
                kept = entry.erased() if entry.seq in erased else entry
                stream.write(kept.line())

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait until no other thread or process writes."""
        if fcntl is None:
            raise DomainError("audit_lock")
        with _writing(self.path):
            handle = os.open(_lock_of(self.path), _APPEND, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def _open(self) -> Iterator[int]:
        handle = os.open(self.path, _APPEND, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OutputError("audit_not_written", path=self.path.name, problem="not a file")
            yield handle
        finally:
            os.close(handle)


def read_entries(path: Path, *, locked: bool = False) -> Iterator[Entry]:
    """Read a log, entry by entry, as it stood at one moment.

    Each entry is checked in itself; whether they follow each other is a question of
    `sanzhixin.trust.audit_check.check_log`.

    Parameters
    ----------
    path : Path
        The log.
    locked : bool, default=False
        The caller has the turn already.

    Yields
    ------
    Entry
        In the order of the file.

    Raises
    ------
    InputError
        ``file_not_found``.
    ArtifactError
        ``audit_line``, ``audit_entry_altered``, ``audit_torn``: the last line is unfinished.
    """
    if not path.is_file():
        raise InputError("file_not_found", file=path.name)
    with path.open("rb") as stream:
        with nullcontext() if locked else _quiet(path):
            end = os.fstat(stream.fileno()).st_size
        for place, line in enumerate(_lines(stream, end), start=1):
            if not line.endswith(b"\n"):
                raise ArtifactError("audit_torn", line=place)
            yield parse_entry(line, place)


@contextmanager
def _quiet(path: Path) -> Iterator[None]:
    """Wait until nobody writes; a copy without its lock is taken as it is."""
    try:
        handle = os.open(_lock_of(path), os.O_RDONLY)
    except OSError:
        yield
        return
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _lines(stream: IO[bytes], end: int) -> Iterator[bytes]:
    left = end
    while left > 0:
        line = stream.readline(min(left, MOST_ENTRY_BYTES + 1))
        left -= len(line)
        yield line


def _opening() -> Body:
    return {"format": AUDIT_FORMAT, "log": secrets.token_hex(16)}


def _last_entry(handle: int) -> Entry | None:
    """Read the last whole line; None for a log without any."""
    lines = _tail(handle).split(b"\n")[:-1]  # what follows the last line end is unfinished
    return parse_entry(lines[-1] + b"\n", "last") if lines else None


def _tail(handle: int) -> bytes:
    """Read the end of a log, from the begin of its last whole line at the latest."""
    end, size = os.fstat(handle).st_size, _TAIL
    while True:
        begin = max(0, end - size)
        tail = os.pread(handle, end - begin, begin)
        if begin == 0 or tail.count(b"\n") > 1 or size > 2 * MOST_ENTRY_BYTES:
            return tail
        size *= 4


def _cut_torn(handle: int) -> list[tuple[Kind, Body]]:
    """Take away an unfinished line at the end, and say what it was."""
    rest = _tail(handle).rpartition(b"\n")[2]
    if not rest:
        return []
    os.ftruncate(handle, os.fstat(handle).st_size - len(rest))
    return [("torn", {"bytes": len(rest), "digest": sha256_digest(rest)})]


def _write(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]


def _runs(numbers: list[int]) -> list[list[int]]:
    """Write rising numbers as runs of first and last."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise OutputError("audit_not_written", path=path.name, problem=problem) from None
