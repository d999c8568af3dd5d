"""`score --from-sql --to-sql`: tables of a real database in, proposals in one transaction out."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from sanzhixin.batch import RunOptions, score_folder, score_supply, verify
from sanzhixin.batch.database_supply import DatabaseSupply, _words, open_engine
from sanzhixin.batch.database_table import deliver_to
from sanzhixin.cli import main
from sanzhixin.errors import DomainError, InputError, OutputError, SchemaError
from sanzhixin.records import write_county
from sanzhixin.simulate import simulate_county

sa = pytest.importorskip("sqlalchemy")
KEYS = ("household_id", "village_id", "rater_id", "event_id", "person_id", "loan_id")

TYPES = {"i": sa.BigInteger, "f": sa.Double, "b": sa.Boolean, "M": sa.Date, "O": sa.String}


def kind_of(series):
    if isinstance(series.dtype, pd.StringDtype):
        return sa.String
    return TYPES[series.dtype.kind]


def load(engine, county, schema=None):
    """Bring every table of a county into a database, with the types that a bank would choose."""
    metadata = sa.MetaData()
    frames = {name: frame for name, frame in county.tables().items() if len(frame)}
    made = {
        name: sa.Table(
            name,
            metadata,
            *(sa.Column(column, kind_of(frame[column])) for column in frame.columns),
            schema=schema,
        )
        for name, frame in frames.items()
    }
    with engine.begin() as connection:
        metadata.create_all(connection)
        for name, frame in frames.items():
            connection.execute(
                sa.insert(made[name]), [clean(row) for row in frame.to_dict("records")]
            )


def clean(row):
    return {
        name: None if pd.isna(cell) else cell.date() if isinstance(cell, pd.Timestamp) else cell
        for name, cell in row.items()
    }


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    """A database that nobody else uses."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bank.db'}"
        return
    pytest.importorskip("psycopg")
    socket = request.getfixturevalue("postgres_socket")
    place = f"postgresql://postgres@/{{}}?host={socket}"
    name = f"bank_{secrets.token_hex(4)}"
    server = open_engine(place.format("postgres")).execution_options(isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield place.format(name)
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture
def engine(url):
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def options(county):
    return RunOptions(chunk_rows=5, as_of=county.as_of)


@pytest.fixture
def expected(folder, model, tmp_path, options):
    return score_folder(folder, model, tmp_path / "expected", options=options)


@pytest.mark.parametrize("page", [1, 5, 1000])
def test_a_database_gives_the_bytes_of_the_folder(
    engine, county, model, options, expected, tmp_path, page
):
    """Whatever the pages, typed columns of an engine are scored as the text of a file is."""
    load(engine, county)
    supply = DatabaseSupply(engine, model.scheme, page=page)
    done = score_supply(supply, model, tmp_path / "out", options=options)
    assert done.proposals.read_bytes() == expected.proposals.read_bytes()
    assert (done.counts, done.exit_code) == (expected.counts, 0)


def test_a_row_without_a_household_is_not_lost_between_pages(
    engine, county, model, options, tmp_path
):
    """Rows that no page of households holds are read, and rejected with their reason."""
    load(engine, county)
    with engine.begin() as connection:
        for value in (None, "", "~~~", "!"):
            connection.execute(
                sa.text(
                    "INSERT INTO proposals (household_id, council_limit_yuan) VALUES (:h, 100)"
                ),
                {"h": value},
            )
        n_in = connection.scalar(sa.text("SELECT count(*) FROM proposals"))
    supply = DatabaseSupply(engine, model.scheme, page=4)
    done = score_supply(supply, model, tmp_path / "out", options=options)
    count = next(item for item in done.counts if item.table == "proposals")
    assert (count.n_in, count.rejected) == (n_in, 4)
    assert set(done.rejected["file"]) == {"proposals"}


ODD = {
    "sqlite": [
        "ALTER TABLE ratings ADD COLUMN told BOOLEAN",
        "UPDATE ratings SET told = CASE WHEN familiar THEN '是' ELSE '否' END",
        "ALTER TABLE ratings DROP COLUMN familiar",
        "ALTER TABLE ratings RENAME COLUMN told TO familiar",
        "ALTER TABLE households ADD COLUMN born BLOB",
        "UPDATE households SET born = CAST(household_id AS BLOB)",
        "ALTER TABLE households DROP COLUMN household_id",
        "ALTER TABLE households RENAME COLUMN born TO household_id",
    ],
    "postgresql": [
        "ALTER TABLE households ALTER COLUMN exposure_yuan TYPE numeric(30, 15)",
        "ALTER TABLE households ALTER COLUMN consent_on TYPE timestamp",
        "ALTER TABLE households ALTER COLUMN household_id TYPE bytea USING household_id::bytea",
    ],
}


def test_types_that_a_bank_did_not_choose_well_change_nothing(
    engine, county, model, options, expected, tmp_path
):
    """Text in a column of truth values, amounts of many decimals, numbers as bytes."""
    load(engine, county)
    with engine.begin() as connection:
        for words in ODD[engine.dialect.name]:
            connection.execute(sa.text(words))
    supply = DatabaseSupply(engine, model.scheme)
    done = score_supply(supply, model, tmp_path / "out", options=options)
    assert done.rejected["codes"].tolist() == []
    assert done.proposals.read_bytes() == expected.proposals.read_bytes()


def test_long_decimals_stay_apart():
    """No digit of a number is rounded away, and no zero stands at its end."""
    numbers = [
        Decimal("1" * 27 + "112"),
        Decimal("1" * 27 + "113"),
        Decimal("0E-15"),
        Decimal("5.0"),
    ]
    assert [_words(number) for number in numbers] == ["1" * 27 + "112", "1" * 27 + "113", "0", "5"]


def test_a_key_to_a_table_that_is_not_there_stops_nothing(engine, model):
    if engine.dialect.name != "sqlite":
        pytest.skip("other engines do not make such a key")
    with engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TABLE raters (rater_id text, village_id text REFERENCES villages, "
                    "role text, active text)")
        )  # fmt: skip
    (block,) = DatabaseSupply(engine, model.scheme).read("raters")
    assert block.headers == ["rater_id", "village_id", "role", "active"]


def test_a_cell_that_is_no_cell_of_its_column_says_nothing_of_itself(
    engine, county, model, options, tmp_path
):
    """SQLite takes a text as a date: it is read as a file's would be, and rejected with its row."""
    if engine.dialect.name != "sqlite":
        pytest.skip("other engines refuse it themselves")
    load(engine, county)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE households SET consent_on = '张三 13800000000'"))
    supply = DatabaseSupply(engine, model.scheme)
    done = score_supply(supply, model, tmp_path / "out", options=options)
    assert "date_grammar" in set(done.rejected["code"])


def test_a_county_leaves_the_proposals_of_another_and_takes_its_own_away(
    engine, folder, county, model, options, spoil, tmp_path
):
    """Other households stay; one that is rejected in a later run loses its proposal."""
    other = simulate_county(villages=1, households_per_village=4, seed=9)
    frames = {
        name: frame.assign(
            **{key: "X" + frame[key].astype("str") for key in KEYS if key in frame.columns}
        )
        for name, frame in other.tables().items()
    }
    write_county(replace(other, **frames), tmp_path / "other")
    deliver = deliver_to(engine)
    for place in (tmp_path / "other", folder):
        score_folder(place, model, tmp_path / place.name[:3], options=options, deliver=[deliver])
    spoil("households", 0, "consent_purpose", "其他")
    score_folder(folder, model, tmp_path / "again", options=options, deliver=[deliver])
    with engine.connect() as connection:
        found = connection.scalars(sa.text("SELECT household_id FROM sanzhixin_proposals")).all()
    first = pd.read_csv(folder / "households.csv")["household_id"][0]
    assert sorted(found) == sorted(
        {*frames["households"]["household_id"], *county.households["household_id"]} - {first}
    )


def test_proposals_take_the_place_of_those_of_the_same_model_and_day(
    engine, folder, model, options, expected, tmp_path
):
    """A second run replaces, a proposal of another day stays, lists and structs are JSON."""
    deliver = deliver_to(engine)
    other = options.as_of.replace(month=7)
    for place, day in enumerate([options.as_of, other, options.as_of]):
        chosen = RunOptions(as_of=day)
        score_folder(folder, model, tmp_path / f"o{place}", options=chosen, deliver=[deliver])
    with engine.connect() as connection:
        rows = (
            connection.execute(
                sa.text("SELECT * FROM sanzhixin_proposals ORDER BY as_of, household_id")
            )
            .mappings()
            .all()
        )
    wanted = pq.read_table(expected.proposals).to_pylist()
    assert len(rows) == 2 * len(wanted)
    for row, one in zip(rows, wanted, strict=False):
        for name in ("household_id", "points", "score", "tier", "limit_yuan", "input_digest"):
            assert row[name] == one[name]
        reasons = row["reasons"]
        assert (json.loads(reasons) if isinstance(reasons, str) else reasons) == one["reasons"]


REFUSE = {
    "sqlite": [
        "CREATE TRIGGER no BEFORE INSERT ON sanzhixin_proposals WHEN NEW.household_id > '{0}' "
        "BEGIN SELECT RAISE(ABORT, 'no'); END"
    ],
    "postgresql": ["ALTER TABLE sanzhixin_proposals ADD CHECK (household_id <= '{0}') NOT VALID"],
}
ALLOW = {
    "sqlite": ["DROP TRIGGER no"],
    "postgresql": [
        "ALTER TABLE sanzhixin_proposals DROP CONSTRAINT sanzhixin_proposals_household_id_check"
    ],
}


def test_a_refusing_database_keeps_what_it_had(engine, folder, county, model, options, tmp_path):
    """Nothing of a run stands when one row is refused; no mark is set; the run can be resumed."""
    deliver, out = deliver_to(engine), tmp_path / "out"
    score_folder(folder, model, out, options=options, deliver=[deliver])
    middle = sorted(county.households["household_id"])[6]

    def state():
        with engine.connect() as connection:
            return connection.execute(sa.text("SELECT * FROM sanzhixin_proposals")).all()

    before = state()
    with engine.begin() as connection:
        for words in REFUSE[engine.dialect.name]:
            connection.execute(sa.text(words.format(middle)))
    with pytest.raises(OutputError) as caught:
        score_folder(folder, model, out, options=options, deliver=[deliver])
    assert (caught.value.code, caught.value.exit_code) == ("database_not_committed", 7)
    assert middle not in str(caught.value)
    assert state() == before
    assert not (out / "_SUCCESS").exists()
    with engine.begin() as connection:
        for words in ALLOW[engine.dialect.name]:
            connection.execute(sa.text(words))
    resume = RunOptions(chunk_rows=5, as_of=county.as_of, resume=True)
    done = score_folder(folder, model, out, options=resume, deliver=[deliver])
    assert done.resumed_parts == 3
    assert (sorted(state()), verify(out).findings) == (sorted(before), ())


def test_a_table_of_somebody_else_is_left_alone(engine, folder, model, options, tmp_path):
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE loans_2026 (a integer)"))
        connection.execute(sa.text("INSERT INTO loans_2026 VALUES (7)"))
    deliver = deliver_to(engine, table="loans_2026")
    with pytest.raises(OutputError, match="other columns than proposals have"):
        score_folder(folder, model, tmp_path / "out", options=options, deliver=[deliver])
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT * FROM loans_2026")).all() == [(7,)]


def test_a_schema_is_read_and_written(engine, county, model, options, expected, tmp_path):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no schemas")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA loans"))
    load(engine, county, "loans")
    supply = DatabaseSupply(engine, model.scheme, schema="loans")
    deliver = deliver_to(engine, schema="loans")
    done = score_supply(supply, model, tmp_path / "out", options=options, deliver=[deliver])
    assert done.proposals.read_bytes() == expected.proposals.read_bytes()
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM loans.sanzhixin_proposals")) == 12


def test_an_empty_database_and_a_denied_column_are_refused(engine, county, model, tmp_path):
    with pytest.raises(InputError, match="the database has no table named households"):
        score_supply(DatabaseSupply(engine, model.scheme), model, tmp_path / "out")
    load(engine, county)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE households ADD COLUMN religion text"))
    with pytest.raises(SchemaError) as caught:
        score_supply(DatabaseSupply(engine, model.scheme), model, tmp_path / "out")
    assert caught.value.code == "denied_column"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("url", ["nonsense", "oracel://u:secret@h/d"])
def test_an_address_that_is_none_is_refused_without_a_word_of_it(url):
    with pytest.raises(DomainError) as caught:
        open_engine(url)
    assert caught.value.code == "database_url"
    assert "secret" not in str(caught.value)


def test_a_database_that_is_not_there_is_unreadable(model):
    engine = open_engine("postgresql://user:secret@/bank?host=/nowhere")
    with pytest.raises(InputError) as caught:
        DatabaseSupply(engine, model.scheme)
    assert caught.value.code == "database_unreadable"
    assert "secret" not in str(caught.value)


def test_the_command_line_reads_and_writes_a_database(
    url, engine, county, model, tmp_path, capsys, monkeypatch
):
    """Addresses come from the environment; neither the manifest nor a message shows them."""
    load(engine, county)
    model.save(tmp_path / "model")
    monkeypatch.setenv("SANZHIXIN_FROM_SQL", url)
    words = ["score", "-m", tmp_path / "model", "-o", tmp_path / "out", "--to-sql", url]
    words += ["--to-table", "answers", "--as-of", "2026-06-30", "--json", "--jobs", "1"]
    assert main([*map(str, words)]) == 0
    assert json.loads(capsys.readouterr().out)["households"]["n_in"] == 12
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM answers")) == 12
    manifest = (tmp_path / "out" / "manifest.json").read_text(encoding="utf-8")
    assert "://" not in manifest
    assert json.loads(manifest)["input"][0]["file"] == "households"
    assert main([*map(str, words[:1]), str(Path(tmp_path)), *map(str, words[1:])]) == 2
