"""Names, versions and folders that want out of a registry; 10,000 of them are drawn."""

from __future__ import annotations

import os
import random
import shutil
import unicodedata
from pathlib import Path

import pytest

from sanzhixin.errors import ArtifactError
from sanzhixin.scoring import write_model_file
from sanzhixin.trust import Registry
from tests.unit.scoring.factories import model_file

UP = [
    ".", "..", "../up", "../../up", "a/..", "a/../..", "a/../../up", "./a", "a/.", "a/", "/", "//",
    "/etc", "/etc/passwd", "//server/share", "~", "~root", "a/b", "a//b", "...", "....", ". .",
    ".. ", " ..", "..;", "..%00", "%2e%2e", "%2e%2e%2f", "..%2f", "%252e%252e", "..%c0%af",
    "..%5c", "\\", "..\\up", "..\\..\\up", "a\\..\\b", "\\\\server\\share", "\\\\?\\C:\\a",
    "\\\\.\\pipe\\a", "C:", "c:", "c:a", "C:\\a", "c:/a", "file:///etc/passwd", "http://a",
    "a:stream", "a::$data",
]  # fmt: skip
CONTROL = [
    "a\0", "\0", "a\0.json", "a\n", "\na", "a\r", "a\r\n", "a\t", "a\x7f", "a\x1b[2J", "a\x08",
    "a\v", "a\x85", "a\u2028", "a\u2029", "", " ", "a ", " a", "a.", "a..", ".a", "a b", "-",
    "--help", "-a", "_", "_a", "a_", "a-", ".-.", "a.\u00a0", "\u3000",
]  # fmt: skip
DEVICES = [
    "CON", "con", "Con", "PRN", "prn", "AUX", "aux", "NUL", "nul", "COM1", "com1", "com9", "com0",
    "LPT1", "lpt1", "lpt9", "con.txt", "aux.model", "com1.txt", "nul.", "nul .txt", "prn.1.0.0",
    "COM¹", "com¹", "LPT²", "conin$", "CONOUT$",
]  # fmt: skip
UNICODE = [
    "\uff0e\uff0e", "\u2024\u2024", "\u2025", "\u2026", "\u3002\u3002", "a\uff0fb", "a\u2215b",
    "a\u2044b", "a\uff3cb", "a\u29f5b", "\u202ea", "a\u202eb", "a\u202d", "\u2066a", "a\u2069",
    "a\u200b", "\u200ba", "a\u200c", "a\u200d", "a\ufeff", "\ufeffa", "a\u00ad", "a\u034f",
    "a\u2060", "a\u180e", "f\u0430rm", "f\u0251rm", "\uff46arm", "farm\u0301", "farm\u2010loan",
    "farm\u2013loan", "farm\uff0dloan", "\u0131", "\u017f", "\u212a", "f\U0001d41erm", "家风",
    "\ud800", "a\udcff", "\U000e0061", "a\u0660", "\u0967", "\u2460", "ﬁrm", "ß", "Å", "a\u0338",
]  # fmt: skip
LONG = ["a" * 65, "a" * 255, "a" * 4096, "a" * 100_000, "a" * 64 + "\n", "a." * 33, "Farm", "FARM",
        "a" * 63 + "."]  # fmt: skip
HOSTILE = [*UP, *CONTROL, *DEVICES, *UNICODE, *LONG]
VERSIONS = [
    *UP, *CONTROL, "1", "1.0", "1.0.0.0", "1.0.0 ", " 1.0.0", "1.0.0\n", "\n1.0.0", "1.0.0\0",
    "01.0.0", "1.00.0", "1.0.-0", "-1.0.0", "+1.0.0", "1e0.0.0", "1_0.0.0", "0x1.0.0", "1.0.0/",
    "1.0.0/..", "../1.0.0", "1.0.0\\..", "v1.0.0", "V1.0.0", "1.0.0-rc1", "1.0.0+build",
    "latest", "*", "1.*.0", "\uff11.0.0", "1\uff0e0\uff0e0", "1.0.\u0663", "\u0967.0.0",
    "1.0.\u00b2", "1.0.0\u200b", "\u202e1.0.0", "1000000000.0.0", "9" * 5000 + ".0.0",
    "1.0.\u2460", "1,0,0", "1;0;0", "nul", "con.0.0",
]  # fmt: skip


@pytest.fixture
def registry(tmp_path):
    root = tmp_path / "registry"
    write_model_file(model_file(name="farm"), root / "farm" / "1.0.0")
    write_model_file(model_file(name="farm"), tmp_path / "1.0.0")  # what a way out would find
    return Registry(root)


@pytest.fixture
def untouched(tmp_path):
    """What lies below the folder, and when it was changed."""

    def seen():
        return {
            str(path): (path.lstat().st_mtime_ns, path.lstat().st_size)
            for path in sorted(tmp_path.rglob("*"))
        }

    return seen


def shown(text):
    return ascii(text[:24])


def test_more_than_a_hundred_names_are_tried():
    assert len(set(HOSTILE)) > 150
    assert len(set(VERSIONS)) > 100


@pytest.mark.parametrize("name", HOSTILE, ids=shown)
def test_a_hostile_name_leads_nowhere(registry, untouched, name):
    before = untouched()
    for call in (registry.folder, registry.find):
        with pytest.raises(ArtifactError) as caught:
            call(name, "1.0.0")
        assert caught.value.code == "registry_name"
    with pytest.raises(ArtifactError) as caught:
        registry.versions(name)
    assert caught.value.code == "registry_name"
    assert untouched() == before


@pytest.mark.parametrize("version", VERSIONS, ids=shown)
def test_a_hostile_version_leads_nowhere(registry, untouched, version):
    before = untouched()
    for call in (registry.folder, registry.find):
        with pytest.raises(ArtifactError) as caught:
            call("farm", version)
        assert caught.value.code == "registry_name"
    assert untouched() == before


ALPHABET = [
    *"abcxyz0189", *"abcxyz0189", *"..--__//\\:%~ ", *"ABC\0\n\r\t*?\"<>|;$&",
    "..", "../", "con", "nul", "com1", "\uff0e", "\u202e", "\u200b", "\u0430", "家", "\ud800", "é",
]  # fmt: skip


def drawn(random_state, most):
    return "".join(random_state.choices(ALPHABET, k=random_state.randint(0, most)))


def drawn_version(random_state):
    if random_state.random() < 0.5:
        return ".".join(str(random_state.choice((0, 1, 7, 10, 123456789))) for _ in range(3))
    return drawn(random_state, 6)


WINDOWS = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}


def is_plain(part):
    """A second reading of what is safe on every system, without the library's expressions."""
    return (
        0 < len(part) <= 64
        and part == part.strip(" .")
        and part.split(".")[0] not in WINDOWS
        and unicodedata.normalize("NFKC", part).casefold() == part
        and all(char.isascii() and (char.isalnum() or char in "._-") for char in part)
    )


def test_10000_drawn_names_stay_inside_or_are_refused(registry, untouched):
    random_state = random.Random(20_260_630)
    before = untouched()
    root = registry.root.resolve()
    inside, refused, codes = 0, 0, set()
    for _ in range(10_000):
        name, version = drawn(random_state, 8), drawn_version(random_state)
        try:
            folder = registry.folder(name, version)
        except ArtifactError as error:
            codes.add(error.code)
            refused += 1
            continue
        inside += 1
        assert folder == registry.root / name / version
        assert folder.resolve().parents[1] == root
        assert Path(os.path.normpath(folder)) == folder
        assert is_plain(name)
        assert is_plain(version)
        assert list(map(int, version.split("."))) == [int(part) for part in version.split(".")]
    assert codes == {"registry_name"}
    assert inside + refused == 10_000
    assert inside > 300  # both answers are seen often
    assert refused > 5_000
    assert untouched() == before


# links and other kinds of files, where a model is looked for


def linked_name(root, outside):
    shutil.rmtree(root / "farm")
    (root / "farm").symlink_to(outside / "farm")


def linked_version(root, outside):
    shutil.rmtree(root / "farm" / "1.0.0")
    (root / "farm" / "1.0.0").symlink_to(outside / "farm" / "1.0.0")


def linked_file(root, outside):
    (root / "farm" / "1.0.0" / "model.json").unlink()
    (root / "farm" / "1.0.0" / "model.json").symlink_to(outside / "farm" / "1.0.0" / "model.json")


def link_inside(root, _outside):
    """A link is refused wherever it leads, also to another version beside it."""
    shutil.copytree(root / "farm" / "1.0.0", root / "farm" / "1.0.1")
    shutil.rmtree(root / "farm" / "1.0.0")
    (root / "farm" / "1.0.0").symlink_to("1.0.1")


def dangling(root, _outside):
    (root / "farm" / "1.0.0" / "model.json").unlink()
    (root / "farm" / "1.0.0" / "model.json").symlink_to("nowhere")


def hard_link(root, outside):
    (root / "farm" / "1.0.0" / "model.json").unlink()
    os.link(outside / "farm" / "1.0.0" / "model.json", root / "farm" / "1.0.0" / "model.json")


def folder_as_file(root, _outside):
    (root / "farm" / "1.0.0" / "model.json").unlink()
    (root / "farm" / "1.0.0" / "model.json").mkdir()


def pipe(root, _outside):
    (root / "farm" / "1.0.0" / "model.json").unlink()
    os.mkfifo(root / "farm" / "1.0.0" / "model.json")


def file_as_version(root, _outside):
    shutil.rmtree(root / "farm" / "1.0.0")
    (root / "farm" / "1.0.0").write_text("x")


PLACES = [linked_name, linked_version, linked_file, link_inside, dangling, hard_link,
          folder_as_file, pipe, file_as_version]  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("change", PLACES, ids=lambda change: change.__name__)
def test_what_could_be_changed_from_elsewhere_is_refused(registry, tmp_path, change):
    outside = tmp_path / "outside"
    write_model_file(model_file(name="farm"), outside / "farm" / "1.0.0")
    assert registry.find("farm", "1.0.0")
    change(registry.root, outside)
    with pytest.raises(ArtifactError) as caught:
        registry.find("farm", "1.0.0")
    assert caught.value.code == "registry_link"
    listed = {entry.folder.name: entry.refused for entry in registry.entries()}
    if change is not file_as_version:  # that is no folder, so no model is listed there
        assert listed["1.0.0"].code == "registry_link"
        assert str(tmp_path) not in listed["1.0.0"].en


def test_a_second_name_of_another_file_is_no_fault_of_the_model(registry):
    card = registry.root / "farm" / "1.0.0" / "card.md"
    card.write_text("x")
    os.link(card, registry.root / "farm" / "1.0.0" / "copy.md")
    assert registry.find("farm", "1.0.0")


def test_a_registry_may_itself_be_reached_by_a_link(registry, tmp_path):
    (tmp_path / "current").symlink_to(registry.root)
    assert Registry(tmp_path / "current").find("farm", "1.0.0")
