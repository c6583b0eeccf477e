"""A command line in a folder of its own, and workspaces to use it on."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from segue.cli.app import app

DEFINITIONS = """\
project: shop
segments:
  buyers:
    title: Buyers
    kind: purchase
    when: did buy
  fresh:
    title: Looked lately
    kind: intent
    when: did look within 7 days
  abandoners:
    title: Looked, did not buy
    kind: intent
    when: did look at least 2 times within 7 days and did not buy since last look
ladders:
  engagement:
    kind: engagement
    levels:
      - {level: low, title: Low, when: everyone}
      - {level: high, title: High, when: active on at least 2 days within 7 days}
"""

EVENTS = """\
person_id,event,occurred_at,page,price
ana,look,2026-05-01T09:00:00Z,/a,
ana,look,2026-05-02T09:00:00Z,/b,
ben,look,2026-05-02T10:00:00Z,/a,
ben,buy,2026-05-02T10:05:00Z,,19.90
cat,look,2026-04-10T10:00:00Z,/a,
"""


@dataclass(frozen=True)
class Outcome:
    """What a command did: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return json.loads(self.err)


Segue = Callable[..., Outcome]

SERVE = (sys.executable, "-m", "segue", "serve", "--port", "0")


@contextlib.contextmanager
def served(folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    """A server of the workspace in a folder: the process, and what it says when it begins."""
    process = subprocess.Popen(
        [*SERVE, "--workspace", str(folder), "--json", *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        said = ""
        while not said.endswith("}\n"):
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            said += line
        yield process, json.loads(said)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def segue() -> Segue:
    """Run a command line in the current folder."""

    def run(*arguments: object, answers: str = "") -> Outcome:
        result = CliRunner().invoke(app, [str(one) for one in arguments], input=answers)
        expected = result.exception is None or isinstance(result.exception, SystemExit)
        assert expected, result.exception
        assert "Traceback" not in result.stderr
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts in an empty folder, with no workspace named."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEGUE_WORKSPACE", raising=False)


@pytest.fixture
def shop(segue: Segue, tmp_path: Path) -> Path:
    """A workspace in the current folder, with three people in it."""
    (tmp_path / "segue.yaml").write_text(DEFINITIONS)
    (tmp_path / "events.csv").write_text(EVENTS)
    assert segue("import", "events.csv").code == 0
    return tmp_path


@pytest.fixture(scope="session")
def demo_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's workspace, made once."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    result = CliRunner().invoke(app, ["demo", "--dir", str(folder)])
    assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture
def demo(demo_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the demo's workspace, as the current folder."""
    folder = tmp_path / "demo"
    shutil.copytree(demo_once, folder)
    monkeypatch.chdir(folder)
    return folder
