"""The whole way on Spark: ratings, events and households of a province to proposals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sanzhixin.batch.quarantine import QUARANTINE_COLUMNS
from sanzhixin.batch.spool import stream_bytes
from sanzhixin.batch.table import PROPOSAL_SCHEMA
from sanzhixin.errors import DomainError, RecordError, SchemaError
from sanzhixin.model import SanzhixinModel
from sanzhixin.records.accept import accept_county
from sanzhixin.records.columns import table_spec
from sanzhixin.records.encode_county import encode_county
from sanzhixin.records.headers import match_headers
from sanzhixin.records.parquet_files import raw_from_arrow
from sanzhixin.records.parsing import parse_column
from sanzhixin.scoring.artifact import ModelFile
from sanzhixin.scoring.canonical import canonical_json
from sanzhixin.scoring.plan import check_in_force
from sanzhixin.scoring.scorer import propose_cases

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from sanzhixin.records.accept import Acceptance, CountyAcceptance
    from sanzhixin.records.raw import RawTable
    from sanzhixin.scheme import Scheme

__all__ = ["SparkJob", "SparkProposals", "accept_raters", "propose_on_spark", "without_places"]

_OF_HOUSEHOLDS = ("households", "members", "ratings", "events", "registers", "proposals")
"""Tables that decide a proposal and name a household."""

_HOUSEHOLDS_A_BUCKET = 4_000
_CHUNK = 8_192
_KIND, _BUCKET, _TABLE = "_kind", "_bucket", "_table"
_PROPOSAL, _REJECTED, _COUNT = "proposal", "rejected", "count"
_PLACES = (
    ("reason_en", r"(\w+), line \d+", r"one of \1"),
    ("reason_zh", r"(\w+?)第\d+行", r"\1中的一行"),
)
"""Column, how it tells a place, what is said instead."""
_QUARANTINE = pa.schema(
    [(name, pa.int64() if name == "line" else pa.string()) for name in QUARANTINE_COLUMNS]
)
_COUNTS = pa.schema(
    [
        ("table", pa.string()),
        ("n_in", pa.int64()),
        ("accepted", pa.int64()),
        ("unattributed", pa.int64()),
    ]
)
_ANSWER = pa.schema(
    [
        (_KIND, pa.string()),
        *((column.name, column.type) for column in PROPOSAL_SCHEMA),
        *((f"{_REJECTED}_{column.name}", column.type) for column in _QUARANTINE),
        *((f"{_COUNT}_{column.name}", column.type) for column in _COUNTS),
    ]
)


@dataclass(frozen=True, slots=True)
class SparkJob:
    """What every process of the cluster needs to know.

    Attributes
    ----------
    model : bytes
        The model file, as canonical JSON.
    as_of : date
        Scoring date.
    tables : tuple of (str, tuple of str)
        Name and headers of each table of households, in the order of their places.
    raters : bytes
        The register of raters, as an Arrow stream.
    units : mapping of str to str or None
        Declared unit of money columns whose header states none.
    buckets : int
        How many there are.
    """

    model: bytes
    as_of: dt.date
    tables: tuple[tuple[str, tuple[str, ...]], ...]
    raters: bytes
    units: Mapping[str, str] | None
    buckets: int


@dataclass(frozen=True, slots=True)
class SparkProposals:
    """Answers of a run on Spark; nothing is computed before an action.

    Attributes
    ----------
    answers : pyspark.sql.DataFrame
        Proposals, rejected rows and counts under each other; persist it before two of them are
        used.
    job : SparkJob
        What was asked.
    """

    answers: DataFrame
    job: SparkJob = field(repr=False)

    @property
    def proposals(self) -> DataFrame:
        """One row per accepted household, with the columns of `Proposal`."""
        chosen = self.answers.where(self.answers[_KIND] == _PROPOSAL)
        return chosen.select(*PROPOSAL_SCHEMA.names)

    @property
    def quarantine(self) -> DataFrame:
        """Every rejected row with its reason; ``file`` and ``line`` are not known on a cluster."""
        chosen = self.answers.where(self.answers[_KIND] == _REJECTED)
        return chosen.select(
            *(self.answers[f"{_REJECTED}_{name}"].alias(name) for name in QUARANTINE_COLUMNS)
        )

    @property
    def counts(self) -> DataFrame:
        """One row per table of households: rows handed in, accepted, and put down to nobody."""
        from pyspark.sql import functions as f

        chosen = self.answers.where(self.answers[_KIND] == _COUNT)
        own = [chosen[f"{_COUNT}_{name}"].alias(name) for name in _COUNTS.names]
        sums = [f.sum(name).alias(name) for name in _COUNTS.names[1:]]
        return chosen.select(*own).groupBy(_COUNTS.names[0]).agg(*sums)


def propose_on_spark(
    tables: Mapping[str, DataFrame],
    model: SanzhixinModel,
    as_of: dt.date,
    *,
    buckets: int | None = None,
    units: Mapping[str, str] | None = None,
) -> SparkProposals:
    """Accept and score the tables of any number of counties on Spark, by the one scoring path.

    Rows of a household meet in one of many buckets by the hash of its number; each bucket is
    accepted and scored as `sanzhixin score` does a county, by the same code.

    Parameters
    ----------
    tables : mapping of str to pyspark.sql.DataFrame
        By table name, with English or Chinese headers: ``households``, ``ratings``, ``raters``
        (which is collected: it goes to every process) and, where there are any, ``members``,
        ``events``, ``registers``, ``proposals``.  Other tables play no part.
    model : SanzhixinModel
        Who answers.
    as_of : date
        Scoring date.
    buckets : int, optional
        Default: one for each 4,000 households, which counts them.
    units : mapping of str to str, optional
        Declared unit (元, 万元) of money columns whose header states none.

    Returns
    -------
    SparkProposals
        The same proposals as `score_folder` gives, whatever the number of buckets.

    Raises
    ------
    ArtifactError
        ``model_retired``, ``model_expired``, ``scheme_not_in_force``.
    SchemaError
        ``table_missing``; headers that cannot be used.
    RecordError
        ``keys_spread``: a number that has to be unique, as event_id, stands in several households;
        which of them is right cannot be told household by household.
    DomainError
        ``run_option``: fewer than one bucket.
    """
    check_in_force(model.plan, as_of)
    for name in ("households", "raters"):
        if name not in tables:
            raise SchemaError("table_missing", table=name, zh=table_spec(name).zh)
    if buckets is not None and buckets < 1:
        raise DomainError("run_option", name="buckets", value=buckets, known="1 or more")
    count = buckets or max(1, -(-tables["households"].count() // _HOUSEHOLDS_A_BUCKET))
    given = [name for name in _OF_HOUSEHOLDS if name in tables]
    _refuse_spread_keys(tables, model)
    laid = [_laid_out(tables[name], name, place, model, count) for place, name in enumerate(given)]
    together = laid[0]
    for other in laid[1:]:
        together = together.unionByName(other, allowMissingColumns=True)
    job = SparkJob(
        model=canonical_json(model.file.content()),
        as_of=as_of,
        tables=tuple((name, tuple(tables[name].columns)) for name in given),
        raters=stream_bytes(tables["raters"].toArrow()).to_pybytes(),
        units=None if units is None else dict(units),
        buckets=count,
    )
    from pyspark.sql.pandas.types import from_arrow_schema

    def answer(rows: pa.Table) -> pa.Table:
        return _answer(rows, job)

    grouped = together.groupBy(_BUCKET)
    return SparkProposals(grouped.applyInArrow(answer, schema=from_arrow_schema(_ANSWER)), job)


def accept_raters(job: SparkJob) -> Acceptance:
    """Accept the register of raters once, as every bucket does.

    Parameters
    ----------
    job : SparkJob
        Of a run.

    Returns
    -------
    Acceptance
        Accepted and rejected rows of ``raters``.
    """
    cells = [_cell(place, k) for place, (_, own) in enumerate(job.tables) for k in range(len(own))]
    nothing = pa.schema([(_TABLE, pa.int32()), *((name, pa.string()) for name in cells)])
    given = _read_bucket(nothing.empty_table(), job)
    given["raters"] = [raw_from_arrow(_read_stream(job.raters), "raters")]
    done = accept_county(given, _load(job.model).scheme, as_of=job.as_of, units=job.units)
    return done.tables["raters"]


def _laid_out(
    frame: DataFrame, name: str, place: int, model: SanzhixinModel, buckets: int
) -> DataFrame:
    """Give the columns of a table names of their own, with the bucket of each row."""
    from pyspark.sql import functions as f

    key = _household(frame, name, model)
    return frame.select(
        f.lit(place).alias(_TABLE),
        f.pmod(f.xxhash64(key), f.lit(buckets)).cast("int").alias(_BUCKET),
        *(frame[_quoted(header)].alias(_cell(place, k)) for k, header in enumerate(frame.columns)),
    )


def _household(frame: DataFrame, name: str, model: SanzhixinModel) -> Column:
    """Write the number of the household so that spellings which mean the same meet."""
    from pyspark.sql import functions as f

    own = _column(frame, name, "household_id", model)
    return f.upper(f.regexp_replace(own.cast("string"), r"[\s\u3000\u00a0\ufeff]", ""))


def _column(frame: DataFrame, name: str, wanted: str, model: SanzhixinModel) -> Column:
    match = match_headers(frame.columns, table_spec(name, model.scheme), file=name)
    place = next(found.position for found in match.columns if found.column.name == wanted)
    return frame[_quoted(frame.columns[place])]


def _refuse_spread_keys(tables: Mapping[str, DataFrame], model: SanzhixinModel) -> None:
    """Refuse keys that stand in several households: buckets could not see each other's copies."""
    from pyspark.sql import functions as f

    for name, key in (("events", "event_id"), ("members", "person_id")):
        if name not in tables:
            continue
        frame = tables[name]
        own = _as_accepted(_column(frame, name, key, model).cast("string"))
        pairs = frame.select(own.alias("key"), _household(frame, name, model).alias("home"))
        homes = pairs.where(pairs["key"].isNotNull()).groupBy("key")
        spread = homes.agg(f.count_distinct("home").alias("n")).where("n > 1").count()
        if spread:
            raise RecordError("keys_spread", count=spread, column=key, table=name)


def _as_accepted(key: Column) -> Column:
    """Write a key as acceptance does: blanks around it go, a resident number is in capitals."""
    from pyspark.sql import functions as f

    bare = f.regexp_replace(key, r"^[ \t\r\n\u3000]+|[ \t\r\n\u3000]+$", "")
    return f.when(bare.rlike(r"^[0-9]{17}[Xx]$"), f.upper(bare)).otherwise(bare)


def _accept(rows: pa.Table, job: SparkJob) -> CountyAcceptance:
    """Accept one bucket, with those of the register of raters whom its forms name."""
    given = _read_bucket(rows, job)
    wanted = pd.unique(pd.concat([_raters_of(raw, "ratings", job) for raw in given["ratings"]]))
    register = _register(job.raters, job.model)
    named = register.rows.filter(pa.array(register.ids.isin(wanted)))
    given["raters"] = [raw_from_arrow(named, "raters")]
    return accept_county(given, _load(job.model).scheme, as_of=job.as_of, units=job.units)


class _Register(NamedTuple):
    """The register of raters, and the number of each as acceptance reads it."""

    rows: pa.Table
    ids: pd.Index


@lru_cache(maxsize=2)
def _register(raters: bytes, model: bytes) -> _Register:
    """Read the register once in each process."""
    rows = _read_stream(raters)
    scheme = _load(model).scheme
    return _Register(rows, pd.Index(_rater_ids(raw_from_arrow(rows, "raters"), "raters", scheme)))


def _raters_of(raw: RawTable, name: str, job: SparkJob) -> pd.Series:
    return _rater_ids(raw, name, _load(job.model).scheme)


def _rater_ids(raw: RawTable, name: str, scheme: Scheme) -> pd.Series:
    match = match_headers(raw.headers, table_spec(name, scheme), file=name)
    found = next(item for item in match.columns if item.column.name == "rater_id")
    return parse_column(raw.frame.iloc[:, found.position], found).series.astype(object)


def _read_bucket(rows: pa.Table, job: SparkJob) -> dict[str, list[RawTable]]:
    """Part the rows of a bucket by table, with the headers that they had."""
    place_of = rows[_TABLE]
    given: dict[str, list[RawTable]] = {}
    for place, (name, headers) in enumerate(job.tables):
        own = rows.filter(pc.equal(place_of, place))
        named = own.select([_cell(place, k) for k in range(len(headers))])
        given[name] = [raw_from_arrow(named.rename_columns(list(headers)), name)]
    return given


def _answer(rows: pa.Table, job: SparkJob) -> pa.Table:
    """Accept and score one bucket."""
    model, done = _load(job.model), _accept(rows, job)
    parts = [_rejected(done.rejected), _counted(done)]
    if len(done.county.households):
        cases = encode_county(done.county, model.scheme, job.as_of)
        for begin in range(0, len(cases), _CHUNK):
            found = propose_cases(cases.take(slice(begin, begin + _CHUNK)), model.plan)
            parts.append(_marked(pa.Table.from_pylist(found, PROPOSAL_SCHEMA), _PROPOSAL, ""))
    answers = pa.concat_tables(parts)
    # Spark takes columns by their place and does not look at their names
    assert answers.schema.equals(_ANSWER)  # noqa: S101 - our own invariant
    return answers


def _rejected(rejected: pd.DataFrame) -> pa.Table:
    """Write rejected rows of households; those of raters would stand in every bucket."""
    own = rejected[rejected["table"] != "raters"]
    told = without_places(own)
    return _marked(
        pa.Table.from_pandas(told, _QUARANTINE, preserve_index=False), _REJECTED, f"{_REJECTED}_"
    )


def without_places(rejected: pd.DataFrame) -> pd.DataFrame:
    """Take away where rejected rows stand: a place within a bucket leads nobody to the row.

    Parameters
    ----------
    rejected : DataFrame of n_rows
        From acceptance, with the name of the table as that of the file.

    Returns
    -------
    DataFrame of n_rows
        The columns of the quarantine; ``file`` is blank and ``line`` 0, and the reason of a
        duplicate speaks of one row of its table.
    """
    told = rejected[list(QUARANTINE_COLUMNS)].assign(file="", line=0)
    pairs = told["code"].str.startswith("duplicate").to_numpy(dtype=bool)
    for name, place, instead in _PLACES:
        found = told[name].str.replace(place, instead, regex=True)
        told[name] = told[name].mask(pairs, found)
    return told


def _counted(done: CountyAcceptance) -> pa.Table:
    """Count rows of households; those of raters would be counted in every bucket."""
    rows = [
        (name, item.n_in, len(item.accepted), done.unattributed.get(name, 0))
        for name, item in done.tables.items()
        if name != "raters"
    ]
    told = [dict(zip(_COUNTS.names, row, strict=True)) for row in rows]
    return _marked(pa.Table.from_pylist(told, _COUNTS), _COUNT, f"{_COUNT}_")


def _marked(table: pa.Table, kind: str, prefix: str) -> pa.Table:
    """Put the columns of one kind of answer among those of both."""
    kinds = pa.array(np.full(table.num_rows, kind), pa.string())
    held = {f"{prefix}{name}": table[name] for name in table.schema.names} | {_KIND: kinds}
    names = _ANSWER.names
    columns = [held.get(name, pa.nulls(table.num_rows, _ANSWER.field(name).type)) for name in names]
    return pa.table(columns, schema=_ANSWER)


@lru_cache(maxsize=4)
def _load(model: bytes) -> SanzhixinModel:
    """Compile the model once in each process."""
    return SanzhixinModel(ModelFile.model_validate_json(model))


def _read_stream(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(data).read_all()


def _cell(place: int, column: int) -> str:
    return f"t{place}_{column}"


def _quoted(header: str) -> str:
    return "`" + header.replace("`", "``") + "`"
