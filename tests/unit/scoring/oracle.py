"""The rules of the built-in scheme once more, in plain Python with exact fractions."""

from __future__ import annotations

import datetime as dt
import math
import statistics
from fractions import Fraction

from tests.unit.scoring.factories import DAY, ITEMS, SCHEME, WEIGHTS, Form, Household

ASKED = {
    "fs": {"panel", "neighbour", "group_leader"},
    "ml": {"panel", "neighbour", "group_leader", "account_manager"},
    "nr": {"panel", "neighbour", "group_leader"},
}
LEVEL_POINTS = {
    (code, level.level): int(level.points * 10)
    for code, rule in SCHEME.event_rules.items()
    for level in rule.levels
}
CAPS = {"FS07": 60, "ML05": 100, "ML07": 60, "NR07": 100}
VALID_YEARS = {"FS06": 3, "FS07": 3, "ML05": 1, "ML06": 3, "ML07": 1, "NR07": 1}


def years_before(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


def used_forms(given: Household) -> list[Form]:
    oldest = years_before(given.as_of, 1)
    valid = [f for f in given.forms if oldest < f.rated_on <= given.as_of]
    latest = max((f.round for f in valid), default=None)
    return [f for f in valid if f.round == latest]


def items_of(pillar: str) -> slice:
    names = list(ITEMS)
    start = sum(ITEMS[name] for name in names[: names.index(pillar)])
    return slice(start, start + ITEMS[pillar])


def form_mean(form: Form, pillar: str) -> Fraction | None:
    """Mean of the answered items of a form that counts, else None."""
    given = [rating for rating in form.ratings[items_of(pillar)] if rating]
    counts = form.familiar and form.relation == "none" and form.role in ASKED[pillar]
    if not counts or len(given) < Fraction(ITEMS[pillar], 2):
        return None
    return Fraction(sum(given), len(given))


def form_means(given: Household, pillar: str) -> list[Fraction]:
    means = [form_mean(form, pillar) for form in used_forms(given)]
    return sorted(mean for mean in means if mean is not None)


def aggregate(means: list[Fraction], how: str) -> Fraction:
    if how == "min":
        return min(means)
    if how == "median":
        return statistics.median(means)
    if how == "trimmed_mean" and len(means) >= 5:
        means = means[1:-1]
    return sum(means, Fraction(0)) / len(means)


def pillar_score(given: Household, pillar: str, how: str = "mean") -> Fraction | None:
    means = form_means(given, pillar)
    return (aggregate(means, how) - 1) * 25 if means else None


def standard_error(means: list[Fraction]) -> float:
    """Standard deviation of the pillar scores of the forms over the root of their number."""
    scores = [(mean - 1) * 25 for mean in means]
    return statistics.stdev(scores) / math.sqrt(len(scores))


def pillar_points(given: Household, pillar: str, how: str = "mean") -> int:
    score = pillar_score(given, pillar, how)
    return 0 if score is None else math.floor(score * WEIGHTS[pillar] / 100)


def event_part(given: Household) -> int:
    """Points of the event part, from 250, period by period under the caps."""
    sums: dict[tuple[str, int], int] = {}
    for entry in given.events:
        recorded = entry.recorded_on or entry.occurred_on
        oldest = years_before(given.as_of, VALID_YEARS[entry.code])
        if (
            entry.status != "approved"
            or not entry.has_evidence
            or max(recorded, entry.occurred_on) > given.as_of
            or entry.occurred_on <= oldest
        ):
            continue
        year = next(k for k in range(1, 4) if entry.occurred_on > years_before(given.as_of, k))
        key = (entry.code, year if entry.code in CAPS else 0)
        sums[key] = sums.get(key, 0) + LEVEL_POINTS[entry.code, entry.level]
    total = 0
    for (code, _), points in sums.items():
        cap = CAPS.get(code, 10**9)
        total += max(-cap, min(cap, points))
    return max(0, min(400, 250 + total))


def factor_points(given: Household) -> int:
    years = given.factors.get("customer_years")
    payment = given.factors.get("utility_payment")
    income = given.factors.get("household_income")
    points = 0
    if years is not None:
        points += 0 if years < 3 else 10 if years < 8 else 20
    if payment is not None:
        points += {"on_time": 15, "sometimes_late": 0, "often_late": -15}[payment]
    if income is not None:
        points += next(
            value
            for bound, value in ((30_000, -10), (80_000, 0), (150_000, 10), (10**12, 20))
            if income < bound
        )
    return max(-50, min(50, points))


def total_points(given: Household, how: str = "mean") -> int:
    panel = sum(pillar_points(given, pillar, how) for pillar in ITEMS)
    return max(0, min(1000, panel + event_part(given) + factor_points(given)))


TIERS = (
    (950, "AAA", 500_000),
    (900, "AA", 300_000),
    (850, "A", 200_000),
    (800, "BBB", 100_000),
    (750, "BB", 80_000),
    (700, "B", 50_000),
    (650, "C", 30_000),
)


def tier(points: int) -> tuple[str, int]:
    """Tier and cap in yuan."""
    return next(((name, cap) for low, name, cap in TIERS if points >= low), ("未评级", 0))


assert years_before(DAY, 1) == dt.date(2025, 6, 30)
