"""The archive: a county as files, and for each released model its file and every proposal."""

from __future__ import annotations

import hashlib
import json
import lzma
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from sanzhixin.batch import RunOptions, score_folder
from sanzhixin.model import load_model

HERE = Path(__file__).resolve().parent
COUNTY = "county"
PROPOSALS = "proposals.jsonl.xz"


def archives(place=HERE):
    """Folders of the models, by name."""
    return {path.parent.name: path.parent for path in sorted(place.glob(f"*/{PROPOSALS}"))}


def written_proposals(folder):
    """Lines of an archive, by household."""
    text = lzma.decompress((folder / PROPOSALS).read_bytes())
    return {json.loads(line)["household_id"]: line for line in text.splitlines()}


def write_proposals(folder, lines):
    content = b"".join(line + b"\n" for line in lines.values())
    (folder / PROPOSALS).write_bytes(lzma.compress(content, preset=9))


def line_of(row):
    """One proposal as bytes: JSON with sorted keys, floats with the digits that bring them back."""
    text = json.dumps(
        row,
        allow_nan=False,
        default=lambda day: day.isoformat(),
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    )
    return text.encode()


def scored_anew(model, county=HERE / COUNTY):
    """Lines of every household, by the batch path: files are accepted, parted and scored."""
    with TemporaryDirectory() as place:
        done = score_folder(county, model, Path(place) / "out", options=RunOptions(jobs=1))
        rows = pq.read_table(done.proposals).to_pylist()
    return {row["household_id"]: line_of(row) for row in rows}


def proposed_anew(model, application):
    """Line of one household, by the path of a backend."""
    return line_of(model.propose_one(application).model_dump(mode="json"))


def differing(found, archived):
    """Households whose bytes are not those of the archive, or that one of the two lacks."""
    names = sorted({*found, *archived})
    return [name for name in names if found.get(name) != archived.get(name)]


def part_of(county, households):
    """The tables of some households alone."""
    tables = {
        item.name: rows[rows["household_id"].isin(households)].reset_index(drop=True)
        for item in fields(county)
        if "household_id" in getattr(rows := getattr(county, item.name), "columns", ())
    }
    return replace(county, **tables)


def applications_of(county):
    """What a backend would hand in for each household: a dict of plain values."""
    roles = dict(zip(county.raters["rater_id"], county.raters["role"], strict=True))
    found = {row["household_id"]: row for row in _rows(county.households)}
    for row in found.values():
        row |= {"as_of": county.as_of.isoformat(), "proposals": None, "rejected_tables": []}
        row |= {"ratings": [], "events": [], "registers": [], "members": []}
    for table in ("ratings", "events", "registers", "members"):
        for row in _rows(getattr(county, table)):
            found[row.pop("household_id")][table].append(row)
            if table == "ratings":
                row["role"] = roles[row["rater_id"]]
    for row in _rows(county.proposals):
        found[row.pop("household_id")]["proposals"] = row
    for row in _rows(county.rejected_rows):
        found[row["household_id"]]["rejected_tables"].append(row["table"])
    return found


def _rows(frame):
    """Rows as plain values, days as text, what is missing as None."""
    days = {
        name: frame[name].dt.strftime("%Y-%m-%d")
        for name in frame.columns
        if frame[name].dtype.kind == "M"
    }
    plain = frame.assign(**days).astype(object)
    return plain.where(plain.notna(), None).to_dict("records")


def golden_model(folder):
    return load_model(folder / "model.json")


def county_digest(place=HERE):
    """SHA-256 over names and bytes of the county's files."""
    found = hashlib.sha256()
    for path in sorted((place / COUNTY).iterdir()):
        found.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return f"sha256:{found.hexdigest()}"


def proposals_digest(folder):
    text = lzma.decompress((folder / PROPOSALS).read_bytes())
    return f"sha256:{hashlib.sha256(text).hexdigest()}"
