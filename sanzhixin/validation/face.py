"""The face of judging: everything that is said of a model on a county, in one call."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sanzhixin.errors import EvidenceError, OutputError
from sanzhixin.model.frames import check_county, scoring_date
from sanzhixin.modelling.county.loans import collect_outcomes
from sanzhixin.modelling.panel.report import report_panel
from sanzhixin.records.pick import part_of
from sanzhixin.records.whole_file import write_whole
from sanzhixin.validation.decisions.overrides import compute_overrides
from sanzhixin.validation.decisions.sensitivity import compute_sensitivity
from sanzhixin.validation.decisions.strategy import compute_strategy, compute_tiers
from sanzhixin.validation.evidence.facts import Fact, Facts, collect_facts
from sanzhixin.validation.evidence.households import (
    compute_pathway,
    compute_waterfall,
    household_table,
)
from sanzhixin.validation.evidence.loans import loan_table, loans_left_out
from sanzhixin.validation.groups.audit_groups import hidden_groups
from sanzhixin.validation.groups.fairness import compute_fairness
from sanzhixin.validation.groups.proxy import compute_proxy
from sanzhixin.validation.outcomes.backtest import compute_backtest
from sanzhixin.validation.outcomes.calibration import (
    compute_belt,
    compute_calibration,
    compute_reliability,
)
from sanzhixin.validation.outcomes.cards import compute_cards
from sanzhixin.validation.outcomes.discrimination import (
    compute_curves,
    compute_discrimination,
    compute_pillar_discrimination,
)
from sanzhixin.validation.panel.quality import (
    compute_panel_quality,
    compute_rater_map,
    compute_village_map,
)
from sanzhixin.validation.panel.value import compute_panel_value
from sanzhixin.validation.report.rows import scheme_names
from sanzhixin.validation.stability.index import (
    compute_csi,
    compute_psi_path,
    compute_score_distribution,
    freeze_breaks,
)
from sanzhixin.validation.stability.migration import compute_concentration
from sanzhixin.validation.tables.multiplicity import compute_multiple_testing
from sanzhixin.validation.tables.notebook import count_verdicts, show_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sanzhixin.errors.words import Lang
    from sanzhixin.model import SanzhixinModel
    from sanzhixin.modelling.county.loans import Outcomes
    from sanzhixin.records import County
    from sanzhixin.validation.tables.judged import Judged

__all__ = ["SEED", "Validation", "validate"]

SEED = 0
"""Of every draw behind the tables."""

_CELLS = 10
_LEAST_LOANS = 30  # of a village that stands alone
_OTHERS = "(small villages)"
_AUDITED_VILLAGES = 40
_AUDITED_HOUSEHOLDS = 60  # of each village


@dataclass(frozen=True, slots=True, repr=False)
class Validation:
    """What was said of a model, and what it was said from.

    Attributes
    ----------
    tables : dict of str to Judged
        By name, in the order of the report.
    facts : dict of str to dict of str to Fact
        What another run needs to come to the same bytes: the model, the data with their
        digests, versions, seeds; what was left out; and the names of codes.  Plain values, as
        `collect_facts` has them.
    """

    tables: dict[str, Judged]
    facts: Facts

    def __repr__(self) -> str:
        model, day = self.facts["model"]["model_id"], self.facts["data"]["as_of"]
        counts = count_verdicts(self.tables.values())
        return f"Validation({model!r}, {day}, {len(self.tables)} tables: {counts})"

    def _repr_html_(self) -> str:
        model = self.facts["model"]
        facts = [
            ("模型 model", model["model_id"]),
            ("截至 as of", self.facts["data"]["as_of"]),
            ("违约概率 default probabilities", model["pd_basis"]),
        ]
        return show_tables("Validation 模型验证", facts, self.tables.values())

    def to_html(self, path: str | Path, lang: Lang = "zh") -> Path:
        """Write the report as one page, in Chinese and English, with pictures.

        Parameters
        ----------
        path : str or Path
            File that ends in ``.html``; what stands there is replaced.
        lang : {"zh", "en"}, default="zh"
            Language in which the page opens; the reader switches.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        DomainError
            ``report_missing``: the extra ``report`` is not installed; ``option_choice``: `lang`.
        OutputError
            ``report_ending``; ``output_not_written``.
        """
        from sanzhixin.validation.report.page import render_page

        return _written(path, render_page(self.tables, self.facts, lang).encode(), ".html")

    def to_json(self, path: str | Path) -> Path:
        """Write all tables and facts as JSON.

        Parameters
        ----------
        path : str or Path
            File that ends in ``.json``; what stands there is replaced.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OutputError
            ``report_ending``; ``output_not_written``.
        """
        from sanzhixin.validation.report.json_file import render_json

        return _written(path, render_json(self.tables, self.facts).encode(), ".json")

    def to_excel(self, path: str | Path) -> Path:
        """Write all tables as a workbook, one sheet each; there are no formulas.

        Parameters
        ----------
        path : str or Path
            File that ends in ``.xlsx``; what stands there is replaced.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OutputError
            ``report_ending``; ``output_not_written``.
        """
        from sanzhixin.validation.report.workbook import render_workbook

        return _written(path, render_workbook(self.tables, self.facts), ".xlsx")


def validate(model: SanzhixinModel, county: County, as_of: dt.date | None = None) -> Validation:
    """Judge a model on a county: on its loans, its households and its panel.

    Parameters
    ----------
    model : SanzhixinModel
        Which; neither its term nor consents are looked at, as nothing is proposed.
    county : County
        Accepted tables.  Without loans nothing is said of outcomes, and the verdicts say so.
    as_of : date, optional
        Day by which outcomes, forms and events count; else that of the county, else today.

    Returns
    -------
    Validation
        Tables in this order: the way from forms to limits; discrimination; calibration; tiers,
        cut-offs and cards; stability; people's amounts and concentration; the panel; groups for
        audit, where the county names any; many tests at once.  Raters and example households
        stand masked.

    Raises
    ------
    DomainError
        ``county_empty``: no household; ``county_expected``; ``date_expected``.
    RecordError
        ``default_undated``: a loan is marked defaulted without the day.

    Notes
    -----
    Loans that the model was fitted on flatter it: the tables say when they were granted, and the
    facts name the window of the model's own data.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> county = szx.simulate_county(villages=2, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> found = szx.validate(model, county)
    >>> list(found.tables)[:3]
    ['pathway', 'discrimination', 'pillar_discrimination']
    """
    check_county(county)
    day = scoring_date(as_of, county.as_of)
    outcomes = collect_outcomes(county, model, day)
    loans = loan_table(model, county, day, outcomes=outcomes)
    given = _Given(model, county, day, outcomes, loans, household_table(model, county, day))
    left_out: dict[str, Fact] = {**loans_left_out(outcomes)}
    tables = [
        compute_pathway(given.households),
        *_of_outcomes(given),
        *_of_use(given),
        *_of_stability(given),
        *_of_panel(given, left_out),
        *_of_groups(given),
    ]
    tables.append(compute_multiple_testing(tables))
    facts = collect_facts(model, county, day, seed=SEED)
    names = scheme_names(model.scheme, model.plan.tiers.unrated)
    facts |= {
        "left_out": left_out,
        "names": {code: {"zh": zh, "en": en} for code, (zh, en) in names.items()},
    }
    return Validation({one.name: one for one in tables}, facts)


class _Given(NamedTuple):
    """What is judged, and what it is judged by."""

    model: SanzhixinModel
    county: County
    day: dt.date
    outcomes: Outcomes
    loans: pd.DataFrame
    households: pd.DataFrame


def _of_outcomes(given: _Given) -> Iterator[Judged]:
    loans, basis = given.loans, given.model.file.pd.basis
    yield compute_discrimination(loans)
    yield compute_pillar_discrimination(loans)
    yield compute_discrimination(loans, by="vintage")
    yield _by_village(loans)
    yield compute_curves(loans)
    yield compute_calibration(loans, basis=basis)
    yield compute_reliability(loans, basis=basis)
    yield compute_belt(loans, basis=basis)
    yield compute_backtest(loans, basis=basis)


def _by_village(loans: pd.DataFrame) -> Judged:
    """Judge village by village; small ones stand together, as single defaults would be named."""
    sizes = loans["village_id"].value_counts(ascending=True).sort_index().sort_values(kind="stable")
    small = sizes.index[sizes < _LEAST_LOANS]
    if len(small):  # one more where they are too few together, or a difference would tell them
        enough = int((sizes.cumsum() < _LEAST_LOANS).sum()) + 1
        small = sizes.index[: max(len(small), enough)]
    merged = loans["village_id"].where(~loans["village_id"].isin(small), _OTHERS)
    found = compute_discrimination(loans.assign(village_id=merged), by="village_id")
    if not len(small):
        return found
    zh = (
        f"贷款不足 {_LEAST_LOANS} 笔的村合并为“{_OTHERS}”；"
        f"合计仍不足 {_LEAST_LOANS} 笔时，再并入贷款次少的一村。"
    )
    en = (
        f" Villages with fewer than {_LEAST_LOANS} loans stand together as {_OTHERS!r} and, where "
        "these are too few, the next larger one with them."
    )
    return replace(found, note_zh=found.note_zh + zh, note_en=found.note_en + en)


def _of_use(given: _Given) -> Iterator[Judged]:
    loans, households = given.loans, given.households
    tiers = given.model.plan.tiers
    yield compute_tiers(loans)
    yield compute_strategy(households, loans)
    yield compute_cards(given.model, given.county, given.day, outcomes=given.outcomes)
    yield compute_overrides(households, loans)
    order = [*reversed(tiers.grades), tiers.unrated]
    yield compute_concentration(households, tiers=order, seed=SEED)
    yield compute_sensitivity(given.model, given.county, given.day, seed=SEED)
    yield compute_waterfall(households, given.model)


def _of_stability(given: _Given) -> Iterator[Judged]:
    """Distribution of today, and vintages against the first one."""
    points = given.households["points"].to_numpy(dtype=float, na_value=np.nan)
    if not np.isnan(points).all():
        yield compute_score_distribution(points)
    vintages = [(str(name), own) for name, own in given.loans.groupby("vintage", sort=True)]
    if len(vintages) > 1:
        first, last = vintages[0][1], vintages[-1][1]
        breaks = freeze_breaks(first["points"], _CELLS)
        if breaks.size:
            parts = [(name, own["points"]) for name, own in vintages]
            yield compute_psi_path(parts, breaks=breaks, seed=SEED)
        names = [str(name) for name in first if str(name).endswith(("_score", "event_points"))]
        known = [name for name in names if first[name].notna().any()]
        cells = {name: freeze_breaks(first[name], _CELLS) for name in known}
        varied = {name: own for name, own in cells.items() if own.size}
        if varied:
            yield compute_csi(first, last, breaks=varied, seed=SEED)


def _of_panel(given: _Given, left_out: dict[str, Fact]) -> Iterator[Judged]:
    if len(given.loans):
        yield compute_panel_value(given.loans)
    scheme = given.model.scheme
    try:
        report = report_panel(given.county, scheme, given.day)
    except EvidenceError as error:
        left_out["panel"] = {"zh": error.zh, "en": error.en}
        return
    yield compute_panel_quality(report)
    yield compute_rater_map(_numbered(report.tables["raters"]))
    tables, link = report.tables, report.model.link_
    yield compute_village_map(tables["villages"], tables["connectivity"], link=link)


def _numbered(raters: pd.DataFrame) -> pd.DataFrame:
    """Put numbers in place of identifiers of raters, by severity: by name they would tell who."""
    severity = raters.groupby("rater_id", sort=True)["severity"].mean()
    names = severity.sort_values(ascending=False, kind="stable").index
    width = len(str(len(names)))
    numbers = {name: f"#{k:0{width}d}" for k, name in enumerate(names, start=1)}
    return raters.assign(rater_id=raters["rater_id"].map(numbers))


def _of_groups(given: _Given) -> Iterator[Judged]:
    """Judge groups for audit; whether the profile tells them apart, on some of the villages."""
    groups = given.county.audit_groups
    if groups.empty:
        return
    basis = given.model.file.pd.basis
    fairness = compute_fairness(given.households, groups, given.loans, basis=basis, seed=SEED)
    yield fairness
    everybody = given.county.households
    chosen = _sample(everybody)
    part = part_of(given.county, chosen["household_id"])
    profile, hidden = given.model.profile(part, given.day), hidden_groups(fairness)
    found = compute_proxy(profile, groups, hidden=hidden, seed=SEED)
    households, villages = len(everybody), everybody["village_id"].nunique()
    zh = f"取自全县 {villages} 村 {households} 户。"
    en = f" They are drawn from {households} households of {villages} villages."
    yield replace(found, note_zh=found.note_zh + zh, note_en=found.note_en + en)


def _sample(households: pd.DataFrame) -> pd.DataFrame:
    """Draw villages, and households of each, at most so many."""
    order = np.random.default_rng(SEED).permutation(len(households))
    drawn = households.sort_values("household_id", kind="stable").iloc[order]
    villages = list(dict.fromkeys(drawn["village_id"]))[:_AUDITED_VILLAGES]
    own = drawn[drawn["village_id"].isin(villages)]
    return own.groupby("village_id", sort=True).head(_AUDITED_HOUSEHOLDS)


def _written(path: str | Path, content: bytes, ending: str) -> Path:
    file = Path(path)
    if file.suffix.lower() != ending:
        raise OutputError("report_ending", path=file.name, ending=ending)
    try:
        write_whole(file, content, 0o600)  # not for publication
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise OutputError("output_not_written", path=file.name, problem=problem) from None
    return file
