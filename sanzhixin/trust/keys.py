"""Keys: Ed25519 pairs that sign, and the bank's secret that makes pseudonyms."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sanzhixin.errors import DomainError, InputError
from sanzhixin.records.whole_file import write_new

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = [
    "KEY_FORM",
    "SECRET_BYTES",
    "Secret",
    "Signer",
    "is_signed",
    "new_key_file",
    "new_secret_file",
    "read_secret",
    "read_signer",
]

KEY_FORM = r"^ed25519:[A-Za-z0-9+/]{43}=$"
"""A public key as text: the name of the method, and its 32 bytes in base64."""

SECRET_BYTES = 32
_LARGEST = 10_000
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Signer:
    """Whoever can sign: a key file, or a security module of the bank behind a function.

    Attributes
    ----------
    key : str
        Public key, as `KEY_FORM`.
    sign : callable
        Takes bytes, gives their Ed25519 signature of 64 bytes.
    """

    key: str
    sign: Callable[[bytes], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Secret:
    """The bank's secret for pseudonyms and digests that nobody can search without it.

    A number of 18 digits has few enough values to try them all, so an identifier is never
    digested without a key.

    Attributes
    ----------
    key : bytes
        32 random bytes.
    """

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) < SECRET_BYTES:
            raise DomainError("secret_short", least=SECRET_BYTES)

    @property
    def name(self) -> str:
        """Tells this secret from others, and nothing of what it is."""
        return self.digest("secret", b"")

    def digest(self, purpose: str, data: bytes) -> str:
        """Keyed digest of data for one purpose.

        Parameters
        ----------
        purpose : str
            Keeps digests of different things apart, without a zero character.
        data : bytes
            Whatever it is about.

        Returns
        -------
        str
            ``hmac-sha256:`` and 64 hexadecimal digits.
        """
        message = purpose.encode() + b"\0" + data
        return f"hmac-sha256:{hmac.new(self.key, message, 'sha256').hexdigest()}"


def read_signer(path: str | Path, passphrase: bytes | None = None) -> Signer:
    """Read an Ed25519 private key (PKCS 8 in PEM), as ``openssl genpkey`` writes it.

    Parameters
    ----------
    path : str or Path
        Key file, which nobody but its owner may read.
    passphrase : bytes, optional
        Of an encrypted key.

    Returns
    -------
    Signer
        Public key, and how to sign.

    Raises
    ------
    InputError
        ``file_not_found``; ``key_file_open``: others may read it; ``key_unreadable``: damaged, or
        of another kind; ``key_passphrase_missing``, ``key_passphrase_wrong``,
        ``key_passphrase_unused``: the key is not encrypted.
    DomainError
        ``signing_missing``: the package cryptography is not installed.
    """
    path = Path(path)
    _need_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = _private(path)
    try:
        found = load_pem_private_key(content, passphrase or None)
    except TypeError:
        code = "key_passphrase_unused" if passphrase else "key_passphrase_missing"
        raise InputError(code, file=path.name) from None
    except (ValueError, UnsupportedAlgorithm):
        is_locked = bool(passphrase) and b"ENCRYPTED" in content
        code = "key_passphrase_wrong" if is_locked else "key_unreadable"
        raise InputError(code, file=path.name) from None
    if not isinstance(found, Ed25519PrivateKey):
        raise InputError("key_unreadable", file=path.name)
    return Signer(_text_of(found), found.sign)


def read_secret(path: str | Path) -> Secret:
    """Read the secret of pseudonyms: 64 or more hexadecimal digits.

    Parameters
    ----------
    path : str or Path
        File, which nobody but its owner may read.

    Returns
    -------
    Secret
        As read.

    Raises
    ------
    InputError
        ``file_not_found``, ``key_file_open``, ``key_unreadable``.
    DomainError
        ``secret_short``: fewer than 32 bytes.
    """
    path = Path(path)
    content = _private(path)
    try:
        return Secret(bytes.fromhex(content.decode("ascii").strip()))
    except ValueError as error:
        if isinstance(error, DomainError):
            raise
        raise InputError("key_unreadable", file=path.name) from None


def new_key_file(path: str | Path, passphrase: bytes | None = None) -> str:
    """Make a pair of keys and write the private one to a file that its owner alone may read.

    Parameters
    ----------
    path : str or Path
        File that does not exist yet.
    passphrase : bytes, optional
        Encrypts the key.

    Returns
    -------
    str
        Public key for the trust list.

    Raises
    ------
    OutputError
        ``file_stands``: a file of that name is there; ``output_not_written``.
    DomainError
        ``signing_missing``.
    """
    path = Path(path)
    _need_cryptography()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    lock = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    content = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    write_new(path, content)
    return _text_of(key)


def new_secret_file(path: str | Path) -> None:
    """Write a new secret of 32 random bytes to a file that its owner alone may read.

    Parameters
    ----------
    path : str or Path
        File that does not exist yet.

    Raises
    ------
    OutputError
        ``file_stands``, ``output_not_written``.
    """
    path = Path(path)
    write_new(path, f"{secrets.token_hex(SECRET_BYTES)}\n".encode())


def is_signed(key: str, signature: str, message: bytes) -> bool:
    """Tell whether a signature of a message was made with a key.

    Parameters
    ----------
    key : str
        Public key, as `KEY_FORM`.
    signature : str
        In base64.
    message : bytes
        What was signed.

    Returns
    -------
    bool
        False also for what is neither a key nor a signature.

    Raises
    ------
    DomainError
        ``signing_missing``.

    References
    ----------
    RFC 8032, Edwards-Curve Digital Signature Algorithm, https://www.rfc-editor.org/rfc/rfc8032
    """
    _need_cryptography()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = Ed25519PublicKey.from_public_bytes(_bytes_of(key.removeprefix("ed25519:")))
        public.verify(_bytes_of(signature), message)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def _bytes_of(text: str) -> bytes:
    """Read base64 in its only spelling."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise binascii.Error
    return raw


def _need_cryptography() -> None:
    try:
        import cryptography  # noqa: F401
    except ModuleNotFoundError:
        raise DomainError("signing_missing") from None


def _text_of(key: Ed25519PrivateKey) -> str:
    return f"ed25519:{base64.b64encode(key.public_key().public_bytes_raw()).decode()}"


def _private(path: Path) -> bytes:
    """Read a small file that only its owner may read."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        raise InputError("file_not_found", file=path.name) from None
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise InputError("key_unreadable", file=path.name)
    with os.fdopen(handle, "rb") as stream:
        if os.name != "nt" and found.st_mode & _OTHERS:
            raise InputError("key_file_open", file=path.name)
        content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise InputError("key_unreadable", file=path.name)
    return content
