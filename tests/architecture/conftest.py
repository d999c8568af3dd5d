from __future__ import annotations

import ast
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATED = {"build", "demo-out", "dist", "mutants", "__pycache__"}


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    path: str
    source: str
    tree: ast.Module


def _module(path: Path) -> Module:
    source = path.read_text(encoding="utf-8")
    relative = path.relative_to(ROOT)
    name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
    return Module(name, relative.as_posix(), source, ast.parse(source))


def _is_kept(path: Path) -> bool:
    folders = path.relative_to(ROOT).parts[:-1]
    hidden = (name for name in folders if name.startswith(".") and name != ".ci")
    return path.is_file() and not GENERATED.intersection(folders) and not any(hidden)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    return [_module(path) for path in sorted((ROOT / "sanzhixin").rglob("*.py"))]


@pytest.fixture(scope="session")
def kept_files() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*") if _is_kept(path))


@pytest.fixture(scope="session")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
