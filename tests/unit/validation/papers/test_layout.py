from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from sanzhixin.validation.papers.layout import (
    Grid,
    Listing,
    Paper,
    Part,
    Text,
    blank,
    to_markdown,
    to_page,
    to_text,
)

# The witness for Markdown is another implementation: markdown-it-py has to show the very text.

HOSTILE = [
    "<script>alert(1)</script>",
    "# heading",
    "- entry",
    "+ entry",
    "12. entry",
    "=====",
    "-----",
    "> quoted",
    "*a* _b_ __c__ `d` ~~e~~",
    "[link](javascript:alert(1))",
    "![picture](http://a.example/x.png)",
    "<http://a.example>",
    "http://a.example/ and www.a.example",
    "a | b | c",
    "&lt;b&gt; &amp; &#60;",
    "a\\b \\* \\",
    "[x]: http://a.example",
    "snake_case_name_ and _x",
    "$x$ {y} @z !w",
    "    four blanks",
]


class Shown(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.texts = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.texts.append(data)


def paper(text, lang="en"):
    parts = (Part(text, (Listing((text,)), Grid(("a", text), ((text, text),)))),)
    return Paper(lang, text, (Text(text),), parts)


def in_one_line(text):
    return " ".join(text.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_shows_a_text_as_it_is(text):
    rendered = MarkdownIt("commonmark").enable("table").render(to_markdown(paper(text)))
    shown = Shown(rendered)
    wanted = in_one_line(text)
    told = [piece for piece in map(str.strip, shown.texts) if piece]
    assert told == [wanted] * 4 + ["a"] + [wanted] * 3
    assert set(shown.tags) <= {
        "h1",
        "h2",
        "p",
        "ul",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert shown.attributes == []


@pytest.mark.parametrize("text", HOSTILE)
def test_a_page_shows_a_text_as_it_is(text):
    page = to_page([paper(text), paper(text, "zh")])
    shown = Shown(page)
    assert shown.texts.count(in_one_line(text)) == 15  # the title, and 7 times in each language
    assert not {"script", "a", "img", "link", "iframe", "form", "object"}.intersection(shown.tags)
    assert [name for name, _ in shown.attributes if name.startswith("on")] == []
    assert [value for name, value in shown.attributes if name in ("href", "src", "action")] == []


@pytest.mark.parametrize("write", [to_text, to_markdown])
@pytest.mark.parametrize("mark", ["\n", "\r", "\u2028", "\u202e", "\u200b", "\x00", "\ufeff"])
def test_a_text_stays_in_its_line_and_hides_nothing(write, mark):
    written = write(paper(f"a{mark}# b"))
    assert "a # b" in written.replace("\\#", "#")
    assert not set("\r\u2028\u202e\u200b\x00\ufeff").intersection(written)
    assert "\n# b" not in written


def test_the_policy_of_a_page_allows_its_own_style_and_nothing_else():
    page = to_page([paper("x")])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    style = re.search(r"<style>(.*?)</style>", page, flags=re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "style=" not in page
    assert "url(" not in style
    assert "@import" not in style


def test_a_page_in_two_languages_is_switched_without_a_script():
    page = to_page([paper("汉", "zh"), paper("x")])
    assert re.findall(r'<input type="radio" name="lang" id="(zh|en)"( checked)?>', page) == [
        ("zh", " checked"),
        ("en", ""),
    ]
    assert re.findall(r'<section class="(\w+)" lang="([\w-]+)">', page) == [
        ("zh", "zh-CN"),
        ("en", "en"),
    ]
    assert page.startswith('<!DOCTYPE html>\n<html lang="zh-CN">')
    for lang in ("zh", "en"):
        assert f"#{lang}:checked~section.{lang}" in page


def test_a_page_in_one_language_has_no_switch():
    page = to_page([paper("x")])
    assert "<input" not in page
    assert '<section class="only" lang="en">' in page


def test_plain_text_has_numbers_where_order_means_something():
    made = Paper("en", "T", (Listing(("a", "b"), numbered=True), Listing(("c",))), ())
    assert to_text(made) == "T\n\n1. a\n2. b\n\n- c\n"


def test_rows_of_a_table_stand_below_each_other():
    made = Paper("zh", "T", (Grid(("a", "b"), (("1", "2"),)),), ())
    assert to_text(made) == "T\n\na | b\n1 | 2\n"
    assert to_markdown(made) == "# T\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n"


def test_a_blank_is_marked_the_same_in_both_languages():
    assert blank("zh", "部门", "department") == "【待填：部门】"
    assert blank("en", "部门", "department") == "【to be filled in: department】"
