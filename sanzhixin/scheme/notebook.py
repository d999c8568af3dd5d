"""How objects look in a notebook: a heading, facts and small tables as escaped HTML."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanzhixin.scheme.scheme import Scheme

__all__ = ["grid", "panel", "show_scheme"]

_CELL = "border:1px solid #ccc;padding:.1rem .4rem;text-align:left"
_LIGHTS = {"propose": "#1d5b34", "review": "#7a4a00", "gated": "#8c1c13"}


def grid(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a small table.

    Parameters
    ----------
    title : str
        Above it.
    head : sequence of str
        Names of the columns.
    rows : iterable of sequences
        Cells; None is an empty one.

    Returns
    -------
    str
        HTML; every text is escaped.

    Examples
    --------
    >>> "&lt;b&gt;" in grid("t", ["a"], [["<b>"]])
    True
    """
    top = "".join(f'<th style="{_CELL}">{_text(name)}</th>' for name in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{_text(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    table = f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody>"
    return (
        f'<p style="margin:.5rem 0 .2rem"><b>{_text(title)}</b></p>'
        f'<table style="border-collapse:collapse">{table}</table>'
    )


def panel(title: str, facts: Sequence[tuple[str, object]], *parts: str, status: str = "") -> str:
    """Put a heading, facts and parts together.

    Parameters
    ----------
    title : str
        What the object is.
    facts : sequence of (str, object)
        Name and value; a value of None is left out.
    *parts : str
        HTML from `grid`.
    status : str, default=""
        Of a proposal: its colour stands at the side, its word among the facts.

    Returns
    -------
    str
        HTML without scripts and without anything from elsewhere.
    """
    told = " · ".join(f"{_text(name)} {_text(value)}" for name, value in facts if value is not None)
    colour = _LIGHTS.get(status, "#888")
    return (
        f'<div style="border-left:.4rem solid {colour};padding-left:.6rem">'
        f"<p><b>{_text(title)}</b><br>{told}</p>{''.join(parts)}</div>"
    )


def show_scheme(scheme: Scheme) -> str:
    """Write a scheme for a notebook: pillars, tiers with their caps.

    Parameters
    ----------
    scheme : Scheme
        Which.

    Returns
    -------
    str
        HTML.
    """
    pillars = [(one.code, one.zh, one.en, one.weight) for one in scheme.pillars]
    tiers = [(row.grade, row.at_least, row.cap) for row in reversed(scheme.tiers.ascending)]
    facts = [("从 from", scheme.valid_from), ("至 until", scheme.valid_until)]
    return panel(
        f"Scheme {scheme.scheme_id}",
        facts,
        grid("维度 pillars", ("code", "zh", "en", "weight"), pillars),
        grid("等级 tiers", ("tier", "score from", f"cap ({scheme.tiers.unit})"), tiers),
    )


def _text(value: object) -> str:
    return "" if value is None else html.escape(str(value))
