"""The stop file: what it holds, what it keeps, and when it cannot be read."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys

import pytest

from sanzhixin.batch.stop import StopOrder, check_not_stopped, read_stops, write_stop
from sanzhixin.errors import ArtifactError
from sanzhixin.errors.words import ALARM_WORDS
from sanzhixin.validation.monitoring import ALARM_KINDS

ORDER = StopOrder("a/1.0.0", dt.date(2026, 6, 30), ("points", "defaults"))
OTHER = StopOrder("b/1.0.0", dt.date(2026, 5, 31), ("drift_county",))
ENTRY = {"model_id": "a/1.0.0", "as_of": "2026-06-30", "reasons": ["points"]}


def content(*entries, **changes):
    whole = {"kind": "sanzhixin.stop", "protocol": 1, "stops": list(entries), **changes}
    return json.dumps(whole)


def test_what_is_written_is_read_again_and_others_stay(tmp_path):
    path = tmp_path / "stop.json"
    for order in (OTHER, ORDER):
        write_stop(path, order)
    assert read_stops(path) == (ORDER, OTHER)


def test_a_later_order_takes_the_place_of_an_earlier_one(tmp_path):
    path = tmp_path / "stop.json"
    write_stop(path, ORDER)
    write_stop(path, StopOrder("a/1.0.0", dt.date(2026, 7, 31), ("defaults",)))
    assert [order.as_of.month for order in read_stops(path)] == [7]


def test_the_bytes_are_canonical(tmp_path):
    write_stop(tmp_path / "stop.json", OTHER)
    assert (tmp_path / "stop.json").read_text(encoding="utf-8") == (
        '{"kind":"sanzhixin.stop","protocol":1,"stops":[{"as_of":"2026-05-31",'
        '"model_id":"b/1.0.0","reasons":["drift_county"]}]}\n'
    )


def test_a_stop_says_why_in_both_languages(tmp_path):
    write_stop(tmp_path / "stop.json", ORDER)
    with pytest.raises(ArtifactError, match="more defaults than were stated") as caught:
        check_not_stopped("a/1.0.0", tmp_path / "stop.json")
    assert "违约高于违约概率" in caught.value.zh
    check_not_stopped("c/1.0.0", tmp_path / "stop.json")


def test_every_kind_of_alarm_has_words():
    assert tuple(ALARM_WORDS) == ALARM_KINDS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "{}",
        content(kind="other"),
        content(stops={}),
        content(protocol=2),
        content(protocol=True),
        content(protocol=1.0),
        content(more=1),
        content("a/1.0.0"),
        content({**ENTRY, "as_of": "yesterday"}),
        content({**ENTRY, "as_of": 20260630}),
        content({**ENTRY, "reasons": "points"}),
        content({**ENTRY, "reasons": [1]}),
        content({**ENTRY, "model_id": ""}),
        content({"model_id": "a/1.0.0", "as_of": "2026-06-30"}),
        content({**ENTRY, "by": "somebody"}),
    ],
)
def test_a_damaged_file_is_refused_and_left_alone(tmp_path, text):
    path = tmp_path / "stop.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError, match="nothing is scored"):
        check_not_stopped("z/1.0.0", path)
    with pytest.raises(ArtifactError, match="cannot be read"):
        write_stop(path, ORDER)
    assert path.read_text(encoding="utf-8") == text


WRITER = """
import datetime as dt, sys
from sanzhixin.batch.stop import StopOrder, write_stop
path, name = sys.argv[1:]
print("ready", flush=True)
sys.stdin.read()
for number in range(100):
    order = StopOrder(f"{name}{number:03}/1.0.0", dt.date(2026, 6, 30), ("points",))
    write_stop(path, order)
"""


def test_processes_that_write_at_once_lose_no_order_and_a_reader_never_sees_a_part(tmp_path):
    path = tmp_path / "stop.json"
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for name in ("a", "b")
    ]
    assert [writer.stdout.readline() for writer in writers] == [b"ready\n"] * 2
    for writer in writers:
        writer.stdin.close()
    counts = [0]
    while any(writer.poll() is None for writer in writers):
        counts.append(len(read_stops(path)))
    for writer in writers:
        writer.stdout.close()
        assert writer.returncode == 0
    assert counts == sorted(counts)
    assert [order.model_id for order in read_stops(path)] == [
        f"{name}{number:03}/1.0.0" for name in ("a", "b") for number in range(100)
    ]


def test_a_folder_in_its_place_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match="cannot be opened"):
        check_not_stopped("a/1.0.0", tmp_path)
