"""Files that appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sanzhixin.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TEMPORARY", "file_digest", "publishing", "sync_folder", "whole_file"]

TEMPORARY = ".sanzhixin-"
"""How the names of unfinished files begin."""

_BLOCK = 1 << 20
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes its name when it is complete and on the disk.

    Parameters
    ----------
    path : Path
        Final name; an existing file is replaced.  The new file is readable by its owner alone.

    Yields
    ------
    binary file
        Unfinished file in the same folder; it is removed when anything is raised.
    """
    # The name is known before the file is there, so that an interruption at any moment removes it.
    unfinished = path.with_name(f"{TEMPORARY}{secrets.token_hex(4)}")
    try:
        handle = os.open(unfinished, _NEW, 0o600)
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder onto the disk."""
    if os.name == "nt":  # Windows has no handle of a folder to synchronise
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def publishing(path: Path) -> Iterator[None]:
    """Turn every failure of the file system into one `OutputError`.

    Parameters
    ----------
    path : Path
        What was to be written, for the message.

    Raises
    ------
    OutputError
        ``run_not_committed``: disk full, quota, no permission, not a folder.
    """
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise OutputError("run_not_committed", path=path.name, problem=problem) from None


def file_digest(path: Path) -> str:
    """SHA-256 of a file, as ``sha256:`` and 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return f"sha256:{digest.hexdigest()}"
