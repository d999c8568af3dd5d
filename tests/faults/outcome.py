"""What stands in an output folder, and whether a reader could take it for what it is not."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from sanzhixin.batch import verify

SUCCESS, MANIFEST, QUARANTINE = "_SUCCESS", "manifest.json", "quarantine.csv"
UNFINISHED = ".sanzhixin-*"

Version = dict[str, bytes]
"""Proposals and quarantine of one complete run, by file name."""


def published(out: Path) -> Version:
    """Read what a plain reader sees: every file that is not hidden by ``_`` or ``.``."""
    paths = [path for path in out.glob("**/*") if path.is_file() and _is_plain(path, out)]
    return {str(path.relative_to(out)): path.read_bytes() for path in paths}


def _is_plain(path: Path, out: Path) -> bool:
    return all(part[0] not in "_." for part in path.relative_to(out).parts)


def version_of(out: Path) -> Version:
    """Proposals and quarantine of a complete run."""
    return {name: content for name, content in published(out).items() if name != MANIFEST}


def torn(out: Path, versions: Sequence[Version]) -> list[str]:
    """What a reader could take for complete though it is not.

    Every visible file has to be, byte for byte, that of one of the complete versions, and with
    ``_SUCCESS`` all of them that of the same one.
    """
    found = published(out)
    manifest = found.pop(MANIFEST, None)
    problems = [
        f"{name}: {len(content)} bytes are those of no complete run"
        for name, content in found.items()
        if content not in [version.get(name) for version in versions]
    ]
    if manifest is not None and not _is_json(manifest):
        problems.append(f"{MANIFEST} is cut off")
    if (out / SUCCESS).exists():
        problems += _false_promises(out, found, versions)
    return problems


def _false_promises(out: Path, found: Version, versions: Sequence[Version]) -> list[str]:
    said = [finding.en for finding in verify(out).findings]
    if found not in versions:
        said.append(f"{sorted(found)} are not together the files of one complete run")
    return [f"{SUCCESS}: {sentence}" for sentence in said]


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def unfinished(out: Path, version: Version) -> list[str]:
    """What is missing, or too much, in a folder that should hold one complete run."""
    if not (out / SUCCESS).exists():
        return [f"no {SUCCESS}"]
    problems = torn(out, [version])
    return problems + [f"{path.name} was left behind" for path in out.rglob(UNFINISHED)]


def is_complete(out: Path, version: Version) -> bool:
    return (out / SUCCESS).exists() and not torn(out, [version])


def miscounted(folder: Path, out: Path) -> list[str]:
    """Households that were not scored or quarantined exactly once, and what the manifest says."""
    handed_in = [row["household_id"] for row in _csv_rows(folder / "households.csv")]
    rejected = _csv_rows(out / QUARANTINE)
    away = [json.loads(row["row"])["household_id"] for row in rejected if _is_household(row)]
    problems = []
    if sorted(handed_in) != sorted([*_scored(out), *away]):
        problems.append("households in are not households scored and quarantined")
    rows = json.loads((out / MANIFEST).read_bytes())["rows"]
    counts = (rows["households_in"], rows["households_scored"], rows["households_quarantined"])
    if counts != (len(handed_in), len(_scored(out)), len(away)):
        problems.append(f"the manifest counts {counts}")
    return problems


def _is_household(row: dict[str, str]) -> bool:
    return row["table"] == "households"


def _scored(out: Path) -> list[str]:
    path = next(out.glob("proposals.*"))
    if path.suffix == ".parquet":
        return list(pq.read_table(path)["household_id"].to_pylist())
    return [row["household_id"] for row in _csv_rows(path)]


def _csv_rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))
