"""The manifest of a run: digests of what went in and came out, counts, versions, times."""

from __future__ import annotations

import datetime as dt
import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sanzhixin.batch.files import file_digest, whole_file
from sanzhixin.batch.parts import MANIFEST, QUARANTINE, RUN_KIND
from sanzhixin.scoring.canonical import canonical_json, sha256_digest
from sanzhixin.versions import installed_version, library_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sanzhixin.batch.intake import InputFile, Received
    from sanzhixin.model import SanzhixinModel

__all__ = [
    "MANIFEST_FORMAT",
    "RunFacts",
    "library_versions",
    "run_key",
    "write_manifest",
]

MANIFEST_FORMAT = 1
_LIBRARIES = ("numpy", "openpyxl", "pandas", "pyarrow", "pydantic")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a manifest says of a run before its output exists.

    Attributes
    ----------
    started : datetime
        With zone.
    received : Received
        What came in.
    model : SanzhixinModel
        Who answers.
    run_key : str
        From `run_key`.
    options : dict
        Of the run.
    exit_code : int
        How the run will end when it is published.
    """

    started: dt.datetime
    received: Received
    model: SanzhixinModel
    run_key: str
    options: dict[str, Any]
    exit_code: int


def run_key(
    files: Sequence[InputFile], as_of: dt.date, model: SanzhixinModel, chunk_rows: int
) -> str:
    """Digest of everything that decides what stands in a part.

    Parameters
    ----------
    files : sequence of InputFile
        By name and digest.
    as_of : date
        Scoring date.
    model : SanzhixinModel
        By digest.
    chunk_rows : int
        Households of a part.

    Returns
    -------
    str
        ``sha256:`` and 64 hexadecimal digits.
    """
    content = {
        "files": [[item.file, item.sha256] for item in files],
        "as_of": as_of.isoformat(),
        "model": model.file.digest(),
        "chunk_rows": chunk_rows,
        "library": library_version(),
    }
    return sha256_digest(canonical_json(content))


def write_manifest(
    out: Path, facts: RunFacts, *, proposals: Path | None, resumed_parts: int = 0
) -> str:
    """Write ``manifest.json`` beside the files that it describes.

    Parameters
    ----------
    out : Path
        Output folder; the quarantine stands there already.
    facts : RunFacts
        What is known of the run.
    proposals : Path or None
        The finished output; None when it is withheld.
    resumed_parts : int, default=0
        Parts taken over from an interrupted run.

    Returns
    -------
    str
        Digest of the manifest.
    """
    content = _content(out, facts, proposals, resumed_parts)
    text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True)
    with whole_file(out / MANIFEST) as stream:
        stream.write(f"{text}\n".encode())
    return file_digest(out / MANIFEST)


def _content(
    out: Path, facts: RunFacts, proposals: Path | None, resumed_parts: int
) -> dict[str, Any]:
    received, model = facts.received, facts.model
    households = next(count for count in received.counts if count.table == "households")
    return {
        "kind": RUN_KIND,
        "format": MANIFEST_FORMAT,
        "as_of": received.as_of.isoformat(),
        "started": facts.started.isoformat(timespec="seconds"),
        "finished": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "exit_code": facts.exit_code,
        "run_key": facts.run_key,
        "resumed_parts": resumed_parts,
        "options": facts.options,
        "versions": library_versions(),
        "model": {
            "model_id": model.model_id,
            "scheme_id": model.scheme.scheme_id,
            "status": model.file.status,
            "trust": _trust(model),
            "digest": model.file.digest(),
            "link": None if model.file.panel is None else model.file.panel.link,
            "pd_basis": model.file.pd.basis,
            "pd_population": model.file.pd.population,
        },
        "input": [asdict(item) for item in received.files],
        "output": None if proposals is None else _described(proposals),
        "quarantine": _described(out / QUARANTINE),
        "rows": {
            "households_in": households.n_in,
            "households_scored": 0 if proposals is None else households.accepted,
            "households_withheld": households.accepted if proposals is None else 0,
            "households_quarantined": households.rejected,
            "quarantined": received.n_rejected,
            "unattributed": received.unattributed,
            "tables": {
                count.table: {
                    "n_in": count.n_in,
                    "accepted": count.accepted,
                    "rejected": count.rejected,
                }
                for count in received.counts
            },
        },
    }


def _trust(model: SanzhixinModel) -> dict[str, Any] | None:
    """Who signed the model, and what was let pass; None where no trust list was asked."""
    trusted = model.trusted
    if trusted is None:
        return None
    return {"signed_by": list(trusted.signed_by), "accepted": list(trusted.accepted)}


def _described(path: Path) -> dict[str, Any]:
    return {"file": path.name, "sha256": file_digest(path), "bytes": path.stat().st_size}


def library_versions() -> dict[str, str]:
    """Versions of this library, Python and what the results rest on, as far as installed."""
    versions = {"sanzhixin": library_version(), "python": platform.python_version()}
    found = {name: installed_version(name) for name in _LIBRARIES}
    return versions | {name: version for name, version in found.items() if version is not None}
