"""Commands that look after things: verify what was published, examine the machine."""

from __future__ import annotations

import locale
import platform
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanzhixin.cli.options import ACCEPT, JSON, TRUST
from sanzhixin.cli.voice import Voice, aligned
from sanzhixin.versions import installed_version

if TYPE_CHECKING:
    from sanzhixin.batch import Verification
    from sanzhixin.trust import Accepted

__all__ = ["doctor", "verify"]

_CORE = ("click", "narwhals", "numpy", "openpyxl", "pandas", "pyarrow", "pydantic", "rich")
_CORE_TOO = ("scikit-learn", "scipy")
_EXTRAS = {
    "report": ("jinja2", "matplotlib"),
    "sql": ("sqlalchemy", "sqlglot"),
    "sign": ("cryptography",),
    "excel": ("xlsxwriter",),
    "spark": ("pyspark",),
}
_PYTHONS = ((3, 11), (3, 14))
_LEAST_FREE = 1_000_000_000


@click.command()
@click.argument("path", metavar="MODEL|OUT", type=click.Path(path_type=Path))
@TRUST
@ACCEPT
@JSON
@click.pass_obj
def verify(
    voice: Voice, path: Path, *, trust: Path | None, accept: tuple[Accepted, ...], as_json: bool
) -> int:
    """Check a model, or the output folder of a run, against its digests (核验).

    With --trust the signatures of a model are judged, too.
    """
    from sanzhixin.batch import verify as verify_path
    from sanzhixin.trust import read_trust_list

    trusted = None if trust is None else read_trust_list(trust)
    done = verify_path(path, trust=trusted, accept=accept)
    if as_json:
        voice.show_json(_summary(done))
        return done.exit_code
    if done.facts:
        voice.show(aligned([_fact(voice, *fact) for fact in done.facts.items()]))
    for finding in done.findings:
        voice.show(voice.pick(finding.zh, finding.en))
    if done.findings:
        voice.tell("verify_findings", path=path, count=len(done.findings))
    else:
        voice.show(voice.text("verify_agrees", path=path))
        if done.kind == "model" and trusted is None:
            voice.tell("verify_unsigned")
    return done.exit_code


def _fact(voice: Voice, name: str, value: str) -> tuple[str, str]:
    """Name a fact in the chosen language, and a status likewise."""
    said = voice.word(f"model.{value}") if name == "status" else value
    return voice.word(f"fact.{name}"), said


def _summary(done: Verification) -> dict[str, object]:
    return {
        "exit_code": done.exit_code,
        "kind": done.kind,
        "findings": [{"code": f.code, "zh": f.zh, "en": f.en} for f in done.findings],
        "facts": done.facts,
    }


@click.command()
@JSON
@click.pass_obj
def doctor(voice: Voice, *, as_json: bool) -> int:
    """Examine versions, encodings, disk and terminal (环境检查); exit code 1 if something lacks."""
    facts, problems = _examine()
    if as_json:
        voice.show_json({"exit_code": int(bool(problems)), "problems": problems, **facts})
        return int(bool(problems))
    for title, rows in facts.items():
        voice.show(title)
        voice.show(aligned(list(rows.items()), indent="  "))
    for problem in problems:
        click.echo(problem, err=True)
    return int(bool(problems))


def _examine() -> tuple[dict[str, dict[str, str]], list[str]]:
    libraries = {name: installed_version(name) or "absent" for name in (*_CORE, *_CORE_TOO)}
    extras = {
        extra: ", ".join(f"{name} {installed_version(name) or 'absent'}" for name in names)
        for extra, names in _EXTRAS.items()
    }
    free = shutil.disk_usage(Path.cwd()).free
    facts = {
        "versions": {
            "sanzhixin": installed_version("sanzhixin") or "source tree, not installed",
            "python": platform.python_version(),
            "system": platform.platform(terse=True),
        },
        "libraries": libraries,
        "extras": extras,
        "fonts": {"chinese": _chinese_font()},
        "encodings": {
            "stdout": str(sys.stdout.encoding),
            "files": locale.getencoding(),
            "names": sys.getfilesystemencoding(),
        },
        "disk": {"free here": f"{free / 1e9:.1f} GB"},
        "terminal": {
            "stdout": "terminal" if sys.stdout.isatty() else "file or pipe",
            "stderr": "terminal" if sys.stderr.isatty() else "file or pipe, no progress bar",
            "columns": str(shutil.get_terminal_size().columns),
        },
    }
    return facts, _problems(libraries, free)


def _chinese_font() -> str:
    """Tell which font pictures have for Chinese."""
    if installed_version("matplotlib") is None:
        return "not looked for without matplotlib"
    from sanzhixin.validation.plots.style import NO_CJK_FONT, find_cjk_font

    return find_cjk_font() or NO_CJK_FONT[1]


def _problems(libraries: dict[str, str], free: int) -> list[str]:
    problems = [
        f"{name} is not installed; install sanzhixin with its dependencies."
        for name, found in libraries.items()
        if found == "absent"
    ]
    low, high = _PYTHONS
    if not low <= sys.version_info[:2] < high:
        problems.append("This Python is not supported; use 3.11, 3.12 or 3.13.")
    if free < _LEAST_FREE:
        problems.append("Less than 1 GB is free on this disk; free space before a large run.")
    return problems
