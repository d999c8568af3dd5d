"""The SQL of a model and of a ledger in Spark: no difference from the library."""

from __future__ import annotations

import itertools

import pyarrow.parquet as pq
import pytest

from tests.unit.batch.sql.ledgers import base_county, drawn_county, ledger_differences
from tests.unit.batch.sql.ledgers import model_of as ledger_model
from tests.unit.batch.sql.profiles import score_differences

MODELS = ("expected loss, rates", "odd card")
SLOW = pytest.mark.slow


class Spark:
    """Spark behind the face of the other engines: tables and answers pass through Parquet."""

    name = "spark"

    def __init__(self, session, folder):
        self.session, self.folder, self.numbers = session, folder, itertools.count()

    def load(self, table, frame):
        path = self.folder / f"{next(self.numbers)}.parquet"
        frame.to_parquet(path, index=False)
        self.session.read.parquet(str(path)).createOrReplaceTempView(table)

    def run(self, sql):
        path = self.folder / str(next(self.numbers))
        self.session.sql(sql).write.parquet(str(path))
        found = pq.read_table(path)
        columns = [column.to_pylist() for column in found.columns]
        return found.column_names, list(zip(*columns, strict=True))


@pytest.fixture
def engine(spark, tmp_path):
    return Spark(spark, tmp_path)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("expected loss, rates", 2_000),
        pytest.param("expected loss, rates", 20_000, marks=SLOW),
        *(pytest.param(name, 1_000_000, marks=SLOW) for name in MODELS),
    ],
)
def test_random_profiles_differ_nowhere(engine, name, size):
    found = score_differences(engine, name, size, seed=99)
    assert set(found.values()) == {0}
    assert {"points", "prob_default", "tier", "limit_yuan"} <= set(found)


@pytest.mark.parametrize(
    ("name", "villages", "n_events"),
    [
        ("built-in", 3, 600),
        pytest.param("built-in", 40, 120_000, marks=SLOW),
        pytest.param("uneven periods", 40, 120_000, marks=SLOW),
    ],
)
def test_events_and_records_differ_nowhere(engine, name, villages, n_events):
    model, base = ledger_model(name), base_county(villages)
    county = drawn_county(model.scheme, base.as_of, 5, base=base, n_events=n_events)
    assert len(county.events) == n_events
    found = ledger_differences(engine, model, county, base.as_of)
    assert set(found.values()) == {0}
    assert {"event_points", "gated", "n_events_counted"} <= set(found)
