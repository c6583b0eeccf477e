"""Completeness: every node of the tree can be written, printed, described, built and drawn, and the
language page shows it. A new node names here what it lacks."""

import dataclasses
import inspect
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, find, settings

from segue.language import tree
from segue.language.describe import describe
from segue.language.lexicon import KEYWORDS
from segue.language.parse import parse_condition
from segue.language.text import to_text
from segue.language.walk import nodes
from tests.language import strategies
from tests.language.test_builder import BUILT

RESOLVED_ONLY = {tree.PatternUnion, tree.Segment, tree.Definitions}
NODES = [
    node
    for _, node in inspect.getmembers(tree, inspect.isclass)
    if dataclasses.is_dataclass(node) and node not in RESOLVED_ONLY
]
LANGUAGE = Path(__file__).parents[2] / "src/segue/language"
PAGE = Path(__file__).parents[2] / "docs/language.md"
FENCE = re.compile(r"^```segue\n(.*?)^```", re.DOTALL | re.MULTILINE)
EXAMPLES = [
    example.strip()
    for block in FENCE.findall(PAGE.read_text(encoding="utf-8"))
    for example in re.split(r"\n\s*\n", block.strip())
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_language_page_holds(example: str) -> None:
    """It parses, prints as text that parses to the same, and has a description."""
    condition = parse_condition(example)

    assert parse_condition(to_text(condition)) == condition
    assert describe(condition)


def _holding(node: type) -> list[tree.Condition]:
    conditions = [parse_condition(example) for example in EXAMPLES]
    return [c for c in conditions if any(type(part) is node for part in nodes(c))]


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_a_node_is_on_the_language_page(node: type) -> None:
    assert _holding(node), f"{node.__name__} lacks grammar, or an example on the language page"


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_a_node_can_be_printed(node: type) -> None:
    """Each has a text of its own (a date only inside the node that holds it)."""
    assert node in to_text.registry or node is tree.Moment, f"{node.__name__} lacks a text"


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_a_node_can_be_built(node: type) -> None:
    built = (part for expression, _ in BUILT for part in nodes(expression.node))

    assert any(type(part) is node for part in built), f"{node.__name__} lacks a builder"


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_a_node_is_drawn_by_the_strategies(node: type) -> None:
    quick = settings(
        max_examples=5000, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )

    find(
        strategies.conditions(),
        lambda condition: any(type(part) is node for part in nodes(condition)),
        settings=quick,
    )


def test_the_words_of_the_grammar_are_the_words_of_the_language() -> None:
    """A word that is a terminal but no keyword could silently stop being usable as a name."""
    grammar = (LANGUAGE / "grammar.lark").read_text(encoding="utf-8")
    terminals = re.findall(r"\.2: /(.*?)\(\?!\[", grammar)
    words = {word for terminal in terminals for word in _words(terminal)}

    assert words == KEYWORDS


def _words(terminal: str) -> set[str]:
    """`(?:day|week)s?` is day, days, week, weeks."""
    plural = terminal.endswith("s?")
    found = re.findall(r"[a-z]+", terminal.removesuffix("s?").replace("?:", ""))
    return set(found) | ({f"{word}s" for word in found} if plural else set())
