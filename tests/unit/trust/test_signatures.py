from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import shutil

import numpy as np
import pytest

from sanzhixin.errors import ArtifactError, DomainError, OutputError, SanzhixinError
from sanzhixin.model import load_model
from sanzhixin.scoring import write_model_file
from sanzhixin.scoring.artifact import parse_model_file
from sanzhixin.scoring.canonical import canonical_json
from sanzhixin.trust import Signer, TrustList, read_signatures, read_trusted, sign_model
from sanzhixin.trust import signatures as room
from tests.unit.scoring.factories import DAY, household, model_file, propose
from tests.unit.trust.people import (
    ALL_BUT_UNSIGNED,
    EVERY_WORD,
    FROM,
    ON,
    SHIPPED,
    UNTIL,
    approved,
    private_key,
    put,
    signer,
    trust,
    trusted_key,
)

A_DAY = dt.timedelta(days=1)


@pytest.fixture
def signed(tmp_path):
    """An approved model that Anna signed."""
    folder = put(approved(), tmp_path / "approved")
    sign_model(folder, signer("anna"), ON)
    return folder


@pytest.fixture
def shipped(swift):
    """The model that comes with the library, a draft, signed by Anna who may sign drafts."""
    folder = swift / "shipped"
    folder.mkdir()
    shutil.copy(SHIPPED / "model.json", folder)
    sign_model(folder, signer("anna"), ON)
    return folder


DRAFTS = trust(trusted_key("anna", may=("draft",)))


def test_a_signed_model_loads_and_says_who_signed_it(signed):
    found = load_model(signed, trust=trust("anna"))
    assert found.file == approved()
    assert (found.trusted.signed_by, found.trusted.accepted) == (("anna",), ())
    assert load_model(signed / "model.json", trust=trust("anna")).trusted == found.trusted
    assert load_model(signed).trusted is None


def test_the_signature_is_over_key_day_and_digest_of_all_bytes(signed):
    # the second witness puts the signed text together itself
    written = (signed / "model.json").read_bytes()
    stated = json.loads((signed / "model.json.sig").read_bytes())
    (found,) = stated["signatures"]
    digest = hashlib.sha256(written).hexdigest()
    text = (
        '{"context":"sanzhixin model signature 1",'
        f'"file_digest":"sha256:{digest}","key":"{signer("anna").key}","signed_on":"2026-06-30"}}'
    )
    assert base64.b64decode(found["signature"]) == private_key("anna").sign(text.encode())
    assert (signed / "model.json.sig").stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in signed.iterdir()) == ["model.json", "model.json.sig"]


def escapes(path, contents, read):
    """Names of changed contents that are accepted, or refused without one of our errors."""
    found = []
    for name, content in contents:
        path.write_bytes(content)
        try:
            read()
        except (ArtifactError, DomainError):
            continue
        except Exception as error:
            found.append((name, type(error).__name__))
        else:
            found.append((name, "accepted"))
    return found


def flipped(content, place, bit):
    changed = bytearray(content)
    changed[place] ^= 1 << bit
    return (place, bit), bytes(changed)


@pytest.mark.parametrize(
    ("words", "step"),
    [(ALL_BUT_UNSIGNED, 1), (EVERY_WORD, 7), pytest.param(EVERY_WORD, 1, marks=pytest.mark.slow)],
    ids=["all words but unsigned", "all words, every seventh byte", "all words"],
)
def test_a_flipped_bit_of_every_byte_of_a_model_is_refused(shipped, words, step):
    file = shipped / "model.json"
    content = file.read_bytes()
    assert read_trusted(shipped, DRAFTS, words).signed_by == ("anna",)
    bits = np.random.default_rng(len(words)).integers(8, size=len(content)).tolist()
    assert len(bits) == len(content) > 14_000
    flips = [flipped(content, place, bits[place]) for place in range(0, len(bits), step)]
    assert escapes(file, flips, lambda: read_trusted(shipped, DRAFTS, words)) == []


def test_without_words_a_flipped_bit_of_an_approved_model_is_refused(swift):
    file = put(approved(), swift / "approved") / "model.json"
    sign_model(file, signer("anna"), ON)
    content = file.read_bytes()
    places = np.random.default_rng(1).permutation(len(content))[:2_000].tolist()
    flips = [flipped(content, place, place % 8) for place in places]
    assert escapes(file, flips, lambda: load_model(file, trust=trust("anna"))) == []


def test_a_flipped_bit_is_found_before_anything_in_the_file_is_read(shipped, monkeypatch):
    file = shipped / "model.json"
    content = bytearray(file.read_bytes())
    content[5000] ^= 1
    file.write_bytes(content)

    def never(*_):
        raise AssertionError("read")

    monkeypatch.setattr(room, "parse_model_file", never)
    with pytest.raises(ArtifactError) as caught:
        read_trusted(shipped, DRAFTS, ALL_BUT_UNSIGNED)
    assert caught.value.code == "signature_of_other"


def test_a_model_that_was_changed_with_a_fitting_digest_of_its_own_is_refused(signed, refused):
    """What a forger writes: only the signature tells that the cap was raised."""
    file = signed / "model.json"
    content = json.loads(file.read_bytes())
    del content["digest"]
    content["scheme"]["tiers"]["rows"][0]["cap"] = 500
    digest = hashlib.sha256(canonical_json(content)).hexdigest()
    file.write_bytes(canonical_json({**content, "digest": f"sha256:{digest}"}) + b"\n")
    assert load_model(signed).file.digest() == f"sha256:{digest}"
    assert refused(load_model, signed, trust=trust("anna")).code == "signature_of_other"
    assert (
        refused(load_model, signed, trust=trust("anna"), accept=ALL_BUT_UNSIGNED).code
        == "signature_of_other"
    )


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\n\n"])
def test_another_line_end_is_another_file(signed, refused, end):
    file = signed / "model.json"
    file.write_bytes(file.read_bytes().rstrip(b"\n") + end)
    assert parse_model_file(file.read_bytes(), "model.json") == approved()
    assert refused(read_trusted, signed, trust("anna")).code == "signature_of_other"


def all_flips_of_signatures(folder):
    """Every bit of every byte: those that change what the file says, and those that respell it."""
    file = folder / "model.json.sig"
    content = file.read_bytes()
    (stated,) = read_signatures(folder)
    end = content.index(stated.signature.encode()) + len(stated.signature) - 3
    flips = [flipped(content, place, bit) for place in range(len(content)) for bit in range(8)]
    spelt = [flip for flip in flips if flip[0][0] == end and same_bytes(flip[1], stated)]
    return [flip for flip in flips if flip not in spelt], spelt


def same_bytes(content, stated):
    try:
        (found,) = json.loads(content)["signatures"]
        raw = base64.b64decode(found["signature"], validate=True)
    except ValueError:
        return False
    return raw == base64.b64decode(stated.signature)


def test_every_flipped_bit_of_the_signatures_is_refused(swift):
    folder = put(approved(), swift / "approved")
    file = sign_model(folder, signer("anna"), ON)
    flips, _ = all_flips_of_signatures(folder)
    assert len(flips) > 2_400

    def read():
        return read_trusted(folder, trust("anna"), ALL_BUT_UNSIGNED)

    assert escapes(file, flips, read) == []


def test_a_signature_has_one_spelling(signed):
    file = signed / "model.json.sig"
    _, spelt = all_flips_of_signatures(signed)
    assert spelt
    assert escapes(file, spelt, lambda: read_trusted(signed, trust("anna"))) == []


def test_flips_in_the_signatures_are_let_pass_by_unsigned_alone_and_nobody_counts(signed):
    file = signed / "model.json.sig"
    content = bytearray(file.read_bytes())
    content[-30] ^= 1
    file.write_bytes(content)
    found = read_trusted(signed, trust("anna"), ("unsigned",))
    assert (found.signed_by, found.accepted) == ((), ("unsigned",))


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_file_of_signatures_that_is_cut_is_refused(signed, refused, cut):
    file = signed / "model.json.sig"
    file.write_bytes(file.read_bytes()[:cut])
    assert refused(read_trusted, signed, trust("anna")).code == "signature_file_invalid"


def sig_with(change):
    def write(folder):
        file = folder / "model.json.sig"
        content = json.loads(file.read_bytes())
        change(content)
        file.write_bytes(canonical_json(content) + b"\n")

    return write


def day(content):
    content["signatures"][0]["signed_on"] = "2026-06-29"


def key(content):
    content["signatures"][0]["key"] = signer("bert").key


def unknown(content):
    content["signatures"][0]["note"] = "trust me"


def nobody(content):
    content["signatures"] = []


def later_format(content):
    content["format"] = 2


def many(content):
    content["signatures"] *= 33


def digest_of(other):
    def change(content):
        content["signatures"][0]["file_digest"] = f"sha256:{'0' * 64}" if other else "sha256:"

    return change


WRONG_SIGNATURES = [
    (day, "signature_of_other"),
    (key, "signature_of_other"),
    (digest_of(True), "signature_of_other"),
    (digest_of(False), "signature_file_invalid"),
    (unknown, "signature_file_invalid"),
    (nobody, "signature_file_invalid"),
    (later_format, "signature_file_invalid"),
    (many, "signature_file_invalid"),
]


@pytest.mark.parametrize(("change", "code"), WRONG_SIGNATURES)
def test_what_a_signature_states_cannot_be_changed(signed, refused, change, code):
    sig_with(change)(signed)
    assert refused(read_trusted, signed, trust("anna", "bert")).code == code


def test_a_signature_of_another_model_does_not_count(signed, tmp_path, refused):
    other = put(approved(version="1.0.1"), tmp_path / "other")
    sign_model(other, signer("anna"), ON)
    shutil.copy(other / "model.json.sig", signed)
    assert refused(load_model, signed, trust=trust("anna")).code == "signature_of_other"


def test_a_model_without_signatures_is_refused(tmp_path, refused):
    folder = put(approved(), tmp_path / "bare")
    error = refused(load_model, folder, trust=trust("anna"))
    assert error.code == "signature_missing"
    assert "model.json is not signed" in error.en


CLAIMS = [("draft", "model_not_approved"), ("validated", "model_not_approved"),
          ("retired", "model_retired")]  # fmt: skip


@pytest.mark.parametrize(("status", "code"), CLAIMS)
@pytest.mark.parametrize("signer_name", [None, "bert"])
def test_the_status_is_told_before_the_signatures(tmp_path, refused, status, code, signer_name):
    folder = put(model_file(status=status), tmp_path / "model")
    if signer_name is not None:
        sign_model(folder, signer(signer_name), ON)
    error = refused(load_model, folder, trust=trust("anna"))
    assert error.code == code
    words = {"draft": "草稿", "validated": "已验证", "retired": "已停用"}
    assert words[status] in error.zh
    assert status in error.en
    word = "retired" if status == "retired" else "not_approved"
    unsigned = refused(load_model, folder, trust=trust("anna"), accept=word)
    expected = "signature_missing" if signer_name is None else "signature_untrusted"
    assert unsigned.code == expected


def test_signatures_of_other_bytes_are_told_before_a_status(tmp_path, refused):
    folder = put(model_file(), tmp_path / "model")
    sign_model(folder, signer("anna"), ON)
    write_model_file(model_file(status="validated"), folder)
    assert refused(load_model, folder, trust=trust("anna")).code == "signature_of_other"
    (folder / "model.json.sig").write_bytes(b"{}")
    assert refused(load_model, folder, trust=trust("anna")).code == "signature_file_invalid"


def test_an_unsigned_file_that_does_not_match_its_digest_is_told_as_such(tmp_path, refused):
    folder = put(approved(), tmp_path / "model")
    file = folder / "model.json"
    file.write_bytes(file.read_bytes().replace(b'"approved"', b'"reproved"'))
    assert refused(load_model, folder, trust=trust("anna")).code == "model_digest"


def test_what_an_unsigned_file_says_of_itself_never_makes_it_trusted(tmp_path, refused):
    folder = put(approved(), tmp_path / "model")
    error = refused(load_model, folder, trust=trust("anna"), accept=ALL_BUT_UNSIGNED)
    assert error.code == "signature_missing"


WHO_COUNTS = [
    # the list, who counts (nobody: refused)
    (trust(), ()),
    (trust("bert"), ()),
    (trust("anna"), ("anna",)),
    (trust("bert", "anna"), ("anna",)),
    (trust(trusted_key("anna", revoked_on=ON + A_DAY)), ()),
    (trust(trusted_key("anna", revoked_on=ON - A_DAY)), ()),
    (trust(trusted_key("anna", revoked_on=dt.date(2099, 1, 1))), ()),
    (trust(trusted_key("anna", may=("draft",))), ()),
    (trust(trusted_key("anna", may=("validated", "retired", "checkpoint"))), ()),
    (trust(trusted_key("anna", may=("draft", "approved"))), ("anna",)),
    (trust(trusted_key("anna", valid_from=ON)), ("anna",)),
    (trust(trusted_key("anna", valid_from=ON + A_DAY)), ()),
    (trust(trusted_key("anna", valid_until=ON)), ("anna",)),
    (trust(trusted_key("anna", valid_until=ON - A_DAY)), ()),
]


@pytest.mark.parametrize(("known", "people"), WHO_COUNTS)
def test_a_signature_counts_by_its_key_its_duty_and_its_day(signed, refused, known, people):
    if people:
        assert read_trusted(signed, known).signed_by == people
        return
    error = refused(read_trusted, signed, known, ALL_BUT_UNSIGNED)
    assert error.code == "signature_untrusted"
    assert "tongxiang-expert/1.0.0" in error.en
    found = read_trusted(signed, known, ("unsigned",))
    assert (found.signed_by, found.accepted) == ((), ("unsigned",))


@pytest.mark.parametrize(
    ("on", "counts"),
    [(FROM - A_DAY, False), (FROM, True), (FROM + A_DAY, True),
     (UNTIL - A_DAY, True), (UNTIL, True), (UNTIL + A_DAY, False)],
)  # fmt: skip
def test_the_first_and_the_last_day_of_a_key_count(tmp_path, refused, on, counts):
    folder = put(approved(), tmp_path / "model")
    sign_model(folder, signer("anna"), on)
    if counts:
        assert read_trusted(folder, trust("anna")).signed_by == ("anna",)
    else:
        assert refused(read_trusted, folder, trust("anna")).code == "signature_untrusted"


STATUSES = ("draft", "validated", "approved", "retired")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("duty", [*STATUSES, "checkpoint"])
def test_a_key_signs_for_the_status_that_the_list_says(tmp_path, refused, status, duty):
    folder = put(model_file(status=status), tmp_path / "model")
    sign_model(folder, signer("anna"), ON)
    known = trust(trusted_key("anna", may=(duty,)))
    if duty == status:
        assert read_trusted(folder, known, ALL_BUT_UNSIGNED).signed_by == ("anna",)
    else:
        error = refused(read_trusted, folder, known, ALL_BUT_UNSIGNED)
        assert error.code == "signature_untrusted"
        assert status in error.en


def test_one_of_two_signatures_is_enough(signed):
    sign_model(signed, signer("bert"), ON)
    stated = [entry.key for entry in read_signatures(signed)]
    assert stated == [signer("anna").key, signer("bert").key]
    assert read_trusted(signed, trust("bert")).signed_by == ("bert",)
    assert read_trusted(signed, trust("anna")).signed_by == ("anna",)
    assert read_trusted(signed, trust("bert", "anna")).signed_by == ("anna", "bert")
    revoked = trust(trusted_key("anna", revoked_on=ON), "bert")
    assert read_trusted(signed, revoked).signed_by == ("bert",)


def test_what_an_old_key_signed_in_its_days_counts_after_it_was_rotated_out(signed):
    rotated = trust(
        trusted_key("anna", valid_until=ON),
        trusted_key("anna2", person="anna", valid_from=ON + A_DAY),
    )
    assert read_trusted(signed, rotated).signed_by == ("anna",)
    sign_model(signed, signer("anna"), ON + A_DAY)
    with pytest.raises(ArtifactError, match="No signature of tongxiang-expert"):
        read_trusted(signed, rotated)
    sign_model(signed, signer("anna2"), ON + A_DAY)
    assert read_trusted(signed, rotated).signed_by == ("anna",)


def test_signing_again_replaces_the_own_signature_alone(signed):
    sign_model(signed, signer("bert"), ON)
    sign_model(signed, signer("anna"), ON + A_DAY)
    found = [(entry.key, entry.signed_on) for entry in read_signatures(signed)]
    assert found == [(signer("bert").key, ON), (signer("anna").key, ON + A_DAY)]
    assert all(entry.holds() for entry in read_signatures(signed))


def test_signing_a_new_state_takes_away_signatures_of_the_former(tmp_path):
    folder = put(model_file(), tmp_path / "model")
    sign_model(folder, signer("anna"), ON)
    write_model_file(model_file(status="validated"), folder)
    sign_model(folder, signer("bert"), ON)
    assert [entry.key for entry in read_signatures(folder)] == [signer("bert").key]


def test_a_damaged_model_is_not_signed(signed, refused):
    before = (signed / "model.json.sig").read_bytes()
    (signed / "model.json").write_bytes((signed / "model.json").read_bytes()[:-20])
    assert refused(sign_model, signed, signer("bert"), ON).code == "json_invalid"
    assert (signed / "model.json.sig").read_bytes() == before


def test_damaged_signatures_are_replaced_by_a_new_one(signed):
    (signed / "model.json.sig").write_bytes(b"{}")
    sign_model(signed, signer("bert"), ON)
    assert [found.key for found in read_signatures(signed)] == [signer("bert").key]


@pytest.mark.parametrize("answer", [b"x" * 64, b"x" * 63, b""])
def test_what_a_module_gives_for_a_signature_is_checked(signed, refused, answer):
    before = (signed / "model.json.sig").read_bytes()
    wrong = Signer(signer("bert").key, lambda _: answer)
    assert refused(sign_model, signed, wrong, ON).code == "signer_wrong"
    assert (signed / "model.json.sig").read_bytes() == before


def test_a_trusted_model_in_the_folder_of_another_version_is_refused(signed, tmp_path, refused):
    place = tmp_path / "tongxiang-expert" / "1.0.1"
    shutil.copytree(signed, place)
    assert refused(read_trusted, place, DRAFTS, EVERY_WORD).code == "registry_other"
    shutil.copytree(signed, place.with_name("1.0.0"))
    assert read_trusted(place.with_name("1.0.0"), DRAFTS, EVERY_WORD).file.version == "1.0.0"


def test_a_full_disk_leaves_the_former_signatures(signed, monkeypatch):
    before = (signed / "model.json.sig").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(room, "write_whole", full)
    with pytest.raises(OutputError, match="No space left"):
        sign_model(signed, signer("bert"), ON)
    assert (signed / "model.json.sig").read_bytes() == before


# what speaks against a model, the list that says it, the code, and the word that lets it pass

WITHDRAWN = [{"digest": approved().digest(), "reason": "points were wrong"}]
FAULTS = {
    "unsigned": (approved(), trust("bert"), "signature_untrusted"),
    "not_approved": (
        model_file(status="validated"),
        trust(trusted_key("anna", may=("validated",))),
        "model_not_approved",
    ),
    "retired": (
        model_file(status="retired"),
        trust(trusted_key("anna", may=("retired",))),
        "model_retired",
    ),
    "withdrawn": (approved(), trust("anna", withdrawn=tuple(WITHDRAWN)), "model_withdrawn"),
    "rolled_back": (
        approved(),
        trust("anna", least={"tongxiang-expert": "1.0.1"}),
        "model_rolled_back",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("word", EVERY_WORD)
def test_each_word_lets_pass_its_own_fault_and_no_other(tmp_path, refused, fault, word):
    model, known, code = FAULTS[fault]
    folder = put(model, tmp_path / "model")
    sign_model(folder, signer("anna"), ON)
    if word == fault:
        found = read_trusted(folder, known, (word,))
        assert (found.file, found.accepted) == (model, (word,))
    else:
        assert refused(read_trusted, folder, known, (word,)).code == code
        assert refused(read_trusted, folder, known, tuple(set(EVERY_WORD) - {fault})).code == code


def test_all_faults_at_once_need_all_their_words(tmp_path, refused):
    retired = model_file(status="retired")
    folder = put(retired, tmp_path / "model")
    sign_model(folder, signer("anna"), ON)
    withdrawn = ({"digest": retired.digest(), "reason": "r"},)
    known = trust(withdrawn=withdrawn, least={"tongxiang-expert": "2.0.0"})
    needed = ("unsigned", "retired", "withdrawn", "rolled_back")
    assert read_trusted(folder, known, needed).accepted == needed
    assert read_trusted(folder, known, EVERY_WORD[::-1]).accepted == needed
    for lacks in needed:
        left = tuple(word for word in EVERY_WORD if word != lacks)
        assert refused(read_trusted, folder, known, left).exit_code == 6


def test_words_without_a_fault_are_not_told_as_accepted(signed):
    assert read_trusted(signed, trust("anna"), EVERY_WORD).accepted == ()


def test_an_older_signed_model_in_the_place_of_a_newer_is_refused(tmp_path, refused):
    place = tmp_path / "in-use"
    for version in ("1.9.0", "1.10.0"):
        folder = put(approved(version=version), tmp_path / version)
        sign_model(folder, signer("anna"), ON)
    known = trust("anna", least={"tongxiang-expert": "1.10.0", "other": "9.9.9"})
    shutil.copytree(tmp_path / "1.10.0", place)
    assert read_trusted(place, known).file.version == "1.10.0"
    shutil.copytree(tmp_path / "1.9.0", place, dirs_exist_ok=True)
    error = refused(load_model, place, trust=known)
    assert error.code == "model_rolled_back"
    assert "older than 1.10.0" in error.en
    assert load_model(place, trust=trust("anna")).file.version == "1.9.0"  # nobody set a least


def test_a_withdrawn_model_is_refused_with_the_reason(signed, refused):
    error = refused(load_model, signed, trust=trust("anna", withdrawn=tuple(WITHDRAWN)))
    assert error.code == "model_withdrawn"
    assert "points were wrong" in error.en
    assert "points were wrong" in error.zh
    other = ({"digest": model_file().digest(), "reason": "r"},)
    assert load_model(signed, trust=trust("anna", withdrawn=other)).trusted.accepted == ()


def test_a_retired_model_scores_nothing_whatever_is_accepted(tmp_path):
    folder = put(model_file(status="retired"), tmp_path / "model")
    found = load_model(folder, trust=trust(), accept=("unsigned", "retired"))
    with pytest.raises(ArtifactError, match="retired"):
        propose(household(), found.plan)
    assert found.file.valid_until >= DAY


@pytest.mark.parametrize("words", [("everything",), ("unsigned", "Retired"), ("",)])
def test_a_word_that_is_not_known_is_refused_first(tmp_path, refused, words):
    error = refused(load_model, tmp_path / "none", trust=trust("anna"), accept=words)
    assert error.code == "accept_unknown"
    assert "unsigned, not_approved, retired, withdrawn, rolled_back" in error.en


def test_words_without_a_trust_list_are_refused(signed, refused):
    error = refused(load_model, signed, accept=("unsigned",))
    assert error.code == "accept_without_trust"
    assert isinstance(error, DomainError)


def test_a_list_is_read_from_a_file_by_its_path(signed, tmp_path):
    file = tmp_path / "trust.toml"
    file.write_text(
        f'format = 1\n[[keys]]\nkey = "{signer("anna").key}"\nperson = "安娜"\n'
        'may = ["approved"]\nvalid_from = 2026-01-01\nvalid_until = 2026-12-31\n',
        encoding="utf-8",
    )
    assert load_model(signed, trust=file).trusted.signed_by == ("安娜",)
    assert load_model(str(signed), trust=str(file)).trusted.signed_by == ("安娜",)


def test_an_empty_list_trusts_nobody(signed, refused):
    assert refused(read_trusted, signed, TrustList(format=1)).code == "signature_untrusted"


def test_errors_of_this_room_are_of_one_family(signed):
    with pytest.raises(SanzhixinError) as caught:
        read_trusted(signed, trust("bert"))
    assert caught.value.exit_code == 6
