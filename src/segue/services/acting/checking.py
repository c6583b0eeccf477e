"""Checking what campaigns say: their templates, and the traits that these need."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from segue.domain.acting import Needs, TemplateProblem, Templates
from segue.domain.campaigns import Moment
from segue.domain.errors import Problem, Severity
from segue.language.acting_check import spoken_in
from segue.language.campaign_models import Spoken, SurveyDefinition
from segue.language.canonical import all_of
from segue.language.message_parts import content_of
from segue.language.models import Project
from segue.language.resolve import resolve
from segue.language.tree import Definitions, InSegment, Op, Segment, Test, Trait
from segue.language.yaml_source import Loc
from segue.services.summarise import size_at
from segue.services.view import Reader, look
from segue.services.words import per_cent


@dataclass(frozen=True, slots=True)
class Written:
    """A text of a campaign or survey: where it stands in the project, and the part it is."""

    loc: Loc
    part: str
    text: str


def texts_of(loc: Loc, one: Spoken) -> Iterator[Written]:
    """Every text that is a template, once, at the place where it is written."""
    for part, text in content_of(one).parts.items():
        yield Written((*loc, part), part, text)
    for id_, variant in one.variants.items():
        for part, text in content_of(variant).parts.items():
            yield Written((*loc, "variants", id_, part), part, text)
    if isinstance(one, SurveyDefinition):
        for place, question in enumerate(one.questions):
            yield Written((*loc, "questions", place, "ask"), "ask", question.ask)
        if one.thanks:
            yield Written((*loc, "thanks"), "thanks", one.thanks)


def template_problems(project: Project, templates: Templates) -> list[Problem]:
    """What is wrong with the templates of all campaigns and surveys, each at its line."""
    found = []
    for loc, one in spoken_in(project):
        for written in texts_of(loc, one):
            problems = templates.problems(written.part, written.text)
            found += [_placed(project, written, problem) for problem in problems]
        found += _without_event(project, loc, one, templates)
    return found


def _placed(project: Project, written: Written, problem: TemplateProblem) -> Problem:
    made = Problem(problem.message, line=problem.line, suggestion=problem.suggestion)
    return project.placed(made, written.loc, in_text=True)


def _without_event(
    project: Project, loc: Loc, one: Spoken, templates: Templates
) -> Iterator[Problem]:
    """A schedule has no event that a template could speak of."""
    if one.when.moment is not Moment.SCHEDULE:
        return
    for written in texts_of(loc, one):
        if templates.needs({written.part: written.text}).must_have_event:
            text = "no event makes a schedule: `event` needs `| default(…)`, or an `{% if %}`"
            yield project.placed(Problem(text), written.loc)


# ------------------------------------------------------------------------- against what is known


@dataclass(frozen=True, slots=True)
class Events:
    """What is known of people: who answers questions about everybody, the top-level traits that
    anybody ever had, and the instant at which members are counted (ms)."""

    reader: Reader
    traits: Collection[str]
    at: int


def doubtful_traits(project: Project, templates: Templates, known: Events) -> list[Problem]:
    """Traits that templates need and that nobody has, or that some members of the segment lack."""
    needs = dict(_needed(project, templates))
    there = {
        loc: [name for name in names if name.partition(".")[0] in known.traits]
        for loc, names in needs.items()
    }
    unknown = [
        _unknown_trait(project, loc, name, known.traits)
        for loc, names in needs.items()
        for name in names
        if name not in there[loc]
    ]
    return [*unknown, *_lacking(project, known, there)]


def _needed(project: Project, templates: Templates) -> Iterator[tuple[Loc, tuple[str, ...]]]:
    for loc, one in spoken_in(project):
        for written in texts_of(loc, one):
            needs: Needs = templates.needs({written.part: written.text})
            if needs.traits:
                yield written.loc, needs.traits


def _unknown_trait(project: Project, loc: Loc, trait: str, traits: Collection[str]) -> Problem:
    close = get_close_matches(trait.partition(".")[0], traits, n=1)
    message = f"no trait `{trait}` so far: nobody would get this"
    problem = Problem(message, suggestion="".join(close), severity=Severity.WARNING)
    return project.placed_at_name(problem, loc, trait)


def _lacking(project: Project, known: Events, needs: Mapping[Loc, list[str]]) -> Iterator[Problem]:
    """How many members of a campaign's segment lack a trait, as conditions see traits."""
    segments: dict[Loc, str] = {loc: one.segment for loc, one in spoken_in(project)}
    uses = [(loc, segments[loc[:2]], name) for loc, names in needs.items() for name in names]
    if not uses:
        return
    sizes = _sizes(resolve(project), known, {(segment, name) for _, segment, name in uses})
    for loc, segment, name in uses:
        members, having = sizes[segment, ""], sizes[segment, name]
        if having < members:
            yield project.placed_at_name(_share(name, members, having), loc, name)


def _share(trait: str, members: int, having: int) -> Problem:
    lacking = members - having
    message = (
        f"{lacking:,} of {members:,} members ({per_cent(lacking / members)}) lack the trait "
        f"`{trait}` and would get nothing: `| default(…)` stands in for what is missing"
    )
    return Problem(message, severity=Severity.WARNING)


def _sizes(
    definitions: Definitions, known: Events, asked: set[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """How many are in each segment, and how many of them have a trait: one more segment each."""
    pairs = sorted({*asked, *((segment, "") for segment, _ in asked)})
    made = {(segment, trait): _members_with(segment, trait) for segment, trait in pairs}
    extended = replace(definitions, segments=(*definitions.segments, *made.values()))
    view = look(known.reader, extended, known.at, [one.id for one in made.values()])
    return {pair: size_at(view.spans[one.id], known.at) for pair, one in made.items()}


def _members_with(segment: str, trait: str) -> Segment:
    """The members of a segment who have a trait (all of them where none is named)."""
    has = [Trait(Test(tuple(trait.split(".")), Op.IS_SET))] if trait else []
    return Segment(f"{segment} {trait}", "", all_of([InSegment(segment), *has]))
