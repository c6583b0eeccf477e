"""`segue campaigns results` and `voices`: whether campaigns helped, and what people said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from segue.cli import options
from segue.cli.app import example
from segue.cli.campaigns import CampaignId, campaigns
from segue.cli.output import console, plain_table, print_json
from segue.cli.source import opened
from segue.insight.lift import Finding
from segue.insight.scores import Scale, Score
from segue.insight.shares import Interval, Share
from segue.services import words
from segue.services.acting.result_document import results_document, voices_document
from segue.services.acting.results import Reached, Results
from segue.services.acting.voices import (
    Choices,
    Numbers,
    QuestionVoices,
    SurveyVoices,
    Texts,
    Voice,
)

_STYLES: Final = {Finding.BETTER: "up", Finding.WORSE: "down", Finding.CANNOT_TELL: "soon"}
_STEPS: Final = ("people", "handed", "delivered", "shown", "clicked", "dismissed")
_HEADINGS: Final = ("To be messaged", "Sent", "Delivered", "Shown", "Clicked", "Turned away")
_MOST: Final = 8


@campaigns.command("results", epilog=example("segue campaigns results upgrade_benefits"))
def results_of(
    campaign: CampaignId,
    *,
    workspace: options.Workspace = None,
    definitions: options.DefinitionsFile = None,
    as_json: options.Json = False,
) -> None:
    """Show what a campaign came to: how far its messages got, and whether they helped."""
    with opened(workspace, None, definitions, None, None, quiet=as_json) as engine:
        found = engine.results(campaign)
        title = next(one.title for one in engine.acting.campaigns if one.id == campaign)
    if as_json:
        print_json(results_document(found))
    else:
        _print_results(console(), found, title)


@campaigns.command(
    "voices",
    epilog=example("segue campaigns voices why_not_onboarded --segment onboarding_not_completed"),
)
def voices_of(
    survey: Annotated[str, typer.Argument(metavar="SURVEY", help="The id of a survey.")],
    *,
    segment: Annotated[
        str | None,
        typer.Option("--segment", "-s", metavar="ID", help="Set its people against the rest."),
    ] = None,
    workspace: options.Workspace = None,
    definitions: options.DefinitionsFile = None,
    as_json: options.Json = False,
) -> None:
    """Show what people answered to a survey: scores, choices, and themes in their own words."""
    with opened(workspace, None, definitions, None, None, quiet=as_json) as engine:
        found = engine.voices(survey, segment)
    if as_json:
        print_json(voices_document(found))
    else:
        _print_voices(console(), found)


# ------------------------------------------------------------------------------------------ results


def _print_results(out: Console, found: Results, title: str) -> None:
    style = _STYLES[found.lift.finding]
    out.print(f"\n [title]{escape(title)}[/]")
    out.print(Padding(Text(found.words, style=style if found.goal else ""), (0, 0, 1, 1)))
    if not found.reached.people and not found.held_out:
        out.print(" [faint]Nobody was to be messaged yet: `segue serve` does it.[/]\n")
        return
    table = plain_table()
    for heading in ("", *_HEADINGS, "Goal"):
        table.add_column(heading, justify="left" if not heading else "right")
    for variant in found.variants:
        table.add_row(escape(variant.id), *_reached(variant.reached), _share(variant.goal))
    dashes = ["–"] * (len(_STEPS) - 1)
    table.add_row("held out", words.number(found.held_out), *dashes, _share(found.lift.control))
    out.print(table)
    if found.refused:
        listed = ", ".join(
            f"{words.number(number)} {why.value.replace('_', ' ')}"
            for why, number in sorted(found.refused.items(), key=lambda one: -one[1])
        )
        out.print(Padding(f"[faint]not sent: {listed}[/]", (0, 0, 0, 1)))
    out.print()


def _reached(one: Reached) -> list[str]:
    return [words.number(getattr(one, step)) for step in _STEPS]


def _share(one: Share) -> str:
    """`12 % (10–14)`: a share and its interval."""
    if one.value is None or one.interval is None:
        return "–"
    return f"{100 * one.value:.1f} % ({100 * one.interval.low:.1f}–{100 * one.interval.high:.1f})"


# ------------------------------------------------------------------------------------------- voices


def _print_voices(out: Console, found: SurveyVoices) -> None:
    where = f", {found.shown_in_segment:,} in {found.segment_id}" if found.segment_id else ""
    shown = f"[faint]shown {found.shown:,} times{where}[/]"
    out.print(f"\n [title]{escape(found.survey_id)}[/] {shown}")
    if not found.shown:
        out.print(" [faint]Nobody has seen it yet; pages with the SDK show it as people come.[/]")
    for question in found.questions:
        _print_question(out, question)
    out.print()


def _print_question(out: Console, one: QuestionVoices) -> None:
    out.print(f"\n [kind]{escape(one.question.text)}[/]")
    out.print(f" [faint]answered by {_share(one.response)} of those who were asked[/]")
    match one.said:
        case Numbers(everybody, segment):
            out.print(f" {_score(everybody)}")
            if segment is not None:
                out.print(f" in the segment: {_score(segment)}")
        case Choices():
            _print_choices(out, one.said)
        case Texts():
            _print_texts(out, one.said)


def _score(one: Score) -> str:
    if one.value is None:
        return "[faint]no answer yet[/]"
    factor, unit = (100, " %") if one.scale is Scale.CSAT else (1, "")
    within = _within(one.interval, factor)
    sign = "+" if one.scale is Scale.NPS else ""
    return f"[number]{one.scale.value.upper()} {factor * one.value:{sign}.1f}{unit}[/]{within}"


def _within(interval: Interval | None, factor: float) -> str:
    if interval is None:
        return " [faint](one answer)[/]"
    return f" [faint]({factor * interval.low:.1f} to {factor * interval.high:.1f})[/]"


def _print_choices(out: Console, said: Choices) -> None:
    table = plain_table()
    for heading in ("Answer", "Everybody", *(("In the segment",) if said.segment else ())):
        table.add_column(heading, overflow="fold")
    for text, share in said.everybody.items():
        inside = [_share(said.segment[text])] if said.segment else []
        table.add_row(escape(text), _share(share), *inside)
    out.print(table)


def _print_texts(out: Console, said: Texts) -> None:
    silent = f", {said.empty:,} of them say nothing" if said.empty else ""
    out.print(f" {said.answers:,} answers{silent}; {said.unassigned:,} are of no known theme")
    for voice in said.themes[:_MOST]:
        _print_voice(out, voice)
    for proposal in said.proposals[:_MOST]:
        out.print(
            f"\n [soon]perhaps a theme:[/] {escape(', '.join(proposal.phrases))}"
            f" [faint]{len(proposal.members):,} answers[/]"
        )
        _print_quotes(out, proposal.quotes)
    if said.telling:
        listed = ", ".join(escape(word.stem) for word in said.telling)
        out.print(f"\n [faint]words that tell the segment apart:[/] {listed}")


def _print_voice(out: Console, voice: Voice) -> None:
    spoken = voice.spoken
    rest = f", the rest {_share(spoken.outside)}" if spoken.outside.of else ""
    sure = " [up]differs[/]" if spoken.is_telling else ""
    out.print(f"\n [number]{escape(voice.title)}[/] {_share(spoken.inside)}{rest}{sure}")
    if spoken.is_shown:
        _print_quotes(out, [quote.text for quote in voice.quotes])
    else:
        out.print("   [faint]fewer than five people: not quoted[/]")


def _print_quotes(out: Console, quotes: Sequence[str]) -> None:
    for quote in quotes:
        out.print(Padding(Text(f"“{quote}”", style="faint"), (0, 0, 0, 3)))
