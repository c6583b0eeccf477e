"""Where answers and complaints go: tables to the terminal, JSON to programs, errors to stderr.

A terminal gets colour, its own width and progress bars; anything else gets plain text of a fixed
width, so that a pipe, a log and a documentation page read the same.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from segue.domain.errors import DefinitionError, Problem, SegueError

PLAIN_WIDTH: Final = 100
"""Columns of output that does not go to a terminal."""

THEME: Final = Theme(
    {
        "title": "bold",
        "kind": "bold cyan",
        "number": "bold",
        "up": "green",
        "down": "red",
        "soon": "yellow",
        "faint": "dim",
        "bar": "cyan",
        "good": "green",
        "bad": "red",
        "command": "bold cyan",
    }
)
"""The few styles of all output; rich drops them where there is no terminal."""


def console(*, to_stderr: bool = False) -> Console:
    """A console on the current stdout (or stderr), of fixed width unless that is a terminal."""
    stream = sys.stderr if to_stderr else sys.stdout
    width = None if stream.isatty() else PLAIN_WIDTH
    return Console(file=stream, width=width, theme=THEME, highlight=False, emoji=False)


def plain_table() -> Table:
    """A table with a rule under its head and no other lines."""
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True)


def paragraph(out: Console, text: str | Text, *, bullet: str = "") -> None:
    """Print a text that may take several lines, all at the same margin, after a bullet."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column()
    if bullet:
        grid.add_column()
        grid.add_row(bullet, text)
    else:
        grid.add_row(text)
    out.print(Padding(grid, (0, 0, 0, 1)))


def print_json(value: Any) -> None:
    """Write one JSON document to stdout; text stays readable, keys stay in order."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def error_document(error: SegueError) -> dict[str, Any]:
    """The JSON form of an error: its code, message, hint and, of definitions, every problem."""
    body: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    if isinstance(error, DefinitionError):
        body["problems"] = [problem_document(problem) for problem in error.problems]
    return body


def problem_document(problem: Problem) -> dict[str, Any]:
    """The JSON form of one problem of a definition."""
    return {
        "message": problem.message,
        "severity": problem.severity.value,
        "source": problem.source,
        "line": problem.line,
        "column": problem.column,
        "where": problem.where,
        "excerpt": problem.excerpt,
        "expected": list(problem.expected),
        "suggestion": problem.suggestion,
    }


def print_error(error: SegueError, *, as_json: bool) -> None:
    """Write an error to stderr: what happened, then what to do; never a traceback."""
    if as_json:
        sys.stderr.write(json.dumps(error_document(error), ensure_ascii=False) + "\n")
        return
    out = console(to_stderr=True)
    if isinstance(error, DefinitionError):
        for problem in error.problems:
            print_problem(out, problem)
        count = len(error.problems)
        out.print(f"[bad]{count} problem{'s' if count != 1 else ''}[/] in the definitions")
    else:
        out.print(f"[bad]error:[/] {escape(error.message)}", soft_wrap=True)
    if error.hint:
        out.print(f"[faint]hint:[/] {escape(error.hint)}", soft_wrap=True)


def print_problem(out: Console, problem: Problem, *, style: str = "bad") -> None:
    """Write one problem: its place, the line with a caret, what was expected, a suggestion."""
    place = f"{problem.source or 'segue.yaml'}:{problem.line}:{problem.column}"
    out.print(f"[title]{escape(place)}[/] [faint]{escape(problem.where)}[/]", soft_wrap=True)
    out.print(f"  [{style}]{escape(problem.message)}[/]", soft_wrap=True)
    if problem.excerpt:
        excerpt, column = _window(problem.excerpt, problem.column)
        out.print(f"    {escape(excerpt)}", soft_wrap=True)
        out.print(" " * (3 + column) + f"[{style}]^[/]")
    if problem.expected:
        out.print(f"  [faint]expected[/] {escape(_listed(problem.expected))}", soft_wrap=True)
    if problem.suggestion:
        out.print(f"  did you mean [good]{escape(problem.suggestion)}[/]?", soft_wrap=True)
    out.print()


def _window(line: str, column: int, around: int = 76) -> tuple[str, int]:
    """The part of a long line around the column (from 1), and the column within it."""
    if len(line) <= around:
        return line, column
    start = max(0, min(column - 1 - around // 2, len(line) - around))
    left = "…" if start else ""
    right = "…" if start + around < len(line) else ""
    return f"{left}{line[start : start + around]}{right}", column - start + len(left)


def _listed(names: tuple[str, ...], most: int = 12) -> str:
    shown = ", ".join(names[:most])
    return f"{shown}, … ({len(names) - most} more)" if len(names) > most else shown
