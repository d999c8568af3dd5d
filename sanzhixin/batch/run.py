"""One run over a folder: accept and score range by range, publish all of it or nothing."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TYPE_CHECKING

import pyarrow as pa

from sanzhixin.batch.crew import available_jobs, run_crew
from sanzhixin.batch.files import TEMPORARY, publishing, whole_file
from sanzhixin.batch.intake import Received, TableCount, readable
from sanzhixin.batch.manifest import RunFacts, run_key, write_manifest
from sanzhixin.batch.outcome import RangeOutcome, join_rejected, outcome_of, received, run_notes
from sanzhixin.batch.parts import (
    QUARANTINE,
    Parts,
    claim_folder,
    mark_complete,
    refuse_foreign,
)
from sanzhixin.batch.quarantine import write_quarantine
from sanzhixin.batch.ranges import Layout, accept_range, lay_out
from sanzhixin.batch.spool import Spool
from sanzhixin.batch.stop import check_not_stopped
from sanzhixin.batch.supply import FolderSupply, Supply
from sanzhixin.batch.table import (
    FORMATS,
    PROPOSAL_SCHEMA,
    Format,
    check_room,
    regroup,
    write_proposals,
)
from sanzhixin.errors import DomainError, OutputError
from sanzhixin.model import scoring_date
from sanzhixin.records.encode_county import encode_county
from sanzhixin.records.raw import Note
from sanzhixin.scoring.plan import check_in_force
from sanzhixin.scoring.scorer import propose_cases

if TYPE_CHECKING:
    import pandas as pd

    from sanzhixin.model import SanzhixinModel

__all__ = [
    "Deliver",
    "Delivery",
    "Progress",
    "RunOptions",
    "RunResult",
    "score_folder",
    "score_supply",
]

Progress = Callable[[int, int], None]
"""Called with households done and households in all."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a run says of its proposals to whom it delivers them.

    Attributes
    ----------
    as_of : date
        Scoring date.
    model_id : str
        Who answers.
    rejected : tuple of str
        Households that were handed in and have no proposal.
    """

    as_of: dt.date
    model_id: str
    rejected: tuple[str, ...] = field(repr=False)


Deliver = Callable[[Iterator[pa.Table], Delivery], None]
"""Takes the proposals of a run, table by table."""

ALL_SCORED, WITH_QUARANTINE, OVER_MAX_BAD = 0, 3, 8
_CASES = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a run works; none of these changes a proposal.

    Attributes
    ----------
    format : {"parquet", "csv", "xlsx"}
        Of the proposals.
    chunk_rows : int
        Households that are accepted and scored together; what is in memory grows with it.
    jobs : int
        Processes that score parts side by side, on Linux; elsewhere one does.
    resume : bool
        Reuse the parts of an interrupted run with the same input, model, date and chunks.
    dry_run : bool
        Accept only; nothing is written but rows on their way, in the system's temporary folder.
    max_bad : int, float or None
        Most rejected rows of all tables together: a whole number counts them, a fraction (0 to
        1) is their share of the rows handed in.  Above it nothing but the quarantine and the
        manifest is written.
    as_of : date or None
        Scoring date; else that of ``county.toml``, else today.
    stop : Path or None
        Stop file; a model that it names does not score, see `sanzhixin.batch.stop`.
    """

    format: Format = "parquet"
    chunk_rows: int = 10_000
    jobs: int = 1
    resume: bool = False
    dry_run: bool = False
    max_bad: int | float | None = None
    as_of: dt.date | None = None
    stop: Path | None = None

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
    deliver: Sequence[Deliver] = (),
    progress: Progress | None = None,
) -> RunResult:
    """Score every household of a folder and publish the proposals.

    The rows of all files are parted by ranges of households first, in a private folder within
    ``OUT`` that is gone at the end; what is in memory does not grow with the county, except for
    rejected rows.  ``OUT`` then holds ``proposals.parquet`` (or csv, xlsx), ``quarantine.csv``,
    ``manifest.json`` and, written last, ``_SUCCESS``.  Equal input, model, date and format give
    equal bytes of the proposals and the quarantine.

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
    deliver : sequence of callable, optional
        Take the proposals besides, one after another, before the run is marked as complete; see
        `sanzhixin.batch.audit_delivery.log_to`, `sanzhixin.batch.database_table.deliver_to`.
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
        ``model_retired``, ``model_expired``, ``scheme_not_in_force``; ``model_stopped``: the stop
        file names the model; ``stop_damaged``: it cannot be read.
    OutputError
        ``output_folder_in_use``; ``run_not_committed``: disk full or no permission;
        ``worksheet_full``; ``part_damaged``, ``parts_of_another_run``, ``rows_differ``: what was
        scored is not what would be published.  There is no ``_SUCCESS`` then.
    """
    place = Path(folder)
    with readable(place):
        supply = FolderSupply(place, model.scheme)
        return score_supply(
            supply, model, Path(out), options=options, deliver=deliver, progress=progress
        )


def score_supply(
    supply: Supply,
    model: SanzhixinModel,
    out: Path,
    *,
    options: RunOptions | None = None,
    deliver: Sequence[Deliver] = (),
    progress: Progress | None = None,
) -> RunResult:
    """Score every household of a supply and publish the proposals; see `score_folder`.

    Parameters
    ----------
    supply : Supply
        Files of a folder or tables of a database.
    model, out, options, deliver, progress
        As for `score_folder`.

    Returns
    -------
    RunResult
        Counts and where things lie.

    Raises
    ------
    SanzhixinError
        As `score_folder`, and what `deliver` raises.
    """
    options = options or RunOptions()
    started = dt.datetime.now(dt.UTC)
    with ExitStack() as stack:
        stack.callback(supply.close)
        as_of = scoring_date(options.as_of, supply.settings.as_of)
        check_in_force(model.plan, as_of)
        check_not_stopped(model.model_id, options.stop)
        if options.dry_run:
            out = Path(stack.enter_context(TemporaryDirectory()))
        with publishing(out):
            refuse_foreign(out)
            place = stack.enter_context(_working_folder(out))
        layout = lay_out(supply, model.scheme, as_of, Spool(place, out), options.chunk_rows)
        supply.close()
        check_room(sum(layout.sizes), options.format)
        key = run_key(layout.files, as_of, model, options.chunk_rows)
        with publishing(out):
            claim_folder(out, key, keep=place)
            parts = Parts(out, key, resume=options.resume)
            run = _Run(layout, model, parts, options, deliver, progress)
            return run.finish(out, started, key)


@contextmanager
def _working_folder(out: Path) -> Iterator[Path]:
    """Make a folder for the time of a run; a new `out` stays only if something is published."""
    is_new = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    place = Path(mkdtemp(dir=out, prefix=TEMPORARY))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        if is_new:
            with suppress(OSError):  # it holds something
                out.rmdir()


def _exit_code(received: Received, max_bad: float | None) -> int:
    if not received.n_rejected:
        return ALL_SCORED
    limit: float | Fraction | None = max_bad
    if isinstance(max_bad, float):  # 29 of 100 rows are 29 %, whatever 0.29 is in binary
        limit = Fraction(str(max_bad)) * received.n_in
    above = limit is not None and received.n_rejected > limit
    return OVER_MAX_BAD if above else WITH_QUARANTINE


@dataclass(frozen=True, slots=True)
class _Run:
    """A run whose rows lie in ranges: each is accepted and scored, then all are published."""

    layout: Layout
    model: SanzhixinModel
    parts: Parts
    options: RunOptions
    deliver: Sequence[Deliver]
    progress: Progress | None

    def finish(self, out: Path, started: dt.datetime, key: str) -> RunResult:
        """Accept and score what is missing; publish all of it, or the quarantine alone."""
        layout, model, parts = self.layout, self.model, self.parts
        resumed = self._work()
        numbers = range(len(layout.sizes))
        outcomes = [self._outcome(number) for number in numbers]
        rejected = join_rejected(layout, [parts.rejected(number) for number in numbers])
        came = received(layout, outcomes)
        code = _exit_code(came, self.options.max_bad)
        found = RunResult(
            exit_code=code,
            proposals=None,
            quarantine=None,
            as_of=layout.as_of,
            model_id=model.model_id,
            counts=came.counts,
            resumed_parts=resumed,
            rejected=rejected,
            notes=tuple(run_notes(layout, outcomes, model)),
        )
        if self.options.dry_run:
            return found
        facts = RunFacts(
            started=started,
            received=came,
            model=model,
            run_key=key,
            options={
                "format": self.options.format,
                "chunk_rows": self.options.chunk_rows,
                "resume": self.options.resume,
                "max_bad": self.options.max_bad,
            },
            exit_code=code,
        )
        return self._publish(out, facts, found, sum(item.households for item in outcomes))

    def _outcome(self, number: int) -> RangeOutcome:
        outcome = self.parts.outcome(number)
        if outcome is None:
            raise OutputError("parts_of_another_run", path=self.parts.out.name)
        return outcome

    def _publish(self, out: Path, facts: RunFacts, found: RunResult, n_scored: int) -> RunResult:
        quarantine = out / QUARANTINE
        assert found.rejected is not None  # noqa: S101 - set by `finish`
        if found.exit_code == OVER_MAX_BAD:
            write_quarantine(found.rejected, quarantine)
            write_manifest(out, facts, proposals=None)
            self.parts.remove()
            return replace(found, quarantine=quarantine)
        tally = _Tally()
        proposals = out / f"proposals.{self.options.format}"
        tables = regroup(self.parts.read(len(self.layout.sizes)))
        with whole_file(proposals) as stream:
            written = write_proposals(tally.over(tables), stream, self.options.format)
            if written != n_scored:
                raise OutputError(
                    "rows_differ", path=proposals.name, found=written, stated=n_scored
                )
        delivery = Delivery(found.as_of, found.model_id, _turned_away(found.rejected))
        for deliver in self.deliver:
            deliver(self.parts.read(len(self.layout.sizes)), delivery)
        write_quarantine(found.rejected, quarantine)
        manifest = write_manifest(
            out, facts, proposals=proposals, resumed_parts=found.resumed_parts
        )
        self.parts.remove()
        mark_complete(out, manifest)
        return replace(
            found,
            proposals=proposals,
            quarantine=quarantine,
            statuses=dict(sorted(tally.statuses.items())),
            tiers=tally.ranked(self.model),
        )

    def _work(self) -> int:
        """Accept and score the ranges that are missing; give how many parts stood already."""
        sizes = self.layout.sizes
        missing = [number for number in range(len(sizes)) if not self.parts.has(number)]
        total = sum(sizes)
        finished = total - sum(sizes[number] for number in missing)

        def done(number: int) -> None:
            nonlocal finished
            finished += sizes[number]
            if self.progress is not None:
                self.progress(finished, total)

        left = missing
        jobs = min(self.options.jobs, available_jobs(), len(missing))
        if jobs > 1:
            try:
                run_crew(missing, self._score, jobs, done)
            finally:
                self.parts.sweep()
            left = [number for number in missing if not self.parts.has(number)]
        for number in left:
            self._score(number)
            done(number)
        if not missing and self.progress is not None:
            self.progress(total, total)
        return len(sizes) - len(missing)

    def _score(self, number: int) -> None:
        """Accept one range, score its households, and write its part."""
        done = accept_range(self.layout, number)
        outcome, rejected = outcome_of(done, self.model, number)
        tables = [PROPOSAL_SCHEMA.empty_table()]
        if not self.options.dry_run:
            cases = encode_county(done.county, self.model.scheme, self.layout.as_of)
            for begin in range(0, len(cases), _CASES):
                found = propose_cases(cases.take(slice(begin, begin + _CASES)), self.model.plan)
                tables.append(pa.Table.from_pylist(found, schema=PROPOSAL_SCHEMA))
        self.parts.write(number, pa.concat_tables(tables), rejected, outcome)


def _turned_away(rejected: pd.DataFrame) -> tuple[str, ...]:
    ids = rejected["household_id"][rejected["table"] == "households"]
    return tuple(ids.dropna().unique())


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

    def ranked(self, model: SanzhixinModel) -> dict[str, int]:
        ranked = [*reversed(model.plan.tiers.grades), model.plan.tiers.unrated]
        return {tier: self.tiers[tier] for tier in ranked if tier in self.tiers}
