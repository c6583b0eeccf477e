"""`make test` tests what people install: the built wheel, never the source tree."""

import sys
from pathlib import Path

import segue
from tests.house.source import PACKAGE, ROOT


def test_segue_is_the_installed_wheel() -> None:
    """In the `.venv` that make makes, `segue` comes from site-packages."""
    if Path(sys.prefix).resolve() == ROOT / ".venv":
        assert "site-packages" in Path(segue.__file__).parts


def test_the_wheel_holds_the_source_and_nothing_else() -> None:
    """File by file, byte by byte: a stale or incomplete wheel tests something else."""
    installed = Path(segue.__file__).parent

    assert _files(installed) == _files(PACKAGE)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
