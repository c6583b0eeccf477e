"""What a template may be: looked at before it is compiled, so that nothing has to be stopped later.

There are texts, values, conditions and loops. There is no assignment, no import, no macro and no
call but `link`, so that no text can be made to grow by itself; loops go through short lists, at
most two inside each other, and what a template can take is reckoned beforehand.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from jinja2 import TemplateSyntaxError, nodes

from segue.adapters.message_templates.filters import FILTERS, MOST_ITEMS, TESTS
from segue.adapters.message_templates.sandbox import LOOP_ATTRIBUTES
from segue.domain.acting import TemplateProblem

LONGEST_TEMPLATE: Final = 100_000
"""Characters of a template."""
MOST_WORK: Final = 200_000
"""Nodes that a template may visit in the worst case, loops counted with every item."""
DEEPEST: Final = 40
DEEPEST_LOOP: Final = 2

NAMES: Final = {
    "person": None,
    "event": ("name", "at", "properties"),
    "segment": ("id", "title", "since", "evidence"),
    "campaign": ("id", "title"),
    "now": (),
    "link": (),
    "unsubscribe_url": (),
    "survey_url": (),
    "survey_answers": (),
}
"""What a template may name, and the parts of it (None: whatever somebody's traits are)."""

_ALWAYS_THERE: Final = (
    *(
        "campaign",
        "now",
        "link",
        "survey_answers",
        ("person", "id"),
        ("segment", "id"),
        ("segment", "title"),
    ),
)
_ALLOWED: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name),
    *(nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Add),
    *(nodes.Sub, nodes.Mul, nodes.Div, nodes.CondExpr, nodes.Concat, nodes.Call, nodes.Tuple),
    *(nodes.List, nodes.Keyword),
)
_CALLED: Final = {
    nodes.Assign: "`{% set %}`",
    nodes.AssignBlock: "`{% set %}`",
    nodes.With: "`{% with %}`",
    nodes.Import: "`{% import %}`",
    nodes.FromImport: "`{% import %}`",
    nodes.Include: "`{% include %}`",
    nodes.Extends: "`{% extends %}`",
    nodes.Block: "`{% block %}`",
    nodes.Macro: "`{% macro %}`",
    nodes.CallBlock: "`{% call %}`",
    nodes.FilterBlock: "`{% filter %}`",
    nodes.ScopedEvalContextModifier: "`{% autoescape %}`",
    nodes.Pow: "`**`",
    nodes.Mod: "`%`",
    nodes.FloorDiv: "`//`",
    nodes.Dict: "`{…}`",
}


@dataclass(slots=True)
class Screened:
    """What was found in a template: the problems, and what it speaks of. `needed` are paths that
    must be there, since nothing stands in for them."""

    problems: list[TemplateProblem] = field(default_factory=list)
    event: bool = False
    evidence: bool = False
    needed: dict[str, int] = field(default_factory=dict)
    """By path the line."""
    work: int = 0


def syntax_problem(error: TemplateSyntaxError) -> TemplateProblem:
    """A mistake in the form of a template."""
    return TemplateProblem(f"not readable as a template: {error.message}", error.lineno)


def screened(tree: nodes.Template) -> Screened:
    """Look through a template."""
    found = Screened()
    _Screening(found).look(tree, depth=0, loops=0, inside=frozenset(), asked=frozenset())
    if found.work > MOST_WORK:
        text = "this would take too long: fewer things in loops"
        found.problems.append(TemplateProblem(text))
    return found


class _Screening:
    """One walk through a template."""

    def __init__(self, found: Screened) -> None:
        self._found = found

    def look(
        self,
        node: nodes.Node,
        *,
        depth: int,
        loops: int,
        inside: frozenset[str],
        asked: frozenset[str],
    ) -> None:
        """Look at a node and what is below it; `inside`: names of the loops around it; `asked`:
        paths that a condition around it asks for."""
        self._found.work += MOST_ITEMS**loops
        if depth > DEEPEST:
            self._wrong(node, "nested too deep")
            return
        if not isinstance(node, _ALLOWED):
            called = _CALLED.get(type(node), f"`{type(node).__name__.lower()}`")
            self._wrong(node, f"a message has no {called}")
            return
        self._own(node, loops)
        path = path_of(node)
        if path is not None:
            self._path(node, path, asked, inside)
            return
        for child, around, known, guarded in self._children(node, inside, asked):
            self.look(child, depth=depth + 1, loops=loops + around, inside=known, asked=guarded)

    def _children(
        self, node: nodes.Node, inside: frozenset[str], asked: frozenset[str]
    ) -> Iterator[tuple[nodes.Node, int, frozenset[str], frozenset[str]]]:
        """What is below a node: whether in a loop, the loops' names, and what was asked for."""
        if isinstance(node, nodes.For):
            yield node.iter, 0, inside, asked
            known = inside | {one.name for one in node.find_all(nodes.Name) if one.ctx == "store"}
            for child in (*([node.test] if node.test else []), *node.body):
                yield child, 1, known | {"loop"}, asked
            yield from ((child, 0, inside, asked) for child in node.else_)
        elif isinstance(node, nodes.If):
            tested = asked | asked_in(node.test)
            yield node.test, 0, inside, tested
            for child in (*node.body, *node.elif_, *node.else_):
                yield child, 0, inside, tested
        elif isinstance(node, nodes.CondExpr):
            tested = asked | asked_in(node.test)
            for child in (node.test, node.expr1, *([node.expr2] if node.expr2 else [])):
                yield child, 0, inside, tested
        else:
            for child in node.iter_child_nodes():
                yield child, 0, inside, asked | (asked_in(child) if _asks(node, child) else set())

    # ------------------------------------------------------------------------------------- nodes

    def _own(self, node: nodes.Node, loops: int) -> None:
        match node:
            case nodes.Filter(name=name) if name not in FILTERS:
                self._wrong(node, f"there is no filter `{name}`", *_close(name, [*FILTERS]))
            case nodes.Test(name=name) if name not in TESTS:
                self._wrong(node, f"there is no test `{name}`", *_close(name, [*TESTS]))
            case nodes.Call():
                if not isinstance(node.node, nodes.Name) or node.node.name != "link":
                    self._wrong(node, "only `link(…)` can be called")
            case nodes.For(recursive=True):
                self._wrong(node, "a loop calls no loop")
            case nodes.For() if loops == DEEPEST_LOOP:
                self._wrong(node, "a loop in a loop in a loop takes too long")

    def _path(
        self, node: nodes.Node, path: tuple[str, ...], asked: frozenset[str], inside: frozenset[str]
    ) -> None:
        first, dotted = path[0], ".".join(path)
        if first in inside:
            self._loop(node, path)
            return
        if first not in NAMES:
            close = difflib.get_close_matches(first, NAMES, n=1)
            listed = "" if close else f": there are {', '.join(NAMES)}"
            self._wrong(node, f"there is no `{first}` here{listed}", *close)
            return
        known = NAMES[first]
        if known is not None and len(path) > 1 and path[1] not in known:
            what = f": it has {', '.join(known)}" if known else ""
            self._wrong(node, f"`{first}` has no `{path[1]}`{what}", *_close(path[1], [*known]))
            return
        self._found.event |= first == "event"
        self._found.evidence |= path[:2] == ("segment", "evidence")
        fixed = first in _ALWAYS_THERE or path[:2] in _ALWAYS_THERE
        if (len(path) > 1 or known == ()) and not fixed and dotted not in asked:
            self._found.needed.setdefault(dotted, node.lineno)

    def _loop(self, node: nodes.Node, path: tuple[str, ...]) -> None:
        if path[0] == "loop" and len(path) > 1 and path[1] not in LOOP_ATTRIBUTES:
            listed = ", ".join(LOOP_ATTRIBUTES)
            self._wrong(node, f"`loop` has no `{path[1]}`: it has {listed}")

    def _wrong(self, node: nodes.Node, message: str, suggestion: str = "") -> None:
        self._found.problems.append(TemplateProblem(message, node.lineno or 1, suggestion))


def _asks(node: nodes.Node, child: nodes.Node) -> bool:
    """Whether a node is content where what is below it is missing."""
    if isinstance(node, nodes.Filter):
        return node.name == "default" and child is node.node
    if isinstance(node, nodes.Or):
        return child is node.left
    return isinstance(node, nodes.Test | nodes.Compare | nodes.Operand | nodes.Not)


def _close(name: str, known: list[str]) -> list[str]:
    return difflib.get_close_matches(name, known, n=1)


def path_of(node: nodes.Node) -> tuple[str, ...] | None:
    """The names of `person.address.city`; None for what is no such path."""
    if isinstance(node, nodes.Name):
        return (node.name,) if node.ctx == "load" else None
    if isinstance(node, nodes.Getattr):
        before = path_of(node.node)
        return None if before is None else (*before, node.attr)
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        before = path_of(node.node)
        text = isinstance(node.arg.value, str)
        return (*before, node.arg.value) if before is not None and text else None
    return None


_ASKING: Final = (nodes.And, nodes.Or, nodes.Not, nodes.Test, nodes.Compare, nodes.Operand)


def asked_in(node: nodes.Node) -> frozenset[str]:
    """The paths, with dots, that a piece of a template asks about: it can be said of them whether
    they are missing."""
    paths: set[str] = set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        path = path_of(one)
        if path is not None:
            paths.add(".".join(path))
        elif isinstance(one, _ASKING):
            waiting.extend(one.iter_child_nodes())
    return frozenset(paths)


# ------------------------------------------------------------------------------------------ HTML

_UNQUOTED: Final = re.compile(r"=\s*\{\{")
_ACTIVE: Final = re.compile(
    r"<\s*(script|iframe|object|embed|form|meta|base)\b|<[^<>]*\s(on\w+)\s*=", re.IGNORECASE
)
_STYLED: Final = re.compile(
    r"<style\b[^>]*>(?:(?!</style).)*?\{\{|\sstyle\s*=\s*(?:\"[^\"]*?\{\{|'[^']*?\{\{)",
    re.IGNORECASE | re.DOTALL,
)


def html_problems(text: str) -> Iterator[TemplateProblem]:
    """What makes a piece of HTML unsafe to put values into, or is of no use in an e-mail."""
    for pattern, message in (
        (_UNQUOTED, 'a value in an attribute needs quotes around it: `href="{{ … }}"`'),
        (_ACTIVE, "mail programs take no scripts, forms, frames and the like"),
        (_STYLED, "no value stands in a style"),
    ):
        for found in pattern.finditer(text):
            yield TemplateProblem(message, text.count("\n", 0, found.start()) + 1)
