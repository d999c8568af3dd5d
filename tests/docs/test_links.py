from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT.glob("*.md"), (ROOT / "docs").rglob("*.md"), (ROOT / "models").rglob("*.md"))
DOCUMENTS = sorted(path.relative_to(ROOT).as_posix() for found in FOLDERS for path in found)
SITE = {
    "index.md",
    "decisions.md",
    "quickstart.md",
    "quickstart.zh.md",
    "changelog.md",
}  # of the site alone
BANNED = ("true character", "moral truth", "fair score", "unbiased", "guarantee")


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def headings(text):
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", outside, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_to_a_file_and_heading_that_exist(name):
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(name)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        place = (ROOT / name).parent / path if path else ROOT / name
        if not place.exists() or (anchor and anchor not in headings(text_of(place))):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("name", sorted(set(DOCUMENTS) - {"CONTRIBUTING.md"}))
def test_no_document_promises_what_the_method_cannot_keep(name):
    assert [word for word in BANNED if word in text_of(name).lower()] == []


def test_every_page_of_the_documents_is_reached_from_the_readme():
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - SITE
    linked = set(re.findall(r"\]\(docs/([\w-]+\.md)\)", text_of("README.md")))
    assert pages == linked
