from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys

import pytest

# (room that gets the import, the import, name of the contract that must break)
FORBIDDEN = [
    ("errors", "import sanzhixin.scheme", "Rooms import downwards only"),
    ("scheme", "import sanzhixin.records", "Rooms import downwards only"),
    ("scheme", "import numpy", "Errors and scheme need no arrays and no frames"),
    ("records", "import sanzhixin.scoring", "Rooms import downwards only"),
    ("records", "import sanzhixin.numerics", "Rooms import downwards only"),
    ("numerics", "import pandas", "Numerics are array functions without frames"),
    ("numerics", "import sanzhixin.scheme", "Numerics know the errors alone"),
    ("scoring", "import pandas", "Scoring works with numpy and pydantic"),
    ("scoring", "import sklearn.base", "Scoring works with numpy and pydantic"),
    ("scoring", "from scipy import special", "Scoring works with numpy and pydantic"),
    ("scoring", "import sanzhixin.numerics", "Rooms import downwards only"),
    ("scoring", "import sanzhixin.model", "Rooms import downwards only"),
    ("model", "import sanzhixin.modelling", "Rooms import downwards only"),
    ("model", "import sanzhixin.numerics", "What scores does not import what trains"),
    ("simulate", "import sanzhixin.scoring", "The simulator does not know the scorer"),
    ("simulate", "import sanzhixin.modelling", "Rooms import downwards only"),
    ("batch", "import sanzhixin.modelling", "What scores does not import what trains"),
    ("batch", "import sanzhixin.simulate", "What scores does not import what trains"),
    ("modelling", "import sanzhixin.cli", "Rooms import downwards only"),
    ("modelling", "import sanzhixin.batch", "Rooms import downwards only"),
    ("stray", "import sanzhixin.errors", "Rooms import downwards only"),
]


LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint_imports(folder):
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def broken_contracts(done):
    return [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]


@pytest.fixture
def copy(root, tmp_path):
    caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(root / "sanzhixin", tmp_path / "sanzhixin", ignore=caches)
    shutil.copy(root / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_kept(root):
    done = lint_imports(root)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "statement", "contract"), FORBIDDEN)
def test_a_forbidden_import_breaks_its_contract(copy, name, statement, contract):
    room = copy / "sanzhixin" / name
    target = room / "__init__.py" if room.is_dir() else room.with_suffix(".py")
    source = target.read_text(encoding="utf-8") if target.exists() else ""
    target.write_text(f"{source}\n{statement}\n", encoding="utf-8")
    done = lint_imports(copy)
    assert done.returncode != 0
    assert any(line.startswith(contract) for line in broken_contracts(done)), done.stdout


def test_an_import_cycle_breaks_its_contract(copy):
    room = copy / "sanzhixin" / "scheme"
    (room / "one.py").write_text("import sanzhixin.scheme.two\n", encoding="utf-8")
    (room / "two.py").write_text("import sanzhixin.scheme.one\n", encoding="utf-8")
    assert any(line.startswith("No import cycles") for line in broken_contracts(lint_imports(copy)))


def imported(node):
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module == "sanzhixin":
        return {f"sanzhixin.{alias.name}" for alias in node.names}
    return set()


def test_nobody_imports_the_face(modules):
    rooms = {module.name for module in modules} - {"sanzhixin"}
    offenders = [
        f"{module.path}:{node.lineno}"
        for module in modules
        for node in ast.walk(module.tree)
        if any(name.startswith("sanzhixin") and name not in rooms for name in imported(node))
    ]
    assert offenders == []


def test_batch_reaches_modelling_only_inside_functions(modules):
    offenders = [
        f"{module.path}:{node.lineno}"
        for module in modules
        if module.name.startswith("sanzhixin.batch")
        for node in module.tree.body
        if isinstance(node, ast.Import | ast.ImportFrom) and "modelling" in ast.unparse(node)
    ]
    assert offenders == []
