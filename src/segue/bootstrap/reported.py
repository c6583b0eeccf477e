"""What came of imports by the studio, kept in files of the workspace beyond the process."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from segue.adapters.sources import Layout
from segue.bootstrap.loading import Imported
from segue.domain.errors import InputError

REPORT: Final = ".report.json"
"""The name of the report beside what is left of a file, of which no name begins so."""
_LOG: Final = logging.getLogger("segue.studio")


class Stage(StrEnum):
    """What an uploaded file is at."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Report:
    """What came of an import: of which file, who sent it and had it imported, when it came and when
    it ended (ms), how it was read, what became of its rows, and why it ended early (`message` and
    `hint` are empty where nothing was wrong)."""

    name: str
    by: str
    at: int
    begun_by: str
    ended: int
    stage: Stage
    size: int
    rows: int | None
    layout: Layout | None
    imported: Imported | None
    message: str
    hint: str

    @property
    def trouble(self) -> InputError | None:
        """Why it ended early."""
        return InputError(self.message, hint=self.hint) if self.message else None


_AS_JSON: Final = TypeAdapter(Report)


def keep_report(folder: Path, report: Report) -> None:
    """Keep a report in the folder of its file, whole or not at all. Raises `OSError`."""
    part = folder / f"{REPORT}.part"
    part.write_bytes(_AS_JSON.dump_json(report))
    part.replace(folder / REPORT)


def kept_reports(folder: Path) -> dict[str, Report]:
    """The reports that are kept, by the names of their folders; what cannot be read is left out."""
    found = {}
    for path in folder.glob(f"*/{REPORT}"):
        try:
            found[path.parent.name] = _AS_JSON.validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            _LOG.warning("the report %s cannot be read: %s", path, error)
    return found
