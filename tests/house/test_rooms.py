"""Which room may import from which, and what may never be asked below the services."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT, Module, modules

BELOW_THE_SERVICES = ("domain", "language", "timeline", "insight")
CLOCKS_AND_CHANCE = {
    *("datetime.now", "datetime.today", "datetime.utcnow", "date.today"),
    *("time.time", "time.time_ns", "time.monotonic", "time.perf_counter"),
    *("random", "secrets", "uuid.uuid1", "uuid.uuid4", "os.urandom", "default_rng"),
}


def test_the_import_contract_holds() -> None:
    """`cli | http | ui → bootstrap → services | adapters → insight | timeline → language → domain`."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]

    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    "module", [m for m in modules() if m.room in BELOW_THE_SERVICES], ids=lambda m: m.name
)
def test_no_clock_and_no_chance_below_the_services(module: Module) -> None:
    """`now` is always an argument: the same log and the same t give the same answer, always."""
    used = {".".join(name) for name in _names(module.tree)}

    assert not used & CLOCKS_AND_CHANCE


def test_only_bootstrap_reads_the_environment() -> None:
    """Settings enter the program in one room; every other gets them as arguments."""
    readers = {
        module.name
        for module in modules()
        if {("os", "environ"), ("os", "getenv"), ("environ",)} & set(_names(module.tree))
    }

    assert {name.split(".")[0] for name in readers} <= {"bootstrap"}


def _names(tree: ast.Module) -> list[tuple[str, ...]]:
    """Every name in the module: the plain ones, and the last two parts of the dotted ones."""
    names: list[tuple[str, ...]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            before = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            names += [(before, node.attr), (node.attr,)]
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names += [(alias.name,) for alias in node.names]
            names.append((getattr(node, "module", None) or "",))
    return names
