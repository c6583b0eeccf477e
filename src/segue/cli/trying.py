"""`segue try` and `segue init`: from somebody's own file to segments."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from segue.bootstrap.beginning import Begun, Sample, begin, keep, look_at, read_sample
from segue.bootstrap.environment import default_workspace
from segue.cli import options
from segue.cli.app import BEGIN, Exit, app, example
from segue.cli.evaluating import print_leaving
from segue.cli.options import columns_of
from segue.cli.output import console, paragraph, plain_table, print_json
from segue.cli.overview import print_summary, summary_document
from segue.cli.progress import reading
from segue.cli.strange import print_strange, strange_document
from segue.domain.errors import UsageError
from segue.domain.instant import format_instant
from segue.language.templates import Guess, standard_actions
from segue.services import words
from segue.services.draft import Draft
from segue.services.first_look import FirstLook

File = Annotated[str, typer.Argument(metavar="FILE", help="CSV, JSON Lines or Parquet.")]
Keep = Annotated[
    Path | None,
    typer.Option("--keep", metavar="DIR", help="Keep it as a workspace in this folder."),
]
From = Annotated[
    list[str], typer.Option("--from", metavar="FILE", help="A file of events; may be repeated.")
]


@app.command(
    "try",
    rich_help_panel=BEGIN,
    epilog=example("segue try events.csv", "segue try events.parquet --keep shop"),
)
def try_file(
    file: File,
    *,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    time_format: options.TimeFormat = None,
    keep_in: Keep = None,
    as_json: options.Json = False,
) -> None:
    """Look at a file of yours: its segments, who leaves next, a mistake you may be making.

    Nothing is written unless you keep it. A file that is no event log ends with exit code 1, after
    saying what is missing.
    """
    sample = read_sample(file, columns_of(columns))
    if sample.missing:
        if as_json:
            print_json(strange_document(look_at(sample)))
        else:
            print_strange(console(), look_at(sample))
        raise typer.Exit(Exit.FINDINGS)
    with reading(quiet=as_json) as on_rows:
        begun = begin(
            [file],
            sample.renamed,
            time_zone=time_zone,
            time_format=time_format,
            on_rows=on_rows,
        )
    with begun.engine:
        look = begun.engine.first_look()
        if as_json:
            print_json(_look_document(sample, begun, look))
        else:
            _print_look(console(), sample, begun, look)
        folder = keep_in or (None if as_json else _offered(file))
        if folder is not None:
            keep(begun, look.draft.text(), folder)
            if not as_json:
                console().print(f" Kept in [title]{escape(str(folder))}[/]: ", end="")
                console().print(f"[command]segue evaluate --workspace {escape(str(folder))}[/]")


@app.command(
    rich_help_panel=BEGIN,
    epilog=example("segue init --from events.csv", "segue init --from events.csv --yes"),
)
def init(
    files: From,
    *,
    workspace: options.Workspace = None,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    time_format: options.TimeFormat = None,
    yes: options.Yes = False,
    as_json: options.Json = False,
) -> None:
    """Make a workspace from your events: bind your event names, fill the templates.

    A short dialogue; with --yes the guesses stand.
    """
    folder = workspace or default_workspace()
    sample = read_sample(files[0], columns_of(columns))
    if sample.missing:
        raise UsageError(
            f"{files[0]} has no column for {', '.join(sample.missing)}",
            hint=f"say which is which: --columns {sample.missing[0]}=NAME; segue try shows more",
        )
    if not (yes or as_json or is_answered()):
        raise UsageError("Nobody is there to answer the dialogue", hint="--yes takes the guesses")
    with reading(quiet=as_json) as on_rows:
        begun = begin(
            files,
            sample.renamed,
            time_zone=time_zone,
            time_format=time_format,
            on_rows=on_rows,
        )
    with begun.engine:
        drafted = begun.engine.draft()
        if not (yes or as_json):
            drafted = _dialogue(drafted)
        keep(begun, drafted.text(), folder)
    if as_json:
        print_json(_draft_document(drafted, folder))
        return
    _print_kept(console(), drafted, folder)


def _print_look(out: Console, sample: Sample, begun: Begun, look: FirstLook) -> None:
    zone = look.draft.timezone
    extent = begun.engine.extent()
    out.print()
    out.print(
        f" [title]{escape(sample.path.name)}[/] · {words.counted(extent.events, 'event')} of "
        f"{words.people(extent.people)} · {_period(extent.first_at, extent.last_at, zone)}"
    )
    if sample.exported_by:
        out.print(f" [faint]an export of {sample.exported_by}[/]")
    elif begun.columns:
        pairs = ", ".join(f"{role} = {column}" for role, column in begun.columns.items())
        out.print(f" [faint]columns: {escape(pairs)}[/]")
    _print_rejected(out, begun)
    out.print()
    _print_actions(out, look.draft)
    print_summary(
        out,
        look.summary,
        heading="[title]Segments you already have[/] [faint]at the last event, "
        f"{words.moment(look.view.at, zone)}, {zone}[/]",
    )
    if look.leaving:
        out.print(" [title]Who leaves next[/] [faint]if nothing more happens[/]")
        print_leaving(out, list(look.leaving), look.view.at, zone)
    if look.mistake is not None:
        out.print(" [title]A mistake you may be making:[/] ", end="")
        out.print(f"[soon]{escape(look.mistake.name)}[/]")
        paragraph(out, Text(look.mistake.finding))
        paragraph(out, Text(look.mistake.advice, style="good"), bullet="→")
        out.print()


def _period(first: int | None, last: int | None, zone: str) -> str:
    if first is None or last is None:
        return "no time at all"
    days = dict.fromkeys((words.day(first, zone), words.day(last, zone)))
    return " to ".join(days)


def _print_rejected(out: Console, begun: Begun) -> None:
    rejected = sum(one.rejected for one in begun.imported)
    if rejected:
        out.print(f" [soon]{words.counted(rejected, 'row')} could not be read[/], such as")
        for one in begun.imported:
            for reason, count in one.reasons:
                out.print(Text(f"   {words.number(count)} × {reason}", style="faint"))


def _print_actions(out: Console, draft: Draft) -> None:
    if not draft.actions:
        out.print(
            " [faint]No event name reads like a standard action: bind yours under actions:[/]"
        )
        return
    table = plain_table()
    table.add_column("Your events as actions", no_wrap=True)
    table.add_column("Events", overflow="fold")
    table.add_column("Sure", justify="right")
    for name, guess in draft.actions.items():
        table.add_row(
            Text(name),
            Text(words.listed(guess.events, 4) + (f" where {guess.where}" if guess.where else "")),
            f"{guess.confidence:.0%}",
        )
    out.print(table)


def is_answered() -> bool:
    """Whether somebody is there to answer questions."""
    return sys.stdin.isatty()


def _offered(file: str) -> Path | None:
    """Where to keep it, asked on a terminal only."""
    if not (is_answered() and sys.stdout.isatty()):
        return None
    folder = Path(Path(file).name.split(".")[0])
    if not typer.confirm(f" Keep it as a workspace in ./{folder}?", default=False):
        return None
    return folder


def _dialogue(draft: Draft) -> Draft:
    """Ask for the name, and about each guessed action."""
    out = console()
    means = standard_actions()
    out.print("\n [title]What are your events?[/]")
    out.print(" Enter keeps a guess, n drops it, or name the right events, with commas between.\n")
    name = typer.prompt(" Name of the project", default=draft.name)
    answers = {
        action: _asked(action, guess, means.get(action, action))
        for action, guess in draft.actions.items()
    }
    kept = {action: guess for action, guess in answers.items() if guess is not None}
    return draft.corrected(name, kept)


def _asked(action: str, guess: Guess, means: str) -> Guess | None:
    """What the action is, after asking; None where it is nothing."""
    shown = ", ".join(guess.events) + (f" where {guess.where}" if guess.where else "")
    answer = typer.prompt(f" {action} ({means})", default=shown).strip()
    if answer == shown:
        return guess
    if answer.lower() in {"n", "no"}:
        return None
    events = tuple(part.strip() for part in answer.split(",") if part.strip())
    return Guess(events, 1.0, "as you said")


def _print_kept(out: Console, draft: Draft, folder: Path) -> None:
    sections = draft.mapping()
    count = len(sections.get("segments", {}))
    bound = words.counted(len(draft.actions), "action")
    out.print(f"[good]✓[/] [title]{escape(str(folder / 'segue.yaml'))}[/] binds {bound}", end="")
    out.print(f" and fills {words.counted(count, 'segment')}, ", end="")
    journey = " and a journey" if "journey" in sections else ""
    out.print(f"{words.counted(len(sections.get('ladders', {})), 'ladder')}{journey}")
    out.print("  Read it, correct it, then: [command]segue check[/], [command]segue evaluate[/]")


def _look_document(sample: Sample, begun: Begun, look: FirstLook) -> dict[str, Any]:
    mistake = look.mistake
    return {
        "event_log": True,
        "columns": dict(begun.columns),
        "exported_by": sample.exported_by,
        "events": begun.engine.extent().events,
        "rejected": sum(one.rejected for one in begun.imported),
        "actions": _actions_document(look.draft),
        "summary": summary_document(look.summary),
        "leaving_next": [
            {
                "segment_id": one.segment_id,
                "person_id": one.person_id,
                "leaves_at": format_instant(one.leaves_at),
            }
            for one in look.leaving
        ],
        "mistake": None
        if mistake is None
        else {"name": mistake.name, "finding": mistake.finding, "advice": mistake.advice},
    }


def _draft_document(draft: Draft, folder: Path) -> dict[str, Any]:
    sections = draft.mapping()
    return {
        "workspace": str(folder),
        "actions": _actions_document(draft),
        "segments": list(sections.get("segments", {})),
        "ladders": list(sections.get("ladders", {})),
    }


def _actions_document(draft: Draft) -> dict[str, Any]:
    return {
        name: {
            "pattern": guess.pattern,
            "confidence": guess.confidence,
            "reason": guess.reason,
        }
        for name, guess in draft.actions.items()
    }
