"""How make finds a Python, and what it says where there is none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT


def _make(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run make on the project's Makefile, with a folder before the rest of PATH."""
    search = os.pathsep.join(filter(None, (str(path) if path else "", os.environ["PATH"])))
    environment = {**os.environ, "PATH": search, "MAKEFLAGS": "", "MAKELEVEL": ""}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _chosen(candidates: list[str], path: Path) -> str:
    """The Python that make would take of the candidates."""
    show = "show-python: ; @echo '$(PYTHON)'"
    return _make(
        f"CANDIDATES={' '.join(candidates)}", "--eval", show, "show-python", path=path
    ).stdout.strip()


def _script(folder: Path, name: str, body: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return name


def test_a_shim_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    """A name on the path is no Python yet: a version manager's shim may answer with an error."""
    shim = _script(tmp_path, "python3.14", "echo 'not installed' >&2; exit 127")
    real = _script(tmp_path, "this-one", f'exec "{sys.executable}" "$@"')

    assert _chosen([shim, real], tmp_path) == real


def test_a_python_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    """What `python3` is differs from machine to machine: it is asked."""
    old = 'case "$2" in *version_info*) exit 1;; esac; exec false'
    shim = _script(tmp_path, "python3", old)
    real = _script(tmp_path, "this-one", f'exec "{sys.executable}" "$@"')

    assert _chosen([shim, real], tmp_path) == real


@pytest.mark.parametrize("chosen", ["CANDIDATES=no-such-python", "PYTHON=false"])
def test_where_there_is_no_python_make_says_what_is_needed(chosen: str, tmp_path: Path) -> None:
    """The message names the versions, and how to point to one."""
    done = _make(chosen, f"VENV={tmp_path / 'venv'}", "demo")

    assert done.returncode == 2
    assert "Segue needs Python 3.11 to 3.14" in done.stderr


def test_the_build_server_runs_what_everybody_runs() -> None:
    """`.ci/run` is `make test` and nothing else."""
    script = ROOT / ".ci" / "run"
    commands = [line for line in script.read_text().splitlines() if not line.startswith("#")]

    assert os.access(script, os.X_OK)
    assert commands == ["set -eu", 'cd "$(dirname "$0")/.."', "make test"]
