from __future__ import annotations

import shutil

import pytest

from sanzhixin.trust import AuditLog, Registry, check_log, read_trusted, sign_model
from tests.unit.scoring.factories import model_file
from tests.unit.trust.people import ON, SHIPPED, approved, put, signer, trust, trusted_key

VERSIONS = ("0.9.0", "1.2.0", "1.10.0", "1.9.9", "10.0.0")


@pytest.fixture
def registry(tmp_path):
    for name in ("farm", "a.b-c_d"):
        for version in VERSIONS:
            put(model_file(name=name, version=version), tmp_path / name / version)
    return Registry(tmp_path)


def test_versions_are_listed_by_their_numbers(registry):
    ordered = ("0.9.0", "1.2.0", "1.9.9", "1.10.0", "10.0.0")
    assert registry.versions("farm") == ordered
    assert registry.versions("none") == ()
    found = [entry.file.model_id for entry in registry.entries()]
    assert found == [f"{name}/{version}" for name in ("a.b-c_d", "farm") for version in ordered]


def test_a_model_is_found_in_its_folder(registry):
    folder = registry.find("farm", "1.9.9")
    assert folder == registry.root / "farm" / "1.9.9" == registry.folder("farm", "1.9.9")
    assert registry.folder("farm", "7.0.0") == registry.root / "farm" / "7.0.0"


@pytest.mark.parametrize(("name", "version"), [("none", "1.0.0"), ("farm", "7.0.0")])
def test_a_model_that_is_not_there_is_told(registry, refused, name, version):
    assert refused(registry.find, name, version).code == "model_not_found"


def test_an_empty_folder_of_a_version_is_told(registry, refused):
    (registry.root / "farm" / "2.0.0").mkdir()
    assert refused(registry.find, "farm", "2.0.0").code == "model_not_found"
    codes = [entry.refused.code for entry in registry.entries() if entry.refused]
    assert codes == ["model_not_found"]


def test_a_model_of_another_name_or_version_is_told(registry, refused):
    for other in ("1.2.0", "10.0.0"):
        shutil.copy(
            registry.root / "a.b-c_d" / "1.2.0" / "model.json", registry.root / "farm" / other
        )
        error = refused(registry.find, "farm", other)
        assert error.code == "registry_other"
        assert f"farm/{other}" in error.en
    shutil.copy(registry.root / "farm" / "0.9.0" / "model.json", registry.root / "farm" / "1.9.9")
    assert refused(registry.find, "farm", "1.9.9").code == "registry_other"


def test_a_damaged_model_is_listed_with_the_reason_beside_the_others(registry):
    (registry.root / "farm" / "1.2.0" / "model.json").write_bytes(b"{}")
    entries = registry.entries()
    assert len(entries) == 10
    damaged = [entry for entry in entries if entry.refused is not None]
    assert [(entry.folder.name, entry.refused.code) for entry in damaged] == [
        ("1.2.0", "model_protocol")
    ]
    assert damaged[0].file is None


def test_what_no_model_may_be_named_is_left_out(registry):
    for name in ("Farm", "con", "farm ", ".git", "history", "farm~"):
        (registry.root / name / "1.0.0").mkdir(parents=True)
    (registry.root / "farm" / "latest").mkdir()
    (registry.root / "farm" / "01.0.0").mkdir()
    (registry.root / "README.md").write_text("x")
    listed = registry.entries()
    assert [entry.folder.parent.name for entry in listed if entry.refused is not None] == [
        "history"
    ]
    assert len(listed) == 11


def test_signatures_and_former_states_do_not_make_a_model_another(registry):
    sign_model(registry.folder("farm", "1.2.0"), signer("anna"), ON)
    (registry.folder("farm", "1.2.0") / "history").mkdir()
    assert registry.find("farm", "1.2.0").name == "1.2.0"


def test_a_registry_that_is_not_there_is_empty(tmp_path):
    assert Registry(tmp_path / "none").entries() == ()


def test_the_model_of_the_library_stands_in_a_registry():
    listed = Registry(SHIPPED.parents[1]).entries()
    assert [(entry.file.model_id, entry.refused) for entry in listed] == [
        ("tongxiang-expert/1.0.0", None)
    ]


def test_paths_may_be_texts(tmp_path):
    put(approved(), tmp_path / "a")
    sign_model(str(tmp_path / "a"), signer("anna"), ON)
    assert read_trusted(str(tmp_path / "a"), trust(trusted_key("anna"))).signed_by
    assert Registry(str(tmp_path)).entries() == ()
    log = AuditLog(str(tmp_path / "log"))
    log.append([])
    assert check_log(str(tmp_path / "log")).count == 1
