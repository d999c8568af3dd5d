from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import replace

import pandas as pd
import pytest

from sanzhixin.batch import RunOptions, score_folder
from sanzhixin.batch.stop import StopOrder, write_stop
from sanzhixin.cli import monitor_command
from sanzhixin.errors import ArtifactError
from sanzhixin.model import load_model
from sanzhixin.records import write_county
from sanzhixin.scheme import load_scheme
from sanzhixin.validation.monitoring import MONITORING_TABLES

EARLIER = "2025-12-31"
STOP = StopOrder("tongxiang-expert/1.0.0", dt.date(2026, 6, 30), ("defaults", "other"))


def as_it_was(county, day):
    """The tables as they stood on an earlier day; no loan was over by then."""
    last = pd.Timestamp(day)
    dates = {"ratings": "rated_on", "events": "recorded_on", "registers": "issued_on"}
    tables = {name: getattr(county, name) for name in dates}
    kept = {name: table[table[dates[name]] <= last] for name, table in tables.items()}
    kept["households"] = county.households.assign(consent_on=pd.Timestamp("2025-01-02"))
    kept["loans"] = county.loans.iloc[:0]
    return replace(county, **kept, as_of=dt.date.fromisoformat(day))


@pytest.fixture(scope="module")
def counties(simulated, tmp_path_factory):
    place = tmp_path_factory.mktemp("monitor")
    write_county(as_it_was(simulated, EARLIER), place / "old")
    write_county(simulated, place / "new")
    return place / "old", place / "new"


@pytest.fixture
def county(counties):
    return counties[1]


@pytest.fixture
def look(run, counties, model, tmp_path):
    def call(*words):
        given = "-m", model, "-o", tmp_path / "out"
        return run("--lang", "en", "monitor", *counties, *given, *words)

    return call


def test_a_look_writes_its_tables_and_says_that_nothing_rang(look, tmp_path):
    ended = look("--json")
    assert ended.code == 0
    assert "No alarm at this look" in ended.err
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {*(f"{name}.csv" for name in MONITORING_TABLES), "report.txt", "_SUCCESS"}
    summary = json.loads(ended.out)
    assert (summary["stop"], summary["alarms"]) == (False, [])
    report = (tmp_path / "out" / "report.txt").read_text(encoding="utf-8")
    assert "报警：无" in report
    assert "Alarms: none" in report


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_rater_who_rings_and_households_who_moved_stand_in_tables_alone(
    run, simulated, counties, model, tmp_path, words
):
    rater, panel = simulated.raters["rater_id"].iloc[0], load_scheme("tongxiang").panel_codes
    ratings = simulated.ratings.copy()
    own = (ratings["rater_id"] == rater) & (ratings["round"] == ratings["round"].max())
    ratings.loc[own, list(panel)] = 1
    write_county(replace(simulated, ratings=ratings), tmp_path / "new")
    out = tmp_path / "out"
    ended = run("monitor", counties[0], tmp_path / "new", "-m", model, "-o", out, *words)
    assert ended.code == 0
    assert "评议员评分变动" in ended.err
    drift, moved, alarms, report = (
        (out / name).read_text(encoding="utf-8-sig")
        for name in ("rating_drift.csv", "tier_changes.csv", "alarms.csv", "report.txt")
    )
    assert rater in drift
    assert "V001-0" in moved
    told = ended.out + ended.err + alarms + report
    people = [*simulated.raters["rater_id"], *simulated.households["household_id"]]
    assert [one for one in people if one in told] == []


def test_a_second_look_replaces_the_first_with_the_same_bytes(look, tmp_path):
    def content():
        return {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    look()
    first = content()
    look()
    assert content() == first


def test_the_later_folder_has_to_be_later(look):
    ended = look("--as-of", EARLIER)
    assert ended.code == 2
    assert "does not lie after" in ended.err


@pytest.fixture
def stopping(monkeypatch):
    import sanzhixin.validation.monitoring as room

    real = room.monitor

    def stop(*arguments, **options):
        return replace(real(*arguments, **options), stop=True, reasons=("defaults",))

    monkeypatch.setattr(room, "monitor", stop)


def test_a_stop_is_written_and_the_batch_obeys(look, run, county, model, stopping, tmp_path):
    ended = look()
    assert ended.code == 0
    assert "is to be stopped" in ended.err
    stop = tmp_path / "out" / "stop.json"
    assert json.loads(stop.read_bytes())["stops"][0]["reasons"] == ["defaults"]
    scored = run("--lang", "en", "score", county, "-m", model, "-o", tmp_path / "s", "--stop", stop)
    assert scored.code == 6
    assert "more defaults than were stated" in scored.err
    assert not (tmp_path / "s").exists()


def test_a_report_that_stopped_a_model_is_not_written_over(look, stopping):
    look()
    ended = look()
    assert ended.code == 7
    assert "stop.json" in ended.err


def test_a_stop_that_somebody_lifted_leaves_the_folder_free(look, stopping, tmp_path):
    look()
    (tmp_path / "out" / "stop.json").unlink()
    assert look().code == 0


def test_one_stop_file_serves_both_and_no_look_lifts_it(look, monkeypatch, tmp_path):
    stop = tmp_path / "stops" / "stop.json"
    stop.parent.mkdir()
    write_stop(stop, STOP)
    before = stop.read_bytes()
    monkeypatch.setitem(os.environ, "SANZHIXIN_STOP", str(stop))
    ended = look()
    assert "still names the model" in ended.err
    assert stop.read_bytes() == before


def test_a_damaged_stop_file_is_refused_before_anything_is_read(look, tmp_path):
    (tmp_path / "stop.json").write_text("{", encoding="utf-8")
    ended = look("--stop", tmp_path / "stop.json")
    assert ended.code == 6
    assert not (tmp_path / "out").exists()


class TestTheBatch:
    def test_a_file_that_is_not_there_stops_nothing(self, folder, model, tmp_path):
        options = RunOptions(stop=tmp_path / "none.json")
        assert (
            score_folder(folder, load_model(model), tmp_path / "o", options=options).exit_code == 0
        )

    def test_a_model_that_the_file_does_not_name_scores(self, folder, model, tmp_path):
        write_stop(tmp_path / "stop.json", replace(STOP, model_id="other/1.0.0"))
        options = RunOptions(stop=tmp_path / "stop.json")
        assert (
            score_folder(folder, load_model(model), tmp_path / "o", options=options).exit_code == 0
        )

    @pytest.mark.parametrize("content", [STOP, "[]", ""])
    def test_a_stopped_model_and_a_damaged_file_are_refused(self, folder, model, tmp_path, content):
        path = tmp_path / "stop.json"
        if content is STOP:
            write_stop(path, STOP)
        else:
            path.write_text(content, encoding="utf-8")
        code = "model_stopped" if content is STOP else "stop_damaged"
        with pytest.raises(ArtifactError) as caught:
            score_folder(folder, load_model(model), tmp_path / "o", options=RunOptions(stop=path))
        assert caught.value.code == code
        assert not (tmp_path / "o").exists()


def test_the_command_has_a_name_of_its_own():
    assert monitor_command.monitor.name == "monitor"
