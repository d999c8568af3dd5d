"""Parts of an unfinished run: what each range of households gave, reused by a resumed run."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from sanzhixin.batch.files import TEMPORARY, sync_folder, whole_file
from sanzhixin.batch.outcome import RangeOutcome
from sanzhixin.batch.spool import SPOOL_FILE
from sanzhixin.batch.table import PROPOSAL_SCHEMA
from sanzhixin.errors import ArtifactError, OutputError
from sanzhixin.records.rejected import REJECTED_COLUMNS
from sanzhixin.scoring.canonical import canonical_json, strict_loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

__all__ = [
    "MANIFEST",
    "QUARANTINE",
    "RUN_KIND",
    "SUCCESS",
    "Parts",
    "claim_folder",
    "mark_complete",
    "refuse_foreign",
    "unfinished",
]

MANIFEST = "manifest.json"
QUARANTINE = "quarantine.csv"
SUCCESS = "_SUCCESS"
RUN_KIND = "sanzhixin-score"
"""What a manifest calls itself."""

_FOLDER = "_parts"
_KEY_FILE = "run.json"
_KEY, _OUTCOME = b"sanzhixin.run_key", b"sanzhixin.outcome"
_REJECTED = pa.schema(
    [(name, pa.int64() if name == "line" else pa.string()) for name in REJECTED_COLUMNS]
)
_OWN = (SUCCESS, MANIFEST, QUARANTINE, "proposals.parquet", "proposals.csv", "proposals.xlsx")
_KEPT = ("proposals", QUARANTINE, MANIFEST, SUCCESS)
_PART = re.compile(r"(part|rejected)-[0-9]{5,}\.parquet")
_UNFINISHED = re.compile(re.escape(TEMPORARY) + r"[a-z0-9_]{8}")
_WITHIN = (_PART, _UNFINISHED, SPOOL_FILE)


def refuse_foreign(out: Path) -> None:
    """Refuse an output folder that holds files which no run wrote.

    Raises
    ------
    OutputError
        ``output_folder_in_use``.
    """
    held = [path for path in out.iterdir() if not _is_temporary(path)] if out.exists() else []
    if held and not _is_run(out):
        raise OutputError(
            "output_folder_in_use",
            path=out.name,
            count=len(held),
            others=f" that are not an earlier run of score ({', '.join(_KEPT)})",
            others_zh=f"，不是以往 score 的结果（{'、'.join(_KEPT)}）",
        )


def claim_folder(out: Path, run_key: str, *, keep: Path | None = None) -> None:
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
    keep : Path, optional
        Temporary folder in it that the run itself works in.

    Raises
    ------
    OutputError
        ``output_folder_in_use``: it holds other files.
    """
    out.mkdir(parents=True, exist_ok=True)
    refuse_foreign(out)
    (out / SUCCESS).unlink(missing_ok=True)
    if not _has_parts(out):
        _place_parts(out, run_key)
    sync_folder(out)
    for path in [out / name for name in _OWN if (out / name).is_file()]:
        path.unlink()
    for path in [path for path in out.iterdir() if _is_temporary(path) and path != keep]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    sync_folder(out)


def mark_complete(out: Path, manifest: str) -> None:
    """Write ``_SUCCESS``; a mark of which it is not certain that it lasts is taken away again.

    Parameters
    ----------
    out : Path
        Where everything else stands.
    manifest : str
        Digest of the manifest.
    """
    mark = out / SUCCESS
    try:
        with whole_file(mark) as stream:
            stream.write(f"{MANIFEST} {manifest}\n".encode())
    except OSError:
        mark.unlink(missing_ok=True)
        raise


def unfinished(out: Path) -> bool:
    """Tell whether a folder holds what an interrupted run leaves: parts, or its rows alone."""
    if not out.is_dir():
        return False
    held = list(out.iterdir())
    return _has_parts(out) or bool(held and all(map(_is_temporary, held)))


def _has_parts(out: Path) -> bool:
    """Tell whether the parts of an unfinished run, and nothing else, lie in ``_parts``."""
    folder = out / _FOLDER
    return _holds_only_parts(folder) and _key_of(folder) is not None


def _is_run(out: Path) -> bool:
    """Tell whether what carries our names in a folder was written by a run."""
    if any((out / name).exists() and not (out / name).is_file() for name in _OWN):
        return False
    if _has_parts(out):
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
        (path.is_file() or not os.path.lexists(path))  # gone: a process of the run just ended
        and (path.name == _KEY_FILE or any(name.fullmatch(path.name) for name in _WITHIN))
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
        self.out = out
        self._folder = out / _FOLDER
        self._key = run_key
        if not (resume and _key_of(self._folder) == run_key):
            for path in [path for path in self._folder.iterdir() if _PART.fullmatch(path.name)]:
                path.unlink()
            with whole_file(self._folder / _KEY_FILE) as stream:
                stream.write(canonical_json({"run_key": run_key}))
        self.sweep()

    def sweep(self) -> None:
        """Remove what a process left behind that was stopped while it wrote a part."""
        for path in self._folder.glob(f"{TEMPORARY}*"):
            path.unlink(missing_ok=True)

    def has(self, number: int) -> bool:
        """Tell whether a part of this run stands complete."""
        return self.outcome(number) is not None and self._facts(self._rejected(number)) is not None

    def outcome(self, number: int) -> RangeOutcome | None:
        """Give what the acceptance of one range said; None when its part does not stand."""
        facts = self._facts(self._path(number))
        if facts is None:
            return None
        return RangeOutcome.model_validate_json(facts[_OUTCOME])

    def _facts(self, path: Path) -> dict[bytes, bytes] | None:
        try:
            facts = pq.read_metadata(path).metadata or {}
        except (pa.ArrowException, OSError):
            return None
        return facts if facts.get(_KEY) == self._key.encode() else None

    def write(
        self, number: int, proposals: pa.Table, rejected: pd.DataFrame, outcome: RangeOutcome
    ) -> None:
        """Write one part: the rejected rows, then the proposals with the outcome."""
        told = pa.Table.from_pandas(rejected, _REJECTED, preserve_index=False)
        marks: dict[bytes, str] = {_KEY: self._key}
        self._write(self._rejected(number), told.replace_schema_metadata(marks))
        marks[_OUTCOME] = outcome.model_dump_json()
        self._write(self._path(number), proposals.replace_schema_metadata(marks))

    def _write(self, path: Path, table: pa.Table) -> None:
        with whole_file(path) as stream:
            pq.write_table(table, stream, compression="zstd")

    def read(self, count: int) -> Iterator[pa.Table]:
        """Read the proposals of the first parts in order, one part at a time.

        Raises
        ------
        OutputError
            ``part_damaged``: a part cannot be read; it is removed, so that it is scored again.
            ``parts_of_another_run``: another run has put its parts in their place.
        """
        for number in range(count):
            yield self._read(self._path(number)).cast(PROPOSAL_SCHEMA)

    def rejected(self, number: int) -> pd.DataFrame:
        """Read the rejected rows of one part; errors as `read`."""
        rejected: pd.DataFrame = self._read(self._rejected(number)).to_pandas()
        return rejected

    def _read(self, path: Path) -> pa.Table:
        try:
            table = pq.read_table(path, partitioning=None)
        except (pa.ArrowException, OSError):
            path.unlink(missing_ok=True)
            raise OutputError("part_damaged", path=path.name) from None
        if (table.schema.metadata or {}).get(_KEY) != self._key.encode():
            raise OutputError("parts_of_another_run", path=self.out.name)
        return table.replace_schema_metadata(None)

    def remove(self) -> None:
        """Remove all parts; by one rename first, so that half of them never pass for a run."""
        away = self._folder.with_name(f"{TEMPORARY}{secrets.token_hex(4)}")
        self._folder.replace(away)
        shutil.rmtree(away)
        sync_folder(away.parent)

    def _path(self, number: int) -> Path:
        return self._folder / f"part-{number:05d}.parquet"

    def _rejected(self, number: int) -> Path:
        return self._folder / f"rejected-{number:05d}.parquet"
