from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "benchmarks").glob("bench_*.py"))


def test_make_bench_finds_the_scripts():
    assert "benchmarks/bench_*.py" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [path.stem for path in SCRIPTS] == [
        "bench_batch",
        "bench_card",
        "bench_county",
        "bench_engines",
        "bench_import",
        "bench_one",
        "bench_panel",
        "bench_scorecard",
        "bench_threads",
    ]


LONG = {
    "bench_engines",  # starts a server and a cluster; tests/spark and tests/unit/batch/sql do, too
    "bench_batch",  # crews of processes; tests/unit/batch starts them, too
    "bench_scorecard",  # half a minute beside its peer
}


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(path, marks=[pytest.mark.slow] if path.stem in LONG else [], id=path.stem)
        for path in SCRIPTS
    ],
)
def test_the_script_runs_and_shows_budget_and_peer_beside_its_figures(script):
    done = subprocess.run(
        [sys.executable, str(script), "--quick"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[2].split() == ["work", "budget", "measured", "peer", "verdict"]
