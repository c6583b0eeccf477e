"""Every example in the README and the documentation does what it says.

A page is run from top to bottom in one empty folder. What a block is, its kind says:

- `python`: runs; the blocks of a page share their names;
- `console`: each line after `$ ` runs in a shell, ends with exit code 0 (or the one that a
  comment names), and prints the lines shown under it;
- `segue`: conditions, divided by empty lines; each parses;
- `yaml` whose first line is `# segue.yaml`: a project file; it loads, and is written to the folder;
- other `yaml`, `json`: is well formed;
- a block with a title (```csv title="events.csv"): written to the folder under that name;
- `sh`: only commands that fetch, make or install, which cannot run here;
- `text`: is not run;
- `js`, `html`: for Node or a browser; only on pages that are tried elsewhere.

A page in `ELSEWHERE` needs more than a folder; its examples are tried by the test named there.
"""

import json
import re
import sys
from collections.abc import Callable
from contextlib import chdir
from io import StringIO
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from segue.language.parse import parse_condition
from segue.language.project import load_project
from tests.docs.pages import Block, Page, pages
from tests.docs.terminal import Terminal, commands, missing_lines

PROJECT_FILE = "# segue.yaml"
ELSEWHERE = {
    "docs/send-events.md": "tests/sdks/test_page.py",
    "docs/in-app.md": "tests/sdks/in_app/test_page.py",
    "docs/live.md": "tests/docs/test_served.py",
    "docs/api.md": "tests/docs/test_served.py",
}
NOT_RUN = re.compile(r"^(#|$|(git clone|cd|make|pip install|pip3 install|python3? -m venv|\.) ?)")


class Reader:
    """Somebody who reads a page from top to bottom and tries everything in it."""

    def __init__(self, folder: Path) -> None:
        self.names: dict[str, object] = {"__name__": "example"}
        self.terminal = Terminal(folder)

    def try_block(self, block: Block) -> None:
        """Do what the block shows; raises where it does not hold."""
        if block.title:
            target = self.terminal.here / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.body, encoding="utf-8")
        if block.kind == "yaml" and block.body.startswith(PROJECT_FILE):
            self.project(block)
        else:
            KINDS[block.kind](self, block)

    def project(self, block: Block) -> None:
        """A whole project file: it loads, and lies in the folder from here on."""
        path = self.terminal.here / (block.title or "segue.yaml")
        path.write_text(block.body, encoding="utf-8")
        load_project(path)

    def python(self, block: Block) -> None:
        """Run it with the names of the blocks before it."""
        code = compile("\n" * block.line + block.body, "example", "exec")
        with chdir(self.terminal.here):
            exec(code, self.names)

    def console(self, block: Block) -> None:
        """Run each command, and find the shown lines in what it prints."""
        for command in commands(block.body):
            printed = self.terminal.run(command)
            missing = missing_lines(command.shown, printed)
            assert not missing, f"$ {command.text}\nprinted\n{printed}\nand not\n{missing}"

    def segue(self, block: Block) -> None:
        """Parse each condition."""
        for condition in re.split(r"\n\s*\n", block.body.strip()):
            parse_condition(condition)

    def yaml(self, block: Block) -> None:
        """Read it as YAML."""
        YAML(typ="safe").load(block.body)

    def json(self, block: Block) -> None:
        """Read it as JSON."""
        json.loads(block.body)

    def sh(self, block: Block) -> None:
        """Look that it only fetches, makes or installs."""
        assert not [line for line in block.body.splitlines() if not NOT_RUN.match(line)]

    def text(self, block: Block) -> None:
        """Nothing to run."""


KINDS: dict[str, Callable[[Reader, Block], None]] = {
    "python": Reader.python,
    "console": Reader.console,
    "segue": Reader.segue,
    "yaml": Reader.yaml,
    "json": Reader.json,
    "sh": Reader.sh,
    "text": Reader.text,
    "csv": Reader.text,
}
SHOWN = [page for page in pages() if page.blocks and page.name not in ELSEWHERE]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_block_says_what_it_is(page: Page) -> None:
    """A block of no known kind would never be tried."""
    known = {*KINDS, "js", "html"} if page.name in ELSEWHERE else {*KINDS}
    unknown = {f"{page.name}:{b.line} {b.kind!r}" for b in page.blocks if b.kind not in known}

    assert not unknown


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
def test_the_examples_of_a_page_hold(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader who tries every example of the page sees what the page shows."""
    folder = tmp_path / "reader"
    folder.mkdir()
    reader = Reader(folder)
    monkeypatch.setattr(sys, "stdout", StringIO())

    for block in page.blocks:
        try:
            reader.try_block(block)
        except Exception as error:
            error.add_note(f"in the {block.kind} block at {page.name}:{block.line}")
            raise
