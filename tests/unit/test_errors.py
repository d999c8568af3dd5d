from __future__ import annotations

import pytest

from sanzhixin.errors import mask_id


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", "***"),
        ("H1", "***"),
        ("H12", "H***"),
        ("H1234", "H***"),
        ("H12345", "H***5"),
        ("330483198001011234", "3***4"),
    ],
)
def test_a_short_identifier_shows_one_character_at_most(value, shown):
    assert mask_id(value) == shown
