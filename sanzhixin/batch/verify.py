"""Is it what was published: the output of a run, or a model file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from sanzhixin.batch.files import file_digest
from sanzhixin.batch.manifest import MANIFEST_FORMAT
from sanzhixin.batch.parts import MANIFEST, RUN_KIND, SUCCESS, unfinished
from sanzhixin.errors import ArtifactError, OutputError, SanzhixinError
from sanzhixin.scoring.artifact import read_model_file
from sanzhixin.scoring.canonical import strict_loads

__all__ = ["Verification", "verify"]


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.

    Attributes
    ----------
    kind : {"run", "model"}
        What lies at the path.
    findings : tuple of SanzhixinError
        What does not agree, in two languages; empty when all agrees.
    facts : dict of str to str
        What was checked: identifiers and digests.
    """

    kind: Literal["run", "model"]
    findings: tuple[SanzhixinError, ...]
    facts: dict[str, str]

    @property
    def exit_code(self) -> int:
        """0 when all agrees, else the exit code of the first finding: 6 model, 7 output."""
        return self.findings[0].exit_code if self.findings else 0


def verify(path: str | Path) -> Verification:
    """Check a run's output folder or a model against its own digests.

    Parameters
    ----------
    path : str or Path
        Folder that ``score`` wrote, or a model folder or file.

    Returns
    -------
    Verification
        For a run: ``_SUCCESS``, the manifest's digest, every file's digest, the equation rows in =
        scored + quarantined, and the rows of the output.  For a model: digest, protocol, keys and
        every rule of the scheme.
    """
    place = Path(path)
    marks = (MANIFEST, SUCCESS)
    if unfinished(place) or any((place / name).is_file() for name in marks):
        return _verify_run(place)
    return _verify_model(place)


def _verify_model(path: Path) -> Verification:
    try:
        model = read_model_file(path)
    except ArtifactError as error:
        return Verification("model", (error,), {})
    facts = {
        "model_id": model.model_id,
        "scheme_id": model.scheme.scheme_id,
        "status": model.status,
        "valid_until": model.valid_until.isoformat(),
        "digest": model.digest(),
    }
    return Verification("model", (), facts)


def _verify_run(out: Path) -> Verification:
    findings: list[SanzhixinError] = []
    if unfinished(out):
        findings.append(OutputError("run_unfinished", path=out.name))
    manifest = _read_manifest(out)
    if manifest is None:
        findings.append(OutputError("manifest_unusable", path=out.name))
        return Verification("run", tuple(findings), {})
    findings += _check_success(out)
    findings += _check_files(out, manifest)
    try:
        findings += _check_rows(out, manifest)
        facts = {
            "model_id": str(manifest["model"]["model_id"]),
            "model_digest": str(manifest["model"]["digest"]),
            "as_of": str(manifest["as_of"]),
            "manifest": file_digest(out / MANIFEST),
        }
    except (KeyError, TypeError):
        findings.append(OutputError("manifest_unusable", path=out.name))
        facts = {}
    return Verification("run", tuple(findings), facts)


def _read_manifest(out: Path) -> dict[str, Any] | None:
    try:
        content = strict_loads((out / MANIFEST).read_bytes(), name=MANIFEST)
    except (ArtifactError, FileNotFoundError):
        return None
    known = isinstance(content, dict) and content.get("kind") == RUN_KIND
    return content if known and content.get("format") == MANIFEST_FORMAT else None


def _check_success(out: Path) -> list[SanzhixinError]:
    mark = out / SUCCESS
    if not mark.is_file():
        return [OutputError("success_missing", path=out.name)]
    stated = f"{MANIFEST} {file_digest(out / MANIFEST)}\n"
    if mark.read_bytes() != stated.encode():
        return [OutputError("file_altered", path=MANIFEST, mark=SUCCESS)]
    return []


def _check_files(out: Path, manifest: dict[str, Any]) -> list[SanzhixinError]:
    findings: list[SanzhixinError] = []
    for item in (manifest.get("output"), manifest.get("quarantine")):
        if not isinstance(item, dict):
            continue
        name = Path(str(item.get("file"))).name
        if not (out / name).is_file():
            findings.append(OutputError("file_gone", path=name))
        elif file_digest(out / name) != item.get("sha256"):
            findings.append(OutputError("file_altered", path=name, mark=MANIFEST))
    return findings


def _check_rows(out: Path, manifest: dict[str, Any]) -> list[SanzhixinError]:
    rows = manifest["rows"]
    parts = ("households_scored", "households_quarantined", "households_withheld")
    findings: list[SanzhixinError] = []
    if rows["households_in"] != sum(rows[name] for name in parts):
        findings.append(OutputError("rows_lost", what="households"))
    for name, count in rows["tables"].items():
        if count["n_in"] != count["accepted"] + count["rejected"]:
            findings.append(OutputError("rows_lost", what=name))
    written = [
        (_count(out, manifest["output"]), rows["households_scored"]),
        (_count(out, manifest["quarantine"]), rows["quarantined"]),
    ]
    for (name, found), stated in written:
        if found is not None and found != stated:
            findings.append(OutputError("rows_differ", path=name, found=found, stated=stated))
    return findings


def _count(out: Path, item: dict[str, Any] | None) -> tuple[str, int | None]:
    name = "" if item is None else Path(str(item["file"])).name
    path = out / name
    if not name or not path.is_file():
        return name, None
    if path.suffix == ".parquet":
        try:
            return name, int(pq.read_metadata(path).num_rows)
        except (pa.ArrowException, OSError):
            return name, None
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as stream:
            return name, max(sum(1 for _ in csv.reader(stream)) - 1, 0)
    return name, None
