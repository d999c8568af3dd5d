from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from sanzhixin.validation.plots import plot_change_causes, plot_ledger_counts, plot_rating_drift
from tests.unit.validation.plots.test_every_picture import causes, drift, rate


def test_county_and_villages_are_drawn_and_raters_are_not():
    table = drift()
    ax = plot_rating_drift(table, Figure().add_subplot(), lang="en")
    own = table[table["unit"] != "rater"]
    np.testing.assert_allclose(ax.collections[-1].get_offsets()[:, 0], own["value"])
    assert len(own) < len(table)


def test_the_months_are_those_of_the_table():
    table = rate()
    lines = plot_ledger_counts(table, Figure().add_subplot(), lang="en").lines
    own = table[table["statistic"] == "events_month"]
    for line, name in zip(lines, ("threshold", "value"), strict=True):
        assert line.get_ydata().tolist() == own[name].tolist()


def test_a_part_has_a_bar_for_each_direction():
    bars = plot_change_causes(causes(), Figure().add_subplot(), lang="en").patches
    assert sorted(bar.get_width() for bar in bars) == [-4, 3]
