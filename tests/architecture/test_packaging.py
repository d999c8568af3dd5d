from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version

import pytest

import sanzhixin

PIN = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+( ; python_version (<|>=) \"3\.\d+\")?")
CORE = {
    "click", "narwhals", "numpy", "openpyxl", "pandas", "pyarrow", "pydantic", "rich",
    "scikit-learn",
}  # fmt: skip
NOT_YET_TESTED = {"pyspark"}


def bare_name(requirement):
    return re.split(r"[\s<>=!~;\[]", requirement, maxsplit=1)[0].lower().replace("_", "-")


@pytest.fixture(scope="module")
def pins(root):
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_carries_every_file_of_the_package(wheel, root):
    kept = {
        path.relative_to(root).as_posix()
        for path in (root / "sanzhixin").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        carried = {name for name in archive.namelist() if name.startswith("sanzhixin/")}
    assert carried == kept


@pytest.mark.parametrize("name", ["py.typed", "scheme/builtin/tongxiang.toml"])
def test_the_wheel_carries_the_files_that_are_not_python(wheel, name):
    with zipfile.ZipFile(wheel) as archive:
        assert f"sanzhixin/{name}" in archive.namelist()


def test_the_wheel_bears_the_version_of_the_package(wheel):
    assert wheel.name == f"sanzhixin-{sanzhixin.__version__}-py3-none-any.whl"


def test_the_citation_bears_the_version_of_the_package(root):
    text = (root / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", text, re.MULTILINE)[1] == sanzhixin.__version__


def test_the_core_dependencies_are_exactly_these(project):
    assert {bare_name(line) for line in project["project"]["dependencies"]} == CORE


def test_every_pin_is_a_name_and_an_exact_version(pins):
    assert [line for line in pins if not PIN.fullmatch(line)] == []


def test_no_package_is_pinned_twice(pins):
    names = [line.lower() for line in pins if ";" not in line]
    names = [bare_name(line) for line in names]
    assert len(names) == len(set(names))


def test_every_dependency_is_pinned(project, pins):
    extras = project["project"]["optional-dependencies"].values()
    wanted = {bare_name(r) for extra in extras for r in extra}
    wanted |= {bare_name(r) for r in project["project"]["dependencies"]}
    assert sorted(wanted - {bare_name(line) for line in pins} - NOT_YET_TESTED) == []


def installed(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def test_the_tests_run_in_the_pinned_environment(pins):
    wanted = dict(line.split("==") for line in pins if ";" not in line)
    drifted = {
        name: (pin, have)
        for name, pin in wanted.items()
        if (have := installed(name)) not in {pin, None}
    }
    assert drifted == {}


def test_every_recipe_of_the_readme_is_a_target_of_the_makefile(root):
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    texts = [root / name for name in ("README.md", "README.zh.md", "CONTRIBUTING.md")]
    named = {
        target
        for path in texts
        for target in re.findall(r"`make ([\w-]+)`|^make ([\w-]+)", path.read_text("utf-8"), re.M)
        for target in target
        if target
    }
    assert sorted(named - targets) == []


def test_the_check_in_ci_is_lint_and_test(root):
    script = root / ".ci" / "run"
    assert "make lint test" in script.read_text(encoding="utf-8")
    assert script.stat().st_mode & 0o111
