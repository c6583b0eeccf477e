"""The command line: one verb each, one table from errors to exit codes, never a traceback."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from segue import __version__
from segue.cli.options import spread_events
from segue.cli.output import print_error
from segue.domain.errors import InputError, SegueError, UsageError


class Exit(IntEnum):
    """What a command says to the shell."""

    DONE = 0
    FINDINGS = 1
    """It worked, and there is something to look at: problems, rejected rows."""
    TROUBLE = 2
    """Wrong usage or bad input."""
    STOPPED = 130
    """Interrupted from the keyboard."""


_ClickError: Final[Any] = typer.BadParameter.__mro__[2]
"""The base of the parser's own errors, whichever parser this version of Typer stands on."""


ORDER: Final = (
    *("demo", "try", "init", "import", "check"),
    *("evaluate", "history", "explain", "campaigns"),
    *("journey", "discover", "backtest", "diff", "report"),
    *("serve", "tail"),
    *("export", "backup", "restore", "erase", "suppress", "bench"),
)
"""The verbs in the order in which somebody meets them."""

BEGIN: Final = "Begin"
ASK: Final = "Ask"
LIVE: Final = "Live"
KEEP: Final = "Keep"


class Verbs(TyperGroup):
    """The group of all verbs: turns every error into a message and an exit code."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs in their order."""
        return sorted(super().list_commands(ctx), key=ORDER.index)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run the arguments (of this process where None) and exit; see `Exit`."""
        arguments = spread_events(sys.argv[1:] if args is None else args)
        as_json = "--json" in arguments
        _tolerate_narrow_encodings()
        extra["standalone_mode"] = False
        try:
            code = super().main(arguments, *rest, **extra)
        except SegueError as error:
            print_error(error, as_json=as_json)
            code = Exit.TROUBLE
        except _ClickError as error:
            print_error(_usage(error), as_json=as_json)
            code = Exit.TROUBLE
        except OSError as error:
            print_error(_unreadable(error), as_json=as_json)
            code = Exit.TROUBLE
        except (typer.Abort, KeyboardInterrupt):
            sys.stderr.write("\nStopped.\n")
            code = Exit.STOPPED
        sys.exit(code if isinstance(code, int) else Exit.DONE)


def _usage(error: Any) -> UsageError:
    """The parser's complaint as one of ours, with the way to the verb's help."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "segue"
    return UsageError(error.format_message(), hint=f"{path} --help shows what it takes")


def _unreadable(error: OSError) -> InputError:
    """What the operating system refused, as one of ours."""
    about = f"{error.filename}: " if error.filename else ""
    return InputError(
        f"{about}{error.strerror or error}", hint="check that it exists and who may use it"
    )


def _tolerate_narrow_encodings() -> None:
    """Let a terminal that cannot show a character show a question mark, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


app = typer.Typer(
    name="segue",
    cls=Verbs,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def example(*lines: str) -> str:
    """What stands under a verb's help: commands to copy."""
    return "[dim]Examples[/]\n\n" + "\n\n".join(f"  [bold cyan]$ {line}[/]" for line in lines)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"segue {__version__}\n")
        raise typer.Exit


@app.callback()
def _segue(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Segments of people by what they do: exact, at every moment.

    Start with [bold cyan]segue demo[/], or with your own file: [bold cyan]segue try FILE[/].
    """
