"""One entry of the audit log: what it says, what it commits to, and how it joins the chain.

The chain runs over commitments, not over what was said: when the data of a household have to be
forgotten, the saying and its salt are erased and the chain still holds.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, get_args

from pydantic import PositiveInt, ValidationError

from sanzhixin.errors import ArtifactError
from sanzhixin.scheme.base import Decision
from sanzhixin.scoring.canonical import canonical_json, sha256_digest, strict_loads
from sanzhixin.scoring.model_names import DIGEST_FORM

__all__ = [
    "ERASABLE",
    "FIRST",
    "KEYED_FORM",
    "KINDS",
    "MOST_ENTRY_BYTES",
    "Body",
    "Entry",
    "Kind",
    "Order",
    "erased_by",
    "make_entry",
    "parse_entry",
]

Kind = Literal["open", "proposal", "appeal", "override", "checkpoint", "forget", "torn"]
"""What an entry is about; ``torn`` tells of a line that a crash left unfinished."""

KINDS: tuple[Kind, ...] = get_args(Kind)

ERASABLE: frozenset[Kind] = frozenset({"proposal", "appeal", "override"})
"""Kinds that speak of a household, and so can be forgotten."""

Body = dict[str, Any]

FIRST = f"sha256:{'0' * 64}"
"""What stands in the place of a former hash in the first entry."""

MOST_ENTRY_BYTES = 1_000_000

KEYED_FORM = r"hmac-sha256:[0-9a-f]{64}"
"""A keyed digest as text."""

_SALT_BYTES = 32
_SALT = r"[0-9a-f]{64}"
_AT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_KEYS = {"seq", "at", "kind", "prev", "commitment", "salt", "body", "hash"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a log.

    Attributes
    ----------
    seq : int
        Place in the log, from 1.
    at : str
        Time of writing in UTC, as ``2026-11-27T08:30:00Z``.
    kind : str
        One of `KINDS`.
    prev : str
        Hash of the entry before.
    commitment : str
        Salted digest of the body.
    salt : str or None
        64 hexadecimal digits; None once the body is erased.
    body : dict or None
        What was said; None once it is erased.
    """

    seq: int
    at: str
    kind: Kind
    prev: str
    commitment: str
    salt: str | None
    body: Body | None

    @property
    def hash(self) -> str:
        """SHA-256 over all but body and salt."""
        content = {
            "seq": self.seq,
            "at": self.at,
            "kind": self.kind,
            "prev": self.prev,
            "commitment": self.commitment,
        }
        return sha256_digest(canonical_json(content))

    @property
    def is_erased(self) -> bool:
        """Whether the body is gone."""
        return self.body is None

    def erased(self) -> Entry:
        """Give the same entry without what it said.

        Returns
        -------
        Entry
            With the same hash.
        """
        return Entry(self.seq, self.at, self.kind, self.prev, self.commitment, None, None)

    def line(self) -> bytes:
        """Write the entry as a line of canonical JSON.

        Returns
        -------
        bytes
            With its line end.

        Raises
        ------
        ArtifactError
            ``audit_entry_large``: more than 1 MB.
        """
        content = {
            "seq": self.seq,
            "at": self.at,
            "kind": self.kind,
            "prev": self.prev,
            "commitment": self.commitment,
            "salt": self.salt,
            "body": self.body,
            "hash": self.hash,
        }
        line = canonical_json(content) + b"\n"
        if len(line) > MOST_ENTRY_BYTES:
            raise ArtifactError("audit_entry_large", most=MOST_ENTRY_BYTES)
        return line


def make_entry(seq: int, at: str, kind: Kind, prev: str, body: Body) -> Entry:
    """Make the next entry of a log.

    Parameters
    ----------
    seq, at, kind, prev, body
        As in `Entry`.

    Returns
    -------
    Entry
        With a fresh salt.
    """
    salt = secrets.token_hex(_SALT_BYTES)
    return Entry(seq, at, kind, prev, _commitment(salt, body), salt, body)


def parse_entry(line: bytes, place: int) -> Entry:
    """Read one line, and refuse it unless all in it agrees.

    Parameters
    ----------
    line : bytes
        With its line end.
    place : int
        Number of the line, for messages.

    Returns
    -------
    Entry
        Whose line is `line`, byte by byte.

    Raises
    ------
    ArtifactError
        ``audit_line``: not an entry as this library writes it; ``audit_entry_altered``: its hash or
        its commitment does not fit.
    """
    try:
        content = strict_loads(line.rstrip(b"\n"), name="audit")
        is_entry = canonical_json(content) + b"\n" == line and _is_entry(content)
    except ArtifactError:
        is_entry = False
    if not is_entry:
        raise ArtifactError("audit_line", line=place)
    stated = content.pop("hash")
    entry = Entry(**content)
    altered = entry.hash != stated
    if entry.body is not None and entry.salt is not None:
        altered |= not hmac.compare_digest(_commitment(entry.salt, entry.body), entry.commitment)
    if altered:
        raise ArtifactError("audit_entry_altered", line=place)
    return entry


class Order(Decision):
    """What an entry of kind ``forget`` says.

    Attributes
    ----------
    erased : tuple of (int, int)
        First and last place of each run of entries that are to be erased.
    by, because : str
        Who ordered it, and on which ground.
    """

    erased: tuple[tuple[PositiveInt, PositiveInt], ...]
    by: str
    because: str


def erased_by(order: Entry) -> set[int]:
    """Read which entries an entry of kind ``forget`` orders to be erased.

    Parameters
    ----------
    order : Entry
        Of that kind.

    Returns
    -------
    set of int
        Their places.

    Raises
    ------
    ArtifactError
        ``audit_order``: not an order, or one of entries that do not come before it.
    """
    try:
        runs = Order.model_validate_json(canonical_json(order.body)).erased
    except ValidationError:
        raise ArtifactError("audit_order", line=order.seq) from None
    ends = [0, *(end for run in runs for end in run), order.seq - 1]
    falls = any(a > b for a, b in pairwise(ends))
    if falls or any(last >= first for (_, last), (first, _) in pairwise(runs)):
        raise ArtifactError("audit_order", line=order.seq)
    return {number for first, last in runs for number in range(first, last + 1)}


def _is_entry(content: object) -> bool:
    if not isinstance(content, dict) or set(content) != _KEYS:
        return False
    forms = [(_AT, content["at"]), (DIGEST_FORM, content["prev"])]
    forms += [(KEYED_FORM, content["commitment"]), (DIGEST_FORM, content["hash"])]
    if content["kind"] not in KINDS:  # a tuple, so that nothing has to be hashable
        return False
    body, salt = content["body"], content["salt"]
    erased = body is None and salt is None and content["kind"] in ERASABLE
    if isinstance(salt, str):
        forms.append((_SALT, salt))
    said = isinstance(body, dict) and isinstance(salt, str)
    return (
        type(content["seq"]) is int
        and all(isinstance(text, str) and re.fullmatch(form, text) for form, text in forms)
        and (erased or said)
    )


def _commitment(salt: str, body: Body) -> str:
    """Salted, so that an erased body cannot be found by trying what it may have said."""
    digest = hmac.new(salt.encode(), canonical_json(body), hashlib.sha256)
    return f"hmac-sha256:{digest.hexdigest()}"
