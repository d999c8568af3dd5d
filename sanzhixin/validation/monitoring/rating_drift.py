"""Ratings of this round less those of an earlier one on the same households: did the scale move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.numerics.choices import check_probability
from sanzhixin.numerics.sequential import mean_shift_test
from sanzhixin.validation.tables.columns import check_columns
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.multiplicity import judge_families
from sanzhixin.validation.tables.statistic_rows import make_row, make_table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from sanzhixin.validation.tables.judged import Verdict

__all__ = ["LEAST_SHARED", "LEAST_VILLAGES", "compute_rating_drift", "latest_forms"]

LEAST_SHARED = 20
"""Households rated in both rounds; below, a change is stated and not judged."""

LEAST_VILLAGES = 10
"""Villages with a change, for the row of the county.

Its p-value is never below 2 to the (1 - n): with the usual plan of alarms, 12 villages can ring and
16 can stop a model."""

_FORM = ("round", "household_id", "rater_id", "rated_on", "familiar", "relation")

_NOTE_ZH = (
    "mean_change 为同一评议员对同一农户本轮评分减前一轮的平均差（评分档数），"
    "只计双方均已作答的指标、了解该户且无关系的评议表。村、县各行也只用两轮都评过该户的评议员，"
    "换人本身不算变动：{raters_zh}。"
    "village 行先按户平均，以户为单位计标准误；county 行以村为单位。区间为 {level:.0%} t 区间；"
    "p 值不低于 2 的 (1−n) 次方（配对翻转检验的下限）。"
    "p_adjusted 为同类各行的 Holm 调整，低于 0.05 为 watch，低于 0.001 为 fail；"
    "可比农户不足 {least} 户（county 行不足 {villages} 村）为 insufficient。"
    "整体抬高可能是评议口径变化，也可能是农户确有变化：此表不能区分。多次查看的控制见报警表。"
    "本表含评议员编号，只供管理评议的人员使用。{same_zh}"
)
_NOTE_EN = (
    "mean_change: ratings of this round less those of the round before by the same rater on the "
    "same household, in steps of the scale; items answered both times, forms of raters who know "
    "the household and are not related. Rows of villages and of the county use these raters too, "
    "so that a new rater is no change of the scale: {raters_en}. Rows of villages go by household, "
    "the row of the county by village. Intervals are Student's at {level:.0%}; no p-value is below "
    "2 to the (1 - n), the least of a test that turns pairs round. p_adjusted: Holm over the rows "
    "of a kind; watch below 0.05, fail below 0.001; insufficient with fewer than {least} "
    "households to compare ({villages} villages for the county). A rise may be a changed scale or "
    "changed households: this table cannot tell. Repeated looks are allowed for in the table of "
    "alarms. The table holds identifiers of raters: it stays with those who look after the "
    "panel.{same_en}"
)
_RATERS = (
    "本轮评过这些农户的 {later} 名评议员中，{shared} 名前一轮也评过其中同一农户",
    "of the {later} raters of these households in this round, {shared} rated the same household in "
    "the one before",
)
_SAME = (
    "{n} 户两次的轮次号相同，未作比较，其中 {anew} 户两次评议日期不同；"
    "如为重新评议，请给新一轮更大的轮次号（round）后再看。",
    " {n} households have the same number of round both times and are not compared, {anew} of them "
    "with forms of other days; where they were rated anew, give the new round a higher number "
    "(column round) and look again.",
)


def latest_forms(ratings: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Keep the forms of each household's latest round by a day, as far as they count.

    Parameters
    ----------
    ratings : DataFrame
        Of a county.
    as_of : date
        Forms dated by then count.

    Returns
    -------
    DataFrame
        Forms of raters who know the household and have no relation to it.

    Raises
    ------
    DomainError
        ``judged_columns``.

    Examples
    --------
    >>> import datetime as dt
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> latest_forms(county.ratings, dt.date(2025, 12, 31))["round"].unique().tolist()
    [1]
    """
    check_columns(ratings, *_FORM)
    dated = ratings[ratings["rated_on"] <= pd.Timestamp(as_of)]
    last = dated.groupby("household_id")["round"].transform("max")
    counts = dated["familiar"].fillna(value=False).astype(bool) & (dated["relation"] == "none")
    return dated[counts & (dated["round"] == last)]


def compute_rating_drift(
    before_forms: pd.DataFrame,
    after_forms: pd.DataFrame,
    households: pd.DataFrame,
    indicators: Sequence[str],
    *,
    level: float = 0.95,
) -> Judged:
    """Judge whether a county, a village or a rater moved the scale between two rounds.

    Parameters
    ----------
    before_forms, after_forms : DataFrame
        Of `latest_forms`: round, household_id, rater_id and the indicators.  Households whose
        round is the same in both are left out and counted in the note (with rated_on, also those
        of them that were rated on other days).
    households : DataFrame
        household_id and village_id.
    indicators : sequence of str
        Columns of ratings; a missing rating is not compared.
    level : float, default=0.95
        Of the intervals.

    Returns
    -------
    Judged
        ``rating_drift``, by ``unit`` (``county``, ``village``, ``rater``) and ``id``; ``n`` counts
        households, villages in the row of the county.  Every row uses raters who rated the same
        household both times: a rater who came or went is no change of the scale.

    Raises
    ------
    DomainError
        ``judged_columns``, ``probability_open``.

    References
    ----------
    Student (1908), https://doi.org/10.1093/biomet/6.1.1; Holm (1979),
    https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> def forms(number, rating):
    ...     return pd.DataFrame({"round": number, "household_id": [str(k) for k in range(30)],
    ...         "rater_id": "R", "FS01": [rating + k % 2 for k in range(30)]})
    >>> after = forms(2, 3)
    >>> after.loc[0, "FS01"] = 4
    >>> home = after[["household_id"]].assign(village_id="V")
    >>> judged = compute_rating_drift(forms(1, 2), after, home, ["FS01"])
    >>> judged.table[["unit", "n", "verdict"]].values.tolist()
    [['county', 1, 'insufficient'], ['village', 30, 'fail'], ['rater', 30, 'fail']]
    """
    check_probability("level", level)
    for forms in (before_forms, after_forms):
        check_columns(forms, "round", "household_id", "rater_id", *indicators)
    check_columns(households, "household_id", "village_id")
    home = households.drop_duplicates("household_id").set_index("household_id")["village_id"]
    first, second, same = _renewed(before_forms, after_forms)
    by_rater = _changes(first, second, ["rater_id", "household_id"], indicators)
    by_home = by_rater.groupby("household_id", as_index=False)["change"].mean()
    village = by_home["household_id"].map(home).fillna("")
    by_village = by_home.groupby(village)["change"]
    rows = [_row("county", "", by_village.mean(), LEAST_VILLAGES, level)]
    rows += _unit("village", by_village, level)
    rows += _unit("rater", by_rater.groupby("rater_id")["change"], level)
    table = make_table(rows, ("unit", "id"), more=("p_value", "p_adjusted"))
    shared = {"later": second["rater_id"].nunique(), "shared": by_rater["rater_id"].nunique()}
    told: dict[str, Any] = {"level": level, "least": LEAST_SHARED, "villages": LEAST_VILLAGES}
    for lang, raters, anew in zip(("zh", "en"), _RATERS, _SAME, strict=True):
        told |= {f"raters_{lang}": raters.format(**shared)}
        told |= {f"same_{lang}": anew.format(**same) if same["n"] else ""}
    return Judged(
        "rating_drift",
        judge_families(table, "unit"),
        "评分口径的变动",
        "Drift of the ratings",
        _NOTE_ZH.format(**told),
        _NOTE_EN.format(**told),
    )


def _renewed(
    before: pd.DataFrame, after: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Keep the households that have another round after than before; count those that have not."""
    columns = [name for name in ("round", "rated_on") if name in before and name in after]
    last = [forms.groupby("household_id")[columns].max() for forms in (before, after)]
    both = pd.concat(last, axis=1, join="inner", keys=["before", "after"])
    own = both.index[both["after", "round"] > both["before", "round"]]
    first, second = (forms[forms["household_id"].isin(own)] for forms in (before, after))
    same = both[both["after", "round"] == both["before", "round"]]
    moved = same["after"].to_numpy() != same["before"].to_numpy()
    return first, second, {"n": len(same), "anew": int(moved.any(axis=1).sum())}


def _changes(
    before: pd.DataFrame, after: pd.DataFrame, keys: list[str], indicators: Sequence[str]
) -> pd.DataFrame:
    """Give the mean change over the items answered both times, one row for each key."""
    means = []
    for forms in (before, after):
        values = forms[[*indicators]].astype("Float64").astype("float64")
        means.append(values.groupby([forms[key] for key in keys]).mean())
    change = (means[1] - means[0]).mean(axis=1).dropna().rename("change")
    return change.reset_index().sort_values(keys, kind="stable")


def _unit(unit: str, changes: Any, level: float) -> Iterator[dict[str, Any]]:
    for name, own in changes:
        yield _row(unit, str(name), own, LEAST_SHARED, level)


def _row(unit: str, name: str, changes: pd.Series, least: int, level: float) -> dict[str, Any]:
    found = mean_shift_test(changes.to_numpy(dtype=np.float64), level=level)
    enough = found.n >= least
    about = {"unit": unit, "id": name, "n": found.n, "events": pd.NA}
    about["p_value"] = found.p_value if enough else np.nan
    verdict: Verdict = "pass" if enough else "insufficient"
    return make_row(
        "mean_change", verdict, about, value=found.mean, between=(found.low, found.high)
    )
