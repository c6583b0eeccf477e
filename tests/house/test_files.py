"""What may stand in a committed file, and what the lock files promise."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.source import ROOT, relative, tracked_files

# Written in pieces, so that this file does not hold what it forbids.
FORBIDDEN = {
    "a path of somebody's machine": re.compile(
        r"(?<![\w.~}])/(?:" + "|".join(("work", "root", "Users", r"home/\w+")) + r")/\w"
    ),
    "the host of a package registry": re.compile(
        "|".join(("pypi" + r"\.org", "python" + r"hosted\.org", "registry" + r"\.npmjs"))
    ),
}
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="ignore")


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_knows_where_it_was_written(what: str) -> None:
    """A checkout means the same on every machine."""
    found = {
        f"{relative(path)}:{number}"
        for path in tracked_files()
        for number, line in enumerate(_text(path).splitlines(), start=1)
        if FORBIDDEN[what].search(line)
    }

    assert not found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_holds_versions_and_hashes_and_nothing_else(lock: Path) -> None:
    """Every requirement is one version with its hashes; no index, no address, no option."""
    logical = lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    form = re.compile(r"[\w.-]+==[\w.]+(?: ; [^-]+)?(?:\s+--hash=sha256:[0-9a-f]{64})+")

    assert logical
    assert not [line[:80] for line in logical if not form.fullmatch(line.strip())]


def _project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("lock", "groups"),
    [
        ("runtime", []),
        ("build", ["build"]),
        ("test", ["test", "check"]),
        ("docs", ["docs"]),
        ("bench", ["bench"]),
    ],
)
def test_a_lock_satisfies_the_project_file(lock: str, groups: list[str]) -> None:
    """What pyproject.toml asks for is locked, at a version that it allows."""
    project = _project()
    wanted = [one for group in groups for one in project["dependency-groups"][group]]
    wanted = wanted if groups else project["project"]["dependencies"]
    locked = dict(PINNED.findall(_text(ROOT / "requirements" / f"{lock}.txt")))

    for requirement in map(Requirement, wanted):
        version = locked.get(canonicalize_name(requirement.name), "")
        assert requirement.specifier.contains(version or "0"), requirement


def test_the_locks_install_side_by_side() -> None:
    """One package has one version in all locks, so that one environment can hold them all."""
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in PINNED.findall(_text(lock)):
            versions.setdefault(name, set()).add(version)

    assert not {name: found for name, found in versions.items() if len(found) > 1}


def test_pages_and_text_files_end_with_one_newline() -> None:
    """Text files end with a newline and hold no carriage return."""
    kinds = {".py", ".md", ".toml", ".yml", ".yaml", ".txt", ".lark", ".html", ".css", ".svg"}
    bad = [
        relative(path)
        for path in tracked_files()
        if path.suffix in kinds
        and (data := path.read_bytes())
        and (b"\r" in data or not data.endswith(b"\n"))
    ]

    assert not bad
