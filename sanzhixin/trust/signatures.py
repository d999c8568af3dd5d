"""Signatures of model files: made, kept beside the file, and judged by a trust list."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, ValidationError

from sanzhixin.errors import ArtifactError, DomainError, InputError, OutputError
from sanzhixin.errors.words import MODEL_STATUS_WORDS
from sanzhixin.records.whole_file import write_whole
from sanzhixin.scheme.base import Decision
from sanzhixin.scoring.artifact import MODEL_FILE, ModelFile, parse_model_file, read_model_bytes
from sanzhixin.scoring.canonical import canonical_json, sha256_digest, strict_loads
from sanzhixin.scoring.model_names import DIGEST_FORM, is_model_version
from sanzhixin.trust.keys import KEY_FORM, Signer, is_signed
from sanzhixin.trust.trust_list import TrustList

__all__ = [
    "ACCEPTED",
    "SIGNATURE_SUFFIX",
    "Accepted",
    "Signature",
    "Trusted",
    "read_signatures",
    "read_trusted",
    "sign_model",
]

SIGNATURE_SUFFIX = ".sig"
MOST_SIGNATURES = 32
_CONTEXT = "sanzhixin model signature 1"
_LARGEST = 100_000

Accepted = Literal["unsigned", "not_approved", "retired", "withdrawn", "rolled_back"]
"""What a caller may let pass in words."""

ACCEPTED: tuple[Accepted, ...] = get_args(Accepted)


class Signature(Decision):
    """One signature of a model file.

    Attributes
    ----------
    key : str
        Public key of the signer.
    signed_on : date
        Day that the signer states.
    file_digest : str
        SHA-256 of all bytes of the file that was signed, as ``sha256sum`` tells it.
    signature : str
        Ed25519 over key, day and digest, in base64.
    """

    key: Annotated[str, Field(pattern=KEY_FORM)]
    signed_on: dt.date
    file_digest: Annotated[str, Field(pattern=DIGEST_FORM)]
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$")]

    def holds(self) -> bool:
        """Tell whether it was made with the key that it names.

        Returns
        -------
        bool
            Whether that key is trusted is another question.
        """
        message = _statement(self.key, self.signed_on, self.file_digest)
        return is_signed(self.key, self.signature, message)


class _SignatureFile(Decision):
    """Content of ``model.json.sig``."""

    format: Literal[1]
    signatures: Annotated[tuple[Signature, ...], Field(min_length=1, max_length=MOST_SIGNATURES)]


@dataclass(frozen=True, slots=True)
class Trusted:
    """A model file and what was found when it was judged.

    Attributes
    ----------
    file : ModelFile
        The model.
    signed_by : tuple of str
        Persons whose signatures count, in the order of the signatures; empty when none does.
    accepted : tuple of str
        What would have been refused, and was let pass because the caller said so.
    """

    file: ModelFile
    signed_by: tuple[str, ...]
    accepted: tuple[Accepted, ...]


def sign_model(path: str | Path, signer: Signer, signed_on: dt.date) -> Path:
    """Add a signature to those beside a model file.

    Parameters
    ----------
    path : str or Path
        Folder of the model, or its file.
    signer : Signer
        Who signs.
    signed_on : date
        Day of the signature.

    Returns
    -------
    Path
        The file of signatures: the name of the model file and ``.sig``.

    Raises
    ------
    ArtifactError
        The model itself is refused; ``signatures_many``: more than 32.
    DomainError
        ``signer_wrong``: what `signer` gave is no signature by its key.
    OutputError
        ``output_not_written``.
    """
    path = Path(path)
    written, _ = read_model_bytes(path)
    parse_model_file(written, _model_place(path).name)
    digest = sha256_digest(written)
    message = _statement(signer.key, signed_on, digest)
    try:
        made = Signature(
            key=signer.key,
            signed_on=signed_on,
            file_digest=digest,
            signature=base64.b64encode(signer.sign(message)).decode(),
        )
    except ValidationError:
        raise DomainError("signer_wrong") from None
    if not made.holds():
        raise DomainError("signer_wrong")
    try:
        kept = [found for found in read_signatures(path) if found.file_digest == digest]
    except ArtifactError:  # a damaged file of signatures is replaced
        kept = []
    others = [found for found in kept if found.key != signer.key]
    if len(others) >= MOST_SIGNATURES:
        raise ArtifactError("signatures_many", most=MOST_SIGNATURES)
    content = {
        "format": 1,
        "signatures": [entry.model_dump(mode="json") for entry in (*others, made)],
    }
    file = _signature_place(path)
    try:
        write_whole(file, canonical_json(content) + b"\n")
    except OSError as error:
        raise OutputError("output_not_written", path=file.name, problem=error.strerror) from None
    return file


def read_signatures(path: str | Path) -> tuple[Signature, ...]:
    """Read the signatures beside a model file; whether they count is another question.

    Parameters
    ----------
    path : str or Path
        Folder of the model, or its file.

    Returns
    -------
    tuple of Signature
        Empty when there is no file of signatures.

    Raises
    ------
    ArtifactError
        ``signature_file_invalid``: not canonical JSON of signatures.
    """
    path = Path(path)
    file = _signature_place(path)
    if not file.is_file():
        return ()
    try:
        with file.open("rb") as stream:
            written = stream.read(_LARGEST + 1)
    except PermissionError:
        raise InputError("file_no_permission", file=file.name) from None
    try:
        canonical = canonical_json(strict_loads(written, name=file.name))
        found = _SignatureFile.model_validate_json(canonical)
    except (ArtifactError, ValidationError):
        raise ArtifactError("signature_file_invalid", name=file.name) from None
    if len(written) > _LARGEST or canonical + b"\n" != written:
        raise ArtifactError("signature_file_invalid", name=file.name)
    return found.signatures


def read_trusted(path: str | Path, trust: TrustList, accept: tuple[Accepted, ...] = ()) -> Trusted:
    """Read a model file that somebody on the trust list has signed for its status.

    The bytes that are judged are those that are used.  Every signature is over all bytes of the
    file, so a file that was changed anywhere has none that counts.  What a file says of its status
    is told before who signed it; without a signature that is a claim, which can refuse the file
    and never trust it.

    Parameters
    ----------
    path : str or Path
        Folder of the model, or its file.
    trust : TrustList
        Whose signature counts, and what is withdrawn.
    accept : tuple of {"unsigned", "not_approved", "retired", "withdrawn", "rolled_back"}
        What is let pass.  Damage never is: a file that does not match its own digest is refused
        whatever is said here.

    Returns
    -------
    Trusted
        The model, and who signed it.

    Raises
    ------
    DomainError
        ``accept_unknown``: another word.
    ArtifactError
        In this order: ``signature_file_invalid``; ``signature_of_other``: the signatures are of
        other bytes, so the file or they were changed; what `parse_model_file` raises;
        ``registry_other``: the folder is named as another model or version;
        ``model_not_approved``, ``model_retired``; ``signature_missing``: there is none;
        ``signature_untrusted``: none of them counts by the list; ``model_withdrawn``,
        ``model_rolled_back``.
    """
    path = Path(path)
    strange = sorted(set(accept) - set(ACCEPTED))
    if strange:
        raise DomainError("accept_unknown", given=", ".join(strange), known=", ".join(ACCEPTED))
    written, name = read_model_bytes(path)
    digest = sha256_digest(written)
    try:
        signatures, damaged = read_signatures(path), None
    except ArtifactError as error:
        signatures, damaged = (), error
    own = [found for found in signatures if found.file_digest == digest and found.holds()]
    if "unsigned" not in accept:
        _refuse_changed(name, damaged, signatures, own)
    file = parse_model_file(written, name)
    folder = _model_place(path).resolve().parent
    if is_model_version(folder.name) and f"{folder.parent.name}/{folder.name}" != file.model_id:
        raise ArtifactError("registry_other", path=f"{folder.parent.name}/{folder.name}")
    people = tuple(
        key.person
        for found in own
        if (key := trust.key(found.key)) is not None and key.counts(file.status, found.signed_on)
    )
    unsigned = None if people else _unsigned(name, file, signatures)
    faults = _faults(file, unsigned, trust)
    for word, fault in faults.items():
        if word not in accept:
            raise fault
    return Trusted(file, people, tuple(word for word in ACCEPTED if word in faults))


def _refuse_changed(
    name: str,
    damaged: ArtifactError | None,
    signatures: tuple[Signature, ...],
    own: list[Signature],
) -> None:
    """Refuse a file whose signatures are damaged or of other bytes, before it is read."""
    if damaged is not None:
        raise damaged
    if signatures and not own:
        raise ArtifactError("signature_of_other", name=name)


def _unsigned(name: str, file: ModelFile, signatures: tuple[Signature, ...]) -> ArtifactError:
    """Say of a file whose signatures do not count whether there are any."""
    if not signatures:
        return ArtifactError("signature_missing", name=name)
    zh, en = MODEL_STATUS_WORDS[file.status]
    return ArtifactError("signature_untrusted", model_id=file.model_id, status=en, status_zh=zh)


def _faults(
    file: ModelFile, unsigned: ArtifactError | None, trust: TrustList
) -> dict[Accepted, ArtifactError]:
    """Say what speaks against using a model, by the word that lets it pass; the first is told."""
    faults: dict[Accepted, ArtifactError] = {}
    model_id = file.model_id
    if file.status in ("draft", "validated"):
        zh, en = MODEL_STATUS_WORDS[file.status]
        faults["not_approved"] = ArtifactError(
            "model_not_approved", model_id=model_id, status=en, status_zh=zh
        )
    if file.status == "retired":
        faults["retired"] = ArtifactError("model_retired", model_id=model_id)
    if unsigned is not None:
        faults["unsigned"] = unsigned
    withdrawal = trust.withdrawal(file.digest())
    if withdrawal is not None:
        faults["withdrawn"] = ArtifactError(
            "model_withdrawn", model_id=model_id, reason=withdrawal.reason
        )
    if trust.is_rolled_back(file.name, file.version):
        least = trust.least[file.name]
        faults["rolled_back"] = ArtifactError("model_rolled_back", model_id=model_id, least=least)
    return faults


def _statement(key: str, signed_on: dt.date, file_digest: str) -> bytes:
    """Write what is signed; nothing that it means can be said in two ways."""
    return canonical_json(
        {
            "context": _CONTEXT,
            "file_digest": file_digest,
            "key": key,
            "signed_on": signed_on.isoformat(),
        }
    )


def _model_place(path: Path) -> Path:
    return path / MODEL_FILE if path.is_dir() else path


def _signature_place(path: Path) -> Path:
    file = _model_place(path)
    return file.with_name(f"{file.name}{SIGNATURE_SUFFIX}")
