"""The project file while a server runs: looked at now and then, put in force when it changes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from segue.bootstrap.definitions import acting_of
from segue.domain.errors import InputError, SegueError
from segue.language.models import Project
from segue.language.project import project_from
from segue.language.resolve import resolve

Adopt: TypeAlias = Callable[[Project, str], None]
"""Puts a project in force, given what it says and its text."""

_LOG: Final = logging.getLogger("segue.definitions")
_STILL: Final = 0.05
"""So long (s) a file that changed has to stay as it is before it is read."""
_PATIENCE: Final = 5.0
"""So long (s) a look waits for whoever puts a text in force."""
_Marks: TypeAlias = tuple[int, int, int]


class ProjectWatch:
    """The project in force, and the file that it comes from. Threads may share it.

    A file that is broken or gone changes nothing: `trouble` says what is wrong with it. The time
    zone stays the one that it began with; another one in the file is the `next_zone`, from the next
    start on. `alone` is held by whoever puts a text in force, so that none is that another one
    has replaced meanwhile.
    """

    def __init__(self, path: Path, project: Project, seen: _Marks | None) -> None:
        self.project = project
        self.next_zone = project.timezone
        self.trouble = ""
        self.alone = threading.Lock()
        self._path = path
        self._seen = seen

    @classmethod
    def begin(cls, path: Path) -> ProjectWatch:
        """Watch a file, as it is now. Raises `DefinitionError` or `InputError` where it cannot be
        used."""
        seen = _marks(path)
        return cls(path, _read(path)[0], seen)

    def look(self, adopt: Adopt) -> bool:
        """Whether the file changed since it was looked at last; what it says now is in force, or
        it is in `trouble`. One that is being written is left to the next look."""
        if not self.alone.acquire(timeout=_PATIENCE):
            return False
        try:
            marks = _marks(self._path)
            if marks == self._seen or not _rests(self._path, marks):
                return False
            self._seen = marks
            self.trouble = self._adopted(adopt)
            return True
        finally:
            self.alone.release()

    def _adopted(self, adopt: Adopt) -> str:
        """Put the file in force; what is wrong with it, or nothing."""
        try:
            said, text = _read(self._path)
            project = in_zone(said, self.project.timezone)
            if project != self.project:
                _says_something(self._path, text)
                adopt(project, text)
                self.project = project
            self.next_zone = said.timezone
        except (SegueError, OSError, UnicodeDecodeError) as error:
            _LOG.error("%s cannot be used, the one before stays in force", self._path.name)
            for line in str(error).splitlines():
                _LOG.error("%s", line)
            return str(error)
        _LOG.info("%s is in force", self._path.name)
        if self.next_zone != self.project.timezone:
            _LOG.warning("the time zone %s is in force from the next start on", self.next_zone)
        return ""


def in_zone(project: Project, zone: str) -> Project:
    """The project as it is in force where the time zone is this one."""
    return project if project.timezone == zone else project.model_copy(update={"timezone": zone})


def _read(path: Path) -> tuple[Project, str]:
    text = path.read_text("utf-8-sig")
    project = project_from(text, source=path.name)
    resolve(project)
    acting_of(project)
    return project, text


def _says_something(path: Path, text: str) -> None:
    """Raise `InputError` where a file is empty: it would take away everything that is in force."""
    if not text.strip():
        raise InputError(f"{path.name} is empty", hint="write what it said before")


def _rests(path: Path, marks: _Marks | None) -> bool:
    """Whether nobody is writing the file at the moment: most editors empty it first."""
    time.sleep(_STILL)
    return _marks(path) == marks


def _marks(path: Path) -> _Marks | None:
    """What differs where a file was written or replaced; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
