"""The Java that Spark runs on: found, or installed where that is allowed.

`python -m tools.java` is what `make test` runs before the tests.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PLACES = Path("/usr/lib/jvm")
"""Where Debian puts the Javas of each version."""
OLDEST = 17
"""Spark 4 needs this version or a later one."""

MISSING = (
    f"The tests start Apache Spark, which needs Java {OLDEST} or later: tried {{tried}}.\n"
    f"Install it (on Debian: apt-get install openjdk-{OLDEST}-jre-headless), or name its folder: "
    "make SEGUE_JAVA=/path/to/java/home test"
)


class MissingJavaError(LookupError):
    """There is no such Java, and none could be installed."""


def java_home() -> Path:
    """The folder of a Java that runs and is young enough. Raises `MissingJavaError` where there is
    none."""
    chosen = os.environ.get("SEGUE_JAVA")
    folders = [Path(chosen)] if chosen else [*_of_environment(), *_of_path(), *_of_debian()]
    for folder in folders:
        if (_version(folder / "bin" / "java") or 0) >= OLDEST:
            return folder
    raise MissingJavaError(MISSING.format(tried=chosen or f"JAVA_HOME, the path and {PLACES}"))


def _of_environment() -> list[Path]:
    home = os.environ.get("JAVA_HOME")
    return [Path(home)] if home else []


def _of_path() -> list[Path]:
    found = shutil.which("java")
    return [Path(found).resolve().parent.parent] if found else []


def _of_debian() -> list[Path]:
    return sorted(PLACES.glob("java-*"))


def _version(program: Path) -> int | None:
    """The major version of a Java; None where it is none that runs."""
    if not os.access(program, os.X_OK):
        return None
    asked = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', asked.stderr)
    return int(found[1]) if asked.returncode == 0 and found else None


def install() -> None:
    """Try to install Debian's Java; what goes wrong, apt-get says on standard error."""
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    command = [*rights, "apt-get", "--quiet", "--quiet"]
    if not all(map(shutil.which, {command[0], "apt-get"})):
        return
    package = f"openjdk-{OLDEST}-jre-headless"
    print(f"Installing {package} ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "--yes", "--no-install-recommends", package]):
        subprocess.run([*command, *step], env=environment, stdout=sys.stderr, check=False)


def main() -> None:
    """Find Java, or install it and look again; else say what is missing."""
    try:
        java_home()
    except MissingJavaError:
        install()
        try:
            java_home()
        except MissingJavaError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
