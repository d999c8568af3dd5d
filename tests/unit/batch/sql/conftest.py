from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import duckdb
import pandas as pd
import pytest

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
POSTGRES_TYPES = {"i": "bigint", "f": "double precision", "b": "boolean", "M": "timestamp",
                  "O": "text"}  # fmt: skip


def quoted(*names):
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def values_of(series):
    """Plain Python values, None where missing."""
    return [None if pd.isna(value) else value for value in series.tolist()]


def postgres_type(series):
    dates = any(type(value) is dt.date for value in series.tolist())
    return "date" if dates else POSTGRES_TYPES[series.dtype.kind]


class Duck:
    name = "duckdb"

    def __init__(self):
        self.connection = duckdb.connect()
        self.connection.execute("SET threads = 2")

    def load(self, table, frame):
        self.connection.register("given", frame)
        self.connection.execute(f"CREATE OR REPLACE TABLE {quoted(table)} AS SELECT * FROM given")
        self.connection.unregister("given")

    def run(self, sql):
        found = self.connection.execute(sql)
        return [column[0] for column in found.description], found.fetchall()

    def close(self):
        self.connection.close()


class Lite:
    name = "sqlite"

    def __init__(self):
        self.connection = sqlite3.connect(":memory:")

    def load(self, table, frame):
        names = ", ".join(quoted(name) for name in frame.columns)
        marks = ", ".join("?" * frame.shape[1])
        rows = zip(*(self._values(frame[name]) for name in frame.columns), strict=True)
        self.connection.execute(f"DROP TABLE IF EXISTS {quoted(table)}")
        self.connection.execute(f"CREATE TABLE {quoted(table)} ({names})")
        self.connection.executemany(f"INSERT INTO {quoted(table)} VALUES ({marks})", rows)

    @staticmethod
    def _values(series):
        """A date is a text, with its time where it has one."""
        return [str(v) if isinstance(v, dt.date) else v for v in values_of(series)]

    def run(self, sql):
        found = self.connection.execute(sql)
        return [column[0] for column in found.description], found.fetchall()

    def close(self):
        self.connection.close()


class Postgres:
    name = "postgres"

    def __init__(self, socket_folder):
        import psycopg

        self.connection = psycopg.connect(
            f"host={socket_folder} user=postgres dbname=postgres", autocommit=True
        )

    def load(self, table, frame):
        kinds = {name: postgres_type(frame[name]) for name in frame.columns}
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in kinds.items())
        self.connection.execute(f"DROP TABLE IF EXISTS {quoted(table)}")
        self.connection.execute(f"CREATE TABLE {quoted(table)} ({columns})")
        rows = zip(*(values_of(frame[name]) for name in frame.columns), strict=True)
        with (
            self.connection.cursor() as cursor,
            cursor.copy(f"COPY {quoted(table)} FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def run(self, sql):
        found = self.connection.execute(sql)
        return [column.name for column in found.description], found.fetchall()

    def close(self):
        self.connection.close()


def as_postgres(*command):
    """PostgreSQL refuses to run as root; a user of its own comes with its package."""
    if os.geteuid():
        return list(command)
    if shutil.which("runuser"):
        return ["runuser", "-u", "postgres", "--", *command]
    import shlex

    return ["su", "postgres", "-c", shlex.join(command)]


@pytest.fixture(scope="session")
def postgres_socket():
    """Run a server that listens on a socket in its own folder and nowhere else."""
    if not (PROGRAMS / "initdb").exists():
        pytest.skip(f"PostgreSQL 15 is not installed in {PROGRAMS}")
    # the folders of pytest are closed to other users
    with tempfile.TemporaryDirectory(prefix="szx-pg-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        if not os.geteuid():
            shutil.chown(folder, "postgres")
        data = folder / "data"
        quiet = {"cwd": folder, "check": True, "stdout": subprocess.DEVNULL,
                 "stderr": subprocess.DEVNULL}  # fmt: skip
        create = (PROGRAMS / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N",
                  "-E", "UTF8", "--locale=C")  # fmt: skip
        control = (PROGRAMS / "pg_ctl", "-D", data, "-w", "-l", folder / "log")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        subprocess.run(as_postgres(*map(str, create)), **quiet)
        subprocess.run(as_postgres(*map(str, control), "-o", options, "start"), **quiet)
        try:
            yield folder
        finally:
            subprocess.run(as_postgres(*map(str, control), "-m", "immediate", "stop"), **quiet)


@pytest.fixture(params=["duckdb", "sqlite", "postgres"])
def engine(request):
    if request.param == "postgres":
        pytest.importorskip("psycopg")
        made = Postgres(request.getfixturevalue("postgres_socket"))
    else:
        made = {"duckdb": Duck, "sqlite": Lite}[request.param]()
    with contextlib.closing(made):
        yield made
