"""Several processes over the parts of one run: each writes whole parts, none sends data back."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["available_jobs", "run_crew"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if hasattr(signal, "SIGHUP") else ()
_RECORD = 8  # bytes that tell the number of a finished part


def available_jobs() -> int:
    """Count the processor cores that this process may use; 1 where processes cannot be forked.

    Returns
    -------
    int
        At least 1.
    """
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def run_crew(
    numbers: Sequence[int],
    work: Callable[[int], None],
    jobs: int,
    done: Callable[[int], None],
) -> None:
    """Let forked processes do pieces of work that leave their result on disk.

    A process that fails or is killed leaves its pieces undone: whoever called looks at what is
    there and does the rest itself, so that an error is met, and told, in one place.  When the
    caller is interrupted or dies the processes end too.

    Parameters
    ----------
    numbers : sequence of int
        Pieces; process k of n takes each n-th from the k-th on.
    work : callable
        Does one piece; called in another process, with the memory of this one.
    jobs : int
        Processes.
    done : callable
        Called here with the number of each finished piece, in the order of finishing.
    """
    reading, writing = os.pipe()
    crew: list[int] = []
    try:
        with _signals_held():
            for place in range(min(jobs, len(numbers))):
                own = numbers[place :: min(jobs, len(numbers))]
                crew.append(_fork(own, work, (reading, writing)))
        os.close(writing)
        writing = -1
        with os.fdopen(reading, "rb", buffering=0) as stream:
            reading = -1
            while record := stream.read(_RECORD):
                done(int.from_bytes(record, "little"))
    finally:
        for end in (reading, writing):
            if end >= 0:
                os.close(end)
        for process in crew:
            _end(process)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Let signals wait: what their handlers raise within a fork would be lost."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _fork(numbers: Sequence[int], work: Callable[[int], None], pipe: tuple[int, int]) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of libraries: none is used
        process = os.fork()
    if process:
        return process
    status = 1
    try:
        for caught in _SIGNALS:
            signal.signal(caught, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.close(pipe[0])
        for number in numbers:
            work(number)
            os.write(pipe[1], number.to_bytes(_RECORD, "little"))  # fails when nobody listens
        status = 0
    except BaseException:  # noqa: S110 - the caller meets the error again and tells it
        pass
    finally:
        os._exit(status)


def _end(process: int) -> None:
    """Stop a process that still runs, and wait for it."""
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
    os.waitpid(process, 0)
