"""Parts of an unfinished run: one file per chunk of households, reused by a resumed run."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
_PART = re.compile(r"part-[0-9]{5,}\.parquet")
_UNFINISHED = re.compile(re.escape(TEMPORARY) + r"[a-z0-9_]{8}")


def claim_folder(out: Path, run_key: str) -> None:
    """Make the output folder ours: an empty one, or that of an earlier run.

    From here on the folder holds no ``_SUCCESS``; results of an earlier run are removed only
    after the mark of an unfinished run stands, so that the folder can always be claimed again.
    Nothing is removed that no run wrote.

    Parameters
    ----------
    out : Path
        Created when absent.
    run_key : str
        Key of the run, for a folder that holds no parts yet.

    Raises
    ------
    OutputError
        ``output_folder_in_use``: it holds other files.
    """
    out.mkdir(parents=True, exist_ok=True)
    held = [path for path in out.iterdir() if not _is_temporary(path)]
    if held and not _is_run(out):
        raise OutputError("output_folder_in_use", path=out.name, count=len(held))
    (out / SUCCESS).unlink(missing_ok=True)
    if not unfinished(out):
        _place_parts(out, run_key)
    sync_folder(out)
    for path in [out / name for name in _OWN if (out / name).is_file()]:
        path.unlink()
    for path in [path for path in out.iterdir() if _is_temporary(path)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    sync_folder(out)


def unfinished(out: Path) -> bool:
    """Tell whether the parts of an unfinished run, and nothing else, lie in ``_parts``."""
    folder = out / _FOLDER
    return _holds_only_parts(folder) and _key_of(folder) is not None


def _is_run(out: Path) -> bool:
    """Tell whether what carries our names in a folder was written by a run."""
    if unfinished(out):
        return True
    if (out / _FOLDER).exists():
        return False
    content = _read(out / MANIFEST)
    if content.get("kind") != RUN_KIND:
        return False
    items = [content.get("output"), content.get("quarantine")]
    stated = {str(item.get("file")) for item in items if isinstance(item, dict)}
    return {name for name in _OWN if (out / name).exists()} <= {*stated, MANIFEST, SUCCESS}


def _place_parts(out: Path, run_key: str) -> None:
    """Let ``_parts`` appear with its key inside, so that it is ours from the first moment."""
    place = Path(tempfile.mkdtemp(dir=out, prefix=TEMPORARY))
    try:
        with whole_file(place / _KEY_FILE) as stream:
            stream.write(canonical_json({"run_key": run_key}))
        place.replace(out / _FOLDER)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def _is_temporary(path: Path) -> bool:
    if not _UNFINISHED.fullmatch(path.name):
        return False
    return path.is_file() or _holds_only_parts(path)


def _holds_only_parts(folder: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    return all(
        path.is_file()
        and (
            path.name == _KEY_FILE or _PART.fullmatch(path.name) or _UNFINISHED.fullmatch(path.name)
        )
        for path in folder.iterdir()
    )


def _key_of(folder: Path) -> str | None:
    key = _read(folder / _KEY_FILE).get("run_key")
    return key if isinstance(key, str) else None


def _read(path: Path) -> dict[str, Any]:
    """Content of a JSON object; nothing when there is no such file or it is something else."""
    if not path.is_file():
        return {}
    try:
        content = strict_loads(path.read_bytes(), name=path.name)
    except ArtifactError:
        return {}
    return content if isinstance(content, dict) else {}


class Parts:
    """The parts of one run; parts of another run are never reused.

    Parameters
    ----------
    out : Path
        Claimed output folder, with ``_parts``.
    run_key : str
        Digest of everything that decides what stands in a part.
    resume : bool
        Keep parts that carry this key; otherwise all are removed.
    """

    def __init__(self, out: Path, run_key: str, *, resume: bool) -> None:
        self._folder = out / _FOLDER
        self._key = run_key
        if not (resume and _key_of(self._folder) == run_key):
            for path in self._folder.glob("part-*"):
                path.unlink()
            with whole_file(self._folder / _KEY_FILE) as stream:
                stream.write(canonical_json({"run_key": run_key}))
        self.sweep()

    def sweep(self) -> None:
        """Remove what a process left behind that was stopped while it wrote a part."""
        for path in self._folder.glob(f"{TEMPORARY}*"):
            path.unlink(missing_ok=True)

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
        """Read the first parts in order, one at a time.

        Raises
        ------
        OutputError
            ``part_damaged``: a part cannot be read; it is removed, so that it is scored again.
            ``parts_of_another_run``: another run has put its parts in their place.
        """
        for number in range(count):
            path = self._path(number)
            try:
                table = pq.read_table(path, partitioning=None)
            except (pa.ArrowException, OSError):
                path.unlink(missing_ok=True)
                raise OutputError("part_damaged", path=path.name) from None
            if (table.schema.metadata or {}).get(_KEY) != self._key.encode():
                raise OutputError("parts_of_another_run", path=self._folder.parent.name)
            yield table.replace_schema_metadata(None).cast(PROPOSAL_SCHEMA)

    def remove(self) -> None:
        """Remove all parts; by one rename first, so that half of them never pass for a run."""
        away = self._folder.with_name(f"{TEMPORARY}{secrets.token_hex(4)}")
        self._folder.replace(away)
        shutil.rmtree(away)
        sync_folder(away.parent)

    def _path(self, number: int) -> Path:
        return self._folder / f"part-{number:05d}.parquet"
