from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = "import sys; from sanzhixin.cli import main; sys.exit(main())"
PLAIN = {key: os.environ[key] for key in ("PATH", "PYTHONPATH", "SYSTEMROOT") if key in os.environ}


def score(folder, model, out, flags=(), **environment):
    command = [sys.executable, *flags, "-c", PROGRAM]
    words = ["score", folder, "-m", model, "-o", out, "--format", "csv"]
    done = subprocess.run(
        [*command, *map(str, words)],
        env=PLAIN | environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr.decode(errors="replace")
    return {name: (out / name).read_bytes() for name in ("proposals.csv", "quarantine.csv")}


SLOW = pytest.mark.slow  # tests/determinism has one such change of each kind at once


@pytest.mark.parametrize(
    ("flags", "environment"),
    [
        ((), {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "1"}),
        pytest.param(
            (), {"TZ": "America/Adak", "LC_ALL": "zh_CN.GBK", "PYTHONHASHSEED": "2"}, marks=SLOW
        ),
        ((), {"PYTHONIOENCODING": "gbk", "HOME": "/nonexistent", "NO_COLOR": "1"}),
        ((), {"PYTHONIOENCODING": "ascii", "OMP_NUM_THREADS": "1", "COLUMNS": "20"}),
        pytest.param(("-O",), {"LANG": "tr_TR.UTF-8"}, marks=SLOW),
        (("-W", "error", "-bb"), {"LANG": "C.UTF-8"}),
    ],
    ids=["C", "GBK locale", "GBK pipe", "ASCII pipe", "-O", "-W error -bb"],
)
def test_the_environment_changes_no_byte(rows, write, model, tmp_path, flags, environment):
    rows["ratings"][0]["FS01"] = 9
    folder = write(rows)
    plain = score(folder, model, tmp_path / "plain")
    assert score(folder, model, tmp_path / "other", flags, **environment) == plain
