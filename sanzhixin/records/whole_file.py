"""Writing one file as a whole: a reader sees the file before or after, never a part."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sanzhixin.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TEMPORARY", "check_free", "sync_folder", "whole_file", "write_new", "write_whole"]

TEMPORARY = ".sanzhixin-"
"""How the names of unfinished files begin."""

_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)


@contextmanager
def whole_file(path: Path, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """Open a file that takes its name when it is complete and on the disk.

    Parameters
    ----------
    path : Path
        Final name; an existing file is replaced.
    mode : int, default=0o600
        Permissions when it is complete; until then its owner alone can read it.

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
        if mode != 0o600:
            unfinished.chmod(mode)
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


def write_whole(file: Path, content: bytes, mode: int = 0o644) -> None:
    """Write all of a file, and put it in its place in one step.

    Parameters
    ----------
    file : Path
        What stands there is replaced; the folder has to exist.
    content : bytes
        All of it.
    mode : int, default=0o644
        Permissions.

    Raises
    ------
    OSError
        Disk full, no permission, no such folder; what stood there is unchanged.
    """
    with whole_file(file, mode) as stream:
        stream.write(content)


def check_free(file: Path) -> None:
    """Refuse a name for a new file before any work is done for it.

    Parameters
    ----------
    file : Path
        Where it is to stand.

    Raises
    ------
    OutputError
        ``file_stands``: something of that name is there; ``output_no_folder``.
    """
    if file.exists():
        raise OutputError("file_stands", path=file.name)
    if not file.parent.is_dir():
        raise OutputError("output_no_folder", path=file.name, folder=file.parent.name)


def write_new(file: Path, content: bytes, mode: int = 0o600) -> None:
    """Write all of a file whose name nobody has; nothing is ever replaced.

    Parameters
    ----------
    file : Path
        New name; the folder has to exist.
    content : bytes
        All of it.
    mode : int, default=0o600
        Permissions.

    Raises
    ------
    OutputError
        ``file_stands``: something of that name is there, and is unchanged; ``output_not_written``:
        disk full, no permission, no such folder.
    """
    try:
        handle = os.open(file, _NEW, mode)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        sync_folder(file.parent)
    except FileExistsError:
        raise OutputError("file_stands", path=file.name) from None
    except OSError as error:
        raise OutputError("output_not_written", path=file.name, problem=error.strerror) from None
