"""What was found, as a page for the proofs: the documentation shows its sections."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.report import Target, targets_table


@dataclass(frozen=True)
class Found:
    """A section: its name and title, its text, and what was promised of it."""

    name: str
    title: str
    text: str
    targets: list[Target]


def write(
    path: Path, command: str, where: str, found: Sequence[Found], *, title: str = "Segue, live"
) -> None:
    """Write the record of a run: the command, the machine, and every section, marked so that other
    pages can show it."""
    today = dt.datetime.now(dt.UTC).date()
    promises = targets_table(target for one in found for target in one.targets)
    parts = [
        f"# {title}, {today.day} {today:%B %Y}",
        f"Command: `{command}`, as printed.",
        f"Machine: {where}. The generator ran on the same machine.",
        "[Performance](../performance.md) says what was measured and how.",
        _section("promises", "What was promised", promises),
        *(_section(one.name, one.title, one.text) for one in found),
    ]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _section(name: str, title: str, text: str) -> str:
    marks = f"<!-- --8<-- [start:{name}] -->", f"<!-- --8<-- [end:{name}] -->"
    return f"## {title}\n\n{marks[0]}\n{text}\n{marks[1]}"
