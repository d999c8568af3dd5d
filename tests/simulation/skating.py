"""A real panel as the engine takes it: marks of figure skating, coarsened, with their links."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sanzhixin.modelling.panel.model import PanelLinkWarning, PanelModel
from tests.simulation.bound import total_chances

PATH = Path(__file__).parents[2].parent / "shared" / "data" / "skating_panel.csv"
CRITERIA = tuple(
    f"mark_{name}"
    for name in ("skating_skills", "transitions", "performance", "composition", "interpretation")
)
N_CATEGORIES = 5
N_DRAWS = 500


def read_skating():
    """Performances as households, judges as raters, parts of events as villages.

    A mark's category is 1 more than the number of cut points below it: the quantiles at 20, 40, 60
    and 80 per cent of all marks of that criterion in the file.  `mark` is the mean of the five
    marks as they were given, `dev` that less its mean over the judges of another group.
    """
    table = pd.read_csv(PATH).rename(columns={"performance": "household_id", "rater": "rater_id"})
    table["mark"] = table[list(CRITERIA)].mean(axis=1)
    other = table["mark"].where(table["same_group"] == 0)
    table["dev"] = table["mark"] - other.groupby(table["household_id"]).transform("mean")
    for column in CRITERIA:
        cuts = np.quantile(table[column], np.arange(1, N_CATEGORIES) / N_CATEGORIES)
        table[column] = 1 + np.searchsorted(cuts, table[column])
    table["relation"] = np.where(table["same_group"] == 1, "kin", "none")
    table["village_id"] = table["event"] + _part_of_event(table).astype(str)
    return table


def _part_of_event(table):
    """Number of the part of an event whose performances share judges; most events are one part."""
    judge = pd.factorize(table["event"] + table["rater_id"])[0]
    performance = pd.factorize(table["household_id"])[0] + judge.max() + 1
    ties = coo_array(
        (np.ones(judge.size), (judge, performance)), shape=(performance.max() + 1,) * 2
    )
    part = pd.Series(connected_components(ties)[1][judge], index=table.index)
    return part.groupby(table["event"]).rank("dense").astype(int)


def panel_model(kin="recuse"):
    return PanelModel({"marks": CRITERIA}, kin=kin, n_categories=N_CATEGORIES, n_jobs=1)


def fit(table, *, kin="recuse"):
    """Fit with the link that the data have; without its warning, which one test looks at."""
    with warnings.catch_warnings(action="ignore", category=PanelLinkWarning):
        return panel_model(kin).fit(table, table[["household_id", "village_id"]])


def unlinked(table):
    """The same forms with judges who are other persons in every event."""
    return table.assign(rater_id=table["event"] + table["rater_id"])


class LeftOut(NamedTuple):
    """What a fit without a judge foretells of this judge's forms, and what was seen."""

    inside: np.ndarray  # is the total of a form within its 95 % interval
    content: np.ndarray  # probability of that interval; above .95 since totals are whole numbers
    inside_plain: np.ndarray  # the same for intervals without severity and halo
    rank: float  # of the judge's mean total among those foretold, 0 to 1


def leave_out(table, rater, random):
    """Leave a judge out and foretell the totals of the judge's forms, those of the own group apart.

    Standing from the posterior of the performance, severity from the distribution of raters, halo
    from its own; errors of standings are drawn independently of one another.
    """
    model = fit(table[table["rater_id"] != rater])
    own = table[(table["rater_id"] == rater) & (table["same_group"] == 0)]
    total = (own[list(CRITERIA)] - 1).sum(axis=1).to_numpy()
    found = model.fits_["marks"]
    variances, shape = found.variances.variances, (N_DRAWS, len(own))
    at = model.measures_.set_index("household_id").loc[own["household_id"]]
    standing = at["logit"].to_numpy() + at["se"].to_numpy() * random.standard_normal(shape)
    severity = _leniency(model, own) + variances.rater**0.5 * random.standard_normal((N_DRAWS, 1))
    halo = variances.halo**0.5 * random.standard_normal(shape)
    chance = _chances(found, standing - severity + halo)
    inside, content = _within_interval(chance.mean(axis=0), total)
    plain, _ = _within_interval(_chances(found, standing).mean(axis=0), total)
    drawn = (chance.cumsum(axis=2) < random.random((*shape, 1))).sum(axis=2).mean(axis=1)
    return LeftOut(inside, content, plain, float(np.mean(drawn < total.mean())))


def _leniency(model, own):
    """Mean severity that a judge of one village starts from; 0 for a judge of several."""
    records, homes = model.fits_["marks"].records, own["village_id"].unique()
    if len(homes) > 1:
        return 0.0
    begin = records.home.size + records.n_villages
    place = begin + model.arrays_.villages.get_loc(homes[0])
    return model.fits_["marks"].standing.border[place]


def _chances(found, logit):
    chance, _ = total_chances(found.items.thresholds, logit.ravel())
    return chance.reshape(*logit.shape, -1)


def _within_interval(chance, total):
    """Whether totals lie in the central 95 % of their distribution, and what the interval holds."""
    below = chance.cumsum(axis=1)
    low, high = (below < 0.025).sum(axis=1), (below < 0.975).sum(axis=1)
    places = np.arange(chance.shape[1])
    held = (places >= low[:, None]) & (places <= high[:, None])
    return (total >= low) & (total <= high), (chance * held).sum(axis=1)
