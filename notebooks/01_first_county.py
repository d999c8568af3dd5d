# %% [markdown]
# # A first county
#
# A made-up county goes the whole way: its tables are accepted, a model is fitted, every household
# gets a proposal, and one proposal is explained. At the end the four plain aggregators are held
# against the values that generated the county, which only a simulation knows.
#
# Nothing here is a finding about real villages. The simulator takes it as an input that ratings
# and defaults are related, so the county is no evidence that they are.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import sanzhixin as szx
from sanzhixin.modelling import expert_model
from sanzhixin.records import accept_folder, write_county

scheme = szx.load_scheme("tongxiang")
county = szx.simulate_county(villages=12, seed=7)
pd.Series({name: len(table) for name, table in county.tables().items()}, name="rows")

# %% [markdown]
# ## Accept
#
# Each row is accepted or rejected with its reasons; none is changed or dropped in silence. To see
# a rejection, one rating of the first form is raised to 9, outside the scale of 1 to 5.

# %%
with tempfile.TemporaryDirectory() as place:
    write_county(county, place)
    ratings = Path(place) / "ratings.csv"
    table = pd.read_csv(ratings, dtype="str", encoding="utf-8-sig")
    table.loc[0, "FS01"] = "9"
    table.to_csv(ratings, index=False, encoding="utf-8-sig")
    accepted = accept_folder(Path(place), scheme)

assert len(accepted.rejected) == 1
accepted.rejected.T

# %% [markdown]
# The form is left out, the other rows stand. From here on the county is whole again.
#
# ## Profile
#
# A profile has one row per household: a score of 0 to 100 for each pillar (家风 family style,
# 道德素养 moral literacy, 邻里口碑 neighbourhood reputation), the forms that counted, event
# points, and factors.

# %%
model = szx.fit(county, scheme)
profile = model.profile(county)
profile.filter(regex="household_id|_score|_se$|_n_forms|event_points|evidence$").head()

# %% [markdown]
# ## Fit
#
# The expert card takes its points from the scheme; `fit` adds what outcomes can tell. A table of
# default probability says what it rests on. With few defaults it is a prudent bound per tier and
# no curve.

# %%
pd_table = model.file.pd
assert pd_table.n_defaults < 20
pd_table.note_en

# %% [markdown]
# ## Propose
#
# Every answer is a proposal. A gated household and one with too few forms get no points and no
# amount.

# %%
proposals = model.propose(county)
pd.crosstab(proposals["status"], proposals["tier"].fillna("no tier"))

# %%
no_points = proposals["status"].isin(["gated", "insufficient_evidence"])
assert proposals["points"].isna().equals(no_points)
assert not (proposals["limit_yuan"] > proposals["system_limit_yuan"]).any()
proposals.loc[~no_points].groupby("binding_bound")["limit_yuan"].agg(["count", "median"])

# %% [markdown]
# ## Why this one?
#
# The first household under review. `explain` gives every form, item, event, record and bound;
# raters are masked.

# %%
household = proposals.loc[proposals["status"] == "review", "household_id"].iloc[0]
explanation = model.explain(county, household)
for reason in explanation.proposal.reasons:
    print(reason.zh, "|", reason.en)
for trigger in explanation.proposal.review_triggers:
    print("review:", trigger)

# %%
pd.DataFrame(explanation.bounds).astype({"yuan": "Int64"})

# %% [markdown]
# A backend asks for one household at a time. It is the same computation and gives the same
# answer.

# %%
answer = model.propose_one(county.application(household), as_of=county.as_of)
assert answer == explanation.proposal
answer.status, answer.tier, answer.limit_yuan

# %% [markdown]
# ## Four aggregators beside the values that generated the county
#
# The aggregator is a line of the scheme. For each one: the mean score of the first pillar, its
# correlation with the generating standing within villages, and the households that would be
# rated. The minimum falls with the number of raters and follows the severest one.

# %%
truth = county.truth.households.set_index("household_id")


def compare(aggregator: str) -> dict[str, float]:
    changed = scheme.model_copy(update={"aggregator": aggregator})
    trial = expert_model(changed, name="trial", version="1.0.0")
    measured = trial.profile(county).set_index("household_id").join(truth["theta_fs"])
    centred = measured[["fs_score", "theta_fs"]].sub(
        measured.groupby("village_id")[["fs_score", "theta_fs"]].transform("mean")
    )
    tiers = trial.propose(county)["tier"].dropna()
    return {
        "mean score": measured["fs_score"].mean(),
        "correlation within villages": centred["fs_score"].corr(centred["theta_fs"]),
        "share rated": (tiers != scheme.tiers.unrated).mean(),
    }


plain = ["min", "mean", "median", "trimmed_mean"]
comparison = pd.DataFrame({name: compare(name) for name in plain}).T
assert comparison["correlation within villages"].between(0, 1).all()
assert comparison["mean score"].idxmin() == "min"
comparison.round(3)

# %% [markdown]
# These figures hold for this simulated county and its settings. All four take the raters as they
# are: a village whose raters are severe looks weak. With the generating values again, the
# correlation of the villages' mean score with the merit that the simulator gave them, and with
# the severity of their panels; 12 villages say little about its size:

# %%
by_village = profile.groupby("village_id")["fs_score"].mean()
villages = county.truth.villages.set_index("village_id")
pd.DataFrame(
    {
        "correlation with the mean score of a village": [
            by_village.corr(villages["merit"]),
            by_village.corr(villages["severity"]),
        ]
    },
    index=["merit", "severity"],
).round(2)

# %% [markdown]
# Things to try: another seed; `SimulationSettings(severity_sd=0)`; a scheme of your own with
# `extends`; and `szx.read_county("data/samples/forms")` for files as banks keep them.
