"""The repository read as source: its modules as syntax trees, its files as git tracks them."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "segue"

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@dataclass(frozen=True)
class Module:
    """A module of the package: its dotted name below `segue`, its lines and its tree."""

    path: Path
    name: str
    lines: int
    tree: ast.Module

    @property
    def room(self) -> str:
        """The room of the house it lives in; empty for the package itself."""
        return self.name.split(".")[0]

    def definitions(self) -> Iterator[tuple[str, Definition]]:
        """Every function, method and class with its qualified name; `_local` inside functions."""
        yield from _definitions(self.tree, self.name or "segue")


def _definitions(parent: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, Definition):
            name = f"{prefix}.{node.name}"
            yield name, node
            local = isinstance(node, Function)
            yield from _definitions(node, f"{name}._local" if local else name)
        else:
            yield from _definitions(node, prefix)


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package, by name."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        text = path.read_text(encoding="utf-8")
        name = ".".join(part for part in parts if part != "__init__")
        found.append(Module(path, name, text.count("\n"), ast.parse(text)))
    return tuple(found)


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file that git tracks, except the deleted ones."""
    # The checkout may belong to somebody else than the one who tests it.
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = (ROOT / name for name in sorted(listed.split("\0")) if name)
    return tuple(path for path in paths if path.is_file())


def relative(path: Path) -> str:
    """A path as the repository names it."""
    return path.relative_to(ROOT).as_posix()
