"""Measures in the terminal: all segments beside each other, and everything of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from segue.cli.output import paragraph, plain_table
from segue.domain.instant import MINUTE
from segue.insight.adoption import Adoption
from segue.insight.growth import Growth
from segue.insight.retention import Cell, Return
from segue.insight.shares import Share
from segue.insight.standing import Standing
from segue.services import words
from segue.services.insight.measures_words import (
    definitions,
    headline,
    mean_words,
    promise_words,
    score_words,
    segment_words,
    standings,
    times,
    window_words,
)
from segue.services.insight.measuring import KindMeasures, Measures, SegmentMeasures
from segue.services.insight.satisfaction import Satisfaction
from segue.services.insight.versions import Versions
from segue.services.insight.wording import length_words, share_words

_MOST: Final = 5
_FIRST_WEEK: Final = Cell(Return.WITHIN, 1, 7)
_NOTE: Final = (
    "▲ ▼ surely more or less than everybody else, among all segments compared; "
    "? cannot tell yet. No difference here is proof of cause: test it with a campaign."
)


def show_measures(out: Console, found: Measures) -> None:
    """Print the measures of all segments."""
    out.print(f"\n [title]Measures[/] [faint]of {_when(found)}[/]")
    for sentence in headline(found):
        paragraph(out, sentence)
    if not found.segments:
        out.print(" [faint]There is no segment to measure: add one under `segments:`.[/]\n")
        return
    _print_segments(out, found)
    if found.goal is not None and found.kinds:
        _print_kinds(out, found)
    if found.ranking:
        out.print("\n [kind]Where acting promises most[/]")
        for place, one in enumerate(found.ranking[:_MOST], 1):
            title = Text(f"{one.segment.title}: ", style="number")
            paragraph(out, title + Text(promise_words(found, one)), bullet=f"{place}.")
    out.print()
    paragraph(out, Text(_NOTE, style="faint"))
    out.print()


def show_segment(out: Console, found: Measures, segment_id: str) -> None:
    """Print everything that is measured of one segment."""
    one = found.of(segment_id)
    kind = f" [kind]{escape(one.segment.kind)}[/]" if one.segment.kind else ""
    out.print(f"\n [title]{escape(one.segment.title)}[/]{kind} [faint]{_when(found)}[/]")
    for sentence in segment_words(found, one):
        paragraph(out, sentence, bullet="·")
    _print_standings(out, found, one)
    _print_growth(out, one.growth[-_MOST:])
    if found.features:
        _print_adoption(out, found, one.adoption)
    for said in one.satisfaction:
        _print_said(out, said)
    out.print("\n [kind]How this is defined[/]")
    for name, text in definitions(found).items():
        paragraph(out, Text(f"{name.replace('_', ' ')}: {text}", style="faint"))
    out.print()


def show_versions(out: Console, found: Versions) -> None:
    """Print how a segment does by its definition of now, beside another one."""
    new, old = (one.of(found.segment_id) for one in (found.new, found.old))
    out.print(f"\n [title]{escape(new.segment.title)}[/] [faint]{_when(found.new)}[/]")
    for sentence in found.words:
        paragraph(out, sentence, bullet="·")
    table = plain_table()
    table.add_column("", overflow="fold")
    for heading in ("Now", "Before"):
        table.add_column(heading, justify="right")
    table.add_row("people", words.number(new.size.count), words.number(old.size.count))
    before = dict(standings(found.old, old))
    for name, standing in standings(found.new, new):
        other = before.get(name)
        shares = [standing.now, *([] if other is None else [other.now])]
        table.add_row(escape(name), *(share_words(one) if one.of else "–" for one in shares))
    out.print(table)
    out.print()


def _when(found: Measures) -> str:
    return f"{words.counted(found.weeks, 'week')} up to {words.moment(found.day_end, found.zone)}"


# ------------------------------------------------------------------------------------- all segments


def _print_segments(out: Console, found: Measures) -> None:
    table = plain_table()
    table.add_column("Segment", overflow="fold")
    goal = [f"{found.goal.id} {window_words(found.goal)}"] if found.goal else []
    for heading in ("People", "Change", *goal, "Engaged", "Back in week 1", "Gone quiet"):
        table.add_column(heading, justify="right")
    for one in found.segments:
        converted = [_marked(one.conversion[found.goal.id])] if found.goal else []
        table.add_row(
            escape(one.segment.title),
            words.number(one.size.count),
            _change(one),
            *converted,
            _marked(one.engagement, short=True),
            _marked(one.retention[_FIRST_WEEK], short=True),
            _marked(one.churn, short=True),
        )
    out.print(table)


def _change(one: SegmentMeasures) -> str:
    change = one.size.count - one.size_before
    style = "up" if change > 0 else "down" if change < 0 else "faint"
    return f"[{style}]{change:+,}[/]"


def _marked(one: Standing, *, short: bool = False) -> str:
    """A share, with how it stands to everybody else."""
    if one.now.value is None:
        return "[faint]–[/]"
    text = f"{100 * one.now.value:.0f} %" if short else share_words(one.now)
    return f"{text} {_mark(one)}"


def _mark(one: Standing) -> str:
    if one.rest is None or one.rest.value is None or not one.differs:
        return "[soon]?[/]"
    return "[up]▲[/]" if one.rest.value > 0 else "[down]▼[/]"


def _print_kinds(out: Console, found: Measures) -> None:
    assert found.goal is not None
    table = plain_table()
    table.add_column("Kind")
    table.add_column("Segments", justify="right")
    table.add_column(f"{found.goal.id} {window_words(found.goal)}", justify="right")
    table.add_column("Everybody else", justify="right")
    for one in sorted(found.kinds, key=lambda kind: -_converted(kind, found)):
        standing = one.conversion[found.goal.id]
        others = "–" if standing.rest is None else share_words(standing.rest.b)
        number = words.number(len(one.segment_ids))
        table.add_row(escape(one.kind), number, _marked(standing), others)
    out.print(table)


def _converted(one: KindMeasures, found: Measures) -> float:
    assert found.goal is not None
    return one.conversion[found.goal.id].now.value or 0.0


# ------------------------------------------------------------------------------------- one segment


def _print_standings(out: Console, found: Measures, one: SegmentMeasures) -> None:
    table = plain_table()
    table.add_column("Of the members", overflow="fold")
    for heading in ("They", "Everybody else", "Times", "Period before"):
        table.add_column(heading, justify="right")
    for name, standing in standings(found, one):
        table.add_row(escape(name), *_figures(standing))
    out.print(table)
    out.print(
        f" [faint]active on {mean_words(one.stickiness, 100, ' %')} of the days of the period[/]"
    )


def _figures(one: Standing) -> tuple[str, str, str, str]:
    rest = "–" if one.rest is None else share_words(one.rest.b)
    before = "–" if one.before is None else share_words(one.before.b)
    if one.changed and one.before is not None:
        before += " [up]▲[/]" if (one.before.value or 0) > 0 else " [down]▼[/]"
    return share_words(one.now) if one.now.of else "–", rest, _times(one), before


def _times(one: Standing) -> str:
    if one.rest is None:
        return "–"
    if not one.differs:
        needs = "" if one.rest.needs is None else f" needs {one.rest.needs:,}"
        return f"[soon]?{needs}[/]"
    return _mark(one) if one.rest.ratio is None else f"{times(one.rest.ratio)} {_mark(one)}"


def _print_growth(out: Console, growth: Iterable[Growth]) -> None:
    table = plain_table()
    for heading in ("Week by week: before", "new", "came back", "left", "now", "quick ratio"):
        table.add_column(heading, justify="right")
    for one in growth:
        ratio = "–" if one.quick_ratio is None else times(one.quick_ratio)
        parts = (one.before, one.new, one.returned, one.gone, one.now)
        table.add_row(*(words.number(part) for part in parts), ratio)
    out.print(table)


def _print_adoption(out: Console, found: Measures, adoption: Adoption) -> None:
    table = plain_table()
    table.add_column("Action")
    for heading in ("Active members", "Others", "Times each", "Half within"):
        table.add_column(heading, justify="right")
    for name, one in zip(found.features, adoption.features, strict=True):
        others = "–" if one.share.rest is None else _percent(one.share.rest.b)
        half = "–" if one.median is None else _length(one.median)
        share = f"{_percent(one.share.now)} {_mark(one.share)}"
        table.add_row(escape(name), share, others, mean_words(one.depth), half)
    out.print(table)
    broad = mean_words(adoption.breadth)
    out.print(f" [faint]an active member uses {broad} of the {len(found.features)} actions[/]")


def _length(milliseconds: int) -> str:
    """Times are counted in whole minutes."""
    return length_words(milliseconds) if milliseconds >= MINUTE else "a minute"


def _percent(share: Share) -> str:
    return "–" if share.value is None else f"{100 * share.value:.0f} %"


def _print_said(out: Console, said: Satisfaction) -> None:
    out.print(f"\n [kind]{escape(said.scored.question.text)}[/]")
    response = share_words(said.inside.response)
    out.print(f" {score_words(said.inside)}; everybody else {score_words(said.outside)}")
    out.print(f" [faint]answered by {response} of those in the segment who were asked[/]")
