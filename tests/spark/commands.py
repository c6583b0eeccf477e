"""Command lines of Segue in a process of their own: one Java for all of them.

As a program: run those that are given as JSON on stdin.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from segue.cli.app import app


def outcomes_of(commands: Sequence[Sequence[str]], folder: Path) -> list[Any]:
    """What became of each command line in a folder: code, stdout, stderr, exception."""
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps(commands),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=folder,
        timeout=600,
    )
    return list(json.loads(done.stdout))


def main() -> None:
    """Print what became of each, as JSON."""
    outcomes = []
    for arguments in json.load(sys.stdin):
        result = CliRunner().invoke(app, arguments)
        outcomes.append([result.exit_code, result.stdout, result.stderr, repr(result.exception)])
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main()
