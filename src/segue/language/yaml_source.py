"""YAML with places: data as read, and for each path in it the line and column in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from segue.domain.errors import DefinitionError, Problem

Loc: TypeAlias = tuple[str | int, ...]
"""A path into the data: keys and indexes."""

_MOST_NODES: Final = 300_000
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS: Final = {"true": True, "True": True, "false": False, "False": False}
_TYPED: Final = "payload"
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")


@dataclass(frozen=True)
class YamlSource:
    """A YAML text as data, with places.

    Plain scalars stay text (`stage: 010` is "010"), except below `payload`, which becomes JSON:
    there, booleans and numbers are read as such. An empty value is None.
    """

    data: Any
    lines: list[str]
    source: str
    _places: dict[Loc, tuple[Node, Node]] = field(repr=False)
    problems: tuple[Problem, ...] = ()
    """Keys that stand twice in one mapping; the data has the first."""

    def placed(self, problem: Problem, loc: Loc, *, at_key: bool = False) -> Problem:
        """The problem with its place: the text at `loc`, else the key, else what is around it."""
        while loc and loc not in self._places:
            loc, at_key = loc[:-1], True
        if loc not in self._places:
            return replace(problem, source=self.source)
        key, value = self._places[loc]
        mark = (value if isinstance(value, ScalarNode) and not at_key else key).start_mark
        return self.at_mark(problem, mark.line, mark.column)

    def placed_in_text(self, problem: Problem, loc: Loc) -> Problem:
        """The problem of a text inside the file: its line and column become those of the file."""
        if loc not in self._places or not isinstance(self._places[loc][1], ScalarNode):
            return self.placed(problem, loc)
        node = cast("ScalarNode", self._places[loc][1])
        offset = _offset(node.value, problem.line, problem.column)
        line, column = self._follow(node, offset)
        return self.at_mark(problem, line, column)

    def text_at(self, loc: Loc) -> str | None:
        """The scalar at `loc` as text; None where there is none."""
        node = self._places[loc][1] if loc in self._places else None
        return node.value if isinstance(node, ScalarNode) else None

    def at_mark(self, problem: Problem, line: int, column: int) -> Problem:
        """The problem at a line and column of the file, both counted from 0."""
        excerpt = self.lines[line] if line < len(self.lines) else ""
        return replace(
            problem,
            line=line + 1,
            column=column + 1,
            excerpt=excerpt.replace("\t", " "),
            source=self.source,
        )

    def _follow(self, node: ScalarNode, offset: int) -> tuple[int, int]:
        """Where character `offset` of the scalar's text stands in the file (counted from 0).

        Both are walked in step: quoting, folding and indentation add characters to the file, never
        take any away, so the next equal character is the same one.
        """
        file = self._characters(node)
        place = node.start_mark.line, node.start_mark.column
        for character in node.value[: offset + 1]:
            if character.isspace():
                continue
            place = next((where for found, where in file if found == character), place)
        beyond = offset >= len(node.value.rstrip())
        return place[0], place[1] + beyond

    def _characters(self, node: ScalarNode) -> Iterator[tuple[str, tuple[int, int]]]:
        start, end = node.start_mark, node.end_mark
        first = start.line + 1 if node.style in {"|", ">"} else start.line
        for line in range(first, min(end.line + 1, len(self.lines))):
            begin = start.column + bool(node.style) if line == start.line else 0
            for column in range(begin, len(self.lines[line])):
                yield self.lines[line][column], (line, column)


def read_yaml(text: str, source: str = "") -> YamlSource:
    """Read one YAML document. Raises `DefinitionError` where it is none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    reader = _Reader(source, lines)
    try:
        root = YAML(typ="safe", pure=True).compose(text)
        data = reader.value(root, ()) if root is not None else None
    except MarkedYAMLError as error:
        raise DefinitionError([_syntax_problem(error, source, lines)]) from None
    except ReaderError as error:
        message = f"{error.character!r} is not allowed in YAML ({error.reason})"
        line = text.count("\n", 0, error.position) + 1
        raise DefinitionError([Problem(message, line=line, source=source)]) from None
    except (YAMLError, RecursionError) as error:
        message = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise DefinitionError(
            [Problem(f"not readable as YAML: {message}", source=source)]
        ) from None
    return YamlSource(data, lines, source, reader.places, tuple(reader.problems))


def _syntax_problem(error: MarkedYAMLError, source: str, lines: list[str]) -> Problem:
    mark = error.problem_mark or error.context_mark
    said = ", ".join(part for part in (error.context, error.problem) if part)
    colon = "mapping values are not allowed" in said
    meant = "`when: |` and the text on the next line, where it holds a colon" if colon else ""
    problem = Problem(f"not readable as YAML: {said}", source=source, suggestion=meant)
    if mark is None:
        return problem
    return YamlSource(None, lines, source, {}).at_mark(problem, mark.line, mark.column)


class _Reader:
    """Turns composed nodes into data and notes where each part stands."""

    def __init__(self, source: str, lines: list[str]) -> None:
        self.places: dict[Loc, tuple[Node, Node]] = {}
        self.problems: list[Problem] = []
        self._source = YamlSource(None, lines, source, self.places)
        self._open: set[int] = set()

    def value(self, node: Node, loc: Loc, key: Node | None = None) -> Any:
        self.places[loc] = (key or node, node)
        if len(self.places) > _MOST_NODES or id(node) in self._open:
            raise RecursionError
        if isinstance(node, ScalarNode):
            return _scalar(node, typed=_TYPED in loc[:-1])
        self._open.add(id(node))
        if isinstance(node, SequenceNode):
            made: Any = [self.value(item, (*loc, i)) for i, item in enumerate(node.value)]
        else:
            made = self._mapping(cast("MappingNode", node), loc)
        self._open.remove(id(node))
        return made

    def _mapping(self, node: MappingNode, loc: Loc) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, item in node.value:
            name = key.value if isinstance(key, ScalarNode) else "?"
            if name in made:
                self._repeated(name, key, (*loc, name))
            else:
                made[name] = self.value(item, (*loc, name), key)
        return made

    def _repeated(self, name: str, key: Node, loc: Loc) -> None:
        first = self.places[loc][0].start_mark.line + 1
        problem = Problem(f"`{name}` is already defined in line {first}", where=dotted(loc))
        mark = key.start_mark
        self.problems.append(self._source.at_mark(problem, mark.line, mark.column))


def _scalar(node: ScalarNode, *, typed: bool) -> Any:
    if node.style:
        return node.value
    if node.value in _NULLS:
        return None
    if not typed:
        return node.value
    if node.value in _BOOLS:
        return _BOOLS[node.value]
    number = _NUMBER.fullmatch(node.value)
    if number is None:
        return node.value
    return float(node.value) if number[1] or number[2] else int(node.value)


def _offset(text: str, line: int, column: int) -> int:
    """The index of the character at line and column, both counted from 1."""
    return sum(len(row) + 1 for row in text.split("\n")[: line - 1]) + column - 1


def dotted(loc: Loc) -> str:
    """The path as people write it: `ladders.engagement.levels[2].when`."""
    written = ""
    for part in loc:
        written += f"[{part}]" if isinstance(part, int) else f".{part}" if written else part
    return written
