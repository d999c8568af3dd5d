from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("devtools", Path(__file__).with_name("devtools.py"))
devtools = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(devtools)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    if devtools.CHROMIUM is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    one = devtools.Browser(tmp_path_factory.mktemp("browser"))
    yield one
    one.close()
