from __future__ import annotations

import dataclasses
import errno
import tempfile

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sanzhixin.errors import OutputError
from sanzhixin.records import read_county, write_county


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    years=st.lists(st.none() | st.floats(-1e12, 1e12), min_size=2, max_size=2),
    format=st.sampled_from(["csv", "parquet"]),
)
def test_a_county_reads_back_equal_whatever_its_numbers(county, scheme, years, format):
    column = pd.array(years, dtype="Float64")
    written = dataclasses.replace(
        county,
        households=county.households.assign(customer_years=column, written_consent_id="W1"),
    )
    with tempfile.TemporaryDirectory() as folder:
        write_county(written, folder, format=format)
        assert read_county(folder, scheme).equals(written)


@pytest.fixture(params=["absent", "empty"])
def place(request, tmp_path):
    folder = tmp_path / "parent" / "county"
    (folder if request.param == "empty" else folder.parent).mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("at", ["to_csv", "rename"])
def test_what_is_not_written_whole_leaves_nothing(county, place, monkeypatch, error, at):
    was_there = place.exists()
    owner = pd.DataFrame if at == "to_csv" else type(place)
    whole, calls = getattr(owner, at), []

    def broken(self, *given, **options):
        calls.append(given)
        if len(calls) == (3 if at == "to_csv" or was_there else 1):
            raise error
        return whole(self, *given, **options)

    monkeypatch.setattr(owner, at, broken)
    expected = OutputError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected) as caught:
        write_county(county, place)
    monkeypatch.undo()
    assert not isinstance(error, OSError) or caught.value.code == "output_not_written"
    assert list(place.parent.rglob("*")) == [place] * was_there
    write_county(county, place)
    assert sorted(place.parent.iterdir()) == [place]


def test_a_folder_that_holds_anything_is_refused_and_left_alone(county, tmp_path):
    (tmp_path / "registers.csv").write_text("of another county", encoding="utf-8")
    with pytest.raises(OutputError, match="holds 1 files or folders") as caught:
        write_county(county, tmp_path)
    assert caught.value.code == "output_folder_in_use"
    assert [path.name for path in tmp_path.iterdir()] == ["registers.csv"]


def test_a_file_in_the_way_is_refused_and_left_alone(county, tmp_path):
    path = tmp_path / "county"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError) as caught:
        write_county(county, path)
    assert caught.value.code == "output_not_written"
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text(encoding="utf-8") == "mine"


def test_parents_are_made_and_the_current_folder_stays(county, scheme, tmp_path, monkeypatch):
    assert write_county(county, tmp_path / "a" / "b")[0] == tmp_path / "a" / "b" / "households.csv"
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    before = here.stat().st_ino
    write_county(county, ".")
    assert here.stat().st_ino == before
    assert read_county(here, scheme).equals(county)
