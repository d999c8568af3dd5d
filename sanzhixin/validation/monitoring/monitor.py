"""One look at a model in use: every table of two dates, the alarms, and whether to stop."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sanzhixin.errors import DomainError
from sanzhixin.model import check_county, profile_frame, scoring_date
from sanzhixin.validation.evidence.loans import loan_table
from sanzhixin.validation.groups.proxy import profile_columns
from sanzhixin.validation.monitoring.alarms import AlarmPlan, compute_alarms, stop_reasons
from sanzhixin.validation.monitoring.delayed import compute_delayed_calibration, count_windows
from sanzhixin.validation.monitoring.ledger_counts import compute_ledger_counts
from sanzhixin.validation.monitoring.rating_drift import compute_rating_drift, latest_forms
from sanzhixin.validation.monitoring.tier_changes import (
    compute_change_causes,
    compute_tier_changes,
    part_points,
)
from sanzhixin.validation.stability.index import compute_csi, compute_psi, freeze_breaks
from sanzhixin.validation.tables.columns import read_numbers
from sanzhixin.validation.tables.judged import VERDICTS, Judged

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records import County

    Floats = NDArray[np.float64]

__all__ = ["MONITORING_TABLES", "Monitoring", "monitor"]

MONITORING_TABLES = (
    *("alarms", "rating_drift", "ledger_counts", "psi", "csi", "delayed_calibration"),
    *("tier_changes", "change_causes"),
)
"""Names of the tables of a look, in the order they are shown."""

_SMALL, _MANY_DRAWS = 0.001, 199_999


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What one look found.

    Attributes
    ----------
    model_id : str
        Model that is in use.
    as_of_old, as_of : date
        The two dates that are compared.
    tables : tuple of Judged
        Of `MONITORING_TABLES`, as far as there was something to compare.
    alarms : Judged
        The first of them.
    stop : bool
        Whether the model should not score until people have looked into it.
    reasons : tuple of str
        Kinds of alarm that stop it.
    """

    model_id: str
    as_of_old: dt.date
    as_of: dt.date
    tables: tuple[Judged, ...]
    alarms: Judged
    stop: bool
    reasons: tuple[str, ...]

    @property
    def ringing(self) -> tuple[str, ...]:
        """Kinds that ring, those that stop included."""
        table = self.alarms.table
        return tuple(table.loc[table["verdict"].isin(("watch", "fail")), "kind"])

    @property
    def zh(self) -> str:
        """The report in Chinese."""
        head = f"模型 {self.model_id}：{self.as_of_old} 与 {self.as_of} 比较。"
        rung = "、".join(self.ringing) or "无"
        end = f"报警：{rung}。" + ("应停用：" + "、".join(self.reasons) + "。") * self.stop
        body = [f"【{one.title_zh}】{_counted(one)}\n{one.note_zh}" for one in self.tables]
        return "\n\n".join([head + end, *body])

    @property
    def en(self) -> str:
        """The report in English."""
        head = f"Model {self.model_id}: {self.as_of_old} against {self.as_of}."
        rung = ", ".join(self.ringing) or "none"
        end = f" Alarms: {rung}." + (" To be stopped: " + ", ".join(self.reasons) + ".") * self.stop
        body = [f"{one.title_en}{_counted(one)}\n{one.note_en}" for one in self.tables]
        return "\n\n".join([head + end, *body])


def monitor(
    old: County,
    new: County,
    model: SanzhixinModel,
    *,
    as_of_old: dt.date | None = None,
    as_of: dt.date | None = None,
    plan: AlarmPlan | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Monitoring:
    """Look at a model in use: compare a county with itself at an earlier date.

    Parameters
    ----------
    old, new : County
        Tables of the earlier date, as when the model was adopted, and of now.  One county may be
        given twice with two dates: what is dated later does not count.
    model : SanzhixinModel
        In use; it scores both.
    as_of_old, as_of : date, optional
        The dates; else those of the counties, else today.
    plan : AlarmPlan, optional
        Which look of how many it is, and what it may spend; by default the first of 12.
    level : float, default=0.95
        Of the intervals.
    seed : int, default=0
        Of the draws behind the limits of the stability index.

    Returns
    -------
    Monitoring
        Tables, alarms, and whether to stop.  ``psi`` is left out where a date has no points; a
        numeric characteristic without any value at the earlier date stands in no row of ``csi``.

    Raises
    ------
    DomainError
        ``county_expected``; ``monitor_order``: `as_of` is not after `as_of_old`;
        ``probability_open``.
    RecordError
        ``default_undated``, ``level_unseen``.

    Notes
    -----
    The stop follows article 21 of the Measures for Personal Loans (个人贷款管理办法): automated
    approval is to be stopped when it fails to find risk.  A statistical alarm is a reason to look,
    no finding.

    Examples
    --------
    >>> import datetime as dt
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=2, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> found = monitor(county, county, model, as_of_old=dt.date(2025, 12, 31))
    >>> [one.name for one in found.tables] == list(MONITORING_TABLES)
    True
    """
    check_county(old)
    check_county(new)
    first, last = scoring_date(as_of_old, old.as_of), scoring_date(as_of, new.as_of)
    if last <= first:
        raise DomainError("monitor_order", before=first.isoformat(), after=last.isoformat())
    parts = part_points(model, old, first), part_points(model, new, last)
    changes = compute_tier_changes(*parts)
    tables = [
        compute_rating_drift(
            latest_forms(old.ratings, first),
            latest_forms(new.ratings, last),
            new.households,
            model.scheme.panel_codes,
            level=level,
        ),
        compute_ledger_counts(new.events, since=first, until=last, level=level),
        *_stability(model, (old, new), (first, last), parts, seed),
        _calibration(model, new, (first, last), level),
    ]
    alarms = compute_alarms({one.name: one for one in tables}, plan or AlarmPlan())
    reasons = stop_reasons(alarms.table)
    return Monitoring(
        model_id=model.model_id,
        as_of_old=first,
        as_of=last,
        tables=(alarms, *tables, changes, compute_change_causes(changes.table)),
        alarms=alarms,
        stop=bool(reasons),
        reasons=reasons,
    )


def _stability(
    model: SanzhixinModel,
    counties: tuple[County, County],
    days: tuple[dt.date, dt.date],
    parts: tuple[pd.DataFrame, pd.DataFrame],
    seed: int,
) -> list[Judged]:
    """Compare points, where both dates have some, and characteristics."""
    points = [one["points"].to_numpy(dtype=np.float64) for one in parts]
    tables = []
    if all(one.size for one in points):
        of_points = partial(compute_psi, *points, breaks=_breaks(points[0]), seed=seed)
        tables.append(_sharp(of_points))
    before, after = (
        profile_frame(county, model.plan, day) for county, day in zip(counties, days, strict=True)
    )
    breaks: dict[str, Floats | None] = {}
    for name in profile_columns(before):
        if not pd.api.types.is_numeric_dtype(before[name]):
            breaks[name] = None
        elif before[name].notna().any():
            breaks[name] = _breaks(read_numbers(before, name))
    return [*tables, _sharp(partial(compute_csi, before, after, breaks, seed=seed))]


def _sharp(compute: partial[Judged]) -> Judged:
    """Draw again, and more, where few draws could not tell a small p-value from a smaller one."""
    found = compute()
    table = found.table
    is_small = (table["law"] == "drawn") & (table["p_value"] <= _SMALL)
    return compute(draws=_MANY_DRAWS) if is_small.any() else found


def _breaks(values: Floats) -> Floats:
    """Freeze the breaks; one value throughout is told from smaller and larger ones."""
    found = freeze_breaks(values)
    if found.size:
        return found
    only = float(np.nanmin(values))
    return np.array([only, np.nextafter(only, np.inf)])


def _calibration(
    model: SanzhixinModel, county: County, days: tuple[dt.date, dt.date], level: float
) -> Judged:
    since, until = days
    return compute_delayed_calibration(
        loan_table(model, county, until),
        since=since,
        until=until,
        windows=count_windows(county.loans, since=since, until=until),
        basis=model.file.pd.basis,
        level=level,
    )


def _counted(judged: Judged) -> str:
    told = [f"{word} {judged.counts[word]}" for word in VERDICTS if judged.counts.get(word)]
    return f" ({', '.join(told)})" if told else f" ({len(judged.table)})"
