"""`segue explain`: why a person is in a segment, or not, as a tree with its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text
from rich.tree import Tree

from segue.cli import options
from segue.cli.app import ASK, app, example
from segue.cli.output import console, print_json
from segue.cli.source import opened
from segue.language.tree import Definitions
from segue.services import words
from segue.services.explain import Explained
from segue.services.explanation_document import explanation_document
from segue.services.explanation_words import Told, verdict

SegmentId = Annotated[str, typer.Argument(metavar="SEGMENT", help="The segment's id.")]
PersonId = Annotated[
    str, typer.Argument(metavar="PERSON", help="Any of the person's distinct ids.")
]


@app.command(
    rich_help_panel=ASK,
    epilog=example("segue explain cart_abandoners p-0042", "segue explain dormant p-7 --json"),
)
def explain(
    segment: SegmentId,
    person: PersonId,
    *,
    workspace: options.Workspace = None,
    events: options.Events = None,
    definitions: options.DefinitionsFile = None,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    at: options.At = None,
    as_json: options.Json = False,
) -> None:
    """Why a person is in a segment, or not: what holds, the evidence, and when it changes."""
    with opened(workspace, events, definitions, columns, time_zone, quiet=as_json) as engine:
        explained = engine.explain(person, segment, at)
        if as_json:
            print_json(explanation_document(explained))
        else:
            print_explanation(console(), explained, engine.definitions)


def print_explanation(out: Console, explained: Explained, definitions: Definitions) -> None:
    """Print the verdict, then the tree of conditions with their evidence."""
    found, zone = verdict(explained, definitions), definitions.timezone
    title, person = escape(found.title), escape(found.person_id)
    out.print()
    if not found.exists:
        out.print(f" [title]{person}[/] is not seen before {words.moment(found.at, zone)}.")
        out.print()
        return
    said = "[good]is in[/]" if found.holds else "[bad]is not in[/]"
    as_of = f"[faint]as of {words.moment(found.at, zone)} · {zone}[/]"
    out.print(f" [title]{person}[/] {said} [title]{title}[/] {as_of}")
    for line in (found.since, found.until):
        if line:
            out.print(f" {line}")
    out.print()
    if found.excluded is not None:
        out.print(" [bad]Excluded from every segment:[/]")
        out.print(_indented(_tree(found.excluded, zone)))
    out.print(_indented(_tree(found.condition, zone)))
    out.print()


def _tree(one: Told, zone: str, into: Tree | None = None) -> Tree:
    """What is told as a tree, or as a branch of one."""
    label = _label(one)
    branch = Tree(label, guide_style="faint") if into is None else into.add(label)
    for part in one.parts:
        _tree(part, zone, branch)
    for line in _evidence(one, zone):
        branch.add(line)
    return branch


def _label(one: Told) -> Text:
    mark = Text("✓ ", style="good") if one.holds else Text("✗ ", style="bad")
    label = Text.assemble(mark, one.sentence)
    if one.facts:
        label.append(f"\n  {'; '.join(one.facts)}", style="faint")
    return label


def _evidence(one: Told, zone: str) -> Iterator[Text]:
    for seen in one.evidence:
        line = Text.assemble((f"{words.moment(seen.at, zone)}  ", "faint"), seen.event)
        if seen.properties:
            line.append(f"  {seen.properties}", style="faint")
        yield line
    if one.more:
        yield Text(f"and {words.number(one.more)} more", style="faint")


def _indented(tree: Tree) -> Padding:
    return Padding(tree, (0, 1))
