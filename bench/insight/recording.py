"""Records of measurements: each writes its own part, between marks, and leaves the others."""

from __future__ import annotations

from pathlib import Path


def recorded(path: Path, name: str, title: str, text: str) -> None:
    """Write a text into a record, in the place of what stood there under that name before; at the
    end, under a heading, where nothing did."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    start, end = (f"<!-- --8<-- [{edge}:{name}] -->" for edge in ("start", "end"))
    block = f"{start}\n{text}\n{end}"
    if start in before:
        head, _, rest = before.partition(start)
        after = head + block + rest.partition(end)[2]
    else:
        after = f"{before.rstrip()}\n\n## {title}\n\n{block}\n"
    path.write_text(after.lstrip("\n"), encoding="utf-8")
