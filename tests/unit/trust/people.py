"""Keys of made-up people, and lists that trust them."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sanzhixin.scoring import write_model_file
from sanzhixin.trust import Signer, TrustedKey, TrustList
from tests.unit.scoring.factories import model_file

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "models" / "tongxiang-expert" / "1.0.0"
FROM, ON, UNTIL = dt.date(2026, 1, 1), dt.date(2026, 6, 30), dt.date(2026, 12, 31)
ALL_BUT_UNSIGNED = ("not_approved", "retired", "withdrawn", "rolled_back")
EVERY_WORD = ("unsigned", *ALL_BUT_UNSIGNED)


@lru_cache
def private_key(name: str) -> Ed25519PrivateKey:
    """The same key for the same name, always."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def signer(name: str) -> Signer:
    key = private_key(name)
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    return Signer(f"ed25519:{public}", key.sign)


def trusted_key(name: str, **changes: object) -> TrustedKey:
    given = {
        "key": signer(name).key, "person": name, "may": ("approved",),
        "valid_from": FROM, "valid_until": UNTIL,
    }  # fmt: skip
    return TrustedKey(**{**given, **changes})


def trust(*keys: TrustedKey | str, **changes: object) -> TrustList:
    listed = tuple(trusted_key(key) if isinstance(key, str) else key for key in keys)
    return TrustList(**{"format": 1, "keys": listed, **changes})


def approved(**changes: object):
    return model_file(**{"status": "approved", **changes})


def put(model, folder: Path) -> Path:
    write_model_file(model, folder)
    return folder
