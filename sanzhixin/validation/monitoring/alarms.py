"""Alarms of one look: what each kind may spend, which ring, and which stop the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from sanzhixin.errors import mask_id
from sanzhixin.numerics.choices import check_range
from sanzhixin.numerics.multiplicity import adjust_holm
from sanzhixin.numerics.sequential import Spending, spend_alpha
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import make_row, make_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sanzhixin.validation.tables.judged import Verdict

__all__ = [
    "ALARM_KINDS",
    "LARGE_DEFAULTS",
    "LARGE_DRIFT",
    "LARGE_PSI",
    "AlarmKind",
    "AlarmPlan",
    "compute_alarms",
    "stop_reasons",
]

AlarmKind = Literal[
    "drift_county",
    "drift_village",
    "drift_rater",
    "event_months",
    "event_codes",
    "points",
    "characteristics",
    "defaults",
]

ALARM_KINDS: tuple[AlarmKind, ...] = get_args(AlarmKind)
"""What is watched; each kind gets an equal share of a look."""

LARGE_DRIFT = 0.5
"""Steps of the rating scale that the county moves by, from which a change can stop a model."""

LARGE_PSI = 0.25
"""Stability index of the points from which a change can stop a model."""

LARGE_DEFAULTS = 1.5
"""Observed over expected defaults from which a change can stop a model."""

_NEVER = np.inf
_NOTE_ZH = (
    "每类取 Holm 调整后最小的 p 值，与本次查看可用的误报概率比较：全年误报概率 {alpha:g}（停用 "
    "{stop_alpha:g}）分摊到 {looks} 次计划查看（本次为第 {look} 次，{spending}），"
    "再平分到 {kinds} 类。"
    "由 Bonferroni 不等式，一切正常时全年任一误报的概率不超过该值，与各次、各类是否相关无关。"
    "watch 为报警，fail 为停用：须同时低于停用界限且变动达到 large_from"
    "（县域评分 {drift} 档、得分 PSI {psi}、违约为预期的 {defaults} 倍）；其余各类只报警不停用。"
    "threshold 为报警界限，stop_below 为停用界限，n_ringing 为同类中报警的行数。"
)
_NOTE_EN = (
    "Of each kind the least p-value, adjusted by Holm, beside what this look may spend: the chance "
    "of any false alarm in all looks, {alpha:g} (of a false stop: {stop_alpha:g}), is spread over "
    "{looks} planned looks (this is look {look}, {spending}) and equally over {kinds} kinds. By "
    "Bonferroni it is held however looks and kinds hang together. watch: an alarm; fail: a stop, "
    "which asks besides that the change is as large as large_from (ratings of the county {drift} "
    "steps, stability index of the points {psi}, defaults {defaults} times those expected); other "
    "kinds ring and never stop. threshold: of an alarm; stop_below: of a stop; n_ringing: rows of "
    "the kind that ring."
)


class _Kind(NamedTuple):
    """Where a kind finds its tests, and what is large."""

    table: str
    column: str
    words: tuple[str, ...]
    about: tuple[str, ...]
    effect: str
    large: float


_SOURCES: dict[AlarmKind, _Kind] = {
    "drift_county": _Kind("rating_drift", "unit", ("county",), (), "value", LARGE_DRIFT),
    "drift_village": _Kind("rating_drift", "unit", ("village",), ("id",), "value", _NEVER),
    "drift_rater": _Kind("rating_drift", "unit", ("rater",), ("id",), "value", _NEVER),
    "event_months": _Kind(
        "ledger_counts", "statistic", ("events_month",), ("month",), "ratio", _NEVER
    ),
    "event_codes": _Kind(
        "ledger_counts", "statistic", ("events_since",), ("code",), "ratio", _NEVER
    ),
    "points": _Kind("psi", "statistic", ("psi",), (), "value", LARGE_PSI),
    "characteristics": _Kind("csi", "statistic", ("csi",), ("characteristic",), "value", _NEVER),
    "defaults": _Kind(
        "delayed_calibration", "statistic", ("default_rate",), ("tier",), "ratio", LARGE_DEFAULTS
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmPlan:
    """What the looks of a year may spend.

    Attributes
    ----------
    look : int
        Number of this look, from 1.
    looks : int
        Looks that are planned, 12 for months of a year.
    alpha : float
        Chance of any false alarm over all looks.
    stop_alpha : float
        Chance of any false stop over all looks.
    spending : {"equal", "obrien_fleming", "pocock"}
        How both are spread over the looks.

    Raises
    ------
    DomainError
        ``probability_open``: `alpha` or `stop_alpha`; ``option_choice``: `spending`;
        ``option_range``: `looks`, a `look` that is not one of them, or a `stop_alpha` above
        `alpha`.
    """

    look: int = 1
    looks: int = 12
    alpha: float = 0.05
    stop_alpha: float = 0.005
    spending: Spending = "equal"

    def __post_init__(self) -> None:
        for alpha in (self.alpha, self.stop_alpha):
            spend_alpha(alpha, self.looks, spending=self.spending)  # refuses what it cannot spend
        check_range("look", self.look, 1, self.looks, is_whole=True)
        check_range("stop_alpha", self.stop_alpha, 0, self.alpha)

    @property
    def limits(self) -> tuple[float, float]:
        """What one kind may spend at this look: on an alarm, on a stop."""
        alarm, stop = (
            float(spend_alpha(alpha, self.looks, spending=self.spending)[self.look - 1])
            for alpha in (self.alpha, self.stop_alpha)
        )
        return alarm / len(ALARM_KINDS), stop / len(ALARM_KINDS)


def compute_alarms(tables: Mapping[str, Judged], plan: AlarmPlan) -> Judged:
    """Tell which kinds of change ring at this look, and which stop the model.

    Parameters
    ----------
    tables : mapping of str to Judged
        ``rating_drift``, ``ledger_counts``, ``psi``, ``csi``, ``delayed_calibration``, as far as
        there are.
    plan : AlarmPlan
        Which look it is, and what it may spend.

    Returns
    -------
    Judged
        ``alarms``: one row for each of `ALARM_KINDS`; ``item`` names the row with the least
        p-value, ``value`` is its change.  ``insufficient`` where a kind has no test.

    References
    ----------
    Lan and DeMets (1983), https://doi.org/10.1093/biomet/70.3.659; Holm (1979),
    https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> set(compute_alarms({}, AlarmPlan()).table["verdict"])
    {'insufficient'}
    """
    rows = [_row(kind, tables.get(_SOURCES[kind].table), plan) for kind in ALARM_KINDS]
    more = ("p_adjusted", "stop_below", "large_from", "n_ringing")
    told = {
        "alpha": plan.alpha,
        "stop_alpha": plan.stop_alpha,
        "looks": plan.looks,
        "look": plan.look,
        "spending": plan.spending,
        "kinds": len(ALARM_KINDS),
        "drift": LARGE_DRIFT,
        "psi": LARGE_PSI,
        "defaults": LARGE_DEFAULTS,
    }
    return Judged(
        "alarms",
        make_table(rows, ("kind", "item"), more=more),
        "报警",
        "Alarms",
        _NOTE_ZH.format(**told),
        _NOTE_EN.format(**told),
    )


def stop_reasons(alarms: pd.DataFrame) -> tuple[str, ...]:
    """List the kinds that stop the model.

    Parameters
    ----------
    alarms : DataFrame
        Table of `compute_alarms`.

    Returns
    -------
    tuple of str
        In the order of `ALARM_KINDS`; empty where nothing stops it.

    Examples
    --------
    >>> stop_reasons(compute_alarms({}, AlarmPlan()).table)
    ()
    """
    return tuple(alarms.loc[alarms["verdict"] == "fail", "kind"])


def _row(kind: AlarmKind, judged: Judged | None, plan: AlarmPlan) -> dict[str, Any]:
    source, (alarm, stop) = _SOURCES[kind], plan.limits
    about: dict[str, Any] = {"kind": kind, "item": "", "n": 0, "events": pd.NA}
    large = np.nan if source.large == _NEVER else source.large
    about |= {"stop_below": stop, "large_from": large, "n_ringing": 0}
    tests = pd.DataFrame() if judged is None else _tests(judged.table, source)
    if tests.empty:
        return make_row("alarm", "insufficient", about, value=np.nan, threshold=alarm)
    ringing = tests[tests["p"] < alarm]
    stopping = tests[(tests["p"] < stop) & (tests[source.effect].abs() >= source.large)]
    chosen = stopping if len(stopping) else tests
    shown = chosen.sort_values("p", kind="stable").iloc[0]
    about |= {
        "item": " ".join(_told(kind, str(shown[name])) for name in source.about),
        "n": int(shown["n"]),
        "events": shown["events"],
        "p_adjusted": float(shown["p"]),
        "n_ringing": len(ringing),
    }
    verdict: Verdict = "fail" if len(stopping) else "watch" if len(ringing) else "pass"
    value = float(shown[source.effect])
    return make_row("alarm", verdict, about, value=value, threshold=alarm)


def _told(kind: AlarmKind, item: str) -> str:
    """Name the row, a rater masked: alarms are read by more people than the table of drift."""
    return mask_id(item) if kind == "drift_rater" else item


def _tests(table: pd.DataFrame, source: _Kind) -> pd.DataFrame:
    """Rows of a kind that were tested, with their p-values adjusted over them."""
    own = table[table[source.column].isin(source.words) & table["p_value"].notna()]
    adjusted = own.assign(p=adjust_holm(own["p_value"].to_numpy(dtype=np.float64)))
    return adjusted[adjusted["verdict"] != "insufficient"]
