"""A run on Spark published as a folder: parts, quarantine, manifest, and the mark at last."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from sanzhixin.batch.files import TEMPORARY, file_digest, sync_folder, whole_file
from sanzhixin.batch.manifest import MANIFEST_FORMAT, library_versions
from sanzhixin.batch.parts import MANIFEST, QUARANTINE, RUN_KIND, SUCCESS, mark_complete
from sanzhixin.batch.quarantine import QUARANTINE_COLUMNS
from sanzhixin.batch.spark import SparkProposals, accept_raters, without_places
from sanzhixin.batch.table import PROPOSAL_SCHEMA
from sanzhixin.errors import ArtifactError, DomainError, OutputError
from sanzhixin.records.cells import guard_text
from sanzhixin.scoring.artifact import ModelFile
from sanzhixin.scoring.canonical import canonical_json, sha256_digest, strict_loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyspark.sql import DataFrame

    from sanzhixin.records.accept import Acceptance

__all__ = ["PROPOSALS", "SparkRun", "write_spark_run"]

PROPOSALS = "proposals.parquet"
"""The folder of parts."""

_ROWS_A_PART = 250_000
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_STAGED = re.compile(re.escape(TEMPORARY) + r"[a-z0-9_]{8}")
_NO_PLACE = ("file", "line")
_WRITING = {
    "compression": "zstd",
    # parts appear when the whole job is committed; the mark of Spark would not be ours
    "mapreduce.fileoutputcommitter.algorithm.version": "1",
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}


@dataclass(frozen=True, slots=True)
class SparkRun:
    """What was published.

    Attributes
    ----------
    exit_code : int
        0 all rows accepted, 3 some were quarantined; as of `sanzhixin score`.
    out : Path
        The folder.
    parts : int
        Files in ``proposals.parquet``.
    households_in, households_scored, households_quarantined : int
        The first is the sum of the others.
    quarantined : int
        Rejected rows of all tables.
    manifest : str
        Digest of ``manifest.json``.
    """

    exit_code: int
    out: Path
    parts: int
    households_in: int
    households_scored: int
    households_quarantined: int
    quarantined: int
    manifest: str


@dataclass(frozen=True, slots=True)
class _Part:
    """One file of proposals."""

    file: str
    sha256: str
    bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Count:
    """Rows of one table."""

    n_in: int
    accepted: int
    unattributed: int = 0

    @property
    def rejected(self) -> int:
        return self.n_in - self.accepted


def write_spark_run(
    answers: SparkProposals, out: str | Path, *, rows_a_part: int = _ROWS_A_PART
) -> SparkRun:
    """Compute the answers of a run on Spark and publish all of them or nothing.

    ``OUT`` then holds the folder ``proposals.parquet`` (parts in the order of household_id, no
    household in two of them), ``quarantine.csv``, ``manifest.json`` with the digest of every part
    and, written last, ``_SUCCESS``; `verify` checks it as the output of a local run.  Everything
    is made in a hidden folder within ``OUT`` and takes its name when all of it is there.  What an
    earlier run on Spark left stands until then.

    Only a folder that the driver and every worker see under one path will do, local or mounted
    (NFS, the NFS gateway or FUSE mount of HDFS); addresses as ``hdfs://`` are refused.  One run at
    a time writes into a folder.

    Parameters
    ----------
    answers : SparkProposals
        From `propose_on_spark`; they are kept on the disks of the workers while they are written,
        unless the caller has persisted them.
    out : str or Path
        New, empty, or that of an earlier run on Spark, which is replaced.
    rows_a_part : int, default=250000
        About so many proposals stand in each part.

    Returns
    -------
    SparkRun
        Counts and the digest of the manifest.

    Raises
    ------
    DomainError
        ``run_option``: fewer than one row a part.
    OutputError
        ``spark_address``: not the path of a folder; ``output_folder_in_use``;
        ``spark_unseen``: the workers wrote where the driver does not see it;
        ``spark_not_committed``: disk full, no permission.  There is no ``_SUCCESS`` then.

    Notes
    -----
    Errors of Spark itself pass through, and the hidden folder is removed.  Equal input gives equal
    proposals, but not equal bytes of the parts: Spark draws the bounds between them from a sample.
    The cluster does not tell which files its tables came from: in the manifest file name, digest
    and size of the input are null, and ``quarantine.csv`` has no file and no line.
    """
    place = _folder(out)
    if rows_a_part < 1:
        raise DomainError("run_option", name="rows_a_part", value=rows_a_part, known="1 or more")
    started = dt.datetime.now(dt.UTC)
    with _committing(place):
        _check_free(place)
        place.mkdir(parents=True, exist_ok=True)
        for left in _staged(place):
            shutil.rmtree(left)
        stage = Path(tempfile.mkdtemp(dir=place, prefix=TEMPORARY))
        try:
            with _kept(answers.answers):
                counts, parts = _fill(stage, answers, rows_a_part)
            content = _manifest(stage, answers, counts, parts, started)
            _write_manifest(stage, content)
            digest = _publish(stage, place)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    households = counts["households"]
    return SparkRun(
        exit_code=content["exit_code"],
        out=place,
        parts=len(parts),
        households_in=households.n_in,
        households_scored=households.accepted,
        households_quarantined=households.rejected,
        quarantined=content["rows"]["quarantined"],
        manifest=digest,
    )


@contextmanager
def _committing(out: Path) -> Iterator[None]:
    """Turn every failure of the file system into one error."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise OutputError("spark_not_committed", path=out.name, problem=problem) from None


@contextmanager
def _kept(frame: DataFrame) -> Iterator[None]:
    """Compute a frame once while it is used several times."""
    from pyspark import StorageLevel

    level = frame.storageLevel
    if level.useDisk or level.useMemory:
        yield
        return
    frame.persist(StorageLevel.DISK_ONLY)
    try:
        yield
    finally:
        frame.unpersist()


def _folder(out: str | Path) -> Path:
    address = _ADDRESS.match(str(out))
    if address:
        raise OutputError("spark_address", scheme=address[1])
    return Path(out).absolute()


def _staged(out: Path) -> list[Path]:
    """Folders of runs that were stopped."""
    return [path for path in out.iterdir() if path.is_dir() and _STAGED.fullmatch(path.name)]


def _check_free(out: Path) -> None:
    """Refuse a folder that holds anything but an earlier run on Spark."""
    if not out.exists():
        return
    held = {path.name for path in out.iterdir()} - {path.name for path in _staged(out)}
    if held and not (held <= {MANIFEST, QUARANTINE, PROPOSALS, SUCCESS} and _is_ours(out)):
        raise OutputError(
            "output_folder_in_use",
            path=out.name,
            count=len(held),
            others=" that are not an earlier run on Spark",
            others_zh="，不是以往 Spark 运行的结果",
        )


def _is_ours(out: Path) -> bool:
    """Tell whether the manifest of a run on Spark names everything that lies in its folder."""
    try:
        content = strict_loads((out / MANIFEST).read_bytes(), name=MANIFEST)
        stated = {part["file"] for part in content["output"]["parts"]}
    except (ArtifactError, KeyError, OSError, TypeError):
        return False
    place = out / PROPOSALS
    held = {path.name for path in place.iterdir()} if place.is_dir() else set()
    return content.get("kind") == RUN_KIND and not place.is_file() and held <= stated


def _fill(
    stage: Path, answers: SparkProposals, rows_a_part: int
) -> tuple[dict[str, _Count], list[_Part]]:
    """Write parts and quarantine; give the rows of each table and the parts."""
    raters = accept_raters(answers.job)
    counts = _counts(answers, raters)
    scored = counts["households"].accepted
    place = stage / PROPOSALS
    _write_parts(answers.proposals, place, max(1, -(-scored // rows_a_part)))
    parts = _gather(place)
    found = sum(part.rows for part in parts)
    if found != scored:
        raise OutputError("spark_unseen", path=stage.parent.name, found=found, stated=scored)
    own = answers.quarantine.orderBy("table", "row", "field", "codes")
    told = without_places(raters.rejected).astype(object).fillna("")
    rows = chain(told.itertuples(index=False, name=None), own.toLocalIterator())
    written = _write_quarantine(rows, stage / QUARANTINE)
    assert written == _rejected(counts)  # noqa: S101 - our own invariant
    return counts, parts


def _counts(answers: SparkProposals, raters: Acceptance) -> dict[str, _Count]:
    found = {row["table"]: row for row in answers.counts.collect()}
    counts = {"raters": _Count(raters.n_in, len(raters.accepted))}
    for name, _ in answers.job.tables:
        row = found.get(name)  # no row at all where no table has any
        counts[name] = (
            _Count(0, 0)
            if row is None
            else _Count(row["n_in"], row["accepted"], row["unattributed"])
        )
    return counts


def _rejected(counts: dict[str, _Count]) -> int:
    return sum(count.rejected for count in counts.values())


def _write_parts(proposals: DataFrame, place: Path, count: int) -> None:
    """Let the workers write the parts, in one order over all of them."""
    ordered = proposals.repartitionByRange(count, "household_id")
    ordered = ordered.sortWithinPartitions("household_id")
    ordered.write.options(**_WRITING).parquet(f"file://{place.as_posix()}")


def _gather(place: Path) -> list[_Part]:
    """Name and describe the parts that the driver sees, and remove the check sums of Hadoop."""
    if not place.is_dir():
        return []
    for path in place.iterdir():
        if path.name.startswith((".", "_")):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    parts = []
    for number, written in enumerate(sorted(place.glob("*.parquet"))):
        path = written.rename(place / f"part-{number:05d}.parquet")
        path.chmod(0o600)
        facts = pq.read_metadata(path)
        assert facts.schema.to_arrow_schema().names == PROPOSAL_SCHEMA.names  # noqa: S101
        parts.append(_Part(path.name, file_digest(path), path.stat().st_size, facts.num_rows))
        sync_folder(path)
    place.chmod(0o700)
    sync_folder(place)
    return parts


def _write_quarantine(rows: Iterable[Iterable[Any]], path: Path) -> int:
    """Write the quarantine as a local run does; file and line stay blank."""
    blank = {QUARANTINE_COLUMNS.index(name) for name in _NO_PLACE}
    count = 0
    with whole_file(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        writer = csv.writer(text)
        writer.writerow(QUARANTINE_COLUMNS)
        for row in rows:
            cells = ("" if k in blank else cell or "" for k, cell in enumerate(row))
            writer.writerow([guard_text(cell) for cell in cells])
            count += 1
        text.detach()
    return count


def _manifest(
    stage: Path,
    answers: SparkProposals,
    counts: dict[str, _Count],
    parts: list[_Part],
    started: dt.datetime,
) -> dict[str, Any]:
    """Say what a local manifest says; null is what a cluster does not tell."""
    job = answers.job
    households, quarantined = counts["households"], _rejected(counts)
    unknown = {"file": None, "sha256": None, "bytes": None}
    return {
        "kind": RUN_KIND,
        "format": MANIFEST_FORMAT,
        "as_of": job.as_of.isoformat(),
        "started": started.isoformat(timespec="seconds"),
        "finished": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "exit_code": 3 if quarantined else 0,
        "run_key": None,
        "resumed_parts": 0,
        "options": {"engine": "spark", "format": "parquet", "buckets": job.buckets},
        "versions": library_versions()
        | {"pyspark": version("pyspark"), "spark": answers.answers.sparkSession.version},
        "model": _model(job.model),
        "input": [{**unknown, "tables": [name]} for name in counts],
        "output": {
            "file": PROPOSALS,
            "sha256": sha256_digest(canonical_json([[part.file, part.sha256] for part in parts])),
            "bytes": sum(part.bytes for part in parts),
            "parts": [asdict(part) for part in parts],
        },
        "quarantine": {
            "file": QUARANTINE,
            "sha256": file_digest(stage / QUARANTINE),
            "bytes": (stage / QUARANTINE).stat().st_size,
        },
        "rows": {
            "households_in": households.n_in,
            "households_scored": households.accepted,
            "households_withheld": 0,
            "households_quarantined": households.rejected,
            "quarantined": quarantined,
            "unattributed": {
                name: count.unattributed for name, count in counts.items() if count.unattributed
            },
            "tables": {
                name: {
                    "n_in": count.n_in,
                    "accepted": count.accepted,
                    "rejected": count.rejected,
                }
                for name, count in counts.items()
            },
        },
    }


def _model(content: bytes) -> dict[str, Any]:
    model = ModelFile.model_validate_json(content)
    return {
        "model_id": model.model_id,
        "scheme_id": model.scheme.scheme_id,
        "status": model.status,
        "trust": None,  # judged where the program loads it
        "digest": model.digest(),
        "link": None if model.panel is None else model.panel.link,
        "pd_basis": model.pd.basis,
        "pd_population": model.pd.population,
    }


def _write_manifest(stage: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True)
    with whole_file(stage / MANIFEST) as stream:
        stream.write(f"{text}\n".encode())


def _publish(stage: Path, out: Path) -> str:
    """Put everything in its place, the manifest first, so that a stopped run is known as ours."""
    (out / SUCCESS).unlink(missing_ok=True)
    sync_folder(out)
    if (out / PROPOSALS).exists():
        shutil.rmtree(out / PROPOSALS)
    for name in (MANIFEST, QUARANTINE, PROPOSALS):
        (stage / name).replace(out / name)
    sync_folder(out)
    digest = file_digest(out / MANIFEST)
    mark_complete(out, digest)
    return digest
