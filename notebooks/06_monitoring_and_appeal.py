# %% [markdown]
# # Monitoring and appeal
#
# A year later: who moved and why, whether a campaign lifted one village, and when a model should
# stop.  Then one household that doubts a record.  The data are made up: nothing here is a finding
# about real villages or people.

# %%
import dataclasses
import datetime as dt
import warnings

import pandas as pd

import sanzhixin as szx
from sanzhixin.modelling import PanelLinkWarning
from sanzhixin.validation.monitoring import monitor

pd.set_option("display.width", 120)
warnings.simplefilter("ignore", PanelLinkWarning)  # no vignettes here: see notebook 02

scheme = szx.load_scheme("tongxiang")
county = szx.simulate_county(villages=20, seed=11)
model = szx.fit(county, scheme)
earlier, now = dt.date(2025, 12, 31), county.as_of

# %% [markdown]
# ## A quiet year
#
# One county with two dates: what is dated later does not count for the earlier one.

# %%
quiet = monitor(county, county, model, as_of_old=earlier, as_of=now)
print("alarms:", quiet.ringing or "none", "| stop:", quiet.stop)
quiet.alarms.table.dropna(axis="columns", how="all")

# %% [markdown]
# ## A campaign in one village
#
# Every rater of V003 gives one step more in this year's round.

# %%
ratings = county.ratings.copy()
items = [item.code for item in scheme.panel_items]
raters = county.raters.loc[county.raters["village_id"] == "V003", "rater_id"]
lifted = ratings["rater_id"].isin(raters) & (ratings["rated_on"] > pd.Timestamp(earlier))
for item in items:
    ratings[item] = ratings[item].mask(lifted, (ratings[item] + 1).clip(upper=5))
campaign = dataclasses.replace(county, ratings=ratings)
loud = monitor(county, campaign, model, as_of_old=earlier, as_of=now)
print("alarms:", loud.ringing, "| stop:", loud.stop)
drift = loud.tables["rating_drift"].table
drift[drift["verdict"].isin(["watch", "fail"])].dropna(axis="columns", how="all").head()

# %% [markdown]
# Twelve looks a year would ring by chance more often than one: the chance of a false alarm is
# parted among the looks that are planned, and among the kinds of alarm.

# %%
print(loud.alarms.note_en)

# %% [markdown]
# ## Who moved, and why
#
# Points are a sum, so a move is the sum of the moves of its parts, to the point.

# %%
loud.tables["tier_changes"].table.dropna(axis="columns", how="all").head()

# %%
loud.tables["change_causes"].table.dropna(axis="columns", how="all").head(8)

# %% [markdown]
# ## An appeal
#
# *What if this entry is wrong?*  The proposal is made once more without it; both stand side by
# side, and a person decides.

# %%
events = county.events[county.events["status"] == "approved"].merge(
    model.propose(county).query("status == 'propose'")[["household_id"]]
)
appeals = (
    model.reconsider(
        county.application(entry.household_id),
        without=[f"event:{entry.event_id}"],
        statement="That was my brother.",
        as_of=now,
    )
    for entry in events.itertuples()
)
appeal = next(appeal for appeal in appeals if appeal.before.limit_yuan != appeal.after.limit_yuan)
for change in appeal.changes:
    print(change.field, change.before, "->", change.after)

# %%
decided = appeal.decide(30_000, by="C. Xu", reason="the village confirmed the entry", on=now)
print(
    decided.override.limit_yuan,
    "yuan, decided by a person; proposed before:",
    decided.before.limit_yuan,
    "and without the entry:",
    decided.after.limit_yuan,
)

# %% [markdown]
# ## Things to try
#
# - Lift half a step in expectation only: draw which answers rise with `np.random`, and see from
#   which share on the village stands out.
# - Let all villages rise: which alarm rings now, and does it stop the model?
# - `sanzhixin monitor OLD NEW -m MODEL -o OUT`, then `sanzhixin score --stop OUT/stop.json`.
