"""What the papers of a model share: one model file, told in one language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from sanzhixin.errors.words import Lang, joined, pick
from sanzhixin.validation.papers.layout import Grid, Listing, blank
from sanzhixin.validation.papers.scheme_words import scheme_word

if TYPE_CHECKING:
    from sanzhixin.scheme import Scheme
    from sanzhixin.scoring.artifact import ModelFile

__all__ = ["Pair", "Writer"]

Pair: TypeAlias = tuple[str, str]
"""The same words in Chinese and in English."""


class Writer:
    """Tells a model file in one language.

    Parameters
    ----------
    file : ModelFile
        The content of ``model.json``.
    lang : {"zh", "en"}
        Language.

    Examples
    --------
    >>> from sanzhixin.modelling import expert_model
    >>> from sanzhixin.scheme import load_scheme
    >>> model = expert_model(load_scheme("tongxiang"), name="trial", version="1.0.0")
    >>> Writer(model.file, "zh").named((("状态", "Status"), "draft"))
    Listing(items=('状态：draft',), numbered=False)
    """

    def __init__(self, file: ModelFile, lang: Lang) -> None:
        self.file, self.lang = file, lang

    @property
    def scheme(self) -> Scheme:
        """The scheme in the file."""
        return self.file.scheme

    def pick(self, zh: str, en: str) -> str:
        """Choose between two texts."""
        return pick(self.lang, (zh, en))

    def blank(self, zh: str, en: str) -> str:
        """Mark what the bank fills in."""
        return blank(self.lang, zh, en)

    def told(self, text: str) -> str:
        """Tell an evidence or a legal basis of the scheme."""
        return scheme_word(self.lang, text)

    def joined(self, words: Iterable[str]) -> str:
        """Put words into one list, or say that there are none."""
        return joined(self.lang, words)

    def lines(self, *pairs: Pair) -> Listing:
        """Make a list of sentences."""
        return Listing(tuple(self.pick(*pair) for pair in pairs))

    def named(self, *values: tuple[Pair, object]) -> Listing:
        """Make a list of names and values."""
        between = self.pick("：", ": ")
        return Listing(tuple(f"{self.pick(*name)}{between}{value}" for name, value in values))

    def grid(self, heads: Sequence[Pair], rows: Iterable[Sequence[str]]) -> Grid:
        """Make a table under its heads."""
        return Grid(tuple(self.pick(*head) for head in heads), tuple(map(tuple, rows)))
