from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from sanzhixin.validation.plots import plot_fairness, plot_proxy
from tests.unit.validation.plots.test_every_picture import fairness, proxy


def test_the_points_of_the_ratios_are_those_of_the_table():
    table = fairness()
    ax = plot_fairness(table, Figure().add_subplot(), lang="en")
    drawn = ax.collections[-1].get_offsets()[:, 0]
    own = table["statistic"].isin(("selection_ratio", "propose_ratio"))
    np.testing.assert_allclose(drawn, table.loc[own, "value"])


def test_the_line_of_custom_is_that_of_the_table():
    table = fairness().assign(threshold=0.75)
    ax = plot_fairness(table, Figure().add_subplot(), lang="en")
    assert [line.get_xdata()[0] for line in ax.lines] == [1, 0.75]
    assert ax.get_title() == "Ratio to the reference (dashed: the custom of 0.75)"


def test_the_points_of_the_proxies_are_those_of_the_table():
    table = proxy()
    ax = plot_proxy(table, Figure().add_subplot(), lang="en")
    np.testing.assert_allclose(ax.collections[-1].get_offsets()[:, 0], table["value"])
