"""Templates of messages turned into final text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

from jinja2 import Template, TemplateError, TemplateSyntaxError, nodes

from segue.adapters.message_templates.filters import AS_JSON, ITEMS, ZONE
from segue.adapters.message_templates.sandbox import Link, Sandbox
from segue.adapters.message_templates.screening import (
    LONGEST_TEMPLATE,
    Screened,
    html_problems,
    screened,
    syntax_problem,
)
from segue.adapters.message_templates.values import Instant, Missing, RefusalError, Scope, wrapped
from segue.domain.acting import MessageContext, Needs, Rendered, TemplateProblem
from segue.language.links import link_problem, linked

LONGEST: Final = 500_000
"""Characters of a rendered part."""
LONGEST_LINE: Final = 500
"""Characters of a rendered part that is one line."""
_ONE_LINE: Final = frozenset({"subject", "heading", "button", "url"})
_JSON: Final = frozenset({"payload", "steps"})
_HTML: Final = "html"
_BROKEN: Final = (SyntaxError, RecursionError, MemoryError)
_REFUSED: Final = (
    *(RefusalError, TemplateError, TypeError, ValueError, ArithmeticError, LookupError),
    *_BROKEN,
)


class MessageTemplates:
    """See `domain.acting.Templates`. What was compiled is kept."""

    def render(self, parts: Mapping[str, str], context: MessageContext) -> Rendered:
        """See the port."""
        values = _values(context)
        made: dict[str, str] = {}
        for part, text in parts.items():
            try:
                made[part] = _final(part, _rendered(part, text, values))
            except _REFUSED as error:
                return Rendered({}, f"{part}: {_words(error)}")
        return Rendered(made)

    def needs(self, parts: Mapping[str, str]) -> Needs:
        """See the port."""
        found = [one for part, text in parts.items() for one in _screens(part, text)]
        needed = dict.fromkeys(path for one in found for path in one.needed)
        return Needs(
            event=any(one.event for one in found),
            evidence=any(one.evidence for one in found),
            traits=tuple(
                path.removeprefix("person.") for path in needed if path.startswith("person.")
            ),
            must_have_event=any(path.partition(".")[0] == "event" for path in needed),
        )

    def problems(self, part: str, text: str) -> list[TemplateProblem]:
        """See the port."""
        if part in _JSON:
            return [
                problem
                for leaf in _leaves(json.loads(text))
                for problem in _compiled(leaf, html=False, native=True).problems
            ]
        found = list(_compiled(text, html=part == _HTML, native=False).problems)
        return [*found, *html_problems(text)] if part == _HTML else found


def _words(error: BaseException) -> str:
    if isinstance(error, ZeroDivisionError):
        return "a number is divided by nothing"
    if isinstance(error, (RefusalError, TemplateError)):
        return str(error)
    return f"a value does not fit here ({error})"


# ---------------------------------------------------------------------------------------- compiling


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A template that is ready, or the problems that keep it from being; `native`: it gives JSON
    text."""

    template: Template | None
    found: Screened
    native: bool = False

    @property
    def problems(self) -> list[TemplateProblem]:
        """What is wrong with it."""
        return self.found.problems


_SANDBOXES: Final = {html: Sandbox(html=html) for html in (False, True)}


@lru_cache(maxsize=4096)
def _compiled(text: str, *, html: bool, native: bool) -> _Compiled:
    sandbox = _SANDBOXES[html]
    if len(text) > LONGEST_TEMPLATE:
        problem = TemplateProblem(f"longer than {LONGEST_TEMPLATE:,} characters")
        return _Compiled(None, Screened([problem]))
    try:
        tree = sandbox.parse(text)
        found = screened(tree)
        if found.problems:
            return _Compiled(None, found)
        whole = native and _made_native(tree)
        _bound_loops(tree)
        return _Compiled(sandbox.from_string(tree), found, native=whole)
    except TemplateSyntaxError as error:
        return _Compiled(None, Screened([syntax_problem(error)]))
    except _BROKEN:
        return _Compiled(None, Screened([TemplateProblem("nested too deep")]))


def _bound_loops(tree: nodes.Template) -> None:
    """Put a limit around what each loop goes through."""
    for loop in tree.find_all(nodes.For):
        loop.iter = _filtered(loop.iter, ITEMS)


def _made_native(tree: nodes.Template) -> bool:
    """Whether the template is one expression and nothing else: then it gives that value as JSON."""
    match tree.body:
        case [nodes.Output(nodes=[node]) as output] if not isinstance(node, nodes.TemplateData):
            output.nodes = [_filtered(node, AS_JSON)]
            return True
        case _:
            return False


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    made = nodes.Filter(cast("nodes.Expr", node), name, [], [], None, None)
    made.set_lineno(node.lineno)
    made.set_environment(_SANDBOXES[False])
    return made


def _screens(part: str, text: str) -> Iterator[Screened]:
    if part not in _JSON:
        yield _compiled(text, html=part == _HTML, native=False).found
        return
    for leaf in _leaves(json.loads(text)):
        yield _compiled(leaf, html=False, native=True).found


# ---------------------------------------------------------------------------------------- rendering


def _values(context: MessageContext) -> dict[str, Any]:
    """What the templates see of a context."""
    zone = context.zone
    since = None if context.since is None else Instant(context.since, zone)
    segment = {
        "id": context.segment_id,
        "title": context.segment_title,
        "since": since,
        "evidence": context.evidence or None,
    }
    event: dict[str, Any] = {}
    if context.event is not None:
        event = {
            "name": context.event.name,
            "at": Instant(context.event.at, zone),
            "properties": context.event.properties,
        }
    return {
        "person": Scope("person", {**context.person.traits, "id": context.person.person_id}),
        "event": Scope("event", event),
        "segment": Scope("segment", segment),
        "campaign": Scope("campaign", {"id": context.campaign_id, "title": context.campaign_title}),
        "now": Instant(context.at, zone),
        "unsubscribe_url": context.unsubscribe_url or Missing(name="unsubscribe_url"),
        "survey_url": context.survey_url or Missing(name="survey_url"),
        "survey_answers": wrapped(_answers(context), "survey_answers"),
        "link": Link(context.link, lambda url: link_problem(url, relative=False)),
        ZONE: zone,
    }


def _answers(context: MessageContext) -> list[dict[str, str]]:
    return [{"answer": answer, "url": url} for answer, url in context.survey_answers.items()]


def _rendered(part: str, text: str, values: Mapping[str, Any]) -> str:
    if part in _JSON:
        filled = _filled(json.loads(text), lambda leaf: _leaf(leaf, values))
        return json.dumps(filled, ensure_ascii=False)
    return _written(_compiled(text, html=part == _HTML, native=False), values)


def _leaf(text: str, values: Mapping[str, Any]) -> Any:
    """A text in JSON; an expression alone keeps the type of its value."""
    compiled = _compiled(text, html=False, native=True)
    made = _written(compiled, values)
    return json.loads(made) if compiled.native else made


def _written(compiled: _Compiled, values: Mapping[str, Any]) -> str:
    if compiled.template is None:
        raise RefusalError(compiled.problems[0].message)
    pieces, length = [], 0
    for piece in compiled.template.generate(values):
        length += len(piece)
        if length > LONGEST:
            raise RefusalError(f"longer than {LONGEST:,} characters")
        pieces.append(piece)
    return "".join(pieces)


def _filled(document: Any, fill: Callable[[str], Any]) -> Any:
    match document:
        case str():
            return fill(document)
        case dict():
            return {key: _filled(value, fill) for key, value in document.items()}
        case list():
            return [_filled(value, fill) for value in document]
        case _:
            return document


def _leaves(document: Any) -> Iterator[str]:
    match document:
        case str():
            yield document
        case dict():
            for value in document.values():
                yield from _leaves(value)
        case list():
            for value in document:
                yield from _leaves(value)


def _final(part: str, text: str) -> str:
    """The text of a part as it may be sent. Raises `RefusalError` for links that lead astray."""
    if part in _ONE_LINE:
        text = " ".join("".join(one if one.isprintable() else " " for one in text).split())
        if len(text) > LONGEST_LINE and part != "url":
            raise RefusalError(f"longer than {LONGEST_LINE} characters")
    if part == "url" and (problem := link_problem(text)):
        raise RefusalError(problem)
    if part == "steps":
        _check_steps(json.loads(text))
    if part == _HTML:
        _check_links(text)
    return text


def _check_steps(steps: list[dict[str, Any]]) -> None:
    for step in steps:
        if step.get("url") and (problem := link_problem(str(step["url"]))):
            raise RefusalError(problem)


def _check_links(text: str) -> None:
    for link in linked(text):
        if problem := link_problem(link, relative=False):
            raise RefusalError(problem)
