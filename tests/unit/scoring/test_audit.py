from __future__ import annotations

import datetime as dt
import hashlib
import re
import struct
from dataclasses import replace

import numpy as np
import pytest

from sanzhixin.scoring.audit import input_digests, input_records
from tests.unit.scoring.factories import (
    DAY,
    Event,
    Record,
    encode,
    events,
    form,
    household,
    volunteering,
)

GIVEN = household(
    form(4, amount=30_000), 4, 3,
    events=events(Event("ML05", "standard"), Event("NR07", "3")),
    records=(Record("G2", ended_on=DAY),),
    amounts={"annual_income": 90_000, "debt": 5, "assets": 10, "exposure": 0, "requested": 70_000,
             "council": 60_000, "manager": 50_000},
    factors={"customer_years": 2.5, "utility_payment": "on_time", "household_income": 90_000},
    members={"P1": 20_000, "P2": None},
    purpose="建房", override_reason="flood",
)  # fmt: skip


def digest(given):
    return input_digests(encode(given))[0]


def with_form(**fields):
    return replace(GIVEN, forms=(replace(GIVEN.forms[0], **fields), *GIVEN.forms[1:]))


def with_event(**fields):
    return replace(GIVEN, events=(replace(GIVEN.events[0], **fields), *GIVEN.events[1:]))


def with_record(**fields):
    return replace(GIVEN, records=(replace(GIVEN.records[0], **fields),))


TOMORROW = DAY + dt.timedelta(days=1)
CHANGES = {
    "household": replace(GIVEN, household_id="H0002"),
    "village": replace(GIVEN, village_id="V02"),
    "consent": replace(GIVEN, consent_until=DAY),
    "purpose": replace(GIVEN, purpose=None),
    "override": replace(GIVEN, override_reason=None),
    **{
        f"{name} of {change}": replace(GIVEN, amounts={**GIVEN.amounts, name: value})
        for name in GIVEN.amounts
        for change, value in (("one more", GIVEN.amounts[name] + 1),)
    },
    **{
        f"no {name}": replace(
            GIVEN, amounts={key: yuan for key, yuan in GIVEN.amounts.items() if key != name}
        )
        for name in GIVEN.amounts
    },
    "member who owes more": replace(GIVEN, members={"P1": 20_001, "P2": None}),
    "member who states": replace(GIVEN, members={"P1": 20_000, "P2": 0}),
    "another member": replace(GIVEN, members={"P1": 20_000, "P3": None}),
    "no member": replace(GIVEN, members={}),
    "swapped amounts": replace(
        GIVEN, amounts={**GIVEN.amounts, "council": 50_000, "manager": 60_000}
    ),
    "years": replace(GIVEN, factors={**GIVEN.factors, "customer_years": 2.500001}),
    "payment": replace(GIVEN, factors={**GIVEN.factors, "utility_payment": "often_late"}),
    "no income factor": replace(GIVEN, factors={**GIVEN.factors, "household_income": None}),
    "one form less": replace(GIVEN, forms=GIVEN.forms[:2]),
    "rater": with_form(rater="R9"),
    "role": with_form(role="neighbour"),
    "relation": with_form(relation="kin"),
    "familiar": with_form(familiar=False),
    "round": with_form(round=2),
    "day of a form": with_form(rated_on=DAY),
    "rating": with_form(ratings=(5, *GIVEN.forms[0].ratings[1:])),
    "blank": with_form(ratings=(0, *GIVEN.forms[0].ratings[1:])),
    "amount of a form": with_form(amount=None),
    "event": with_event(event_id="E9"),
    "code": with_event(code="FS07"),
    "level": with_event(code="NR07", level="4"),
    "day of an event": with_event(occurred_on=DAY),
    "recorded": with_event(recorded_on=TOMORROW),
    "status": with_event(status="revoked"),
    "evidence": with_event(has_evidence=False),
    "no event": replace(GIVEN, events=()),
    "document": with_record(document_no="D2"),
    "record": with_record(code="ML08"),
    "issued": with_record(issued_on=DAY),
    "ended": with_record(ended_on=None),
    "no record": replace(GIVEN, records=()),
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_everything_that_can_enter_a_score_enters_the_digest(changed):
    assert digest(changed) != digest(GIVEN)


def test_no_two_changes_have_the_same_digest():
    found = [digest(changed) for changed in CHANGES.values()]
    assert len(set(found)) == len(found)


def test_the_scoring_date_stands_beside_the_digest():
    assert digest(replace(GIVEN, as_of=DAY - dt.timedelta(days=1))) == digest(GIVEN)


def test_the_order_in_which_rows_were_given_does_not_matter():
    turned = replace(
        GIVEN,
        forms=GIVEN.forms[::-1],
        events=GIVEN.events[::-1],
        amounts=dict(reversed(GIVEN.amounts.items())),
        factors=dict(reversed(GIVEN.factors.items())),
    )
    assert digest(turned) == digest(GIVEN)


def test_a_household_has_the_same_digest_alone_and_in_a_batch():
    others = [household(household_id=f"A{k}", events=volunteering(k)) for k in range(3)]
    batch = encode(*others, GIVEN, household(household_id="Z"))
    assert input_digests(batch)[3] == digest(GIVEN)
    assert input_digests(batch.take(np.array([4, 3])))[1] == digest(GIVEN)


def test_a_digest_is_the_sha256_of_the_record_and_stays_the_same():
    record = input_records(encode(GIVEN))[0]
    assert digest(GIVEN) == f"sha256:{hashlib.sha256(record).hexdigest()}"
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest(GIVEN))


def test_a_record_is_a_line_of_texts_and_little_endian_numbers():
    given = replace(household(household_id="H1", village_id="V1", purpose="建房"), forms=())
    absent = -(2**63)
    numbers = struct.pack("<q?10q", given.consent_until.toordinal(), False, *[absent] * 10)
    texts = '["H1","V1","建房",null,[],[],[],[],[],[]]\n'.encode()
    assert input_records(encode(given)) == [texts + numbers]


def test_rejected_rows_of_the_household_enter_the_digest():
    cases = encode(GIVEN)
    changed = replace(cases, rejected_tables=[("registers",)])
    assert input_digests(changed) != input_digests(cases)


def test_no_household_has_no_digest():
    assert input_digests(encode(GIVEN).take(slice(0, 0))) == []


def test_a_machine_that_writes_the_other_end_first_has_the_same_digest():
    cases = encode(GIVEN)
    turned = replace(
        cases,
        debt=cases.debt.astype(">i8"),
        forms=replace(cases.forms, rated_on=cases.forms.rated_on.astype(">i8")),
    )
    assert turned.debt.tobytes() != cases.debt.tobytes()
    assert input_records(turned) == input_records(cases)
