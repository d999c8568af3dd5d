"""The audit log: a file that is only ever appended to, by any number of writers at once."""

from __future__ import annotations

import datetime as dt
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sanzhixin.errors import ArtifactError, DomainError, InputError, OutputError
from sanzhixin.records.turns import HAS_LOCKS, lock_of, turn, while_quiet
from sanzhixin.records.whole_file import sync_folder
from sanzhixin.scheme.base import Decision
from sanzhixin.scoring.canonical import strict_loads
from sanzhixin.trust.audit_entry import (
    ERASABLE,
    FIRST,
    MOST_ENTRY_BYTES,
    Body,
    Entry,
    Kind,
    Order,
    erased_by,
    make_entry,
    parse_entry,
)

if TYPE_CHECKING:
    from sanzhixin.trust.keys import Secret

__all__ = ["AUDIT_FORMAT", "AuditLog", "check_secret", "read_entries"]

AUDIT_FORMAT = 1
_TAIL = 1 << 16
_AT_ONCE = 1 << 20
_BEGIN = b'{"at":"'
_LONG_NUMBER = re.compile(rb"[-:,[][0-9]{16}")
_SAYABLE: tuple[Kind, ...] = ("proposal", "appeal", "override")
_MADE: tuple[Kind, ...] = ("checkpoint", "forget")
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY
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
    secret : Secret or None
        Whose pseudonyms stand in it.  A log that is begun with a secret takes entries by no other,
        since no household could be found in the whole of it.
    """

    path: Path
    secret: Secret | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))

    def append(
        self,
        said: Iterable[tuple[Kind, Body | Decision]],
        *,
        at: dt.datetime | None = None,
        in_turn: bool = False,
    ) -> Entry:
        """Append entries, all of them in one turn.

        Parameters
        ----------
        said : iterable of (str, dict or Decision)
            Kind and body of each: dicts of kind ``proposal``, ``appeal``, ``override``; a
            `Checkpoint`, an `Order`.  Of none: a log is opened, an unfinished line taken away.
        at : datetime, optional
            Time of writing with its zone; else now.
        in_turn : bool, default=False
            The caller has the turn.

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
            to it, or it is no log; ``audit_entry_large``; ``audit_kind``: a kind that writers do
            not choose, or a body of another type.
        DomainError
            ``audit_lock``: this system has no file locks; ``audit_secret``: the log was begun with
            another secret.
        """
        moment = (at or dt.datetime.now(dt.UTC)).astimezone(dt.UTC)
        text = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
        held = nullcontext() if in_turn else self.turn()
        with held, _writing(self.path), self._open() as handle:
            last, rest = _last_entry(handle)
            if last is not None:
                _check_secret(_first_entry(handle), self.secret)
            opening = [] if last is not None else [_opening(self.secret)]
            whole = os.fstat(handle).st_size - len(rest)
            os.ftruncate(handle, whole)
            try:
                waiting = bytearray()
                for kind, body in chain(opening, _torn(rest), map(_sayable, said)):
                    seq, prev = (1, FIRST) if last is None else (last.seq + 1, last.hash)
                    last = make_entry(seq, text, kind, prev, body)
                    line = last.line()
                    _check_readable(line, seq)
                    waiting += line
                    if len(waiting) > _AT_ONCE:
                        _write(handle, bytes(waiting))
                        waiting.clear()
                _write(handle, bytes(waiting))
                os.fsync(handle)
            except BaseException:
                os.ftruncate(handle, whole)  # all of it, or nothing
                with suppress(OSError):
                    _write(handle, rest)
                raise
            if opening:
                sync_folder(self.path.parent)
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
            Entries that were erased, those of earlier orders that were not carried out included.

        Raises
        ------
        DomainError
            ``override_words``: nobody, or no ground, is named.
        InputError
            ``file_not_found``.
        OutputError, ArtifactError, DomainError
            As `append`; a log with a damaged entry is refused as a whole.
        """
        if not (by.strip() and because.strip()):
            raise DomainError("override_words")
        if not self.path.is_file():
            raise InputError("file_not_found", file=self.path.name)
        with self.turn():  # what is logged meanwhile would be missed
            self.append([], in_turn=True)  # an unfinished line is taken away
            chosen, ordered, erased = list[int](), set[int](), set[int]()
            for entry in read_entries(self.path, in_turn=True):
                if entry.is_erased:
                    erased.add(entry.seq)
                elif entry.kind in ERASABLE and concerns(entry):
                    chosen.append(entry.seq)
                elif entry.kind == "forget":
                    ordered |= erased_by(entry)
            fresh = [seq for seq in chosen if seq not in ordered]
            if fresh:
                order = Order(erased=_runs(fresh), by=by, because=because)
                self.append([("forget", order)], at=at, in_turn=True)
            left = (ordered - erased) | set(chosen)
            if left:
                self._rewrite(left)
        return len(left)

    def _rewrite(self, left_out: set[int]) -> None:
        """Write the log anew without the bodies of some entries, in one step."""
        with _writing(self.path):
            mode = stat.S_IMODE(self.path.stat().st_mode)
            unfinished = _rewriting(self.path)
            handle = os.open(unfinished, _NEW, 0o600)
            try:
                with os.fdopen(handle, "wb") as stream:
                    for entry in read_entries(self.path, in_turn=True):
                        kept = entry.erased() if entry.seq in left_out else entry
                        stream.write(kept.line())
                    stream.flush()
                    os.fsync(handle)
                    os.fchmod(handle, mode)
                unfinished.replace(self.path)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
            sync_folder(self.path.parent)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other thread or process writes, and keep them waiting.

        Yields
        ------
        None
            Until it is left, calls with ``in_turn=True`` alone may write.

        Raises
        ------
        DomainError
            ``audit_lock``: this system has no file locks.
        OutputError
            ``audit_not_written``.
        """
        if not HAS_LOCKS:
            raise DomainError("audit_lock")
        with ExitStack() as held:
            with _writing(self.path):
                held.enter_context(turn(self.path))
                _rewriting(self.path).unlink(missing_ok=True)  # of a writer that was killed
            yield

    @contextmanager
    def _open(self) -> Iterator[int]:
        handle = os.open(self.path, _APPEND, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OutputError("audit_not_written", path=self.path.name, problem="not a file")
            yield handle
        finally:
            os.close(handle)


def read_entries(path: str | Path, *, in_turn: bool = False) -> Iterator[Entry]:
    """Read a log, entry by entry, as it stood at one moment.

    Each entry is checked in itself; whether they follow each other is a question of
    `sanzhixin.trust.audit_check.check_log`.

    Parameters
    ----------
    path : str or Path
        The log.
    in_turn : bool, default=False
        The caller has the turn of `AuditLog.turn`.

    Yields
    ------
    Entry
        In the order of the file.

    Raises
    ------
    InputError
        ``file_not_found``, ``file_no_permission``.
    ArtifactError
        ``audit_line``, ``audit_entry_altered``, ``audit_torn``: the last line is unfinished.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("file_not_found", file=path.name)
    try:
        opened = path.open("rb")
    except PermissionError:
        raise InputError("file_no_permission", file=path.name) from None
    with opened as stream:
        try:
            with nullcontext() if in_turn else while_quiet(path):
                end = os.fstat(stream.fileno()).st_size
        except PermissionError:  # without its lock a writer could be half-way
            raise InputError("file_no_permission", file=lock_of(path).name) from None
        for place, line in enumerate(_lines(stream, end), start=1):
            if not line.endswith(b"\n"):
                raise ArtifactError("audit_torn", line=place)
            yield parse_entry(line, place)


def check_secret(path: str | Path, secret: Secret) -> None:
    """Refuse a secret that is not the one that a log was begun with.

    Parameters
    ----------
    path : str or Path
        The log; one that does not name its secret is let pass.
    secret : Secret
        The one at hand.

    Raises
    ------
    DomainError
        ``audit_secret``.
    InputError, ArtifactError
        As `read_entries`.
    """
    _check_secret(next(read_entries(path), None), secret)


def _rewriting(path: Path) -> Path:
    return path.with_name(f"{path.name}.rewriting")


def _lines(stream: IO[bytes], end: int) -> Iterator[bytes]:
    left = end
    while left > 0:
        line = stream.readline(min(left, MOST_ENTRY_BYTES + 1))
        left -= len(line)
        yield line


def _opening(secret: Secret | None) -> tuple[Kind, Body]:
    body: Body = {"format": AUDIT_FORMAT, "log": secrets.token_hex(16)}
    return "open", body if secret is None else body | {"secret": secret.name}


def _first_entry(handle: int) -> Entry | None:
    """Read the first line; None when it is not that of a log, which is told by who checks it."""
    line = os.pread(handle, _TAIL, 0).partition(b"\n")[0] + b"\n"
    with suppress(ArtifactError):
        return parse_entry(line, 1)
    return None


def _check_secret(first: Entry | None, secret: Secret | None) -> None:
    stated = None if first is None or first.body is None else first.body.get("secret")
    if secret is not None and stated is not None and stated != secret.name:
        raise DomainError("audit_secret")


def _last_entry(handle: int) -> tuple[Entry | None, bytes]:
    """Read the last whole line, None for a log without any, and what is unfinished after it."""
    lines = _tail(handle).split(b"\n")
    rest = lines.pop()
    if lines:
        last = lines[-1] + b"\n"
        try:
            return parse_entry(last, 0), rest
        except ArtifactError:
            return parse_entry(last, _count_lines(handle)), rest
    if not (rest.startswith(_BEGIN) or _BEGIN.startswith(rest)):  # this was never a log
        raise ArtifactError("audit_line", line=1)
    return None, rest


def _count_lines(handle: int) -> int:
    """Count whole lines, for the number of one that is refused."""
    count, begin = 0, 0
    while block := os.pread(handle, _AT_ONCE, begin):
        count, begin = count + block.count(b"\n"), begin + len(block)
    return count


def _tail(handle: int) -> bytes:
    """Read the end of a log, from the begin of its last whole line at the latest."""
    end, size = os.fstat(handle).st_size, _TAIL
    while True:
        begin = max(0, end - size)
        tail = os.pread(handle, end - begin, begin)
        if begin == 0 or tail.count(b"\n") > 1:
            return tail
        if size > 2 * MOST_ENTRY_BYTES:  # no line is as long
            raise ArtifactError("audit_line", line=max(1, _count_lines(handle)))
        size *= 4


def _torn(rest: bytes) -> list[tuple[Kind, Body]]:
    """Say that there was an unfinished line at the end; what it said is gone."""
    return [("torn", {"bytes": len(rest)})] if rest else []


def _check_readable(line: bytes, place: int) -> None:
    """Refuse to write what could not be read: depth, and whole numbers beyond 2**53."""
    strict_loads(line, name="audit")
    if _LONG_NUMBER.search(line):
        parse_entry(line, place)


def _sayable(said: tuple[Kind, Body | Decision]) -> tuple[Kind, Body]:
    """Refuse what a reader of the log would refuse, such as an order that was made by hand."""
    kind, body = said
    if kind in _SAYABLE and isinstance(body, dict):
        return kind, body
    if kind in _MADE and isinstance(body, Decision):
        return kind, body.model_dump(mode="json")
    raise ArtifactError("audit_kind", known=", ".join(_SAYABLE))


def _write(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]


def _runs(numbers: list[int]) -> tuple[tuple[int, int], ...]:
    """Write rising numbers as runs of first and last."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return tuple(runs)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        if not path.parent.is_dir():
            raise OutputError("audit_no_folder", path=path.name) from None
        problem = error.strerror or type(error).__name__
        raise OutputError("audit_not_written", path=path.name, problem=problem) from None
