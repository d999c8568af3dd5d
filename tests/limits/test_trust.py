"""Keys, signatures, the trust list and the audit log."""

from __future__ import annotations

import base64
import datetime as dt
from functools import lru_cache

import pytest

from sanzhixin.errors import ArtifactError
from sanzhixin.scoring import write_model_file
from sanzhixin.scoring.canonical import canonical_json, strict_loads
from sanzhixin.trust import (
    AuditLog,
    Secret,
    Signer,
    make_checkpoint,
    model_diff,
    read_checkpoint,
    read_secret,
    read_signatures,
    read_trust_list,
    sign_model,
)
from sanzhixin.trust.audit_entry import FIRST, make_entry, parse_entry
from tests.limits.limit import Limit, assert_accepted, assert_refused, ids
from tests.unit.scoring.factories import model_file

ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
DAY = dt.date(2026, 6, 30)


@lru_cache
def signers():
    keys = [ed25519.Ed25519PrivateKey.generate() for _ in range(33)]
    return [Signer(_text(key), key.sign) for key in keys]


def _text(key):
    return f"ed25519:{base64.b64encode(key.public_key().public_bytes_raw()).decode()}"


def signed(count, folder):
    """A model with so many signatures, one after the other."""
    write_model_file(model_file(), folder)
    for signer in signers()[:count]:
        sign_model(folder, signer, DAY)
    return read_signatures(folder)


def signatures_in_a_file(count, folder):
    """A file of 32 signatures, and one of another key written into it."""
    signed(32, folder)
    path = folder / "model.json.sig"
    if count == 33:
        (folder / "other").mkdir()
        write_model_file(model_file(), folder / "other")
        (other,) = signatures_of(sign_model(folder / "other", signers()[32], DAY))
        path.write_bytes(
            canonical_json({"format": 1, "signatures": [*signatures_of(path), other]}) + b"\n"
        )
    return read_signatures(folder)


def signatures_of(path):
    return strict_loads(path.read_bytes(), name=path.name)["signatures"]


def entry(size, _):
    def line(length):
        return make_entry(1, "2026-06-30T00:00:00Z", "appeal", FIRST, {"a": "x" * length}).line()

    written = line(size - len(line(0)))
    assert len(written) == size
    return parse_entry(written, 1)


def trust_list(size, folder):
    path = folder / "trust.toml"
    path.write_bytes(b"format = 1\n#".ljust(size, b"x"))
    return read_trust_list(path)


def secret_file(size, folder):
    path = folder / "secret"
    path.write_bytes(b"ab" * 32 + b"\n" * (size - 64))
    path.chmod(0o600)
    return read_secret(path)


def secret(size, _):
    return Secret(bytes(size))


def checkpoint_file(size, folder):
    """Blanks before the content bring the file to its size."""
    log = AuditLog(folder / "audit.jsonl")
    log.append([("appeal", {"a": 1})])
    made = make_checkpoint(log, signers()[0], DAY)
    path = folder / "checkpoint.json"
    path.write_bytes(canonical_json(made.model_dump(mode="json")).rjust(size))
    return read_checkpoint(path)


HOW = "trust."
LIMITS = [
    Limit(f"{HOW}signatures.MOST_SIGNATURES", 32, "signatures_many", signed, "32"),
    Limit(f"{HOW}signatures.MOST_SIGNATURES", 32, "signature_file_invalid", signatures_in_a_file),
    Limit(f"{HOW}audit_entry.MOST_ENTRY_BYTES", 1_000_000, "audit_entry_large", entry, "1,000,000"),
    Limit(f"{HOW}trust_list._LARGEST", 1_000_000, "file_too_large", trust_list, "is 1000001"),
    Limit(f"{HOW}keys._LARGEST", 10_000, "key_unreadable", secret_file),
    Limit(f"{HOW}keys.SECRET_BYTES", 32, "secret_short", secret, "32", 31),
    Limit(f"{HOW}audit_check._LARGEST", 10_000, "checkpoint_invalid", checkpoint_file),
]


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_what_is_trusted_may_be_as_large_as_its_limit(limit, tmp_path):
    assert_accepted(limit, tmp_path)


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_what_is_larger_than_its_limit_is_not_trusted(limit, tmp_path):
    assert_refused(limit, tmp_path)


def test_a_file_of_signatures_is_read_up_to_100000_bytes_and_the_fullest_has_a_tenth(tmp_path):
    # trust.signatures._LARGEST: no file that has at most 32 signatures comes near it
    signed(32, tmp_path)
    path = tmp_path / "model.json.sig"
    assert path.stat().st_size < 10_001
    path.write_bytes(b"[" + b" " * 99_999 + b"]")
    with pytest.raises(ArtifactError) as caught:
        read_signatures(tmp_path)
    assert caught.value.code == "signature_file_invalid"


@pytest.mark.parametrize(("length", "shown"), [(60, "x" * 60), (61, "x" * 60 + "…")])
def test_a_comparison_shows_60_characters_of_a_value(length, shown):
    # trust.model_diff._LONGEST
    assert model_diff._shown("x" * length) == (shown, shown)
