"""How the command line speaks: messages in one or two languages, tables, JSON, progress."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import click

from sanzhixin.cli.texts import TEXTS

if TYPE_CHECKING:
    from sanzhixin.errors import SanzhixinError

__all__ = ["Lang", "Voice", "aligned"]

Lang = Literal["zh", "en", "both"]


@dataclass(frozen=True, slots=True)
class Voice:
    """Speaks Chinese, English or both.

    Attributes
    ----------
    lang : {"zh", "en", "both"}
        With "both" the Chinese sentence stands first.
    """

    lang: Lang = "both"

    @property
    def one(self) -> Literal["zh", "en"]:
        """The language of long texts, which are never written twice."""
        return "en" if self.lang == "en" else "zh"

    def pick(self, zh: str, en: str, joint: str = "\n") -> str:
        """Choose the sentence of the language; both are joined by `joint`."""
        return {"zh": zh, "en": en, "both": f"{zh}{joint}{en}"}[self.lang]

    def text(self, key: str, /, **values: object) -> str:
        """Fill a sentence of `TEXTS`; a pair of values is a word in Chinese and in English."""
        zh, en = (
            template.format_map(
                {name: v[place] if isinstance(v, tuple) else v for name, v in values.items()}
            )
            for place, template in enumerate(TEXTS[key])
        )
        return self.pick(zh, en)

    def word(self, key: str) -> str:
        """Give a word of `TEXTS` for the head of a table."""
        return self.pick(*TEXTS[key], joint=" ")

    def tell(self, key: str, /, **values: object) -> None:
        """Write a message to stderr."""
        click.echo(self.text(key, **values), err=True)

    def error(self, error: SanzhixinError) -> None:
        """Write the sentence of an error to stderr."""
        click.echo(self.pick(error.zh, error.en), err=True)

    def show(self, text: str) -> None:
        """Write data to stdout."""
        click.echo(text)

    def show_json(self, value: dict[str, Any]) -> None:
        """Write one JSON object to stdout, always in UTF-8."""
        text = json.dumps(value, ensure_ascii=False, indent=2)
        click.echo(f"{text}\n".encode(), nl=False)

    @contextmanager
    def progress(self, key: str) -> Iterator[Callable[[int, int], None] | None]:
        """Show a bar on stderr while a long step runs, only if stderr is a terminal.

        It tells how many are done, how many a second, and the time that is left.
        """
        if not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(self.pick(*TEXTS[key], joint=" "), total=None, rate="")

            def show(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)
                speed = bar.tasks[0].speed
                bar.update(task, rate="" if speed is None else f"{speed:,.0f}/s")

            yield show


def aligned(rows: Sequence[Sequence[object]], indent: str = "") -> str:
    """Lay rows out in columns; a Chinese character is two cells wide.

    Parameters
    ----------
    rows : sequence of sequence
        All of one length; whole numbers are set flush right.
    indent : str, default=""
        Before every line.

    Returns
    -------
    str
        Lines without trailing blanks.
    """
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row, texts in zip(rows, cells, strict=True):
        padded = [
            " " * (width - _width(text)) + text
            if isinstance(cell, int)
            else text + " " * (width - _width(text))
            for cell, text, width in zip(row, texts, widths, strict=True)
        ]
        lines.append(f"{indent}{'  '.join(padded)}".rstrip())
    return "\n".join(lines)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
