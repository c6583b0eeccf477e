"""Taking entries out of the text of a project file by their lines: every other line stays as it is,
the comments around them too."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from segue.language.yaml_source import Loc

_OPEN: Final = ("|", ">")
"""The styles of scalars that end where the lines are less indented."""


def cut(text: str, paths: Collection[Loc]) -> str:
    """The text without what stands at these paths. What shares its lines with others (`{…}`), or is
    alone in what is around it, stays: that cannot be taken out line by line."""
    root = YAML(typ="safe", pure=True).compose(text)
    lines = text.splitlines(keepends=True)
    found = [_lines_of(root, path, lines) for path in paths]
    gone = {line for one in found if one for line in range(one[0], one[1] + 1)}
    return "".join(line for number, line in enumerate(lines) if number not in gone)


def _lines_of(root: Node | None, path: Loc, lines: list[str]) -> tuple[int, int] | None:
    """The first and the last line of what stands at a path, counted from 0."""
    around, key, value = None, root, root
    for part in path:
        around = value
        key, value = _child(around, part)
    if not isinstance(around, CollectionNode) or key is None or value is None:
        return None
    if around.flow_style or len(around.value) < 2:
        return None
    return key.start_mark.line, max(_last_line(value, lines), key.start_mark.line)


def _child(around: Node | None, part: str | int) -> tuple[Node | None, Node | None]:
    """The node of a key (of an item of a list the item itself), and that of its value."""
    if isinstance(around, SequenceNode) and isinstance(part, int) and part < len(around.value):
        return around.value[part], around.value[part]
    pairs = around.value if isinstance(around, MappingNode) else []
    return next(((key, value) for key, value in pairs if key.value == part), (None, None))


def _last_line(node: Node, lines: list[str]) -> int:
    """The last line on which something of the node stands."""
    if isinstance(node, ScalarNode):
        return _last_of_scalar(node, lines)
    if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.line)
    last = node.value[-1]
    return _last_line(last[1] if isinstance(last, tuple) else last, lines)


def _last_of_scalar(node: ScalarNode, lines: list[str]) -> int:
    if node.style not in _OPEN:
        return int(node.end_mark.line) if node.value else int(node.start_mark.line)
    last = min(int(node.end_mark.line) - 1, len(lines) - 1)
    while last > node.start_mark.line and not lines[last].strip():
        last -= 1
    return last
