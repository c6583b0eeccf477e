"""The one error tree.

    SegueError                      every error that Segue raises on purpose
    ├── UsageError                  the call itself is wrong: an option, an argument, a combination
    ├── DefinitionError             a segue.yaml or a condition is wrong; holds all problems at once
    ├── InputError                  events or files that cannot be read
    │   ├── TooLargeError           a request or an event beyond the limit
    │   └── MixedKeysError          one request with several write keys
    ├── NotFoundError               no such person, segment, file or workspace
    ├── NotWritableError            a file that may not be written; holds what was to be changed
    ├── BusyError                   too much waits already; try again after a while
    └── StoreError                  the event store
        ├── StoreLockedError        another process holds the file
        ├── StoreTooNewError        written by a newer Segue
        ├── StoreDamagedError       not a Segue store, or damaged
        └── StoreFullError          no space left on the device; nothing was lost

Every error has a `code` (stable, for programs), a message (what happened and where) and a `hint`
(what to do next). The edges turn types into exit codes and HTTP status codes in one table each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class SegueError(Exception):
    """Base of every deliberate error: a message, a stable `code` and a `hint` saying what to do."""

    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class UsageError(SegueError):
    """The call is wrong: an option, an argument or a combination of them."""

    code = "usage"


class InputError(SegueError):
    """Events or a file that cannot be read."""

    code = "input"


class TooLargeError(InputError):
    """What was sent is larger than the limit: `limit` bytes, or that many events."""

    code = "too_large"

    def __init__(self, message: str, *, limit: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.limit = limit


class MixedKeysError(InputError):
    """The events of one request name more than one write key."""

    code = "mixed_keys"


class NotFoundError(SegueError):
    """No such person, segment, file or workspace."""

    code = "not_found"


class NotWritableError(SegueError):
    """A file may not be written: `diff` is the change that was meant, as a unified diff."""

    code = "not_writable"

    def __init__(self, message: str, *, diff: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.diff = diff


class BusyError(SegueError):
    """Too much waits already: try again after `retry_after` seconds."""

    code = "busy"

    def __init__(self, message: str, *, retry_after: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class StoreError(SegueError):
    """The event store cannot do what was asked."""

    code = "store"


class StoreLockedError(StoreError):
    """Another process holds the store's file."""

    code = "store_locked"


class StoreTooNewError(StoreError):
    """The store was written by a newer version of Segue."""

    code = "store_too_new"


class StoreDamagedError(StoreError):
    """The file is not a Segue store, or it is damaged."""

    code = "store_damaged"


class StoreFullError(StoreError):
    """No space is left; everything committed before is intact."""

    code = "store_full"


class Severity(StrEnum):
    """Whether a definition cannot be used as it is, or is only doubtful."""

    ERROR = "error"
    WARNING = "warning"


_WIDEST_EXCERPT = 160


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a definition.

    `line` and `column` count from 1 within `source`; `excerpt` is that line of text; `where` is the
    path inside the project (`segments.dormant.when`); `expected` lists what would have been right.
    """

    message: str
    line: int = 1
    column: int = 1
    excerpt: str = ""
    where: str = ""
    expected: tuple[str, ...] = ()
    suggestion: str = ""
    source: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.source or '<condition>'}:{self.line}:{self.column}"
        kind = "warning: " if self.severity is Severity.WARNING else ""
        lines = [f"{place}: {kind}{self.where + ': ' if self.where else ''}{self.message}"]
        if self.excerpt:
            lines += self._shown()
        if self.expected:
            lines.append(f"    expected {', '.join(self.expected)}")
        if self.suggestion:
            lines.append(f"    did you mean {self.suggestion}?")
        return "\n".join(lines)

    def _shown(self) -> list[str]:
        """The excerpt, cut around the column where it is long, and a caret below it."""
        start = max(0, self.column - 1 - _WIDEST_EXCERPT // 2)
        if len(self.excerpt) <= _WIDEST_EXCERPT:
            start = 0
        line = self.excerpt[start : start + _WIDEST_EXCERPT]
        return [f"    {line}", "    " + " " * (self.column - 1 - start) + "^"]


class DefinitionError(SegueError):
    """One or more problems in a definition, all reported at once."""

    code = "definition"

    def __init__(self, problems: Sequence[Problem], *, hint: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems), hint=hint)
