"""A real panel: 214 judges and 1,632 performances of figure skating, crossed between events."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm, spearmanr

from sanzhixin.modelling.panel.model import PanelLinkWarning
from tests.simulation.skating import (
    CRITERIA,
    N_CATEGORIES,
    PATH,
    fit,
    leave_out,
    panel_model,
    read_skating,
    unlinked,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PATH.exists(), reason="no skating_panel.csv in ../shared/data"),
]

N_HALVINGS, N_FOLDS, N_NULL = 5, 10, 20
EVERY = 4  # judges left out: every fourth of the codes, which mean nothing
UNLIKELY = 0.005  # chance that a bound below fails where the claim is true


def least(n):
    """Fewest of n intervals of 95 % that may hold."""
    return int(binom.ppf(UNLIKELY, n, 0.95))


@pytest.fixture(scope="module")
def table():
    return read_skating()


@pytest.fixture(scope="module")
def linked(table):
    return fit(table)


@pytest.fixture(scope="module")
def apart(table):
    return fit(unlinked(table))


def test_every_category_of_every_criterion_is_used(table):
    for column in CRITERIA:
        share = table[column].value_counts(normalize=True)
        assert len(share) == N_CATEGORIES
        assert share.min() > 0.1


def test_an_event_alone_orders_its_performances_as_all_events_do(table, linked):
    standing = linked.measures_.set_index("household_id")["within_logit"]
    for _, own in table.groupby("event"):
        alone = fit(own).measures_.set_index("household_id")["within_logit"]
        assert spearmanr(alone, standing[alone.index]).statistic > 0.98


# (a) severities


@pytest.fixture(scope="module")
def halves(table):
    """By halving: severities of either half, and how the judge's marks deviate in it."""
    events, random = np.unique(table["event"]), np.random.default_rng(0)
    chosen = [events[::2]] + [random.permutation(events)[:8] for _ in range(N_HALVINGS - 1)]
    return [[severities(table[table["event"].isin(c) == side]) for side in (True, False)]
            for c in chosen]  # fmt: skip


def severities(half):
    model = fit(half)
    assert model.link_ == "bridge"
    found = model.raters_.set_index("rater_id")[["severity", "se"]]
    prior = float((model.variances_[["rater_sd", "leniency_sd"]] ** 2).sum(axis=1).iloc[0])
    kept = prior / (prior - found["se"] ** 2)  # undoes the pull to the mean
    dev = half[half["same_group"] == 0].groupby("rater_id")["dev"].mean()
    return found.assign(free=found["severity"] * kept, free_se=found["se"] * kept**0.5, dev=dev)


def test_severities_of_one_half_of_the_events_tell_the_marks_of_the_other(halves):
    told = []
    for one, other in halves:
        pair = one.join(other.add_suffix("_other"), how="inner")
        told += [
            -spearmanr(pair["severity"], pair["dev_other"]).statistic,
            -spearmanr(pair["severity_other"], pair["dev"]).statistic,
        ]
    n_least = min(len(one.index.intersection(other.index)) for one, other in halves)
    # the halvings overlap: the mean is held to the bound of a single one
    assert np.mean(told) > norm.isf(UNLIKELY) / np.sqrt(n_least - 1)


def test_severities_move_between_events_so_that_their_intervals_are_too_narrow(halves):
    held = []
    for one, other in halves:
        pair = one.join(other.add_suffix("_other"), how="inner")
        gap = pair["free_other"] - pair["severity"]
        error = np.hypot(pair["free_se_other"], pair["se"])
        held.append(np.mean(np.abs(gap - gap.median()) < 1.96 * error))
    # not as one would wish: see the docs for the reason, which the next test measures
    assert 0.7 < np.mean(held) < 0.9


def test_a_judge_is_more_like_himself_within_a_panel_than_across_events(table):
    forms = table[table["same_group"] == 0]
    cell = forms.groupby(["rater_id", "event", "program"])["dev"].agg(["sum", "size"])
    square = (forms["dev"] ** 2).groupby([forms[c] for c in cell.index.names]).sum()
    whole = cell.groupby("rater_id").sum()
    event = cell.groupby(["rater_id", "event"]).sum()
    within = (cell["sum"] ** 2 - square).sum() / (cell["size"] * (cell["size"] - 1)).sum()
    across = (whole["sum"] ** 2).sum() - (event["sum"] ** 2).sum()
    across /= (whole["size"] ** 2).sum() - (event["size"] ** 2).sum()
    assert within > 2 * across > 0


# (b) own group


def test_judges_favour_their_own_group_in_logits_and_in_marks(table):
    bias = fit(table, kin="correct").variances_.iloc[0]
    judges = np.unique(table["rater_id"])
    fold = np.random.default_rng(0).permutation(judges.size) % N_FOLDS
    left = [
        fit(table[~table["rater_id"].isin(judges[fold == k])], kin="correct").variances_.iloc[0]
        for k in range(N_FOLDS)
    ]
    error = np.sqrt((N_FOLDS - 1) * np.var([one["kin_bias"] for one in left]))
    assert bias["kin_bias"] > 5 * error
    # the model takes the bias of all judges for the same: its own interval is the narrower one
    assert error > bias["kin_se"]
    extra, extra_error = extra_marks(table)
    assert extra > 5 * extra_error


def test_every_event_alone_shows_the_bias_for_the_own_group(table):
    for _, own in table.groupby("event"):
        found = fit(own, kin="correct").variances_.iloc[0]
        assert found["kin_bias"] > 1.96 * found["kin_se"]


def extra_marks(table):
    """Mean mark for the own group above the judge's usual deviation, and its error by judges."""
    own = table["same_group"] == 1
    usual = table[~own].groupby("rater_id")["dev"].mean()
    extra = table.loc[own, "dev"] - table.loc[own, "rater_id"].map(usual)
    residual = (extra - extra.mean()).groupby(table["rater_id"]).sum()
    return extra.mean(), np.sqrt((residual**2).sum()) / len(extra)


def test_flags_dealt_at_random_show_no_bias(table):
    forms = table[table["same_group"] == 0]
    n_flags, held = int(table["same_group"].sum()), 0
    for seed in range(N_NULL):
        one_each = forms.groupby("household_id").sample(1, random_state=seed)
        flagged = one_each.sample(n_flags, random_state=seed).index
        dealt = forms.assign(relation=np.where(forms.index.isin(flagged), "kin", "none"))
        found = fit(dealt, kin="correct").variances_.iloc[0]
        held += abs(found["kin_bias"]) < 1.96 * found["kin_se"]
    assert held >= least(N_NULL)


# (c) a judge left out


def test_marks_of_a_judge_who_was_left_out_lie_within_their_intervals(table):
    random = np.random.default_rng(0)
    found = [leave_out(table, judge, random) for judge in np.unique(table["rater_id"])[::EVERY]]
    gap = np.array([np.sum(one.inside - one.content) for one in found])
    n_forms = sum(one.inside.size for one in found)
    # forms of a judge hang together: error by judges
    error = np.sqrt(np.sum((gap - gap.mean()) ** 2)) / n_forms
    assert abs(gap.sum() / n_forms) < norm.isf(UNLIKELY / 2) * error
    assert np.mean(np.concatenate([one.inside for one in found])) >= 0.95
    # without severity and halo it would not hold
    assert np.mean(np.concatenate([one.inside_plain for one in found])) < 0.9
    ranks = np.array([one.rank for one in found])
    assert np.sum((ranks > 0.025) & (ranks < 0.975)) >= least(ranks.size)


# (d) links between events


def test_linked_events_are_one_part_and_give_no_warning(table):
    model = panel_model().fit(table, table[["household_id", "village_id"]])
    assert model.link_ == "bridge"
    assert (model.connectivity_["component"] == 0).all()


def test_unlinked_events_are_named_as_such(table):
    dropped = unlinked(table)
    with pytest.warns(PanelLinkWarning, match="Nothing in the ratings compares villages"):
        model = panel_model().fit(dropped, dropped[["household_id", "village_id"]])
    assert model.link_ == "prior"
    assert model.connectivity_["component"].is_unique
    assert set(model.connectivity_["village_id"]) == set(table["village_id"])


def both(table, linked, apart):
    villages = table.drop_duplicates("household_id")[["household_id", "village_id"]]
    pair = linked.measures_.merge(apart.measures_, on="household_id", suffixes=("", "_apart"))
    return pair.merge(villages, on="household_id")


def test_absolute_intervals_of_unlinked_events_hold_the_linked_measures(table, linked, apart):
    pair = both(table, linked, apart)
    gap = (pair["logit_apart"] - pair["logit"]).abs()
    assert np.mean(gap < 1.96 * pair["se_apart"]) >= 0.95
    # without the term of the link they would not
    assert np.mean(gap < 1.96 * pair["within_se_apart"]) < 0.9


def test_the_error_of_the_link_holds_the_difference_of_nearly_all_events(table, linked, apart):
    pair = both(table, linked, apart)
    pair["gap"] = pair["logit_apart"] - pair["logit"]
    pair["link_variance"] = pair["se_apart"] ** 2 - pair["within_se_apart"] ** 2
    event = pair.groupby("village_id")[["gap", "link_variance"]].mean()
    held = event["gap"].abs() < 1.96 * np.sqrt(event["link_variance"])
    assert held.sum() >= least(len(event))


def test_standings_within_events_do_not_need_the_links(table, linked, apart):
    pair = both(table, linked, apart)
    gap = (pair["within_logit_apart"] - pair["within_logit"]).abs()
    assert np.mean(gap < 1.96 * pair["within_se_apart"]) >= 0.95
