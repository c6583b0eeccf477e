"""`segue report experiment`: what a finished experiment did, and whether to everybody alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from segue.bootstrap.experiments import experiment
from segue.cli import options
from segue.cli.app import example
from segue.cli.output import console, paragraph, plain_table, print_json
from segue.cli.reporting import report
from segue.insight.experiment import Effect, Experiment, Variation
from segue.insight.shares import Mean, Share
from segue.services import words
from segue.services.insight.experiments import (
    change_words,
    experiment_document,
    experiment_words,
)

People = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="One row per person: Parquet, CSV or JSON Lines."),
]
ArmColumn = Annotated[
    str, typer.Option("--arm", metavar="COLUMN", help="Which column says what people were given.")
]
Control = Annotated[
    str, typer.Option("--control", metavar="VALUE", help="What it says of who was given nothing.")
]
Outcomes = Annotated[
    list[str],
    typer.Option("--outcome", metavar="COLUMN", help="0 and 1, or an amount; may be repeated."),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="COLUMN",
        help="Groups in which the effect may differ; two columns as A+B; may be repeated.",
    ),
]
Person = Annotated[
    str | None,
    typer.Option("--person", metavar="COLUMN", help="Ids: makes sure everybody is there once."),
]


@report.command(
    "experiment",
    epilog=example(
        'segue report experiment mail.csv --arm group --control "no mail" --outcome visit',
        "segue report experiment mail.csv --arm group --control none --outcome spend --by country",
    ),
)
def experiment_of(
    people: People,
    *,
    arm: ArmColumn,
    control: Control,
    outcome: Outcomes,
    by: By = None,
    person: Person = None,
    as_json: options.Json = False,
) -> None:
    """Show what a finished experiment did: each arm against the control, and in which groups."""
    found = experiment(
        people, arm=arm, control=control, outcomes=outcome, by=by or (), person=person
    )
    if as_json:
        print_json(experiment_document(found))
    else:
        _print(console(), found)


def _print(out: Console, found: Experiment) -> None:
    out.print()
    said = experiment_words(found)
    shown = 2 if found.split.is_suspect else 1
    for sentence in said[:shown]:
        paragraph(out, Text(sentence, style="bad" if sentence is said[1] else ""))
    table = plain_table()
    for heading in ("Outcome", "Arm", found.control, "They", "Difference", ""):
        table.add_column(escape(heading), overflow="fold")
    for one in found.effects:
        control, treated = _plain(one.control), _plain(one.treated)
        table.add_row(
            escape(one.outcome), escape(one.arm), control, treated, change_words(one), _verdict(one)
        )
    out.print(table)
    for sentence in said[shown + len(found.effects) :]:
        paragraph(out, sentence, bullet="·")
    for variation in found.variations:
        if variation.is_told:
            _print_variation(out, variation)
    out.print()


def _plain(one: Share | Mean) -> str:
    """A share or a mean by itself: the difference has the margins."""
    if one.value is None:
        return "–"
    return f"{100 * one.value:.2f} %" if isinstance(one, Share) else f"{one.value:.2f}"


def _verdict(one: Effect) -> str:
    if one.is_told:
        return "[up]▲[/]" if one.value > 0 else "[down]▼[/]"
    needs = "" if one.needs is None else f" needs {words.number(one.needs)} more in each"
    return f"[soon]?{needs}[/]"


def _print_variation(out: Console, one: Variation) -> None:
    out.print(f"\n [kind]{escape(one.arm)}, {escape(one.outcome)}[/] by {escape(one.by)}")
    table = plain_table()
    for heading in ("Where", "Difference", "People"):
        table.add_column(heading, justify="right" if heading == "People" else "left")
    for part in one.parts:
        people = words.number(part.effect.treated.of + part.effect.control.of)
        table.add_row(escape(part.group), change_words(part.effect), people)
    out.print(table)
