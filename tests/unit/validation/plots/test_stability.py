from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from sanzhixin.errors import DomainError
from sanzhixin.validation.decisions.strategy import compute_strategy
from sanzhixin.validation.plots import (
    plot_migration,
    plot_psi,
    plot_psi_path,
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
}


@pytest.fixture
def ax():
    return Figure().add_subplot()


@pytest.mark.parametrize("plot", TABLES, ids=lambda plot: plot.__name__)
def test_every_picture_has_words_of_both_languages_and_leaves_the_table_alone(plot):
    table = TABLES[plot]()
    before = table.copy()
    titles = [plot(table, Figure().add_subplot(), lang=lang).get_title() for lang in ("zh", "en")]
    assert titles[0] != titles[1]
    assert titles[1].isascii()
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize("plot", TABLES, ids=lambda plot: plot.__name__)
def test_an_unknown_language_is_refused(plot, ax):
    with pytest.raises(DomainError, match="lang"):
        plot(TABLES[plot](), ax, lang="fr")


@pytest.mark.parametrize("plot", TABLES, ids=lambda plot: plot.__name__)
def test_an_empty_table_makes_an_empty_picture(plot, ax):
    assert plot(TABLES[plot]().iloc[:0], ax, lang="en") is ax


def test_the_bars_are_the_shares_of_the_table(ax):
    table = TABLES[plot_psi]()
    heights = [bar.get_height() for bar in plot_psi(table, ax, lang="en").patches]
    parts = table[table["statistic"] == "psi_part"]
    assert heights == [*parts["share_before"], *parts["share_after"]]


def test_the_path_is_drawn_under_both_limits(ax):
    table = TABLES[plot_psi_path]()
    lines = [line.get_ydata().tolist() for line in plot_psi_path(table, ax, lang="en").lines]
    assert lines == [table[name].tolist() for name in ("value", "threshold", "fail_above")]


def test_the_cells_of_migration_carry_the_numbers_of_households(ax):
    texts = [text.get_text() for text in plot_migration(migration(), ax, lang="en").texts]
    assert texts == ["1", "1", "1"]


def test_only_shares_of_tiers_are_drawn_for_sensitivity(ax):
    drawn = plot_sensitivity(sensitivity(), ax, lang="en")
    assert [bar.get_width() for bar in drawn.patches] == [0.1, 0.4]
    assert [label.get_text() for label in drawn.get_yticklabels()] == [
        "one rating up fs",
        "one rater out",
    ]
