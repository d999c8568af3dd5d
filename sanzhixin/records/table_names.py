"""Which table a file or sheet holds, by the whole words of its name or title."""

from __future__ import annotations

import re
import unicodedata

from sanzhixin.records.columns import TABLES
from sanzhixin.records.grammar import RuleBroken, parse_round

__all__ = ["round_of", "table_of"]

_WORDS: dict[str, tuple[str, ...]] = {
    "households": ("农户信息", "农户信息表", "农户", "户信息"),
    "members": ("家庭成员", "家庭成员表", "成员"),
    "raters": ("评议员名册", "评议员", "评议员名单", "评判团名册"),
    "ratings": ("评议表", "评议", "评议打分表"),
    "vignettes": ("锚定案例", "锚定案例评议表", "案例评议表"),
    "events": ("积分台账", "三治积分台账", "台账", "积分"),
    "registers": ("官方记录", "官方记录表"),
    "proposals": ("授信建议", "授信建议表", "议事会建议"),
    "loans": ("贷款", "贷款台账", "贷款表"),
    "audit_groups": ("审计分组", "审计分组表"),
}
_ROUND = re.compile("第(?:[0-9]{1,3}|[一二三四五六七八九十]{1,3})轮")
_LATIN = re.compile(r"([a-z]+(?:_groups)?)(?:[._\- ].*)?\Z")


def table_of(name: str) -> str | None:
    """Find the table that a file stem, sheet name or title names.

    A village or bank may stand before the Chinese word, and a number or date behind it, set off
    by ``_``, ``-``, ``.`` or a blank; the longest Chinese word wins.

    Examples
    --------
    >>> table_of("越丰村第1轮评议表"), table_of("ratings_V01"), table_of("notes")
    ('ratings', 'ratings', None)
    """
    text = unicodedata.normalize("NFKC", name).strip().lower()
    latin = _LATIN.match(text)
    if latin and latin[1] in TABLES:
        return latin[1]
    head = re.split(r"[_\-. ]", _ROUND.sub("", text))
    parts = [part for part in head if part]
    found = [
        (len(word), table)
        for table, words in _WORDS.items()
        for word in words
        if any(part.endswith(word) for part in parts)
    ]
    return max(found)[1] if found else None


def round_of(*names: str) -> int | None:
    """Find the round (第N轮) in a sheet name, title or file name; the first that has one."""
    for name in names:
        match = _ROUND.search(unicodedata.normalize("NFKC", name))
        if match is None:
            continue
        try:
            return parse_round(match[0])
        except RuleBroken:
            continue
    return None
