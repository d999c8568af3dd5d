from __future__ import annotations

import math

import pytest

from sanzhixin.errors import DomainError
from sanzhixin.modelling.bins.request import read_specials

WRONG = [
    ([9], False),  # no groups
    ({"unknown": 9}, False),
    ({"unknown": "9"}, False),
    ({"missing": [9]}, False),  # a name that means something else
    ({"unseen": [9]}, False),
    ({1: [9], "1": [8]}, False),  # one name twice
    ({"unknown": ["none"]}, False),  # a text in a column of numbers
    ({"unknown": [math.nan]}, False),
    ({"unknown": [math.inf]}, False),
    ({"unknown": [10**400]}, False),
    ({"unknown": [9], "refused": [9.0]}, False),  # one code in two groups
]


@pytest.mark.parametrize(("codes", "is_category"), WRONG)
def test_codes_that_cannot_be_are_refused(codes, is_category):
    with pytest.raises(DomainError) as caught:
        read_specials("income", codes, is_category=is_category)
    assert caught.value.code == "bin_special"


def test_codes_are_read_group_by_group():
    assert read_specials("income", {"unknown": [-9, -8.0]}, is_category=False) == (
        ("unknown", (-9.0, -8.0)),
    )
    assert read_specials("job", {"unknown": ["?", "-"]}, is_category=True) == (
        ("unknown", ("?", "-")),
    )
    assert read_specials("income", {}, is_category=False) == ()
