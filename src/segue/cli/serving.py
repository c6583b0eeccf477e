"""`segue serve`: events in over HTTP, memberships exact at every moment."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from segue.bootstrap import logs
from segue.bootstrap.environment import channels, default_workspace
from segue.bootstrap.serving import STUDIO_PATH, Welcome, serve
from segue.bootstrap.settings import Limits, Settings
from segue.bootstrap.workspace import Workspace
from segue.cli import options
from segue.cli.app import LIVE, app, example
from segue.cli.output import console, print_json
from segue.domain.webhooks import Reach

DEFAULTS: Final = Limits()
_LISTENING: Final = "Where it listens"
_LOGGING: Final = "What it says"


class Level(StrEnum):
    """From which weight on something is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


Host = Annotated[
    str,
    typer.Option(
        help="Address to listen at; 0.0.0.0 lets other machines in.", rich_help_panel=_LISTENING
    ),
]
Port = Annotated[
    int,
    typer.Option(
        min=0, max=65535, help="Port to listen at; 0 is any free one.", rich_help_panel=_LISTENING
    ),
]
Origins = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-origin",
        metavar="ORIGIN",
        help="A web page's origin that may call the management API; may be repeated.",
        rich_help_panel=_LISTENING,
    ),
]
WriteKey = Annotated[
    str | None,
    typer.Option("--write-key", metavar="KEY", help="Take this write key too, made if new."),
]
Rate = Annotated[
    float,
    typer.Option(
        "--rate", min=1, metavar="N", help="Events per second that one key may send on average."
    ),
]
WebhookReach = Annotated[
    Reach | None,
    typer.Option(
        "--webhook-reach",
        help="Addresses that webhooks may be sent to: of the internet, also this machine, also "
        "private networks. Default: loopback where it listens to this machine only, else public.",
        show_default=False,
        rich_help_panel=_LISTENING,
    ),
]
Memberships = Annotated[
    Path | None,
    typer.Option(
        "--memberships",
        metavar="RUNS",
        help="Take memberships from the runs in this folder, as `segue evaluate --runs` publishes "
        "them, instead of evaluating the events that arrive.",
        show_default=False,
    ),
]
LogLevel = Annotated[
    Level, typer.Option("--log-level", help="What to log.", rich_help_panel=_LOGGING)
]
LogJson = Annotated[
    bool,
    typer.Option("--log-json", help="Log one JSON object per line.", rich_help_panel=_LOGGING),
]


@app.command(
    "serve",
    rich_help_panel=LIVE,
    epilog=example("segue serve", "segue serve --workspace shop --port 9000"),
)
def serve_(
    *,
    workspace: options.Workspace = None,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    write_key: WriteKey = None,
    memberships: Memberships = None,
    rate: Rate = DEFAULTS.events_per_second,
    allow_origin: Origins = None,
    webhook_reach: WebhookReach = None,
    log_level: Level = Level.INFO,
    log_json: LogJson = False,
    as_json: options.Json = False,
) -> None:
    """Take in events over HTTP and keep every membership exact, until it is stopped.

    The SDKs of Segment, RudderStack and PostHog work unmodified. Ctrl-C, or SIGTERM, ends it in
    order: what was taken in is kept.
    """
    logs.configure(level=log_level.value, as_json=log_json)
    limits = Limits(events_per_second=rate, burst=max(1, int(2 * rate)))
    settings = Settings(
        host,
        port,
        write_key,
        tuple(allow_origin or ()),
        limits,
        webhook_reach,
        channels(),
        memberships,
    )
    folder: Path = workspace or default_workspace()
    serve(Workspace(folder), settings, _print_document if as_json else print_welcome)


def _print_document(welcome: Welcome) -> None:
    document = dataclasses.asdict(welcome)
    document["workspace"] = str(welcome.workspace.folder)
    print_json(document)


def print_welcome(welcome: Welcome) -> None:
    """Where it is, the keys, and what to do next."""
    out = console()
    address, key = escape(welcome.address), escape(welcome.write_key)
    out.print(f"\n [good]✓[/] Segue serves at [title]{address}[/]\n", soft_wrap=True)
    out.print(
        f"   write key    [title]{key}[/]  [faint]public: it may only send[/]", soft_wrap=True
    )
    if welcome.secret_key is not None:
        secret = escape(welcome.secret_key)
        out.print(f"   secret key   [title]{secret}[/]", soft_wrap=True)
        out.print(
            "                [soon]shown this once[/] [faint]keep it: it may do everything[/]"
        )
    _print_studio(out, welcome)
    out.print("\n [title]Send an event[/]")
    for line in _curl(welcome):
        out.print(f"   [command]{escape(line)}[/]", soft_wrap=True)
    out.print("\n [title]Or with an SDK you have[/]")
    for line in _sdks(welcome):
        out.print(f"   [faint]{escape(line)}[/]", soft_wrap=True)
    out.print("\n [title]Next[/]")
    folder = welcome.workspace.folder
    where = "" if folder == Path() else f" --workspace {folder}"
    for command, meaning in (
        (f"segue tail{where}", "who enters and leaves, as it happens"),
        (f"{welcome.address}/openapi.json", "every route"),
        ("Ctrl-C", "ends it in order"),
    ):
        out.print(f"   [command]{escape(command)}[/]  [faint]{meaning}[/]", soft_wrap=True)
    out.print()


def _print_studio(out: Console, welcome: Welcome) -> None:
    link = welcome.studio_link or f"{welcome.address}{STUDIO_PATH}"
    out.print(f"   studio       [title]{escape(link)}[/]", soft_wrap=True)
    if welcome.studio_link is not None:
        note = "lets you in once, within a day: choose a password there"
        out.print(f"                [faint]{note}[/]")


def _curl(welcome: Welcome) -> tuple[str, ...]:
    body = '{"userId": "ana", "event": "signed_up"}'
    return (f"curl -u {welcome.write_key}: {welcome.address}/v1/track -d '{body}'",)


def _sdks(welcome: Welcome) -> tuple[str, ...]:
    key, address = welcome.write_key, welcome.address
    return (
        f"Segment Python  Client('{key}', host='{address}')",
        f"PostHog JS      posthog.init('{key}', {{api_host: '{address}'}})",
    )
