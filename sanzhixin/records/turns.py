"""Turns of those who write one file: a lock on a file of the same name and ``.lock``."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

try:
    import fcntl
except ModuleNotFoundError:  # on Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["HAS_LOCKS", "lock_of", "turn", "while_quiet"]

HAS_LOCKS = fcntl is not None
"""Whether this system has file locks; where it has none, nobody waits."""

_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)


def lock_of(path: Path) -> Path:
    """Name the file that writers of another one lock; it holds nothing and stays where it is.

    Examples
    --------
    >>> from pathlib import Path
    >>> lock_of(Path("stops/stop.json")).name
    'stop.json.lock'
    """
    return path.with_name(f"{path.name}.lock")


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Wait until no other thread or process writes, and keep them waiting.

    Parameters
    ----------
    path : Path
        What is to be written, or read and then written; its folder has to exist.

    Yields
    ------
    None
        Until it is left, others wait in `turn` and in `while_quiet`.

    Raises
    ------
    OSError
        The lock cannot be opened; a link in its place is refused.
    """
    handle = os.open(lock_of(path), _OPEN, 0o600)
    try:
        if HAS_LOCKS:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def while_quiet(path: Path) -> Iterator[None]:
    """Wait until nobody writes, and keep writers waiting.

    Parameters
    ----------
    path : Path
        What is to be read; a copy without its lock is taken as it is.

    Yields
    ------
    None
        Others may read at the same time.

    Raises
    ------
    OSError
        A lock is there and cannot be opened.
    """
    try:
        handle = os.open(lock_of(path), os.O_RDONLY)
    except FileNotFoundError:
        yield
        return
    try:
        if HAS_LOCKS:
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)
