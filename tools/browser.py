"""The Chromium that the tests drive: found, or installed where that is allowed.

`python -m tools.browser` is what `make test` runs before the tests.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What Chromium and its kin are called on the path; `SEGUE_CHROMIUM` names any other."""

MISSING = (
    "The tests drive a Chromium, and none was found: tried {tried}.\n"
    "Install one (on Debian: apt-get install chromium), or name it: "
    "make SEGUE_CHROMIUM=/path/to/chromium test"
)


class MissingBrowserError(LookupError):
    """There is no Chromium, and none could be installed."""


def browser() -> Path:
    """The first Chromium that runs. Raises `MissingBrowserError` where there is none."""
    chosen = os.environ.get("SEGUE_CHROMIUM")
    for name in (chosen,) if chosen else NAMES:
        found = shutil.which(name)
        if found and _runs(found):
            return Path(found)
    raise MissingBrowserError(MISSING.format(tried=chosen or ", ".join(NAMES)))


def _runs(program: str) -> bool:
    """Whether it answers with a version: a name on the path may only say how to install it."""
    asked = subprocess.run([program, "--version"], capture_output=True, check=False)
    return asked.returncode == 0


def install() -> None:
    """Try to install Debian's Chromium; what goes wrong, apt-get says on standard error."""
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    command = [*rights, "apt-get", "--quiet", "--quiet"]
    if not all(map(shutil.which, {command[0], "apt-get"})):
        return
    print("Installing chromium ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        subprocess.run([*command, *step], env=environment, stdout=sys.stderr, check=False)


def main() -> None:
    """Find the browser, or install it and look again; else say what is missing."""
    try:
        browser()
    except MissingBrowserError:
        install()
        try:
            browser()
        except MissingBrowserError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
