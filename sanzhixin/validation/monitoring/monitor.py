"""One look at a model in use: every table of two dates, the alarms, and whether to stop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sanzhixin.errors import DomainError
from sanzhixin.errors.words import alarms_told
from sanzhixin.model import check_county, profile_frame, scoring_date
from sanzhixin.numerics.choices import check_probability
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
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.notebook import show_tables

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

_DRAWN = ("drawn", "swapped")
_SMALL, _MANY_DRAWS = 0.001, 199_999


@dataclass(frozen=True, slots=True, repr=False)
class Monitoring:
    """What one look found.

    Attributes
    ----------
    model_id : str
        Model that is in use.
    as_of_old, as_of : date
        The two dates that are compared.
    tables : dict of str to Judged
        By name, of `MONITORING_TABLES`, as far as there was something to compare.
    stop : bool
        Whether the model should not score until people have looked into it.
    reasons : tuple of str
        Kinds of alarm that stop it.
    """

    model_id: str
    as_of_old: dt.date
    as_of: dt.date
    tables: dict[str, Judged]
    stop: bool
    reasons: tuple[str, ...]

    def __repr__(self) -> str:
        rung = ", ".join(self.ringing) or "none"
        days = f"{self.as_of_old} to {self.as_of}"
        return f"Monitoring({self.model_id!r}, {days}, ringing: {rung}, stop: {self.stop})"

    def _repr_html_(self) -> str:
        facts = [
            ("模型 model", self.model_id),
            ("日期 dates", f"{self.as_of_old} / {self.as_of}"),
            ("报警 ringing", _both(self.ringing)),
            ("停用 stop", _both(self.reasons)),
        ]
        return show_tables("Monitoring 模型监测", facts, self.tables.values())

    @property
    def alarms(self) -> Judged:
        """The first of the tables: which kinds of alarm ring, and which stop the model."""
        return self.tables["alarms"]

    @property
    def ringing(self) -> tuple[str, ...]:
        """Kinds that ring, those that stop included."""
        table = self.alarms.table
        return tuple(table.loc[table["verdict"].isin(("watch", "fail")), "kind"])

    @property
    def n_leads(self) -> int:
        """Rows of the other tables that are judged watch or fail, each by its table alone."""
        others = (one.counts for name, one in self.tables.items() if name != "alarms")
        return sum(counts.get("watch", 0) + counts.get("fail", 0) for counts in others)


def _both(kinds: tuple[str, ...]) -> str:
    return f"{alarms_told('zh', kinds)} / {alarms_told('en', kinds)}"


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
        Both are judged by turning the two dates of each household round (`swap_test`), in cells
        cut at the values of both.

    Raises
    ------
    DomainError
        ``county_expected``, ``county_empty``, ``date_expected``; ``monitor_order``: `as_of` is not
        after `as_of_old`; ``probability_open``.
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
    >>> list(found.tables) == list(MONITORING_TABLES)
    True
    """
    check_probability("level", level)
    check_county(old)
    check_county(new)
    first, last = scoring_date(as_of_old, old.as_of), scoring_date(as_of, new.as_of)
    if last <= first:
        raise DomainError("monitor_order", before=first.isoformat(), after=last.isoformat())
    parts = part_points(model, old, first), part_points(model, new, last)
    changes = compute_tier_changes(*parts)
    judged = [
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
    alarms = compute_alarms({one.name: one for one in judged}, plan or AlarmPlan())
    causes, reasons = compute_change_causes(changes.table), stop_reasons(alarms.table)
    return Monitoring(
        model_id=model.model_id,
        as_of_old=first,
        as_of=last,
        tables={one.name: one for one in (alarms, *judged, changes, causes)},
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
    """Compare points, where both dates have some, and characteristics, household by household.

    Breaks are cut at the values of both dates together, which turning a household round keeps.
    """
    points = [one["points"].to_numpy(dtype=np.float64) for one in parts]
    tables = []
    if all(one.size for one in points):
        cut = _breaks(np.concatenate(points))
        ids = parts[0]["household_id"].to_numpy(), parts[1]["household_id"].to_numpy()
        psi = partial(compute_psi, *points, breaks=cut, households=ids, seed=seed)
        found = psi()
        tables.append(psi(draws=_MANY_DRAWS) if _is_small(found.table).any() else found)
    before, after = (
        profile_frame(county, model.plan, day) for county, day in zip(counties, days, strict=True)
    )
    breaks: dict[str, Floats | None] = {}
    for name in profile_columns(before):
        if not pd.api.types.is_numeric_dtype(before[name]):
            breaks[name] = None
        elif before[name].notna().any():
            both = [read_numbers(frame, name) for frame in (before, after)]
            breaks[name] = _breaks(np.concatenate(both))
    csi = partial(compute_csi, before, after, paired_by="household_id", seed=seed)
    found = csi(breaks=breaks)
    small = found.table.loc[_is_small(found.table), "characteristic"]
    sharp = csi(breaks={name: breaks[name] for name in small}, draws=_MANY_DRAWS).table
    again = found.table.set_index("characteristic")
    again.loc[sharp["characteristic"]] = sharp.set_index("characteristic")
    ordered = again.reset_index()[found.table.columns]
    return [*tables, replace(found, table=ordered)]


def _is_small(table: pd.DataFrame) -> pd.Series:
    """Tell where few draws could not tell a small p-value from a smaller one."""
    return table["law"].isin(_DRAWN) & (table["p_value"] <= _SMALL)


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
