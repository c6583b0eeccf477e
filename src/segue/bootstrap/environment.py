"""The environment and the system clock; nothing else reads them."""

from __future__ import annotations

import os
import time
from pathlib import Path


def now() -> int:
    """The system clock: ms since the epoch."""
    return time.time_ns() // 1_000_000


def default_workspace() -> Path:
    """The workspace to use when none is named: `SEGUE_WORKSPACE`, else the current folder."""
    return Path(os.environ.get("SEGUE_WORKSPACE") or ".")  # noqa: TID251 - this is the room
