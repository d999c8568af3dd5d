from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sanzhixin.batch import RunOptions, score_folder, verify
from sanzhixin.batch.files import file_digest
from sanzhixin.errors import InputError
from sanzhixin.scoring.canonical import canonical_json, sha256_digest


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


def seal(out, parts):
    """Write parts, and a manifest and a mark that agree with them, as a run on Spark does."""
    place = out / "proposals.parquet"
    for path in place.glob("part-*"):
        path.unlink()
    told = []
    for number, table in enumerate(parts):
        path = place / f"part-{number:05d}.parquet"
        pq.write_table(table, path)
        told.append({"file": path.name, "sha256": file_digest(path), "rows": table.num_rows})
    digest = sha256_digest(canonical_json([[part["file"], part["sha256"]] for part in told]))
    output = {"file": place.name, "sha256": digest, "parts": told}
    edit(out, lambda manifest: manifest.update(output=output))
    mark(out)


def mark(out):
    digest = file_digest(out / "manifest.json")
    (out / "_SUCCESS").write_text(f"manifest.json {digest}\n", encoding="utf-8")


@pytest.fixture
def scored(folder, model, spoil, tmp_path):
    """A run whose proposals are a folder of three parts, and these proposals."""
    spoil("ratings", 4, "FS01", "9")
    place = tmp_path / "spark"
    score_folder(folder, model, place)
    table = pq.read_table(place / "proposals.parquet")
    (place / "proposals.parquet").unlink()
    (place / "proposals.parquet").mkdir()
    seal(place, [table.slice(0, 5), table.slice(5, 4), table.slice(9)])
    return place, table


def test_a_folder_of_parts_agrees(scored):
    done = verify(scored[0])
    assert (done.kind, done.findings, done.exit_code) == ("run", (), 0)


def test_an_altered_part_is_found(scored):
    path = scored[0] / "proposals.parquet" / "part-00001.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    done = verify(scored[0])
    assert [finding.code for finding in done.findings] == ["file_altered"]
    assert "proposals.parquet/part-00001.parquet" in str(done.findings[0])
    assert done.exit_code == 7


def test_a_part_that_is_gone_is_found(scored):
    (scored[0] / "proposals.parquet" / "part-00000.parquet").unlink()
    assert codes(scored[0]) == ["file_gone"]


def test_a_folder_that_is_gone_lacks_every_part(scored):
    place = scored[0] / "proposals.parquet"
    for path in place.iterdir():
        path.unlink()
    place.rmdir()
    assert codes(scored[0]) == ["file_gone"] * 3


@pytest.mark.parametrize("name", ["part-00003.parquet", "_SUCCESS", ".part-00000.parquet.crc"])
def test_another_file_among_the_parts_is_found(scored, name):
    pq.write_table(scored[1].slice(0, 1), scored[0] / "proposals.parquet" / name)
    done = verify(scored[0])
    assert ([finding.code for finding in done.findings], done.exit_code) == (["file_unexpected"], 7)


def test_a_folder_among_the_parts_is_found(scored):
    (scored[0] / "proposals.parquet" / "tier=A").mkdir()
    assert codes(scored[0]) == ["file_unexpected"]


def test_a_part_with_another_number_of_rows_than_stated_is_found(scored):
    def change(manifest):
        for part, rows in zip(manifest["output"]["parts"], (4, 5, 3), strict=True):
            part["rows"] = rows

    edit(scored[0], change)
    mark(scored[0])
    assert codes(scored[0]) == ["rows_differ", "rows_differ"]


def test_parts_that_hold_fewer_rows_than_were_scored_are_found(scored):
    out, table = scored
    seal(out, [table.slice(0, 5), table.slice(5, 4)])
    assert codes(out) == ["rows_differ"]


def test_rows_out_of_order_within_a_part_are_found(scored):
    out, table = scored
    seal(out, [table.take([1, 0, 2, 3, 4]), table.slice(5)])
    assert codes(out) == ["parts_unsorted"]


def test_parts_out_of_order_are_found(scored):
    out, table = scored
    seal(out, [table.slice(5), table.slice(0, 5)])
    assert codes(out) == ["parts_unsorted"]


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(lambda t: [t.take([0, 1, 2, 2, 3, *range(4, 11)])], id="within a part"),
        pytest.param(lambda t: [t.slice(0, 6), t.slice(5, 6)], id="in neighbouring parts"),
        pytest.param(
            lambda t: [t.slice(0, 6), t.slice(0, 0), t.slice(5, 6)], id="across an empty part"
        ),
    ],
)
def test_a_household_that_stands_twice_is_found(scored, cut):
    out, table = scored
    seal(out, cut(table))
    assert codes(out) == ["households_twice"]


def test_identifiers_that_are_missing_or_no_text_are_found(scored):
    out, table = scored
    none = pa.array([None] * table.num_rows, pa.string())
    seal(out, [table.set_column(0, "household_id", none)])
    assert codes(out) == ["parts_unsorted"]
    seal(out, [table.drop_columns("household_id")])
    assert codes(out) == ["parts_unsorted"]


def test_what_carries_its_digest_and_is_no_parquet_file_is_found(scored):
    out, table = scored
    seal(out, [table.slice(0, 5), table.slice(5)])
    (out / "proposals.parquet" / "part-00001.parquet").write_bytes(b"nothing")
    digest = file_digest(out / "proposals.parquet" / "part-00001.parquet")

    def change(manifest):
        parts = manifest["output"]["parts"]
        parts[1]["sha256"] = digest
        stated = canonical_json([[part["file"], part["sha256"]] for part in parts])
        manifest["output"]["sha256"] = sha256_digest(stated)

    edit(out, change)
    mark(out)
    assert codes(out) == ["rows_differ", "parts_unsorted"]


def test_a_list_of_parts_that_does_not_carry_its_digest_is_found(scored):
    edit(scored[0], lambda manifest: manifest["output"].update(sha256="sha256:0"))
    mark(scored[0])
    assert codes(scored[0]) == ["file_altered"]


def test_a_part_cannot_lie_outside_its_folder(scored):
    edit(scored[0], lambda manifest: manifest["output"]["parts"][0].update(file="../_SUCCESS"))
    assert {"file_altered", "file_gone", "file_unexpected"} <= set(codes(scored[0]))


def test_a_run_on_spark_that_was_stopped_is_found(tmp_path):
    (tmp_path / ".sanzhixin-ab12cd_3" / "proposals.parquet").mkdir(parents=True)
    done = verify(tmp_path)
    assert ([finding.code for finding in done.findings], done.exit_code) == (
        ["manifest_unusable"], 7,
    )  # fmt: skip
