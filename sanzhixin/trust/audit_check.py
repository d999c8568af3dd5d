"""Checking a log: nothing was changed, moved, left out or cut off, as far as checkpoints reach."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from sanzhixin.errors import ArtifactError, DomainError, InputError, SanzhixinError
from sanzhixin.scheme.base import Decision
from sanzhixin.scoring.canonical import canonical_json, strict_loads
from sanzhixin.scoring.model_names import DIGEST_FORM
from sanzhixin.trust.audit_entry import FIRST, KEYED_FORM, Body, Entry, erased_by
from sanzhixin.trust.audit_log import AUDIT_FORMAT, AuditLog, read_entries
from sanzhixin.trust.keys import KEY_FORM, Signer, is_signed
from sanzhixin.trust.trust_list import TrustList

__all__ = ["Checkpoint", "LogCheck", "check_log", "make_checkpoint", "read_checkpoint"]

_CONTEXT = "sanzhixin audit checkpoint 1"
_LARGEST = 10_000
_LOG_FORM = r"^[0-9a-f]{32}$"


class Checkpoint(Decision):
    """How far a log went on a day, signed; kept elsewhere it proves that nothing was cut off.

    Attributes
    ----------
    format : int
        1.
    log : str
        Which log, by the number in its first entry.
    count : int
        Entries then.
    head : str
        Hash of the last of them.
    on : date
        Day of the signature.
    key : str
        Public key of the signer.
    signature : str
        Ed25519 over all of this, in base64.
    """

    format: Literal[1]
    log: Annotated[str, Field(pattern=_LOG_FORM)]
    count: Annotated[int, Field(ge=1)]
    head: Annotated[str, Field(pattern=DIGEST_FORM)]
    on: dt.date
    key: Annotated[str, Field(pattern=KEY_FORM)]
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$")]

    def holds(self) -> bool:
        """Tell whether it was made with the key that it names.

        Returns
        -------
        bool
            Whether that key is trusted is another question.
        """
        return is_signed(self.key, self.signature, _statement(self.model_dump(mode="json")))


@dataclass(frozen=True, slots=True)
class LogCheck:
    """What was found in a log.

    Attributes
    ----------
    count : int
        Entries that agree, from the first on.
    head : str
        Hash of the last of them.
    log : str or None
        Number of the log.
    kinds : dict of str to int
        Entries by kind.
    erased : int
        Entries whose body was forgotten.
    checkpoints : int
        Checkpoints that hold and count, those handed in included.
    orders_since : int
        Orders to forget after the last entry that a checkpoint covers: whoever can write to the log
        could have put them there.
    findings : tuple of SanzhixinError
        What does not agree; empty when all does.
    """

    count: int
    head: str
    log: str | None
    kinds: dict[str, int]
    erased: int
    checkpoints: int
    orders_since: int
    findings: tuple[SanzhixinError, ...]


@dataclass(slots=True)
class _State:
    """What is known while a log is read."""

    count: int = 0
    head: str = FIRST
    log: str | None = None
    kinds: dict[str, int] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)
    ordered: set[int] = field(default_factory=set)
    signed: list[tuple[int, Checkpoint]] = field(default_factory=list)
    heads: dict[int, str] = field(default_factory=dict)
    orders: list[int] = field(default_factory=list)


def make_checkpoint(log: AuditLog, signer: Signer, on: dt.date) -> Checkpoint:
    """Sign how far a log goes, after it has been checked, and note it in the log.

    Parameters
    ----------
    log : AuditLog
        To be signed.
    signer : Signer
        Who signs.
    on : date
        Day of the signature.

    Returns
    -------
    Checkpoint
        Over the entry that notes the signature, too: keep it where writers of the log cannot
        change it.

    Raises
    ------
    SanzhixinError
        The first finding of a log that does not agree; ``signer_wrong``; what `AuditLog.append`
        raises.
    """
    if not log.path.is_file():
        raise InputError("file_not_found", file=log.path.name)
    with log.turn():  # nobody writes between the check and the note
        log.append([], in_turn=True)  # an unfinished line is taken away
        before = check_log(log.path, in_turn=True)
        if before.findings:
            raise before.findings[0]
        noted = _sign(before.log or "", before.count, before.head, signer, on)
        last = log.append([("checkpoint", noted)], in_turn=True)
    return _sign(noted.log, last.seq, last.hash, signer, on)


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint from a file.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Checkpoint
        Whose signature holds; whether its key is trusted is another question.

    Raises
    ------
    ArtifactError
        ``checkpoint_invalid``: no checkpoint, or one that was changed.
    InputError
        ``file_not_found``.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("file_not_found", file=path.name)
    try:
        with path.open("rb") as stream:
            written = stream.read(_LARGEST + 1)
        content = strict_loads(written, name=path.name)
    except (OSError, ArtifactError):
        raise ArtifactError("checkpoint_invalid", name=path.name) from None
    if len(written) > _LARGEST:
        raise ArtifactError("checkpoint_invalid", name=path.name)
    return _checkpoint(content, path.name)


def check_log(
    path: str | Path,
    *,
    trust: TrustList | None = None,
    checkpoints: Sequence[Checkpoint] = (),
    in_turn: bool = False,
) -> LogCheck:
    """Check a log from its first entry to its last.

    Without a checkpoint from elsewhere nobody can tell whether entries at the end are missing.

    Parameters
    ----------
    path : str or Path
        The log.
    trust : TrustList, optional
        Whose checkpoints count; without it any that holds.
    checkpoints : sequence of Checkpoint
        Kept elsewhere.
    in_turn : bool, default=False
        The caller has the turn of `AuditLog.turn`.

    Returns
    -------
    LogCheck
        Findings: ``audit_line``, ``audit_entry_altered``, ``audit_torn``, ``audit_chain`` (an
        entry is missing, moved, or of another log), ``audit_opening`` (also an empty file),
        ``audit_order``, ``audit_erased`` (a body is gone and no entry ordered it),
        ``audit_not_erased`` (one was ordered and stands there),
        ``checkpoint_invalid``, ``checkpoint_of_other``, ``checkpoint_untrusted``, ``audit_cut`` (a
        checkpoint knows more entries), ``audit_not_as_signed`` (others than a checkpoint signed).

    Raises
    ------
    InputError
        ``file_not_found``, ``file_no_permission``.
    DomainError
        ``signing_missing``: there are checkpoints, and cryptography is not installed.
    """
    path = Path(path)
    state, findings = _State(), list[SanzhixinError]()
    asked = {checkpoint.count for checkpoint in checkpoints}
    try:
        for entry in read_entries(path, in_turn=in_turn):
            findings += _join(state, entry)
            if entry.seq in asked:
                state.heads[entry.seq] = entry.hash
    except ArtifactError as error:
        findings.append(error)
    if not findings:  # what follows damage is not judged
        findings += _erasures(state)
    if state.count == 0 and not findings:
        findings.append(ArtifactError("audit_opening", line=1))
    is_whole = not findings or state.count == 0
    covered, held = 0, 0
    kept = [(checkpoint.count, checkpoint) for checkpoint in checkpoints]
    noted = [(place, note) for place, note in state.signed if _is_counted(note, trust)]
    for place, checkpoint in (*noted, *kept):
        wrong = list(_judge(state, checkpoint, trust, place, is_whole=is_whole))
        findings += wrong
        if not wrong and checkpoint.count <= state.count:
            held, covered = held + 1, max(covered, checkpoint.count)
    return LogCheck(
        count=state.count,
        head=state.head,
        log=state.log,
        kinds=state.kinds,
        erased=len(state.erased),
        checkpoints=held,
        orders_since=sum(place > covered for place in state.orders),
        findings=tuple(findings),
    )


def _join(state: _State, entry: Entry) -> Iterator[SanzhixinError]:
    """Take the next entry in, and say what is wrong about where it stands."""
    line = state.count + 1
    if entry.seq != line or entry.prev != state.head:
        raise ArtifactError("audit_chain", line=line)
    if (line == 1) != (entry.kind == "open"):
        raise ArtifactError("audit_opening", line=line)
    body = entry.body
    if body is None:
        state.erased.add(entry.seq)
    elif entry.kind == "open":
        if not _is_opening(body):
            raise ArtifactError("audit_opening", line=line)
        state.log = body["log"]
    elif entry.kind == "forget":
        order = erased_by(entry)
        if order & state.ordered:  # nothing is erased twice
            raise ArtifactError("audit_order", line=line)
        state.ordered |= order
        state.orders.append(entry.seq)
    elif entry.kind == "checkpoint":
        state.heads[state.count] = state.head
        try:
            noted = _checkpoint(body, f"audit:{line}")
            state.signed.append((state.count, noted))
        except ArtifactError as error:
            yield error
    state.count, state.head = entry.seq, entry.hash
    state.kinds[entry.kind] = state.kinds.get(entry.kind, 0) + 1


def _is_opening(body: Body) -> bool:
    if set(body) - {"secret"} != {"format", "log"}:
        return False
    is_format = (type(body["format"]), body["format"]) == (int, AUDIT_FORMAT)
    is_named = "secret" not in body or re.fullmatch(KEYED_FORM, str(body["secret"]))
    return is_format and bool(is_named and re.fullmatch(_LOG_FORM, str(body["log"])))


def _erasures(state: _State) -> Iterator[SanzhixinError]:
    if unordered := state.erased - state.ordered:
        yield ArtifactError("audit_erased", count=len(unordered), line=min(unordered))
    if standing := state.ordered - state.erased:
        yield ArtifactError("audit_not_erased", count=len(standing), line=min(standing))


def _is_counted(signed: Checkpoint, trust: TrustList | None) -> bool:
    """Tell whether a checkpoint counts; one in the log that does not proves and spoils nothing."""
    if trust is None:
        return True
    key = trust.key(signed.key)
    return key is not None and key.counts("checkpoint", signed.on)


def _judge(
    state: _State, signed: Checkpoint, trust: TrustList | None, place: int, *, is_whole: bool
) -> Iterator[SanzhixinError]:
    if not _is_counted(signed, trust):
        yield ArtifactError("checkpoint_untrusted", count=signed.count)
    if signed.log != state.log and state.count:
        yield ArtifactError("checkpoint_of_other", stated=signed.log[:8], own=str(state.log)[:8])
    elif signed.count > state.count:
        if is_whole:  # after a break nobody knows what follows it
            yield ArtifactError("audit_cut", found=state.count, stated=signed.count)
    elif (signed.log, signed.count, signed.head) != (state.log, place, state.heads[place]):
        yield ArtifactError("audit_not_as_signed", count=signed.count)


def _checkpoint(content: object, name: str) -> Checkpoint:
    try:
        found = Checkpoint.model_validate_json(canonical_json(content))
    except ValidationError:
        raise ArtifactError("checkpoint_invalid", name=name) from None
    if not found.holds():
        raise ArtifactError("checkpoint_invalid", name=name)
    return found


def _sign(log: str, count: int, head: str, signer: Signer, on: dt.date) -> Checkpoint:
    content: Body = {
        "format": 1,
        "log": log,
        "count": count,
        "head": head,
        "on": on.isoformat(),
        "key": signer.key,
    }
    signature = base64.b64encode(signer.sign(_statement(content))).decode()
    try:
        return _checkpoint({**content, "signature": signature}, "signature")
    except ArtifactError:
        raise DomainError("signer_wrong") from None


def _statement(content: Body) -> bytes:
    signed = {key: value for key, value in content.items() if key != "signature"}
    return canonical_json({"context": _CONTEXT, **signed})
