"""What is said when a model file cannot be written or read."""

from __future__ import annotations

import pytest

from sanzhixin.errors import ArtifactError, OutputError
from sanzhixin.scoring import read_model_file, write_model_file
from tests.unit.scoring.factories import ORIGIN, model_file


def refused(model, path):
    with pytest.raises(OutputError) as caught:
        write_model_file(model, path)
    return str(caught.value).partition(";")[0].partition(". ")[0]


def test_a_model_larger_than_five_million_bytes_is_neither_written_nor_read(tmp_path):
    origin = ORIGIN.model_copy(update={"notes": ("n" * 5_000_000,)})
    sentence = "model.json is larger than 5000000 bytes, the most that a model file may be"
    with pytest.raises(ArtifactError) as caught:
        write_model_file(model_file(provenance=origin), tmp_path / "m")
    assert str(caught.value).startswith(sentence)
    assert not (tmp_path / "m").exists()
    (tmp_path / "model.json").write_bytes(b" " * 5_000_001)
    with pytest.raises(ArtifactError) as caught:
        read_model_file(tmp_path)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("status", ["approved", "retired"])
def test_a_released_model_is_named_with_its_status_and_stays(tmp_path, status):
    file = write_model_file(model_file(status=status), tmp_path)
    before = file.read_bytes()
    other = model_file(status=status, provenance=ORIGIN.model_copy(update={"notes": ("n",)}))
    said = refused(other, tmp_path)
    assert said == f"Model tongxiang-expert/1.0.0 is {status} and is never changed"
    assert file.read_bytes() == before
    assert write_model_file(model_file(status=status), tmp_path) == file  # the same once more


def test_another_model_in_the_folder_is_named(tmp_path):
    write_model_file(model_file(), tmp_path / "m")
    said = refused(model_file(version="2.0.0"), tmp_path / "m")
    assert said.startswith("m holds another model, tongxiang-expert/1.0.0 (")
    (tmp_path / "m" / "model.json").write_text("{}")
    assert refused(model_file(), tmp_path / "m") == "m holds another model, model.json"


def test_a_folder_in_use_is_named_with_how_much_it_holds_and_hidden_files_do_not_count(tmp_path):
    (tmp_path / ".hidden").write_text("x")
    assert write_model_file(model_file(), tmp_path).name == "model.json"
    (tmp_path / "model.json").unlink()
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "data").mkdir()
    said = refused(model_file(), tmp_path)
    assert said == f"{tmp_path.name} holds 2 files or folders and no model"
    assert write_model_file(model_file(), tmp_path / "own.json").name == "own.json"


def test_a_file_in_place_of_a_folder_is_named_with_the_problem(tmp_path):
    (tmp_path / "m").write_text("x")
    said = refused(model_file(), tmp_path / "m" / "n")
    assert said == "model.json could not be written (Not a directory)"
