"""Changing what segments mean: one of them, or the whole project file; and earlier versions."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from segue.bootstrap.saving import adopted, read_definitions, save, whole
from segue.http.api.models import (
    DefinitionsBody,
    DefinitionsText,
    ReadOnlyTrouble,
    SegmentWritten,
    VersionBody,
    VersionsBody,
    instant,
)
from segue.http.api.parameters import SegmentPath, api_router
from segue.http.context import Context, Here
from segue.services.live.editing import Change, drop_segment, put_segment

router = api_router("Definitions")

_READ_ONLY: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": ReadOnlyTrouble, "description": "The project file may not be written."}
}


@router.get("/definitions")
def get_definitions(here: Here) -> DefinitionsBody:
    """The project file as it stands, and its latest version."""
    text = read_definitions(here.workspace)
    versions = here.store.definition_versions()
    return DefinitionsBody(
        text=text,
        version=versions[-1].version if versions else 0,
        known_at=instant(versions[-1].known_at) if versions else None,
        segments=len(here.live.definitions.segments),
    )


@router.get("/definitions/versions")
def get_versions(here: Here) -> VersionsBody:
    """Every version of the definitions that was ever in force, oldest first."""
    return VersionsBody(
        versions=[
            VersionBody(version=one.version, known_at=instant(one.known_at), text=one.text)
            for one in here.store.definition_versions()
        ]
    )


@router.put("/definitions", responses=_READ_ONLY)
def put_definitions(here: Here, written: DefinitionsText) -> DefinitionsBody:
    """Put a whole project file in force: checked, written in place, kept as a version."""
    return _changed(here, whole(written.text, here.live, here.workspace.definitions.name))


@router.put("/segments/{segment_id:path}", responses=_READ_ONLY)
def put_one_segment(
    here: Here, segment_id: SegmentPath, segment: SegmentWritten
) -> DefinitionsBody:
    """Put one segment in force, a new one or a new meaning of one there is. The rest of the
    project file, its comments and its order stay."""
    return _changed(here, partial(_put, segment_id, segment))


@router.delete("/segments/{segment_id:path}", responses=_READ_ONLY)
def delete_segment(here: Here, segment_id: SegmentPath) -> DefinitionsBody:
    """Take one segment out of the project file. What was published about it stays."""
    return _changed(here, lambda before: drop_segment(before, segment_id))


def _put(segment_id: str, segment: SegmentWritten, before: str) -> str:
    return put_segment(before, segment_id, segment.model_dump())


def _changed(here: Context, change: Change) -> DefinitionsBody:
    with here.project.alone:
        saved = save(here.workspace, here.store, here.live, change, here.clock())
        adopted(saved, here.actor, here.project)
    return DefinitionsBody(
        text=saved.text,
        version=saved.version.version,
        known_at=instant(saved.version.known_at),
        segments=len(saved.definitions.segments),
    )
