"""Changing the text of a project file in place: comments, order and what is not touched stay."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from itertools import pairwise
from typing import Any, Final, Literal, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import LiteralScalarString
from ruamel.yaml.util import load_yaml_guess_indent

from segue.domain.errors import NotFoundError, UsageError
from segue.language.models import Privacy, Project
from segue.language.project import project_from
from segue.language.yaml_source import Loc, read_yaml
from segue.services.live.cutting import cut, put_plain

Change: TypeAlias = Callable[[str], str]
"""From the text of a project file to another one."""

Section: TypeAlias = Literal["campaigns", "surveys"]
"""Where something that is said to people stands in the file."""
Entry: TypeAlias = Mapping[str, Any]
"""A campaign or survey as the file has it: texts, numbers, truths, lists and mappings of them."""

KEYS: Final = ("title", "kind", "stage", "when")
"""What a segment has in the file, in the order in which it is written."""


def put_segment(text: str, segment_id: str, segment: Mapping[str, str]) -> str:
    """The text with this segment, new at the end of `segments` or in place of the one there was;
    the text itself where it says this already, up to white space.

    Empty values are left out, and texts of several lines stay so. Raises `DefinitionError` where
    the text is no project file, and `UsageError` for a level of a ladder or a stage of the journey.
    """
    _must_stand_alone(project_from(text), segment_id)
    document, write = _opened(text)
    if _says_so(document, segment_id, segment):
        return text
    if document.get("segments") is None:
        document["segments"] = CommentedMap()
    segments = document["segments"]
    if isinstance(segments.get(segment_id), CommentedMap):
        _replace(segments[segment_id], segment)
    else:
        given = _given(segment)
        segments[segment_id] = CommentedMap((key, _node(segment[key])) for key in given)
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


def put_spoken(text: str, section: Section, spoken_id: str, entry: Entry) -> str:
    """The text with this campaign or survey, new at the end of its section or in place of the one
    there was, of which everything that says the same stays as it is written.

    Whether the entry is right is not looked at. Raises `DefinitionError` where the text is no YAML.
    """
    seen = _section(read_yaml(text).data, section).get(spoken_id)
    if isinstance(seen, Mapping):
        text = cut(text, [(section, spoken_id, *path) for path in _gone(seen, entry)])
        seen = _section(read_yaml(text).data, section).get(spoken_id)
    document, write = _opened(text)
    if document.get(section) is None:
        document[section] = CommentedMap()
    entries = document[section]
    if isinstance(seen, Mapping) and isinstance(entries.get(spoken_id), CommentedMap):
        _merge(entries[spoken_id], seen, entry)
    else:
        entries[spoken_id] = _node(entry)
    return write()


def drop_spoken(text: str, section: Section, spoken_id: str) -> str:
    """The text without this campaign or survey. Raises `NotFoundError` where there is none, and
    `DefinitionError` where the text is no YAML."""
    entries = _section(read_yaml(text).data, section)
    if spoken_id not in entries:
        raise NotFoundError(f"There is no {spoken_id!r} below `{section}`")
    without = cut(text, [(section,) if len(entries) == 1 else (section, spoken_id)])
    if without != text:
        return without
    document, write = _opened(text)
    del document[section][spoken_id]
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
    yaml.brace_single_entry_mapping_in_flow_sequence = True
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


def _says_so(document: CommentedMap, segment_id: str, segment: Mapping[str, str]) -> bool:
    """Whether the file has exactly this segment."""
    entry = (document.get("segments") or {}).get(segment_id)
    if not isinstance(entry, CommentedMap):
        return False
    had = {key: entry[key] for key in KEYS if entry.get(key)}
    given = {key: segment[key] for key in _given(segment)}
    return had.keys() == given.keys() and all(_same(had[key], given[key]) for key in had)


def _same(one: Any, other: Any) -> bool:
    """Whether two texts differ in nothing but the space around them and how lines end."""
    return [line.rstrip() for line in str(one).strip().splitlines()] == [
        line.rstrip() for line in str(other).strip().splitlines()
    ]


def _replace(entry: CommentedMap, segment: Mapping[str, Any]) -> None:
    """Make an entry say this: keys that stay keep their place and their comments."""
    given = _given(segment)
    for key in [key for key in entry if key in KEYS and key not in given]:
        del entry[key]
    for key in given:
        if not _same(entry.get(key, ""), segment[key]):
            entry[key] = _node(segment[key])


# ------------------------------------------------------------------------- campaigns and surveys


def _section(data: Any, section: Section) -> Mapping[str, Any]:
    found = data.get(section) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _gone(seen: Any, new: Any) -> Iterator[Loc]:
    """The paths of what is there and is not wanted any more."""
    if isinstance(seen, Mapping) and isinstance(new, Mapping):
        for key, said in seen.items():
            if key not in new and said:
                yield (key,)
            elif key in new:
                yield from ((key, *path) for path in _gone(said, new[key]))
    elif isinstance(seen, list) and _is_list(new):
        yield from ((place,) for place in range(len(new), len(seen)))
        for place, (said, value) in enumerate(zip(seen, new, strict=False)):
            yield from ((place, *path) for path in _gone(said, value))


def _merge(old: CommentedMap, seen: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Make a mapping say this. `seen` is what it says now, as Segue reads it."""
    for key in [key for key in old if key not in new and seen.get(str(key))]:
        del old[key]
    for key, value in new.items():
        old_value, said = old.get(key), seen.get(key)
        if _says(said, value):
            continue
        if isinstance(old_value, CommentedMap) and isinstance(value, Mapping):
            _merge(old_value, said or {}, value)
        elif isinstance(old_value, CommentedSeq) and _is_list(value):
            _merge_items(old_value, said or [], value)
        else:
            old[key] = _node(value)


def _merge_items(old: CommentedSeq, seen: Sequence[Any], new: Sequence[Any]) -> None:
    """Make a list say this, item by item."""
    while len(old) > len(new):
        del old[-1]
    for place, value in enumerate(new):
        if place >= len(old):
            old.append(_node(value))
        elif not _says(seen[place], value):
            if isinstance(old[place], CommentedMap) and isinstance(value, Mapping):
                _merge(old[place], seen[place], value)
            else:
                old[place] = _node(value)


def _says(seen: Any, value: Any) -> bool:
    """Whether what stands there says the same: plain values are texts to Segue, and a list of texts
    may be written with commas."""
    if isinstance(seen, list) and isinstance(value, str):
        return ", ".join(map(str, seen)) == value
    return bool(seen == value or seen == _as_read(value))


def _as_read(value: Any) -> Any:
    """A value as Segue reads it out of a file."""
    if isinstance(value, Mapping):
        return {key: _as_read(one) for key, one in value.items()}
    if _is_list(value):
        return [_as_read(one) for one in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _node(value: Any) -> Any:
    """A value as it is written: texts of several lines as they stand."""
    if isinstance(value, Mapping):
        return CommentedMap((key, _node(one)) for key, one in value.items())
    if _is_list(value):
        return CommentedSeq(map(_node, value))
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    return value


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def put_privacy(text: str, privacy: Privacy) -> str:
    """The text with these privacy settings; those that are as by default are left out where they
    were. Raises `DefinitionError` where the text is no project file."""
    before = project_from(text).privacy
    document, write = _opened(text)
    if document.get("privacy") is None:
        document["privacy"] = CommentedMap()
    section = document["privacy"]
    for name in Privacy.model_fields:
        wanted = getattr(privacy, name)
        if wanted != getattr(before, name):
            section[name] = wanted
    if not section:
        del document["privacy"]
    return write()


def put_zone(text: str, zone: str) -> str:
    """The text with this time zone; the text itself where it says so already. Nothing else in it
    changes. Raises `DefinitionError` where the text is no project file."""
    if project_from(text).timezone == zone:
        return text
    placed = put_plain(text, "timezone", zone, after="project")
    if placed is not None:
        return placed
    document, write = _opened(text)
    document["timezone"] = zone
    return write()
