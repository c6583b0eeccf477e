"""Saving changed definitions: checked as a whole, written in place, kept as a version, in force."""

from __future__ import annotations

import contextlib
import os
import stat
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from segue.bootstrap.acting import Actor
from segue.bootstrap.definitions import acting_of
from segue.bootstrap.watching import ProjectWatch, in_zone
from segue.bootstrap.workspace import Workspace
from segue.domain.campaigns import Acting
from segue.domain.errors import (
    BusyError,
    NotFoundError,
    NotWritableError,
    StoreFullError,
    UsageError,
)
from segue.domain.ports import DefinitionVersion
from segue.language.models import Project
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.language.tree import Definitions
from segue.services.live.editing import Change, difference
from segue.services.live.live import Live
from segue.services.view import Store

T = TypeVar("T")

_NO_SPACE: Final = 28
_LONGEST: Final = 600.0
"""Seconds that a command may take: evaluating everything anew."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved: the text of the file, its version, what it says and what that means: its
    segments, which are in force, and its campaigns, which are to be put in force. All of that is in
    the time zone in force; `next_zone` is the one that the file names."""

    text: str
    version: DefinitionVersion
    project: Project
    definitions: Definitions
    acting: Acting
    next_zone: str


def read_definitions(workspace: Workspace) -> str:
    """The text of the project file. Raises `NotFoundError` where it is gone."""
    try:
        return workspace.definitions.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise NotFoundError(
            f"There is no definitions file {workspace.definitions}",
            hint="PUT /api/definitions writes one",
        ) from None


def save(workspace: Workspace, store: Store, live: Live, change: Change, now: int) -> Saved:
    """Change the project file and put what it says in force, but for another time zone, which the
    next start takes up. Whoever calls holds `ProjectWatch.alone` until that is `adopted`: each
    change begins from what the one before it wrote.

    Raises `DefinitionError` with every problem of the changed text, and `NotWritableError` with the
    change as a diff where the file may not be written; then nothing has changed.
    """
    try:
        before = read_definitions(workspace)
    except NotFoundError:
        before = ""
    text = change(before)
    said = project_from(text, source=workspace.definitions.name)
    project = in_zone(said, live.definitions.timezone)
    definitions, acting = resolve(project), acting_of(project)
    if text != before:
        write_definitions(workspace.definitions, before, text)
    version = store.save_definitions(text, known_at=now)
    finished(live.redefine(definitions))
    return Saved(text, version, project, definitions, acting, said.timezone)


def whole(text: str, live: Live, source: str) -> Change:
    """The change that puts this text in place of the file, for who expects that all of it is in
    force then. It raises `DefinitionError` as `save` does, and `UsageError` where the text names
    another time zone than the one in force."""

    def change(_before: str) -> str:
        if project_from(text, source=source).timezone != live.definitions.timezone:
            raise UsageError(
                "the time zone cannot change while Segue serves",
                hint="change it in the file and start Segue again",
            )
        return text

    return change


def adopted(saved: Saved, actor: Actor, project: ProjectWatch) -> Saved:
    """What was saved, after its campaigns are in force too."""
    if saved.acting != actor.acting:
        actor.adopt(saved.acting, saved.definitions)
    project.project, project.next_zone, project.trouble = saved.project, saved.next_zone, ""
    return saved


def finished(future: Future[T]) -> T:
    """What the live loop made of a command. Raises `BusyError` where it takes very long."""
    try:
        return future.result(_LONGEST)
    except TimeoutError:
        raise BusyError(
            "the live loop is still at it", retry_after=10, hint="look again in a while"
        ) from None


def write_definitions(path: Path, before: str, text: str) -> None:
    """Put the text in place of the file, whole or not at all; its mode stays.

    Raises `NotWritableError` with the change as a diff where the file may not be written.
    """
    if path.exists() and not _may_be_written(path):
        raise _refused(path, before, text, "the file is read-only")
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            part.chmod(stat.S_IMODE(path.stat().st_mode))
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if error.errno == _NO_SPACE:
            raise StoreFullError(f"No space is left to write {path}") from error
        raise _refused(path, before, text, error.strerror or str(error)) from error


def _may_be_written(path: Path) -> bool:
    """Whether its mode lets anybody write and the system lets this process; the mode is asked too
    because it tells what is meant, even to a process that may do everything."""
    return bool(path.stat().st_mode & 0o222) and os.access(path, os.W_OK)


def _refused(path: Path, before: str, text: str, reason: str) -> NotWritableError:
    return NotWritableError(
        f"{path.name} cannot be written: {reason}",
        diff=difference(before, text, path.name),
        hint="apply the diff where the file is kept; it takes effect when the server starts again",
    )
