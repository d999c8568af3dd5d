"""Spark in local mode: the same proposals as the local batch, whatever the buckets."""

from __future__ import annotations

import datetime as dt
import warnings

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sanzhixin.batch import score_folder
from sanzhixin.batch.spark import propose_on_spark
from sanzhixin.batch.table import PROPOSAL_SCHEMA
from sanzhixin.errors import ArtifactError, DomainError, RecordError, SchemaError
from sanzhixin.modelling import expert_model, fit
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import simulate_county

pytestmark = pytest.mark.filterwarnings(
    "ignore:PySpark does not yet fully support pandas:FutureWarning"
)
SCHEME = load_scheme("tongxiang")
USED = ("households", "members", "raters", "ratings", "events", "registers", "proposals")


@pytest.fixture(scope="module")
def county():
    return simulate_county(villages=6, households_per_village=25, seed=11)


@pytest.fixture(scope="module")
def spoilt(county):
    """Tables with rows that are rejected: ratings, a household, an event."""
    tables = {name: county.tables()[name].copy() for name in USED}
    tables["ratings"].loc[[3, 4, 90], "FS01"] = 9
    tables["households"].loc[7, "consent_until"] = dt.datetime(2020, 1, 1)
    tables["events"].loc[5, "code"] = "XX99"
    tables["raters"].loc[0, "active"] = False
    return tables


@pytest.fixture(scope="module")
def model():
    return expert_model(SCHEME, name="tongxiang-expert", version="1.0.0")


@pytest.fixture(scope="module")
def folder(spoilt, tmp_path_factory):
    place = tmp_path_factory.mktemp("county")
    for name, frame in spoilt.items():
        frame.to_parquet(place / f"{name}.parquet", index=False)
    return place


@pytest.fixture(scope="module")
def frames(spark, folder):
    return {name: spark.read.parquet(str(folder / f"{name}.parquet")) for name in USED}


@pytest.fixture(scope="module")
def local(folder, county, model, tmp_path_factory):
    from sanzhixin.batch import RunOptions

    out = tmp_path_factory.mktemp("out")
    result = score_folder(folder, model, out, options=RunOptions(as_of=county.as_of))
    return pq.read_table(out / "proposals.parquet"), result.rejected


def sorted_bytes(table):
    """Bytes of the proposals in the order of the households."""
    ordered = table.cast(PROPOSAL_SCHEMA).sort_by("household_id").combine_chunks()
    sink = pa.BufferOutputStream()
    pq.write_table(ordered, sink)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("buckets", [None, 7])
def test_the_proposals_are_those_of_the_local_batch_byte_for_byte(
    frames, county, model, local, buckets
):
    found = propose_on_spark(frames, model, county.as_of, buckets=buckets).proposals.toArrow()
    assert found.schema.names == PROPOSAL_SCHEMA.names
    assert found.num_rows == local[0].num_rows
    assert sorted_bytes(found) == sorted_bytes(local[0])


def test_every_row_is_scored_or_in_the_quarantine(frames, county, model, local):
    answers = propose_on_spark(frames, model, county.as_of, buckets=5)
    rejected = answers.quarantine.toArrow().to_pandas()
    expected = local[1][local[1]["table"] != "raters"]
    columns = ["table", "field", "code", "codes", "reason_zh", "reason_en", "row"]
    rows = [sorted(map(tuple, frame[columns].astype(object).fillna("").values.tolist()))
            for frame in (rejected, expected)]  # fmt: skip
    assert rows[0] == rows[1]
    households = (rejected["table"] == "households").sum()
    assert answers.proposals.count() + households == frames["households"].count()


def test_a_fitted_panel_is_applied_at_scale(spark, tmp_path):
    from sanzhixin.batch import RunOptions

    adjusted = SCHEME.model_copy(update={"aggregator": "severity_adjusted", "equating": "none"})
    county = simulate_county(villages=4, households_per_village=30, seed=5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = fit(county, adjusted, card="expert", pd_method="none")
    folder = tmp_path / "county"
    folder.mkdir()
    for name in USED:
        county.tables()[name].to_parquet(folder / f"{name}.parquet", index=False)
    tables = {name: spark.read.parquet(str(folder / f"{name}.parquet")) for name in USED}
    found = propose_on_spark(tables, model, county.as_of, buckets=3).proposals.toArrow()
    score_folder(folder, model, tmp_path / "out", options=RunOptions(as_of=county.as_of))
    local = pq.read_table(tmp_path / "out" / "proposals.parquet")
    assert sorted_bytes(found) == sorted_bytes(local)


def test_chinese_headers_and_stray_blanks_meet_in_one_bucket(spark, frames, county, model, local):
    from pyspark.sql import functions as f

    ratings = frames["ratings"].withColumnRenamed("household_id", "户号")
    ratings = ratings.withColumn("户号", f.concat(f.lit("\u3000 "), f.col("户号"), f.lit(" ")))
    answers = propose_on_spark(frames | {"ratings": ratings}, model, county.as_of, buckets=9)
    assert sorted_bytes(answers.proposals.toArrow()) == sorted_bytes(local[0])


@pytest.mark.parametrize("around", ["{}", "{}\t", "\u3000{} "])
def test_numbers_that_stand_in_several_households_are_refused(frames, county, model, around):
    """Blanks that acceptance takes away hide no copy of a number."""
    events = frames["events"]
    first = events.limit(1)
    other = events.where(events["household_id"] != first.first()["household_id"]).limit(1)
    event = around.format(first.first()["event_id"])
    from pyspark.sql import functions as f

    twice = events.union(other.withColumn("event_id", f.lit(event)).select(*events.columns))
    with pytest.raises(RecordError, match="1 values of event_id in table events"):
        propose_on_spark(frames | {"events": twice}, model, county.as_of)


def test_numbers_that_differ_in_capitals_are_two_numbers(frames, county, model):
    """What acceptance tells apart is not refused."""
    from pyspark.sql import functions as f

    events = frames["events"]
    first = events.limit(1)
    other = events.where(events["household_id"] != first.first()["household_id"]).limit(1)
    small = other.withColumn("event_id", f.lit(first.first()["event_id"].lower()))
    both = events.union(small.select(*events.columns))
    propose_on_spark(frames | {"events": both}, model, county.as_of, buckets=1)


def test_what_cannot_run_is_refused_before_the_cluster_works(frames, county, model):
    with pytest.raises(SchemaError, match="raters"):
        propose_on_spark({"households": frames["households"]}, model, county.as_of)
    with pytest.raises(DomainError, match="buckets"):
        propose_on_spark(frames, model, county.as_of, buckets=0)
    with pytest.raises(ArtifactError):
        propose_on_spark(frames, model, dt.date(2035, 1, 1))
