"""Files that appear whole or not at all."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sanzhixin.errors import OutputError
from sanzhixin.records.whole_file import TEMPORARY, sync_folder, whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["TEMPORARY", "file_digest", "publishing", "sync_folder", "whole_file"]

_BLOCK = 1 << 20


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
