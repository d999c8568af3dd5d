"""Runs of the command line in child interpreters, and what has to be equal between two of them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FORMATS = ("parquet", "csv")
WITH_QUARANTINE = 3
PROGRAM = """
import sys
from sanzhixin.cli import main

out, folder, models, formats, *words = sys.argv[1:]
for model in models.split("|"):
    name = model.replace("\\\\", "/").rsplit("/", 1)[-1]
    for kind in formats.split("|"):
        place = f"{out}/{name}-{kind}"
        code = main(["score", folder, "-m", model, "-o", place, "--format", kind, *words])
        if code != 3:
            sys.exit(f"exit code {code} for {place}")
"""


def score_elsewhere(setting, folder, models, out):
    """Score with every model into every format in one child; give all that has to be equal."""
    paths = [str(path) for path in models.values()]
    command = [setting.python, *setting.flags, "-c", PROGRAM, str(out), str(folder)]
    done = subprocess.run(
        [*command, "|".join(paths), "|".join(FORMATS), *setting.words],
        env={"PYTHONPATH": str(ROOT), **setting.environment},
        cwd=setting.cwd,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{setting.name}: {done.stderr.decode(errors='replace')}"
    return {name: value for place in sorted(out.iterdir()) for name, value in kept(place).items()}


def kept(out):
    """Bytes of the proposals and of the quarantine, and the digests and counts of the manifest."""
    files = {
        f"{out.name}/{path.name}": path.read_bytes()
        for path in sorted(out.iterdir())
        if path.name not in {"manifest.json", "_SUCCESS"}
    }
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    stated = ("as_of", "exit_code", "model", "input", "output", "quarantine", "rows")
    return files | {f"{out.name}/manifest.{name}": manifest[name] for name in stated}


def differing(found, expected):
    """Names of files and entries that are not equal, or that one of the two lacks."""
    names = sorted({*found, *expected})
    return [name for name in names if found.get(name) != expected.get(name)]
