"""From a finding to a segment: what would stand in `segue.yaml`, and putting it there."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final

from ruamel.yaml import YAML

from segue.domain.errors import UsageError
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.language.text import to_text
from segue.language.tree import Condition
from segue.services.live.editing import put_segment

_LONGEST: Final = 60
_OTHER: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A segment that a finding suggests: what `segue.yaml` would say. Empty fields are left out."""

    id: str
    title: str
    when: str
    kind: str = ""
    stage: str = ""

    @property
    def entry(self) -> dict[str, str]:
        """What stands below its id in the file."""
        return {"title": self.title, "kind": self.kind, "stage": self.stage, "when": self.when}

    @property
    def text(self) -> str:
        """How it stands in the file, below `segments:`."""
        yaml, stream = YAML(), StringIO()
        yaml.width = 1 << 16
        yaml.dump({self.id: {key: one for key, one in self.entry.items() if one}}, stream)
        return stream.getvalue().rstrip()


def proposed(
    title: str,
    condition: Condition | str,
    taken: Collection[str] = (),
    *,
    kind: str = "",
    stage: str = "",
) -> Proposal:
    """The segment of that title and condition, with an id made from the title that is not taken."""
    when = condition if isinstance(condition, str) else to_text(condition)
    return Proposal(id_from(title, taken), title, when, kind, stage)


def id_from(title: str, taken: Collection[str] = ()) -> str:
    """An id out of a title: `Reads the blog often` is `reads_the_blog_often`, or that with a number
    where it is taken."""
    words = _OTHER.sub("_", title.lower()).strip("_")
    base = words[:_LONGEST].rpartition("_")[0] if len(words) > _LONGEST else words
    base = base if base[:1].isalpha() else f"found_{base}".rstrip("_")
    names = (base, *(f"{base}_{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def added(text: str, proposals: Sequence[Proposal]) -> str:
    """The text of a project file with these segments at the end of its own; comments and order
    stay.

    Raises `UsageError` where there is a segment or ladder of that id already, and `DefinitionError`
    where the text, with or without them, is no project.
    """
    project = project_from(text)
    for one in proposals:
        if one.id in project.segments or one.id in project.ladders:
            raise UsageError(
                f"There is a segment {one.id!r} already", hint="choose another id, or remove it"
            )
        text = put_segment(text, one.id, one.entry)
    resolve(project_from(text))
    return text
