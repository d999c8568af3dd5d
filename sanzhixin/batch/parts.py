"""Parts of an unfinished run: one file per chunk of households, reused by a resumed run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from sanzhixin.batch.files import TEMPORARY, sync_folder, whole_file
from sanzhixin.batch.table import PROPOSAL_SCHEMA
from sanzhixin.errors import ArtifactError, OutputError
from sanzhixin.scoring.canonical import canonical_json, strict_loads

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MANIFEST", "QUARANTINE", "RUN_KIND", "SUCCESS", "Parts", "claim_folder", "unfinished"]

MANIFEST = "manifest.json"
QUARANTINE = "quarantine.csv"
SUCCESS = "_SUCCESS"
RUN_KIND = "sanzhixin-score"
"""What a manifest calls itself."""

_FOLDER = "_parts"
_KEY_FILE = "run.json"
_KEY = b"sanzhixin.run_key"
_OWN = (SUCCESS, MANIFEST, QUARANTINE, "proposals.parquet", "proposals.csv", "proposals.xlsx")


def claim_folder(out: Path) -> None:
    """Make the output folder ours: an empty one, or that of an earlier run.

    From here on the folder holds no ``_SUCCESS``; results of an earlier run are removed only
    after the mark of an unfinished run stands, so that the folder can always be claimed again.

    Parameters
    ----------
    out : Path
        Created when absent.

    Raises
    ------
    OutputError
        ``output_folder_in_use``: it holds other files.
    """
    out.mkdir(parents=True, exist_ok=True)
    names = sorted(path.name for path in out.iterdir())
    if names and not _is_run(out):
        raise OutputError("output_folder_in_use", path=out.name, count=len(names))
    (out / SUCCESS).unlink(missing_ok=True)
    (out / _FOLDER).mkdir(exist_ok=True)
    sync_folder(out)
    stale = [out / name for name in _OWN if (out / name).is_file()]
    for path in (*stale, *out.glob(f"{TEMPORARY}*")):
        path.unlink()
    sync_folder(out)


def unfinished(out: Path) -> bool:
    """Tell whether the parts of an unfinished run lie in a folder."""
    return (out / _FOLDER).is_dir()


def _is_run(out: Path) -> bool:
    if unfinished(out):
        return True
    manifest = out / MANIFEST
    if not manifest.is_file():
        return False
    try:
        content = strict_loads(manifest.read_bytes(), name=MANIFEST)
    except ArtifactError:
        return False
    return isinstance(content, dict) and content.get("kind") == RUN_KIND


class Parts:
    """The parts of one run; parts of another run are never reused.

    Parameters
    ----------
    out : Path
        Claimed output folder.
    run_key : str
        Digest of everything that decides what stands in a part.
    resume : bool
        Keep parts that carry this key; otherwise all are removed.
    """

    def __init__(self, out: Path, run_key: str, *, resume: bool) -> None:
        self._folder = out / _FOLDER
        self._key = run_key
        if not (resume and self._is_same_run()):
            shutil.rmtree(self._folder)
            self._folder.mkdir()
            sync_folder(out)
            with whole_file(self._folder / _KEY_FILE) as stream:
                stream.write(canonical_json({"run_key": run_key}))
        for path in self._folder.glob(f"{TEMPORARY}*"):
            path.unlink()

    def _is_same_run(self) -> bool:
        path = self._folder / _KEY_FILE
        try:
            return bool(strict_loads(path.read_bytes(), name=_KEY_FILE) == {"run_key": self._key})
        except (ArtifactError, FileNotFoundError):
            return False

    def has(self, number: int, rows: int) -> bool:
        """Tell whether a part of this run stands complete with so many rows."""
        try:
            facts = pq.read_metadata(self._path(number))
        except (pa.ArrowException, OSError):
            return False
        return facts.num_rows == rows and (facts.metadata or {}).get(_KEY) == self._key.encode()

    def write(self, number: int, table: pa.Table) -> None:
        """Write one part whole."""
        marked = table.replace_schema_metadata({_KEY: self._key})
        with whole_file(self._path(number)) as stream:
            pq.write_table(marked, stream, compression="zstd")

    def read(self, count: int) -> Iterator[pa.Table]:
        """Read the first parts in order, one at a time."""
        for number in range(count):
            table = pq.read_table(self._path(number), partitioning=None)
            yield table.replace_schema_metadata(None).cast(PROPOSAL_SCHEMA)

    def remove(self) -> None:
        """Remove all parts and their folder."""
        shutil.rmtree(self._folder)
        sync_folder(self._folder.parent)

    def _path(self, number: int) -> Path:
        return self._folder / f"part-{number:05d}.parquet"
