"""`segue discover patterns`, `identity`, `ready`: groups of people, and what foretells a goal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from segue.bootstrap.engine import Engine
from segue.cli import options
from segue.cli.app import example
from segue.cli.discovering import discover, print_proposal
from segue.cli.output import console, paragraph, plain_table, print_json
from segue.cli.progress import telling
from segue.cli.source import opened
from segue.domain.errors import UsageError
from segue.domain.instant import DAY
from segue.insight.predicting import Foretold
from segue.language.parse import parse_duration, parse_pattern
from segue.services import words
from segue.services.insight.as_segment import Proposal
from segue.services.insight.identity import Compared, measured_words
from segue.services.insight.patterns import SEED, Patterns, View, Wish
from segue.services.insight.patterns_document import (
    identity_document,
    patterns_document,
    ready_document,
)
from segue.services.insight.ready import WINDOW, Buyers, Buying, Group, Ready
from segue.services.insight.wording import share_words

_MARKS: Final = 4
_TELLING: Final = 0.5
_ASK: Final = "What is asked"

Save = Annotated[bool, typer.Option("--save", help="With --as-segment: put it into segue.yaml.")]


def _asks(name: str, metavar: str, text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        name, metavar=metavar, help=text, rich_help_panel=_ASK
    )
    return option


@discover.command(
    "patterns",
    epilog=example(
        "segue discover patterns",
        "segue discover patterns --by how --groups 3",
        "segue discover patterns --as-segment 1 --save",
    ),
)
def patterns(
    *,
    by: Annotated[
        View, typer.Option("--by", help="Alike in what they do, or in how.", rich_help_panel=_ASK)
    ] = View.WHAT,
    mix: Annotated[
        str | None, _asks("--mix", "PATTERN", "Of what the mix is. Default: pages, else anything.")
    ] = None,
    within: Annotated[str | None, _asks("--within", "D", "How far back. Default: 90 days.")] = None,
    least: Annotated[
        int | None, _asks("--least", "N", "Only who did it so often. Default: 15, by how: 1.")
    ] = None,
    segment: Annotated[str | None, _asks("--segment", "ID", "Only members of this one.")] = None,
    groups: Annotated[
        int | None, _asks("--groups", "N", "So many. Default: as many as are stable.")
    ] = None,
    seed: Annotated[int, _asks("--seed", "N", "Seed of what is drawn by chance.")] = SEED,
    as_segment: Annotated[
        int | None,
        typer.Option("--as-segment", metavar="N", help="Show group N as a segment of segue.yaml."),
    ] = None,
    save: Save = False,
    workspace: options.Workspace = None,
    events: options.Events = None,
    definitions: options.DefinitionsFile = None,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    at: options.At = None,
    as_json: options.Json = False,
) -> None:
    """Find groups of people who behave alike, where there are any, each with a rule that names it.

    The number of groups is the largest at which all of them come back when people are drawn anew.
    """
    _must_choose(save, as_segment)
    wish = Wish(
        by,
        None if within is None else _duration(within),
        least,
        segment,
        None if mix is None else parse_pattern(mix, source="--mix"),
        groups,
        seed,
    )
    with opened(workspace, events, definitions, columns, time_zone, quiet=as_json) as engine:
        with telling(quiet=as_json) as tick:
            found = engine.insight(at).patterns(wish, tick=tick)
        chosen = [] if as_segment is None else [_numbered(found, as_segment)]
        saved = engine.add_segments(chosen) if save else None
        if as_json:
            print_json({**patterns_document(found), "saved_to": saved})
        elif chosen:
            _print_proposals(console(), chosen, saved)
        else:
            _print_patterns(console(), engine, found)


@discover.command(
    "identity",
    epilog=example("segue discover identity", "segue discover identity --goal subscribed"),
)
def identity(
    *,
    goal: Annotated[
        str | None, _asks("--goal", "ID", "The goal. Default: the project's first.")
    ] = None,
    entering: Annotated[
        str | None,
        _asks("--entering", "ID", "Begin when people enter this. Default: with their first deed."),
    ] = None,
    within: Annotated[str, _asks("--within", "D", "How long people are watched first.")] = "7 days",
    seed: Annotated[int, _asks("--seed", "N", "Seed of what is drawn by chance.")] = SEED,
    workspace: options.Workspace = None,
    events: options.Events = None,
    definitions: options.DefinitionsFile = None,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    at: options.At = None,
    as_json: options.Json = False,
) -> None:
    """Tell whether what people do or who they say they are foretells a goal better.

    Models learn from earlier people and are judged by later ones; traits are as known by then.
    """
    with opened(workspace, events, definitions, columns, time_zone, quiet=as_json) as engine:
        with telling(quiet=as_json) as tick:
            found = engine.insight(at).identity(
                goal, entering=entering, window=_duration(within), seed=seed, tick=tick
            )
        if as_json:
            print_json(identity_document(found))
        else:
            _print_identity(console(), engine, found)


@discover.command(
    "ready",
    epilog=example("segue discover ready", "segue discover ready --as-segment rfm --save"),
)
def ready(
    *,
    purchase: Annotated[
        str | None, _asks("--purchase", "ACTION", "What buying is. Default: guessed.")
    ] = None,
    revenue: Annotated[str, _asks("--revenue", "PROPERTY", "Its money.")] = "revenue",
    order: Annotated[
        str, _asks("--order", "PROPERTY", "Number of the order it is a line of.")
    ] = "",
    period: Annotated[str, _asks("--period", "D", "The rhythm of the lifecycle.")] = "7 days",
    within: Annotated[str, _asks("--within", "D", "How far back orders and money count.")] = WINDOW,
    as_segment: Annotated[
        str | None,
        typer.Option(
            "--as-segment", metavar="ID", help="Show one, or all of `rfm` or `lifecycle`."
        ),
    ] = None,
    save: Save = False,
    workspace: options.Workspace = None,
    events: options.Events = None,
    definitions: options.DefinitionsFile = None,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    at: options.At = None,
    as_json: options.Json = False,
) -> None:
    """Show ready-made groups: new, returning, resurrecting, dormant people, and buyers by RFM."""
    _must_choose(save, as_segment)
    buying = None if purchase is None else Buying(purchase, revenue, order)
    with opened(workspace, events, definitions, columns, time_zone, quiet=as_json) as engine:
        with telling(quiet=as_json) as tick:
            found = engine.insight(at).ready(buying=buying, period=period, window=within, tick=tick)
        chosen = [] if as_segment is None else found.proposals(as_segment)
        saved = engine.add_segments(chosen) if save else None
        if as_json:
            print_json({**ready_document(found), "saved_to": saved})
        elif chosen:
            _print_proposals(console(), chosen, saved)
        else:
            _print_ready(console(), engine, found)


def _must_choose(save: bool, chosen: object) -> None:
    if save and chosen is None:
        raise UsageError("--save needs --as-segment", hint="for example --as-segment 1 --save")


def _duration(text: str) -> int:
    """A bare number is days."""
    plain = text.strip()
    return int(plain) * DAY if plain.isdigit() else parse_duration(plain)


def _numbered(found: Patterns, number: int) -> Proposal:
    if not 1 <= number <= len(found.patterns):
        raise UsageError(
            f"There is no group {number}",
            hint=f"there are {len(found.patterns)}; --groups 3 asks for three",
        )
    return found.patterns[number - 1].proposal


def _print_proposals(out: Console, chosen: Sequence[Proposal], saved: str | None) -> None:
    for one in chosen[:-1]:
        print_proposal(out, one, None)
    print_proposal(out, chosen[-1], saved)


def _heading(out: Console, engine: Engine, at: int, what: str) -> None:
    zone = engine.definitions.timezone
    moment = words.moment(at, zone)
    out.print(f"\n [title]{escape(engine.name)}[/] · {what} · {moment} · {zone}\n")


# ---------------------------------------------------------------------------------------- patterns


def _print_patterns(out: Console, engine: Engine, found: Patterns) -> None:
    _heading(out, engine, found.at, "groups of people who behave alike")
    paragraph(out, Text(found.verdict))
    for number, one in enumerate(found.patterns, 1):
        out.print()
        paragraph(out, Text(one.words), bullet=f"[number]{number}[/]")
        table = plain_table()
        for heading in ("", "they", "everybody"):
            table.add_column(heading, justify="left" if not heading else "right")
        telling = sorted(one.marks, key=lambda mark: -abs(mark.distance))
        for mark in [mark for mark in telling if abs(mark.distance) >= _TELLING][:_MARKS]:
            style = "up" if mark.distance > 0 else "down"
            table.add_row(f"[{style}]{escape(mark.name)}[/]", mark.typical, mark.everybody)
        if table.row_count:
            out.print(Padding(table, (0, 0, 0, 4)))
        out.print(Padding(Text(one.when, style="faint"), (0, 0, 0, 4)))
    out.print()
    paragraph(out, Text(found.definition, style="faint"))
    if found.patterns:
        out.print(
            "\n [faint]segue discover patterns --as-segment 1 makes a segment of the first[/]"
        )
    out.print()


# ---------------------------------------------------------------------------------------- identity


def _print_identity(out: Console, engine: Engine, found: Compared) -> None:
    _heading(out, engine, found.at, f"behaviour or identity · {escape(found.goal.id)}")
    for sentence in found.words:
        paragraph(out, Text(sentence))
    if isinstance(found.result, Foretold):
        _print_models(out, found.result)
    left_out = [f"{one.name} ({one.left_out})" for one in found.traits if one.left_out]
    if left_out:
        paragraph(out, Text(f"Traits not looked at: {'; '.join(left_out)}.", style="faint"))
    out.print()
    paragraph(out, Text(found.definition, style="faint"))
    out.print()


def _print_models(out: Console, found: Foretold) -> None:
    table = plain_table()
    table.add_column("Known")
    for heading in ("AUC", "Log loss"):
        table.add_column(heading, justify="right")
    for name, model in found.models.items():
        table.add_row(name, measured_words(model.auc), measured_words(model.log_loss))
    table.add_row("[faint]nothing[/]", "[faint]0.50[/]", f"[faint]{found.guess:.2f}[/]")
    out.print(Padding(table, (1, 0, 0, 1)))
    out.print(
        f"   [faint]learnt from {words.people(found.trained)}, {found.trained_reached:,} of whom"
        f" reached it; judged by {words.people(found.judges)}, {found.reached:,} of whom did[/]\n"
    )


# ------------------------------------------------------------------------------------------- ready


def _print_ready(out: Console, engine: Engine, found: Ready) -> None:
    _heading(out, engine, found.at, "ready-made groups")
    _print_groups(out, f"Lifecycle, by {found.period}", found.lifecycle)
    if found.buyers is None:
        paragraph(
            out,
            Text(
                "No purchases are known: bind an action `purchase` in segue.yaml, or give "
                "--purchase and --revenue."
            ),
        )
    else:
        _print_buyers(out, found.buyers)
    out.print("\n [faint]segue discover ready --as-segment lifecycle makes segments of them[/]\n")


def _print_groups(out: Console, heading: str, groups: Sequence[Group]) -> None:
    table = plain_table()
    table.add_column(heading)
    table.add_column("People", justify="right")
    table.add_column("", justify="right")
    money = any(one.revenue is not None for one in groups)
    if money:
        table.add_column("Revenue", justify="right")
    for one in groups:
        revenue = [] if one.revenue is None else [f"{100 * one.revenue:.1f} %"]
        title = escape(one.proposal.title.partition(": ")[2])
        table.add_row(title, words.number(one.people.count), share_words(one.people), *revenue)
    out.print(Padding(table, (0, 0, 1, 1)))


def _print_buyers(out: Console, found: Buyers) -> None:
    _print_groups(out, f"RFM, {found.window}", found.groups)
    table = plain_table()
    table.add_column("Recency / frequency")
    for grade in range(1, len(found.grid) + 1):
        table.add_column(f"F{grade}", justify="right")
    for place in range(len(found.grid) - 1, -1, -1):
        table.add_row(f"R{place + 1}", *(words.number(count) for count in found.grid[place]))
    out.print(Padding(table, (0, 0, 1, 1)))
    said = ", ".join(f"the top {top.percent} % {100 * top.revenue:.1f} %" for top in found.tops)
    paragraph(out, Text(f"Of all revenue of {words.people(found.buyers)} who bought bring {said}."))
