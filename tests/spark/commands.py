"""Run command lines of Segue, given as JSON on stdin, in this process: one Java for all of them."""

import json
import sys

from typer.testing import CliRunner

from segue.cli.app import app


def main() -> None:
    """Print what became of each, as JSON."""
    outcomes = []
    for arguments in json.load(sys.stdin):
        result = CliRunner().invoke(app, arguments)
        outcomes.append([result.exit_code, result.stdout, result.stderr, repr(result.exception)])
    print(json.dumps(outcomes))


main()
