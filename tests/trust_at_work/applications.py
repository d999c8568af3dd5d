"""Models and applications of these tests: the golden ones, as a backend has them."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from sanzhixin.model import load_model
from sanzhixin.records import read_county
from tests.golden.archive import COUNTY, HERE, applications_of, part_of

DAY = dt.date(2026, 6, 30)
EXPERT, ADJUSTED = "tongxiang-expert-1.0.0", "tongxiang-adjusted-1.0.0"


def model_folder(name):
    return HERE / name


def fresh_model(name):
    return load_model(model_folder(name))


@lru_cache
def golden_part(count):
    """The tables of every so-many-th household."""
    county = read_county(HERE / COUNTY, strict=False)
    homes = sorted(county.households["household_id"])
    return part_of(county, homes[:: len(homes) // count][:count])


@lru_cache
def applications(count):
    """Dicts of every so-many-th household; nobody may change them."""
    return tuple(applications_of(golden_part(count)).values())
