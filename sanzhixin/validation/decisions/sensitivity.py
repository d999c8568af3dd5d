"""How much hangs on one rating or one rater: every single change tried through the scoring path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.errors import DomainError
from sanzhixin.model.frames import scoring_date
from sanzhixin.numerics.choices import check_probability, check_range
from sanzhixin.numerics.intervals import clopper_pearson_interval
from sanzhixin.records.encode_county import encode_county
from sanzhixin.records.pick import part_of
from sanzhixin.scoring.assess import STATUSES
from sanzhixin.scoring.scorer import score_cases
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import make_row, make_table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records import County
    from sanzhixin.records.cases import Cases
    from sanzhixin.scoring.plan import Plan
    from sanzhixin.scoring.view import Answers
    from sanzhixin.validation.tables.judged import Verdict

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["LEAST_HOUSEHOLDS", "MOST_NEAR", "compute_sensitivity"]

LEAST_HOUSEHOLDS = 30
"""Households with points; below, shares are stated and not judged."""

MOST_NEAR = 0.20
"""Share of households under review for a near cut-off that the design of a scheme allows."""

_SCORED = STATUSES.index("gated")  # statuses below have points
_NONE = -1


@dataclass(frozen=True, slots=True)
class _State:
    """What is looked at: points, tier, limit (or that there is none) and status."""

    points: Ints
    tier: Ints
    limit: Ints
    status: Ints


@dataclass(slots=True)
class _Tally:
    """Of each household: changes tried, how many moved something, points moved."""

    tried: Ints
    tier: Ints
    limit: Ints
    status: Ints
    points: Floats
    scored: Ints


def compute_sensitivity(
    model: SanzhixinModel,
    county: County,
    as_of: dt.date | None = None,
    *,
    n_households: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> Judged:
    """Change every single rating by one step, leave every single form out, and tell what moves.

    Use it before a model is adopted: where one rating often decides a tier, forms should be more,
    or the tiers fewer.

    Parameters
    ----------
    model : SanzhixinModel
        As it would be used.
    county : County
        Households to be scored.
    as_of : date, optional
        Scoring date; default: the county's, else today.
    n_households : int, default=500
        Households drawn at most.
    seed : int, default=0
        Of the draw.
    level : float, default=0.95
        Of the Clopper-Pearson intervals of shares of households.

    Returns
    -------
    Judged
        ``sensitivity``, by ``change`` (``one_up``, ``one_down``, ``rater_out``, ``as_it_is``) and
        ``pillar``.  ``tier_any``, ``limit_any``, ``status_any``: share of households of which some
        single change moves it; ``tier_one``, ``limit_one``, ``status_one``: mean share of a
        household's single changes that do; ``points``: mean size of the move, where there are
        points before and after.  ``near_cutoff`` and ``review``: share of households as they are,
        the first ``watch`` where its whole interval lies above `MOST_NEAR`.

    Raises
    ------
    DomainError
        ``county_empty``; ``option_range``: `n_households`; ``probability_open``.

    Notes
    -----
    Changes are made to the arrays that the one scoring path takes, of counted forms and answered
    items; a rating at the end of the scale cannot go beyond.  Households without points are left
    out.  A household that loses its evidence with a form counts under status, tier and limit.
    Households, drawn or all, stand for those that the scheme will meet, so a share near the line
    is no alarm by itself; a pass tells that no excess was seen.

    References
    ----------
    Saltelli et al. (2004), Sensitivity Analysis in Practice, section 2.4 (one at a time);
    Clopper and Pearson (1934), https://doi.org/10.1093/biomet/26.4.404

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> judged = compute_sensitivity(model, county, n_households=20)
    >>> bool(judged.table["value"].dropna().ge(0).all())
    True
    """
    check_probability("level", level)
    check_range("n_households", n_households, 1, np.inf, is_whole=True)
    if county.households.empty:
        raise DomainError("county_empty")
    chosen = _draw(county, n_households, seed)
    cases = encode_county(part_of(county, chosen), model.scheme, scoring_date(as_of, county.as_of))
    answers = score_cases(cases, model.plan)
    first = _state(answers)
    has_points = first.points != _NONE
    rows = []
    tallies = _single_ratings(cases, model.plan, answers, first)
    tallies |= {("rater_out", "all"): _raters_out(cases, model.plan, answers, first)}
    for (change, pillar), tally in tallies.items():
        rows += _tally_rows(change, pillar, tally, has_points, level)
    rows += _as_it_is(answers, first, has_points, level)
    return _judged(rows, len(cases), int(has_points.sum()), seed, level)


def _judged(rows: list[dict[str, Any]], n: int, n_scored: int, seed: int, level: float) -> Judged:
    return Judged(
        name="sensitivity",
        table=make_table(rows, ("change", "pillar")),
        title_zh="对单个评分和单名评议员的敏感度",
        title_en="Sensitivity to one rating and one rater",
        note_zh=(
            f"抽取 {n} 户（种子 {seed}），其中有得分的 {n_scored} 户计入。"
            "对每份有效评议表的每项评分逐一加减一档，并逐一去掉每份表，经同一评分路径重算。"
            "*_any 为存在某一处改动即会变动的户占比"
            f"（{level:.0%} Clopper-Pearson 区间），*_one 为任取一处改动会变动的平均比例，"
            "points 为点数变动的平均大小。near_cutoff 为临近等级界限而复核的占比，"
            f"整个区间高于 {MOST_NEAR:.0%} 才关注，通过只表示没有发现超出；其余不作判断。"
            "区间假定各户相互独立；同村农户分数相近时区间偏窄。"
        ),
        note_en=(
            f"{n} households drawn (seed {seed}); the {n_scored} with points count. Every answered "
            "item of every counted form is raised and lowered by one step, and every form left "
            "out, one at a time, through the scoring path. *_any: share of households of which "
            f"some single change moves it (Clopper-Pearson at {level:.0%}); *_one: mean share of "
            "single changes that do; points: mean size of the move. near_cutoff: share under "
            "review for a near cut-off, to be watched where the whole interval lies above "
            f"{MOST_NEAR:.0%} (a pass tells that no excess was seen); all else is not judged. "
            "Households are taken as independent: where those of a village have like points the "
            "intervals are too narrow."
        ),
    )


def _draw(county: County, n_households: int, seed: int) -> list[str]:
    ids = np.sort(county.households["household_id"].to_numpy(dtype=object))
    size = min(n_households, ids.size)
    chosen = np.random.default_rng(seed).choice(ids.size, size, replace=False)
    return list(ids[np.sort(chosen)])


def _state(answers: Answers) -> _State:
    found = answers.assessment
    scored = found.status < _SCORED
    stated = scored & ~found.limits.incomplete.any(axis=1)
    return _State(
        points=np.where(scored, found.points.total, _NONE),
        tier=np.where(scored, found.tier, _NONE - 1),
        limit=np.where(stated, found.limits.final, _NONE),
        status=found.status,
    )


def _tally(n: int) -> _Tally:
    tried, tier, limit, status, scored = np.zeros((5, n), dtype=np.int64)
    return _Tally(tried, tier, limit, status, np.zeros(n), scored)


def _add(tally: _Tally, first: _State, now: _State, changed: Bools) -> None:
    tally.tried += changed
    tally.tier += changed & (now.tier != first.tier)
    tally.limit += changed & (now.limit != first.limit)
    tally.status += changed & (now.status != first.status)
    both = changed & (first.points != _NONE) & (now.points != _NONE)
    tally.points += np.where(both, np.abs(now.points - first.points), 0)
    tally.scored += both


def _used_rows(answers: Answers) -> tuple[Ints, Ints]:
    """Places of the forms of the round that is used, brought to the left; -1 after the last."""
    used = answers.profile.forms.used
    order = np.argsort(~used, axis=1, kind="stable")
    most = int(used.sum(axis=1).max(initial=0))
    place = np.where(np.take_along_axis(used, order, axis=1), order, -1)[:, :most]
    row = np.take_along_axis(answers.profile.forms.row, np.maximum(place, 0), axis=1)
    return place, row


def _single_ratings(
    cases: Cases, plan: Plan, answers: Answers, first: _State
) -> dict[tuple[str, str], _Tally]:
    """Raise and lower every counted rating by one, one rating of each household at a time."""
    tallies = {}
    has_points = first.points != _NONE
    for change, step in (("one_up", 1), ("one_down", -1)):
        for p, pillar in enumerate(plan.panel.pillars):
            tally = tallies[change, pillar] = _tally(len(cases))
            for row, item, possible in _counted_ratings(cases, plan, answers, p, step):
                changed = possible & has_points
                if changed.any():
                    ratings = cases.forms.ratings.copy()
                    ratings[row[changed], item] += np.int8(step)
                    now = score_cases(_with_ratings(cases, ratings), plan)
                    _add(tally, first, _state(now), changed)
    return tallies


def _counted_ratings(
    cases: Cases, plan: Plan, answers: Answers, p: int, step: int
) -> Iterator[tuple[Ints, int, Bools]]:
    """Form by form and item by item: rows, the column, and whose rating there can take the step."""
    rules, counts = plan.panel, answers.profile.forms.counted[:, :, p]
    begin, size, low = int(rules.starts[p]), int(rules.n_items[p]), int(rules.lowest[p])
    high = low + int(rules.most[p]) // size
    places, rows = _used_rows(answers)
    for place, row in zip(places.T, rows.T, strict=True):
        counted = (place >= 0) & counts[np.arange(len(cases)), place]
        for item in range(begin, begin + size):
            given = cases.forms.ratings[row, item]
            within = (given > 0) & (given + step >= low) & (given + step <= high)
            yield row, item, counted & within


def _with_ratings(cases: Cases, ratings: NDArray[np.int8]) -> Cases:
    return replace(cases, forms=replace(cases.forms, ratings=ratings))


def _raters_out(cases: Cases, plan: Plan, answers: Answers, first: _State) -> _Tally:
    """Leave every form of the round out, one of each household at a time."""
    counts, tally = np.asarray(answers.profile.forms.counted.any(axis=2)), _tally(len(cases))
    places, rows = _used_rows(answers)
    for place, row in zip(places.T, rows.T, strict=True):
        counted = (place >= 0) & counts[np.arange(len(cases)), place]
        changed = counted & (first.points != _NONE)
        if changed.any():
            now = score_cases(_without(cases, row[changed]), plan)
            _add(tally, first, _state(now), changed)
    return tally


def _without(cases: Cases, rows: Ints) -> Cases:
    keep = np.ones(len(cases.forms.rater_id), dtype=np.bool_)
    keep[rows] = False
    before = np.append(0, np.cumsum(keep))
    forms = cases.forms
    arrays = ("round", "rated_on", "familiar", "relation", "role", "ratings", "proposed_limit")
    left = replace(
        forms,
        rater_id=list(compress(forms.rater_id, keep)),
        **{name: getattr(forms, name)[keep] for name in arrays},
    )
    start, end = before[cases.form_start], before[cases.form_end]
    return replace(cases, forms=left, form_start=start, form_end=end)


def _tally_rows(
    change: str, pillar: str, tally: _Tally, has_points: Bools, level: float
) -> list[dict[str, Any]]:
    own = has_points & (tally.tried > 0)
    n, about, rows = int(own.sum()), {"change": change, "pillar": pillar}, []
    for name in ("tier", "limit", "status"):
        moved = getattr(tally, name)[own]
        rows.append(_share_row(f"{name}_any", about, (int((moved > 0).sum()), n), level))
        one = float((moved / tally.tried[own]).mean()) if n else np.nan
        rows.append(_mean_row(f"{name}_one", about, n, one))
    told = own & (tally.scored > 0)
    size = float((tally.points[told] / tally.scored[told]).mean()) if told.any() else np.nan
    rows.append(_mean_row("points", about, int(told.sum()), size))
    return rows


def _as_it_is(
    answers: Answers, first: _State, has_points: Bools, level: float
) -> list[dict[str, Any]]:
    found, n = answers.assessment, int(has_points.sum())
    near = int((has_points & (found.near_upper | found.near_lower)).sum())
    review = int((has_points & (first.status == STATUSES.index("review"))).sum())
    about = {"change": "as_it_is", "pillar": "all"}
    row = _share_row("near_cutoff", about, (near, n), level)
    if n >= LEAST_HOUSEHOLDS:
        row |= {"verdict": "watch" if row["low"] > MOST_NEAR else "pass"}
    return [row | {"threshold": MOST_NEAR}, _share_row("review", about, (review, n), level)]


def _share_row(
    statistic: str, about: dict[str, str], counts: tuple[int, int], level: float
) -> dict[str, Any]:
    own, n = counts
    row = _mean_row(statistic, about, n, own / n if n else np.nan)
    if n:
        band = clopper_pearson_interval([own], [n], level=level)
        row |= {"low": float(band.lower[0]), "high": float(band.upper[0])}
    return row


def _mean_row(statistic: str, about: dict[str, str], n: int, value: float) -> dict[str, Any]:
    told = {**about, "n": n, "events": pd.NA}
    verdict: Verdict = "info" if n >= LEAST_HOUSEHOLDS else "insufficient"
    return make_row(statistic, verdict, told, value=value)
