# %% [markdown]
# # The scorecard
#
# From raw columns to integer points: bins with the largest information value that the rules allow,
# coefficients of the right sign, and a default probability that is a function of the points alone.
# Then the same engine on a county: a learned card against the bank's expert card.
# The data are made up: nothing here is a finding about real villages or people.

# %%
import numpy as np
import pandas as pd

import sanzhixin as szx
from sanzhixin.modelling import BinEdit, card_from_json

random = np.random.default_rng(11)
size = 6000
BILLS = ("on time", "sometimes late", "often late")
standing = random.normal(size=size)
loans = pd.DataFrame(
    {
        "reputation": 60 + 12 * standing + 5 * random.normal(size=size),
        "years": random.gamma(3, 2, size).round(1),
        "income": np.exp(10.5 + 0.6 * random.normal(size=size)).round(-2),
        "bills": random.choice(
            ["on time", "sometimes late", "often late"], size, p=[0.7, 0.2, 0.1]
        ),
        "noise": random.normal(size=size),
    }
)
late = loans["bills"].map({"on time": 0, "sometimes late": 0.6, "often late": 1.3})
log_odds = -3.2 - 0.8 * standing - 0.08 * loans["years"] + late
loans["income"] = loans["income"].mask(random.random(size) < 0.15)  # no consent: missing
defaulted = random.random(size) < 1 / (1 + np.exp(-log_odds))
f"{defaulted.sum()} defaults in {size} loans"

# %% [markdown]
# ## Bins
#
# `trend` is the course of the **default rate**: a better reputation may never have more of them.
# What the scheme declares is declared here too; the rest is `auto`, the better of the two courses.

# %%
binner = szx.MonotoneBinner(max_bins=6, trend={"reputation": "descending"})
binner.fit(loans, defaulted)
binner.summary_.round(3)

# %%
table = binner.tables_["reputation"]
assert table.query("kind == 'bin'")["event_rate"].is_monotonic_decreasing
table.drop(columns="bin").round(3)

# %% [markdown]
# `iv_by_chance` is what bins without any relation to default show on average; `noise` has no more.
# The row `unseen` has no weight of evidence: what fitting never saw is refused, not guessed.

# %%
try:
    binner.transform(loans.assign(years=np.nan))
except szx.SanzhixinError as error:
    refused = error
assert refused.code == "value_unseen"
print(refused.en)
print(refused.zh)

# %% [markdown]
# ## Edits are data
#
# A person may fix a split, keep an interval whole or lock it. The reason stays with the card.

# %%
edits = [BinEdit("years", "split", low=5, reason="five years is the bank's rule for regulars")]
edited = szx.MonotoneBinner(max_bins=6, edits=edits).fit(loans, defaulted)
assert 5.0 in edited.features_[1].edges
edited.edit_log_[["feature", "action", "low", "reason"]]

# %% [markdown]
# ## The card
#
# Twenty points halve the odds of default. Bins are counted in whole points, and the probability is
# defined by the total: equal points, equal probability, and their mean is the observed rate.

# %%
card = szx.Scorecard().fit(loans, defaulted)
default = card.predict_proba(loans)[:, 1]
assert np.isclose(default.mean(), defaulted.mean(), rtol=1e-12)
card.selection_[["feature", "kept", "reason", "iv", "p_value"]].round(3)

# %%
card.coefficients_.round(3)

# %%
card.table_[["feature", "label", "n_rows", "event_rate", "woe", "points"]].round(3).head(12)

# %% [markdown]
# ## Why, and what next
#
# Reasons are measured from the best bin of each characteristic; advice names what can change.

# %%
card.reasons(loans.iloc[:2], k=3)

# %%
card.next_step(loans.iloc[:40], target=600, changeable=["bills"]).head()

# %% [markdown]
# ## The file
#
# Canonical JSON with a digest: the card that is read back gives the same points and probabilities.

# %%
again = card_from_json(card.to_json())
assert np.array_equal(again.points(loans), card.points(loans))
assert np.array_equal(again.probability(again.points(loans)), default)
print(card.to_markdown()[:420])

# %% [markdown]
# ## A county
#
# `fit` learns a card from the county's loans and compares it with the expert card on the loans of
# villages that it has not seen. The learned card is kept where it does better by more than one
# standard error; with few defaults it usually does not, and the model says so.

# %%
county = szx.simulate_county(villages=250, seed=5)
scheme = szx.load_scheme("tongxiang")
model = szx.fit(county, scheme)
compared = model.file.provenance.comparison
for note in model.file.provenance.notes:
    print("-", note)

# %%
pd.DataFrame(
    {"expert": compared.expert.model_dump(), "learned": compared.fitted.model_dump()}
).round(5)

# %% [markdown]
# The learned card all the same, on the scale of the scheme: a number of points is meant to stand
# for the default probability that it has under the expert card. Its points span less than those of
# the expert card, so some tiers may be out of reach: look at the tiers under both.

# %%
by_loans = szx.fit(county, scheme, card="fitted")
learned = by_loans.file.card
rows = [
    (item.name, label, points)
    for item in learned.characteristics
    for label, points in zip(item.labels_en, item.points, strict=True)
]
assert all(
    list(item.points) == sorted(item.points)
    for item in learned.characteristics
    if item.group == "panel"
)
pd.DataFrame(rows, columns=["characteristic", "bin", "points"])

# %%
tiers = {"expert": model.propose(county)["tier"], "learned": by_loans.propose(county)["tier"]}
pd.crosstab(tiers["expert"], tiers["learned"])

# %% [markdown]
# ## Things to try
#
# - `shrinkage="trend"` in the binner, on the first 300 loans: which bins move, and why?
# - `Scorecard(scaling="min_max", score_range=(0, 1000))`: are the reasons still the same?
# - `szx.fit(county, scheme, holdout="time")`: is the comparison another one on the latest loans?
