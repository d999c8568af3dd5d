"""Is it what was published: the output of a run, or a model file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, NonNegativeInt, ValidationError

from sanzhixin.batch.files import TEMPORARY, file_digest
from sanzhixin.batch.manifest import MANIFEST_FORMAT
from sanzhixin.batch.parts import MANIFEST, RUN_KIND, SUCCESS, unfinished
from sanzhixin.errors import ArtifactError, DomainError, InputError, OutputError, SanzhixinError
from sanzhixin.scoring.artifact import read_model_file
from sanzhixin.scoring.canonical import canonical_json, sha256_digest, strict_loads
from sanzhixin.trust import Accepted, TrustList, read_trusted

__all__ = ["Verification", "verify"]

_BLOCK = 1 << 20
_ROWS = 1 << 16
_KEY = "household_id"


class _File(BaseModel, strict=True):
    """A file that a manifest names, always within its folder."""

    file: str
    sha256: str

    @property
    def name(self) -> str:
        return Path(self.file).name


class _Part(_File, strict=True):
    """One file of an output that is a folder."""

    rows: NonNegativeInt


class _Output(_File, strict=True):
    """The proposals: one file, or a folder of parts, whose digest is that of the list of them."""

    parts: list[_Part] | None = None


class _Counts(BaseModel, strict=True):
    """Rows of one table."""

    n_in: NonNegativeInt
    accepted: NonNegativeInt
    rejected: NonNegativeInt


class _Rows(BaseModel, strict=True):
    """Rows of all tables, and what became of the households."""

    households_in: NonNegativeInt
    households_scored: NonNegativeInt
    households_quarantined: NonNegativeInt
    households_withheld: NonNegativeInt
    quarantined: NonNegativeInt
    tables: dict[str, _Counts]


class _Model(BaseModel, strict=True):
    """The model that answered."""

    model_id: str
    digest: str


class _Manifest(BaseModel, strict=True):
    """What is checked of a manifest; it holds more."""

    kind: str
    format: int
    as_of: str
    model: _Model
    output: _Output | None
    quarantine: _File
    rows: _Rows


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


def verify(
    path: str | Path, *, trust: TrustList | None = None, accept: Sequence[Accepted] = ()
) -> Verification:
    """Check a run's output folder or a model against its own digests.

    Parameters
    ----------
    path : str or Path
        Folder that ``score`` wrote, or a model folder or file.
    trust : TrustList, optional
        Judges the signatures of a model, which are not looked at without it.
    accept : sequence of str
        As for `sanzhixin.trust.read_trusted`.

    Returns
    -------
    Verification
        For a run: ``_SUCCESS``, the manifest's digest, every file's digest, the equation rows in =
        scored + quarantined, and the rows of the output.  For the output of a run on Spark, a
        folder of parts: all of this for every part, that there is no other file, and that
        household_id rises from row to row and part to part, so that no household stands twice.
        For a model: digest, protocol, keys and every rule of the scheme.

    Raises
    ------
    InputError
        ``nothing_to_verify``: there is neither a run nor a model.
    """
    place = Path(path)
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        raise InputError("nothing_to_verify", path=place.name)
    marks = (MANIFEST, SUCCESS)
    staged = place.is_dir() and any(path.is_dir() for path in place.glob(f"{TEMPORARY}*"))
    if unfinished(place) or staged or any((place / name).is_file() for name in marks):
        return _verify_run(place)
    return _verify_model(place, trust, tuple(accept))


def _verify_model(
    path: Path, trust: TrustList | None, accept: tuple[Accepted, ...]
) -> Verification:
    signed = dict[str, str]()
    try:
        if trust is None:
            if accept:
                raise DomainError("accept_without_trust")
            model = read_model_file(path)
        else:
            trusted = read_trusted(path, trust, accept)
            model = trusted.file
            signed = {"signed_by": ", ".join(trusted.signed_by)}
            if trusted.accepted:
                signed["accepted"] = ", ".join(trusted.accepted)
    except ArtifactError as error:
        return Verification("model", (error,), {})
    facts = {
        "model_id": model.model_id,
        "scheme_id": model.scheme.scheme_id,
        "status": model.status,
        "valid_until": model.valid_until.isoformat(),
        "digest": model.digest(),
        **signed,
    }
    return Verification("model", (), facts)


def _verify_run(out: Path) -> Verification:
    findings: list[SanzhixinError] = []
    if unfinished(out):
        findings.append(OutputError("run_unfinished", path=out.name))
    manifest = _read_manifest(out)
    if manifest is None:
        if not findings:
            findings.append(OutputError("manifest_unusable", path=out.name))
        return Verification("run", tuple(findings), {})
    findings += _check_success(out, manifest)
    findings += _check_files(out, manifest)
    findings += _check_rows(out, manifest)
    facts = {
        "model_id": manifest.model.model_id,
        "model_digest": manifest.model.digest,
        "as_of": manifest.as_of,
        "manifest": file_digest(out / MANIFEST),
    }
    return Verification("run", tuple(findings), facts)


def _read_manifest(out: Path) -> _Manifest | None:
    try:
        content = strict_loads((out / MANIFEST).read_bytes(), name=MANIFEST)
        manifest = _Manifest.model_validate(content)
    except (ArtifactError, FileNotFoundError, ValidationError):
        return None
    known = (manifest.kind, manifest.format) == (RUN_KIND, MANIFEST_FORMAT)
    return manifest if known else None


def _check_success(out: Path, manifest: _Manifest) -> list[SanzhixinError]:
    mark = out / SUCCESS
    if not mark.is_file():
        code = "success_missing" if manifest.output else "nothing_published"
        return [OutputError(code, path=out.name)]
    stated = f"{MANIFEST} {file_digest(out / MANIFEST)}\n"
    if mark.read_bytes() != stated.encode():
        return [OutputError("file_altered", path=MANIFEST, mark=SUCCESS)]
    return []


def _check_files(out: Path, manifest: _Manifest) -> list[SanzhixinError]:
    findings: list[SanzhixinError] = []
    output = manifest.output
    if output is not None and output.parts is not None:
        findings += _check_parts(out / output.name, output, output.parts)
    elif output is not None:
        findings += _check_file(out, output)
    return [*findings, *_check_file(out, manifest.quarantine)]


def _check_file(folder: Path, item: _File, shown: str = "") -> Iterator[SanzhixinError]:
    path = folder / item.name
    if not path.is_file():
        yield OutputError("file_gone", path=f"{shown}{item.name}")
    elif file_digest(path) != item.sha256:
        yield OutputError("file_altered", path=f"{shown}{item.name}", mark=MANIFEST)


def _check_parts(folder: Path, output: _File, parts: Sequence[_Part]) -> Iterator[SanzhixinError]:
    """Check each part; only what carries its digest is opened."""
    stated = canonical_json([[part.file, part.sha256] for part in parts])
    if sha256_digest(stated) != output.sha256:
        yield OutputError("file_altered", path=folder.name, mark=MANIFEST)
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    for name in sorted(there - {part.name for part in parts}):
        yield OutputError("file_unexpected", path=f"{folder.name}/{name}")
    sound = []
    for part in parts:
        findings = list(_check_file(folder, part, f"{folder.name}/"))
        yield from findings
        if not findings:
            sound.append(folder / part.name)
            found = _count(sound[-1]) or 0
            if found != part.rows:
                shown = f"{folder.name}/{part.name}"
                yield OutputError("rows_differ", path=shown, found=found, stated=part.rows)
    yield from _check_order(sound)


def _check_order(parts: Sequence[Path]) -> Iterator[SanzhixinError]:
    """Check that identifiers rise over all parts, a block at a time."""
    last = pa.array([], pa.string())
    for path in parts:
        shown, twice, is_sorted = f"{path.parent.name}/{path.name}", 0, True
        try:
            for block in _identifiers(path):
                both = pa.concat_arrays([last, block])
                before, after = both[:-1], both[1:]
                twice += pc.sum(pc.equal(before, after)).as_py() or 0
                is_sorted &= not block.null_count and not pc.any(pc.less(after, before)).as_py()
                last = both[-1:]
        except (pa.ArrowException, OSError, KeyError):
            is_sorted = False
        if twice:
            yield OutputError("households_twice", path=shown, count=twice)
        if not is_sorted:
            yield OutputError("parts_unsorted", path=shown)


def _identifiers(path: Path) -> Iterator[pa.Array]:
    with pq.ParquetFile(path) as content:
        for batch in content.iter_batches(_ROWS, columns=[_KEY]):
            yield batch.column(_KEY).cast(pa.string())


def _check_rows(out: Path, manifest: _Manifest) -> list[SanzhixinError]:
    rows = manifest.rows
    findings: list[SanzhixinError] = []
    known = rows.households_scored + rows.households_quarantined + rows.households_withheld
    if rows.households_in != known:
        findings.append(OutputError("rows_lost", what="households"))
    for name, count in rows.tables.items():
        if count.n_in != count.accepted + count.rejected:
            findings.append(OutputError("rows_lost", what=name))
    stated = ((manifest.output, rows.households_scored), (manifest.quarantine, rows.quarantined))
    for item, number in stated:
        if isinstance(item, _Output) and item.parts is not None:
            found: int | None = sum(part.rows for part in item.parts)
        else:
            found = None if item is None else _count(out / item.name)
        if item is not None and found is not None and found != number:
            findings.append(OutputError("rows_differ", path=item.name, found=found, stated=number))
    return findings


def _count(path: Path) -> int | None:
    """Rows of a file; None when they cannot be counted."""
    if not path.is_file():
        return None
    if path.suffix == ".parquet":
        try:
            return int(pq.read_metadata(path).num_rows)
        except (pa.ArrowException, OSError):
            return None
    return max(_records(path) - 1, 0) if path.suffix == ".csv" else None


def _records(path: Path) -> int:
    """Count the lines of a CSV file that end outside quotes, however long a cell is."""
    records, quoted, last = 0, False, b"\n"
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            for place, piece in enumerate(block.split(b'"')):
                quoted ^= place > 0
                records += 0 if quoted else piece.count(b"\n")
            last = block[-1:]
    return records + (last != b"\n")
