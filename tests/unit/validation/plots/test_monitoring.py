from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from sanzhixin.errors import DomainError
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
    plot_proxy,
    plot_rating_drift,
)

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


PLOTS = {
    "fairness": (plot_fairness, fairness),
    "proxy": (plot_proxy, proxy),
    "drift": (plot_rating_drift, drift),
    "rate": (plot_ledger_counts, rate),
    "causes": (plot_change_causes, causes),
}


@pytest.mark.parametrize("name", sorted(PLOTS))
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_picture_draws_the_table_in_one_language_and_leaves_it_as_it_was(name, lang):
    plot, make = PLOTS[name]
    table = make()
    before = table.copy()
    ax = plot(table, Figure().add_subplot(), lang=lang)
    pd.testing.assert_frame_equal(table, before)
    assert ax.has_data()
    assert any("\u4e00" <= sign <= "\u9fff" for sign in ax.get_title()) == (lang == "zh")


@pytest.mark.parametrize("name", sorted(PLOTS))
def test_an_empty_table_draws_no_data_and_does_not_fail(name):
    plot, make = PLOTS[name]
    assert plot(make().iloc[:0], Figure().add_subplot()).get_title()


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


def test_another_language_is_refused():
    with pytest.raises(DomainError, match="lang"):
        plot_ledger_counts(rate(), Figure().add_subplot(), lang="fr")
