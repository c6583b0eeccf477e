"""Changing the text of a project file in place: comments, order and what is not touched stay."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from io import StringIO
from itertools import pairwise
from typing import Any, Final, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.util import load_yaml_guess_indent

from segue.domain.errors import NotFoundError, UsageError
from segue.language.models import Project
from segue.language.project import project_from

Change: TypeAlias = Callable[[str], str]
"""From the text of a project file to another one."""

KEYS: Final = ("title", "kind", "stage", "when")
"""What a segment has in the file, in the order in which it is written."""


def put_segment(text: str, segment_id: str, segment: Mapping[str, str]) -> str:
    """The text with this segment, new at the end of `segments` or in place of the one there was.

    Empty values are left out. Raises `DefinitionError` where the text is no project file, and
    `UsageError` for a level of a ladder or a stage of the journey.
    """
    _must_stand_alone(project_from(text), segment_id)
    document, write = _opened(text)
    if document.get("segments") is None:
        document["segments"] = CommentedMap()
    segments = document["segments"]
    if isinstance(segments.get(segment_id), CommentedMap):
        _replace(segments[segment_id], segment)
    else:
        segments[segment_id] = CommentedMap((key, segment[key]) for key in _given(segment))
    return write()


def drop_segment(text: str, segment_id: str) -> str:
    """The text without this segment.

    Raises `NotFoundError` where there is none, and otherwise as `put_segment` does.
    """
    project = project_from(text)
    _must_stand_alone(project, segment_id)
    if segment_id not in project.segments:
        raise NotFoundError(
            f"There is no segment {segment_id!r}", hint="GET /api/segments lists those there are"
        )
    document, write = _opened(text)
    del document["segments"][segment_id]
    return write()


def difference(before: str, after: str, name: str) -> str:
    """What would change in the file of that name, as a unified diff."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, name
    )
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def _must_stand_alone(project: Project, segment_id: str) -> None:
    ladder, dot, level = segment_id.rpartition(".")
    if dot:
        raise UsageError(
            f"{segment_id!r} would be the level {level!r} of the ladder {ladder!r}",
            hint="levels and stages exclude each other: change them together, in the whole text",
        )
    if segment_id in project.ladders:
        raise UsageError(f"{segment_id!r} is a ladder", hint="choose another id for the segment")


def _opened(text: str) -> tuple[CommentedMap, Callable[[], str]]:
    """The text as a document that keeps its comments, and how to write it again."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1 << 16
    document, indent, offset = load_yaml_guess_indent(text, yaml=yaml)
    yaml.indent(mapping=_mapping_step(text), sequence=indent or 2, offset=offset or 0)
    if document is None:
        document = CommentedMap()

    def write() -> str:
        stream = StringIO()
        yaml.dump(document, stream)
        return stream.getvalue()

    return document, write


def _mapping_step(text: str) -> int:
    """By how many spaces the file indents what is below a key: the first line that does so."""
    lines = [line for line in text.splitlines() if line.strip() and line.lstrip()[0] != "#"]
    for above, below in pairwise(lines):
        step = _depth(below) - _depth(above)
        if above.rstrip().endswith(":") and step > 0 and below.lstrip()[0] != "-":
            return step
    return 2


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _given(segment: Mapping[str, str]) -> list[str]:
    return [key for key in KEYS if segment.get(key)]


def _replace(entry: CommentedMap, segment: Mapping[str, Any]) -> None:
    """Make an entry say this: keys that stay keep their place and their comments."""
    given = _given(segment)
    for key in [key for key in entry if key in KEYS and key not in given]:
        del entry[key]
    for key in given:
        if entry.get(key) != segment[key]:
            entry[key] = segment[key]
