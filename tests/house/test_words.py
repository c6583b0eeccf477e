"""Docstrings on everything public, public names in order, and one name for one concept."""

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest
import typer.main

import segue
from segue.cli.app import app
from tests.house.source import ROOT, Definition, Module, modules, relative

AVOIDED = {
    "audience": "segment",
    "audiences": "segments",
    "hit": "occurrence",
    "hits": "occurrences",
    "impression": "exposure",
    "impressions": "exposures",
    "kpi": "goal",
    "kpis": "goals",
    "user": "person (a user operates Segue)",
    "users": "people (a user operates Segue)",
    "poll": "survey",
    "polls": "surveys",
    "simply": "nothing",
    "obviously": "nothing",
    "just": "nothing",
}
"""Words of DESIGN §2 that have a better one, and words that blame the reader."""

THEIR_WORDS = re.compile(r"<!-- their words -->.*?<!-- /their words -->", re.DOTALL)
"""What other products call things, where a page compares with them."""

CODE = re.compile(
    r"```.*?```|~~~.*?~~~|`[^`\n]*`|\]\([^)]*\)|<!--.*?-->|https?://\S+|\w+=\w+", re.DOTALL
)

PAGES = [
    ROOT / "README.md",
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if "proofs" not in p.parts),
]


def _avoided_words(prose: str) -> dict[str, str]:
    """The words to avoid that stand outside code, each with the one to use."""
    words = re.findall(r"[a-z]+", CODE.sub(" ", prose).lower())
    return {word: AVOIDED[word] for word in words if word in AVOIDED}


def _help_texts() -> list[tuple[str, str]]:
    """Every verb with all that its help says."""
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return [
        (name, " ".join([verb.help or "", *(getattr(p, "help", "") or "" for p in verb.params)]))
        for name, verb in sorted(verbs.items())
    ]


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.name or "segue")
def test_everything_public_says_what_it_means(module: Module) -> None:
    """Every module, class and function that others may use has a docstring."""
    silent = [
        name
        for name, node in module.definitions()
        if _is_public(name) and ast.get_docstring(node) is None and not _is_explained(name, node)
    ]

    assert ast.get_docstring(module.tree)
    assert not silent


def _is_public(name: str) -> bool:
    return not any(part.startswith("_") for part in name.split("."))


def _is_explained(name: str, node: Definition) -> bool:
    """An overload needs no docstring, and a method none that its base class explains."""
    decorators = {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}
    return "overload" in decorators or (
        name.count(".") > 1 and name.rpartition(".")[2] in _explained_by_base_classes()
    )


@cache
def _explained_by_base_classes() -> frozenset[str]:
    """Names of documented abstract methods and of methods of protocols."""
    return frozenset(
        name.rpartition(".")[2]
        for module in modules()
        for name, node in module.definitions()
        if ast.get_docstring(node)
        and any("abstract" in ast.unparse(decorator) for decorator in node.decorator_list)
    )


def test_public_names_are_real_and_once() -> None:
    """`__all__` names what is there, each once (ruff keeps the order)."""
    for module in modules():
        loaded = importlib.import_module(".".join(filter(None, ("segue", module.name))))
        public = getattr(loaded, "__all__", [])

        assert len(set(public)) == len(public), module.name
        assert not [name for name in public if not hasattr(loaded, name)], module.name


def test_the_package_lists_everything_that_it_offers() -> None:
    """What `import segue` shows without an underscore is in `__all__`, submodules apart."""
    rooms = {module.room for module in modules()}
    offered = {name for name in vars(segue) if not name.startswith("_")} - rooms

    assert offered <= set(segue.__all__)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_one_concept_has_one_name(page: Path) -> None:
    """The documentation uses the words of the glossary and none that it replaces."""
    prose = THEIR_WORDS.sub(" ", page.read_text(encoding="utf-8"))

    assert not _avoided_words(prose)


@pytest.mark.parametrize(("name", "text"), _help_texts())
def test_the_help_of_the_command_line_uses_the_same_names(name: str, text: str) -> None:
    """What `--help` says of a verb and of each option."""
    assert not _avoided_words(text), name
