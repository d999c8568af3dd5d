"""One run over a folder: accept, score in chunks, publish all of it or nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from sanzhixin.batch.crew import available_jobs, run_crew
from sanzhixin.batch.files import publishing, whole_file
from sanzhixin.batch.intake import Intake, TableCount, take_in
from sanzhixin.batch.manifest import RunFacts, run_key, write_manifest
from sanzhixin.batch.parts import MANIFEST, QUARANTINE, SUCCESS, Parts, claim_folder
from sanzhixin.batch.quarantine import write_quarantine
from sanzhixin.batch.table import (
    FORMATS,
    PROPOSAL_SCHEMA,
    Format,
    check_room,
    regroup,
    write_proposals,
)
from sanzhixin.errors import DomainError, OutputError
from sanzhixin.records.encode_county import encode_county
from sanzhixin.records.raw import Note
from sanzhixin.scoring.plan import check_in_force
from sanzhixin.scoring.scorer import propose_cases

if TYPE_CHECKING:
    import pandas as pd

    from sanzhixin.model import SanzhixinModel
    from sanzhixin.records.cases import Cases

__all__ = ["Progress", "RunOptions", "RunResult", "score_folder"]

Progress = Callable[[int, int], None]
"""Called with households done and households in all."""

ALL_SCORED, WITH_QUARANTINE, OVER_MAX_BAD = 0, 3, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a run works; none of these changes a proposal.

    Attributes
    ----------
    format : {"parquet", "csv", "xlsx"}
        Of the proposals.
    chunk_rows : int
        Households of one part.
    jobs : int
        Processes that score parts side by side, on Linux; elsewhere one does.
    resume : bool
        Reuse the parts of an interrupted run with the same input, model, date and chunks.
    dry_run : bool
        Accept only; nothing is written.
    max_bad : int, float or None
        Most rejected rows of all tables together: a whole number counts them, a fraction (0 to
        1) is their share of the rows handed in.  Above it nothing but the quarantine and the
        manifest is written.
    as_of : date or None
        Scoring date; else that of ``county.toml``, else today.
    """

    format: Format = "parquet"
    chunk_rows: int = 20_000
    jobs: int = 1
    resume: bool = False
    dry_run: bool = False
    max_bad: int | float | None = None
    as_of: dt.date | None = None

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            self._refuse("format", self.format, ", ".join(FORMATS))
        if self.chunk_rows < 1:
            self._refuse("chunk_rows", self.chunk_rows, "1 or more")
        if self.jobs < 1:
            self._refuse("jobs", self.jobs, "1 or more")
        bad = self.max_bad
        if bad is not None and (bad < 0 or (isinstance(bad, float) and bad > 1)):
            self._refuse("max_bad", bad, "rows from 0, or a share from 0.0 to 1.0")

    def _refuse(self, name: str, value: object, known: str) -> None:
        raise DomainError("run_option", name=name, value=value, known=known)


@dataclass(frozen=True, slots=True)
class RunResult:
    """Outcome of a run.

    Attributes
    ----------
    exit_code : int
        0 all scored; 3 some rows were quarantined; 8 more than allowed, nothing published.
    proposals : Path or None
        The one output file; None when nothing was published.
    quarantine : Path or None
        The file of rejected rows; None on a dry run.
    as_of : date
        Scoring date.
    model_id : str
        Which model answered.
    counts : tuple of TableCount
        Rows by table.
    statuses, tiers : dict of str to int
        Scored households by status and by tier.
    resumed_parts : int
        Parts taken over from an interrupted run.
    rejected : DataFrame
        The rejected rows.
    notes : tuple of Note
        What was ignored, and how many rejected rows could not be attributed to a household.
    """

    exit_code: int
    proposals: Path | None
    quarantine: Path | None
    as_of: dt.date
    model_id: str
    counts: tuple[TableCount, ...]
    statuses: dict[str, int] = field(default_factory=dict)
    tiers: dict[str, int] = field(default_factory=dict)
    resumed_parts: int = 0
    rejected: pd.DataFrame | None = field(default=None, repr=False)
    notes: tuple[Note, ...] = ()

    @property
    def households(self) -> TableCount:
        """Rows of the households table: handed in, scored, quarantined."""
        return next(count for count in self.counts if count.table == "households")


def score_folder(
    folder: str | Path,
    model: SanzhixinModel,
    out: str | Path,
    *,
    options: RunOptions | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Score every household of a folder and publish the proposals.

    ``OUT`` then holds ``proposals.parquet`` (or csv, xlsx), ``quarantine.csv``, ``manifest.json``
    and, written last, ``_SUCCESS``.  Equal input, model, date and format give equal bytes of the
    proposals and the quarantine.

    Parameters
    ----------
    folder : str or Path
        Files of one county.
    model : SanzhixinModel
        Who answers.
    out : str or Path
        New, empty, or the output of an earlier run, which is replaced.
    options : RunOptions, optional
        By default those of `RunOptions`.
    progress : callable, optional
        Called with the number of households done and the number of all.

    Returns
    -------
    RunResult
        Counts and where things lie.

    Raises
    ------
    InputError, SchemaError
        The folder cannot be accepted; nothing in `out` is touched.
    ArtifactError
        ``model_retired``, ``model_expired``, ``scheme_not_in_force``.
    OutputError
        ``output_folder_in_use``; ``run_not_committed``: disk full or no permission;
        ``worksheet_full``; ``part_damaged``, ``parts_of_another_run``, ``rows_differ``: what was
        scored is not what would be published.  There is no ``_SUCCESS`` then.
    """
    options, out = options or RunOptions(), Path(out)
    started = dt.datetime.now(dt.UTC)
    intake = take_in(Path(folder), model.scheme, options.as_of)
    check_in_force(model.plan, intake.as_of)
    code = _exit_code(intake, options.max_bad)
    if options.dry_run:
        return _result(code, intake, model)
    check_room(len(intake.done.county.households), options.format)
    facts = RunFacts(
        started=started,
        intake=intake,
        model=model,
        run_key=run_key(intake, model, options.chunk_rows),
        options={
            "format": options.format,
            "chunk_rows": options.chunk_rows,
            "resume": options.resume,
            "max_bad": options.max_bad,
        },
        exit_code=code,
    )
    with publishing(out):
        claim_folder(out, facts.run_key)
        parts = Parts(out, facts.run_key, resume=options.resume)
        if code == OVER_MAX_BAD:
            return _withhold(out, parts, facts)
        return _publish(out, parts, facts, options, progress)


def _exit_code(intake: Intake, max_bad: float | None) -> int:
    if not intake.n_rejected:
        return ALL_SCORED
    limit: float | Fraction | None = max_bad
    if isinstance(max_bad, float):  # 29 of 100 rows are 29 %, whatever 0.29 is in binary
        limit = Fraction(str(max_bad)) * intake.n_in
    return OVER_MAX_BAD if limit is not None and intake.n_rejected > limit else WITH_QUARANTINE


def _withhold(out: Path, parts: Parts, facts: RunFacts) -> RunResult:
    write_quarantine(facts.intake.done.rejected, out / QUARANTINE)
    write_manifest(out, facts, proposals=None)
    parts.remove()
    return _result(facts.exit_code, facts.intake, facts.model, quarantine=out / QUARANTINE)


def _publish(
    out: Path, parts: Parts, facts: RunFacts, options: RunOptions, progress: Progress | None
) -> RunResult:
    intake, model = facts.intake, facts.model
    cases = encode_county(intake.done.county, model.scheme, intake.as_of)
    count, resumed = _score_parts(cases, model, parts, options, progress)
    tally = _Tally()
    proposals = out / f"proposals.{options.format}"
    with whole_file(proposals) as stream:
        written = write_proposals(tally.over(regroup(parts.read(count))), stream, options.format)
        if written != len(cases):
            raise OutputError("rows_differ", path=proposals.name, found=written, stated=len(cases))
    write_quarantine(intake.done.rejected, out / QUARANTINE)
    manifest = write_manifest(out, facts, proposals=proposals, resumed_parts=resumed)
    parts.remove()
    with whole_file(out / SUCCESS) as stream:
        stream.write(f"{MANIFEST} {manifest}\n".encode())
    return _result(
        facts.exit_code,
        intake,
        model,
        proposals=proposals,
        quarantine=out / QUARANTINE,
        tally=tally,
        resumed=resumed,
    )


def _score_parts(
    cases: Cases,
    model: SanzhixinModel,
    parts: Parts,
    options: RunOptions,
    progress: Progress | None,
) -> tuple[int, int]:
    """Score the parts that are missing; give how many there are and how many stood already."""
    n, size = len(cases), options.chunk_rows
    spans = [slice(begin, min(begin + size, n)) for begin in range(0, n, size)]
    rows = [span.stop - span.start for span in spans]
    missing = [number for number in range(len(spans)) if not parts.has(number, rows[number])]
    scored = n - sum(rows[number] for number in missing)

    def work(number: int) -> None:
        found = propose_cases(cases.take(spans[number]), model.plan)
        parts.write(number, pa.Table.from_pylist(found, schema=PROPOSAL_SCHEMA))

    def done(number: int) -> None:
        nonlocal scored
        scored += rows[number]
        if progress is not None:
            progress(scored, n)

    jobs = min(options.jobs, available_jobs(), len(missing))
    if jobs > 1:
        try:
            run_crew(missing, work, jobs, done)
        finally:
            parts.sweep()
        left = [number for number in missing if not parts.has(number, rows[number])]
    else:
        left = missing
    for number in left:
        work(number)
        done(number)
    if not missing and progress is not None:
        progress(n, n)
    return len(spans), len(spans) - len(missing)


class _Tally:
    """Counts households by status and tier while they pass by."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.tiers: Counter[str] = Counter()

    def over(self, tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
        for table in tables:
            self.statuses.update(table["status"].to_pylist())
            self.tiers.update(tier for tier in table["tier"].to_pylist() if tier is not None)
            yield table


def _result(
    exit_code: int,
    intake: Intake,
    model: SanzhixinModel,
    *,
    proposals: Path | None = None,
    quarantine: Path | None = None,
    tally: _Tally | None = None,
    resumed: int = 0,
) -> RunResult:
    ranked = [*reversed(model.plan.tiers.grades), model.plan.tiers.unrated]
    tiers = tally.tiers if tally else Counter[str]()
    return RunResult(
        exit_code=exit_code,
        proposals=proposals,
        quarantine=quarantine,
        as_of=intake.as_of,
        model_id=model.model_id,
        counts=intake.counts,
        statuses=dict(sorted(tally.statuses.items())) if tally else {},
        tiers={tier: tiers[tier] for tier in ranked if tier in tiers},
        resumed_parts=resumed,
        rejected=intake.done.rejected,
        notes=(*intake.done.notes, *_panel_notes(intake, model)),
    )


def _panel_notes(intake: Intake, model: SanzhixinModel) -> Iterator[Note]:
    """Tell what fitted severities rest on, and who was not fitted."""
    panel = model.file.panel
    if panel is None:
        return
    if panel.link == "prior":
        yield Note(
            model.model_id,
            "villages are compared by a stated prior alone: compare scores within villages",
            "村与村之间仅凭设定比例（先验）比较，得分宜在村内比较",
        )
    county = intake.done.county
    villages = set(county.households["village_id"]) - set(panel.villages)
    raters = set(county.ratings["rater_id"]) - set(panel.raters)
    if villages or raters:
        yield Note(
            model.model_id,
            f"{len(villages)} village(s) and {len(raters)} rater(s) were not fitted; they are "
            "taken as an unknown one of those that were, with wider errors",
            f"有{len(villages)}个村、{len(raters)}名评议员未参与拟合，按已拟合者的分布处理，误差较大",
        )
