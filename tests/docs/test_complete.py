"""Nothing public is missing from the documentation: forms, verbs, options, functions, errors."""

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest
import typer.main

import segue
from segue.cli.app import app
from segue.domain import errors
from segue.domain.errors import DefinitionError
from segue.language import tree
from segue.language.models import Project
from segue.language.parse import parse_condition
from segue.language.templates import catalogue
from tests.docs.pages import page
from tools.templates import page as written_page

# ------------------------------------------------------------------------------------- language

NODES = [
    *typing.get_args(tree.Condition),
    *typing.get_args(tree.When),
    *(tree.Amount, tree.AgeAmount, tree.Sequence, tree.Step, tree.Crossing, tree.EventPattern),
    *(tree.Test, tree.FilterAnd, tree.FilterOr, tree.FilterNot, tree.Moment, tree.Name),
]
CHOICES = [*tree.Comparison, *tree.Op, *tree.Measure, *tree.Unit, *tree.Side, *tree.Which]


def _documented_conditions() -> Iterator[tree.Condition]:
    """Every example of the language page that is a whole condition."""
    language = page("language.md")
    candidates = list(language.code_spans)
    for block in language.blocks:
        if block.kind == "segue":
            candidates += re.split(r"\n\s*\n", block.body.strip())
    for text in candidates:
        try:
            yield parse_condition(text)
        except DefinitionError:
            continue  # a fragment: a word, a window, a pattern


def _parts(value: Any) -> Iterator[Any]:
    """The value and everything in it."""
    yield value
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _parts(item)


@pytest.fixture(scope="module")
def shown() -> list[Any]:
    """Every node and every choice that some example of the language page holds."""
    return [part for condition in _documented_conditions() for part in _parts(condition)]


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_the_language_page_shows_every_node(node: type, shown: list[Any]) -> None:
    """A form without an example is a form that nobody finds."""
    assert any(type(part) is node for part in shown)


@pytest.mark.parametrize("choice", CHOICES, ids=repr)
def test_the_language_page_shows_every_choice(choice: Enum, shown: list[Any]) -> None:
    """Every comparison, test, measure, unit, side and end."""
    assert any(type(part) is type(choice) and part is choice for part in shown)


@pytest.mark.parametrize("key", Project.model_fields)
def test_every_key_of_the_project_file_is_explained(key: str) -> None:
    """A key that `segue.yaml` may have stands on its page."""
    assert key in page("project.md").code_spans


# --------------------------------------------------------------------------------- command line

VERBS = sorted(typer.main.get_command(app).commands.items())  # type: ignore[attr-defined]
OPTIONS = [
    (verb, option)
    for verb, command in VERBS
    for parameter in command.params
    for option in parameter.opts
    if option.startswith("--") and not getattr(parameter, "hidden", False)
]


def _section(text: str, heading: str) -> str:
    """What stands under the first heading that names it, up to the next of the same level."""
    pattern = rf"^(#+) [^\n]*`?{re.escape(heading)}\b`?[^\n]*\n(.*?)(?=^\1 |\Z)"
    match = re.search(pattern, text, re.DOTALL | re.MULTILINE)
    return match[2] if match else ""


@pytest.mark.parametrize("verb", [verb for verb, _ in VERBS])
def test_every_verb_has_its_section(verb: str) -> None:
    """A command that the reference does not explain does not exist for its reader."""
    assert _section(page("cli.md").text, verb)


@pytest.mark.parametrize(("verb", "option"), OPTIONS)
def test_every_option_is_explained(verb: str, option: str) -> None:
    """In the section of its verb, or in the part on what all verbs share."""
    cli = page("cli.md").text
    shared = cli.split("\n## ")[0] + _section(cli, "Common") + _section(cli, "common")

    assert option in _section(cli, verb) or option in shared


# --------------------------------------------------------------------------------------- Python

PUBLIC = [name for name in segue.__all__ if not name.startswith("_")]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_on_the_python_page(name: str) -> None:
    """Functions with their parameters, classes with their methods."""
    python = page("python.md")
    thing = getattr(segue, name)

    assert re.search(rf"\b{name}\b", " ".join(python.code_spans) + _headings(python.text))
    for member in _members(thing):
        assert re.search(rf"\b{member}\b", python.text), f"{name}.{member}"


def _headings(text: str) -> str:
    return "\n".join(re.findall(r"^#+ .*$", text, re.MULTILINE))


def _members(thing: Any) -> list[str]:
    """The public methods of a class, the parameters of a function; the builder is tried below."""
    if inspect.isclass(thing):
        return [
            name
            for name, value in vars(thing).items()
            if not name.startswith("_") and (inspect.isfunction(value) or inspect.ismethod(value))
        ]
    if inspect.isfunction(thing) and not thing.__module__.startswith("segue.language"):
        return list(inspect.signature(thing).parameters)
    return []


_ROW = re.compile(r"^\| `(.+?)` \| `(.+?)` \|$", re.MULTILINE)
BUILT = [
    (python.replace("\\|", "|"), text)
    for python, text in _ROW.findall(page("python.md").text.split("## Building conditions")[1])
]


@pytest.mark.parametrize(("python", "text"), BUILT)
def test_what_is_built_in_python_is_what_the_text_says(python: str, text: str) -> None:
    """Each row of the table: the same tree, so the same printed form."""
    built = eval(python, {name: getattr(segue, name) for name in segue.__all__})

    assert built.node == parse_condition(text)


ERRORS = [
    error
    for error in vars(errors).values()
    if inspect.isclass(error) and issubclass(error, errors.SegueError)
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_is_documented_with_its_code(error: type[errors.SegueError]) -> None:
    """What it means, and what to do."""
    spans = page("errors.md").code_spans

    assert error.__name__ in spans
    assert error.code in spans


# ------------------------------------------------------------------------------------ templates


TEMPLATES = [template.id for template in catalogue()]


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_on_the_templates_page(template: str) -> None:
    """A segment that ships with Segue is listed with the name that it gets."""
    assert template in page("templates.md").code_spans


def test_the_tables_of_templates_are_those_that_ship() -> None:
    """`python -m tools.templates` would change nothing."""
    text = page("templates.md").text

    assert written_page(text) == text
