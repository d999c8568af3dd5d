"""A county with rejected rows, two models, and the bytes of a plain run in a process of its own."""

from __future__ import annotations

import warnings

import pytest

from sanzhixin.modelling import expert_model, fit
from sanzhixin.records import write_county
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import simulate_county
from tests.determinism.children import score_elsewhere
from tests.determinism.county_files import spoil
from tests.determinism.settings import PLAIN


@pytest.fixture(scope="session")
def county():
    return simulate_county(villages=6, households_per_village=12, seed=11)


@pytest.fixture(scope="session")
def folder(county, tmp_path_factory):
    place = tmp_path_factory.mktemp("given") / "county"
    write_county(county, place)
    spoil(place)
    return place


@pytest.fixture(scope="session")
def models(county, tmp_path_factory):
    """One that counts points of forms, and one with fitted severities and default probabilities."""
    scheme, place = load_scheme("tongxiang"), tmp_path_factory.mktemp("models")
    adjusted = scheme.model_copy(update={"aggregator": "severity_adjusted", "equating": "none"})
    expert_model(scheme, name="tongxiang-expert", version="1.0.0").save(place / "expert")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit(county, adjusted, card="expert").save(place / "adjusted")
    return {name: place / name for name in ("expert", "adjusted")}


@pytest.fixture(scope="session")
def plain(folder, models, tmp_path_factory):
    """What a plain run gives: one process, one chunk, UTC, the locale C.UTF-8."""
    return score_elsewhere(PLAIN, folder, models, tmp_path_factory.mktemp("plain"))
