from __future__ import annotations

import copy
import json
import os
import re
import shutil
import socket
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import sanzhixin

ROOT = Path(__file__).resolve().parents[2]
SUPPLY = ROOT / ".venv-supply" / "bin"
FOR_DEVELOPERS = {"bench", "dev", "mutants"}
SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
PLACES = (
    {"TZ": "UTC", "PYTHONHASHSEED": "1", "LC_ALL": "C"},
    {"TZ": "Asia/Shanghai", "PYTHONHASHSEED": "2", "SOURCE_DATE_EPOCH": "1700000000"},
)
VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

print(JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read()))
"""


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def extras_of_run_time():
    found = project()["optional-dependencies"].items()
    return {name: lines for name, lines in found if name not in FOR_DEVELOPERS}


def names(lines):
    return {canonicalize_name(Requirement(line).name) for line in lines}


def needed():
    return names(project()["dependencies"]).union(*map(names, extras_of_run_time().values()))


def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = (re.split("==| ; ", line) for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): number for name, number, *_ in found}


def reached(bom):
    """Whatever the library requires, directly or through others."""
    below = {entry["ref"]: entry.get("dependsOn", []) for entry in bom["dependencies"]}
    found, waiting = set(), [bom["metadata"]["component"]["bom-ref"]]
    while waiting:
        ref = waiting.pop()
        waiting += set(below[ref]) - found
        found |= set(below[ref])
    return found


def has_licence(part):
    stated = part.get("licenses") or [{}]
    return all(
        entry.get("expression") or {"id", "name"} & set(entry.get("license", ()))
        for entry in stated
    )


def faults(bom, wanted, known):
    """What a reader of the file would miss, as words; empty when it says all."""
    parts = {canonicalize_name(part["name"]): part for part in bom["components"]}
    yield from (f"{name} lacks" for name in wanted - set(parts))
    for name, part in parts.items():
        number = known.get(name)
        if part["version"] != number:
            yield f"{name} is not as pinned"
        if part.get("purl") != f"pkg:pypi/{name}@{part['version']}":
            yield f"{name} has no purl"
        if not has_licence(part):
            yield f"{name} has no licence"
        if part["bom-ref"] not in reached(bom):
            yield f"{name} is needed by nobody"
    if "serialNumber" in bom or "timestamp" in bom["metadata"]:
        yield "it is made anew each time"


def telling(text):
    """Places, hosts and addresses that a file would give away."""
    host = socket.gethostname()
    places = {str(ROOT), str(Path.home()), os.environ.get("TMPDIR", "/tmp"), "file:"}
    yield from (place for place in places if len(place) > 1 and place in text)
    if len(host) > 3 and re.search(rf"\b{re.escape(host)}\b", text):
        yield host
    yield from (address for address in re.findall(r"\w+://[^\"\s]+", text) if address != SCHEMA)


def make(*words, **environment):
    kept = {
        key: value for key, value in os.environ.items() if "MAKE" not in key and key != "MFLAGS"
    }
    return subprocess.run(
        ["make", *words],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    if shutil.which("make") is None:
        pytest.skip("make is not here")
    if not (SUPPLY / "cyclonedx-py").exists() or make("-q", ".venv-run/.created").returncode:
        pytest.skip("cyclonedx-py or what it looks at is not installed; `make sbom` does it")
    texts = []
    for environment in PLACES:
        file = tmp_path_factory.mktemp("sbom") / "deep" / "bom.json"
        done = make("sbom", f"SBOM={file}", **environment)
        assert done.returncode == 0, done.stderr
        texts.append(file.read_text(encoding="utf-8"))
    return texts


@pytest.fixture
def bom(made):
    return json.loads(made[0])


@pytest.mark.slow
def test_two_bills_of_materials_have_the_same_bytes(made):
    assert made[0] == made[1]


@pytest.mark.slow
def test_the_bill_names_all_that_is_needed_with_pin_purl_and_licence(bom):
    assert list(faults(bom, needed(), pins())) == []


@pytest.mark.slow
def test_the_bill_is_of_this_version_of_the_library(bom):
    subject = bom["metadata"]["component"]
    assert (subject["name"], subject["version"]) == ("sanzhixin", sanzhixin.__version__)
    assert has_licence(subject)


@pytest.mark.slow
def test_the_library_requires_in_the_bill_what_its_project_file_says(bom):
    below = {entry["ref"]: entry.get("dependsOn", []) for entry in bom["dependencies"]}
    direct = below[bom["metadata"]["component"]["bom-ref"]]
    assert {canonicalize_name(ref.partition("==")[0]) for ref in direct} == needed()


@pytest.mark.slow
def test_the_bill_tells_no_place_no_host_and_no_address(made):
    assert list(telling(made[0])) == []


@pytest.mark.slow
def test_the_bill_keeps_to_the_schema_of_cyclonedx(made):
    command = [str(SUPPLY / "python"), "-c", VALIDATE]
    done = subprocess.run(command, input=made[0], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("None", 0), done.stderr


def test_the_recipe_installs_every_extra_that_is_not_for_developers():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    stated = re.search(r"^EXTRAS := (\S+)$", makefile, re.MULTILINE)
    assert stated is not None
    assert stated[1].split(",") == sorted(extras_of_run_time())


GOOD = {
    "metadata": {"component": {"bom-ref": "root", "name": "sanzhixin"}},
    "components": [
        {
            "bom-ref": f"{name}==1.0",
            "name": name,
            "version": "1.0",
            "purl": f"pkg:pypi/{name.lower()}@1.0",
            "licenses": licences,
        }
        for name, licences in (
            ("Upper", [{"license": {"id": "MIT"}}]),
            ("lower", [{"expression": "MIT AND Zlib"}]),
        )
    ],
    "dependencies": [
        {"ref": "root", "dependsOn": ["Upper==1.0"]},
        {"ref": "Upper==1.0", "dependsOn": ["lower==1.0"]},
        {"ref": "lower==1.0"},
    ],
}
KNOWN = {"upper": "1.0", "lower": "1.0"}


def test_a_good_bill_has_no_faults():
    assert list(faults(GOOD, {"upper"}, KNOWN)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda bom: bom["components"].pop(0), "upper lacks"),
        (lambda bom: bom["components"][0].pop("purl"), "upper has no purl"),
        (lambda bom: bom["components"][0].pop("licenses"), "upper has no licence"),
        (lambda bom: bom["components"][1].update(licenses=[]), "lower has no licence"),
        (
            lambda bom: bom["components"][1].update(licenses=[{"license": {}}]),
            "lower has no licence",
        ),
        (lambda bom: bom["components"][1].update(version="2.0"), "lower is not as pinned"),
        (lambda bom: bom["dependencies"][1].update(dependsOn=[]), "lower is needed by nobody"),
        (lambda bom: bom.update(serialNumber="urn:uuid:1"), "it is made anew each time"),
        (lambda bom: bom["metadata"].update(timestamp="2026-01-01"), "it is made anew each time"),
    ],
)
def test_a_bill_that_lacks_something_is_found(change, fault):
    bom = copy.deepcopy(GOOD)
    change(bom)
    assert fault in list(faults(bom, {"upper"}, KNOWN))


@pytest.mark.parametrize(
    "text",
    [
        str(ROOT / "README.md"),
        "file:///wheels/numpy.whl",
        "https://registry.example/simple",
    ],
)
def test_a_text_that_tells_a_place_is_found(text):
    assert list(telling(text)) != []
