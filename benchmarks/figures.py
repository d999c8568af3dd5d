"""A small table of figures beside their budgets, the same for every benchmark."""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; `met` is None where there is no budget."""

    work: str
    budget: str
    measured: str
    peer: str = ""
    met: bool | None = None


def at_most(work: str, value: float, budget: float, unit: str, peer: str = "") -> Figure:
    """Give a figure that must not exceed its budget."""
    return Figure(work, f"<= {budget:g} {unit}", f"{value:.4g} {unit}", peer, value <= budget)


def at_least(work: str, value: float, budget: float, unit: str, peer: str = "") -> Figure:
    """Give a figure that must not fall short of its budget."""
    return Figure(work, f">= {budget:g} {unit}", f"{value:.4g} {unit}", peer, value >= budget)


def only_told(work: str, measured: str, peer: str = "") -> Figure:
    """Give a figure without a budget."""
    return Figure(work, "", measured, peer)


def show(title: str, figures: Sequence[Figure], *notes: str) -> None:
    """Print the table."""
    verdict = {True: "met", False: "missed", None: ""}
    rows = [("work", "budget", "measured", "peer", "verdict")]
    rows += [(f.work, f.budget, f.measured, f.peer, verdict[f.met]) for f in figures]
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    print(f"\n{title} (Python {platform.python_version()}, {platform.machine()})")
    for place, row in enumerate(rows):
        cells = (f"{text:<{width}}" for text, width in zip(row, widths, strict=True))
        print("  " + "  ".join(cells).rstrip())
        if place == 0:
            print("  " + "  ".join("-" * width for width in widths))
    for note in notes:
        print(f"  {note}")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    quick: bool
    large: bool


def options(description: str) -> Options:
    """Read the command line; figures of ``--quick`` mean nothing."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it runs")
    parser.add_argument("--large", action="store_true", help="the largest size, where there is one")
    asked = parser.parse_args()
    return Options(quick=asked.quick, large=asked.large)


def median_seconds(work: Callable[[], object], *, times: int) -> float:
    """Run once to warm up, then give the median of `times` runs."""
    work()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)
