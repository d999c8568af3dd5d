from __future__ import annotations

import datetime as dt

import pytest
from pydantic import ValidationError

from sanzhixin.errors import MESSAGES, InputError
from sanzhixin.trust import TrustList, read_trust_list
from tests.unit.trust.people import signer, trust, trusted_key

KEY = f"""[[keys]]
key = "{signer("anna").key}"
person = "安娜"
may = ["approved", "checkpoint"]
valid_from = 2026-01-01
valid_until = 2026-12-31
"""
REST = f"""[[withdrawn]]
digest = "sha256:{"a" * 64}"
reason = "points were wrong"

[least]
farm-loan = "1.10.0"
"""
WHOLE = f"format = 1\n{KEY}{REST}"


@pytest.fixture
def write(tmp_path):
    def write_list(text):
        path = tmp_path / "trust.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_list


def test_a_list_is_read_whole(write):
    found = read_trust_list(write(WHOLE))
    key = found.key(signer("anna").key)
    assert (key.person, key.may) == ("安娜", ("approved", "checkpoint"))
    assert (key.valid_from, key.valid_until) == (dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    assert found.key(signer("bert").key) is None
    assert found.withdrawal(f"sha256:{'a' * 64}").reason == "points were wrong"
    assert found.withdrawal(f"sha256:{'b' * 64}") is None


@pytest.mark.parametrize(
    ("version", "back"),
    [("1.9.9", True), ("1.9.10", True), ("0.99.99", True), ("1.10.0", False), ("1.10.1", False),
     ("2.0.0", False), ("10.0.0", False)],
)  # fmt: skip
def test_versions_are_compared_as_numbers(write, version, back):
    found = read_trust_list(write(WHOLE))
    assert found.is_rolled_back("farm-loan", version) is back
    assert found.is_rolled_back("farm-loan2", version) is False


def other(old, new):
    assert old in WHOLE
    return WHOLE.replace(old, new, 1)


REFUSED = {
    "no format": (other("format = 1\n", ""), "trust_list_invalid", "format"),
    "a later format": (other("format = 1", "format = 2"), "trust_list_invalid", "format"),
    "a key that is not known": (
        other("person =", 'note = ""\nperson ='), "trust_list_invalid", "note"),
    "a duty that is not known": (
        other('"approved"', '"everything"'), "trust_list_invalid", "may"),
    "no duty": (
        other('["approved", "checkpoint"]', "[]"), "trust_list_invalid", "may"),
    "no person": (other('person = "安娜"', 'person = ""'), "trust_list_invalid", "person"),
    "another kind of key": (
        other("ed25519:", "rsa:"), "trust_list_invalid", "key"),
    "a key that is cut": (other('=="'[-2:], '"'), "trust_list_invalid", "key"),
    "no first day": (other("valid_from = 2026-01-01\n", ""), "trust_list_invalid", "valid_from"),
    "a day as text": (
        other("valid_until = 2026-12-31", 'valid_until = "2026-12-31"'),
        "trust_list_invalid", "valid_until"),
    "a time instead of a day": (
        other("valid_until = 2026-12-31", "valid_until = 2026-12-31T23:00:00"),
        "trust_list_invalid", "valid_until"),
    "a day that does not exist": (
        other("2026-12-31", "2026-02-30"), "toml_date", "valid_until"),
    "a day that is not written as one": (other("2026-12-31", "2026/12/31"), "toml_date", ""),
    "a key that ends before it begins": (
        other("2026-12-31", "2025-12-31"), "trust_list_invalid", "ends before it begins"),
    "a key that stands there twice": (
        WHOLE.replace(REST, KEY + REST), "trust_list_invalid", "in the trust list twice"),
    "a digest of another kind": (other("sha256:", "md5:"), "trust_list_invalid", "digest"),
    "a digest in capitals": (other("a" * 64, "A" * 64), "trust_list_invalid", "digest"),
    "a withdrawal without a reason": (
        other('reason = "points were wrong"', 'reason = ""'), "trust_list_invalid", "reason"),
    "a lowest version that is none": (other('"1.10.0"', '"1.10"'), "trust_list_invalid", "least"),
    "a lowest version as a number": (other('"1.10.0"', "1.10"), "trust_list_invalid", "least"),
    "a name that leads elsewhere": (
        other("farm-loan =", '"../farm" ='), "trust_list_invalid", "least"),
    "not TOML": (other("[[keys]]", "[[keys]"), "toml_invalid", ""),
    "not UTF-8": (WHOLE.encode("gbk"), "toml_invalid", ""),
    "nothing": ("", "trust_list_invalid", "format"),
    "a key twice in a table": (other("format = 1", "format = 1\nformat = 1"), "toml_invalid", ""),
}  # fmt: skip


@pytest.mark.parametrize(("text", "code", "words"), REFUSED.values(), ids=REFUSED)
def test_a_list_that_is_not_as_it_has_to_be_is_refused(write, refused, text, code, words):
    error = refused(read_trust_list, write(text))
    assert error.code == code
    assert isinstance(error, InputError)
    assert words in error.en
    assert "trust.toml" in error.en


FORMS = [
    # what is changed, what stands there instead, code of the sentence
    ('"approved"', '"aproved"', "choice_unknown"),
    ("ed25519:", "rsa:", "key_form"),
    ("sha256:", "md5:", "digest_form"),
    ('"1.10.0"', '"1.10"', "model_version_form"),
    ("farm-loan =", '"Farm" =', "model_name_form"),
]


@pytest.mark.parametrize(("old", "new", "code"), FORMS)
def test_what_is_wrong_is_shown_once_with_its_form_or_the_choices(write, refused, old, new, code):
    error = refused(read_trust_list, write(other(old, new)))
    start = {"en": MESSAGES[code].en, "zh": MESSAGES[code].zh}
    for said in (error.en, error.zh):
        assert said.count(new.removesuffix(" =").strip('"')) == 1
        assert "docs/scheme.md" not in said
    assert start["en"].rsplit("; ", 1)[-1].split("{")[0] in error.en
    assert start["zh"].rsplit("；", 1)[-1].split("{")[0] in error.zh


def test_several_mistakes_are_told_with_the_paper_on_trust_lists(write, refused):
    text = other('"approved"', '"aproved"').replace("sha256:", "md5:")
    error = refused(read_trust_list, write(text))
    assert 'docs/trust.md ("Signatures and the trust list") lists keys and units' in error.en
    assert "键名与单位见 docs/trust.md（Signatures and the trust list 一节）" in error.zh
    assert "2 places" in error.en


def test_a_list_that_is_not_there_or_a_folder_is_named(tmp_path, refused):
    assert refused(read_trust_list, tmp_path / "none.toml").code == "file_not_found"
    assert refused(read_trust_list, tmp_path).code == "file_not_found"


def test_a_list_of_one_day_keys_is_allowed():
    day = dt.date(2026, 1, 1)
    found = trust(trusted_key("anna", valid_from=day, valid_until=day))
    (key,) = found.keys
    near = [day - dt.timedelta(days=1), day, day + dt.timedelta(days=1)]
    assert [key.counts("approved", on) for on in near] == [False, True, False]
    assert not key.counts("draft", day)


def test_a_list_cannot_be_changed_once_it_is_read(write):
    found = read_trust_list(write(WHOLE))
    with pytest.raises(ValidationError):
        found.keys = ()
    with pytest.raises(ValidationError):
        found.keys[0].revoked_on = None
    assert isinstance(found, TrustList)
