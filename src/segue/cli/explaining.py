"""`segue explain`: why a person is in a segment, or not, as a tree with its evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text
from rich.tree import Tree

from segue.cli import options, words
from segue.cli.app import ASK, app, example
from segue.cli.output import console, print_json
from segue.cli.source import opened
from segue.domain.ports import StoredEvent
from segue.language.describe import describe
from segue.language.tree import (
    And,
    Comparison,
    Condition,
    Definitions,
    InSegment,
    Or,
    Quantile,
    Side,
)
from segue.services.explain import Explained
from segue.services.explanation_document import (
    COUNTED,
    explanation_document,
    happening,
    latest_first,
)
from segue.timeline.explanation import Explanation, Missing

MOST_EVIDENCE: Final = 3
"""Events shown under one condition, latest first; `--json` gives all."""

_NEEDS: Final = {
    Comparison.EQ: "exactly",
    Comparison.NE: "anything but",
    Comparison.LT: "less than",
    Comparison.LE: "at most",
    Comparison.GT: "more than",
    Comparison.GE: "at least",
}

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
    found, zone = explained.explanation, definitions.timezone
    titles = {segment.id: segment.title for segment in definitions.segments}
    title, person = escape(titles[found.segment_id]), escape(explained.person_id)
    out.print()
    if not found.exists:
        out.print(f" [title]{person}[/] is not seen before {words.moment(found.at, zone)}.")
        out.print()
        return
    verdict = "[good]is in[/]" if found.holds else "[bad]is not in[/]"
    out.print(f" [title]{person}[/] {verdict} [title]{title}[/] {_as_of(found.at, zone)}")
    for line in _timing(found.holds, found.since, found.flips_at, found.at, zone):
        out.print(f" {line}")
    out.print()
    shown = _Shown(explained.events, found.at, zone, titles)
    if found.excluded is not None and found.excluded.holds:
        out.print(" [bad]Excluded from every segment:[/]")
        out.print(_indented(shown.tree(found.excluded)))
    out.print(_indented(shown.tree(found.condition)))
    out.print()


def _as_of(at: int, zone: str) -> str:
    return f"[faint]as of {words.moment(at, zone)} · {zone}[/]"


def _timing(
    holds: bool, since: int | None, flips_at: int | None, at: int, zone: str
) -> Iterator[str]:
    if since is not None:
        state = "In" if holds else "Out"
        yield f"{state} since {words.moment(since, zone)}, {words.duration(at - since)}."
    change = "Leaves" if holds else "Enters"
    if flips_at is not None:
        when = f"{words.distance(flips_at, at)}, at {words.moment(flips_at, zone)}"
        yield f"{change} [soon]{when}[/], if nothing more happens."
    else:
        yield f"[faint]{'Stays in' if holds else 'Stays out'} until something happens.[/]"


class _Shown:
    """Writes explanations as rich trees for one person at one instant."""

    def __init__(
        self, events: Mapping[int, StoredEvent], at: int, zone: str, titles: Mapping[str, str]
    ) -> None:
        self._events = events
        self._at = at
        self._zone = zone
        self._titles = titles

    def tree(self, one: Explanation, into: Tree | None = None) -> Tree:
        """The explanation as a tree, or as a branch of one."""
        label = self._label(one)
        branch = Tree(label, guide_style="faint") if into is None else into.add(label)
        for child in one.children:
            self.tree(child, branch)
        if not one.children:
            for line in self._evidence(one):
                branch.add(line)
        return branch

    def _label(self, one: Explanation) -> Text:
        mark = Text("✓ ", style="good") if one.holds else Text("✗ ", style="bad")
        label = Text.assemble(mark, self._sentence(one.condition))
        facts = "; ".join(self._facts(one))
        if facts:
            label.append(f"\n  {facts}", style="faint")
        return label

    def _sentence(self, condition: Condition) -> str:
        if isinstance(condition, And):
            return "all of these"
        if isinstance(condition, Or):
            return "at least one of these"
        if isinstance(condition, InSegment):
            return f"in “{self._titles.get(condition.segment, condition.segment)}”"
        return describe(condition, titles=self._titles)

    def _facts(self, one: Explanation) -> Iterator[str]:
        if one.note:
            yield one.note
        if one.value is not None and one.threshold is not None:
            needed = _said(one.threshold, "" if one.unit in COUNTED else one.unit)
            yield f"{_said(one.value, one.unit)}, needs {_needs(one.condition)} {needed}"
        if one.flips_at is not None and not one.children:
            change = "ends" if one.holds else "begins"
            yield f"{change} {words.distance(one.flips_at, self._at)}"
        if one.missing is not None and not one.holds:
            yield f"missing: {_wanted(one.missing)}"

    def _evidence(self, one: Explanation) -> Iterator[Text]:
        events = latest_first(one, self._events)
        for event in events[:MOST_EVIDENCE]:
            moment = words.moment(event.occurred_at, self._zone)
            line = Text.assemble((f"{moment}  ", "faint"), event.event)
            properties = _shortened(event.properties)
            if properties:
                line.append(f"  {properties}", style="faint")
            yield line
        if len(events) > MOST_EVIDENCE:
            yield Text(f"and {words.number(len(events) - MOST_EVIDENCE)} more", style="faint")


def _needs(condition: Condition) -> str:
    """What the comparison of the condition asks for, in words."""
    if isinstance(condition, Quantile):
        return "at least" if condition.side is Side.TOP else "at most"
    comparison = getattr(condition, "comparison", None)
    return _NEEDS[comparison] if isinstance(comparison, Comparison) else "against"


def _said(value: Fraction, unit: str) -> str:
    if unit == "milliseconds":
        return words.duration(int(value))
    if unit == "millionths":
        return f"{float(value / 1_000_000):,.6f}".rstrip("0").rstrip(".")
    count = int(value)
    return words.counted(count, unit.removesuffix("s")) if unit else words.number(count)


def _wanted(missing: Missing) -> str:
    if missing.amount is not None:
        return f"{_said(missing.amount, 'millionths')} more from {happening(missing)}"
    unit = missing.unit.removesuffix("s")
    return f"{happening(missing)}, {words.counted(missing.times, unit)} more"


def _shortened(properties: str, most: int = 60) -> str:
    pairs = json.loads(properties) if properties else {}
    text = " ".join(
        f"{key}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for key, value in pairs.items()
    )
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _indented(tree: Tree) -> Padding:
    return Padding(tree, (0, 1))
