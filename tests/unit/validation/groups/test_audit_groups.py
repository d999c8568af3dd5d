"""Witnesses: hand-worked sizes; an attacker who combines all that is shown by linear algebra."""

from __future__ import annotations

import numpy as np
import pytest

from sanzhixin.validation.groups.audit_groups import Groups, hide_groups, size_words

LEAST = 30


def attribute(place):
    place = np.asarray(place, dtype=np.int64)
    n = int(place.max()) + 1
    return Groups("a", tuple(map(str, range(n))), n, place)


def of_sizes(*sizes):
    return attribute(np.repeat(np.arange(len(sizes)), sizes))


def hidden(*attributes, **options):
    return [one.hidden.tolist() for one in hide_groups(attributes, LEAST, **options)]


def drawn(seed, *, moved=0.0):
    """A fine attribute, and a coarse one that holds its groups, but for a share that moved."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 90, rng.integers(3, 9))
    fine = np.repeat(np.arange(sizes.size), sizes)
    n = int(rng.integers(1, 5))
    coarse = rng.integers(0, n, sizes.size)[fine]
    gone = rng.random(fine.size) < moved
    coarse[gone] = rng.integers(0, n, gone.sum())
    return [Groups("a", tuple(map(str, range(k))), k, own)
            for k, own in ((sizes.size, fine), (n, coarse))]  # fmt: skip


def found_by_an_attacker(attributes, hidings):
    """Small groups whose number is a combination of the numbers that are shown."""
    classes = np.unique(np.stack([one.place for one in attributes], axis=1), axis=0)
    member = [
        [(classes[:, k] == g).astype(float) for g in range(len(one.names))]
        for k, one in enumerate(attributes)
    ]
    shown = [np.ones(len(classes))]
    for own, told in zip(member, hidings, strict=True):
        shown += [column for column, off in zip(own, told.hidden, strict=True) if not off]
    rank = np.linalg.matrix_rank(shown)
    for k, (one, told) in enumerate(zip(attributes, hidings, strict=True)):
        sizes = np.bincount(one.place, minlength=len(one.names))
        for g in np.flatnonzero(told.hidden & (sizes > 0) & (sizes < LEAST)):
            if np.linalg.matrix_rank([*shown, member[k][g]]) == rank:
                yield k, int(sizes[g])


def test_a_small_district_is_not_found_from_its_region():
    region, district = of_sizes(100, 50), of_sizes(97, 3, 50)
    assert hidden(district) == [[False, True, True]]  # alone: the smallest other covers it
    assert hidden(region, district) == [[False, False], [True, True, False]]
    assert hidden(district, region) == [[True, True, False], [False, False]]


def test_the_only_district_of_a_region_is_no_cover():
    # 5 of 40 and 65: alone the 40 would cover it, and the region of 40 would tell the 40
    region, district = of_sizes(40, 70), of_sizes(40, 5, 65)
    assert hidden(region, district) == [[False, False], [False, True, True]]


def test_few_households_beside_the_districts_inside_are_not_found():
    # of 100 in the region 97 are of district 0 and 3 of one that reaches beyond it
    region = attribute([0] * 100 + [1] * 120)
    district = attribute([0] * 97 + [1] * 83 + [2] * 40)
    told = hide_groups([region, district], LEAST)
    assert told[1].hidden.tolist() == [True, False, True]
    assert told[0].hidden.tolist() == [False, False]


def test_regions_that_are_together_some_districts_do_not_tell_one():
    # regions 0 and 1 are districts 0 and 1 together; district 1 has 3 of them
    region = attribute([0] * 50 + [1] * 50 + [2] * 90)
    district = attribute([0] * 97 + [1] * 3 + [2] * 40 + [3] * 50)
    assert hidden(region, district)[1] == [True, True, False, False]


def test_a_hidden_region_is_known_from_all_others():
    # both regions of 10 and 40 are hidden; their 50 less the district of 45 would be 5
    region, district = of_sizes(10, 40, 100), of_sizes(45, 5, 60, 40)
    assert hidden(region, district) == [[True, True, False], [True, True, False, False]]


@pytest.mark.parametrize("moved", [0.0, 0.02, 0.3])
@pytest.mark.parametrize("seed", range(60))
def test_no_combination_of_two_attributes_tells_a_small_group(seed, moved):
    attributes = drawn(seed, moved=moved)
    told = hide_groups(attributes, LEAST)
    everything = all(
        own.hidden[np.unique(one.place)].all() for one, own in zip(attributes, told, strict=True)
    )
    assert everything or not list(found_by_an_attacker(attributes, told))


def test_the_attacker_finds_what_attributes_hide_one_by_one():
    found = 0
    for seed in range(60):
        attributes = drawn(seed)
        alone = [hide_groups([one], LEAST)[0] for one in attributes]
        found += bool(list(found_by_an_attacker(attributes, alone)))
    assert found > 10


def test_three_attributes_together_may_tell_what_pairs_of_them_do_not():
    # as the docstring says: 151 - 83 = 68; 99 - 68 = 31; 43 - 31 = 12, a hidden district
    sizes = [56, 76, 31, 46, 12, 83, 22]
    district = of_sizes(*sizes)
    region = attribute(np.repeat([0, 0, 1, 2, 1, 2, 2], sizes))
    other = attribute(np.repeat([0, 0, 1, 1, 0, 0, 1], sizes))
    for two in ([district, region], [district, other], [region, other]):
        assert not list(found_by_an_attacker(two, hide_groups(two, LEAST)))
    three = [district, region, other]
    assert (0, 12) in found_by_an_attacker(three, hide_groups(three, LEAST))


@pytest.mark.parametrize("seed", range(5))
def test_attributes_that_have_nothing_to_do_with_each_other_hide_as_alone(seed):
    rng = np.random.default_rng(seed)
    one = attribute(rng.choice(4, 2000, p=[0.7, 0.2, 0.09, 0.01]))
    other = attribute(rng.choice(3, 2000, p=[0.5, 0.49, 0.01]))
    assert hidden(one, other) == [*hidden(one), *hidden(other)]


def test_groups_that_are_hidden_already_stay_so_and_are_covered():
    district = of_sizes(100, 60, 40)
    start = [np.array([False, True, False])]
    assert hidden(district) == [[False] * 3]
    assert hidden(district, start=start) == [[False, True, True]]
    assert start[0].tolist() == [False, True, False]


def test_empty_groups_and_no_households_hide_nothing():
    district = Groups("d", ("a", "b", "c"), 3, np.repeat([0, 2], [50, 60]))
    assert hidden(district) == [[False] * 3]
    nobody = Groups("d", ("a", "b"), 2, np.empty(0, dtype=np.int64))
    assert hidden(nobody, nobody) == [[False] * 2] * 2
    assert hide_groups([], LEAST) == []


def test_the_sum_within_a_region_and_a_word_do_not_tell_a_hidden_size():
    region, district = of_sizes(57, 100), of_sizes(28, 29, 1, 29, 70)
    told = hide_groups([region, district], LEAST)[1]
    sizes = np.bincount(district.place)
    # all that are hidden are small, and of those in the region two add up to 57: 28 and 29
    assert told.hidden.tolist() == [True, True, True, True, False]
    assert size_words(sizes, told.hidden, LEAST)[0] == "<30"
    assert size_words(sizes, told.hidden, LEAST, told.known)[0] == "hidden"
