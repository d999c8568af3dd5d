"""Writers as they must not be: each leaves torn output when it is stopped in time."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.faults.outcome import MANIFEST, QUARANTINE, SUCCESS
from tests.faults.trial import Action

PIECES = 5
PAUSE_SECONDS = 0.0005


def mark_last(proposals: str) -> list[str]:
    """Files in the order of a writer that writes its mark when all else is done."""
    return [proposals, QUARANTINE, MANIFEST, SUCCESS]


def mark_first(proposals: str) -> list[str]:
    """Files in the order of a writer that promises before it delivers."""
    return [SUCCESS, MANIFEST, QUARANTINE, proposals]


def writing_in_place(source: Path, out: Path, names: Sequence[str]) -> Action:
    """Write each file under its final name, piece by piece."""

    def live(_: object) -> int:
        out.mkdir(exist_ok=True)
        for name in names:
            with (out / name).open("wb", buffering=0) as stream:
                for piece in _pieces((source / name).read_bytes()):
                    stream.write(piece)
                    time.sleep(PAUSE_SECONDS)
                os.fsync(stream.fileno())
        return 0

    return live


def renaming(source: Path, out: Path, names: Sequence[str]) -> Action:
    """Write each file whole, but leave an earlier mark where it stands."""

    def live(_: object) -> int:
        out.mkdir(exist_ok=True)
        for name in names:
            unfinished = out / f".sanzhixin-{name}"
            unfinished.write_bytes((source / name).read_bytes())
            unfinished.replace(out / name)
            time.sleep(PAUSE_SECONDS)
        return 0

    return live


def ignoring_errors(source: Path, out: Path, names: Sequence[str]) -> Action:
    """Write each file whole, and go on when the disk is full."""

    def live(_: object) -> int:
        out.mkdir(exist_ok=True)
        for name in names:
            with suppress(OSError), (out / name).open("wb", buffering=0) as stream:
                for piece in _pieces((source / name).read_bytes()):
                    stream.write(piece)
        return 0

    return live


def appending(source: Path, out: Path, names: Sequence[str]) -> Action:
    """Resume a file where its length says, as if the last piece were never written whole."""

    def live(_: object) -> int:
        out.mkdir(exist_ok=True)
        for name in names:
            pieces = _pieces((source / name).read_bytes())
            path = out / name
            done = path.stat().st_size // len(pieces[0]) if path.exists() else 0
            with path.open("ab", buffering=0) as stream:
                for piece in pieces[max(done - 1, 0) :]:
                    stream.write(piece)
                    time.sleep(PAUSE_SECONDS)
        return 0

    return live


def _pieces(content: bytes) -> list[bytes]:
    size = -(-len(content) // PIECES)
    return [content[begin : begin + size] for begin in range(0, len(content), size)]
