"""Import and start-up: what a backend and a shell wait for before any work is done."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from figures import Figure, at_most, only_told, options, show

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("pandas", "scipy", "sklearn")
BUDGET_IMPORT, BUDGET_HELP = 150, 300
TIMED = """
import sys, time
begin = time.perf_counter()
{statement}
print((time.perf_counter() - begin) * 1000)
print(*(name for name in {heavy} if name in sys.modules))
"""


def run(*arguments: str) -> tuple[float, list[str]]:
    """Run Python afresh; wall time of the process in milliseconds, and its lines."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], check=True, capture_output=True, text=True, env=environment
    )
    return (time.perf_counter() - begin) * 1000, done.stdout.splitlines()


def time_statement(statement: str, times: int) -> tuple[float, str]:
    """Give the median of the statement's own milliseconds, and the heavy libraries it loaded."""
    program = TIMED.format(statement=statement, heavy=HEAVY)
    runs = [run("-c", program)[1] for _ in range(times)]
    return statistics.median(float(lines[0]) for lines in runs), runs[0][1]


def imported(statement: str, times: int, budget: float | None) -> Figure:
    taken, heavy = time_statement(statement, times)
    loads = f"loads {heavy}" if heavy else "loads none of pandas, scipy, sklearn"
    if budget is None:
        return only_told(statement, f"{taken:.0f} ms", loads)
    if heavy:
        msg = f"{statement} {loads}"
        raise SystemExit(msg)
    return at_most(statement, taken, budget, "ms", loads)


def main() -> None:
    times = 1 if options(__doc__ or "").quick else 10
    whole = [
        statistics.median(run(*arguments)[0] for _ in range(times))
        for arguments in (
            ("-c", "from sanzhixin.cli import main; raise SystemExit(main(['--help']))"),
            ("-c", "import pandas"),
            ("-c", "pass"),
        )
    ]
    show(
        "import and start-up",
        [
            imported("import sanzhixin", times, BUDGET_IMPORT),
            imported("from sanzhixin import load_model", times, None),
            at_most("sanzhixin --help, whole process", whole[0], BUDGET_HELP, "ms"),
            only_told("import pandas, whole process", f"{whole[1]:.0f} ms"),
            only_told("nothing, whole process", f"{whole[2]:.0f} ms"),
        ],
        f"Median of {times} fresh processes.",
    )


if __name__ == "__main__":
    main()
