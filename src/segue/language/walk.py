"""Walking and rewriting trees without naming every node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

from segue.language.tree import Crossing, EventPattern, InSegment, Pattern, PatternUnion

_Node = TypeVar("_Node")


def nodes(tree: object) -> Iterator[Any]:
    """Every node of the tree, itself first, in the order of the text (top down)."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(reversed(node))
        elif is_dataclass(node):
            yield node
            stack.extend(getattr(node, name) for name in reversed(_names_of(node)))


def segments_in(tree: object) -> tuple[str, ...]:
    """The ids of the segments that the tree refers to, each once, in the order of the text."""
    found = (node.segment for node in nodes(tree) if isinstance(node, InSegment | Crossing))
    return tuple(dict.fromkeys(found))


def with_patterns(tree: _Node, change: Callable[[EventPattern], Pattern]) -> _Node:
    """The tree with every event pattern changed; unchanged parts stay the same objects."""
    changed: Any = _rewritten(tree, change)
    result: _Node = changed
    return result


def _rewritten(node: Any, change: Callable[[EventPattern], Pattern]) -> Any:
    if isinstance(node, EventPattern):
        return change(node)
    if isinstance(node, tuple):
        parts = tuple(_rewritten(part, change) for part in node)
        return node if all(map(_same, parts, node)) else parts
    if isinstance(node, PatternUnion) or not is_dataclass(node):
        return node
    before = [getattr(node, name) for name in _names_of(node)]
    after = [_rewritten(value, change) for value in before]
    kind: Any = type(node)
    return node if all(map(_same, after, before)) else kind(*after)


def _same(one: object, other: object) -> bool:
    return one is other


def _names_of(node: object) -> tuple[str, ...]:
    kind: Any = type(node)
    return _field_names(kind)


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
