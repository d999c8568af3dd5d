"""Every change of a log is found; each class of changes also says who would not find it."""

from __future__ import annotations

import functools
import itertools
import random

import pytest

from sanzhixin.errors import SanzhixinError
from sanzhixin.trust import audit_check, audit_entry, audit_log, check_log
from tests.unit.trust.logs import (
    HOUSEHOLDS,
    LENGTH,
    NOTED,
    ORDER,
    checkpoint,
    erased,
    made,
    rechained,
    rehashed,
    signed,
    spelt,
    subject,
    whole_log,
    written,
)
from tests.unit.trust.people import trust, trusted_key

LOG = whole_log()
WHOLE = written(LOG)
LINES = WHOLE.splitlines(keepends=True)
ENDS = list(itertools.accumulate(map(len, LINES)))
KEPT = checkpoint(LOG)
TRUST = trust(trusted_key("carl", may=("checkpoint",)))
OTHER = whole_log(number="f" * 32, salt="+")
GONE = [line["seq"] for line in LOG if line["body"] is None]


def joined(lines):
    return b"".join(lines)


def bit_flips(draw):
    for _ in range(8_000):
        place = draw.randrange(len(WHOLE))
        changed = bytearray(WHOLE)
        changed[place] ^= 1 << draw.randrange(8)
        yield bytes(changed)


def bytes_put_in(draw):
    for _ in range(3_000):
        place = draw.randrange(len(WHOLE) + 1)
        byte = draw.choice([draw.randrange(256), ord("\n"), ord(" "), ord('"'), ord("0")])
        yield WHOLE[:place] + bytes([byte]) + WHOLE[place:]


def bytes_taken_out(draw):
    for _ in range(3_000):
        place = draw.randrange(len(WHOLE))
        yield WHOLE[:place] + WHOLE[place + 1 :]


def swapped_lines(_):
    for one, two in itertools.combinations(range(LENGTH), 2):
        changed = list(LINES)
        changed[one], changed[two] = changed[two], changed[one]
        yield joined(changed)


def lines_taken_out(draw):
    for place in range(LENGTH):
        yield joined(LINES[:place] + LINES[place + 1 :])
    for _ in range(1_000):
        gone = set(draw.sample(range(LENGTH), draw.randint(2, LENGTH)))
        yield joined(line for place, line in enumerate(LINES) if place not in gone)


def lines_put_in_twice(_):
    for place, again in itertools.product(range(LENGTH + 1), range(LENGTH)):
        yield joined([*LINES[:place], LINES[again], *LINES[place:]])


def spliced(_):
    others = written(OTHER).splitlines(keepends=True)
    for place in range(LENGTH):
        yield joined([*LINES[:place], others[place], *LINES[place + 1 :]])
        yield joined([*LINES[:place], *others[place:]])
        yield joined([*others[: place + 1], *LINES[place + 1 :]])
        yield joined([*LINES[:place], others[place], *LINES[place:]])


def cut_at_ends(_):
    yield b""
    for end in ENDS[:-1]:
        yield WHOLE[:end]


def cut_inside_lines(draw):
    inside = sorted(set(range(len(WHOLE))) - {0, *ENDS})
    for size in draw.sample(inside, 1_000):
        yield WHOLE[:size]
    yield WHOLE[:-1]


EDITS = {
    "seq": lambda line: line["seq"] + 1,
    "at": lambda _: "2020-01-01T00:00:00Z",
    "kind": lambda line: "appeal" if line["kind"] == "proposal" else "proposal",
    "prev": lambda _: "sha256:" + "a" * 64,
    "commitment": lambda _: "hmac-sha256:" + "b" * 64,
    "body": lambda line: {**(line["body"] or {}), "points": 999},
    "salt": lambda _: "c" * 64,
}


def fields_edited(_):
    """One line whose own hash, and where it has one its commitment, fit again."""
    for place, field in itertools.product(range(LENGTH), EDITS):
        line = LOG[place]
        changed = rehashed(line, **{field: EDITS[field](line)})
        yield written([*LOG[:place], changed, *LOG[place + 1 :]])


def bodies_edited(_):
    """What was said is changed, and nothing else."""
    for place, line in enumerate(LOG):
        if line["body"] is not None:
            changed = {**line, "body": EDITS["body"](line)}
            yield written([*LOG[:place], changed, *LOG[place + 1 :]])


def tails_chained_again(_):
    """Everything after the change is made to fit, as whoever can write the file can do."""
    for place in range(LENGTH):
        line = LOG[place]
        for field in ("at", "body"):
            changed = rehashed(line, **{field: EDITS[field](line)})
            if changed["body"] is None or line["body"] is not None:
                yield written(rechained([*LOG[:place], changed, *LOG[place + 1 :]], place + 1))
        if place > 0:
            yield written(rechained([*LOG[:place], *LOG[place + 1 :]], place))


def signed_again_by_a_forger(_):
    """The noted checkpoints fit again too, by another key."""
    for place in range(1, LENGTH):
        line = rehashed(LOG[place], at="2020-01-01T00:00:00Z")
        lines = [*LOG[:place], line, *LOG[place + 1 :]]
        for noted in [number for number in NOTED if number > place]:
            lines = rechained(lines, place + 1)
            body = signed(noted - 1, lines[noted - 2]["hash"], who="forger")
            lines[noted - 1] = rehashed(lines[noted - 1], body=body)
        yield written(rechained(lines, place + 1))


def erased_without_an_order(_):
    for place, line in enumerate(LOG):
        if line["body"] is not None:
            yield written([*LOG[:place], erased(line), *LOG[place + 1 :]])


def brought_back(_):
    """What was erased stands there again, as in an old copy."""
    for place in GONE:
        again = made(place, "proposal", LOG[place - 2]["hash"], {"subject": subject(3)})
        yield written([*LOG[: place - 1], {**again, "hash": LOG[place - 1]["hash"]}, *LOG[place:]])


def orders_edited(draw):
    """The order names other entries, and the rest fits."""
    order = LOG[ORDER - 1]
    for _ in range(200):
        first = draw.randint(1, ORDER - 1)
        runs = [[first, draw.randint(first, ORDER - 1)]]
        changed = rehashed(order, body={**order["body"], "erased": runs})
        yield written(rechained([*LOG[: ORDER - 1], changed, *LOG[ORDER:]], ORDER))


def other_texts(_):
    yield from (
        WHOLE.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + WHOLE,
        WHOLE + WHOLE,
        WHOLE.replace(b'"at":', b'"at": '),
        written(OTHER),
        WHOLE + b"{}\n",
        b"\n" + WHOLE,
        WHOLE[::-1],
    )


CLASSES = [
    bit_flips, bytes_put_in, bytes_taken_out, swapped_lines, lines_taken_out, lines_put_in_twice,
    spliced, cut_at_ends, cut_inside_lines, fields_edited, bodies_edited, tails_chained_again,
    signed_again_by_a_forger, erased_without_an_order, brought_back, orders_edited, other_texts,
]  # fmt: skip


@pytest.fixture
def swift_checks(monkeypatch):
    """Lines and signatures that did not change are judged once."""

    def patch():
        monkeypatch.setattr(audit_log, "parse_entry", functools.cache(audit_entry.parse_entry))
        monkeypatch.setattr(audit_check, "is_signed", functools.cache(audit_check.is_signed))

    return patch


def missed(mutations, path, **how):
    """Number of changes, and those that no finding tells of."""
    count, escaped = 0, []
    for changed in mutations:
        if changed == WHOLE:
            continue
        count += 1
        path.write_bytes(changed)
        try:
            found = check_log(path, **how).findings
        except Exception as error:
            escaped.append((count, type(error).__name__))
            continue
        assert all(isinstance(finding, SanzhixinError) for finding in found)
        if not found:
            escaped.append((count, "agrees"))
    return count, escaped


def test_the_log_by_hand_agrees(swift):
    path = swift / "audit.jsonl"
    path.write_bytes(WHOLE)
    found = check_log(path, trust=TRUST, checkpoints=[KEPT])
    assert found.findings == ()
    assert (found.count, found.head, found.log) == (LENGTH, LOG[-1]["hash"], "0123456789abcdef" * 2)
    assert (found.erased, found.checkpoints) == (len(GONE), 3)
    assert sum(found.kinds.values()) == LENGTH
    assert set(found.kinds) == set(audit_entry.KINDS)
    assert len(GONE) == len([n for n in range(2, ORDER) if n % HOUSEHOLDS == 3]) == 5


@pytest.mark.parametrize(
    "step", [pytest.param(5, id="every fifth"), pytest.param(1, id="all", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("changes", CLASSES, ids=lambda changes: changes.__name__)
def test_every_change_of_a_log_is_found(swift, swift_checks, changes, step):
    swift_checks()
    draw = random.Random(changes.__name__)
    some = itertools.islice(changes(draw), 0, None, step)
    count, escaped = missed(some, swift / "audit.jsonl", trust=TRUST, checkpoints=[KEPT])
    assert escaped == []
    assert count >= LEAST[changes.__name__] // step


LEAST = {
    "bit_flips": 8_000, "bytes_put_in": 3_000, "bytes_taken_out": 3_000, "swapped_lines": 1_770,
    "lines_taken_out": 1_060, "lines_put_in_twice": 3_660, "spliced": 240, "cut_at_ends": 60,
    "cut_inside_lines": 1_000, "fields_edited": 300, "bodies_edited": 55,
    "tails_chained_again": 170, "signed_again_by_a_forger": 59, "erased_without_an_order": 55,
    "brought_back": 5, "orders_edited": 190, "other_texts": 8,
}  # fmt: skip


def test_more_than_20000_changes_are_tried():
    assert sum(LEAST.values()) > 20_000


# who would not find them


def test_without_a_checkpoint_a_cut_at_the_end_is_not_seen(swift, swift_checks):
    """After the order nothing demands that more entries follow."""
    swift_checks()
    path = swift / "audit.jsonl"
    count, escaped = missed(cut_at_ends(None), path, trust=TRUST)
    unseen = [number for number, _ in escaped]
    # number k keeps k - 1 lines, and no line at all is no log; before line 3 nothing is erased
    kept = [number - 1 for number in unseen]
    assert count == LENGTH
    assert kept == [1, 2, *range(ORDER, LENGTH)]
    assert missed(cut_at_ends(None), path, trust=TRUST, checkpoints=[KEPT])[1] == []


def test_without_a_checkpoint_a_tail_that_was_chained_again_is_not_seen(swift, swift_checks):
    """Up to the last noted checkpoint it is."""
    swift_checks()
    _, escaped = missed(tails_chained_again(None), swift / "audit.jsonl", trust=TRUST)
    assert len(escaped) >= 3 * (LENGTH - NOTED[-1])


def test_without_a_trust_list_a_forger_who_signs_his_own_checkpoints_is_not_seen(
    swift, swift_checks
):
    swift_checks()
    changes = list(signed_again_by_a_forger(None))
    _, escaped = missed(changes, swift / "audit.jsonl")
    assert len(escaped) == len(changes)
    _, trusted = missed(changes, swift / "audit.jsonl", trust=TRUST)
    assert len(trusted) == LENGTH - 1  # a note by a key that does not count says nothing
    _, kept = missed(changes, swift / "audit.jsonl", trust=TRUST, checkpoints=[KEPT])
    assert kept == []


def test_without_commitments_what_was_said_could_be_changed(swift, swift_checks, monkeypatch):
    monkeypatch.setattr(audit_entry.hmac, "compare_digest", lambda *_: True)
    swift_checks()
    path = swift / "audit.jsonl"
    bodies = [line for line in LOG if line["kind"] in audit_entry.ERASABLE and line["body"]]
    _, escaped = missed(bodies_edited(None), path, trust=TRUST, checkpoints=[KEPT])
    assert len(escaped) >= len(bodies)


def test_without_the_chain_lines_could_be_exchanged(swift, swift_checks, monkeypatch):
    def join(state, entry):
        state.count, state.head, state.log = entry.seq, entry.hash, KEPT.log
        return iter(())

    monkeypatch.setattr(audit_check, "_join", join)
    swift_checks()
    path = swift / "audit.jsonl"
    changed = joined([*LINES[:1], *LINES[2:30], LINES[1], *LINES[30:]])
    assert missed([changed], path, trust=TRUST, checkpoints=[KEPT])[1] == [(1, "agrees")]


def test_the_spelling_of_the_second_witness_is_that_of_the_library():
    from sanzhixin.scoring.canonical import canonical_json

    assert all(canonical_json(line) == spelt(line) for line in LOG)
