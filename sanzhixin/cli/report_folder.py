"""A folder of files of one kind: only over an earlier one of its kind, ``_SUCCESS`` last."""

from __future__ import annotations

from functools import partial
from operator import methodcaller
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    Writer = Callable[[IO[bytes]], object]

__all__ = ["as_writer", "publish_files", "refuse_others", "refuse_strangers", "write_report"]

_DONE, _REPORT = "_SUCCESS", "report.txt"


def refuse_others(out: Path, names: Iterable[str], *files: str, kind: str) -> None:
    """Refuse a folder that holds anything but an earlier report with these tables, and files.

    The refusal names the command `kind` and what it writes.
    """
    refuse_strangers(out, [*map(_file_of, names), _REPORT, *files], kind=kind)


def refuse_strangers(out: Path, files: Sequence[str], *, kind: str) -> None:
    """Refuse a folder that holds anything but these files and ``_SUCCESS``."""
    from sanzhixin.errors import OutputError

    held = {path.name for path in out.iterdir()} if out.is_dir() else set()
    strangers = held - {*files, _DONE}
    if strangers:
        own = [*files, _DONE]
        raise OutputError(
            "output_folder_in_use",
            path=out.name,
            count=len(strangers),
            others=f" that sanzhixin {kind} does not write (it writes {', '.join(own)})",
            others_zh=f"不是 sanzhixin {kind} 写出的（它只写 {'、'.join(own)}）",
        )


def write_report(
    out: Path,
    tables: Mapping[str, pd.DataFrame],
    zh: str,
    en: str,
    *,
    kind: str,
    names: Iterable[str] = (),
) -> None:
    """Write one CSV a table and the report; ``_SUCCESS`` last.

    Tables of `names` that an earlier report left and this one does not write are removed.
    """
    writers = {_file_of(name): partial(_write_table, table) for name, table in tables.items()}
    publish_files(
        out,
        {**writers, _REPORT: as_writer(f"{zh}\n\n{en}\n".encode())},
        kind=kind,
        stale=map(_file_of, names),
    )


def publish_files(
    out: Path,
    writers: Mapping[str, Writer],
    *,
    kind: str,
    stale: Iterable[str] = (),
) -> None:
    """Write every file whole, ``_SUCCESS`` last; of `stale` what is not written is removed."""
    from sanzhixin.batch.files import publishing, whole_file

    with publishing(out):
        out.mkdir(parents=True, exist_ok=True)
        (out / _DONE).unlink(missing_ok=True)
        for name in set(stale) - set(writers):
            (out / name).unlink(missing_ok=True)
        for name, write in {**writers, _DONE: as_writer(f"{kind}\n".encode())}.items():
            with whole_file(out / name) as stream:
                write(stream)


def as_writer(content: bytes) -> Writer:
    """Give what writes this content into a file."""
    return methodcaller("write", content)


def _file_of(table: str) -> str:
    return f"{table}.csv"


def _write_table(table: pd.DataFrame, stream: IO[bytes]) -> None:
    texts = table.select_dtypes(["object", "string", "category"]).columns
    guarded = table.assign(**{name: table[name].astype(object).map(_guarded) for name in texts})
    guarded = guarded.rename(columns=_guarded)
    guarded.to_csv(stream, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def _guarded(cell: object) -> object:
    """Keep a spreadsheet from taking a text for a formula."""
    from sanzhixin.records.cells import guard_text

    return guard_text(cell) if isinstance(cell, str) else cell
