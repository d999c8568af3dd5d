"""The page of a household in a real browser, as narrow as a telephone."""

from __future__ import annotations

import pytest

from sanzhixin.modelling import fit
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import simulate_county
from sanzhixin.validation.papers.case import household_case
from sanzhixin.validation.papers.household import household_page

NARROWEST = "Math.min(...[...document.querySelectorAll('td, th')].map(e => e.clientWidth || 999))"
HIGHEST = (
    "Math.max(...[...document.querySelectorAll('th')].map(e => e.clientHeight)) / "
    "parseFloat(getComputedStyle(document.querySelector('th')).fontSize)"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    county = simulate_county(villages=2, seed=7)
    model = fit(county, load_scheme("tongxiang"))
    record = county.application(county.households["household_id"].iloc[0])
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_bytes(household_page(household_case(model, record, county.as_of)).encode())
    return path


@pytest.fixture(params=["zh", "en"])
def opened(request, browser, page):
    browser.open(page, 390)
    browser.ask(f"document.getElementById('{request.param}').click()")
    return browser


def test_the_page_is_no_wider_than_a_telephone(opened):
    assert opened.ask("window.innerWidth") == 390
    assert opened.ask("document.scrollingElement.scrollWidth") <= 390


def test_wide_tables_scroll_in_their_own_box(opened):
    wide = "[...document.querySelectorAll('section div')].some(e => e.scrollWidth > e.clientWidth)"
    assert opened.ask(wide)


def test_no_column_breaks_to_one_character_a_line(opened):
    # a cell of four characters and its margins; at 1.6 a line, five lines are 8 sizes of the font
    assert opened.ask(NARROWEST) >= 60
    assert opened.ask(HIGHEST) < 9


def test_the_browser_has_nothing_to_complain_of(opened, page):
    assert opened.complaints() == []
    assert opened.addresses() == {page.as_uri()}
