"""Papers as blocks of text, written as Markdown, plain text, or a page without scripts."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sanzhixin.errors.words import Lang
from sanzhixin.numerics.choices import check_choice

__all__ = [
    "Block",
    "Grid",
    "Listing",
    "Paper",
    "Part",
    "Text",
    "blank",
    "content_policy",
    "to_markdown",
    "to_page",
    "to_text",
]


@dataclass(frozen=True, slots=True)
class Text:
    """One paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines below each other, with numbers where their order means something."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; every row has as many cells as the head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block: TypeAlias = Text | Listing | Grid


@dataclass(frozen=True, slots=True)
class Part:
    """Blocks under one heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper in one language; its texts are plain and are escaped when they are written.

    Attributes
    ----------
    lang : {"zh", "en"}
        Language of all of it.
    title : str
        Heading.
    lead : tuple of Block
        What stands before the first part.
    parts : tuple of Part
        In order.
    foot : tuple of Block
        What stands below everything, e.g. a digest.

    Raises
    ------
    DomainError
        ``option_choice``: another language.
    """

    lang: Lang
    title: str
    lead: tuple[Block, ...]
    parts: tuple[Part, ...]
    foot: tuple[Block, ...] = ()

    def __post_init__(self) -> None:
        """Refuse another language."""
        check_choice("lang", self.lang, Lang)


def blank(lang: Lang, what_zh: str, what_en: str) -> str:
    """Write a marked blank that the bank fills in.

    Parameters
    ----------
    lang : {"zh", "en"}
        Language.
    what_zh, what_en : str
        What belongs there.

    Returns
    -------
    str
        The mark is the same everywhere, so that blanks left open can be searched.

    Examples
    --------
    >>> blank("en", "受理部门", "department")
    '【to be filled in: department】'
    """
    return f"【待填：{what_zh}】" if lang == "zh" else f"【to be filled in: {what_en}】"


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def _one_line(text: str) -> str:
    """Take out line ends, and marks that nobody sees and that could turn text around."""
    seen = (" " if unicodedata.category(char) in _UNSEEN else char for char in text)
    return " ".join("".join(seen).split())


_SPECIAL = re.compile(r"([\\`*{}\[\]<>#|~&!@$]|(?<![^\W_])_|_(?![^\W_]))")
_ADDRESS = re.compile(r"(?i)(?<=www)(\.)|(:)(?=//)")
_START = re.compile(r"^(?:([-+=])(?=[-+=\s]*$|\s)|(\d+)([.)])(?=\s|$))")


def _marked_down(text: str) -> str:
    """Escape a text so that Markdown shows it as it is."""
    escaped = _SPECIAL.sub(r"\\\1", _one_line(text))
    escaped = _ADDRESS.sub(lambda found: f"\\{found[0]}", escaped)
    return _START.sub(
        lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", escaped
    )


def to_markdown(paper: Paper) -> str:
    r"""Write a paper as Markdown.

    Parameters
    ----------
    paper : Paper
        Plain texts.

    Returns
    -------
    str
        Texts are escaped: no text becomes a heading, a link, a table or HTML.

    Examples
    --------
    >>> print(to_markdown(Paper("en", "Notice", (Text("a *star*"),), ())), end="")
    # Notice
    <BLANKLINE>
    a \*star\*
    """
    pieces = [f"# {_marked_down(paper.title)}", *map(_markdown_block, paper.lead)]
    for part in paper.parts:
        pieces += [f"## {_marked_down(part.title)}", *map(_markdown_block, part.blocks)]
    pieces += map(_markdown_block, paper.foot)
    return "\n\n".join(pieces) + "\n"


def _markdown_block(block: Block) -> str:
    if isinstance(block, Text):
        return _marked_down(block.text)
    if isinstance(block, Listing):
        marks = _marks(block)
        return "\n".join(f"{m} {_marked_down(i)}" for m, i in zip(marks, block.items, strict=True))
    lines = [block.head, ("---",) * len(block.head), *block.rows]
    cells = ((_marked_down(c) if k != 1 else c for c in row) for k, row in enumerate(lines))
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _marks(block: Listing) -> list[str]:
    return [f"{k}." if block.numbered else "-" for k in range(1, len(block.items) + 1)]


def to_text(paper: Paper) -> str:
    """Write a paper as plain text.

    Parameters
    ----------
    paper : Paper
        Plain texts.

    Returns
    -------
    str
        One line a paragraph, list entry or row of a table.
    """
    pieces = [_one_line(paper.title), *map(_text_block, paper.lead)]
    for part in paper.parts:
        pieces += [_one_line(part.title), *map(_text_block, part.blocks)]
    pieces += map(_text_block, paper.foot)
    return "\n\n".join(pieces) + "\n"


def _text_block(block: Block) -> str:
    if isinstance(block, Text):
        return _one_line(block.text)
    if isinstance(block, Listing):
        marks = _marks(block)
        return "\n".join(f"{m} {_one_line(i)}" for m, i in zip(marks, block.items, strict=True))
    return "\n".join(" | ".join(map(_one_line, row)) for row in (block.head, *block.rows))


_STYLE = """
body{font-family:system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;line-height:1.6;
margin:2rem auto;max-width:52rem;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #ccc}
table{border-collapse:collapse;width:100%;font-size:.95rem}
th,td{border:1px solid #ccc;padding:.25rem .5rem;text-align:left;vertical-align:top;
min-width:4em;overflow-wrap:break-word}
div{overflow-x:auto}p,li,h1,h2{overflow-wrap:anywhere}
footer{margin-top:2rem;border-top:1px solid #ccc;font-size:.85rem;color:#555}
th{background:#f3f3f3}
section{display:none}section.only,#zh:checked~section.zh,#en:checked~section.en{display:block}
@media print{input,label{display:none}}
"""
_NAMES = {"zh": "中文", "en": "English"}


def content_policy(style: str) -> str:
    """Write the content security policy of a page: its own style, and nothing else.

    Parameters
    ----------
    style : str
        Everything between the tags of the page's one ``style`` element.

    Returns
    -------
    str
        Value of the header: no script, no picture, no font, no form, no other place.

    Examples
    --------
    >>> content_policy("p{}").startswith("default-src 'none'; style-src 'sha256-")
    True
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def to_page(papers: Sequence[Paper]) -> str:
    """Write a paper, or the same paper in two languages, as one HTML page.

    Parameters
    ----------
    papers : sequence of Paper
        One, or one a language; the first is shown, and the reader switches by radio buttons.

    Returns
    -------
    str
        Complete and without scripts, pictures, links or anything from elsewhere; a content
        security policy forbids them.  Every text is escaped.

    Examples
    --------
    >>> page = to_page([Paper("en", "<b>", (), ())])
    >>> "<h1>&lt;b&gt;</h1>" in page, "<script" in page
    (True, False)
    """
    several = len(papers) > 1
    body = [_switch(paper.lang, first=k == 0) for k, paper in enumerate(papers)] if several else []
    body += [_section(paper, paper.lang if several else "only") for paper in papers]
    lang = "zh-CN" if papers[0].lang == "zh" else "en"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{lang}">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{content_policy(_STYLE)}">',
            '<meta name="referrer" content="no-referrer">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_escaped(papers[0].title)}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body>",
            *body,
            "</body>",
            "</html>",
            "",
        ]
    )


def _escaped(text: str) -> str:
    return html.escape(_one_line(text))


def _switch(lang: Lang, *, first: bool) -> str:
    checked = " checked" if first else ""
    button = f'<input type="radio" name="lang" id="{lang}"{checked}>'
    return f'{button}<label for="{lang}">{_NAMES[lang]}</label>'


def _section(paper: Paper, name: str) -> str:
    lang = "zh-CN" if paper.lang == "zh" else "en"
    lines = [f'<section class="{name}" lang="{lang}">', f"<h1>{_escaped(paper.title)}</h1>"]
    lines += [line for block in paper.lead for line in _html_block(block)]
    for part in paper.parts:
        lines.append(f"<h2>{_escaped(part.title)}</h2>")
        lines += [line for block in part.blocks for line in _html_block(block)]
    if paper.foot:
        foot = (line for block in paper.foot for line in _html_block(block))
        lines += ["<footer>", *foot, "</footer>"]
    return "\n".join([*lines, "</section>"])


def _html_block(block: Block) -> Iterator[str]:
    if isinstance(block, Text):
        yield f"<p>{_escaped(block.text)}</p>"
    elif isinstance(block, Listing):
        tag = "ol" if block.numbered else "ul"
        yield f"<{tag}>"
        yield from (f"<li>{_escaped(item)}</li>" for item in block.items)
        yield f"</{tag}>"
    else:
        yield f"<div><table><thead><tr>{_cells('th', block.head)}</tr></thead><tbody>"
        yield from (f"<tr>{_cells('td', row)}</tr>" for row in block.rows)
        yield "</tbody></table></div>"


def _cells(tag: str, row: Sequence[str]) -> str:
    return "".join(f"<{tag}>{_escaped(cell)}</{tag}>" for cell in row)
