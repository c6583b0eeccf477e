"""Write what commands print now into the examples of pages: `python -m tools.examples PAGE…`.

The commands stay as they are, and so does every line that still holds. Where a line `…` stands
for what was left out, as many lines are shown before and after it as were.
"""

import re
import sys
import tempfile
from pathlib import Path

from tests.docs.pages import Block, Page
from tests.docs.terminal import Command, commands, missing_lines
from tests.docs.test_examples import Reader

LEFT_OUT = "…"


def refreshed(command: Command, printed: str) -> list[str]:
    """The lines to show under the command."""
    shown = list(command.shown)
    if shown and not missing_lines(command.shown, printed):
        return shown
    lines = "\n".join(line.rstrip() for line in printed.splitlines()).strip("\n").splitlines()
    if LEFT_OUT not in shown:
        return lines
    place = shown.index(LEFT_OUT)
    before, after = lines[:place], lines[len(lines) - (len(shown) - place - 1) :]
    return [*before, LEFT_OUT, *after]


class Writer(Reader):
    """A reader who notes what the commands print."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.noted: dict[int, str] = {}

    def try_block(self, block: Block) -> None:
        """Do what the block shows; note the console blocks as they should read."""
        if block.kind == "python":
            return
        if block.kind != "console":
            super().try_block(block)
            return
        parts = re.split(r"^(?=\$ )", block.body, flags=re.MULTILINE)
        self.noted[block.line] = "".join(self._part(part) for part in parts if part)

    def _part(self, part: str) -> str:
        (command,) = commands(part)
        printed = self.terminal.run(command)
        head = part[: len(part) - sum(len(line) + 1 for line in command.shown)]
        return head + "".join(f"{line}\n" for line in refreshed(command, printed))


def rewrite(path: Path) -> None:
    """Run the page and write its console blocks anew."""
    page = Page(path.resolve())
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "reader"
        home.mkdir()
        writer = Writer(home)
        for block in page.blocks:
            writer.try_block(block)
    text = page.text
    for block in page.blocks:
        if block.line in writer.noted:
            text = text.replace(block.body, writer.noted[block.line], 1)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        rewrite(Path(name))
