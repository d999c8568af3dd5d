"""The report in a real browser, which has no network."""

from __future__ import annotations

import pytest

from sanzhixin.modelling import fit
from sanzhixin.scheme import load_scheme
from sanzhixin.simulate import simulate_county
from sanzhixin.validation.face import validate

pytestmark = pytest.mark.filterwarnings("ignore::sanzhixin.validation.plots.style.CjkFontWarning")

WIDTHS = (390, 1280)
HIDDEN = "[...document.querySelectorAll('main .{lang}')].filter(e => e.offsetParent).length"
CHOOSE = "document.getElementById('{lang}').click()"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    county = simulate_county(villages=2, seed=7)
    found = validate(fit(county, load_scheme("tongxiang")), county)
    return found.to_html(tmp_path_factory.mktemp("report") / "report.html")


@pytest.fixture(params=WIDTHS)
def opened(request, browser, page):
    browser.open(page, request.param)
    return browser


def test_nothing_is_asked_for_but_the_page_itself(opened, page):
    assert opened.addresses() == {page.as_uri()}


def test_the_browser_has_nothing_to_complain_of(opened):
    assert opened.complaints() == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_does_not_scroll_sideways(opened, lang):
    opened.ask(CHOOSE.format(lang=lang))
    assert opened.ask("document.scrollingElement.scrollWidth <= window.innerWidth")
    assert opened.ask("window.innerWidth") in WIDTHS


def test_every_picture_says_in_words_what_it_shows(opened):
    told = opened.ask(
        "[...document.querySelectorAll('svg, img')]"
        ".map(e => [e.getAttribute('role'), e.getAttribute('aria-label')])"
    )
    assert len(told) >= 20
    assert {role for role, _ in told} == {"img"}
    assert all(len(text) >= 12 for _, text in told)


@pytest.mark.parametrize(("lang", "other"), [("zh", "en"), ("en", "zh")])
def test_the_switch_shows_one_language(opened, lang, other):
    opened.ask(CHOOSE.format(lang=lang))
    assert opened.ask(HIDDEN.format(lang=other)) == 0
    assert opened.ask(HIDDEN.format(lang=lang)) > 100


def test_the_policy_stops_what_is_not_of_the_page(browser, page, tmp_path):
    """Teeth: a script, a style and a picture that somebody adds do nothing, and are seen."""
    bad = (
        '<script>document.title="x"</script><p style="color:red">x</p><img src="https://a.test/b">'
    )
    file = tmp_path / "bad.html"
    text = page.read_text(encoding="utf-8")
    file.write_text(text.replace("</body>", f"{bad}</body>"), encoding="utf-8")
    browser.open(file, 1280)
    assert browser.ask("document.title") != "x"
    assert len(browser.complaints()) >= 3
