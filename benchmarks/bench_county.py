"""A simulated county through `propose`, tables in memory; ``--large``: one of Tongxiang's size."""

from __future__ import annotations

import resource
import time
from pathlib import Path

from figures import Figure, at_most, only_told, options, show

import sanzhixin as szx

MODEL = Path(__file__).resolve().parents[1] / "models" / "tongxiang-expert" / "1.0.0"
SIZES = {"quick": (2, 10), "small": (40, 60), "large": (211, 948)}
BUDGET_SIMULATE = 60


def main() -> None:
    wanted = options(__doc__ or "")
    size = "quick" if wanted.quick else "large" if wanted.large else "small"
    villages, households = SIZES[size]
    model = szx.load_model(MODEL)
    begin = time.perf_counter()
    county = szx.simulate_county(villages=villages, households_per_village=households, seed=7)
    simulated = time.perf_counter()
    proposals = model.propose(county)
    proposed = time.perf_counter()
    cells = len(county.ratings) * len(model.scheme.panel_codes)
    rate = len(proposals) / (proposed - simulated)
    figures: list[Figure] = [
        at_most("simulate", simulated - begin, BUDGET_SIMULATE, "s")
        if size == "large"
        else only_told("simulate", f"{simulated - begin:.2f} s"),
        only_told("propose", f"{proposed - simulated:.2f} s"),
        only_told("propose, households a second", f"{rate:,.0f}"),
        only_told("largest memory of the process", f"{_peak_megabytes():,.0f} MB"),
    ]
    show(
        f"a county of {villages} villages x {households} households",
        figures,
        f"{len(county.ratings):,} forms with {cells:,} cells, {len(county.events):,} events; "
        "expert card, aggregator mean, reasons and digests included; no files.",
    )


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
