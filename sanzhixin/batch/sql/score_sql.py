"""A model as one SELECT: from a table of profiles to points, tier, bounds and limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sanzhixin.batch.sql.bounds import amount_columns, bound_columns, floored
from sanzhixin.batch.sql.dialects import (
    Columns,
    all_of,
    any_of,
    choose,
    column,
    find_dialect,
    free_names,
    name_table,
    null,
    text,
    whole,
)
from sanzhixin.batch.sql.expressions import (
    bin_points,
    clip,
    grid_place,
    grid_points,
    ladder,
    least,
    level_points,
    micro,
    to_whole,
)
from sanzhixin.batch.sql.warehouse import check_columns
from sanzhixin.scheme.limits import BOUNDS
from sanzhixin.scoring.limits import NO_BOUND, SYSTEM_BOUNDS
from sanzhixin.scoring.pd_table import DECIMALS

if TYPE_CHECKING:
    from sanzhixin.batch.sql.dialects import Dialect
    from sanzhixin.model import SanzhixinModel
    from sanzhixin.scoring.card import Card
    from sanzhixin.scoring.plan import Plan

__all__ = ["export_score_sql"]

_STEPS = ("read", "place", "sums", "total", "points", "bounds", "least")


def export_score_sql(
    model: SanzhixinModel, dialect: str, *, table: str = "warehouse_profile"
) -> str:
    """Write a model as SQL that scores a table of profiles where it lies.

    The answers are those of the library: the same points, tier and limit, and the default
    probability of its table with 8 decimals.  People's reasons and what asks for a review are
    not part of it: a proposal still comes from the library.

    Parameters
    ----------
    model : SanzhixinModel
        The frozen model.
    dialect : str
        One of `DIALECTS`.
    table : str, default="warehouse_profile"
        Where the profiles lie, with the columns and types of `compute_warehouse_profile`; dots
        part a schema from it.  All names are quoted, so capital letters count.  A missing value
        is NULL.  Truth values are 1 and 0 where the engine knows none (mysql, oracle, sqlite).

    Returns
    -------
    str
        One SELECT that ends with a line break and no semicolon, so that it may stand in another
        statement; in any order one row per row of `table` with household_id, points,
        prob_default, pd_lower, pd_upper, tier, rate_bp (only where the scheme sets rates),
        system_limit_yuan, limit_yuan, binding_bound.

    Raises
    ------
    DomainError
        ``sql_dialect``: another dialect; ``sql_name``: a name that cannot be written;
        ``sql_columns``: a factor has the name of another column of the profile.

    Notes
    -----
    Everything but household_id is NULL where ``evidence`` is not true or ``gated`` is not false,
    and where a category is none of the card's levels: the library raises ``level_unseen`` there,
    and nothing is guessed.  Limit and binding bound are NULL where a bound that the scheme
    requires is absent, the system limit where it is one of the system's own.  Amounts are whole
    yuan from 0 to 10**12, as the library accepts them.

    Whoever runs the SQL has to see that model and scheme are in force and that every household
    has consented; the library checks both.  A table of many hundred default probabilities is too
    long for Spark to compile, so it interprets the query, with a warning.

    Examples
    --------
    >>> import sqlite3
    >>> import sanzhixin as szx
    >>> from sanzhixin.batch.sql import compute_warehouse_profile
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> profile = compute_warehouse_profile(model, county)
    >>> database = sqlite3.connect(":memory:")
    >>> profile.to_sql("warehouse_profile", database, index=False) == len(profile)
    True
    >>> rows = database.execute(export_score_sql(model, "sqlite")).fetchall()
    >>> proposals = model.propose(county)["points"].dropna()
    >>> sorted(row[1] for row in rows if row[1] is not None) == sorted(proposals)
    True
    >>> database.close()
    """
    plan, engine = model.plan, find_dialect(dialect)
    check_columns(plan)
    source = name_table(table, engine.most_parts)
    made: dict[str, exp.Select] = {}
    selects = (
        _read(plan, engine),
        _place(plan),
        _sums(plan),
        _total(plan.card, plan),
        _points(plan.card, plan),
        _bounds(plan),
        _least(plan),
    )
    for name, columns in zip(free_names([source], _STEPS), selects, strict=True):
        made[name] = engine.select(columns, source)
        source = name_table(name)
    remark = f"sanzhixin model {model.model_id} {model.file.digest()}"
    return engine.put_together(engine.select(_answer(plan), source, is_last=True), made, remark)


def _kept(*names: str) -> Columns:
    return {name: column(name) for name in names}


def _carried(plan: Plan) -> Columns:
    return _kept("household_id", "is_open", *amount_columns(plan))


def _value_names(card: Card) -> dict[str, str]:
    """Names of the millionths of each column of numbers."""
    numbers = dict.fromkeys(i.column for i in card.characteristics if i.kind != "levels")
    return {name: f"value_{place}" for place, name in enumerate(numbers, start=1)}


def _read(plan: Plan, dialect: Dialect) -> Columns:
    is_open = all_of(dialect.holds("evidence"), dialect.fails("gated"))
    made: Columns = {
        "household_id": column("household_id"),
        "is_open": choose((is_open, whole(1)), otherwise=whole(0)),
    }
    made |= amount_columns(plan, dialect)
    made |= {name: micro(of) for of, name in _value_names(plan.card).items()}
    for place, item in enumerate(plan.card.characteristics, start=1):
        if item.kind == "levels":
            made[f"points_{place}"] = level_points(item, dialect)
    return made


def _place(plan: Plan) -> Columns:
    names, made = _value_names(plan.card), _carried(plan)
    for place, item in enumerate(plan.card.characteristics, start=1):
        if item.kind == "levels":
            made[f"points_{place}"] = column(f"points_{place}")
        elif item.kind == "bins":
            made[f"points_{place}"] = bin_points(item, names[item.column])
        else:
            made[f"place_{place}"] = grid_place(item, names[item.column])
    return made


def _sums(plan: Plan) -> Columns:
    """Sum the points of each group."""
    card, made = plan.card, _carried(plan)
    points = [
        grid_points(item, f"place_{place}") if item.kind == "grid" else column(f"points_{place}")
        for place, item in enumerate(card.characteristics, start=1)
    ]
    for place, rows in enumerate(card.group_rows, start=1):
        made[f"group_{place}"] = _sum(points[rows])
    return made


def _sum(terms: list[exp.Expression]) -> exp.Expression:
    total = terms[0]
    for term in terms[1:]:
        total = exp.Add(this=total, expression=term)
    return total


def _total(card: Card, plan: Plan) -> Columns:
    groups = [
        clip(column(f"group_{place}"), group.lowest, group.highest)
        for place, group in enumerate(card.groups, start=1)
    ]
    return _carried(plan) | {"total": _sum([whole(card.base)] * bool(card.base) + groups)}


def _points(card: Card, plan: Plan) -> Columns:
    is_open = exp.EQ(this=column("is_open"), expression=whole(1))
    total = clip(column("total"), card.lowest, card.highest)
    points = choose((is_open, to_whole(total)), otherwise=null("bigint"))
    made = _kept("household_id", *amount_columns(plan))
    return made | {"points": points}


def _bounds(plan: Plan) -> Columns:
    tiers = plan.tiers
    cutoffs = tiers.cutoffs.tolist()
    made = _kept("household_id", "points")
    starts = [row.at_least for row in plan.pd.rows][1:]
    for name, attribute in (
        ("prob_default", "prob_default"),
        ("pd_lower", "lower"),
        ("pd_upper", "upper"),
    ):
        values = [getattr(row, attribute) for row in plan.pd.rows]
        made[name] = _scored(ladder("points", starts, values, _probability), "double")
    grades = (tiers.unrated, *tiers.grades)
    made["tier"] = _scored(ladder("points", cutoffs, grades, text))
    if _has_rates(plan):
        rates = (None, *tiers.rates)
        made["rate_bp"] = _scored(ladder("points", cutoffs, rates, _rate), "bigint")
    return made | bound_columns(plan)


def _has_rates(plan: Plan) -> bool:
    return any(rate is not None for rate in plan.tiers.rates)


def _probability(value: float | None) -> exp.Expression:
    if value is None:
        return null("double")
    literal = exp.Literal.number(f"{value:.{DECIMALS}f}")
    return exp.Cast(this=literal, to=exp.DataType.build("double"))


def _rate(value: int | None) -> exp.Expression:
    return null("bigint") if value is None else whole(value)


def _scored(value: exp.Expression, kind: str = "") -> exp.Expression:
    """Leave a value out where there are no points."""
    missing = exp.Is(this=column("points"), expression=exp.Null())
    return choose((missing, null(kind) if kind else exp.Null()), otherwise=value)


def _least(plan: Plan) -> Columns:
    """Find the smallest bounds; what the scheme requires and lacks is told."""
    bounds = list(bound_columns(plan))
    system = [name for name in bounds if _is_own(name)]
    made = _kept("household_id", "points", "prob_default", "pd_lower", "pd_upper", "tier")
    made |= _kept(*["rate_bp"] * _has_rates(plan))
    required = [BOUNDS[place] for place in plan.limits.required]
    return made | {
        "least_system": least(system),
        "least": least(bounds),
        "binding_bound": least(bounds, text),
        "lacks_system": _lacks([name for name in required if _is_own(name)], bounds),
        "lacks": _lacks(required, bounds),
    }


def _is_own(name: str) -> bool:
    return BOUNDS.index(name) < SYSTEM_BOUNDS


def _lacks(required: list[str], stated: list[str]) -> exp.Expression:
    """Tell by 1 that one of the required bounds is absent."""
    if set(required) - set(stated):
        return whole(1)
    absent = (exp.EQ(this=column(name), expression=whole(NO_BOUND)) for name in required)
    return choose(*((holds, whole(1)) for holds in absent), otherwise=whole(0))


def _answer(plan: Plan) -> Columns:
    made = _kept("household_id", "points", "prob_default", "pd_lower", "pd_upper", "tier")
    made |= _kept(*["rate_bp"] * _has_rates(plan))
    step = plan.limits.step
    return made | {
        "system_limit_yuan": _complete("lacks_system", floored("least_system", step), "bigint"),
        "limit_yuan": _complete("lacks", floored("least", step), "bigint"),
        "binding_bound": _complete("lacks", column("binding_bound")),
    }


def _complete(lacks: str, value: exp.Expression, kind: str = "") -> exp.Expression:
    """Leave a value out where there are no points or a required bound is absent."""
    missing = exp.Is(this=column("points"), expression=exp.Null())
    absent = exp.EQ(this=column(lacks), expression=whole(1))
    nothing = null(kind) if kind else exp.Null()
    return choose((any_of(missing, absent), nothing), otherwise=value)
