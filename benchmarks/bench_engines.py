"""The same households in every engine, on one core: SQL of a model, and the whole way on Spark.

Above: from a table of profiles to points, default probability, tier and limit, by the arrays of the
library and by the exported SQL; all have to give the same sums.  Below: from Parquet files of
ratings, events and households to published proposals with reasons, by `score_folder` and by
`propose_on_spark` with `write_spark_run`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
from figures import Figure, median_seconds, only_told, options, show

import sanzhixin as szx
from sanzhixin.batch import RunOptions, score_folder
from sanzhixin.batch.sql import compute_warehouse_profile, export_score_sql
from sanzhixin.records import write_county
from sanzhixin.records.encode_county import encode_county
from sanzhixin.scoring.assess import assess
from sanzhixin.scoring.profile import take_profile

MODEL = Path(__file__).resolve().parents[1] / "models" / "tongxiang-expert" / "1.0.0"
USED = ("households", "members", "raters", "ratings", "events", "registers", "proposals")
SIZES = {"quick": (2, 10, 200), "small": (60, 100, 120_000), "large": (200, 120, 960_000)}
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
KINDS = {"i": "bigint", "f": "double precision", "b": "boolean", "O": "text"}
TABLE = "warehouse_profile"


@dataclass(frozen=True, slots=True)
class Done:
    """Seconds of a run, and what it gave: households, sum of points, sum of limits."""

    seconds: float
    given: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Skipped:
    """An engine that is not here."""

    reason: str


@dataclass(frozen=True, slots=True)
class Way:
    """The whole way on Spark: seconds, those of all processes, memory of the largest in MB."""

    first: float
    warm: float
    core: float
    worker: float
    machine: float
    households: int


def arrays(county: szx.County, model: szx.SanzhixinModel, rows: int, times: int) -> Done:
    """Assess profiles of as many households as the table of profiles has."""
    cases = encode_county(county, model.scheme, county.as_of)
    cases = cases.take(np.arange(rows) % len(cases))
    profile = take_profile(cases, model.plan)
    seconds = median_seconds(lambda: assess(cases, profile, model.plan), times=times)
    proposals = model.propose(county)
    own = proposals[["points", "limit_yuan"]].iloc[np.arange(rows) % len(proposals)].sum()
    return Done(seconds, (rows, int(own["points"]), int(own["limit_yuan"])))


def table_of_profiles(county: szx.County, model: szx.SanzhixinModel, rows: int) -> pd.DataFrame:
    frame = compute_warehouse_profile(model, county)
    frame = frame.iloc[np.arange(rows) % len(frame)].reset_index(drop=True)
    return frame.assign(household_id=[f"H{k:08}" for k in range(rows)])


def totals(inner: str) -> str:
    return f"SELECT count(*), sum(points), sum(limit_yuan) FROM ({inner}) a"


def whole(row: Any) -> tuple[int, int, int]:
    return int(row[0]), int(row[1]), int(row[2])


def duckdb(profile: pd.DataFrame, model: szx.SanzhixinModel, times: int) -> Done | Skipped:
    try:
        import duckdb as engine
    except ImportError:
        return Skipped("duckdb is not installed")
    sql = export_score_sql(model, "duckdb")
    with contextlib.closing(engine.connect()) as connection:
        connection.execute("SET threads = 1")
        connection.register("given", profile)
        connection.execute(f"CREATE TABLE {TABLE} AS SELECT * FROM given")
        make = f"CREATE OR REPLACE TEMP TABLE answer AS {sql}"
        seconds = median_seconds(lambda: connection.execute(make), times=times)
        return Done(seconds, whole(connection.execute(totals(sql)).fetchone()))


def sqlite(profile: pd.DataFrame, model: szx.SanzhixinModel, times: int) -> Done | Skipped:
    sql = export_score_sql(model, "sqlite")
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        marks = ", ".join("?" * profile.shape[1])
        connection.execute(f"CREATE TABLE {TABLE} ({', '.join(profile.columns)})")
        connection.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", plain_rows(profile))

        def make() -> None:
            connection.execute("DROP TABLE IF EXISTS answer")
            connection.execute(f"CREATE TABLE answer AS {sql}")

        seconds = median_seconds(make, times=times)
        return Done(seconds, whole(connection.execute(totals(sql)).fetchone()))


def postgres(profile: pd.DataFrame, model: szx.SanzhixinModel, times: int) -> Done | Skipped:
    try:
        import psycopg
    except ImportError:
        return Skipped("psycopg is not installed")
    if not (PROGRAMS / "pg_ctl").exists():
        return Skipped(f"no PostgreSQL 15 in {PROGRAMS}")
    sql = export_score_sql(model, "postgres")
    columns = ", ".join(f"{name} {KINDS.get(kind_of(profile[name]), 'text')}" for name in profile)
    with (
        postgres_socket() as socket,
        psycopg.connect(
            f"host={socket} user=postgres dbname=postgres", autocommit=True
        ) as connection,
    ):
        connection.execute("SET max_parallel_workers_per_gather = 0")
        connection.execute(f"CREATE TABLE {TABLE} ({columns})")
        with connection.cursor() as cursor, cursor.copy(f"COPY {TABLE} FROM STDIN") as copy:
            for row in plain_rows(profile):
                copy.write_row(row)
        connection.execute(f"ANALYZE {TABLE}")

        def make() -> None:
            connection.execute("DROP TABLE IF EXISTS answer")
            connection.execute(f"CREATE TEMP TABLE answer AS {sql}")

        seconds = median_seconds(make, times=times)
        return Done(seconds, whole(connection.execute(totals(sql)).fetchone()))


@contextlib.contextmanager
def postgres_socket() -> Iterator[Path]:
    """Run a server that listens on a socket in a folder of its own and nowhere else."""
    with tempfile.TemporaryDirectory(prefix="szx-pg-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        if not os.geteuid():  # it refuses to run as root; a user comes with its package
            shutil.chown(folder, "postgres")
        data = folder / "data"
        own = f"-c listen_addresses='' -c unix_socket_directories='{folder}'"
        create = ["initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N", "--locale=C"]
        control = ["pg_ctl", "-D", data, "-w", "-l", folder / "log"]
        as_postgres(folder, *create, "-E", "UTF8")
        as_postgres(folder, *control, "-o", own, "start")
        try:
            yield folder
        finally:
            as_postgres(folder, *control, "-m", "immediate", "stop")


def as_postgres(folder: Path, program: str, *arguments: str | Path) -> None:
    other = [] if os.geteuid() else ["runuser", "-u", "postgres", "--"]
    command = [*other, str(PROGRAMS / program), *map(str, arguments)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def kind_of(series: pd.Series) -> str:
    return str(getattr(series.dtype, "numpy_dtype", series.dtype).kind)


def plain_rows(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    columns = (frame[name].astype(object).where(frame[name].notna(), None) for name in frame)
    return zip(*(column.tolist() for column in columns), strict=True)


@contextlib.contextmanager
def spark_session() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[1]")
        .appName("sanzhixin benchmark")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", "2g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    try:
        yield session
    finally:
        session.stop()


def spark_sql(session: Any, file: Path, model: szx.SanzhixinModel, times: int) -> Done:
    sql = export_score_sql(model, "spark")
    session.read.parquet(str(file)).createOrReplaceTempView(TABLE)
    seconds = median_seconds(
        lambda: session.sql(sql).write.format("noop").mode("overwrite").save(), times=times
    )
    return Done(seconds, whole(session.sql(totals(sql)).first()))


def spark_way(session: Any, county: Path, model: szx.SanzhixinModel, as_of: Any, times: int) -> Way:
    from sanzhixin.batch.spark import propose_on_spark
    from sanzhixin.batch.spark_output import write_spark_run

    households = 0

    def run() -> float:
        nonlocal households
        with tempfile.TemporaryDirectory() as out:
            begin = time.perf_counter()
            files = [path for path in county.glob("*.parquet") if path.stem in USED]
            tables = {path.stem: session.read.parquet(str(path)) for path in files}
            answers = propose_on_spark(tables, model, as_of)
            households = write_spark_run(answers, Path(out) / "out").households_scored
            return time.perf_counter() - begin

    first = run()
    begin = core_seconds()
    warm = statistics.median(run() for _ in range(times))
    core = (core_seconds() - begin) / times
    worker, machine = memory()
    return Way(first, warm, core, worker, machine, households)


def core_seconds() -> float:
    """Time on a core of this process and all below it, Java's and those that have ended too."""
    own = psutil.Process()
    total = 0.0
    for process in (own, *own.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            taken = process.cpu_times()
            total += taken.user + taken.system + taken.children_user + taken.children_system
    return total


def memory() -> tuple[float, float]:
    """Largest Python worker and the Java process, in MB."""
    children = psutil.Process().children(recursive=True)
    sizes: dict[bool, list[int]] = {True: [0], False: [0]}
    for child in children:
        with contextlib.suppress(psutil.Error):
            sizes["java" in child.name()].append(child.memory_info().rss)
    return max(sizes[False]) / 1024**2, max(sizes[True]) / 1024**2


def local_way(
    folder: Path, model: szx.SanzhixinModel, as_of: Any, times: int
) -> tuple[float, float]:
    """Seconds, and seconds on the core."""

    def run() -> None:
        with tempfile.TemporaryDirectory() as out:
            score_folder(folder, model, Path(out) / "out", options=RunOptions(as_of=as_of))

    run()
    begin = core_seconds()
    seconds = statistics.median(seconds_of(run) for _ in range(times))
    return seconds, (core_seconds() - begin) / times


def seconds_of(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def on_spark(work: Callable[[Any], tuple[Done, Way]]) -> tuple[Done, Way] | Skipped:
    try:
        import pyspark  # noqa: F401
    except ImportError:
        return Skipped("pyspark is not installed")
    if shutil.which("java") is None:
        return Skipped("Java is not installed")
    with spark_session() as session:
        return work(session)


def engine_figures(found: dict[str, Done | Skipped], rows: int) -> list[Figure]:
    base = found["arrays of the library"]
    assert isinstance(base, Done)
    figures = []
    for name, done in found.items():
        if isinstance(done, Skipped):
            figures.append(only_told(f"profile: {name}", f"skipped: {done.reason}"))
            continue
        if done.given != base.given:
            msg = f"{name} gives {done.given}, the library {base.given}"
            raise SystemExit(msg)
        ratio = "" if done is base else f"{base.seconds / done.seconds:.2f} x the arrays"
        rate = f"{rows / done.seconds:,.0f} rows/s"
        figures.append(only_told(f"profile: {name}", rate, ratio))
    return figures


def way_figures(
    found: tuple[Done, Way] | Skipped, local: tuple[float, float], households: int
) -> list[Figure]:
    seconds, core = local
    rate, a_core = "households/s", "households a second on the core"
    figures = [
        only_told("whole way: score_folder", f"{households / seconds:,.0f} {rate}"),
        only_told("whole way: score_folder", f"{households / core:,.0f} {a_core}"),
    ]
    if isinstance(found, Skipped):
        return [*figures, only_told("whole way: Spark", f"skipped: {found.reason}")]
    way = found[1]
    if way.households != households:
        msg = f"Spark scored {way.households} of {households} households"
        raise SystemExit(msg)
    return [
        *figures,
        only_told(
            "whole way: Spark",
            f"{households / way.warm:,.0f} {rate}",
            f"{seconds / way.warm:.2f} x score_folder",
        ),
        only_told(
            "whole way: Spark",
            f"{households / way.core:,.0f} {a_core}",
            f"{core / way.core:.2f} x score_folder",
        ),
        only_told("Spark: first run", f"{way.first:.1f} s", f"warm {way.warm:.1f} s"),
        only_told("Spark: largest Python worker", f"{way.worker:,.0f} MB"),
        only_told("Spark: Java process", f"{way.machine:,.0f} MB"),
    ]


def main() -> None:
    wanted = options(__doc__ or "")
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    villages, each, rows = SIZES["quick" if wanted.quick else "large" if wanted.large else "small"]
    times = 1 if wanted.quick else 3
    pinned = hasattr(os, "sched_setaffinity")
    if pinned:  # children, as Java and its Python workers, stay on it too
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    model = szx.load_model(MODEL)
    county = szx.simulate_county(villages=villages, households_per_village=each, seed=7)
    profile = table_of_profiles(county, model, rows)
    found: dict[str, Done | Skipped] = {
        "arrays of the library": arrays(county, model, rows, times),
        "DuckDB": duckdb(profile, model, times),
        "PostgreSQL": postgres(profile, model, times),
        "SQLite": sqlite(profile, model, times),
    }
    with tempfile.TemporaryDirectory() as made:
        folder, file = Path(made) / "county", Path(made) / "profile.parquet"
        profile.to_parquet(file, index=False)
        write_county(county, folder, format="parquet")
        local = local_way(folder, model, county.as_of, times)
        spark = on_spark(
            lambda session: (
                spark_sql(session, file, model, times),
                spark_way(session, folder, model, county.as_of, times),
            )
        )
    found["Spark SQL"] = spark if isinstance(spark, Skipped) else spark[0]
    show(
        f"{rows:,} profiles; {villages} villages x {each} households the whole way",
        [*engine_figures(found, rows), *way_figures(spark, local, villages * each)],
        "One core for every engine"
        + (", all processes held on it." if pinned else "; Java uses others for its own work."),
        "Every engine gives the same number of rows, sum of points and sum of limits.",
        "DuckDB, PostgreSQL and SQLite write the answer into a table, Spark SQL nowhere (noop).",
    )


if __name__ == "__main__":
    main()
