"""The documentation site: the pages of this folder, and the reference from the docstrings."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from docutils.nodes import Element, SkipNode
from pygments.lexers.special import TextLexer
from sphinx.highlighting import lexers

import sanzhixin

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator as HTMLTranslator

project = "sanzhixin"
author = "the sanzhixin developers"
copyright = "2026, the sanzhixin developers"
release = version = sanzhixin.__version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "numpydoc",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = False
html_math_renderer = "text"
html_theme = "alabaster"
html_theme_options = {"description": "Village panel ratings to scored profiles and limits"}
html_title = f"sanzhixin {release}"
html_show_sourcelink = False
html_copy_source = False
myst_heading_anchors = 3
myst_links_external_new_tab = False
autodoc_typehints = "none"  # the docstrings state types and shapes
autodoc_member_order = "bysource"
autosummary_generate = False
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
suppress_warnings = [
    "myst.xref_missing"
]  # links beyond docs/; tests/docs/test_links.py follows all
lexers["mermaid"] = TextLexer()  # drawn by hosts of README.md; here it stands as it is written


def skip_member(
    _app: Sphinx, _what: str, name: str, _obj: object, skip: bool, _options: object
) -> bool:
    """Leave out what scikit-learn adds to every estimator."""
    return skip or name.endswith("_request") or name == "get_metadata_routing"


def write_formula(writer: HTMLTranslator, node: Element) -> None:
    """Write a formula as its source: a site without network draws none."""
    writer.body.append(f"<code>{escape(node.astext())}</code>")
    raise SkipNode


def setup(app: Sphinx) -> None:
    """Connect the above."""
    app.connect("autodoc-skip-member", skip_member)
    app.add_html_math_renderer("text", (write_formula, None), (write_formula, None))
