"""`segue tail`: transitions as they happen, in a terminal."""

from __future__ import annotations

import datetime as dt
import json
import sys
from itertools import islice
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.text import Text

from segue.bootstrap.definitions import ProjectFile
from segue.bootstrap.environment import default_workspace
from segue.bootstrap.following import Follower, event_name, titles
from segue.bootstrap.workspace import Workspace
from segue.cli import options
from segue.cli.app import LIVE, app, example
from segue.cli.output import console
from segue.domain.instant import DAY, parse_instant
from segue.services import words

SegmentId = Annotated[
    str | None, typer.Option("--segment", "-s", metavar="ID", help="Only this segment.")
]
PersonId = Annotated[
    str | None,
    typer.Option("--person", metavar="ID", help="Only the person with this distinct id."),
]
Everything = Annotated[
    bool,
    typer.Option("--all", help="Also what nobody acts upon: corrections, imports, definitions."),
]
Since = Annotated[
    int | None,
    typer.Option("--since", metavar="ID", min=-1, help="Begin after the transition with this id."),
]
Count = Annotated[
    int | None, typer.Option("--count", metavar="N", min=1, help="End after so many.")
]

_CAUSES: Final = {
    "event": "an event",
    "time": "time passed",
    "correction": "a late event said so",
    "import": "past events were imported",
    "definition": "the definition changed",
}
_STYLES: Final = {"entered": "up", "left": "down", "retracted": "soon"}


@app.command(
    rich_help_panel=LIVE,
    epilog=example("segue tail", "segue tail --segment cart_abandoners --json"),
)
def tail(
    *,
    workspace: options.Workspace = None,
    segment: SegmentId = None,
    person: PersonId = None,
    everything: Everything = False,
    since: Since = None,
    count: Count = None,
    as_json: options.Json = False,
) -> None:
    """Follow who enters and leaves, as it happens, from the running server.

    Goes on by itself, without a gap, when the server is started again. Ctrl-C ends it.
    """
    place = Workspace(workspace or default_workspace())
    wanted = {"segment": segment, "person": person, "live": None if everything else True}
    query = {key: value for key, value in wanted.items() if value is not None}
    follower = Follower(place, query, since, lost=_say_lost, found=_say_found)
    teller = Teller(place, console())
    for transition in islice(follower.transitions(), count):
        if as_json:
            sys.stdout.write(json.dumps(transition, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            teller.tell(transition)


def _say_lost() -> None:
    console(to_stderr=True).print("[faint]The server is gone; waiting for it to come back.[/]")


def _say_found() -> None:
    console(to_stderr=True).print("[faint]It is back.[/]")


class Teller:
    """Writes a transition as one line for people."""

    def __init__(self, workspace: Workspace, out: Console) -> None:
        self._workspace, self._out = workspace, out
        self._zone = ProjectFile(workspace.definitions).timezone
        self._titles: dict[str, str] = {}

    def tell(self, transition: dict[str, Any]) -> None:
        """Write the line."""
        self._out.print(
            Text.assemble(
                (f"{self._moment(transition)}  ", "faint"),
                (transition["person_id"], "title"),
                *self._what(transition),
                (f"  because {self._why(transition)}", "faint"),
            ),
            soft_wrap=True,
        )

    def _what(self, transition: dict[str, Any]) -> list[tuple[str, str]]:
        kind, boundary = transition["kind"], transition["boundary"]
        verb = f" {kind} " if kind == boundary else f" had not {boundary} "
        return [(verb, _STYLES[kind]), (self._title(transition["segment_id"]), "kind")]

    def _title(self, segment_id: str) -> str:
        if segment_id not in self._titles:
            self._titles = titles(self._workspace)
        return self._titles.setdefault(segment_id, segment_id)

    def _why(self, transition: dict[str, Any]) -> str:
        if transition["cause"] == "event":
            return event_name(self._workspace, transition) or _CAUSES["event"]
        return _CAUSES[transition["cause"]]

    def _moment(self, transition: dict[str, Any]) -> str:
        """The time of day; with the day where it became known much later."""
        at, known_at = (parse_instant(transition[key]) for key in ("at", "known_at"))
        if abs(known_at - at) >= DAY:
            return words.moment(at, self._zone)
        local = dt.datetime.fromtimestamp(at / 1_000, dt.UTC).astimezone(ZoneInfo(self._zone))
        return f"{local:%H:%M:%S}"
