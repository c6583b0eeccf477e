"""The PostgreSQL that the tests write to: found, or installed where that is allowed.

`python -m tools.postgres` is what `make test` runs before the tests.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PLACES = Path("/usr/lib/postgresql")
"""Where Debian puts the programs of each version."""

MISSING = (
    "The tests write to a PostgreSQL server, and its programs were not found: tried {tried}.\n"
    "Install them (on Debian: apt-get install postgresql), or name their folder: "
    "make SEGUE_POSTGRES=/path/to/bin test"
)


class MissingPostgresError(LookupError):
    """There is no PostgreSQL, and none could be installed."""


def programs() -> Path:
    """The folder with `initdb` and `postgres`, of the newest version. Raises
    `MissingPostgresError` where there is none."""
    chosen = os.environ.get("SEGUE_POSTGRES")
    folders = [Path(chosen)] if chosen else [*_of_debian(), *_of_path()]
    for folder in folders:
        if all((folder / name).is_file() for name in ("initdb", "postgres")):
            return folder
    raise MissingPostgresError(MISSING.format(tried=chosen or f"{PLACES} and the path"))


def _of_debian() -> list[Path]:
    versions = (one for one in PLACES.glob("*") if one.name.isdigit())
    return [one / "bin" for one in sorted(versions, key=lambda one: -int(one.name))]


def _of_path() -> list[Path]:
    found = shutil.which("pg_config")
    if found is None:
        return []
    asked = subprocess.run([found, "--bindir"], capture_output=True, text=True, check=False)
    return [Path(asked.stdout.strip())] if asked.returncode == 0 else []


def install() -> None:
    """Try to install Debian's server, which starts nothing; what goes wrong, apt-get says on
    standard error."""
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    command = [*rights, "apt-get", "--quiet", "--quiet"]
    if not all(map(shutil.which, {command[0], "apt-get"})):
        return
    print("Installing postgresql ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "--yes", "--no-install-recommends", "postgresql"]):
        subprocess.run([*command, *step], env=environment, stdout=sys.stderr, check=False)


def main() -> None:
    """Find the programs, or install them and look again; else say what is missing."""
    try:
        programs()
    except MissingPostgresError:
        install()
        try:
            programs()
        except MissingPostgresError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
