"""The versions of a segment: what each one said, and how that differs from the one before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from ruamel.yaml import YAML

from segue.bootstrap.insight import Insight
from segue.domain.errors import SegueError
from segue.domain.live import SegmentVersion
from segue.domain.ports import DefinitionVersion
from segue.language.models import Project
from segue.language.project import project_from
from segue.language.text import to_text
from segue.services.insight.versions import Versions
from segue.ui.analyses import Quick
from segue.ui.board import Looked
from segue.ui.pages import Page
from segue.ui.segments import conditions_of

_WORDS: Final = re.compile(r"\s+|[\w$./:-]+|.")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text: `same`, `added` to the version before, or `gone` from it."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Version:
    """One meaning of a segment: its number, from when to when it was in force (ms; None: still),
    the version of the project file that brought it (0: not known), its condition as text (empty:
    not known), and how that differs from the version before. Where nothing differs, something
    changed that the condition rests on."""

    number: int
    since: int
    until: int | None
    file: int
    when: str
    parts: tuple[Part, ...]


def versions_of(quick: Quick, segment_id: str) -> Looked[tuple[Version, ...]]:
    """Every version of a segment, the latest first; texts of old files take a while to read."""
    store = quick.page.serving.store
    return quick.look(
        ("versions", segment_id),
        lambda: tuple(
            versions(segment_id, store.segment_versions(segment_id), store.definition_versions())
        ),
    )


def versions(
    segment_id: str, published: Sequence[SegmentVersion], files: Sequence[DefinitionVersion]
) -> list[Version]:
    """The published versions of a segment, the latest first, with what the project file said that
    was taken up when each began."""
    found: list[Version] = []
    before = ""
    for one in published:
        file = min(files, key=lambda it: abs(it.known_at - one.since), default=None)
        when = "" if file is None else condition_in(file.text, segment_id)
        parts = tuple(difference(before, when)) if before and when else ()
        number = file.version if file is not None and when else 0
        found.append(Version(one.version, one.since, one.until, number, when, parts))
        before = when or before
    return found[::-1]


def condition_in(text: str, segment_id: str) -> str:
    """What a segment's condition is in the text of a project file; empty where there is none, or
    the text cannot be read any more."""
    try:
        project: Project = project_from(text)
    except SegueError:
        return ""
    condition = conditions_of(project).get(segment_id)
    return "" if condition is None else to_text(condition)


def difference(before: str, after: str) -> list[Part]:
    """The words of both texts, in order: which are the same, gone and added."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    found: list[Part] = []
    for what, first, last, begin, end in SequenceMatcher(None, old, new, False).get_opcodes():
        if what == "equal":
            found.append(Part("same", "".join(new[begin:end])))
            continue
        found += [
            Part(mark, "".join(words))
            for mark, words in (("gone", old[first:last]), ("added", new[begin:end]))
            if words
        ]
    return found


def compared(page: Page, segment_id: str, version: int) -> Looked[Versions] | None:
    """What a segment does by its definition of now, beside that of a version of the project file
    that is kept; None where there is no such version."""
    kept = {one.version: one.text for one in page.serving.store.definition_versions()}
    text = kept.get(version)
    if text is None:
        return None

    def work(insight: Insight, _: object) -> Versions:
        return insight.versions(segment_id, _plain(text))

    return page.looked(("compared", segment_id, version), work)


def _plain(text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = YAML(typ="safe").load(text) or {}
    return found
