# %% [markdown]
# # Validation and fairness
#
# What a reviewer asks of a model, and what the loans at hand can and cannot answer.  The data are
# made up: nothing here is a finding about real villages or people.

# %%
import warnings

import pandas as pd

import sanzhixin as szx
from sanzhixin.modelling import PanelLinkWarning
from sanzhixin.validation import (
    compute_backtest,
    compute_calibration,
    compute_discrimination,
    compute_multiple_testing,
    compute_panel_value,
    compute_sensitivity,
    compute_tiers,
    loan_table,
)
from sanzhixin.validation.groups.fairness import compute_fairness
from sanzhixin.validation.groups.proxy import compute_proxy

pd.set_option("display.width", 120)
warnings.simplefilter("ignore", PanelLinkWarning)  # no vignettes here: see notebook 02

county = szx.simulate_county(villages=40, seed=7)
scheme = szx.load_scheme("tongxiang")
model = szx.fit(county, scheme)
proposals = model.propose(county)

# %% [markdown]
# ## Loans as they stood when they were granted
#
# A model is judged on what it would have said on the day of granting, not on what is known today.

# %%
loans = loan_table(model, county)
print(len(loans), "loans,", int(loans["defaulted"].sum()), "defaults")
loans[["granted_on", "vintage", "points", "tier", "prob_default", "defaulted"]].head()

# %% [markdown]
# Fourteen defaults are few.  Every table says where they are too few: `insufficient` is an answer.

# %%
compute_discrimination(loans).table

# %%
calibration = compute_calibration(loans, basis=model.file.pd.basis)
print(calibration.note_en)
calibration.table[["statistic", "tier", "n", "events", "value", "low", "high", "verdict"]]

# %%
backtest = compute_backtest(loans, basis=model.file.pd.basis)
backtest.table[["vintage", "n", "events", "value", "low", "high", "threshold", "verdict"]]

# %% [markdown]
# ## Do better tiers default less?
#
# `reversal` is the rate of a better tier less that of the next.  A pass tells that no reversal was
# found, not that the tiers differ.

# %%
tiers = compute_tiers(loans)
tiers.table[tiers.table["statistic"] == "reversal"].dropna(axis="columns", how="all")

# %% [markdown]
# ## Does the panel tell anything that the other factors do not?
#
# Raters can agree well and still be wrong.  Agreement is one question (notebook 02), use another.

# %%
value = compute_panel_value(loans)
value.table[["statistic", "n", "events", "value", "low", "high", "threshold", "verdict"]].head(8)

# %% [markdown]
# ## How much hangs on one rating?
#
# Every answered item is raised and lowered by one step, and every form left out, one at a time.

# %%
sensitivity = compute_sensitivity(model, county, n_households=200)
print(sensitivity.note_en)
sensitivity.counts

# %% [markdown]
# ## Audited groups
#
# Groups are never an input.  They are looked at afterwards, by those who may.  Outcomes exist for
# approved households alone, so error rates of the declined are unknown, and the table says so.

# %%
fairness = compute_fairness(proposals, county.audit_groups, loans, households=county.households)
print(fairness.note_en)
fairness.table[fairness.table["statistic"] == "selection_ratio"].dropna(axis="columns", how="all")

# %%
proxy = compute_proxy(model.profile(county), county.audit_groups)
proxy.table.dropna(axis="columns", how="all").head()

# %% [markdown]
# ## Many rows, some alarms
#
# Of twenty true statements one is doubted at 5 %.  The last table counts.

# %%
compute_multiple_testing([calibration, backtest, tiers, value]).table

# %% [markdown]
# ## Things to try
#
# - `szx.simulate_county(villages=211, seed=7)`: which `insufficient` turn into an answer?
# - Score with `aggregator = "min"` in a scheme of your own and compare `compute_sensitivity`.
# - Leave one pillar out of `compute_panel_value` by `pillars=`: is the gain of the others the same?
