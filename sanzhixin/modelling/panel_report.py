"""The report on a county's panel: every table, and what it comes to in two languages."""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from sanzhixin.modelling.panel import PanelLinkWarning, PanelModel
from sanzhixin.modelling.panel_county import fit_county_panel
from sanzhixin.modelling.panel_diagnostics import (
    compute_agreement,
    compute_drift,
    compute_interactions,
    compute_pairs,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sanzhixin.records import County
    from sanzhixin.scheme import Scheme

__all__ = ["PanelReport", "report_panel"]

_RATE = 0.05  # false discovery rate
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class PanelReport:
    """What was found in a panel.

    Attributes
    ----------
    model : PanelModel
        Fitted to the latest round of each household.
    tables : dict of str to DataFrame
        By name: measures, raters, items, variances, connectivity, reliability, pairs,
        interactions, agreement, drift.
    zh, en : str
        Short text.
    """

    model: PanelModel
    tables: dict[str, pd.DataFrame]
    zh: str
    en: str


def report_panel(
    county: County,
    scheme: Scheme,
    as_of: dt.date,
    *,
    progress: Callable[[str], None] | None = None,
) -> PanelReport:
    """Fit the panel of a county and everything that is said of its raters.

    Parameters
    ----------
    county : County
        Accepted tables.
    scheme : Scheme
        Pillars, items, who may answer, who is recused.
    as_of : date
        Forms dated by then count.
    progress : callable, optional
        Told the name of each pillar when it is done.

    Returns
    -------
    PanelReport
        Tables and text.  Raters stand with their identifiers: the report is for those who look
        after the panel, not for publication.

    Raises
    ------
    DomainError, EvidenceError
        Those of `fit_county_panel`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PanelLinkWarning)  # the text says it
        model = fit_county_panel(county, scheme, as_of, progress=progress)
        rounds = _rounds(county, scheme, as_of)
    tables = {
        "measures": model.measures_,
        "raters": model.raters_,
        "items": model.items_,
        "variances": model.variances_,
        "connectivity": model.connectivity_,
        "reliability": model.reliability_,
        "pairs": compute_pairs(model),
        "interactions": compute_interactions(model),
        "agreement": compute_agreement(model),
        "drift": compute_drift(rounds) if len(rounds) > 1 else compute_drift({1: model}),
    }
    lines = list(_lines(model, tables, as_of))
    return PanelReport(
        model=model,
        tables=tables,
        zh="\n".join(zh for zh, _ in lines),
        en="\n".join(en for _, en in lines),
    )


def _rounds(county: County, scheme: Scheme, as_of: dt.date) -> dict[int, PanelModel]:
    """Fit every round by itself, as of its own last day; rounds of one are not looked at."""
    ratings = county.ratings[county.ratings["rated_on"] <= pd.Timestamp(as_of)]
    found: dict[int, PanelModel] = {}
    numbers = sorted(int(number) for number in ratings["round"].unique())
    for number in numbers if len(numbers) > 1 else []:
        own = ratings[ratings["round"] == number]
        alone = replace(county, ratings=own)
        found[number] = fit_county_panel(alone, scheme, own["rated_on"].max().date())
    return found


def _lines(
    model: PanelModel, tables: dict[str, pd.DataFrame], as_of: dt.date
) -> list[tuple[str, str]]:
    raters, pairs = tables["raters"], tables["pairs"]
    link = _LINKS[model.link_]
    parts = tables["connectivity"]["component"].nunique()
    told = [
        (f"评议团报告，评定日 {as_of}", f"Panel report as of {as_of}"),
        (
            f"农户 {len(model.arrays_.households)} 户，评议员 {len(model.arrays_.raters)} 人，"
            f"回避 {model.n_recused_} 份，不了解 {model.n_unfamiliar_} 份。",
            f"{len(model.arrays_.households)} households, {len(model.arrays_.raters)} raters; "
            f"{model.n_recused_} forms recused, {model.n_unfamiliar_} of raters who do not know "
            "the household.",
        ),
        (
            f"连通部分 {parts} 个；村际比较依据：{link[0]}。",
            f"Connected parts: {parts}; villages are compared by {link[1]}.",
        ),
    ]
    told += _reliability(tables["reliability"])
    flagged = raters[raters["flags"].str.contains("erratic|central")]
    told += _listed(
        "评分不稳定或偏中的评议员",
        "Erratic or central raters",
        [f"{r.rater_id} {r.pillar} {r.flags}" for r in flagged.itertuples()],
    )
    wide = raters.reindex(raters["severity"].abs().sort_values(ascending=False).index)
    told += _listed(
        "最严与最宽（logit，正为严）",
        "Most severe and most lenient (logits, above 0 severe)",
        [f"{r.rater_id} {r.pillar} {r.severity:+.2f} ± {r.se:.2f}" for r in wide.itertuples()][
            :_SHOWN
        ],
    )
    alike = pairs[pairs["verdict"] == "alike"]
    told += _listed(
        "残差一致的两人（请了解情况，并非认定）",
        "Pairs whose residuals go together (to be asked, not a finding)",
        [f"{p.rater_a} {p.rater_b} z {p.z:.1f}, {p.n_common}" for p in alike.itertuples()],
    )
    unsure = int((pairs["verdict"] == "cannot_tell").sum())
    told.append((f"共同农户不足 15 户、无法判断的有 {unsure} 对。",
                 f"{unsure} pairs have fewer than 15 common households: cannot tell."))  # fmt: skip
    told += _interactions(tables["interactions"])
    told += _drift(tables["drift"])
    return told


_LINKS = {
    "vignettes": ("锚定案例", "anchor cases"),
    "bridge": ("跨村评议员", "raters of several villages"),
    "outcomes": ("贷款结果", "loan outcomes"),
    "prior": ("设定比例（先验），不宜跨村比较", "a stated prior alone: compare within villages"),
}


def _reliability(table: pd.DataFrame) -> list[tuple[str, str]]:
    return [
        (
            f"维度 {row.pillar}：村内农户信度 {row.household_reliability:.2f}，"
            f"评议员宽严信度 {row.rater_reliability:.2f}。",
            f"Pillar {row.pillar}: reliability {row.household_reliability:.2f} of households "
            f"within villages, {row.rater_reliability:.2f} of severities.",
        )
        for row in table.itertuples()
    ]


def _interactions(table: pd.DataFrame) -> list[tuple[str, str]]:
    found = table[table["q_value"] <= _RATE].drop_duplicates(["rater_id", "pillar"])
    return _listed(
        "对个别指标另眼相看的评议员",
        "Raters who rate single items otherwise",
        [f"{row.rater_id} {row.pillar} q {row.q_value:.3f}" for row in found.itertuples()],
    )


def _drift(table: pd.DataFrame) -> list[tuple[str, str]]:
    found = table[table["flagged"].astype(bool)]
    return _listed(
        "宽严随轮次变化明显的评议员",
        "Raters whose severity changed from round to round",
        [
            f"{r.rater_id} {r.pillar} round {r.round} z {r.change_z:+.1f}"
            for r in found.itertuples()
        ],
    )


def _listed(zh: str, en: str, entries: list[str]) -> list[tuple[str, str]]:
    if not entries:
        return [(f"{zh}：无。", f"{en}: none.")]
    shown, more = entries[:_SHOWN], len(entries) - _SHOWN
    told = "; ".join(shown)
    rest = (f"；另有 {more} 项", f"; and {more} more") if more > 0 else ("", "")
    return [(f"{zh}：{told}{rest[0]}。", f"{en}: {told}{rest[1]}.")]
