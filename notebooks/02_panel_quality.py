# %% [markdown]
# # The quality of a panel
#
# Which raters are severe, central, copying or kind to their kin; which villages cannot be compared;
# and what the aggregators make of the same forms, held against the truth of a simulated county.
# The county is made up: nothing here is a finding about real villages or people.

# %%
import warnings
from dataclasses import replace
from pathlib import Path

import pandas as pd

import sanzhixin as szx
from sanzhixin.modelling import PanelLinkWarning, ProfileBuilder
from sanzhixin.modelling.panel.county import fit_county_panel
from sanzhixin.modelling.panel.diagnostics import compute_interactions, compute_pairs
from sanzhixin.scheme import scheme_from_dict
from sanzhixin.simulate import SimulationSettings

scheme = szx.load_scheme("tongxiang")
settings = SimulationSettings(
    raters_per_village=12,
    raters_per_household=7,
    careless_share=0.05,
    careless_uniform=1.0,
    central_share=0.08,
    colluding_share=0.08,
    kin_share=0.15,
    kin_bias=1.0,
)
county = szx.simulate_county(12, 110, 5, settings=settings)
truth = county.truth
truth.raters["kind"].value_counts()

# %% [markdown]
# ## Fit
#
# The forms that count under the scheme: kin, debt and business relations are recused, unfamiliar
# raters and blanks are missing. Nothing ties the villages together, and the model says so.

# %%
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", PanelLinkWarning)
    panel = fit_county_panel(county, scheme, county.as_of)
assert [item.category for item in caught] == [PanelLinkWarning]
panel.link_, panel.connectivity_["component"].nunique(), panel.variances_.round(2)

# %% [markdown]
# ## Severe and lenient raters
#
# Severity in logits, above 0 severe. Ratings of a village alone tell severities within the village;
# so they are compared with the truth after taking out each village's mean.

# %%
raters = panel.raters_.merge(truth.raters, on="rater_id")
own = raters.groupby(["village_id", "pillar"])
apart = raters["severity_x"] - own["severity_x"].transform("mean")
real = raters["severity_within"] - own["severity_within"].transform("mean")
regular = raters["kind"].isin(["normal", "central"])
correlation = apart[regular].corr(real[regular])
assert correlation > 0.75
raters.assign(apart=apart.round(2)).nlargest(5, "apart")[["rater_id", "pillar", "apart", "se"]]

# %% [markdown]
# ## Erratic and central raters
#
# Infit above 1 is erratic; a stretch of the thresholds above 1 avoids the ends of the scale. Both
# are weighed or modelled, nobody is dropped. Few forms tell little: a central rater may stay
# unseen, and is left on the common scale until the forms are certain.

# %%
flag = raters["flags"].str.extract("(erratic|central)")[0].fillna("-")
shares = pd.crosstab(raters["kind"], flag)
assert shares.loc["normal", "-"] / shares.loc["normal"].sum() > 0.97
shares

# %% [markdown]
# ## Pairs who look alike
#
# Residuals of two raters on the households that both rated, against what independent raters show.
# A pair is a question to be asked: friends favoured alike look the same. Under 15 common households
# the answer is "cannot tell".

# %%
pairs = compute_pairs(panel)
copies = truth.raters.set_index("rater_id")["copies"].dropna()
pairs["copied"] = [
    copies.get(a) == b or copies.get(b) == a
    for a, b in zip(pairs["rater_a"], pairs["rater_b"], strict=True)
]
found = pd.crosstab(pairs["verdict"], pairs["copied"])
assert found.loc["alike", True] > found.loc["alike", False]
found

# %% [markdown]
# ## Kin
#
# Declared kin are recused by default. Kept and corrected instead, their common bias is estimated.

# %%
with warnings.catch_warnings():
    warnings.simplefilter("ignore", PanelLinkWarning)
    kept = szx.PanelModel(kin="correct").fit(county.ratings, county.households)
bias = kept.variances_[["pillar", "kin_bias", "kin_se"]]
assert (bias["kin_bias"] > 3 * bias["kin_se"]).all()
bias.round(2)

# %% [markdown]
# The simulator moves a rater's own logit by 1.0 times its discrimination of 1.6.
#
# ## Items rated otherwise
#
# Per rater, with the false discovery rate held: thresholds are assumed common to all raters.

# %%
items = compute_interactions(panel)
tested = items.drop_duplicates(["rater_id", "pillar"])
int((tested["q_value"] < 0.05).sum()), len(tested)

# %% [markdown]
# ## Villages that cannot be compared
#
# Without a link half of the difference between villages is taken for merit. Anchor cases that every
# village rates, or raters of several villages, turn the assumption into a measurement.

# %%
linked = szx.simulate_county(12, 110, 5, settings=SimulationSettings(vignettes=3))
tied = fit_county_panel(linked, scheme, linked.as_of)
assert tied.link_ == "vignettes"
village_error = {
    "prior": (panel.measures_["se"] ** 2 - panel.measures_["within_se"] ** 2).mean() ** 0.5,
    "vignettes": (tied.measures_["se"] ** 2 - tied.measures_["within_se"] ** 2).mean() ** 0.5,
}
assert village_error["vignettes"] < village_error["prior"]
{name: round(float(value), 2) for name, value in village_error.items()}

# %% [markdown]
# ## Five aggregators beside the truth
#
# Correlation with the true standing within villages, and the share of households whose score one
# single form lowers by more than ten points: the harm of a veto.

# %%
profiles = {}
for how in ("min", "mean", "median", "trimmed_mean"):
    data = scheme.model_dump() | {"aggregator": how}
    profiles[how] = ProfileBuilder(scheme_from_dict(data)).fit(county).transform(county)
profiles["severity_adjusted"] = ProfileBuilder(scheme, panel).fit(county).transform(county)

homes = truth.households.set_index("household_id")


def within(values: pd.Series) -> pd.Series:
    return values - values.groupby(homes.loc[values.index, "village_id"]).transform("mean")


enough = profiles["mean"].set_index("household_id")["evidence"]
households = enough.index[enough]
rows = {}
for how, profile in profiles.items():
    scores = profile.set_index("household_id").loc[households]
    rows[how] = [
        within(scores[f"{pillar}_score"]).corr(within(homes.loc[households, f"theta_{pillar}"]))
        for pillar in ("fs", "ml", "nr")
    ]
table = pd.DataFrame(rows, index=["fs", "ml", "nr"]).T.round(3)
assert (table.loc["severity_adjusted"] > table.loc["mean"]).all()
assert (table.loc["min"] < table.loc["mean"]).all()
table

# %% [markdown]
# One veto: the most negative form of a household is put at 1 throughout, the others stay.

# %%
ratings = county.ratings.copy()
latest = ratings["round"] == ratings.groupby("household_id")["round"].transform("max")
counted = ratings[latest & ratings["familiar"] & (ratings["relation"] == "none")]
codes = [item.code for item in scheme.panel_items if item.pillar == "nr"]
lowest = counted[codes].mean(axis=1).groupby(counted["household_id"]).idxmin().dropna()
for code in codes:
    ratings.loc[lowest, code] = ratings.loc[lowest, code].where(ratings.loc[lowest, code].isna(), 1)
vetoed = replace(county, ratings=ratings)
harm = {}
for how, before in profiles.items():
    data = scheme.model_dump() | {"aggregator": "mean" if how == "severity_adjusted" else how}
    model = panel if how == "severity_adjusted" else None
    after = ProfileBuilder(scheme_from_dict(data), model).fit(vetoed).transform(vetoed)
    lost = before["nr_score"] - after["nr_score"]
    harm[how] = [float(lost.median()), float((lost > 10).mean())]
harm = pd.DataFrame(harm, index=["median points lost of 100", "households that lose over 10"]).T
assert harm.iloc[:, 0].idxmax() == "min"
harm.round(2)

# %% [markdown]
# The minimum gives every rater a veto; the median nearly none; the adjusted measure weighs the form
# by what it is likely to mean from this rater. No aggregator says whether the opinion is fair: a
# negative form asks for a human review, never for a refusal.

# %% [markdown]
# ## A real panel
#
# Judges of figure skating mark performances of 17 events; who sits on several panels links them.
# The file is not part of the project: the cell looks for `shared/data/skating_panel.csv` in the
# folders above and is left out without it. What the engine makes of it stands in `docs/panel.md`.

# %%
folders = (Path.cwd(), *Path.cwd().parents)
files = [folder / "shared" / "data" / "skating_panel.csv" for folder in folders]
file = next((path for path in files if path.exists()), None)
told = "left out: no skating_panel.csv"
if file is not None:
    marks = pd.read_csv(file).rename(columns={"performance": "household_id", "rater": "rater_id"})
    criteria = tuple(name for name in marks if name.startswith("mark_"))
    for name in criteria:  # five categories, cut at the fifths of each criterion
        fifths = marks[name].quantile([0.2, 0.4, 0.6, 0.8])
        marks[name] = 1 + fifths.searchsorted(marks[name])
    marks["relation"] = marks["same_group"].map({0: "none", 1: "kin"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PanelLinkWarning)
        events = marks[["household_id", "event"]].rename(columns={"event": "village_id"})
        judges = szx.PanelModel({"marks": criteria}, kin="correct").fit(marks, events)
    told = judges.variances_[["household_sd", "rater_sd", "kin_bias", "kin_se"]].round(2)
told

# %% [markdown]
# ## Things to try
#
# - Simulate with `vignettes=3`: which link between villages is found, and how do the standard
#   errors change?
# - Compare `aggregator="min"` with `severity_adjusted` for one village: whom does the most severe
#   rater hold down?
# - Run `sanzhixin panel` on the same county and find the pair of alike raters in `pairs.csv`.
