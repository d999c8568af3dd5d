"""Old decisions replay: every byte of every archived proposal comes out again."""

from __future__ import annotations

import json

import pytest

from sanzhixin.model import SanzhixinModel
from sanzhixin.records import accept_folder
from sanzhixin.records.encode_county import encode_county
from sanzhixin.scoring.audit import input_digests
from tests.golden.archive import (
    COUNTY,
    HERE,
    applications_of,
    archives,
    differing,
    golden_model,
    part_of,
    proposed_anew,
    scored_anew,
    written_proposals,
)

NAMES = sorted(archives())
SAMPLE = 300


@pytest.fixture(scope="module")
def accepted():
    return accept_folder(HERE / COUNTY).county


@pytest.fixture(scope="module")
def sample(accepted):
    """Households from the first to the last, evenly."""
    homes = sorted(accepted.households["household_id"])
    chosen = [homes[k * (len(homes) - 1) // (SAMPLE - 1)] for k in range(SAMPLE)]
    return part_of(accepted, chosen)


@pytest.fixture(scope="module")
def applications(sample):
    return applications_of(sample)


@pytest.fixture(scope="module", params=NAMES)
def folder(request):
    return HERE / request.param


@pytest.fixture(scope="module")
def archived(folder):
    return written_proposals(folder)


@pytest.fixture(scope="module")
def model(folder):
    return golden_model(folder)


@pytest.fixture(scope="module")
def expected(archived, applications):
    return {name: archived[name] for name in applications}


def answers(model, applications):
    return {name: proposed_anew(model, given) for name, given in applications.items()}


def with_one_more_point(model):
    """The same model, whose card gives one point more in a middle bin of one characteristic."""
    content = model.file.model_dump()
    items = content["card"]["characteristics"]
    item = next(item for item in items if item["kind"] == "bins")
    points, middle = [*item["points"]], len(item["points"]) // 2
    points[middle] += 1
    item["points"] = tuple(points)
    return SanzhixinModel(type(model.file).model_validate(content))


def test_all_households_come_out_of_the_batch_path_as_they_did(model, archived):
    assert differing(scored_anew(model), archived) == []


def test_a_sample_comes_out_of_the_path_of_a_backend_as_it_did(model, expected, applications):
    assert len(applications) == SAMPLE
    assert differing(answers(model, applications), expected) == []


def test_the_inputs_still_have_their_digests(accepted, archived, model):
    cases = encode_county(accepted, model.scheme, accepted.as_of)
    found = dict(zip(cases.household_id, input_digests(cases), strict=True))
    stated = {name: json.loads(line)["input_digest"] for name, line in archived.items()}
    assert found == stated


def test_an_application_of_the_tables_and_one_of_a_backend_are_the_same(
    sample, applications, expected, model
):
    for name in list(applications)[::30]:
        assert proposed_anew(model, sample.application(name)) == expected[name]


def test_one_rating_that_differs_is_noticed(model, expected, applications):
    name = next(k for k, given in applications.items() if len(given["ratings"]) == 6)
    first, *others = applications[name]["ratings"]
    item = next(item for item in model.scheme.panel_codes if first[item])
    changed = first | {item: first[item] - 1 if first[item] > 1 else 2}
    given = applications[name] | {"ratings": [changed, *others]}
    found = {**expected, name: proposed_anew(model, given)}
    assert differing(found, expected) == [name]


def test_one_point_of_the_card_that_differs_is_noticed(model, expected, applications):
    few = dict(list(applications.items())[:60])
    found = answers(with_one_more_point(model), few)
    assert 0 < len(differing(found, {name: expected[name] for name in few})) < len(few)


def test_a_proposal_that_is_lost_or_added_is_noticed(expected):
    first, *others = expected
    assert differing({name: expected[name] for name in others}, expected) == [first]
    assert differing({**expected, "more": b"{}"}, expected) == ["more"]


def test_one_byte_that_differs_is_noticed(expected):
    first = next(iter(expected))
    assert differing({**expected, first: expected[first] + b" "}, expected) == [first]


def test_a_sample_of_a_county_keeps_what_was_rejected(accepted, sample):
    assert len(sample.households) == SAMPLE
    assert 0 < len(sample.rejected_rows) < len(accepted.rejected_rows)
    assert sample.as_of == accepted.as_of
