from __future__ import annotations

import pytest

from sanzhixin.scheme import load_scheme


@pytest.fixture(scope="session")
def scheme():
    return load_scheme("tongxiang")
