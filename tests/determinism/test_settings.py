"""The bytes of a run are the same in whatever process, on whatever machine it is made."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from tests.determinism.children import differing, score_elsewhere
from tests.determinism.settings import (
    PLAIN,
    all_at_once,
    elsewhere,
    find_interpreter,
    full_sweep,
    short_sweep,
)

VERSIONS = ("3.11", "3.12", "3.13")


def by_name(settings):
    return [pytest.param(setting, id=setting.name) for setting in settings]


def check(setting, folder, models, out, plain):
    found = score_elsewhere(setting, folder, models, out)
    own = {name: value for name, value in plain.items() if name.split("-")[0] in models}
    assert differing(found, own) == [], f"{setting.name}: not the bytes of the plain run"


def test_the_plain_run_holds_proposals_probabilities_and_rejected_rows(plain):
    assert sum(name.endswith((".csv", ".parquet")) for name in plain) == 8
    rows = plain["adjusted-csv/manifest.rows"]
    assert rows["households_scored"] >= 65
    assert rows["households_quarantined"] >= 2
    assert rows["quarantined"] >= 12
    assert plain["adjusted-csv/manifest.output"]["sha256"].startswith("sha256:")


@pytest.fixture
def adjusted(models):
    """The one model that needs more than counting."""
    return {"adjusted": models["adjusted"]}


@pytest.mark.parametrize("setting", by_name(short_sweep()))
def test_many_changes_at_once_change_no_byte(setting, folder, adjusted, plain, tmp_path):
    check(setting, folder, adjusted, tmp_path, plain)


def test_another_folder_and_a_home_without_room_change_no_byte(folder, adjusted, plain, tmp_path):
    (tmp_path / "out").mkdir()
    check(all_at_once(tmp_path), folder, adjusted, tmp_path / "out", plain)
    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("setting", by_name(full_sweep()))
def test_no_setting_changes_a_byte(setting, folder, models, plain, tmp_path):
    check(setting, folder, models, tmp_path, plain)


@pytest.mark.slow
def test_no_place_changes_a_byte(folder, models, plain, tmp_path):
    for name, setting in elsewhere(tmp_path).items():
        out = tmp_path / name
        out.mkdir()
        check(setting, folder, models, out, plain)
    assert list((tmp_path / "home").iterdir()) == []
    assert not (tmp_path / "absent").exists()


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_no_release_of_python_changes_a_byte(version, folder, models, plain, tmp_path):
    path, arrow, reason = find_interpreter(version)
    if reason:
        pytest.skip(reason)
    if arrow != pa.__version__:
        pytest.skip(f"{path} has pyarrow {arrow}, not {pa.__version__}, which Parquet names")
    setting = replace(PLAIN, name=f"Python {version}", python=path)
    check(setting, folder, models, tmp_path, plain)
