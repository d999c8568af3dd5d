from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from sanzhixin.validation.plots import plot_migration, plot_psi, plot_psi_path
from tests.unit.validation.plots.test_every_picture import TABLES, migration


@pytest.fixture
def ax():
    return Figure().add_subplot()


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
