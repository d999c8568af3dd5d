"""How pictures look: one style, a Chinese font, and SVG that is the same whenever it is drawn."""

from __future__ import annotations

import html
import io
import re
import warnings
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

__all__ = ["CJK_FONTS", "NO_CJK_FONT", "CjkFontWarning", "find_cjk_font", "house_style", "to_svg"]

CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "SimHei",
    "Heiti SC",
    "SimSun",
)
"""Families with Chinese characters, in the order they are looked for."""

NO_CJK_FONT = (
    "未找到中文字体，图片中汉字的位置不准，另存为位图时显示为方框；请安装一种，"
    "例如 apt-get install fonts-noto-cjk。",
    "No font with Chinese characters was found, so labels are placed by guess, and are boxes in "
    "bitmaps; install one, e.g. with apt-get install fonts-noto-cjk.",
)
"""What is told where there is none, in Chinese and English."""


class CjkFontWarning(UserWarning):
    """No font with Chinese characters was found."""


_FILES = re.compile(
    r"notosans(cjk|sc)|sourcehansans|wqy|msyh|pingfang|hiragino|simhei|stheiti|simsun", re.I
)
_COLOURS = ("#0f5c8c", "#c46a1b", "#4a7c59", "#8a3b5c", "#6b6b6b")
_STYLE = {
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "axes.unicode_minus": False,
    "figure.dpi": 100,
    "font.family": "sans-serif",
    "font.size": 9,
    "grid.color": "0.9",
    "legend.framealpha": 0.8,
    "legend.fontsize": 8,
    "svg.fonttype": "none",
    "text.parse_math": False,  # a name may hold a dollar sign
    "text.usetex": False,
}
_LEFT_OUT = re.compile(
    r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>|(?<=<g) id=\"[^\"]*\"", re.S
)
_TAG = re.compile(r"<[^<>]*>")
_NAME = re.compile(r"[a-z-]+")
_STYLED = re.compile(r" style=\"([^\"]*)\"")
_PLACED = re.compile(r" (?:d|x|y|points|transform|width|height)=\"[^\"]*\"")
_DIGITS = re.compile(r"(\.\d\d)\d+")


@cache
def find_cjk_font() -> str | None:
    """Find a font with Chinese characters for pictures.

    Returns
    -------
    str or None
        The first family of `CJK_FONTS` that is installed; None where there is none.

    Notes
    -----
    A font that was installed after matplotlib made its list is found, too.  What was found is kept
    until the process ends.
    """
    from matplotlib import font_manager

    for again in (False, True):
        if again:
            for file in sorted(font_manager.findSystemFonts()):
                if _FILES.search(Path(file).name.replace("-", "")):
                    font_manager.fontManager.addfont(file)
        known = {font.name for font in font_manager.fontManager.ttflist}
        found = [name for name in CJK_FONTS if name in known]
        if found:
            return found[0]
    return None


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the style of the reports, whatever the settings of the process are.

    Yields
    ------
    None
        Inside, figures are made, drawn and saved; missing characters are not warned of.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> with house_style():
    ...     colour = Figure().add_subplot().plot([1, 2])[0].get_color()
    >>> colour
    '#0f5c8c'
    """
    import matplotlib.style
    from cycler import cycler

    own = find_cjk_font()
    fonts = ["DejaVu Sans"] if own is None else [own, "DejaVu Sans"]
    more = {"font.sans-serif": fonts, "axes.prop_cycle": cycler(color=_COLOURS)}
    with matplotlib.style.context(["default", _STYLE | more]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .*missing from")
        yield


def to_svg(figure: Figure, *, name: str, alt: str) -> str:
    """Write a figure as an SVG element that can stand in a page.

    Parameters
    ----------
    figure : Figure
        Made within `house_style`, which still has to be in force.
    name : str
        Of its own in the page: names inside the element are derived from it.
    alt : str
        What the picture says, for those who do not see it.

    Returns
    -------
    str
        With ``role="img"`` and the text as its label.  Letters stay text, in the reader's font;
        there is no time, no style and no reference to anything outside, so that a strict content
        security policy lets it pass.

    Notes
    -----
    Letters as text make a report a third as large as outlines would, and can be searched; places
    of labels are reckoned with the font of `find_cjk_font`, so bytes are equal where fonts and
    matplotlib are.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> with house_style():
    ...     figure = Figure()
    ...     _ = figure.add_subplot().set_title("<AUC>")
    ...     picture = to_svg(figure, name="roc", alt='"0.7"')
    >>> "&lt;AUC&gt;" in picture, 'aria-label="&quot;0.7&quot;"' in picture
    (True, True)
    """
    import matplotlib as mpl

    stream = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": f"sanzhixin {name}"}):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    written = stream.getvalue()
    inner = written[written.index(">", written.index("<svg")) + 1 :]
    inner = _TAG.sub(lambda found: _plain_tag(found[0]), _LEFT_OUT.sub("", inner))
    inner = re.sub(r"\s*\n\s*", "\n", inner).strip()
    width, height = (f"{72 * inches:g}" for inches in figure.get_size_inches())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{html.escape(alt)}" '
        f'stroke-linejoin="round" stroke-linecap="butt">\n{inner}'
    )


def _plain_tag(tag: str) -> str:
    """Take style and spare digits out of a tag; what stands between tags is left as it is."""
    styled = _STYLED.sub(lambda found: _attributes(found[1]), tag)
    placed = _PLACED.sub(lambda found: _DIGITS.sub(r"\1", found[0]), styled)
    return placed.replace("xlink:href", "href")


def _attributes(style: str) -> str:
    """Write the declarations of a style as attributes; the font is the reader's."""
    pairs = (one.partition(":") for one in html.unescape(style).split(";") if one.strip())
    told = ((name.strip(), value.strip()) for name, _, value in pairs)
    return "".join(
        f' {name}="{html.escape(value)}"'
        for name, value in told
        if name != "font-family" and _NAME.fullmatch(name)
    )
