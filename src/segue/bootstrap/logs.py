"""The log of a server: one line each, for people or, as JSON, for programs."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import IO, Any, Final

_ORDINARY: Final = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "taskName",
}
"""What every record has; the rest is what somebody said with `extra`."""


def configure(*, level: str, as_json: bool, stream: IO[str] | None = None) -> None:
    """Write everything from this level on (`debug`, `info`, `warning`, `error`) to the stream, by
    default stderr; what other libraries say from `warning` on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if as_json else Lines())
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old.formatter, JsonLines | Lines):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("segue").setLevel(level.upper())


class JsonLines(logging.Formatter):
    """One JSON object per line: `time`, `level`, `logger`, `message`, what was said with it, and
    the trace of an error as one text."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": _instant(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= _extra(record)
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class Lines(logging.Formatter):
    """One line for people: the time, the level where it is not ordinary, the message, and what was
    said with it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; of an error its trace below."""
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        extra = "".join(f" {name}={value}" for name, value in _extra(record).items())
        line = f"{_instant(record):%H:%M:%S} {level}{record.getMessage()}{extra}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _instant(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in record.__dict__.items() if name not in _ORDINARY}
