"""The report on a county's panel: every table, and what it comes to in two languages."""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from sanzhixin.errors import EvidenceError
from sanzhixin.errors.words import LINK_WORDS
from sanzhixin.modelling.panel.county import fit_county_panel, forms_in_force
from sanzhixin.modelling.panel.diagnostics import (
    compute_agreement,
    compute_drift,
    compute_interactions,
    compute_pairs,
    compute_villages,
)
from sanzhixin.modelling.panel.model import PanelLinkWarning, PanelModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from sanzhixin.records import County
    from sanzhixin.scheme import Scheme

__all__ = ["PANEL_TABLES", "PanelReport", "report_panel"]

PANEL_TABLES = (
    *("measures", "raters", "items", "variances", "villages", "connectivity", "reliability"),
    *("pairs", "interactions", "agreement", "drift"),
)
"""Tables of a report, in order."""

_ROUNDS = 4  # the latest, for drift
_RATE = 0.05  # false discovery rate
_SHOWN = 10
_CERTAIN = 2.0  # standard errors from 0 for a rater to be named severe or lenient

_Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PanelReport:
    """What was found in a panel.

    Attributes
    ----------
    model : PanelModel
        Fitted to the latest round of each household.
    tables : dict of str to DataFrame
        By the names of `PANEL_TABLES`.
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

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=2, seed=7)
    >>> report = report_panel(county, szx.load_scheme("tongxiang"), county.as_of)
    >>> list(report.tables) == list(PANEL_TABLES)
    True
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PanelLinkWarning)  # the text says it
        model = fit_county_panel(county, scheme, as_of, progress=progress)
        rounds = _rounds(county, scheme, as_of, model)
    found = (
        *(model.measures_, model.raters_, model.items_, model.variances_),
        *(compute_villages(model), model.connectivity_, model.reliability_),
        *(compute_pairs(model), compute_interactions(model), compute_agreement(model)),
        compute_drift(rounds or {1: model}),
    )
    tables = dict(zip(PANEL_TABLES, found, strict=True))
    lines = _lines(model, tables, scheme, as_of)
    return PanelReport(
        model=model,
        tables=tables,
        zh="\n".join(zh for zh, _ in lines),
        en="\n".join(en for _, en in lines),
    )


def _rounds(
    county: County, scheme: Scheme, as_of: dt.date, latest: PanelModel
) -> dict[int, PanelModel]:
    """Fit each of the last rounds by itself, as of its own last day; one alone is not looked at.

    Where the newest round is all that `latest` was fitted to, it is not fitted once more.
    """
    ratings = county.ratings[county.ratings["rated_on"] <= pd.Timestamp(as_of)]
    numbers = sorted(int(number) for number in ratings["round"].unique())[-_ROUNDS:]
    found: dict[int, PanelModel] = {}
    for number in numbers if len(numbers) > 1 else []:
        own = ratings[ratings["round"] == number]
        if number == numbers[-1] and _is_all(own, county, scheme, as_of):
            found[number] = latest
            continue
        alone, last = replace(county, ratings=own), own["rated_on"].max().date()
        try:
            found[number] = fit_county_panel(alone, scheme, last)
        except EvidenceError:  # a stray form or two make no round
            continue
    return found


def _is_all(own: pd.DataFrame, county: County, scheme: Scheme, as_of: dt.date) -> bool:
    """Tell whether a fit as of a day uses the forms of one round alone, all of those it has."""
    last, ratings = own["rated_on"].max().date(), county.ratings
    of_round = own[forms_in_force(own, scheme, last)]
    used = ratings[forms_in_force(ratings, scheme, as_of)]
    newest = used[used["round"] == used["round"].max()]
    cases = (forms_in_force(county.vignettes, scheme, day) for day in (last, as_of))
    is_same = newest.index.equals(of_round.index) and next(cases).equals(next(cases))
    return is_same and used["household_id"].nunique() == of_round["household_id"].nunique()


def _lines(
    model: PanelModel, tables: dict[str, pd.DataFrame], scheme: Scheme, as_of: dt.date
) -> list[_Line]:
    names = {pillar.code: (pillar.zh, pillar.en) for pillar in scheme.pillars}
    return [
        (f"评议团报告，评定日 {as_of}", f"Panel report as of {as_of}"),
        (
            f"农户 {len(model.arrays_.households)} 户，评议员 {len(model.arrays_.raters)} 人；"
            f"回避 {model.n_recused_} 份，不了解 {model.n_unfamiliar_} 份。",
            f"{len(model.arrays_.households)} households, {len(model.arrays_.raters)} raters; "
            f"{model.n_recused_} forms recused, {model.n_unfamiliar_} of raters who do not know "
            "the household.",
        ),
        *_doubts(tables["variances"], names),
        *_links(model, tables),
        *_reliability(tables["reliability"], names),
        *_severities(_about_home(model), names),
        *_flags(tables["raters"], names),
        *_pairs(tables["pairs"]),
        *_interactions(tables["interactions"], names),
        *_drift(tables["drift"], names),
    ]


_WAY_OUT = (
    "目前分不清某村是评议团偏宽还是农户更好：得分只宜在村内比较。"
    "请下一轮让各村共同评议 3 至 5 个锚定案例（vignettes 表），或请若干评议员跨村评议。",
    "A kind panel and a good village cannot be told apart now: compare scores within villages. In "
    "the next round let all villages rate 3 to 5 anchor cases (table vignettes), or let some "
    "raters rate in several villages.",
)


def _doubts(variances: pd.DataFrame, names: dict[str, _Line]) -> list[_Line]:
    """Say where the data did not settle the variance components."""
    open_ends = [names[str(row.pillar)] for row in variances.itertuples() if not row.converged]
    if not open_ends:
        return []
    return [
        (
            f"方差分量未收敛（{'、'.join(zh for zh, _ in open_ends)}）：数据太少，结果仅供参考。",
            f"Variance components did not settle ({', '.join(en for _, en in open_ends)}): too few "
            "data, read the figures with care.",
        )
    ]


def _links(model: PanelModel, tables: dict[str, pd.DataFrame]) -> list[_Line]:
    parts = tables["connectivity"]["component"].nunique()
    villages = tables["villages"]
    if len(villages) == 1:
        return [
            ("只有一个村，不涉及村际比较。", "One village: nothing to compare between villages.")
        ]
    zh, en = LINK_WORDS[model.link_]
    anchors = len(model.arrays_.vignettes)
    told = [
        (
            f"{len(villages)} 个村，相互连通的部分 {parts} 个，锚定案例 {anchors} 个；"
            f"村际比较依据：{zh}。",
            f"{len(villages)} villages in {parts} connected part(s), {anchors} anchor case(s); "
            f"villages are compared by {en}.",
        )
    ]
    if model.link_ == "prior":
        told.append(_WAY_OUT)
    ranked = villages.sort_values("mean_rating")
    entries = [
        f"{row.village_id} {row.mean_rating:.2f}"
        for row in pd.concat([ranked.head(3), ranked.tail(3)]).drop_duplicates().itertuples()
    ]
    told += _listed(
        "平均评分最低与最高的村（1 至最高分；宽严与农户之差未分开）",
        "Villages of the lowest and highest mean rating (panel and households not told apart)",
        entries,
    )
    return told


def _reliability(table: pd.DataFrame, names: dict[str, _Line]) -> list[_Line]:
    how_zh = "信度 0 至 1：0.8 以上可区分多数农户，低于 0.6 主要是误差。"
    how_en = "Reliability 0 to 1: above 0.8 most households can be told apart, below 0.6 it is "
    told = [
        (
            f"{names[str(row.pillar)][0]}：村内农户信度 {row.household_reliability:.2f}，"
            f"评议员宽严信度 {row.rater_reliability:.2f}。",
            f"{names[str(row.pillar)][1]}: reliability {row.household_reliability:.2f} of "
            f"households within villages, {row.rater_reliability:.2f} of severities.",
        )
        for row in table.itertuples()
    ]
    return [*told, (how_zh, how_en + "mostly error.")]


def _about_home(model: PanelModel) -> pd.DataFrame:
    """Severities about the mean of the raters of the same village, which ratings alone tell."""
    home = pd.Series(model.arrays_.home, index=model.arrays_.raters)
    raters = model.raters_.assign(home=model.raters_["rater_id"].map(home))
    middle = raters.groupby(["home", "pillar"])["severity"].transform("mean")
    return raters.assign(severity=raters["severity"] - middle.where(raters["home"] >= 0, 0.0))


def _severities(raters: pd.DataFrame, names: dict[str, _Line]) -> list[_Line]:
    told: list[_Line] = [
        (
            "宽严相对于本村评议员的平均，以 logit 计"
            "（约每 1 logit 使一个指标的评分相差半档至一档），"
            "± 为一个标准误；只列与 0 相差两个标准误以上者。",
            "Severities about the mean of the village's raters, in logits (one logit moves a "
            "rating by half a step to a step), ± one standard error; only those more than two of "
            "them from 0.",
        )
    ]
    clear = raters[raters["severity"].abs() > _CERTAIN * raters["se"]]
    for sign, zh, en in ((-1, "偏严", "Severe"), (1, "偏宽", "Lenient")):
        own = clear[clear["severity"] * sign < 0]
        own = own.reindex(own["severity"].abs().sort_values(ascending=False).index)
        told += _named(zh, en, own, names, lambda r: f"{r.severity:+.2f} ± {r.se:.2f}")
    return told


def _flags(raters: pd.DataFrame, names: dict[str, _Line]) -> list[_Line]:
    told: list[_Line] = []
    for flag, zh, en in (
        ("erratic", "评分不稳定（infit 偏高，降低权重）", "Erratic (high infit, less weight)"),
        (
            "central",
            "偏中（少用两端，按其尺度解读）",
            "Central (avoid the ends, read on their scale)",
        ),
    ):
        own = raters[raters["flags"].str.contains(flag)]
        told += _named(zh, en, own, names, lambda r: f"infit {r.infit:.1f}")
    return told


def _pairs(pairs: pd.DataFrame) -> list[_Line]:
    alike = pairs[pairs["verdict"] == "alike"]
    entries = [
        (
            f"{p.rater_a} {p.rater_b}（z {p.z:.1f}，共同农户 {p.n_common}）",
            f"{p.rater_a} {p.rater_b} (z {p.z:.1f}, {p.n_common} common households)",
        )
        for p in alike.itertuples()
    ]
    unsure = int((pairs["verdict"] == "cannot_tell").sum())
    return [
        *_both(
            "残差一致的两人（请了解情况，并非认定）",
            "Pairs whose residuals go together (to be asked, not a finding)",
            entries,
        ),
        (
            f"共同农户不足 15 户、无法判断的有 {unsure} 对。",
            f"{unsure} pairs have fewer than 15 common households: cannot tell.",
        ),
    ]


def _interactions(table: pd.DataFrame, names: dict[str, _Line]) -> list[_Line]:
    found = table[table["q_value"] <= _RATE]
    found = found.loc[found.groupby(["rater_id", "pillar"])["z"].apply(lambda z: z.abs().idxmax())]
    return _named(
        "对个别指标评分明显偏离的评议员",
        "Raters who rate single items otherwise",
        found,
        names,
        lambda row: f"{row.indicator} {row.effect:+.1f}",
    )


def _drift(table: pd.DataFrame, names: dict[str, _Line]) -> list[_Line]:
    found = table[table["flagged"].astype(bool)]
    return _named(
        "宽严随轮次变化明显的评议员",
        "Raters whose severity changed from round to round",
        found,
        names,
        lambda row: f"{row.round}: z {row.change_z:+.1f}",
    )


def _named(
    zh: str,
    en: str,
    rows: pd.DataFrame,
    names: dict[str, _Line],
    detail: Callable[..., str],
) -> list[_Line]:
    """List raters with the pillar in both languages."""
    entries = [
        tuple(f"{row.rater_id} {names[str(row.pillar)][place]} {detail(row)}" for place in (0, 1))
        for row in rows.itertuples()
    ]
    return _both(zh, en, [(first, second) for first, second in entries])


def _listed(zh: str, en: str, entries: list[str]) -> list[_Line]:
    return _both(zh, en, [(entry, entry) for entry in entries])


def _both(zh: str, en: str, entries: list[_Line]) -> list[_Line]:
    if not entries:
        return [(f"{zh}：无。", f"{en}: none.")]
    more = len(entries) - _SHOWN
    rest = (f"；另有 {more} 项", f"; and {more} more") if more > 0 else ("", "")
    shown = entries[:_SHOWN]
    return [
        (
            f"{zh}：{'；'.join(first for first, _ in shown)}{rest[0]}。",
            f"{en}: {'; '.join(second for _, second in shown)}{rest[1]}.",
        )
    ]
