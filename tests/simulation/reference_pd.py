"""The best that the forms of a simulated county allow: posterior mean PD under the true parameters.

Thresholds, severities, kinds of raters, copied forms, kin, halo and the merit of villages are
those that generated the county; only the three traits of a household and the opinions of its
raters are integrated out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import expit, logsumexp

from sanzhixin.scheme import load_scheme

SCHEME = load_scheme("tongxiang")
PILLARS = [pillar.code for pillar in SCHEME.pillars]
GRID_STEP, GRID_END = 0.025, 9.0  # trait scale
GRID = np.arange(-GRID_END, GRID_END + GRID_STEP, GRID_STEP)
CHUNK = 500  # households at once


def hermite(n):
    nodes, weights = np.polynomial.hermite_e.hermegauss(n)
    return nodes, weights / weights.sum()


@dataclass(frozen=True)
class Forms:
    """Forms that carry information, sorted by household; copies of a form are counted once."""

    household: np.ndarray  # (n_forms,)
    shift: np.ndarray  # (n_forms,) trait scale: what adds to the household's standing
    row: np.ndarray  # (n_forms, 3) place of the form's likelihood in the table of its pillar
    n_households: int


def true_forms(county, household_ids):
    """Forms that count, with who generated them; and the log-likelihood by row and trait."""
    truth, table = county.truth, county.ratings
    table = table[table["round"] == table["round"].max()]
    raters = truth.raters.set_index("rater_id")
    source = table["rater_id"].map(raters["copies"]).fillna(table["rater_id"])
    pairs = set(zip(table["household_id"], table["rater_id"], strict=True))
    there = [pair in pairs for pair in zip(table["household_id"], source, strict=True)]
    table = table.assign(source=source.where(there, table["rater_id"]))
    counts = table["familiar"].to_numpy(bool) & (table["relation"] == "none").to_numpy()
    table = table[counts & table["household_id"].isin(household_ids).to_numpy()]
    table = table.drop_duplicates(["household_id", "source"])
    kind = raters["kind"].reindex(table["source"]).to_numpy()
    table, kind = table[kind != "careless"], kind[kind != "careless"]
    kin = set(zip(truth.kin["household_id"], truth.kin["rater_id"], strict=True))
    related = [pair in kin for pair in zip(table["household_id"], table["source"], strict=True)]
    shift = truth.settings.kin_bias * np.array(related)
    shift = shift - raters["severity"].reindex(table["source"]).to_numpy()
    household = household_ids.get_indexer(table["household_id"])
    order = np.argsort(household, kind="stable")
    found = [pillar_rows(county, table, kind == "central", code) for code in PILLARS]
    row = np.stack([rows for rows, _ in found], axis=1)
    forms = Forms(household[order], shift[order], row[order], len(household_ids))
    return forms, [values for _, values in found]


def pillar_rows(county, table, central, pillar):
    """Rows of forms (scale, answered items, total), and the log-likelihood of each on `GRID`."""
    items = county.truth.items
    items = items[items["pillar"] == pillar]
    codes = list(dict.fromkeys(items["indicator"]))
    thresholds = items["threshold"].to_numpy(float).reshape(len(codes), -1)
    cells = table[codes].to_numpy(dtype=float, na_value=np.nan)
    answered = ~np.isnan(cells)
    total = np.where(answered, cells - 1, 0).sum(axis=1).astype(int)
    mask = answered @ (1 << np.arange(len(codes)))
    key = (central.astype(int) << 20) + (mask << 10) + total
    keys, rows = np.unique(key, return_inverse=True)
    settings = county.truth.settings
    own_halo = settings.halo_sd * np.sqrt(1 - settings.halo_pillar_share)
    nodes, weights = hermite(15)
    logit = settings.discrimination * (GRID[:, None] + own_halo * nodes)
    middle = thresholds.mean(axis=1, keepdims=True)
    stretched = middle + settings.central_stretch * (thresholds - middle)
    sums = np.stack([[log_sum(d, logit) for d in scale] for scale in (thresholds, stretched)])
    values = np.empty((keys.size, GRID.size))
    for place, one in enumerate(keys.tolist()):
        chosen = [i for i in range(len(codes)) if one >> 10 + i & 1]
        each = (one & 1023) * logit - sums[one >> 20][chosen].sum(axis=0)
        values[place] = logsumexp(each, axis=1, b=weights)
    return rows, values


def log_sum(steps, logit):
    cumulated = np.concatenate([[0.0], np.cumsum(steps)])
    return logsumexp([k * logit - c for k, c in enumerate(cumulated)], axis=0)


def look_up(values, row, at):
    """Linear interpolation in the rows of a table; `row` and `at` of one shape."""
    place = np.clip((at - GRID[0]) / GRID_STEP, 0, GRID.size - 1.001)
    left = place.astype(np.int64)
    part = place - left
    left += row * GRID.size
    flat = values.ravel()
    return flat.take(left) * (1 - part) + flat.take(left + 1) * part


def reference_pd(county, household_ids, nodes=(5, 5)):
    """Posterior mean PD of households given their forms; `nodes` per trait and per form's halo."""
    truth = county.truth
    settings, home = truth.settings, truth.households.set_index("household_id")
    villages = home["village_id"].reindex(household_ids)
    merit = truth.villages.set_index("village_id")["merit"].reindex(villages).to_numpy()
    forms, tables = true_forms(county, household_ids)
    common = settings.halo_sd * np.sqrt(settings.halo_pillar_share)
    r = settings.pillar_correlation
    prior = np.linalg.inv(np.full((3, 3), r) + (1 - r) * np.eye(3))
    weight = np.array([float(pillar.weight) for pillar in SCHEME.pillars])
    weight /= weight.sum()
    weight /= np.sqrt(r + (1 - r) * (weight**2).sum())  # theta_all = merit + weight @ within
    centre, precision = find_mode(forms, tables, prior, merit, common)
    spread = np.linalg.cholesky(np.linalg.inv(precision))
    node, mass = hermite(nodes[0])
    z = np.stack(np.meshgrid(node, node, node, indexing="ij"), axis=-1).reshape(-1, 3)
    log_mass = np.log(np.einsum("i,j,k->ijk", mass, mass, mass).ravel()) + (z**2).sum(axis=1) / 2
    shock, shock_mass = hermite(9)
    found = np.empty(forms.n_households)
    for first in range(0, forms.n_households, CHUNK):
        own = slice(first, min(first + CHUNK, forms.n_households))
        within = centre[own, None] + np.einsum("npq,jq->njp", spread[own], z)
        height = log_mass - np.einsum("njp,pq,njq->nj", within, prior, within) / 2
        theta = within + merit[own, None, None]
        height = height + log_likelihoods(forms, tables, own, theta, common, nodes[1])
        height = np.exp(height - height.max(axis=1, keepdims=True))
        logit = truth.default_intercept - settings.default_slope * (
            merit[own, None] + within @ weight
        )
        pd = expit(logit[..., None] + settings.shock_sd * shock) @ shock_mass
        found[own] = (height * pd).sum(axis=1) / height.sum(axis=1)
    return found


def log_likelihoods(forms, tables, own, theta, common, n_nodes):
    """Log-likelihood of households' forms at points; (n_households, n_points)."""
    low, high = np.searchsorted(forms.household, [own.start, own.stop])
    about = forms.household[low:high] - own.start
    node, mass = hermite(n_nodes)
    opinion = forms.shift[low:high, None] + common * node
    each = 0.0
    for p, values in enumerate(tables):
        at = theta[about, :, p][:, :, None] + opinion[:, None, :]
        each = each + look_up(values, forms.row[low:high, p][:, None, None], at)
    each = logsumexp(each, axis=2, b=mass)
    places = (np.ones(about.size), (about, np.arange(about.size)))
    return sparse.csr_array(places, shape=(theta.shape[0], about.size)) @ each


def find_mode(forms, tables, prior, merit, common):
    """Mode of the traits about their village and precision there, by Newton's method."""
    n, household = forms.n_households, forms.household
    slopes = [np.gradient(values, GRID_STEP, axis=1) for values in tables]
    curves = [-np.gradient(slope, GRID_STEP, axis=1) for slope in slopes]
    within, opinion = np.zeros((n, 3)), np.zeros(household.size)
    for _ in range(12):
        at = (within + merit[:, None])[household] + (forms.shift + common * opinion)[:, None]
        slope, curve = (
            np.stack([look_up(v, forms.row[:, p], at[:, p]) for p, v in enumerate(group)], axis=1)
            for group in (slopes, curves)
        )
        own = 1 + common**2 * curve.sum(axis=1)
        own_slope = common * slope.sum(axis=1) - opinion
        lost = common * curve / own[:, None]
        block = np.einsum("fp,pq->fpq", curve, np.eye(3)) - np.einsum(
            "fp,fq,f->fpq", lost, lost, own
        )
        rise = slope - lost * own_slope[:, None]
        precision = prior + sum_by(household, block.reshape(-1, 9), n).reshape(-1, 3, 3)
        gradient = sum_by(household, rise, n) - within @ prior
        step = np.clip(np.linalg.solve(precision, gradient[..., None])[..., 0], -1.0, 1.0)
        within = within + step
        opinion = opinion + (own_slope - (common * curve * step[household]).sum(axis=1)) / own
    return within, precision


def sum_by(group, values, n):
    return np.stack([np.bincount(group, column, n) for column in values.T], axis=1)
