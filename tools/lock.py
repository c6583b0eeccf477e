"""Write the lock files in requirements/ from pyproject.toml: `make lock`.

One resolution for every supported Python and platform, every file with its hashes. Everything is
resolved together first, so that all of them install side by side.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GROUPS = {
    "build": ["build"],
    "test": ["test", "check"],
    "spark": ["spark"],
    "docs": ["docs"],
    "bench": ["bench"],
}
OPTIONS = [
    *("--universal", "--python-version", "3.11", "--fork-strategy", "fewest"),
    *("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--quiet"),
]


def lock(uv: str, target: str, *wanted: str) -> None:
    """Resolve what is wanted into a file."""
    command = [uv, "pip", "compile", "--upgrade", *OPTIONS, "--output-file", target, *wanted]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def chosen(groups: list[str]) -> list[str]:
    """The options that ask for these groups."""
    return [option for group in groups for option in ("--group", group)]


def main() -> None:
    """Write every lock file; the only argument is the path of uv."""
    uv = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        together = f"{folder}/together.txt"
        every = [group for groups in GROUPS.values() for group in groups]
        lock(uv, together, "pyproject.toml", *chosen(every))
        lock(uv, "requirements/runtime.txt", "pyproject.toml", "--constraint", together)
        for name, groups in GROUPS.items():
            lock(uv, f"requirements/{name}.txt", *chosen(groups), "--constraint", together)


if __name__ == "__main__":
    main()
