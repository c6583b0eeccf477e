"""Write the lock files in requirements/ from pyproject.toml: `make lock`.

One resolution for every supported Python and platform, every file with its hashes. Each lock
constrains those after it, the runtime first, so that they install side by side.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GROUPS = {"build": ["build"], "test": ["test", "check"], "docs": ["docs"], "bench": ["bench"]}
OPTIONS = [
    *("--universal", "--python-version", "3.11", "--fork-strategy", "fewest"),
    *("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--quiet"),
]


def lock(uv: str, name: str, *wanted: str) -> None:
    """Resolve what is wanted into `requirements/NAME.txt`."""
    target = f"requirements/{name}.txt"
    command = [uv, "pip", "compile", "--upgrade", *OPTIONS, "--output-file", target, *wanted]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Write every lock file; the only argument is the path of uv."""
    uv = sys.argv[1]
    lock(uv, "runtime", "pyproject.toml")
    before = ["--constraint", "requirements/runtime.txt"]
    for name, groups in GROUPS.items():
        chosen = [option for group in groups for option in ("--group", group)]
        lock(uv, name, *chosen, *before)
        before += ["--constraint", f"requirements/{name}.txt"]


if __name__ == "__main__":
    main()
