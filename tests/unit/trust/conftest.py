from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from sanzhixin.errors import SanzhixinError

MEMORY = Path("/dev/shm")


@pytest.fixture
def refused():
    """Call something that has to be refused, and give the error."""

    def call(function, *arguments, **named):
        with pytest.raises(SanzhixinError) as caught:
            function(*arguments, **named)
        assert caught.value.zh
        assert caught.value.en
        return caught.value

    return call


@pytest.fixture
def swift(tmp_path):
    """A folder in memory, where there is one, for tests that write thousands of files."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)
