"""Progress on anything that takes more than a second, where somebody is watching."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from segue.cli.output import console

Advance = Callable[[int, int | None], None]
"""Called with rows done so far and rows in all (None: not known)."""


@contextmanager
def reading(*, quiet: bool, what: str = "Reading") -> Iterator[Advance | None]:
    """A bar on stderr with rows per second; None where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} rows"),
        TextColumn("[faint]{task.fields[pace]}[/]"),
        TimeElapsedColumn(),
        console=console(to_stderr=True),
        transient=True,
    ) as progress:
        task = progress.add_task(what, total=None, pace="")

        def advance(done: int, total: int | None) -> None:
            elapsed = progress.tasks[0].elapsed or 0
            pace = f"{done / elapsed:,.0f} rows/s" if elapsed > 0.2 else ""
            progress.update(task, completed=done, total=total, pace=pace)

        yield advance


@contextmanager
def working(what: str, *, quiet: bool = False) -> Iterator[None]:
    """A spinner on stderr while something of unknown length happens."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    with console(to_stderr=True).status(what):
        yield


@contextmanager
def telling(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """A spinner on stderr that says what is done next, where somebody watches."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    with console(to_stderr=True).status("Opening") as status:
        yield lambda what: status.update(f"{what} …")
