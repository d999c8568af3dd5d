from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from sanzhixin.errors import ArtifactError, DomainError, OutputError
from sanzhixin.trust import (
    AuditLog,
    Secret,
    check_log,
    is_about,
    make_checkpoint,
    read_entries,
)
from sanzhixin.trust import audit_log as room
from sanzhixin.trust.audit_entry import MOST_ENTRY_BYTES, Order, make_entry, parse_entry
from sanzhixin.trust.audit_log import check_secret
from tests.unit.trust import logs
from tests.unit.trust.people import ON, ROOT, signer

AT = dt.datetime(2026, 6, 30, 8, 30, 15, 987_654, dt.UTC)


@pytest.fixture
def log(tmp_path):
    return AuditLog(tmp_path / "audit.jsonl")


def said(number, who=1, kind="proposal"):
    return (kind, {"subject": logs.subject(who), "n": number})


def bodies(log):
    return [entry.body for entry in read_entries(log.path)]


def codes(log, **how):
    return [finding.code for finding in check_log(log.path, **how).findings]


def test_entries_are_chained_as_the_second_witness_says(log):
    last = log.append([said(1), said(2, kind="appeal")], at=AT)
    assert log.append([said(3)], at=AT).seq == 4
    lines = [json.loads(line) for line in log.path.read_bytes().splitlines()]
    assert log.path.read_bytes() == logs.written(lines)
    prev = logs.FIRST
    for seq, line in enumerate(lines, start=1):
        assert (line["seq"], line["prev"]) == (seq, prev)
        assert line["at"] == "2026-06-30T08:30:15Z"
        assert re.fullmatch("[0-9a-f]{64}", line["salt"])
        assert line["commitment"] == logs.commitment(line["salt"], line["body"])
        prev = logs.hash_of(line)
        assert line["hash"] == prev
    assert [line["kind"] for line in lines] == ["open", "proposal", "appeal", "proposal"]
    assert (last.seq, last.hash) == (3, lines[2]["hash"])
    assert len({line["salt"] for line in lines}) == 4
    assert set(lines[0]["body"]) == {"format", "log"}
    assert codes(log) == []


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (dt.datetime(2026, 7, 1, 7, 0, tzinfo=dt.timezone(dt.timedelta(hours=8))), "06-30T23:00"),
        (dt.datetime(2026, 6, 30, 23, 0, tzinfo=dt.UTC), "06-30T23:00"),
    ],
)
def test_the_time_is_that_of_utc(log, at, text):
    assert log.append([said(1)], at=at).at == f"2026-{text}:00Z"


def test_without_a_time_it_is_now(log):
    before = dt.datetime.now(dt.UTC).replace(microsecond=0)
    stated = dt.datetime.fromisoformat(log.append([said(1)]).at)
    assert before <= stated <= dt.datetime.now(dt.UTC)


def test_two_logs_have_numbers_of_their_own(tmp_path):
    numbers = []
    for name in ("a", "b"):
        AuditLog(tmp_path / name).append([said(1)])
        numbers.append(check_log(tmp_path / name).log)
    assert numbers[0] != numbers[1]
    assert all(re.fullmatch("[0-9a-f]{32}", number) for number in numbers)


def test_an_empty_turn_opens_a_log_and_adds_nothing_to_one(log):
    assert log.append([]).kind == "open"
    before = log.path.read_bytes()
    assert log.append([]).kind == "open"
    assert log.path.read_bytes() == before


def test_an_empty_file_becomes_a_log(log):
    log.path.touch()
    log.append([said(1)])
    assert codes(log) == []


def test_the_log_and_its_lock_are_readable_by_their_owner_alone(log):
    before = os.umask(0)
    try:
        log.append([said(1)])
        log.erase(lambda _: True, by="B", because="asked")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in log.path.parent.iterdir()}
    assert modes == {"audit.jsonl": 0o600, "audit.jsonl.lock": 0o600}


@pytest.mark.parametrize("name", ["audit.jsonl", "audit.jsonl.lock"])
def test_a_link_is_not_written_through(log, tmp_path, name):
    target = tmp_path / "elsewhere"
    target.write_bytes(b"")
    (tmp_path / name).symlink_to(target)
    with pytest.raises(OutputError) as caught:
        log.append([said(1)])
    assert caught.value.code == "audit_not_written"
    assert target.read_bytes() == b""


def a_folder(path):
    path.mkdir()


def a_pipe(path):
    os.mkfifo(path)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("make", [a_folder, a_pipe])
def test_what_is_no_file_is_not_written(log, make):
    make(log.path)
    with pytest.raises(OutputError) as caught:
        log.append([said(1)])
    assert caught.value.code == "audit_not_written"


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(OutputError, match=r"folder of the log audit\.jsonl is not there") as caught:
        AuditLog(tmp_path / "none" / "audit.jsonl").append([said(1)])
    assert caught.value.code == "audit_no_folder"


def test_a_log_takes_pseudonyms_by_the_secret_that_it_was_begun_with(tmp_path, refused):
    place = tmp_path / "audit.jsonl"
    first, other = Secret(b"a" * 32), Secret(b"b" * 32)
    log = AuditLog(place, first)
    log.append([said(1)])
    before = place.read_bytes()
    assert refused(AuditLog(place, other).append, [said(2)]).code == "audit_secret"
    assert refused(check_secret, place, other).code == "audit_secret"
    assert place.read_bytes() == before
    assert first.key not in before
    check_secret(place, Secret(b"a" * 32))
    log.append([said(2)])
    AuditLog(place).append([said(3)])  # who writes no pseudonyms needs no secret
    opening, *_ = read_entries(place)
    assert opening.body["secret"] == first.name != other.name
    assert codes(log) == []


def test_a_log_that_names_no_secret_takes_any(log):
    log.append([said(1)])
    AuditLog(log.path, Secret(b"a" * 32)).append([said(2)])
    check_secret(log.path, Secret(b"b" * 32))
    assert codes(log) == []


def test_a_damaged_last_line_is_told_by_its_number(log, refused):
    for number in range(1, 4):
        log.append([said(number)])
    log.path.write_bytes(log.path.read_bytes() + b"{}\n")
    assert "Line 5 of the log" in refused(log.append, [said(4)]).en
    log.path.write_bytes(b"a note\n")
    assert "Line 1 of the log" in refused(log.append, [said(4)]).en


def test_without_file_locks_nothing_is_written(log, refused, monkeypatch):
    monkeypatch.setattr(room, "HAS_LOCKS", False)
    assert refused(log.append, [said(1)]).code == "audit_lock"
    assert not log.path.exists()


@pytest.mark.parametrize("what", ["damaged", "altered"])
def test_nothing_is_added_to_a_damaged_last_entry(log, refused, what):
    log.append([said(1)])
    content = log.path.read_bytes()
    log.path.write_bytes(
        content[:-2] + b"\n" if what == "damaged" else content.replace(b'"n":1', b'"n":2')
    )
    before = log.path.read_bytes()
    error = refused(log.append, [said(2)])
    assert error.code == ("audit_line" if what == "damaged" else "audit_entry_altered")
    assert log.path.read_bytes() == before


# sizes


def filled(size):
    """A body whose line has so many bytes as the second entry of a log."""
    at = "2026-06-30T08:30:15Z"
    empty = len(make_entry(2, at, "proposal", logs.FIRST, {"a": ""}).line())
    return ("proposal", {"a": "x" * (size - empty)})


def test_the_largest_entry_is_written_and_read(log):
    log.append([])
    log.append([filled(MOST_ENTRY_BYTES)], at=AT)
    assert len(log.path.read_bytes().splitlines(keepends=True)[1]) == MOST_ENTRY_BYTES
    log.append([said(1)])
    log.append([filled(MOST_ENTRY_BYTES), filled(MOST_ENTRY_BYTES)], at=AT)
    log.append([said(2)])
    assert codes(log) == []
    assert check_log(log.path).count == 6


def test_one_byte_more_is_refused_and_not_written(log, refused):
    log.append([said(1)])
    before = log.path.read_bytes()
    error = refused(log.append, [filled(MOST_ENTRY_BYTES + 1)], at=AT)
    assert error.code == "audit_entry_large"
    assert log.path.read_bytes() == before


def test_of_a_turn_with_a_large_entry_nothing_is_written(log, refused):
    log.append([said(1)])
    before = log.path.read_bytes()
    error = refused(log.append, [said(2), filled(MOST_ENTRY_BYTES + 1)], at=AT)
    assert "nothing was written" in error.en
    assert log.path.read_bytes() == before
    log.append([said(3)])
    assert codes(log) == []


class Crash(BaseException):
    pass


@pytest.mark.parametrize("error", [Crash, ValueError, KeyboardInterrupt, OSError])
@pytest.mark.parametrize("begun", [True, False])
def test_of_a_turn_that_breaks_off_nothing_is_written(log, error, begun):
    if begun:
        log.append([said(1)])
    before = log.path.read_bytes() if begun else b""

    def stream():
        for number in range(200):
            yield ("proposal", {"n": number, "filling": "x" * 20_000})  # more than one block
        raise error

    with pytest.raises(OutputError if error is OSError else error):
        log.append(stream())
    assert log.path.read_bytes() == before
    log.append([said(2)])
    assert codes(log) == []


def test_entries_are_made_one_by_one(log, monkeypatch):
    """A run of many households is never held in memory."""
    taken, seen, real = [], [], room.make_entry

    def stream():
        for number in range(3):
            taken.append(number)
            yield said(number)

    def spy(*arguments):
        seen.append(len(taken))
        return real(*arguments)

    monkeypatch.setattr(room, "make_entry", spy)
    log.append(stream())
    assert seen == [0, 1, 2, 3]


def test_a_torn_tail_is_not_lost_with_a_turn_that_breaks_off(log, refused):
    log.append([said(1)])
    with log.path.open("ab") as stream:
        stream.write(b'{"at":"20')
    refused(log.append, [filled(MOST_ENTRY_BYTES + 1)], at=AT)
    log.append([said(2)])
    kinds = [entry.kind for entry in read_entries(log.path)]
    assert kinds == ["open", "proposal", "torn", "proposal"]


# many writers

WRITER = """
import sys
from pathlib import Path
from sanzhixin.trust import AuditLog

path, who, count, batch = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
log = AuditLog(path)
for number in range(0, count, batch):
    log.append([
        ("proposal", {"subject": str(who), "n": n, "filling": "x" * (37 * who + n)})
        for n in range(number, number + batch)
    ])
"""


def writer(path, who, count, batch=1, **options):
    words = [sys.executable, "-c", WRITER, str(path), str(who), str(count), str(batch)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, **options)


def test_eight_processes_and_four_threads_write_at_once(swift):
    log = AuditLog(swift / "audit.jsonl")
    running = [writer(log.path, who, 100, batch=1 + who % 2 * 4) for who in range(8)]

    def threaded(who):
        for number in range(50):
            log.append([("proposal", {"subject": str(who), "n": number})])

    threads = [threading.Thread(target=threaded, args=(who,)) for who in range(8, 12)]
    for thread in threads:
        thread.start()
    reads = 0
    while any(process.poll() is None for process in running):
        if log.path.is_file():
            assert codes(log) == []  # a reader never sees half of an entry
            reads += 1
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    assert [process.communicate()[1] for process in running] == [b""] * 8
    found = check_log(log.path)
    assert found.findings == ()
    assert found.count == 1 + 8 * 100 + 4 * 50
    assert reads > 0
    by_who = {}
    for body in bodies(log)[1:]:
        by_who.setdefault(int(body["subject"]), []).append(body["n"])
    expected = {who: list(range(100 if who < 8 else 50)) for who in range(12)}
    assert by_who == expected  # all there, once, and of each writer in its order


def test_a_reader_waits_until_the_turn_of_a_writer_is_over(log):
    log.append([said(0)])
    half, go_on, seen = threading.Event(), threading.Event(), []

    def stream():
        for number in range(200):
            yield ("proposal", {"n": number, "filling": "x" * 20_000})
        half.set()
        go_on.wait(30)
        yield said(200)

    writing = threading.Thread(target=log.append, args=(stream(),))
    reading = threading.Thread(target=lambda: seen.append(check_log(log.path)))
    writing.start()
    assert half.wait(30)
    assert log.path.stat().st_size > 1_000_000  # much of the turn is in the file already
    reading.start()
    reading.join(0.5)
    assert seen == []
    go_on.set()
    writing.join()
    reading.join()
    assert [(found.count, found.findings) for found in seen] == [(203, ())]


def test_a_batch_of_a_writer_stays_together(swift):
    log = AuditLog(swift / "audit.jsonl")
    running = [writer(log.path, who, 60, batch=10) for who in range(3)]
    assert [process.communicate()[1] for process in running] == [b""] * 3
    told = [(body["subject"], body["n"]) for body in bodies(log)[1:]]
    batches = [told[begin : begin + 10] for begin in range(0, 180, 10)]
    for batch in batches:
        who, first = batch[0]
        assert batch == [(who, number) for number in range(first, first + 10)]


def test_writers_and_erasers_at_once_lose_nothing(swift):
    log = AuditLog(swift / "audit.jsonl")
    log.append([said(number, who=number % 2) for number in range(40)])
    running = [writer(log.path, who, 40) for who in range(2)]
    erased = 0
    while any(process.poll() is None for process in running):
        entries = [entry for entry in read_entries(log.path) if is_about(entry, logs.subject(1))]
        if entries:
            first = entries[0].seq
            erased += log.erase(lambda e, n=first: e.seq == n, by="B", because="asked")
    assert [process.communicate()[1] for process in running] == [b""] * 2
    found = check_log(log.path)
    assert found.findings == ()
    assert found.erased == erased > 0
    assert found.kinds["proposal"] == 40 + 80


# interruptions


@pytest.mark.parametrize("left", [1, 2, 30, 100])
def test_a_torn_tail_is_told_and_the_next_entry_takes_it_away(log, left):
    log.append([said(1), said(2)])
    content = log.path.read_bytes()
    last = content.splitlines(keepends=True)[-1]
    log.path.write_bytes(content[: len(content) - len(last) + left])
    assert codes(log) == ["audit_torn"]
    with pytest.raises(ArtifactError) as caught:
        list(read_entries(log.path))
    assert caught.value.code == "audit_torn"
    assert "Line 3" in caught.value.en
    log.append([said(3)])
    assert codes(log) == []
    kinds = [entry.kind for entry in read_entries(log.path)]
    assert kinds == ["open", "proposal", "torn", "proposal"]
    assert bodies(log)[2] == {"bytes": left}  # not even a digest of what it said


def test_an_entry_without_its_line_end_was_never_confirmed(log):
    log.append([said(1)])
    log.path.write_bytes(log.path.read_bytes()[:-1])
    assert codes(log) == ["audit_torn"]
    log.append([said(2)])
    assert [entry.kind for entry in read_entries(log.path)] == ["open", "torn", "proposal"]


def test_a_first_line_that_is_torn_is_told_after_the_opening(log):
    log.path.write_bytes(b'{"at":"20')
    log.append([said(1)])
    assert [entry.kind for entry in read_entries(log.path)] == ["open", "torn", "proposal"]
    assert codes(log) == []


@pytest.mark.parametrize("content", [b"a note of somebody", b"PK\x03\x04", b"seq,at\n1,2"])
def test_a_file_that_is_no_log_is_left_as_it_is(log, refused, content):
    log.path.write_bytes(content)
    assert refused(log.append, [said(1)]).code == "audit_line"
    assert log.path.read_bytes() == content


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (("open", {}), "audit_kind"),
        (("torn", {}), "audit_kind"),
        (("proposals", {}), "audit_kind"),
        (("proposal", None), "audit_kind"),
        (("proposal", Order(erased=(), by="B", because="b")), "audit_kind"),
        (("forget", {"by": "B"}), "audit_kind"),
        (("forget", {"erased": [], "by": "B", "because": "b"}), "audit_kind"),
        (("checkpoint", {}), "audit_kind"),
        (("proposal", {"n": 1e17}), "json_integer_large"),
    ],
)
def test_what_no_reader_takes_is_not_written(log, refused, wrong, code):
    log.append([said(1)])
    before = log.path.read_bytes()
    error = refused(log.append, [said(2), wrong])
    assert error.code in (code, "audit_line")
    assert log.path.read_bytes() == before
    log.append([said(3)])
    assert codes(log) == []


def test_forgetting_carries_out_what_an_earlier_order_left(log):
    three_households(log)
    (first,) = [e.seq for e in read_entries(log.path) if is_about(e, logs.subject(1))][:1]
    log.append([("forget", Order(erased=((first, first),), by="B", because="asked"))])
    assert codes(log) == ["audit_not_erased"]
    assert log.erase(lambda _: False, by="B", because="to finish") == 1
    assert codes(log) == []


def test_forgetting_removes_what_a_killed_writer_left(log):
    three_households(log)
    left = log.path.with_name(f"{log.path.name}.rewriting")
    left.write_bytes(log.path.read_bytes())
    log.append([said(1)])
    assert not left.exists()


def test_forgetting_keeps_who_may_read_the_log(log):
    three_households(log)
    log.path.chmod(0o640)
    log.erase(lambda entry: is_about(entry, logs.subject(1)), by="B", because="asked")
    assert log.path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(("by", "because"), [("", "asked"), ("B", " ")])
def test_forgetting_needs_a_person_and_a_ground(log, refused, by, because):
    three_households(log)
    given = {"by": by, "because": because}
    with pytest.raises(DomainError) as caught:
        log.erase(lambda _: True, **given)
    assert caught.value.code == "override_words"


@pytest.mark.parametrize("size", [70_000, 1_000_000, 3_000_000])
def test_a_long_torn_tail_is_taken_away_whole(log, size):
    log.append([said(1)])
    with log.path.open("ab") as stream:
        stream.write(b"\0" * size)  # as some file systems leave a file after a power cut
    log.append([said(2)])
    assert codes(log) == []
    assert bodies(log)[2]["bytes"] == size


def test_a_torn_tail_of_five_megabytes_is_taken_away_or_refused(log):
    log.append([said(1)])
    before = log.path.read_bytes()
    with log.path.open("ab") as stream:
        stream.write(b"\0" * 5_000_000)
    try:
        log.append([said(2)])
    except ArtifactError:
        assert log.path.read_bytes()[: len(before)] == before
        assert b'"open"' not in log.path.read_bytes()[len(before) :]
    else:
        assert codes(log) == []


def test_a_full_disk_leaves_the_log_as_it_was_and_the_next_entry_is_written(log, monkeypatch):
    log.append([said(1)])
    before = log.path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(room.os, "fsync", full)
        with pytest.raises(OutputError, match="No space left") as caught:
            log.append([said(2)])
    assert (caught.value.code, caught.value.exit_code) == ("audit_not_written", 7)
    assert log.path.read_bytes() == before
    log.append([said(3)])
    assert codes(log) == []
    assert [body.get("n") for body in bodies(log)] == [None, 1, 3]


LIMITED = """
import resource, signal, sys
from pathlib import Path
from sanzhixin.errors import OutputError
from sanzhixin.trust import AuditLog

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
log = AuditLog(path)
log.append([("proposal", {"n": 0})])
size = path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    log.append([("proposal", {"n": 1, "filling": "x" * 400})])
except OutputError as error:
    print(error.code, path.stat().st_size - size)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of file sizes are those of Linux")
@pytest.mark.parametrize("room_left", [0, 1, 200, 500])
def test_a_disk_that_fills_up_within_an_entry_leaves_the_log_as_it_was(log, room_left):
    words = [sys.executable, "-c", LIMITED, str(log.path), str(room_left)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["audit_not_written", "0"]
    assert codes(log) == []
    log.append([said(2)])
    assert codes(log) == []
    assert [entry.kind for entry in read_entries(log.path)] == ["open", "proposal", "proposal"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_log_agrees_after_writers_were_killed(tmp_path):
    log = AuditLog(tmp_path / "audit.jsonl")
    for trial in range(4):
        running = [writer(log.path, who, 100_000, batch=50) for who in range(2)]
        begun = time.monotonic()
        before = check_log(log.path).count if log.path.exists() else 0
        while time.monotonic() - begun < 30 and size_of(log.path) < 1_000 * (before + 40):
            time.sleep(0.002)
        time.sleep(0.01 * trial)
        for process in running:
            process.kill()
            process.communicate()
        assert set(codes(log)) <= {"audit_torn"}
        log.append([said(trial)])
        assert codes(log) == []
        assert bodies(log)[-1]["n"] == trial


def size_of(path):
    return path.stat().st_size if path.exists() else 0


# forgetting


def three_households(log):
    kinds = ("proposal", "appeal", "override")
    log.append([said(n, who=n % 3, kind=kinds[n % 2 + n % 5 // 4]) for n in range(30)], at=AT)
    make_checkpoint(log, signer("carl"), ON)
    log.append([said(n, who=n % 3) for n in range(30, 36)], at=AT)


def test_forgetting_takes_away_what_was_said_of_one_household_and_the_chain_holds(log):
    three_households(log)
    hashes = [entry.hash for entry in read_entries(log.path)]
    others = [entry for entry in read_entries(log.path) if not is_about(entry, logs.subject(1))]
    count = log.erase(
        lambda entry: is_about(entry, logs.subject(1)), by="保护专员", because="本人申请", at=AT
    )
    assert count == 12
    content = log.path.read_bytes()
    assert logs.subject(1).encode() not in content
    assert content.count(logs.subject(0).encode()) == content.count(logs.subject(2).encode()) == 12
    entries = list(read_entries(log.path))
    assert [entry.hash for entry in entries[:-1]] == hashes
    kept = [entry for entry in entries[:-1] if not entry.is_erased]
    assert kept == others
    gone = [entry for entry in entries if entry.is_erased]
    assert len(gone) == 12
    assert all(entry.salt is None and entry.kind in ("proposal", "appeal", "override")
               for entry in gone)  # fmt: skip
    order = entries[-1]
    assert order.kind == "forget"
    assert (order.body["by"], order.body["because"]) == ("保护专员", "本人申请")
    told = [n for first, last in order.body["erased"] for n in range(first, last + 1)]
    assert told == [entry.seq for entry in gone]
    found = check_log(log.path)
    assert (found.findings, found.erased) == ((), 12)


def test_forgetting_twice_finds_nothing_and_says_nothing(log):
    three_households(log)

    def concerns(entry):
        return is_about(entry, logs.subject(1))

    assert log.erase(concerns, by="B", because="asked") == 12
    before = log.path.read_bytes()
    assert log.erase(concerns, by="B", because="asked") == 0
    assert log.path.read_bytes() == before


def test_entries_of_no_household_are_never_asked_for(log):
    three_households(log)
    asked = []
    log.erase(lambda entry: bool(asked.append(entry.kind)), by="B", because="asked")
    assert set(asked) == {"proposal", "appeal", "override"}
    assert log.erase(lambda _: True, by="B", because="end of retention") == 36
    assert [entry.kind for entry in read_entries(log.path) if not entry.is_erased] == [
        "open", "checkpoint", "forget"
    ]  # fmt: skip
    assert codes(log) == []


def test_what_is_said_after_an_order_stays(log):
    log.append([said(1)])
    log.erase(lambda _: True, by="B", because="asked")
    log.append([said(2)])
    assert codes(log) == []
    assert [body["n"] for body in bodies(log) if body and "n" in body] == [2]


def test_a_crash_between_order_and_erasure_is_found_and_finished_by_forgetting_again(
    log, monkeypatch
):
    three_households(log)

    def concerns(entry):
        return is_about(entry, logs.subject(1))

    def crash(*_):
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(AuditLog, "_rewrite", crash)
        with pytest.raises(Crash):
            log.erase(concerns, by="B", because="asked")
    (finding,) = check_log(log.path).findings
    assert finding.code == "audit_not_erased"
    assert "12 entries" in finding.en
    assert log.erase(concerns, by="B", because="again") == 12
    assert codes(log) == []
    assert logs.subject(1).encode() not in log.path.read_bytes()


def test_a_crash_while_the_log_is_written_anew_leaves_the_former(log, monkeypatch):
    three_households(log)
    real, seen = room.parse_entry, []

    def crash(line, place):
        seen.append(place)
        if len(seen) > 60:
            raise Crash
        return real(line, place)

    with monkeypatch.context() as patch:
        patch.setattr(room, "parse_entry", crash)
        with pytest.raises(Crash):
            log.erase(lambda entry: is_about(entry, logs.subject(1)), by="B", because="asked")
    assert codes(log) == ["audit_not_erased"]
    assert sorted(path.name for path in log.path.parent.iterdir()) == [
        "audit.jsonl", "audit.jsonl.lock"
    ]  # fmt: skip
    assert log.erase(lambda entry: is_about(entry, logs.subject(1)), by="B", because="b") == 12
    assert codes(log) == []


def test_a_log_with_a_damaged_entry_is_not_erased_in(log, refused):
    three_households(log)
    before = log.path.read_bytes().replace(b'"n":7', b'"n":8', 1)
    log.path.write_bytes(before)
    error = refused(log.erase, lambda _: True, by="B", because="asked")
    assert error.code == "audit_entry_altered"
    assert log.path.read_bytes() == before


def test_a_log_that_is_not_there_has_nothing_to_forget(log, refused):
    assert refused(log.erase, lambda _: True, by="B", because="asked").code == "file_not_found"
    assert not log.path.exists()


def test_a_reader_goes_on_with_the_log_as_it_stood(log):
    three_households(log)
    reading = read_entries(log.path)
    first = next(reading)
    log.erase(lambda _: True, by="B", because="asked")
    log.append([said(99)])
    rest = list(reading)
    assert first.kind == "open"
    assert len(rest) == 37
    assert not any(entry.is_erased for entry in rest)


def test_a_copy_without_its_lock_is_read_as_it_is(log, tmp_path):
    three_households(log)
    copy = tmp_path / "copies" / "audit.jsonl"
    copy.parent.mkdir()
    copy.write_bytes(log.path.read_bytes())
    assert check_log(copy) == check_log(log.path)
    assert [path.name for path in copy.parent.iterdir()] == ["audit.jsonl"]


def test_a_line_is_read_as_it_is_written(log):
    three_households(log)
    for line in log.path.read_bytes().splitlines(keepends=True):
        assert parse_entry(line, 1).line() == line
