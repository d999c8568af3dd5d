"""Stability of points and characteristics: the index against the limits of its sample sizes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sanzhixin.errors import DomainError
from sanzhixin.numerics.choices import check_range
from sanzhixin.numerics.paired_stability import pair_cells, swap_test
from sanzhixin.numerics.stability import find_cells, stability_parts, stability_test
from sanzhixin.validation.tables.columns import check_columns, read_numbers, read_outcomes
from sanzhixin.validation.tables.judged import Judged
from sanzhixin.validation.tables.statistic_rows import (
    FAIL_BELOW,
    WATCH_BELOW,
    judge_p,
    make_row,
    make_table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sanzhixin.numerics.stability import BreaksFrom, StabilityTest

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "LEAST_ROWS",
    "compute_csi",
    "compute_psi",
    "compute_psi_path",
    "compute_score_distribution",
    "freeze_breaks",
]

LEAST_ROWS = 30
"""Rows in each of two samples; below, an index is stated and not judged."""

_CONVENTION = (0.10, 0.25)
_MOST_CELLS = 50
_LEVELS = (WATCH_BELOW, FAIL_BELOW)
_MORE = ("n_before", "p_value", "fail_above")

_NOTE_ZH = (
    "value 为群体稳定性指数。threshold 与 fail_above 是两次均来自同一总体时、按两次样本量算出的"
    "95% 与 99.9% 界限，判断依此；law 说明界限由穷举、抽样还是卡方得到。convention 列为惯用的"
    "0.10/0.25 分档，只作参照：它不看样本量，60 户对 60 户时多半无故超过 0.25，"
    "5000 户对 5000 户时大变动也未必到 0.10。占比低于万分之一的组按万分之一计。"
    "未计多次检验；整村一同变动时界限偏窄。"
)
_NOTE_EN = (
    "value is the population stability index. threshold and fail_above are the 95 % and 99.9 % "
    "limits for samples of these sizes from one population, and they alone judge; law tells "
    "whether they were enumerated, drawn or taken from chi-square. The column convention shows the "
    "customary .10 and .25 and judges nothing: it ignores the sizes, so that 60 households against "
    "60 mostly exceed .25 for no reason, and 5,000 against 5,000 may shift much below .10. A share "
    "below one in ten thousand counts as that. Repeated looks are not corrected for; where whole "
    "villages move together the limits are too narrow."
)
_PAIRED_ZH = (
    "swapped：两次多为同一批农户，界限由逐户随机对调前后得到，只有一次的农户在两次之间随机重分；"
    "整村一同变动时报警偏多。"
)
_PAIRED_EN = (
    " swapped: as the households are mostly the same at both dates, limits come from turning "
    "before and after of each household round at random; households of one date alone are parted "
    "anew between the dates. Where whole villages move together it rings too readily."
)


def freeze_breaks(points: ArrayLike, n: int = 10) -> Floats:
    """Cut points into cells of about equal numbers, once, at the beginning.

    Parameters
    ----------
    points : array-like of shape (n_households,)
        Of the sample that later ones are compared with; missing values are left out.
    n : int, default=10
        Cells at most; equal points make them fewer.

    Returns
    -------
    ndarray of shape (n_cells - 1,)
        Ascending breaks; each is a value of `points`, and belongs to the cell above it.

    Raises
    ------
    DomainError
        ``option_range``: `n` below 2 or above 50; ``stability_empty``: no points.

    Examples
    --------
    >>> freeze_breaks([1, 2, 3, 4, 5, 6], 3)
    array([3., 5.])
    """
    check_range("n", n, 2, _MOST_CELLS, is_whole=True)
    given = np.asarray(points, dtype=float)
    known = np.sort(given[~np.isnan(given)])
    if not known.size:
        raise DomainError("stability_empty")
    places = (np.arange(1, n) * known.size) // n
    breaks = np.unique(known[places])
    return np.asarray(breaks[breaks > known[0]])  # nothing lies below the least value


def compute_psi(
    before_points: ArrayLike,
    after_points: ArrayLike,
    *,
    breaks: ArrayLike,
    households: tuple[ArrayLike, ArrayLike] | None = None,
    seed: int = 0,
    draws: int = 9_999,
) -> Judged:
    """Compare the points of two samples by the stability index.

    Parameters
    ----------
    before_points, after_points : array-like of shape (n_households,)
        Points; missing ones are left out and counted in the note.
    breaks : array-like
        From `freeze_breaks`; frozen, not drawn anew for each comparison.  Where they are those of
        `before_points` itself, the limits allow for it.
    households : pair of array-like, optional
        Identifiers before and after, where households are mostly the same: limits then come from
        turning before and after round, household by household (`swap_test`).  Cut the breaks
        elsewhere, or at the points of both dates together.
    seed : int, default=0
        Of the draws behind the limits.
    draws : int, default=9999
        Tables that are drawn for small samples; no p-value is below the reciprocal.

    Returns
    -------
    Judged
        ``psi``: first the index (cell ``all``), then the part of each cell with its shares before
        and after.  ``n`` counts households after.  ``insufficient`` with fewer than `LEAST_ROWS`
        in a sample.

    Raises
    ------
    DomainError
        ``breaks_order``; ``stability_empty``: a sample without points; ``households_repeated``.

    References
    ----------
    Yurdakul and Naranjo (2020), https://doi.org/10.21314/JRMV.2020.227

    Examples
    --------
    >>> breaks = freeze_breaks(range(100), 4)
    >>> judged = compute_psi(range(100), range(0, 200, 2), breaks=breaks)
    >>> judged.table["verdict"].iloc[0]
    'fail'
    """
    edges = _edges(breaks)
    before, after = (np.asarray(one, dtype=float) for one in (before_points, after_points))
    cells = find_cells(before, edges), find_cells(after, edges)
    how = _source(before, edges) if households is None else households
    counts, found = _test(cells, edges.size + 1, how, seed=seed, draws=draws)
    paired = households is not None
    missing = int(np.isnan(after).sum()), int(np.isnan(before).sum())
    first = _index_row("psi", {"cell": "all"}, counts, found)
    shares, parts = [one / one.sum() for one in counts], stability_parts(*counts)
    rows = [
        make_row(
            "psi_part",
            "info",
            {
                "cell": label,
                "n": int(counts[1][place]),
                "events": pd.NA,
                "convention": "",
                "law": "",
                "share_before": float(shares[0][place]),
                "share_after": float(shares[1][place]),
            },
            value=float(parts[place]),
        )
        for place, label in enumerate(_labels(edges))
    ]
    about = ("cell", "convention", "law")
    return Judged(
        name="psi",
        table=make_table([first, *rows], about, more=("share_before", "share_after", *_MORE)),
        title_zh="点数分布的稳定性",
        title_en="Stability of the points",
        note_zh=f"{_NOTE_ZH}{_PAIRED_ZH * paired}"
        f"没有得分的户不计：之前 {missing[1]} 户，之后 {missing[0]} 户。",
        note_en=f"{_NOTE_EN}{_PAIRED_EN * paired} Households "
        f"without points are left out: {missing[1]} before, "
        f"{missing[0]} after.",
    )


def compute_csi(
    before_profile: pd.DataFrame,
    after_profile: pd.DataFrame,
    *,
    breaks: Mapping[str, ArrayLike | None],
    paired_by: str | None = None,
    seed: int = 0,
    draws: int = 9_999,
) -> Judged:
    """Compare characteristics of two samples by the stability index, one by one.

    Parameters
    ----------
    before_profile, after_profile : DataFrame
        One row per household with the columns that `breaks` names.
    breaks : mapping of str to array-like or None
        Column to its frozen breaks; None for a column of words, whose levels are the cells.
    paired_by : str, optional
        Column of identifiers, where households are mostly the same; see `compute_psi`.
    seed : int, default=0
        Of the draws behind the limits.
    draws : int, default=9999
        Tables that are drawn for small samples; no p-value is below the reciprocal.

    Returns
    -------
    Judged
        ``csi``: one row per characteristic.  A missing value is a cell of its own, so that
        characteristics that stop being filled in, altogether or in part, are seen.  One without
        any value before is ``insufficient`` and has no index: there is nothing to compare with,
        and what nobody wrote down before is no change of the households.

    Raises
    ------
    DomainError
        ``judged_columns``: a column is not there; ``breaks_order``; ``stability_empty``: a sample
        without rows; ``households_repeated``.

    References
    ----------
    Yurdakul and Naranjo (2020), https://doi.org/10.21314/JRMV.2020.227

    Examples
    --------
    >>> frame = pd.DataFrame({"fs_score": range(60), "utility_payment": ["on_time", "late"] * 30})
    >>> judged = compute_csi(frame, frame, breaks={"fs_score": [20, 40], "utility_payment": None})
    >>> judged.table["verdict"].tolist()
    ['pass', 'pass']
    """
    for frame in (before_profile, after_profile):
        check_columns(frame, *breaks, *([] if paired_by is None else [paired_by]))
        if frame.empty:
            raise DomainError("stability_empty")
    rows = []
    for name, edges in breaks.items():
        about = {"characteristic": name}
        if before_profile[name].isna().all():
            sizes = len(before_profile), len(after_profile)
            rows.append(_unjudged_row("csi", about, sizes))
            continue
        cells, size, source = _characteristic(before_profile, after_profile, name, edges)
        ids = None if paired_by is None else (before_profile[paired_by], after_profile[paired_by])
        counts, found = _test(cells, size, ids or source, seed=seed, draws=draws)
        rows.append(_index_row("csi", about, counts, found))
    paired = paired_by is not None
    return Judged(
        name="csi",
        table=make_table(rows, ("characteristic", "convention", "law"), more=_MORE),
        title_zh="各特征的稳定性",
        title_en="Stability of the characteristics",
        note_zh=f"{_NOTE_ZH}{_PAIRED_ZH * paired}缺失单独成组；之前完全没有取值的特征不作比较。",
        note_en=f"{_NOTE_EN}{_PAIRED_EN * paired} Missing "
        f"values are a cell of their own; a characteristic without any "
        "value before is not compared.",
    )


def compute_psi_path(
    parts: Sequence[tuple[str, ArrayLike]], *, breaks: ArrayLike, seed: int = 0
) -> Judged:
    """Follow the stability index from period to period.

    Parameters
    ----------
    parts : sequence of (str, array-like)
        Label and points of each period, in order; the first is what the others are compared with.
    breaks : array-like
        From `freeze_breaks`.
    seed : int, default=0
        Of the draws behind the limits; each period has a stream of its own.

    Returns
    -------
    Judged
        ``psi_path``: one row for each period after the first; a period without points is
        ``insufficient``.

    Raises
    ------
    DomainError
        ``breaks_order``; ``stability_empty``: the first period has no points.

    References
    ----------
    Yurdakul and Naranjo (2020), https://doi.org/10.21314/JRMV.2020.227

    Examples
    --------
    >>> months = [("2026-01", range(90)), ("2026-02", range(90))]
    >>> judged = compute_psi_path(months, breaks=freeze_breaks(range(90), 3))
    >>> judged.table[["period", "value", "verdict"]].values.tolist()
    [['2026-02', 0.0, 'pass']]
    """
    edges = _edges(breaks)
    if not parts:
        raise DomainError("stability_empty")
    first = np.asarray(parts[0][1], dtype=float)
    before, source = find_cells(first, edges), _source(first, edges)
    if not (before >= 0).any():
        raise DomainError("stability_empty")
    rows = []
    for place, (label, points) in enumerate(parts[1:]):
        after, about = find_cells(points, edges), {"period": str(label)}
        if (after >= 0).any():
            cells = before, after
            counts, found = _test(cells, edges.size + 1, source, seed=seed + place)
            rows.append(_index_row("psi", about, counts, found))
        else:
            rows.append(_unjudged_row("psi", about, (int((before >= 0).sum()), 0)))
    label = str(parts[0][0])
    return Judged(
        name="psi_path",
        table=make_table(rows, ("period", "convention", "law"), more=_MORE),
        title_zh="各期点数分布的稳定性",
        title_en="Stability of the points over time",
        note_zh=f"各期均与 {label} 比较。{_NOTE_ZH}",
        note_en=f"Each period is compared with {label}. {_NOTE_EN}",
    )


def compute_score_distribution(
    points: ArrayLike, *, width: int = 25, failed: ArrayLike | None = None
) -> Judged:
    """Count households by classes of points.

    Parameters
    ----------
    points : array-like of shape (n_households,)
        Missing ones are left out and counted in the note.
    width : int, default=25
        Points in a class.
    failed : array-like of bool of shape (n_households,), optional
        Outcomes, where these are loans; counted in ``events``.

    Returns
    -------
    Judged
        ``score_distribution``: one row per class, empty ones between others included; ``value`` is
        the share of households.

    Raises
    ------
    DomainError
        ``option_range``: `width` is no whole number above 0; ``stability_empty``: no points;
        ``outcome_not_binary``.

    Examples
    --------
    >>> compute_score_distribution([610, 620, 640]).table[["from_points", "n"]].values.tolist()
    [[600.0, 2.0], [625.0, 1.0]]
    """
    check_range("width", width, 1, 1e6, is_whole=True)
    given = np.asarray(points, dtype=float)
    known = ~np.isnan(given)
    if not known.any():
        raise DomainError("stability_empty")
    place = np.floor(given[known] / width).astype(np.int64)
    low = int(place.min())
    count = np.bincount(place - low)
    bad = None
    if failed is not None:
        outcomes = read_outcomes(pd.DataFrame({"defaulted": failed}))
        bad = np.bincount(place - low, outcomes[known], count.size)
    rows = [
        make_row(
            "share",
            "info",
            {
                "n": int(own),
                "events": pd.NA if bad is None else int(bad[k]),
                "from_points": (low + k) * width,
                "below_points": (low + k + 1) * width,
            },
            value=float(own / count.sum()),
        )
        for k, own in enumerate(count)
    ]
    return Judged(
        name="score_distribution",
        table=make_table(rows, more=("from_points", "below_points")),
        title_zh="点数分布",
        title_en="Distribution of the points",
        note_zh=f"每组 {width} 分，含下限；没有得分的 {int((~known).sum())} 户不计。",
        note_en=f"Classes of {width} points, the lower end included; "
        f"{int((~known).sum())} without points are left out.",
    )


def _edges(breaks: ArrayLike) -> Floats:
    edges = np.asarray(breaks, dtype=float)
    if not edges.size:
        raise DomainError("breaks_order")
    return edges


def _source(before: Floats, edges: Floats) -> BreaksFrom:
    """Tell whether the breaks are those that the first sample gives."""
    for n in range(max(edges.size + 1, 2), _MOST_CELLS + 1):
        if np.array_equal(freeze_breaks(before, n), edges):
            return "before"
    return "elsewhere"


def _test(
    cells: tuple[Ints, Ints],
    size: int,
    how: BreaksFrom | tuple[ArrayLike, ArrayLike],
    *,
    seed: int,
    draws: int = 9_999,
) -> tuple[tuple[Ints, Ints], StabilityTest]:
    """Count cells and test: as two samples, or household by household."""
    before, after = (np.bincount(one[one >= 0], minlength=size) for one in cells)
    if isinstance(how, str):
        found = stability_test(
            before, after, breaks_from=how, levels=_LEVELS, draws=draws, seed=seed
        )
    else:
        paired = pair_cells(how, cells, size)
        found = swap_test(paired, levels=_LEVELS, draws=draws, seed=seed)
    return (before, after), found


def _index_row(
    statistic: str,
    about: dict[str, Any],
    counts: tuple[Ints, Ints],
    found: StabilityTest,
) -> dict[str, Any]:
    enough = min(int(one.sum()) for one in counts) >= LEAST_ROWS
    told = {
        **about,
        "n": int(counts[1].sum()),
        "events": pd.NA,
        "convention": _band(found.index),
        "law": found.law,
        "n_before": int(counts[0].sum()),
        "p_value": found.p_value,
        "fail_above": found.limits[1],
    }
    verdict = judge_p(found.p_value, enough=enough)
    return make_row(statistic, verdict, told, value=found.index, threshold=found.limits[0])


def _unjudged_row(statistic: str, about: dict[str, Any], sizes: tuple[int, int]) -> dict[str, Any]:
    told = {"n": sizes[1], "events": pd.NA, "convention": "", "law": "", "n_before": sizes[0]}
    return make_row(statistic, "insufficient", about | told, value=np.nan)


def _band(index: float) -> str:
    low, high = _CONVENTION
    return "<0.10" if index < low else "0.10-0.25" if index < high else ">=0.25"


def _labels(edges: Floats) -> list[str]:
    ends = [f"{edge:g}" for edge in edges]
    middle = [f"{low}..{high}" for low, high in pairwise(ends)]
    return [f"<{ends[0]}", *middle, f">={ends[-1]}"]


def _characteristic(
    before: pd.DataFrame, after: pd.DataFrame, name: str, edges: ArrayLike | None
) -> tuple[tuple[Ints, Ints], int, BreaksFrom]:
    """Cells of both samples, how many there are, and where their breaks come from."""
    if edges is not None:
        breaks = _edges(edges)
        values = read_numbers(before, name), read_numbers(after, name)
        missing = breaks.size + 1
        first, second = (
            np.where(np.isnan(one), missing, find_cells(one, breaks)) for one in values
        )
        return (first, second), missing + 1, _source(values[0], breaks)
    words = [frame[name].astype("string").fillna("").astype(object) for frame in (before, after)]
    levels = np.array(sorted({*words[0], *words[1], "", "-"}), dtype=object)  # two at least
    first, second = (np.searchsorted(levels, one.to_numpy()) for one in words)
    return (first, second), levels.size, "elsewhere"
