"""Writing one file as a whole: a reader sees the file before or after, never a part."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(file: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file beside its place, bring it to the disk and put it there in one step.

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
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".write-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(mode)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
