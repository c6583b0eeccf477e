"""Draw real terminal output as SVG: `python -m tools.picture FOLDER`.

Each picture is what a command of the installed Segue prints, colours and all, in a folder of its
own. The fonts are the reader's: a picture loads nothing from elsewhere.
"""

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

COLUMNS = 100
PICTURES = {"demo": ["segue", "demo"]}
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_FONTS = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"


def run(command: list[str]) -> str:
    """What the command prints on a colour terminal, in an empty folder."""
    scripts = sysconfig.get_path("scripts")
    environment = {
        **os.environ,
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": str(COLUMNS),
        "FORCE_COLOR": "1",
        "COLORTERM": "truecolor",
        "TERM": "xterm-256color",
    }
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            command, cwd=folder, env=environment, check=True, capture_output=True, text=True
        )
    return done.stdout


def draw(command: list[str]) -> str:
    """The output of the command as SVG, under the command itself as title."""
    screen = Console(record=True, width=COLUMNS, file=open(os.devnull, "w", encoding="utf-8"))
    screen.print(Text.from_ansi(run(command)))
    svg = screen.export_svg(title=" ".join(command), theme=MONOKAI, unique_id="segue")
    return _FONT_FACE.sub("", svg).replace("Fira Code", _FONTS) + "\n"


def main() -> None:
    """Draw every picture into the folder given."""
    folder = Path(sys.argv[1])
    for name, command in PICTURES.items():
        (folder / f"{name}.svg").write_text(draw(command), encoding="utf-8")


if __name__ == "__main__":
    main()
