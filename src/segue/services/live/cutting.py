"""Taking entries out of the text of a project file by their lines, and putting one plain value in
the place of another: every other character stays as it is, the comments around them too."""

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


def put_plain(text: str, key: str, value: str, after: str) -> str | None:
    """The text with this plain value under a key of the whole file: in place of the one there was,
    else on a line of its own below the plain value of the key `after`, or on top of everything.
    None where the file is not written so that this can be done by characters."""
    root = YAML(typ="safe", pure=True).compose(text)
    if not isinstance(root, MappingNode) or root.flow_style or not root.value:
        return None
    named, node = _child(root, key)
    if named is not None:
        return _exchanged(text, node, value)
    above, seen = _child(root, after)
    place = root.value[0][0].start_mark.index
    if above is not None and seen is not None:
        if _exchanged(text, seen, "") is None:
            return None
        place = text.find("\n", seen.end_mark.index) + 1
        if not place:
            return f"{text}\n{key}: {value}\n"
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{text[:place]}{key}: {value}{newline}{text[place:]}"


def _exchanged(text: str, node: Node | None, value: str) -> str | None:
    """The text with another value in the place of a plain or quoted one; None where it is not."""
    if not isinstance(node, ScalarNode):
        return None
    start, end = node.start_mark.index, node.end_mark.index
    quote = node.style or ""
    if quote in _OPEN or not node.value or text[start:end] != f"{quote}{node.value}{quote}":
        return None
    return f"{text[:start]}{quote}{value}{quote}{text[end:]}"


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
