from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa

from sanzhixin.errors import DomainError, InputError, OutputError
from sanzhixin.model import load_model
from sanzhixin.trust import (
    Secret,
    Signer,
    new_key_file,
    new_secret_file,
    read_secret,
    read_signer,
    sign_model,
)
from sanzhixin.trust.keys import is_signed
from tests.unit.trust.people import ON, approved, private_key, put, signer, trust, trusted_key

# RFC 8032, section 7.1: public key, message, signature
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
ORDER = 2**252 + 27742317777372353535851937790883648493


def text(raw):
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_vectors_of_the_standard_hold(public, message, signature):
    key = f"ed25519:{text(bytes.fromhex(public))}"
    said, made = bytes.fromhex(message), bytes.fromhex(signature)
    assert is_signed(key, text(made), said)
    assert not is_signed(key, text(made), said + b"\0")
    for place in (0, 31, 32, 63):
        wrong = bytearray(made)
        wrong[place] ^= 1
        assert not is_signed(key, text(bytes(wrong)), said)


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_a_second_signature_by_adding_the_order_of_the_group_is_refused(public, message, signature):
    made = bytes.fromhex(signature)
    large = int.from_bytes(made[32:], "little") + ORDER
    other = made[:32] + large.to_bytes(32, "little")
    key = f"ed25519:{text(bytes.fromhex(public))}"
    assert not is_signed(key, text(other), bytes.fromhex(message))


STRANGE = ["", "ed25519:", "ed25519:AAAA", "rsa:AAAA", "ed25519:" + "A" * 43 + "=", "=", "é"]


@pytest.mark.parametrize("key", STRANGE)
@pytest.mark.parametrize("signature", ["", "AAAA", "A" * 86 + "==", "not base64", "é"])
def test_what_is_no_key_or_no_signature_is_not_signed(key, signature):
    assert is_signed(key, signature, b"") is False
    assert is_signed(signer("anna").key, signature, b"") is False


def test_a_new_key_signs_a_model_and_is_read_again(tmp_path):
    file = tmp_path / "anna.pem"
    public = new_key_file(file)
    assert file.stat().st_mode & 0o777 == 0o600
    found = read_signer(file)
    assert found.key == public
    assert is_signed(public, text(found.sign(b"m")), b"m")
    folder = put(approved(), tmp_path / "model")
    sign_model(folder, found, ON)
    assert load_model(folder, trust=trust(trusted_key("anna", key=public))).trusted is not None


def test_two_new_keys_and_two_new_secrets_differ(tmp_path):
    assert new_key_file(tmp_path / "a") != new_key_file(tmp_path / "b")
    for name in ("c", "d"):
        new_secret_file(tmp_path / name)
    assert read_secret(tmp_path / "c").key != read_secret(tmp_path / "d").key


@pytest.mark.parametrize("make", [new_key_file, new_secret_file])
def test_a_file_that_is_there_is_never_written_over(tmp_path, refused, make):
    file = tmp_path / "key"
    file.write_text("mine")
    error = refused(make, file)
    assert (error.code, error.exit_code) == ("file_stands", 7)
    assert file.read_text() == "mine"
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert refused(make, tmp_path / "link").code == "file_stands"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("make", [new_key_file, new_secret_file])
def test_a_folder_that_is_not_there_is_told(tmp_path, refused, make):
    error = refused(make, tmp_path / "none" / "key")
    assert error.code == "output_not_written"
    assert isinstance(error, OutputError)


PASSPHRASES = [
    # made with, read with, refused because
    (None, None, None),
    (None, b"", None),
    (b"long words", b"long words", None),
    ("长口令".encode(), "长口令".encode(), None),
    (b"long words", b"long word", "wrong"),
    (b"long words", None, "missing"),
    (b"long words", b"", "missing"),
    (None, b"long words", "unused"),
]


@pytest.mark.parametrize(("made", "given", "fault"), PASSPHRASES)
def test_a_key_opens_with_its_passphrase_alone(tmp_path, refused, made, given, fault):
    file = tmp_path / "key.pem"
    public = new_key_file(file, made)
    assert (b"ENCRYPTED" in file.read_bytes()) == (made is not None)
    if fault is None:
        assert read_signer(file, given).key == public
        return
    error = refused(read_signer, file, given)
    assert error.code == f"key_passphrase_{fault}"
    for said in (error.en, error.zh):
        assert all(word in said for word in ("key.pem", "SANZHIXIN_KEY_PASSPHRASE", "passphrase="))
    assert not any(word in error.en + error.zh for word in ("long word", "长口令"))


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_that_its_owner_alone_reads_is_read(tmp_path, mode):
    new_secret_file(tmp_path / "secret")
    (tmp_path / "secret").chmod(mode)
    assert len(read_secret(tmp_path / "secret").key) == 32


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666])
def test_a_file_that_others_may_read_or_change_is_refused(tmp_path, refused, mode):
    new_key_file(tmp_path / "key.pem")
    new_secret_file(tmp_path / "secret")
    for name, read in (("key.pem", read_signer), ("secret", read_secret)):
        (tmp_path / name).chmod(mode)
        error = refused(read, tmp_path / name)
        assert error.code == "key_file_open"
        assert name in error.en


def pem(key, kind=serialization.PrivateFormat.PKCS8):
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())


NO_KEYS = {
    "nothing": b"",
    "text": b"key",
    "an RSA key": pem(rsa.generate_private_key(65537, 2048)),
    "a key of another curve": pem(ec.generate_private_key(ec.SECP256R1())),
    "Ed448": pem(ed448.Ed448PrivateKey.generate()),
    "a public key": private_key("anna")
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
    "a key that is cut": pem(private_key("anna"))[:-40],
    "too large": pem(private_key("anna")) + b"\n" * 10_000,
    "in DER": private_key("anna").private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ),
}


@pytest.mark.parametrize("content", NO_KEYS.values(), ids=NO_KEYS)
def test_what_is_no_ed25519_key_is_refused(tmp_path, refused, content):
    file = tmp_path / "key.pem"
    file.write_bytes(content)
    file.chmod(0o600)
    assert refused(read_signer, file).code == "key_unreadable"
    assert refused(read_signer, file, b"words").code in ("key_unreadable", "key_passphrase_unused")


NO_SECRETS = [
    (b"", "secret_short"),
    (b"ab" * 31, "secret_short"),
    (b"a" * 63, "key_unreadable"),
    (b"zz" * 32, "key_unreadable"),
    ("密".encode() * 32, "key_unreadable"),
    (b"ab" * 32 + b"\n" * 10_000, "key_unreadable"),
]


@pytest.mark.parametrize(("content", "code"), NO_SECRETS)
def test_what_is_no_secret_is_refused(tmp_path, refused, content, code):
    file = tmp_path / "secret"
    file.write_bytes(content)
    file.chmod(0o600)
    assert refused(read_secret, file).code == code


@pytest.mark.parametrize("read", [read_signer, read_secret])
def test_a_key_that_is_not_there_is_named(tmp_path, refused, read):
    error = refused(read, tmp_path / "none.pem")
    assert error.code == "file_not_found"
    assert isinstance(error, InputError)
    assert "none.pem" in error.en


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("read", [read_signer, read_secret])
def test_a_folder_is_no_key(tmp_path, refused, read):
    tmp_path.chmod(0o700)
    assert refused(read, tmp_path).code == "key_unreadable"


PIPE = """
import os, sys
from pathlib import Path
from sanzhixin.errors import InputError
from sanzhixin.trust import read_secret

os.mkfifo(sys.argv[1], 0o600)
try:
    read_secret(Path(sys.argv[1]))
except InputError as error:
    print(error.code)
"""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_key_and_nobody_waits_for_it(tmp_path):
    words = [sys.executable, "-c", PIPE, str(tmp_path / "pipe")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=5, check=True)
    assert done.stdout.strip() == "key_unreadable"


def test_a_key_of_openssl_is_read(tmp_path):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here")
    file = tmp_path / "key.pem"
    words = [openssl, "genpkey", "-algorithm", "ed25519", "-out", str(file)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("this openssl makes no Ed25519 keys")
    file.chmod(0o600)
    found = read_signer(file)
    (tmp_path / "message").write_bytes(b"what is signed")
    (tmp_path / "made").write_bytes(found.sign(b"what is signed"))
    words = [openssl, "pkeyutl", "-verify", "-inkey", str(file), "-rawin"]
    words += ["-in", str(tmp_path / "message"), "-sigfile", str(tmp_path / "made")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "Verified Successfully" in done.stdout + done.stderr
    locked = tmp_path / "locked.pem"
    words = [openssl, "pkey", "-in", str(file), "-aes256", "-passout", "pass:words"]
    subprocess.run([*words, "-out", str(locked)], capture_output=True, check=True)
    locked.chmod(0o600)
    assert read_signer(locked, b"words").key == found.key


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography", None)


@pytest.mark.usefixtures("nothing_installed")
def test_without_cryptography_signing_is_refused_with_the_way_out(tmp_path, refused):
    (tmp_path / "key.pem").write_bytes(b"x")
    (tmp_path / "key.pem").chmod(0o600)
    calls = [
        (read_signer, tmp_path / "key.pem"),
        (new_key_file, tmp_path / "new.pem"),
        (is_signed, signer("anna").key, "AAAA", b""),
    ]
    for function, *arguments in calls:
        error = refused(function, *arguments)
        assert error.code == "signing_missing"
        assert isinstance(error, DomainError)
        assert "sanzhixin[sign]" in error.en
    assert not (tmp_path / "new.pem").exists()


def test_without_cryptography_a_signed_model_is_refused_and_never_let_pass(
    tmp_path, refused, monkeypatch
):
    folder = put(approved(), tmp_path / "model")
    sign_model(folder, signer("anna"), ON)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert refused(load_model, folder, trust=trust("anna")).code == "signing_missing"
    assert load_model(folder).file == approved()


def test_without_cryptography_secrets_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography", None)
    new_secret_file(tmp_path / "secret")
    assert read_secret(tmp_path / "secret").digest("household", b"H1").startswith("hmac-sha256:")


def test_a_digest_is_keyed_and_bound_to_its_purpose():
    key = bytes(range(32))
    found = Secret(key).digest("household", "户1".encode())
    by_hand = hmac.new(key, b"household\0" + "户1".encode(), hashlib.sha256).hexdigest()
    assert found == f"hmac-sha256:{by_hand}"
    assert Secret(key).digest("input", "户1".encode()) != found
    assert Secret(bytes(range(1, 33))).digest("household", "户1".encode()) != found


def test_a_short_secret_is_refused(refused):
    assert refused(Secret, b"x" * 31).code == "secret_short"
    assert Secret(b"x" * 32).digest("p", b"")


def test_keys_and_secrets_are_not_shown():
    assert "xxxx" not in repr(Secret(b"x" * 32))
    shown = repr(Signer("ed25519:k", private_key("anna").sign))
    assert "sign=" not in shown
