"""The command line: decode, call, print."""

from __future__ import annotations

from segue.cli import (  # noqa: F401 - a verb registers itself where it is defined
    backtesting,
    campaigns,
    checking,
    demonstrating,
    differing,
    discovering,
    evaluating,
    experimenting,
    explaining,
    importing,
    journeying,
    keeping,
    mail_domain,
    measuring,
    patterns,
    reporting,
    results,
    segment_measures,
    serving,
    simulating,
    suppressing,
    tailing,
    trying,
)
from segue.cli.app import app

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process and exit with its code."""
    app(prog_name="segue")
