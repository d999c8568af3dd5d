from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from sanzhixin.errors import DomainError
from sanzhixin.validation.decisions.strategy import compute_strategy
from sanzhixin.validation.groups.fairness import compute_fairness
from sanzhixin.validation.groups.proxy import compute_proxy
from sanzhixin.validation.monitoring import (
    compute_change_causes,
    compute_ledger_counts,
    compute_rating_drift,
)
from sanzhixin.validation.plots import (
    plot_change_causes,
    plot_fairness,
    plot_ledger_counts,
    plot_migration,
    plot_proxy,
    plot_psi,
    plot_psi_path,
    plot_rating_drift,
    plot_score_distribution,
    plot_sensitivity,
    plot_strategy,
)
from sanzhixin.validation.stability.index import (
    compute_psi,
    compute_psi_path,
    compute_score_distribution,
)
from sanzhixin.validation.stability.migration import compute_migration
from sanzhixin.validation.tables.judged import Judged

IDS = [f"H{k:03}" for k in range(200)]
GROUPS = pd.DataFrame({"household_id": IDS, "sex": ["f", "m"] * 100})
PROFILE = pd.DataFrame(
    {
        "household_id": IDS,
        "village_id": [f"V{k % 12}" for k in range(200)],
        "fs_score": np.sin(np.arange(200)),
    }
)


def fairness():
    proposals = PROFILE.assign(status="propose", limit_yuan=np.arange(200) % 3)
    return compute_fairness(proposals, GROUPS, draws=100).table


def proxy():
    return compute_proxy(PROFILE, GROUPS, permutations=0).table


def drift():
    forms = pd.DataFrame({"round": 1, "household_id": IDS, "rater_id": "R", "A": [1, 2] * 100})
    after = forms.assign(round=2, A=[2, 3, 3, 3] * 50)
    return compute_rating_drift(forms, after, PROFILE, ["A"]).table


def rate():
    days = pd.date_range("2025-01-10", periods=18, freq="MS").repeat(5)
    events = pd.DataFrame({"recorded_on": days, "code": "ML05"})
    return compute_ledger_counts(
        events, since=dt.date(2026, 1, 31), until=dt.date(2026, 5, 31)
    ).table


def causes():
    movers = pd.DataFrame({"direction": ["up", "down"], "main_part": "a", "part_a": [3, -4]})
    return compute_change_causes(movers).table


def migration():
    before, after = (
        pd.DataFrame({"household_id": ["1", "2", "3"], "status": "propose", "tier": tiers})
        for tiers in (["A", "B", "B"], ["A", "A", "B"])
    )
    return compute_migration(before, after, tiers=["A", "B"], draws=100).table


def strategy():
    loans = pd.DataFrame({"points": [600, 700, 800], "defaulted": [1, 0, 0]})
    proposals = pd.DataFrame({"points": [600, 800], "status": "propose", "limit_yuan": [1, 2]})
    return compute_strategy(proposals, loans).table


def sensitivity():
    return pd.DataFrame(
        {
            "statistic": ["tier_any", "tier_one", "tier_any"],
            "change": ["one_up", "one_up", "rater_out"],
            "pillar": ["fs", "fs", "all"],
            "value": [0.1, 0.01, 0.4],
            "low": [0.05, np.nan, 0.3],
            "high": [0.2, np.nan, 0.5],
        }
    )


POINTS = np.arange(90.0)

TABLES = {
    plot_psi: lambda: compute_psi(POINTS, POINTS + 3, breaks=[30, 60]).table,
    plot_psi_path: lambda: (
        compute_psi_path([("1", POINTS), ("2", POINTS), ("3", POINTS + 9)], breaks=[30, 60]).table
    ),
    plot_migration: migration,
    plot_strategy: strategy,
    plot_score_distribution: lambda: compute_score_distribution(POINTS).table,
    plot_sensitivity: sensitivity,
    plot_fairness: fairness,
    plot_proxy: proxy,
    plot_rating_drift: drift,
    plot_ledger_counts: rate,
    plot_change_causes: causes,
}


@pytest.mark.parametrize("plot", TABLES, ids=lambda plot: plot.__name__)
def test_every_picture_has_words_of_both_languages_and_leaves_the_table_alone(plot):
    table = TABLES[plot]()
    before = table.copy()
    titles = [plot(table, Figure().add_subplot(), lang=lang).get_title() for lang in ("zh", "en")]
    assert titles[0] != titles[1]
    assert titles[1].isascii()
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize("plot", TABLES, ids=lambda plot: plot.__name__)
def test_an_unknown_language_is_refused(plot):
    with pytest.raises(DomainError, match="lang"):
        plot(TABLES[plot](), Figure().add_subplot(), lang="fr")


@pytest.mark.parametrize("plot", TABLES, ids=lambda plot: plot.__name__)
def test_an_empty_table_makes_an_empty_picture(plot):
    ax = Figure().add_subplot()
    assert plot(TABLES[plot]().iloc[:0], ax, lang="en") is ax


@pytest.mark.parametrize("plot", TABLES, ids=lambda plot: plot.__name__)
def test_another_table_is_refused_by_its_name(plot):
    with pytest.raises(DomainError, match="and the table overrides was given"):
        plot(Judged("overrides", pd.DataFrame(), "", "", "", ""), Figure().add_subplot())
