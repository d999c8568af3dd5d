"""A folder of Parquet files to published proposals; time and memory at 1x, 2x and 4x the rows."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil
from figures import Figure, at_most, only_told, options, show

import sanzhixin as szx
from sanzhixin.records.columns import TABLES

MODEL = Path(__file__).resolve().parents[1] / "models" / "tongxiang-expert" / "1.0.0"
SIZES = {"quick": (2, 10), "small": (53, 237), "large": (211, 948)}
COPIES = (1, 2, 4)
SECONDS, GIGABYTES, GROWTH = 60, 1.5, 1.1
IDS = ("household_id", "village_id", "rater_id", "event_id", "person_id", "loan_id")
SCORE = "from sanzhixin.cli import main; main()"
WHOLE = """
import sys, sanzhixin as szx
model = szx.load_model(sys.argv[2])
model.propose(szx.read_county(sys.argv[1], model.scheme))
"""


class Run(NamedTuple):
    """Seconds and the largest memory of all processes together."""

    seconds: float
    gigabytes: float


def main() -> None:
    wanted = options(__doc__ or "")
    size = "quick" if wanted.quick else "large" if wanted.large else "small"
    villages, households = SIZES[size]
    county = szx.simulate_county(villages=villages, households_per_village=households, seed=7)
    with tempfile.TemporaryDirectory() as name:
        runs: dict[int, Run] = {}
        whole: Run | None = None
        for copies in COPIES:
            folder = Path(name) / f"county{copies}"
            lay_down(county, folder, copies)
            out = Path(name) / f"out{copies}"
            command = ["-c", SCORE, "score", folder, "-m", MODEL, "-o", out]
            runs[copies] = measured([sys.executable, *map(str, command)])
            if copies == 1:
                whole = measured([sys.executable, "-c", WHOLE, str(folder), str(MODEL)])
    assert whole is not None
    first, last = runs[COPIES[0]], runs[COPIES[-1]]
    peer, growth = whole.gigabytes, last.gigabytes / first.gigabytes
    figures: list[Figure] = [
        at_most("files to proposals", first.seconds, SECONDS, "s", f"{whole.seconds:.3g} s"),
        at_most("memory", first.gigabytes, GIGABYTES, "GB", f"{peer:.3g} GB"),
        at_most("memory at 4x the rows / at 1x", growth, GROWTH, "x"),
    ]
    if size != "large":  # budgets are those of a county of Tongxiang's size
        figures = [only_told(figure.work, figure.measured, figure.peer) for figure in figures]
    figures += [told(copies, run, copies * villages * households) for copies, run in runs.items()]
    show(
        f"Parquet files of {villages} villages x {households} households to proposals",
        figures,
        f"{len(county.ratings):,} forms, {len(county.events):,} events; accept, measure, profile, "
        "score, write; expert card.",
        "peer: the same county accepted at once and proposed in memory, nothing written.",
        "memory: proportional set size of all processes together, sampled 20 times a second.",
    )


def told(copies: int, run: Run, households: int) -> Figure:
    """Tell one run."""
    rate = households / run.seconds
    measured = f"{run.seconds:.3g} s, {run.gigabytes:.3g} GB, {rate:,.0f} households/s"
    return only_told(f"at {copies}x", measured)


def lay_down(county: szx.County, folder: Path, copies: int) -> None:
    """Write the county so many times, each time with other names."""
    folder.mkdir()
    day = county.as_of
    assert day is not None
    (folder / "county.toml").write_text(f"as_of = {day.isoformat()}\n", encoding="utf-8")
    for copy in range(copies):
        for table, frame in county.tables().items():
            named = frame.copy()
            for column in (name for name in IDS if name in named.columns):
                named[column] = named[column].astype("str") + f"-{copy}"
            if len(named) and table in TABLES:
                named.to_parquet(folder / f"{table}_V{copy}.parquet", index=False)


def measured(command: list[str]) -> Run:
    """Run a program and watch it and its children."""
    begin = time.perf_counter()
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak = 0
    while process.poll() is None:
        peak = max(peak, memory(process))
        time.sleep(0.05)
    if process.returncode:
        sys.exit(process.stderr.read().decode())
    return Run(time.perf_counter() - begin, peak / 1e9)


def memory(process: psutil.Process) -> int:
    """Sum the proportional set size of a process and its children."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return total


if __name__ == "__main__":
    main()
