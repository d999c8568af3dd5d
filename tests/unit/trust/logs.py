"""Logs put together by hand: a second way to write them, that shares no code with the library."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from sanzhixin.trust import Checkpoint
from tests.unit.trust.people import ON, private_key, signer

NUMBER = "0123456789abcdef" * 2
FIRST = "sha256:" + "0" * 64

Line = dict[str, Any]


def spelt(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def commitment(salt: str, body: Any) -> str:
    return "hmac-sha256:" + hmac.new(salt.encode(), spelt(body), hashlib.sha256).hexdigest()


def hash_of(line: Line) -> str:
    chained = {key: line[key] for key in ("seq", "at", "kind", "prev", "commitment")}
    return "sha256:" + hashlib.sha256(spelt(chained)).hexdigest()


def made(seq: int, kind: str, prev: str, body: Any, at: str = "2026-06-30T08:00:00Z") -> Line:
    salt = hashlib.sha256(f"salt {seq} {kind}".encode()).hexdigest()
    line = {
        "seq": seq, "at": at, "kind": kind, "prev": prev,
        "commitment": commitment(salt, body), "salt": salt, "body": body,
    }  # fmt: skip
    return {**line, "hash": hash_of(line)}


def erased(line: Line) -> Line:
    return {**line, "salt": None, "body": None}


def written(lines: list[Line]) -> bytes:
    return b"".join(spelt(line) + b"\n" for line in lines)


def rehashed(line: Line, **changes: Any) -> Line:
    """Change fields and let the line's own hash fit again, and its commitment to a new body."""
    changed = {**line, **changes}
    if "body" in changes and changed["salt"] is not None and "commitment" not in changes:
        changed["commitment"] = commitment(changed["salt"], changed["body"])
    return {**changed, "hash": hash_of(changed)}


def rechained(lines: list[Line], begin: int = 1) -> list[Line]:
    """Let numbers, former hashes and hashes fit again from a place on, as a forger would."""
    done = lines[:begin]
    for line in lines[begin:]:
        done.append(rehashed(line, seq=len(done) + 1, prev=done[-1]["hash"]))
    return done


def signed(count: int, head: str, who: str = "carl", log: str = NUMBER) -> Line:
    content = {
        "format": 1, "log": log, "count": count, "head": head, "on": ON.isoformat(),
        "key": signer(who).key,
    }  # fmt: skip
    statement = spelt({"context": "sanzhixin audit checkpoint 1", **content})
    made_of = base64.b64encode(private_key(who).sign(statement)).decode()
    return {**content, "signature": made_of}


def checkpoint(lines: list[Line], who: str = "carl", log: str = NUMBER) -> Checkpoint:
    return Checkpoint.model_validate_json(spelt(signed(len(lines), lines[-1]["hash"], who, log)))


def subject(number: int) -> str:
    return "hmac-sha256:" + hashlib.sha256(f"subject {number}".encode()).hexdigest()


HOUSEHOLDS = 7
LENGTH = 60
ORDER, NOTED = 36, (20, 50)
"""Where the entries are forgotten, and where checkpoints are noted."""


def whole_log(number: str = NUMBER, salt: str = "") -> list[Line]:
    """60 entries of 7 households; those of household 3 up to the order are erased."""
    lines = [made(1, "open", FIRST, {"format": 1, "log": number})]
    while len(lines) < LENGTH:
        seq, prev = len(lines) + 1, lines[-1]["hash"]
        who = seq % HOUSEHOLDS
        if seq == ORDER:
            gone = [n for n in range(2, seq) if n % HOUSEHOLDS == 3 and n not in NOTED]
            body = {"erased": [[n, n] for n in gone], "by": "保护专员", "because": "本人申请"}
            line = made(seq, "forget", prev, body)
            lines = [erased(old) if old["seq"] in gone else old for old in lines]
        elif seq in NOTED:
            line = made(seq, "checkpoint", prev, signed(len(lines), prev, log=number))
        elif seq == 42:
            line = made(seq, "torn", prev, {"bytes": 17, "digest": "sha256:" + "1" * 64})
        elif seq % 5 == 0:
            line = made(seq, "appeal", prev, {"subject": subject(who), "of": seq - 1})
        elif seq % 11 == 0:
            line = made(
                seq, "override", prev, {"subject": subject(who), "limit_yuan": 50_000 + seq}
            )
        else:
            body = {"subject": subject(who), "output": {"points": 700 + seq, "tier": f"B{salt}"}}
            line = made(seq, "proposal", prev, body)
        lines.append(line)
    return lines
