"""Addresses that are not to be written to, put on a workspace's list from a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from segue.adapters.channels.suppression_file import Listed, read_suppressions
from segue.bootstrap import environment
from segue.bootstrap.opening import opened_store
from segue.bootstrap.workspace import Workspace
from segue.domain.campaigns import Suppressed, Suppression
from segue.services.acting.feedback import suppressed

AT_ONCE: Final = 5_000
"""Addresses of one commit."""
MOST_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the lines of a file: addresses newly on the list, addresses that were on it
    already, lines that were wrong, and what was wrong with the first of them."""

    added: int
    known: int
    rejected: int
    problems: tuple[str, ...]


def suppress_file(workspace: Workspace, file: Path, *, purpose: str, reason: Suppression) -> Added:
    """Put the addresses of a CSV file on the list of a workspace, also while it is served.

    Raises `InputError` where the file cannot be read, `NotFoundError` where there is no workspace,
    and the store's errors.
    """
    now = environment.now()
    listed = read_suppressions(file, purpose=purpose, reason=reason)
    with closing(opened_store(workspace.found(), timezone="UTC")) as store:
        added = read = 0
        problems: list[str] = []
        for part in _parts(listed):
            entries = [suppressed(one.report, now) for one in part if one.report is not None]
            problems += [f"line {one.line}: {one.problem}" for one in part if one.problem]
            added += store.suppress(_once(entries)) if entries else 0
            read += len(entries)
    return Added(added, read - added, len(problems), tuple(problems[:MOST_NAMED]))


def _parts(listed: Iterator[Listed]) -> Iterator[list[Listed]]:
    while part := list(islice(listed, AT_ONCE)):
        yield part


def _once(entries: Sequence[Suppressed]) -> list[Suppressed]:
    """Each address and purpose once."""
    return list({(one.address.lower(), one.purpose): one for one in reversed(entries)}.values())
