"""The event ledger and the official records as one SELECT: what they say of each household."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from sanzhixin.batch.sql.dialects import (
    Columns,
    all_of,
    any_of,
    check_names,
    choose,
    column,
    find_dialect,
    free_names,
    name_table,
    null,
    whole,
)
from sanzhixin.batch.sql.expressions import clip, ladder, to_whole
from sanzhixin.model import SanzhixinModel, scoring_date
from sanzhixin.scoring.dates import months_before
from sanzhixin.scoring.expert import EVENT_COLUMN

if TYPE_CHECKING:
    from sanzhixin.batch.sql.dialects import Dialect
    from sanzhixin.scheme import EventRule, Scheme

__all__ = ["export_ledger_sql"]

_STEPS = ("entries", "periods", "events", "registers", "households")
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Period:
    """Entries of one event that share a cap: from a day up to the next period."""

    code: str
    first_day: dt.date
    cap: int | None


def export_ledger_sql(
    model_or_scheme: SanzhixinModel | Scheme,
    dialect: str,
    as_of: dt.date,
    *,
    households: str = "households",
    events: str = "events",
    registers: str = "registers",
) -> str:
    """Write the rules for events and official records as SQL over the tables of a county.

    Parameters
    ----------
    model_or_scheme : SanzhixinModel or Scheme
        Whose rules.
    dialect : str
        One of `DIALECTS`.
    as_of : date
        Scoring date; all limits of the calendar are worked out for it and written as dates.
    households, events, registers : str
        Tables of accepted rows, with canonical column names, codes, levels and words; dots part a
        schema from the name.  Only ``household_id`` of `households` is read.  Dates may carry a
        time; in sqlite they are texts that begin with the ISO date.

    Returns
    -------
    str
        One SELECT that ends with a line break and no semicolon; in any order one row per row of
        `households` with household_id, event_points (start and capped sums, clipped),
        n_events_counted, n_events_excluded, gated (a record that gates is in force) and
        ``record_*`` for each code of a record that asks for a review (one is in force).

    Raises
    ------
    DomainError
        ``sql_dialect``: another dialect; ``sql_name``: a name that cannot be written;
        ``date_expected``: `as_of` is no date; ``sql_columns``: codes of records that differ by
        capital letters alone.

    Notes
    -----
    An event with a code or level that the scheme does not know makes the event_points of its
    household NULL, and such a record makes gated and ``record_*`` NULL where they are not true:
    the library raises ``codes_unknown``, and nothing is guessed.  Look for these before scoring,
    as a card gives missing event points the points of a missing value.  The declared purpose
    may gate a household too; it is not read here.

    Examples
    --------
    >>> from sanzhixin.scheme import load_scheme
    >>> sql = export_ledger_sql(load_scheme("tongxiang"), "duckdb", dt.date(2026, 6, 30))
    >>> "CAST('2025-07-01' AS DATE)" in sql
    True
    """
    scheme = model_or_scheme
    if isinstance(scheme, SanzhixinModel):
        scheme = scheme.scheme
    engine, day = find_dialect(dialect), scoring_date(as_of)
    check_names([_record(code) for code in _reviews(scheme)])
    homes, ledger, records = (
        name_table(name, engine.most_parts) for name in (households, events, registers)
    )
    entries, periods, summed, found, home = free_names([homes, ledger, records], _STEPS)
    parts = _periods(scheme, day)
    steps = {
        entries: engine.select(_entries(scheme, engine, day, parts), ledger),
        periods: engine.select(_sums_by_period(), name_table(entries)),
        summed: engine.select(_sums(parts), name_table(periods)),
        found: engine.select(_records(scheme, engine, day), records),
    }
    steps[periods].group_by(column("household_key"), column("period"), copy=False)
    steps[summed].group_by(column("household_key"), copy=False)
    steps[found].group_by(engine.key(column("household_id")), copy=False)
    homes.set("alias", exp.TableAlias(this=exp.to_identifier(home, quoted=True)))
    query = engine.select(_answer(scheme, engine, (home, summed, found)), homes, is_last=True)
    for step in (summed, found):
        same = exp.EQ(
            this=engine.key(column("household_id", home)), expression=column("household_key", step)
        )
        query.join(name_table(step), on=same, join_type="left", copy=False)
    return engine.put_together(query, steps, f"sanzhixin scheme {scheme.scheme_id} {day}")


def _periods(scheme: Scheme, day: dt.date) -> list[_Period]:
    return [period for rule in scheme.event_rules.values() for period in _of(rule, scheme, day)]


def _of(rule: EventRule, scheme: Scheme, day: dt.date) -> list[_Period]:
    """Periods of a cap, counted back from the scoring date as far as an entry is valid."""
    spans, cap = [rule.valid_months], None
    if rule.cap is not None:
        months = rule.cap.months
        spans = [*range(months, rule.valid_months, months), rule.valid_months]
        cap = abs(scheme.points(rule.cap.points, rule.code))
    return [_Period(rule.code, months_before(day, span) + _DAY, cap) for span in spans]


def _entries(scheme: Scheme, engine: Dialect, day: dt.date, parts: list[_Period]) -> Columns:
    """Every entry with its points, and the number of its period; 0 where it does not count."""
    return {
        "household_key": engine.key(column("household_id")),
        "period": choose((_counts(engine, day), _period(engine, parts)), otherwise=whole(0)),
        "points": _entry_points(scheme, engine),
    }


def _counts(engine: Dialect, day: dt.date) -> exp.Expression:
    """Say that an entry is approved, has evidence, and was known on the scoring date."""
    recorded = any_of(
        exp.Is(this=column("recorded_on"), expression=exp.Null()),
        engine.until_day("recorded_on", day),
    )
    return all_of(
        engine.is_text("status", "approved"),
        exp.GT(this=exp.Length(this=exp.Trim(this=column("evidence_id"))), expression=whole(0)),
        engine.until_day("occurred_on", day),
        recorded,
    )


def _period(engine: Dialect, parts: list[_Period]) -> exp.Expression:
    by_code: dict[str, list[tuple[exp.Expression, exp.Expression]]] = {}
    for number, part in enumerate(parts, start=1):
        is_in = engine.from_day("occurred_on", part.first_day)
        by_code.setdefault(part.code, []).append((is_in, whole(number)))
    branches = (
        (engine.is_text("code", code), choose(*own, otherwise=whole(0)))
        for code, own in by_code.items()
    )
    return choose(*branches, otherwise=whole(0))


def _entry_points(scheme: Scheme, engine: Dialect) -> exp.Expression:
    """Points of a code and level; missing where the scheme does not have them."""
    branches = []
    for code, rule in scheme.event_rules.items():
        levels = (
            (engine.is_text("level", level.level), whole(scheme.points(level.points, code)))
            for level in rule.levels
        )
        branches.append((engine.is_text("code", code), choose(*levels, otherwise=exp.Null())))
    return to_whole(choose(*branches, otherwise=exp.Null()))


def _sums_by_period() -> Columns:
    is_unknown = exp.Is(this=column("points"), expression=exp.Null())
    return {
        "household_key": column("household_key"),
        "period": column("period"),
        "sum_points": _sum(column("points")),
        "n_entries": to_whole(exp.Count(this=exp.Star())),
        "n_unknown": _count(is_unknown),
    }


def _sums(parts: list[_Period]) -> Columns:
    caps: list[int | None] = [0, *(part.cap for part in parts)]
    capped = ladder("period", range(1, len(caps)), caps, _capped)
    is_counted = exp.GT(this=column("period"), expression=whole(0))
    return {
        "household_key": column("household_key"),
        "sum_capped": _sum(capped),
        "n_counted": _sum(choose((is_counted, column("n_entries")), otherwise=whole(0))),
        "n_all": _sum(column("n_entries")),
        "n_strange": _sum(column("n_unknown")),
    }


def _capped(cap: int | None) -> exp.Expression:
    points = column("sum_points")
    return points if cap is None else clip(points, -cap, cap) if cap else whole(0)


def _sum(value: exp.Expression) -> exp.Expression:
    return to_whole(exp.Sum(this=value))


def _count(condition: exp.Expression) -> exp.Expression:
    return _sum(choose((condition, whole(1)), otherwise=whole(0)))


def _records(scheme: Scheme, engine: Dialect, day: dt.date) -> Columns:
    """Count the records in force of a household, and those that the scheme does not know."""
    rules = scheme.official_rules
    in_force = {
        code: all_of(
            engine.is_text("code", code),
            engine.until_day("issued_on", day),
            any_of(
                exp.Is(this=column("ended_on"), expression=exp.Null()),
                engine.from_day("ended_on", months_before(day, rule.expires_months) + _DAY),
            ),
        )
        for code, rule in rules.items()
    }
    gates = [in_force[code] for code, rule in rules.items() if rule.action == "gate"]
    known = ((engine.is_text("code", code), whole(0)) for code in rules)
    made: Columns = {
        "household_key": engine.key(column("household_id")),
        "n_unknown": _sum(choose(*known, otherwise=whole(1))),
        "n_gates": _count(any_of(*gates)) if gates else _sum(whole(0)),
    }
    return made | {_record(code): _count(in_force[code]) for code in _reviews(scheme)}


def _reviews(scheme: Scheme) -> list[str]:
    return [code for code, rule in scheme.official_rules.items() if rule.action == "review"]


def _record(code: str) -> str:
    return f"record_{code}"


def _answer(scheme: Scheme, engine: Dialect, tables: tuple[str, str, str]) -> Columns:
    home, summed, found = tables
    part = scheme.event_part
    start, floor, top = (
        scheme.points(value, "event part") for value in (part.start, part.floor, part.cap)
    )
    n_all, n_counted = column("n_all", summed), column("n_counted", summed)
    points = exp.Add(this=whole(start), expression=column("sum_capped", summed))
    nothing = exp.Is(this=n_all, expression=exp.Null())
    strange = exp.GT(this=column("n_strange", summed), expression=whole(0))
    is_in_force = {
        "gated": column("n_gates", found),
        **{_record(code): column(_record(code), found) for code in _reviews(scheme)},
    }
    return {
        "household_id": column("household_id", home),
        EVENT_COLUMN: choose(
            (nothing, whole(start)),
            (strange, null("bigint")),
            otherwise=clip(points, floor, top),
        ),
        "n_events_counted": choose((nothing.copy(), whole(0)), otherwise=n_counted),
        "n_events_excluded": choose(
            (nothing.copy(), whole(0)),
            otherwise=exp.Sub(this=n_all.copy(), expression=n_counted.copy()),
        ),
        **{name: _told(engine, count, found) for name, count in is_in_force.items()},
    }


def _told(engine: Dialect, count: exp.Expression, found: str) -> exp.Expression:
    """Write that a record is in force; missing where one unknown to the scheme may be meant."""
    strange = exp.GT(this=column("n_unknown", found), expression=whole(0))
    return choose(
        (exp.GT(this=count, expression=whole(0)), engine.truth(value=True)),
        (strange, null("boolean" if engine.has_booleans else "bigint")),
        otherwise=engine.truth(value=False),
    )
