"""The documentation site is built without a warning, and needs nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    place = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d"]
    done = subprocess.run(
        [*command, str(place / "trees"), "docs", str(place / "html")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return place / "html"


def test_every_page_stands_in_the_site(site):
    pages = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    assert [page for page in pages if not (site / page).with_suffix(".html").is_file()] == []


def test_public_names_stand_in_the_reference(site):
    import sanzhixin

    page = (site / "reference" / "api.html").read_text(encoding="utf-8")
    assert [name for name in sanzhixin.__all__ if name not in page] == []


def test_no_page_loads_anything_from_elsewhere(site):
    """Formulas alone would load a script; no page has one."""
    loads = re.compile(
        r'(?:<script[^>]*src|<link[^>]*stylesheet[^>]*href|<img[^>]*src)="(https?:[^"]+)"'
    )
    found = {hit for path in site.rglob("*.html") for hit in loads.findall(path.read_text("utf-8"))}
    assert found == set()
