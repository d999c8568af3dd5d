"""The index of methods: what each function computes, where it comes from, which tests hold it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import sanzhixin

__all__ = ["method_rows"]

TESTS = Path(__file__).resolve().parents[1]
ROOMS = ("numerics", "modelling", "validation")


def method_rows() -> list[tuple[str, str, str, str]]:
    """Give title, function, source and tests of every public function or class with a source."""
    rows = []
    for module, name, found in _public():
        text = inspect.getdoc(found) or ""
        source = _section(text, "References")
        if source:
            title = text.split("\n\n")[0].replace("\n", " ").rstrip(".")
            rows.append((title, f"`{module}.{name}`", source, _tests(module, name)))
    return sorted(rows, key=lambda row: row[1])


def _public() -> Iterator[tuple[str, str, object]]:
    for room in ROOMS:
        package = importlib.import_module(f"sanzhixin.{room}")
        for info in pkgutil.walk_packages(package.__path__, f"{sanzhixin.__name__}.{room}."):
            module = importlib.import_module(info.name)
            for name in getattr(module, "__all__", ()):
                found = getattr(module, name)
                if getattr(found, "__module__", None) == info.name:
                    yield info.name.removeprefix("sanzhixin."), name, found


def _section(text: str, title: str) -> str:
    """Read a section of a docstring as one line."""
    match = re.search(rf"^{title}\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return " ".join(match[1].split()) if match else ""


def _tests(module: str, name: str) -> str:
    """Name at most three files of tests: those of the module first, then those that call it."""
    own = f"test_{module.rpartition('.')[2]}.py"
    calls = re.compile(rf"\b{name}\(")
    found = [
        path for path, text in _texts().items() if path.endswith(f"/{own}") or calls.search(text)
    ]
    found.sort(key=lambda path: (not path.endswith(f"/{own}"), not path.startswith("unit"), path))
    return ", ".join(f"`{path}`" for path in found[:3]) or "those of the functions that call it"


@cache
def _texts() -> dict[str, str]:
    files = sorted(TESTS.rglob("test_*.py"))
    return {path.relative_to(TESTS).as_posix(): path.read_text("utf-8") for path in files}
