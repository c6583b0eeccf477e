"""Draw real terminal output as SVG: `python -m tools.picture FOLDER`.

Each picture is what the installed Segue prints, colours and all. The fonts are the reader's own: a
picture loads nothing from elsewhere.
"""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

COLUMNS = 100
PROGRAM = "from segue.cli import main; main()"
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_FONTS = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"


@dataclass(frozen=True)
class Picture:
    """A command in a folder of the demo, and the lines of its output from one text to another."""

    name: str
    command: str
    folder: str = "."
    first: str = ""
    last: str = ""

    def cut(self, output: str) -> str:
        """The lines from the one that holds `first` to the one before that which holds `last`."""
        lines = output.splitlines()
        plain = [Text.from_ansi(line).plain for line in lines]
        begin = next(i for i, line in enumerate(plain) if self.first in line)
        ends = (i for i, line in enumerate(plain) if self.last and self.last in line)
        end = next(ends, len(plain))
        while not plain[end - 1].strip():
            end -= 1
        return "\n".join(lines[begin:end])


PICTURES = (
    Picture("demo", "segue demo", first="people · as of", last="JOURNEY"),
    Picture("explain", "segue explain high_intent anon-e3e9afc6", "demo", first="High intent"),
)


def run(command: str, folder: Path) -> str:
    """What the command prints on a colour terminal."""
    environment = {
        **os.environ,
        "COLUMNS": str(COLUMNS),
        "FORCE_COLOR": "1",
        "COLORTERM": "truecolor",
        "TERM": "xterm-256color",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command.split()[1:]],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def draw(title: str, output: str) -> str:
    """The output as SVG, in the frame of a terminal."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        screen = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        screen.print(Text.from_ansi(output))
        svg = screen.export_svg(title=title, theme=MONOKAI, unique_id="segue")
    return _FONT_FACE.sub("", svg).replace("Fira Code", _FONTS) + "\n"


def main() -> None:
    """Draw every picture into the folder given."""
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for picture in PICTURES:
            output = run(picture.command, Path(folder) / picture.folder)
            svg = draw(picture.command, picture.cut(output))
            (target / f"{picture.name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
