"""What a picture says, in one sentence of figures from the tables, for those who do not see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sanzhixin.errors.words import VERDICT_WORDS
from sanzhixin.validation.report.cells import percent

if TYPE_CHECKING:
    import pandas as pd

    from sanzhixin.validation.tables.judged import Judged

__all__ = [
    "tell_auc",
    "tell_backtest",
    "tell_belt",
    "tell_distribution",
    "tell_gini",
    "tell_ks",
    "tell_pathway",
    "tell_psi",
    "tell_raters",
    "tell_reliability",
    "tell_sensitivity",
    "tell_strategy",
    "tell_tiers",
    "tell_villages",
    "tell_waterfall",
]

Tables = Mapping[str, "Judged"]
Told = tuple[str, str]
Row = dict[Any, Any]


def tell_pathway(tables: Tables) -> Told:
    """Say how many households come to a proposed limit."""
    n = {str(row["statistic"]): int(row["n"]) for row in _rows(tables, "pathway")}
    return (
        f"{n['households']:,} 户中，{n['evidence']:,} 户评议依据足够，{n['points']:,} 户有点数，"
        f"{n['limit']:,} 户建议额度大于 0，其中 {n['no_review']:,} 户无须人工复核。",
        f"Of {n['households']:,} households {n['evidence']:,} have enough forms, {n['points']:,} "
        f"points, {n['limit']:,} a proposed limit above 0, and for {n['no_review']:,} of these "
        "nothing is to be looked at.",
    )


def tell_auc(tables: Tables) -> Told:
    """Say the area under the curve."""
    return _ranking(tables, "auc", "AUC")


def tell_gini(tables: Tables) -> Told:
    """Say the accuracy ratio."""
    return _ranking(tables, "gini", "Gini")


def tell_ks(tables: Tables) -> Told:
    """Say the largest gap."""
    return _ranking(tables, "ks", "KS")


def _ranking(tables: Tables, statistic: str, name: str) -> Told:
    row = _row(tables, "discrimination", statistic=statistic)
    between = _between(row)
    zh, en = VERDICT_WORDS[str(row["verdict"])]
    return (
        f"{row['n']:,} 笔贷款、违约 {row['events']:,} 笔："
        f"{name} {_number(row['value'])}{between[0]}，判定：{zh}。",
        f"{row['n']:,} loans with {row['events']:,} defaults: {name} {_number(row['value'])}"
        f"{between[1]}; verdict: {en}.",
    )


def tell_reliability(tables: Tables) -> Told:
    """Say of how many bins the interval holds the mean probability."""
    own = tables["reliability"].table
    held = (own["low"] <= own["threshold"]) & (own["threshold"] <= own["high"])
    return (
        f"{len(own)} 个分箱中，{int(held.sum())} 个的观察违约率区间含平均违约概率。",
        f"In {int(held.sum())} of {len(own)} bins the interval of the observed default rate holds "
        "the mean default probability.",
    )


def tell_belt(tables: Tables) -> Told:
    """Say at how much of the curve the belt leaves the diagonal."""
    own = tables["belt"].table
    off = (own["low_95"] > own["prob_default"]) | (own["high_95"] < own["prob_default"])
    share = f"{off.mean():.0%}"
    low, high = percent(own["prob_default"].min()), percent(own["prob_default"].max())
    return (
        f"违约概率 {low} 至 {high} 间，95% 校准带在 {share} 的取值处不含对角线。",
        f"For probabilities of {low} to {high} the 95% belt leaves the diagonal at {share} of the "
        "values.",
    )


def tell_tiers(tables: Tables, *, unrated: str = "") -> Told:
    """Say the default rate of each tier with loans, and that the others are not drawn."""
    own = tables["calibration"].table
    is_rate = (own["statistic"] == "default_rate") & (own["tier"] != "all")
    is_drawn = is_rate & (own["n"] > 0) & (own["tier"] != unrated)
    zh, en = _rates(own[is_drawn], "tier", "各等级观察违约率", "Observed default rates by tier")
    if is_drawn.sum() == is_rate.sum():
        return zh, en
    return (
        f"{zh}无贷款的等级和未评级不画。",
        f"{en} Tiers without loans, and households without a tier, are not drawn.",
    )


def tell_backtest(tables: Tables) -> Told:
    """Say the default rate of each vintage."""
    own = tables["backtest"].table
    return _rates(own, "vintage", "各放款期观察违约率", "Observed default rates by vintage")


def _rates(rows: pd.DataFrame, name: str, zh: str, en: str) -> Told:
    parts = [
        (str(row[name]), percent(row["value"]), VERDICT_WORDS[str(row["verdict"])])
        for row in rows.to_dict("records")
    ]
    return (
        f"{zh}：" + "，".join(f"{who} {rate}（{word[0]}）" for who, rate, word in parts) + "。",
        f"{en}: " + ", ".join(f"{who} {rate} ({word[1]})" for who, rate, word in parts) + ".",
    )


def tell_strategy(tables: Tables) -> Told:
    """Say the two ends of the cut-offs."""
    own = _rows(tables, "strategy")
    ends = [
        (f"{row['cutoff_points']:.0f}", f"{row['share_approved']:.0%}", percent(row["value"]))
        for row in (own[0], own[-1])
    ]
    return (
        "，".join(
            f"准入点数 {cut} 时准入 {share} 农户，已知贷款违约率 {rate}"
            for cut, share, rate in ends
        )
        + "。",
        "; ".join(
            f"from {cut} points on {share} of households are taken, with a default rate of known "
            f"loans of {rate}"
            for cut, share, rate in ends
        ).capitalize()
        + ".",
    )


def tell_sensitivity(tables: Tables) -> Told:
    """Say how often leaving one rater out moves the tier."""
    row = _row(tables, "sensitivity", statistic="tier_any", change="rater_out")
    near = _row(tables, "sensitivity", statistic="near_cutoff")
    return (
        f"有 {percent(row['value'])} 的农户，只要去掉其中某一名评议员的评议表，等级就会变；"
        f"{percent(near['value'])} 的农户因临近等级界限而复核。",
        f"For {percent(row['value'])} of households there is some rater without whose form the "
        f"tier would be another; {percent(near['value'])} are under review for a near cut-off.",
    )


def tell_distribution(tables: Tables) -> Told:
    """Say where most households are."""
    own = tables["score_distribution"].table
    most = own.iloc[int(own["value"].to_numpy().argmax())]
    n, share = f"{int(own['n'].sum()):,}", percent(most["value"])
    between = f"{most['from_points']:.0f}–{most['below_points']:.0f}"
    return (
        f"{n} 户有点数，最多的一组为 {between} 点，占 {share}。",
        f"{n} households have points; the largest class is {between}, with {share}.",
    )


def tell_psi(tables: Tables) -> Told:
    """Say the index of each period, and the limit for samples of its size."""
    rows = _rows(tables, "psi_path")
    parts = [
        (
            *(row["period"], _number(row["value"]), _number(row["threshold"])),
            VERDICT_WORDS[str(row["verdict"])],
        )
        for row in rows
    ]
    return (
        "稳定性指数（括号内为按样本量算出的界限）："
        + "，".join(f"{who} {psi}（{limit}，{word[0]}）" for who, psi, limit, word in parts)
        + "。",
        "Stability index (limit for samples of this size): "
        + ", ".join(f"{who} {psi} ({limit}, {word[1]})" for who, psi, limit, word in parts)
        + ".",
    )


def tell_raters(tables: Tables, *, pillar: str, name: Told | None = None) -> Told:
    """Say how far raters differ, and how many are flagged."""
    own = tables["rater_map"].table
    own = own[own["pillar"] == pillar]
    flagged = int(own["flags"].ne("").sum())
    low, high = _number(own["value"].min()), _number(own["value"].max())
    zh, en = name or (pillar, pillar)
    return (
        f"{zh}：{len(own):,} 名评议员，宽严 {low} 至 {high} logit，{flagged} 名有标记。",
        f"{en}: {len(own):,} raters, severity {low} to {high} logits, {flagged} flagged.",
    )


def tell_villages(tables: Tables, *, pillar: str, name: Told | None = None) -> Told:
    """Say how many villages can be compared."""
    own = tables["village_map"].table
    own = own[own["pillar"] == pillar]
    zh, en = name or (pillar, pillar)
    alike, n = int(own["comparable"].eq("yes").sum()), len(own)
    if n > 1 and not alike:
        return (
            f"{zh}：{n:,} 个村互不连通，村与村之间不能直接比较。",
            f"{en}: no two of {n:,} villages are linked; they must not be compared directly.",
        )
    return (
        f"{zh}：{n:,} 个村中 {alike:,} 个相互连通，可以比较。",
        f"{en}: {alike:,} of {n:,} villages are linked and can be compared.",
    )


def tell_waterfall(
    tables: Tables, *, example: str, names: Mapping[str, Told] | None = None
) -> Told:
    """Say what the points of one household are made of."""
    rows = [row for row in _rows(tables, "waterfall") if row["example"] == example]
    parts, total = rows[:-1], rows[-1]
    tier_zh, tier_en = (names or {}).get(total["tier"], (total["tier"], total["tier"]))
    zh = "，".join(f"{row['step_zh']} {row['value']:+.0f}" for row in parts)
    en = ", ".join(f"{row['step_en']} {row['value']:+.0f}" for row in parts)
    return (
        f"农户 {total['household']}（等级 {tier_zh}）点数 {total['value']:.0f}：{zh}。",
        f"Household {total['household']}, tier {tier_en}, {total['value']:.0f} points: {en}.",
    )


def _rows(tables: Tables, name: str) -> list[Row]:
    return tables[name].table.to_dict("records")


def _row(tables: Tables, name: str, **wanted: str) -> Row:
    return next(
        row for row in _rows(tables, name) if all(row[key] == word for key, word in wanted.items())
    )


def _between(row: Row) -> Told:
    if row["low"] != row["low"]:
        return "", ""
    low, high = _number(row["low"]), _number(row["high"])
    return f"（{low} 至 {high}）", f" ({low} to {high})"


def _number(value: float) -> str:
    return "-" if value != value else f"{value:.3f}"
