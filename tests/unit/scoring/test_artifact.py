from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from sanzhixin.errors import ArtifactError, InputError, OutputError
from sanzhixin.scoring import (
    ModelFile,
    Provenance,
    compile_plan,
    propose_cases,
    read_model_file,
    write_model_file,
)
from sanzhixin.scoring.canonical import canonical_json, sha256_digest
from sanzhixin.scoring.card import BinCharacteristic
from sanzhixin.scoring.pd_table import PdRow, PdTable
from tests.unit.scoring.factories import (
    AGGREGATORS,
    PLAN,
    encode,
    events,
    household,
    model_file,
    scheme_with,
    volunteering,
)

ROOT = Path(__file__).parents[3]
TABLE = PdTable(
    basis="prudent", method="pluto_tasche", population="approved households", n_loans=900,
    n_defaults=6, confidence=0.5, note_zh="少违约", note_en="few defaults",
    rows=(
        PdRow(at_least=0, prob_default=None, lower=None, upper=None),
        PdRow(at_least=650, prob_default=0.02345678, lower=0.0, upper=0.1),
        PdRow(at_least=900, prob_default=1e-8, lower=0.0, upper=0.1),
    ),
)  # fmt: skip
PROVENANCE = Provenance(
    data_from=dt.date(2024, 1, 2), data_until=dt.date(2025, 6, 30), rows={"loans": 900},
    checksums={"loans": "sha256:0"}, versions={"python": "3.11.9"}, seed=7, fitted_by="模型组",
    validated_by="验证组", approved_by="风险部", validated_on=dt.date(2026, 1, 5),
    approved_on=dt.date(2026, 1, 5),
    notes=("一", "two"),
)  # fmt: skip
MODELS = {
    "expert card": model_file(),
    "with default probabilities": model_file(pd=TABLE, provenance=PROVENANCE, status="approved"),
    "village override": model_file(
        scheme_with(limits={"village_caps": {"V02": 0.5}, "required": ("requested",)})
    ),
    **{how: model_file(scheme_with(aggregator=how)) for how in AGGREGATORS},
}  # fmt: skip


def rewritten(path, **changes):
    content = json.loads(path.read_bytes())
    content.pop("digest")
    for key, value in changes.items():
        if value is ...:
            del content[key]
        else:
            content[key] = value
    digest = sha256_digest(canonical_json(content))
    path.write_bytes(canonical_json({**content, "digest": digest}) + b"\n")
    return path


@pytest.fixture
def written(tmp_path):
    return write_model_file(model_file(), tmp_path)


def refusal(path):
    with pytest.raises(ArtifactError) as caught:
        read_model_file(path)
    return caught.value


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_model_file_is_written_and_read_without_a_change(model, tmp_path):
    first = write_model_file(model, tmp_path / "a" / "1.0.0")
    again = read_model_file(first)
    assert again == model
    assert again.digest() == model.digest()
    second = write_model_file(again, tmp_path / "other.json")
    assert second.read_bytes() == first.read_bytes()
    assert (first.name, second.name) == ("model.json", "other.json")


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_model_scores_the_same_after_it_was_read(model, tmp_path):
    given = encode(household(3, 4, 5, events=events(*volunteering(2))), household(5, 5, 5, 5))
    again = read_model_file(write_model_file(model, tmp_path))
    before = propose_cases(given, compile_plan(model))
    assert propose_cases(given, compile_plan(again)) == before


def test_the_file_is_canonical_json_with_its_digest(written):
    content = written.read_bytes()
    data = json.loads(content)
    assert content == canonical_json(data) + b"\n"
    stated = data.pop("digest")
    by_hand = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert stated == sha256_digest(by_hand.encode())
    assert data["protocol"] == 1
    assert oct(written.stat().st_mode & 0o777) == "0o644"
    assert [path.name for path in written.parent.iterdir()] == ["model.json"]


def flipped(content, place, random):
    changed = bytearray(content)
    changed[place] ^= 1 << int(random.integers(8))
    return bytes(changed)


def accepted_flips(path, places):
    content, random = path.read_bytes(), np.random.default_rng(13)
    found = []
    for place in places:
        path.write_bytes(flipped(content, place, random))
        try:
            read_model_file(path)
        except ArtifactError:
            continue
        found.append(place)
    return found


def test_a_flipped_bit_is_refused_at_places_all_over_the_file(written):
    size = written.stat().st_size
    places = [*range(40), *range(40, size - 120, 23), *range(size - 120, size)]
    assert accepted_flips(written, places) == []


@pytest.mark.slow
def test_a_flipped_bit_is_refused_at_every_place(written):
    assert accepted_flips(written, range(written.stat().st_size)) == []


def test_digits_of_numbers_are_refused_whichever_they_become(written):
    content = written.read_bytes()
    digits = [i for i, byte in enumerate(content) if chr(byte).isdigit()]
    found = []
    for place in digits[:: len(digits) // 40]:
        for digit in b"0123456789":
            if digit != content[place]:
                written.write_bytes(content[:place] + bytes([digit]) + content[place + 1 :])
                try:
                    read_model_file(written)
                except ArtifactError:
                    continue
                found.append((place, chr(digit)))
    assert found == []


FALLING = BinCharacteristic(
    kind="bins", name="fs", column="fs_score", group="panel", zh="家风", en="family style",
    edges=(50_000_000,), points=(200, 0), labels_zh=("低", "高"), labels_en=("low", "high"),
)  # fmt: skip


def with_first(**changes):
    first, *rest = model_file().card.characteristics
    return {"characteristics": (first.model_copy(update=changes), *rest)}


STRANGE = [
    (
        {"card": {"characteristics": (FALLING, *model_file().card.characteristics[1:])}},
        "points may never fall",
    ),
    ({"card": with_first(column="age")}, "columns that no profile of its scheme has"),
    ({"card": {"points_per_score": 5}}, "counts 5 points a score unit, its scheme 10"),
    ({"review_z": 0.3}, "does not belong to the scheme's review probability"),
]


@pytest.mark.parametrize(("changes", "words"), STRANGE)
def test_a_file_whose_parts_do_not_agree_is_refused(written, changes, words):
    file = model_file()
    card = file.card.model_copy(update=changes.pop("card", {}))
    write_model_file(file.model_copy(update={"card": card, **changes}), written.parent)
    error = refusal(written)
    assert error.code == "model_invalid"
    assert words in error.en


SPELLINGS = [
    (b"\n", b" \n"),
    (b"\n", b"\t"),
    (b'{"', b'{ "'),
    (b'"min_forms":3', b'"min_forms":3.0'),
    (b'"min_forms":3', b'"min_forms":3e0'),
    ("家风".encode(), rb"\u5bb6\u98ce"),
]


@pytest.mark.parametrize(("old", "new"), SPELLINGS)
def test_another_spelling_of_the_same_content_is_refused(written, old, new):
    content = written.read_bytes()
    written.write_bytes(content.replace(old, new, 1))
    assert refusal(written).code == "model_digest"


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_the_line_end_of_another_system_is_accepted(written, end):
    written.write_bytes(written.read_bytes().rstrip(b"\n") + end)
    assert read_model_file(written) == model_file()


RECOMPUTED = [
    # changes with a fitting digest, code, words
    ({"author": "me"}, "model_invalid", "author"),
    ({"status": ...}, "model_invalid", "status"),
    ({"status": "released"}, "model_invalid", "status"),
    ({"name": "../up"}, "model_invalid", "name"),
    ({"panel": None}, "model_digest", "does not match its digest"),  # absent, never null
    ({"version": "1.0"}, "model_invalid", "version"),
    ({"valid_until": "tomorrow"}, "model_invalid", "valid_until"),
    ({"valid_until": 20281231}, "model_invalid", "valid_until"),
    ({"review_z": -1}, "model_invalid", "review_z"),
    ({"review_z": "0.25"}, "model_invalid", "review_z"),
    ({"protocol": 2}, "model_protocol", "file format 2"),
    ({"protocol": 0}, "model_protocol", "file format 0"),
    ({"protocol": "1"}, "model_protocol", "file format 1"),
    ({"protocol": ...}, "model_protocol", "file format None"),
    ({"protocol": None}, "model_protocol", "file format None"),
    ({"protocol": True}, "model_protocol", "file format True"),
]


@pytest.mark.parametrize(("changes", "code", "words"), RECOMPUTED)
def test_a_file_with_a_fitting_digest_is_still_checked(written, changes, code, words):
    error = refusal(rewritten(written, **changes))
    assert error.code == code
    assert words in str(error)


def nested(path, change):
    content = json.loads(path.read_bytes())
    content.pop("digest")
    change(content)
    digest = sha256_digest(canonical_json(content))
    path.write_bytes(canonical_json({**content, "digest": digest}) + b"\n")
    return path


NESTED = {
    "a key of the card that is not known": (
        lambda c: c["card"].update(formula="1"), "card.formula"),
    "a key of the scheme that is not known": (
        lambda c: c["scheme"]["tiers"].update(note=""), "scheme.tiers.note"),
    "a name that stands twice": (
        lambda c: c["card"]["characteristics"][1].update(name="fs"), "repeats a name"),
    "a card without a lower end": (
        lambda c: c["card"].update(lowest=900, highest=100), "lowest points have to be 0 or more"),
    "a group whose ends are exchanged": (
        lambda c: c["card"]["groups"][2].update(lowest=50, highest=-50), "so for every group"),
    "levels in another order": (
        lambda c: c["card"]["characteristics"][5]["levels"].reverse(), "utility_payment"),
    "factors whose columns are exchanged": (
        lambda c: c["card"]["characteristics"][4].update(column="utility_payment"),
        "customer_years"),
    "an approved model whose people are one": (
        lambda c: c.update(status="approved") or c["provenance"].update(approved_by="A"),
        "three different people"),
    "a validated model that nobody validated": (
        lambda c: c.update(status="validated") or c["provenance"].update(validated_by=None),
        "not named: who validated"),
    "tiers with a gap": (
        lambda c: c["scheme"]["tiers"]["rows"][0].update(at_least=96),
        "no tier holds scores from 95 to 96"),
    "a probability above one": (
        lambda c: c["pd"].update(basis="fitted", method="logistic", rows=[
            {"at_least": 0, "prob_default": 2, "lower": 0, "upper": 1}]), "pd.rows[#1]"),
    "points as text": (
        lambda c: c["card"]["characteristics"][0].update(points="200"), "points"),
    "a denied attribute": (
        lambda c: c["scheme"]["factors"][0].update(column="religion", zh="宗教"), "religion"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), NESTED.values(), ids=NESTED)
def test_every_rule_holds_for_what_a_file_states(written, change, words):
    error = refusal(nested(written, change))
    assert error.code == "model_invalid"
    assert words in str(error)


BROKEN = [
    # change of the bytes, code
    (lambda b: b.replace(b'"protocol":1,', b'"protocol":1,"protocol":1,'), "json_duplicate_key"),
    (lambda b: b.replace(b'"version":"1.0.0"', b'"version":"1.0.0","version":"2.0.0"', 1),
     "json_duplicate_key"),
    (lambda b: b.replace(b'"protocol":1', b'"protocol":NaN'), "json_not_finite"),
    (lambda b: b.replace(b'"protocol":1', b'"protocol":-Infinity'), "json_not_finite"),
    (lambda b: b.replace(b'"protocol":1', b'"protocol":1e999'), "json_not_finite"),
    (lambda b: b.replace(b'"protocol":1', b'"protocol":' + b"1" * 5000), "json_number_long"),
    (lambda b: b[: len(b) // 2], "json_invalid"),
    (lambda b: b"", "json_invalid"),
    (lambda b: b"\xef\xbb\xbf" + b, "json_invalid"),
    (lambda b: b.decode().encode("utf-16"), "json_not_utf8"),
    (lambda b: b.decode().encode("gbk"), "json_not_utf8"),
    (lambda b: b"[" * 100_000, "json_too_deep"),
    (lambda b: b"[]", "model_protocol"),
    (lambda b: b"null", "model_protocol"),
    (lambda b: b"{}", "model_protocol"),
    (lambda b: b'{"protocol":1}', "model_digest"),
    (lambda b: b.replace(b'"digest":"sha256:', b'"digest":"sha512:'), "model_digest"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code"), BROKEN)
def test_broken_files_are_refused_with_a_code(written, change, code):
    content = written.read_bytes()
    assert change(content) != content
    written.write_bytes(change(content))
    error = refusal(written)
    assert error.code == code
    assert error.zh


def test_a_file_of_five_megabytes_is_read_and_one_byte_more_is_refused(tmp_path):
    path = tmp_path / "model.json"
    path.write_bytes(b" " * 5_000_000)
    assert refusal(path).code == "json_invalid"
    path.write_bytes(b" " * 5_000_001)
    assert refusal(path).code == "model_too_large"


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert refusal(tmp_path).code == "model_not_found"
    assert refusal(tmp_path / "none.json").code == "model_not_found"


def test_a_model_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError) as caught:
        write_model_file(model_file(), tmp_path / "taken")
    assert caught.value.code == "output_not_written"
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_writing_over_the_same_model_replaces_it_whole(written):
    again = model_file(status="validated")
    assert write_model_file(again, written.parent) == written
    assert read_model_file(written) == again


@pytest.mark.parametrize("inside", [False, True])
def test_another_model_is_never_written_over(written, inside):
    before = written.read_bytes()
    with pytest.raises(OutputError, match=r"another model, tongxiang-expert/1\.0\.0"):
        write_model_file(model_file(version="1.0.1"), written if inside else written.parent)
    assert written.read_bytes() == before


def test_a_damaged_model_is_not_written_over(written):
    written.write_text("{}", encoding="utf-8")
    with pytest.raises(OutputError, match="another model"):
        write_model_file(model_file(), written)


def test_a_folder_of_other_files_gets_no_model(tmp_path):
    (tmp_path / "households.csv").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="holds 1 files or folders and no model"):
        write_model_file(model_file(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["households.csv"]


@pytest.mark.parametrize(
    "changes",
    [{"name": "Tongxiang"}, {"version": "1"}, {"status": "new"}, {"protocol": 2}, {"extra": 1}],
    ids=lambda change: next(iter(change)),
)
def test_a_model_is_checked_when_it_is_made(changes):
    with pytest.raises(ValidationError):
        model_file(**changes)


def test_the_identifier_is_name_and_version():
    assert model_file().model_id == PLAN.model_id == "tongxiang-expert/1.0.0"
    assert isinstance(model_file(), ModelFile)


WATCHED = """
import sys
from pathlib import Path
from sanzhixin.scoring import compile_plan, propose_cases, read_model_file
from tests.unit.scoring.factories import encode, events, household, volunteering

path = Path(sys.argv[1])
given = encode(household(3, 4, 5, events=events(*volunteering(2))))
expected = propose_cases(given, compile_plan(read_model_file(path)))  # imports are done now
seen = []
watched = ("exec", "compile", "import", "marshal", "pickle", "code.__new__", "function.__new__",
           "subprocess", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket", "ctypes",
           "urllib", "shutil", "os.remove", "os.rename")
sys.addaudithook(lambda event, args: seen.append(event) if event.startswith(watched) else None)
found = propose_cases(given, compile_plan(read_model_file(path)))
assert found == expected
assert seen == [], seen
exec("1")
assert seen == ["compile", "exec"], seen
"""


def test_loading_and_scoring_run_no_code_of_the_file_and_open_no_connection(written):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", WATCHED, str(written)],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr


def test_a_panel_characteristic_above_its_full_marks_is_refused(tmp_path):
    path = write_model_file(model_file(), tmp_path)
    content = json.loads(path.read_bytes())
    content.pop("digest")
    item = content["card"]["characteristics"][0]
    assert item["column"] == "fs_score"
    keys = ("name", "column", "zh", "en", "group")
    bins = {"kind": "bins", "edges": [50_000_000], "points": [0, 200], "labels_zh": ["低", "高"]}
    bins |= {"labels_en": ["low", "high"], "missing_points": 0, "reference_points": 199}
    content["card"]["characteristics"][0] = {key: item[key] for key in keys} | bins
    body = canonical_json(content)
    path.write_bytes(canonical_json({**content, "digest": sha256_digest(body)}) + b"\n")
    with pytest.raises(ArtifactError, match="no more points than full marks"):
        read_model_file(path)


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    path.write_bytes(b"{}")

    def refuse(*_, **__):
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError) as caught:
        read_model_file(path)
    assert (caught.value.code, "model.json" in caught.value.en) == ("file_no_permission", True)
