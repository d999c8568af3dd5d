"""The entry point: commands, languages, and one exit code for every way to end."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from click.shell_completion import shell_complete

from sanzhixin.cli.appeal_command import appeal
from sanzhixin.cli.approval_command import approval
from sanzhixin.cli.audit_commands import audit, forget
from sanzhixin.cli.care_commands import doctor, verify
from sanzhixin.cli.county_commands import check, simulate
from sanzhixin.cli.demo import demo
from sanzhixin.cli.diff_command import diff
from sanzhixin.cli.export_command import export
from sanzhixin.cli.limits_command import limits
from sanzhixin.cli.model_commands import explain, fit
from sanzhixin.cli.monitor_command import monitor
from sanzhixin.cli.panel_command import panel
from sanzhixin.cli.paper_commands import card, notice
from sanzhixin.cli.score_command import score
from sanzhixin.cli.tiers_command import tiers
from sanzhixin.cli.trust_commands import keys, models, promote, sign
from sanzhixin.cli.validate_command import validate
from sanzhixin.cli.voice import Lang, Voice
from sanzhixin.errors import SanzhixinError
from sanzhixin.versions import installed_version

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["main"]

INTERNAL, UNREADABLE, NOT_COMMITTED = 1, 4, 7
_COMPLETE = "_SANZHIXIN_COMPLETE"
_SIGNAL_BASE = 128
_SIGPIPE = 13  # has no name on Windows


def _show_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"sanzhixin {installed_version('sanzhixin') or '(source tree)'}")
        context.exit()


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 all done; 1 internal; 2 usage; 3 finished with quarantined rows; "
    "4 unreadable input; 5 schema mismatch; 6 model or log refused; 7 output not committed; "
    "8 more quarantined rows than --max-bad; 130 and 143 interrupted.",
)
@click.option(
    "--lang",
    type=click.Choice(["zh", "en", "both"]),
    default="both",
    show_default=True,
    help="Language of messages.",
)
@click.option("--debug", is_flag=True, hidden=True, help="Show the traceback of an internal error.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and leave.",
)
@click.pass_context
def sanzhixin(context: click.Context, lang: Lang, *, debug: bool) -> None:
    """三治信: panel ratings to scored profiles and proposals of unsecured farm-credit limits.

    \b
    sanzhixin demo                             see it work on a made-up county
    sanzhixin check DIR                        which rows would be rejected, and why
    sanzhixin panel DIR -o OUT                 which raters are severe, central, alike
    sanzhixin fit DIR --scheme tongxiang -o MODEL --fitted-by NAME
    sanzhixin tiers DIR -m MODEL -o OUT        cut-offs of tiers proved on the loans
    sanzhixin limits DIR -m MODEL -o OUT       limits side by side, by adult, within a total
    sanzhixin validate DIR -m MODEL -o report.html
    sanzhixin score DIR -m MODEL -o OUT
    sanzhixin approval DIR -m MODEL -o FILE    the sheet for signature, village by village
    sanzhixin export sql -m MODEL --dialect postgres
    sanzhixin explain DIR -m MODEL --household ID
    sanzhixin notice DIR -m MODEL --household ID -o FILE
    sanzhixin monitor DIR_OLD DIR_NEW -m MODEL -o OUT

    \b
    Models that decide (审批与签名):
    sanzhixin promote MODEL --to approved --by NAME
    sanzhixin keys new FILE --person NAME      a key, and its entry for the trust list
    sanzhixin sign MODEL --key FILE
    sanzhixin score DIR -m MODEL -o OUT --trust LIST --audit LOG --secret FILE
    sanzhixin card MODEL -o DIR                what the bank discloses and keeps of a model
    sanzhixin models DIR                       what a registry holds
    sanzhixin diff A B                         how model B differs from model A
    sanzhixin verify MODEL --trust LIST        also the output folder of a run

    \b
    Records and people's rights (日志与复核):
    sanzhixin audit verify LOG
    sanzhixin appeal DIR -m MODEL --household ID --without event:ID -o FILE
    sanzhixin forget LOG --household ID --secret FILE --by NAME --because TEXT
    """  # noqa: D301  click wants the backspace itself
    context.obj = Voice(lang)


_COMMANDS = (
    *(demo, simulate, check, panel, fit, tiers, limits, validate, score, approval, explain),
    *(notice, card, monitor, export, appeal, diff, keys, sign, promote, models, audit, forget),
    *(verify, doctor),
)
for _command in _COMMANDS:
    sanzhixin.add_command(_command)


class _Stopped(BaseException):
    """A signal asked the program to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; by default those of the process.

    Returns
    -------
    int
        Exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    voice, debug = Voice(_language(given)), "--debug" in given
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    try:
        with _signals():
            code = _run(given)
            sys.stdout.flush()
    except _Stopped as stop:
        voice.tell("interrupted", signal=signal.Signals(stop.number).name)
        return _SIGNAL_BASE + stop.number
    except (KeyboardInterrupt, click.Abort):
        voice.tell("interrupted", signal="SIGINT")
        return _SIGNAL_BASE + signal.SIGINT
    except BrokenPipeError:
        _close_stdout()
        return _SIGNAL_BASE + _SIGPIPE
    except SanzhixinError as error:
        voice.error(error)
        return error.exit_code
    except OSError as error:
        return _system_error(error, voice)
    except Exception as error:
        return _internal(error, voice, debug=debug)
    return code


def _run(given: list[str]) -> int:
    if wanted := os.environ.get(_COMPLETE):
        return shell_complete(sanzhixin, {}, "sanzhixin", _COMPLETE, wanted)
    try:
        with sanzhixin.make_context("sanzhixin", given) as context:
            code = sanzhixin.invoke(context)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.UsageError as error:
        if error.message.startswith("Got unexpected extra argument"):  # may hold an ID number
            error = click.UsageError("Got unexpected extra arguments.", ctx=error.ctx)
        error.show()
        if isinstance(error, click.NoSuchOption) and error.option_name == "--lang":
            _tell_where_lang_stands(given, error)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return int(code or 0)


def _tell_where_lang_stands(given: list[str], error: click.UsageError) -> None:
    """Say that --lang stands before the command, with the command that was given."""
    lang, path = _language(given), "" if error.ctx is None else error.ctx.command_path
    Voice(lang).tell("lang_first", lang=lang, command=path.removeprefix("sanzhixin "))


def _language(given: list[str]) -> Lang:
    for place, word in enumerate(given):
        value = word.removeprefix("--lang=") if word.startswith("--lang=") else None
        if word == "--lang" and place + 1 < len(given):
            value = given[place + 1]
        if value == "zh":
            return "zh"
        if value == "en":
            return "en"
    return "both"


def _internal(error: Exception, voice: Voice, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename)]
    last = own[-1] if own else None
    where = f"{Path(last.filename).name}:{last.lineno}" if last else "sanzhixin"
    voice.tell("internal", kind=type(error).__name__, where=where)
    return INTERNAL


def _system_error(error: OSError, voice: Voice) -> int:
    problem = error.strerror or type(error).__name__
    if error.filename is not None:
        voice.tell("file_problem", file=Path(str(error.filename)).name, problem=problem)
        return UNREADABLE
    _close_stdout()
    voice.tell("stdout_lost", problem=problem)
    return NOT_COMMITTED


def _close_stdout() -> None:
    """Send what is still buffered to nowhere, so that nothing fails once more on leaving."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_own(filename: str) -> bool:
    return Path(filename).is_relative_to(Path(__file__).parents[1])


@contextmanager
def _signals() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into an exception, so that unfinished files are removed."""

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        raise _Stopped(number)

    wanted = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    try:
        before = {number: signal.signal(number, stop) for number in wanted}
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
