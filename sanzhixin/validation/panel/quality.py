"""Quality of the panel: can households be told apart, do raters agree, are villages comparable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from sanzhixin.numerics.intervals import clopper_pearson_interval
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import make_row, make_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sanzhixin.modelling.panel.report import PanelReport
    from sanzhixin.validation.tables.judged import Verdict

__all__ = [
    "LEAST_HOUSEHOLDS",
    "LEAST_RATERS",
    "compute_panel_quality",
    "compute_rater_map",
    "compute_village_map",
]

LEAST_HOUSEHOLDS, LEAST_RATERS = 30, 10
"""Rated households and raters; with fewer, figures are stated and not judged."""

_RELIABILITY = (0.80, 0.67)  # Fisher (2007): good, fair
_CORRELATION = (0.75, 0.50)  # Koo and Li (2016): good, moderate
_ALPHA = 0.800  # Krippendorff (2004); .667 for tentative conclusions
_INFIT = (0.5, 1.5)  # Linacre (2002): productive for measurement
_FLAGGED = (0.05, 0.10)  # shares of raters; this library's own lines
_CERTAIN = 1.96
_LEVEL = 0.95

_NOTE_ZH = (
    "household_reliability：村内农户测量的信度，0.80 及以上通过，0.67 以下不通过（Fisher 2007）；"
    "household_separation 是同一件事的另一种写法，2 相当于信度 0.80。"
    "icc_mean：全部评议表均值的组内相关，0.75/0.50（Koo 与 Li 2016）；icc_one 为单份表，只作说明。"
    "alpha：各指标 Krippendorff α 的平均，0.80/0.667；它衡量单份评议表能否互换，"
    "宽严不同即会偏低，而本库从不只用一份表，"
    "severity_adjusted 也不要求互换，所以低于界限只列为关注，应先看信度。"
    "infit_outside：infit 在 0.5 至 1.5 之外（Linacre 2002）的评议员占比；"
    "central、drifted 为偏中、宽严有变的评议员占比；区间下限高于 5% 关注，高于 10% "
    "不通过（本库自定）。"
    "alike_pairs：残差一致的两人占比，有即为关注（误报率已控制在 5%）。kin_residual："
    "亲属关系评分的偏差（logit），区间不含 0 为关注。"
    "villages_not_comparable：不能与最大连通部分比较的村占比。区间为 95%。"
    "一致不等于正确：效度见 panel_value。"
)
_NOTE_EN = (
    "household_reliability: of measures within villages, pass from .80, fail below .67 (Fisher "
    "2007); household_separation says the same, 2 is a reliability of .80. icc_mean: intraclass "
    "correlation of the mean of all forms, .75 and .50 (Koo and Li 2016); icc_one, of one form, is "
    "shown. alpha: mean of Krippendorff's alpha over the items, .80 and .667; it asks whether "
    "single forms could stand in for each other, which differences in severity alone forbid. No "
    "single form is ever used and severity_adjusted does not need it, so that below both lines it "
    "is to be watched, and reliability comes first. infit_outside: share of raters "
    "with infit outside .5 to 1.5 (Linacre 2002); central and drifted: of those who keep to the "
    "middle or changed; watch where the lower end of the interval is above 5 %, fail above 10 % "
    "(this library's own lines). alike_pairs: pairs whose residuals go together, watch where there "
    "is any (found at a false discovery rate of 5 %). kin_residual: how much better kin are rated, "
    "in logits; watch where the interval leaves 0 out. villages_not_comparable: share of villages "
    "that cannot be compared with the largest connected part. Intervals at 95 %. Agreement is "
    "not validity: for that see panel_value."
)


def compute_panel_quality(report: PanelReport) -> Judged:
    """Judge the panel of a county.

    Parameters
    ----------
    report : PanelReport
        Of `report_panel`.

    Returns
    -------
    Judged
        ``panel_quality``: rows by statistic and pillar (``all`` for what concerns the whole
        panel); ``n`` counts households, raters, pairs or villages, as ``of`` says.

    Notes
    -----
    Reliability R and separation G are tied by :math:`R = G^2 / (1 + G^2)`.  Coefficients are
    judged by their value, shares of flagged raters by the lower end of their exact interval.

    References
    ----------
    Fisher (2007), Rating scale instrument quality criteria, Rasch Measurement Transactions 21(1),
    1095; Koo and Li (2016), https://doi.org/10.1016/j.jcm.2016.02.012; Krippendorff (2004),
    https://doi.org/10.1111/j.1468-2958.2004.tb00738.x; Linacre (2002), What do infit and outfit
    mean, Rasch Measurement Transactions 16(2), 878.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> from sanzhixin.modelling.panel.report import report_panel
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> report = report_panel(county, szx.load_scheme("tongxiang"), county.as_of)
    >>> judged = compute_panel_quality(report)
    >>> sorted(set(judged.table["pillar"]))
    ['all', 'fs', 'ml', 'nr']
    """
    tables, n = report.tables, len(report.model.arrays_.households)
    rows = [*_reliability(tables, n), *_agreement(tables["agreement"], n)]
    rows += [*_raters(tables["raters"]), *_drift(tables["drift"])]
    rows += [*_kin(tables["variances"], n), *_pairs(tables["pairs"])]
    rows.append(_villages(tables["connectivity"], str(report.model.link_)))
    return Judged(
        name="panel_quality",
        table=make_table(rows, ("pillar", "of")),
        title_zh="评议团质量",
        title_en="Quality of the panel",
        note_zh=_NOTE_ZH,
        note_en=_NOTE_EN,
    )


def compute_rater_map(raters: pd.DataFrame, *, level: float = _LEVEL) -> Judged:
    """Lay out how severe each rater is, with intervals, for a picture.

    Parameters
    ----------
    raters : DataFrame
        `PanelModel.raters_`: rater_id, pillar, severity, se, infit, flags, n_forms.
    level : float, default=0.95
        Of the intervals, which are normal.

    Returns
    -------
    Judged
        ``rater_map``: one row per rater and pillar, ``n`` the forms, ``value`` the severity in
        logits (above 0 is severe; where no link joins villages, how much of it is the village's is
        stated, not found), infit, and the flags in words.  For those who look after the panel:
        raters stand with their identifiers.

    Examples
    --------
    >>> raters = pd.DataFrame({"rater_id": ["R1"], "pillar": ["fs"], "severity": [0.5],
    ...     "se": [0.2], "infit": [1.0], "flags": [""], "n_forms": [40]})
    >>> compute_rater_map(raters).table[["low", "high"]].round(3).values.tolist()
    [[0.108, 0.892]]
    """
    reach = float(norm.ppf((1 + level) / 2))
    rows = []
    for rater in raters.sort_values(["pillar", "rater_id"], kind="stable").to_dict("records"):
        value, error = float(rater["severity"]), float(rater["se"])
        told = {
            "pillar": str(rater["pillar"]),
            "rater_id": str(rater["rater_id"]),
            "flags": str(rater["flags"]),
            "n": int(rater["n_forms"]),
            "events": pd.NA,
            "infit": float(rater["infit"]),
        }
        between = (value - reach * error, value + reach * error)
        rows.append(make_row("severity", "info", told, value=value, between=between, threshold=0.0))
    return Judged(
        name="rater_map",
        table=make_table(rows, ("pillar", "rater_id", "flags"), more=("infit",)),
        title_zh="评议员宽严",
        title_en="Severity of raters",
        note_zh=f"以 logit 计，区间 {level:.0%}。供评议团管理者使用，不对外公布。",
        note_en=f"In logits, intervals at {level:.0%}. For those who look after the panel, not for "
        "publication.",
    )


def compute_village_map(villages: pd.DataFrame, connectivity: pd.DataFrame, *, link: str) -> Judged:
    """Lay out what each village's mean rating is made of, and with which villages it compares.

    Parameters
    ----------
    villages : DataFrame
        By `compute_villages`: village_id, component, n_households, mean_rating, and by pillar
        ``*_merit`` and ``*_leniency``.
    connectivity : DataFrame
        `PanelModel.connectivity_`: village_id, component.
    link : str
        What compares villages, `PanelModel.link_`.

    Returns
    -------
    Judged
        ``village_map``: one row per village and pillar, ``value`` the estimated merit in logits,
        with the mean severity of its raters, the mean rating, the number of the connected part,
        and whether it can be compared with the villages of the largest part; where no two
        villages are linked none can.

    Examples
    --------
    >>> villages = pd.DataFrame({"village_id": ["V1", "V2"], "component": [0, 1],
    ...     "n_households": 60, "mean_rating": 3.5, "fs_merit": [0.1, 0.2], "fs_leniency": 0.0})
    >>> found = compute_village_map(villages, villages[["village_id", "component"]], link="prior")
    >>> found.table["comparable"].tolist()
    ['no', 'no']
    """
    villages = villages.sort_values("village_id", kind="stable")
    part_of = connectivity.set_index("village_id")["component"]
    component = villages["village_id"].map(part_of)
    alike = _comparable(component) | (link != "prior")
    pillars = [
        str(name).removesuffix("_merit") for name in villages if str(name).endswith("_merit")
    ]
    found = list(zip(villages.to_dict("records"), alike.tolist(), strict=True))
    rows = [
        make_row(
            "merit",
            "info",
            {
                "pillar": pillar,
                "village_id": str(village["village_id"]),
                "comparable": "yes" if is_alike else "no",
                "n": int(village["n_households"]),
                "events": pd.NA,
                "severity": float(village[f"{pillar}_leniency"]),
                "mean_rating": float(village["mean_rating"]),
                "component": float(village["component"]),
            },
            value=float(village[f"{pillar}_merit"]),
        )
        for pillar in pillars
        for village, is_alike in found
    ]
    about, more = ("pillar", "village_id", "comparable"), ("severity", "mean_rating", "component")
    return Judged(
        name="village_map",
        table=make_table(rows, about, more=more),
        title_zh="村际可比性",
        title_en="Comparability of villages",
        note_zh=f"依据：{link}。依据为 prior 时，农户水平与评议宽严之分是设定的，不是估计的。",
        note_en=f"Compared by: {link}. With prior, how much is merit and how much severity is "
        "stated, not found.",
    )


def _grade(value: float, lines: tuple[float, float], *, enough: bool) -> Verdict:
    """Pass from the upper line, watch from the lower one."""
    if not enough or np.isnan(value):
        return "insufficient"
    good, fair = lines
    return "pass" if value >= good else "watch" if value >= fair else "fail"


def _reliability(tables: dict[str, pd.DataFrame], n: int) -> list[dict[str, Any]]:
    raters, rows = tables["raters"].groupby("pillar").size(), []
    for row in tables["reliability"].to_dict("records"):
        about = {"pillar": str(row["pillar"]), "of": "households", "n": n, "events": pd.NA}
        value, gap = float(row["household_reliability"]), float(row["household_separation"])
        word = _grade(value, _RELIABILITY, enough=n >= LEAST_HOUSEHOLDS)
        rows.append(
            make_row("household_reliability", word, about, value=value, threshold=_RELIABILITY[0])
        )
        rows.append(make_row("household_separation", "info", about, value=gap, threshold=2.0))
        of_raters = about | {"of": "raters", "n": int(raters.get(row["pillar"], 0))}
        own = float(row["rater_reliability"])
        rows.append(make_row("rater_reliability", "info", of_raters, value=own))
    return rows


def _agreement(table: pd.DataFrame, n: int) -> list[dict[str, Any]]:
    enough, rows = n >= LEAST_HOUSEHOLDS, []
    for pillar, own in table.groupby("pillar", sort=False):
        about = {"pillar": str(pillar), "of": "households", "n": n, "events": pd.NA}
        items, mean = own[own["indicator"] != "mean"], own[own["indicator"] == "mean"].iloc[0]
        value = float(mean["icc_mean"])
        word = _grade(value, _CORRELATION, enough=enough)
        rows.append(make_row("icc_mean", word, about, value=value, threshold=_CORRELATION[0]))
        between = (float(mean["icc_low"]), float(mean["icc_high"]))
        one = float(mean["icc_one"])
        rows.append(make_row("icc_one", "info", about, value=one, between=between))
        alpha = float(items["alpha"].mean())
        word = _grade(alpha, (_ALPHA, -np.inf), enough=enough)
        rows.append(make_row("alpha", word, about, value=alpha, threshold=_ALPHA))
    return rows


def _raters(raters: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for pillar, own in raters.groupby("pillar", sort=True):
        known = own["infit"].dropna()  # one without ratings enough has none
        outside = ~known.between(*_INFIT)
        rows.append(_flagged("infit_outside", str(pillar), int(outside.sum()), len(known)))
        central = own["flags"].str.contains("central")
        rows.append(_flagged("central", str(pillar), int(central.sum()), len(own)))
    return rows


def _drift(drift: pd.DataFrame) -> list[dict[str, Any]]:
    if drift.empty:
        return []
    flagged = drift["flagged"].astype(bool).groupby([drift["pillar"], drift["rater_id"]]).any()
    return [
        _flagged("drifted", str(pillar), int(own.sum()), len(own))
        for pillar, own in flagged.groupby(level=0)
    ]


def _pairs(pairs: pd.DataFrame) -> list[dict[str, Any]]:
    judged = pairs[pairs["verdict"] != "cannot_tell"]
    alike = int((judged["verdict"] == "alike").sum())
    row = _flagged("alike_pairs", "all", alike, len(judged)) | {"of": "pairs", "threshold": 0.0}
    word: Verdict = "insufficient" if judged.empty else "watch" if alike else "pass"
    return [row | {"verdict": word}]


def _flagged(statistic: str, pillar: str, flagged: int, n: int) -> dict[str, Any]:
    about = {"pillar": pillar, "of": "raters", "n": n, "events": pd.NA}
    line, most = _FLAGGED
    if not n:
        return make_row(statistic, "insufficient", about, value=np.nan, threshold=line)
    band = clopper_pearson_interval([flagged], [n], level=_LEVEL)
    low, high = float(band.lower[0]), float(band.upper[0])
    word: Verdict = "fail" if low > most else "watch" if low > line else "pass"
    if n < LEAST_RATERS:
        word = "insufficient"
    value = flagged / n
    return make_row(statistic, word, about, value=value, between=(low, high), threshold=line)


def _kin(variances: pd.DataFrame, n: int) -> list[dict[str, Any]]:
    rows = []
    for row in variances.to_dict("records"):
        about = {"pillar": str(row["pillar"]), "of": "households", "n": n, "events": pd.NA}
        value, reach = float(row["kin_bias"]), _CERTAIN * float(row["kin_se"])
        between = (value - reach, value + reach)
        word: Verdict = "watch" if between[0] > 0 or between[1] < 0 else "pass"
        if np.isnan(reach) or np.isnan(value):
            word = "insufficient"
        rows.append(
            make_row("kin_residual", word, about, value=value, between=between, threshold=0.0)
        )
    return rows


def _villages(connectivity: pd.DataFrame, link: str) -> dict[str, Any]:
    n = len(connectivity)
    apart = 0 if link != "prior" else int((~_comparable(connectivity["component"])).sum())
    about = {"pillar": "all", "of": "villages", "n": n, "events": pd.NA}
    word: Verdict = "insufficient" if n < 2 else "watch" if apart else "pass"
    return make_row("villages_not_comparable", word, about, value=apart / n, threshold=0.0)


def _comparable(component: pd.Series) -> NDArray[np.bool_]:
    """Whether each village is in the part with most villages; none where no two are linked."""
    part = component.to_numpy(dtype=np.int64)
    sizes = np.bincount(part)
    alone = sizes.max() == 1 and part.size > 1
    return np.asarray((part == np.argmax(sizes)) & (not alone))
