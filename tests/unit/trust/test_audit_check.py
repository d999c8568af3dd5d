from __future__ import annotations

import datetime as dt
import json
import resource
import time
from threading import Thread

import pytest

from sanzhixin.errors import ArtifactError, SanzhixinError
from sanzhixin.trust import AuditLog, Signer, check_log, make_checkpoint, read_checkpoint
from sanzhixin.trust.audit_entry import Order
from tests.unit.trust import logs
from tests.unit.trust.people import ON, UNTIL, signer, trust, trusted_key

CARL = trust(trusted_key("carl", may=("checkpoint",)))


@pytest.fixture
def place(tmp_path):
    return tmp_path / "audit.jsonl"


def codes(place, lines, **how):
    place.write_bytes(logs.written(lines))
    return [finding.code for finding in check_log(place, **how).findings]


def opened(*said):
    """A log by hand: its opening, and what was said."""
    lines = [logs.made(1, "open", logs.FIRST, {"format": 1, "log": logs.NUMBER})]
    for kind, body in said:
        lines.append(logs.made(len(lines) + 1, kind, lines[-1]["hash"], body))
    return lines


A = ("proposal", {"subject": "a"})


def ordered(*runs, **changes):
    return ("forget", {"erased": [list(run) for run in runs], "by": "B", "because": "b"} | changes)


ORDERS = [
    # runs, with an opening and two proposals before
    ([(4, 4)], "audit_order"),  # itself
    ([(5, 5)], "audit_order"),  # later
    ([(2, 4)], "audit_order"),
    ([(0, 2)], "audit_order"),
    ([(-1, 2)], "audit_order"),
    ([(-5, -1)], "audit_order"),
    ([(3, 2)], "audit_order"),
    ([(2, 10**15)], "audit_order"),
    ([(1, 9_007_199_254_740_991)], "audit_order"),
    ([(2, 3)], "audit_not_erased"),
    ([(1, 1)], "audit_not_erased"),  # an opening is never erased
    ([(2, 2), (3, 3)], "audit_not_erased"),
]


@pytest.mark.parametrize(("runs", "code"), ORDERS)
def test_an_order_can_name_earlier_entries_alone(place, runs, code):
    assert codes(place, opened(A, A, ordered(*runs))) == [code]


STRANGE_ORDERS = [
    {"erased": [[2]]},
    {"erased": [[2, 3, 3]]},
    {"erased": [["2", "3"]]},
    {"erased": [[2.5, 3]]},
    {"erased": [[True, 3]]},
    {"erased": None},
    {"erased": {"2": 3}},
    {"by": None},
    {"because": 1},
    {"note": "more"},
]


@pytest.mark.parametrize("changes", STRANGE_ORDERS)
def test_an_order_of_another_form_is_none(place, changes):
    assert codes(place, opened(A, A, ordered((2, 2), **changes))) == ["audit_order"]


def test_an_order_of_nothing_is_allowed(place):
    assert codes(place, opened(A, ordered())) == []


def test_a_huge_range_takes_neither_memory_nor_time(place):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.monotonic()
    assert codes(place, opened(A, ordered((1, 2**53)))) == ["audit_order"]
    assert codes(place, opened(A, ordered(*[(1, 2**53)] * 10_000))) == ["audit_order"]
    assert time.monotonic() - begun < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


def test_a_body_that_is_gone_without_an_order_is_told(place):
    lines = opened(A, A, ("appeal", {"subject": "b"}))
    gone = [lines[0], logs.erased(lines[1]), lines[2], logs.erased(lines[3])]
    place.write_bytes(logs.written(gone))
    (finding,) = check_log(place).findings
    assert finding.code == "audit_erased"
    assert "2 entries" in finding.en
    assert "line 2" in finding.en


def test_an_order_covers_what_it_names_and_no_more(place):
    lines = opened(A, A, A, ordered((2, 3)))
    erased = [lines[0], *map(logs.erased, lines[1:3]), *lines[3:]]
    assert codes(place, erased) == []
    assert codes(place, lines) == ["audit_not_erased"]
    assert codes(place, [*lines[:1], *map(logs.erased, lines[1:4]), lines[4]]) == ["audit_erased"]
    both = [lines[0], lines[1], logs.erased(lines[2]), logs.erased(lines[3]), lines[4]]
    assert codes(place, both) == ["audit_erased", "audit_not_erased"]


@pytest.mark.parametrize("kind", ["open", "checkpoint", "forget", "torn"])
def test_entries_of_no_household_cannot_lose_what_they_said(place, kind):
    lines = opened((kind, {"a": 1}))
    assert codes(place, [lines[0], logs.erased(lines[1])]) == ["audit_line"]


OPENINGS = [
    ([A], "audit_opening"),
    ([("torn", {"bytes": 1, "digest": ""})], "audit_opening"),
    ([("open", {"format": 2, "log": logs.NUMBER})], "audit_opening"),
    ([("open", {"format": 1})], "audit_opening"),
    ([("open", {"format": 1, "log": logs.NUMBER, "secret": ""})], "audit_opening"),
    ([("open", {"format": 1, "log": logs.NUMBER, "secret": None})], "audit_opening"),
    ([("open", {"format": 1, "log": logs.NUMBER, "note": ""})], "audit_opening"),
    ([("open", {"format": 1, "log": logs.NUMBER}), ("open", {"format": 1, "log": logs.NUMBER})],
     "audit_opening"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "code"), OPENINGS)
def test_a_log_begins_with_its_opening_and_has_one(place, said, code):
    lines = []
    for kind, body in said:
        prev = lines[-1]["hash"] if lines else logs.FIRST
        lines.append(logs.made(len(lines) + 1, kind, prev, body))
    assert codes(place, lines) == [code]


@pytest.mark.parametrize("number", [7, None, "", "x", "g" * 32, ["a"], {"a": 1}])
def test_the_number_of_a_log_has_32_digits(place, number):
    lines = [logs.made(1, "open", logs.FIRST, {"format": 1, "log": number})]
    assert codes(place, lines) == ["audit_opening"]


def test_a_log_with_a_strange_number_is_not_signed(place):
    lines = [logs.made(1, "open", logs.FIRST, {"format": 1, "log": "x"})]
    place.write_bytes(logs.written(lines))
    with pytest.raises(SanzhixinError):
        make_checkpoint(AuditLog(place), signer("carl"), ON)


STRANGE_LINES = {
    "no JSON": b"x\n",
    "blank": b"\n",
    "a list": b"[]\n",
    "a number": b"1\n",
    "nothing": b"null\n",
    "a key more": lambda line: {**line, "note": 1},
    "a key less": lambda line: {key: value for key, value in line.items() if key != "at"},
    "a number as text": lambda line: {**line, "seq": "2"},
    "a number as truth": lambda line: {**line, "seq": True},
    "a fraction": lambda line: {**line, "seq": 2.5},
    "a kind that is not known": lambda line: {**line, "kind": "note"},
    "a kind that is none": lambda line: {**line, "kind": None},
    "a kind that is a list": lambda line: {**line, "kind": ["proposal"]},
    "a time that is a number": lambda line: {**line, "at": 1},
    "a body that is a list": lambda line: {**line, "body": []},
    "a body without salt": lambda line: {**line, "salt": None},
    "salt without a body": lambda line: {**line, "body": None},
    "salt that is a number": lambda line: {**line, "salt": 1},
    "a hash that is none": lambda line: {**line, "hash": None},
    "a number beyond 2**53": lambda line: {**line, "seq": 2**60},
}


@pytest.mark.parametrize("change", STRANGE_LINES.values(), ids=STRANGE_LINES)
def test_a_line_that_is_no_entry_is_told_with_its_number(place, change):
    lines = opened(A, A)
    line = change if isinstance(change, bytes) else logs.spelt(change(lines[1])) + b"\n"
    place.write_bytes(logs.written(lines[:1]) + line + logs.written(lines[2:]))
    (finding,) = check_log(place).findings
    assert finding.code == "audit_line"
    assert "Line 2" in finding.en


@pytest.mark.parametrize("kind", [["proposal"], {"a": 1}, []])
def test_an_erased_line_of_a_strange_kind_is_told(place, kind):
    lines = opened(A)
    strange = {**logs.erased(lines[1]), "kind": kind}
    place.write_bytes(logs.written(lines[:1]) + logs.spelt(strange) + b"\n")
    (finding,) = check_log(place).findings
    assert finding.code == "audit_line"


@pytest.mark.parametrize("depth", [90, 200, 5_000])
def test_a_deep_body_is_refused_with_our_error(place, depth):
    body = b'{"a":' * depth + b"1" + b"}" * depth
    line = b'{"at":"","body":' + body + b',"commitment":"","hash":"","kind":"proposal","prev":"",'
    line += b'"salt":"","seq":2}\n'
    place.write_bytes(logs.written(opened()) + line)
    (finding,) = check_log(place).findings
    assert finding.code in ("audit_line", "audit_entry_altered")


def test_a_log_that_is_not_there_or_a_folder_is_told(tmp_path, refused):
    assert refused(check_log, tmp_path / "none").code == "file_not_found"
    assert refused(check_log, tmp_path).code == "file_not_found"


def test_what_was_found_before_the_damage_is_told(place):
    lines = opened(A, A, A)
    place.write_bytes(logs.written(lines[:3]) + b"damage\n")
    found = check_log(place)
    assert (found.count, found.head, found.log) == (3, lines[2]["hash"], logs.NUMBER)
    assert found.kinds == {"open": 1, "proposal": 2}


# checkpoints


@pytest.fixture
def log(place):
    log = AuditLog(place)
    log.append([A, A])
    return log


def kept(made, folder, name="checkpoint.json"):
    file = folder / name
    file.write_bytes(logs.spelt(made.model_dump(mode="json")))
    return file


def test_a_checkpoint_signs_the_log_with_the_entry_that_notes_it(log, tmp_path):
    made = make_checkpoint(log, signer("carl"), ON)
    found = check_log(log.path, trust=CARL, checkpoints=[made])
    assert (made.count, made.head, made.log) == (4, found.head, found.log)
    assert (found.findings, found.checkpoints) == ((), 2)
    lines = [json.loads(line) for line in log.path.read_bytes().splitlines()]
    assert lines[3]["body"] == logs.signed(3, lines[2]["hash"], log=found.log)
    assert made.model_dump(mode="json") == logs.signed(4, lines[3]["hash"], log=found.log)
    assert read_checkpoint(kept(made, tmp_path)) == made
    log.append([A])
    later = check_log(log.path, trust=CARL, checkpoints=[made])
    assert (later.findings, later.count) == ((), 5)


KEYS = [
    (trust(trusted_key("carl", may=("checkpoint",))), True),
    (trust(trusted_key("carl", may=("approved",))), False),
    (trust(trusted_key("bert", may=("checkpoint",))), False),
    (trust(), False),
    (trust(trusted_key("carl", may=("checkpoint",), revoked_on=UNTIL)), False),
    (trust(trusted_key("carl", may=("checkpoint",), valid_until=ON)), True),
    (trust(trusted_key("carl", may=("checkpoint",), valid_until=ON - dt.timedelta(1))), False),
    (trust(trusted_key("carl", may=("checkpoint",), valid_from=ON + dt.timedelta(1))), False),
]


@pytest.mark.parametrize(("known", "counts"), KEYS)
def test_a_checkpoint_counts_by_its_key_its_duty_and_its_day(log, known, counts):
    made = make_checkpoint(log, signer("carl"), ON)
    found = check_log(log.path, trust=known, checkpoints=[made])
    expected = [] if counts else ["checkpoint_untrusted"]  # the noted one spoils nothing
    assert [finding.code for finding in found.findings] == expected
    assert found.checkpoints == (2 if counts else 0)


def test_every_byte_of_a_kept_checkpoint_matters(log, tmp_path):
    file = kept(make_checkpoint(log, signer("carl"), ON), tmp_path)
    content = file.read_bytes()
    end = content.index(b'"==') if b'"==' in content else content.index(b'=="') - 1
    accepted = []
    for place in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            file.write_bytes(changed)
            try:
                read_checkpoint(file)
            except ArtifactError as error:
                if error.code != "checkpoint_invalid":
                    accepted.append((place, bit, error.code))
                continue
            if place != end:  # the last letter of base64 has bits that nobody looks at
                accepted.append((place, bit))
    assert accepted == []


NO_CHECKPOINTS = [b"", b"{}", b"[]", b"null", b"{", b"\xff", b"[" * 5000, b" " * 20_000]


@pytest.mark.parametrize("content", NO_CHECKPOINTS)
def test_what_is_no_checkpoint_is_refused(tmp_path, refused, content):
    file = tmp_path / "checkpoint.json"
    file.write_bytes(content)
    assert refused(read_checkpoint, file).code == "checkpoint_invalid"
    assert refused(read_checkpoint, tmp_path).code == "file_not_found"
    assert refused(read_checkpoint, tmp_path / "none").code == "file_not_found"


CHANGES = [{"count": 3}, {"on": "2026-06-29"}, {"log": "f" * 32}, {"head": logs.FIRST},
           {"format": 2}, {"note": 1}, {"count": 0}, {"count": True}, {"on": 1}]  # fmt: skip


@pytest.mark.parametrize("changes", CHANGES)
def test_what_a_checkpoint_states_cannot_be_changed(log, tmp_path, refused, changes):
    made = make_checkpoint(log, signer("carl"), ON)
    file = tmp_path / "checkpoint.json"
    file.write_bytes(logs.spelt({**made.model_dump(mode="json"), **changes}))
    assert refused(read_checkpoint, file).code == "checkpoint_invalid"


def test_a_checkpoint_of_another_log_is_told(log, tmp_path):
    other = AuditLog(tmp_path / "other.jsonl")
    other.append([A, A, A])
    short, long = log, other
    made = make_checkpoint(long, signer("carl"), ON)
    make_checkpoint(short, signer("carl"), ON)
    for _ in range(2):  # whether it is shorter or longer
        found = check_log(short.path, trust=CARL, checkpoints=[made])
        assert [finding.code for finding in found.findings] == ["checkpoint_of_other"]
        short.append([A, A])


def test_after_a_break_nobody_is_told_that_the_end_is_missing(log):
    log.append([A, A, A])
    made = make_checkpoint(log, signer("carl"), ON)
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join([*lines[:2], lines[2].replace(b"2026", b"2025", 1), *lines[3:]]))
    found = check_log(log.path, checkpoints=[made])
    assert [finding.code for finding in found.findings] == ["audit_entry_altered"]
    assert (found.count, found.checkpoints) == (2, 0)


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_a_log_that_is_cut_is_told_by_a_checkpoint_from_elsewhere(log, keep):
    made = make_checkpoint(log, signer("carl"), ON)
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join(lines[:keep]))
    assert check_log(log.path).findings == ()
    (finding,) = check_log(log.path, checkpoints=[made]).findings
    assert finding.code == "audit_cut"
    assert f"has {keep} entries" in finding.en
    assert "signed 4" in finding.en


def test_several_checkpoints_are_all_judged(log):
    first = make_checkpoint(log, signer("carl"), ON)
    log.append([A])
    second = make_checkpoint(log, signer("dora"), ON)
    found = check_log(log.path, checkpoints=[second, first, first])
    assert (found.findings, found.checkpoints) == ((), 5)
    judged = check_log(log.path, trust=CARL, checkpoints=[second, first])
    assert [finding.code for finding in judged.findings] == ["checkpoint_untrusted"]


def test_an_emptied_log_does_not_agree(log):
    made = make_checkpoint(log, signer("carl"), ON)
    log.path.write_bytes(b"")
    assert [f.code for f in check_log(log.path).findings] == ["audit_opening"]
    found = check_log(log.path, checkpoints=[made])
    assert [f.code for f in found.findings] == ["audit_opening", "audit_cut"]


def test_orders_after_the_last_checkpoint_are_counted(log):
    first = log.append([("proposal", {"subject": "x"})])
    log.append([("forget", Order(erased=(), by="a", because="b"))])
    made = make_checkpoint(log, signer("carl"), ON)
    assert check_log(log.path, checkpoints=[made]).orders_since == 0
    log.erase(lambda entry: entry.seq == first.seq, by="boss", because="asked")
    assert check_log(log.path, checkpoints=[made]).orders_since == 1
    assert check_log(log.path, trust=trust(), checkpoints=[made]).orders_since == 2


def test_what_is_erased_cannot_be_ordered_once_more(log):
    log.append([("forget", Order(erased=((2, 2),), by="a", because="b"))] * 2)
    assert "audit_order" in [f.code for f in check_log(log.path).findings]


def test_an_unfinished_line_is_taken_away_before_a_log_is_signed(log):
    with log.path.open("ab") as stream:
        stream.write(log.path.read_bytes().splitlines()[-1][:-9])
    made = make_checkpoint(log, signer("carl"), ON)
    found = check_log(log.path, checkpoints=[made])
    assert (found.findings, found.kinds["torn"]) == ((), 1)


@pytest.mark.parametrize("answer", [b"x" * 64, b"x" * 63, b""])
def test_a_checkpoint_by_a_module_that_errs_is_not_noted(log, refused, answer):
    before = log.path.read_bytes()
    wrong = Signer(signer("carl").key, lambda _: answer)
    assert refused(make_checkpoint, log, wrong, ON).code == "signer_wrong"
    assert log.path.read_bytes() == before


def test_a_noted_checkpoint_stands_where_it_signs(place):
    """It cannot be written later, nor taken from another place."""
    lines = opened(A, A)
    early = ("checkpoint", logs.signed(2, lines[1]["hash"]))
    assert codes(place, opened(A, A, early)) == ["audit_not_as_signed"]
    right = ("checkpoint", logs.signed(3, lines[2]["hash"]))
    assert codes(place, opened(A, A, right)) == []
    later = ("checkpoint", logs.signed(9, lines[2]["hash"]))
    assert codes(place, opened(A, A, later)) == ["audit_cut"]
    other = ("checkpoint", logs.signed(3, lines[2]["hash"], log="f" * 32))
    assert codes(place, opened(A, A, other)) == ["checkpoint_of_other"]
    forged = ("checkpoint", {**right[1], "on": "2026-06-29"})
    assert codes(place, opened(A, A, forged)) == ["checkpoint_invalid"]
    assert codes(place, opened(A, A, ("checkpoint", {}))) == ["checkpoint_invalid"]


@pytest.mark.parametrize("what", ["cut", "erased"])
def test_a_log_that_does_not_agree_is_not_signed(log, what):
    content = log.path.read_bytes()
    lines = [json.loads(line) for line in content.splitlines()]
    log.path.write_bytes(
        {
            "cut": logs.written([lines[0], lines[2]]),
            "erased": logs.written([lines[0], logs.erased(lines[1]), lines[2]]),
        }[what]
    )
    before = log.path.read_bytes()
    with pytest.raises(ArtifactError) as caught:
        make_checkpoint(log, signer("carl"), ON)
    assert caught.value.code == {"cut": "audit_chain"}.get(what, f"audit_{what}")
    assert log.path.read_bytes() == before


def test_a_checkpoint_agrees_although_another_writer_came_in_between(log):
    others = []

    def slow(message):
        others.append(Thread(target=log.append, args=([("appeal", {"subject": "b"})],)))
        others[-1].start()
        time.sleep(0.05)
        return signer("carl").sign(message)

    made = make_checkpoint(log, Signer(signer("carl").key, slow), ON)
    for other in others:
        other.join()
    assert check_log(log.path).kinds["appeal"] == len(others) > 0
    assert check_log(log.path, trust=CARL, checkpoints=[made]).findings == ()
