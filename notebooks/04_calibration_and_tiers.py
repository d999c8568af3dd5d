# %% [markdown]
# # Calibration and tiers
#
# From points to default probabilities with bounds, and from those to tiers that are proved on loans
# that had no say in them.  The data are made up: nothing here is a finding about real villages or
# people.

# %%
import numpy as np
import pandas as pd

import sanzhixin as szx
from sanzhixin.modelling import Economics, compute_selection_range, compute_stress

random = np.random.default_rng(12)


def true_default(points):
    """What nobody knows outside a simulation."""
    return 1 / (1 + np.exp((points - 560) / 40))


def draw(size):
    points = random.integers(600, 800, size)
    return points, random.random(size) < true_default(points)


# %% [markdown]
# ## Few defaults
#
# With few defaults there is no slope to be had.  The calibrator says so, and gives prudent bounds:
# the middle column is a bound at confidence one half, not an expected value.

# %%
points, defaulted = draw(300)
few = szx.ScoreCalibrator(grades=[600, 650, 700, 750]).fit(points, defaulted)
print(few.method_, "-", few.reason_)
few.table_.set_index("points").loc[[600, 650, 700, 750]].round(4)

# %%
try:
    szx.ScoreCalibrator("logistic").fit(points, defaulted)
except szx.SanzhixinError as error:
    print(error.en)
    print(error.zh)

# %% [markdown]
# ## Enough of them
#
# From twenty defaults a line of log-odds is fitted; its band tells how much it is worth.

# %%
points, defaulted = draw(8000)
enough = szx.ScoreCalibrator().fit(points, defaulted)
print(enough.method_, "-", enough.reason_)
shown = enough.table_.set_index("points").loc[[600, 650, 700, 750, 799]]
shown.assign(truth=true_default(shown.index)).round(4)

# %% [markdown]
# A bank may want the mean to be that of a long run of years.  The move is one number on the
# log-odds, and it is kept.

# %%
anchored = szx.ScoreCalibrator(anchor=0.03).fit(points, defaulted)
mean = anchored.predict_proba(points)[:, 1].mean()
assert abs(mean - 0.03) < 1e-9
anchored.anchor_

# %% [markdown]
# ## Tiers
#
# The bank states the default rate that it accepts in each tier.  Cut-offs are drawn on two fifths
# of the loans; the others test each candidate in a fixed order until one fails.  Among those that
# passed the most profitable one is chosen; a bolder one may look better and is not proved.

# %%
product = Economics(
    {"A": 200_000, "B": 80_000, "C": 30_000}, margin=0.05, utilisation=0.6, cost_yuan=200
)
found = szx.TierOptimizer({"A": 0.01, "B": 0.03, "C": 0.08}, economics=product)
found.fit(points, defaulted)
found.tiers_.round(4)

# %%
columns = ["chance", "starts", "approval_share", "p_value", "is_passed", "profit_yuan"]
found.alternatives_[columns].round(3)

# %% [markdown]
# Here the truth is known, so the statement can be checked: no tier is above what was accepted.

# %%
grid = np.arange(600, 800)
for row in found.tiers_.itertuples():
    inside = (grid >= row.at_least) & (grid < (np.inf if pd.isna(row.below) else row.below))
    print(row.tier, round(float(true_default(grid[inside]).mean()), 4), "accepted", row.appetite)

# %% [markdown]
# ## Households without a loan
#
# Their outcomes are unknown.  A range of assumptions shows how much rests on what nobody saw.

# %%
others = random.integers(560, 690, 2500)
unseen = compute_selection_range(points, defaulted, others)
print("share of them that no loan comes near:", round(unseen.share_unlike, 3))
unseen.assumptions.round(4)

# %% [markdown]
# ## How much hangs on single raters
#
# A county, its model, and the same proposals under harder conditions.

# %%
scheme = szx.load_scheme("tongxiang")
county = szx.simulate_county(villages=10, seed=12)
model = szx.fit(county, scheme)
compute_stress(model, county)

# %% [markdown]
# ## Things to try
#
# - Draw 300 loans again with another seed, ten times: how far do the prudent bounds move?
# - Raise `delta` of `TierOptimizer`: how many more households get a tier, and what is given up?
# - Give `ScoreCalibrator` an `anchor` of twice the observed rate and look at `upper`.
