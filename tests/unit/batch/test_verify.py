from __future__ import annotations

import json

import pytest

from sanzhixin.batch import RunOptions, score_folder, verify
from sanzhixin.errors import InputError


@pytest.fixture(params=["parquet", "csv", "xlsx"])
def out(request, folder, model, spoil, tmp_path):
    spoil("ratings", 4, "FS01", "9")
    place = tmp_path / "out"
    score_folder(folder, model, place, options=RunOptions(format=request.param))
    return place


def codes(path):
    return [finding.code for finding in verify(path).findings]


def edit(out, change):
    path = out / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def test_a_finished_run_agrees(out, model):
    done = verify(out)
    assert (done.kind, done.findings, done.exit_code) == ("run", (), 0)
    assert done.facts["model_digest"] == model.file.digest()


@pytest.mark.parametrize("name", ["proposals", "quarantine"])
def test_a_changed_file_is_found(out, name):
    (path,) = out.glob(f"{name}.*")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert codes(out)[0] == "file_altered"
    assert verify(out).exit_code == 7


@pytest.mark.parametrize("name", ["proposals", "quarantine"])
def test_a_file_that_is_gone_is_found(out, name):
    (path,) = out.glob(f"{name}.*")
    path.unlink()
    assert codes(out) == ["file_gone"]


def test_a_run_without_its_success_mark_is_found(out):
    (out / "_SUCCESS").unlink()
    assert codes(out) == ["success_missing"]


def test_a_changed_manifest_is_found(out):
    edit(out, lambda manifest: manifest.update(as_of="2030-01-01"))
    assert codes(out) == ["file_altered"]


def test_rows_that_do_not_add_up_are_found(out):
    edit(out, lambda manifest: manifest["rows"].update(households_in=13))
    assert codes(out) == ["file_altered", "rows_lost"]


def test_a_table_whose_rows_do_not_add_up_is_found(out):
    edit(out, lambda manifest: manifest["rows"]["tables"]["ratings"].update(n_in=1))
    assert codes(out) == ["file_altered", "rows_lost"]


def test_another_number_of_rows_than_stated_is_found(out):
    edit(out, lambda manifest: manifest["rows"].update(quarantined=5))
    assert codes(out) == ["file_altered", "rows_differ"]


def test_parts_that_were_left_are_found(out):
    (out / "_parts").mkdir()
    (out / "_parts" / "run.json").write_text('{"run_key": "sha256:0"}', encoding="utf-8")
    assert codes(out) == ["run_unfinished"]


@pytest.mark.parametrize("content", ["{", "[]", '{"kind": "sanzhixin-score", "format": 1}'])
def test_an_unusable_manifest_is_found(out, content):
    (out / "manifest.json").write_text(content, encoding="utf-8")
    assert "manifest_unusable" in codes(out)


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest["rows"].update(tables=[]),
        lambda manifest: manifest["rows"].update(households_in="12"),
        lambda manifest: manifest["rows"].update(quarantined=-1),
        lambda manifest: manifest["rows"]["tables"].update(ratings=5),
        lambda manifest: manifest.update(rows=[]),
        lambda manifest: manifest.update(model=None),
        lambda manifest: manifest.update(output=[]),
        lambda manifest: manifest.update(quarantine={"file": None, "sha256": None}),
        lambda manifest: manifest.update(format=2),
        lambda manifest: manifest.pop("as_of"),
    ],
)
def test_a_manifest_of_another_shape_is_a_finding(out, change):
    edit(out, change)
    done = verify(out)
    assert ([finding.code for finding in done.findings], done.exit_code) == (
        ["manifest_unusable"], 7,
    )  # fmt: skip


def test_rows_of_any_length_are_counted(folder, model, spoil, tmp_path):
    spoil("ratings", 4, "FS01", 'nine\r\n"9"\n')
    for name in ("FS01", "FS02"):
        spoil("ratings", 5, name, "nine" * 25_000)
    score_folder(folder, model, tmp_path / "out")
    assert codes(tmp_path / "out") == []


def test_a_manifest_that_is_gone_is_found(out):
    (out / "manifest.json").unlink()
    assert codes(out) == ["manifest_unusable"]


def test_a_manifest_cannot_point_outside_its_folder(out, tmp_path):
    (tmp_path / "outside.csv").write_text("x", encoding="utf-8")
    edit(out, lambda manifest: manifest["quarantine"].update(file="../outside.csv"))
    assert codes(out) == ["file_altered", "file_gone"]


def test_a_model_agrees_by_its_folder_and_by_its_file(model, tmp_path):
    file = model.save(tmp_path / "model")
    for path in (tmp_path / "model", file):
        done = verify(path)
        assert (done.kind, done.findings) == ("model", ())
        assert done.facts["digest"] == model.file.digest()


def test_a_changed_model_is_found(model, tmp_path):
    file = model.save(tmp_path / "model")
    file.write_text(file.read_text(encoding="utf-8").replace("0.6", "0.9"), encoding="utf-8")
    done = verify(file)
    assert ([finding.code for finding in done.findings], done.exit_code) == (["model_digest"], 6)


def test_where_nothing_stands_there_is_nothing_to_verify(tmp_path):
    for place in (tmp_path / "nothing", tmp_path):
        with pytest.raises(InputError, match="neither a model nor the output of a run"):
            verify(place)


def test_a_folder_of_other_things_is_no_model(tmp_path):
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    assert codes(tmp_path) == ["model_not_found"]


def test_an_interrupted_run_without_manifest_is_told_once(out):
    (out / "_parts").mkdir()
    (out / "_parts" / "run.json").write_text('{"run_key": "sha256:0"}', encoding="utf-8")
    (out / "manifest.json").unlink()
    assert codes(out) == ["run_unfinished"]
