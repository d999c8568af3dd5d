from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from sanzhixin.validation.plots import plot_sensitivity, plot_strategy
from tests.unit.validation.plots.test_every_picture import sensitivity, strategy


@pytest.fixture
def ax():
    return Figure().add_subplot()


def test_only_shares_of_tiers_are_drawn_for_sensitivity(ax):
    drawn = plot_sensitivity(sensitivity(), ax, lang="en")
    assert [bar.get_width() for bar in drawn.patches] == [0.1, 0.4]
    assert [label.get_text() for label in drawn.get_yticklabels()] == [
        "one rating up fs",
        "one rater out",
    ]


def test_the_curve_is_that_of_the_table(ax):
    table = strategy().sort_values("share_approved")
    (line,) = plot_strategy(table, ax, lang="en").lines
    assert line.get_xdata().tolist() == table["share_approved"].tolist()
    assert line.get_ydata().tolist() == table["value"].tolist()
