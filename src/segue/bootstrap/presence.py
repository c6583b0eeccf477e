"""The file that says a server works on a workspace: where it listens, and a secret to ask it with.

It is private to whoever runs the server, it is gone when the server ends, and one that a killed
server left behind is recognised.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field
from typing import Final

from segue.bootstrap.workspace import Workspace
from segue.domain.errors import InputError

FILE: Final = "segue.serving.json"


@dataclass(frozen=True, slots=True)
class Presence:
    """A server at work: its address, its process, and a secret key that only this file knows."""

    address: str
    pid: int
    secret: str = field(repr=False)


def announce(workspace: Workspace, presence: Presence) -> None:
    """Write the file, readable by nobody else. Raises `InputError` where that is not possible."""
    path = workspace.folder / FILE
    part = path.with_name(f".{FILE}.{presence.pid}")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            json.dump(asdict(presence), file)
        part.replace(path)
    except OSError as error:
        raise InputError(
            f"Cannot write {path}: {error.strerror or error}",
            hint="segue serve needs a folder that may be written",
        ) from error


def withdraw(workspace: Workspace, presence: Presence) -> None:
    """Remove the file, where it is that of this server."""
    if _read(workspace) == presence:
        with contextlib.suppress(OSError):
            (workspace.folder / FILE).unlink()


def server_of(workspace: Workspace) -> Presence | None:
    """The server that works on the workspace; None where there is none, or it has died."""
    presence = _read(workspace)
    return presence if presence is not None and _is_alive(presence.pid) else None


def _read(workspace: Workspace) -> Presence | None:
    try:
        found = json.loads((workspace.folder / FILE).read_text("utf-8"))
        return Presence(str(found["address"]), int(found["pid"]), str(found["secret"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _is_alive(pid: int) -> bool:
    """Whether there is such a process. A number may be given anew: whoever asks the server still
    finds out that it is another one."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
