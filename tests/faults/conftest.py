from __future__ import annotations

import sys

import pytest

from tests.faults.stage import build_stage

collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]


@pytest.fixture(scope="session")
def stage(tmp_path_factory):
    """A small county, the bytes of an undisturbed run over it, and the time that one takes."""
    return build_stage(tmp_path_factory.mktemp("faults"))
