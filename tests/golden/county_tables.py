"""The county of the archive: simulated, then made rich in what is rare, so that all occurs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sanzhixin.simulate import SimulationSettings, simulate_county
from tests.golden.archive import part_of

VILLAGES, EACH, FITTED = 100, 100, 30
SEED = 20260630
TABLES = ("households", "members", "raters", "ratings", "events", "registers", "proposals")
SETTINGS = SimulationSettings(
    raters_per_village=8,
    raters_per_household=6,
    bridge_raters=3,
    bridge_households=2,
    village_merit_sd=0.6,
    pillar_correlation=0.9,
    severity_sd=0.5,
    register_share=0.06,
    requested_share=0.9,
    event_history_months=24,
    base_default_rate=0.15,
)
NEW_NAMES = {
    "V002-0001": "中心村-0001",
    "V055-0100": "𠮷田村-0100",
    "V099-0007": "330411-7.b/2",
}
PURPOSES = ("购房", "House_Purchase", "ＳＴＯＣＫ＿ＭＡＲＫＥＴ", "出借他人。", "养猪（扩建）")
REASONS = ("户主病故，由长子续贷；见附件“A-1”", "议事会另有说明 𠮷", 'said "no", see file 12')


def fitted_county():
    """What the fitted model learns from: both rounds and the loans of the first villages."""
    county = simulate_county(VILLAGES, EACH, SEED, settings=SETTINGS)
    homes = county.households
    known = homes["household_id"][homes["village_id"] <= f"V{FITTED:03}"]
    raters = county.raters[county.raters["rater_id"].isin(_raters_of(county, known))]
    return replace(part_of(county, known), raters=raters.reset_index(drop=True))


def scored_county():
    """Tables of every household with its latest round, and what is rare put in; and their day."""
    random = np.random.default_rng(SEED)
    county = simulate_county(VILLAGES, EACH, SEED, settings=SETTINGS)
    tables = {name: getattr(county, name).copy() for name in TABLES}
    ids = county.households["household_id"].to_numpy(dtype=object)
    groups = [pd.Index(part) for part in np.split(random.permutation(ids), range(150, 4500, 150))]
    _thin_out(tables, groups)
    _put_in_texts(tables, groups, random)
    _put_in_strangers(tables, groups)
    _break_rows(tables, groups)
    _rename(tables)
    _shorten_numbers(tables)
    return tables, county.as_of


def _raters_of(county, households):
    ratings = county.ratings
    return set(ratings["rater_id"][ratings["household_id"].isin(households)])


def _thin_out(tables, groups):
    """The latest round but for some, who have an old one besides or alone; some lack a table."""
    ratings = tables["ratings"]
    both, old = (ratings["household_id"].isin(groups[k]) for k in (0, 1))
    latest = ratings["round"] == ratings["round"].max()
    tables["ratings"] = ratings[(latest & ~old) | both | (~latest & old)]
    for place, name in enumerate(("ratings", "events", "members", "proposals"), start=2):
        frame = tables[name]
        tables[name] = frame[~frame["household_id"].isin(groups[place])]
    homes, members = tables["households"], tables["members"]
    homes.loc[homes["household_id"].isin(groups[6]), "exposure_yuan"] = pd.NA
    members.loc[members["household_id"].isin(groups[7].union(groups[6])), "exposure_yuan"] = pd.NA
    owing = homes["household_id"].isin(groups[8]) & homes["assets_yuan"].notna()
    homes.loc[owing, "debt_yuan"] = homes.loc[owing, "assets_yuan"] * 3 // 4


def _put_in_texts(tables, groups, random):
    homes, said = tables["households"], tables["proposals"]
    odd = homes["household_id"].isin(groups[9])
    homes.loc[odd, "purpose"] = random.choice(PURPOSES, int(odd.sum()))
    doubted = said["household_id"].isin(groups[10])
    said.loc[doubted, "override_reason"] = random.choice(REASONS, int(doubted.sum()))


def _put_in_strangers(tables, groups):
    """Raters whom no model knows, some on no list either; forms of 1 and of 5 throughout."""
    ratings, raters = tables["ratings"], tables["raters"]
    new = ratings["household_id"].isin(groups[11]) & ratings["rater_id"].str.endswith(("2", "5"))
    ratings.loc[new, "rater_id"] = "N-" + ratings.loc[new, "rater_id"]
    listed = raters[raters["rater_id"].str.endswith("2")]
    tables["raters"] = pd.concat([raters, listed.assign(rater_id="N-" + listed["rater_id"])])
    items = [name for name in ratings.columns if name[:2] in ("FS", "ML", "NR")]
    low = ratings["household_id"].isin(groups[12]) & ratings["rater_id"].str.endswith("R03")
    ratings.loc[low, items] = 1
    best = ratings["household_id"].isin(groups[13]) & ratings["familiar"]
    ratings.loc[best, items] = 5


def _break_rows(tables, groups):
    """Some rows of four tables are rejected, which asks for a review of their households."""
    breaks = (
        ("ratings", "FS03", 9),
        ("events", "code", "XX99"),
        ("registers", "list_class", "none of these"),
        ("proposals", "council_limit_yuan", -1),
    )
    for place, (name, column, value) in enumerate(breaks, start=14):
        frame = tables[name].reset_index(drop=True)
        homes = frame["household_id"]
        frame.loc[homes.isin(groups[place]) & ~homes.duplicated(), column] = value
        tables[name] = frame


def _rename(tables):
    for frame in tables.values():
        if "household_id" in frame:
            frame["household_id"] = frame["household_id"].replace(NEW_NAMES)


def _shorten_numbers(tables):
    """Numbers of entries in the order of the rows take little room."""
    events = tables["events"].reset_index(drop=True)
    numbers = pd.Series(events.index).map("{:06}".format)
    events["event_id"] = "E" + numbers
    events["evidence_id"] = ("N" + numbers).where(events["evidence_id"].notna())
    tables["events"] = events


def write_tables(tables, as_of, place):
    """Write Parquet files as small as they get, and the day on which they stand."""
    place.mkdir(parents=True)
    for name, frame in tables.items():
        rows = frame.sort_values(list(frame.columns[:2]), kind="stable", ignore_index=True)
        table = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata()
        for k, field in enumerate(table.schema):
            if pa.types.is_timestamp(field.type):
                table = table.set_column(k, field.name, table.column(k).cast(pa.date32()))
            elif pa.types.is_large_string(field.type):
                table = table.set_column(k, field.name, table.column(k).cast(pa.string()))
        running = {"event_id", "evidence_id", "person_id", "consent_id", "written_consent_id"}
        pq.write_table(
            table,
            place / f"{name}.parquet",
            compression="zstd",
            compression_level=19,
            use_dictionary=[c for c in table.column_names if c not in running],
            write_statistics=False,
        )
    (place / "county.toml").write_bytes(f"as_of = {as_of}\n".encode())
