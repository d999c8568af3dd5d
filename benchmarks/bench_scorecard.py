"""Binning and whole cards beside optbinning, toad and scikit-learn: time, memory and quality.

Each library runs in a process of its own, on the same rows, and is judged on the same fresh rows.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from figures import Figure, at_least, at_most, median_seconds, only_told, options, show

LIBRARIES = ("sanzhixin", "optbinning", "scikit-learn", "toad")
N_PREBINS = 100
BUDGET_BINNING, BUDGET_FIT, BUDGET_SCORE, BUDGET_AUC = 50.0, 10.0, 20.0, 0.001

Card = tuple[Any, Callable[[pd.DataFrame], Any], Callable[[pd.DataFrame], Any], float]


def draw(rows: int, columns: int, seed: int) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Draw characteristics of falling strength, some correlated, bent or skewed; 8 % default."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, columns))
    x[:, 1::4] += 0.5 * x[:, 0::4][:, : x[:, 1::4].shape[1]]
    effect = x * np.linspace(0.5, 0.05, columns)
    effect[:, 2::4] = np.tanh(2 * effect[:, 2::4])
    x[:, 3::4] = np.exp(0.7 * x[:, 3::4])
    log_odds = effect.sum(axis=1)
    y = random.random(rows) < 1 / (1 + np.exp(3.0 - log_odds))
    return pd.DataFrame(x, columns=[f"x{k:02}" for k in range(columns)]), y.astype(int)


def fit_sanzhixin(frame: pd.DataFrame, y: np.ndarray[Any, Any]) -> Card:
    from sanzhixin import Scorecard

    card = Scorecard().fit(frame, y)
    return card, card.points, lambda rows: card.predict_proba(rows)[:, 1], card.binner_.iv_.sum()


def fit_optbinning(frame: pd.DataFrame, y: np.ndarray[Any, Any]) -> Card:
    from optbinning import BinningProcess, Scorecard
    from sklearn.linear_model import LogisticRegression

    card = Scorecard(
        BinningProcess(list(frame.columns)),
        LogisticRegression(),
        scaling_method="pdo_odds",
        scaling_method_params={"pdo": 20, "odds": 50, "scorecard_points": 600},
    ).fit(frame, y)
    iv = float(card.binning_process_.summary()["iv"].astype(float).sum())
    return card, card.score, lambda rows: card.predict_proba(rows)[:, 1], iv


def fit_sklearn(frame: pd.DataFrame, y: np.ndarray[Any, Any]) -> Card:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import KBinsDiscretizer

    bins = KBinsDiscretizer(12, encode="onehot", strategy="quantile", quantile_method="linear")
    model = make_pipeline(bins, LogisticRegression(max_iter=500)).fit(frame, y)
    return model, model.decision_function, lambda rows: model.predict_proba(rows)[:, 1], np.nan


def fit_toad(frame: pd.DataFrame, y: np.ndarray[Any, Any]) -> Card:
    import toad

    combiner = toad.transform.Combiner().fit(frame, y, method="dt", n_bins=12, min_samples=0.02)
    transer = toad.transform.WOETransformer().fit(combiner.transform(frame), y)
    card = toad.ScoreCard(combiner=combiner, transer=transer, pdo=20, base_odds=50, base_score=600)
    card.fit(transer.transform(combiner.transform(frame)), y)
    return card, card.predict, lambda rows: card.predict_proba(rows)[:, 1], np.nan


FITS = {
    "sanzhixin": fit_sanzhixin,
    "optbinning": fit_optbinning,
    "scikit-learn": fit_sklearn,
    "toad": fit_toad,
}


def measure(library: str, rows: int, columns: int, times: int) -> dict[str, float]:
    """Fit and score in this process; peak memory above that of data and imports."""
    from sklearn.metrics import brier_score_loss, roc_auc_score

    warnings.simplefilter("ignore")
    small, small_y = draw(2_000, columns, seed=3)
    FITS[library](small, small_y)  # imports and first calls are not part of the work
    frame, y = draw(rows, columns, seed=1)
    fresh, fresh_y = draw(max(rows, 2_000), columns, seed=2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        _, score, probability, iv = FITS[library](frame, y)
        taken.append(time.perf_counter() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    default = probability(fresh)
    return {
        "fit": float(np.median(taken)),
        "score": median_seconds(lambda: score(fresh), times=5 * times),
        "memory": (peak - before) / 1024,
        "auc": float(roc_auc_score(fresh_y, default)),
        "brier": float(brier_score_loss(fresh_y, default)),
        "iv": float(iv),
        "mean": float(default.mean() / fresh_y.mean()),
    }


def apart(library: str, rows: int, columns: int, times: int) -> dict[str, float] | None:
    """Measure in a process of its own; None where the library is not installed."""
    asked = [library, str(rows), str(columns), str(times)]
    done = subprocess.run(
        [sys.executable, __file__, "--one", *asked], check=False, capture_output=True, text=True
    )
    if "ModuleNotFoundError" in done.stderr:
        return None
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare_cards(rows: int, columns: int, times: int) -> list[Figure]:
    found = {name: apart(name, rows, columns, times) for name in LIBRARIES}
    own, peer = found["sanzhixin"], found["optbinning"]
    size = f"{rows:,} x {columns}"
    if own is None or peer is None:
        msg = "sanzhixin and optbinning have to be installed"
        raise SystemExit(msg)
    told = f"optbinning {peer['fit']:.2f} s"
    figures = [
        only_told(f"whole card fitted, {size}", f"{own['fit']:.3f} s", told),
        at_least(f"fit: optbinning / own, {size}", peer["fit"] / own["fit"], BUDGET_FIT, "x"),
        only_told("scored", f"{own['score'] * 1e3:.1f} ms", f"{peer['score'] * 1e3:.1f} ms"),
        at_least(
            f"score: optbinning / own, {size}", peer["score"] / own["score"], BUDGET_SCORE, "x"
        ),
        at_most(
            "AUC lost against optbinning, fresh rows", peer["auc"] - own["auc"], BUDGET_AUC, ""
        ),
    ]
    for name, one in found.items():
        if one is None:
            figures.append(only_told(f"{name}, {size}", "not installed (make bench installs it)"))
            continue
        measured = (
            f"fit {one['fit']:.2f} s, score {one['score'] * 1e3:.0f} ms, "
            f"+{one['memory']:.0f} MB, AUC {one['auc']:.4f}, Brier {one['brier']:.5f}, "
            f"mean PD / rate {one['mean']:.4f}, sum of IV {one['iv']:.3f}"
        )
        figures.append(only_told(f"{name}, {size}", measured))
    return figures


def compare_binning(n_prebins: int, times: int) -> list[Figure]:
    """Time one column with the same pre-bins, trend and largest number of bins."""
    warnings.simplefilter("ignore")
    from optbinning import OptimalBinning

    from sanzhixin.numerics.binning import BinRules, divergence_terms, optimal_bins

    random = np.random.default_rng(5)
    events = random.poisson(np.linspace(5, 60, n_prebins)) + 1
    nonevents = random.poisson(900, n_prebins) + 1
    place = np.arange(n_prebins, dtype=float)
    x = np.repeat(np.tile(place, 2), np.concatenate([events, nonevents]))
    y = np.repeat([1, 0], [events.sum(), nonevents.sum()])
    peer = OptimalBinning(
        monotonic_trend="ascending",
        user_splits=place[1:] - 0.5,
        max_n_bins=8,
        max_n_prebins=n_prebins,
    )
    theirs = median_seconds(lambda: peer.fit(x, y), times=times)
    rules = BinRules(max_bins=8)
    ours = median_seconds(
        lambda: optimal_bins(events, nonevents, trend="ascending", rules=rules), times=5 * times
    )
    starts = np.concatenate([[0], np.ceil(peer.splits).astype(int)])
    shares = [np.add.reduceat(part, starts) / part.sum() for part in (nonevents, events)]
    their_iv = float(divergence_terms(*shares, "iv").sum())
    own_iv = optimal_bins(events, nonevents, trend="ascending", rules=rules).objective
    return [
        at_least(
            f"optimum at {n_prebins} pre-bins: optbinning / own",
            theirs / ours,
            BUDGET_BINNING,
            "x",
            f"{theirs:.2f} s / {ours * 1e3:.1f} ms",
        ),
        at_least("  own IV - optbinning's", own_iv - their_iv, -1e-9, ""),
    ]


def main() -> None:
    if "--one" in sys.argv:
        library, *sizes = sys.argv[sys.argv.index("--one") + 1 :]
        print(json.dumps(measure(library, *map(int, sizes))))
        return
    asked = options(__doc__ or "")
    rows, columns, times = (2_000, 5, 1) if asked.quick else (100_000, 20, 3)
    figures = compare_binning(20 if asked.quick else N_PREBINS, times)
    figures += compare_cards(rows, columns, times)
    if asked.large:
        figures += compare_cards(1_000_000, 30, 1)
    show(
        "binning and scorecards",
        figures,
        "Median of the runs; AUC, Brier and mean PD on as many fresh rows; memory is the growth of "
        "the peak over data and imports; --large adds 1,000,000 x 30.",
    )


if __name__ == "__main__":
    main()
