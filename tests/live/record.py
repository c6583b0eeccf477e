"""What every record of a long run says about itself."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from segue import __version__

ROOT = Path(__file__).resolve().parents[2]
_OF_THIS_MACHINE = ("--folder", "--record")


def heading(module: str) -> dict[str, Any]:
    """The date, the command that repeats the run (without paths of this machine), the machine and
    the versions."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "command": " ".join([f"python -m {module}", *_options(sys.argv[1:])]),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": {
            "segue": f"{__version__}, {commit.stdout.strip()}",
            "python": platform.python_version(),
            "duckdb": duckdb.__version__,
        },
    }


def _options(words: list[str]) -> list[str]:
    pairs = zip(["", *words], words, strict=False)
    return [word for before, word in pairs if not {before, word} & {*_OF_THIS_MACHINE}]
