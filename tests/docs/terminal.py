"""A terminal in an empty folder, in which the console examples of a page run one after another."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

COLUMNS = 100
"""The width that the examples are shown at."""

_FRAME = re.compile(r"[\s─-╿]*")
_EXIT = re.compile(r"#\s*exit code (\d+)\s*$")


@dataclass(frozen=True)
class Command:
    """One command of a console block, the lines shown under it and its exit code."""

    text: str
    shown: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0, or what a comment says: `# exit code 1`."""
        match = _EXIT.search(self.text)
        return int(match[1]) if match else 0


def commands(block: str) -> list[Command]:
    """The commands of a console block: lines that start with `$ `, each with what follows it.

    A command that ends in a backslash goes on in the next line, which may start with `> `.
    """
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if found and found[-1][0].endswith("\\"):
            found[-1] = (found[-1][0][:-1] + line.removeprefix("> ").lstrip(), [])
        elif line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
        else:
            raise AssertionError(f"output before any command: {line!r}")
    return [Command(text, tuple(shown)) for text, shown in found]


class Terminal:
    """Runs commands in a folder; `cd` changes `here`, the home is empty, the width is fixed."""

    def __init__(self, folder: Path) -> None:
        self._state = folder.with_name(folder.name + "-terminal")
        self._state.mkdir()
        self.here = folder
        segue = self._state / "segue"
        program = "import sys; from segue.cli import main; sys.exit(main())"
        segue.write_text(f'#!/bin/sh\nexec {sys.executable} -c {shlex.quote(program)} "$@"\n')
        segue.chmod(0o755)

    def run(self, command: Command) -> str:
        """Run it and give what it printed; fails where the exit code is not the expected one."""
        place = self._state / "cwd"
        script = f'{command.text}\ncode=$?\npwd > "{place}"\nexit $code\n'
        done = subprocess.run(
            ["/bin/sh", "-c", script],
            cwd=self.here,
            env=self._environment(),
            text=True,
            encoding="utf-8",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=300,
        )
        assert done.returncode == command.exit_code, f"$ {command.text}\n{done.stdout}"
        self.here = Path(place.read_text().strip())
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self._state}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self._state),
            "COLUMNS": str(COLUMNS),
            "TERM": "dumb",
            "NO_COLOR": "1",
            "LC_ALL": "C.UTF-8",
            "PYTHONUTF8": "1",
        }


def missing_lines(shown: tuple[str, ...], printed: str) -> list[str]:
    """The shown lines that were not printed, in this order; `…` in a shown line is anything.

    Runs of blanks count as one, and lines of nothing but table frames are not compared.
    """
    rest = [_plain(line) for line in printed.splitlines()]
    missing = []
    for line in shown:
        wanted = _plain(line)
        if _FRAME.fullmatch(wanted.replace("…", "")):
            continue
        pattern = re.compile(".*?".join(map(re.escape, wanted.split("…"))))
        place = next((i for i, real in enumerate(rest) if pattern.fullmatch(real)), None)
        if place is None:
            missing.append(line)
        else:
            del rest[: place + 1]
    return missing


def _plain(line: str) -> str:
    return re.sub(r"\s+", " ", line).strip()
