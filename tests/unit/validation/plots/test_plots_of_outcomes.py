"""Pictures of discrimination and calibration: they show the table that was given, and no more."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from sanzhixin.errors import DomainError
from sanzhixin.validation.outcomes.backtest import compute_backtest
from sanzhixin.validation.outcomes.calibration import (
    compute_belt,
    compute_calibration,
    compute_reliability,
)
from sanzhixin.validation.outcomes.discrimination import compute_curves
from sanzhixin.validation.plots.calibration import (
    plot_backtest,
    plot_belt,
    plot_default_rate_by_tier,
    plot_reliability,
)
from sanzhixin.validation.plots.discrimination import plot_cap, plot_ks, plot_roc
from tests.unit.validation.drawn_loans import drawn_loans

LOANS = drawn_loans(seed=3)
TABLES = {
    plot_roc: compute_curves,
    plot_cap: compute_curves,
    plot_ks: compute_curves,
    plot_reliability: compute_reliability,
    plot_belt: compute_belt,
    plot_default_rate_by_tier: compute_calibration,
    plot_backtest: compute_backtest,
}


@pytest.fixture(params=TABLES, ids=lambda plot: plot.__name__)
def plot(request):
    return request.param


@pytest.fixture
def ax():
    return Figure().add_subplot()


def texts(ax):
    return [ax.get_title(), ax.get_xlabel(), ax.get_ylabel()]


def test_it_draws_on_the_axes_that_are_given(plot, ax):
    assert plot(TABLES[plot](LOANS).table, ax, lang="en") is ax
    ax.figure.canvas.draw()
    assert all(text.isascii() and text for text in texts(ax))


def test_its_words_are_chinese_where_they_are_asked_for(plot, ax):
    plot(TABLES[plot](LOANS).table, ax)
    assert all(any("\u4e00" <= char <= "\u9fff" for char in text) for text in texts(ax))


def test_it_leaves_its_table_as_it_was(plot, ax):
    table = TABLES[plot](LOANS).table
    before = table.to_csv()
    plot(table, ax, lang="en")
    assert table.to_csv() == before


def test_it_draws_a_table_without_rows(plot, ax):
    plot(TABLES[plot](LOANS[:0]).table, ax, lang="en")
    ax.figure.canvas.draw()


def test_it_makes_axes_where_none_are_given(plot):
    ax = plot(TABLES[plot](LOANS).table, lang="en")
    assert ax.get_title()
    assert pyplot.get_fignums() == [ax.figure.number]  # a notebook shows what pyplot knows
    pyplot.close(ax.figure)


def test_it_knows_two_languages(plot, ax):
    with pytest.raises(DomainError, match="lang"):
        plot(TABLES[plot](LOANS).table, ax, lang="fr")


def test_rates_are_drawn_where_no_probability_is_stated(ax):
    table = compute_calibration(LOANS, basis="none").table
    plot_default_rate_by_tier(table, ax, lang="en")
    ax.figure.canvas.draw()
    assert [label.get_text() for label in ax.get_xticklabels()] == ["AAA", "A", "BBB", "B"]


def test_the_curve_is_that_of_the_table(ax):
    table = compute_curves(LOANS).table
    plot_roc(table, ax, lang="en")
    x, y = ax.get_lines()[-1].get_data()
    np.testing.assert_array_equal(x, table["share_others"])
    np.testing.assert_array_equal(y, table["share_defaults"])


def test_the_best_line_of_the_cap_finds_all_defaults_first_and_is_that_of_the_table(ax):
    table = compute_curves(LOANS).table
    plot_cap(table, ax, lang="en")
    curve, best, chance = ax.get_lines()
    assert [line.get_label() for line in (curve, best, chance)] == [
        "model", "a perfect ranking", "chance",
    ]  # fmt: skip
    np.testing.assert_array_equal(curve.get_xdata(), table["share_loans"])
    np.testing.assert_array_equal(best.get_xdata()[:-1], table["best_share_loans"])
    rate = LOANS["defaulted"].mean()
    np.testing.assert_allclose(best.get_xydata()[-2:], [[rate, 1], [1, 1]])


def test_the_largest_gap_is_marked_with_its_size(ax):
    table = compute_curves(LOANS).table
    plot_ks(table, ax, lang="en")
    shown = [text.get_text() for text in ax.get_legend().get_texts()]
    assert shown[-1] == f"KS = {table['gap'].max():.3f}"


def test_points_of_the_reliability_are_those_of_the_table(ax):
    table = compute_reliability(LOANS).table
    plot_reliability(table, ax, lang="en")
    points, *_ = ax.containers[0]
    np.testing.assert_array_equal(points.get_xdata(), table["threshold"])
    np.testing.assert_array_equal(points.get_ydata(), table["value"])
