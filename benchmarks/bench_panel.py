"""The panel engine beside RaschPy and a linear mixed model, and at the size of a county."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from figures import Figure, at_least, at_most, only_told, options, show
from mixed_model import fit_mixed_model

from sanzhixin.numerics.pillar_fit import PillarForms, fit_pillar
from sanzhixin.numerics.pillar_measures import fitted_measures
from tests.simulation.bound import information_bound
from tests.unit.numerics.panel_cases import Panel, draw_panel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Estimates = tuple[NDArray[np.float64], NDArray[np.float64]]

N_ITEMS = (5, 4, 6)
COUNTY = (211, 948, 7)  # villages, households of each, forms of each: 21 M ratings
LARGE = (1_000, 952, 7)  # 100 M ratings
BUDGETS = {"county": (5.0, 1.5), "large": (25.0, 2.5), "plain": (12.0, 2.5)}


def forms_of(size: tuple[int, int, int], n_items: int, blank: float, seed: int) -> PillarForms:
    """Ratings by the model, drawn by cumulative chances from a table over the logit."""
    villages, households, each = size
    random = np.random.default_rng(seed)
    n = villages * households
    village = np.repeat(np.arange(villages, dtype=np.int32), households)
    theta = random.standard_normal(n) + 0.5 * random.standard_normal(villages)[village]
    crew = each + 1
    severity = 0.5 * random.standard_normal(villages * crew)
    household = np.repeat(np.arange(n, dtype=np.int32), each)
    skipped = random.integers(0, crew, n)  # all raters of the village but one
    local = np.tile(np.arange(each), n)
    local += local >= np.repeat(skipped, each)
    rater = (local + crew * village[household]).astype(np.int32)
    logit = theta[household] - severity[rater] + 0.5 * random.standard_normal(household.size)
    place = np.clip(np.rint((logit + 6) / 0.02), 0, 600).astype(np.int32)
    ratings = np.empty((household.size, n_items), dtype=np.int8)
    for item in range(n_items):
        steps = np.array([-2.0, -0.7, 0.7, 2.0]) + 0.4 * (item - (n_items - 1) / 2)
        grid = np.arange(601)[:, None] * 0.02 - 6
        height = np.arange(5) * grid - np.concatenate([[0], np.cumsum(steps)])
        chance = np.exp(height - height.max(axis=1, keepdims=True))
        below = (chance.cumsum(axis=1) / chance.sum(axis=1, keepdims=True))[:, :4]
        drawn = random.random(household.size, dtype=np.float32)
        ratings[:, item] = 1 + (drawn[:, None] >= below.astype(np.float32)[place]).sum(axis=1)
    if blank:
        ratings[random.random(ratings.shape, dtype=np.float32) < blank] = 0
    return PillarForms(
        ratings=ratings,
        household=household,
        rater=rater,
        village=village,
        home=np.repeat(np.arange(villages, dtype=np.int32), crew),
        n_villages=villages,
    )


def at_size(work: str, size: tuple[int, int, int], items: tuple[int, ...], blank: float) -> str:
    """Fit in a process of its own, so that its largest memory is told; seconds and gigabytes."""
    words = [sys.executable, __file__, "--child", *map(str, (*size, blank, *items))]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    print(f"  ({work}: {done.stdout.strip()})", file=sys.stderr)
    return done.stdout


def measure(forms: PillarForms) -> None:
    fitted_measures(fit_pillar(forms, merit_share=0.5))


def child(words: list[str]) -> None:
    size = (int(words[0]), int(words[1]), int(words[2]))
    blank, items = float(words[3]), [int(word) for word in words[4:]]
    pillars = [forms_of(size, count, blank, seed) for seed, count in enumerate(items)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    begin = time.perf_counter()
    for forms in pillars:
        measure(forms)
    seconds = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    n_ratings = sum(forms.ratings.size for forms in pillars)
    print(f"{seconds:.2f} s {after:.2f} GB {before:.2f} GB before {n_ratings} ratings")


def sizes(quick: bool, large: bool) -> list[Figure]:
    found = []
    cases = [("21 M ratings, 3 pillars, 10 % blanks", "county", COUNTY, N_ITEMS, 0.1)]
    if large:
        cases += [
            ("100 M ratings, 3 pillars, 10 % blanks", "large", LARGE, N_ITEMS, 0.1),
            ("100 M ratings, one pillar of 15, complete", "plain", LARGE, (15,), 0.0),
        ]
    for work, budget, size, items, blank in cases:
        said = at_size(work, (4, 40, 7) if quick else size, items, blank).split()
        seconds, memory = BUDGETS[budget]
        found.append(at_most(f"{work}: time", float(said[0]), seconds, "s"))
        found.append(at_most(f"{work}: largest memory", float(said[2]), memory, "GB"))
    return found


def beside_peers(quick: bool) -> list[Figure]:
    """B1: disconnected villages, halo 0.5; the same panels for every engine."""
    n_seeds = 1 if quick else 3
    size = {"villages": 3, "households": 12} if quick else {}
    engines: dict[str, Callable[[Panel], Estimates]] = {"engine": own, "mixed model": mixed}
    if not quick and find_spec("raschpy") is not None:
        engines["RaschPy"] = rasch
    told: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in engines}
    for seed in range(7000, 7000 + n_seeds):
        panel = draw_panel(seed=seed, **size)
        bound = information_bound(panel, halo=0.5)
        for name, engine in engines.items():
            begin = time.perf_counter()
            within, error = engine(panel)
            seconds = time.perf_counter() - begin
            apart = within - panel.within
            covered = float(np.mean(np.abs(apart) < 1.96 * error))
            told[name].append((seconds, np.sqrt(np.mean(apart**2)), bound, covered))
    means = {name: np.mean(rows, axis=0) for name, rows in told.items() if rows}
    figures = []
    for name, (seconds, rmse, bound, covered) in means.items():
        text = f"{seconds:.2f} s, RMSE {rmse:.4f} (bound {bound:.4f}), coverage {covered:.3f}"
        figures.append(only_told(f"B1, {name}", text))
    own_figures = means["engine"]
    figures.append(
        at_most("B1: RMSE / information bound", own_figures[1] / own_figures[2], 1.03, "x")
    )
    if "RaschPy" in means:
        ratio = means["RaschPy"][0] / own_figures[0]
        figures.append(at_least("B1: RaschPy time / own", ratio, 20.0, "x", "RaschPy 1.4.0"))
    else:
        figures.append(only_told("B1: RaschPy", "not run: make bench installs it"))
    return figures


def own(panel: Panel) -> Estimates:
    found = fitted_measures(fit_pillar(panel.forms, merit_share=0.5))
    return found.within, np.sqrt(found.within_variance)


def mixed(panel: Panel) -> Estimates:
    """Brought to logits by the best straight line, in its favour."""
    forms = panel.forms
    found = fit_mixed_model(
        forms.ratings.mean(axis=1), forms.household, forms.rater, forms.village, forms.home
    )
    scale = (found.within @ panel.within) / (found.within @ found.within)
    return scale * found.within, scale * np.sqrt(found.variance)


def rasch(panel: Panel) -> Estimates:
    """Many-facet rating scale model; its households and errors, centred within villages."""
    import raschpy

    forms = panel.forms
    table = pd.DataFrame(forms.ratings - 1.0).add_prefix("I")
    raters = [f"R{place:05}" for place in forms.rater.tolist()]
    households = [f"P{place:06}" for place in forms.household.tolist()]
    table.index = pd.MultiIndex.from_arrays([raters, households], names=["Rater", "Person"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = raschpy.MFRM(table, max_score=4)
        model.calibrate_global()
        model.person_estimates_global()
        model.person_stats_df_global()
    logit = model.persons_global.sort_index().to_numpy()
    error = model.person_stats_global["CSEM"].sort_index().to_numpy()
    count = np.bincount(panel.village)
    return logit - (np.bincount(panel.village, logit) / count)[panel.village], error


def main() -> None:
    if "--child" in sys.argv:
        child(sys.argv[sys.argv.index("--child") + 1 :])
        return
    asked = options(__doc__ or "")
    figures = [*beside_peers(asked.quick), *sizes(asked.quick, asked.large)]
    show(
        "panel engine",
        figures,
        "B1: 25 disconnected villages x 40 households, 8 raters each, 5 a household, 12 items,",
        "halo sd 0.5; errors within villages; thresholds about the middle. Sizes: arrays in",
        "memory, rater fit and standard errors included; one process each; "
        f"{os.cpu_count()} cores.",
    )


if __name__ == "__main__":
    main()
