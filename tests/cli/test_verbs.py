"""Every verb explains itself, and says so everywhere in the same way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

import segue as package
from segue.cli.app import ORDER, app
from tests.cli.conftest import Segue

VERBS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def test_the_order_names_every_verb() -> None:
    """The list that `segue --help` shows is whole."""
    assert sorted(ORDER) == sorted(VERBS)


@pytest.mark.parametrize("verb", ORDER)
def test_a_verb_has_help_and_an_example(segue: Segue, verb: str) -> None:
    """What it does, and a command to copy."""
    shown = segue(verb, "--help")

    assert shown.code == 0
    assert VERBS[verb].help
    assert f"$ segue {verb}" in shown.out


@pytest.mark.parametrize("verb", ORDER)
def test_a_verb_speaks_json(verb: str) -> None:
    """`--json` everywhere, also in what stands below a verb."""
    command = VERBS[verb]
    below = getattr(command, "commands", {}).values()
    acts = not below or command.invoke_without_command
    for one in (*([command] if acts else []), *below):
        assert any("--json" in parameter.opts for parameter in one.params), one.name


@pytest.mark.parametrize("verb", ORDER)
def test_a_verb_is_documented(repository: Path, verb: str) -> None:
    """With its own heading and an example in the reference."""
    page = (repository / "docs" / "cli.md").read_text(encoding="utf-8")

    assert f"\n### `segue {verb}`" in page
    assert f"\n$ segue {verb}" in page


def test_nothing_asked_is_help(segue: Segue) -> None:
    """`segue` alone shows the verbs."""
    assert "evaluate" in segue().out


def test_version(segue: Segue) -> None:
    """`segue --version` is the package's."""
    assert segue("--version").out == f"segue {package.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluat"], "No such command"),
        (["evaluate", "--nonsense"], "No such option"),
        (["explain", "dormant"], "Missing argument"),
        (["bench", "--rows", "many"], "valid integer"),
        (["evaluate", "--columns", "person_id=x"], "there are none"),
        (["evaluate", "--events", "x.csv"], "--definitions"),
        (["evaluate", "--events", "x.csv", "-w", "."], "contradict"),
        (["evaluate", "--out", "members.xls"], "names no format"),
    ],
)
def test_wrong_usage_is_exit_2_with_a_hint(segue: Segue, arguments, message) -> None:
    """To stderr: what is wrong and what to do; as JSON with a code where that is asked for."""
    shown = segue(*arguments)
    as_json = segue(*arguments, "--json")

    assert (shown.code, shown.out) == (2, "")
    assert message in shown.err
    assert "hint:" in shown.err
    assert (as_json.code, as_json.error["code"]) == (2, "usage")
    assert as_json.error["hint"]


def test_python_m_segue_is_segue(tmp_path: Path) -> None:
    """The same program, as a process: exit codes and streams are real ones."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "segue", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    version, nowhere = run("--version"), run("evaluate")

    assert (version.returncode, version.stdout) == (0, f"segue {package.__version__}\n")
    assert (nowhere.returncode, nowhere.stdout) == (2, "")
    assert "There is no workspace in this folder" in nowhere.stderr
    assert "segue demo" in nowhere.stderr


HOLDING = """
import sys
import segue
with segue.Engine.open("."):
    print("open", flush=True)
    sys.stdin.read()
"""


def test_a_workspace_that_another_process_holds(segue: Segue, shop: Path) -> None:
    """Said so, with a code of its own; afterwards it works again."""
    holding = subprocess.Popen(
        [sys.executable, "-c", HOLDING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holding.stdout is not None
        assert holding.stdout.readline() == "open\n"
        shown = segue("evaluate", "--json")
    finally:
        holding.communicate()

    assert (shown.code, shown.error["code"]) == (2, "store_locked")
    assert shown.error["hint"]
    assert segue("evaluate").code == 0


def test_a_pipe_that_closes_early_is_no_error(shop: Path) -> None:
    """`segue history | head -1`."""
    done = subprocess.run(
        f"{sys.executable} -m segue evaluate --json | head -1",
        shell=True,
        cwd=shop,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


def test_a_terminal_that_knows_only_ascii(shop: Path) -> None:
    """Shows what it can."""
    done = subprocess.run(
        [sys.executable, "-m", "segue", "evaluate"],
        cwd=shop,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert b"Buyers" in done.stdout


def test_what_the_operating_system_refuses(segue: Segue, shop: Path, tmp_path: Path) -> None:
    """Is an error with a hint, not a traceback."""
    (tmp_path / "file").write_text("")

    shown = segue("demo", "--dir", "file/demo", "--json")

    assert (shown.code, shown.error["code"]) == (2, "input")
